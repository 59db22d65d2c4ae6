//! How much every dataset takes in a day, and from which key. Counted in memory, because ingest must not wait for the metastore, and
//! written down every few seconds: a crash leaves out the last of them, a stop does not.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use waggle_metastore::{Error, KeyId, Metastore, Taken, Usage};
use waggle_model::{DatasetId, Tenant};

const DAY_NS: i64 = 86_400_000_000_000;

/// What is not written down yet.
#[derive(Default)]
pub(crate) struct UsageCounts(Mutex<HashMap<Place, Taken>>);

/// Where something was taken in: whose dataset, on which day, and from which key.
type Place = (Tenant, DatasetId, i64, Option<KeyId>);

/// The day of a moment, counted from 1970 in UTC.
pub(crate) fn day_of(time_ns: i64) -> i64 {
    time_ns.div_euclid(DAY_NS)
}

impl UsageCounts {
    /// Counts what was taken in.
    pub(crate) fn count(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        key: Option<KeyId>,
        now_ns: i64,
        taken: Taken,
    ) {
        let place = (tenant, dataset, day_of(now_ns), key);
        *self.0.lock().entry(place).or_default() += taken;
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
                let place = (usage.tenant, usage.dataset, usage.day, usage.key);
                *counts.entry(place).or_default() += usage.taken;
            }
        }
        written
    }

    /// What a tenant took in on these days and is not written down yet.
    pub(crate) fn unwritten(&self, tenant: Tenant, days: &RangeInclusive<i64>) -> Vec<Usage> {
        let counts = self.0.lock();
        let counts = counts
            .iter()
            .filter(|((owner, _, day, _), _)| *owner == tenant && days.contains(day));
        counts
            .map(|(place, taken)| usage_of((place.clone(), *taken)))
            .collect()
    }
}

fn usage_of(((tenant, dataset, day, key), taken): (Place, Taken)) -> Usage {
    Usage {
        tenant,
        dataset,
        day,
        key,
        taken,
    }
}
