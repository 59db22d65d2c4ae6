//! The rows of a sparse column: a packed ascending list, and for each chunk of rows where its part of the list begins.

use super::packed::Packed;
use super::{CHUNK_ROWS, chunk_rows};
use std::ops::Range;

/// Row numbers, ascending. The slot of a row is its index in the list.
#[derive(Clone, Debug)]
pub struct Positions {
    rows: Packed<u32>,
    row_count: u32,
    /// First slot at or after each chunk of rows, and the number of slots. Empty when there are fewer values than chunks: a search
    /// through so few is fast, and thousands of rare columns would otherwise cost more for this than for their values.
    starts: Box<[u32]>,
}

impl Positions {
    /// Takes a list, which comes from a disk and is checked here.
    ///
    /// # Errors
    /// Says what is wrong: rows that do not ascend or lie outside the source.
    pub(crate) fn new(rows: Packed<u32>, row_count: u32) -> Result<Self, &'static str> {
        let chunk_count = (row_count as usize).div_ceil(CHUNK_ROWS);
        let has_starts = rows.len() > chunk_count;
        let mut starts: Vec<u32> = Vec::with_capacity(if has_starts { chunk_count + 1 } else { 0 });
        let mut previous: Option<u32> = None;
        let mut slot = 0_u32;
        rows.try_for_each_chunk(|values| {
            for &row in values {
                if previous.is_some_and(|previous| previous >= row) {
                    return Err("positions do not ascend");
                }
                previous = Some(row);
                if has_starts {
                    while starts.len() * CHUNK_ROWS <= row as usize && starts.len() < chunk_count {
                        starts.push(slot);
                    }
                }
                slot += 1;
            }
            Ok(())
        })?;
        if previous.is_some_and(|last| last >= row_count) {
            return Err("a position lies past the last row");
        }
        if has_starts {
            starts.resize(chunk_count + 1, slot);
        }
        Ok(Self {
            rows,
            row_count,
            starts: starts.into(),
        })
    }

    /// Number of rows in the list.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True when the list is empty.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The slots whose rows lie in a chunk of the source.
    pub fn slots(&self, chunk: usize) -> Range<usize> {
        if let Some([start, end]) = self.starts.get(chunk..).and_then(<[u32]>::first_chunk) {
            return *start as usize..*end as usize;
        }
        let (start, end) = chunk_rows(chunk, self.row_count);
        self.rows.lower_bound(start)..self.rows.lower_bound(end)
    }

    /// The slot of a row; `None` when it is not in the list.
    pub fn find(&self, row: u32) -> Option<usize> {
        let slot = self.rows.lower_bound(row);
        (slot < self.rows.len() && self.rows.get(slot) == row).then_some(slot)
    }

    /// Visits the rows that lie in a chunk of the source, each with its slot's distance from the first.
    pub(crate) fn visit(&self, chunk: usize, visit: impl FnMut(usize, u32)) {
        self.rows.visit(self.slots(chunk), visit);
    }

    /// Reads the rows of some slots into the front of `rows`.
    pub(crate) fn read(&self, slots: Range<usize>, rows: &mut [u32; CHUNK_ROWS]) {
        self.rows.visit(slots, |index, row| rows[index] = row);
    }

    /// Bytes of heap.
    pub fn heap_bytes(&self) -> usize {
        self.rows.heap_bytes() + size_of_val(&*self.starts)
    }
}
