//! Parquet files as events: our own exports come back exactly as they were, files of other programs as well as they can be read.
//!
//! Nested columns are flattened with dots, lists and maps become JSON text, and the rest goes by the table in [`crate::value`]. Of our
//! own exports the schema says which field of the events each column holds, and which holds values of another type than the column's.

use crate::column::{SAMPLE_RATE, TIMESTAMP};
use crate::export::{KEY_NAME, KEY_TYPE};
use crate::value::{times_ns, values};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::{is_null, nullif};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::arrow::error::ArrowError;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use std::collections::HashSet;
use std::fs::File;
use std::sync::Arc;
use waggle_model::Value;

/// Rows read at once.
const BATCH_ROWS: usize = 1_024;
/// Where the time is looked for when nobody says.
const TIME_NAMES: [&str; 5] = [TIMESTAMP, "time", "@timestamp", "Timestamp", "event_time"];

/// Why a file can't be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is not Parquet, damaged, or uses a codec that is not built in.
    #[error("the file can't be read as Parquet: {0}")]
    Parquet(#[from] ParquetError),
    /// A column's values can't be read.
    #[error("a column can't be read: {0}")]
    Column(#[from] ArrowError),
    /// Nothing says when the events were.
    #[error(
        "no column holds the time of the events; name it with --time-column. The columns are: {0}"
    )]
    NoTime(String),
    /// The named column holds no times.
    #[error(
        "column {0} holds no times: it must be a timestamp, whole seconds, milli-, micro- or nanoseconds since 1970, or RFC 3339"
    )]
    NotTime(String),
    /// An event has no time.
    #[error("row {0} has no time")]
    RowWithoutTime(u64),
}

/// One event of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedEvent {
    /// Event time, nanoseconds since the Unix epoch.
    pub timestamp_ns: i64,
    /// This event stands for so many.
    pub sample_rate: u32,
    /// Every field, each name once.
    pub fields: Vec<(Arc<str>, Value)>,
}

/// Reads the events of a Parquet file, in its order.
pub struct ParquetEvents {
    reader: ParquetRecordBatchReader,
    row_count: u64,
    rows_read: u64,
    time: usize,
    sample_rate: Option<usize>,
    fields: Vec<FieldPlan>,
}

/// What becomes of a column of the file.
struct FieldPlan {
    index: usize,
    name: Arc<str>,
    /// True for values of another type than the column's, which stand in the way of the column's own reading of them.
    is_original: bool,
    /// True for a column that has such originals beside it.
    has_originals: bool,
}

impl ParquetEvents {
    /// Opens a file and finds the columns that have a meaning. `time_column` names the one with the time; without it, it is looked
    /// for.
    ///
    /// # Errors
    /// When the file is not Parquet, or nothing in it tells the time.
    pub fn open(file: File, time_column: Option<&str>) -> Result<Self, ImportError> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
        let row_count = builder.metadata().file_metadata().num_rows();
        let schema = Arc::clone(builder.schema());
        let fields = schema.fields();
        // A field of the events that is called like the time has its own name in the metadata.
        let find = |name: &str| {
            fields
                .iter()
                .position(|field| field.name() == name && !field.metadata().contains_key(KEY_NAME))
        };
        let names = || {
            let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
            ImportError::NoTime(names.join(", "))
        };
        let time = match time_column {
            Some(name) => find(name),
            None => TIME_NAMES.iter().find_map(|name| find(name)),
        };
        let time = time.ok_or_else(names)?;
        let sample_rate = find(SAMPLE_RATE).filter(|index| fields[*index].data_type().is_integer());
        let mut plans: Vec<FieldPlan> = fields
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != time && Some(*index) != sample_rate)
            .map(|(index, field)| plan_of(index, field))
            .collect();
        let originals: HashSet<Arc<str>> = plans
            .iter()
            .filter(|plan| plan.is_original)
            .map(|plan| Arc::clone(&plan.name))
            .collect();
        for plan in &mut plans {
            plan.has_originals = !plan.is_original && originals.contains(&plan.name);
        }
        Ok(Self {
            reader: builder.with_batch_size(BATCH_ROWS).build()?,
            row_count: u64::try_from(row_count).unwrap_or_default(),
            rows_read: 0,
            time,
            sample_rate,
            fields: plans,
        })
    }

    /// Events in the file.
    pub fn row_count(&self) -> u64 {
        self.row_count
    }

    /// The next events; `None` at the end.
    ///
    /// # Errors
    /// When a part of the file is damaged, or an event has no time.
    pub fn next_events(&mut self) -> Result<Option<Vec<ImportedEvent>>, ImportError> {
        let Some(batch) = self.reader.next().transpose()? else {
            return Ok(None);
        };
        let mut events = self.empty_events(&batch)?;
        // Originals come first, so that the column's own reading of the same value finds its place taken.
        let (originals, others): (Vec<&FieldPlan>, Vec<&FieldPlan>) =
            self.fields.iter().partition(|plan| plan.is_original);
        for plan in originals.into_iter().chain(others) {
            let array = batch.column(plan.index);
            add_fields(&mut events, &plan.name, array, plan.has_originals)?;
        }
        self.rows_read += batch.num_rows() as u64;
        Ok(Some(events))
    }

    fn empty_events(&self, batch: &RecordBatch) -> Result<Vec<ImportedEvent>, ImportError> {
        let times = event_times(batch, self.time)?;
        let rates = match self.sample_rate {
            Some(index) => values(batch.column(index))?,
            None => vec![None; batch.num_rows()],
        };
        let mut events = Vec::with_capacity(batch.num_rows());
        for (row, (time, rate)) in times.into_iter().zip(rates).enumerate() {
            let Some(timestamp_ns) = time else {
                return Err(ImportError::RowWithoutTime(self.rows_read + row as u64));
            };
            let sample_rate = match rate {
                Some(Value::Int(rate)) => u32::try_from(rate.max(1)).unwrap_or(u32::MAX),
                _ => 1,
            };
            events.push(ImportedEvent {
                timestamp_ns,
                sample_rate,
                fields: Vec::new(),
            });
        }
        Ok(events)
    }
}

