//! `=` and `!=`: same kind and same value.

use super::range::{Interval, float_of};
use super::{FilterOperator, Not, Predicate};
use crate::number::{Number, NumberKey};
use waggle_model::{FilterOp, FilterValue, Value};

pub(super) struct Equal;
pub(super) struct NotEqual;

impl FilterOperator for Equal {
    fn op(&self) -> FilterOp {
        FilterOp::Equal
    }

    fn predicate(&self, value: &FilterValue) -> Result<Box<dyn Predicate>, &'static str> {
        Ok(Box::new(equals(value)?))
    }
}

impl FilterOperator for NotEqual {
    fn op(&self) -> FilterOp {
        FilterOp::NotEqual
    }

    fn predicate(&self, value: &FilterValue) -> Result<Box<dyn Predicate>, &'static str> {
        Ok(Box::new(Not(equals(value)?)))
    }
}

fn equals(value: &FilterValue) -> Result<AnyOf, &'static str> {
    match value {
        FilterValue::One(value) => Ok(AnyOf::new(std::slice::from_ref(value))),
        FilterValue::None | FilterValue::Many(_) => Err("this operator needs one value"),
    }
}

/// One of a list of values: also what `in` is made of.
pub(super) struct AnyOf {
    texts: Vec<String>,
    numbers: Vec<NumberKey>,
    bools: [bool; 2],
}

impl AnyOf {
    pub(super) fn new(values: &[Value]) -> Self {
        let mut any = Self {
            texts: Vec::new(),
            numbers: Vec::new(),
            bools: [false; 2],
        };
        for value in values {
            match value {
                Value::String(text) => any.texts.push(text.clone()),
                Value::Int(value) => any.numbers.push(Number::Int(*value).key()),
                Value::Float(value) => any.numbers.push(Number::Float(*value).key()),
                Value::Bool(value) => any.bools[usize::from(*value)] = true,
            }
        }
        // Sorted for the search, and without repeats, which the flipping of dictionary bits relies on.
        any.texts.sort_unstable();
        any.texts.dedup();
        any
    }
}

impl Predicate for AnyOf {
    fn absent(&self) -> bool {
        false
    }
    fn string(&self, value: &str) -> bool {
        self.texts
            .binary_search_by(|text| text.as_str().cmp(value))
            .is_ok()
    }
    fn int(&self, value: i64) -> bool {
        self.numbers.contains(&NumberKey::Int(value))
    }
    fn float(&self, value: f64) -> bool {
        self.numbers.contains(&Number::Float(value).key())
    }
    fn bool(&self, value: bool) -> bool {
        self.bools[usize::from(value)]
    }
    fn texts(&self) -> Option<(bool, &[String])> {
        Some((true, &self.texts))
    }
    fn int_interval(&self) -> Option<Interval<i64>> {
        match self.numbers[..] {
            [] | [NumberKey::Float(_)] => Some(Interval::inside(i64::MAX, i64::MIN)),
            [NumberKey::Int(value)] => Some(Interval::inside(value, value)),
            _ => None,
        }
    }
    fn float_interval(&self) -> Option<Interval<f64>> {
        let nothing = Interval::inside(f64::INFINITY, f64::NEG_INFINITY);
        match self.numbers[..] {
            [] => Some(nothing),
            [NumberKey::Int(value)] => Some(match float_of(value) {
                Some(float) => Interval::inside(float, float),
                None => nothing,
            }),
            [NumberKey::Float(bits)] => {
                let float = f64::from_bits(bits);
                // NaN is equal to NaN here, and lies outside of every interval.
                (!float.is_nan()).then(|| Interval::inside(float, float))
            }
            _ => None,
        }
    }
}
