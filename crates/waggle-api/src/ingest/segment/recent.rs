//! What is known of traces that are still coming in: which entity belongs to which service, which documents came, and which wait.
//!
//! SDKs send the parts of a trace out of order (the parent mostly last), twice, and in progress before they are complete. So every
//! document is first held against this table, which says whether it is new, whether its events can be written, and which documents that
//! waited can go with it. The table is memory: bounded, filled again at the start from what waits on the disk, and, for traces that it
//! has forgotten, from the store.
//!
//! Each call makes its changes as a [`Flight`]: they hold at once for every other call, and are taken back when the call's events could
//! not be stored, so that the client's next try finds things as they were.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use tokio::sync::watch;
use waggle_model::{TeamId, Tenant};
use waggle_wire::xray::{Document, EntityId, Source, TraceId};
use xxhash_rust::xxh3::xxh3_64;

/// A trace of a tenant.
pub(super) type Key = (Tenant, TraceId);

/// How far ahead of the server's clock a client's may be before its traces are looked up.
const CLOCK_AHEAD_NS: i64 = 60_000_000_000;

/// About the memory that a document which waits takes besides its text, and for each of its entities.
const WAITING_BYTES: usize = 512;
const WAITING_ENTITY_BYTES: usize = 128;
/// A team's documents may wait in so many times the memory that is still free: the oldest go, then no more are taken. So whatever some
/// teams hold, there is room for another.
const PRESSED_SHARE: usize = 3;
const FULL_SHARE: usize = 7;
/// Traces that are looked at after one call to find some that can be forgotten.
const FORGOTTEN_AT_ONCE: usize = 1_000;

/// Limits of the table.
#[derive(Clone, Debug)]
pub(super) struct RecentLimits {
    /// Most entities remembered; beyond, the oldest traces are forgotten, and looked up in the store when more of them comes.
    pub(super) entities_max: usize,
    /// Most bytes that documents which wait take; of one team alone the oldest get their events as they are beyond three quarters of it,
    /// and no more are taken beyond seven eighths.
    pub(super) waiting_bytes_max: usize,
    /// Most bytes of the documents of one trace; beyond, more are refused.
    pub(super) trace_bytes_max: usize,
    /// How long a document waits.
    pub(super) waiting_age_ns: i64,
}

/// The table.
pub(super) struct Recent {
    limits: RecentLimits,
    traces: HashMap<Key, Trace>,
    /// Traces in the order in which they were first seen.
    order: VecDeque<Key>,
    entity_count: usize,
    /// Documents that wait, by time of receipt.
    waiting_order: BTreeSet<(i64, Key, EntityId)>,
    waiting_bytes: usize,
    waiting_bytes_of: HashMap<TeamId, Held>,
    /// A trace that is not in the table and has parts that began before this may be known to the store.
    sure_from_ns: i64,
    /// By open flight, when the oldest document came that it ends the wait of: until it lands, that one waits on the disk.
    settling: BTreeMap<u64, i64>,
    /// How many documents of an entity waited until open flights took them: they may wait on the disk until all of these have landed.
    held: HashMap<(Key, EntityId), usize>,
    /// By open flight: what waited for its entities and was taken by flights that have failed since. It waits again should this one fail.
    inherited: HashMap<u64, Vec<Waiting>>,
    flight_count: u64,
}

/// Bytes of documents that wait.
#[derive(Clone, Copy, Default)]
struct Held {
    bytes: usize,
    /// Of these: of documents that the store refuses, which can't be made to go.
    stuck_bytes: usize,
}

#[derive(Default)]
struct Trace {
    entities: HashMap<EntityId, Entity>,
    /// By their own entity: of each the last one.
    waiting: BTreeMap<EntityId, Waiting>,
    bytes: usize,
    latest_start_ns: i64,
    /// Calls that are changing it.
    flights: usize,
    /// It was refused a document for its size.
    is_full: bool,
    /// Of what an earlier process knew of it, only what waits is here.
    is_restored: bool,
}

#[derive(Default)]
struct Entity {
    service: Option<Arc<str>>,
    /// The last document whose own entity this is.
    known: Option<Known>,
}

