//! The rows of one dataset in one generation.

use super::{Run, RunBuilder};
use parking_lot::Mutex;
use std::sync::Arc;
use waggle_model::{DatasetId, EventBatch, Tenant};

/// An open run of so many rows is full.
const RUN_ROWS: usize = 65_536;
/// An open run of so many bytes is full: far below the 4 GiB that offsets within a column reach.
const RUN_BYTES: usize = 64 << 20;
/// Up to so many rows a reader gets a copy of the open run; beyond, sealing it is cheaper than copying it again and again.
const COPY_ROWS: usize = 4_096;

/// A dataset's memtable.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) tenant: Tenant,
    pub(crate) dataset: DatasetId,
    runs: Mutex<Runs>,
}

#[derive(Debug)]
struct Runs {
    sealed: Vec<Arc<Run>>,
    open: RunBuilder,
    /// The open run as readers last got it; none when rows have come since.
    copy: Option<Arc<Run>>,
    row_count: u64,
}

/// What an insert did.
pub(crate) struct Inserted {
    /// Rows in the table now.
    pub(crate) row_count: u64,
    /// Bytes by which the table grew.
    pub(crate) heap_bytes: u64,
}

impl Table {
    pub(crate) fn new(tenant: Tenant, dataset: DatasetId) -> Self {
        Self {
            tenant,
            dataset,
            runs: Mutex::new(Runs {
                sealed: Vec::new(),
                open: RunBuilder::new(dataset),
                copy: None,
                row_count: 0,
            }),
        }
    }

    pub(crate) fn insert(&self, batch: &EventBatch) -> Inserted {
        let mut runs = self.runs.lock();
        let before = runs.open.heap_bytes();
        runs.copy = None;
        runs.open.append(batch);
        runs.row_count += batch.len() as u64;
        let inserted = Inserted {
            row_count: runs.row_count,
            heap_bytes: (runs.open.heap_bytes() - before) as u64,
        };
        if runs.open.row_count() >= RUN_ROWS || runs.open.heap_bytes() >= RUN_BYTES {
            runs.seal();
        }
        inserted
    }

    /// All rows there are, for a reader.
    pub(crate) fn read(&self) -> Vec<Arc<Run>> {
        let mut runs = self.runs.lock();
        if runs.open.row_count() > COPY_ROWS {
            runs.seal();
        } else if runs.open.row_count() > 0 && runs.copy.is_none() {
            runs.copy = Some(Arc::new(runs.open.clone().seal()));
        }
        runs.sealed.iter().chain(&runs.copy).cloned().collect()
    }

    /// All rows there are, for the flush. The table stays readable.
    pub(crate) fn seal(&self) -> Vec<Arc<Run>> {
        let mut runs = self.runs.lock();
        if runs.open.row_count() > 0 {
            runs.seal();
        }
        runs.sealed.clone()
    }

    /// Takes a column out of all rows there are. Readers that hold a run keep it as it was.
    pub(crate) fn strip(&self, column: &str) {
        let mut runs = self.runs.lock();
        if runs.open.row_count() > 0 {
            runs.seal();
        }
        for run in &mut runs.sealed {
            if run.column(column).is_some() {
                *run = Arc::new(run.without(column));
            }
        }
    }

    pub(crate) fn row_count(&self) -> u64 {
        self.runs.lock().row_count
    }
}

impl Runs {
    fn seal(&mut self) {
        let run = Arc::new(self.open.take());
        // A reader may hold the copy already: it is the same rows.
        self.sealed.push(self.copy.take().unwrap_or(run));
    }
}

#[cfg(test)]
mod tests;
