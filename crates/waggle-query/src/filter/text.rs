//! `starts-with`, `ends-with`, `contains` and their opposites: conditions on text only.

use super::{FilterOperator, Not, Predicate};
use waggle_model::{FilterOp, FilterValue};

/// One of the six searches.
pub(super) struct Search {
    op: FilterOp,
    place: Place,
    is_negative: bool,
}

#[derive(Clone, Copy)]
enum Place {
    Start,
    End,
    Anywhere,
}

impl Search {
    pub(super) const STARTS_WITH: Self = Self::new(FilterOp::StartsWith, Place::Start, false);
    pub(super) const DOES_NOT_START_WITH: Self =
        Self::new(FilterOp::DoesNotStartWith, Place::Start, true);
    pub(super) const ENDS_WITH: Self = Self::new(FilterOp::EndsWith, Place::End, false);
    pub(super) const DOES_NOT_END_WITH: Self =
        Self::new(FilterOp::DoesNotEndWith, Place::End, true);
    pub(super) const CONTAINS: Self = Self::new(FilterOp::Contains, Place::Anywhere, false);
    pub(super) const DOES_NOT_CONTAIN: Self =
        Self::new(FilterOp::DoesNotContain, Place::Anywhere, true);

    const fn new(op: FilterOp, place: Place, is_negative: bool) -> Self {
        Self {
            op,
            place,
            is_negative,
        }
    }
}

impl FilterOperator for Search {
    fn op(&self) -> FilterOp {
        self.op
    }

    fn predicate(&self, value: &FilterValue) -> Result<Box<dyn Predicate>, &'static str> {
        let FilterValue::One(value) = value else {
            return Err("this operator needs one value");
        };
        let found = Found {
            place: self.place,
            pattern: value.to_string(),
        };
        Ok(if self.is_negative {
            Box::new(Not(found))
        } else {
            Box::new(found)
        })
    }
}

struct Found {
    place: Place,
    pattern: String,
}

impl Predicate for Found {
    fn absent(&self) -> bool {
        false
    }
    fn string(&self, value: &str) -> bool {
        match self.place {
            Place::Start => value.starts_with(&self.pattern),
            Place::End => value.ends_with(&self.pattern),
            Place::Anywhere => value.contains(&self.pattern),
        }
    }
    fn int(&self, _: i64) -> bool {
        false
    }
    fn float(&self, _: f64) -> bool {
        false
    }
    fn bool(&self, _: bool) -> bool {
        false
    }
}
