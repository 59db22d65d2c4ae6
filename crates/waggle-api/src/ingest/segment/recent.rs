//! What is known of traces that are still coming in: which entity belongs to which service, which documents came, and which wait.
//!
//! SDKs send the parts of a trace out of order (the parent mostly last), twice, and in progress before they are complete. So every
//! document is first held against this table, which says whether it is new, whether its events can be written, and which documents that
//! waited can go with it. The table is memory: bounded, filled again at the start from what waits on the disk, and, for traces that it
//! has forgotten, from the store.
//!
//! Each call makes its changes as a [`Flight`]: they hold at once for every other call, and are taken back when the call's events could
//! not be stored, so that the client's next try finds things as they were.

mod flight;
mod memory;
mod waiting;

pub(super) use flight::{Flight, Landed};
pub(super) use memory::StoredEntity;

use flight::{InFlight, Undo};
use memory::Sureness;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::watch;
use waggle_model::{TeamId, Tenant};
use waggle_wire::xray::{Document, EntityId, Source, TraceId};
use waiting::{Held, Waiting};
use xxhash_rust::xxh3::xxh3_64;

/// Documents of an entity that are known when they come again, besides the last one.
const EARLIER_MAX: usize = 16;

/// A trace of a tenant.
pub(super) type Key = (Tenant, TraceId);

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
    sureness: Sureness,
    /// By open flight, when the oldest document came that it ends the wait of: until it lands, that one waits on the disk.
    settling: BTreeMap<u64, i64>,
    /// How many documents of an entity waited until open flights took them: they may wait on the disk until all of these have landed.
    held: HashMap<(Key, EntityId), usize>,
    /// By open flight: what waited for its entities and was taken by flights that have failed since. It waits again should this one fail.
    inherited: HashMap<u64, Vec<Waiting>>,
    flight_count: u64,
}

#[derive(Default)]
struct Trace {
    entities: HashMap<EntityId, Entity>,
    /// By their own entity: of each the last one.
    waiting: BTreeMap<EntityId, Waiting>,
    /// Of those whose service is unknown, by their parent: their own entities.
    orphans: HashMap<EntityId, BTreeSet<EntityId>>,
    /// Of those: whose wait may be over, which the next call to look at the trace finds out.
    due: BTreeSet<EntityId>,
    bytes: usize,
    latest_start_ns: i64,
    /// Calls that are changing it, or are about to.
    pins: usize,
    /// It was refused a document for its size.
    is_full: bool,
    /// Documents of it that begin earlier may be in the store without being here. `i64::MIN` once the store was asked, `i64::MAX` while it
    /// has to be, whichever of its documents comes.
    sure_from_ns: i64,
    /// How often documents of it were put off because the store did not say to which service they belong.
    put_off_count: u32,
}

#[derive(Default)]
struct Entity {
    service: Option<Arc<str>>,
    /// Documents whose own entity this is, oldest first: the last that is durable, and those that are on their way.
    versions: Vec<Known>,
    /// Hashes of durable ones before that, the last few.
    earlier: VecDeque<u64>,
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

/// What became of an offered document.
pub(super) enum Offered {
    /// It is part of the flight.
    Taken,
    /// So it is, and complete, as another one of its entity was before.
    Replaced,
    /// So it is, but only to be kept: what counts is with a call that has not ended, which has to store that.
    Kept(watch::Receiver<Option<Landed>>),
    /// The same bytes came before; with a call that has not ended, whose end is then to be waited for.
    Same(Option<watch::Receiver<Option<Landed>>>),
    /// Its trace is over its limit.
    TraceFull,
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
            sureness: Sureness::new(now_ns),
            settling: BTreeMap::new(),
            held: HashMap::new(),
            inherited: HashMap::new(),
            flight_count: 0,
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
        let entity = trace.entities.get(&id);
        let other_of = |known: &Known| {
            let other = known.flight.as_ref().filter(|other| other.id != flight.id);
            other.map(|other| other.landed.clone())
        };
        if let Some(entity) = entity {
            let mut versions = entity.versions.iter();
            if let Some(known) = versions.find(|known| known.hash == hash) {
                return Offered::Same(other_of(known));
            }
            if entity.earlier.contains(&hash) {
                return Offered::Same(None);
            }
        }
        let mut replaces = false;
        if let Some(known) = entity.and_then(|entity| entity.versions.last()) {
            replaces = known.is_complete && is_complete;
            if known.is_complete && !is_complete {
                let other = other_of(known);
                flight.writes.push((part, Place::Kept));
                return other.map_or(Offered::Taken, Offered::Kept);
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
            trace.pins += 1;
        }
        flight.undo.push(Undo::Document {
            key,
            id,
            received_ns: part.received_ns,
            before: None,
            bytes: part.text.len(),
        });
        let (service, entities) = self.enter(key, document);
        let settles = self.replace_waiting(flight, key, id) || is_held;
        if let Some(entity) = self.trace(key).entities.get_mut(&id) {
            entity.versions.push(Known {
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
            flight.waits.insert((key, id));
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
        match replaces {
            true => Offered::Replaced,
            false => Offered::Taken,
        }
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
            match &service {
                Some(service) => trace.serve(*id, service),
                None => _ = trace.entities.entry(*id).or_default(),
            }
        }
        let new_count = trace.entities.len() - count_before;
        self.entity_count += new_count;
        (service, entities)
    }

    fn trace(&mut self, key: Key) -> &mut Trace {
        self.traces.entry(key).or_insert_with(|| {
            self.order.push_back(key);
            Trace {
                sure_from_ns: self.sureness.sure_from_ns(&key.0),
                ..Trace::default()
            }
        })
    }
}

impl Entity {
    /// The document that came at a time.
    fn version(&mut self, received_ns: i64) -> Option<&mut Known> {
        let mut versions = self.versions.iter_mut();
        versions.find(|known| known.received_ns == received_ns)
    }

    /// Of durable documents only the last counts; the others are still known when they come again.
    fn forget_earlier(&mut self) {
        let last = self.versions.iter().rposition(|k| k.flight.is_none());
        let mut index = 0..;
        let is_earlier = |known: &mut Known| index.next() < last && known.flight.is_none();
        let earlier: Vec<Known> = self.versions.extract_if(.., is_earlier).collect();
        for known in earlier {
            self.note_earlier(known.hash);
        }
    }

    fn note_earlier(&mut self, hash: u64) {
        if !self.earlier.contains(&hash) {
            self.earlier.push_back(hash);
        }
        if self.earlier.len() > EARLIER_MAX {
            self.earlier.pop_front();
        }
    }
}

impl Known {
    fn is_of(&self, flight_id: u64) -> bool {
        self.flight
            .as_ref()
            .is_some_and(|flight| flight.id == flight_id)
    }
}

impl Trace {
    /// Notes of which service an entity is; what waits for it may be over.
    fn serve(&mut self, id: EntityId, service: &Arc<str>) {
        self.entities.entry(id).or_default().service = Some(Arc::clone(service));
        self.due
            .extend(self.orphans.get(&id).into_iter().flatten().copied());
    }

    /// Notes that a document waits for its parent no more.
    fn adopt(&mut self, parent: Option<EntityId>, id: EntityId) {
        if let Some(parent) = parent
            && let Some(children) = self.orphans.get_mut(&parent)
        {
            children.remove(&id);
            if children.is_empty() {
                self.orphans.remove(&parent);
            }
        }
    }
}

#[cfg(test)]
mod tests;
