//! What comes back: groups with their values, time series, raw rows, traces; and the door to the query engine.

use crate::{
    BubbleUp, BubbleUpRequest, CalculatedField, DatasetId, DatasetScope, FilterCombination,
    FilterSpec, Meaning, QuerySpec, ScanRequest, ScanVisitor, Tenant, TimeRange, TracePage,
    TraceRows, TraceSearch, TracesRequest, Value,
};
use async_trait::async_trait;

/// Answers questions. Implemented by the query engine, called by the faces. Dropping a returned future cancels the work.
#[async_trait]
pub trait QueryEngine: Send + Sync {
    /// Checks a spec without running it.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] names the clause.
    fn validate(&self, spec: &QuerySpec) -> Result<(), QueryError>;

    /// Runs a query over a fixed range.
    async fn query(
        &self,
        tenant: Tenant,
        scope: DatasetScope,
        spec: &QuerySpec,
        range: TimeRange,
        options: QueryOptions,
    ) -> Result<ResultTable, QueryError>;

    /// Lists raw rows, newest first.
    async fn rows(
        &self,
        tenant: Tenant,
        scope: DatasetScope,
        request: &RowRequest,
    ) -> Result<RowPage, QueryError>;

    /// Compares some rows of a query with its other rows, column by column.
    async fn bubble_up(
        &self,
        tenant: Tenant,
        scope: DatasetScope,
        request: &BubbleUpRequest,
    ) -> Result<BubbleUp, QueryError>;

    /// Collects every row of one trace from all datasets of the tenant, oldest first.
    async fn trace(&self, tenant: Tenant, request: &TraceRequest) -> Result<Trace, QueryError>;

    /// Finds traces that have certain rows, newest first, page by page. Every trace comes once, however its rows lie on the pages.
    async fn find_traces(
        &self,
        tenant: Tenant,
        search: &TraceSearch,
    ) -> Result<TracePage, QueryError>;

    /// Collects every row of several traces, in the order of the ids; a trace nobody knows has none. There are fewer traces than ids when
    /// the rows of more would take too many bytes, but never none.
    async fn traces(
        &self,
        tenant: Tenant,
        request: &TracesRequest,
    ) -> Result<Vec<TraceRows>, QueryError>;

    /// Shows some columns of many rows to `visit`, in no order, without keeping them.
    async fn scan(
        &self,
        tenant: Tenant,
        request: &ScanRequest,
        visit: Box<ScanVisitor<'static>>,
    ) -> Result<QueryStats, QueryError>;

    /// Forgets what is known of a tenant's dataset definitions and of the types that people chose for columns. To be called after a change
    /// of either, of a calculated field too; whoever asks next is answered by what is then written down.
    fn forget_definitions(&self, _tenant: Tenant) {}

    /// What is being answered for a tenant at this moment, oldest first.
    fn running(&self, tenant: Tenant) -> Vec<RunningQuery>;
}

/// A query, page of rows, trace or BubbleUp on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningQuery {
    /// Number of the query, unique while the process runs.
    pub id: u64,
    /// What is asked: `query`, `rows`, `trace`, `traces`, `bubble-up`.
    pub kind: &'static str,
    /// Rows looked at so far, those of a second pass included.
    pub rows_read: u64,
    /// Time since it began.
    pub elapsed_ns: u64,
}

/// How much of an answer the caller wants.
#[derive(Clone, Copy, Debug)]
pub struct QueryOptions {
    /// Leave out the time series.
    pub disable_series: bool,
    /// Leave out the total and its series.
    pub disable_total: bool,
    /// Leave out what is not listed.
    pub disable_other: bool,
    /// Most groups when the spec names no limit.
    pub limit_default: usize,
    /// Most groups the caller may ask for.
    pub limit_max: usize,
    /// Where names of [`Meaning::column`](crate::Meaning::column) stand for the columns that the definition of each dataset gives that
    /// meaning.
    pub by_definition: ByDefinition,
}

