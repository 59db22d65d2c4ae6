//! What work in the background may take: so many bytes a second, one thread of the lowest priority, and no time at all once the store
//! stops.

use crate::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long it sleeps before it looks whether the store stops.
const NAP: Duration = Duration::from_millis(20);
/// What was not used for so long is lost: a pause must not be followed by a flood.
const BURST: Duration = Duration::from_millis(200);
/// The lowest priority.
const NICE: i32 = 19;

/// Counts bytes read and written, and waits when they come too fast.
#[derive(Debug)]
pub(crate) struct Pace {
    bytes_per_second: u64,
    is_stopping: Arc<AtomicBool>,
    /// Until then everything counted so far is paid for.
    paid_until: parking_lot::Mutex<Option<Instant>>,
}

impl Pace {
    /// `bytes_per_second` of 0 means as fast as it goes.
    pub(crate) fn new(bytes_per_second: u64, is_stopping: Arc<AtomicBool>) -> Self {
        Self {
            bytes_per_second,
            is_stopping,
            paid_until: parking_lot::Mutex::default(),
        }
    }

    /// Pays for bytes that are about to be read or written.
    ///
    /// # Errors
    /// `Interrupted` when the store stops.
    pub(crate) fn spend(&self, bytes: usize) -> std::io::Result<()> {
        let mut until = Instant::now();
        if let Some(nanos) =
            (bytes as u128 * 1_000_000_000).checked_div(self.bytes_per_second.into())
        {
            let price = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
            let mut paid_until = self.paid_until.lock();
            let start = paid_until.map_or(until, |paid| paid.max(until - BURST.min(price)));
            until = start;
            *paid_until = Some(start + price);
        }
        loop {
            if self.is_stopping.load(Ordering::Relaxed) {
                return Err(std::io::Error::new(
                    std::io::ErrorKind::Interrupted,
                    "the store is stopping",
                ));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(NAP));
        }
    }
}

/// Runs work on a thread of its own with the lowest priority: a thread of the pool would keep it.
pub(crate) async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (done, answer) = oneshot::channel();
    let spawned = std::thread::Builder::new()
        .name("waggle-compact".to_owned())
        .spawn(move || {
            let thread = rustix::thread::gettid();
            if let Err(error) = rustix::process::setpriority_process(Some(thread), NICE) {
                tracing::debug!(%error, "background work keeps the priority of the process");
            }
            drop(done.send(work()));
        });
    spawned.map_err(|error| Error::Stopped(format!("no thread for background work: {error}")))?;
    answer
        .await
        .map_err(|_| Error::Stopped("background work panicked".to_owned()))?
}
