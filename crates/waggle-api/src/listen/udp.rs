//! The daemon's UDP port: datagrams into a queue, and from it into storage. Source: spec/xray.md sections 1.1 to 1.4.
//!
//! Nobody is answered and nobody sends again, so what can't be stored at once waits here, the oldest going when there is no more room.

mod receive;

pub use receive::receive_buffer_bytes;

use crate::ingest::admit::{Sender, sender_by};
use crate::ingest::otlp::{Exporter, Message};
use crate::ingest::segment::accept;
use crate::metrics::{Protocol, XrayOutcome};
use crate::state::ApiState;
use crate::xray::sender::Unsigned;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use waggle_wire::ContentEncoding;
use waggle_wire::otlp::{Encoding, Signal};
use waggle_wire::xray::{Datagram, Source, read_datagram};

/// Appends that run at once: while one waits for the disk, the next is put together.
const WORKERS: usize = 4;
/// Most datagrams of one append.
const BATCH_DATAGRAMS_MAX: usize = 200;
/// Pauses between tries to store what the store is too busy for; then it is dropped.
const PAUSES_MS: [u64; 6] = [50, 200, 500, 1_000, 2_000, 5_000];
/// About the memory that a datagram which waits takes besides its bytes.
const DATAGRAM_BYTES: usize = 64;

/// Takes in datagrams of whoever has the door's key until `shutdown` is ready, and then stores what it has.
pub(crate) async fn serve(
    socket: UdpSocket,
    state: ApiState,
    door: Unsigned,
    shutdown: impl Future<Output = ()> + Send,
) {
    let queue = Arc::new(Queue::new(state.config.xray_queue_bytes_max));
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        workers.spawn(store_all(Arc::clone(&queue), state.clone(), door.clone()));
    }
    receive::receive(socket, &queue, &state.metrics, shutdown).await;
    queue.close();
    let ended = async { while workers.join_next().await.is_some() {} };
    if tokio::time::timeout(state.config.shutdown_grace, ended)
        .await
        .is_err()
    {
        tracing::warn!("datagrams were not stored in time");
    }
}

/// Stores what is in the queue until it is closed and empty.
async fn store_all(queue: Arc<Queue>, state: ApiState, door: Unsigned) {
    while let Some(datagrams) = queue.pop().await {
        let mut documents = Vec::with_capacity(datagrams.len());
        for datagram in &datagrams {
            match read_datagram(datagram) {
                None => {}
                Some(Ok(Datagram::Documents(parts))) => {
                    documents.extend(parts.into_iter().map(<[u8]>::to_vec));
                }
                Some(Ok(Datagram::Traces(body))) => {
                    store_otlp(&state, &door, Signal::Traces, body).await;
                }
                Some(Ok(Datagram::Metrics(body))) => {
                    store_otlp(&state, &door, Signal::Metrics, body).await;
                }
                Some(Ok(Datagram::Unsampled)) => {
                    state.metrics.xray_documents(XrayOutcome::Unsampled, 1);
                }
                Some(Err(error)) => {
                    tracing::warn!(%error, "datagram dropped");
                    state.metrics.xray_documents(XrayOutcome::Rejected, 1);
                }
            }
        }
        drop(datagrams);
        if !documents.is_empty() {
            store_documents(&state, &door, documents).await;
        }
    }
}

async fn store_documents(state: &ApiState, door: &Unsigned, documents: Vec<Vec<u8>>) {
    let count = documents.len();
    for pause_ms in PAUSES_MS {
        let error = match sender(state, door).await {
            // Refused documents are counted and logged where they are refused.
            Ok(sender) => match accept(state, sender, documents.clone(), Source::Udp).await {
                Ok(_) => return,
                Err(error) => format!("{error:?}"),
            },
            Err(error) => error,
        };
        tracing::debug!(error, count, "documents not stored yet");
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
    tracing::warn!(count, "documents dropped: none was taken for seconds");
    state.metrics.xray_documents(XrayOutcome::Rejected, count);
}

async fn sender(state: &ApiState, door: &Unsigned) -> Result<Sender, String> {
    let caller = door.caller(&state.access).await;
    let caller = caller.map_err(|error| error.to_string())?;
    sender_by(state, &caller).map_err(|error| format!("{error:?}"))
}

async fn store_otlp(state: &ApiState, door: &Unsigned, signal: Signal, body: Vec<u8>) {
    let sender = match sender(state, door).await {
        Ok(sender) => sender,
        Err(error) => {
            tracing::warn!(error, "spans dropped: the key may not send events now");
            state.metrics.xray_documents(XrayOutcome::Rejected, 1);
            return;
        }
    };
    let message = Message {
        body: body.into(),
        compression: ContentEncoding::Identity,
        encoding: Encoding::Protobuf,
    };
    let stored = Exporter::by(sender)
        .store(state, signal, Protocol::Xray, message)
        .await;
    match stored {
        Ok(_) => state.metrics.xray_documents(XrayOutcome::Accepted, 1),
        Err(error) => {
            tracing::warn!(%error, "OTLP of a datagram dropped");
            state.metrics.xray_documents(XrayOutcome::Rejected, 1);
        }
    }
}

fn bytes_of(datagram: &[u8]) -> usize {
    datagram.len() + DATAGRAM_BYTES
}

/// Datagrams that wait, bounded in bytes.
struct Queue {
    state: Mutex<Waiting>,
    grown: Notify,
    bytes_max: usize,
}

#[derive(Default)]
struct Waiting {
    datagrams: VecDeque<Box<[u8]>>,
    bytes: usize,
    is_closed: bool,
}

impl Queue {
    fn new(bytes_max: usize) -> Self {
        Self {
            state: Mutex::default(),
            grown: Notify::new(),
            bytes_max,
        }
    }

    /// Adds a datagram and returns how many of the oldest had to go for it.
    fn push(&self, datagram: &[u8]) -> usize {
        let mut waiting = self.state.lock();
        waiting.bytes += bytes_of(datagram);
        waiting.datagrams.push_back(datagram.into());
        let mut dropped_count = 0;
        while waiting.bytes > self.bytes_max
            && let Some(oldest) = waiting.datagrams.pop_front()
        {
            waiting.bytes = waiting.bytes.saturating_sub(bytes_of(&oldest));
            dropped_count += 1;
        }
        drop(waiting);
        self.grown.notify_one();
        dropped_count
    }

    /// Takes the oldest datagrams, waiting for one; `None` when the queue is closed and empty.
    async fn pop(&self) -> Option<Vec<Box<[u8]>>> {
        loop {
            let grown = self.grown.notified();
            {
                let mut waiting = self.state.lock();
                let count = waiting.datagrams.len().min(BATCH_DATAGRAMS_MAX);
                let taken: Vec<_> = waiting.datagrams.drain(..count).collect();
                let bytes: usize = taken.iter().map(|datagram| bytes_of(datagram)).sum();
                waiting.bytes = waiting.bytes.saturating_sub(bytes);
                if !waiting.datagrams.is_empty() || waiting.is_closed {
                    // Another worker may be waiting for what is left, or for the end.
                    self.grown.notify_one();
                }
                if !taken.is_empty() {
                    return Some(taken);
                }
                if waiting.is_closed {
                    return None;
                }
            }
            grown.await;
        }
    }

    fn close(&self) {
        self.state.lock().is_closed = true;
        self.grown.notify_one();
    }
}

#[cfg(test)]
mod tests;
