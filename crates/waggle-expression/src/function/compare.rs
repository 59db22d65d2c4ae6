//! Comparing values, without ever making one type of another.

use super::{Arity, Family, Function, Prepared, plain};
use crate::datum::Datum;
use crate::expression::ResultType;
use std::cmp::Ordering;

const fn ordering(
    name: &'static str,
    usage: &'static str,
    apply: for<'a> fn(&[Datum<'a>], &Prepared) -> Datum<'a>,
) -> Function {
    plain(
        name,
        usage,
        Family::Comparison,
        Arity::exactly(2),
        ResultType::Boolean,
        apply,
    )
}

pub(super) static LT: Function = Function {
    operator: "<",
    summary: "Whether a number is less than a number, or a string comes before a string in the order of bytes; otherwise false.",
    ..ordering("LT", "LT(a, b)", |arguments, _| {
        compared(arguments, Ordering::is_lt)
    })
};

pub(super) static LTE: Function = Function {
    operator: "<=",
    summary: "The same for less than or equal.",
    ..ordering("LTE", "LTE(a, b)", |arguments, _| {
        compared(arguments, Ordering::is_le)
    })
};

pub(super) static GT: Function = Function {
    operator: ">",
    summary: "The same for greater than.",
    ..ordering("GT", "GT(a, b)", |arguments, _| {
        compared(arguments, Ordering::is_gt)
    })
};

pub(super) static GTE: Function = Function {
    operator: ">=",
    summary: "The same for greater than or equal.",
    ..ordering("GTE", "GTE(a, b)", |arguments, _| {
        compared(arguments, Ordering::is_ge)
    })
};

fn compared(arguments: &[Datum<'_>], holds: fn(Ordering) -> bool) -> Datum<'static> {
    Datum::Bool(arguments[0].compare(&arguments[1]).is_some_and(holds))
}

pub(super) static EQUALS: Function = Function {
    operator: "=",
    summary: "Whether both have the same type and value: 200 is not \"200\", but 200 is 200.0. Nothing equals an empty value. `!=` is the opposite, so it is true when either is empty.",
    ..ordering("EQUALS", "EQUALS(a, b)", |arguments, _| {
        Datum::Bool(arguments[0].equals(&arguments[1]))
    })
};

pub(super) static IN: Function = Function {
    summary: "Whether the first argument equals any of the others.",
    ..plain(
        "IN",
        "IN(value, a, b ...)",
        Family::Comparison,
        Arity::from(2),
        ResultType::Boolean,
        |arguments, _| {
            let (value, others) = (&arguments[0], &arguments[1..]);
            Datum::Bool(others.iter().any(|other| value.equals(other)))
        },
    )
};

pub(super) static EXISTS: Function = Function {
    summary: "Whether the argument is not empty.",
    ..plain(
        "EXISTS",
        "EXISTS(value)",
        Family::Comparison,
        Arity::exactly(1),
        ResultType::Boolean,
        |arguments, _| Datum::Bool(!arguments[0].is_null()),
    )
};

pub(super) static MIN: Function = Function {
    summary: "The smallest of the arguments that have the type of the first one that is not empty. Whole numbers and floats are one type; false is less than true.",
    results: |count| (0..count).collect(),
    ..plain(
        "MIN",
        "MIN(a, b ...)",
        Family::Comparison,
        Arity::from(1),
        ResultType::Any,
        |arguments, _| extreme(arguments, Ordering::is_lt),
    )
};

pub(super) static MAX: Function = Function {
    summary: "The largest of them.",
    results: |count| (0..count).collect(),
    ..plain(
        "MAX",
        "MAX(a, b ...)",
        Family::Comparison,
        Arity::from(1),
        ResultType::Any,
        |arguments, _| extreme(arguments, Ordering::is_gt),
    )
};

/// Of equal ones the first.
fn extreme<'a>(arguments: &[Datum<'a>], replaces: fn(Ordering) -> bool) -> Datum<'a> {
    let mut best: Option<&Datum<'a>> = None;
    for argument in arguments.iter().filter(|argument| !argument.is_null()) {
        let order = match (best, argument) {
            (None, _) => {
                best = Some(argument);
                continue;
            }
            (Some(Datum::Bool(best)), Datum::Bool(value)) => Some(value.cmp(best)),
            (Some(best), _) => argument.compare(best),
        };
        if order.is_some_and(replaces) {
            best = Some(argument);
        }
    }
    best.cloned().unwrap_or(Datum::Null)
}