#[derive(Clone)]
struct Known {
    hash: u64,
    is_complete: bool,
    /// Later for each document of an entity, also when the clock is set back.
    received_ns: i64,
    /// The call that brought it, until its events are durable.
    flight: Option<InFlight>,
}

#[derive(Clone)]
struct InFlight {
    id: u64,
    landed: watch::Receiver<Option<Landed>>,
}

/// A document whose events can't be written yet.
#[derive(Clone)]
struct Waiting {
    part: Part,
    parent: Option<EntityId>,
    is_complete: bool,
    service: Option<Arc<str>>,
    /// All entities of the document.
    entities: Arc<[EntityId]>,
    /// From when on its age counts: its receipt, or when the server last tried in vain to give it its events.
    since_ns: i64,
    /// A document in whose place it waits is on the disk.
    replaces: bool,
    /// The call that brought it, until it is durable.
    flight: Option<InFlight>,
}

/// One document.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) key: Key,
    pub(super) id: EntityId,
    pub(super) text: Arc<str>,
    pub(super) start_ns: i64,
    pub(super) received_ns: i64,
    pub(super) source: Source,
}

/// Where a document is to be written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// As events.
    Events {
        /// The service of a subsegment; `None` when it was never known.
        service: Option<Arc<str>>,
        /// It, or what it replaces, waits on the disk: that has to end with the same append.
        settles: bool,
        /// To the dataset of those whose service is not known, since its own has refused it.
        is_elsewhere: bool,
    },
    /// To where documents wait.
    Waiting,
    /// To the same place, only to be kept: another document of its entity counts.
    Kept,
}

/// What one call changes, and what it has to write for it.
pub(super) struct Flight {
    id: u64,
    landed: watch::Sender<Option<Landed>>,
    pub(super) writes: Vec<(Part, Place)>,
    /// Traces whose first refusal for their size has to be written.
    pub(super) full: Vec<Key>,
    undo: Vec<Undo>,
    traces: HashSet<Key>,
    /// Entities whose documents came with it and were refused.
    refused: HashSet<(Key, EntityId)>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Landed {
    /// All of it is durable.
    Stored,
    /// All but the documents of these entities that came with it.
    Partly(Arc<HashSet<(Key, EntityId)>>),
    /// Nothing is.
    Failed,
}

enum Undo {
    Document {
        key: Key,
        id: EntityId,
        before: Option<Known>,
        bytes: usize,
    },
    Waiting(Waiting),
}

impl Undo {
    fn document(&self) -> (Key, EntityId) {
        match self {
            Self::Document { key, id, .. } => (*key, *id),
            Self::Waiting(waiting) => waiting.document(),
        }
    }
}

/// What became of an offered document.
pub(super) enum Offered {
    /// It is part of the flight.
    Taken,
    /// The same bytes came before; with a call that has not ended, whose end is then to be waited for.
    Same(Option<watch::Receiver<Option<Landed>>>),
    /// Its trace is over its limit.
    TraceFull,
}

/// A row that the store has of a trace.
pub(super) struct StoredEntity {
    pub(super) id: EntityId,
    pub(super) service: Option<Arc<str>>,
    pub(super) document: Option<Arc<str>>,
    pub(super) is_complete: bool,
}

impl Recent {
    pub(super) fn new(limits: RecentLimits, now_ns: i64) -> Self {
        Self {
            limits,
            traces: HashMap::new(),
            order: VecDeque::new(),
            entity_count: 0,
            waiting_order: BTreeSet::new(),
            waiting_bytes: 0,
            waiting_bytes_of: HashMap::new(),
            // Clients whose clocks are ahead sent documents to an earlier process that begin only now.
            sure_from_ns: now_ns.saturating_add(CLOCK_AHEAD_NS),
            settling: BTreeMap::new(),
            held: HashMap::new(),
            inherited: HashMap::new(),
            flight_count: 0,
        }
    }

    /// Documents that wait.
    pub(super) fn waiting_count(&self) -> usize {
        self.waiting_order.len()
    }

    /// Whether so much of a team waits that its oldest have to go.
    pub(super) fn is_pressed(&self, team: TeamId) -> bool {
        let held = self.waiting_bytes_of.get(&team);
        held.is_some_and(|held| self.is_over(PRESSED_SHARE, held.movable_bytes(), 0))
    }

