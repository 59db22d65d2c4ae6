//! What can be computed from the rows of a group.
//!
//! A [`Calculation`] is a name and the way to finish an answer; the numbers it needs meanwhile are a [`Partial`], one column of
//! state with a place per cell (a group, or a group in a time bucket). Calculations with the same state over the same column share
//! it, so P50, P95 and P99 cost one histogram. Merging partials is associative, commutative and blind to how rows were split.
//!
//! Weights (spec/honeycomb-api.md section 11.4): COUNT, SUM, AVG and the percentiles take a row `sample_rate` times;
//! COUNT_DISTINCT, MIN and MAX take it once. What each type of value gives:
//!
//! | calculation | text | integer, float | boolean | NaN | no row has the column |
//! |---|---|---|---|---|---|
//! | COUNT(column) | counted | counted | counted | counted | 0 |
//! | SUM | left out | added | 0 or 1 | left out | null |
//! | AVG | left out | averaged | share of true | left out | null |
//! | MIN, MAX | byte order, if the group has no number | by value | left out | left out | null |
//! | P001 ... P999 | left out | by value, nearest rank | left out | left out | null |
//! | COUNT_DISTINCT | by text | `5` = `5.0` | apart from 0 and 1 | one value | 0 |
//! | HEATMAP | left out | binned if finite | left out | left out | no map |

mod avg;
mod count;
mod count_distinct;
mod extreme;
mod heatmap;
mod max;
mod min;
mod percentile;
mod sum;

use crate::bytes::{ByteReader, Damaged};
use crate::chunk::TypedBuffer;
use crate::number::Number;
use percentile::Percentile;
use std::any::Any;
use waggle_model::Cell;
use waggle_store::column::CHUNK_ROWS;

/// Every calculation, in the order of the spec.
pub static CALCULATIONS: &[&dyn Calculation] = &[
    &count::Count,
    &sum::Sum,
    &avg::Avg,
    &count_distinct::CountDistinct,
    &max::Max,
    &min::Min,
    &Percentile::new("P001", 1),
    &Percentile::new("P01", 10),
    &Percentile::new("P05", 50),
    &Percentile::new("P10", 100),
    &Percentile::new("P20", 200),
    &Percentile::new("P25", 250),
    &Percentile::new("P50", 500),
    &Percentile::new("P75", 750),
    &Percentile::new("P80", 800),
    &Percentile::new("P90", 900),
    &Percentile::new("P95", 950),
    &Percentile::new("P99", 990),
    &Percentile::new("P999", 999),
    &heatmap::Heatmap,
];

/// Finds a calculation by its public name.
pub(crate) fn calculation(name: &str) -> Option<&'static dyn Calculation> {
    CALCULATIONS
        .iter()
        .copied()
        .find(|calculation| calculation.name() == name)
}

/// One entry of [`CALCULATIONS`].
pub trait Calculation: Sync {
    /// Public name, upper case.
    fn name(&self) -> &'static str;

    /// Whether it reads a column.
    fn column_rule(&self) -> ColumnRule;

    /// True when there is one answer per group that can be ordered and compared; a heat map has none.
    fn is_scalar(&self) -> bool {
        true
    }

    /// Name of the state it works from; calculations with the same one can share it.
    fn state_name(&self) -> &'static str;

    /// Makes the state, without cells.
    fn start(&self) -> Box<dyn Partial>;

    /// The answer of one cell, from the state that [`start`](Self::start) made.
    fn finish(&self, partial: &dyn Partial, cell: usize) -> Cell;
}

/// Whether a calculation reads a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnRule {
    /// It may; without one it looks at rows.
    Optional,
    /// It must.
    Required,
}

/// The state of a calculation for any number of cells.
pub trait Partial: Send + Sync {
    /// For finding the concrete type again.
    fn as_any(&self) -> &dyn Any;

    /// Makes room for `cells` cells in all.
    fn grow(&mut self, cells: usize);

