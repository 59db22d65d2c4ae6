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
//! | CONCURRENCY | left out | `duration_ms` of spans in flight | left out | left out | 0 |
//! | RATE_SUM, RATE_AVG, RATE_MAX | as SUM, AVG, MAX | as SUM, AVG, MAX | as SUM, AVG, MAX | as SUM, AVG, MAX | null |
//! | HEATMAP | left out | binned if finite | left out | left out | no map |
//!
//! Text that stands for a histogram ([`BucketCounts`]) is not left out by SUM, AVG, MIN, MAX, the percentiles and HEATMAP: it is all the
//! values that the histogram has counted.

mod avg;
mod concurrency;
mod count;
mod count_distinct;
mod extreme;
mod heatmap;
mod max;
mod min;
mod percentile;
mod rate;
mod sum;

use crate::bytes::{ByteReader, Damaged};
use crate::chunk::{Bits, TypedBuffer};
use crate::number::Number;
use percentile::Percentile;
use rate::Rate;
use std::any::Any;
use std::ops::Range;
use waggle_model::{BucketCounts, Cell, TimeRange};
use waggle_store::column::{CHUNK_ROWS, ChunkBuffer, Dictionary};

/// Every calculation, in the order of the spec.
pub static CALCULATIONS: &[&dyn Calculation] = &[
    &count::Count,
    &concurrency::Concurrency,
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
    &Rate::new("RATE_AVG", &avg::Avg),
    &Rate::new("RATE_SUM", &sum::Sum),
    &Rate::new("RATE_MAX", &max::Max),
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

    /// How far its answer for a time bucket looks.
    fn reach(&self) -> Reach {
        Reach::Cell
    }

    /// Name of the state it works from; calculations with the same one can share it.
    fn state_name(&self) -> &'static str;

    /// Makes the state, without cells.
    fn start(&self) -> Box<dyn Partial>;

    /// Makes the state for a query over a range in buckets of a width.
    fn start_in(&self, _range: TimeRange, _granularity_ns: i64) -> Box<dyn Partial> {
        self.start()
    }

    /// The answer of one cell, from the state that [`start`](Self::start) made.
    fn finish(&self, partial: &dyn Partial, cell: usize) -> Cell;

    /// Of one that reaches [`Onward`](Reach::Onward): each bucket, counted from that of the range's start, in which rows of the cells still
    /// matter, with the answer there. The cells are those of one series.
    fn onward(&self, _partial: &dyn Partial, _cells: &[u32]) -> Vec<(u32, Cell)> {
        Vec::new()
    }
}

/// How far the answer of a calculation for a time bucket looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Its rows say everything.
    Cell,
    /// It is the difference to the bucket before, per second.
    Difference,
    /// Rows matter in later buckets too, and their times are asked for: see [`Partial::update_at`].
    Onward,
}

/// Whether a calculation reads a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnRule {
    /// It may; without one it looks at rows.
    Optional,
    /// It must.
    Required,
    /// It reads this one, and none can be given.
    Fixed(&'static str),
}

/// The state of a calculation for any number of cells.
pub trait Partial: Send + Sync {
    /// For finding the concrete type again.
    fn as_any(&self) -> &dyn Any;

    /// The same, to change it.
    fn as_any_mut(&mut self) -> &mut dyn Any;

    /// Says that it will grow to `cells` cells in all, a few at a time: what it has need not be moved at each.
    fn reserve(&mut self, _cells: usize) {}

    /// Makes room for `cells` cells in all.
    fn grow(&mut self, cells: usize);

    /// Tells what will come before the first rows do, so that there is room for all of it at once: so many cells, and values of one
    /// source between bounds, if these are known.
    fn expect(&mut self, _cells: usize, _values: &Expected) {}

    /// Takes rows in. `column` has one buffer per type and is empty without a column.
    fn update(&mut self, rows: &Rows<'_>, column: &[TypedBuffer]);

    /// The same with the times of the rows, by place in the chunk, for calculations that reach [`Onward`](Reach::Onward).
    fn update_at(
        &mut self,
        rows: &Rows<'_>,
        column: &[TypedBuffer],
        _times_ns: &[i64; CHUNK_ROWS],
    ) {
        self.update(rows, column);
    }

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

    /// Moves cells of `other`, made by the same calculation, to cells of this: pairs of there and here. It may take several calls, after
    /// which `other` must be empty: all cells that have anything are among the pairs of one of them.
    fn absorb(&mut self, other: &mut dyn Partial, moves: &[(u32, u32)]);

    /// Adds cell `first + index` of `other`, made by the same calculation, to cell `cells[index]`; [`NO_CELL`] leaves it out.
    fn merge(&mut self, other: &dyn Partial, first: usize, cells: &[u32]);

    /// Takes note of a cell's smallest and largest finite value, as if it had seen all its values. False when it needs to see them.
    fn note_range(&mut self, _cell: usize, _range: (f64, f64)) -> bool {
        false
    }

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

/// What is known of the values of a column in a source.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected {
    /// Smallest and largest number; `None` when unknown or infinite.
    pub numbers: Option<(f64, f64)>,
    /// Number of dictionary entries.
    pub entries: usize,
    /// Rows that come, at most and on average, before the state is moved on and begins again.
    pub rows: usize,
}

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
    /// The places in the chunk when they follow one another without gaps.
    #[inline]
    pub(crate) fn run(&self) -> Option<Range<usize>> {
        let (first, last) = (*self.positions.first()?, *self.positions.last()?);
        let run = usize::from(first)..usize::from(last) + 1;
        (run.len() == self.positions.len()).then_some(run)
    }

