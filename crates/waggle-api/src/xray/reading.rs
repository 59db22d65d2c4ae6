//! Traces for the operations that read them: rows from the engine, the documents that wait included, put together.

use super::call::Call;
use super::error::Refusal;
use crate::listen::body;
use crate::problem::Problem;
use crate::state::ApiState;
use std::sync::Arc;
use waggle_model::{DatasetId, PENDING_DATASET, RawRow, Tenant, TraceRows, TracesRequest, Value};
use waggle_wire::xray::TraceId;
use waggle_xray::{Parts, Row, StoredFields, Trace, rows_to_parts};

/// Most traces that are read at once; fewer when they have many rows.
const TRACES_AT_ONCE: usize = 25;
/// Rows of a trace that nearly always tell whether it has a segment or a span.
const FIRST_ROWS: usize = 8;

/// Reads traces of one environment.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) state: ApiState,
    pub(super) tenant: Tenant,
    /// Where documents wait, if any ever did.
    pub(super) pending: Vec<DatasetId>,
    /// Most rows that are read of a trace.
    rows_max: usize,
}

/// The rows of a trace.
pub(super) struct Loaded {
    pub(super) id: TraceId,
    rows: Vec<RawRow>,
    /// Whether there are more rows than may be read, or documents were refused because there were too many.
    pub(super) is_cut: bool,
    /// See [`rows_to_parts`].
    annotation_keys: Arc<[String]>,
}

impl Reader {
    pub(super) async fn new(call: &Call) -> Result<Self, Problem> {
        Self::of(call.state.clone(), call.caller.tenant).await
    }

    pub(super) async fn of(state: ApiState, tenant: Tenant) -> Result<Self, Problem> {
        let pending = state
            .metastore
            .find_dataset(tenant, PENDING_DATASET)
            .await?;
        Ok(Self {
            pending: pending.into_iter().map(|dataset| dataset.id).collect(),
            rows_max: state.config.xray_limits.trace_rows_max,
            state,
            tenant,
        })
    }

    /// Tells of each of some traces whether it has a segment or a span: by its first rows, and where those are of something else, as log
    /// records are, by all that are read of a trace.
    pub(super) async fn has_entities(&self, ids: &[TraceId]) -> Result<Vec<bool>, Problem> {
        let add = |found: &mut Vec<(bool, bool)>, loaded: &Loaded| {
            let has_entities = loaded.ask(|trace, _| !trace.entities.is_empty());
            found.push((has_entities, loaded.is_cut));
        };
        let first = Self {
            rows_max: FIRST_ROWS,
            ..self.clone()
        };
        let mut found = first.fold(ids, Vec::new(), add).await?;
        let unsure = |(has_entities, is_cut): (bool, bool)| !has_entities && is_cut;
        let of_unsure = found.iter().zip(ids).filter(|(found, _)| unsure(**found));
        let of_unsure: Vec<TraceId> = of_unsure.map(|(_, id)| *id).collect();
        let told = self.fold(&of_unsure, Vec::new(), add).await?;
        let places = found.iter_mut().filter(|found| unsure(**found));
        for (place, told) in places.zip(told) {
            *place = told;
        }
        Ok(found
            .into_iter()
            .map(|(has_entities, _)| has_entities)
            .collect())
    }

    /// Shows traces to `add` in the order of their ids, those without any row too. Only some of them are held at once.
    pub(super) async fn fold<B: Send + 'static>(
        &self,
        ids: &[TraceId],
        mut built: B,
        add: impl Fn(&mut B, &Loaded) + Clone + Send + 'static,
    ) -> Result<B, Problem> {
        let mut left = ids;
        while let Some(first) = left.chunks(TRACES_AT_ONCE).next() {
            let loaded = self.load(first).await?;
            // The engine never returns none.
            left = left.get(loaded.len().max(1)..).unwrap_or_default();
            let add = add.clone();
            built = away(move || {
                for loaded in &loaded {
                    add(&mut built, loaded);
                }
                built
            })
            .await;
        }
        Ok(built)
    }

    /// Reads as many traces as may be held at once, one at least.
    async fn load(&self, ids: &[TraceId]) -> Result<Vec<Loaded>, Problem> {
        let limits = &self.state.config.xray_limits;
        let request = TracesRequest {
            trace_ids: ids.iter().map(|id| id.to_column()).collect(),
            also: self.pending.clone(),
            rows_max: self.rows_max,
            bytes_max: limits.read_bytes_max,
        };
        let traces = self.state.engine.traces(self.tenant, &request).await?;
        let traces = ids.iter().zip(traces);
        let loaded = traces.map(|(id, TraceRows { rows, row_count })| Loaded {
            id: *id,
            is_cut: row_count > rows.len() || rows.iter().any(is_refusal),
            rows,
            annotation_keys: Arc::clone(&limits.annotation_keys),
        });
        Ok(loaded.collect())
    }
}

/// The note that documents of a trace were refused because it has too many.
fn is_refusal(row: &RawRow) -> bool {
    let mut fields = row.fields.iter();
    fields.any(|(name, value)| name == "xray.limit_exceeded" && *value == Value::Bool(true))
}

impl Loaded {
    /// Puts the trace together and asks about it, and about the rows it is made of.
    pub(super) fn ask<T>(&self, ask: impl FnOnce(&Trace, &[Row<'_>]) -> T) -> T {
        let fields: Vec<StoredFields<'_>> = self
            .rows
            .iter()
            .map(|row| StoredFields(&row.fields))
            .collect();
        let rows = self.rows.iter().zip(&fields);
        let rows: Vec<Row<'_>> = rows
            .map(|(row, fields)| Row {
                timestamp_ns: row.timestamp_ns,
                fields,
            })
            .collect();
        let parts: Parts = rows_to_parts(&rows, &self.annotation_keys);
        ask(&Trace::new(self.id, parts), &rows)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Works on traces away from the threads that answer requests.
pub(super) async fn away<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    body::run(true, work).await
}

/// The ids of traces that a request names, in either form.
///
/// # Errors
/// One of them is none.
pub(super) fn trace_ids(texts: &[&str]) -> Result<Vec<TraceId>, Refusal> {
    let mut ids: Vec<TraceId> = Vec::with_capacity(texts.len());
    for text in texts {
        let id = TraceId::parse(text)
            .ok_or_else(|| Refusal::invalid(format!("{text:?} is no id of a trace")))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}
