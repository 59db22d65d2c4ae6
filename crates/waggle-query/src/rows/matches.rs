//! The places of the rows of one source that match: chunk by chunk, the last chunk first.

use crate::chunk::{each_bit, stored_bytes};
use crate::exec::{ExecError, Watch, initial_selection, keep_in_range, needs_time_check};
use crate::filter::{BoundFilters, FilterSet};
use std::ops::Range;
use std::sync::Arc;
use waggle_model::{QueryStats, TimeRange};
use waggle_store::Source;
use waggle_store::column::{CHUNK_ROWS, ChunkBuffer, TypedColumn, chunk_rows};

/// Where a row is, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) time_ns: i64,
    /// Index of the source in the snapshot.
    pub(crate) source: usize,
    pub(crate) row: u32,
}

/// The matching rows of a source.
pub(crate) struct Matches<'a> {
    source: &'a Source,
    index: usize,
    range: TimeRange,
    rows: Range<u32>,
    chunks: Range<usize>,
    filters: BoundFilters<'a>,
    time_column: Arc<TypedColumn>,
    times: ChunkBuffer<i64>,
    places: Vec<Place>,
}

impl<'a> Matches<'a> {
    /// Prepares the search; `None` when nothing can match. `index` is the source's place in the snapshot.
    pub(crate) fn new(
        source: &'a Source,
        index: usize,
        range: TimeRange,
        filters: &'a FilterSet,
        stats: &mut QueryStats,
    ) -> Result<Option<Self>, ExecError> {
        let rows = source.rows_in(range)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let bytes: u64 = filters
            .columns()
            .map(|name| stored_bytes(source, name))
            .sum();
        let filters = filters.bind(source)?;
        if filters.match_nothing() {
            return Ok(None);
        }
        stats.blocks_read += u64::from(source.stored_bytes() > 0);
        stats.bytes_read += bytes;
        Ok(Some(Self {
            source,
            index,
            range,
            chunks: rows.start as usize / CHUNK_ROWS..(rows.end as usize).div_ceil(CHUNK_ROWS),
            rows,
            filters,
            time_column: source.times()?,
            times: ChunkBuffer::default(),
            places: Vec::new(),
        }))
    }

    /// The matches of the next chunk towards the front, perhaps none; `None` at the end, or when the source is sorted and all that is
    /// left is before `oldest_ns`.
    pub(crate) fn previous_chunk(
        &mut self,
        oldest_ns: i64,
        stats: &mut QueryStats,
        watch: &Watch,
    ) -> Result<Option<&[Place]>, ExecError> {
        watch.check()?;
        let Some(chunk) = self.chunks.next_back() else {
            return Ok(None);
        };
        let row_count = self.source.row_count();
        let (mut selected, count) = initial_selection(&self.rows, chunk, row_count);
        self.time_column.read_ints(chunk, &mut self.times);
        let (first, end) = chunk_rows(chunk, row_count);
        if self.source.is_time_sorted() {
            let last = self.rows.end.min(end) - 1 - first;
            if self.times.values[last as usize] < oldest_ns {
                return Ok(None);
            }
        }
        stats.rows_read += count;
        if needs_time_check(self.source, self.range) {
            keep_in_range(&mut selected, &self.times, self.range);
        }
        self.filters.apply(chunk, &mut selected);
        self.places.clear();
        each_bit(&selected, |position| {
            self.places.push(Place {
                time_ns: self.times.values[position],
                source: self.index,
                row: first + position as u32,
            });
        });
        stats.rows_matched += self.places.len() as u64;
        Ok(Some(&self.places))
    }
}
