//! What looks at a metric's series over time. A row does not know the points before it, so whoever has all rows gives the values:
//! these functions are inputs of an expression, one value per series and step. Source: spec/product.md QM-02.

use super::{Arity, Family, Function, Prepared, plain};
use crate::datum::Datum;
use crate::expression::{Node, ResultType};
use crate::temporal::{SECONDS_MAX, TemporalFunction};

/// What a metric function reads must be a column.
fn of_column(name: &str, arguments: &[Node]) -> Result<(), String> {
    match arguments.first() {
        Some(Node::Input(_)) => Ok(()),
        _ => Err(format!("{name} takes a column with a metric")),
    }
}

/// The seconds of a call that looks back, if it says so.
pub(crate) fn seconds_of(
    function: TemporalFunction,
    arguments: &[Node],
) -> Result<Option<u32>, String> {
    let name = function.name();
    of_column(name, arguments)?;
    match arguments.get(1) {
        None => Ok(None),
        Some(Node::Constant(Datum::Int(seconds))) => match u32::try_from(*seconds) {
            Ok(seconds) if (1..=SECONDS_MAX).contains(&seconds) => Ok(Some(seconds)),
            _ => Err(format!("the seconds of {name} must be 1 to {SECONDS_MAX}")),
        },
        Some(_) => Err(format!(
            "the seconds of {name} must be a literal whole number"
        )),
    }
}

/// The parser makes an input of it before anything is prepared or applied.
const fn temporal(
    name: &'static str,
    usage: &'static str,
    summary: &'static str,
    arity: Arity,
) -> Function {
    Function {
        summary,
        ..plain(
            name,
            usage,
            Family::Metric,
            arity,
            ResultType::Float,
            |_, _| Datum::Null,
        )
    }
}

pub(super) static LAST: Function = temporal(
    "LAST",
    "LAST(metric)",
    "The last value of a series in each step; empty in its other events.",
    Arity::exactly(1),
);

pub(super) static RATE: Function = temporal(
    "RATE",
    "RATE(metric [, seconds])",
    "INCREASE per second: divided by the seconds, or by the length of the step.",
    Arity::between(1..2),
);

pub(super) static INCREASE: Function = temporal(
    "INCREASE",
    "INCREASE(metric [, seconds])",
    "By how much a counter has grown in each step, or in so many seconds up to its end. A value below the one before is a counter that \
     began anew at 0; values of a series of deltas are added up. Empty when there is no earlier point near enough to compare with.",
    Arity::between(1..2),
);

pub(super) static SUMMARIZE: Function = temporal(
    "SUMMARIZE",
    "SUMMARIZE(metric [, seconds])",
    "The sum of a series' values in each step, or in so many seconds up to its end.",
    Arity::between(1..2),
);

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
