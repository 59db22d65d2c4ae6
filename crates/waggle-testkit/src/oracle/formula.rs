//! Formulas over the answers of named calculations, read from their text word by word. It knows what random queries are made of: nested
//! calls of a few functions, names and numbers.

use super::calculation::Answer;
use waggle_model::Cell;

/// The names in a formula.
pub(super) fn names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at..];
        let (name, after) = name_at(rest);
        names.push(name.to_owned());
        rest = after;
    }
    names
}

/// The name that a text begins with, and what comes after it.
fn name_at(text: &str) -> (&str, &str) {
    match text.strip_prefix("$\"") {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => {
            let text = &text[1..];
            text.split_at(text.find([',', ')', ' ']).unwrap_or(text.len()))
        }
    }
}

/// The answer of a formula, given those of names. Where one of them is not exact, nothing is known of it.
pub(super) fn answer(text: &str, named: &dyn Fn(&str) -> Answer) -> Answer {
    let (value, rest) = value(text, named);
    assert_eq!(rest, "", "{text}");
    let is_exact = names(text).iter().all(|name| named(name).slack == 0.0);
    let cell = match value {
        Value::Number(value) if value.is_finite() => Cell::Float(value),
        Value::Truth(value) => Cell::Int(i64::from(value)),
        Value::Number(_) | Value::Nothing => Cell::Null,
    };
    let slack = match cell.as_f64() {
        _ if !is_exact => f64::INFINITY,
        Some(value) => value.abs() * 1e-9,
        None => 0.0,
    };
    Answer { cell, slack }
}

#[derive(Clone, Copy)]
enum Value {
    Number(f64),
    Truth(bool),
    Nothing,
}

impl Value {
    fn number(self) -> f64 {
        match self {
            Self::Number(value) => value,
            Self::Truth(_) | Self::Nothing => 0.0,
        }
    }
}

fn value<'a>(text: &'a str, named: &dyn Fn(&str) -> Answer) -> (Value, &'a str) {
    if text.starts_with('$') {
        let (name, rest) = name_at(text);
        let number = named(name).cell.as_f64();
        return (number.map_or(Value::Nothing, Value::Number), rest);
    }
    let end = text.find(['(', ',', ')']).unwrap_or(text.len());
    let (word, mut rest) = text.split_at(end);
    let Some(first) = rest.strip_prefix('(') else {
        return (Value::Number(word.parse().unwrap_or(f64::NAN)), rest);
    };
    rest = first;
    let mut values = Vec::new();
    loop {
        let (value, after) = value(rest, named);
        values.push(value);
        rest = after;
        match rest.strip_prefix(", ") {
            Some(next) => rest = next,
            None => break,
        }
    }
    let numbers: Vec<f64> = values.iter().map(|value| value.number()).collect();
    let result = match (word, values[0], values[1]) {
        ("SUM", ..) => Value::Number(numbers[0] + numbers[1]),
        ("SUB", ..) => Value::Number(numbers[0] - numbers[1]),
        ("MUL", ..) => Value::Number(numbers[0] * numbers[1]),
        ("DIV", ..) if numbers[1] == 0.0 => Value::Nothing,
        ("DIV", ..) => Value::Number(numbers[0] / numbers[1]),
        ("GT", Value::Number(left), Value::Number(right)) => Value::Truth(left > right),
        ("GT", ..) => Value::Truth(false),
        (other, ..) => unreachable!("no random query has {other}"),
    };
    let result = match result {
        Value::Number(value) if !value.is_finite() => Value::Nothing,
        other => other,
    };
    (result, &rest[1..])
}
