//! Parquet: zstd, row groups of 131,072 rows, page index, a bloom filter on trace ids. The schema says of each column which field of the
//! events it is, so that the same file comes back as the same events.

use super::pieces::Pieces;
use super::{ExportError, FileWriter};
use crate::column::{Content, ScanColumn};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::collections::HashMap;
use std::sync::Arc;
use waggle_model::QueryError;

/// In a field's metadata: the field of the events that a column holds.
pub(crate) const KEY_NAME: &str = "waggle.field";
/// In a field's metadata: the type in which the values of a second column arrived; absent in the first.
pub(crate) const KEY_TYPE: &str = "waggle.type";

const ROW_GROUP_ROWS: usize = 131_072;
/// A row group of so many bytes is written though it has fewer rows: it is in memory until then.
const ROW_GROUP_BYTES: usize = 64 << 20;
const ZSTD_LEVEL: i32 = 3;
/// The field that traces are looked up by.
const TRACE_ID: &str = "trace.trace_id";
/// Distinct trace ids the bloom filter of a row group is made for.
const TRACES_MAX: u64 = 131_072;

pub(super) struct ParquetFile {
    writer: ArrowWriter<Pieces>,
    schema: SchemaRef,
}

impl ParquetFile {
    pub(super) fn new(columns: &[ScanColumn], pieces: Pieces) -> Result<Self, ExportError> {
        let fields: Vec<Field> = columns.iter().map(described).collect();
        let schema = Arc::new(Schema::new(fields));
        let writer = ArrowWriter::try_new(pieces, Arc::clone(&schema), Some(properties(columns)?))?;
        Ok(Self { writer, schema })
    }
}

impl FileWriter for ParquetFile {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ExportError> {
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), batch.columns().to_vec())?;
        self.writer.write(&batch)?;
        if self.writer.in_progress_size() >= ROW_GROUP_BYTES {
            self.writer.flush()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        self.writer.finish()?;
        std::io::Write::flush(self.writer.inner_mut())?;
        Ok(())
    }
}

fn described(column: &ScanColumn) -> Field {
    let entry = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let metadata: HashMap<String, String> = match &column.content {
        Content::Time | Content::SampleRate => HashMap::new(),
        Content::As(name, _) => [entry(KEY_NAME, name)].into(),
        Content::Only(name, column_type) => {
            [entry(KEY_NAME, name), entry(KEY_TYPE, column_type.name())].into()
        }
    };
    column.field().with_metadata(metadata)
}

fn properties(columns: &[ScanColumn]) -> Result<WriterProperties, ExportError> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(format!("waggle {}", env!("CARGO_PKG_VERSION")))
        .set_sorting_columns(Some(vec![SortingColumn {
            column_idx: 0,
            descending: false,
            nulls_first: false,
        }]));
    for column in columns {
        let path = ColumnPath::from(&*column.name);
        properties = match &column.content {
            Content::Time => properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
            Content::As(name, _) if **name == *TRACE_ID => properties
                .set_column_bloom_filter_enabled(path.clone(), true)
                .set_column_bloom_filter_max_ndv(path, TRACES_MAX),
            _ => properties,
        };
    }
    Ok(properties.build())
}

impl From<ParquetError> for ExportError {
    fn from(error: ParquetError) -> Self {
        match error {
            // The only thing that is written to is a channel, and it fails when nobody listens.
            ParquetError::External(inner) if inner.is::<std::io::Error>() => Self::Cancelled,
            other => Self::Query(QueryError::Storage(other.to_string())),
        }
    }
}
