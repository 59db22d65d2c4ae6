//! What the table remembers and forgets, and which traces it therefore has to be told of by the store.
use super::{Key, Known, Recent};
use std::collections::HashMap;
use std::sync::Arc;
use waggle_model::Tenant;
use waggle_wire::xray::{Document, EntityId};
use xxhash_rust::xxh3::xxh3_64;

/// How far ahead of the server's clock a client's may be before its traces are looked up.
pub(super) const CLOCK_AHEAD_NS: i64 = 60_000_000_000;
/// How far ahead of the server's start the newest event of a tenant is believed; beyond, a clock is wrong, and not merely ahead.
const NEWEST_AHEAD_NS: i64 = 600_000_000_000;
/// How old a trace is at most of which parts still come: X-Ray takes none that is older. The time in other ids is no time, but random.
const TRACE_AGE_MAX_NS: i64 = 30 * 86_400 * 1_000_000_000;
/// How many turns of the server's own documents of a trace are put off for which the store had no answer.
const PUT_OFF_MAX: u32 = 60;
/// Traces that are looked at after one call to find some that can be forgotten.
const FORGOTTEN_AT_ONCE: usize = 1_000;

/// A row that the store has of a trace.
pub(in super::super) struct StoredEntity {
    pub(in super::super) id: EntityId,
    pub(in super::super) service: Option<Arc<str>>,
    pub(in super::super) document: Option<Arc<str>>,
    pub(in super::super) is_complete: bool,
    /// When the document came.
    pub(in super::super) received_ns: i64,
}

/// From when on the table has all of a trace's parts, if it has any: of traces that began before, only the store may know.
pub(super) struct Sureness {
    /// When this process began.
    started_ns: i64,
    /// The newest that the store has from before this process, by tenant; `None` when it has nothing.
    newest_ns: HashMap<Tenant, Option<i64>>,
    /// The latest start among forgotten traces.
    pub(super) forgotten_ns: i64,
}

impl Sureness {
    pub(super) fn new(now_ns: i64) -> Self {
        Self {
            started_ns: now_ns,
            newest_ns: HashMap::new(),
            forgotten_ns: i64::MIN,
        }
    }

    /// The store has no part of a trace that is not in the table and begins then or later.
    pub(super) fn sure_from_ns(&self, tenant: &Tenant) -> i64 {
        let latest_ns = self.started_ns.saturating_add(NEWEST_AHEAD_NS);
        let earlier_ns = match self.newest_ns.get(tenant) {
            Some(None) => None,
            Some(Some(newest_ns)) => Some(latest_ns.min(*newest_ns)),
            None => Some(self.started_ns),
        };
        // Clients whose clocks are ahead sent documents to an earlier process that begin only now.
        let earlier_ns = earlier_ns.map_or(i64::MIN, |ns| ns.saturating_add(CLOCK_AHEAD_NS));
        earlier_ns.max(self.forgotten_ns.saturating_add(1))
    }
}

impl Recent {
    /// Whether it is still unknown what the store has of a tenant from before this process.
    pub(in super::super) fn is_newest_unknown(&self, tenant: Tenant) -> bool {
        !self.sureness.newest_ns.contains_key(&tenant)
    }

    /// Takes note of the newest time that the store has of a tenant.
    pub(in super::super) fn learn_newest(&mut self, tenant: Tenant, newest_ns: Option<i64>) {
        self.sureness.newest_ns.insert(tenant, newest_ns);
    }

    /// True when the store may have a document, or what it belongs to, which the table does not know of.
    pub(in super::super) fn is_unsure(
        &self,
        tenant: Tenant,
        document: &Document,
        now_ns: i64,
    ) -> bool {
        let own = document.entity();
        let trace = self.traces.get(&(tenant, document.trace_id()));
        let sure_from_ns = match trace {
            Some(trace) => trace.sure_from_ns,
            None => self.sureness.sure_from_ns(&tenant),
        };
        if sure_from_ns == i64::MIN && trace.is_some() {
            return false;
        }
        let latest_ns = now_ns.saturating_add(CLOCK_AHEAD_NS);
        if own.start_ns() < sure_from_ns || latest_ns < own.start_ns() {
            return true;
        }
        // The trace began before the table knows of it, and this is not its first part.
        let began_ns = document.trace_id().time_s().saturating_mul(1_000_000_000);
        let is_earlier =
            began_ns < sure_from_ns && sure_from_ns.saturating_sub(began_ns) < TRACE_AGE_MAX_NS;
        let is_known = |id: EntityId| trace.is_some_and(|t| t.entities.contains_key(&id));
        is_earlier && own.parent_id().is_some_and(|id| !is_known(id))
    }

