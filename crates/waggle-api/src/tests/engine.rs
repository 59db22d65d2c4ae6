//! An engine with one answer: two groups over two buckets; it waits or fails as told and remembers what it was asked.

use async_trait::async_trait;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Semaphore;
use waggle_model::{
    BubbleBin, BubbleComparison, BubbleField, BubbleOther, BubbleUp, BubbleUpRequest, BubbleValue,
    Cell, DatasetScope, Group, Heatmap, QueryEngine, QueryError, QueryOptions, QuerySpec,
    QueryStats, RawRow, ResultTable, RowPage, RowRequest, RunningQuery, ScanRequest, ScanVisitor,
    SeriesPoint, Tenant, TimeRange, Trace, TracePage, TraceRequest, TraceRows, TraceSearch,
    TracesRequest, Value,
};

pub(super) const MINUTE_NS: i64 = 60_000_000_000;

/// One call.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) tenant: Tenant,
    pub(super) scope: DatasetScope,
    pub(super) spec: QuerySpec,
    pub(super) range: TimeRange,
    pub(super) options: QueryOptions,
}

/// Makes the answer to a query out of the usual one.
pub(super) type Answering = Box<dyn Fn(&QuerySpec, ResultTable) -> ResultTable + Send>;

pub(super) struct CannedEngine {
    pub(super) error: Mutex<Option<QueryError>>,
    pub(super) panics: AtomicBool,
    pub(super) asked: Mutex<Vec<Asked>>,
    pub(super) rows_asked: Mutex<Vec<RowRequest>>,
    pub(super) traces_asked: Mutex<Vec<TraceRequest>>,
    pub(super) many_traces_asked: Mutex<Vec<TracesRequest>>,
    /// More traces at once take too long.
    pub(super) many_traces_max: Mutex<Option<usize>>,
    pub(super) bubbles_asked: Mutex<Vec<BubbleUpRequest>>,
    pub(super) row: Mutex<Option<RawRow>>,
    /// Puts other answers into the table.
    pub(super) table: Mutex<Option<Answering>>,
    /// A query, of rows too, takes one permit and gives it back; without permits it waits.
    pub(super) gate: Semaphore,
}

impl Default for CannedEngine {
    fn default() -> Self {
        Self {
            error: Mutex::default(),
            panics: AtomicBool::new(false),
            asked: Mutex::default(),
            rows_asked: Mutex::default(),
            traces_asked: Mutex::default(),
            many_traces_asked: Mutex::default(),
            many_traces_max: Mutex::default(),
            bubbles_asked: Mutex::default(),
            row: Mutex::default(),
            table: Mutex::default(),
            gate: Semaphore::new(1),
        }
    }
}

impl CannedEngine {
    fn outcome(&self) -> Result<(), QueryError> {
        assert!(!self.panics.load(Ordering::Relaxed), "on purpose");
        self.error.lock().clone().map_or(Ok(()), Err)
    }

    pub(super) fn last(&self) -> Asked {
        self.asked.lock().last().cloned().unwrap()
    }
}

#[async_trait]
impl QueryEngine for CannedEngine {
    fn validate(&self, spec: &QuerySpec) -> Result<(), QueryError> {
        match spec.calculations.iter().position(|c| c.op == "MEDIAN") {
            Some(index) => Err(QueryError::Invalid {
                field: format!("calculations[{index}].op"),
                message: "unknown calculation MEDIAN".into(),
            }),
            None => Ok(()),
        }
    }

    async fn query(
        &self,
        tenant: Tenant,
        scope: DatasetScope,
        spec: &QuerySpec,
        range: TimeRange,
        options: QueryOptions,
    ) -> Result<ResultTable, QueryError> {
        self.asked.lock().push(Asked {
            tenant,
            scope,
            spec: spec.clone(),
            range,
            options,
        });
        let _permit = self.gate.acquire().await.unwrap();
        self.outcome()?;
        let table = table(spec, range);
        Ok(match &*self.table.lock() {
            Some(answering) => answering(spec, table),
            None => table,
        })
    }

    async fn rows(
        &self,
        _tenant: Tenant,
        _scope: DatasetScope,
        request: &RowRequest,
    ) -> Result<RowPage, QueryError> {
        self.rows_asked.lock().push(request.clone());
        let _permit = self.gate.acquire().await.unwrap();
        self.outcome()?;
        Ok(RowPage {
            rows: self.row.lock().iter().cloned().collect(),
            next: Some("further".into()),
            stats: QueryStats::default(),
        })
    }

    async fn bubble_up(
        &self,
        _tenant: Tenant,
        _scope: DatasetScope,
        request: &BubbleUpRequest,
    ) -> Result<BubbleUp, QueryError> {
        self.bubbles_asked.lock().push(request.clone());
        self.outcome()?;
        Ok(bubble())
    }

    async fn trace(&self, _tenant: Tenant, request: &TraceRequest) -> Result<Trace, QueryError> {
        self.traces_asked.lock().push(request.clone());
        self.outcome()?;
        let rows: Vec<RawRow> = self.row.lock().iter().cloned().collect();
        Ok(Trace {
            row_count: rows.len(),
            rows,
            left_out: Vec::new(),
            stats: QueryStats::default(),
        })
    }

