//! Many traces at once: which traces have rows of some kind, all rows of several traces, and some columns of many rows.

use crate::{DatasetId, DatasetScope, FilterSpec, QueryStats, RawRow, TimeRange, ValueRef};

/// Which traces to look for, newest first.
#[derive(Clone, Debug, Default)]
pub struct TraceSearch {
    /// Where to look, newest first; the ranges do not overlap.
    pub windows: Vec<TraceWindow>,
    /// The traces must also have a row of each of these, at any time.
    pub with: Vec<RowSet>,
    /// Datasets to look in besides all that queries of the environment see.
    pub also: Vec<DatasetId>,
    /// Where the page before ended.
    pub after: Option<TraceCursor>,
    /// Most traces in the page.
    pub limit: usize,
    /// Rows after which a page ends, however few traces it has.
    pub rows_max: u64,
}

/// Rows to look for in a range.
#[derive(Clone, Debug)]
pub struct TraceWindow {
    /// The times of the rows.
    pub range: TimeRange,
    /// A row that is of one of these is looked for.
    pub kinds: Vec<RowKind>,
}

/// Rows that are looked for.
#[derive(Clone, Debug, Default)]
pub struct RowKind {
    /// Their conditions.
    pub rows: RowSet,
    /// The trace must also have a row in this range.
    pub touches: Option<TimeRange>,
}

/// Rows of traces by conditions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowSet {
    /// A row must pass each of these groups, and of a group one alternative, whose conditions hold together. Without groups it is every row
    /// of a trace.
    pub groups: Vec<Vec<Vec<FilterSpec>>>,
}

/// A place in the order of a search: newer first, then by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceCursor {
    /// Time of the newest row that was found of the last trace.
    pub time_ns: i64,
    /// The trace; empty before all of that time.
    pub trace_id: String,
}

/// A page of traces.
#[derive(Clone, Debug, Default)]
pub struct TracePage {
    /// Ids by the newest row that was found of each, newest first.
    pub trace_ids: Vec<String>,
    /// Everything at this time and later has been looked at.
    pub reached_ns: i64,
    /// Where the next page begins; `None` at the end. A page without traces may have one.
    pub next: Option<TraceCursor>,
    /// What it cost.
    pub stats: QueryStats,
}

/// Which traces to read.
#[derive(Clone, Debug, Default)]
pub struct TracesRequest {
    /// Values of `trace.trace_id`.
    pub trace_ids: Vec<String>,
    /// Datasets to look in besides all that queries of the environment see.
    pub also: Vec<DatasetId>,
    /// Most rows of each; of a larger trace these are the oldest.
    pub rows_max: usize,
    /// Most bytes of rows, by about what they take in memory: the answer ends before the trace that would exceed them. Of a trace that does
    /// so alone it has the oldest rows, one in any case.
    pub bytes_max: usize,
}

/// The rows of one of several traces.
#[derive(Clone, Debug, Default)]
pub struct TraceRows {
    /// The rows, oldest first.
    pub rows: Vec<RawRow>,
    /// How many there are in all.
    pub row_count: usize,
}

/// Which columns of which rows.
#[derive(Clone, Debug)]
pub struct ScanRequest {
    /// Datasets to look in.
    pub scope: DatasetScope,
    /// Times of the rows.
    pub range: TimeRange,
    /// Rows must have a value in this column; those with the same come in the same part.
    pub key: String,
    /// Columns to read.
    pub columns: Vec<&'static str>,
    /// Of so many parts, into which rows are dealt by their key, only this one, counted from 0.
    pub part: (u64, u64),
}

/// Takes the rows of a scan: time, key, and per column of the request its value. Returns false to end it.
pub type ScanVisitor<'a> = dyn FnMut(i64, &str, &[Option<ValueRef<'_>>]) -> bool + Send + 'a;
