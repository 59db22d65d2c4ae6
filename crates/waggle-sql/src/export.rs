//! Windows of events as files, written piece by piece while they are read: what is in memory is bounded by the batches in hand, one row
//! group and the few blocks that are open, whatever the size of the window.
//!
//! Every field leaves with its type. Where a column arrived in several types, Parquet has it twice: under its own name, every value
//! read as the column's type, and under `name:type`, for each other type, the values that arrived in it as they were. So a reader who
//! does not care sees one column, and nothing is lost. JSON writes each value as what it is; CSV knows only text.

mod csv;
mod merge;
mod ndjson;
mod parquet;
mod pieces;

use crate::column::{Content, ScanColumn, schema_of};
use crate::decode::DecodeError;
use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use merge::Merge;
use pieces::Pieces;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use waggle_model::{
    ColumnType, DatasetScope, ExportFormat, ExportRequest, ExportStream, QueryError, Tenant,
    TimeRange,
};
use waggle_query::fused::{FusedWatch, relate};
use waggle_query::{EngineConfig, FilterSet, Place, SnapshotSource};
use waggle_store::Snapshot;

pub(crate) use parquet::{KEY_NAME, KEY_TYPE};

/// Pieces that wait to be taken.
const PIECES_WAITING: usize = 4;

/// What exports are made of.
pub(crate) struct ExportSource {
    pub(crate) events: Arc<dyn SnapshotSource>,
    pub(crate) tenant: Tenant,
    /// The dataset's columns.
    pub(crate) columns: Vec<ScanColumn>,
    /// Limits of what is done before the first row.
    pub(crate) config: EngineConfig,
    pub(crate) watch: FusedWatch,
}

/// Takes the snapshot and starts to write.
pub(crate) async fn start(
    source: ExportSource,
    request: &ExportRequest,
    place: Place,
) -> Result<Box<dyn ExportStream>, QueryError> {
    let filters = FilterSet::new(&request.filters, request.filter_combination)?;
    let (range, format) = (request.range, request.format);
    let scope = DatasetScope::One(request.dataset);
    let opened = tokio::task::spawn_blocking(move || {
        let snapshot = source.events.snapshot(source.tenant, &scope, range)?;
        let columns = export_columns(&snapshot, &source.columns, format);
        let snapshot = merge::in_order(snapshot, &columns, &filters)?;
        let filters = relate(&filters, &snapshot, range, &source.config, &source.watch)?;
        Ok::<_, DecodeError>((snapshot, columns, filters))
    });
    let opened = opened.await.map_err(|error| {
        tracing::error!(%error, "an export panicked");
        internal()
    })?;
    let (snapshot, columns, filters) = match opened.map_err(ExportError::from) {
        Ok(opened) => opened,
        Err(ExportError::Query(error)) => return Err(error),
        Err(ExportError::Cancelled) => return Err(QueryError::Busy),
    };
    let (sender, receiver) = mpsc::channel(PIECES_WAITING);
    let writing = tokio::task::spawn_blocking(move || {
        // Held until the last piece is written, so that exports that nobody reads count as well.
        let _place = place;
        let failed = sender.clone();
        let window = Window {
            snapshot: &snapshot,
            range,
            filters: &filters,
            columns: &columns,
        };
        match window.write(format, Pieces::new(sender)) {
            Ok(()) | Err(ExportError::Cancelled) => {}
            Err(ExportError::Query(error)) => {
                // If nobody is there to be told, nobody needs to know.
                let _told = failed.blocking_send(Err(error));
            }
        }
    });
    Ok(Box::new(Stream {
        pieces: receiver,
        writing: Some(writing),
    }))
}

struct Stream {
    pieces: mpsc::Receiver<Result<Vec<u8>, QueryError>>,
    /// Asked at the end, once: whoever panics hands over nothing more either, and the file must not seem complete.
    writing: Option<JoinHandle<()>>,
}

#[async_trait]
impl ExportStream for Stream {
    async fn next(&mut self) -> Option<Result<Vec<u8>, QueryError>> {
        if let Some(piece) = self.pieces.recv().await {
            return Some(piece);
        }
        let error = self.writing.take()?.await.err()?;
        tracing::error!(%error, "an export panicked");
        Some(Err(internal()))
    }
}

