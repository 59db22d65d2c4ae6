//! The thread that writes the log.

use super::segment::{self, Frame};
use super::{
    Command, ROOMY_BYTES, SegmentHook, SegmentState, Shared, Ticket, WalConfig, unavailable,
};
use crate::disk::{self, Disk, DiskFile};
use crate::{Error, Result};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;
use tokio::sync::oneshot;
use waggle_model::AppendError;

pub(super) struct Writer {
    disk: Arc<dyn Disk>,
    config: WalConfig,
    shared: Arc<Shared>,
    on_segment: SegmentHook,
    open: OpenSegment,
    /// Those who wait for the next sync.
    waiting: Vec<(oneshot::Sender<Result<Ticket, AppendError>>, Ticket)>,
    /// Bytes that this group may still write.
    room: u64,
}

struct OpenSegment {
    state: Arc<SegmentState>,
    file: Arc<dyn DiskFile>,
    written: u64,
    durable: u64,
}

impl Writer {
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        config: WalConfig,
        first: u64,
        shared: Arc<Shared>,
        on_segment: SegmentHook,
    ) -> Result<Self> {
        let open = OpenSegment::create(&*disk, &config, first)
            .map_err(|source| Error::io(&segment::path(&config.dir, first), source))?;
        on_segment(&open.state);
        Ok(Self {
            disk,
            config,
            shared,
            on_segment,
            open,
            waiting: Vec::new(),
            room: 0,
        })
    }

    pub(super) fn run(mut self) {
        while let Some(commands) = self.take() {
            self.room = self.config.room(&*self.disk);
            for command in commands {
                self.obey(command);
            }
            // One sync for all of them.
            let outcome = self.commit();
            self.judge(outcome);
        }
    }

    /// Everything that waits; `None` when the log is closed and nothing does.
    fn take(&self) -> Option<VecDeque<Command>> {
        let mut queue = self.shared.queue.lock();
        while queue.commands.is_empty() {
            if queue.is_closed {
                return None;
            }
            self.shared.arrived.wait(&mut queue);
        }
        Some(std::mem::take(&mut queue.commands))
    }

    fn obey(&mut self, command: Command) {
        let failure = self.shared.failure.get();
        match command {
            Command::Append {
                mut frame, reply, ..
            } => {
                if let Some(reason) = failure {
                    answer(reply, Err(unavailable(reason)));
                    return;
                }
                match self.append(&mut frame) {
                    Ok(()) => {
                        let ticket = self.ticket();
                        self.waiting.push((reply, ticket));
                    }
                    Err(error) => answer(reply, Err(error)),
                }
                if self.open.written >= self.config.segment_bytes {
                    let outcome = self.rotate().map(|_| ());
                    self.judge(outcome);
                }
            }
            Command::Rotate { only, reply } => {
                let is_wanted = only.is_none_or(|number| number == self.open.state.number)
                    && self.open.written > segment::HEADER_BYTES as u64;
                let mut has_room = true;
                if is_wanted && failure.is_none() {
                    let outcome = self.rotate().map(|is_done| has_room = is_done);
                    self.judge(outcome);
                }
                let outcome = match self.shared.failure.get() {
                    Some(reason) => Err(unavailable(reason)),
                    None if !has_room => Err(AppendError::Full),
                    None => Ok(()),
                };
                answer(reply, outcome);
            }
        }
    }

    /// Writes a record, or nothing of it that stays.
    fn append(&mut self, frame: &mut Frame) -> Result<(), AppendError> {
        let bytes = frame.finish(self.open.durable);
        let length = bytes.len() as u64;
        if length > self.room {
            self.shared.set_full(true);
            return Err(AppendError::Full);
        }
        let outcome = match self.open.append(bytes) {
            Err(error) if disk::is_full(&error) => match self.open.take_back() {
                Ok(()) => {
                    self.shared.set_full(true);
                    return Err(AppendError::Full);
                }
                Err(error) => Err(error),
            },
            outcome => outcome,
        };
        if let Err(error) = outcome {
            self.judge(Err(error));
            return Err(self.failed());
        }
        self.room -= length;
        // Near the edge some requests fit and others do not: that is still full.
        if self.room > ROOMY_BYTES {
            self.shared.set_full(false);
        }
        self.shared.metrics.wal_records.inc();
        self.shared.metrics.wal_written_bytes.inc_by(length);
        Ok(())
    }

    /// Brings what was written to stable storage and releases those who wait for it.
    fn commit(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() || self.shared.failure.get().is_some() {
            return Ok(());
        }
        let start = Instant::now();
        self.open.sync()?;
        let elapsed = start.elapsed().as_secs_f64();
        self.shared.metrics.wal_fsync_seconds.observe(elapsed);
        for (reply, ticket) in self.waiting.drain(..) {
            answer(reply, Ok(ticket));
        }
        Ok(())
    }

    /// Goes on to the next segment; false when there is no room for it, and the open one stays.
    ///
    /// Everything in a segment is durable before the next exists: replay relies on it.
    fn rotate(&mut self) -> io::Result<bool> {
        if self.shared.failure.get().is_some() {
            return Ok(false);
        }
        self.commit()?;
        let number = self.open.state.number + 1;
        let next = match OpenSegment::create(&*self.disk, &self.config, number) {
            Err(error) if disk::is_full(&error) => {
                self.shared.set_full(true);
                // Should this fail as well, the next start removes it: it has no header, or nothing behind it.
                drop(self.disk.remove(&segment::path(&self.config.dir, number)));
                return Ok(false);
            }
            next => next?,
        };
        let sealed = std::mem::replace(&mut self.open, next);
        (self.on_segment)(&self.open.state);
        sealed.state.is_sealed.store(true, Ordering::Release);
        self.shared.settled.send_modify(|count| *count += 1);
        Ok(true)
    }

    fn judge(&mut self, outcome: io::Result<()>) {
        if let Err(error) = outcome {
            let path = segment::path(&self.config.dir, self.open.state.number);
            self.shared.fail(format!("{}: {error}", path.display()));
        }
        if self.shared.failure.get().is_some() {
            let error = self.failed();
            for (reply, _) in self.waiting.drain(..) {
                answer(reply, Err(error.clone()));
            }
        }
    }

    fn failed(&self) -> AppendError {
        unavailable(self.shared.failure.get().map_or("", String::as_str))
    }

    fn ticket(&self) -> Ticket {
        self.open.state.in_flight.fetch_add(1, Ordering::AcqRel);
        Ticket {
            segment: Arc::clone(&self.open.state),
            settled: self.shared.settled.clone(),
        }
    }
}

