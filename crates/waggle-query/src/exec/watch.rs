//! What can stop a query: its deadline, the memory budgets, its caller going away. Looked at once per chunk, which is also when a query
//! lets others have a turn and tells how far it is.

use super::turn;
use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use waggle_model::{Clock, QueryError};
use waggle_store::ReadError;

/// Why a query stopped.
#[derive(Clone, Debug)]
pub enum ExecError {
    /// Nobody waits for the answer.
    Cancelled,
    /// The caller is told.
    Query(QueryError),
    /// One pass was tried and has become too large; the query is run in two.
    TooManyCells,
}

impl From<QueryError> for ExecError {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl From<ReadError> for ExecError {
    fn from(error: ReadError) -> Self {
        Self::Query(QueryError::Storage(error.to_string()))
    }
}

/// Memory that several queries share.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    bytes_max: u64,
    bytes: AtomicU64,
}

impl MemoryBudget {
    pub(crate) fn new(bytes_max: u64) -> Arc<Self> {
        Arc::new(Self {
            bytes_max,
            bytes: AtomicU64::new(0),
        })
    }

    /// Bytes that running queries hold now.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// When one query has to stop, and what it has done so far. Shared by its threads and by whoever watches it from outside.
pub(crate) struct Limits {
    clock: Clock,
    started_ns: i64,
    deadline_ms: u64,
    is_cancelled: AtomicBool,
    rows_read: AtomicU64,
    /// Counts the rows of all queries.
    rows_counter: Counter,
}

impl Limits {
    /// Starts the clock of a query.
    pub(crate) fn new(clock: Clock, deadline_ms: u64, rows_counter: Counter) -> Self {
        Self {
            started_ns: clock.now_ns(),
            clock,
            deadline_ms,
            is_cancelled: AtomicBool::new(false),
            rows_read: AtomicU64::new(0),
            rows_counter,
        }
    }

    /// Stops the query at its next chunk.
    pub(crate) fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Stops the query if it must not go on.
    pub(crate) fn check(&self) -> Result<(), ExecError> {
        if self.is_cancelled.load(Ordering::Relaxed) {
            return Err(ExecError::Cancelled);
        }
        if self.elapsed_ns() / 1_000_000 > self.deadline_ms {
            return Err(QueryError::Deadline(self.deadline_ms).into());
        }
        Ok(())
    }

    /// Rows looked at so far, those of a second pass included.
    pub(crate) fn rows_read(&self) -> u64 {
        self.rows_read.load(Ordering::Relaxed)
    }

    /// Time since the query began.
    pub(crate) fn elapsed_ns(&self) -> u64 {
        u64::try_from(self.clock.now_ns() - self.started_ns).unwrap_or_default()
    }
}

/// The limits of one running query, as its threads see them.
pub(crate) struct Watch {
    limits: Arc<Limits>,
    has_failed: AtomicBool,
    failure: Mutex<Option<ExecError>>,
    memory_bytes_max: u64,
    memory_bytes: AtomicU64,
    shared: Arc<MemoryBudget>,
}

impl Watch {
    /// Watches a query that may hold so much memory, and all that share the other budget together no more than that.
    pub(crate) fn new(
        limits: Arc<Limits>,
        memory_bytes_max: u64,
        shared: Arc<MemoryBudget>,
    ) -> Self {
        Self {
            limits,
            has_failed: AtomicBool::new(false),
            failure: Mutex::new(None),
            memory_bytes_max: memory_bytes_max.min(shared.bytes_max),
            memory_bytes: AtomicU64::new(0),
            shared,
        }
    }

    /// Lets other queries have their turn, and stops this one if it must not go on.
    pub(crate) fn check(&self) -> Result<(), ExecError> {
        turn::pass_on();
        self.limits()
    }

    /// Stops this query if it must not go on, without letting others have their turn: for work that others wait for.
    pub(crate) fn limits(&self) -> Result<(), ExecError> {
        if self.has_failed.load(Ordering::Acquire) {
            return Err(match &*self.failure.lock() {
                Some(error) => error.clone(),
                None => ExecError::Cancelled,
            });
        }
        self.limits.check()
    }

