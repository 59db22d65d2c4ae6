//! JSON as a tree that loses nothing a document says: members in their order, numbers as their text. A document must be put together
//! again from its parts without a digit changed.

use crate::json::{JsonReader, JsonText};
use crate::token::{Malformed, Reader as _, Token};
use crate::xray::DEPTH_MAX;

/// One JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(Box<str>),
    /// A string, without quotes and escapes.
    String(Box<str>),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Object),
}

/// The members of a JSON object in the order written, repeats included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    /// Names and values.
    pub members: Vec<(Box<str>, Json)>,
}

impl Json {
    /// Reads text that a row has in place of an array or an object; `None` for what is no JSON, such as text that was cut.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::parse(text.trim(), DEPTH_MAX).ok()
    }

    /// Reads one JSON text with at most `depth_max` containers open at once.
    pub(crate) fn parse(text: &str, depth_max: usize) -> Result<Self, Malformed> {
        let mut reader = JsonReader::new(text.as_bytes(), depth_max);
        let value = read(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// A boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The text of a number.
    pub fn as_number(&self) -> Option<&str> {
        match self {
            Self::Number(text) => Some(text),
            _ => None,
        }
    }

    /// A number as a float; `None` for one that is too large to be finite.
    pub fn as_f64(&self) -> Option<f64> {
        let value: f64 = self.as_number()?.parse().ok()?;
        value.is_finite().then_some(value)
    }

    /// A number without fraction as an integer, whether it is written `3`, `3.0` or `3e0`.
    pub fn as_i64(&self) -> Option<i64> {
        let text = self.as_number()?;
        if let Ok(value) = text.parse() {
            return Some(value);
        }
        let value: f64 = text.parse().ok()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked to be whole and within what a float counts exactly"
        )]
        let whole = value as i64;
        (value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0).then_some(whole)
    }

    /// An array.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(values) => Some(values),
            _ => None,
        }
    }

    /// An object.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Writes the value as compact JSON. The same tree always gives the same bytes; numbers are written as they were read.
    pub fn to_text(&self) -> String {
        self.to_text_within(usize::MAX)
    }

    /// As [`to_text`](Self::to_text), cut at a number of bytes.
    pub(crate) fn to_text_within(&self, bytes_max: usize) -> String {
        let mut text = JsonText::new(bytes_max);
        write(self, &mut text);
        text.as_str().to_owned()
    }
}

impl Object {
    /// Writes the object as compact JSON, as [`Json::to_text`] does.
    pub fn to_text(&self) -> String {
        let mut text = JsonText::new(usize::MAX);
        write_object(self, &mut text);
        text.as_str().to_owned()
    }

    /// The value of a name; of a repeated one the last, as most JSON readers have it.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.members
            .iter()
            .rev()
            .find(|(member, _)| &**member == name)
            .map(|(_, value)| value)
    }

    /// The text of a member that is a string.
    pub fn str(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// A member that is an object.
    pub fn object(&self, name: &str) -> Option<&Self> {
        self.get(name)?.as_object()
    }

    /// A member that is a boolean.
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    /// A member that is an array; an empty one without it.
    pub fn array(&self, name: &str) -> &[Json] {
        self.get(name).and_then(Json::as_array).unwrap_or_default()
    }

    /// A member that is a whole number, or a string of one.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Json::String(text) => text.trim().parse().ok(),
            value => value.as_i64(),
        }
    }
}

fn read(reader: &mut JsonReader<'_>) -> Result<Json, Malformed> {
    let before = reader.rest();
    let token = reader.next()?;
    Ok(match token {
        Token::Null => Json::Null,
        Token::Bool(value) => Json::Bool(value),
        Token::Text(text) => Json::String(text.into()),
        Token::Int(_) | Token::Float(_) => Json::Number(number_text(before, reader.rest())),
        Token::Array => {
            let mut values = Vec::new();
            while let Some(value) = read_element(reader)? {
                values.push(value);
            }
            Json::Array(values)
        }
        Token::Map => {
            let mut object = Object::default();
            while let Token::Text(name) = reader.next()? {
                let name = name.into();
                object.members.push((name, read(reader)?));
            }
            Json::Object(object)
        }
        Token::End | Token::Bytes(_) | Token::Time(_) | Token::Unknown => {
            return Err(reader.malformed("expected a value"));
        }
    })
}

/// The next value of an array, `None` at its end.
fn read_element(reader: &mut JsonReader<'_>) -> Result<Option<Json>, Malformed> {
    match reader.at_end() {
        true => reader.next().map(|_| None),
        false => read(reader).map(Some),
    }
}

/// What was read between two places, without the punctuation before it.
fn number_text(before: &[u8], after: &[u8]) -> Box<str> {
    let length = before.len().saturating_sub(after.len());
    let text = before
        .get(..length)
        .and_then(|number| std::str::from_utf8(number).ok())
        .unwrap_or_default();
    text.trim_start_matches([' ', '\t', '\n', '\r', ',', ':'])
        .into()
}

fn write(value: &Json, text: &mut JsonText) {
    match value {
        Json::Null => text.raw("null"),
        Json::Bool(value) => text.bool(*value),
        Json::Number(number) => text.raw(number),
        Json::String(string) => text.string(string),
        Json::Array(values) => {
            text.raw("[");
            for (index, value) in values.iter().enumerate() {
                text.raw(if index > 0 { "," } else { "" });
                write(value, text);
            }
            text.raw("]");
        }
        Json::Object(object) => write_object(object, text),
    }
}

fn write_object(object: &Object, text: &mut JsonText) {
    text.raw("{");
    for (index, (name, value)) in object.members.iter().enumerate() {
        text.raw(if index > 0 { "," } else { "" });
        text.string(name);
        text.raw(":");
        write(value, text);
    }
    text.raw("}");
}

#[cfg(test)]
mod tests;