    async fn find_traces(
        &self,
        _tenant: Tenant,
        _search: &TraceSearch,
    ) -> Result<TracePage, QueryError> {
        self.outcome()?;
        let row = self.row.lock();
        let ids = row.iter().flat_map(|row| &row.fields);
        let ids = ids.filter(|(name, _)| name == "trace.trace_id");
        Ok(TracePage {
            trace_ids: ids.map(|(_, id)| id.to_string()).collect(),
            ..TracePage::default()
        })
    }

    async fn traces(
        &self,
        _tenant: Tenant,
        request: &TracesRequest,
    ) -> Result<Vec<TraceRows>, QueryError> {
        self.many_traces_asked.lock().push(request.clone());
        self.outcome()?;
        if (*self.many_traces_max.lock()).is_some_and(|max| max < request.trace_ids.len()) {
            return Err(QueryError::Deadline(1));
        }
        let rows: Vec<RawRow> = self.row.lock().iter().cloned().collect();
        let traces = request.trace_ids.iter().map(|_| TraceRows {
            row_count: rows.len(),
            rows: rows.clone(),
        });
        Ok(traces.collect())
    }

    async fn scan(
        &self,
        _tenant: Tenant,
        _request: &ScanRequest,
        _visit: Box<ScanVisitor<'static>>,
    ) -> Result<QueryStats, QueryError> {
        self.outcome()?;
        Ok(QueryStats::default())
    }

    fn running(&self, _tenant: Tenant) -> Vec<RunningQuery> {
        vec![RunningQuery {
            id: 7,
            kind: "query",
            rows_read: 65_536,
            elapsed_ns: 1_500_000,
        }]
    }
}

/// One field of each kind.
fn bubble() -> BubbleUp {
    let field = |column: &str, score, comparison| BubbleField {
        column: column.to_owned(),
        score,
        selection_count: 3,
        baseline_count: 5,
        comparison,
    };
    let value = |value, selection_count, baseline_count| BubbleValue {
        value,
        selection_count,
        baseline_count,
    };
    let dimension = BubbleComparison::Dimension {
        values: vec![
            value(Some(Value::String("a".into())), 2, 1),
            value(Some(Value::Int(500)), 1, 1),
            value(None, 0, 7),
        ],
        other: Some(BubbleOther {
            value_count: 2,
            selection_count: 0,
            baseline_count: 3,
        }),
    };
    let measure = BubbleComparison::Measure {
        bins: vec![BubbleBin {
            low: 1.0,
            high: 1.5,
            selection_count: 3,
            baseline_count: 5,
        }],
    };
    BubbleUp {
        selection_count: 3,
        baseline_count: 12,
        fields: vec![
            field("name", 0.5, dimension),
            field("duration_ms", 0.25, measure),
            field("trace.span_id", 0.0, BubbleComparison::Unique),
            field("user", 0.0, BubbleComparison::TooManyValues),
        ],
        columns_left_out: 1,
        stats: QueryStats::default(),
    }
}

/// Groups `a` and "no value" of every breakdown; each calculation counts 3 and 1, HEATMAP has a map of its own.
fn table(spec: &QuerySpec, range: TimeRange) -> ResultTable {
    let mut calculations: Vec<String> = spec.calculations.iter().map(|c| c.label()).collect();
    if calculations.is_empty() {
        calculations.push("COUNT".into());
    }
    let is_heatmap: Vec<bool> = calculations
        .iter()
        .map(|label| label.starts_with("HEATMAP"))
        .collect();
    let cells = |count: i64| -> Vec<Cell> {
        is_heatmap
            .iter()
            .map(|is_heatmap| match is_heatmap {
                true => Cell::Null,
                false => Cell::Int(count),
            })
            .collect()
    };
    let point = |bucket: i64, count| SeriesPoint {
        time_ns: range.start_ns + bucket * MINUTE_NS,
        values: cells(count),
    };
    let group = |value: Option<Value>, count| Group {
        key: vec![value; spec.breakdowns.len()],
        values: cells(count),
    };
    ResultTable {
        breakdowns: spec.breakdowns.clone(),
        groups: vec![group(Some(Value::String("a".into())), 3), group(None, 1)],
        group_count: 7,
        series: vec![vec![point(0, 2), point(1, 1)], vec![point(1, 1)]],
        total: cells(9),
        total_series: vec![point(0, 5), point(1, 4)],
        other: Some(cells(5)),
        heatmaps: is_heatmap
            .iter()
            .map(|is_heatmap| {
                is_heatmap.then(|| Heatmap {
                    min_value: 0.0,
                    max_value: 4.0,
                    step_size: 2.0,
                    times_ns: vec![range.start_ns],
                    counts: vec![vec![1, 4]],
                })
            })
            .collect(),
        calculations,
        granularity_ns: MINUTE_NS,
        range,
        stats: QueryStats {
            rows_read: 9,
            rows_matched: 9,
            bytes_read: 1_000,
            blocks_read: 1,
            elapsed_ns: 1_500_000,
            sample_rate_applied: false,
            approximate: Vec::new(),
        },
    }
}
