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
use waggle_model::Tenant;
use waggle_wire::xray::{Document, EntityId, Source, TraceId};
use xxhash_rust::xxh3::xxh3_64;

/// A trace of a tenant.
pub(super) type Key = (Tenant, TraceId);

/// How far ahead of the server's clock a client's may be before its traces are looked up.
const CLOCK_AHEAD_NS: i64 = 60_000_000_000;

/// About the memory that a document which waits takes besides its text, and for each of its entities.
const WAITING_BYTES: usize = 512;
const WAITING_ENTITY_BYTES: usize = 128;
/// Traces that are looked at after one call to find some that can be forgotten.
const FORGOTTEN_AT_ONCE: usize = 1_000;

/// Limits of the table.
#[derive(Clone, Debug)]
pub(super) struct RecentLimits {
    /// Most entities remembered; beyond, the oldest traces are forgotten, and looked up in the store when more of them comes.
    pub(super) entities_max: usize,
    /// Most bytes that documents which wait take; beyond three quarters of it the oldest get their events as they are, and beyond all of
    /// it no more are taken.
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
    /// A trace that is not in the table and has parts that began before this may be known to the store.
    sure_from_ns: i64,
    /// By open flight, when the oldest document came that it ends the wait of: until it lands, that one waits on the disk.
    settling: BTreeMap<u64, i64>,
    flight_count: u64,
}

