//! The columns a scan can make: what is read from the events, as which Arrow type, under which name.

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;
use waggle_model::ColumnType;

/// Name of the event time in every table.
pub(crate) const TIMESTAMP: &str = "timestamp";
/// Name of the sample rate in every table.
pub(crate) const SAMPLE_RATE: &str = "sample_rate";

/// One column of a scan.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ScanColumn {
    /// Its name in the output.
    pub(crate) name: Arc<str>,
    /// What it holds.
    pub(crate) content: Content,
}

/// What a column of a scan holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Content {
    /// The event time.
    Time,
    /// How many events an event stands for.
    SampleRate,
    /// Every value of a column of the events, read as this type; see [`crate::cast`].
    As(Arc<str>, ColumnType),
    /// Only those values of a column of the events that arrived in this type.
    Only(Arc<str>, ColumnType),
}

impl ScanColumn {
    /// The event time.
    pub(crate) fn time() -> Self {
        Self {
            name: TIMESTAMP.into(),
            content: Content::Time,
        }
    }

    /// The sample rate.
    pub(crate) fn sample_rate() -> Self {
        Self {
            name: SAMPLE_RATE.into(),
            content: Content::SampleRate,
        }
    }

    /// The Arrow field.
    pub(crate) fn field(&self) -> Field {
        let (data_type, is_nullable) = match &self.content {
            Content::Time => (timestamp_type(), false),
            Content::SampleRate => (DataType::Int64, false),
            Content::As(_, column_type) | Content::Only(_, column_type) => {
                (arrow_type(*column_type), true)
            }
        };
        Field::new(&*self.name, data_type, is_nullable)
    }
}

/// The schema of a scan of these columns.
pub(crate) fn schema_of(columns: &[ScanColumn]) -> SchemaRef {
    let fields: Vec<Field> = columns.iter().map(ScanColumn::field).collect();
    Arc::new(Schema::new(fields))
}

/// The Arrow type of values read as a column type.
pub(crate) fn arrow_type(column_type: ColumnType) -> DataType {
    match column_type {
        ColumnType::String => DataType::Utf8View,
        ColumnType::Integer => DataType::Int64,
        ColumnType::Float => DataType::Float64,
        ColumnType::Boolean => DataType::Boolean,
    }
}

/// The Arrow type of event times.
pub(crate) fn timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()))
}

/// The name under which a field of the events is found in tables and files: its own, but for the two that every table has.
///
/// `is_taken` says whether another field of the dataset has a name.
pub(crate) fn table_name(key_name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut name = key_name.to_owned();
    if name != TIMESTAMP && name != SAMPLE_RATE {
        return name;
    }
    loop {
        name.insert_str(0, "field.");
        if !is_taken(&name) {
            return name;
        }
    }
}
