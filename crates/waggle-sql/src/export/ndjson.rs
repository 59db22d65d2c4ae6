//! One JSON object a line, as the batch API takes events: `{"time","samplerate","data":{…}}`, every value in the type it arrived in.
//! JSON has no NaN and no infinity; they are written as text.

use super::pieces::Pieces;
use super::{ExportError, FileWriter};
use crate::column::{Content, ScanColumn};
use crate::time::time_text;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampNanosecondType};
use std::io::Write;

pub(super) struct NdjsonFile {
    pieces: Pieces,
    /// `"name":` of each column after time and sample rate.
    names: Vec<Vec<u8>>,
    line: Vec<u8>,
}

impl NdjsonFile {
    pub(super) fn new(columns: &[ScanColumn], pieces: Pieces) -> Self {
        let names = columns
            .iter()
            .filter_map(|column| match &column.content {
                Content::Time | Content::SampleRate => None,
                Content::As(name, _) | Content::Only(name, _) => {
                    let mut text = Vec::new();
                    put_text(&mut text, name);
                    text.push(b':');
                    Some(text)
                }
            })
            .collect();
        Self {
            pieces,
            names,
            line: Vec::new(),
        }
    }
}

impl FileWriter for NdjsonFile {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ExportError> {
        let [times, rates, fields @ ..] = batch.columns() else {
            return Ok(());
        };
        let times = times.as_primitive::<TimestampNanosecondType>();
        let rates = rates.as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let line = &mut self.line;
            line.extend_from_slice(b"{\"time\":\"");
            line.extend_from_slice(time_text(times.value(row)).as_bytes());
            line.extend_from_slice(b"\",\"samplerate\":");
            line.extend_from_slice(rates.value(row).to_string().as_bytes());
            line.extend_from_slice(b",\"data\":{");
            let mut is_first = true;
            for (array, name) in fields.iter().zip(&self.names) {
                if array.is_null(row) {
                    continue;
                }
                if !is_first {
                    line.push(b',');
                }
                is_first = false;
                line.extend_from_slice(name);
                put_value(line, array, row);
            }
            line.extend_from_slice(b"}}\n");
            self.pieces.write_all(line)?;
            line.clear();
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        Ok(self.pieces.flush()?)
    }
}

fn put_value(line: &mut Vec<u8>, array: &ArrayRef, row: usize) {
    match array.data_type() {
        DataType::Int64 => {
            let value = array.as_primitive::<Int64Type>().value(row);
            line.extend_from_slice(value.to_string().as_bytes());
        }
        DataType::Float64 => {
            let value = array.as_primitive::<Float64Type>().value(row);
            // Debug writes a point or an exponent always, so that a reader sees that 5.0 is a float.
            match value.is_finite() {
                true => line.extend_from_slice(format!("{value:?}").as_bytes()),
                false => put_text(line, &value.to_string()),
            }
        }
        DataType::Boolean => {
            let value = array.as_boolean().value(row);
            line.extend_from_slice(if value { b"true" } else { b"false" });
        }
        _ => put_text(line, array.as_string_view().value(row)),
    }
}

fn put_text(line: &mut Vec<u8>, text: &str) {
    line.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
}