    /// Whether bytes are more than a share of what is free once some are gone.
    fn is_over(&self, share: usize, bytes: usize, gone_bytes: usize) -> bool {
        let left = self.waiting_bytes.saturating_sub(gone_bytes);
        let free = self.limits.waiting_bytes_max.saturating_sub(left);
        bytes > free.saturating_mul(share)
    }

    /// True for a trace of which the store may know what the table does not.
    pub(super) fn is_unsure(&self, key: &Key, start_ns: i64, now_ns: i64) -> bool {
        match self.traces.get(key) {
            Some(trace) => trace.is_restored,
            None => {
                let latest_ns = now_ns.saturating_add(CLOCK_AHEAD_NS);
                start_ns < self.sure_from_ns || latest_ns < start_ns
            }
        }
    }

    /// Takes in what the store has of a trace.
    pub(super) fn learn(&mut self, key: Key, rows: &[StoredEntity]) {
        self.trace(key);
        let Some(trace) = self.traces.get_mut(&key) else {
            return;
        };
        trace.is_restored = false;
        for row in rows {
            let is_new = !trace.entities.contains_key(&row.id);
            self.entity_count += usize::from(is_new);
            let entity = trace.entities.entry(row.id).or_default();
            if let Some(service) = &row.service {
                entity.service.get_or_insert_with(|| Arc::clone(service));
            }
            if let Some(text) = &row.document
                && let before = entity.known.as_ref()
                && before.is_none_or(|known| !known.is_complete && row.is_complete)
            {
                trace.bytes += text.len();
                // Another than the one that waits, if one does.
                let received_ns =
                    before.map_or(i64::MIN, |known| known.received_ns.saturating_add(1));
                entity.known = Some(Known {
                    hash: xxh3_64(text.as_bytes()),
                    is_complete: row.is_complete,
                    received_ns,
                    flight: None,
                });
            }
        }
    }

    /// Begins a call.
    pub(super) fn begin(&mut self) -> Flight {
        self.flight_count += 1;
        Flight {
            id: self.flight_count,
            landed: watch::Sender::new(None),
            writes: Vec::new(),
            full: Vec::new(),
            undo: Vec::new(),
            traces: HashSet::new(),
            refused: HashSet::new(),
        }
    }

    /// Takes a document into a flight.
    pub(super) fn offer(
        &mut self,
        flight: &mut Flight,
        tenant: Tenant,
        document: &Document,
        received_ns: i64,
        source: Source,
    ) -> Offered {
        let own = document.entity();
        let mut part = Part {
            key: (tenant, document.trace_id()),
            id: own.id(),
            text: document.text().into(),
            start_ns: own.start_ns(),
            received_ns,
            source,
        };
        let (key, id) = (part.key, part.id);
        let hash = xxh3_64(part.text.as_bytes());
        let is_complete = !own.is_in_progress();
        let trace_bytes_max = self.limits.trace_bytes_max;
        // While the call that ends a wait is open, what waited is on the disk still, and stays there should it fail.
        let is_held = self.held.contains_key(&(key, id));
        let trace = self.trace(key);
        let before = trace.entities.get(&id).and_then(|e| e.known.clone());
        if let Some(known) = &before {
            if known.hash == hash {
                let other = known.flight.as_ref().filter(|other| other.id != flight.id);
                return Offered::Same(other.map(|other| other.landed.clone()));
            }
            if known.is_complete && !is_complete {
                flight.writes.push((part, Place::Kept));
                return Offered::Taken;
            }
            part.received_ns = received_ns.max(known.received_ns.saturating_add(1));
        }
        if trace.bytes.saturating_add(part.text.len()) > trace_bytes_max {
            if !std::mem::replace(&mut trace.is_full, true) {
                flight.full.push(key);
            }
            return Offered::TraceFull;
        }
        trace.bytes += part.text.len();
        if flight.traces.insert(key) {
            trace.flights += 1;
        }
        flight.undo.push(Undo::Document {
            key,
            id,
            before,
            bytes: part.text.len(),
        });
        let (service, entities) = self.enter(key, document);
        let settles = self.replace_waiting(flight, key, id) || is_held;
        let trace = self.trace(key);
        if let Some(entity) = trace.entities.get_mut(&id) {
            entity.known = Some(Known {
                hash,
                is_complete,
                received_ns: part.received_ns,
                flight: Some(flight.in_flight()),
            });
        }
        if is_complete && service.is_some() {
            let place = Place::Events {
                service,
                settles,
                is_elsewhere: false,
            };
            flight.writes.push((part, place));
        } else {
            self.wait(Waiting {
                since_ns: part.received_ns,
                part,
                parent: own.parent_id(),
                is_complete,
                service,
                entities,
                replaces: settles,
                flight: Some(flight.in_flight()),
            });
        }
        self.resolve(flight, key);
        Offered::Taken
    }

