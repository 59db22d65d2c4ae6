//! The places of the rows of one source that match: chunk by chunk, the last chunk first.

use crate::chunk::{each_bit, is_empty};
use crate::exec::{ExecError, Selector, Watch};
use crate::filter::FilterSet;
use std::ops::Range;
use waggle_model::{QueryStats, TimeRange};
use waggle_store::Source;
use waggle_store::column::CHUNK_ROWS;

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
    selector: Selector<'a>,
    index: usize,
    is_time_sorted: bool,
    chunks: Range<usize>,
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
        let Some(selector) = Selector::new(source, range, filters)? else {
            return Ok(None);
        };
        stats.blocks_read += u64::from(source.stored_bytes() > 0);
        stats.bytes_read += selector.stored_bytes();
        Ok(Some(Self {
            chunks: selector.chunks(),
            selector,
            index,
            is_time_sorted: source.is_time_sorted(),
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
        if self.is_time_sorted && oldest_ns > i64::MIN {
            let last = self.selector.last_position(chunk);
            if self.selector.times(chunk)?.values[last] < oldest_ns {
                return Ok(None);
            }
        }
        let (selected, rows_read) = self.selector.select(chunk)?;
        stats.rows_read += rows_read;
        watch.add_rows_read(rows_read);
        self.places.clear();
        if is_empty(&selected) {
            return Ok(Some(&self.places));
        }
        let times = self.selector.times(chunk)?;
        each_bit(&selected, |position| {
            self.places.push(Place {
                time_ns: times.values[position],
                source: self.index,
                row: (chunk * CHUNK_ROWS + position) as u32,
            });
        });
        stats.rows_matched += self.places.len() as u64;
        Ok(Some(&self.places))
    }
}
