//! What keeps documents from waiting for ever: those of an earlier process are found again, and whoever waited for long enough gets its
//! events as it is.

use super::super::admit::Sender;
use super::recent::{Flight, Key};
use super::{land, learn, store};
use crate::state::ApiState;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use waggle_model::{
    DatasetScope, EventBatch, FilterCombination, FilterOp, FilterSpec, FilterValue,
    PENDING_DATASET, RowRequest, Tenant, TimeRange, Value,
};
use waggle_wire::xray::{Document, EntityId, Source, map_settled_through};

/// How often waiting documents are looked at.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often it is written down how far nothing waits any more, in intervals.
const NOTE_INTERVALS: u32 = 60;
/// Rows of one page when waiting documents are read back.
const PAGE_ROWS: usize = 1_000;

/// Gives documents that waited for too long their events, for ever.
pub(crate) async fn settle_overdue(state: ApiState) {
    let mut interval = tokio::time::interval(INTERVAL);
    let mut turn = 0_u32;
    loop {
        interval.tick().await;
        settle_once(&state).await;
        turn = turn.wrapping_add(1);
        if turn.is_multiple_of(NOTE_INTERVALS) {
            note_settled(&state).await;
        }
    }
}

/// One turn of [`settle_overdue`].
pub(super) async fn settle_once(state: &ApiState) {
    let now_ns = state.clock.now_ns();
    let overdue = state.segments.recent.lock().overdue(now_ns);
    let mut tenants: BTreeMap<Tenant, Vec<_>> = BTreeMap::new();
    for (key, id) in overdue {
        let is_orphan = state.segments.recent.lock().is_orphan(&key, id);
        if is_orphan {
            // Its segment may be one that the table has forgotten, or a span of OpenTelemetry.
            learn(state, key).await;
        }
        tenants.entry(key.0).or_default().push((key, id));
    }
    for (tenant, documents) in tenants {
        let mut flight = give_up(state, &documents);
        match store(state, Sender::of_server(tenant), &mut flight).await {
            Ok(refused) => land(state, &flight, &refused),
            Err(error) => {
                tracing::warn!(?error, "documents that waited can't be written yet");
                state.segments.recent.lock().roll_back(&mut flight);
            }
        }
    }
    let waiting_count = state.segments.recent.lock().waiting_count();
    state.metrics.xray_waiting(waiting_count);
}

fn give_up(state: &ApiState, documents: &[(Key, EntityId)]) -> Flight {
    let mut recent = state.segments.recent.lock();
    let mut flight = recent.begin();
    for (key, id) in documents {
        recent.give_up(&mut flight, *key, *id);
    }
    flight
}

/// Writes down, for each tenant that has documents waiting, that all before a time are settled.
async fn note_settled(state: &ApiState) {
    let through_ns = {
        let mut recent = state.segments.recent.lock();
        recent.settled_through_ns(state.clock.now_ns())
    };
    let tenants: Vec<Tenant> = state.segments.ready.lock().iter().copied().collect();
    for tenant in tenants {
        let mut batch = EventBatch::new(PENDING_DATASET);
        let limits = &state.config.event_limits;
        if map_settled_through(through_ns, state.clock.now_ns(), limits, &mut batch).is_err() {
            continue;
        }
        if let Err(error) = state.sink.append(tenant, vec![batch], true).await {
            tracing::debug!(%error, "not written down how far documents are settled");
        }
    }
}

/// Reads back what waited when an earlier process ended. To be called once, before serving. Returns how many documents.
///
/// # Errors
/// A text for the log: what waited could not be read.
pub(crate) async fn restore(state: &ApiState) -> Result<usize, String> {
    let datasets = state.metastore.internal_datasets().await;
    let mut count = 0;
    for dataset in datasets.map_err(|error| error.to_string())? {
        let scope = DatasetScope::One(dataset.id);
        count += restore_tenant(state, dataset.tenant, &scope).await?;
        state.segments.ready.lock().insert(dataset.tenant);
    }
    Ok(count)
}

