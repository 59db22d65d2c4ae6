//! Documents of X-Ray on their way in: each is new or known, and becomes events now or waits; the answer goes out when either is durable.
//! Source: spec/xray.md sections 2.7, 3.7 and 8.
//!
//! A document whose events can't be written yet is appended, whole, to the internal dataset [`PENDING_DATASET`]; when they can be, the
//! same append writes them and the note that it waits no more. So a crash at any point leaves every document either waiting or written,
//! and [`restore`] finds those that wait.
//!
//! A document that waited was acknowledged: when the store refuses its events, it either gets them in another dataset or goes on waiting.

mod chore;
mod recent;
mod told;
mod write;

pub(crate) use chore::{restore, settle_overdue};

use super::admit::{NotTaken, Sender, append_internal};
use crate::metrics::{Protocol, XrayOutcome};
use crate::state::ApiState;
use parking_lot::Mutex;
use recent::{Flight, Key, Landed, Offered, Part, Place, Recent, RecentLimits, StoredEntity};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use tokio::sync::{Notify, watch};
use told::{Saying, Told};
use waggle_model::{
    AppendError, DatasetScope, EventBatch, FilterCombination, PENDING_DATASET, RejectReason,
    RowRequest, Tenant, TimeRange, TracesRequest, Value,
};
use waggle_wire::xray::{
    DATASET_UNKNOWN, Document, EntityId, RejectCode, Rejected, Source, TraceId,
};
use write::Written;

/// How often a flight is put together anew without the documents that the store refuses: to their own dataset, elsewhere, and not at all.
const ROUNDS: usize = 4;
/// Traces that the store is asked for by one query.
const LEARNED_AT_ONCE: usize = 500;
/// Pause before the store is asked again for the newest event of a tenant after it had no answer.
const NEWEST_PAUSE_NS: i64 = 10_000_000_000;
/// Queries for traces that may fail while somebody waits for the answer: each asks for half as many as the one before.
const FAILURES_MAX: usize = 4;

/// What the doors share of documents that came lately.
pub(crate) struct Segments {
    recent: Mutex<Recent>,
    /// Datasets that the server has made for documents.
    ready: Mutex<HashSet<(Tenant, &'static str)>>,
    /// Who asks the store for the newest event of a tenant: the others wait for the answer.
    asking: Mutex<HashMap<Tenant, Turn>>,
    /// So much waits that the oldest have to go.
    pressed: Notify,
    /// Refused documents that the log named.
    told: Told,
}

/// Held by whoever asks; from when on it may be asked again.
type Turn = Arc<tokio::sync::Mutex<i64>>;

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
            asking: Mutex::default(),
            pressed: Notify::new(),
            told: Told::default(),
        }
    }

    /// The documents of a tenant that wait and begin in a range, each with its trace.
    pub(crate) fn waiting(&self, tenant: Tenant, range: TimeRange) -> Vec<(TraceId, Arc<str>)> {
        let mut found = Vec::new();
        let mut at = None;
        loop {
            // So many at once, for whoever sends has to wait meanwhile.
            at = self.recent.lock().waiting(tenant, range, at, &mut found);
            if at.is_none() {
                return found;
            }
        }
    }

    /// Lets the table forget traces again.
    fn release(&self, learned: &Learned, now_ns: i64) {
        let mut recent = self.recent.lock();
        for key in &learned.keys {
            recent.unpin(key);
        }
        recent.forget_oldest(now_ns);
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
    if broken_count > 0 {
        tracing::warn!(broken_count, "broken embedded subsegments left out");
    }
    tell_refused(state, &rejected);
    drop(documents);
    let tenant = sender.tenant;
    let learned = learn_unsure(state, tenant, &parsed).await;
    let offers = offer(state, tenant, &parsed, source);
    drop(parsed);
    state.segments.release(&learned, state.clock.now_ns());
    let mut offers = offers?;
    let refused = fly(state, sender, &mut offers.flight).await?;
    for (document, mut landed) in offers.others {
        // The other call holds what counts: it is durable when it says so, and lost when it ends without a word.
        let landed = landed.wait_for(Option::is_some).await;
        let has_stored = |landed: &Landed| landed.has_stored(&document);
        if !landed.is_ok_and(|landed| landed.as_ref().is_some_and(has_stored)) {
            return Err(NotTaken::Store(AppendError::Busy));
        }
    }
    let full: Vec<Rejected> = offers.full.into_iter().map(invalid).collect();
    tell_refused(state, &full);
    rejected.extend(full);
    rejected.extend(refused.into_iter().map(invalid));
    let metrics = &state.metrics;
    metrics.xray_documents(XrayOutcome::Rejected, rejected.len());
    metrics.xray_documents(XrayOutcome::Accepted, offers.taken_count);
    metrics.xray_documents(XrayOutcome::Replaced, offers.replaced_count);
    metrics.xray_documents(XrayOutcome::Repeated, offers.same_count);
    Ok(rejected)
}

