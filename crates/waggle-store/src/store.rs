//! The store: what is appended is durable, visible at once, and becomes blocks in time.
//!
//! An append goes through [`admit`](crate::admit), the log and the memtable, in this order, and is then acknowledged. Beside it run
//! two tasks: one turns settled generations into blocks, the other decides when a generation has grown or aged enough.

mod append;
mod background;
mod config;
pub(crate) mod flush;
mod keep;
mod maintain;
mod open;
mod stats;
pub(crate) mod view;

pub use config::{FailureHook, PredicateHook, StoreConfig};
pub use stats::{DatasetStats, StoreStats};

use crate::admit::Admission;
use crate::block_files::BlockFiles;
use crate::disk::Disk;
use crate::metrics::Metrics;
use crate::wal::{Settled, Wal};
use crate::{Error, ReadError, Result, Snapshot, Source};
use hashbrown::HashSet;
use parking_lot::Mutex;
use prometheus_client::registry::Registry;
use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use tokio::sync::{Notify, RwLock};
use tokio::task::JoinHandle;
use view::{Found, View};
use waggle_metastore::{BlockId, Metastore};
use waggle_model::{AppendError, Clock, DatasetScope, Tenant, TimeRange};

/// Events at rest. Made by [`Store::open`]; appended to through [`EventSink`](waggle_model::EventSink).
pub struct Store {
    /// For tasks that outlive the call that starts them.
    this: Weak<Self>,
    config: StoreConfig,
    disk: Arc<dyn Disk>,
    metastore: Arc<dyn Metastore>,
    clock: Clock,
    metrics: Metrics,
    admission: Admission,
    wal: Wal,
    view: Arc<View>,
    files: Arc<BlockFiles>,
    settled: Settled,
    /// Woken when a flush gave memory back.
    memory_freed: Notify,
    /// Woken when a generation may have grown enough.
    grown: Notify,
    /// True when the store takes nothing in any more; held for reading by every append under way.
    is_stopping: Arc<RwLock<bool>>,
    /// Held while generations become blocks: they do so one after another, in order.
    flushing: tokio::sync::Mutex<()>,
    /// Held while listed blocks are replaced or dropped: one piece of work at a time.
    maintaining: tokio::sync::Mutex<()>,
    /// Woken when limits of retention have changed.
    limits_changed: Notify,
    /// Woken when there may be blocks to merge.
    blocks_added: Notify,
    /// Blocks that could not be read.
    damaged: Mutex<HashSet<BlockId>>,
    /// Tells background work to stop at its next read or write.
    is_leaving: Arc<AtomicBool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    lock: Mutex<Option<Box<dyn Any + Send + Sync>>>,
}

impl Store {
    /// Publishes the store's health.
    pub fn register_metrics(&self, registry: &mut Registry) {
        self.metrics.register(registry);
    }

    /// Everything there is of a tenant in a scope and a range of time, at one moment: each row that was acknowledged before the call is
    /// in it once. Blocks outside the range are left out by their listed times; the others are opened, and stay open for a while.
    ///
    /// Blocks on the disk: call it where blocking is allowed.
    ///
    /// # Errors
    /// When a block's file is missing or damaged.
    pub fn snapshot(
        &self,
        tenant: Tenant,
        scope: &DatasetScope,
        range: TimeRange,
    ) -> Result<Snapshot, ReadError> {
        loop {
            let Found { runs, blocks } = self.view.find(tenant, scope, range);
            let mut sources: Vec<Source> = runs.into_iter().map(Source::Run).collect();
            match self.files.sources(&blocks) {
                Ok(opened) => {
                    sources.extend(opened);
                    return Ok(Snapshot { sources });
                }
                // Its file may go between the look and the opening: what stands in its place is in the next look.
                Err((listed, _)) if !self.view.has_block(listed) => {}
                Err((_, error)) => return Err(error),
            }
        }
    }

    /// Whether events would be taken in now. Reads go on in any case.
    ///
    /// # Errors
    /// `Full` while the disk is, `Stopped` when the log has failed.
    pub fn takes_in(&self) -> Result<()> {
        match self.wal.failure() {
            Some(reason) => Err(Error::Stopped(reason.to_owned())),
            None if self.wal.is_full() => Err(Error::Full),
            None => Ok(()),
        }
    }

    /// Reads the directories of the newest blocks, as many as are kept open, so that the first queries find them in memory. Takes as long
    /// as the disk does; for a thread of its own after the start.
    pub fn open_newest_blocks(&self) {
        self.files.open_newest(self.view.blocks());
    }

    /// Turns everything appended so far into blocks.
    ///
    /// # Errors
    /// When the log has failed or blocks can't be written; the events stay in the log.
    pub async fn flush(&self) -> Result<()> {
        self.rotate().await?;
        let open = self.view.generations().last().map(|g| g.segment.number);
        self.flush_before(open.unwrap_or(u64::MAX)).await
    }

    /// Stops taking events in, waits for the appends under way, turns everything into blocks and gives the folder back.
    ///
    /// Waits for as long as the metastore does not answer; a caller in a hurry may end the process instead, and loses nothing.
    ///
    /// # Errors
    /// When not everything became blocks. It is durable in the log all the same, and the next start finds it.
    pub async fn shutdown(&self) -> Result<()> {
        self.is_leaving.store(true, Ordering::Relaxed);
        *self.is_stopping.write().await = true;
        let flushed = self.flush().await;
        // A commit under way must end before the folder is given back: it would land under the next store's feet.
        let _turn = self.maintaining.lock().await;
        let _other_turn = self.flushing.lock().await;
        for task in self.tasks.lock().drain(..) {
            task.abort();
        }
        if let Err(error) = self.admission.write_touches().await {
            tracing::warn!(%error, "the last times of writing are lost");
        }
        self.wal.close();
        if flushed.is_ok() {
            self.remove_open_segment();
        }
        drop(self.lock.lock().take());
        flushed
    }

    async fn rotate(&self) -> Result<()> {
        self.wal.rotate(None).await.map_err(|error| match error {
            AppendError::Full => Error::Full,
            error => Error::Stopped(error.to_string()),
        })
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        for task in self.tasks.get_mut().drain(..) {
            task.abort();
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("data_dir", &self.config.data_dir)
            .finish_non_exhaustive()
    }
}

/// Runs what waits for the disk where that holds nobody up.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Stopped(error.to_string()))?
}

#[cfg(test)]
mod tests;
