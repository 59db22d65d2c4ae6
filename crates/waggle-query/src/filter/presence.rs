//! `exists` and `does-not-exist`: whether a row has the column at all.

use super::{FilterOperator, Not, Predicate};
use std::sync::Arc;
use waggle_model::{FilterOp, FilterValue};

pub(super) struct Exists;
pub(super) struct DoesNotExist;

impl FilterOperator for Exists {
    fn op(&self) -> FilterOp {
        FilterOp::Exists
    }

    fn predicate(&self, value: &FilterValue) -> Result<Box<dyn Predicate>, &'static str> {
        Ok(Box::new(present(value)?))
    }
}

impl FilterOperator for DoesNotExist {
    fn op(&self) -> FilterOp {
        FilterOp::DoesNotExist
    }

    fn predicate(&self, value: &FilterValue) -> Result<Box<dyn Predicate>, &'static str> {
        Ok(Box::new(Not(present(value)?)))
    }
}

/// Whether a row has, or lacks, the column.
pub(super) fn condition(is_present: bool) -> Arc<dyn Predicate> {
    match is_present {
        true => Arc::new(Present),
        false => Arc::new(Not(Present)),
    }
}

struct Present;

fn present(value: &FilterValue) -> Result<Present, &'static str> {
    match value {
        FilterValue::None => Ok(Present),
        FilterValue::One(_) | FilterValue::Many(_) => Err("this operator takes no value"),
    }
}

impl Predicate for Present {
    fn absent(&self) -> bool {
        false
    }
    fn string(&self, _: &str) -> bool {
        true
    }
    fn int(&self, _: i64) -> bool {
        true
    }
    fn float(&self, _: f64) -> bool {
        true
    }
    fn bool(&self, _: bool) -> bool {
        true
    }
    fn presence(&self) -> Option<bool> {
        Some(true)
    }
}
