//! Documents whose events can't be written yet: whom they wait for, for how long, and how much memory they may take.

use super::flight::{Flight, InFlight, Undo};
use super::{Key, Known, Part, Place, Recent};
use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use waggle_model::{TeamId, Tenant, TimeRange};
use waggle_wire::xray::{Document, EntityId, Source, TraceId};
use xxhash_rust::xxh3::xxh3_64;

/// About the memory that a document which waits takes besides its text, and for each of its entities.
const WAITING_BYTES: usize = 512;
const WAITING_ENTITY_BYTES: usize = 128;
/// A team's documents may wait in so many times the memory that is still free: the oldest go, then no more are taken. So whatever some
/// teams hold, there is room for another.
const PRESSED_SHARE: usize = 3;
const FULL_SHARE: usize = 7;

/// Documents that are looked at while the table is locked.
const WALKED_AT_ONCE: usize = 1_000;

/// A place in the order in which documents began to wait.
pub(in super::super) type WaitingPlace = (i64, Key, EntityId);

/// A document whose events can't be written yet.
#[derive(Clone)]
pub(super) struct Waiting {
    pub(super) part: Part,
    pub(super) parent: Option<EntityId>,
    pub(super) is_complete: bool,
    pub(super) service: Option<Arc<str>>,
    /// All entities of the document.
    pub(super) entities: Arc<[EntityId]>,
    /// From when on its age counts: its receipt, or when the server last tried in vain to give it its events.
    pub(super) since_ns: i64,
    /// A document in whose place it waits is on the disk.
    pub(super) replaces: bool,
    /// The call that brought it, until it is durable.
    pub(super) flight: Option<InFlight>,
}

/// Bytes of documents that wait.
#[derive(Clone, Copy, Default)]
pub(super) struct Held {
    bytes: usize,
    /// Of these: of documents that the store refuses, which can't be made to go.
    stuck_bytes: usize,
}

impl Recent {
    /// Documents that wait.
    pub(in super::super) fn waiting_count(&self) -> usize {
        self.waiting_order.len()
    }

    /// Finds durable documents of a tenant that wait and begin in a range, each with its trace, among so many behind a place. Returns the
    /// place where to go on; `None` at the end.
    pub(in super::super) fn waiting(
        &self,
        tenant: Tenant,
        range: TimeRange,
        after: Option<WaitingPlace>,
        found: &mut Vec<(TraceId, Arc<str>)>,
    ) -> Option<WaitingPlace> {
        let behind = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut places = self.waiting_order.range((behind, Bound::Unbounded));
        let mut last = None;
        for place @ (_, key, id) in places.by_ref().take(WALKED_AT_ONCE) {
            last = Some(*place);
            let is_of_tenant = key.0 == tenant;
            let trace = is_of_tenant.then(|| self.traces.get(key)).flatten();
            let Some(waiting) = trace.and_then(|trace| trace.waiting.get(id)) else {
                continue;
            };
            let part = &waiting.part;
            if waiting.flight.is_none() && range.contains(part.start_ns) {
                found.push((key.1, Arc::clone(&part.text)));
            }
        }
        last.filter(|_| places.next().is_some())
    }

    /// Whether so much of a team waits that its oldest have to go.
    pub(in super::super) fn is_pressed(&self, team: TeamId) -> bool {
        let held = self.waiting_bytes_of.get(&team);
        held.is_some_and(|held| self.is_over(PRESSED_SHARE, held.movable_bytes(), 0))
    }

    /// Whether no more of a team's documents may wait.
    pub(super) fn is_full(&self, team: TeamId) -> bool {
        let held = self.waiting_bytes_of.get(&team);
        held.is_some_and(|held| self.is_over(FULL_SHARE, held.bytes, 0))
    }

    /// Whether bytes are more than a share of what is free once some are gone.
    fn is_over(&self, share: usize, bytes: usize, gone_bytes: usize) -> bool {
        let left = self.waiting_bytes.saturating_sub(gone_bytes);
        let free = self.limits.waiting_bytes_max.saturating_sub(left);
        bytes > free.saturating_mul(share)
    }

    /// Finds the service of documents that wait, and writes the events of those that are complete and have one.
    pub(super) fn resolve(&mut self, flight: &mut Flight, key: Key) {
        while let Some(trace) = self.traces.get_mut(&key) {
            let due = std::mem::take(&mut trace.due);
            if due.is_empty() {
                return;
            }
            for id in due {
                self.resolve_one(flight, key, id);
            }
        }
    }

