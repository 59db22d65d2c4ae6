//! From the chunks of one source to Arrow: the selected rows of 1024 at a time, gathered into batches of thousands.
//!
//! Text of a dictionary is copied once per source; after that a row costs one code. Columns that a source lacks cost nothing but their
//! nulls.

mod builder;

use crate::column::{Content, ScanColumn, arrow_type, timestamp_type};
use builder::Builder;
use datafusion::arrow::array::{
    ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, TimestampNanosecondArray, new_null_array,
};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::error::ArrowError;
use std::ops::Range;
use std::sync::Arc;
use waggle_model::{ColumnType, QueryError, TimeRange};
use waggle_query::{ColumnReader, ExecError, FilterSet, Selector, each_bit};
use waggle_store::Source;
use waggle_store::column::{CHUNK_ROWS, ChunkBuffer, Column, TypedColumn};

/// Most rows in a batch.
pub(crate) const BATCH_ROWS: usize = 8_192;
/// Most values in a batch, so that a batch of thousands of columns has fewer rows.
const BATCH_VALUES: usize = 1 << 21;

/// Why a scan ended early.
#[derive(Debug)]
pub(crate) enum DecodeError {
    /// Stored data could not be read, or a limit was hit.
    Query(QueryError),
    /// Nobody wants the rest.
    Cancelled,
    /// The rows don't fit Arrow's limits.
    Arrow(ArrowError),
}

impl From<ExecError> for DecodeError {
    fn from(error: ExecError) -> Self {
        match error {
            ExecError::Query(error) => Self::Query(error),
            ExecError::Cancelled | ExecError::TooManyCells => Self::Cancelled,
        }
    }
}

impl From<waggle_store::ReadError> for DecodeError {
    fn from(error: waggle_store::ReadError) -> Self {
        Self::Query(QueryError::Storage(error.to_string()))
    }
}

impl From<ArrowError> for DecodeError {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

/// Reads the selected rows of one source, in the order they are in.
pub(crate) struct SourceReader<'a> {
    selector: Option<Selector<'a>>,
    chunks: Range<usize>,
    /// Selected rows of the chunk in hand that are in no batch yet.
    positions: Vec<u16>,
    taken: usize,
    columns: Vec<ColumnDecoder>,
    schema: SchemaRef,
    batch_rows: usize,
    /// Rows in the builders.
    row_count: usize,
}

impl<'a> SourceReader<'a> {
    /// Prepares the reading; columns are opened when the first row is selected.
    pub(crate) fn new(
        source: &'a Source,
        range: TimeRange,
        filters: &'a FilterSet,
        columns: &[ScanColumn],
        schema: &SchemaRef,
    ) -> Result<Self, DecodeError> {
        let selector = Selector::new(source, range, filters)?;
        let columns = match &selector {
            None => Vec::new(),
            Some(_) => columns
                .iter()
                .map(|column| ColumnDecoder::new(source, &column.content))
                .collect::<Result<_, _>>()?,
        };
        Ok(Self {
            chunks: selector.as_ref().map_or(0..0, Selector::chunks),
            selector,
            positions: Vec::with_capacity(CHUNK_ROWS),
            taken: 0,
            batch_rows: (BATCH_VALUES / columns.len().max(1)).clamp(64, BATCH_ROWS),
            columns,
            schema: Arc::clone(schema),
            row_count: 0,
        })
    }

