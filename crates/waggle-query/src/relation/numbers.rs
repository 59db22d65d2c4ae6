//! The numbers of traces, kept from query to query: blocks never change. They lie in many small tables, each of which is filled while
//! it is near at hand, by all threads at once: so numbering anew what is not remembered costs a query about as much per trace as reading
//! its id, however many there are.

use super::traces::HashedAlready;
use crate::engine::EngineConfig;
use crate::exec::{ExecError, Watch, fold_items};
use hashbrown::HashMap;
use parking_lot::Mutex;
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use waggle_model::QueryError;
use waggle_store::column::Dictionary;

/// Tables; a power of two.
const TABLES: usize = 256;

/// So many entries of dictionaries are numbered at a time; sorting them by table takes 16 bytes each. Unoptimised tests get to several batches.
const BATCH_ENTRIES: usize = if cfg!(all(test, debug_assertions)) {
    1 << 12
} else {
    1 << 22
};

/// The numbers that queries have given, within a limit of bytes.
pub(crate) struct TraceNumbers {
    bytes_max: usize,
    known: Mutex<Arc<Known>>,
}

/// Numbers that belong together: the same trace has the same one in every dictionary.
pub(super) struct Known {
    /// Number of each trace by the stable hash of its id, in the table that the hash names.
    tables: [Mutex<Table>; TABLES],
    /// Per dictionary, by its address, the number of each entry.
    dictionaries: Mutex<HashMap<usize, Numbers>>,
}

type Table = HashMap<u64, u32, BuildHasherDefault<HashedAlready>>;

struct Numbers {
    /// Holds the address: no other dictionary can be there while this exists.
    dictionary: Weak<Dictionary>,
    of_entries: Arc<[u32]>,
}

impl TraceNumbers {
    /// Remembers numbers of about so many bytes; a query with more gives them anew.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            known: Mutex::new(Known::new()),
        }
    }

    /// The numbers so far, to which a query adds its own.
    pub(super) fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.lock())
    }

    /// Forgets dictionaries that are gone, and all numbers where they have become too many. The query that has given them keeps them.
    pub(super) fn keep(&self, known: &Arc<Known>) {
        known.forget_gone();
        if known.bytes() > self.bytes_max {
            let mut current = self.known.lock();
            if Arc::ptr_eq(&current, known) {
                *current = Known::new();
            }
        }
    }
}

