//! One value read as another type: how a column looks whose type somebody chose, and in SQL one that arrived in several types.
//!
//! | read as | text | integer | float | boolean |
//! |---|---|---|---|---|
//! | text | itself | its digits | its shortest digits | `true`, `false` |
//! | integer | if it reads as one | itself | if it is whole and fits | 1, 0 |
//! | float | if it reads as one | the nearest | itself | 1, 0 |
//! | boolean | `true`, `false` | not 0 | not 0 | itself |
//!
//! What has no place in this table is null.

use std::borrow::Cow;
use waggle_model::{ColumnType, Value, ValueRef};

/// 2^63: the first float beyond the integers.
const INTEGER_END: f64 = 9_223_372_036_854_775_808.0;

/// The value as one of a type; `None` where it has no place in the table.
pub fn cast(value: ValueRef<'_>, to: ColumnType) -> Option<Value> {
    match to {
        ColumnType::String => Some(Value::String(to_text(value).into_owned())),
        ColumnType::Integer => to_int(value).map(Value::Int),
        ColumnType::Float => to_float(value).map(Value::Float),
        ColumnType::Boolean => to_bool(value).map(Value::Bool),
    }
}

/// The value as text.
pub fn to_text(value: ValueRef<'_>) -> Cow<'_, str> {
    match value {
        ValueRef::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The value as an integer.
pub fn to_int(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::String(text) => text.trim().parse().ok(),
        ValueRef::Int(value) => Some(value),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and in range, as checked"
        )]
        ValueRef::Float(value) => (value.trunc() == value
            && (-INTEGER_END..INTEGER_END).contains(&value))
        .then_some(value as i64),
        ValueRef::Bool(value) => Some(i64::from(value)),
    }
}

/// The value as a float.
pub fn to_float(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::String(text) => text.trim().parse().ok(),
        #[expect(
            clippy::cast_precision_loss,
            reason = "the nearest float is what is promised"
        )]
        ValueRef::Int(value) => Some(value as f64),
        ValueRef::Float(value) => Some(value),
        ValueRef::Bool(value) => Some(f64::from(u8::from(value))),
    }
}

/// The value as a boolean.
pub fn to_bool(value: ValueRef<'_>) -> Option<bool> {
    match value {
        ValueRef::String("true") => Some(true),
        ValueRef::String("false") => Some(false),
        ValueRef::String(_) => None,
        ValueRef::Int(value) => Some(value != 0),
        ValueRef::Float(value) => (!value.is_nan()).then_some(value != 0.0),
        ValueRef::Bool(value) => Some(value),
    }
}

#[cfg(test)]
mod tests;
