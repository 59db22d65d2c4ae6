//! What calls change, all or nothing: each makes its changes as a flight, and takes them back when its events could not be stored.

use super::waiting::Waiting;
use super::{Key, Known, Part, Place, Recent};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use tokio::sync::watch;
use waggle_wire::xray::EntityId;

/// What one call changes, and what it has to write for it.
pub(in super::super) struct Flight {
    pub(super) id: u64,
    landed: watch::Sender<Option<Landed>>,
    pub(in super::super) writes: Vec<(Part, Place)>,
    /// Traces whose first refusal for their size has to be written.
    pub(in super::super) full: Vec<Key>,
    pub(super) undo: Vec<Undo>,
    pub(super) traces: HashSet<Key>,
    /// Entities whose documents began to wait with it; some may wait no more.
    pub(super) waits: BTreeSet<(Key, EntityId)>,
    /// Entities whose documents came with it, or were taken from a call that was open, and were refused.
    refused: HashSet<(Key, EntityId)>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Landed {
    /// All of it is durable.
    Stored,
    /// All but the documents of these entities.
    Partly(Arc<HashSet<(Key, EntityId)>>),
    /// Nothing is.
    Failed,
}

pub(super) enum Undo {
    Document {
        key: Key,
        id: EntityId,
        received_ns: i64,
        /// What was known of it if it waited before; `None` for one that came with the flight.
        before: Option<Known>,
        bytes: usize,
    },
    Waiting(Waiting),
}

impl Undo {
    /// Whether its document is durable without the flight.
    fn is_durable(&self) -> bool {
        match self {
            Self::Document { before, .. } => before.as_ref().is_some_and(|b| b.flight.is_none()),
            Self::Waiting(waiting) => waiting.flight.is_none(),
        }
    }

    fn document(&self) -> (Key, EntityId) {
        match self {
            Self::Document { key, id, .. } => (*key, *id),
            Self::Waiting(waiting) => waiting.document(),
        }
    }
}

/// A call that has not ended.
#[derive(Clone)]
pub(super) struct InFlight {
    pub(super) id: u64,
    pub(super) landed: watch::Receiver<Option<Landed>>,
}

impl Recent {
    /// Begins a call.
    pub(in super::super) fn begin(&mut self) -> Flight {
        self.flight_count += 1;
        Flight {
            id: self.flight_count,
            landed: watch::Sender::new(None),
            writes: Vec::new(),
            full: Vec::new(),
            undo: Vec::new(),
            traces: HashSet::new(),
            waits: BTreeSet::new(),
            refused: HashSet::new(),
        }
    }

    /// Ends the taking in of documents: those that wait now have to be written to where they wait. Returns false when there is no room for
    /// them: the flight has to be rolled back.
    #[must_use]
    pub(in super::super) fn write_waiting(&self, flight: &mut Flight) -> bool {
        let mut has_room = true;
        for (key, id) in &flight.waits {
            let waiting = self.traces.get(key).and_then(|t| t.waiting.get(id));
            let Some(waiting) = waiting.filter(|waiting| waiting.is_of(flight)) else {
                continue;
            };
            has_room &= !self.is_full(key.0.team);
            flight.writes.push((waiting.part.clone(), Place::Waiting));
        }
        has_room
    }

