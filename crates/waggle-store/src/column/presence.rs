//! Which rows have a value, without the values: enough for whoever counts or asks whether there is one.

use super::{CHUNK_ROWS, CHUNK_WORDS, Positions, Ranked, TypedColumn, chunk_rows, first_bits};
use std::ops::Range;
use std::sync::Arc;
use waggle_model::ColumnType;

/// Which rows of a source have a value, and where it is.
#[derive(Clone, Debug)]
pub enum Presence {
    /// Every row; slot = row.
    All,
    /// The rows whose bit is set; slot = row, and the slots between hold anything.
    Bits(Arc<[u64]>),
    /// These rows, ascending; slot = index in this list.
    Rows(Arc<[u32]>),
    /// The same, packed.
    Positions(Arc<Positions>),
    /// The rows whose bit is set; slot = the number of such rows before.
    Ranked(Arc<Ranked>),
}

/// A column of a source without its values.
#[derive(Clone, Debug)]
pub struct ColumnPresence {
    /// One entry per type that occurs, at least one. Their rows are disjoint.
    pub types: Vec<TypedPresence>,
}

/// The rows in which a column has a value of one type.
#[derive(Clone, Debug)]
pub struct TypedPresence {
    /// The type.
    pub column_type: ColumnType,
    /// Rows of the source, with or without a value.
    pub row_count: u32,
    /// Which of them have a value.
    pub presence: Presence,
}

impl ColumnPresence {
    /// Reads which rows of a chunk have a value of any type: bit `i % 64` of word `i / 64` stands for row `i` of the chunk.
    pub fn read(&self, chunk: usize, present: &mut [u64; CHUNK_WORDS]) {
        *present = [0; CHUNK_WORDS];
        let mut one = [0; CHUNK_WORDS];
        for typed in &self.types {
            typed.presence.read(typed.row_count, chunk, &mut one);
            for (all, one) in present.iter_mut().zip(one) {
                *all |= one;
            }
        }
    }

    /// Bytes of heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        let types = self.types.iter();
        types.map(|typed| typed.presence.heap_bytes()).sum()
    }

    /// True when every row has a value.
    pub fn is_everywhere(&self) -> bool {
        let counts = self.types.iter().map(TypedPresence::value_count);
        let row_count = self.types.first().map_or(0, |typed| typed.row_count);
        counts.sum::<usize>() == row_count as usize
    }
}

impl TypedPresence {
    /// What a column says of its rows.
    pub fn of(column: &TypedColumn) -> Self {
        Self {
            column_type: column.column_type(),
            row_count: column.row_count(),
            presence: column.presence().clone(),
        }
    }

    /// Number of rows with a value.
    pub fn value_count(&self) -> usize {
        self.presence.value_count(self.row_count)
    }
}

impl Presence {
    /// Number of rows with a value, of a source of so many rows.
    pub fn value_count(&self, row_count: u32) -> usize {
        match self {
            Self::All => row_count as usize,
            Self::Bits(words) => words.iter().map(|word| word.count_ones() as usize).sum(),
            Self::Rows(rows) => rows.len(),
            Self::Positions(positions) => positions.len(),
            Self::Ranked(ranked) => ranked.len(),
        }
    }

    /// Reads which rows of a chunk have a value: bit `i % 64` of word `i / 64` stands for row `i` of the chunk.
    pub fn read(&self, row_count: u32, chunk: usize, present: &mut [u64; CHUNK_WORDS]) {
        *present = [0; CHUNK_WORDS];
        let mut put = |row: u32| {
            let place = row as usize % CHUNK_ROWS;
            present[place / 64] |= 1 << (place % 64);
        };
        match self {
            Self::All => {
                let (start, end) = chunk_rows(chunk, row_count);
                *present = first_bits((end - start) as usize);
            }
            Self::Bits(words) => {
                let (start, end) = chunk_rows(chunk, row_count);
                let words = &words[start as usize / 64..(end as usize).div_ceil(64)];
                present[..words.len()].copy_from_slice(words);
            }
            Self::Rows(rows) => {
                let slots = slots_between(rows, chunk, row_count);
                rows[slots].iter().copied().for_each(put);
            }
            Self::Positions(positions) => positions.visit(chunk, |_, row| put(row)),
            Self::Ranked(ranked) => {
                let words = ranked.words(chunk);
                present[..words.len()].copy_from_slice(words);
            }
        }
    }

    /// True when no row of the chunk has a value, by a look that costs less than reading it. False may be wrong.
    pub fn is_chunk_absent(&self, row_count: u32, chunk: usize) -> bool {
        match self {
            Self::All => false,
            Self::Bits(words) => {
                let (start, end) = chunk_rows(chunk, row_count);
                words[start as usize / 64..(end as usize).div_ceil(64)]
                    .iter()
                    .all(|word| *word == 0)
            }
            Self::Rows(rows) => slots_between(rows, chunk, row_count).is_empty(),
            Self::Positions(positions) => positions.slots(chunk).is_empty(),
            Self::Ranked(ranked) => ranked.slots(chunk).is_empty(),
        }
    }

    /// Every row with a value, ascending.
    pub(crate) fn rows(&self, row_count: u32) -> Vec<u32> {
        let mut rows = Vec::with_capacity(self.value_count(row_count));
        let mut present = [0; CHUNK_WORDS];
        for first in (0..row_count).step_by(CHUNK_ROWS) {
            self.read(row_count, first as usize / CHUNK_ROWS, &mut present);
            for (row, word) in (first..).step_by(64).zip(present) {
                let mut rest = word;
                while rest != 0 {
                    rows.push(row + rest.trailing_zeros());
                    rest &= rest - 1;
                }
            }
        }
        rows
    }

    /// Bytes of heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::All => 0,
            Self::Bits(words) => size_of_val(&**words),
            Self::Rows(rows) => size_of_val(&**rows),
            Self::Positions(positions) => positions.heap_bytes(),
            Self::Ranked(ranked) => ranked.heap_bytes(),
        }
    }
}

/// The slots of a list of rows that lie in a chunk of the source.
pub(super) fn slots_between(rows: &[u32], chunk: usize, row_count: u32) -> Range<usize> {
    let (start, end) = chunk_rows(chunk, row_count);
    let first = rows.partition_point(|row| *row < start);
    let last = first + rows[first..].partition_point(|row| *row < end);
    first..last
}