impl Drop for Writer {
    /// Nobody may wait for a thread that has ended, least of all one that panicked.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.shared
                .fail("the thread that writes it panicked".to_owned());
        }
        let mut queue = self.shared.queue.lock();
        queue.is_closed = true;
        queue.commands.clear();
    }
}

impl OpenSegment {
    /// Makes the file of a segment, durable with its header and its name.
    fn create(disk: &dyn Disk, config: &WalConfig, number: u64) -> io::Result<Self> {
        let file = disk.create(&segment::path(&config.dir, number))?;
        file.append(&segment::header(number))?;
        file.sync()?;
        disk.sync_dir(&config.dir)?;
        let written = segment::HEADER_BYTES as u64;
        Ok(Self {
            state: Arc::new(SegmentState {
                number,
                bytes: AtomicU64::new(written),
                in_flight: AtomicUsize::new(0),
                is_sealed: AtomicBool::new(false),
                is_damaged: AtomicBool::new(false),
            }),
            file,
            written,
            durable: written,
        })
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.append(bytes)?;
        self.written += bytes.len() as u64;
        self.state.bytes.store(self.written, Ordering::Relaxed);
        Ok(())
    }

    /// Cuts off what a write that found no room left behind.
    fn take_back(&mut self) -> io::Result<()> {
        self.file.truncate(self.written)
    }

    fn sync(&mut self) -> io::Result<()> {
        if let Err(error) = self.file.sync() {
            // What is not on the disk may be in the system's cache all the same, marked as written: a process that starts before the
            // machine does would read it, show it, and lose it with the machine. Nobody was promised any of it. A disk on which this
            // fails as well shows it still.
            drop(self.file.truncate(self.durable));
            return Err(error);
        }
        self.durable = self.written;
        Ok(())
    }
}

/// The one who asked may have gone; the ticket then goes back unused.
fn answer<T>(reply: oneshot::Sender<T>, value: T) {
    drop(reply.send(value));
}
