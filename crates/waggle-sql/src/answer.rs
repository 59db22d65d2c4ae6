//! From Arrow batches to the rows of an answer, within its limits.

use crate::error::invalid;
use crate::value::values;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Schema};
use waggle_model::{QueryError, SqlAnswer, SqlColumn, SqlError, SqlType, Value};

/// An answer in the making.
pub(crate) struct Answer {
    answer: SqlAnswer,
    rows_max: usize,
    bytes_max: u64,
    bytes: u64,
}

impl Answer {
    pub(crate) fn new(schema: &Schema, rows_max: usize, bytes_max: u64) -> Self {
        let columns = schema
            .fields()
            .iter()
            .map(|field| SqlColumn {
                name: field.name().clone(),
                column_type: sql_type(field.data_type()),
            })
            .collect();
        Self {
            answer: SqlAnswer {
                columns,
                ..SqlAnswer::default()
            },
            rows_max,
            bytes_max,
            bytes: 0,
        }
    }

    /// Adds rows as far as there is room for them.
    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<(), SqlError> {
        let room = self.rows_max - self.answer.rows.len();
        let count = batch.num_rows().min(room);
        self.answer.is_truncated |= batch.num_rows() > room;
        let first = self.answer.rows.len();
        let width = self.answer.columns.len();
        self.answer
            .rows
            .resize_with(first + count, || Vec::with_capacity(width));
        let rows = &mut self.answer.rows[first..];
        for array in batch.columns() {
            let values = values(&array.slice(0, count));
            for (row, value) in rows
                .iter_mut()
                .zip(values.map_err(|error| invalid(error.to_string()))?)
            {
                self.bytes += match &value {
                    Some(Value::String(text)) => text.len() as u64 + 8,
                    _ => 8,
                };
                row.push(value);
            }
        }
        if self.bytes > self.bytes_max {
            return Err(SqlError::Query(QueryError::TooLarge {
                what: "bytes of answer",
                limit: self.bytes_max,
            }));
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> SqlAnswer {
        self.answer
    }
}

fn sql_type(data_type: &DataType) -> SqlType {
    match data_type {
        DataType::Boolean => SqlType::Boolean,
        data_type if data_type.is_integer() => SqlType::Integer,
        data_type if data_type.is_floating() || data_type.is_decimal() => SqlType::Float,
        DataType::Timestamp(..) => SqlType::Timestamp,
        _ => SqlType::String,
    }
}