    /// Ends the taking in of documents: those that wait now have to be written to where they wait. Returns false when there is no room for
    /// them: the flight has to be rolled back.
    #[must_use]
    pub(super) fn write_waiting(&self, flight: &mut Flight) -> bool {
        let mut has_room = true;
        for key in &flight.traces {
            let waiting = self.traces.get(key).map(|trace| trace.waiting.values());
            let waiting = waiting.into_iter().flatten();
            let own: Vec<_> = waiting
                .filter(|waiting| waiting.is_of(flight))
                .map(|waiting| (waiting.part.clone(), Place::Waiting))
                .collect();
            let held = self.waiting_bytes_of.get(&key.0.team);
            let is_full = held.is_some_and(|held| self.is_over(FULL_SHARE, held.bytes, 0));
            has_room &= own.is_empty() || !is_full;
            flight.writes.extend(own);
        }
        has_room
    }

    /// Everything a flight wrote is durable.
    pub(super) fn commit(&mut self, flight: &Flight, now_ns: i64) {
        for undo in &flight.undo {
            if let Undo::Document { key, id, .. } = undo
                && let Some(trace) = self.traces.get_mut(key)
                && let Some(entity) = trace.entities.get_mut(id)
                && let Some(known) = &mut entity.known
                && known.flight.as_ref().is_some_and(|f| f.id == flight.id)
            {
                known.flight = None;
            }
        }
        self.end(
            flight,
            match flight.refused.is_empty() {
                true => Landed::Stored,
                false => Landed::Partly(Arc::new(flight.refused.clone())),
            },
        );
        self.forget_oldest(now_ns);
    }

    /// Nothing of a flight was stored: takes its changes back.
    pub(super) fn roll_back(&mut self, flight: &mut Flight, now_ns: i64) {
        for key in &flight.traces {
            self.take_waiting(key, |waiting| waiting.is_of(flight));
        }
        let mut undo = std::mem::take(&mut flight.undo);
        let inherited = self.inherited.remove(&flight.id);
        undo.extend(inherited.into_iter().flatten().map(Undo::Waiting));
        self.undo(flight.id, undo, None);
        for key in &flight.full {
            if let Some(trace) = self.traces.get_mut(key) {
                trace.is_full = false;
            }
        }
        self.end(flight, Landed::Failed);
        self.forget_oldest(now_ns);
    }

    /// The store refused some documents of a flight that it stored otherwise: what waited before waits on, from `since_ns` if its age is
    /// to begin anew. Returns those that came with the flight.
    pub(super) fn take_back(
        &mut self,
        flight: &mut Flight,
        refused: &[(Key, EntityId)],
        since_ns: Option<i64>,
    ) -> Vec<EntityId> {
        for (key, id) in refused {
            self.take_waiting_one(key, *id, |waiting| waiting.is_of(flight));
        }
        let refused: HashSet<_> = refused.iter().copied().collect();
        let is_meant = |undo: &mut Undo| refused.contains(&undo.document());
        let mut undo: Vec<Undo> = flight.undo.extract_if(.., is_meant).collect();
        let came: HashSet<(Key, EntityId)> = undo
            .iter()
            .filter(|undo| matches!(undo, Undo::Document { bytes: 1.., .. }))
            .map(Undo::document)
            .collect();
        if let Some(inherited) = self.inherited.get_mut(&flight.id) {
            let is_meant = |waiting: &mut Waiting| refused.contains(&waiting.document());
            undo.extend(inherited.extract_if(.., is_meant).map(Undo::Waiting));
        }
        self.undo(flight.id, undo, since_ns);
        let mut ids: Vec<EntityId> = came.iter().map(|(_, id)| *id).collect();
        ids.sort_unstable();
        flight.refused.extend(came);
        ids
    }

