//! Conditions on numbers that are one interval or everything outside of it: most of them are, and such a test compares a whole chunk
//! in a few vector instructions and often needs no row at all, because a chunk's bounds decide.

use crate::number::Number;
use std::cmp::Ordering;

/// The values from `low` to `high`, both included, or all others. NaN lies outside of every interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval<T> {
    /// The smallest value inside.
    pub low: T,
    /// The largest value inside. Below `low` when there is nothing inside.
    pub high: T,
    /// True when what matches lies inside, false when it lies outside.
    pub is_inside: bool,
}

impl<T: Copy + PartialOrd> Interval<T> {
    pub(crate) fn inside(low: T, high: T) -> Self {
        Self {
            low,
            high,
            is_inside: true,
        }
    }

    /// The opposite condition.
    pub(crate) fn negated(self) -> Self {
        Self {
            is_inside: !self.is_inside,
            ..self
        }
    }

    /// Whether a value matches.
    #[inline]
    pub(crate) fn holds(self, value: T) -> bool {
        // Without a branch, so that loops over chunks become vector instructions.
        ((value >= self.low) & (value <= self.high)) == self.is_inside
    }

    /// Whether all values within bounds match (`true`) or none (`false`); `None` when only the values tell.
    pub(crate) fn decides(self, (low, high): (T, T)) -> Option<bool> {
        if low >= self.low && high <= self.high {
            Some(self.is_inside)
        } else if high < self.low || low > self.high || self.low > self.high {
            Some(!self.is_inside)
        } else {
            None
        }
    }
}

impl Interval<f64> {
    /// The share of numbers that match of those within bounds, both included, if all were as frequent.
    pub(crate) fn share(self, (low, high): (f64, f64)) -> f64 {
        let inside = (self.high.min(high) - self.low.max(low)).max(0.0) / (high - low).max(1.0);
        match self.is_inside {
            true => inside,
            false => 1.0 - inside,
        }
    }
}

/// The integers that compare with a bound as wanted: on one side of it, perhaps with the bound itself.
pub(super) fn ints_beside(bound: Number, side: Ordering, or_equal: bool) -> Interval<i64> {
    let is_wanted = |value: i64| match Number::Int(value).compare(bound) {
        Some(Ordering::Equal) => or_equal,
        Some(ordering) => ordering == side,
        None => false,
    };
    let nothing = Interval::inside(i64::MAX, i64::MIN);
    let edge = match bound {
        Number::Int(bound) => bound,
        // Saturates, and cuts a fraction off towards zero; the neighbours are looked at too.
        Number::Float(bound) if bound.is_finite() || bound.is_infinite() => bound as i64,
        Number::Float(_) => return nothing,
    };
    let near = [edge.saturating_sub(1), edge, edge.saturating_add(1)];
    let mut wanted = near.into_iter().filter(|value| is_wanted(*value));
    match side {
        Ordering::Greater => wanted
            .next()
            .map_or(nothing, |low| Interval::inside(low, i64::MAX)),
        Ordering::Less => wanted
            .next_back()
            .map_or(nothing, |high| Interval::inside(i64::MIN, high)),
        Ordering::Equal => nothing,
    }
}

/// The same for floats; `None` when the bound is an integer that no float is.
pub(super) fn floats_beside(
    bound: Number,
    side: Ordering,
    or_equal: bool,
) -> Option<Interval<f64>> {
    let edge = match bound {
        Number::Float(bound) if bound.is_nan() => {
            return Some(Interval::inside(f64::INFINITY, f64::NEG_INFINITY));
        }
        Number::Float(bound) => bound,
        Number::Int(value) => float_of(value)?,
    };
    Some(match (side, or_equal) {
        (Ordering::Greater, true) => Interval::inside(edge, f64::INFINITY),
        (Ordering::Greater, false) if edge == f64::INFINITY => {
            Interval::inside(f64::INFINITY, f64::NEG_INFINITY)
        }
        (Ordering::Greater, false) => Interval::inside(edge.next_up(), f64::INFINITY),
        (_, true) => Interval::inside(f64::NEG_INFINITY, edge),
        (_, false) if edge == f64::NEG_INFINITY => {
            Interval::inside(f64::INFINITY, f64::NEG_INFINITY)
        }
        (_, false) => Interval::inside(f64::NEG_INFINITY, edge.next_down()),
    })
}

/// The float that is this integer, if one is.
pub(super) fn float_of(value: i64) -> Option<f64> {
    let float = value as f64;
    let is_same = Number::Float(float).compare(Number::Int(value)) == Some(Ordering::Equal);
    is_same.then_some(float)
}

#[cfg(test)]
mod tests;
