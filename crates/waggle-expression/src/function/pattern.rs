//! Regular expressions. Matching takes time in proportion to the text, whatever the pattern: there is no look-around and there are no
//! back-references.

use super::{Arity, Family, Function, Prepared, constant_text, plain};
use crate::datum::Datum;
use crate::expression::{Node, ResultType};
use regex::{Regex, RegexBuilder};
use std::borrow::Cow;

/// Most bytes that one compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;

pub(super) static REG_MATCH: Function = Function {
    summary: "Whether a literal regular expression (RE2 syntax) matches some part of a string; false for what is no string.",
    prepare: pattern,
    ..plain(
        "REG_MATCH",
        "REG_MATCH(string, \"pattern\")",
        Family::Pattern,
        Arity::exactly(2),
        ResultType::Boolean,
        |arguments, prepared| match searched(arguments, prepared) {
            Some((text, regex)) => Datum::Bool(regex.is_match(text)),
            None => Datum::Bool(false),
        },
    )
};

pub(super) static REG_VALUE: Function = Function {
    summary: "What the first group of a literal regular expression caught in its first match; the whole match when the pattern has no group. Empty when nothing matches, and for what is no string.",
    prepare: pattern,
    ..plain(
        "REG_VALUE",
        "REG_VALUE(string, \"pattern\")",
        Family::Pattern,
        Arity::exactly(2),
        ResultType::Text,
        |arguments, prepared| {
            let Some((text, regex)) = searched(arguments, prepared) else {
                return Datum::Null;
            };
            let caught = match regex.captures_len() {
                1 => regex.find(text),
                _ => regex.captures(text).and_then(|groups| groups.get(1)),
            };
            let Some(caught) = caught else {
                return Datum::Null;
            };
            Datum::Text(match &arguments[0] {
                Datum::Text(Cow::Borrowed(text)) => Cow::Borrowed(&text[caught.range()]),
                _ => Cow::Owned(caught.as_str().to_owned()),
            })
        },
    )
};

pub(super) static REG_COUNT: Function = Function {
    summary: "How often a literal regular expression matches, matches not overlapping; 0 for what is no string.",
    prepare: pattern,
    ..plain(
        "REG_COUNT",
        "REG_COUNT(string, \"pattern\")",
        Family::Pattern,
        Arity::exactly(2),
        ResultType::Integer,
        |arguments, prepared| {
            let count = searched(arguments, prepared)
                .map_or(0, |(text, regex)| regex.find_iter(text).count());
            Datum::Int(i64::try_from(count).unwrap_or(i64::MAX))
        },
    )
};

fn pattern(arguments: &[Node]) -> Result<Prepared, String> {
    let text = constant_text(arguments, 1, "a regular expression")?.unwrap_or_default();
    let regex = RegexBuilder::new(text)
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|error| {
            // The library draws the pattern over several lines and says what is wrong in the last one.
            let error = error.to_string();
            let last = error.lines().last().unwrap_or_default();
            let reason = last.strip_prefix("error: ").unwrap_or(last);
            format!("invalid regular expression {text:?}: {reason}")
        })?;
    Ok(Prepared::Pattern(regex))
}

fn searched<'a>(
    arguments: &'a [Datum<'_>],
    prepared: &'a Prepared,
) -> Option<(&'a str, &'a Regex)> {
    match prepared {
        Prepared::Pattern(regex) => Some((arguments[0].as_text()?, regex)),
        _ => None,
    }
}