impl Known {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            tables: std::array::from_fn(|_| Mutex::default()),
            dictionaries: Mutex::default(),
        })
    }

    /// The numbers of the entries of dictionaries, given now where they are not known.
    pub(super) fn number(
        &self,
        dictionaries: &[Option<Arc<Dictionary>>],
        config: &EngineConfig,
        watch: &Watch,
    ) -> Result<Vec<Option<Arc<[u32]>>>, ExecError> {
        let of = |dictionary: &Arc<Dictionary>| {
            let known = self.dictionaries.lock();
            let numbers = known.get(&address(dictionary))?;
            Some(Arc::clone(&numbers.of_entries))
        };
        let mut numbers: Vec<Option<Arc<[u32]>>> = dictionaries
            .iter()
            .map(|dictionary| of(dictionary.as_ref()?))
            .collect();
        let mut batch: Vec<(usize, &Arc<Dictionary>)> = Vec::new();
        let mut entries = 0;
        for (index, dictionary) in dictionaries.iter().enumerate() {
            let Some(dictionary) = dictionary.as_ref().filter(|_| numbers[index].is_none()) else {
                continue;
            };
            if entries + dictionary.len() > BATCH_ENTRIES {
                self.number_batch(&std::mem::take(&mut batch), &mut numbers, config, watch)?;
                entries = 0;
            }
            entries += dictionary.len();
            batch.push((index, dictionary));
        }
        self.number_batch(&batch, &mut numbers, config, watch)?;
        Ok(numbers)
    }

    /// Numbers dictionaries table by table: each table is near at hand while all of them look into it.
    fn number_batch(
        &self,
        batch: &[(usize, &Arc<Dictionary>)],
        numbers: &mut [Option<Arc<[u32]>>],
        config: &EngineConfig,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        let entries: usize = batch.iter().map(|(_, dictionary)| dictionary.len()).sum();
        let sorted_bytes = entries * size_of::<(u64, u32)>();
        watch.account(0, sorted_bytes)?;
        let parts = fold_items(
            batch.len(),
            entries as u64,
            config,
            Vec::new,
            |part: &mut Vec<_>, index| {
                watch.check()?;
                part.push((index, ByTable::new(batch[index].1)));
                Ok(())
            },
        )?;
        let mut sorted: Vec<(usize, ByTable)> = parts.into_iter().flatten().collect();
        sorted.sort_unstable_by_key(|(index, _)| *index);

        // Held until the query ends: whether they are remembered is not known yet.
        watch.account(0, entries * size_of::<u32>())?;
        let given: Vec<Vec<AtomicU32>> = batch
            .iter()
            .map(|(_, dictionary)| (0..dictionary.len()).map(|_| AtomicU32::new(0)).collect())
            .collect();
        fold_items(
            TABLES,
            entries as u64,
            config,
            || (),
            |(), table| {
                watch.check()?;
                let mut numbers = self.tables[table].lock();
                let before = numbers.allocation_size();
                if numbers.is_empty() {
                    let hashes = sorted.iter().map(|(_, sorted)| sorted.entries(table).len());
                    numbers.reserve(hashes.sum());
                }
                for ((_, sorted), given) in sorted.iter().zip(&given) {
                    for (hash, code) in sorted.entries(table) {
                        let next = numbers.len() * TABLES + table;
                        let next = u32::try_from(next).map_err(|_| too_many())?;
                        let number = *numbers.entry(*hash).or_insert(next);
                        given[*code as usize].store(number, Ordering::Relaxed);
                    }
                }
                let after = numbers.allocation_size();
                drop(numbers);
                watch.account(before, after)
            },
        )?;
        drop(sorted);
        watch.account(sorted_bytes, 0)?;
        for ((index, dictionary), given) in batch.iter().zip(given) {
            let of_entries: Arc<[u32]> = given.into_iter().map(AtomicU32::into_inner).collect();
            let known = Numbers {
                dictionary: Arc::downgrade(dictionary),
                of_entries: Arc::clone(&of_entries),
            };
            self.dictionaries.lock().insert(address(dictionary), known);
            numbers[*index] = Some(of_entries);
        }
        Ok(())
    }

    /// All numbers given so far lie below.
    pub(super) fn count(&self) -> usize {
        let lengths = self.tables.iter().map(|table| table.lock().len());
        lengths.max().unwrap_or_default() * TABLES
    }

    fn bytes(&self) -> usize {
        let tables = self.tables.iter();
        let tables: usize = tables.map(|table| table.lock().allocation_size()).sum();
        let dictionaries = self.dictionaries.lock();
        let entries = dictionaries.values();
        let entries: usize = entries
            .map(|numbers| size_of_val(&*numbers.of_entries))
            .sum();
        tables + entries
    }

    fn forget_gone(&self) {
        let mut dictionaries = self.dictionaries.lock();
        dictionaries.retain(|_, numbers| numbers.dictionary.strong_count() > 0);
    }
}

/// The hashes of a dictionary, each with its entry, by the table they are in.
struct ByTable {
    entries: Vec<(u64, u32)>,
    /// Where those of each table begin, and the number of all.
    starts: [usize; TABLES + 1],
}

impl ByTable {
    fn new(dictionary: &Dictionary) -> Self {
        let hashes: Vec<u64> = (0..dictionary.len() as u32)
            .map(|code| dictionary.hash(code))
            .collect();
        let mut starts = [0; TABLES + 1];
        for hash in &hashes {
            starts[table_of(*hash) + 1] += 1;
        }
        for table in 0..TABLES {
            starts[table + 1] += starts[table];
        }
        let mut next = starts;
        let mut entries = vec![(0, 0); hashes.len()];
        for (code, hash) in (0..).zip(hashes) {
            let place = &mut next[table_of(hash)];
            entries[*place] = (hash, code);
            *place += 1;
        }
        Self { entries, starts }
    }

    fn entries(&self, table: usize) -> &[(u64, u32)] {
        &self.entries[self.starts[table]..self.starts[table + 1]]
    }
}

/// By bits that the table itself does not look at first.
fn table_of(hash: u64) -> usize {
    (hash >> 40) as usize % TABLES
}

fn too_many() -> ExecError {
    ExecError::Query(QueryError::TooLarge {
        what: "traces",
        limit: u64::from(u32::MAX),
    })
}

fn address(dictionary: &Arc<Dictionary>) -> usize {
    Arc::as_ptr(dictionary) as usize
}

#[cfg(test)]
mod tests;
