//! From breakdown values to dense group numbers.
//!
//! Every breakdown has a [`ValueTable`] that numbers its distinct values; a group is a combination of such numbers. While a source is
//! scanned, [`SourceGroups`] numbers the source's own groups by its dictionary codes, which costs a row one multiplication and at most
//! one look into an array per breakdown; which groups of the table they are is asked once per group. Integers that lie close together,
//! such as status codes, are numbered as they come and then have codes too.

mod code;
mod counted;
mod index;
mod path;
mod source;
mod value;

use crate::bytes::{ByteReader, ByteWrite, Damaged};
use crate::calculation::NO_CELL;
use crate::exec::{ExecError, Watch};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::fmt::Write;
use std::hash::BuildHasher;
use value::ValueTable;
use waggle_model::QueryError;

pub(super) use counted::{CountedCodes, HashPart, PART_BITS_MAX};
pub(super) use source::SourceGroups;
pub(super) use value::ReadStateError;
pub(super) use value::{GroupValue, compare_values};

/// The groups of a query, numbered from 0 in the order they were first seen.
#[derive(Clone, Debug)]
pub(super) struct GroupTable {
    tables: Vec<ValueTable>,
    /// Value numbers, one per breakdown and group.
    keys: Vec<u32>,
    len: usize,
    index: Index,
    /// The group in which no breakdown has a value, which does not count towards the limit.
    has_empty_group: bool,
    groups_max: usize,
    /// Where unknown combinations go in a frozen table.
    rest: Option<u32>,
}

impl GroupTable {
    /// Makes a table for so many breakdowns. Without any there is one group from the start, so that it is there without rows too.
    pub(super) fn new(breakdowns: usize, groups_max: usize) -> Self {
        Self {
            tables: vec![ValueTable::default(); breakdowns],
            keys: Vec::new(),
            len: usize::from(breakdowns == 0),
            index: Index::new(breakdowns),
            has_empty_group: false,
            groups_max,
            rest: None,
        }
    }

    /// Makes a table that knows `groups` of this one, in that order, and sends every other combination to the group after them.
    pub(super) fn frozen(&self, groups: &[u32]) -> Result<Self, QueryError> {
        let mut frozen = Self::new(self.tables.len(), self.groups_max);
        if self.tables.is_empty() {
            return Ok(frozen);
        }
        for group in groups {
            frozen.adopt(self, *group)?;
        }
        for table in &mut frozen.tables {
            table.is_frozen = true;
        }
        frozen.add_rest();
        Ok(frozen)
    }

    /// Finds the groups of a part of what was counted by sources, and how many rows each has. There is room for so many from the start.
    pub(super) fn of_part(
        counted: &[CountedCodes],
        part: HashPart,
        expected: usize,
    ) -> (Self, Vec<u64>) {
        let dictionaries = counted.iter().map(CountedCodes::dictionary).collect();
        let mut values = ValueTable::of_part(dictionaries, part.bits, expected);
        let mut rows = Vec::with_capacity(expected);
        for (place, counted) in (0..).zip(counted) {
            counted.add_part(part, place, &mut values, &mut rows);
        }
        let numbers = 0..values.len() as u32;
        let table = Self {
            keys: numbers.clone().collect(),
            len: values.len(),
            index: Index::Direct(numbers.collect()),
            has_empty_group: values.null.is_some(),
            groups_max: usize::MAX,
            rest: None,
            tables: vec![values],
        };
        (table, rows)
    }

    /// Takes in a group of another table; returns its number here.
    pub(super) fn adopt(&mut self, other: &Self, group: u32) -> Result<u32, QueryError> {
        let width = self.tables.len();
        let mut key = Vec::with_capacity(width);
        let numbers = key_at(&other.keys, group, width);
        for ((table, known), number) in self.tables.iter_mut().zip(&other.tables).zip(numbers) {
            key.push(table.intern(known, *number));
        }
        self.group(&key)
    }

