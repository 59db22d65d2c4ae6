//! `>`, `>=`, `<`, `<=`: number with number, or text with text in byte order.

use super::range::{Interval, floats_beside, ints_beside};
use super::{FilterOperator, Predicate};
use crate::number::Number;
use std::cmp::Ordering;
use waggle_model::{FilterOp, FilterValue, Value};

/// One of the four comparisons.
pub(super) struct Compare {
    op: FilterOp,
    wanted: Wanted,
}

#[derive(Clone, Copy)]
struct Wanted {
    side: Ordering,
    or_equal: bool,
}

impl Compare {
    pub(super) const GREATER: Self = Self::new(FilterOp::Greater, Ordering::Greater, false);
    pub(super) const GREATER_OR_EQUAL: Self =
        Self::new(FilterOp::GreaterOrEqual, Ordering::Greater, true);
    pub(super) const LESS: Self = Self::new(FilterOp::Less, Ordering::Less, false);
    pub(super) const LESS_OR_EQUAL: Self = Self::new(FilterOp::LessOrEqual, Ordering::Less, true);

    const fn new(op: FilterOp, side: Ordering, or_equal: bool) -> Self {
        Self {
            op,
            wanted: Wanted { side, or_equal },
        }
    }
}

impl FilterOperator for Compare {
    fn op(&self) -> FilterOp {
        self.op
    }

    fn predicate(&self, value: &FilterValue) -> Result<Box<dyn Predicate>, &'static str> {
        let FilterValue::One(value) = value else {
            return Err("this operator needs one value");
        };
        let bound = match value {
            Value::String(text) => Bound::Text(text.clone()),
            Value::Int(value) => Bound::Number(Number::Int(*value)),
            Value::Float(value) => Bound::Number(Number::Float(*value)),
            Value::Bool(_) => Bound::Unordered,
        };
        Ok(Box::new(Comparison {
            wanted: self.wanted,
            bound,
        }))
    }
}

struct Comparison {
    wanted: Wanted,
    bound: Bound,
}

enum Bound {
    Text(String),
    Number(Number),
    /// A boolean, which has no order.
    Unordered,
}

impl Comparison {
    fn holds(&self, ordering: Option<Ordering>) -> bool {
        ordering.is_some_and(|ordering| {
            ordering == self.wanted.side || (self.wanted.or_equal && ordering == Ordering::Equal)
        })
    }

    fn number(&self, value: Number) -> bool {
        match self.bound {
            Bound::Number(bound) => self.holds(value.compare(bound)),
            Bound::Text(_) | Bound::Unordered => false,
        }
    }
}

impl Predicate for Comparison {
    fn absent(&self) -> bool {
        false
    }
    fn string(&self, value: &str) -> bool {
        match &self.bound {
            Bound::Text(bound) => self.holds(Some(value.as_bytes().cmp(bound.as_bytes()))),
            Bound::Number(_) | Bound::Unordered => false,
        }
    }
    fn int(&self, value: i64) -> bool {
        self.number(Number::Int(value))
    }
    fn float(&self, value: f64) -> bool {
        self.number(Number::Float(value))
    }
    fn bool(&self, _: bool) -> bool {
        false
    }
    fn int_interval(&self) -> Option<Interval<i64>> {
        Some(match self.bound {
            Bound::Number(bound) => ints_beside(bound, self.wanted.side, self.wanted.or_equal),
            Bound::Text(_) | Bound::Unordered => Interval::inside(i64::MAX, i64::MIN),
        })
    }
    fn float_interval(&self) -> Option<Interval<f64>> {
        match self.bound {
            Bound::Number(bound) => floats_beside(bound, self.wanted.side, self.wanted.or_equal),
            Bound::Text(_) | Bound::Unordered => {
                Some(Interval::inside(f64::INFINITY, f64::NEG_INFINITY))
            }
        }
    }
}
