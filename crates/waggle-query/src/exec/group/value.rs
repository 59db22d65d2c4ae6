//! The values of breakdowns: what makes two of them the same, which comes first, and their numbers.

use crate::calculation::NO_CELL;
use crate::number::{Number, NumberKey};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use std::borrow::Cow;
use std::cmp::Ordering;
use waggle_model::Value;

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

    fn add(&mut self, value: GroupValue) -> u32 {
        self.heap_bytes += value.heap_bytes();
        self.values.push(value);
        self.values.len() as u32 - 1
    }
}
