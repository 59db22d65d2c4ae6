//! What keeps documents from waiting for ever: those of an earlier process are found again, and whoever waited for long enough gets its
//! events as it is.

use super::super::admit::Sender;
use super::recent::{Flight, Key};
use super::{fly, learn};
use crate::state::ApiState;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use waggle_model::{
    DatasetScope, EventBatch, FilterCombination, FilterOp, FilterSpec, FilterValue,
    PENDING_DATASET, RowRequest, ScanRequest, ScanVisitor, Tenant, TimeRange, Value, ValueRef,
};
use waggle_wire::xray::{Document, EntityId, Source, TraceId, map_settled_through};

/// How often waiting documents are looked at.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often it is written down how far nothing waits any more, in intervals.
const NOTE_INTERVALS: u32 = 60;
/// Queries for traces that may fail in one turn.
const FAILURES_MAX: usize = 16;
/// Documents that get their events by one append.
const SETTLED_AT_ONCE: usize = 500;

/// Gives documents that waited for too long their events, for ever.
pub(crate) async fn settle_overdue(state: ApiState) {
    let mut interval = tokio::time::interval(INTERVAL);
    let mut turn = 0_u32;
    loop {
        let is_tick = tokio::select! {
            _ = interval.tick() => true,
            () = state.segments.pressed.notified() => false,
        };
        settle_once(&state).await;
        turn = turn.wrapping_add(u32::from(is_tick));
        if is_tick && turn.is_multiple_of(NOTE_INTERVALS) {
            note_settled(&state).await;
        }
    }
}

/// One turn of [`settle_overdue`].
pub(super) async fn settle_once(state: &ApiState) {
    let now_ns = state.clock.now_ns();
    let (mut overdue, orphaned) = {
        let recent = state.segments.recent.lock();
        let overdue = recent.overdue(now_ns);
        let orphaned = recent.orphaned(&overdue);
        (overdue, orphaned)
    };
    // The segment may be one that the table has forgotten, or a span of OpenTelemetry.
    let mut orphaned_of: BTreeMap<Tenant, Vec<TraceId>> = BTreeMap::new();
    for (tenant, id) in orphaned {
        orphaned_of.entry(tenant).or_default().push(id);
    }
    let mut put_off: HashSet<Key> = HashSet::new();
    let mut kept = Vec::with_capacity(orphaned_of.len());
    for (tenant, ids) in orphaned_of {
        let learned = learn(state, tenant, ids, FAILURES_MAX).await;
        let mut recent = state.segments.recent.lock();
        let unanswered = learned.unanswered.iter().map(|id| (tenant, *id));
        put_off.extend(unanswered.filter(|key| recent.put_off(*key)));
        kept.push(learned);
    }
    overdue.retain(|(key, _)| !put_off.contains(key));
    let mut tenants: BTreeMap<Tenant, Vec<_>> = BTreeMap::new();
    for (key, id) in overdue {
        tenants.entry(key.0).or_default().push((key, id));
    }
    for (tenant, documents) in tenants {
        for documents in documents.chunks(SETTLED_AT_ONCE) {
            let mut flight = give_up(state, documents);
            if let Err(error) = fly(state, Sender::of_server(tenant), &mut flight).await {
                tracing::warn!(?error, "documents that waited can't be written yet");
                break;
            }
        }
    }
    for learned in kept {
        state.segments.release(&learned, now_ns);
    }
    let waiting_count = state.segments.recent.lock().waiting_count();
    state.metrics.xray_waiting(waiting_count);
}

fn give_up(state: &ApiState, documents: &[(Key, EntityId)]) -> Flight {
    let mut recent = state.segments.recent.lock();
    let mut flight = recent.begin();
    recent.give_up(&mut flight, documents);
    flight
}

/// Writes down, for each tenant that has documents waiting, that all before a time are settled.
async fn note_settled(state: &ApiState) {
    let through_ns = {
        let recent = state.segments.recent.lock();
        recent.settled_through_ns(state.clock.now_ns())
    };
    let ready: Vec<_> = state.segments.ready.lock().iter().copied().collect();
    for (tenant, dataset) in ready {
        if dataset != PENDING_DATASET {
            continue;
        }
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
        let ready = (dataset.tenant, PENDING_DATASET);
        state.segments.ready.lock().insert(ready);
    }
    Ok(count)
}

/// Two readings: first it is found out which documents wait, without their texts, and then those texts alone are read.
async fn restore_tenant(
    state: &ApiState,
    tenant: Tenant,
    scope: &DatasetScope,
) -> Result<usize, String> {
    let notes = newest_note(state, tenant, scope).await?;
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let kept = Arc::clone(&ledger);
    let visit = Box::new(move |_, trace_id: &str, values: &[Option<ValueRef<'_>>]| {
        if let Some(row) = NotedRow::of(trace_id, values)
            && notes.is_none_or(|through_ns| through_ns <= row.received_ns)
        {
            kept.lock().note(&row);
        }
        true
    });
    scan(state, tenant, scope, NOTED.to_vec(), visit).await?;
    let waiting = Mutex::new(ledger.lock().take_waiting());
    let waiting_count = waiting.lock().len();
    if waiting_count == 0 {
        return Ok(0);
    }
    let restoring = state.clone();
    let visit = Box::new(move |_, trace_id: &str, values: &[Option<ValueRef<'_>>]| {
        let mut waiting = waiting.lock();
        if let Some(row) = NotedRow::of(trace_id, values)
            && waiting.get(&row.entity) == Some(&row.received_ns)
            && !row.is_settled
        {
            waiting.remove(&row.entity);
            let text = row.document.unwrap_or_default();
            match Document::parse(text.as_bytes()) {
                Ok(document) => {
                    let facts = (row.received_ns, row.source);
                    let mut recent = restoring.segments.recent.lock();
                    recent.restore(tenant, &document, facts);
                }
                Err(error) => tracing::error!(%error, "a document that waited can't be read back"),
            }
        }
        !waiting.is_empty()
    });
    scan(state, tenant, scope, WITH_TEXT.to_vec(), visit).await?;
    Ok(waiting_count)
}

