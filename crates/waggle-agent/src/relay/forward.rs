//! From the buffer to the server, as often as it takes.

use super::Shared;
use super::client::{Answer, CallError};
use super::sign::sign;
use super::spool::{Batch, Kind};
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Most documents of one call, as AWS's daemon has it.
const DOCUMENTS_MAX: usize = 50;
/// A call ends with the document that passes this, as long as it is on its way.
const CALL_BYTES_MAX: usize = 1 << 20;
/// Pauses between tries: they double up to the last.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_LAST: Duration = Duration::from_secs(30);
/// How often the relay says how it is.
const REPORT_INTERVAL: Duration = Duration::from_secs(60);
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");
const KEY: HeaderName = HeaderName::from_static("x-honeycomb-team");
/// Names the error in X-Ray's answers that say no.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
/// How often it is looked whether the buffer is empty at the end.
const EMPTY_INTERVAL: Duration = Duration::from_millis(20);

/// Sends what is in the buffer.
#[derive(Clone, Debug)]
pub(super) struct Forwarder(Arc<Shared>);

/// How a try ended.
#[derive(Debug, PartialEq)]
enum Sent {
    /// The server has it, but for so many documents that it refused.
    Taken(u64),
    /// The server will never take it.
    Refused(String),
    /// Too large for what stands before the server, which may let less of it pass.
    TooLarge(String),
    /// Not now.
    Later(String),
}

impl Forwarder {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Sends for ever.
    pub(super) async fn run(self) {
        let mut pause = PAUSE_FIRST;
        // So many go one by one: together they were refused, which one of them may be the reason of.
        let mut alone_count = 0;
        loop {
            let grown = self.0.grown.notified();
            let records_max = if alone_count > 0 { 1 } else { DOCUMENTS_MAX };
            let batch = self.0.spool.lock().peek(records_max, CALL_BYTES_MAX);
            let batch = match batch {
                Ok(Some(batch)) => batch,
                Ok(None) => {
                    grown.await;
                    continue;
                }
                Err(error) => {
                    tracing::error!(%error, "the buffer can't be read");
                    tokio::time::sleep(PAUSE_LAST).await;
                    continue;
                }
            };
            let count = batch.records.len() as u64;
            let counters = &self.0.counters;
            match self.send(&batch).await {
                Sent::Taken(rejected_count) => {
                    counters.sent.fetch_add(count, Ordering::Relaxed);
                    counters
                        .rejected
                        .fetch_add(rejected_count, Ordering::Relaxed);
                }
                Sent::Refused(reason) | Sent::TooLarge(reason) if count > 1 => {
                    tracing::warn!(reason, count, "refused together, so each is sent alone");
                    alone_count = count;
                    continue;
                }
                Sent::Refused(reason) => {
                    tracing::error!(reason, "a document dropped: the server refuses it");
                    counters.rejected.fetch_add(1, Ordering::Relaxed);
                }
                Sent::TooLarge(reason) | Sent::Later(reason) => {
                    let waiting = self.0.spool.lock().record_count();
                    tracing::warn!(reason, waiting, "the server takes no documents now");
                    counters.errors.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(pause).await;
                    pause = PAUSE_LAST.min(pause * 2);
                    continue;
                }
            }
            pause = PAUSE_FIRST;
            alone_count = alone_count.saturating_sub(count);
            if let Err(error) = self.0.spool.lock().advance(&batch) {
                tracing::error!(%error, "it can't be noted what was sent: it will be sent again");
            }
        }
    }

    /// Waits until everything was sent.
    pub(super) async fn emptied(&self) {
        while self.0.spool.lock().record_count() > 0 {
            tokio::time::sleep(EMPTY_INTERVAL).await;
        }
    }

    /// Tells the server once a minute how many documents came and went, for ever.
    pub(super) async fn report(self) {
        let mut interval = tokio::time::interval(REPORT_INTERVAL);
        interval.tick().await;
        loop {
            interval.tick().await;
            let body = self.telemetry();
            if let Err(reason) = self.post("/TelemetryRecords", body).await {
                tracing::debug!(reason, "counters not reported");
            }
        }
    }

    fn telemetry(&self) -> Json {
        let shared = &self.0;
        let take = |counter: &AtomicU64| counter.swap(0, Ordering::Relaxed);
        let counters = &shared.counters;
        let mut body = json!({"TelemetryRecords": [{
            "Timestamp": shared.clock.now_ns() / 1_000_000_000,
            "SegmentsReceivedCount": take(&counters.received),
            "SegmentsSentCount": take(&counters.sent),
            "SegmentsSpilloverCount": take(&counters.spillover),
            "SegmentsRejectedCount": take(&counters.rejected),
            // No member of AWS's: the server of this relay knows it.
            "SegmentsUnsampledCount": take(&counters.unsampled),
            "BackendConnectionErrors": {"OtherCount": take(&counters.errors)},
        }]});
        let config = &shared.config;
        for (member, value) in [
            ("Hostname", &config.hostname),
            ("EC2InstanceId", &config.instance_id),
            ("ResourceARN", &config.resource_arn),
        ] {
            if let Some(value) = value {
                body[member] = value.as_str().into();
            }
        }
        body
    }

