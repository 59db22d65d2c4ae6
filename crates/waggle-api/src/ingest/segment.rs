//! Documents of X-Ray on their way in: each is new or known, and becomes events now or waits; the answer goes out when either is durable.
//! Source: spec/xray.md sections 2.7, 3.7 and 8.
//!
//! A document whose events can't be written yet is appended, whole, to the internal dataset [`PENDING_DATASET`]; when they can be, the
//! same append writes them and the note that it waits no more. So a crash at any point leaves every document either waiting or written,
//! and [`restore`] finds those that wait.

mod chore;
mod recent;
mod write;

pub(crate) use chore::{restore, settle_overdue};

use super::admit::{NotTaken, Sender, append_internal};
use crate::metrics::{Protocol, XrayOutcome};
use crate::state::ApiState;
use parking_lot::Mutex;
use recent::{Flight, Key, Offered, Recent, RecentLimits, StoredEntity};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::watch;
use waggle_model::{
    AppendError, PENDING_DATASET, Tenant, TimeRange, TraceChoice, TraceRequest, Value,
};
use waggle_wire::xray::{Document, EntityId, RejectCode, Rejected, Source};

/// What the doors share of documents that came lately.
pub(crate) struct Segments {
    recent: Mutex<Recent>,
    /// Tenants that have the dataset in which documents wait.
    ready: Mutex<HashSet<Tenant>>,
}

impl Segments {
    pub(crate) fn new(config: &crate::ApiConfig, now_ns: i64) -> Self {
        let limits = RecentLimits {
            entities_max: config.xray_entities_max,
            waiting_bytes_max: config.xray_pending_bytes_max,
            trace_bytes_max: config.xray_trace_bytes_max,
            waiting_age_ns: i64::try_from(config.xray_pending_age.as_nanos()).unwrap_or(i64::MAX),
        };
        Self {
            recent: Mutex::new(Recent::new(limits, now_ns)),
            ready: Mutex::default(),
        }
    }
}

/// Takes documents in and returns those that were refused, in the order given, once all others are durable.
///
/// # Errors
/// Nothing may be acknowledged; the same documents sent again are taken as if they had never come.
pub(crate) async fn accept(
    state: &ApiState,
    sender: Sender,
    documents: Vec<Vec<u8>>,
    source: Source,
) -> Result<Vec<Rejected>, NotTaken> {
    let state = state.clone();
    // A task of its own: when the client goes away in the middle, the table still learns how the append ended.
    let accepted = tokio::spawn(async move { take(&state, sender, documents, source).await });
    let stopped = |_| AppendError::Unavailable("the server is stopping".to_owned());
    accepted.await.map_err(stopped).map_err(NotTaken::Store)?
}

async fn take(
    state: &ApiState,
    sender: Sender,
    documents: Vec<Vec<u8>>,
    source: Source,
) -> Result<Vec<Rejected>, NotTaken> {
    let mut rejected = Vec::new();
    let mut parsed = Vec::with_capacity(documents.len());
    let mut broken_count = 0_usize;
    for bytes in &documents {
        match Document::parse(bytes) {
            Ok(document) => {
                broken_count = broken_count.saturating_add(document.dropped_count());
                parsed.push(document);
            }
            Err(error) => {
                let start = bytes.get(..256).unwrap_or(bytes);
                tracing::debug!(%error, start = %String::from_utf8_lossy(start), "document of X-Ray refused");
                rejected.push(error);
            }
        }
    }
    // One line each, however many there are.
    if broken_count > 0 {
        tracing::warn!(broken_count, "broken embedded subsegments left out");
    }
    if let Some(first) = rejected.first() {
        let (id, code) = (first.id.as_deref().unwrap_or("unknown"), first.code.name());
        tracing::warn!(
            count = rejected.len(),
            id,
            code,
            "documents of X-Ray refused; the first is named"
        );
    }
    drop(documents);
    let tenant = sender.tenant;
    learn_unsure(state, tenant, &parsed).await;
    let mut offers = offer(state, tenant, &parsed, source);
    drop(parsed);
    let refused = match store(state, sender, &mut offers.flight).await {
        Ok(refused) => refused,
        Err(error) => {
            state.segments.recent.lock().roll_back(&mut offers.flight);
            return Err(error);
        }
    };
    land(state, &offers.flight, &refused);
    for mut landed in offers.others {
        // The other call holds the same bytes: they are durable when it says so, and lost when it ends without a word.
        let is_stored = landed.wait_for(Option::is_some).await;
        if !is_stored.is_ok_and(|stored| *stored == Some(true)) {
            return Err(NotTaken::Store(AppendError::Busy));
        }
    }
    let refused_ids = refused.into_iter().map(|(_, id)| id);
    rejected.extend(offers.full.into_iter().chain(refused_ids).map(invalid));
    let metrics = &state.metrics;
    metrics.xray_documents(XrayOutcome::Rejected, rejected.len());
    metrics.xray_documents(XrayOutcome::Accepted, offers.taken_count);
    metrics.xray_documents(XrayOutcome::Repeated, offers.same_count);
    Ok(rejected)
}

/// A flight's events are durable, but for documents that the store refused.
fn land(state: &ApiState, flight: &Flight, refused: &[(Key, EntityId)]) {
    let mut recent = state.segments.recent.lock();
    recent.commit(flight, state.clock.now_ns());
    for (key, id) in refused {
        recent.forget_document(key, *id);
    }
}

