//! Columns of blocks that were read, kept for the next query within a limit of bytes, and read once however many ask at a time.
//!
//! What was asked for once must not push out what is asked for all the time: a scan of a month would otherwise empty the cache of
//! every board. So new columns wait in a queue that may hold a tenth of the bytes; those asked for again by the time they come to its
//! end move on to the main queue, the others go, and are remembered by name for a while: whoever comes back is let in at once. In the
//! main queue those used since their last turn get another. Nothing goes before the cache is full.
//! Source: Yang et al., FIFO queues are all you need for cache eviction, SOSP 2023.

use super::ids::IdIndex;
use crate::column::{Column, ColumnPresence, TypedColumn};
use crate::source::ReadError;
use hashbrown::{HashMap, HashSet};
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Decoded columns shared by all queries.
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
    /// Columns found, or just being read for somebody else.
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

/// What is kept: a part of a column of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The block's number in this cache.
    pub(super) block: u64,
    /// Index of the column's first directory entry.
    pub(super) entry: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Values,
    Presence,
    Index,
}

#[derive(Clone, Debug)]
pub(super) enum CachedColumn {
    /// A column of events.
    Event(Arc<Column>),
    /// Times or sample rates.
    Special(Arc<TypedColumn>),
    /// Which rows have a value.
    Presence(Arc<ColumnPresence>),
    /// Where ids are in a dictionary.
    Index(Arc<IdIndex>),
}

#[derive(Debug, Default)]
struct Contents {
    kept: HashMap<Key, Kept, foldhash::fast::FixedState>,
    /// Every kept key is once in one of the queues, the next to leave in front.
    new: VecDeque<Key>,
    main: VecDeque<Key>,
    /// Keys that left `new` unused, the oldest in front.
    gone: VecDeque<Key>,
    is_gone: HashSet<Key, foldhash::fast::FixedState>,
    bytes: usize,
    new_bytes: usize,
    evictions: u64,
    /// Columns of which parts were read, and not kept.
    in_parts: HashSet<Key, foldhash::fast::FixedState>,
    /// What is being read, for those who wait for it.
    reading: HashMap<Key, Arc<Reading>, foldhash::fast::FixedState>,
}

#[derive(Debug)]
struct Kept {
    column: CachedColumn,
    bytes: usize,
    was_used: bool,
    is_new: bool,
}

/// A column that one thread reads and others wait for.
#[derive(Debug, Default)]
struct Reading {
    /// Empty while it is read; then the column, or nothing if it could not be read.
    result: Mutex<Option<Option<CachedColumn>>>,
    is_done: Condvar,
}

/// Ends a reading however it ends, so that nobody waits for ever.
struct ReadingTurn<'a> {
    cache: &'a BlockCache,
    key: Key,
    reading: Arc<Reading>,
    result: Option<CachedColumn>,
}

/// What the map, the queues and the allocations of one column cost beyond its values.
const OVERHEAD_BYTES: usize = 256;

/// So many columns of which parts were read are remembered.
const IN_PARTS_MAX: usize = 1 << 16;

