//! MAX: the largest number; of a group that has only text, the largest text in byte order.

use super::extreme::{Extremes, LARGEST};
use super::{Calculation, ColumnRule, Partial, state};
use waggle_model::Cell;

pub(super) struct Max;

impl Calculation for Max {
    fn name(&self) -> &'static str {
        "MAX"
    }
    fn column_rule(&self) -> ColumnRule {
        ColumnRule::Required
    }
    fn state_name(&self) -> &'static str {
        "max"
    }
    fn start(&self) -> Box<dyn Partial> {
        Box::new(Extremes::<LARGEST>::default())
    }
    fn finish(&self, partial: &dyn Partial, cell: usize) -> Cell {
        state::<Extremes<LARGEST>>(partial).finish(cell)
    }
}
