//! Truth.

use super::{Arity, Family, Function, plain};
use crate::datum::Datum;
use crate::expression::ResultType;

pub(super) static NOT: Function = Function {
    operator: "!",
    summary: "The opposite of a condition.",
    ..plain(
        "NOT",
        "NOT(condition)",
        Family::Logic,
        Arity::exactly(1),
        ResultType::Boolean,
        |arguments, _| Datum::Bool(!arguments[0].is_true()),
    )
};

pub(super) static AND: Function = Function {
    operator: "AND",
    summary: "Whether all conditions are true.",
    ..plain(
        "AND",
        "AND(condition, condition2 ...)",
        Family::Logic,
        Arity::from(1),
        ResultType::Boolean,
        |arguments, _| Datum::Bool(arguments.iter().all(Datum::is_true)),
    )
};

pub(super) static OR: Function = Function {
    operator: "OR",
    summary: "Whether any condition is true.",
    ..plain(
        "OR",
        "OR(condition, condition2 ...)",
        Family::Logic,
        Arity::from(1),
        ResultType::Boolean,
        |arguments, _| Datum::Bool(arguments.iter().any(Datum::is_true)),
    )
};