fn internal() -> QueryError {
    QueryError::Storage("the export stopped on an internal error".to_owned())
}

/// Why an export ended early.
#[derive(Debug)]
enum ExportError {
    Query(QueryError),
    /// Nobody takes the pieces any more.
    Cancelled,
}

impl From<DecodeError> for ExportError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Query(error) => Self::Query(error),
            DecodeError::Cancelled => Self::Cancelled,
            DecodeError::Arrow(error) => Self::Query(QueryError::Storage(error.to_string())),
        }
    }
}

impl From<datafusion::arrow::error::ArrowError> for ExportError {
    fn from(error: datafusion::arrow::error::ArrowError) -> Self {
        DecodeError::from(error).into()
    }
}

/// Writing fails only when nobody takes the pieces.
impl From<io::Error> for ExportError {
    fn from(_: io::Error) -> Self {
        Self::Cancelled
    }
}

/// A kind of file in the making.
trait FileWriter {
    /// Adds rows.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ExportError>;
    /// Writes what comes after the last row.
    fn finish(self: Box<Self>) -> Result<(), ExportError>;
}

/// What is written.
struct Window<'a> {
    snapshot: &'a Snapshot,
    range: TimeRange,
    filters: &'a FilterSet,
    columns: &'a [ScanColumn],
}

impl Window<'_> {
    fn write(&self, format: ExportFormat, pieces: Pieces) -> Result<(), ExportError> {
        let schema: SchemaRef = schema_of(self.columns);
        let is_wanted = pieces.watch();
        let mut writer: Box<dyn FileWriter> = match format {
            ExportFormat::Parquet => Box::new(parquet::ParquetFile::new(self.columns, pieces)?),
            ExportFormat::Csv => Box::new(csv::CsvFile::new(self.columns, pieces)?),
            ExportFormat::Ndjson => Box::new(ndjson::NdjsonFile::new(self.columns, pieces)),
        };
        let mut rows = Merge::new(
            &self.snapshot.sources,
            self.range,
            self.filters,
            self.columns,
            &schema,
        );
        while let Some(batch) = rows.next_batch(&is_wanted)? {
            writer.write(&batch)?;
        }
        writer.finish()
    }
}

/// The columns of a file: of the dataset's those that occur in the window, by name.
fn export_columns(
    snapshot: &Snapshot,
    columns: &[ScanColumn],
    format: ExportFormat,
) -> Vec<ScanColumn> {
    let mut types: BTreeMap<String, BTreeSet<ColumnType>> = BTreeMap::new();
    for source in &snapshot.sources {
        for (name, column_type) in source.column_types() {
            types.entry(name).or_default().insert(column_type);
        }
    }
    let is_taken = |name: &str| columns.iter().any(|column| *column.name == *name);
    let mut chosen = Vec::new();
    for column in columns {
        let Content::As(key_name, column_type) = &column.content else {
            chosen.push(column.clone());
            continue;
        };
        let Some(types) = types.get(&**key_name) else {
            continue;
        };
        let only = |name: Arc<str>, column_type: ColumnType| ScanColumn {
            name,
            content: Content::Only(Arc::clone(key_name), column_type),
        };
        match format {
            ExportFormat::Csv => chosen.push(ScanColumn {
                name: Arc::clone(key_name),
                content: Content::As(Arc::clone(key_name), ColumnType::String),
            }),
            ExportFormat::Ndjson => chosen.extend(
                types
                    .iter()
                    .map(|column_type| only(Arc::clone(key_name), *column_type)),
            ),
            ExportFormat::Parquet => {
                chosen.push(column.clone());
                for other in types.iter().filter(|other| *other != column_type) {
                    let mut name = format!("{}:{}", column.name, other.name());
                    while is_taken(&name) {
                        name.insert(column.name.len(), ':');
                    }
                    chosen.push(only(name.into(), *other));
                }
            }
        }
    }
    chosen
}
