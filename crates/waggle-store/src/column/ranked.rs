//! The rows of a column that a quarter of the rows have, or so: a bit per row, and slots for the rows whose bit is set alone. The slot of a
//! row is the number of bits before its own, counted from the beginning of its chunk.

use super::{CHUNK_ROWS, CHUNK_WORDS, chunk_rows};
use std::ops::Range;
use std::sync::Arc;

/// Rows by bits that say which of them have a slot.
#[derive(Clone, Debug)]
pub struct Ranked {
    words: Arc<[u64]>,
    row_count: u32,
    /// First slot of each chunk of rows, and the number of slots.
    starts: Box<[u32]>,
}

impl Ranked {
    /// Takes a bit per row; those past the last row are 0.
    pub(crate) fn new(words: Arc<[u64]>, row_count: u32) -> Self {
        let mut starts = Vec::with_capacity(words.len() / CHUNK_WORDS + 2);
        let mut slot = 0;
        for words in words.chunks(CHUNK_WORDS) {
            starts.push(slot);
            slot += words.iter().map(|word| word.count_ones()).sum::<u32>();
        }
        starts.push(slot);
        Self {
            words,
            row_count,
            starts: starts.into(),
        }
    }

    /// Number of rows with a slot.
    pub fn len(&self) -> usize {
        self.starts.last().map_or(0, |end| *end as usize)
    }

    /// True when no row has one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The slots of the rows of a chunk of the source.
    pub fn slots(&self, chunk: usize) -> Range<usize> {
        match self.starts.get(chunk..).and_then(<[u32]>::first_chunk) {
            Some([start, end]) => *start as usize..*end as usize,
            None => self.len()..self.len(),
        }
    }

    /// The slot of a row; `None` when it has none.
    pub fn find(&self, row: u32) -> Option<usize> {
        let place = row as usize / 64;
        let word = *self.words.get(place)?;
        if word >> (row % 64) & 1 == 0 {
            return None;
        }
        let chunk = row as usize / CHUNK_ROWS;
        let before = self.words[chunk * CHUNK_WORDS..place].iter();
        let before: u32 = before.map(|word| word.count_ones()).sum();
        let inside = (word & ((1 << (row % 64)) - 1)).count_ones();
        Some((self.starts[chunk] + before + inside) as usize)
    }

    /// A bit per row of a chunk, as many words as it has.
    pub(super) fn words(&self, chunk: usize) -> &[u64] {
        let (start, end) = chunk_rows(chunk, self.row_count);
        &self.words[start as usize / 64..(end as usize).div_ceil(64)]
    }

    /// Reads the rows of a chunk that have a slot into the front of `rows`.
    pub(super) fn read(&self, chunk: usize, rows: &mut [u32; CHUNK_ROWS]) {
        let first = (chunk * CHUNK_ROWS) as u32;
        let mut rows = rows.iter_mut();
        for (row, word) in (first..).step_by(64).zip(self.words(chunk)) {
            let mut rest = *word;
            while rest != 0 {
                if let Some(place) = rows.next() {
                    *place = row + rest.trailing_zeros();
                }
                rest &= rest - 1;
            }
        }
    }

    /// Bytes of heap.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.words) + size_of_val(&*self.starts)
    }
}
