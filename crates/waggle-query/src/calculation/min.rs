//! MIN: the smallest number; of a group that has only text, the smallest text in byte order.

use super::extreme::{Extremes, SMALLEST};
use super::{Calculation, ColumnRule, Partial, state};
use waggle_model::Cell;

pub(super) struct Min;

impl Calculation for Min {
    fn name(&self) -> &'static str {
        "MIN"
    }
    fn column_rule(&self) -> ColumnRule {
        ColumnRule::Required
    }
    fn state_name(&self) -> &'static str {
        "min"
    }
    fn start(&self) -> Box<dyn Partial> {
        Box::new(Extremes::<SMALLEST>::default())
    }
    fn finish(&self, partial: &dyn Partial, cell: usize) -> Cell {
        state::<Extremes<SMALLEST>>(partial).finish(cell)
    }
}
