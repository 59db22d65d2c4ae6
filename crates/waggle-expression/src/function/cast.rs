//! One type made of another.

use super::{Arity, Family, Function, Prepared, plain};
use crate::datum::Datum;
use crate::expression::ResultType;

const fn cast(
    name: &'static str,
    usage: &'static str,
    result: ResultType,
    apply: for<'a> fn(&[Datum<'a>], &Prepared) -> Datum<'a>,
) -> Function {
    plain(name, usage, Family::Cast, Arity::exactly(1), result, apply)
}

pub(super) static INT: Function = Function {
    summary: "A whole number: what is behind the point is dropped; 0 for what is no number. A number beyond 64 bits becomes the nearest that fits.",
    ..cast(
        "INT",
        "INT(value)",
        ResultType::Integer,
        |arguments, _| match &arguments[0] {
            Datum::Int(value) => Datum::Int(*value),
            other => Datum::Int(whole(other)),
        },
    )
};

#[expect(
    clippy::cast_possible_truncation,
    reason = "the conversion drops the fraction and goes to the nearest that fits"
)]
fn whole(value: &Datum<'_>) -> i64 {
    let exact = value.as_text().and_then(|text| text.trim().parse().ok());
    exact.unwrap_or_else(|| value.number() as i64)
}

pub(super) static FLOAT: Function = Function {
    summary: "A float; 0.0 for what is no number.",
    ..cast(
        "FLOAT",
        "FLOAT(value)",
        ResultType::Float,
        |arguments, _| Datum::Float(arguments[0].number()),
    )
};

pub(super) static BOOL: Function = Function {
    summary: "True for a number that is not 0, for true and for the string \"true\"; otherwise false.",
    ..cast(
        "BOOL",
        "BOOL(value)",
        ResultType::Boolean,
        |arguments, _| Datum::Bool(arguments[0].is_true()),
    )
};

pub(super) static STRING: Function = Function {
    summary: "A string; \"\" for an empty value.",
    ..cast(
        "STRING",
        "STRING(value)",
        ResultType::Text,
        |arguments, _| Datum::Text(arguments[0].to_text()),
    )
};
