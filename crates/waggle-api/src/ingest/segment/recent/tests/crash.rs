//! Random orders and crashes: nothing is lost, and nothing comes twice.

use super::*;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::collections::HashSet;

/// Whatever the order, however often a part comes and whichever appends fail: in the end each document has its events once, and what
/// waited on the disk is settled.
#[test]
fn parts_in_any_order_make_one_trace() {
    for seed in 0..300 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut documents = vec![segment(1, IN_PROGRESS), segment(1, "")];
        for id in 2..=8 {
            let parent = random.random_range(1..id);
            documents.push(subsegment(id, parent, ""));
            if random.random_bool(0.3) {
                documents.push(subsegment(id, parent, IN_PROGRESS));
            }
        }
        let mut left: Vec<usize> = (0..documents.len()).collect();
        left.extend((0..4).map(|_| random.random_range(0..documents.len())));
        let mut recent = recent();
        let mut events: HashMap<String, usize> = HashMap::new();
        // By entity: the last document that waits, and the last note that nothing does.
        let mut on_disk: HashMap<String, (i64, i64)> = HashMap::new();
        let mut now_ns = 0;
        while !left.is_empty() {
            // Two calls at once, which end in either order.
            let mut flights = Vec::new();
            for _ in 0..2 {
                let mut flight = recent.begin();
                let mut sent = Vec::new();
                let mut is_repeated = false;
                for _ in 0..random.random_range(1..4) {
                    if left.is_empty() {
                        break;
                    }
                    let which = left.swap_remove(random.random_range(0..left.len()));
                    now_ns += 1;
                    let document = &documents[which];
                    let offered = recent.offer(&mut flight, TENANT, document, now_ns, Source::Udp);
                    is_repeated |= matches!(offered, Offered::Same(Some(_)));
                    sent.push(which);
                }
                assert!(recent.write_waiting(&mut flight));
                flights.push((flight, sent, is_repeated));
            }
            if random.random_bool(0.5) {
                flights.reverse();
            }
            for (mut flight, sent, is_repeated) in flights {
                if random.random_bool(0.3) {
                    recent.roll_back(&mut flight, 1);
                    left.extend(sent);
                    continue;
                }
                for (part, place) in &flight.writes {
                    let id = part.id.to_string();
                    let (waits_ns, settled_ns) = on_disk.entry(id.clone()).or_default();
                    match place {
                        Place::Events { settles, .. } => {
                            *events.entry(id).or_default() += 1;
                            if *settles {
                                *settled_ns = part.received_ns.max(*settled_ns);
                            }
                        }
                        Place::Waiting => *waits_ns = part.received_ns.max(*waits_ns),
                        Place::Kept => {}
                    }
                }
                recent.commit(&flight, now_ns);
                if is_repeated {
                    // The client hears of the other call's end, and sends again when that has failed.
                    left.extend(sent);
                }
            }
        }
        assert_eq!(events.len(), 8, "seed {seed}: {events:?}");
        assert!(
            events.values().all(|count| *count == 1),
            "seed {seed}: {events:?}"
        );
        assert_eq!(recent.waiting_count(), 0, "seed {seed}");
        let is_settled = on_disk.values().all(|(waits, settled)| waits <= settled);
        assert!(is_settled, "seed {seed}: {on_disk:?}");
    }
}

/// An entity as the disk has it.
#[derive(Debug, Default)]
struct OnDisk {
    waits_ns: Option<i64>,
    settled_ns: Option<i64>,
    /// When the documents came that have their events.
    events: Vec<i64>,
    /// When the last document came that is durable, and not only kept.
    last_ns: i64,
    /// One of those is complete.
    has_complete: bool,
}

impl OnDisk {
    fn write(&mut self, part: &Part, place: &Place) {
        let received_ns = part.received_ns;
        match place {
            Place::Kept => return,
            Place::Waiting => self.waits_ns = self.waits_ns.max(Some(received_ns)),
            Place::Events { settles, .. } => {
                self.events.push(received_ns);
                if *settles {
                    self.settled_ns = self.settled_ns.max(Some(received_ns));
                }
            }
        }
        self.last_ns = self.last_ns.max(received_ns);
        self.has_complete |= !part.text.contains("in_progress");
    }

    /// What a process that starts now would have waiting.
    fn restored_ns(&self) -> Option<i64> {
        self.waits_ns
            .filter(|waits_ns| self.settled_ns < Some(*waits_ns))
    }
}

/// Entities of which a call has documents that are only kept, and the calls that it waits for before it acknowledges them.
type Keeping = Vec<(EntityId, Vec<watch::Receiver<Option<Landed>>>)>;

