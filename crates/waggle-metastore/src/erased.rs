//! Finding erased texts in what people kept: the values of filters, the literals of expressions, and what attributes of requests must match.
//! Names, descriptions and columns are not looked at: a word that was erased as a value would take away what only happens to be called so.

mod xray;

use serde_json::Value as Json;
use std::ops::Range;

/// What stands in the place of an erased text where the rest is kept.
pub(crate) const ERASED: &str = "(erased)";

/// True when a query, view or calculated field compares with one of the texts.
pub(crate) fn names(json: &Json, texts: &[String]) -> bool {
    let mut copy = json.clone();
    erase(&mut copy, texts)
}

/// Puts [`ERASED`] into the place of every one of the texts; true when there was one.
pub(crate) fn erase(json: &mut Json, texts: &[String]) -> bool {
    match json {
        Json::Object(members) => {
            let mut is_changed = false;
            for (name, member) in members {
                is_changed |= match (name.as_str(), member) {
                    ("value", value) => erase_value(value, texts),
                    ("expression", Json::String(expression)) => {
                        let found = literals(expression);
                        erase_literals(expression, found, texts)
                    }
                    ("filter_expression", Json::String(expression)) => {
                        let found = xray::values(expression);
                        erase_literals(expression, found, texts)
                    }
                    // Of a sampling rule: names, and the texts they must have.
                    ("attributes", Json::Object(attributes)) => {
                        let values = attributes.values_mut();
                        let changed = values.map(|value| erase_value(value, texts));
                        changed.fold(false, |one, other| one | other)
                    }
                    (_, member) => erase(member, texts),
                };
            }
            is_changed
        }
        Json::Array(items) => {
            let changed = items.iter_mut().map(|item| erase(item, texts));
            changed.fold(false, |one, other| one | other)
        }
        _ => false,
    }
}

fn erase_value(value: &mut Json, texts: &[String]) -> bool {
    match value {
        Json::String(text) if texts.contains(text) => {
            ERASED.clone_into(text);
            true
        }
        Json::Array(items) => {
            let changed = items.iter_mut().map(|item| erase_value(item, texts));
            changed.fold(false, |one, other| one | other)
        }
        _ => false,
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
    for place in found.iter().rev() {
        expression.replace_range(place.clone(), &format!("\"{ERASED}\""));
    }
    !found.is_empty()
}

/// The text literals of an expression with their quotes, and what they mean; quoted names of columns are none. Source of the grammar:
/// spec/honeycomb-api.md section 10.1.
fn literals(expression: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut is_column = false;
    let mut letters = expression.char_indices();
    while let Some((start, letter)) = letters.next() {
        if !matches!(letter, '"' | '`') {
            is_column = letter == '$';
            continue;
        }
        let mut text = String::new();
        let mut end = None;
        while let Some((at, inner)) = letters.next() {
            match inner {
                quote if quote == letter => {
                    end = Some(at + quote.len_utf8());
                    break;
                }
                '\\' if letter == '"' => {
                    let (meant, length) = escaped(letters.as_str());
                    text.extend(meant);
                    for _ in 0..length {
                        letters.next();
                    }
                }
                other => text.push(other),
            }
        }
        if let Some(end) = end.filter(|_| !is_column) {
            found.push((start..end, text));
        }
        is_column = false;
    }
    found
}

/// What an escape means, and how many letters after the backslash it takes.
fn escaped(rest: &str) -> (Option<char>, usize) {
    let Some(kind) = rest.chars().next() else {
        return (None, 0);
    };
    let number = |skipped: usize, digits: usize, radix: u32| {
        let text: String = rest.chars().skip(skipped).take(digits).collect();
        let meant = u32::from_str_radix(&text, radix).ok();
        (meant.and_then(char::from_u32), skipped + digits)
    };
    match kind {
        'a' => (Some('\x07'), 1),
        'b' => (Some('\x08'), 1),
        'f' => (Some('\x0c'), 1),
        'n' => (Some('\n'), 1),
        'r' => (Some('\r'), 1),
        't' => (Some('\t'), 1),
        'v' => (Some('\x0b'), 1),
        'x' => number(1, 2, 16),
        'u' => number(1, 4, 16),
        'U' => number(1, 8, 16),
        '0'..='7' => number(0, 3, 8),
        other => (Some(other), 1),
    }
}

#[cfg(test)]
mod tests;