fn tell_refused(state: &ApiState, rejected: &[Rejected]) {
    for rejected in rejected {
        tell(
            state,
            &rejected.id.as_deref().unwrap_or("unknown"),
            &rejected.code,
        );
    }
}

/// Writes a refused document into the log, as far as somebody reads it.
fn tell(state: &ApiState, id: &dyn fmt::Display, reason: &dyn fmt::Debug) {
    match state.segments.told.one_more(state.clock.now_ns()) {
        Saying::Name => tracing::warn!(%id, ?reason, "document of X-Ray refused"),
        Saying::More => {
            tracing::warn!("more documents of X-Ray refused than a minute's log names");
        }
        Saying::Nothing => {}
    }
}

/// Stores a flight and brings the table up to date with it. Returns those documents that came with it and were refused.
///
/// # Errors
/// Nothing was stored, and the table is as it was.
async fn fly(
    state: &ApiState,
    sender: Sender,
    flight: &mut Flight,
) -> Result<Vec<EntityId>, NotTaken> {
    let (team, is_server) = (sender.tenant.team, sender.is_server());
    let stored = store(state, sender, flight).await;
    let now_ns = state.clock.now_ns();
    let mut recent = state.segments.recent.lock();
    match stored {
        Ok(refused) => {
            // Who sends to a trace must not put off the server's own turn, which has other means.
            let since_ns = is_server.then_some(now_ns);
            let came = recent.take_back(flight, &refused, since_ns);
            let stuck_count = refused.len().saturating_sub(came.len());
            state
                .metrics
                .xray_documents(XrayOutcome::Stuck, stuck_count);
            recent.commit(flight, now_ns);
            if recent.is_pressed(team) {
                state.segments.pressed.notify_one();
            }
            Ok(came)
        }
        Err(error) => {
            recent.roll_back(flight, now_ns);
            Err(error)
        }
    }
}

/// An entity, and a call that has not ended and holds a document of it.
type Other = ((Key, EntityId), watch::Receiver<Option<Landed>>);

/// What became of the documents of a call.
struct Offers {
    flight: Flight,
    taken_count: usize,
    /// Of these: complete ones, after another complete one of their entity.
    replaced_count: usize,
    same_count: usize,
    /// Refused because their trace is over its limit.
    full: Vec<EntityId>,
    /// Calls that hold the same documents, or those that count of the same entities, and have not ended.
    others: Vec<Other>,
}

fn offer(
    state: &ApiState,
    tenant: Tenant,
    documents: &[Document],
    source: Source,
) -> Result<Offers, NotTaken> {
    let mut recent = state.segments.recent.lock();
    // Under the lock: what is taken in later has a later time.
    let now_ns = state.clock.now_ns();
    let mut offers = Offers {
        flight: recent.begin(),
        taken_count: 0,
        replaced_count: 0,
        same_count: 0,
        full: Vec::new(),
        others: Vec::new(),
    };
    for (document, received_ns) in documents.iter().zip(now_ns..) {
        let id = document.entity().id();
        let key = (tenant, document.trace_id());
        match recent.offer(&mut offers.flight, tenant, document, received_ns, source) {
            Offered::Taken => offers.taken_count += 1,
            Offered::Replaced => {
                offers.taken_count += 1;
                offers.replaced_count += 1;
            }
            Offered::Kept(other) => {
                offers.taken_count += 1;
                offers.others.push(((key, id), other));
            }
            Offered::Same(other) => {
                offers.same_count += 1;
                offers.others.extend(other.map(|other| ((key, id), other)));
            }
            Offered::TraceFull => offers.full.push(id),
        }
    }
    if !recent.write_waiting(&mut offers.flight) {
        recent.roll_back(&mut offers.flight, now_ns);
        state.segments.pressed.notify_one();
        state.request_rejected(Some(tenant), Protocol::Xray, "waiting_full");
        tracing::debug!("documents that would have to wait were sent away: too many do");
        return Err(NotTaken::Store(AppendError::Busy));
    }
    Ok(offers)
}