    /// Takes in the groups that were counted by codes of a source; calls `visit` with each and its rows.
    pub(super) fn adopt_counted(
        &mut self,
        counted: &CountedCodes,
        watch: &Watch,
        mut visit: impl FnMut(u32, u64),
    ) -> Result<(), ExecError> {
        let mut result = Ok(());
        let mut steps = watch.steps();
        counted.each(&mut |codes, code, rows| {
            if result.is_err() {
                return;
            }
            result = steps.step();
            let number = codes.value(&mut self.tables[0], code);
            match self.group(&[number]) {
                Ok(group) => visit(group, u64::from(rows)),
                Err(error) => result = Err(error.into()),
            }
        });
        result
    }

    /// The same for what [`CountedCodes::encode`] wrote.
    pub(super) fn decode_counted(
        &mut self,
        bytes: &mut ByteReader<'_>,
        mut visit: impl FnMut(u32, u64),
    ) -> Result<(), ReadStateError> {
        let mut values = ValueTable::default();
        values.decode(bytes)?;
        for value in 0..values.len() as u32 {
            let number = self.tables[0].intern(&values, value);
            visit(self.group(&[number])?, bytes.u64()?);
        }
        Ok(())
    }

    /// Adds a group for all that the table does not know: the last one.
    pub(super) fn add_rest(&mut self) -> u32 {
        let rest = self.len as u32;
        self.rest = Some(rest);
        self.len += 1;
        rest
    }

    /// How many groups there are but for the rest: their numbers are below it.
    pub(super) fn known_len(&self) -> usize {
        self.rest.map_or(self.len, |rest| rest as usize)
    }

    /// Fails when there are too many groups: so many, of which one may be that without any value.
    pub(super) fn check_len(
        len: usize,
        has_empty_group: bool,
        groups_max: usize,
    ) -> Result<(), QueryError> {
        match len.saturating_sub(usize::from(has_empty_group)) > groups_max {
            true => Err(QueryError::TooLarge {
                what: "groups",
                limit: groups_max as u64,
            }),
            false => Ok(()),
        }
    }

    /// True when one of the groups is that in which no breakdown has a value.
    pub(super) fn has_empty_group(&self) -> bool {
        self.has_empty_group
    }

    /// Most groups, not counting the empty one.
    pub(super) fn groups_max(&self) -> usize {
        self.groups_max
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let values: usize = self.tables.iter().map(ValueTable::heap_bytes).sum();
        values + self.keys.capacity() * size_of::<u32>() + self.index.heap_bytes()
    }

