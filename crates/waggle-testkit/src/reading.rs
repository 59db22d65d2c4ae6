//! Events as they look when a column is read as another type, one value at a time.

use crate::Event;
use waggle_model::{ColumnType, Value};

/// Reads a field of an event as a type; a value that can't be is gone.
pub fn read_as(event: &mut Event, column: &str, wanted: ColumnType) {
    let Some(value) = event.fields.remove(column) else {
        return;
    };
    let read = match wanted {
        ColumnType::String => Some(Value::String(value.to_string())),
        ColumnType::Integer => whole(&value).map(Value::Int),
        ColumnType::Float => match value {
            Value::String(text) => text.trim().parse().ok().map(Value::Float),
            Value::Int(int) => Some(Value::Float(int as f64)),
            Value::Float(float) => Some(Value::Float(float)),
            Value::Bool(flag) => Some(Value::Float(if flag { 1.0 } else { 0.0 })),
        },
        ColumnType::Boolean => match value {
            Value::String(text) => match text.as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => None,
            },
            Value::Int(int) => Some(Value::Bool(int != 0)),
            Value::Float(float) if float.is_nan() => None,
            Value::Float(float) => Some(Value::Bool(float != 0.0)),
            Value::Bool(flag) => Some(Value::Bool(flag)),
        },
    };
    event
        .fields
        .extend(read.map(|read| (column.to_owned(), read)));
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Int(int) => Some(*int),
        Value::Float(float) if float.fract() == 0.0 => i64::try_from(*float as i128).ok(),
        Value::Float(_) => None,
        Value::Bool(flag) => Some(i64::from(*flag)),
    }
}