/// Writes a flight and returns the documents whose own event the store refused.
///
/// A document that was acknowledged before, and waited, must not be lost by being refused now: where its own dataset can't have it, it
/// goes to that of documents whose service is not known, and when even that is impossible it is left out and goes on waiting. So it does
/// when only the key that sends now may not make its dataset.
async fn store(
    state: &ApiState,
    mut sender: Sender,
    flight: &mut Flight,
) -> Result<Vec<(Key, EntityId)>, NotTaken> {
    let tenant = sender.tenant;
    let mut writes = std::mem::take(&mut flight.writes);
    let mut refused = Vec::new();
    for _ in 0..ROUNDS {
        let written;
        (written, writes) = write(state, writes, flight.full.clone()).await;
        for dataset in [PENDING_DATASET, DATASET_UNKNOWN] {
            if written.has(dataset) {
                make_ready(state, tenant, dataset).await?;
            }
        }
        let Written {
            batches,
            rows,
            must,
            refused: unwritable,
        } = written;
        let outcome =
            append_internal(state, sender.clone(), Protocol::Xray, batches, &[], &must).await?;
        // Its key has paid: the rounds that follow are the same documents.
        sender = sender.unlimited();
        let is_stored = !outcome.refuses_any(&must);
        let mut left_out: HashSet<usize> = match is_stored {
            true => unwritable.into_iter().collect(),
            false => HashSet::new(),
        };
        let mut incomplete: BTreeSet<usize> = BTreeSet::new();
        for reject in outcome.rejects {
            let row = (reject.batch, reject.row);
            let Some(number) = rows.get(&row) else {
                let own = rows.range(..row).next_back();
                let own = own.filter(|((batch, _), _)| *batch == reject.batch);
                incomplete.extend(own.map(|(_, number)| *number));
                continue;
            };
            let Some((part, place)) = writes.get_mut(*number) else {
                continue;
            };
            let (id, reason) = (part.id, reject.reason);
            match place {
                _ if is_stored => {
                    tell(state, &id, &reason);
                    left_out.insert(*number);
                }
                Place::Events {
                    settles: true,
                    is_elsewhere,
                    ..
                } if *is_elsewhere || !sender.is_server() && is_about_datasets(reason) => {
                    tracing::warn!(%id, ?reason, "a document that waited can't be written yet");
                    left_out.insert(*number);
                }
                Place::Events {
                    settles: true,
                    is_elsewhere,
                    ..
                } => {
                    tracing::warn!(%id, ?reason, dataset = DATASET_UNKNOWN, "a document that waited goes elsewhere");
                    state.metrics.xray_documents(XrayOutcome::Misplaced, 1);
                    *is_elsewhere = true;
                }
                // Should it be refused again, it is when the others are stored.
                _ => {}
            }
        }
        if is_stored {
            // Of what is refused as a whole, nothing is to be found.
            incomplete.retain(|number| !left_out.contains(number));
            let parts = incomplete.iter().filter_map(|number| writes.get(*number));
            let parts: Vec<&Part> = parts.map(|(part, _)| part).collect();
            note_left_out(state, &sender, &parts).await;
        }
        let mut number = 0..;
        for (part, _) in
            writes.extract_if(.., |_| number.next().is_some_and(|n| left_out.contains(&n)))
        {
            refused.push((part.key, part.id));
        }
        if is_stored {
            return Ok(refused);
        }
    }
    tracing::warn!("what can be stored changes faster than documents can be written");
    Err(NotTaken::Store(AppendError::Busy))
}