async fn restore_tenant(
    state: &ApiState,
    tenant: Tenant,
    scope: &DatasetScope,
) -> Result<usize, String> {
    let noted = rows(state, tenant, scope, "xray.settled_through_ns", None, true).await?;
    let through_ns = noted
        .iter()
        .filter_map(|row| int(row, "xray.settled_through_ns"))
        .max();
    let rows = rows(state, tenant, scope, "xray.received_ns", through_ns, false).await?;
    let waiting = still_waiting(&rows);
    let mut recent = state.segments.recent.lock();
    for (received_ns, row) in &waiting {
        let document = text(row, "xray.document").unwrap_or_default();
        let source = match text(row, "xray.source") {
            Some("udp") => Source::Udp,
            _ => Source::Api,
        };
        match Document::parse(document.as_bytes()) {
            Ok(document) => recent.restore(tenant, &document, (*received_ns, source)),
            Err(error) => tracing::error!(%error, "a document that waited can't be read back"),
        }
    }
    Ok(waiting.len())
}

/// Of the rows of the dataset in which documents wait, those of documents that still do, with the time of receipt, oldest first.
fn still_waiting(rows: &[Row]) -> Vec<(i64, &Row)> {
    // By trace and entity: when the last note came that nothing waits, and the last document that does.
    let mut settled: HashMap<(&str, &str), i64> = HashMap::new();
    let mut waiting: HashMap<(&str, &str), (i64, &Row)> = HashMap::new();
    for row in rows {
        let (Some(trace), Some(id), Some(received_ns)) = (
            text(row, "trace.trace_id"),
            text(row, "trace.span_id"),
            int(row, "xray.received_ns"),
        ) else {
            continue;
        };
        let has = |column: &str| row.iter().any(|(name, _)| name == column);
        match (has("xray.settled"), has("xray.document")) {
            // Only kept: it neither waits, nor says that another waits no more.
            (true, true) => {}
            (true, false) => {
                let last_ns = settled.entry((trace, id)).or_insert(received_ns);
                *last_ns = received_ns.max(*last_ns);
            }
            (false, _) => {
                let last = waiting.entry((trace, id)).or_insert((received_ns, row));
                if received_ns > last.0 {
                    *last = (received_ns, row);
                }
            }
        }
    }
    waiting.retain(|key, (received_ns, _)| settled.get(key).is_none_or(|at| at < received_ns));
    let mut waiting: Vec<_> = waiting.into_values().collect();
    waiting.sort_by_key(|(received_ns, _)| *received_ns);
    waiting
}

type Row = Vec<(String, Value)>;

/// Rows that have a column, of at least a value where one is given; the newest alone or all.
async fn rows(
    state: &ApiState,
    tenant: Tenant,
    scope: &DatasetScope,
    column: &str,
    at_least: Option<i64>,
    is_newest_enough: bool,
) -> Result<Vec<Row>, String> {
    let (op, value) = match at_least {
        Some(value) => (
            FilterOp::GreaterOrEqual,
            FilterValue::One(Value::Int(value)),
        ),
        None => (FilterOp::Exists, FilterValue::None),
    };
    let mut request = RowRequest {
        range: TimeRange::ALL,
        filters: vec![FilterSpec {
            column: column.to_owned(),
            op,
            value,
        }],
        filter_combination: FilterCombination::And,
        calculated_fields: Vec::new(),
        limit: if is_newest_enough { 1 } else { PAGE_ROWS },
        before: None,
    };
    let mut rows = Vec::new();
    loop {
        let page = state.engine.rows(tenant, scope.clone(), &request).await;
        let page = page.map_err(|error| error.to_string())?;
        rows.extend(page.rows.into_iter().map(|row| row.fields));
        request.before = page.next;
        if is_newest_enough || request.before.is_none() {
            return Ok(rows);
        }
    }
}

fn text<'r>(row: &'r Row, name: &str) -> Option<&'r str> {
    row.iter().find_map(|(field, value)| match value {
        Value::String(text) if field == name => Some(text.as_str()),
        _ => None,
    })
}

fn int(row: &Row, name: &str) -> Option<i64> {
    row.iter().find_map(|(field, value)| match value {
        Value::Int(number) if field == name => Some(*number),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
