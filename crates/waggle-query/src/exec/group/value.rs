//! The values of breakdowns: what makes two of them the same, which comes first, and their numbers.
//!
//! A text is its stable hash: two texts with one hash are one value, as in every merge of blocks. So a table notes where a text can be
//! read and reads it only for those values that a person will see.

use super::index::HashIndex;
use crate::bytes::{ByteReader, ByteWrite, Damaged};
use crate::calculation::NO_CELL;
use crate::exec::{ExecError, Watch};
use crate::number::{Number, NumberKey};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;
use waggle_model::{QueryError, Value};
use waggle_store::column::{Dictionary, Interner, stable_hash};

/// A breakdown value. Numbers are the same whatever type they came in; a text is never a number.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::exec) enum GroupValue<'a> {
    Null,
    Bool(bool),
    Number(NumberKey),
    Text(Cow<'a, str>),
}

impl GroupValue<'_> {
    pub(in crate::exec) fn to_value(&self) -> Option<Value> {
        match self {
            Self::Null => None,
            Self::Bool(value) => Some(Value::Bool(*value)),
            Self::Number(NumberKey::Int(value)) => Some(Value::Int(*value)),
            Self::Number(NumberKey::Float(bits)) => Some(Value::Float(f64::from_bits(*bits))),
            Self::Text(text) => Some(Value::String(text.to_string())),
        }
    }
}

