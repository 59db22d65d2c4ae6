//! Reading JSON members one by one, each finding under its path: what all clauses share.

use crate::problem::{Detail, DetailCode};
use serde_json::{Map, Value as Json};

/// Most entries of each list clause.
const CLAUSES_MAX: usize = 100;
/// Longest column name or text value that a clause may hold, in bytes.
pub(super) const TEXT_BYTES_MAX: usize = 65_536;
/// Latest and earliest second that fits in nanoseconds.
const SECOND_MAX: i64 = i64::MAX / 1_000_000_000;

pub(super) const RELATIONAL_PREFIXES: [&str; 7] = [
    "root.", "parent.", "child.", "any.", "any2.", "any3.", "none.",
];

/// Those that do not say which span a value is of, and so work in filters only. Source: spec/honeycomb-api.md section 11.6.
const ANY_SPAN_PREFIXES: [&str; 4] = ["any.", "any2.", "any3.", "none."];

/// Collects what is wrong, so that a client sees all of it at once.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) details: Vec<Detail>,
}

impl Reader {
    /// The `column` member of a clause.
    pub(super) fn column(
        &mut self,
        item: &Map<String, Json>,
        path: &str,
        is_required: bool,
    ) -> Option<String> {
        let path = format!("{path}.column");
        match item.get("column") {
            None | Some(Json::Null) => {
                if is_required {
                    self.add(path, DetailCode::Missing, "needs a column");
                }
                None
            }
            Some(Json::String(name)) => self.check_column_name(&path, name).then(|| name.clone()),
            Some(_) => {
                self.incorrect_type(path, "must be a column name");
                None
            }
        }
    }

    /// The column of a filter, which may be one of any span of the trace.
    pub(super) fn filter_column(&mut self, item: &Map<String, Json>, path: &str) -> Option<String> {
        let of_any_span = |name: &str| {
            let mut prefixes = ANY_SPAN_PREFIXES.iter();
            prefixes.any(|prefix| {
                let column = name.strip_prefix(prefix);
                column.is_some_and(|column| !column.is_empty() && column.len() <= TEXT_BYTES_MAX)
            })
        };
        match item.get("column") {
            Some(Json::String(name)) if of_any_span(name) => Some(name.clone()),
            _ => self.column(item, path, true),
        }
    }

    pub(super) fn check_column_name(&mut self, path: &str, name: &str) -> bool {
        if name.is_empty() {
            self.add(path, DetailCode::Missing, "cannot be blank");
            return false;
        }
        if name.len() > TEXT_BYTES_MAX {
            self.invalid(path, format!("must have at most {TEXT_BYTES_MAX} bytes"));
            return false;
        }
        let mut prefixes = ANY_SPAN_PREFIXES.iter();
        if let Some(prefix) = prefixes.find(|prefix| name.starts_with(**prefix)) {
            self.invalid(
                path,
                format!("{prefix} looks at any span of the trace, which only works in filters"),
            );
            return false;
        }
        true
    }

    pub(super) fn required_text(
        &mut self,
        item: &Map<String, Json>,
        path: &str,
        field: &str,
    ) -> Option<String> {
        let text = match item.get(field) {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => Some(text.as_str()),
            Some(_) => {
                self.incorrect_type(format!("{path}.{field}"), "must be a string");
                return None;
            }
        };
        if text.is_none_or(str::is_empty) {
            self.add(
                format!("{path}.{field}"),
                DetailCode::Missing,
                "cannot be blank",
            );
            return None;
        }
        text.map(str::to_owned)
    }

    pub(super) fn optional_text(
        &mut self,
        item: &Map<String, Json>,
        path: &str,
        field: &str,
    ) -> Option<String> {
        match item.get(field) {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) if text.is_empty() => None,
            Some(Json::String(text)) => Some(text.clone()),
            Some(_) => {
                self.incorrect_type(format!("{path}.{field}"), "must be a string");
                None
            }
        }
    }

    /// A truth that is false unless given.
    pub(super) fn flag(&mut self, object: &Map<String, Json>, field: &str) -> bool {
        match object.get(field) {
            None | Some(Json::Null) => false,
            Some(Json::Bool(flag)) => *flag,
            Some(_) => {
                self.incorrect_type(field, "must be true or false");
                false
            }
        }
    }

    pub(super) fn seconds(&mut self, object: &Map<String, Json>, field: &str) -> Option<i64> {
        match object.get(field) {
            None | Some(Json::Null) => None,
            Some(value) => match whole_number(value) {
                Some(seconds) if seconds.unsigned_abs() <= SECOND_MAX.unsigned_abs() => {
                    Some(seconds)
                }
                Some(_) => {
                    self.invalid(field, "is out of range");
                    None
                }
                None => {
                    self.incorrect_type(field, "must be a whole number of seconds");
                    None
                }
            },
        }
    }

    /// The members of a list clause that are objects, each with its path; the others are reported.
    pub(super) fn objects<'a>(
        &mut self,
        object: &'a Map<String, Json>,
        field: &str,
    ) -> Vec<(String, &'a Map<String, Json>)> {
        let mut objects = Vec::new();
        for (path, item) in self.list(object, field) {
            match item {
                Json::Object(item) => objects.push((path, item)),
                _ => self.incorrect_type(path, "must be a JSON object"),
            }
        }
        objects
    }

    /// Reads with `read` what lies below a path, which comes before every finding's own.
    pub(super) fn below<T>(&mut self, path: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let known = self.details.len();
        let value = read(self);
        for detail in &mut self.details[known..] {
            detail.field = format!("{path}.{}", detail.field);
        }
        value
    }

    pub(super) fn list<'a>(
        &mut self,
        object: &'a Map<String, Json>,
        field: &str,
    ) -> Vec<(String, &'a Json)> {
        match object.get(field) {
            None | Some(Json::Null) => Vec::new(),
            Some(Json::Array(items)) if items.len() > CLAUSES_MAX => {
                self.invalid(field, format!("must have at most {CLAUSES_MAX} entries"));
                Vec::new()
            }
            Some(Json::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(index, item)| (format!("{field}[{index}]"), item))
                .collect(),
            Some(_) => {
                self.incorrect_type(field, "must be a list");
                Vec::new()
            }
        }
    }

    pub(super) fn invalid(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.add(field, DetailCode::Invalid, description);
    }

    pub(super) fn incorrect_type(
        &mut self,
        field: impl Into<String>,
        description: impl Into<String>,
    ) {
        self.add(field, DetailCode::IncorrectType, description);
    }

    pub(super) fn add(
        &mut self,
        field: impl Into<String>,
        code: DetailCode,
        description: impl Into<String>,
    ) {
        self.details.push(Detail::new(field, code, description));
    }
}

/// A whole number, also when written as `60.0`, as JavaScript and Go clients may.
pub(crate) fn whole_number(value: &Json) -> Option<i64> {
    if let Some(whole) = value.as_i64() {
        return Some(whole);
    }
    let float = value.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and below 2^53, so the conversion is exact"
    )]
    (float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0).then_some(float as i64)
}
