//! Loads all spans through OTLP/HTTP, making them as it goes: for scenarios that are about something else.

use crate::send::{Protocol, Sender};
use crate::server::{Server, own_cpu};
use crate::spans::{BLOCK_ROWS, Spans, otlp};
use anyhow::ensure;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What loading cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Loaded {
    pub(crate) events: u64,
    pub(crate) requests: u64,
    pub(crate) retries: u64,
    pub(crate) body_bytes: u64,
    pub(crate) elapsed_s: f64,
    pub(crate) events_per_s: f64,
    /// CPU of the server per million events.
    pub(crate) server_cpu_s_per_million: f64,
    /// CPU of this program, which sends the data on the same cores, and makes it where the scenario says so.
    pub(crate) client_cpu_s_per_million: f64,
    pub(crate) ack_p50_ms: f64,
    pub(crate) ack_p99_ms: f64,
    pub(crate) ack_max_ms: f64,
}

const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// What one connection did.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) events: u64,
    pub(crate) retries: u64,
    pub(crate) body_bytes: u64,
    pub(crate) acks: Vec<Duration>,
}

/// Loads everything. Blocks are handed out in order, so the data arrives nearly sorted by time.
///
/// # Errors
/// When the server refuses events or goes away.
pub(crate) async fn load(
    server: &Server,
    spans: &Arc<Spans>,
    connections: usize,
    spans_per_request: usize,
    progress: impl Fn(u64),
) -> anyhow::Result<Loaded> {
    let next = Arc::new(AtomicU64::new(0));
    let clock = LoadClock::start(server)?;
    let mut tasks = JoinSet::new();
    for _ in 0..connections.max(1) {
        let sender = Sender::of_spans(server, Protocol::OtlpHttp)?;
        let (spans, next) = (Arc::clone(spans), Arc::clone(&next));
        tasks.spawn(connection(sender, spans, next, spans_per_request));
    }
    let mut whole = Part::default();
    let mut tick = tokio::time::interval(PROGRESS_EVERY);
    tick.tick().await;
    loop {
        tokio::select! {
            _ = tick.tick() => progress(next.load(Ordering::Relaxed) * BLOCK_ROWS as u64),
            part = tasks.join_next() => match part {
                Some(part) => whole.add(part??),
                None => break,
            },
        }
    }
    clock.stop(server, whole)
}

/// What was spent before sending began.
#[derive(Debug)]
pub(crate) struct LoadClock {
    began: Instant,
    server_cpu_s: f64,
    own_cpu_s: f64,
}

impl LoadClock {
    /// Starts measuring.
    ///
    /// # Errors
    /// When the server is gone.
    pub(crate) fn start(server: &Server) -> anyhow::Result<Self> {
        Ok(Self {
            began: Instant::now(),
            server_cpu_s: server.cpu()?.0,
            own_cpu_s: own_cpu()?.0,
        })
    }

    /// Adds up.
    ///
    /// # Errors
    /// When the server is gone, or nothing was sent.
    pub(crate) fn stop(self, server: &Server, mut whole: Part) -> anyhow::Result<Loaded> {
        let elapsed_s = self.began.elapsed().as_secs_f64();
        ensure!(whole.events > 0, "nothing to load");
        let per_million = 1e6 / whole.events as f64;
        whole.acks.sort_unstable();
        Ok(Loaded {
            events: whole.events,
            requests: whole.acks.len() as u64,
            retries: whole.retries,
            body_bytes: whole.body_bytes,
            elapsed_s,
            events_per_s: whole.events as f64 / elapsed_s,
            server_cpu_s_per_million: (server.cpu()?.0 - self.server_cpu_s) * per_million,
            client_cpu_s_per_million: (own_cpu()?.0 - self.own_cpu_s) * per_million,
            ack_p50_ms: rank_ms(&whole.acks, 0.5),
            ack_p99_ms: rank_ms(&whole.acks, 0.99),
            ack_max_ms: rank_ms(&whole.acks, 1.0),
        })
    }
}

impl Part {
    /// Adds what another connection did.
    pub(crate) fn add(&mut self, other: Self) {
        self.events += other.events;
        self.retries += other.retries;
        self.body_bytes += other.body_bytes;
        self.acks.extend(other.acks);
    }

    /// Delivers one request and notes what it took.
    ///
    /// # Errors
    /// As [`Sender::deliver`].
    pub(crate) async fn deliver(
        &mut self,
        sender: &mut Sender,
        body: &Bytes,
        events: usize,
    ) -> anyhow::Result<()> {
        let began = Instant::now();
        self.retries += sender.deliver(body, events).await?;
        self.acks.push(began.elapsed());
        self.events += events as u64;
        self.body_bytes += body.len() as u64;
        Ok(())
    }
}

async fn connection(
    mut sender: Sender,
    spans: Arc<Spans>,
    next: Arc<AtomicU64>,
    spans_per_request: usize,
) -> anyhow::Result<Part> {
    let mut part = Part::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= spans.block_count() {
            return Ok(part);
        }
        let block = spans.block(number);
        for (events, body) in otlp::requests(&block, &spans, spans_per_request) {
            part.deliver(&mut sender, &Bytes::from(body), events)
                .await?;
        }
    }
}

/// The value of a rank in a sorted list, in milliseconds.
pub(crate) fn rank_ms(sorted: &[Duration], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    let value = sorted.get(rank.saturating_sub(1)).copied();
    value.unwrap_or_default().as_secs_f64() * 1e3
}
