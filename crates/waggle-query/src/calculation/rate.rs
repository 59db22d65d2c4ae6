//! RATE_SUM, RATE_AVG and RATE_MAX: how fast another calculation changes, per second.
//!
//! In a bucket: its value less that of the last bucket before it that has one, divided by the seconds between the starts of the two. The
//! first bucket with a value has none. Over all time: the last value less the first, divided by the seconds between them; none with
//! fewer than two. Values that are no numbers count as missing. Scaling to seconds is our decision: spec/honeycomb-api.md section 11.4
//! leaves it open.

use super::{Calculation, ColumnRule, Partial, Reach};
use waggle_model::Cell;

/// The rate of another calculation.
pub(super) struct Rate {
    name: &'static str,
    of: &'static dyn Calculation,
}

impl Rate {
    pub(super) const fn new(name: &'static str, of: &'static dyn Calculation) -> Self {
        Self { name, of }
    }
}

impl Calculation for Rate {
    fn name(&self) -> &'static str {
        self.name
    }
    fn column_rule(&self) -> ColumnRule {
        ColumnRule::Required
    }
    fn reach(&self) -> Reach {
        Reach::Difference
    }
    fn state_name(&self) -> &'static str {
        self.of.state_name()
    }
    fn start(&self) -> Box<dyn Partial> {
        self.of.start()
    }
    /// The value whose changes are looked at.
    fn finish(&self, partial: &dyn Partial, cell: usize) -> Cell {
        self.of.finish(partial, cell)
    }
}