    async fn send(&self, batch: &Batch) -> Sent {
        let sent = match batch.kind {
            Kind::Document => {
                let texts = batch
                    .records
                    .iter()
                    .map(|bytes| String::from_utf8_lossy(bytes));
                let documents: Vec<_> = texts.collect();
                self.call(
                    "/TraceSegments",
                    json!({ "TraceSegmentDocuments": documents }),
                )
                .await
            }
            Kind::Traces => self.export("/v1/traces", batch).await,
            Kind::Metrics => self.export("/v1/metrics", batch).await,
        };
        match sent {
            Ok(answer) => outcome(batch.kind, &answer),
            Err(error) => Sent::Later(error.to_string()),
        }
    }

    async fn post(&self, path: &str, body: Json) -> Result<(), String> {
        let answer = self.call(path, body).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let refused = || format!("the server answers {}", answer.status);
        answer.status.is_success().then_some(()).ok_or_else(refused)
    }

    async fn call(&self, path: &str, body: Json) -> Result<Answer, CallError> {
        self.0.post(path, JSON, body.to_string().into()).await
    }

    /// OTLP messages merge when one is written behind the other.
    async fn export(&self, path: &str, batch: &Batch) -> Result<Answer, CallError> {
        self.0
            .post(path, PROTOBUF, batch.records.concat().into())
            .await
    }
}

impl Shared {
    async fn post(
        &self,
        path: &str,
        content_type: HeaderValue,
        body: Bytes,
    ) -> Result<Answer, CallError> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type)]);
        self.send(Method::POST, path, headers, body).await
    }

    /// Calls the server with the key, or signed where there are credentials instead of one.
    ///
    /// # Errors
    /// [`CallError`].
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, CallError> {
        let mut request = self.client.request(method, path, body.clone())?;
        request.headers_mut().extend(headers);
        let config = &self.config;
        if let Some(key) = &config.api_key {
            let key = HeaderValue::from_str(key)
                .map_err(|error| CallError::NoAnswer(error.to_string()))?;
            request.headers_mut().insert(KEY, key);
        } else if let Some(credentials) = &config.credentials {
            let now_s = self.clock.now_ns() / 1_000_000_000;
            if let Err(error) = sign(&mut request, &body, credentials, now_s) {
                tracing::error!(%error, "request not signed");
            }
        }
        self.client.call(request).await
    }
}

fn outcome(kind: Kind, answer: &Answer) -> Sent {
    let status = answer.status;
    let body = String::from_utf8_lossy(&answer.body);
    let reason = format!("{status}: {}", body.chars().take(200).collect::<String>());
    // Whatever stands between may answer too; it has not kept anything, and has not looked at the documents either.
    if !is_the_servers(kind, answer) {
        let reason = format!("not an answer of the server: {reason}");
        return match status {
            StatusCode::PAYLOAD_TOO_LARGE => Sent::TooLarge(reason),
            _ => Sent::Later(reason),
        };
    }
    if status.is_success() {
        let refused = unprocessed(answer).unwrap_or_default();
        for document in &refused {
            let (id, code) = (&document["Id"], &document["ErrorCode"]);
            tracing::warn!(%id, %code, "the server refused a document");
        }
        return Sent::Taken(refused.len() as u64);
    }
    // A wrong key or address can be put right; a request that is wrong in itself stays so.
    match status {
        StatusCode::BAD_REQUEST
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE => Sent::Refused(reason),
        _ => Sent::Later(reason),
    }
}

/// True for an answer in the words of the protocol: X-Ray names its errors in a header, and OTLP answers as it was asked.
fn is_the_servers(kind: Kind, answer: &Answer) -> bool {
    match kind {
        Kind::Document if answer.status.is_success() => unprocessed(answer).is_some(),
        Kind::Document => answer.headers.contains_key(ERROR_TYPE),
        Kind::Traces | Kind::Metrics => answer.headers.get(CONTENT_TYPE) == Some(&PROTOBUF),
    }
}

/// The documents that an answer of X-Ray says were refused; `None` if it is no such answer.
fn unprocessed(answer: &Answer) -> Option<Vec<Json>> {
    let mut body: Json = serde_json::from_slice(&answer.body).ok()?;
    match body.get_mut("UnprocessedTraceSegments")?.take() {
        Json::Array(documents) => Some(documents),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
