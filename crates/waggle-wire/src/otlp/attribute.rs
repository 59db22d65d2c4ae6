//! Attributes to columns: scalars as they are, maps flattened to dotted names, the rest as JSON text.
//! Source: spec/honeycomb-api.md section 6.4.

use super::view::{Attribute, Value, array_values, map_members};
use crate::json::JsonText;
use crate::row::{JSON_TEXT_BYTES_MAX, Row};
use crate::text::Text;
use std::collections::HashSet;
use waggle_model::{Value as OwnedValue, ValueRef};

/// Most segments of a flattened name: the attribute's key and five more.
const SEGMENTS_MAX: usize = 6;

/// Attributes shared by many rows, converted once. No name comes twice: a sender that repeats one must not make every row pay for it.
pub(super) type SharedFields = Vec<(String, OwnedValue)>;

/// Writes attributes into a row. A name the row has already keeps its value, so of a repeated key the first wins.
pub(super) fn put_attributes<'a>(
    row: &mut Row<'_>,
    attributes: impl IntoIterator<Item = &'a Attribute<'a>>,
) {
    for attribute in attributes {
        if row.is_refused() {
            return;
        }
        put_value(row, attribute.key, &attribute.value);
    }
}

/// Writes one named value, flattened, into a row.
#[inline]
pub(super) fn put_value(row: &mut Row<'_>, name: Text<'_>, value: &Value<'_>) {
    match value {
        Value::String(value) => row.put_str(name, *value),
        Value::Int(value) => row.put_int(name, *value),
        Value::Float(value) => row.put_float(name, *value),
        Value::Bool(value) => row.put_bool(name, *value),
        value => walk(name.as_str(), value, 1, &mut |name, value| {
            row.put(name, value);
        }),
    }
}

/// Converts attributes that many rows share.
pub(super) fn shared_fields<'a>(
    attributes: impl IntoIterator<Item = &'a Attribute<'a>>,
) -> SharedFields {
    let mut fields = SharedFields::new();
    let mut names = HashSet::new();
    for_each_field(attributes, |name, value| {
        if names.insert(name.to_owned()) {
            fields.push((name.to_owned(), value.to_owned()));
        }
    });
    fields
}

/// Hands out the fields that attributes become, in order and with repeats.
pub(super) fn for_each_field<'a>(
    attributes: impl IntoIterator<Item = &'a Attribute<'a>>,
    mut emit: impl FnMut(&str, ValueRef<'_>),
) {
    for attribute in attributes {
        walk(attribute.key.as_str(), &attribute.value, 1, &mut emit);
    }
}

/// The value as JSON text with a newline at its end, cut at its bound.
pub(super) fn json_text(value: &Value<'_>) -> String {
    let mut text = JsonText::new(JSON_TEXT_BYTES_MAX);
    write_json(value, &mut text);
    text.raw("\n");
    text.as_str().to_owned()
}

/// Hands out the fields an attribute becomes. `segments` counts the parts of `name`, which may have dots of their own.
fn walk<F: FnMut(&str, ValueRef<'_>)>(
    name: &str,
    value: &Value<'_>,
    segments: usize,
    emit: &mut F,
) {
    if name.is_empty() {
        return;
    }
    match value {
        Value::String(value) => emit(name, ValueRef::String(value.as_str())),
        Value::Bool(value) => emit(name, ValueRef::Bool(*value)),
        Value::Int(value) => emit(name, ValueRef::Int(*value)),
        Value::Float(value) => emit(name, ValueRef::Float(*value)),
        Value::Map(map) if segments < SEGMENTS_MAX => {
            for member in map_members(map) {
                let key = member.key.as_str();
                if !key.is_empty() {
                    let name = format!("{name}.{key}");
                    walk(&name, &member.value, segments.saturating_add(1), emit);
                }
            }
        }
        Value::Array(_) | Value::Bytes(_) | Value::Map(_) => {
            emit(name, ValueRef::String(&json_text(value)));
        }
        Value::Unset | Value::Reference => {}
    }
}

fn write_json(value: &Value<'_>, text: &mut JsonText) {
    match value {
        Value::String(value) => text.string(value.as_str()),
        Value::Bool(value) => text.bool(*value),
        Value::Int(value) => text.int(*value),
        Value::Float(value) => text.float(*value),
        Value::Bytes(value) => text.base64(value),
        Value::Array(array) => {
            text.raw("[");
            for (index, value) in array_values(array).enumerate() {
                if index > 0 {
                    text.raw(",");
                }
                write_json(&value, text);
            }
            text.raw("]");
        }
        Value::Map(map) => {
            text.raw("{");
            let mut is_first = true;
            for member in map_members(map) {
                let key = member.key.as_str();
                if !matches!(member.value, Value::Unset) && !key.is_empty() {
                    text.raw(if is_first { "" } else { "," });
                    is_first = false;
                    text.string(key);
                    text.raw(":");
                    write_json(&member.value, text);
                }
            }
            text.raw("}");
        }
        Value::Unset | Value::Reference => text.raw("null"),
    }
}
