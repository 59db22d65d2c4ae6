//! What was refused of late and why, for whoever wonders where their events are. Counted in memory by the minute: ingest must not wait for
//! the metastore, and after ten minutes nobody asks.

use crate::metrics::{Protocol, reason_name};
use crate::state::ApiState;
use parking_lot::Mutex;
use std::collections::HashMap;
use waggle_model::{RejectReason, Tenant};

const MINUTE_NS: i64 = 60_000_000_000;
/// For how many minutes refusals are remembered.
pub(crate) const MINUTES: usize = 10;

/// Refusals by whose they are, how they came and why. There are as many entries as environments send something wrong, times a few dozen.
#[derive(Default)]
pub(crate) struct Rejections(Mutex<HashMap<Which, Minutes>>);

type Which = (Option<Tenant>, Protocol, &'static str);

/// Refusals of one kind.
pub(crate) struct Rejection {
    pub(crate) protocol: Protocol,
    pub(crate) reason: &'static str,
    pub(crate) count: u64,
    pub(crate) last_ns: i64,
}

#[derive(Default)]
struct Minutes {
    /// The counts of the minutes `m` that were last written at `m % MINUTES`.
    counts: [(i64, u64); MINUTES],
    last_ns: i64,
}

impl Minutes {
    fn count(&self, now_ns: i64) -> u64 {
        let now = now_ns.div_euclid(MINUTE_NS);
        let minutes = now.saturating_sub(MINUTES as i64)..=now;
        let recent = self.counts.iter().filter(|(at, _)| {
            // The first of eleven minutes is over by now.
            minutes.contains(at) && *at > *minutes.start()
        });
        recent.map(|(_, count)| count).sum()
    }
}

impl Rejections {
    fn add(&self, which: Which, count: u64, now_ns: i64) {
        let mut rejections = self.0.lock();
        if !rejections.contains_key(&which) {
            rejections.retain(|_, minutes| minutes.count(now_ns) > 0);
        }
        let minutes = rejections.entry(which).or_default();
        minutes.last_ns = minutes.last_ns.max(now_ns);
        let minute = now_ns.div_euclid(MINUTE_NS);
        let place = usize::try_from(minute.rem_euclid(MINUTES as i64)).unwrap_or(0);
        if let Some((at, counted)) = minutes.counts.get_mut(place) {
            if *at != minute {
                (*at, *counted) = (minute, 0);
            }
            *counted = counted.saturating_add(count);
        }
    }

    /// What was refused in the last minutes, the newest first: of a tenant, or with `None` of senders who are not known.
    pub(crate) fn of(&self, whose: Option<Tenant>, now_ns: i64) -> Vec<Rejection> {
        let rejections = self.0.lock();
        let mut found: Vec<Rejection> = rejections
            .iter()
            .filter(|((owner, _, _), _)| *owner == whose)
            .map(|((_, protocol, reason), minutes)| Rejection {
                protocol: *protocol,
                reason,
                count: minutes.count(now_ns),
                last_ns: minutes.last_ns,
            })
            .filter(|rejection| rejection.count > 0)
            .collect();
        found.sort_by_key(|rejection| {
            (
                std::cmp::Reverse(rejection.last_ns),
                rejection.protocol.name(),
                rejection.reason,
            )
        });
        found
    }
}

impl ApiState {
    /// Counts an event that was refused.
    pub(crate) fn event_rejected(&self, tenant: Tenant, protocol: Protocol, reason: RejectReason) {
        self.request_rejected(Some(tenant), protocol, reason_name(reason));
    }

    /// Counts a whole request that was refused, as one; `None` for a sender who is not known.
    pub(crate) fn request_rejected(
        &self,
        whose: Option<Tenant>,
        protocol: Protocol,
        reason: &'static str,
    ) {
        self.metrics.rejected(protocol, reason);
        self.rejections
            .add((whose, protocol, reason), 1, self.clock.now_ns());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_forgotten_by_the_minute() {
        let rejections = Rejections::default();
        let which = (None, Protocol::Batch, "malformed");
        let start_ns = 1_732_270_000_000_000_000_i64.div_euclid(MINUTE_NS) * MINUTE_NS;
        for minute in 0..25 {
            rejections.add(which, 1, start_ns + minute * MINUTE_NS);
        }
        let last_ns = start_ns + 24 * MINUTE_NS;
        let count = |now_ns| rejections.of(None, now_ns).first().map(|found| found.count);
        assert_eq!(count(last_ns), Some(10));
        assert_eq!(count(last_ns + 4 * MINUTE_NS + 1), Some(6));
        assert_eq!(count(last_ns + 9 * MINUTE_NS), Some(1));
        assert_eq!(count(last_ns + 10 * MINUTE_NS), None);
        // What nobody can ask for any more is dropped when something new comes.
        let other = (None, Protocol::Batch, "empty");
        rejections.add(other, 3, last_ns + 10 * MINUTE_NS);
        assert_eq!(rejections.0.lock().len(), 1);
    }
}