fn plan_of(index: usize, field: &Field) -> FieldPlan {
    let metadata = field.metadata();
    FieldPlan {
        index,
        name: metadata
            .get(KEY_NAME)
            .unwrap_or_else(|| field.name())
            .as_str()
            .into(),
        is_original: metadata.contains_key(KEY_TYPE),
        has_originals: false,
    }
}

/// Adds the values of a column to the events, where `has_originals` only to those that lack the field; structures are taken apart.
fn add_fields(
    events: &mut [ImportedEvent],
    name: &Arc<str>,
    array: &ArrayRef,
    has_originals: bool,
) -> Result<(), ImportError> {
    if let DataType::Struct(fields) = array.data_type() {
        let nulls = is_null(array)?;
        for (field, inner) in fields.iter().zip(array.as_struct().columns()) {
            let name = format!("{name}.{}", field.name());
            let inner = match array.null_count() {
                0 => Arc::clone(inner),
                _ => nullif(inner, &nulls)?,
            };
            add_fields(events, &name.into(), &inner, false)?;
        }
        return Ok(());
    }
    for (event, value) in events.iter_mut().zip(values(array)?) {
        if let Some(value) = value
            && !(has_originals && event.fields.iter().any(|(known, _)| known == name))
        {
            event.fields.push((Arc::clone(name), value));
        }
    }
    Ok(())
}

fn event_times(batch: &RecordBatch, index: usize) -> Result<Vec<Option<i64>>, ImportError> {
    let array = batch.column(index);
    let not_time = || ImportError::NotTime(batch.schema_ref().field(index).name().clone());
    match array.data_type() {
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => Ok(times_ns(array)?),
        _ => values(array)?
            .into_iter()
            .map(|value| match value {
                None => Ok(None),
                Some(Value::Int(number)) => Ok(Some(whole_to_ns(number))),
                Some(Value::String(text)) => {
                    let time: jiff::Timestamp = text.trim().parse().map_err(|_| not_time())?;
                    let time_ns = i64::try_from(time.as_nanosecond()).map_err(|_| not_time())?;
                    Ok(Some(time_ns))
                }
                Some(Value::Float(_) | Value::Bool(_)) => Err(not_time()),
            })
            .collect(),
    }
}

/// A whole number of seconds, milli-, micro- or nanoseconds since 1970: whichever puts it between 1970 and the year 5138.
fn whole_to_ns(number: i64) -> i64 {
    let factor = match number.unsigned_abs() {
        0..100_000_000_000 => 1_000_000_000,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        _ => 1,
    };
    number.saturating_mul(factor)
}
