//! What looks at a metric's series over time. Metrics are events here: the value of each point is in its event and nothing joins
//! it with the points before, so only the value itself can be had.

use super::{Arity, Family, Function, Prepared, plain};
use crate::datum::Datum;
use crate::expression::{Node, ResultType};

/// What a metric function reads must be a column.
fn of_column(name: &str, arguments: &[Node]) -> Result<(), String> {
    match arguments.first() {
        Some(Node::Input(_)) => Ok(()),
        _ => Err(format!("{name} takes a column with a metric")),
    }
}

const fn refused(
    name: &'static str,
    usage: &'static str,
    prepare: fn(&[Node]) -> Result<Prepared, String>,
) -> Function {
    Function {
        summary: "Refused: metrics are events here, and an event does not know the points before it.",
        prepare,
        ..plain(
            name,
            usage,
            Family::Metric,
            Arity::between(1..2),
            ResultType::Float,
            |_, _| Datum::Null,
        )
    }
}

fn refuse(name: &str, arguments: &[Node]) -> Result<Prepared, String> {
    of_column(name, arguments)?;
    Err(format!(
        "{name} is not supported: metrics are events here, and an event does not know the points before it; use RAW_METRIC"
    ))
}

pub(super) static LAST: Function = refused("LAST", "LAST(metric)", |arguments| {
    refuse("LAST", arguments)
});

pub(super) static RATE: Function = refused("RATE", "RATE(metric [, seconds])", |arguments| {
    refuse("RATE", arguments)
});

pub(super) static INCREASE: Function =
    refused("INCREASE", "INCREASE(metric [, seconds])", |arguments| {
        refuse("INCREASE", arguments)
    });

pub(super) static SUMMARIZE: Function =
    refused("SUMMARIZE", "SUMMARIZE(metric [, seconds])", |arguments| {
        refuse("SUMMARIZE", arguments)
    });

pub(super) static RAW_METRIC: Function = Function {
    summary: "The value of a metric as its event has it.",
    results: |_| vec![0],
    prepare: |arguments| {
        of_column("RAW_METRIC", arguments)?;
        Ok(Prepared::Nothing)
    },
    ..plain(
        "RAW_METRIC",
        "RAW_METRIC(metric)",
        Family::Metric,
        Arity::exactly(1),
        ResultType::Any,
        |arguments, _| arguments[0].clone(),
    )
};
