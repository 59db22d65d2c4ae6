//! CSV: a header, then a line per event, every value as text.

use super::pieces::Pieces;
use super::{ExportError, FileWriter};
use crate::column::ScanColumn;
use crate::time::time_text;
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Int64Type, TimestampNanosecondType};
use std::io::Write;
use waggle_model::CsvLines;

pub(super) struct CsvFile {
    pieces: Pieces,
    lines: CsvLines,
}

impl CsvFile {
    pub(super) fn new(columns: &[ScanColumn], pieces: Pieces) -> Result<Self, ExportError> {
        let mut file = Self {
            pieces,
            lines: CsvLines::default(),
        };
        for column in columns {
            file.lines.value(Some(&column.name));
        }
        file.lines.end_line();
        file.pieces.write_all(&file.lines.take())?;
        Ok(file)
    }
}

impl FileWriter for CsvFile {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ExportError> {
        let lines = &mut self.lines;
        for row in 0..batch.num_rows() {
            for array in batch.columns() {
                if array.is_null(row) {
                    lines.value(None);
                    continue;
                }
                match array.data_type() {
                    DataType::Utf8View => lines.value(Some(array.as_string_view().value(row))),
                    DataType::Timestamp(..) => {
                        let times = array.as_primitive::<TimestampNanosecondType>();
                        lines.value(Some(&time_text(times.value(row))));
                    }
                    // What is left are sample rates.
                    _ => {
                        let rates = array.as_primitive::<Int64Type>();
                        lines.value(Some(&rates.value(row).to_string()));
                    }
                }
            }
            lines.end_line();
        }
        Ok(self.pieces.write_all(&lines.take())?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        Ok(self.pieces.flush()?)
    }
}
