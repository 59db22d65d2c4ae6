//! The write-ahead log: a request is on stable storage when [`Wal::append`] has returned, and acknowledged no earlier.
//!
//! One thread of its own writes. It takes everything that waits, writes it, syncs once and then releases all who waited, so that the
//! number of requests a sync serves grows with the load by itself. The log is a row of segment files; each belongs to one memtable
//! generation, and goes when blocks cover it. A write or sync that failed is never repeated and never explained away: the kernel may
//! have dropped the pages and report success the next time. The log is then finished for this process, and says so to its owner.
//!
//! A full disk is no such failure. Before each group the room that is left is looked up, and what would reach into the reserve is
//! refused; should the disk fill up all the same, what a write left behind is cut off. Either way the log goes on by itself once there
//! is room.

pub(crate) mod record;
mod segment;
mod writer;

pub(crate) use record::Request;
pub(crate) use segment::{Damage, Replayed};

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

/// With so much room beyond the reserve a disk that was full counts as having room again.
const ROOMY_BYTES: u64 = 1 << 20;

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
    /// So many bytes of the disk are left free.
    pub(crate) reserve_bytes: u64,
}

/// Called once, with the reason, when the log is finished for this process.
pub(crate) type FailureHook = Arc<dyn Fn(&str) + Send + Sync>;

/// Changes whenever a segment may have become [`SegmentState::is_settled`].
pub(crate) type Settled = watch::Sender<u64>;

/// Hears of every new segment before a record in it is durable.
pub(crate) type SegmentHook = Box<dyn Fn(&Arc<SegmentState>) + Send>;