    /// The next rows; `None` at the end. `check` is called once per chunk and can end the reading.
    pub(crate) fn next_batch(
        &mut self,
        check: impl Fn() -> Result<(), DecodeError>,
    ) -> Result<Option<RecordBatch>, DecodeError> {
        loop {
            if self.taken < self.positions.len() {
                let room = self.batch_rows - self.row_count;
                let end = self.positions.len().min(self.taken + room);
                let positions = &self.positions[self.taken..end];
                for column in &mut self.columns {
                    column.take(positions)?;
                }
                self.row_count += positions.len();
                self.taken = end;
                if self.row_count == self.batch_rows {
                    return self.finish().map(Some);
                }
            }
            check()?;
            let (Some(chunk), Some(selector)) = (self.chunks.next(), &mut self.selector) else {
                return match self.row_count {
                    0 => Ok(None),
                    _ => self.finish().map(Some),
                };
            };
            let (selected, _) = selector.select(chunk)?;
            self.positions.clear();
            self.taken = 0;
            each_bit(&selected, |position| {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a place in a chunk is below 1024"
                )]
                self.positions.push(position as u16);
            });
            if !self.positions.is_empty() {
                for column in &mut self.columns {
                    column.read(chunk);
                }
            }
        }
    }

    fn finish(&mut self) -> Result<RecordBatch, DecodeError> {
        let row_count = std::mem::take(&mut self.row_count);
        let arrays = self
            .columns
            .iter_mut()
            .map(|column| column.finish(row_count))
            .collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(row_count));
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            arrays,
            &options,
        )?)
    }
}

/// One column of the output, over one source.
enum ColumnDecoder {
    /// Times and sample rates: an integer in every row.
    Numbers {
        column: Arc<TypedColumn>,
        chunk: ChunkBuffer<i64>,
        values: Vec<i64>,
        data_type: DataType,
    },
    /// Sample rates of a source where all are 1.
    Ones,
    /// A column that the source lacks.
    Absent(DataType),
    /// A column of the events.
    Values {
        reader: ColumnReader,
        builder: Builder,
    },
}

impl ColumnDecoder {
    fn new(source: &Source, content: &Content) -> Result<Self, DecodeError> {
        let numbers = |column, data_type| Self::Numbers {
            column,
            chunk: ChunkBuffer::default(),
            values: Vec::new(),
            data_type,
        };
        let (name, column_type, is_cast) = match content {
            Content::Time => return Ok(numbers(source.times()?, timestamp_type())),
            Content::SampleRate => {
                return Ok(match source.sample_rates()? {
                    Some(rates) => numbers(rates, DataType::Int64),
                    None => Self::Ones,
                });
            }
            Content::As(name, column_type) => (name, *column_type, true),
            Content::Only(name, column_type) => (name, *column_type, false),
        };
        let column = source.column(name)?.and_then(|column| match is_cast {
            true => Some(column),
            false => only(&column, column_type),
        });
        Ok(match column {
            None => Self::Absent(arrow_type(column_type)),
            Some(column) => Self::Values {
                builder: Builder::new(&column, column_type),
                reader: ColumnReader::new(column),
            },
        })
    }

    fn read(&mut self, chunk_number: usize) {
        match self {
            Self::Numbers { column, chunk, .. } => column.read_ints(chunk_number, chunk),
            Self::Values { reader, .. } => {
                reader.read(chunk_number);
            }
            Self::Ones | Self::Absent(_) => {}
        }
    }

    fn take(&mut self, positions: &[u16]) -> Result<(), DecodeError> {
        match self {
            Self::Numbers { chunk, values, .. } => {
                values.extend(
                    positions
                        .iter()
                        .map(|position| chunk.values[usize::from(*position)]),
                );
            }
            Self::Values { reader, builder } => builder.append(positions, reader.buffers())?,
            Self::Ones | Self::Absent(_) => {}
        }
        Ok(())
    }

    fn finish(&mut self, row_count: usize) -> Result<ArrayRef, DecodeError> {
        Ok(match self {
            Self::Numbers {
                values, data_type, ..
            } => {
                let values = std::mem::take(values);
                match data_type {
                    DataType::Timestamp(..) => {
                        Arc::new(TimestampNanosecondArray::from(values).with_timezone("UTC"))
                    }
                    _ => Arc::new(Int64Array::from(values)),
                }
            }
            Self::Ones => Arc::new(Int64Array::from(vec![1; row_count])),
            Self::Absent(data_type) => new_null_array(data_type, row_count),
            Self::Values { builder, .. } => builder.finish()?,
        })
    }
}

/// The part of a column that arrived in this type.
fn only(column: &Column, column_type: ColumnType) -> Option<Arc<Column>> {
    let typed = column
        .types
        .iter()
        .find(|typed| typed.column_type() == column_type)?;
    Some(Arc::new(Column {
        types: vec![typed.clone()],
    }))
}
