//! The texts that a filter expression of X-Ray compares with: quoted, or bare words behind an operator. Source of the grammar: spec/xray.md
//! section 4.3.

use std::ops::Range;

/// Operators that are words, behind which a value stands.
const OPERATORS: [&str; 3] = ["contains", "beginswith", "endswith"];

/// Where the texts are, with their quotes, and what they mean. Keys of annotations are none.
pub(super) fn values(expression: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut is_value = false;
    let mut is_key = false;
    let mut offset = 0;
    while let Some(first) = expression
        .get(offset..)
        .and_then(|rest| rest.chars().next())
    {
        let start = offset;
        offset += first.len_utf8();
        if first.is_whitespace() {
            continue;
        }
        if first == '"' {
            let Some((text, end)) = quoted(expression, start) else {
                return found;
            };
            if !is_key {
                found.push((start..end, text));
            }
            offset = end;
        } else if is_of_word(first) {
            let rest = expression.get(start..).unwrap_or_default();
            offset = start + rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
            let word = expression.get(start..offset).unwrap_or_default();
            if is_value {
                found.push((start..offset, word.to_owned()));
            } else if OPERATORS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(word))
            {
                is_value = true;
                continue;
            }
        }
        is_value = first == '=';
        is_key = first == '[';
    }
    found
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.')
}

/// The text that begins with a quote at `start`, and where it ends.
fn quoted(expression: &str, start: usize) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut is_escaped = false;
    for (index, c) in expression.get(start..)?.char_indices().skip(1) {
        match c {
            _ if is_escaped => {
                // Only these two are escaped; before anything else a backslash stands for itself.
                if !matches!(c, '"' | '\\') {
                    text.push('\\');
                }
                text.push(c);
                is_escaped = false;
            }
            '\\' => is_escaped = true,
            '"' => return Some((text, start + index + 1)),
            c => text.push(c),
        }
    }
    None
}