    /// For a loop over groups or cells.
    pub(crate) fn steps(&self) -> Steps<'_> {
        Steps {
            watch: self,
            count: 0,
        }
    }

    /// Ends the query at its next check, for work that can't return an error.
    pub(crate) fn fail(&self, error: ExecError) {
        *self.failure.lock() = Some(error);
        self.has_failed.store(true, Ordering::Release);
    }

    /// Counts memory that is kept until the query ends, if that leaves it half of its own and some of what is shared; false when it does
    /// not, and must not be kept.
    pub(crate) fn keep(&self, bytes: usize) -> bool {
        if !self.leaves_half(bytes) {
            return false;
        }
        let bytes = bytes as u64;
        self.memory_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.shared.bytes.fetch_add(bytes, Ordering::Relaxed);
        true
    }

    /// Whether so many bytes more leave the query half of its own memory and half of what is shared.
    pub(crate) fn leaves_half(&self, bytes: usize) -> bool {
        let bytes = bytes as u64;
        let held = self.memory_bytes.load(Ordering::Relaxed) + bytes;
        held <= self.memory_bytes_max / 2
            && self.shared.bytes() + bytes <= self.shared.bytes_max / 2
    }

    /// Tells how many more rows have been looked at.
    pub(crate) fn add_rows_read(&self, rows: u64) {
        self.limits.rows_read.fetch_add(rows, Ordering::Relaxed);
        self.limits.rows_counter.inc_by(rows);
    }

    /// Counts memory of one holder as grown or shrunk from `before` to `after` bytes.
    pub(crate) fn account(&self, before: usize, after: usize) -> Result<(), ExecError> {
        if after <= before {
            let freed = (before - after) as u64;
            self.memory_bytes.fetch_sub(freed, Ordering::Relaxed);
            self.shared.bytes.fetch_sub(freed, Ordering::Relaxed);
            return Ok(());
        }
        let grown = (after - before) as u64;
        let held = self.memory_bytes.fetch_add(grown, Ordering::Relaxed) + grown;
        let held_by_all = self.shared.bytes.fetch_add(grown, Ordering::Relaxed) + grown;
        if held > self.memory_bytes_max {
            return Err(QueryError::TooLarge {
                what: "bytes",
                limit: self.memory_bytes_max,
            }
            .into());
        }
        // The query by itself is within its limit: what it needs is there once others have ended.
        if held_by_all > self.shared.bytes_max {
            return Err(QueryError::Busy.into());
        }
        Ok(())
    }

    /// Time since the query began.
    pub(crate) fn elapsed_ns(&self) -> u64 {
        self.limits.elapsed_ns()
    }
}

/// Between two looks at the watch a loop over groups or cells may take so many steps: a few milliseconds of the dearest, some tens where
/// each touches memory that the system has to be asked for. In unoptimised tests few, so that small loops take several looks.
pub(crate) const STEPS_PER_LOOK: usize = if cfg!(all(test, debug_assertions)) {
    16
} else {
    4_096
};

/// Looks at the watch once in so many steps of a loop.
pub(crate) struct Steps<'a> {
    watch: &'a Watch,
    count: usize,
}

impl Steps<'_> {
    /// Takes a step.
    #[inline]
    pub(crate) fn step(&mut self) -> Result<(), ExecError> {
        self.count += 1;
        match self.count.is_multiple_of(STEPS_PER_LOOK) {
            true => self.watch.check(),
            false => Ok(()),
        }
    }

    /// Takes a step that costs as much as so many.
    pub(crate) fn steps(&mut self, steps: usize) -> Result<(), ExecError> {
        self.count += steps;
        if self.count < STEPS_PER_LOOK {
            return Ok(());
        }
        self.count = 0;
        self.watch.check()
    }
}

impl Drop for Watch {
    /// The query has ended, however it did: what it still holds goes with it.
    fn drop(&mut self) {
        let left = *self.memory_bytes.get_mut();
        self.shared.bytes.fetch_sub(left, Ordering::Relaxed);
    }
}
