//! From breakdown values to dense group numbers.
//!
//! Every breakdown has a [`ValueTable`] that numbers its distinct values; a group is a combination of such numbers. While a source is
//! scanned, [`SourceGroups`] translates dictionary codes to value numbers once per code, and, when a source has few combinations,
//! codes to groups once per combination: then a row costs one multiplication and one look into an array per breakdown.

use crate::calculation::NO_CELL;
use crate::chunk::TypedBuffer;
use crate::number::{Number, NumberKey};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use std::cmp::Ordering;
use std::hash::BuildHasher;
use waggle_model::{QueryError, Value};
use waggle_store::column::{CHUNK_ROWS, Column, Dictionary};

/// A breakdown value. Numbers are the same whatever type they came in; a text is never a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum GroupValue {
    Null,
    Bool(bool),
    Number(NumberKey),
    String { hash: u64, text: Box<str> },
}

impl GroupValue {
    pub(super) fn to_value(&self) -> Option<Value> {
        match self {
            Self::Null => None,
            Self::Bool(value) => Some(Value::Bool(*value)),
            Self::Number(NumberKey::Int(value)) => Some(Value::Int(*value)),
            Self::Number(NumberKey::Float(bits)) => Some(Value::Float(f64::from_bits(*bits))),
            Self::String { text, .. } => Some(Value::String(text.to_string())),
        }
    }

    fn heap_bytes(&self) -> usize {
        // 24: what the value's places in the list and in its index cost.
        size_of::<Self>()
            + 24
            + match self {
                Self::String { text, .. } => text.len(),
                Self::Null | Self::Bool(_) | Self::Number(_) => 0,
            }
    }
}

/// Booleans, then numbers, then text in byte order. No value is not compared here: it is last in either direction.
pub(super) fn compare_values(left: &GroupValue, right: &GroupValue) -> Ordering {
    match (left, right) {
        (GroupValue::Bool(left), GroupValue::Bool(right)) => left.cmp(right),
        (GroupValue::Number(left), GroupValue::Number(right)) => compare_keys(*left, *right),
        (GroupValue::String { text: left, .. }, GroupValue::String { text: right, .. }) => {
            left.as_bytes().cmp(right.as_bytes())
        }
        _ => rank(left).cmp(&rank(right)),
    }
}

fn compare_keys(left: NumberKey, right: NumberKey) -> Ordering {
    let number = |key| match key {
        NumberKey::Int(value) => Number::Int(value),
        NumberKey::Float(bits) => Number::Float(f64::from_bits(bits)),
    };
    let (left, right) = (number(left), number(right));
    // NaN comes after every number.
    left.compare(right)
        .unwrap_or_else(|| left.as_f64().is_nan().cmp(&right.as_f64().is_nan()))
}

fn rank(value: &GroupValue) -> u8 {
    match value {
        GroupValue::Bool(_) => 0,
        GroupValue::Number(_) => 1,
        GroupValue::String { .. } => 2,
        GroupValue::Null => 3,
    }
}

/// The distinct values of one breakdown, numbered from 0.
#[derive(Clone, Debug, Default)]
pub(super) struct ValueTable {
    values: Vec<GroupValue>,
    strings: HashTable<u32>,
    numbers: HashMap<NumberKey, u32, FixedState>,
    bools: [Option<u32>; 2],
    null: Option<u32>,
    /// A frozen table answers [`NO_CELL`] for values it does not know.
    is_frozen: bool,
    heap_bytes: usize,
}

impl ValueTable {
    fn null(&mut self) -> u32 {
        match self.null {
            Some(number) => number,
            None if self.is_frozen => NO_CELL,
            None => {
                let number = self.add(GroupValue::Null);
                self.null = Some(number);
                number
            }
        }
    }

    fn bool(&mut self, value: bool) -> u32 {
        match self.bools[usize::from(value)] {
            Some(number) => number,
            None if self.is_frozen => NO_CELL,
            None => {
                let number = self.add(GroupValue::Bool(value));
                self.bools[usize::from(value)] = Some(number);
                number
            }
        }
    }

    fn number(&mut self, value: NumberKey) -> u32 {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        if self.is_frozen {
            return NO_CELL;
        }
        let number = self.add(GroupValue::Number(value));
        self.numbers.insert(value, number);
        number
    }

