//! Reading the body of a request member by member: every rule that is broken is noted under the path of its member, so that a client
//! sees all of them at once. A member that breaks a rule reads as a harmless value, which nobody sees, because [`read`] then refuses the
//! whole.

use crate::problem::{Detail, DetailCode, Problem};
use crate::spec::whole_number;
use serde_json::{Map, Value as Json};
use std::cell::RefCell;
use std::ops::RangeInclusive;
use waggle_metastore::Named;

/// Reads an object with a function that asks a [`Form`].
pub(crate) fn read<T>(
    object: &Map<String, Json>,
    read: impl FnOnce(&Form<'_>) -> T,
) -> Result<T, Problem> {
    let findings = RefCell::default();
    let value = read(&Form {
        object,
        path: String::new(),
        findings: &findings,
    });
    let findings = findings.into_inner();
    if findings.is_empty() {
        return Ok(value);
    }
    Err(Problem::invalid(findings))
}

/// An object of a request body, at a path.
pub(crate) struct Form<'a> {
    object: &'a Map<String, Json>,
    /// Empty for the body itself, else ends before the dot: `panels[0].position`.
    path: String,
    findings: &'a RefCell<Vec<Detail>>,
}

impl<'a> Form<'a> {
    /// A member, unless it is absent or null.
    pub(crate) fn get(&self, field: &str) -> Option<&'a Json> {
        self.object.get(field).filter(|value| !value.is_null())
    }

    /// Text that must be there, not only spaces, of at most so many characters.
    pub(crate) fn text(&self, field: &str, chars_max: usize) -> String {
        match self.optional_text(field, chars_max) {
            Some(text) if !text.trim().is_empty() => text,
            _ => {
                if !matches!(self.get(field), Some(value) if !value.is_string()) {
                    self.missing(field);
                }
                String::new()
            }
        }
    }

    /// Text of at most so many characters; empty when absent.
    pub(crate) fn text_or_empty(&self, field: &str, chars_max: usize) -> String {
        self.optional_text(field, chars_max).unwrap_or_default()
    }

    /// Text of at most so many characters.
    pub(crate) fn optional_text(&self, field: &str, chars_max: usize) -> Option<String> {
        match self.get(field)? {
            Json::String(text) => {
                if text.chars().count() > chars_max {
                    self.invalid(field, format!("must have at most {chars_max} characters"));
                }
                Some(text.clone())
            }
            _ => {
                self.incorrect_type(field, "must be a string");
                None
            }
        }
    }

    /// One of the names of a list; its default when absent or empty.
    pub(crate) fn choice<T: Named>(&self, field: &str) -> T {
        self.optional_choice(field).unwrap_or_default()
    }

    /// One of the names of a list.
    pub(crate) fn optional_choice<T: Named>(&self, field: &str) -> Option<T> {
        let text = self.optional_text(field, usize::MAX)?;
        if text.is_empty() {
            return None;
        }
        let found = T::from_name(&text);
        if found.is_none() {
            let names: Vec<&str> = T::ALL.iter().map(|(_, name)| *name).collect();
            self.invalid(field, format!("must be one of {}", names.join(", ")));
        }
        found
    }

    /// A flag.
    pub(crate) fn optional_flag(&self, field: &str) -> Option<bool> {
        match self.get(field)? {
            Json::Bool(is_set) => Some(*is_set),
            _ => {
                self.incorrect_type(field, "must be true or false");
                None
            }
        }
    }

    /// A whole number.
    pub(crate) fn optional_whole(&self, field: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.get(field)?;
        let Some(number) = whole_number(value) else {
            self.incorrect_type(field, "must be a whole number");
            return None;
        };
        if !range.contains(&number) {
            let text = match *range.end() {
                i64::MAX => format!("must be at least {}", range.start()),
                end => format!("must be between {} and {end}", range.start()),
            };
            self.invalid(field, text);
            return None;
        }
        Some(number)
    }

    /// The same in 32 bits, for ranges that lie within.
    pub(crate) fn optional_u32(&self, field: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let range = i64::from(*range.start())..=i64::from(*range.end());
        let number = self.optional_whole(field, range)?;
        u32::try_from(number).ok()
    }

    /// An object.
    pub(crate) fn object(&self, field: &str) -> Option<Form<'a>> {
        match self.get(field)? {
            Json::Object(object) => Some(self.child(self.at(field), object)),
            _ => {
                self.incorrect_type(field, "must be a JSON object");
                None
            }
        }
    }

    /// An object that must be there.
    pub(crate) fn required_object(&self, field: &str) -> Option<Form<'a>> {
        if self.get(field).is_none() {
            self.missing(field);
        }
        self.object(field)
    }

    /// A list of at most so many objects; empty when absent.
    pub(crate) fn objects(&self, field: &str, count_max: usize) -> Vec<Form<'a>> {
        let mut forms = Vec::new();
        for (index, item) in self.list(field, count_max).iter().enumerate() {
            let path = format!("{}[{index}]", self.at(field));
            match item {
                Json::Object(object) => forms.push(self.child(path, object)),
                _ => self.note(path, DetailCode::IncorrectType, "must be a JSON object"),
            }
        }
        forms
    }

    fn list(&self, field: &str, count_max: usize) -> &'a [Json] {
        match self.get(field) {
            None => &[],
            Some(Json::Array(items)) => {
                if items.len() > count_max {
                    self.invalid(field, format!("must have at most {count_max} entries"));
                    return &[];
                }
                items
            }
            Some(_) => {
                self.incorrect_type(field, "must be a list");
                &[]
            }
        }
    }

    /// True when nothing was sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.object.is_empty()
    }

    /// A number that must be there.
    pub(crate) fn number(&self, field: &str) -> f64 {
        match self.get(field) {
            None => {
                self.missing(field);
                0.0
            }
            Some(value) => value.as_f64().unwrap_or_else(|| {
                self.incorrect_type(field, "must be a number");
                0.0
            }),
        }
    }

    /// A whole number that must be there.
    pub(crate) fn whole(&self, field: &str, range: RangeInclusive<i64>) -> i64 {
        self.optional_whole(field, range).unwrap_or_else(|| {
            if self.get(field).is_none() {
                self.missing(field);
            }
            0
        })
    }

    /// The same in 32 bits, for ranges that lie within.
    pub(crate) fn u32(&self, field: &str, range: RangeInclusive<u32>) -> u32 {
        let range = i64::from(*range.start())..=i64::from(*range.end());
        u32::try_from(self.whole(field, range)).unwrap_or(0)
    }

    /// A list of at most so many texts; empty when absent.
    pub(crate) fn texts(&self, field: &str, count_max: usize) -> Vec<String> {
        let mut texts = Vec::new();
        for (index, item) in self.list(field, count_max).iter().enumerate() {
            match item {
                Json::String(text) => texts.push(text.clone()),
                _ => self.incorrect_type(&format!("{field}[{index}]"), "must be a string"),
            }
        }
        texts
    }

    /// Notes a member that must be there.
    pub(crate) fn missing(&self, field: &str) {
        self.note(self.at(field), DetailCode::Missing, "cannot be blank");
    }

    /// Notes a member that breaks a rule.
    pub(crate) fn invalid(&self, field: &str, description: impl Into<String>) {
        self.note(self.at(field), DetailCode::Invalid, description);
    }

    /// Notes a member of another type.
    pub(crate) fn incorrect_type(&self, field: &str, description: impl Into<String>) {
        self.note(self.at(field), DetailCode::IncorrectType, description);
    }

    /// The path of a member.
    pub(crate) fn at(&self, field: &str) -> String {
        match (self.path.as_str(), field) {
            ("", field) => field.to_owned(),
            (path, "") => path.to_owned(),
            (path, field) => format!("{path}.{field}"),
        }
    }

    fn note(&self, path: String, code: DetailCode, description: impl Into<String>) {
        let detail = Detail::new(path, code, description);
        self.findings.borrow_mut().push(detail);
    }

    fn child(&self, path: String, object: &'a Map<String, Json>) -> Form<'a> {
        Form {
            object,
            path,
            findings: self.findings,
        }
    }
}
