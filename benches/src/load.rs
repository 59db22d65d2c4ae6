//! Sends all data through the OTLP door over a few connections; every request counts only when the server has acknowledged it.

use crate::server::{Server, own_cpu};
use crate::spans::{SERVICES, Spans};
use anyhow::{bail, ensure};
use bytes::Bytes;
use reqwest::{Client, StatusCode, header};
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What loading cost.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Loaded {
    pub(crate) events: u64,
    pub(crate) requests: u64,
    pub(crate) retries: u64,
    pub(crate) body_bytes: u64,
    pub(crate) elapsed_s: f64,
    pub(crate) events_per_s: f64,
    pub(crate) mb_per_s: f64,
    /// CPU of the server per million events.
    pub(crate) server_cpu_s_per_million: f64,
    /// CPU of this program, which makes and sends the data on the same cores.
    pub(crate) client_cpu_s_per_million: f64,
    pub(crate) ack_p50_ms: f64,
    pub(crate) ack_p99_ms: f64,
    pub(crate) ack_max_ms: f64,
    pub(crate) events_by_service: Vec<u64>,
}

const TRIES_MAX: u32 = 1_000;
const RETRY_AFTER_DEFAULT: Duration = Duration::from_millis(100);
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Part {
    events_by_service: [u64; SERVICES.len()],
    requests: u64,
    retries: u64,
    body_bytes: u64,
    acks: Vec<Duration>,
}

/// Loads everything. Blocks are handed out in order, so the data arrives nearly sorted by time.
pub(crate) async fn load(
    server: &Server,
    spans: &Arc<Spans>,
    connections: usize,
    spans_per_request: usize,
    progress: impl Fn(u64),
) -> anyhow::Result<Loaded> {
    let next = Arc::new(AtomicU64::new(0));
    let client = Client::builder().timeout(Duration::from_secs(60)).build()?;
    let url = format!("{}/v1/traces", server.endpoint);
    let (server_before, own_before) = (server.cpu()?, own_cpu()?);
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..connections.max(1) {
        let (client, url) = (client.clone(), url.clone());
        let (spans, next) = (Arc::clone(spans), Arc::clone(&next));
        tasks.spawn(
            async move { connection(&client, &url, &spans, &next, spans_per_request).await },
        );
    }
    let mut whole = Part::default();
    let mut tick = tokio::time::interval(PROGRESS_EVERY);
    tick.tick().await;
    loop {
        tokio::select! {
            _ = tick.tick() => progress(next.load(Ordering::Relaxed)),
            part = tasks.join_next() => match part {
                Some(part) => whole.add(part??),
                None => break,
            },
        }
    }
    let elapsed_s = began.elapsed().as_secs_f64();
    let events: u64 = whole.events_by_service.iter().sum();
    ensure!(events > 0, "nothing to load");
    let per_million = 1e6 / events as f64;
    whole.acks.sort_unstable();
    Ok(Loaded {
        events,
        requests: whole.requests,
        retries: whole.retries,
        body_bytes: whole.body_bytes,
        elapsed_s,
        events_per_s: events as f64 / elapsed_s,
        mb_per_s: whole.body_bytes as f64 / 1e6 / elapsed_s,
        server_cpu_s_per_million: (server.cpu()?.0 - server_before.0) * per_million,
        client_cpu_s_per_million: (own_cpu()?.0 - own_before.0) * per_million,
        ack_p50_ms: rank_ms(&whole.acks, 0.5),
        ack_p99_ms: rank_ms(&whole.acks, 0.99),
        ack_max_ms: rank_ms(&whole.acks, 1.0),
        events_by_service: whole.events_by_service.to_vec(),
    })
}

impl Part {
    fn add(&mut self, other: Self) {
        for (sum, count) in self
            .events_by_service
            .iter_mut()
            .zip(other.events_by_service)
        {
            *sum += count;
        }
        self.requests += other.requests;
        self.retries += other.retries;
        self.body_bytes += other.body_bytes;
        self.acks.extend(other.acks);
    }
}

async fn connection(
    client: &Client,
    url: &str,
    spans: &Spans,
    next: &AtomicU64,
    spans_per_request: usize,
) -> anyhow::Result<Part> {
    let mut part = Part::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= spans.block_count() {
            return Ok(part);
        }
        let block = spans.block(number);
        for (_, body) in block.requests(spans, spans_per_request) {
            let body = Bytes::from(body);
            let began = Instant::now();
            part.retries += post(client, url, &body).await?;
            part.acks.push(began.elapsed());
            part.requests += 1;
            part.body_bytes += body.len() as u64;
        }
        for (sum, count) in part
            .events_by_service
            .iter_mut()
            .zip(block.count_by_service())
        {
            *sum += count;
        }
    }
}

/// Sends one request until it is acknowledged; gives the number of retries.
async fn post(client: &Client, url: &str, body: &Bytes) -> anyhow::Result<u64> {
    for retries in 0..u64::from(TRIES_MAX) {
        let response = client
            .post(url)
            .header(header::CONTENT_TYPE, "application/x-protobuf")
            .body(body.clone())
            .send()
            .await?;
        let status = response.status();
        if status.is_success() {
            let answer = response.bytes().await?;
            ensure!(answer.is_empty(), "the server took a part only: {answer:?}");
            return Ok(retries);
        }
        let is_later = matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        ensure!(
            is_later,
            "{url} answered {status}: {}",
            response.text().await?
        );
        let wait = response.headers().get(header::RETRY_AFTER);
        let wait = wait.and_then(|wait| wait.to_str().ok()?.parse().ok());
        tokio::time::sleep(wait.map_or(RETRY_AFTER_DEFAULT, Duration::from_secs)).await;
    }
    bail!("{url} stayed busy through {TRIES_MAX} tries")
}

/// The value of a rank in a sorted list, in milliseconds.
pub(crate) fn rank_ms(sorted: &[Duration], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    let value = sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default();
    value.as_secs_f64() * 1e3
}
