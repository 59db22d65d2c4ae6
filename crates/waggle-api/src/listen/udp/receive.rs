//! From the socket into the queue, on a thread that does nothing else: while documents are parsed and written, every other thread may be busy for
//! longer than the system's own buffer lasts, and what comes then is gone without a word to anybody.
//!
//! What was gone all the same only the system knows, and says in a table of all its sockets.

use super::Queue;
use crate::metrics::{ApiMetrics, XrayOutcome};
use socket2::SockRef;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use waggle_wire::xray::DATAGRAM_BYTES_MAX;

/// How long the thread waits for a datagram before it looks whether it is to end.
const WAIT: Duration = Duration::from_millis(100);
/// Pause after a failed receive.
const PAUSE: Duration = Duration::from_millis(50);
/// Longest time in which the thread reads at its end what the system has already.
const LAST_RECEIVING: Duration = Duration::from_secs(1);
/// How often the system is asked what it has dropped.
const ASK_INTERVAL: Duration = Duration::from_secs(5);
/// The system's tables of sockets, where it is Linux.
const TABLES: [&str; 2] = ["/proc/net/udp", "/proc/net/udp6"];

/// Takes in datagrams until `shutdown` is ready, and then those that have come already.
pub(super) async fn receive(
    socket: tokio::net::UdpSocket,
    queue: &Arc<Queue>,
    metrics: &ApiMetrics,
    shutdown: impl Future<Output = ()> + Send,
) {
    let address = socket.local_addr().ok();
    let socket = match opened(socket) {
        Ok(socket) => socket,
        Err(error) => {
            tracing::error!(%error, "no datagrams of X-Ray are received");
            return;
        }
    };
    metrics.xray_receive_buffer(receive_buffer_bytes(&SockRef::from(&socket)).unwrap_or(0));
    let stopping = Arc::new(AtomicBool::new(false));
    let stop = Stop(Arc::clone(&stopping));
    let receiving = {
        let (queue, metrics) = (Arc::clone(queue), metrics.clone());
        tokio::task::spawn_blocking(move || take_in(&socket, &queue, &metrics, &stopping))
    };
    tokio::select! {
        () = shutdown => {}
        () = watch_drops(address, metrics) => {}
    }
    drop(stop);
    if receiving.await.is_err() {
        tracing::error!("the thread that receives datagrams ended badly");
    }
}

/// Ends the thread when it is dropped, as it is too when nobody waits for the end: the runtime would wait for the thread for ever.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Bytes of datagrams for which the system has given a socket room.
///
/// # Errors
/// What the system says.
pub fn receive_buffer_bytes(socket: &SockRef<'_>) -> io::Result<usize> {
    let bytes = socket.recv_buffer_size()?;
    // Linux says twice what was asked for, and counts there what it needs itself.
    Ok(if cfg!(target_os = "linux") {
        bytes / 2
    } else {
        bytes
    })
}

/// The socket as a thread reads it.
fn opened(socket: tokio::net::UdpSocket) -> io::Result<UdpSocket> {
    let socket = socket.into_std()?;
    socket.set_nonblocking(false)?;
    socket.set_read_timeout(Some(WAIT))?;
    Ok(socket)
}

fn take_in(socket: &UdpSocket, queue: &Queue, metrics: &ApiMetrics, stopping: &AtomicBool) {
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    let mut end = None;
    loop {
        if stopping.load(Ordering::Relaxed) {
            let end = end.get_or_insert_with(|| Instant::now() + LAST_RECEIVING);
            if Instant::now() >= *end {
                return;
            }
        }
        match socket.recv(&mut buffer) {
            Ok(0) => {}
            Ok(count) => {
                metrics.xray_documents(XrayOutcome::Received, 1);
                let dropped_count = queue.push(buffer.get(..count).unwrap_or_default());
                if dropped_count > 0 {
                    metrics.xray_documents(XrayOutcome::Spillover, dropped_count);
                }
            }
            Err(error) if is_no_datagram(&error) => {
                if end.is_some() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "datagram not received");
                std::thread::sleep(PAUSE);
            }
        }
    }
}

fn is_no_datagram(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}

/// Counts what the system drops, for ever.
async fn watch_drops(address: Option<SocketAddr>, metrics: &ApiMetrics) {
    let mut interval = tokio::time::interval(ASK_INTERVAL);
    let mut known_count = 0;
    loop {
        interval.tick().await;
        let mut count = 0;
        for table in TABLES {
            // Systems that are no Linux say nothing.
            let table = tokio::fs::read_to_string(table).await.unwrap_or_default();
            count += address.map_or(0, |address| dropped_count(&table, address));
        }
        let more = count.saturating_sub(known_count);
        if more > 0 {
            tracing::warn!(
                count = more,
                "the system dropped datagrams of X-Ray: its buffer was full; raise net.core.rmem_max and xray-receive-buffer"
            );
            metrics.xray_documents(
                XrayOutcome::Overflow,
                usize::try_from(more).unwrap_or(usize::MAX),
            );
        }
        known_count = known_count.max(count);
    }
}

/// How many datagrams a table of sockets says were dropped that were sent to an address.
fn dropped_count(table: &str, address: SocketAddr) -> u64 {
    let local = in_table(address);
    let lines = table.lines().map(|line| line.split_ascii_whitespace());
    let counts = lines.filter_map(|mut words| {
        let is_meant = words.nth(1)? == local;
        is_meant.then(|| words.next_back()?.parse::<u64>().ok())?
    });
    counts.sum()
}

/// An address as the tables write it: words of 32 bits as they are in memory, and the port.
fn in_table(address: SocketAddr) -> String {
    let word = |bytes: &[u8]| match <[u8; 4]>::try_from(bytes) {
        Ok(bytes) => format!("{:08X}", u32::from_ne_bytes(bytes)),
        Err(_) => String::new(),
    };
    let ip: String = match address.ip() {
        IpAddr::V4(ip) => word(&ip.octets()),
        IpAddr::V6(ip) => ip.octets().chunks(4).map(word).collect(),
    };
    format!("{ip}:{:04X}", address.port())
}

#[cfg(test)]
mod tests;
