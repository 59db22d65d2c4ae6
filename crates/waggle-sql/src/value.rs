//! From Arrow arrays of any type to the four kinds of value there are: for the answers to SQL, and for what files of other programs
//! hold.
//!
//! | Arrow | value |
//! |---|---|
//! | integers | integer; an unsigned one beyond 2^63 the nearest float |
//! | floats, decimals | float, the nearest |
//! | booleans | boolean |
//! | text, dictionaries of text | text |
//! | timestamps | text of RFC 3339 in UTC |
//! | bytes | text if they are UTF-8, else hex digits |
//! | lists, structures, maps | JSON text |
//! | dates, times, intervals | text |

use crate::time::time_text;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, GenericListArray, OffsetSizeTrait,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Float64Type, Int64Type, TimeUnit, TimestampNanosecondType, UInt64Type,
};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::{Map, Value as Json};
use waggle_model::Value;

/// Every value of an array; `None` is null.
pub(crate) fn values(array: &ArrayRef) -> Result<Vec<Option<Value>>, ArrowError> {
    Ok(match array.data_type() {
        DataType::Boolean => booleans(array.as_boolean()),
        DataType::UInt64 => array
            .as_primitive::<UInt64Type>()
            .iter()
            .map(|value| value.map(unsigned))
            .collect(),
        data_type if data_type.is_integer() => cast(array, &DataType::Int64)?
            .as_primitive::<Int64Type>()
            .iter()
            .map(|value| value.map(Value::Int))
            .collect(),
        data_type if data_type.is_floating() || data_type.is_decimal() => {
            cast(array, &DataType::Float64)?
                .as_primitive::<Float64Type>()
                .iter()
                .map(|value| value.map(Value::Float))
                .collect()
        }
        DataType::Timestamp(..) => times_ns(array)?
            .into_iter()
            .map(|value| value.map(|time_ns| Value::String(time_text(time_ns))))
            .collect(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            cast(array, &DataType::Utf8View)?
                .as_string_view()
                .iter()
                .map(|value| value.map(|text| Value::String(text.to_owned())))
                .collect()
        }
        DataType::Dictionary(_, inner) => values(&cast(array, inner)?)?,
        DataType::RunEndEncoded(_, inner) => values(&cast(array, inner.data_type())?)?,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => cast(array, &DataType::LargeBinary)?
            .as_binary::<i64>()
            .iter()
            .map(|value| value.map(|bytes| Value::String(bytes_text(bytes))))
            .collect(),
        DataType::Null => vec![None; array.len()],
        data_type if data_type.is_nested() => (0..array.len())
            .map(|row| match array.is_null(row) {
                true => Ok(None),
                false => Ok(Some(Value::String(json(array, row)?.to_string()))),
            })
            .collect::<Result<_, ArrowError>>()?,
        _ => {
            let options = FormatOptions::default();
            let formatter = ArrayFormatter::try_new(array, &options)?;
            (0..array.len())
                .map(|row| match array.is_null(row) {
                    true => Ok(None),
                    false => {
                        let text = formatter.value(row).try_to_string()?;
                        Ok(Some(Value::String(text)))
                    }
                })
                .collect::<Result<_, ArrowError>>()?
        }
    })
}

/// Timestamps of any unit in nanoseconds; one that does not fit is null.
pub(crate) fn times_ns(array: &ArrayRef) -> Result<Vec<Option<i64>>, ArrowError> {
    let times = cast(array, &DataType::Timestamp(TimeUnit::Nanosecond, None))?;
    let times = times.as_primitive::<TimestampNanosecondType>();
    Ok(times.iter().collect())
}

fn booleans(array: &BooleanArray) -> Vec<Option<Value>> {
    array.iter().map(|value| value.map(Value::Bool)).collect()
}

fn unsigned(value: u64) -> Value {
    match i64::try_from(value) {
        Ok(value) => Value::Int(value),
        #[expect(clippy::cast_precision_loss, reason = "the nearest, as said above")]
        Err(_) => Value::Float(value as f64),
    }
}

fn bytes_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// One value of a nested array as JSON.
fn json(array: &ArrayRef, row: usize) -> Result<Json, ArrowError> {
    if array.is_null(row) {
        return Ok(Json::Null);
    }
    let all = |items: &ArrayRef| -> Result<Json, ArrowError> {
        let items = (0..items.len()).map(|item| json(items, item));
        Ok(Json::Array(items.collect::<Result<_, _>>()?))
    };
    match array.data_type() {
        DataType::List(_) => all(&list(array.as_list::<i32>(), row)),
        DataType::LargeList(_) => all(&list(array.as_list::<i64>(), row)),
        DataType::FixedSizeList(..) => all(&array.as_fixed_size_list().value(row)),
        DataType::Struct(fields) => {
            let mut object = Map::new();
            for (field, column) in fields.iter().zip(array.as_struct().columns()) {
                object.insert(field.name().clone(), json(column, row)?);
            }
            Ok(Json::Object(object))
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let mut object = Map::new();
            if let [keys, items] = entries.columns() {
                for (index, key) in values(keys)?.into_iter().enumerate() {
                    let key = key.map(|key| key.to_string()).unwrap_or_default();
                    object.insert(key, json(items, index)?);
                }
            }
            Ok(Json::Object(object))
        }
        _ => {
            let value = values(&array.slice(row, 1))?.pop().flatten();
            Ok(match value {
                None => Json::Null,
                Some(Value::String(text)) => text.into(),
                Some(Value::Int(value)) => value.into(),
                Some(Value::Float(value)) => value.into(),
                Some(Value::Bool(value)) => value.into(),
            })
        }
    }
}

fn list<O: OffsetSizeTrait>(array: &GenericListArray<O>, row: usize) -> ArrayRef {
    array.value(row)
}
