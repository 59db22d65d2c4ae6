//! `in` and `not-in`: `=` with any of a list.

use super::equality::AnyOf;
use super::{FilterOperator, Not, Predicate};
use waggle_model::{FilterOp, FilterValue};

pub(super) struct In;
pub(super) struct NotIn;

impl FilterOperator for In {
    fn op(&self) -> FilterOp {
        FilterOp::In
    }

    fn predicate(&self, value: &FilterValue) -> Result<Box<dyn Predicate>, &'static str> {
        Ok(Box::new(any_of(value)?))
    }
}

impl FilterOperator for NotIn {
    fn op(&self) -> FilterOp {
        FilterOp::NotIn
    }

    fn predicate(&self, value: &FilterValue) -> Result<Box<dyn Predicate>, &'static str> {
        Ok(Box::new(Not(any_of(value)?)))
    }
}

fn any_of(value: &FilterValue) -> Result<AnyOf, &'static str> {
    match value {
        FilterValue::Many(values) => Ok(AnyOf::new(values)),
        FilterValue::None | FilterValue::One(_) => Err("this operator needs a list of values"),
    }
}
