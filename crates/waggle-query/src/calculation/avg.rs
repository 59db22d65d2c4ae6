//! AVG: the weighted mean; over booleans the share of true.

use super::sum::{Sum, Sums};
use super::{Calculation, ColumnRule, Partial, state};
use waggle_model::Cell;

pub(super) struct Avg;

impl Calculation for Avg {
    fn name(&self) -> &'static str {
        "AVG"
    }
    fn column_rule(&self) -> ColumnRule {
        ColumnRule::Required
    }
    fn state_name(&self) -> &'static str {
        Sum.state_name()
    }
    fn start(&self) -> Box<dyn Partial> {
        Sum.start()
    }
    fn finish(&self, partial: &dyn Partial, cell: usize) -> Cell {
        state::<Sums>(partial)
            .mean(cell)
            .map_or(Cell::Null, Cell::Float)
    }
}