#[derive(Default)]
struct Trace {
    entities: HashMap<EntityId, Entity>,
    waiting: Vec<Waiting>,
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
    /// From when on its age counts: its receipt, or when the store last refused its events.
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
    /// Some of the documents that came with it were refused.
    is_partly_refused: bool,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Landed {
    /// All of it is durable.
    Stored,
    /// All but some of the documents that came with it.
    Partly,
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
            Self::Waiting(waiting) => (waiting.part.key, waiting.part.id),
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
            // Clients whose clocks are ahead sent documents to an earlier process that begin only now.
            sure_from_ns: now_ns.saturating_add(CLOCK_AHEAD_NS),
            settling: BTreeMap::new(),
            flight_count: 0,
        }
    }

    /// Documents that wait.
    pub(super) fn waiting_count(&self) -> usize {
        self.waiting_order.len()
    }

    /// Whether so much waits that the oldest have to go.
    pub(super) fn is_pressed(&self) -> bool {
        self.waiting_bytes > self.waiting_bytes_wanted()
    }

    fn waiting_bytes_wanted(&self) -> usize {
        self.limits.waiting_bytes_max / 4 * 3
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
                && entity.known.as_ref().is_none_or(|known| !known.is_complete)
            {
                trace.bytes += text.len();
                entity.known = Some(Known {
                    hash: xxh3_64(text.as_bytes()),
                    is_complete: row.is_complete,
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
            is_partly_refused: false,
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
        let part = Part {
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
        let trace = self.trace(key);
        if let Some(entity) = trace.entities.get_mut(&id) {
            entity.known = Some(Known {
                hash,
                is_complete,
                flight: Some(flight.in_flight()),
            });
        }
        let settles = self.replace_waiting(flight, key, id);
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
        let mut has_waiting = false;
        for key in &flight.traces {
            let waiting = self.traces.get(key).map(|trace| &trace.waiting);
            for waiting in waiting.into_iter().flatten() {
                if waiting.is_of(flight) {
                    flight.writes.push((waiting.part.clone(), Place::Waiting));
                    has_waiting = true;
                }
            }
        }
        !has_waiting || self.waiting_bytes <= self.limits.waiting_bytes_max
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
            match flight.is_partly_refused {
                true => Landed::Partly,
                false => Landed::Stored,
            },
        );
        self.forget_oldest(now_ns);
    }

    /// Nothing of a flight was stored: takes its changes back.
    pub(super) fn roll_back(&mut self, flight: &mut Flight, now_ns: i64) {
        for key in &flight.traces {
            self.take_waiting(key, |waiting| waiting.is_of(flight));
        }
        let undo = std::mem::take(&mut flight.undo);
        self.undo(flight.id, undo, None);
        for key in &flight.full {
            if let Some(trace) = self.traces.get_mut(key) {
                trace.is_full = false;
            }
        }
        self.end(flight, Landed::Failed);
        self.forget_oldest(now_ns);
    }

    /// The store refused some documents of a flight that it stored otherwise: what waited before waits on, from now. Returns those that
    /// came with the flight.
    pub(super) fn take_back(
        &mut self,
        flight: &mut Flight,
        refused: &[(Key, EntityId)],
        now_ns: i64,
    ) -> Vec<EntityId> {
        for (key, id) in refused {
            self.take_waiting(key, |waiting| {
                waiting.is_of(flight) && waiting.part.id == *id
            });
        }
        let is_meant = |undo: &mut Undo| refused.contains(&undo.document());
        let undo: Vec<Undo> = flight.undo.extract_if(.., is_meant).collect();
        let mut came: Vec<EntityId> = undo
            .iter()
            .filter(|undo| matches!(undo, Undo::Document { bytes: 1.., .. }))
            .map(|undo| undo.document().1)
            .collect();
        came.sort_unstable();
        came.dedup();
        flight.is_partly_refused |= !came.is_empty();
        self.undo(flight.id, undo, Some(now_ns));
        came
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
                            before.flight = InFlight::now(before.flight)?;
                            Some(before)
                        });
                    }
                }
                Undo::Waiting(waiting) => taken.push(waiting),
            }
        }
        for mut waiting in taken {
            let hash = xxh3_64(waiting.part.text.as_bytes());
            // Another call may have taken a later document of the entity meanwhile: then that one counts.
            let is_last = self
                .traces
                .get(&waiting.part.key)
                .and_then(|trace| trace.entities.get(&waiting.part.id)?.known.as_ref())
                .is_some_and(|known| known.hash == hash);
            if is_last && let Some(flight) = InFlight::now(waiting.flight.take()) {
                waiting.flight = flight;
                waiting.since_ns = since_ns.unwrap_or(waiting.since_ns);
                if waiting.service.is_none()
                    && let Some(trace) = self.traces.get_mut(&waiting.part.key)
                {
                    // Whatever comes below it waits for its service as well.
                    for id in waiting.entities.iter() {
                        trace.entities.entry(*id).or_default().service = None;
                    }
                }
                self.wait(waiting);
            }
        }
    }

    /// Documents that have waited for long enough, or for which there is no more room, oldest first.
    pub(super) fn overdue(&self, now_ns: i64) -> Vec<(Key, EntityId)> {
        let mut overdue = Vec::new();
        let mut bytes = self.waiting_bytes;
        for (received_ns, key, id) in &self.waiting_order {
            let is_old =
                |since_ns: i64| now_ns.saturating_sub(since_ns) >= self.limits.waiting_age_ns;
            let is_pressed = bytes > self.waiting_bytes_wanted();
            if !is_pressed && !is_old(*received_ns) {
                break;
            }
            let mut waiting = self.traces.get(key).into_iter().flat_map(|t| &t.waiting);
            let waiting = waiting.find(|waiting| waiting.is(*id, *received_ns));
            // What the store has refused is tried again when it has waited for as long again.
            if let Some(waiting) = waiting
                && waiting.flight.is_none()
                && (is_old(waiting.since_ns) || (is_pressed && waiting.since_ns == *received_ns))
            {
                bytes = bytes.saturating_sub(waiting.bytes());
                overdue.push((*key, *id));
            }
        }
        overdue
    }

    /// Whether a document still waits because its service is unknown.
    pub(super) fn is_orphan(&self, key: &Key, id: EntityId) -> bool {
        let trace = self.traces.get(key);
        let mut waiting = trace.into_iter().flat_map(|trace| &trace.waiting);
        waiting.any(|waiting| waiting.part.id == id && waiting.service.is_none())
    }

    /// Ends the wait of a document, as part of a flight: it gets its events as it is, and whatever waits for it with it.
    pub(super) fn give_up(&mut self, flight: &mut Flight, key: Key, id: EntityId) {
        self.resolve(flight, key);
        let found = self.take_waiting(&key, |waiting| {
            waiting.part.id == id && waiting.flight.is_none()
        });
        for waiting in found {
            self.take_into(flight, waiting);
        }
        self.resolve(flight, key);
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
        self.take_waiting(&key, |waiting| waiting.part.id == id);
        let trace = self.trace(key);
        trace.bytes += document.text().len();
        if let Some(entity) = trace.entities.get_mut(&id) {
            entity.known = Some(Known {
                hash: xxh3_64(document.text().as_bytes()),
                is_complete,
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
            for waiting in &mut trace.waiting {
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
        let is_own = waiting.is_of(flight);
        let place = Place::Events {
            service,
            settles: !is_own || waiting.replaces,
            is_elsewhere: false,
        };
        flight.writes.push((waiting.part.clone(), place));
        if !is_own {
            self.end_wait(flight, waiting);
        }
    }

    /// Takes away what waits for an entity, since another document takes its place; true when that is on the disk.
    fn replace_waiting(&mut self, flight: &mut Flight, key: Key, id: EntityId) -> bool {
        let mut is_on_disk = false;
        for waiting in self.take_waiting(&key, |waiting| waiting.part.id == id) {
            if waiting.is_of(flight) {
                is_on_disk |= waiting.replaces;
                flight.writes.push((waiting.part, Place::Kept));
            } else {
                is_on_disk = true;
                self.end_wait(flight, waiting);
            }
        }
        is_on_disk
    }

    /// Notes that a document waits no more once a flight has landed.
    fn end_wait(&mut self, flight: &mut Flight, waiting: Waiting) {
        let received_ns = waiting.part.received_ns;
        let oldest_ns = self.settling.entry(flight.id).or_insert(received_ns);
        *oldest_ns = received_ns.min(*oldest_ns);
        flight.undo.push(Undo::Waiting(waiting));
    }

    fn take_waiting(&mut self, key: &Key, is_meant: impl Fn(&Waiting) -> bool) -> Vec<Waiting> {
        let Some(trace) = self.traces.get_mut(key) else {
            return Vec::new();
        };
        let taken: Vec<_> = trace.waiting.extract_if(.., |w| is_meant(w)).collect();
        for waiting in &taken {
            self.waiting_bytes = self.waiting_bytes.saturating_sub(waiting.bytes());
            self.waiting_order.remove(&waiting.order());
        }
        taken
    }

    fn wait(&mut self, waiting: Waiting) {
        self.waiting_bytes += waiting.bytes();
        self.waiting_order.insert(waiting.order());
        self.trace(waiting.part.key).waiting.push(waiting);
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
            for waiting in &mut trace.waiting {
                if waiting.is_of(flight) {
                    waiting.flight = None;
                }
            }
        }
        self.settling.remove(&flight.id);
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

    fn is(&self, id: EntityId, received_ns: i64) -> bool {
        self.part.id == id && self.part.received_ns == received_ns
    }
}

impl InFlight {
    /// What holds now of something that came with a call, or was durable: `None` when that call has failed since.
    fn now(flight: Option<Self>) -> Option<Option<Self>> {
        let Some(flight) = flight else {
            return Some(None);
        };
        let landed = *flight.landed.borrow();
        match landed {
            None => Some(Some(flight)),
            Some(Landed::Stored | Landed::Partly) => Some(None),
            Some(Landed::Failed) => None,
        }
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