    /// Takes rows in. `column` has one buffer per type and is empty without a column.
    fn update(&mut self, rows: &Rows<'_>, column: &[TypedBuffer]);

    /// Takes in `count` rows of weight 1 that all belong to one cell, without a column.
    fn update_without_column(&mut self, cell: usize, count: u64) {
        let cells = [cell as u32; CHUNK_ROWS];
        let mut left = count;
        while left > 0 {
            let part = left.min(CHUNK_ROWS as u64);
            let rows = Rows {
                positions: &[0; CHUNK_ROWS][..part as usize],
                cells: &cells[..part as usize],
                weights: None,
            };
            self.update(&rows, &[]);
            left -= part;
        }
    }

    /// Adds cell `index` of `other`, made by the same calculation, to cell `cells[index]`; [`NO_CELL`] leaves it out.
    fn merge(&mut self, other: &dyn Partial, cells: &[u32]);

    /// Appends all cells as bytes.
    fn encode(&self, out: &mut Vec<u8>);

    /// Adds what [`encode`](Self::encode) wrote of as many cells as this has.
    ///
    /// # Errors
    /// When the bytes are not such.
    fn decode(&mut self, bytes: &mut ByteReader<'_>) -> Result<(), Damaged>;

    /// Bytes of heap. Asked once per chunk, so it adds nothing up.
    fn heap_bytes(&self) -> usize;

    /// False when some cell holds an approximation.
    fn is_exact(&self) -> bool {
        true
    }

    /// Smallest and largest finite value of a cell, for those that keep them.
    fn value_range(&self, _cell: usize) -> Option<(f64, f64)> {
        None
    }
}

/// In a merge: leave this cell out.
pub const NO_CELL: u32 = u32::MAX;

/// The selected rows of a chunk.
pub struct Rows<'a> {
    /// Their places in the chunk, ascending.
    pub positions: &'a [u16],
    /// The cell of each, in the same order.
    pub cells: &'a [u32],
    /// Sample rates by place in the chunk; `None` when all are 1.
    pub weights: Option<&'a [i64; CHUNK_ROWS]>,
}

impl Rows<'_> {
    /// Calls `visit` with place in the chunk, cell and weight of each row.
    pub(crate) fn each(&self, mut visit: impl FnMut(usize, usize, u64)) {
        match self.weights {
            None => {
                for (position, cell) in self.positions.iter().zip(self.cells) {
                    visit(usize::from(*position), *cell as usize, 1);
                }
            }
            Some(weights) => {
                for (position, cell) in self.positions.iter().zip(self.cells) {
                    let position = usize::from(*position);
                    visit(position, *cell as usize, weights[position].cast_unsigned());
                }
            }
        }
    }
}

/// Calls `visit` with cell, value and weight of every number but NaN.
pub(crate) fn each_number(
    rows: &Rows<'_>,
    column: &[TypedBuffer],
    mut visit: impl FnMut(usize, Number, u64),
) {
    for buffer in column {
        match buffer {
            TypedBuffer::Ints(values) => rows.each(|position, cell, weight| {
                if values.has(position) {
                    visit(cell, Number::Int(values.values[position]), weight);
                }
            }),
            TypedBuffer::Floats(values) => rows.each(|position, cell, weight| {
                let value = values.values[position];
                if values.has(position) && !value.is_nan() {
                    visit(cell, Number::Float(value), weight);
                }
            }),
            TypedBuffer::Strings(..) | TypedBuffer::Bools(_) => {}
        }
    }
}

/// Pairs each cell of another partial with its place in this one.
pub(crate) fn pairs<'a, T>(
    other: &'a [T],
    cells: &'a [u32],
) -> impl Iterator<Item = (&'a T, usize)> {
    other
        .iter()
        .zip(cells)
        .filter(|(_, cell)| **cell != NO_CELL)
        .map(|(state, cell)| (state, *cell as usize))
}

/// Finds the concrete state again. A calculation is only ever given the state it started.
pub(crate) fn state<T: 'static>(partial: &dyn Partial) -> &T {
    match partial.as_any().downcast_ref() {
        Some(state) => state,
        None => unreachable!("a calculation was given the state of another"),
    }
}

#[cfg(test)]
mod tests;
