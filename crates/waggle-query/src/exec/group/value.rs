//! The values of breakdowns: what makes two of them the same, which comes first, and their numbers.

use crate::bytes::{ByteReader, ByteWrite, Damaged};
use crate::calculation::NO_CELL;
use crate::number::{Number, NumberKey};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use std::borrow::Cow;
use std::cmp::Ordering;
use waggle_model::{QueryError, Value};
use waggle_store::column::stable_hash;

/// A breakdown value. Numbers are the same whatever type they came in; a text is never a number.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::exec) enum GroupValue {
    Null,
    Bool(bool),
    Number(NumberKey),
    String { hash: u64, text: Box<str> },
}

impl GroupValue {
    pub(in crate::exec) fn to_value(&self) -> Option<Value> {
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
pub(in crate::exec) fn compare_values(left: &GroupValue, right: &GroupValue) -> Ordering {
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
    pub(super) values: Vec<GroupValue>,
    /// Stable hash and number of each text: with the hash at hand, growing and most comparisons touch no value.
    strings: HashTable<(u64, u32)>,
    numbers: HashMap<NumberKey, u32, FixedState>,
    bools: [Option<u32>; 2],
    pub(super) null: Option<u32>,
    /// A frozen table answers [`NO_CELL`] for values it does not know.
    pub(super) is_frozen: bool,
    pub(super) heap_bytes: usize,
}

impl ValueTable {
    pub(super) fn null(&mut self) -> u32 {
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

    pub(super) fn bool(&mut self, value: bool) -> u32 {
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

    pub(super) fn number(&mut self, value: NumberKey) -> u32 {
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

    /// `text` is called when the hash is known or new, so that a frozen table asks for hardly any.
    pub(super) fn string<'t>(&mut self, hash: u64, text: impl Fn() -> Cow<'t, str>) -> u32 {
        let values = &self.values;
        let known = self.strings.find(hash, |(other, number)| {
            *other == hash
                && matches!(&values[*number as usize], GroupValue::String { text: known, .. }
                    if **known == *text())
        });
        if let Some((_, number)) = known {
            return *number;
        }
        if self.is_frozen {
            return NO_CELL;
        }
        let number = self.add(GroupValue::String {
            hash,
            text: text().into(),
        });
        self.strings
            .insert_unique(hash, (hash, number), |(hash, _)| *hash);
        number
    }

    pub(super) fn intern(&mut self, value: &GroupValue) -> u32 {
        match value {
            GroupValue::Null => self.null(),
            GroupValue::Bool(value) => self.bool(*value),
            GroupValue::Number(value) => self.number(*value),
            GroupValue::String { hash, text } => self.string(*hash, || Cow::Borrowed(text)),
        }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.put_u64(self.values.len() as u64);
        for value in &self.values {
            match value {
                GroupValue::Null => out.push(0),
                GroupValue::Bool(value) => out.push(1 + u8::from(*value)),
                GroupValue::Number(NumberKey::Int(value)) => {
                    out.push(3);
                    out.put_i64(*value);
                }
                GroupValue::Number(NumberKey::Float(bits)) => {
                    out.push(4);
                    out.put_f64(f64::from_bits(*bits));
                }
                GroupValue::String { text, .. } => {
                    out.push(5);
                    out.put_bytes(text.as_bytes());
                }
            }
        }
    }

    pub(super) fn decode(&mut self, bytes: &mut ByteReader<'_>) -> Result<(), Damaged> {
        let count = bytes.length()? as u32;
        for number in 0..count {
            let known = match bytes.u8()? {
                0 => self.null(),
                1 => self.bool(false),
                2 => self.bool(true),
                3 => self.number(NumberKey::Int(bytes.i64()?)),
                4 => self.number(Number::Float(bytes.f64()?).key()),
                5 => {
                    let text = bytes.text()?;
                    self.string(stable_hash(text), || Cow::Borrowed(text))
                }
                _ => return Err(Damaged("an unknown type of value")),
            };
            if known != number {
                return Err(Damaged("a value occurs twice"));
            }
        }
        Ok(())
    }

    fn add(&mut self, value: GroupValue) -> u32 {
        self.heap_bytes += value.heap_bytes();
        self.values.push(value);
        self.values.len() as u32 - 1
    }
}
