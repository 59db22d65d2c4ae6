//! Who sends events, and what the store did with them: the steps that all ingest protocols share.

use crate::caller;
use crate::listen::http::Peer;
use crate::metrics::Protocol;
use crate::state::ApiState;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use waggle_access::{Caller, Error as AccessError, Permission};
use waggle_metastore::{KeyId, Taken};
use waggle_model::{
    AppendError, AppendOutcome, EventBatch, PENDING_DATASET, Reject, RejectReason, Tenant,
};
use waggle_wire::Reply;
use waggle_wire::xray::is_pending_name;

/// Who sends.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    pub(crate) tenant: Tenant,
    may_create_datasets: bool,
    /// The key, if one was shown.
    key: Option<KeyId>,
    /// True where the events of the key are limited.
    is_limited: bool,
    is_server: bool,
}

impl Sender {
    /// The server itself, which writes what it has taken in before.
    pub(crate) fn of_server(tenant: Tenant) -> Self {
        Self {
            tenant,
            may_create_datasets: true,
            key: None,
            is_limited: false,
            is_server: true,
        }
    }

    pub(crate) fn is_server(&self) -> bool {
        self.is_server
    }

    /// The same, when what it sends has been held against its limit already.
    pub(crate) fn unlimited(self) -> Self {
        Self {
            is_limited: false,
            ..self
        }
    }
}

/// Why nobody sends. Each protocol has its own words and codes for these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SenderError {
    /// No key.
    MissingKey,
    /// A key nobody knows.
    UnknownKey,
    /// A key that may not send events.
    Forbidden,
    /// A key that has sent more events than it may for now.
    RateLimited,
    /// Keys can't be looked up now.
    Unavailable,
}

/// Why nothing was taken of what was decoded.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// The key has sent more events than it may for now.
    RateLimited,
    /// The store took none.
    Store(AppendError),
}

/// Finds out who sends: the key's environment, or the default one for this machine with `--dev`. Whose key it is is known in `whose` also
/// when it may not send, so that the refusal can be shown there.
pub(crate) async fn sender(
    state: &ApiState,
    peer: Option<Peer>,
    headers: &HeaderMap,
    whose: &mut Option<Tenant>,
) -> Result<Sender, SenderError> {
    sender_of(state, caller::key_of(headers), peer, headers, whose).await
}

/// As [`sender`], of a key that a protocol carries its own way.
pub(crate) async fn sender_of(
    state: &ApiState,
    key: Option<&str>,
    peer: Option<Peer>,
    headers: &HeaderMap,
    whose: &mut Option<Tenant>,
) -> Result<Sender, SenderError> {
    let caller = match key {
        Some(key) => state.access.caller(key).await,
        None if caller::is_local(state, peer, headers) => state.access.dev_caller().await,
        None => return Err(SenderError::MissingKey),
    }
    .map_err(|error| match error {
        AccessError::UnknownKey => SenderError::UnknownKey,
        error => {
            tracing::error!(%error, "key not checked");
            SenderError::Unavailable
        }
    })?;
    *whose = Some(caller.tenant);
    sender_by(state, &caller)
}

/// As [`sender`], of a caller who is known.
pub(crate) fn sender_by(state: &ApiState, caller: &Caller) -> Result<Sender, SenderError> {
    if !caller.may(Permission::SendEvents) {
        return Err(SenderError::Forbidden);
    }
    let key = caller.key_id().cloned();
    let is_limited = key.is_some() && state.rates.limits_senders();
    let now_ns = state.clock.now_ns();
    if let Some(key) = key.as_ref().filter(|_| is_limited)
        && !state.rates.may_send(key, now_ns)
    {
        return Err(SenderError::RateLimited);
    }
    Ok(Sender {
        tenant: caller.tenant,
        may_create_datasets: caller.may(Permission::CreateDatasets),
        key,
        is_limited,
        is_server: false,
    })
}

/// Of metrics: how many data points each row of each batch is made of. Batches and rows that hold none may be left out.
pub(crate) type Points = [Vec<usize>];

/// Appends what was decoded and returns when it is durable: only then may the client hear of success. Rows for the dataset that the server
/// alone writes are refused.
pub(crate) async fn append(
    state: &ApiState,
    sender: Sender,
    protocol: Protocol,
    mut batches: Vec<EventBatch>,
    points: &Points,
) -> Result<AppendOutcome, NotTaken> {
    let tenant = sender.tenant;
    let mut rejects = Vec::new();
    for (number, batch) in batches.iter_mut().enumerate() {
        if is_pending_name(&batch.dataset) {
            rejects.extend((0..batch.len()).map(|row| Reject {
                batch: number,
                row,
                reason: RejectReason::UnknownDataset,
            }));
            // An empty one keeps the numbers of the others.
            *batch = EventBatch::new(PENDING_DATASET);
        }
    }
    let mut outcome = append_internal(state, sender, protocol, batches, points, &[]).await?;
    for reject in &rejects {
        state.event_rejected(tenant, protocol, reject.reason);
    }
    outcome.rejects.extend(rejects);
    outcome
        .rejects
        .sort_by_key(|reject| (reject.batch, reject.row));
    Ok(outcome)
}

