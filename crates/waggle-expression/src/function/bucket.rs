//! Numbers to labelled bins.

use super::{Arity, Family, Function, Prepared, plain};
use crate::datum::Datum;
use crate::expression::{Node, ResultType};
use std::borrow::Cow;

/// Edges of bins, checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bins {
    size: f64,
    min: f64,
    max: Option<f64>,
}

pub(super) static BUCKET: Function = Function {
    summary: "The bin of a number as a string. With size 10, min 0 and max 30 the bins are `< 0`, `0 - 10`, `10 - 20`, `20 - 30` and `> 30`; a number on an edge is in the lower bin, min itself in the first one. Without min bins start at 0, without max they do not end. Size, min and max are literal numbers. Empty for what is no number.",
    prepare: |arguments| Bins::of(arguments).map(Prepared::Bins),
    ..plain(
        "BUCKET",
        "BUCKET(number, size [, min [, max]])",
        Family::Arithmetic,
        Arity::between(2..4),
        ResultType::Text,
        |arguments, prepared| match (&arguments[0], prepared) {
            (Datum::Int(_) | Datum::Float(_), Prepared::Bins(bins)) => {
                bins.label(arguments[0].number())
            }
            _ => Datum::Null,
        },
    )
};

impl Bins {
    fn of(arguments: &[Node]) -> Result<Self, String> {
        let number = |index: usize, what: &str| match arguments.get(index) {
            None => Ok(None),
            Some(Node::Constant(number @ (Datum::Int(_) | Datum::Float(_)))) => {
                Ok(Some(number.number()))
            }
            Some(_) => Err(format!("the {what} of BUCKET must be a literal number")),
        };
        let size = number(1, "size")?.unwrap_or_default();
        let min = number(2, "min")?.unwrap_or_default();
        let max = number(3, "max")?;
        if size <= 0.0 {
            return Err("the size of BUCKET must be above 0".to_owned());
        }
        if max.is_some_and(|max| max <= min) {
            return Err("the max of BUCKET must be above its min".to_owned());
        }
        Ok(Self { size, min, max })
    }

    fn label(&self, number: f64) -> Datum<'static> {
        let label = match self.max {
            _ if number.is_nan() => return Datum::Null,
            _ if number < self.min => format!("< {}", edge(self.min)),
            Some(max) if number > max => format!("> {}", edge(max)),
            max => {
                let below = ((number - self.min) / self.size).ceil() - 1.0;
                let low = self.min + below.max(0.0) * self.size;
                let high = low + self.size;
                let high = max.map_or(high, |max| high.min(max));
                format!("{} - {}", edge(low), edge(high))
            }
        };
        Datum::Text(Cow::Owned(label))
    }
}

/// An edge without the noise of adding floats: to a billionth where that says something.
fn edge(value: f64) -> f64 {
    match value.abs() < 1e6 {
        // Adding 0 makes 0 of -0.
        true => (value * 1e9).round() / 1e9 + 0.0,
        false => value,
    }
}