    fn undo(&mut self, flight_id: u64, undo: Vec<Undo>, since_ns: Option<i64>) {
        let mut taken = Vec::new();
        for undo in undo.into_iter().rev() {
            match undo {
                Undo::Document {
                    key,
                    id,
                    before,
                    bytes,
                } => {
                    let Some(trace) = self.traces.get_mut(&key) else {
                        continue;
                    };
                    trace.bytes = trace.bytes.saturating_sub(bytes);
                    let known = trace.entities.get_mut(&id).map(|entity| &mut entity.known);
                    if let Some(known) = known
                        && known
                            .as_ref()
                            .and_then(|known| known.flight.as_ref())
                            .is_some_and(|other| other.id == flight_id)
                    {
                        *known = before.and_then(|mut before| {
                            before.flight = InFlight::now(before.flight, &(key, id))?;
                            Some(before)
                        });
                    }
                }
                Undo::Waiting(waiting) => taken.push(waiting),
            }
        }
        for waiting in taken {
            self.wait_again(waiting, since_ns);
        }
    }

    fn wait_again(&mut self, mut waiting: Waiting, since_ns: Option<i64>) {
        self.release(&waiting);
        let Some(flight) = InFlight::now(waiting.flight.take(), &waiting.document()) else {
            return;
        };
        waiting.flight = flight;
        let (key, id) = waiting.document();
        let Some(trace) = self.traces.get_mut(&key) else {
            return;
        };
        let known = &mut trace.entities.entry(id).or_default().known;
        match known {
            Some(known) if known.received_ns == waiting.part.received_ns => {}
            // Another call has taken a later document of the entity meanwhile: it counts as soon as it is durable.
            Some(Known {
                flight: Some(other),
                ..
            }) => {
                let other_id = other.id;
                self.hold(other_id, &waiting);
                self.inherited.entry(other_id).or_default().push(waiting);
                return;
            }
            Some(_) => return,
            // That later one was not stored.
            None => {
                *known = Some(Known {
                    hash: xxh3_64(waiting.part.text.as_bytes()),
                    is_complete: waiting.is_complete,
                    received_ns: waiting.part.received_ns,
                    flight: waiting.flight.clone(),
                });
            }
        }
        if waiting.service.is_none() {
            // Whatever comes below it waits for its service as well.
            for id in waiting.entities.iter() {
                trace.entities.entry(*id).or_default().service = None;
            }
        }
        if let Some(since_ns) = since_ns {
            waiting.since_ns = since_ns.max(waiting.part.received_ns.saturating_add(1));
        }
        self.wait(waiting);
    }

