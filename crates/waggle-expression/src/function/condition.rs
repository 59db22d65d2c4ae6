//! Choosing one of several values.

use super::{Arity, Family, Function, Prepared, plain};
use crate::datum::Datum;
use crate::expression::{Node, ResultType};

pub(super) static IF: Function = Function {
    summary: "The value after the first condition that is true; otherwise the last value, or empty when there is none.",
    results: |count| {
        let last = (count % 2 == 1).then(|| count - 1);
        (1..count).step_by(2).chain(last).collect()
    },
    ..plain(
        "IF",
        "IF(condition, value [, condition2, value2 ...] [, otherwise])",
        Family::Condition,
        Arity::from(2),
        ResultType::Any,
        choose,
    )
};

fn choose<'a>(arguments: &[Datum<'a>], _: &Prepared) -> Datum<'a> {
    let mut pairs = arguments.chunks(2);
    pairs
        .find_map(|pair| match pair {
            [condition, value] => condition.is_true().then_some(value),
            otherwise => otherwise.first(),
        })
        .cloned()
        .unwrap_or(Datum::Null)
}

pub(super) static SWITCH: Function = Function {
    summary: "The value after the first case that equals the expression; otherwise the last value, or empty when there is none. Cases are literal strings.",
    results: |count| {
        let last = (count % 2 == 0).then(|| count - 1);
        (2..count).step_by(2).chain(last).collect()
    },
    prepare: |arguments| {
        let cases = arguments.get(1..).unwrap_or_default().chunks(2);
        for pair in cases {
            if let [case, _] = pair
                && !matches!(case, Node::Constant(Datum::Text(_)))
            {
                return Err("the cases of SWITCH must be literal strings".to_owned());
            }
        }
        Ok(Prepared::Nothing)
    },
    ..plain(
        "SWITCH",
        "SWITCH(expression, \"case\", value [, \"case2\", value2 ...] [, otherwise])",
        Family::Condition,
        Arity::from(3),
        ResultType::Any,
        switch,
    )
};

fn switch<'a>(arguments: &[Datum<'a>], _: &Prepared) -> Datum<'a> {
    let Some((expression, cases)) = arguments.split_first() else {
        return Datum::Null;
    };
    cases
        .chunks(2)
        .find_map(|pair| match pair {
            [case, value] => expression.equals(case).then_some(value),
            otherwise => otherwise.first(),
        })
        .cloned()
        .unwrap_or(Datum::Null)
}

pub(super) static COALESCE: Function = Function {
    summary: "The first argument that is not empty.",
    results: |count| (0..count).collect(),
    ..plain(
        "COALESCE",
        "COALESCE(value, value2 ...)",
        Family::Condition,
        Arity::from(1),
        ResultType::Any,
        |arguments, _| {
            let mut present = arguments.iter().filter(|argument| !argument.is_null());
            present.next().cloned().unwrap_or(Datum::Null)
        },
    )
};