/// The running log.
pub(crate) struct Wal {
    disk: Arc<dyn Disk>,
    config: WalConfig,
    shared: Arc<Shared>,
    /// Places in the queue, and its size in [`BYTES_PER_PERMIT`].
    places: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    bytes_max: u32,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

/// Extension of a segment that was set aside.
const DAMAGED: &str = "damaged";

/// Semaphores count in u32; a queue may be larger than 4 GiB.
const BYTES_PER_PERMIT: usize = 1024;

/// What the thread and its clients share.
struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    failure: OnceLock<String>,
    /// True while requests are refused for want of room.
    is_full: AtomicBool,
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
    /// True when some of its records can't be read; its file is then set aside instead of removed.
    is_damaged: AtomicBool,
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
            is_full: false.into(),
            on_failure,
            settled,
            metrics,
        });
        let writer = writer::Writer::open(
            Arc::clone(&disk),
            config.clone(),
            first,
            Arc::clone(&shared),
            on_segment,
        )?;
        let thread = std::thread::Builder::new()
            .name("waggle-wal".to_owned())
            .spawn(move || writer.run())
            .map_err(|source| Error::io(&config.dir, source))?;
        Ok(Self {
            places: Arc::new(Semaphore::new(config.queue_records.max(1))),
            bytes: Arc::new(Semaphore::new(bytes_max as usize)),
            bytes_max,
            disk,
            config,
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Writes one record and waits until it is on stable storage.
    ///
    /// # Errors
    /// `Busy` when the queue stays full, `Full` when the disk is: the record is then not in the log. `Unavailable` when the log is closed or failed; the record
    /// may then be durable all the same.
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

    /// Turns requests away early while the disk is full.
    ///
    /// # Errors
    /// `Full`.
    pub(crate) fn check_room(&self) -> Result<(), AppendError> {
        if !self.shared.is_full.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.config.room(&*self.disk) {
            0 => Err(AppendError::Full),
            _ => Ok(()),
        }
    }

    /// True while the disk has less room than the log needs to go on, whether or not somebody has tried to append.
    pub(crate) fn is_full(&self) -> bool {
        let room = self.config.room(&*self.disk);
        room == 0 || self.shared.is_full.load(Ordering::Relaxed) && room <= ROOMY_BYTES
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

impl WalConfig {
    /// Bytes that may be written before the reserve is reached. A disk that does not tell is found out by writing.
    fn room(&self, disk: &dyn Disk) -> u64 {
        disk.free_bytes(&self.dir)
            .map_or(u64::MAX, |free| free.saturating_sub(self.reserve_bytes))
    }
}

impl Shared {
    fn set_full(&self, is_full: bool) {
        if self.is_full.swap(is_full, Ordering::Relaxed) == is_full {
            return;
        }
        self.metrics.disk_full.set(i64::from(is_full));
        if is_full {
            tracing::error!(
                "the disk is full but for the reserve; no events are taken in until there is room"
            );
        } else {
            tracing::info!("the disk has room again; events are taken in");
        }
    }

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
            is_damaged: false.into(),
        }
    }

    pub(crate) fn set_damaged(&self) {
        self.is_damaged.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_damaged(&self) -> bool {
        self.is_damaged.load(Ordering::Relaxed)
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

/// The numbers of the segments in a folder, ascending. A file at the end that got no header is removed: the disk was full when it was
/// made, and the segment before it was written on.
pub(crate) fn segments(disk: &dyn Disk, dir: &std::path::Path) -> Result<Vec<u64>> {
    let names = disk.list(dir).map_err(|source| Error::io(dir, source))?;
    let mut numbers: Vec<u64> = names
        .iter()
        .filter_map(|name| segment::number(name))
        .collect();
    numbers.sort_unstable();
    while let Some(last) = numbers.last().copied()
        && segment::is_unborn(disk, &segment::path(dir, last), last)?
    {
        remove(disk, dir, last)?;
        numbers.pop();
    }
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
/// Damage costs the records it hit and no other: see [`Replayed::damages`]. The last segment may end in a torn record, which is no
/// damage and is cut off; the segment is durable afterwards, so that a later start finds it whole. The others must be whole: the log
/// goes on to the next segment only when all of one is on stable storage.
///
/// # Errors
/// `Io`; `WalDamaged` when a newer program wrote the segment, or a record whose checksum is right makes no sense.
pub(crate) fn replay(
    disk: &dyn Disk,
    dir: &std::path::Path,
    number: u64,
    is_last: bool,
    visit: &mut dyn FnMut(Request),
) -> Result<Replayed> {
    let path = segment::path(dir, number);
    let mut replayed = segment::replay(disk, &path, number, &mut |payload| {
        record::decode(payload).map(&mut *visit)
    })?;
    if !is_last {
        if replayed.whole_bytes < replayed.length || replayed.length == 0 {
            replayed.damages.push(Damage {
                start: replayed.whole_bytes,
                end: replayed.length,
                was_durable: true,
            });
        }
        for damage in &mut replayed.damages {
            damage.was_durable = true;
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

/// Gives a segment that blocks cover, but for what could not be read, a name under which no start looks at it and a person may.
pub(crate) fn set_aside(disk: &dyn Disk, dir: &std::path::Path, number: u64) -> Result<()> {
    let path = segment::path(dir, number);
    disk.rename(&path, &path.with_extension(DAMAGED))
        .map_err(|source| Error::io(&path, source))
}

/// Removes what is left of segments up to `covered`, those that were set aside included: they may hold events that were erased.
pub(crate) fn remove_through(disk: &dyn Disk, dir: &std::path::Path, covered: u64) -> Result<()> {
    let names = disk.list(dir).map_err(|source| Error::io(dir, source))?;
    for name in names {
        let path = dir.join(&name);
        let is_covered = segment::number(&name).is_some_and(|number| number <= covered);
        if is_covered
            || path
                .extension()
                .is_some_and(|extension| extension == DAMAGED)
        {
            disk.remove(&path)
                .map_err(|source| Error::io(&path, source))?;
        }
    }
    Ok(())
}

/// The file of a segment, for messages.
pub(crate) fn path(dir: &std::path::Path, number: u64) -> PathBuf {
    segment::path(dir, number)
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
