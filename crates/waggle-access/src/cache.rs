//! Remembers for a short while which keys were let in and which were not, so that a stream of events costs one look into the metastore
//! every half minute. Changes made in this process are seen at once, those of other processes when the memory ends.
//!
//! Refused keys are kept apart from accepted ones: somebody trying random keys cannot push out the real ones.

#[cfg(test)]
mod tests;

use crate::Caller;
use hashbrown::HashMap;
use parking_lot::Mutex;
use std::hash::Hash;
use std::sync::Arc;
use waggle_metastore::KeyId;

const ACCEPTED_MAX: usize = 10_000;
const REFUSED_MAX: usize = 10_000;
const ACCEPTED_NS: i64 = 30_000_000_000;
const REFUSED_NS: i64 = 5_000_000_000;
/// The last use of a key is written down to this exactness.
const USE_NS: i64 = 60_000_000_000;

/// Hash of a key, as in the metastore.
type SecretHash = [u8; 32];

#[derive(Default)]
pub(crate) struct CallerCache(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    /// Grows with every change of a key: what was read before a change must not be remembered after it.
    epoch: u64,
    accepted: HashMap<SecretHash, Accepted>,
    refused: HashMap<SecretHash, i64>,
    /// Uses not yet in the metastore.
    used_at_ns: HashMap<KeyId, i64>,
}

struct Accepted {
    known: Known,
    since_ns: i64,
    used_at_ns: i64,
}

/// A key that is let in.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) caller: Arc<Caller>,
    /// Of AWS credentials, as it is stored.
    pub(crate) encrypted_secret: Option<Arc<[u8]>>,
}

/// What is remembered of a key.
pub(crate) enum Remembered {
    Accepted(Known),
    Refused,
    /// Nothing: ask the metastore, and hand the number back with the answer.
    Nothing {
        epoch: u64,
    },
}

impl CallerCache {
    /// Looks a key up, and notes its use when it is accepted.
    pub(crate) fn find(&self, hash: &SecretHash, now_ns: i64) -> Remembered {
        let mut memory = self.0.lock();
        let memory = &mut *memory;
        if let Some(accepted) = memory.accepted.get_mut(hash)
            && is_fresh(accepted.since_ns, ACCEPTED_NS, now_ns)
        {
            if !is_fresh(accepted.used_at_ns, USE_NS, now_ns) {
                accepted.used_at_ns = now_ns;
                if let Some(key) = accepted.known.caller.key_id() {
                    note_use(&mut memory.used_at_ns, key, now_ns);
                }
            }
            return Remembered::Accepted(accepted.known.clone());
        }
        if let Some(since_ns) = memory.refused.get(hash)
            && is_fresh(*since_ns, REFUSED_NS, now_ns)
        {
            return Remembered::Refused;
        }
        Remembered::Nothing {
            epoch: memory.epoch,
        }
    }

    /// Remembers the metastore's answer, unless a key was changed since the question.
    pub(crate) fn remember(
        &self,
        hash: SecretHash,
        known: Option<&Known>,
        epoch: u64,
        now_ns: i64,
    ) {
        let mut memory = self.0.lock();
        let memory = &mut *memory;
        if let Some(key) = known.and_then(|known| known.caller.key_id()) {
            note_use(&mut memory.used_at_ns, key, now_ns);
        }
        if memory.epoch != epoch {
            return;
        }
        match known {
            Some(known) => {
                memory.refused.remove(&hash);
                make_room(&mut memory.accepted, ACCEPTED_MAX, |accepted| {
                    is_fresh(accepted.since_ns, ACCEPTED_NS, now_ns)
                });
                let accepted = Accepted {
                    known: known.clone(),
                    since_ns: now_ns,
                    used_at_ns: now_ns,
                };
                memory.accepted.insert(hash, accepted);
            }
            None => {
                memory.accepted.remove(&hash);
                make_room(&mut memory.refused, REFUSED_MAX, |since_ns| {
                    is_fresh(*since_ns, REFUSED_NS, now_ns)
                });
                memory.refused.insert(hash, now_ns);
            }
        }
    }

    /// Forgets everything, because a key was made, changed or deleted.
    pub(crate) fn forget(&self) {
        let mut memory = self.0.lock();
        memory.epoch += 1;
        memory.accepted.clear();
        memory.refused.clear();
    }

    /// Notes the use of a key that is not remembered.
    pub(crate) fn note_use(&self, key: &KeyId, now_ns: i64) {
        note_use(&mut self.0.lock().used_at_ns, key, now_ns);
    }

    /// Hands out the uses that are not yet in the metastore.
    pub(crate) fn take_uses(&self) -> Vec<(KeyId, i64)> {
        self.0.lock().used_at_ns.drain().collect()
    }

    /// Takes uses back that could not be written.
    pub(crate) fn put_back_uses(&self, uses: Vec<(KeyId, i64)>) {
        let mut memory = self.0.lock();
        for (key, at_ns) in uses {
            let latest = memory.used_at_ns.entry(key).or_insert(at_ns);
            *latest = at_ns.max(*latest);
        }
    }
}

/// Also false when the clock was set back: a memory must not outlive its time because of that.
fn is_fresh(since_ns: i64, lifetime_ns: i64, now_ns: i64) -> bool {
    since_ns <= now_ns && now_ns - since_ns < lifetime_ns
}

fn note_use(used_at_ns: &mut HashMap<KeyId, i64>, key: &KeyId, now_ns: i64) {
    if used_at_ns.len() < ACCEPTED_MAX || used_at_ns.contains_key(key) {
        used_at_ns.insert(key.clone(), now_ns);
    }
}

/// Leaves room for one more: the stale entries go first, then any.
fn make_room<K: Copy + Eq + Hash, V>(
    map: &mut HashMap<K, V>,
    max: usize,
    is_fresh: impl Fn(&V) -> bool,
) {
    if map.len() < max {
        return;
    }
    map.retain(|_, value| is_fresh(value));
    while map.len() >= max {
        let Some(any) = map.keys().next().copied() else {
            return;
        };
        map.remove(&any);
    }
}