/// As [`append`], of what the server writes, which may wait in the dataset that it alone writes. When one of the rows in `must` (by batch
/// and row) is refused, nothing is stored.
pub(crate) async fn append_internal(
    state: &ApiState,
    sender: Sender,
    protocol: Protocol,
    batches: Vec<EventBatch>,
    points: &Points,
    must: &[(usize, usize)],
) -> Result<AppendOutcome, NotTaken> {
    if batches.iter().all(EventBatch::is_empty) {
        return Ok(AppendOutcome {
            datasets: vec![None; batches.len()],
            ..AppendOutcome::default()
        });
    }
    if let Some(key) = sender.key.as_ref().filter(|_| sender.is_limited) {
        let event_count = batches.iter().map(EventBatch::len).sum();
        let now_ns = state.clock.now_ns();
        if !state.rates.try_send(key, event_count, now_ns) {
            return Err(NotTaken::RateLimited);
        }
    }
    let points = points.iter().map(Vec::as_slice);
    let points = points.chain(std::iter::repeat([].as_slice()));
    let sent: Vec<Sent<'_>> = batches.iter().zip(points).map(Sent::new).collect();
    let appended = state
        .sink
        .append_together(sender.tenant, batches, sender.may_create_datasets, must)
        .await;
    let refused = |reason| state.request_rejected(Some(sender.tenant), protocol, reason);
    match &appended {
        // Put together anew without what was refused.
        Ok(outcome) if outcome.refuses_any(must) => {}
        Ok(outcome) => {
            state
                .metrics
                .events_accepted(protocol, outcome.accepted_count);
            count_usage(state, &sender, &sent, outcome);
            for reject in &outcome.rejects {
                state.event_rejected(sender.tenant, protocol, reject.reason);
            }
        }
        Err(AppendError::Busy) => refused("busy"),
        Err(AppendError::Full) => refused("disk_full"),
        Err(AppendError::Unavailable(cause)) => {
            tracing::error!(cause, "events not stored");
            refused("unavailable");
        }
    }
    appended.map_err(NotTaken::Store)
}

/// What is counted of a batch, which the store takes away.
struct Sent<'a> {
    rows: usize,
    bytes: u64,
    points: &'a [usize],
    is_internal: bool,
}

impl<'a> Sent<'a> {
    fn new((batch, points): (&EventBatch, &'a [usize])) -> Self {
        Self {
            rows: batch.len(),
            bytes: batch.bytes(),
            points,
            is_internal: batch.dataset == PENDING_DATASET,
        }
    }

    /// How much of it was taken in when these rows were refused, in ascending order.
    fn taken(&self, refused: &[usize]) -> Taken {
        let rows = self.rows as u64;
        let events = rows.saturating_sub(refused.len() as u64);
        // Rows are taken to be of one size: those that the store refuses are few.
        let bytes = match refused {
            [] => self.bytes,
            _ => self.bytes / rows.max(1) * events,
        };
        let points = self.points.iter().enumerate();
        let points = points.filter(|(row, _)| refused.binary_search(row).is_err());
        let (mut metric_events, mut data_points) = (0, 0);
        for (_, count) in points {
            metric_events += 1;
            data_points += *count as u64;
        }
        Taken {
            events,
            bytes,
            metric_events,
            data_points,
        }
    }
}

fn count_usage(state: &ApiState, sender: &Sender, sent: &[Sent<'_>], outcome: &AppendOutcome) {
    let now_ns = state.clock.now_ns();
    let mut refused: Vec<Vec<usize>> = vec![Vec::new(); sent.len()];
    for reject in &outcome.rejects {
        if let Some(rows) = refused.get_mut(reject.batch) {
            rows.push(reject.row);
        }
    }
    for ((sent, dataset), mut refused) in sent.iter().zip(&outcome.datasets).zip(refused) {
        let Some(dataset) = dataset.filter(|_| !sent.is_internal) else {
            continue;
        };
        refused.sort_unstable();
        let (tenant, key) = (sender.tenant, sender.key.clone());
        let taken = sent.taken(&refused);
        state.usage.count(tenant, dataset, key, now_ns, taken);
    }
}

/// Turns a reply of the wire into an HTTP answer; one that asks to try again says when.
pub(crate) fn into_response(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, reply.body).into_response();
    let headers = response.headers_mut();
    headers.remove(axum::http::header::CONTENT_TYPE);
    if let Some(content_type) = reply.content_type {
        headers.insert(
            axum::http::header::CONTENT_TYPE,
            axum::http::HeaderValue::from_static(content_type),
        );
    }
    if matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    ) {
        headers.insert(
            axum::http::header::RETRY_AFTER,
            axum::http::HeaderValue::from_static("1"),
        );
    }
    response
}
