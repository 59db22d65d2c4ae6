//! The door to SQL and to whole windows of events as files.

use crate::{DatasetId, FilterCombination, FilterSpec, QueryError, Tenant, TimeRange, Value};
use async_trait::async_trait;

/// Answers SQL and writes windows of events as files. Implemented above the query engine, called by the faces. Dropping a returned
/// future, or the stream of an export, cancels the work.
#[async_trait]
pub trait SqlEngine: Send + Sync {
    /// Runs one SELECT over the tenant's datasets, which are its tables; nothing else can be read, and nothing can be written.
    ///
    /// # Errors
    /// [`SqlError::Invalid`] says what is wrong with the text and where; [`SqlError::Query`] which limit was hit.
    async fn sql(&self, tenant: Tenant, request: &SqlRequest) -> Result<SqlAnswer, SqlError>;

    /// Begins to write every event of a window, oldest first. What arrives later is not in it.
    ///
    /// # Errors
    /// Those of a query; [`QueryError::Invalid`] names the filter that is wrong.
    async fn export(
        &self,
        tenant: Tenant,
        request: &ExportRequest,
    ) -> Result<Box<dyn ExportStream>, QueryError>;
}

/// One SQL text.
#[derive(Clone, Debug)]
pub struct SqlRequest {
    /// The text: one SELECT, perhaps with common table expressions.
    pub text: String,
    /// Most rows in the answer; `None` means the engine's own limit, which also bounds it.
    pub rows_max: Option<usize>,
}

/// The answer to a SELECT.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SqlAnswer {
    /// The columns, in the order of every row. Names may repeat.
    pub columns: Vec<SqlColumn>,
    /// The rows, in the order the text asks for; `None` is SQL's NULL.
    pub rows: Vec<Vec<Option<Value>>>,
    /// True when there were more rows than allowed.
    pub is_truncated: bool,
    /// Wall time.
    pub elapsed_ns: u64,
}

/// One column of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlColumn {
    /// Its name or alias; the expression where it has none.
    pub name: String,
    /// What its values are.
    pub column_type: SqlType,
}

/// What the values of a column of an answer are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SqlType {
    /// Text. Lists and structures are written as JSON; dates and intervals as text too.
    String,
    /// 64-bit signed integers.
    Integer,
    /// 64-bit floats; decimals become the nearest.
    Float,
    /// Booleans.
    Boolean,
    /// Moments: text of RFC 3339 in UTC, with as many digits of a second as are needed.
    Timestamp,
}

impl SqlType {
    /// The public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Timestamp => "timestamp",
        }
    }
}

/// Why there is no answer to a SQL text.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SqlError {
    /// The text is not one SELECT over the tenant's datasets that makes sense.
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
        /// Where in the text, when it is known.
        place: Option<SqlPlace>,
    },
    /// A limit was hit, or stored data could not be read.
    #[error(transparent)]
    Query(#[from] QueryError),
}

/// A place in a SQL text, both numbers from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqlPlace {
    /// The line.
    pub line: u64,
    /// The character of the line.
    pub column: u64,
}

/// Which events, and as what kind of file.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The dataset.
    pub dataset: DatasetId,
    /// The times.
    pub range: TimeRange,
    /// Which events.
    pub filters: Vec<FilterSpec>,
    /// How filters combine.
    pub filter_combination: FilterCombination,
    /// The kind of file.
    pub format: ExportFormat,
}

/// A kind of file that other programs read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExportFormat {
    /// Apache Parquet: every field with its type, compressed.
    Parquet,
    /// Comma-separated values as in RFC 4180: every field as text.
    Csv,
    /// One JSON object a line, in the form in which the batch API takes events.
    Ndjson,
}

impl ExportFormat {
    /// Every format with its public name, which is also the file's extension, and its media type.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Parquet, "parquet", "application/vnd.apache.parquet"),
        (Self::Csv, "csv", "text/csv; charset=utf-8"),
        (Self::Ndjson, "ndjson", "application/x-ndjson"),
    ];

    /// Reads a public name; `None` for an unknown one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known, _)| *known == name)
            .map(|(format, _, _)| *format)
    }

    /// The public name, which is also the file's extension.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(format, _, _)| *format == self)
            .map_or("", |(_, name, _)| name)
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(format, _, _)| *format == self)
            .map_or("", |(_, _, media_type)| media_type)
    }
}

/// The bytes of a file that is being written.
#[async_trait]
pub trait ExportStream: Send {
    /// The next piece; `None` when the file is complete. After an error the file is not, and nothing more comes.
    async fn next(&mut self) -> Option<Result<Vec<u8>, QueryError>>;
}