    /// The values of a group, one per breakdown.
    pub(super) fn key(&self, group: u32) -> impl Iterator<Item = GroupValue<'_>> {
        self.tables
            .iter()
            .zip(key_at(&self.keys, group, self.tables.len()))
            .map(|(table, number)| table.value(*number))
    }

    /// Number of the group with these values.
    fn group(&mut self, key: &[u32]) -> Result<u32, QueryError> {
        if key.is_empty() {
            return Ok(0);
        }
        if let Some(group) = self.index.find(key, &self.keys) {
            return Ok(group);
        }
        if let Some(rest) = self.rest {
            return Ok(rest);
        }
        self.has_empty_group |= key
            .iter()
            .zip(&self.tables)
            .all(|(number, table)| Some(*number) == table.null);
        Self::check_len(self.len + 1, self.has_empty_group, self.groups_max)?;
        let group = self.len as u32;
        self.len += 1;
        self.keys.extend_from_slice(key);
        self.index.insert(key, group, &self.keys);
        Ok(group)
    }

    /// Appends all values and groups as bytes. A frozen table's are known to whoever reads them.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.put_u64(self.len as u64);
        if self.rest.is_some() {
            return;
        }
        for table in &self.tables {
            table.encode(out);
        }
        for number in &self.keys {
            out.put_u64(u64::from(*number));
        }
    }

    /// Reads what [`encode`](Self::encode) wrote of a table that began as this one is.
    pub(super) fn decode(&mut self, bytes: &mut ByteReader<'_>) -> Result<(), ReadStateError> {
        let len = bytes.u64()?;
        if self.rest.is_some() || self.tables.is_empty() {
            return match len == self.len as u64 {
                true => Ok(()),
                false => Err(Damaged("other groups").into()),
            };
        }
        for table in &mut self.tables {
            table.decode(bytes)?;
        }
        let mut key = vec![0; self.tables.len()];
        for group in 0..len {
            for (number, table) in key.iter_mut().zip(&self.tables) {
                *number = bytes.u32()?;
                if *number as usize >= table.len() {
                    return Err(Damaged("a group has an unknown value").into());
                }
            }
            if u64::from(self.group(&key)?) != group {
                return Err(Damaged("a group occurs twice").into());
            }
        }
        Ok(())
    }

    /// Writes how many groups a frozen table knows, and these in their order; nothing for a table that is not frozen.
    pub(super) fn write_frozen(&self, text: &mut String) {
        let Some(rest) = self.rest else {
            return;
        };
        // Writing to a String does not fail.
        _ = write!(text, " frozen {rest}");
        for group in 0..rest {
            for value in self.key(group) {
                _ = write!(text, " {value:?}");
            }
        }
    }

    /// Makes the table independent of the dictionaries its texts are in, and leaves no more of it than [`merge`](Self::merge) needs of
    /// another.
    pub(super) fn leave_sources(&mut self) -> Result<(), ReadStateError> {
        if self.rest.is_some() {
            *self = Self {
                len: self.len,
                rest: self.rest,
                ..Self::new(0, 0)
            };
            return Ok(());
        }
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        let mut independent = Self::new(self.tables.len(), usize::MAX);
        independent.decode(&mut ByteReader::new(&bytes))?;
        *self = independent;
        Ok(())
    }

    /// Takes in every group of another table; returns the number each has here.
    pub(super) fn merge(&mut self, other: &Self, watch: &Watch) -> Result<Vec<u32>, ExecError> {
        if other.rest.is_some() || other.tables.is_empty() {
            // Copies of one frozen table number their groups alike.
            return Ok((0..other.len as u32).collect());
        }
        let mut numbers: Vec<Vec<u32>> = Vec::with_capacity(self.tables.len());
        for (table, other) in self.tables.iter_mut().zip(&other.tables) {
            numbers.push(table.intern_all(other, watch)?);
        }
        let width = self.tables.len();
        let mut key = vec![0; width];
        let mut groups = Vec::with_capacity(other.len);
        let mut steps = watch.steps();
        for theirs in other.keys.chunks_exact(width) {
            steps.step()?;
            for ((place, number), numbers) in key.iter_mut().zip(theirs).zip(&numbers) {
                *place = numbers[*number as usize];
            }
            groups.push(self.group(&key)?);
        }
        Ok(groups)
    }
}

/// Finds groups by their value numbers.
#[derive(Clone, Debug)]
enum Index {
    /// Of one breakdown: the group of each value number, or [`NO_CELL`].
    Direct(Vec<u32>),
    /// Of several: groups, by the hash of their value numbers.
    Hashed(HashTable<u32>),
}

impl Index {
    fn new(breakdowns: usize) -> Self {
        if breakdowns == 1 {
            Self::Direct(Vec::new())
        } else {
            Self::Hashed(HashTable::new())
        }
    }

    fn find(&self, key: &[u32], keys: &[u32]) -> Option<u32> {
        match self {
            Self::Direct(groups) => {
                let group = groups.get(key[0] as usize).copied();
                group.filter(|group| *group != NO_CELL)
            }
            Self::Hashed(table) => {
                let group =
                    table.find(hash_of(key), |group| key_at(keys, *group, key.len()) == key);
                group.copied()
            }
        }
    }

    /// Adds a group whose key is in `keys` already.
    fn insert(&mut self, key: &[u32], group: u32, keys: &[u32]) {
        match self {
            Self::Direct(groups) => {
                let number = key[0] as usize;
                if number >= groups.len() {
                    groups.resize(number + 1, NO_CELL);
                }
                groups[number] = group;
            }
            Self::Hashed(table) => {
                table.insert_unique(hash_of(key), group, |group| {
                    hash_of(key_at(keys, *group, key.len()))
                });
            }
        }
    }

    fn heap_bytes(&self) -> usize {
        match self {
            Self::Direct(groups) => groups.capacity() * size_of::<u32>(),
            Self::Hashed(table) => table.allocation_size(),
        }
    }
}

fn key_at(keys: &[u32], group: u32, width: usize) -> &[u32] {
    let start = group as usize * width;
    &keys[start..start + width]
}

fn hash_of(key: &[u32]) -> u64 {
    FixedState::default().hash_one(key)
}
