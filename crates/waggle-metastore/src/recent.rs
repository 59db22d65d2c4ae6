//! What the metastore said of an environment a moment ago, so that not every query has to ask it.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use waggle_model::Tenant;

/// How long what was read is believed.
const FRESH_NS: i64 = 10_000_000_000;
/// Most environments of which something is kept; beyond, all are read anew.
const KNOWN_MAX: usize = 1_000;

/// One answer per environment. A change after which [`forget`](Self::forget) is called is seen by the next reader; what else changes the
/// answer, within ten seconds.
#[derive(Debug)]
pub struct Recent<T> {
    known: Mutex<HashMap<Tenant, Known<T>>>,
    /// Counts calls of [`forget`](Self::forget).
    changes: AtomicU64,
}

#[derive(Debug)]
struct Known<T> {
    answer: Arc<T>,
    read_at_ns: i64,
}

impl<T> Recent<T> {
    /// To be called after a change; who reads meanwhile does not remember what it read.
    pub fn forget(&self, tenant: Tenant) {
        let mut known = self.known.lock();
        self.changes.fetch_add(1, Ordering::AcqRel);
        known.remove(&tenant);
    }

    /// The answer of an environment: the one that is known, or what `read` says.
    ///
    /// # Errors
    /// Those of `read`; then nothing is kept.
    pub async fn of<E>(
        &self,
        tenant: Tenant,
        now_ns: i64,
        read: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        if let Some(known) = self.known.lock().get(&tenant) {
            let age_ns = now_ns.saturating_sub(known.read_at_ns);
            if (0..FRESH_NS).contains(&age_ns) {
                return Ok(Arc::clone(&known.answer));
            }
        }
        let changes = self.changes.load(Ordering::Acquire);
        let answer = Arc::new(read.await?);
        let mut all = self.known.lock();
        // A change since then may not be in what was read.
        if self.changes.load(Ordering::Acquire) == changes {
            if all.len() >= KNOWN_MAX {
                all.clear();
            }
            let known = Known {
                answer: Arc::clone(&answer),
                read_at_ns: now_ns,
            };
            all.insert(tenant, known);
        }
        Ok(answer)
    }
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self {
            known: Mutex::default(),
            changes: AtomicU64::new(0),
        }
    }
}

#[cfg(test)]
mod tests;
