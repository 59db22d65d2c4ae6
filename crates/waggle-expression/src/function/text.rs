//! Strings.

use super::{Arity, Family, Function, Prepared, constant_text, plain};
use crate::datum::Datum;
use crate::expression::ResultType;
use std::borrow::Cow;

pub(super) static CONCAT: Function = Function {
    summary: "The arguments as one string: what is no string is written as one, empty values are left out.",
    ..plain(
        "CONCAT",
        "CONCAT(a, b ...)",
        Family::Text,
        Arity::from(1),
        ResultType::Text,
        |arguments, _| {
            let texts = arguments.iter().map(Datum::to_text);
            Datum::Text(Cow::Owned(texts.collect()))
        },
    )
};

const fn search(
    name: &'static str,
    usage: &'static str,
    apply: for<'a> fn(&[Datum<'a>], &Prepared) -> Datum<'a>,
) -> Function {
    plain(
        name,
        usage,
        Family::Text,
        Arity::exactly(2),
        ResultType::Boolean,
        apply,
    )
}

pub(super) static STARTS_WITH: Function = Function {
    summary: "Whether a string begins with another; false when either is no string.",
    ..search(
        "STARTS_WITH",
        "STARTS_WITH(string, prefix)",
        |arguments, _| found(arguments, |text, part| text.starts_with(part)),
    )
};

pub(super) static ENDS_WITH: Function = Function {
    summary: "Whether it ends with another; false when either is no string.",
    ..search("ENDS_WITH", "ENDS_WITH(string, suffix)", |arguments, _| {
        found(arguments, |text, part| text.ends_with(part))
    })
};

pub(super) static CONTAINS: Function = Function {
    summary: "Whether another is somewhere in it; false when either is no string.",
    ..search("CONTAINS", "CONTAINS(string, part)", |arguments, _| {
        found(arguments, |text, part| text.contains(part))
    })
};

fn found(arguments: &[Datum<'_>], test: fn(&str, &str) -> bool) -> Datum<'static> {
    Datum::Bool(match (arguments[0].as_text(), arguments[1].as_text()) {
        (Some(text), Some(part)) => test(text, part),
        _ => false,
    })
}

pub(super) static TO_LOWER: Function = Function {
    summary: "A string in lower case; empty for what is no string.",
    ..plain(
        "TO_LOWER",
        "TO_LOWER(string)",
        Family::Text,
        Arity::exactly(1),
        ResultType::Text,
        |arguments, _| match arguments[0].as_text() {
            Some(text) => Datum::Text(Cow::Owned(text.to_lowercase())),
            None => Datum::Null,
        },
    )
};

pub(super) static LENGTH: Function = Function {
    summary: "How many characters a string has, or bytes when that is asked for; empty for what is no string.",
    prepare: |arguments| match constant_text(arguments, 1, "the unit of LENGTH")? {
        None | Some("chars") => Ok(Prepared::InBytes(false)),
        Some("bytes") => Ok(Prepared::InBytes(true)),
        Some(_) => Err("the unit of LENGTH is \"chars\" or \"bytes\"".to_owned()),
    },
    ..plain(
        "LENGTH",
        "LENGTH(string [, \"chars\" or \"bytes\"])",
        Family::Text,
        Arity::between(1..2),
        ResultType::Integer,
        |arguments, prepared| {
            let length = arguments[0].as_text().map(|text| match prepared {
                Prepared::InBytes(true) => text.len(),
                _ => text.chars().count(),
            });
            let length = length.and_then(|length| i64::try_from(length).ok());
            length.map_or(Datum::Null, Datum::Int)
        },
    )
};
