//! A value while it is computed, and the rules of truth, arithmetic and comparison. Source: spec/honeycomb-api.md section 10.2.

use std::borrow::Cow;
use std::cmp::Ordering;
use waggle_model::{Value, ValueRef};

/// One value, or none.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum<'a> {
    /// Empty: the column is missing, or there is no answer.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(Cow<'a, str>),
}

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

impl<'a> Datum<'a> {
    /// A number that arithmetic gave: what is infinite or no number is empty.
    pub fn finite(value: f64) -> Self {
        match value.is_finite() {
            true => Self::Float(value),
            false => Self::Null,
        }
    }

    /// Borrowed text.
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// True when there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether a condition with this value holds: a number that is not 0, `true`, or the text `true`.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => text == "true",
        }
    }

    /// The number that arithmetic takes it for: text is read as a decimal number, everything that is no number is 0.
    pub fn number(&self) -> f64 {
        self.parsed_number().unwrap_or(0.0)
    }

    /// The same; `None` for what is no number.
    pub fn parsed_number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "arithmetic is done in floats")]
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Text(text) => parse_number(text),
            Self::Null | Self::Bool(_) => None,
        }
    }

    /// The text that concatenation takes it for; empty text for no value.
    pub fn to_text(&self) -> Cow<'a, str> {
        match self {
            Self::Null => Cow::Borrowed(""),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Int(value) => Cow::Owned(value.to_string()),
            Self::Float(value) => Cow::Owned(value.to_string()),
            Self::Text(text) => text.clone(),
        }
    }

    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it has the same type and value. Whole numbers and floats are one type; nothing equals an empty value.
    pub fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(left), Self::Bool(right)) => left == right,
            _ => self.compare(other) == Some(Ordering::Equal),
        }
    }

    /// The order of two numbers, exactly, or of two texts by their bytes; `None` for any other pair and for what is no number.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
            (Self::Int(left), Self::Int(right)) => Some(left.cmp(right)),
            (Self::Float(left), Self::Float(right)) => left.partial_cmp(right),
            (Self::Int(left), Self::Float(right)) => compare_int_float(*left, *right),
            (Self::Float(left), Self::Int(right)) => {
                compare_int_float(*right, *left).map(Ordering::reverse)
            }
            _ => None,
        }
    }

    /// The value as events hold it; `None` when there is none.
    pub fn into_value(self) -> Option<Value> {
        match self {
            Self::Null => None,
            Self::Bool(value) => Some(Value::Bool(value)),
            Self::Int(value) => Some(Value::Int(value)),
            Self::Float(value) => Some(Value::Float(value)),
            Self::Text(text) => Some(Value::String(text.into_owned())),
        }
    }

    /// A value that borrows nothing.
    pub fn into_owned(self) -> Datum<'static> {
        match self {
            Self::Null => Datum::Null,
            Self::Bool(value) => Datum::Bool(value),
            Self::Int(value) => Datum::Int(value),
            Self::Float(value) => Datum::Float(value),
            Self::Text(text) => Datum::Text(Cow::Owned(text.into_owned())),
        }
    }
}

impl<'a> From<ValueRef<'a>> for Datum<'a> {
    fn from(value: ValueRef<'a>) -> Self {
        match value {
            ValueRef::String(text) => Self::text(text),
            ValueRef::Int(value) => Self::Int(value),
            ValueRef::Float(value) => Self::Float(value),
            ValueRef::Bool(value) => Self::Bool(value),
        }
    }
}

impl<'a> From<Option<&'a Value>> for Datum<'a> {
    fn from(value: Option<&'a Value>) -> Self {
        value.map_or(Self::Null, |value| value.as_ref().into())
    }
}

/// Reads a decimal number, white space around it ignored. The words that float parsers know, such as `inf`, are no numbers here.
fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_decimal = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-' | b'e' | b'E'));
    text.parse()
        .ok()
        .filter(|value: &f64| is_decimal && value.is_finite())
}

/// Compares without rounding the integer.
fn compare_int_float(left: i64, right: f64) -> Option<Ordering> {
    if right.is_nan() {
        None
    } else if right >= TWO_TO_63 {
        Some(Ordering::Less)
    } else if right < -TWO_TO_63 {
        Some(Ordering::Greater)
    } else {
        let whole = right.trunc();
        let fraction = 0.0_f64.partial_cmp(&(right - whole))?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole, and within 64 bits as tested above"
        )]
        Some(left.cmp(&(whole as i64)).then(fraction))
    }
}
