//! The numbers of traces, kept from query to query: blocks never change. They lie in many small tables, each of which is filled while
//! it is near at hand, by all threads at once: so numbering anew what is not remembered costs a query little more per trace than
//! looking at its id.

use super::traces::HashedAlready;
use crate::exec::{ExecError, Watch};
use hashbrown::HashMap;
use parking_lot::Mutex;
use std::hash::BuildHasherDefault;
use std::sync::{Arc, Weak};
use waggle_model::QueryError;
use waggle_store::column::Dictionary;

/// Tables; a power of two.
const TABLES: usize = 64;

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

    /// The numbers of a dictionary's entries, given now if they are not known. Several threads may number dictionaries at once.
    pub(super) fn number(
        &self,
        dictionary: &Arc<Dictionary>,
        watch: &Watch,
    ) -> Result<Arc<[u32]>, ExecError> {
        if let Some(numbers) = self.dictionaries.lock().get(&address(dictionary)) {
            return Ok(Arc::clone(&numbers.of_entries));
        }
        let by_table = ByTable::new(dictionary);
        let mut of_entries = vec![0; dictionary.len()];
        // Held until the query ends: whether they are remembered is not known yet.
        watch.account(0, size_of_val(&*of_entries))?;
        for table in 0..TABLES {
            watch.check()?;
            let mut numbers = self.tables[table].lock();
            let before = numbers.allocation_size();
            for (hash, code) in by_table.entries(table) {
                let next = numbers.len() * TABLES + table;
                let next = u32::try_from(next).map_err(|_| too_many())?;
                of_entries[*code as usize] = *numbers.entry(*hash).or_insert(next);
            }
            let after = numbers.allocation_size();
            drop(numbers);
            watch.account(before, after)?;
        }
        let of_entries: Arc<[u32]> = of_entries.into();
        let numbers = Numbers {
            dictionary: Arc::downgrade(dictionary),
            of_entries: Arc::clone(&of_entries),
        };
        self.dictionaries
            .lock()
            .insert(address(dictionary), numbers);
        Ok(of_entries)
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
