//! The words of Waggle: what an event, a tenant, a query and an answer are.
//!
//! What comes in: nothing; this crate is pure data. What goes out: the types every other crate speaks, and the two doors
//! ([`EventSink`], [`QueryEngine`]) through which the faces reach storage and queries without knowing them.
//! What it never does: I/O, clocks, wire formats, SQL. It depends on no other crate of the workspace.
#![warn(missing_docs)]

mod batch;
mod bubble;
mod clock;
mod csv;
mod histogram;
mod keep;
mod limits;
mod meaning;
mod metric;
mod query;
mod sink;
mod sql;
mod table;
mod tenant;
mod traces;
mod value;

pub use batch::{BatchColumn, EventBatch, StringValues, TypedValues};
pub use bubble::{
    BubbleBin, BubbleComparison, BubbleField, BubbleOther, BubbleSelection, BubbleUp,
    BubbleUpRequest, BubbleValue,
};
pub use clock::Clock;
pub use csv::CsvLines;
pub use histogram::{BucketCounts, ExplicitBucket, ExponentialBuckets, FILLED_BUCKETS_MAX};
pub use keep::{
    ColumnsDeleted, EraseRequest, EventKeeper, KeepError, RetentionLimits, RetentionLoss,
};
pub use limits::EventLimits;
pub use meaning::Meaning;
pub use metric::{MetricType, Temporality};
pub use query::{
    AnswerIndex, CalculatedField, CalculationSpec, DatasetScope, FilterCombination, FilterOp,
    FilterSpec, FilterValue, FormulaSpec, HavingOp, HavingSpec, OrderSpec, QuerySpec, SortOrder,
    TimeRange, TimeWindow,
};
pub use sink::{AppendError, AppendOutcome, EventSink, Reject, RejectReason};
pub use sql::{
    ExportFormat, ExportRequest, ExportStream, SqlAnswer, SqlColumn, SqlEngine, SqlError, SqlPlace,
    SqlRequest, SqlType,
};
pub use table::{
    ByDefinition, Cell, Group, Heatmap, LeftOut, QueryEngine, QueryError, QueryOptions, QueryStats,
    RawRow, ResultTable, RowPage, RowRequest, RunningQuery, SeriesPoint, Trace, TraceChoice,
    TraceRequest,
};
pub use tenant::{DatasetId, EnvironmentId, PENDING_DATASET, TeamId, Tenant};
pub use traces::{
    RowKind, RowSet, ScanRequest, ScanVisitor, TraceCursor, TracePage, TraceRows, TraceSearch,
    TraceWindow, TracesRequest,
};
pub use value::{ColumnType, Value, ValueRef};
