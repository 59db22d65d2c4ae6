//! Finding erased values in what people kept: the values of filters, the literals of expressions, and what attributes of requests must match.
//! A text is found wherever something is compared with it, a number only where its own column is compared with it as equal or as
//! different. Conditions on results (havings) compare with counts of events, which no event brought: they are left alone.
//! Names, descriptions and columns are not looked at: a word that was erased as a value would take away what only happens to be called so.

mod expression;
mod xray;

use crate::ErasedValues;
use serde_json::{Map, Value as Json};
use std::ops::Range;

/// What stands in the place of an erased text where the rest is kept.
pub(crate) const ERASED: &str = "(erased)";

/// Operators that compare with a number itself, not with an order of numbers.
const EQUALITY: [&str; 4] = ["=", "!=", "in", "not-in"];

/// What is before the name of a column in another span of the trace. Source: spec/honeycomb-api.md section 11.6.
const RELATIONS: [&str; 7] = [
    "root.", "parent.", "child.", "any.", "any2.", "any3.", "none.",
];

/// True when a query, view or calculated field compares with one of the values.
pub(crate) fn names(json: &Json, values: &ErasedValues) -> bool {
    let mut copy = json.clone();
    erase(&mut copy, values)
}

/// Puts [`ERASED`] into the place of every one of the values; true when there was one.
pub(crate) fn erase(json: &mut Json, values: &ErasedValues) -> bool {
    match json {
        Json::Object(members) => {
            let column = compared_column(members);
            let mut is_changed = false;
            for (name, member) in members {
                is_changed |= match (name.as_str(), member) {
                    ("havings", _) => false,
                    ("value", value) => erase_value(value, column.as_deref(), values),
                    ("expression", Json::String(expression)) => {
                        let found = expression::literals(expression);
                        erase_literals(expression, found, &values.texts)
                            | erase_numbers(expression, values)
                    }
                    ("filter_expression", Json::String(expression)) => {
                        let found = xray::values(expression);
                        erase_literals(expression, found, &values.texts)
                    }
                    // Of a sampling rule: names, and the texts they must have.
                    ("attributes", Json::Object(attributes)) => {
                        let attributes = attributes.values_mut();
                        let changed = attributes.map(|value| erase_value(value, None, values));
                        changed.fold(false, |one, other| one | other)
                    }
                    (_, member) => erase(member, values),
                };
            }
            is_changed
        }
        Json::Array(items) => {
            let changed = items.iter_mut().map(|item| erase(item, values));
            changed.fold(false, |one, other| one | other)
        }
        _ => false,
    }
}

/// The column that a filter compares with its value as equal or as different.
fn compared_column(filter: &Map<String, Json>) -> Option<String> {
    // Filters of queries have an `op`, those of a board's views an `operation`.
    let op = filter.get("op").or_else(|| filter.get("operation"));
    let is_equality = op
        .and_then(Json::as_str)
        .is_some_and(|op| EQUALITY.contains(&op));
    let column = filter.get("column").and_then(Json::as_str);
    column.filter(|_| is_equality).map(str::to_owned)
}

fn erase_value(value: &mut Json, column: Option<&str>, values: &ErasedValues) -> bool {
    let is_erased = match value {
        Json::String(text) => {
            values.texts.contains(text) || column.is_some_and(|name| has(values, name, text))
        }
        Json::Number(number) => {
            let text = decimals(&number.to_string());
            column.is_some_and(|name| has(values, name, &text))
        }
        Json::Array(items) => {
            let changed = items
                .iter_mut()
                .map(|item| erase_value(item, column, values));
            return changed.fold(false, |one, other| one | other);
        }
        _ => false,
    };
    if is_erased {
        *value = Json::String(ERASED.to_owned());
    }
    is_erased
}

fn has(values: &ErasedValues, column: &str, number: &str) -> bool {
    let mut numbers = values.numbers.iter();
    numbers.any(|(known, erased)| erased == number && is_column(column, known))
}

/// Whether a name means a column, be it that of another span (`root.user`).
fn is_column(name: &str, column: &str) -> bool {
    let mut relations = RELATIONS.iter();
    name == column || relations.any(|relation| name.strip_prefix(relation) == Some(column))
}

/// A number as equal numbers are all written: `5`, `5.0` and `5e0` are `5`. What is no number stays as it is.
pub(crate) fn decimals(number: &str) -> String {
    match (number.parse::<i64>(), number.parse::<f64>()) {
        (Ok(whole), _) => whole.to_string(),
        (Err(_), Ok(value)) => value.to_string(),
        _ => number.to_owned(),
    }
}

fn erase_literals(
    expression: &mut String,
    literals: Vec<(Range<usize>, String)>,
    texts: &[String],
) -> bool {
    let found: Vec<Range<usize>> = literals
        .into_iter()
        .filter(|(_, text)| texts.contains(text))
        .map(|(place, _)| place)
        .collect();
    replace(expression, &found, &format!("\"{ERASED}\""))
}

/// Empties the numbers of an expression that are compared with a column they were erased from.
fn erase_numbers(expression: &mut String, values: &ErasedValues) -> bool {
    if values.numbers.is_empty() {
        return false;
    }
    let mut found: Vec<Range<usize>> = expression::comparisons(expression)
        .into_iter()
        .filter(|compared| has(values, &compared.column, &compared.number))
        .map(|compared| compared.place)
        .collect();
    found.sort_by_key(|place| place.start);
    found.dedup();
    replace(expression, &found, "null")
}

fn replace(expression: &mut String, places: &[Range<usize>], by: &str) -> bool {
    for place in places.iter().rev() {
        expression.replace_range(place.clone(), by);
    }
    !places.is_empty()
}

#[cfg(test)]
mod tests;
