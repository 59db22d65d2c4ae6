//! The two tasks beside the appends: one makes blocks of what is settled, the other decides when something shall settle.

use super::Store;
use crate::Error;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;
use waggle_model::AppendError;

/// How often ages are looked at.
const TICK: Duration = Duration::from_millis(500);
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_LAST: Duration = Duration::from_secs(30);
/// A full disk is looked at again so often: whoever makes room waits for it to be noticed.
const RETRY_FULL: Duration = Duration::from_secs(1);

impl Store {
    pub(super) fn start_tasks(self: &Arc<Self>) {
        let mut tasks = self.tasks.lock();
        tasks.push(tokio::spawn(flush_settled(Arc::downgrade(self))));
        tasks.push(tokio::spawn(settle_grown(Arc::downgrade(self))));
        tasks.push(tokio::spawn(enforce_retention(Arc::downgrade(self))));
        if self.config.is_compacting {
            tasks.push(tokio::spawn(merge_blocks(Arc::downgrade(self))));
        }
    }

    /// Seals the open generation if it has grown or aged enough.
    async fn settle(&self) {
        let Some(open) = self.view.generations().pop() else {
            return;
        };
        let is_wanted = open.row_count() > 0
            && (open.largest_rows() >= self.config.generation_rows
                || open.heap_bytes() >= self.config.memory_bytes / 4
                || u128::from(open.age_ns(self.clock.now_ns()).unsigned_abs())
                    >= self.config.generation_age.as_nanos());
        if !is_wanted {
            return;
        }
        match self.wal.rotate(Some(open.segment.number)).await {
            // The log has said so, and the next tick tries again.
            Ok(()) | Err(AppendError::Full) => {}
            Err(error) => tracing::warn!(%error, "the open generation can't be sealed"),
        }
    }

    /// Writes last-written times down and lets go of datasets that were deleted.
    async fn reconcile(&self) -> Result<(), waggle_metastore::Error> {
        self.admission.write_touches().await?;
        // First what has rows, then what exists: a dataset that is made in between is not in the first list, so it is not taken for a
        // deleted one. Ids are never used again.
        for (tenant, mut gone) in self.view.datasets() {
            for dataset in self.metastore.datasets(tenant).await? {
                gone.remove(&dataset.id);
            }
            if !gone.is_empty() {
                self.let_go_of(&gone);
            }
        }
        Ok(())
    }
}

async fn flush_settled(store: Weak<Store>) {
    let Some(mut settled) = store.upgrade().map(|store| store.settled.subscribe()) else {
        return;
    };
    settled.mark_changed();
    let mut retry = RETRY_FIRST;
    while settled.changed().await.is_ok() {
        let Some(store) = store.upgrade() else {
            return;
        };
        match store.flush_before(u64::MAX).await {
            Ok(()) => retry = RETRY_FIRST,
            Err(_) if store.wal.failure().is_some() => return,
            Err(Error::Full) => {
                store.metrics.flush_failures.inc();
                if retry == RETRY_FIRST {
                    tracing::error!("the disk is full; events stay in the log until there is room");
                }
                drop(store);
                tokio::time::sleep(RETRY_FULL).await;
                retry = RETRY_FULL;
                settled.mark_changed();
            }
            Err(error) => {
                tracing::error!(%error, "events can't become blocks; they stay in the log");
                store.metrics.flush_failures.inc();
                drop(store);
                tokio::time::sleep(retry).await;
                retry = (retry * 2).min(RETRY_LAST);
                settled.mark_changed();
            }
        }
    }
}

async fn settle_grown(store: Weak<Store>) {
    let Some(touch_interval) = store.upgrade().map(|store| store.config.touch_interval) else {
        return;
    };
    let mut touched = tokio::time::Instant::now();
    loop {
        let Some(store) = store.upgrade() else {
            return;
        };
        // An append wakes this, as does the tick.
        drop(tokio::time::timeout(TICK, store.grown.notified()).await);
        store.settle().await;
        if touched.elapsed() >= touch_interval {
            touched = tokio::time::Instant::now();
            store.view.measure();
            if let Err(error) = store.reconcile().await {
                tracing::warn!(%error, "the metastore does not answer; trying again later");
            }
        }
    }
}

async fn merge_blocks(store: Weak<Store>) {
    let mut retry = RETRY_FIRST;
    loop {
        let Some(store) = store.upgrade() else {
            return;
        };
        let wait = match store.compact_once().await {
            Ok(0) => None,
            Ok(_) => {
                retry = RETRY_FIRST;
                continue;
            }
            Err(_) if store.wal.failure().is_some() => return,
            Err(_) if store.is_leaving.load(Ordering::Relaxed) => return,
            Err(error) => {
                store.metrics.compaction_failures.inc();
                if !matches!(error, Error::Full) {
                    tracing::warn!(%error, "blocks can't be merged; trying again later");
                }
                retry = (retry * 2).min(RETRY_LAST);
                Some(retry)
            }
        };
        match wait {
            // A flush wakes this, as does the tick: the store may be gone.
            None => drop(tokio::time::timeout(TICK, store.blocks_added.notified()).await),
            Some(wait) => {
                drop(store);
                tokio::time::sleep(wait).await;
            }
        }
    }
}

async fn enforce_retention(store: Weak<Store>) {
    let mut waited = Duration::ZERO;
    loop {
        let Some(store) = store.upgrade() else {
            return;
        };
        let is_changed = tokio::time::timeout(TICK, store.limits_changed.notified()).await;
        waited += TICK;
        if is_changed.is_err() && waited < store.config.retention_interval {
            continue;
        }
        waited = Duration::ZERO;
        match store.sweep().await {
            Ok(()) => {}
            Err(_) if store.wal.failure().is_some() => return,
            Err(error) => {
                tracing::warn!(%error, "limits of retention can't be carried out; trying again later");
            }
        }
    }
}
