//! Bringing the values of one column from many sources into the order of the block.

use super::{BlockInput, ColumnBytes};
use crate::block::bytes::{number, put_array, put_packed};
use crate::block::directory::Part;
use crate::block::layout::{PRESENCE_ALL, PRESENCE_BITMAP, PRESENCE_POSITIONS, PRESENCE_RANKED};
use crate::column::{CHUNK_ROWS, CHUNK_WORDS, ChunkBuffer, TypedColumn};
use crate::source::{ReadError, Source};
use std::sync::Arc;

/// Where every row of the sources goes.
pub(super) struct Order {
    times: Vec<i64>,
    /// Row of the block per row of all sources, one source after another; [`ERASED`] for those that go nowhere.
    places: Vec<u32>,
    /// First place of each source, and their number.
    starts: Vec<usize>,
    /// Per source: some rows go nowhere.
    has_erased: Vec<bool>,
}

/// The place of a row that is left out.
const ERASED: u32 = u32::MAX;

/// One source's part of a column.
pub(super) struct Piece<'a> {
    pub(super) column: &'a TypedColumn,
    /// Row of the block per row of the source.
    places: &'a [u32],
    has_erased: bool,
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
    /// By their bits, slots for the rows that are set alone.
    Ranked(Vec<u64>),
    List(Vec<u32>),
}

/// A column with values in less than one row of this many has slots for those rows only.
const RANKED_BELOW: usize = 3;

/// A column with values in less than one row of this many lists its rows.
const SPARSE_BELOW: usize = 10;

impl Order {
    /// Sorts rows by time; equal times stay in the order of sources and rows.
    ///
    /// # Errors
    /// When the times of a block can't be read.
    pub(super) fn new(inputs: &[BlockInput]) -> Result<Self, ReadError> {
        let mut rows: Vec<(i64, u32)> = Vec::new();
        let mut starts = vec![0];
        let mut all_count = 0;
        let mut buffer = ChunkBuffer::default();
        for input in inputs {
            let times = match &input.source {
                Source::Run(run) => Arc::clone(run.times()),
                Source::Block(block) => Arc::new(block.read_times()?),
                Source::Extended(_) => unreachable!("{}", super::ONLY_STORED),
            };
            let erased = input.erased.as_deref().unwrap_or_default();
            let row_count = times.row_count() as usize;
            rows.reserve(row_count);
            for first in (0..row_count).step_by(CHUNK_ROWS) {
                times.read_ints(first / CHUNK_ROWS, &mut buffer);
                let count = (row_count - first).min(CHUNK_ROWS);
                for (row, &time) in (first..).zip(&buffer.values[..count]) {
                    if !is_set(erased, row) {
                        rows.push((time, number(all_count + row)));
                    }
                }
            }
            all_count += row_count;
            starts.push(all_count);
        }
        // Runs arrive nearly sorted and blocks are, which the stable sort turns into merges.
        rows.sort_by_key(|(time, _)| *time);
        let mut places = vec![ERASED; all_count];
        for (place, (_, row)) in rows.iter().enumerate() {
            places[*row as usize] = number(place);
        }
        let has_erased = inputs.iter().map(|input| {
            let words = input.erased.iter().flat_map(|words| words.iter());
            words.into_iter().any(|word| *word != 0)
        });
        Ok(Self {
            times: rows.into_iter().map(|(time, _)| time).collect(),
            places,
            starts,
            has_erased: has_erased.collect(),
        })
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

    /// The parts of a column; one per source, in their order, `None` where it does not occur.
    pub(super) fn pieces<'a>(
        &'a self,
        columns: impl Iterator<Item = Option<&'a TypedColumn>>,
    ) -> Vec<Piece<'a>> {
        columns
            .enumerate()
            .filter_map(|(source, column)| {
                Some(Piece {
                    column: column?,
                    places: &self.places[self.starts[source]..self.starts[source + 1]],
                    has_erased: self.has_erased[source],
                })
            })
            .collect()
    }
}