/// Which clauses of a query go by the definitions of the datasets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ByDefinition {
    /// Every name is that of a column.
    #[default]
    Nothing,
    /// What events are grouped by and what is calculated of them; filters and calculated fields go by names.
    Result,
    /// All clauses.
    Everything,
}

impl Default for QueryOptions {
    fn default() -> Self {
        Self {
            disable_series: false,
            disable_total: false,
            disable_other: false,
            limit_default: 100,
            limit_max: 1_000,
            by_definition: ByDefinition::Nothing,
        }
    }
}

/// The answer to a query.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultTable {
    /// Labels of the calculations (`COUNT`, `P95(duration_ms)`), in the order of every `values` list below.
    pub calculations: Vec<String>,
    /// Names of the breakdowns, in the order of every `key`.
    pub breakdowns: Vec<String>,
    /// The groups that remain after havings, ordered and limited.
    pub groups: Vec<Group>,
    /// Groups before the limit and after havings.
    pub group_count: usize,
    /// Per group of `groups` (same index) its points, ascending in time; buckets without rows have no point. Empty when disabled.
    pub series: Vec<Vec<SeriesPoint>>,
    /// Values over all rows, whatever havings and limit; empty when disabled.
    pub total: Vec<Cell>,
    /// The same per bucket, ascending; empty when series or totals are disabled.
    pub total_series: Vec<SeriesPoint>,
    /// Values over the rows of all groups beyond the limit; `None` when there are none, and when disabled.
    pub other: Option<Vec<Cell>>,
    /// For each HEATMAP calculation (same index as `calculations`, `None` elsewhere) the map over all rows.
    pub heatmaps: Vec<Option<Heatmap>>,
    /// Width of a bucket.
    pub granularity_ns: i64,
    /// The range that was read.
    pub range: TimeRange,
    /// What it cost.
    pub stats: QueryStats,
}

/// One group: a value (or none) per breakdown, a cell per calculation.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Breakdown values; `None` is "no value".
    pub key: Vec<Option<Value>>,
    /// One cell per calculation.
    pub values: Vec<Cell>,
}

/// One bucket of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesPoint {
    /// Start of the bucket, aligned to a multiple of the granularity since the Unix epoch.
    pub time_ns: i64,
    /// One cell per calculation.
    pub values: Vec<Cell>,
}

/// A finished calculation.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing to compute from: no row had the column. HEATMAP cells are always null; see [`ResultTable::heatmaps`].
    Null,
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text: MIN and MAX of a string column.
    Text(String),
}

impl Cell {
    /// The number, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "comparisons of counts above 2^53 may round"
            )]
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Null | Self::Text(_) => None,
        }
    }
}

/// Counts per time bucket and value bin.
#[derive(Clone, Debug, PartialEq)]
pub struct Heatmap {
    /// Lower edge of the first bin.
    pub min_value: f64,
    /// Upper edge of the last bin.
    pub max_value: f64,
    /// Width of a bin; 0 when all values are equal and there is one bin.
    pub step_size: f64,
    /// Start of each bucket, ascending; buckets without rows are left out.
    pub times_ns: Vec<i64>,
    /// Per bucket the weighted count per bin, lowest bin first. A value on an edge belongs to the upper bin, the largest to the last.
    pub counts: Vec<Vec<u64>>,
}

/// What an answer cost and how exact it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueryStats {
    /// Rows looked at for this answer, after pruning by time and statistics. Blocks whose part is known from an earlier query are not
    /// looked at; so with the bytes and blocks below.
    pub rows_read: u64,
    /// Rows that passed the filters, wherever their part of the answer comes from.
    pub rows_matched: u64,
    /// Bytes of columns read from blocks.
    pub bytes_read: u64,
    /// Blocks that were opened.
    pub blocks_read: u64,
    /// Wall time.
    pub elapsed_ns: u64,
    /// True when a row with a sample rate above 1 took part.
    pub sample_rate_applied: bool,
    /// Labels of the calculations whose values are approximate.
    pub approximate: Vec<String>,
}