/// What became of the documents of a call.
struct Offers {
    flight: Flight,
    taken_count: usize,
    same_count: usize,
    /// Refused because their trace is over its limit.
    full: Vec<EntityId>,
    /// Calls that hold the same documents and have not ended.
    others: Vec<watch::Receiver<Option<bool>>>,
}

fn offer(state: &ApiState, tenant: Tenant, documents: &[Document], source: Source) -> Offers {
    let mut recent = state.segments.recent.lock();
    // Under the lock: what is taken in later has a later time.
    let now_ns = state.clock.now_ns();
    let mut offers = Offers {
        flight: recent.begin(),
        taken_count: 0,
        same_count: 0,
        full: Vec::new(),
        others: Vec::new(),
    };
    for (document, received_ns) in documents.iter().zip(now_ns..) {
        match recent.offer(&mut offers.flight, tenant, document, received_ns, source) {
            Offered::Taken => offers.taken_count += 1,
            Offered::Same(other) => {
                offers.same_count += 1;
                offers.others.extend(other);
            }
            Offered::TraceFull => offers.full.push(document.entity().id()),
        }
    }
    recent.write_waiting(&mut offers.flight);
    offers
}

/// Writes a flight and returns the documents whose own event the store refused.
async fn store(
    state: &ApiState,
    sender: Sender,
    flight: &mut Flight,
) -> Result<Vec<(Key, EntityId)>, NotTaken> {
    let limits = state.config.event_limits.clone();
    let writes = std::mem::take(&mut flight.writes);
    let full = flight.full.clone();
    let now_ns = state.clock.now_ns();
    let is_large = writes
        .iter()
        .map(|(part, _)| part.text.len())
        .sum::<usize>()
        >= state.config.offload_bytes_min;
    let tenant = sender.tenant;
    let written = crate::listen::body::run(is_large, move || {
        write::Written::new(&writes, &full, now_ns, &limits)
    })
    .await;
    if written.has_pending() {
        make_ready(state, tenant).await?;
    }
    let write::Written {
        batches,
        rows,
        mut refused,
    } = written;
    let outcome = append_internal(state, sender, Protocol::Xray, batches).await?;
    for reject in outcome.rejects {
        if let Some(document) = rows.get(&(reject.batch, reject.row)) {
            tracing::warn!(id = %document.1, reason = ?reject.reason, "document of X-Ray refused");
            refused.push(*document);
        }
    }
    Ok(refused)
}

/// Makes the dataset in which documents wait, which is not for the key that sends to allow.
async fn make_ready(state: &ApiState, tenant: Tenant) -> Result<(), NotTaken> {
    if state.segments.ready.lock().contains(&tenant) {
        return Ok(());
    }
    let now_ns = state.clock.now_ns();
    let made = state
        .metastore
        .ensure_dataset(tenant, PENDING_DATASET, usize::MAX, now_ns)
        .await;
    if let Err(error) = made {
        let reason = format!("the dataset of waiting documents can't be made: {error}");
        return Err(NotTaken::Store(AppendError::Unavailable(reason)));
    }
    state.segments.ready.lock().insert(tenant);
    Ok(())
}

/// Asks the store about traces that began before the table did, or that it has forgotten.
async fn learn_unsure(state: &ApiState, tenant: Tenant, documents: &[Document]) {
    for key in unsure(state, tenant, documents) {
        learn(state, key).await;
    }
}

fn unsure(state: &ApiState, tenant: Tenant, documents: &[Document]) -> HashSet<Key> {
    let recent = state.segments.recent.lock();
    let now_ns = state.clock.now_ns();
    documents
        .iter()
        .map(|document| ((tenant, document.trace_id()), document.entity().start_ns()))
        .filter(|(key, start_ns)| recent.is_unsure(key, *start_ns, now_ns))
        .map(|(key, _)| key)
        .collect()
}

/// Takes into the table what the store has of a trace. Without an answer a document that came before may get its events twice, which is
/// better than to lose one that did not.
async fn learn(state: &ApiState, key: Key) {
    let request = TraceRequest {
        trace_id: key.1.to_column(),
        range: TimeRange::ALL,
        limit: state.config.trace_rows_max,
        choice: TraceChoice::Oldest,
    };
    let trace = match state.engine.trace(key.0, &request).await {
        Ok(trace) => trace,
        Err(error) => {
            tracing::warn!(%error, trace_id = %key.1, "trace not looked up");
            return;
        }
    };
    let rows: Vec<_> = trace
        .rows
        .iter()
        .filter_map(|row| stored(&row.fields))
        .collect();
    state.segments.recent.lock().learn(key, &rows);
}

fn stored(fields: &[(String, Value)]) -> Option<StoredEntity> {
    let get = |name: &str| {
        let found = fields.binary_search_by(|(field, _)| field.as_str().cmp(name));
        found.ok().and_then(|index| fields.get(index))
    };
    let text = |name: &str| match get(name) {
        Some((_, Value::String(text))) => Some(text.as_str()),
        _ => None,
    };
    Some(StoredEntity {
        id: EntityId::parse(text("trace.span_id")?)?,
        service: text("service.name").map(Arc::from),
        document: text("xray.document").map(Arc::from),
        is_complete: get("xray.in_progress").is_none(),
    })
}

fn invalid(id: EntityId) -> Rejected {
    Rejected {
        code: RejectCode::InvalidSegment,
        id: Some(id.to_string()),
    }
}
