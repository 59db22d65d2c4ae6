//! Values of one column on their way into an Arrow array.

use super::DecodeError;
use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StringViewArray, StringViewBuilder,
    UInt32Array,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::take;
use std::sync::Arc;
use waggle_model::{ColumnType, ValueRef};
use waggle_query::TypedBuffer;
use waggle_query::cast::{to_bool, to_float, to_int, to_text};
use waggle_store::column::{Column, Dictionary};

/// Gathers the values of one column.
pub(super) enum Builder {
    /// Text that is all from one dictionary: codes now, text when the batch is finished.
    Codes {
        dictionary: Arc<Dictionary>,
        /// Every entry, made when the first batch is finished.
        entries: Option<StringViewArray>,
        codes: Vec<u32>,
        present: Vec<bool>,
    },
    /// Any other text.
    Text(StringViewBuilder),
    Ints(Vec<i64>, Vec<bool>),
    Floats(Vec<f64>, Vec<bool>),
    Bools(Vec<bool>, Vec<bool>),
}

impl Builder {
    /// A builder for values of `column` read as `column_type`.
    pub(super) fn new(column: &Column, column_type: ColumnType) -> Self {
        match column_type {
            ColumnType::Integer => Self::Ints(Vec::new(), Vec::new()),
            ColumnType::Float => Self::Floats(Vec::new(), Vec::new()),
            ColumnType::Boolean => Self::Bools(Vec::new(), Vec::new()),
            ColumnType::String => match column.types.as_slice() {
                [typed] => match typed.dictionary() {
                    // Where nearly every row has an entry of its own, making all of them first gains nothing.
                    Some(dictionary)
                        if matches!(&**dictionary, Dictionary::Text { .. })
                            && dictionary.len() * 2 <= typed.value_count() =>
                    {
                        Self::Codes {
                            dictionary: Arc::clone(dictionary),
                            entries: None,
                            codes: Vec::new(),
                            present: Vec::new(),
                        }
                    }
                    _ => Self::Text(StringViewBuilder::new()),
                },
                _ => Self::Text(StringViewBuilder::new()),
            },
        }
    }

    /// Adds the values at these places of the chunk in the buffers.
    pub(super) fn append(
        &mut self,
        positions: &[u16],
        buffers: &[TypedBuffer],
    ) -> Result<(), DecodeError> {
        match self {
            Self::Codes { codes, present, .. } => {
                if let [TypedBuffer::Strings(chunk, _)] = buffers {
                    for position in positions {
                        let position = usize::from(*position);
                        let is_present = chunk.has(position);
                        codes.push(if is_present {
                            chunk.values[position]
                        } else {
                            0
                        });
                        present.push(is_present);
                    }
                }
            }
            Self::Text(builder) => {
                each_value(positions, buffers, |value| match value {
                    Some(value) => Ok(builder.try_append_value(to_text(value))?),
                    None => {
                        builder.append_null();
                        Ok(())
                    }
                })?;
            }
            Self::Ints(values, present) => match buffers {
                [TypedBuffer::Ints(chunk)] => {
                    for position in positions {
                        let position = usize::from(*position);
                        values.push(chunk.values[position]);
                        present.push(chunk.has(position));
                    }
                }
                _ => each_value(positions, buffers, |value| {
                    push(values, present, value.and_then(to_int))
                })?,
            },
            Self::Floats(values, present) => match buffers {
                [TypedBuffer::Floats(chunk)] => {
                    for position in positions {
                        let position = usize::from(*position);
                        values.push(chunk.values[position]);
                        present.push(chunk.has(position));
                    }
                }
                _ => each_value(positions, buffers, |value| {
                    push(values, present, value.and_then(to_float))
                })?,
            },
            Self::Bools(values, present) => each_value(positions, buffers, |value| {
                push(values, present, value.and_then(to_bool))
            })?,
        }
        Ok(())
    }

    /// The array of everything added since the last.
    pub(super) fn finish(&mut self) -> Result<ArrayRef, DecodeError> {
        let nulls = |present: &mut Vec<bool>| {
            let present = std::mem::take(present);
            let is_complete = present.iter().all(|is_present| *is_present);
            (!is_complete).then(|| NullBuffer::from(present))
        };
        Ok(match self {
            Self::Codes {
                dictionary,
                entries,
                codes,
                present,
            } => {
                let entries = match entries {
                    Some(entries) => entries,
                    None => entries.insert(all_entries(dictionary)?),
                };
                let codes = std::mem::take(codes);
                let codes = UInt32Array::new(codes.into(), nulls(present));
                take(entries as &dyn Array, &codes, None)?
            }
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Ints(values, present) => {
                let values = std::mem::take(values);
                Arc::new(Int64Array::new(values.into(), nulls(present)))
            }
            Self::Floats(values, present) => {
                let values = std::mem::take(values);
                Arc::new(Float64Array::new(values.into(), nulls(present)))
            }
            Self::Bools(values, present) => {
                let values = std::mem::take(values);
                Arc::new(BooleanArray::new(values.into(), nulls(present)))
            }
        })
    }
}

fn push<T: Default>(
    values: &mut Vec<T>,
    present: &mut Vec<bool>,
    value: Option<T>,
) -> Result<(), DecodeError> {
    present.push(value.is_some());
    values.push(value.unwrap_or_default());
    Ok(())
}

/// Visits the value of each place, whatever its type.
fn each_value(
    positions: &[u16],
    buffers: &[TypedBuffer],
    mut visit: impl FnMut(Option<ValueRef<'_>>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    for position in positions {
        let position = usize::from(*position);
        let found = buffers
            .iter()
            .find(|buffer| buffer.present()[position / 64] >> (position % 64) & 1 == 1);
        match found {
            None => visit(None)?,
            Some(TypedBuffer::Strings(codes, dictionary)) => {
                let text = dictionary.text(codes.values[position]);
                visit(Some(ValueRef::String(&text)))?;
            }
            Some(TypedBuffer::Ints(values)) => {
                visit(Some(ValueRef::Int(values.values[position])))?;
            }
            Some(TypedBuffer::Floats(values)) => {
                visit(Some(ValueRef::Float(values.values[position])))?;
            }
            Some(TypedBuffer::Bools(values)) => {
                visit(Some(ValueRef::Bool(values.values[position])))?;
            }
        }
    }
    Ok(())
}

fn all_entries(dictionary: &Dictionary) -> Result<StringViewArray, DecodeError> {
    let mut builder = StringViewBuilder::with_capacity(dictionary.len());
    #[expect(
        clippy::cast_possible_truncation,
        reason = "entries are numbered by u32"
    )]
    for code in 0..dictionary.len() as u32 {
        builder.try_append_value(dictionary.text(code))?;
    }
    Ok(builder.finish())
}