/// Which raw rows.
#[derive(Clone, Debug)]
pub struct RowRequest {
    /// The times.
    pub range: TimeRange,
    /// Which rows take part.
    pub filters: Vec<FilterSpec>,
    /// How filters combine.
    pub filter_combination: FilterCombination,
    /// Columns that are computed per event; filters may name them, and the rows have them.
    pub calculated_fields: Vec<CalculatedField>,
    /// How long the steps are in which calculated fields follow series, as a query of the chart has them; `None` as in a query without.
    pub granularity_ns: Option<i64>,
    /// Has the sample rate of each row as the column `sample_rate` too, as
    /// [`QuerySpec::usage_mode`](crate::QuerySpec::usage_mode) does.
    pub usage_mode: bool,
    /// Most rows in the page.
    pub limit: usize,
    /// Rows strictly after this place in the newest-first order; from [`RowPage::next`].
    pub before: Option<String>,
    /// As [`ByDefinition::Everything`]; the rows have their fields by these names too.
    pub by_definition: bool,
}

/// One page of raw rows, newest first.
#[derive(Clone, Debug, Default)]
pub struct RowPage {
    /// The rows.
    pub rows: Vec<RawRow>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
    /// What it cost.
    pub stats: QueryStats,
}

/// One event as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct RawRow {
    /// Event time.
    pub timestamp_ns: i64,
    /// This event stands for so many.
    pub sample_rate: u32,
    /// The dataset it is in.
    pub dataset: DatasetId,
    /// Every field, by name ascending.
    pub fields: Vec<(String, Value)>,
    /// Meanings, ascending, of which the event has by the definition of its dataset something else, or with `None` nothing, than the field
    /// called [`Meaning::column`] says. What only adds to an event, as its route, is not listed when it is in a field of another usual name.
    pub meant: Vec<(Meaning, Option<Value>)>,
}

/// Which trace.
#[derive(Clone, Debug)]
pub struct TraceRequest {
    /// The id, as the definitions of the datasets name it.
    pub trace_id: String,
    /// Where to look.
    pub range: TimeRange,
    /// Most rows to return; the count is always complete.
    pub limit: usize,
    /// Which rows of a trace that has more than the limit.
    pub choice: TraceChoice,
}

/// Which rows of a large trace are returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TraceChoice {
    /// The oldest.
    #[default]
    Oldest,
    /// Spans and logs level by level from the root, with as many of their span events and links as the limit allows again.
    ///
    /// What is above the span `around` is always there, and half the limit goes to what is below it.
    BreadthFirst {
        /// Value of `trace.span_id`.
        around: Option<String>,
    },
}

/// Spans and logs that were left out of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Index in [`Trace::rows`] of the span they lie below, at any depth; `None` where nothing above them is there either.
    pub below: Option<usize>,
    /// How many.
    pub count: usize,
}

/// All rows of a trace.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Spans, span events, links and logs, oldest first, up to the limit.
    pub rows: Vec<RawRow>,
    /// What [`TraceChoice::BreadthFirst`] left out, by row ascending.
    pub left_out: Vec<LeftOut>,
    /// How many there are in all.
    pub row_count: usize,
    /// What it cost.
    pub stats: QueryStats,
}

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum QueryError {
    /// The query makes no sense; `field` points at the clause (`orders[0].column`).
    #[error("{field}: {message}")]
    Invalid {
        /// The clause.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// It took longer than allowed.
    #[error("the query took longer than {0} ms; ask for a shorter range or fewer groups")]
    Deadline(u64),
    /// It would need more memory or groups than allowed.
    #[error(
        "the query needs more than its limit of {limit} {what}; ask for a shorter range or fewer breakdowns"
    )]
    TooLarge {
        /// What ran out: groups, bytes.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// Too many queries are running.
    #[error("too many queries are running; try again")]
    Busy,
    /// Stored data could not be read.
    #[error("stored data could not be read: {0}")]
    Storage(String),
}