/// Whatever overlaps, fails or is refused: after a crash at any moment the last durable document of an entity has its events or waits, what
/// was acknowledged and is only kept has one that counts instead, and none waits that a later one has taken the place of; and without a crash the table knows of all that wait.
#[test]
fn a_crash_at_any_moment_loses_nothing_and_brings_nothing_back() {
    for seed in 0..1_000 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut recent = recent();
        recent.limits.trace_bytes_max = usize::MAX;
        let key = (TENANT, segment(1, "").trace_id());
        let mut on_disk: BTreeMap<EntityId, OnDisk> = BTreeMap::new();
        let mut open: Vec<(Flight, Vec<watch::Receiver<Option<Landed>>>)> = Vec::new();
        let mut keeping: Keeping = Vec::new();
        for now_ns in 1..60 {
            if open.len() < 4 && random.random_bool(0.5) {
                let mut flight = match random.random_bool(0.3) {
                    true => give_up_all(&mut recent),
                    false => recent.begin(),
                };
                let mut others = Vec::new();
                for _ in 0..random.random_range(0..3) {
                    let version = random.random_range(2..5);
                    let more = match random.random_bool(0.6) {
                        true => format!(r#""in_progress":true,"user":"{version}""#),
                        false => format!(r#""end_time":{version}"#),
                    };
                    let document = match random.random_range(1..4) {
                        1 => segment(1, &more),
                        id => subsegment(id, id - 1, &more),
                    };
                    let offered = recent.offer(&mut flight, TENANT, &document, now_ns, Source::Udp);
                    match offered {
                        Offered::Kept(other) | Offered::Same(Some(other)) => others.push(other),
                        _ => {}
                    }
                }
                assert!(recent.write_waiting(&mut flight));
                open.push((flight, others));
            } else if !open.is_empty() {
                let (mut flight, others) = open.swap_remove(random.random_range(0..open.len()));
                if random.random_bool(0.4) {
                    recent.roll_back(&mut flight, now_ns);
                } else {
                    let writes = std::mem::take(&mut flight.writes);
                    let mut refused: Vec<_> = writes.iter().map(|(p, _)| (p.key, p.id)).collect();
                    refused.retain(|_| random.random_bool(0.2));
                    for (part, place) in &writes {
                        if !refused.contains(&(part.key, part.id)) {
                            on_disk.entry(part.id).or_default().write(part, place);
                            let mut same = writes.iter().filter(|(other, _)| other.id == part.id);
                            if same.all(|(_, place)| *place == Place::Kept) {
                                keeping.push((part.id, others.clone()));
                            }
                        }
                    }
                    recent.take_back(&mut flight, &refused, None);
                    recent.commit(&flight, now_ns);
                }
            }
            let through_ns = recent.settled_through_ns(now_ns);
            for (id, entity) in &on_disk {
                let has_events = entity.events.contains(&entity.last_ns);
                let waits_ns = Some(entity.last_ns).filter(|ns| *ns > 0 && !has_events);
                assert_eq!(
                    entity.restored_ns(),
                    waits_ns,
                    "seed {seed}: {id}: {entity:?}"
                );
                assert!(
                    waits_ns.is_none_or(|waits_ns| through_ns <= waits_ns),
                    "seed {seed}"
                );
            }
            for (id, others) in &keeping {
                let has_stored = |landed: &Landed| landed.has_stored(&(key, *id));
                let is_acknowledged = others
                    .iter()
                    .all(|other| other.borrow().as_ref().is_some_and(has_stored));
                assert!(
                    !is_acknowledged || on_disk.get(id).is_some_and(|e| e.has_complete),
                    "seed {seed}: {id} is acknowledged and only kept"
                );
            }
            for entity in on_disk.values() {
                let once: HashSet<i64> = entity.events.iter().copied().collect();
                assert_eq!(once.len(), entity.events.len(), "seed {seed}: {entity:?}");
            }
            if open.is_empty() {
                let restored = on_disk.iter();
                let restored = restored.filter_map(|(id, e)| Some((*id, e.restored_ns()?)));
                let restored: BTreeMap<_, _> = restored.collect();
                let waiting = recent.waiting_order.iter().map(|(ns, _, id)| (*id, *ns));
                let waiting: BTreeMap<_, _> = waiting.collect();
                assert_eq!(waiting, restored, "seed {seed}");
                assert!(
                    recent.held.is_empty()
                        && recent.inherited.is_empty()
                        && recent.settling.is_empty()
                );
            }
        }
    }
}