    fn string(&mut self, hash: u64, text: &str) -> u32 {
        let values = &self.values;
        let known = self.strings.find(hash, |number| {
            matches!(&values[*number as usize], GroupValue::String { hash: other, text: known }
                if *other == hash && **known == *text)
        });
        if let Some(number) = known {
            return *number;
        }
        if self.is_frozen {
            return NO_CELL;
        }
        let number = self.add(GroupValue::String {
            hash,
            text: text.into(),
        });
        let values = &self.values;
        self.strings
            .insert_unique(hash, number, |number| match &values[*number as usize] {
                GroupValue::String { hash, .. } => *hash,
                _ => 0,
            });
        number
    }

    fn intern(&mut self, value: &GroupValue) -> u32 {
        match value {
            GroupValue::Null => self.null(),
            GroupValue::Bool(value) => self.bool(*value),
            GroupValue::Number(value) => self.number(*value),
            GroupValue::String { hash, text } => self.string(*hash, text),
        }
    }

    fn add(&mut self, value: GroupValue) -> u32 {
        self.heap_bytes += value.heap_bytes();
        self.values.push(value);
        self.values.len() as u32 - 1
    }
}

/// The groups of a query, numbered from 0 in the order they were first seen.
#[derive(Clone, Debug)]
pub(super) struct GroupTable {
    tables: Vec<ValueTable>,
    /// Value numbers, one per breakdown and group.
    keys: Vec<u32>,
    len: usize,
    index: HashTable<u32>,
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
            index: HashTable::new(),
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
            let mut key = Vec::with_capacity(self.tables.len());
            for (table, value) in frozen.tables.iter_mut().zip(self.key(*group)) {
                key.push(table.intern(value));
            }
            frozen.group(&key)?;
        }
        for table in &mut frozen.tables {
            table.is_frozen = true;
        }
        frozen.rest = Some(frozen.len as u32);
        frozen.len += 1;
        Ok(frozen)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let values: usize = self.tables.iter().map(|table| table.heap_bytes).sum();
        values + self.keys.capacity() * size_of::<u32>() + self.index.allocation_size()
    }

    /// The values of a group, one per breakdown.
    pub(super) fn key(&self, group: u32) -> impl Iterator<Item = &GroupValue> {
        let width = self.tables.len();
        let start = group as usize * width;
        self.tables
            .iter()
            .zip(&self.keys[start..start + width])
            .map(|(table, number)| &table.values[*number as usize])
    }

    /// Number of the group with these values.
    fn group(&mut self, key: &[u32]) -> Result<u32, QueryError> {
        let width = key.len();
        if width == 0 {
            return Ok(0);
        }
        let hash = hash_of(key);
        let keys = &self.keys;
        let known = self.index.find(hash, |group| {
            let start = *group as usize * width;
            keys[start..start + width] == *key
        });
        if let Some(group) = known {
            return Ok(*group);
        }
        if let Some(rest) = self.rest {
            return Ok(rest);
        }
        self.has_empty_group |= key
            .iter()
            .zip(&self.tables)
            .all(|(number, table)| Some(*number) == table.null);
        if self.len.saturating_sub(usize::from(self.has_empty_group)) >= self.groups_max {
            return Err(QueryError::TooLarge {
                what: "groups",
                limit: self.groups_max as u64,
            });
        }
        let group = self.len as u32;
        self.len += 1;
        self.keys.extend_from_slice(key);
        let keys = &self.keys;
        self.index.insert_unique(hash, group, |group| {
            let start = *group as usize * width;
            hash_of(&keys[start..start + width])
        });
        Ok(group)
    }

    /// Takes in every group of another table; returns the number each has here.
    pub(super) fn merge(&mut self, other: &Self) -> Result<Vec<u32>, QueryError> {
        if other.rest.is_some() || other.tables.is_empty() {
            // Copies of one frozen table number their groups alike.
            return Ok((0..other.len as u32).collect());
        }
        let numbers: Vec<Vec<u32>> = self
            .tables
            .iter_mut()
            .zip(&other.tables)
            .map(|(table, other)| {
                other
                    .values
                    .iter()
                    .map(|value| table.intern(value))
                    .collect()
            })
            .collect();
        let mut key = vec![0; self.tables.len()];
        other
            .keys
            .chunks_exact(self.tables.len())
            .map(|theirs| {
                for ((place, number), numbers) in key.iter_mut().zip(theirs).zip(&numbers) {
                    *place = numbers[*number as usize];
                }
                self.group(&key)
            })
            .collect()
    }
}