    fn resolve_one(&mut self, flight: &mut Flight, key: Key, id: EntityId) {
        let Some(trace) = self.traces.get_mut(&key) else {
            return;
        };
        let Some(waiting) = trace.waiting.get_mut(&id) else {
            return;
        };
        if waiting.service.is_none() {
            let parent = waiting
                .parent
                .and_then(|parent| trace.entities.get(&parent));
            let Some(service) = parent.and_then(|parent| parent.service.clone()) else {
                return;
            };
            waiting.service = Some(Arc::clone(&service));
            let (parent, entities) = (waiting.parent, Arc::clone(&waiting.entities));
            trace.adopt(parent, id);
            for entity in entities.iter() {
                trace.serve(*entity, &service);
            }
        }
        let is_ready = |waiting: &Waiting| waiting.is_complete;
        if let Some(ready) = self.take_waiting_one(&key, id, is_ready) {
            self.take_into(flight, ready);
        }
    }

    /// Makes a document that waited, and waits no more, part of a flight.
    fn take_into(&mut self, flight: &mut Flight, waiting: Waiting) {
        let (key, id) = (waiting.part.key, waiting.part.id);
        let Some(trace) = self.traces.get_mut(&key) else {
            return;
        };
        if flight.traces.insert(key) {
            trace.pins += 1;
        }
        let unknown = || Arc::from("unknown_service:xray");
        let service = waiting.service.clone();
        let named = service.clone().unwrap_or_else(unknown);
        for id in waiting.entities.iter() {
            trace.serve(*id, &named);
        }
        let is_own = waiting.is_of(flight);
        let settles = !is_own || waiting.replaces;
        let received_ns = waiting.part.received_ns;
        let entity = trace.entities.get_mut(&id);
        if let Some(known) = entity.and_then(|entity| entity.version(received_ns)) {
            let before = known.clone();
            // Who sends it again waits for this call now.
            known.flight = Some(flight.in_flight());
            if !before.is_of(flight.id) {
                flight.undo.push(Undo::Document {
                    key,
                    id,
                    received_ns,
                    before: Some(before),
                    bytes: 0,
                });
            }
        }
        let place = Place::Events {
            service,
            settles,
            is_elsewhere: false,
        };
        flight.writes.push((waiting.part.clone(), place));
        if !is_own {
            self.end_wait(flight, waiting);
        }
    }

    /// Takes away what waits for an entity, since another document takes its place; true when that is on the disk.
    pub(super) fn replace_waiting(&mut self, flight: &mut Flight, key: Key, id: EntityId) -> bool {
        match self.take_waiting_one(&key, id, |_| true) {
            None => false,
            Some(waiting) if waiting.is_of(flight) => {
                flight.writes.push((waiting.part, Place::Kept));
                waiting.replaces
            }
            Some(waiting) => {
                self.end_wait(flight, waiting);
                true
            }
        }
    }

    /// Documents that have waited for long enough, or for which there is no more room, oldest first.
    pub(in super::super) fn overdue(&self, now_ns: i64) -> Vec<(Key, EntityId)> {
        let mut overdue = Vec::new();
        let mut gone_bytes = 0_usize;
        let held = self.waiting_bytes_of.iter();
        let mut pressed: HashMap<TeamId, usize> = held
            .map(|(team, held)| (*team, held.movable_bytes()))
            .filter(|(_, bytes)| self.is_over(PRESSED_SHARE, *bytes, 0))
            .collect();
        let is_old = |since_ns: i64| now_ns.saturating_sub(since_ns) >= self.limits.waiting_age_ns;
        for (received_ns, key, id) in &self.waiting_order {
            if pressed.is_empty() && !is_old(*received_ns) {
                break;
            }
            let trace = self.traces.get(key);
            let Some(waiting) = trace.and_then(|trace| trace.waiting.get(id)) else {
                continue;
            };
            let team = key.0.team;
            // What the store has refused is tried again when it has waited for as long again.
            let is_pressed = pressed.contains_key(&team) && !waiting.is_stuck();
            if waiting.flight.is_some() || !(is_pressed || is_old(waiting.since_ns)) {
                continue;
            }
            overdue.push((*key, *id));
            gone_bytes = gone_bytes.saturating_add(waiting.bytes());
            if let Some(bytes) = pressed.get_mut(&team).filter(|_| is_pressed) {
                *bytes = bytes.saturating_sub(waiting.bytes());
            }
            pressed.retain(|_, bytes| self.is_over(PRESSED_SHARE, *bytes, gone_bytes));
        }
        overdue
    }

    /// The traces of those documents that still wait because their service is unknown.
    pub(in super::super) fn orphaned(&self, documents: &[(Key, EntityId)]) -> BTreeSet<Key> {
        let is_orphan = |(key, id): &&(Key, EntityId)| {
            let waiting = self.traces.get(key).and_then(|t| t.waiting.get(id));
            waiting.is_some_and(|waiting| waiting.service.is_none())
        };
        let orphans = documents.iter().filter(is_orphan);
        orphans.map(|(key, _)| *key).collect()
    }

    /// Ends the wait of documents, as part of a flight: they get their events as they are, and whatever waits for them with them.
    pub(in super::super) fn give_up(&mut self, flight: &mut Flight, documents: &[(Key, EntityId)]) {
        let keys: BTreeSet<Key> = documents.iter().map(|(key, _)| *key).collect();
        for key in &keys {
            self.resolve(flight, *key);
        }
        for (key, id) in documents {
            let found = self.take_waiting_one(key, *id, |waiting| waiting.flight.is_none());
            if let Some(waiting) = found {
                self.take_into(flight, waiting);
            }
        }
        for key in &keys {
            self.resolve(flight, *key);
        }
    }

