//! The write-ahead log: a request is on stable storage when [`Wal::append`] has returned, and acknowledged no earlier.
//!
//! One thread of its own writes. It takes everything that waits, writes it, syncs once and then releases all who waited, so that the
//! number of requests a sync serves grows with the load by itself. The log is a row of segment files; each belongs to one memtable
//! generation, and goes when blocks cover it. A write or sync that failed is never repeated and never explained away: the kernel may
//! have dropped the pages and report success the next time. The log is then finished for this process, and says so to its owner.

pub(crate) mod record;
mod segment;
mod writer;

pub(crate) use record::Request;
pub(crate) use segment::Replayed;

use crate::disk::Disk;
use crate::metrics::Metrics;
use crate::{Error, Result};
use parking_lot::{Condvar, Mutex};
use segment::Frame;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use waggle_model::AppendError;

/// What the log needs to know.
#[derive(Clone, Debug)]
pub(crate) struct WalConfig {
    pub(crate) dir: PathBuf,
    /// A segment that has reached this size is followed by a new one.
    pub(crate) segment_bytes: u64,
    /// Records waiting for the disk.
    pub(crate) queue_records: usize,
    /// Their size.
    pub(crate) queue_bytes: usize,
    /// How long a request waits for a place in the queue.
    pub(crate) queue_wait: Duration,
}

/// Called once, with the reason, when the log is finished for this process.
pub(crate) type FailureHook = Arc<dyn Fn(&str) + Send + Sync>;

/// Changes whenever a segment may have become [`SegmentState::is_settled`].
pub(crate) type Settled = watch::Sender<u64>;

/// Hears of every new segment before a record in it is durable.
pub(crate) type SegmentHook = Box<dyn Fn(&Arc<SegmentState>) + Send>;

/// The running log.
pub(crate) struct Wal {
    config: WalConfig,
    shared: Arc<Shared>,
    /// Places in the queue, and its size in [`BYTES_PER_PERMIT`].
    places: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    bytes_max: u32,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

/// Semaphores count in u32; a queue may be larger than 4 GiB.
const BYTES_PER_PERMIT: usize = 1024;

/// What the thread and its clients share.
struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    failure: OnceLock<String>,
    on_failure: FailureHook,
    settled: Settled,
    metrics: Metrics,
}

#[derive(Default)]
struct Queue {
    commands: VecDeque<Command>,
    is_closed: bool,
}

enum Command {
    Append {
        frame: Frame,
        reply: oneshot::Sender<Result<Ticket, AppendError>>,
        _places: [OwnedSemaphorePermit; 2],
    },
    /// Starts a new segment if the open one has records and, when a number is given, is that one.
    Rotate {
        only: Option<u64>,
        reply: oneshot::Sender<Result<(), AppendError>>,
    },
}

/// A segment from the view of the memtable.
#[derive(Debug)]
pub(crate) struct SegmentState {
    pub(crate) number: u64,
    pub(crate) bytes: std::sync::atomic::AtomicU64,
    in_flight: AtomicUsize,
    is_sealed: AtomicBool,
}

/// Proof that a record is durable. Whoever holds it still has to bring the rows into the memtable of its generation; until it is
/// dropped, that generation is not flushed.
#[derive(Debug)]
pub(crate) struct Ticket {
    segment: Arc<SegmentState>,
    settled: Settled,
}

impl Wal {
    /// Starts a log whose first new segment has the number `first`. Segments before it are the caller's.
    pub(crate) fn start(
        disk: Arc<dyn Disk>,
        config: WalConfig,
        first: u64,
        settled: Settled,
        metrics: Metrics,
        on_segment: SegmentHook,
        on_failure: FailureHook,
    ) -> Result<Self> {
        let bytes_max = u32::try_from(config.queue_bytes.div_ceil(BYTES_PER_PERMIT))
            .unwrap_or(u32::MAX)
            .max(1);
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            arrived: Condvar::new(),
            failure: OnceLock::new(),
            on_failure,
            settled,
            metrics,
        });
        let writer =
            writer::Writer::open(disk, config.clone(), first, Arc::clone(&shared), on_segment)?;
        let thread = std::thread::Builder::new()
            .name("waggle-wal".to_owned())
            .spawn(move || writer.run())
            .map_err(|source| Error::io(&config.dir, source))?;
        Ok(Self {
            places: Arc::new(Semaphore::new(config.queue_records.max(1))),
            bytes: Arc::new(Semaphore::new(bytes_max as usize)),
            bytes_max,
            config,
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Writes one record and waits until it is on stable storage.
    ///
    /// # Errors
    /// `Busy` when the queue stays full, `Unavailable` when the log is closed or failed. The record may then be durable all the same.
    pub(crate) async fn append(&self, request: &Request) -> Result<Ticket, AppendError> {
        self.check()?;
        let frame = Frame::new(|out| record::encode(request, out));
        let kilobytes = u32::try_from(frame.len().div_ceil(BYTES_PER_PERMIT))
            .unwrap_or(u32::MAX)
            .min(self.bytes_max);
        let places = async {
            Ok::<_, tokio::sync::AcquireError>([
                Arc::clone(&self.places).acquire_owned().await?,
                Arc::clone(&self.bytes)
                    .acquire_many_owned(kilobytes)
                    .await?,
            ])
        };
        let places = tokio::time::timeout(self.config.queue_wait, places)
            .await
            .map_err(|_| AppendError::Busy)?
            .map_err(|_| unavailable("it is stopping"))?;
        let (reply, answer) = oneshot::channel();
        self.send(Command::Append {
            frame,
            reply,
            _places: places,
        })?;
        answer.await.map_err(|_| self.stopped())?
    }

    /// Seals the open segment and starts the next, unless it has no record; with a number, only if the open one has it.
    pub(crate) async fn rotate(&self, only: Option<u64>) -> Result<(), AppendError> {
        self.check()?;
        let (reply, answer) = oneshot::channel();
        self.send(Command::Rotate { only, reply })?;
        answer.await.map_err(|_| self.stopped())?
    }

    /// Ends the log for this process as after a failed write.
    pub(crate) fn fail(&self, reason: String) {
        self.shared.fail(reason);
    }

    /// Why the log is finished; `None` while it works.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.shared.failure.get().map(String::as_str)
    }

    /// Refuses new records, writes those that wait, and returns when the thread has ended.
    pub(crate) fn close(&self) {
        self.shared.queue.lock().is_closed = true;
        self.shared.arrived.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            // A panic has been reported by the thread itself.
            drop(thread.join());
        }
    }

    fn check(&self) -> Result<(), AppendError> {
        match self.failure() {
            Some(reason) => Err(unavailable(reason)),
            None => Ok(()),
        }
    }

    fn send(&self, command: Command) -> Result<(), AppendError> {
        let mut queue = self.shared.queue.lock();
        if queue.is_closed {
            return Err(self.stopped());
        }
        queue.commands.push_back(command);
        drop(queue);
        self.shared.arrived.notify_one();
        Ok(())
    }

    fn stopped(&self) -> AppendError {
        unavailable(self.failure().unwrap_or("it is stopping"))
    }
}