    /// Documents that have waited for long enough, or for which there is no more room, oldest first.
    pub(super) fn overdue(&self, now_ns: i64) -> Vec<(Key, EntityId)> {
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
    pub(super) fn orphaned(&self, documents: &[(Key, EntityId)]) -> BTreeSet<Key> {
        let is_orphan = |(key, id): &&(Key, EntityId)| {
            let waiting = self.traces.get(key).and_then(|t| t.waiting.get(id));
            waiting.is_some_and(|waiting| waiting.service.is_none())
        };
        let orphans = documents.iter().filter(is_orphan);
        orphans.map(|(key, _)| *key).collect()
    }

    /// Ends the wait of documents, as part of a flight: they get their events as they are, and whatever waits for them with them.
    pub(super) fn give_up(&mut self, flight: &mut Flight, documents: &[(Key, EntityId)]) {
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
    pub(super) fn restore(&mut self, tenant: Tenant, document: &Document, facts: (i64, Source)) {
        let own = document.entity();
        let (key, id) = ((tenant, document.trace_id()), own.id());
        let is_complete = !own.is_in_progress();
        let is_new = !self.traces.contains_key(&key);
        self.trace(key).is_restored |= is_new;
        let (_, entities) = self.enter(key, document);
        self.take_waiting_one(&key, id, |_| true);
        let trace = self.trace(key);
        trace.bytes += document.text().len();
        if let Some(entity) = trace.entities.get_mut(&id) {
            entity.known = Some(Known {
                hash: xxh3_64(document.text().as_bytes()),
                is_complete,
                received_ns: facts.0,
                flight: None,
            });
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

    /// All that came before this time waits no more; it is where the next process has to begin reading.
    pub(super) fn settled_through_ns(&self, now_ns: i64) -> i64 {
        let oldest_ns = self
            .waiting_order
            .first()
            .map(|(received_ns, ..)| *received_ns);
        let settling_ns = self.settling.values().min().copied();
        let times = [oldest_ns, settling_ns].into_iter().flatten();
        times.fold(now_ns, i64::min)
    }

    /// Enters the entities of a document, and returns their service, if it is known, and their ids.
    fn enter(&mut self, key: Key, document: &Document) -> (Option<Arc<str>>, Arc<[EntityId]>) {
        let own = document.entity();
        let trace = self.trace(key);
        trace.latest_start_ns = trace.latest_start_ns.max(own.start_ns());
        let service = match own.is_subsegment() {
            false => Some(Arc::from(own.name())),
            true => [own.parent_id(), Some(own.id())]
                .into_iter()
                .flatten()
                .find_map(|id| trace.entities.get(&id)?.service.clone()),
        };
        let entities: Arc<[EntityId]> = document.entities().map(|entity| entity.id()).collect();
        let count_before = trace.entities.len();
        for id in entities.iter() {
            let entity = trace.entities.entry(*id).or_default();
            entity.service = service.clone().or_else(|| entity.service.take());
        }
        let new_count = trace.entities.len() - count_before;
        self.entity_count += new_count;
        (service, entities)
    }

    /// Finds the service of documents that wait, and writes the events of those that are complete and have one.
    fn resolve(&mut self, flight: &mut Flight, key: Key) {
        loop {
            let Some(trace) = self.traces.get_mut(&key) else {
                return;
            };
            let mut is_changed = false;
            for waiting in trace.waiting.values_mut() {
                if waiting.service.is_some() {
                    continue;
                }
                let parent = waiting.parent.and_then(|id| trace.entities.get(&id));
                if let Some(service) = parent.and_then(|parent| parent.service.clone()) {
                    for id in waiting.entities.iter() {
                        trace.entities.entry(*id).or_default().service = Some(Arc::clone(&service));
                    }
                    waiting.service = Some(service);
                    is_changed = true;
                }
            }
            let ready = self.take_waiting(&key, |waiting| {
                waiting.is_complete && waiting.service.is_some()
            });
            for waiting in ready {
                self.take_into(flight, waiting);
            }
            if !is_changed {
                return;
            }
        }
    }

    /// Makes a document that waited, and waits no more, part of a flight.
    fn take_into(&mut self, flight: &mut Flight, waiting: Waiting) {
        let (key, id) = (waiting.part.key, waiting.part.id);
        let Some(trace) = self.traces.get_mut(&key) else {
            return;
        };
        if flight.traces.insert(key) {
            trace.flights += 1;
        }
        let unknown = || Arc::from("unknown_service:xray");
        let service = waiting.service.clone();
        for id in waiting.entities.iter() {
            let entity = trace.entities.entry(*id).or_default();
            entity.service = Some(service.clone().unwrap_or_else(unknown));
        }
        let is_own = waiting.is_of(flight);
        let settles = !is_own || waiting.replaces;
        if let Some(known) = trace.entities.get_mut(&id).and_then(|e| e.known.as_mut()) {
            let before = known.clone();
            // Who sends it again waits for this call now.
            known.flight = Some(flight.in_flight());
            if before.flight.as_ref().is_none_or(|f| f.id != flight.id) {
                flight.undo.push(Undo::Document {
                    key,
                    id,
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
    fn replace_waiting(&mut self, flight: &mut Flight, key: Key, id: EntityId) -> bool {
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

    /// Notes that a document waits no more once a flight has landed.
    fn end_wait(&mut self, flight: &mut Flight, waiting: Waiting) {
        self.hold(flight.id, &waiting);
        flight.undo.push(Undo::Waiting(waiting));
    }

    fn hold(&mut self, flight_id: u64, waiting: &Waiting) {
        *self.held.entry(waiting.document()).or_default() += 1;
        let received_ns = waiting.part.received_ns;
        let oldest_ns = self.settling.entry(flight_id).or_insert(received_ns);
        *oldest_ns = received_ns.min(*oldest_ns);
    }

    fn release(&mut self, waiting: &Waiting) {
        let document = waiting.document();
        if let Some(count) = self.held.get_mut(&document) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.held.remove(&document);
            }
        }
    }

    fn take_waiting(&mut self, key: &Key, is_meant: impl Fn(&Waiting) -> bool) -> Vec<Waiting> {
        let Some(trace) = self.traces.get_mut(key) else {
            return Vec::new();
        };
        let meant = trace.waiting.extract_if(.., |_, w| is_meant(w));
        let taken: Vec<_> = meant.map(|(_, waiting)| waiting).collect();
        for waiting in &taken {
            self.count_out(waiting);
        }
        taken
    }

    fn take_waiting_one(
        &mut self,
        key: &Key,
        id: EntityId,
        is_meant: impl Fn(&Waiting) -> bool,
    ) -> Option<Waiting> {
        let waiting = &mut self.traces.get_mut(key)?.waiting;
        waiting.get(&id).filter(|waiting| is_meant(waiting))?;
        let taken = waiting.remove(&id)?;
        self.count_out(&taken);
        Some(taken)
    }

    fn wait(&mut self, waiting: Waiting) {
        let held = self.held_mut(&waiting);
        held.bytes += waiting.bytes();
        held.stuck_bytes += waiting.stuck_bytes();
        self.waiting_bytes += waiting.bytes();
        self.waiting_order.insert(waiting.order());
        let (key, id) = waiting.document();
        let replaced = self.trace(key).waiting.insert(id, waiting);
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

    fn trace(&mut self, key: Key) -> &mut Trace {
        self.traces.entry(key).or_insert_with(|| {
            self.order.push_back(key);
            Trace::default()
        })
    }

    fn end(&mut self, flight: &Flight, landed: Landed) {
        for key in &flight.traces {
            let Some(trace) = self.traces.get_mut(key) else {
                continue;
            };
            trace.flights = trace.flights.saturating_sub(1);
            for waiting in trace.waiting.values_mut() {
                if waiting.is_of(flight) {
                    waiting.flight = None;
                }
            }
        }
        self.settling.remove(&flight.id);
        for waiting in self.inherited.remove(&flight.id).into_iter().flatten() {
            self.release(&waiting);
        }
        for undo in &flight.undo {
            if let Undo::Waiting(waiting) = undo {
                self.release(waiting);
            }
        }
        flight.landed.send_replace(Some(landed));
    }

    fn forget_oldest(&mut self, now_ns: i64) {
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
            if trace.flights > 0 || !trace.waiting.is_empty() {
                self.order.push_back(key);
                continue;
            }
            self.entity_count = self.entity_count.saturating_sub(trace.entities.len());
            // Later ones are looked up anyway.
            let latest_ns = trace
                .latest_start_ns
                .min(now_ns.saturating_add(CLOCK_AHEAD_NS));
            self.sure_from_ns = self.sure_from_ns.max(latest_ns.saturating_add(1));
            self.traces.remove(&key);
        }
    }
}

impl Waiting {
    fn is_of(&self, flight: &Flight) -> bool {
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

    fn document(&self) -> (Key, EntityId) {
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

impl InFlight {
    /// What holds now of a document that came with a call, or was durable: `None` when the call did not store it.
    fn now(flight: Option<Self>, document: &(Key, EntityId)) -> Option<Option<Self>> {
        let Some(flight) = flight else {
            return Some(None);
        };
        let is_stored = flight.landed.borrow().as_ref().map(|landed| match landed {
            Landed::Stored => true,
            Landed::Partly(refused) => !refused.contains(document),
            Landed::Failed => false,
        });
        match is_stored {
            None => Some(Some(flight)),
            Some(true) => Some(None),
            Some(false) => None,
        }
    }
}

impl Held {
    fn movable_bytes(self) -> usize {
        self.bytes.saturating_sub(self.stuck_bytes)
    }
}

impl Flight {
    fn in_flight(&self) -> InFlight {
        InFlight {
            id: self.id,
            landed: self.landed.subscribe(),
        }
    }
}

#[cfg(test)]
mod tests;
