//! Queries of `/1/query_results` that run in the background, so that whoever asks for a result can wait for its end.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch;
use waggle_metastore::QueryResultId;

/// The results that are being computed by this process.
pub(crate) struct RunningResults {
    running: Arc<Mutex<HashMap<QueryResultId, watch::Receiver<()>>>>,
    count_max: usize,
}

/// One of them. Dropping it, also by a panic, ends it for everybody who waits.
pub(crate) struct RunningResult {
    running: Arc<Mutex<HashMap<QueryResultId, watch::Receiver<()>>>>,
    id: QueryResultId,
    /// Waiters see its end when it is dropped.
    _end: watch::Sender<()>,
}

impl RunningResults {
    pub(crate) fn new(count_max: usize) -> Self {
        Self {
            running: Arc::default(),
            count_max,
        }
    }

    /// True when no more may run now.
    pub(crate) fn is_full(&self) -> bool {
        self.running.lock().len() >= self.count_max
    }

    /// Marks a result as being computed.
    pub(crate) fn begin(&self, id: QueryResultId) -> RunningResult {
        let (end, waiter) = watch::channel(());
        self.running.lock().insert(id.clone(), waiter);
        RunningResult {
            running: Arc::clone(&self.running),
            id,
            _end: end,
        }
    }

    /// Waits until the result is no longer being computed; returns at once when it isn't.
    pub(crate) async fn wait(&self, id: &QueryResultId) {
        let waiter = self.running.lock().get(id).cloned();
        if let Some(mut waiter) = waiter {
            // Nothing is ever sent: the only change is the end, which is an error here.
            while waiter.changed().await.is_ok() {}
        }
    }
}

impl Drop for RunningResult {
    fn drop(&mut self) {
        self.running.lock().remove(&self.id);
    }
}
