//! Attributes to columns: scalars as they are, maps flattened to dotted names, the rest as JSON text.
//! Source: spec/honeycomb-api.md section 6.4.

use crate::json::JsonText;
use crate::row::{JSON_TEXT_BYTES_MAX, Row};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use std::collections::HashSet;
use waggle_model::{Value, ValueRef};

/// Most segments of a flattened name: the attribute's key and five more.
const SEGMENTS_MAX: usize = 6;

/// Attributes shared by many rows, converted once. No name comes twice: a sender that repeats one must not make every row pay for it.
pub(super) type SharedFields = Vec<(String, Value)>;

/// Writes attributes into a row. A name the row has already keeps its value, so of a repeated key the first wins.
pub(super) fn put_attributes<'a>(
    row: &mut Row<'_>,
    attributes: impl IntoIterator<Item = &'a KeyValue>,
) {
    for attribute in attributes {
        if row.is_refused() {
            return;
        }
        put_value(row, &attribute.key, attribute.value.as_ref());
    }
}

/// Writes one named value, flattened, into a row.
pub(super) fn put_value(row: &mut Row<'_>, name: &str, value: Option<&AnyValue>) {
    walk(name, value, 1, &mut |name, value| row.put(name, value));
}

/// Writes fields converted before into a row.
pub(super) fn put_shared(row: &mut Row<'_>, fields: &SharedFields) {
    for (name, value) in fields {
        if row.is_refused() {
            return;
        }
        row.put(name, value.as_ref());
    }
}

/// Converts attributes that many rows share.
pub(super) fn shared_fields<'a>(
    attributes: impl IntoIterator<Item = &'a KeyValue>,
) -> SharedFields {
    let mut fields = SharedFields::new();
    let mut names = HashSet::new();
    for attribute in attributes {
        walk(
            &attribute.key,
            attribute.value.as_ref(),
            1,
            &mut |name, value| {
                if names.insert(name.to_owned()) {
                    fields.push((name.to_owned(), value.to_owned()));
                }
            },
        );
    }
    fields
}

/// The value as JSON text with a newline at its end, cut at its bound.
pub(super) fn json_text(value: &any_value::Value) -> String {
    let mut text = JsonText::new(JSON_TEXT_BYTES_MAX);
    write_json(value, &mut text);
    text.raw("\n");
    text.as_str().to_owned()
}

/// Hands out the fields an attribute becomes. `segments` counts the parts of `name`, which may have dots of their own.
fn walk<F: FnMut(&str, ValueRef<'_>)>(
    name: &str,
    value: Option<&AnyValue>,
    segments: usize,
    emit: &mut F,
) {
    let Some(value) = value.and_then(|value| value.value.as_ref()) else {
        return;
    };
    if name.is_empty() {
        return;
    }
    match value {
        any_value::Value::StringValue(value) => emit(name, ValueRef::String(value)),
        any_value::Value::BoolValue(value) => emit(name, ValueRef::Bool(*value)),
        any_value::Value::IntValue(value) => emit(name, ValueRef::Int(*value)),
        any_value::Value::DoubleValue(value) => emit(name, ValueRef::Float(*value)),
        any_value::Value::KvlistValue(list) if segments < SEGMENTS_MAX => {
            for member in &list.values {
                if !member.key.is_empty() {
                    let name = format!("{name}.{}", member.key);
                    walk(
                        &name,
                        member.value.as_ref(),
                        segments.saturating_add(1),
                        emit,
                    );
                }
            }
        }
        any_value::Value::ArrayValue(_)
        | any_value::Value::BytesValue(_)
        | any_value::Value::KvlistValue(_) => emit(name, ValueRef::String(&json_text(value))),
        // A reference into a table that only the profiles signal has.
        any_value::Value::StringValueStrindex(_) => {}
    }
}

fn write_json(value: &any_value::Value, text: &mut JsonText) {
    match value {
        any_value::Value::StringValue(value) => text.string(value),
        any_value::Value::BoolValue(value) => text.bool(*value),
        any_value::Value::IntValue(value) => text.int(*value),
        any_value::Value::DoubleValue(value) => text.float(*value),
        any_value::Value::BytesValue(value) => text.base64(value),
        any_value::Value::ArrayValue(array) => {
            text.raw("[");
            for (index, value) in array.values.iter().enumerate() {
                if index > 0 {
                    text.raw(",");
                }
                match &value.value {
                    Some(value) => write_json(value, text),
                    None => text.raw("null"),
                }
            }
            text.raw("]");
        }
        any_value::Value::KvlistValue(list) => {
            text.raw("{");
            let mut is_first = true;
            for member in &list.values {
                let value = member.value.as_ref().and_then(|value| value.value.as_ref());
                if let Some(value) = value
                    && !member.key.is_empty()
                {
                    text.raw(if is_first { "" } else { "," });
                    is_first = false;
                    text.string(&member.key);
                    text.raw(":");
                    write_json(value, text);
                }
            }
            text.raw("}");
        }
        any_value::Value::StringValueStrindex(_) => text.raw("null"),
    }
}