    /// Everything a flight wrote is durable.
    pub(in super::super) fn commit(&mut self, flight: &Flight, now_ns: i64) {
        for undo in &flight.undo {
            if let Undo::Document {
                key,
                id,
                received_ns,
                ..
            } = undo
                && let Some(trace) = self.traces.get_mut(key)
                && let Some(entity) = trace.entities.get_mut(id)
                && let Some(known) = entity.version(*received_ns)
                && known.is_of(flight.id)
            {
                known.flight = None;
                entity.forget_earlier();
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
    pub(in super::super) fn roll_back(&mut self, flight: &mut Flight, now_ns: i64) {
        for (key, id) in &flight.waits {
            self.take_waiting_one(key, *id, |waiting| waiting.is_of(flight));
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
    pub(in super::super) fn take_back(
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
        // Also those that another call brought and has not stored: who waits for this one can't rely on that.
        let open = undo.iter().filter(|undo| !undo.is_durable());
        flight.refused.extend(open.map(Undo::document));
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
        ids
    }

    fn undo(&mut self, flight_id: u64, undo: Vec<Undo>, since_ns: Option<i64>) {
        let mut taken = Vec::new();
        for undo in undo.into_iter().rev() {
            match undo {
                Undo::Document {
                    key,
                    id,
                    received_ns,
                    before,
                    bytes,
                } => {
                    let Some(trace) = self.traces.get_mut(&key) else {
                        continue;
                    };
                    trace.bytes = trace.bytes.saturating_sub(bytes);
                    let Some(entity) = trace.entities.get_mut(&id) else {
                        continue;
                    };
                    let known = entity.version(received_ns);
                    let Some(known) = known.filter(|known| known.is_of(flight_id)) else {
                        continue;
                    };
                    let before = before.and_then(|mut before| {
                        before.flight = InFlight::now(before.flight, &(key, id))?;
                        Some(before)
                    });
                    match before {
                        Some(before) => {
                            *known = before;
                            entity.forget_earlier();
                        }
                        None => entity
                            .versions
                            .retain(|known| known.received_ns != received_ns),
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
        let received_ns = waiting.part.received_ns;
        let entity = trace.entities.entry(id).or_default();
        let later = entity.versions.iter();
        let mut later = later.filter(|known| known.received_ns > received_ns);
        if later.clone().any(|known| known.flight.is_none()) {
            return;
        }
        // Another call has taken a later document of the entity meanwhile: it counts as soon as it is durable.
        if let Some(other) = later.next_back().and_then(|known| known.flight.as_ref()) {
            let other_id = other.id;
            self.hold(other_id, &waiting);
            self.inherited.entry(other_id).or_default().push(waiting);
            return;
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

    /// Notes that a document waits no more once a flight has landed.
    pub(super) fn end_wait(&mut self, flight: &mut Flight, waiting: Waiting) {
        self.hold(flight.id, &waiting);
        flight.undo.push(Undo::Waiting(waiting));
    }

    pub(super) fn hold(&mut self, flight_id: u64, waiting: &Waiting) {
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

    fn end(&mut self, flight: &Flight, landed: Landed) {
        for key in &flight.traces {
            let Some(trace) = self.traces.get_mut(key) else {
                continue;
            };
            trace.pins = trace.pins.saturating_sub(1);
        }
        for (key, id) in &flight.waits {
            let trace = self.traces.get_mut(key);
            let waiting = trace.and_then(|trace| trace.waiting.get_mut(id));
            if let Some(waiting) = waiting.filter(|waiting| waiting.is_of(flight)) {
                waiting.flight = None;
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
}

impl Landed {
    /// Whether the documents of an entity that were with the call are durable.
    pub(in super::super) fn has_stored(&self, document: &(Key, EntityId)) -> bool {
        match self {
            Self::Stored => true,
            Self::Partly(refused) => !refused.contains(document),
            Self::Failed => false,
        }
    }
}

impl InFlight {
    /// What holds now of a document that came with a call, or was durable: `None` when the call did not store it.
    fn now(flight: Option<Self>, document: &(Key, EntityId)) -> Option<Option<Self>> {
        let Some(flight) = flight else {
            return Some(None);
        };
        let landed = flight.landed.borrow();
        let is_stored = landed.as_ref().map(|landed| landed.has_stored(document));
        drop(landed);
        match is_stored {
            None => Some(Some(flight)),
            Some(true) => Some(None),
            Some(false) => None,
        }
    }
}

impl Flight {
    pub(super) fn in_flight(&self) -> InFlight {
        InFlight {
            id: self.id,
            landed: self.landed.subscribe(),
        }
    }
}
