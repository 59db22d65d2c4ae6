//! Columns of blocks that were read, kept for the next query within a limit of bytes.

use crate::column::{Column, TypedColumn};
use hashbrown::HashMap;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Decoded columns shared by all queries.
///
/// What was not asked for since its last turn goes first: a second chance in a queue, which is nearly least-recently-used and
/// costs a hit no more than a flag.
#[derive(Debug)]
pub struct BlockCache {
    bytes_max: usize,
    contents: Mutex<Contents>,
    hits: AtomicU64,
    misses: AtomicU64,
    read_bytes: AtomicU64,
    next_block: AtomicU64,
}

/// What a cache has done since it was made, and what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Columns found.
    pub hits: u64,
    /// Columns that had to be read.
    pub misses: u64,
    /// Bytes read from storage, directories included.
    pub read_bytes: u64,
    /// Columns thrown out to make room.
    pub evictions: u64,
    /// Columns held.
    pub columns: usize,
    /// Bytes of heap they take.
    pub bytes: usize,
}

#[derive(Debug, Default)]
struct Contents {
    kept: HashMap<Key, Kept, foldhash::fast::FixedState>,
    /// Every kept key once, the next to be thrown out in front.
    queue: VecDeque<Key>,
    bytes: usize,
    evictions: u64,
}

/// Block and index of the column's first directory entry.
type Key = (u64, usize);

#[derive(Debug)]
struct Kept {
    column: CachedColumn,
    bytes: usize,
    was_used: bool,
}

#[derive(Clone, Debug)]
pub(super) enum CachedColumn {
    /// A column of events.
    Event(Arc<Column>),
    /// Times or sample rates.
    Special(Arc<TypedColumn>),
}

/// What the map, the queue and the allocations of one column cost beyond its values.
const OVERHEAD_BYTES: usize = 256;

impl BlockCache {
    /// Makes an empty cache that holds at most so many bytes. Columns larger than that are read each time.
    pub fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            contents: Mutex::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            read_bytes: AtomicU64::new(0),
            next_block: AtomicU64::new(0),
        }
    }

    /// Counters for metrics.
    pub fn stats(&self) -> CacheStats {
        let contents = self.contents.lock();
        CacheStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            read_bytes: self.read_bytes.load(Ordering::Relaxed),
            evictions: contents.evictions,
            columns: contents.kept.len(),
            bytes: contents.bytes,
        }
    }

    /// A number for a block that was opened; no other has it.
    pub(super) fn register(&self) -> u64 {
        self.next_block.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn count_read(&self, bytes: u64) {
        self.read_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn get(&self, key: Key) -> Option<CachedColumn> {
        let found = self.contents.lock().kept.get_mut(&key).map(|kept| {
            kept.was_used = true;
            kept.column.clone()
        });
        let counter = if found.is_some() {
            &self.hits
        } else {
            &self.misses
        };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    pub(super) fn put(&self, key: Key, column: CachedColumn) {
        let bytes = OVERHEAD_BYTES + column.heap_bytes();
        if bytes > self.bytes_max {
            return;
        }
        // What is thrown out is freed after the lock is.
        let mut evicted = Vec::new();
        let mut contents = self.contents.lock();
        if contents.kept.contains_key(&key) {
            return;
        }
        while contents.bytes + bytes > self.bytes_max {
            match contents.evict() {
                Some(kept) => evicted.push(kept),
                None => break,
            }
        }
        contents.bytes += bytes;
        contents.queue.push_back(key);
        let kept = Kept {
            column,
            bytes,
            was_used: false,
        };
        contents.kept.insert(key, kept);
    }

    /// Forgets the columns of a block that nobody has open any more.
    pub(super) fn forget(&self, block: u64) {
        let mut forgotten = Vec::new();
        let mut contents = self.contents.lock();
        let Contents {
            kept, queue, bytes, ..
        } = &mut *contents;
        queue.retain(|key| key.0 != block);
        for (_, old) in kept.extract_if(|key, _| key.0 == block) {
            *bytes -= old.bytes;
            forgotten.push(old);
        }
    }
}

impl Contents {
    fn evict(&mut self) -> Option<Kept> {
        loop {
            let key = self.queue.pop_front()?;
            let Some(kept) = self.kept.get_mut(&key) else {
                continue;
            };
            if kept.was_used {
                kept.was_used = false;
                self.queue.push_back(key);
                continue;
            }
            self.bytes -= kept.bytes;
            self.evictions += 1;
            return self.kept.remove(&key);
        }
    }
}

impl CachedColumn {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Event(column) => column.types.iter().map(TypedColumn::heap_bytes).sum(),
            Self::Special(column) => column.heap_bytes(),
        }
    }
}