/// New columns may take one part in so many of the bytes.
const NEW_SHARE: usize = 10;

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

    /// What is kept under a key, without counting it as used.
    pub(super) fn peek(&self, key: Key) -> Option<CachedColumn> {
        let contents = self.contents.lock();
        contents.kept.get(&key).map(|kept| kept.column.clone())
    }

    /// True when a part of a column that is not kept may be read without keeping it: when that did not happen before. Whoever comes again
    /// will come more often, and the whole column is worth its place.
    pub(super) fn may_read_part(&self, key: Key) -> bool {
        let mut contents = self.contents.lock();
        if contents.kept.contains_key(&key) {
            return false;
        }
        if contents.in_parts.len() >= IN_PARTS_MAX {
            contents.in_parts.clear();
        }
        contents.in_parts.insert(key)
    }

    /// Finds a column, or reads it with `read`. Of several threads that miss the same one, one reads and the others wait.
    ///
    /// # Errors
    /// Those of `read`, for the thread that called it; who waited tries for itself.
    pub(super) fn get_or_read(
        &self,
        key: Key,
        read: impl FnOnce() -> Result<CachedColumn, ReadError>,
    ) -> Result<CachedColumn, ReadError> {
        let mut turn = loop {
            let mut contents = self.contents.lock();
            if let Some(kept) = contents.kept.get_mut(&key) {
                kept.was_used = true;
                self.hits.fetch_add(1, Ordering::Relaxed);
                return Ok(kept.column.clone());
            }
            let Some(reading) = contents.reading.get(&key).map(Arc::clone) else {
                let reading = Arc::<Reading>::default();
                contents.reading.insert(key, Arc::clone(&reading));
                break ReadingTurn {
                    cache: self,
                    key,
                    reading,
                    result: None,
                };
            };
            drop(contents);
            if let Some(column) = reading.wait() {
                self.hits.fetch_add(1, Ordering::Relaxed);
                return Ok(column);
            }
        };
        self.misses.fetch_add(1, Ordering::Relaxed);
        let column = read()?;
        turn.result = Some(column.clone());
        Ok(column)
    }

    /// Forgets the columns of a block that nobody has open any more.
    pub(super) fn forget(&self, block: u64) {
        // What is thrown out is freed after the lock is.
        let mut forgotten = Vec::new();
        let mut contents = self.contents.lock();
        let Contents {
            kept,
            new,
            main,
            gone,
            is_gone,
            in_parts,
            bytes,
            new_bytes,
            ..
        } = &mut *contents;
        for queue in [new, main, gone] {
            queue.retain(|key| key.block != block);
        }
        is_gone.retain(|key| key.block != block);
        in_parts.retain(|key| key.block != block);
        for (_, old) in kept.extract_if(|key, _| key.block == block) {
            *bytes -= old.bytes;
            *new_bytes -= if old.is_new { old.bytes } else { 0 };
            forgotten.push(old);
        }
    }
}

impl Contents {
    /// Keeps a column; returns those that go for it.
    fn put(&mut self, key: Key, column: CachedColumn, bytes_max: usize) -> Vec<Kept> {
        let mut evicted = Vec::new();
        let bytes = OVERHEAD_BYTES + column.heap_bytes();
        if bytes > bytes_max || self.kept.contains_key(&key) {
            return evicted;
        }
        while self.bytes + bytes > bytes_max {
            match self.evict(bytes_max / NEW_SHARE) {
                Some(kept) => evicted.push(kept),
                None => break,
            }
        }
        let is_new = !self.is_gone.remove(&key);
        self.bytes += bytes;
        if is_new {
            self.new.push_back(key);
            self.new_bytes += bytes;
        } else {
            self.main.push_back(key);
        }
        let kept = Kept {
            column,
            bytes,
            was_used: false,
            is_new,
        };
        self.kept.insert(key, kept);
        evicted
    }

    fn evict(&mut self, new_bytes_max: usize) -> Option<Kept> {
        loop {
            let from_new = self.new_bytes > new_bytes_max || self.main.is_empty();
            let queue = if from_new {
                &mut self.new
            } else {
                &mut self.main
            };
            let key = queue.pop_front()?;
            let Some(kept) = self.kept.get_mut(&key) else {
                continue;
            };
            if from_new {
                self.new_bytes -= kept.bytes;
            }
            if kept.was_used {
                kept.was_used = false;
                kept.is_new = false;
                self.main.push_back(key);
                continue;
            }
            if from_new {
                self.gone.push_back(key);
                self.is_gone.insert(key);
                // As many are remembered as are kept.
                if self.gone.len() > self.kept.len() {
                    let oldest = self.gone.pop_front();
                    oldest.map(|oldest| self.is_gone.remove(&oldest));
                }
            }
            let kept = self.kept.remove(&key)?;
            self.bytes -= kept.bytes;
            self.evictions += 1;
            return Some(kept);
        }
    }
}

impl Reading {
    fn wait(&self) -> Option<CachedColumn> {
        let mut result = self.result.lock();
        while result.is_none() {
            self.is_done.wait(&mut result);
        }
        result.clone().flatten()
    }
}

impl Drop for ReadingTurn<'_> {
    fn drop(&mut self) {
        let result = self.result.take();
        let mut contents = self.cache.contents.lock();
        contents.reading.remove(&self.key);
        let evicted = match &result {
            Some(column) => contents.put(self.key, column.clone(), self.cache.bytes_max),
            None => Vec::new(),
        };
        drop(contents);
        drop(evicted);
        *self.reading.result.lock() = Some(result);
        self.reading.is_done.notify_all();
    }
}

impl CachedColumn {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Event(column) => column.types.iter().map(TypedColumn::heap_bytes).sum(),
            Self::Special(column) => column.heap_bytes(),
            Self::Presence(presence) => presence.heap_bytes(),
            Self::Index(index) => index.heap_bytes(),
        }
    }
}
