//! Root causes written as JSON: members left out of the pattern may be anything, arrays must have the same length and order.

use serde_json::Value as Json;

/// Whether a value looks like the pattern. Names of members are compared without regard to case: `Name` and `name` are both in use.
pub(super) fn looks_like(value: &Json, pattern: &Json) -> bool {
    match (value, pattern) {
        (Json::Object(value), Json::Object(pattern)) => pattern.iter().all(|(name, pattern)| {
            let mut members = value.iter();
            members
                .find(|(member, _)| member.eq_ignore_ascii_case(name))
                .is_some_and(|(_, value)| looks_like(value, pattern))
        }),
        (Json::Array(values), Json::Array(patterns)) => {
            values.len() == patterns.len()
                && values
                    .iter()
                    .zip(patterns)
                    .all(|(value, pattern)| looks_like(value, pattern))
        }
        (Json::Number(value), Json::Number(pattern)) => value.as_f64() == pattern.as_f64(),
        (value, pattern) => value == pattern,
    }
}