/// Writes down that the store refused rows of documents that it has otherwise.
async fn note_left_out(state: &ApiState, sender: &Sender, parts: &[&Part]) {
    if parts.is_empty() {
        return;
    }
    let mut batch = EventBatch::new(PENDING_DATASET);
    for part in parts {
        write::note_left_out(part, &state.config.event_limits, &mut batch);
    }
    let noted = match make_ready(state, sender.tenant, PENDING_DATASET).await {
        Ok(()) => {
            append_internal(state, sender.clone(), Protocol::Xray, vec![batch], &[], &[]).await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = noted {
        // The documents are stored, and sending them again would change nothing.
        tracing::warn!(
            ?error,
            count = parts.len(),
            "filters may miss traces: not written down that rows of documents were refused"
        );
    }
}

/// True when another sender, or the server, might have the events stored where they belong.
fn is_about_datasets(reason: RejectReason) -> bool {
    matches!(
        reason,
        RejectReason::UnknownDataset | RejectReason::TooManyDatasets
    )
}

/// Makes the rows of a flight; gives its documents back.
async fn write(
    state: &ApiState,
    writes: Vec<(Part, Place)>,
    full: Vec<Key>,
) -> (Written, Vec<(Part, Place)>) {
    let limits = state.config.event_limits.clone();
    let now_ns = state.clock.now_ns();
    let bytes: usize = writes.iter().map(|(part, _)| part.text.len()).sum();
    let is_large = bytes >= state.config.offload_bytes_min;
    crate::listen::body::run(is_large, move || {
        (Written::new(&writes, &full, now_ns, &limits), writes)
    })
    .await
}

/// Makes a dataset in which the server puts documents, which is not for the key that sends to allow.
async fn make_ready(
    state: &ApiState,
    tenant: Tenant,
    dataset: &'static str,
) -> Result<(), NotTaken> {
    if state.segments.ready.lock().contains(&(tenant, dataset)) {
        return Ok(());
    }
    let now_ns = state.clock.now_ns();
    // Nor for the limit on datasets: what was acknowledged must have a place.
    let made = state
        .metastore
        .ensure_dataset(tenant, dataset, usize::MAX, now_ns)
        .await;
    if let Err(error) = made {
        let reason = format!("the dataset {dataset} can't be made: {error}");
        return Err(NotTaken::Store(AppendError::Unavailable(reason)));
    }
    state.segments.ready.lock().insert((tenant, dataset));
    Ok(())
}

/// Asks the store about traces that began before the table did, or that it has forgotten.
async fn learn_unsure(state: &ApiState, tenant: Tenant, documents: &[Document]) -> Learned {
    if state.segments.recent.lock().is_newest_unknown(tenant) {
        learn_newest(state, tenant).await;
    }
    let (unsure, pinned) = unsure(state, tenant, documents);
    let unsure = unsure.into_iter().collect();
    let mut learned = learn(state, tenant, unsure, FAILURES_MAX).await;
    learned.keys.extend(pinned);
    learned
}

/// Asks the store, once for every tenant, up to when it has anything: what begins long after can't be known to it.
async fn learn_newest(state: &ApiState, tenant: Tenant) {
    let segments = &state.segments;
    let turn = Arc::clone(segments.asking.lock().entry(tenant).or_default());
    let mut not_before_ns = turn.lock().await;
    let is_unknown = segments.recent.lock().is_newest_unknown(tenant);
    if !is_unknown || state.clock.now_ns() < *not_before_ns {
        return;
    }
    let request = RowRequest {
        by_definition: false,
        granularity_ns: None,
        range: TimeRange::ALL,
        filters: Vec::new(),
        filter_combination: FilterCombination::And,
        calculated_fields: Vec::new(),
        limit: 1,
        before: None,
        usage_mode: false,
    };
    match state.engine.rows(tenant, DatasetScope::All, &request).await {
        Ok(page) => {
            let newest_ns = page.rows.first().map(|row| row.timestamp_ns);
            segments.recent.lock().learn_newest(tenant, newest_ns);
            segments.asking.lock().remove(&tenant);
        }
        Err(error) => {
            tracing::warn!(%error, "the newest event was not looked up");
            *not_before_ns = state.clock.now_ns().saturating_add(NEWEST_PAUSE_NS);
        }
    }
}

/// The traces of documents of which the store may know more than the table, and those in the table, which keeps them until they are
/// released: what is said of them is said of what is in it now.
fn unsure(
    state: &ApiState,
    tenant: Tenant,
    documents: &[Document],
) -> (BTreeSet<TraceId>, Vec<Key>) {
    let mut recent = state.segments.recent.lock();
    let now_ns = state.clock.now_ns();
    let unsure = documents
        .iter()
        .filter(|document| recent.is_unsure(tenant, document, now_ns));
    let unsure = unsure.map(Document::trace_id).collect();
    let ids: BTreeSet<TraceId> = documents.iter().map(Document::trace_id).collect();
    let mut keys: Vec<Key> = ids.into_iter().map(|id| (tenant, id)).collect();
    keys.retain(|key| recent.pin_known(key));
    (unsure, keys)
}

/// Traces that the table keeps until they are released.
#[derive(Default)]
struct Learned {
    keys: Vec<Key>,
    /// Those that the store did not answer for: they stay unsure. A document of them that came before may get its events twice, which is
    /// better than to lose one that did not.
    unanswered: Vec<TraceId>,
}

/// Takes into the table what the store has of some traces, which are asked for together.
///
/// A query that fails is asked again for half as many traces, so that one that can't be read, or that takes too long, leaves the others
/// known; after more than `failures_max` the rest is left.
async fn learn(
    state: &ApiState,
    tenant: Tenant,
    ids: Vec<TraceId>,
    failures_max: usize,
) -> Learned {
    let mut left = ids.as_slice();
    let mut at_once = LEARNED_AT_ONCE;
    let mut failure_count = 0_usize;
    let mut learned = Learned::default();
    while let Some(asked) = left.chunks(at_once).next() {
        let request = TracesRequest {
            trace_ids: asked.iter().map(|id| id.to_column()).collect(),
            also: Vec::new(),
            rows_max: state.config.trace_rows_max,
            bytes_max: state.config.xray_limits.read_bytes_max,
        };
        let traces = match state.engine.traces(tenant, &request).await {
            Ok(traces) => traces,
            Err(error) => {
                failure_count += 1;
                tracing::warn!(%error, count = asked.len(), "traces not looked up");
                let left_count = match (failure_count > failures_max, asked.len()) {
                    (true, _) => left.len(),
                    (false, 1) => 1,
                    (false, _) => 0,
                };
                at_once = (asked.len() / 2).max(1);
                let (given_up, others) = left.split_at(left_count);
                learned.unanswered.extend_from_slice(given_up);
                left = others;
                continue;
            }
        };
        at_once = at_once.saturating_mul(2).min(LEARNED_AT_ONCE);
        // The engine never returns none; those that were too much for one answer are asked for next.
        left = left.get(traces.len().max(1)..).unwrap_or_default();
        let mut recent = state.segments.recent.lock();
        for (id, trace) in asked.iter().zip(traces) {
            let rows = trace.rows.iter();
            let rows: Vec<_> = rows.filter_map(|row| stored(&row.fields)).collect();
            let key = (tenant, *id);
            recent.learn(key, &rows);
            recent.pin(key);
            learned.keys.push(key);
        }
        // Room for these is made of traces that nobody is about to need.
        recent.forget_oldest(state.clock.now_ns());
    }
    let mut recent = state.segments.recent.lock();
    for id in &learned.unanswered {
        recent.leave_unsure((tenant, *id));
    }
    learned
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
        received_ns: match get("xray.received_ns") {
            Some((_, Value::Int(received_ns))) => *received_ns,
            _ => i64::MIN,
        },
    })
}

fn invalid(id: EntityId) -> Rejected {
    Rejected {
        code: RejectCode::InvalidSegment,
        id: Some(id.to_string()),
    }
}
