//! Which rows of a source take part: those in the range that pass the filters.

use super::watch::ExecError;
use crate::chunk::Bits;
use crate::filter::{BoundFilters, FilterSet, and};
use std::ops::Range;
use std::sync::Arc;
use waggle_model::TimeRange;
use waggle_store::Source;
use waggle_store::column::{
    CHUNK_ROWS, CHUNK_WORDS, ChunkBuffer, TypedColumn, chunk_rows, first_bits,
};

/// Selects rows of one source, in any order of chunks.
pub struct Selector<'a> {
    source: &'a Source,
    range: TimeRange,
    rows: Range<u32>,
    filters: BoundFilters<'a>,
    /// True when the rows that the source names for the range must be looked at one by one.
    checks_time: bool,
    /// Opened when it is first needed.
    time_column: Option<Arc<TypedColumn>>,
    times: ChunkBuffer<i64>,
    times_chunk: Option<usize>,
}

impl<'a> Selector<'a> {
    /// Prepares the selection; `None` when no row can take part.
    pub fn new(
        source: &'a Source,
        range: TimeRange,
        filters: &'a FilterSet,
    ) -> Result<Option<Self>, ExecError> {
        let rows = source.rows_in(range)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let filters = filters.bind(source)?;
        if filters.match_nothing() {
            return Ok(None);
        }
        let (first, last) = source.time_bounds_ns();
        let is_inside = range.contains(first) && range.contains(last);
        Ok(Some(Self {
            source,
            range,
            rows,
            filters,
            checks_time: !source.is_time_sorted() && !is_inside,
            time_column: None,
            times: ChunkBuffer::default(),
            times_chunk: None,
        }))
    }

    /// The chunks that can have rows, ascending.
    pub fn chunks(&self) -> Range<usize> {
        self.rows.start as usize / CHUNK_ROWS..(self.rows.end as usize).div_ceil(CHUNK_ROWS)
    }

    /// The last row of a chunk that can lie in the range, as a place in the chunk.
    pub(crate) fn last_position(&self, chunk: usize) -> usize {
        let (first, end) = chunk_rows(chunk, self.source.row_count());
        (self.rows.end.min(end).saturating_sub(first) as usize).saturating_sub(1)
    }

    /// The source's rows in the range: exactly those where times are sorted, else perhaps too many.
    pub fn rows(&self) -> Range<u32> {
        self.rows.clone()
    }

    /// The rows of a chunk that take part, and how many were looked at.
    pub fn select(&mut self, chunk: usize) -> Result<(Bits, u64), ExecError> {
        let (first, end) = chunk_rows(chunk, self.source.row_count());
        let (start, end) = (self.rows.start.max(first), self.rows.end.min(end));
        let mut selected = first_bits(end.saturating_sub(first) as usize);
        if start > first {
            let below = first_bits((start - first) as usize);
            for (word, below) in selected.iter_mut().zip(below) {
                *word &= !below;
            }
        }
        let count = u64::from(end.saturating_sub(start));
        if self.checks_time {
            let range = self.range;
            let inside = bits_inside(self.times(chunk)?, range);
            and(&mut selected, &inside);
        }
        self.filters.apply(chunk, &mut selected);
        Ok((selected, count))
    }

    /// The times of a chunk.
    pub fn times(&mut self, chunk: usize) -> Result<&ChunkBuffer<i64>, ExecError> {
        if self.times_chunk != Some(chunk) {
            let column = opened(&mut self.time_column, self.source)?;
            column.read_ints(chunk, &mut self.times);
            self.times_chunk = Some(chunk);
        }
        Ok(&self.times)
    }

    /// The times of some rows, which ascend and are at most 1024: value `i` is that of `rows[i]`.
    pub(crate) fn pick_times(&mut self, rows: &[u32]) -> Result<&ChunkBuffer<i64>, ExecError> {
        self.times_chunk = None;
        opened(&mut self.time_column, self.source)?.pick_ints(rows, &mut self.times);
        Ok(&self.times)
    }

    /// Bounds, both included, of the times of the chunk's rows that take part; `None` when only reading them would tell.
    pub(crate) fn time_bounds(&mut self, chunk: usize) -> Result<Option<(i64, i64)>, ExecError> {
        let bounds = opened(&mut self.time_column, self.source)?.chunk_bounds(chunk);
        let (first, last) = self.source_bounds();
        Ok(bounds.map(|(low, high)| (low.max(first), high.min(last))))
    }

    /// The same for all rows that take part.
    pub(crate) fn source_bounds(&self) -> (i64, i64) {
        let (first, last) = self.source.time_bounds_ns();
        let TimeRange { start_ns, end_ns } = self.range;
        (first.max(start_ns), last.min(end_ns - 1))
    }

    /// Bytes that the columns of the filters occupy.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.filters.stored_bytes()
    }
}

fn opened<'c>(
    column: &'c mut Option<Arc<TypedColumn>>,
    source: &Source,
) -> Result<&'c Arc<TypedColumn>, ExecError> {
    Ok(match column {
        Some(column) => column,
        None => column.insert(source.times()?),
    })
}

fn bits_inside(times: &ChunkBuffer<i64>, range: TimeRange) -> Bits {
    let mut inside = [0; CHUNK_WORDS];
    for (word, times) in inside.iter_mut().zip(times.values.chunks_exact(64)) {
        for (bit, time) in times.iter().enumerate() {
            *word |= u64::from(range.contains(*time)) << bit;
        }
    }
    inside
}
