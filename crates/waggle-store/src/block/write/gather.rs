//! Bringing the values of one column from many runs into the order of the block.

use crate::block::bytes::{number, put_array, put_packed};
use crate::block::layout::{PRESENCE_ALL, PRESENCE_BITMAP, PRESENCE_POSITIONS};
use crate::column::{CHUNK_ROWS, ChunkBuffer, TypedColumn};

/// Where every row of the runs goes.
pub(super) struct Order {
    times: Vec<i64>,
    /// Row of the block per row of all runs, one run after another.
    places: Vec<u32>,
    /// First place of each run, and their number.
    starts: Vec<usize>,
}

/// One run's part of a column.
pub(super) struct Piece<'a> {
    pub(super) column: &'a TypedColumn,
    /// Row of the block per row of the run.
    pub(super) places: &'a [u32],
}

/// A column in the order of the block.
pub(super) struct Gathered<T> {
    pub(super) rows: Rows,
    /// By slot.
    pub(super) values: Vec<T>,
    pub(super) value_count: usize,
}

/// Which rows have a value; slots are as with [`Presence`](crate::column::Presence).
pub(super) enum Rows {
    All,
    Bits(Vec<u64>),
    List(Vec<u32>),
}

/// A column with values in less than one row of this many lists its rows.
const SPARSE_BELOW: usize = 10;

impl Order {
    /// Sorts rows by time; equal times stay in the order of runs and rows.
    pub(super) fn new<'a>(runs: impl Iterator<Item = (&'a TypedColumn, u32)>) -> Self {
        let mut rows: Vec<(i64, u32)> = Vec::new();
        let mut starts = vec![0];
        let mut buffer = ChunkBuffer::default();
        for (times, row_count) in runs {
            for first in (0..row_count as usize).step_by(CHUNK_ROWS) {
                times.read_ints(first / CHUNK_ROWS, &mut buffer);
                let count = (row_count as usize - first).min(CHUNK_ROWS);
                for &time in &buffer.values[..count] {
                    rows.push((time, number(rows.len())));
                }
            }
            starts.push(rows.len());
        }
        // Runs arrive nearly sorted, which the stable sort turns into merges.
        rows.sort_by_key(|(time, _)| *time);
        let mut places = vec![0; rows.len()];
        for (place, (_, row)) in rows.iter().enumerate() {
            places[*row as usize] = number(place);
        }
        Self {
            times: rows.into_iter().map(|(time, _)| time).collect(),
            places,
            starts,
        }
    }

    pub(super) fn row_count(&self) -> u32 {
        number(self.times.len())
    }

    pub(super) fn times(&self) -> &[i64] {
        &self.times
    }

    pub(super) fn time_bounds_ns(&self) -> (i64, i64) {
        let bound = |time: Option<&i64>| time.copied().unwrap_or_default();
        (bound(self.times.first()), bound(self.times.last()))
    }

    pub(super) fn places(&self, run: usize) -> &[u32] {
        &self.places[self.starts[run]..self.starts[run + 1]]
    }
}