    /// Puts back what waited when an earlier process ended. Its events are written with the next document of its trace, or when it has
    /// waited for long enough.
    pub(in super::super) fn restore(
        &mut self,
        tenant: Tenant,
        document: &Document,
        facts: (i64, Source),
    ) {
        let own = document.entity();
        let (key, id) = ((tenant, document.trace_id()), own.id());
        let is_complete = !own.is_in_progress();
        // Of what an earlier process knew of it, only what waits is here.
        self.trace(key).sure_from_ns = i64::MAX;
        let (_, entities) = self.enter(key, document);
        self.take_waiting_one(&key, id, |_| true);
        let trace = self.trace(key);
        trace.bytes += document.text().len();
        if let Some(entity) = trace.entities.get_mut(&id) {
            entity.versions = vec![Known {
                hash: xxh3_64(document.text().as_bytes()),
                is_complete,
                received_ns: facts.0,
                flight: None,
            }];
        }
        let service = match own.is_subsegment() {
            true => None,
            false => Some(Arc::from(own.name())),
        };
        self.wait(Waiting {
            part: Part {
                key,
                id,
                text: document.text().into(),
                start_ns: own.start_ns(),
                received_ns: facts.0,
                source: facts.1,
            },
            since_ns: facts.0,
            parent: own.parent_id(),
            is_complete,
            service,
            entities,
            replaces: false,
            flight: None,
        });
    }

    pub(super) fn take_waiting_one(
        &mut self,
        key: &Key,
        id: EntityId,
        is_meant: impl Fn(&Waiting) -> bool,
    ) -> Option<Waiting> {
        let trace = self.traces.get_mut(key)?;
        trace.waiting.get(&id).filter(|waiting| is_meant(waiting))?;
        let taken = trace.waiting.remove(&id)?;
        trace.due.remove(&id);
        trace.adopt(taken.parent, id);
        self.count_out(&taken);
        Some(taken)
    }

    pub(super) fn wait(&mut self, waiting: Waiting) {
        let held = self.held_mut(&waiting);
        held.bytes += waiting.bytes();
        held.stuck_bytes += waiting.stuck_bytes();
        self.waiting_bytes += waiting.bytes();
        self.waiting_order.insert(waiting.order());
        let (key, id) = waiting.document();
        let trace = self.trace(key);
        match (&waiting.service, waiting.parent) {
            (Some(_), _) => _ = trace.due.insert(id),
            (None, Some(parent)) => {
                trace.orphans.entry(parent).or_default().insert(id);
                let parent = trace.entities.get(&parent);
                if parent.is_some_and(|parent| parent.service.is_some()) {
                    trace.due.insert(id);
                }
            }
            (None, None) => {}
        }
        let replaced = trace.waiting.insert(id, waiting);
        debug_assert!(replaced.is_none(), "one document of an entity waits");
    }

    fn count_out(&mut self, waiting: &Waiting) {
        let held = self.held_mut(waiting);
        held.bytes = held.bytes.saturating_sub(waiting.bytes());
        held.stuck_bytes = held.stuck_bytes.saturating_sub(waiting.stuck_bytes());
        if held.bytes == 0 {
            self.waiting_bytes_of.remove(&waiting.part.key.0.team);
        }
        self.waiting_bytes = self.waiting_bytes.saturating_sub(waiting.bytes());
        self.waiting_order.remove(&waiting.order());
    }

    fn held_mut(&mut self, waiting: &Waiting) -> &mut Held {
        let team = waiting.part.key.0.team;
        self.waiting_bytes_of.entry(team).or_default()
    }
}

impl Waiting {
    pub(super) fn is_of(&self, flight: &Flight) -> bool {
        self.flight.as_ref().is_some_and(|own| own.id == flight.id)
    }

    /// About the memory it takes.
    fn bytes(&self) -> usize {
        self.part.text.len() + WAITING_BYTES + self.entities.len() * WAITING_ENTITY_BYTES
    }

    /// Its place in [`Recent::waiting_order`].
    fn order(&self) -> (i64, Key, EntityId) {
        (self.part.received_ns, self.part.key, self.part.id)
    }

    pub(super) fn document(&self) -> (Key, EntityId) {
        (self.part.key, self.part.id)
    }

    /// The store refuses it: it has waited for its whole time before.
    fn is_stuck(&self) -> bool {
        self.since_ns != self.part.received_ns
    }

    fn stuck_bytes(&self) -> usize {
        match self.is_stuck() {
            true => self.bytes(),
            false => 0,
        }
    }
}

impl Held {
    fn movable_bytes(self) -> usize {
        self.bytes.saturating_sub(self.stuck_bytes)
    }
}