    /// The values of these rows, in their order, when the rows have no gaps, all have one, and weigh 1: most chunks are like that.
    #[inline]
    pub(crate) fn dense<'b, T>(&self, buffer: &'b ChunkBuffer<T>) -> Option<&'b [T]> {
        let run = self.run().filter(|_| self.weights.is_none())?;
        has_all(&buffer.present, &run).then(|| &buffer.values[run])
    }

    /// Calls `visit` with cell, value and weight of each row that has a value.
    #[inline]
    pub(crate) fn each_value<T: Copy>(
        &self,
        buffer: &ChunkBuffer<T>,
        mut visit: impl FnMut(usize, T, u64),
    ) {
        if let Some(values) = self.dense(buffer) {
            for (cell, value) in self.cells.iter().zip(values) {
                visit(*cell as usize, *value, 1);
            }
            return;
        }
        self.each(|position, cell, weight| {
            if buffer.has(position) {
                visit(cell, buffer.values[position], weight);
            }
        });
    }

    /// Calls `visit` with the place among these rows and the value of each row that has one.
    #[inline]
    pub(crate) fn each_index<T: Copy>(
        &self,
        buffer: &ChunkBuffer<T>,
        mut visit: impl FnMut(usize, T),
    ) {
        if let Some(run) = self.run()
            && has_all(&buffer.present, &run)
        {
            for (index, value) in buffer.values[run].iter().enumerate() {
                visit(index, *value);
            }
            return;
        }
        for (index, position) in self.positions.iter().enumerate() {
            let position = usize::from(*position);
            if buffer.has(position) {
                visit(index, buffer.values[position]);
            }
        }
    }

    /// Calls `visit` with place in the chunk, cell and weight of each row whose bit is set.
    #[inline]
    pub(crate) fn each_present(&self, bits: &Bits, mut visit: impl FnMut(usize, usize, u64)) {
        if self.run().is_some_and(|run| has_all(bits, &run)) {
            self.each(visit);
            return;
        }
        self.each(|position, cell, weight| {
            if bits[position / 64] >> (position % 64) & 1 == 1 {
                visit(position, cell, weight);
            }
        });
    }

    /// Calls `visit` with place in the chunk, cell and weight of each row.
    #[inline]
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

/// True when all bits of a range are set.
fn has_all(bits: &Bits, range: &Range<usize>) -> bool {
    bits.iter().enumerate().all(|(index, word)| {
        let start = range.start.clamp(index * 64, index * 64 + 64) - index * 64;
        let end = range.end.clamp(index * 64, index * 64 + 64) - index * 64;
        (start..end).len()
            == (word >> (start % 64) << (start % 64) & low_bits(end)).count_ones() as usize
    })
}

/// A word whose lowest bits are set.
fn low_bits(count: usize) -> u64 {
    match count {
        64 => u64::MAX,
        _ => (1 << count) - 1,
    }
}

/// Calls `visit` with cell, value and weight of every number but NaN.
#[inline]
pub(crate) fn each_number(
    rows: &Rows<'_>,
    column: &[TypedBuffer],
    mut visit: impl FnMut(usize, Number, u64),
) {
    for buffer in column {
        match buffer {
            TypedBuffer::Ints(values) => rows.each_value(values, |cell, value, weight| {
                visit(cell, Number::Int(value), weight);
            }),
            TypedBuffer::Floats(values) => rows.each_value(values, |cell, value, weight| {
                if !value.is_nan() {
                    visit(cell, Number::Float(value), weight);
                }
            }),
            TypedBuffer::Strings(..) | TypedBuffer::Bools(_) => {}
        }
    }
}

/// Calls `visit` with cell, histogram and weight of every text that stands for a histogram.
pub(crate) fn each_histogram(
    rows: &Rows<'_>,
    column: &[TypedBuffer],
    mut visit: impl FnMut(usize, &BucketCounts, u64),
) {
    for buffer in column {
        if let TypedBuffer::Strings(codes, dictionary) = buffer
            && let Dictionary::Text { .. } = **dictionary
        {
            rows.each_value(codes, |cell, code, weight| {
                if let Some(counts) = BucketCounts::parse(&dictionary.text(code)) {
                    visit(cell, &counts, weight);
                }
            });
        }
    }
}

/// Pairs each cell of another partial with its place in this one.
pub(crate) fn pairs<'a, T>(
    other: &'a [T],
    first: usize,
    cells: &'a [u32],
) -> impl Iterator<Item = (&'a T, usize)> {
    let other = other.get(first..).unwrap_or_default();
    other
        .iter()
        .zip(cells)
        .filter(|(_, cell)| **cell != NO_CELL)
        .map(|(state, cell)| (state, *cell as usize))
}

/// The same for a state that is emptied.
pub(crate) fn state_mut<T: 'static>(partial: &mut dyn Partial) -> &mut T {
    match partial.as_any_mut().downcast_mut() {
        Some(state) => state,
        None => unreachable!("a calculation was given the state of another"),
    }
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