impl Drop for Wal {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// Remembers the first failure and tells the owner.
    fn fail(&self, reason: String) {
        let mut is_first = false;
        let reason = self.failure.get_or_init(|| {
            is_first = true;
            reason
        });
        if is_first {
            tracing::error!(%reason, "the log can't be written; nothing is acknowledged from now on");
            (self.on_failure)(reason);
        }
    }
}

impl SegmentState {
    /// The state of a segment that is read back: complete, and with nobody on the way to its memtable.
    pub(crate) fn replayed(number: u64) -> Self {
        Self {
            number,
            bytes: 0.into(),
            in_flight: 0.into(),
            is_sealed: true.into(),
        }
    }

    /// True when no row will ever be added to its generation.
    pub(crate) fn is_settled(&self) -> bool {
        // Tickets are made by the thread that seals, before it seals: once sealed, the number only falls.
        self.is_sealed.load(Ordering::Acquire) && self.in_flight.load(Ordering::Acquire) == 0
    }
}

impl Ticket {
    /// The segment, and so the generation, that the record is in.
    pub(crate) fn segment(&self) -> u64 {
        self.segment.number
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.segment.in_flight.fetch_sub(1, Ordering::AcqRel);
        if self.segment.is_settled() {
            self.settled.send_modify(|count| *count += 1);
        }
    }
}

/// The numbers of the segments in a folder, ascending.
pub(crate) fn segments(disk: &dyn Disk, dir: &std::path::Path) -> Result<Vec<u64>> {
    let names = disk.list(dir).map_err(|source| Error::io(dir, source))?;
    let mut numbers: Vec<u64> = names
        .iter()
        .filter_map(|name| segment::number(name))
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Checks that no segment is missing between two that follow each other.
///
/// # Errors
/// `WalDamaged` names the first that is.
pub(crate) fn check_follows(dir: &std::path::Path, last: u64, next: u64) -> Result<()> {
    if next == last + 1 {
        return Ok(());
    }
    let message = format!("the file is missing, but the one of number {next} exists");
    Err(segment::damaged(&segment::path(dir, last + 1), 0, message))
}

/// Reads a segment from before this start and hands every request to `visit`.
///
/// The last segment may end in a torn record, which is cut off; it is durable afterwards, so that a later start finds it whole. The
/// others must be whole: the log goes on to the next segment only when all of one is on stable storage.
///
/// # Errors
/// `WalDamaged` when acknowledged records can't be read.
pub(crate) fn replay(
    disk: &dyn Disk,
    dir: &std::path::Path,
    number: u64,
    is_last: bool,
    visit: &mut dyn FnMut(Request),
) -> Result<Replayed> {
    let path = segment::path(dir, number);
    let replayed = segment::replay(disk, &path, number, &mut |payload| {
        record::decode(payload).map(&mut *visit)
    })?;
    if !is_last {
        if replayed.whole_bytes < replayed.length || replayed.whole_bytes == 0 {
            let message = "a record is broken, and a later file shows that it was whole once";
            return Err(segment::damaged(
                &path,
                replayed.whole_bytes,
                message.to_owned(),
            ));
        }
        return Ok(replayed);
    }
    let repair = || {
        let file = disk.open(&path)?;
        if replayed.whole_bytes < replayed.length {
            let cut_bytes = replayed.length - replayed.whole_bytes;
            tracing::warn!(
                segment = number,
                cut_bytes,
                "the log ended in the middle of a write"
            );
            file.truncate(replayed.whole_bytes)?;
        }
        file.sync()?;
        disk.sync_dir(dir)
    };
    repair().map_err(|source| Error::io(&path, source))?;
    Ok(replayed)
}

/// Removes a segment. It may come back after a crash, and is then below the covered number.
pub(crate) fn remove(disk: &dyn Disk, dir: &std::path::Path, number: u64) -> Result<()> {
    let path = segment::path(dir, number);
    disk.remove(&path)
        .map_err(|source| Error::io(&path, source))
}

fn unavailable(reason: &str) -> AppendError {
    AppendError::Unavailable(reason.to_owned())
}

#[cfg(test)]
mod tests;
