//! Finding erased values in what people kept: the values of filters, the literals of expressions, and what attributes of requests must match.
//! A text is found wherever something is compared with it, a number where its own column is.
//! Names, descriptions and columns are not looked at: a word that was erased as a value would take away what only happens to be called so.

mod xray;

use crate::ErasedValues;
use serde_json::Value as Json;
use std::ops::Range;

/// What stands in the place of an erased text where the rest is kept.
pub(crate) const ERASED: &str = "(erased)";

/// True when a query, view or calculated field compares with one of the values.
pub(crate) fn names(json: &Json, values: &ErasedValues) -> bool {
    let mut copy = json.clone();
    erase(&mut copy, values)
}

/// Puts [`ERASED`] into the place of every one of the values; true when there was one.
pub(crate) fn erase(json: &mut Json, values: &ErasedValues) -> bool {
    match json {
        Json::Object(members) => {
            let column = members.get("column").and_then(Json::as_str);
            let column = column.map(str::to_owned);
            let mut is_changed = false;
            for (name, member) in members {
                is_changed |= match (name.as_str(), member) {
                    ("value", value) => erase_value(value, column.as_deref(), values),
                    ("expression", Json::String(expression)) => {
                        let found = literals(expression);
                        erase_literals(expression, found, &values.texts)
                            | erase_numbers(expression, &values.numbers)
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
    let before = name.strip_suffix(column);
    before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
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

/// Empties the numbers of an expression that were erased from a column which it names.
fn erase_numbers(expression: &mut String, erased: &[(String, String)]) -> bool {
    if erased.is_empty() {
        return false;
    }
    let words = words(expression);
    let mut columns = words.iter().filter_map(|word| match word {
        Word::Column(name) => Some(name.as_str()),
        Word::Number(..) => None,
    });
    let named: Vec<&str> = columns.by_ref().collect();
    let is_erased = |number: &str| {
        let mut erased = erased.iter().filter(|(_, known)| known == number);
        erased.any(|(column, _)| named.iter().any(|name| is_column(name, column)))
    };
    let found: Vec<Range<usize>> = words
        .iter()
        .filter_map(|word| match word {
            Word::Number(place, number) if is_erased(number) => Some(place.clone()),
            _ => None,
        })
        .collect();
    replace(expression, &found, "null")
}

fn replace(expression: &mut String, places: &[Range<usize>], by: &str) -> bool {
    for place in places.iter().rev() {
        expression.replace_range(place.clone(), by);
    }
    !places.is_empty()
}

enum Word {
    Column(String),
    /// Where it is, with its sign, and its [`decimals`].
    Number(Range<usize>, String),
}

/// The columns and numbers of an expression. Source of the grammar: spec/honeycomb-api.md section 10.1.
fn words(expression: &str) -> Vec<Word> {
    let texts = literals(expression);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = expression.get(at..).and_then(|rest| rest.chars().next()) {
        if let Some((place, _)) = texts.iter().find(|(place, _)| place.start == at) {
            at = place.end;
            continue;
        }
        let after = at + letter.len_utf8();
        let rest = expression.get(after..).unwrap_or_default();
        let quote = rest.chars().next().filter(|next| matches!(next, '"' | '`'));
        if let ('$', Some(quote)) = (letter, quote) {
            let name = rest.get(1..).and_then(|rest| rest.split(quote).next());
            let name = name.unwrap_or_default();
            found.push(Word::Column(name.to_owned()));
            at = after + 2 + name.len();
        } else if letter == '$' {
            let is_of_name = |c: char| c.is_alphanumeric() || "_./:=+?-".contains(c);
            let length = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
            found.push(Word::Column(
                rest.get(..length).unwrap_or_default().to_owned(),
            ));
            at = after + length;
        } else if letter.is_alphabetic() || letter == '_' {
            at = after + length_of(rest, |c| c.is_alphanumeric() || c == '_');
        } else if letter.is_ascii_digit() || letter == '.' {
            let end = after + length_of(rest, |c| c.is_ascii_alphanumeric() || c == '.');
            let is_signed = expression
                .get(..at)
                .is_some_and(|before| before.ends_with('-'));
            let start = at - usize::from(is_signed);
            let number = decimals(expression.get(start..end).unwrap_or_default());
            found.push(Word::Number(start..end, number));
            at = end;
        } else {
            at = after;
        }
    }
    found
}

fn length_of(text: &str, is_of_it: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_of_it(c)).unwrap_or(text.len())
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
