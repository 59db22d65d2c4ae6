//! How much every dataset takes in a day. Counted in memory, because ingest must not wait for the metastore, and written down every few
//! seconds: a crash leaves out the last of them, a stop does not.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use waggle_metastore::{Error, Metastore, Usage};
use waggle_model::{DatasetId, Tenant};

const DAY_NS: i64 = 86_400_000_000_000;

/// What is not written down yet.
#[derive(Default)]
pub(crate) struct UsageCounts(Mutex<HashMap<(Tenant, DatasetId, i64), Counts>>);

#[derive(Clone, Copy, Default)]
struct Counts {
    events: u64,
    bytes: u64,
}

/// The day of a moment, counted from 1970 in UTC.
pub(crate) fn day_of(time_ns: i64) -> i64 {
    time_ns.div_euclid(DAY_NS)
}

impl UsageCounts {
    /// Counts events that were taken in.
    pub(crate) fn count(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        now_ns: i64,
        events: usize,
        bytes: u64,
    ) {
        let mut counts = self.0.lock();
        let counts = counts.entry((tenant, dataset, day_of(now_ns))).or_default();
        counts.events = counts.events.saturating_add(events as u64);
        counts.bytes = counts.bytes.saturating_add(bytes);
    }

    /// Writes down what was counted since the last call.
    ///
    /// # Errors
    /// The metastore's; what was counted is kept for the next call.
    pub(crate) async fn write(&self, metastore: &dyn Metastore) -> Result<(), Error> {
        let counted = std::mem::take(&mut *self.0.lock());
        if counted.is_empty() {
            return Ok(());
        }
        let usage: Vec<Usage> = counted.into_iter().map(usage_of).collect();
        let written = metastore.add_usage(&usage).await;
        if written.is_err() {
            let mut counts = self.0.lock();
            for usage in usage {
                let counts = counts.entry((usage.tenant, usage.dataset, usage.day));
                let counts = counts.or_default();
                counts.events = counts.events.saturating_add(usage.event_count);
                counts.bytes = counts.bytes.saturating_add(usage.event_bytes);
            }
        }
        written
    }

    /// What a tenant took in on these days and is not written down yet.
    pub(crate) fn unwritten(&self, tenant: Tenant, days: &RangeInclusive<i64>) -> Vec<Usage> {
        let counts = self.0.lock();
        let counts = counts
            .iter()
            .filter(|((owner, _, day), _)| *owner == tenant && days.contains(day));
        counts
            .map(|(key, counts)| usage_of((*key, *counts)))
            .collect()
    }
}

fn usage_of(((tenant, dataset, day), counts): ((Tenant, DatasetId, i64), Counts)) -> Usage {
    Usage {
        tenant,
        dataset,
        day,
        event_count: counts.events,
        event_bytes: counts.bytes,
    }
}
