//! Arithmetic, always in floats.

use super::{Arity, Family, Function, Prepared, plain};
use crate::datum::Datum;
use crate::expression::ResultType;

const fn math(
    name: &'static str,
    usage: &'static str,
    arity: Arity,
    apply: for<'a> fn(&[Datum<'a>], &Prepared) -> Datum<'a>,
) -> Function {
    plain(
        name,
        usage,
        Family::Arithmetic,
        arity,
        ResultType::Float,
        apply,
    )
}

pub(super) static SUM: Function = Function {
    operator: "+",
    summary: "The sum. Here and below, strings are read as decimal numbers; a string that is none, a boolean and an empty value count as 0; a result too large for a float is empty.",
    ..math("SUM", "SUM(a, b ...)", Arity::from(1), |arguments, _| {
        Datum::finite(fold(arguments, |sum, number| sum + number))
    })
};

pub(super) static SUB: Function = Function {
    operator: "-",
    summary: "The first argument less the second.",
    ..math("SUB", "SUB(a, b)", Arity::exactly(2), |arguments, _| {
        Datum::finite(arguments[0].number() - arguments[1].number())
    })
};

pub(super) static MUL: Function = Function {
    operator: "*",
    summary: "The product.",
    ..math("MUL", "MUL(a, b ...)", Arity::from(1), |arguments, _| {
        Datum::finite(fold(arguments, |product, number| product * number))
    })
};

fn fold(arguments: &[Datum<'_>], join: fn(f64, f64) -> f64) -> f64 {
    let numbers = arguments.iter().map(Datum::number);
    numbers.reduce(join).unwrap_or_default()
}

pub(super) static DIV: Function = Function {
    operator: "/",
    summary: "The first argument divided by the second; empty when the second is 0.",
    ..math("DIV", "DIV(a, b)", Arity::exactly(2), |arguments, _| {
        // What is divided by 0 is infinite or no number, and so empty.
        Datum::finite(arguments[0].number() / arguments[1].number())
    })
};

pub(super) static MOD: Function = Function {
    operator: "%",
    summary: "The rest of that division, with the sign of the first argument; empty when the second is 0.",
    ..math("MOD", "MOD(a, b)", Arity::exactly(2), |arguments, _| {
        Datum::finite(arguments[0].number() % arguments[1].number())
    })
};

pub(super) static LOG10: Function = Function {
    summary: "The logarithm to base 10; empty for 0, what is below, and what is no number.",
    ..math("LOG10", "LOG10(a)", Arity::exactly(1), |arguments, _| {
        let number = arguments[0].parsed_number().filter(|number| *number > 0.0);
        number.map_or(Datum::Null, |number| Datum::finite(number.log10()))
    })
};