/// Booleans, then numbers, then text in byte order. No value is not compared here: it is last in either direction.
pub(in crate::exec) fn compare_values(left: &GroupValue<'_>, right: &GroupValue<'_>) -> Ordering {
    match (left, right) {
        (GroupValue::Bool(left), GroupValue::Bool(right)) => left.cmp(right),
        (GroupValue::Number(left), GroupValue::Number(right)) => compare_keys(*left, *right),
        (GroupValue::Text(left), GroupValue::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
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

fn rank(value: &GroupValue<'_>) -> u8 {
    match value {
        GroupValue::Bool(_) => 0,
        GroupValue::Number(_) => 1,
        GroupValue::Text(_) => 2,
        GroupValue::Null => 3,
    }
}

/// Why bytes don't become groups again: they are damaged, or there are too many.
#[derive(Debug)]
pub(in crate::exec) enum ReadStateError {
    Damaged(Damaged),
    Query(QueryError),
}

impl From<Damaged> for ReadStateError {
    fn from(error: Damaged) -> Self {
        Self::Damaged(error)
    }
}

impl From<QueryError> for ReadStateError {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

/// The distinct values of one breakdown, numbered from 0.
#[derive(Clone, Debug, Default)]
pub(in crate::exec) struct ValueTable {
    values: Vec<Stored>,
    /// Where texts are.
    dictionaries: Vec<Arc<Dictionary>>,
    /// What those of them take that this table has taken in one by one: they may be nowhere else any more.
    dictionary_bytes: usize,
    texts: HashIndex,
    numbers: HashMap<NumberKey, u32, FixedState>,
    bools: [Option<u32>; 2],
    pub(super) null: Option<u32>,
    /// A frozen table answers [`NO_CELL`] for values it does not know.
    pub(super) is_frozen: bool,
}

#[derive(Clone, Copy, Debug)]
enum Stored {
    Null,
    Bool(bool),
    Number(NumberKey),
    Text {
        hash: u64,
        dictionary: u32,
        code: u32,
    },
}

impl ValueTable {
    /// A table for texts of these dictionaries whose hashes begin with the same `bits`.
    pub(super) fn of_part(dictionaries: Vec<Arc<Dictionary>>, bits: u32, texts: usize) -> Self {
        let mut table = Self {
            dictionaries,
            texts: HashIndex::of_part(bits),
            ..Self::default()
        };
        table.texts.reserve(texts);
        table.values.reserve(texts);
        table
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The number of a text that is in dictionary number `dictionary` of those this table was made for.
    #[inline]
    pub(super) fn text_of_part(&mut self, hash: u64, dictionary: u32, code: u32) -> u32 {
        let next = self.values.len() as u32;
        let number = self.texts.find_or_insert(hash, next);
        if number == next {
            self.add(Stored::Text {
                hash,
                dictionary,
                code,
            });
        }
        number
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.dictionary_bytes
            + self.values.capacity() * size_of::<Stored>()
            + self.texts.heap_bytes()
            + self.numbers.allocation_size()
    }

    /// A value by its number.
    pub(super) fn value(&self, number: u32) -> GroupValue<'_> {
        match self.values[number as usize] {
            Stored::Null => GroupValue::Null,
            Stored::Bool(value) => GroupValue::Bool(value),
            Stored::Number(value) => GroupValue::Number(value),
            Stored::Text {
                dictionary, code, ..
            } => GroupValue::Text(self.dictionaries[dictionary as usize].text(code)),
        }
    }

    pub(super) fn null(&mut self) -> u32 {
        match self.null {
            Some(number) => number,
            None if self.is_frozen => NO_CELL,
            None => {
                let number = self.add(Stored::Null);
                self.null = Some(number);
                number
            }
        }
    }

    pub(super) fn bool(&mut self, value: bool) -> u32 {
        match self.bools[usize::from(value)] {
            Some(number) => number,
            None if self.is_frozen => NO_CELL,
            None => {
                let number = self.add(Stored::Bool(value));
                self.bools[usize::from(value)] = Some(number);
                number
            }
        }
    }

    pub(super) fn number(&mut self, value: NumberKey) -> u32 {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        if self.is_frozen {
            return NO_CELL;
        }
        let number = self.add(Stored::Number(value));
        self.numbers.insert(value, number);
        number
    }

    /// Makes room for texts to come, if there are few yet: else as many again may be known.
    pub(super) fn reserve(&mut self, more: usize) {
        if self.values.len() < more / 2 {
            self.texts.reserve(more);
            self.values.reserve(more);
        }
    }

    /// The number of a dictionary's entry.
    pub(super) fn text(&mut self, dictionary: &Arc<Dictionary>, code: u32) -> u32 {
        self.text_of_hash(dictionary.hash(code), dictionary, code)
    }

    fn text_of_hash(&mut self, hash: u64, dictionary: &Arc<Dictionary>, code: u32) -> u32 {
        if self.is_frozen {
            return self.texts.find(hash).unwrap_or(NO_CELL);
        }
        let next = self.values.len() as u32;
        let number = self.texts.find_or_insert(hash, next);
        if number == next {
            let dictionary = self.place_of(dictionary);
            self.add(Stored::Text {
                hash,
                dictionary,
                code,
            });
        }
        number
    }

    /// The text of each number that is one, for finding it in a dictionary.
    pub(super) fn texts(&self) -> impl Iterator<Item = (u32, Cow<'_, str>)> {
        (0..self.values.len() as u32).filter_map(|number| match self.value(number) {
            GroupValue::Text(text) => Some((number, text)),
            _ => None,
        })
    }

    /// The numbers here of all values of another table, which nobody needs any more after it.
    pub(super) fn intern_all(
        &mut self,
        other: &Self,
        watch: &Watch,
    ) -> Result<Vec<u32>, ExecError> {
        let mut numbers = vec![NO_CELL; other.values.len()];
        let mut steps = watch.steps();
        let mut is_stopped = Ok(());
        // In the order of their hashes, texts find their places one after another and not all over the index.
        other.texts.each(|number| {
            if is_stopped.is_ok() {
                is_stopped = steps.step();
            }
            if is_stopped.is_ok()
                && let Stored::Text {
                    hash,
                    dictionary,
                    code,
                } = other.values[number as usize]
            {
                let dictionary = &other.dictionaries[dictionary as usize];
                numbers[number as usize] = self.text_of_hash(hash, dictionary, code);
            }
        });
        is_stopped?;
        for (place, value) in numbers.iter_mut().zip(&other.values) {
            steps.step()?;
            match value {
                Stored::Null => *place = self.null(),
                Stored::Bool(value) => *place = self.bool(*value),
                Stored::Number(value) => *place = self.number(*value),
                Stored::Text { .. } => {}
            }
        }
        Ok(numbers)
    }

    /// The number here of one value of another table.
    pub(super) fn intern(&mut self, other: &Self, number: u32) -> u32 {
        match other.values[number as usize] {
            Stored::Null => self.null(),
            Stored::Bool(value) => self.bool(value),
            Stored::Number(value) => self.number(value),
            Stored::Text {
                hash,
                dictionary,
                code,
            } => self.text_of_hash(hash, &other.dictionaries[dictionary as usize], code),
        }
    }

    fn place_of(&mut self, dictionary: &Arc<Dictionary>) -> u32 {
        // The last one is the one that is being read.
        let known = self.dictionaries.iter();
        let place = known.rev().position(|known| Arc::ptr_eq(known, dictionary));
        let place = match place {
            Some(place) => self.dictionaries.len() - 1 - place,
            None => {
                self.dictionaries.push(Arc::clone(dictionary));
                self.dictionary_bytes += dictionary.heap_bytes();
                self.dictionaries.len() - 1
            }
        };
        place as u32
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.put_u64(self.values.len() as u64);
        for number in 0..self.values.len() as u32 {
            match self.value(number) {
                GroupValue::Null => out.push(0),
                GroupValue::Bool(value) => out.push(1 + u8::from(value)),
                GroupValue::Number(NumberKey::Int(value)) => {
                    out.push(3);
                    out.put_i64(value);
                }
                GroupValue::Number(NumberKey::Float(bits)) => {
                    out.push(4);
                    out.put_f64(f64::from_bits(bits));
                }
                GroupValue::Text(text) => {
                    out.push(5);
                    out.put_bytes(text.as_bytes());
                }
            }
        }
    }

    pub(super) fn decode(&mut self, bytes: &mut ByteReader<'_>) -> Result<(), Damaged> {
        let count = bytes.length()? as u32;
        let mut texts = Interner::default();
        let place = self.dictionaries.len() as u32;
        for number in 0..count {
            let known = match bytes.u8()? {
                0 => self.null(),
                1 => self.bool(false),
                2 => self.bool(true),
                3 => self.number(NumberKey::Int(bytes.i64()?)),
                4 => self.number(Number::Float(bytes.f64()?).key()),
                5 => {
                    let text = bytes.text()?;
                    let hash = stable_hash(text);
                    let code = texts.intern_hashed(hash, text);
                    let known = self.texts.find_or_insert(hash, number);
                    if known == number {
                        self.add(Stored::Text {
                            hash,
                            dictionary: place,
                            code,
                        });
                    }
                    known
                }
                _ => return Err(Damaged("an unknown type of value")),
            };
            if known != number {
                return Err(Damaged("a value occurs twice"));
            }
        }
        let texts = texts.into_dictionary();
        self.dictionary_bytes += texts.heap_bytes();
        self.dictionaries.push(Arc::new(texts));
        Ok(())
    }

    fn add(&mut self, value: Stored) -> u32 {
        self.values.push(value);
        self.values.len() as u32 - 1
    }
}