fn hash_of(key: &[u32]) -> u64 {
    FixedState::default().hash_one(key)
}

/// A source may have this many combinations of codes for them to be looked up in an array.
const SLOTS_MAX: usize = 1 << 20;
/// An array may have this many places per row, so that a small run does not pay for a large product.
const SLOTS_PER_ROW: usize = 4;

/// Group numbers for the rows of one source.
pub(super) struct SourceGroups {
    /// Per breakdown, and per type of its column, the value number of each code; [`UNKNOWN`] until it is met.
    numbers: Vec<Vec<Vec<u32>>>,
    /// How far apart the codes of neighbouring breakdowns are, and how many codes each has, when `slots` is in use.
    radixes: Vec<usize>,
    /// Group per combination of codes; [`UNKNOWN`] until it is met. Empty when there are too many combinations.
    slots: Vec<u32>,
    codes: Vec<u32>,
    keys: Vec<u32>,
}

const UNKNOWN: u32 = u32::MAX - 1;
/// Codes before the dictionary's: no value, false, true.
const FIRST_ENTRY: u32 = 3;

impl SourceGroups {
    /// `columns` has the column of each breakdown.
    pub(super) fn new(columns: &[Option<&Column>], row_count: u32) -> Self {
        let numbers = columns
            .iter()
            .map(|column| {
                column
                    .iter()
                    .flat_map(|column| &column.types)
                    .map(|typed| match typed.dictionary() {
                        Some(dictionary) => vec![UNKNOWN; dictionary.len()],
                        None => Vec::new(),
                    })
                    .collect()
            })
            .collect();
        let radixes: Option<Vec<usize>> = columns.iter().map(|column| radix(*column)).collect();
        let slots_max = SLOTS_MAX.min(row_count as usize * SLOTS_PER_ROW);
        let product = radixes.as_ref().and_then(|radixes| {
            let product = radixes
                .iter()
                .try_fold(1_usize, |product, radix| product.checked_mul(*radix))?;
            (product <= slots_max || radixes.len() == 1).then_some(product)
        });
        Self {
            numbers,
            slots: vec![UNKNOWN; product.unwrap_or_default()],
            radixes: radixes.unwrap_or_default(),
            codes: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// Writes the group of each position to `out`. `columns` has the buffers of each breakdown.
    pub(super) fn groups(
        &mut self,
        table: &mut GroupTable,
        columns: &[&[TypedBuffer]],
        positions: &[u16],
        out: &mut Vec<u32>,
    ) -> Result<(), QueryError> {
        out.clear();
        if columns.is_empty() {
            out.resize(positions.len(), 0);
            return Ok(());
        }
        if self.slots.is_empty() {
            self.by_values(table, columns, positions, out)
        } else {
            self.by_codes(table, columns, positions, out)
        }
    }

    fn by_codes(
        &mut self,
        table: &mut GroupTable,
        columns: &[&[TypedBuffer]],
        positions: &[u16],
        out: &mut Vec<u32>,
    ) -> Result<(), QueryError> {
        out.resize(positions.len(), 0);
        for (column, radix) in columns.iter().zip(&self.radixes) {
            codes_of(column, positions, &mut self.codes);
            for (slot, code) in out.iter_mut().zip(&self.codes) {
                *slot = *slot * *radix as u32 + code;
            }
        }
        let mut key = vec![0; columns.len()];
        for place in out.iter_mut() {
            let slot = *place as usize;
            if self.slots[slot] == UNKNOWN {
                let mut rest = slot;
                for breakdown in (0..columns.len()).rev() {
                    let code = (rest % self.radixes[breakdown]) as u32;
                    rest /= self.radixes[breakdown];
                    key[breakdown] =
                        value_of_code(&mut table.tables[breakdown], columns[breakdown], code);
                }
                self.slots[slot] = table.group(&key)?;
            }
            *place = self.slots[slot];
        }
        Ok(())
    }

    fn by_values(
        &mut self,
        table: &mut GroupTable,
        columns: &[&[TypedBuffer]],
        positions: &[u16],
        out: &mut Vec<u32>,
    ) -> Result<(), QueryError> {
        let width = columns.len();
        self.keys.clear();
        self.keys.resize(positions.len() * width, 0);
        for (breakdown, column) in columns.iter().enumerate() {
            let values = &mut table.tables[breakdown];
            let null = match column_is_full(column, positions) {
                true => NO_CELL,
                false => values.null(),
            };
            let keys = &mut self.keys;
            keys.iter_mut()
                .skip(breakdown)
                .step_by(width)
                .for_each(|place| *place = null);
            for (buffer, numbers) in column.iter().zip(&mut self.numbers[breakdown]) {
                let present = buffer.present();
                for (index, position) in positions.iter().enumerate() {
                    let position = usize::from(*position);
                    if present[position / 64] >> (position % 64) & 1 == 0 {
                        continue;
                    }
                    keys[index * width + breakdown] = match buffer {
                        TypedBuffer::Strings(codes, dictionary) => {
                            let code = codes.values[position];
                            let number = &mut numbers[code as usize];
                            if *number == UNKNOWN {
                                *number = string_of(values, dictionary, code);
                            }
                            *number
                        }
                        TypedBuffer::Ints(buffer) => {
                            values.number(NumberKey::Int(buffer.values[position]))
                        }
                        TypedBuffer::Floats(buffer) => {
                            values.number(Number::Float(buffer.values[position]).key())
                        }
                        TypedBuffer::Bools(buffer) => values.bool(buffer.values[position]),
                    };
                }
            }
        }
        for key in self.keys.chunks_exact(width) {
            out.push(table.group(key)?);
        }
        Ok(())
    }
}

/// Number of codes of a column; `None` when numbers occur in it, which have no codes.
fn radix(column: Option<&Column>) -> Option<usize> {
    let mut entries = 0;
    for typed in column.iter().flat_map(|column| &column.types) {
        match (typed.dictionary(), typed.column_type()) {
            (Some(dictionary), _) => entries = dictionary.len(),
            (None, waggle_model::ColumnType::Boolean) => {}
            (None, _) => return None,
        }
    }
    Some(entries + FIRST_ENTRY as usize)
}

fn codes_of(column: &[TypedBuffer], positions: &[u16], out: &mut Vec<u32>) {
    out.clear();
    out.resize(positions.len(), 0);
    for buffer in column {
        for (code, position) in out.iter_mut().zip(positions) {
            let position = usize::from(*position);
            match buffer {
                TypedBuffer::Strings(codes, _) if codes.has(position) => {
                    *code = codes.values[position] + FIRST_ENTRY;
                }
                TypedBuffer::Bools(values) if values.has(position) => {
                    *code = 1 + u32::from(values.values[position]);
                }
                _ => {}
            }
        }
    }
}

fn value_of_code(table: &mut ValueTable, column: &[TypedBuffer], code: u32) -> u32 {
    match code {
        0 => table.null(),
        1 => table.bool(false),
        2 => table.bool(true),
        _ => {
            let dictionary = column.iter().find_map(|buffer| match buffer {
                TypedBuffer::Strings(_, dictionary) => Some(dictionary),
                _ => None,
            });
            dictionary.map_or(NO_CELL, |dictionary| {
                string_of(table, dictionary, code - FIRST_ENTRY)
            })
        }
    }
}

fn string_of(table: &mut ValueTable, dictionary: &Dictionary, code: u32) -> u32 {
    table.string(dictionary.hash(code), &dictionary.text(code))
}

/// True when every position has a value: only then is "no value" not a value of the breakdown.
fn column_is_full(column: &[TypedBuffer], positions: &[u16]) -> bool {
    positions.iter().all(|position| {
        let position = usize::from(*position);
        debug_assert!(position < CHUNK_ROWS, "positions lie in the chunk");
        column
            .iter()
            .any(|buffer| buffer.present()[position / 64] >> (position % 64) & 1 == 1)
    })
}