/// Up to when a note says that nothing waits any more.
async fn newest_note(
    state: &ApiState,
    tenant: Tenant,
    scope: &DatasetScope,
) -> Result<Option<i64>, String> {
    let request = RowRequest {
        by_definition: false,
        granularity_ns: None,
        range: TimeRange::ALL,
        filters: vec![FilterSpec {
            column: THROUGH.to_owned(),
            op: FilterOp::Exists,
            value: FilterValue::None,
        }],
        filter_combination: FilterCombination::And,
        calculated_fields: Vec::new(),
        limit: 1,
        before: None,
        usage_mode: false,
    };
    let page = state.engine.rows(tenant, scope.clone(), &request).await;
    let rows = page.map_err(|error| error.to_string())?.rows;
    let mut fields = rows.iter().flat_map(|row| &row.fields);
    Ok(fields.find_map(|(name, value)| match value {
        Value::Int(through_ns) if name == THROUGH => Some(*through_ns),
        _ => None,
    }))
}

async fn scan(
    state: &ApiState,
    tenant: Tenant,
    scope: &DatasetScope,
    columns: Vec<&'static str>,
    visit: Box<ScanVisitor<'static>>,
) -> Result<(), String> {
    let request = ScanRequest {
        scope: scope.clone(),
        range: TimeRange::ALL,
        key: "trace.trace_id".to_owned(),
        columns,
        part: (0, 1),
    };
    let scanned = state.engine.scan(tenant, &request, visit).await;
    scanned.map(drop).map_err(|error| error.to_string())
}

const THROUGH: &str = "xray.settled_through_ns";
/// What is read of all rows. The source is on those that have a document, and on no others.
const NOTED: [&str; 4] = [
    "trace.span_id",
    "xray.received_ns",
    "xray.settled",
    "xray.source",
];
const WITH_TEXT: [&str; 5] = [
    "trace.span_id",
    "xray.received_ns",
    "xray.settled",
    "xray.source",
    "xray.document",
];

/// A trace's entity, as it is known on the disk.
type OnDisk = (TraceId, EntityId);

/// A row of the dataset in which documents wait.
struct NotedRow<'r> {
    entity: OnDisk,
    received_ns: i64,
    is_settled: bool,
    /// It is a document, and no note about one.
    has_document: bool,
    source: Source,
    /// Where it was asked for.
    document: Option<&'r str>,
}

impl<'r> NotedRow<'r> {
    /// Reads the columns of [`NOTED`] or [`WITH_TEXT`]; `None` for a row that says nothing of an entity.
    fn of(trace_id: &str, values: &'r [Option<ValueRef<'r>>]) -> Option<Self> {
        let text = |index: usize| match values.get(index) {
            Some(Some(ValueRef::String(text))) => Some(*text),
            _ => None,
        };
        let Some(Some(ValueRef::Int(received_ns))) = values.get(1) else {
            return None;
        };
        let source = text(3);
        Some(Self {
            entity: (TraceId::parse(trace_id)?, EntityId::parse(text(0)?)?),
            received_ns: *received_ns,
            is_settled: matches!(values.get(2), Some(Some(_))),
            has_document: source.is_some(),
            source: match source {
                Some("udp") => Source::Udp,
                _ => Source::Api,
            },
            document: text(4),
        })
    }
}

/// By entity: when the last document came that waits, and when the last note that nothing does.
#[derive(Default)]
struct Ledger(HashMap<OnDisk, (Option<i64>, Option<i64>)>);

impl Ledger {
    fn note(&mut self, row: &NotedRow<'_>) {
        // Only kept: it neither waits, nor says that another waits no more.
        if row.is_settled && row.has_document {
            return;
        }
        let (waits_ns, settled_ns) = self.0.entry(row.entity).or_default();
        let last_ns = match row.is_settled {
            true => settled_ns,
            false => waits_ns,
        };
        *last_ns = (*last_ns).max(Some(row.received_ns));
    }

    /// The documents that wait: by entity, when they came.
    fn take_waiting(&mut self) -> HashMap<OnDisk, i64> {
        let entities = std::mem::take(&mut self.0).into_iter();
        let waiting = entities.filter_map(|(entity, (waits_ns, settled_ns))| {
            let waits_ns = waits_ns.filter(|waits_ns| settled_ns < Some(*waits_ns));
            Some((entity, waits_ns?))
        });
        waiting.collect()
    }
}

#[cfg(test)]
mod tests;
