//! Partial states of immutable blocks, kept for the next query that asks the same of another range: a board that is refreshed reads
//! only what has arrived since, and the blocks at the ends of its range.
//!
//! A block's number is never used again, so a block that is replaced, or read without a column that was deleted, is another block, and
//! the states of the old one are pushed out in time. What is kept is bounded in bytes; the states that were used longest ago go first.
//! A state that would fill a large part of the cache is not kept, and neither are the others of its query. With many groups that loses
//! little: each group of a block has to find its place among all groups again, which is most of what its rows cost, so that 690,000
//! counts by user took 31 ms of a query that took 29 without the cache (docs/benchmarks.md, Q5), while they push out the states of
//! hundreds of queries whose answer the cache gives for nothing.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::number::mix;
use hashbrown::{HashMap, HashSet};

/// A single state may take this part of the cache.
const STATE_SHARE: usize = 64;
/// Queries that are remembered for making states which are too large.
const REFUSED_MAX: usize = 4_096;

/// What a query asks, but for its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Question(pub(crate) u128);

impl Question {
    /// The same of a block whose columns are read in a way that has this key; 0 as they are stored. What was kept before somebody chose
    /// another type is not found after, and is again when the type is changed back.
    pub(crate) fn of_reading(self, key: u64) -> Self {
        match key {
            0 => self,
            key => Self(self.0 ^ (u128::from(mix(key)) << 64 | u128::from(mix(!key)))),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    block: u64,
    question: Question,
}

/// A bounded cache of states of type `S`.
pub(crate) struct StateCache<S> {
    bytes_max: usize,
    kept: Mutex<Kept<S>>,
    hits: Counter,
    misses: Counter,
}

struct Kept<S> {
    states: HashMap<Key, Entry<S>>,
    /// Keys by the time of their last use.
    uses: BTreeMap<u64, Key>,
    last_use: u64,
    bytes: usize,
    evictions: u64,
    refused: HashSet<Question>,
}

struct Entry<S> {
    state: Arc<S>,
    bytes: usize,
    last_use: u64,
}

impl<S> StateCache<S> {
    /// Makes a cache of so many bytes; 0 keeps nothing.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            kept: Mutex::new(Kept {
                states: HashMap::new(),
                uses: BTreeMap::new(),
                last_use: 0,
                bytes: 0,
                evictions: 0,
                refused: HashSet::new(),
            }),
            hits: Counter::default(),
            misses: Counter::default(),
        }
    }

    /// False when it keeps nothing at all.
    pub(crate) fn is_on(&self) -> bool {
        self.bytes_max > 0
    }

    /// False when states of this question are known to be too large.
    pub(crate) fn takes(&self, question: Question) -> bool {
        self.is_on() && !self.lock().refused.contains(&question)
    }

    /// Most bytes of a state.
    pub(crate) fn state_bytes_max(&self) -> usize {
        self.bytes_max / STATE_SHARE
    }

    /// The state of a block, if it is kept.
    pub(crate) fn find(&self, block: u64, question: Question) -> Option<Arc<S>> {
        let found = self.lock().find(Key { block, question });
        match &found {
            Some(_) => self.hits.inc(),
            None => self.misses.inc(),
        };
        found
    }

    /// Keeps a state of so many bytes.
    pub(crate) fn keep(&self, block: u64, question: Question, state: Arc<S>, bytes: usize) {
        if bytes > self.state_bytes_max() {
            self.refuse(question);
            return;
        }
        let evicted = self.lock().keep(
            Key { block, question },
            Entry {
                state,
                bytes,
                last_use: 0,
            },
            self.bytes_max,
        );
        // Not under the lock: there may be much to free.
        drop(evicted);
    }

    /// Remembers that states of this question are too large.
    pub(crate) fn refuse(&self, question: Question) {
        let mut kept = self.lock();
        if kept.refused.len() >= REFUSED_MAX {
            kept.refused.clear();
        }
        kept.refused.insert(question);
    }

    /// Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Kept<S>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Kept<S> {
    fn find(&mut self, key: Key) -> Option<Arc<S>> {
        let entry = self.states.get_mut(&key)?;
        self.last_use += 1;
        self.uses.remove(&entry.last_use);
        entry.last_use = self.last_use;
        self.uses.insert(entry.last_use, key);
        Some(Arc::clone(&entry.state))
    }

    /// Returns what had to go.
    fn keep(&mut self, key: Key, mut entry: Entry<S>, bytes_max: usize) -> Vec<Entry<S>> {
        self.last_use += 1;
        entry.last_use = self.last_use;
        self.uses.insert(entry.last_use, key);
        self.bytes += entry.bytes;
        let mut gone: Vec<Entry<S>> = Vec::new();
        if let Some(before) = self.states.insert(key, entry) {
            self.uses.remove(&before.last_use);
            self.bytes -= before.bytes;
            gone.push(before);
        }
        while self.bytes > bytes_max
            && let Some((_, oldest)) = self.uses.pop_first()
            && let Some(evicted) = self.states.remove(&oldest)
        {
            self.bytes -= evicted.bytes;
            self.evictions += 1;
            gone.push(evicted);
        }
        gone
    }
}

/// Shows a cache in `/metrics`.
pub(crate) struct CacheCollector<S>(pub(crate) Arc<StateCache<S>>);

impl<S> std::fmt::Debug for CacheCollector<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CacheCollector")
    }
}

impl<S: Send + Sync + 'static> Collector for CacheCollector<S> {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (bytes, evictions) = {
            let kept = self.0.lock();
            (kept.bytes, kept.evictions)
        };
        for (name, help, count) in [
            (
                "waggle_query_cache_hits",
                "Partial states of blocks that queries found kept",
                self.0.hits.get(),
            ),
            (
                "waggle_query_cache_misses",
                "Partial states of blocks that queries looked for and had to compute",
                self.0.misses.get(),
            ),
            (
                "waggle_query_cache_evictions",
                "Partial states of blocks that made room for others",
                evictions,
            ),
        ] {
            let counter = ConstCounter::new(count);
            let metric = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(metric)?;
        }
        let bytes = ConstGauge::new(i64::try_from(bytes).unwrap_or(i64::MAX));
        let metric = encoder.encode_descriptor(
            "waggle_query_cache",
            "Partial states of blocks that are kept",
            Some(&Unit::Bytes),
            bytes.metric_type(),
        )?;
        bytes.encode(metric)
    }
}

#[cfg(test)]
mod tests;