impl Piece<'_> {
    /// Number of rows with a value that are not left out.
    pub(super) fn value_count(&self) -> usize {
        if !self.has_erased {
            return self.column.value_count();
        }
        let mut count = 0;
        let mut present = [0; CHUNK_WORDS];
        for (chunk, places) in self.places.chunks(CHUNK_ROWS).enumerate() {
            self.column.read_presence(chunk, &mut present);
            for_each_bit(&present, |index| {
                count += usize::from(places[index] != ERASED);
            });
        }
        count
    }

    /// Visits the values of one chunk with their rows in the block.
    pub(super) fn visit<T: Copy>(
        &self,
        places: &[u32],
        chunk: &ChunkBuffer<T>,
        visit: &mut impl FnMut(u32, T),
    ) {
        if self.has_erased {
            for_each_bit(&chunk.present, |index| {
                if places[index] != ERASED {
                    visit(places[index], chunk.values[index]);
                }
            });
        } else if self.column.is_everywhere() {
            for (&place, &value) in places.iter().zip(chunk.values.iter()) {
                visit(place, value);
            }
        } else {
            for_each_bit(&chunk.present, |index| {
                visit(places[index], chunk.values[index]);
            });
        }
    }

    /// Visits every chunk with the places of its rows.
    pub(super) fn chunks(&self) -> impl Iterator<Item = (usize, &[u32])> {
        self.places.chunks(CHUNK_ROWS).enumerate()
    }
}

fn is_set(words: &[u64], row: usize) -> bool {
    words
        .get(row / 64)
        .is_some_and(|word| word >> (row % 64) & 1 == 1)
}

/// Collects a column. `read` fills the buffer with one chunk of a piece.
pub(super) fn gather<T: Copy + Default>(
    pieces: &[Piece<'_>],
    row_count: u32,
    read: impl Fn(usize, &TypedColumn, usize, &mut ChunkBuffer<T>),
) -> Gathered<T> {
    let row_count = row_count as usize;
    let value_count: usize = pieces.iter().map(Piece::value_count).sum();
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
    let gathered = Gathered {
        rows,
        values,
        value_count,
    };
    match value_count * RANKED_BELOW < row_count {
        true => gathered.ranked(),
        false => gathered,
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
        for (chunk, places) in piece.chunks() {
            if !piece.column.is_chunk_absent(chunk) {
                read(index, piece.column, chunk, &mut buffer);
                piece.visit(places, &buffer, &mut visit);
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
            Rows::All | Rows::Ranked(_) | Rows::List(_) => None,
        }
    }

    /// The first value.
    pub(super) fn first(&self) -> Option<T> {
        let mut first = None;
        self.visit_while(|value| {
            first = Some(value);
            false
        });
        first
    }

    /// Visits the values in the order of rows.
    pub(super) fn visit(&self, mut visit: impl FnMut(T)) {
        match &self.rows {
            Rows::All | Rows::Ranked(_) | Rows::List(_) => {
                self.values.iter().copied().for_each(visit);
            }
            Rows::Bits(words) => for_each_bit(words, |slot| visit(self.values[slot])),
        }
    }

    /// Visits the values in the order of rows until one is refused; false when one was.
    pub(super) fn visit_while(&self, mut visit: impl FnMut(T) -> bool) -> bool {
        match &self.rows {
            Rows::All | Rows::Ranked(_) | Rows::List(_) => {
                self.values.iter().all(|value| visit(*value))
            }
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
            Rows::Ranked(words) => (
                Rows::Ranked(words.clone()),
                self.values.iter().map(|v| map(*v)).collect(),
            ),
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

    /// The same with slots for rows with a value only.
    fn ranked(self) -> Self {
        let Rows::Bits(words) = self.rows else {
            return self;
        };
        let mut values = Vec::with_capacity(self.value_count);
        for_each_bit(&words, |slot| values.push(self.values[slot]));
        Self {
            rows: Rows::Ranked(words),
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

    /// Writes which rows have a value and returns the code of how.
    pub(super) fn put_presence(&self, column: &mut ColumnBytes<'_>) -> u8 {
        let presence = match &self.rows {
            Rows::All => PRESENCE_ALL,
            Rows::Bits(words) => {
                put_array(column.out, words);
                PRESENCE_BITMAP
            }
            Rows::Ranked(words) => {
                put_array(column.out, words);
                PRESENCE_RANKED
            }
            Rows::List(rows) => {
                put_packed(column.out, rows, None);
                PRESENCE_POSITIONS
            }
        };
        column.end(Part::Presence);
        presence
    }

    /// Visits the slots with a value, each with its row.
    pub(super) fn visit_slots(&self, mut visit: impl FnMut(usize, u32, T)) {
        match &self.rows {
            Rows::All => {
                for (slot, value) in self.values.iter().enumerate() {
                    visit(slot, number(slot), *value);
                }
            }
            Rows::Bits(words) => {
                for_each_bit(words, |slot| visit(slot, number(slot), self.values[slot]));
            }
            Rows::Ranked(words) => {
                let mut slot = 0;
                for_each_bit(words, |row| {
                    visit(slot, number(row), self.values[slot]);
                    slot += 1;
                });
            }
            Rows::List(rows) => {
                for (slot, (row, value)) in rows.iter().zip(&self.values).enumerate() {
                    visit(slot, *row, *value);
                }
            }
        }
    }
}
