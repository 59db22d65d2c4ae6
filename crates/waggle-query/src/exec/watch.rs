//! What can stop a query: its deadline, its memory budget, its caller going away. Looked at once per chunk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use waggle_model::{Clock, QueryError};
use waggle_store::ReadError;

/// Why a query stopped.
#[derive(Debug)]
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

/// The limits of one running query, shared by its threads.
pub(crate) struct Watch {
    clock: Clock,
    started_ns: i64,
    deadline_ms: u64,
    memory_bytes_max: u64,
    memory_bytes: AtomicU64,
    is_cancelled: Arc<AtomicBool>,
}

impl Watch {
    /// Starts the clock of a query. Setting `is_cancelled` stops it at its next chunk.
    pub(crate) fn new(
        clock: Clock,
        deadline_ms: u64,
        memory_bytes_max: u64,
        is_cancelled: Arc<AtomicBool>,
    ) -> Self {
        Self {
            started_ns: clock.now_ns(),
            clock,
            deadline_ms,
            memory_bytes_max,
            memory_bytes: AtomicU64::new(0),
            is_cancelled,
        }
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

    /// Counts memory of one holder as grown or shrunk from `before` to `after` bytes.
    pub(crate) fn account(&self, before: usize, after: usize) -> Result<(), ExecError> {
        if after <= before {
            let freed = (before - after) as u64;
            self.memory_bytes.fetch_sub(freed, Ordering::Relaxed);
            return Ok(());
        }
        let grown = (after - before) as u64;
        if self.memory_bytes.fetch_add(grown, Ordering::Relaxed) + grown > self.memory_bytes_max {
            return Err(QueryError::TooLarge {
                what: "bytes",
                limit: self.memory_bytes_max,
            }
            .into());
        }
        Ok(())
    }

    /// Time since the query began.
    pub(crate) fn elapsed_ns(&self) -> u64 {
        u64::try_from(self.clock.now_ns() - self.started_ns).unwrap_or_default()
    }
}
