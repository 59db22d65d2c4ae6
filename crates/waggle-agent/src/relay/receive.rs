//! Datagrams of applications into the buffer.

use super::Shared;
use super::spool::Kind;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use waggle_wire::xray::{DATAGRAM_BYTES_MAX, Datagram, read_datagram};

/// Pause after a failed receive.
const PAUSE: Duration = Duration::from_millis(50);

/// Longest time in which datagrams are taken in at the end that the system has already, and how long one more is waited for.
const LAST_RECEIVING: Duration = Duration::from_secs(1);
const LAST_WAIT: Duration = Duration::from_millis(100);

/// Takes in datagrams until `stopping` says so, and then those that have come already.
pub(super) async fn serve(
    socket: &UdpSocket,
    shared: &Shared,
    mut stopping: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        let received = tokio::select! {
            received = socket.recv(&mut buffer) => received,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        match received {
            Ok(count) => keep(shared, buffer.get(..count).unwrap_or_default()),
            Err(error) => {
                tracing::warn!(%error, "datagram not received");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    let end = Instant::now() + LAST_RECEIVING;
    while Instant::now() < end
        && let Ok(Ok(count)) = timeout(LAST_WAIT, socket.recv(&mut buffer)).await
    {
        keep(shared, buffer.get(..count).unwrap_or_default());
    }
}

fn keep(shared: &Shared, datagram: &[u8]) {
    let Some(datagram) = read_datagram(datagram) else {
        return;
    };
    shared.counters.received.fetch_add(1, Ordering::Relaxed);
    match datagram {
        Ok(Datagram::Documents(documents)) => {
            for document in documents {
                push(shared, Kind::Document, document);
            }
        }
        Ok(Datagram::Traces(body)) => push(shared, Kind::Traces, &body),
        Ok(Datagram::Metrics(body)) => push(shared, Kind::Metrics, &body),
        Ok(Datagram::Unsampled) => {
            shared.counters.unsampled.fetch_add(1, Ordering::Relaxed);
        }
        Err(error) => {
            tracing::warn!(%error, "datagram dropped");
            shared.counters.rejected.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn push(shared: &Shared, kind: Kind, content: &[u8]) {
    if kind == Kind::Document && std::str::from_utf8(content).is_err() {
        tracing::warn!("document dropped: it is not UTF-8");
        shared.counters.rejected.fetch_add(1, Ordering::Relaxed);
        return;
    }
    match shared.spool.lock().push(kind, content) {
        Ok(0) => {}
        Ok(dropped_count) => {
            tracing::warn!(
                dropped_count,
                "the buffer is full: its oldest documents are dropped"
            );
            let counters = &shared.counters;
            counters
                .spillover
                .fetch_add(dropped_count, Ordering::Relaxed);
        }
        Err(error) => {
            tracing::error!(%error, "document dropped: the buffer can't be written");
            shared.counters.spillover.fetch_add(1, Ordering::Relaxed);
        }
    }
    shared.grown.notify_one();
}

#[cfg(test)]
mod tests;