/// Collects a column. `read` fills the buffer with one chunk of a piece.
pub(super) fn gather<T: Copy + Default>(
    pieces: &[Piece<'_>],
    row_count: u32,
    read: impl Fn(usize, &TypedColumn, usize, &mut ChunkBuffer<T>),
) -> Gathered<T> {
    let row_count = row_count as usize;
    let value_count: usize = pieces.iter().map(|piece| piece.column.value_count()).sum();
    if value_count * SPARSE_BELOW < row_count {
        let mut pairs = Vec::with_capacity(value_count);
        visit(pieces, read, |row, value| pairs.push((row, value)));
        pairs.sort_by_key(|(row, _)| *row);
        return Gathered {
            rows: Rows::List(pairs.iter().map(|(row, _)| *row).collect()),
            values: pairs.into_iter().map(|(_, value)| value).collect(),
            value_count,
        };
    }
    let mut values = vec![T::default(); row_count];
    let rows = if value_count == row_count {
        visit(pieces, read, |row, value| values[row as usize] = value);
        Rows::All
    } else {
        let mut words = vec![0_u64; row_count.div_ceil(64)];
        visit(pieces, read, |row, value| {
            values[row as usize] = value;
            words[row as usize / 64] |= 1 << (row % 64);
        });
        Rows::Bits(words)
    };
    Gathered {
        rows,
        values,
        value_count,
    }
}

/// Visits every value of the pieces with its row in the block.
fn visit<T: Copy + Default>(
    pieces: &[Piece<'_>],
    read: impl Fn(usize, &TypedColumn, usize, &mut ChunkBuffer<T>),
    mut visit: impl FnMut(u32, T),
) {
    let mut buffer = ChunkBuffer::default();
    for (index, piece) in pieces.iter().enumerate() {
        for (chunk, places) in piece.places.chunks(CHUNK_ROWS).enumerate() {
            if piece.column.is_chunk_absent(chunk) {
                continue;
            }
            read(index, piece.column, chunk, &mut buffer);
            if piece.column.is_everywhere() {
                for (&place, &value) in places.iter().zip(buffer.values.iter()) {
                    visit(place, value);
                }
            } else {
                for_each_bit(&buffer.present, |index| {
                    visit(places[index], buffer.values[index]);
                });
            }
        }
    }
}

fn for_each_bit(words: &[u64], mut visit: impl FnMut(usize)) {
    for (index, &word) in words.iter().enumerate() {
        let mut rest = word;
        while rest != 0 {
            visit(index * 64 + rest.trailing_zeros() as usize);
            rest &= rest - 1;
        }
    }
}

impl<T: Copy> Gathered<T> {
    /// The slots that have a value, where not all do.
    pub(super) fn present(&self) -> Option<&[u64]> {
        match &self.rows {
            Rows::Bits(words) => Some(words),
            Rows::All | Rows::List(_) => None,
        }
    }

    /// Visits the values in the order of rows.
    pub(super) fn visit(&self, mut visit: impl FnMut(T)) {
        match &self.rows {
            Rows::All | Rows::List(_) => self.values.iter().copied().for_each(visit),
            Rows::Bits(words) => for_each_bit(words, |slot| visit(self.values[slot])),
        }
    }

    /// Visits the values in the order of rows until one is refused; false when one was.
    pub(super) fn visit_while(&self, mut visit: impl FnMut(T) -> bool) -> bool {
        match &self.rows {
            Rows::All | Rows::List(_) => self.values.iter().all(|value| visit(*value)),
            Rows::Bits(words) => {
                for (index, &word) in words.iter().enumerate() {
                    let mut rest = word;
                    while rest != 0 {
                        if !visit(self.values[index * 64 + rest.trailing_zeros() as usize]) {
                            return false;
                        }
                        rest &= rest - 1;
                    }
                }
                true
            }
        }
    }

    /// Makes the same column of other values, in the order of rows.
    pub(super) fn map<U: Copy + Default>(&self, mut map: impl FnMut(T) -> U) -> Gathered<U> {
        let (rows, values) = match &self.rows {
            Rows::All => (Rows::All, self.values.iter().map(|v| map(*v)).collect()),
            Rows::List(rows) => (
                Rows::List(rows.clone()),
                self.values.iter().map(|v| map(*v)).collect(),
            ),
            Rows::Bits(words) => {
                let mut values = vec![U::default(); self.values.len()];
                for_each_bit(words, |slot| values[slot] = map(self.values[slot]));
                (Rows::Bits(words.clone()), values)
            }
        };
        Gathered {
            rows,
            values,
            value_count: self.value_count,
        }
    }

    /// Lists the rows if more than an eighth of them lack a value: for layouts in which an empty slot takes as much as a full one.
    pub(super) fn without_gaps(self) -> Self {
        match &self.rows {
            Rows::Bits(words) if self.value_count * 8 < self.values.len() * 7 => {
                let mut rows = Vec::with_capacity(self.value_count);
                let mut values = Vec::with_capacity(self.value_count);
                for_each_bit(words, |slot| {
                    rows.push(number(slot));
                    values.push(self.values[slot]);
                });
                Self {
                    rows: Rows::List(rows),
                    values,
                    value_count: self.value_count,
                }
            }
            _ => self,
        }
    }

    /// Appends which rows have a value and returns the code of how.
    pub(super) fn put_presence(&self, out: &mut Vec<u8>) -> u8 {
        match &self.rows {
            Rows::All => PRESENCE_ALL,
            Rows::Bits(words) => {
                put_array(out, words);
                PRESENCE_BITMAP
            }
            Rows::List(rows) => {
                put_packed(out, rows, None);
                PRESENCE_POSITIONS
            }
        }
    }
}