    /// The store did not say what it has of a trace: it is asked again with the next document.
    pub(in super::super) fn leave_unsure(&mut self, key: Key) {
        self.trace(key).sure_from_ns = i64::MAX;
    }

    /// Whether documents of a trace wait for another turn of the server, since it was not found out to which service they belong.
    pub(in super::super) fn put_off(&mut self, key: Key) -> bool {
        let trace = self.trace(key);
        trace.put_off_count += 1;
        trace.put_off_count <= PUT_OFF_MAX
    }

    /// Takes in what the store has of a trace.
    pub(in super::super) fn learn(&mut self, key: Key, rows: &[StoredEntity]) {
        self.trace(key);
        let Some(trace) = self.traces.get_mut(&key) else {
            return;
        };
        trace.sure_from_ns = i64::MIN;
        trace.put_off_count = 0;
        for row in rows {
            let is_new = !trace.entities.contains_key(&row.id);
            self.entity_count += usize::from(is_new);
            let entity = trace.entities.entry(row.id).or_default();
            if let Some(service) = row.service.as_ref().filter(|_| entity.service.is_none()) {
                trace.serve(row.id, service);
            }
            let entity = trace.entities.entry(row.id).or_default();
            let Some(text) = &row.document else {
                continue;
            };
            let hash = xxh3_64(text.as_bytes());
            let is_known = entity.versions.iter().any(|known| known.hash == hash);
            if is_known || entity.earlier.contains(&hash) {
                continue;
            }
            trace.bytes += text.len();
            let order = (row.is_complete, row.received_ns);
            let last = entity.versions.last();
            if last.is_some_and(|known| order <= (known.is_complete, known.received_ns)) {
                entity.note_earlier(hash);
                continue;
            }
            // Another than the one that waits, if one does.
            let after_ns = last.map_or(i64::MIN, |known| known.received_ns.saturating_add(1));
            entity.versions.push(Known {
                hash,
                is_complete: row.is_complete,
                received_ns: row.received_ns.max(after_ns),
                flight: None,
            });
            entity.forget_earlier();
        }
    }

    /// Keeps a trace until it is unpinned as often.
    pub(in super::super) fn pin(&mut self, key: Key) {
        self.trace(key).pins += 1;
    }

    /// Does so if the trace is in the table, and returns whether it is.
    pub(in super::super) fn pin_known(&mut self, key: &Key) -> bool {
        let trace = self.traces.get_mut(key);
        trace.map(|trace| trace.pins += 1).is_some()
    }

    /// Takes back one [`pin`](Self::pin).
    pub(in super::super) fn unpin(&mut self, key: &Key) {
        if let Some(trace) = self.traces.get_mut(key) {
            trace.pins = trace.pins.saturating_sub(1);
        }
    }

    /// Forgets traces, those seen first before others, while there are more entities than the table may have.
    pub(in super::super) fn forget_oldest(&mut self, now_ns: i64) {
        // Traces that can't go are moved to the end.
        for _ in 0..self.order.len().min(FORGOTTEN_AT_ONCE) {
            if self.entity_count <= self.limits.entities_max {
                return;
            }
            let Some(key) = self.order.pop_front() else {
                return;
            };
            let Some(trace) = self.traces.get(&key) else {
                continue;
            };
            if trace.pins > 0 || !trace.waiting.is_empty() {
                self.order.push_back(key);
                continue;
            }
            self.entity_count = self.entity_count.saturating_sub(trace.entities.len());
            // Later ones are looked up anyway.
            let latest_ns = trace
                .latest_start_ns
                .min(now_ns.saturating_add(CLOCK_AHEAD_NS));
            self.sureness.forgotten_ns = self.sureness.forgotten_ns.max(latest_ns);
            self.traces.remove(&key);
        }
    }
}
