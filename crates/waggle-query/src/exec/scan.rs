//! One source, chunk by chunk: time, filters, groups, buckets, calculations.
//!
//! The same scan serves both passes; what differs is its [`Shape`]. Columns other than those of the filters are opened when the first
//! row has passed them. In a source sorted by time a bucket is a range of rows, found by a search at either end; then no row's time is
//! read.

use super::gathered::{Gathered, Shape};
use super::local::{LocalStates, When};
use super::parallel::Pieces;
use super::select::Selector;
use super::watch::{ExecError, Watch};
use crate::chunk::{Bits, each_bit, is_empty};
use crate::plan::{Buckets, Plan};
use waggle_model::Value;
use waggle_store::Source;
use waggle_store::column::CHUNK_ROWS;

/// Finding where a bucket ends costs about as much as reading so many rows.
const ROWS_PER_SEARCH: usize = 64;

/// Takes in the matching rows of a source's pieces, until there are none left.
pub(super) fn scan(
    gathered: &mut Gathered,
    source: &Source,
    pieces: &Pieces,
    plan: &Plan,
    shape: &Shape,
    watch: &Watch,
) -> Result<(), ExecError> {
    watch.check()?;
    let Some(mut selector) = Selector::new(source, plan.range, &plan.filters)? else {
        return Ok(());
    };
    if pieces.is_first_reader() {
        gathered.counters.blocks_read += u64::from(source.stored_bytes() > 0);
        gathered.counters.bytes_read += selector.stored_bytes();
    }
    let by_range = is_by_range(source, &selector, &plan.buckets);
    let is_counted = by_range || (source.is_time_sorted() && shape.buckets.is_none());
    if is_counted && shape.only_counts(plan) && source.sample_rates()?.is_none() {
        if pieces.take_all().is_some() {
            count(gathered, source, &selector, shape, watch)?;
        }
        return Ok(());
    }
    let mut opened = None;
    let mut selected_rows = SelectedRows::default();
    while let Some(piece) = pieces.take() {
        let wanted = selector.chunks();
        let rows_before = gathered.counters.rows_read;
        for chunk in piece.start.max(wanted.start)..piece.end.min(wanted.end) {
            watch.check()?;
            let (selected, rows_read) = selector.select(chunk)?;
            gathered.counters.rows_read += rows_read;
            if is_empty(&selected) {
                continue;
            }
            let opened = match &mut opened {
                Some(opened) => opened,
                empty => {
                    if pieces.is_first_opener() {
                        gathered.counters.bytes_read += shape.stored_bytes(plan, source);
                    }
                    let rows = selector.rows();
                    let is_whole =
                        plan.filters.is_empty() && rows.len() == source.row_count() as usize;
                    let local =
                        LocalStates::new(source, plan, shape, gathered, rows, is_whole, by_range)?;
                    empty.insert(Opened::new(local))
                }
            };
            let positions = selected_rows.of(&selected);
            opened.local.read(chunk);
            if !shape.needs_times() {
                opened.local.take(gathered, positions, When::Whenever)?;
            } else if by_range {
                opened.take_by_range(gathered, source, plan, chunk, positions)?;
            } else {
                opened.take_by_row(gathered, &mut selector, plan, chunk, positions)?;
            }
            gathered.account(watch, opened.local.heap_bytes())?;
        }
        watch.add_rows_read(gathered.counters.rows_read - rows_before);
    }
    if let Some(mut opened) = opened {
        let when = match by_range && shape.needs_times() {
            true => When::Bucket(opened.bucket),
            false => When::Whenever,
        };
        opened.local.move_on(gathered, when)?;
        gathered.account(watch, opened.local.heap_bytes())?;
        drop(opened);
        gathered.account(watch, 0)?;
    }
    Ok(())
}

/// True when buckets are ranges of rows, and long enough to be worth a search each.
fn is_by_range(source: &Source, selector: &Selector<'_>, buckets: &Buckets) -> bool {
    let (first_ns, last_ns) = selector.source_bounds();
    let searches = buckets.of(last_ns) - buckets.of(first_ns);
    source.is_time_sorted() && searches * ROWS_PER_SEARCH <= selector.rows().len()
}

/// Counts rows without reading them.
fn count(
    gathered: &mut Gathered,
    source: &Source,
    selector: &Selector<'_>,
    shape: &Shape,
    watch: &Watch,
) -> Result<(), ExecError> {
    let all = selector.rows();
    match &shape.buckets {
        None => gathered.count_rows(shape, 0, all.len() as u64),
        Some(buckets) => {
            let (first_ns, last_ns) = selector.source_bounds();
            for bucket in buckets.of(first_ns)..=buckets.of(last_ns) {
                watch.check()?;
                let rows = source.rows_in(buckets.range(bucket))?;
                let (start, end) = (rows.start.max(all.start), rows.end.min(all.end));
                if start < end {
                    let cell = gathered.cells.cell(0, bucket, shape.cells_max)?;
                    gathered.count_rows(shape, cell as usize, u64::from(end - start));
                }
            }
        }
    }
    gathered.counters.rows_read += all.len() as u64;
    gathered.counters.rows_matched += all.len() as u64;
    watch.add_rows_read(all.len() as u64);
    gathered.account(watch, 0)
}

/// A source some of whose rows take part, and the bucket they are in.
struct Opened<'a> {
    local: LocalStates<'a>,
    bucket: u32,
    /// The first row after the bucket; 0 before the first one.
    bucket_end: u32,
    row_buckets: Vec<u32>,
}

impl<'a> Opened<'a> {
    fn new(local: LocalStates<'a>) -> Self {
        Self {
            local,
            bucket: 0,
            bucket_end: 0,
            row_buckets: Vec::with_capacity(CHUNK_ROWS),
        }
    }

    /// Takes in the rows of a chunk bucket by bucket.
    fn take_by_range(
        &mut self,
        gathered: &mut Gathered,
        source: &Source,
        plan: &Plan,
        chunk: usize,
        mut positions: &[u16],
    ) -> Result<(), ExecError> {
        let first_row = (chunk * CHUNK_ROWS) as u32;
        while let Some(first) = positions.first() {
            let row = first_row + u32::from(*first);
            if row >= self.bucket_end {
                self.local.move_on(gathered, When::Bucket(self.bucket))?;
                let Some(Value::Int(time_ns)) = source.times()?.value(row) else {
                    return Ok(());
                };
                let bucket = plan.buckets.of(time_ns);
                self.bucket = bucket as u32;
                self.bucket_end = source.rows_in(plan.buckets.range(bucket))?.end;
            }
            let inside =
                positions.partition_point(|at| first_row + u32::from(*at) < self.bucket_end);
            let (now, later) = positions.split_at(inside);
            self.local.take(gathered, now, When::Bucket(self.bucket))?;
            positions = later;
        }
        Ok(())
    }

    /// Takes in the rows of a chunk with a bucket for each, without reading times when the whole chunk is in one.
    fn take_by_row(
        &mut self,
        gathered: &mut Gathered,
        selector: &mut Selector<'_>,
        plan: &Plan,
        chunk: usize,
        positions: &[u16],
    ) -> Result<(), ExecError> {
        let buckets = &plan.buckets;
        self.row_buckets.clear();
        if let Some((low, high)) = selector.time_bounds(chunk)?
            && buckets.range(buckets.of(low)).contains(high)
        {
            let bucket = buckets.of(low) as u32;
            self.row_buckets.resize(positions.len(), bucket);
        } else {
            let times = &selector.times(chunk)?.values;
            // Neighbours are mostly in the same bucket, and to compare is quicker than to divide.
            let mut bucket = buckets.of(times[usize::from(positions[0])]);
            let mut range = buckets.range(bucket);
            self.row_buckets.extend(positions.iter().map(|position| {
                let time_ns = times[usize::from(*position)];
                if !range.contains(time_ns) {
                    bucket = buckets.of(time_ns);
                    range = buckets.range(bucket);
                }
                bucket as u32
            }));
        }
        let when = When::Buckets(&self.row_buckets);
        self.local.take(gathered, positions, when)
    }
}

/// The places of selected rows in a chunk.
struct SelectedRows {
    /// 0 to 1023: rows without gaps are a part of it.
    all: Box<[u16]>,
    some: Vec<u16>,
}

impl Default for SelectedRows {
    fn default() -> Self {
        Self {
            all: (0..CHUNK_ROWS as u16).collect(),
            some: Vec::with_capacity(CHUNK_ROWS),
        }
    }
}

impl SelectedRows {
    fn of(&mut self, selected: &Bits) -> &[u16] {
        let count: u32 = selected.iter().map(|word| word.count_ones()).sum();
        let first = selected
            .iter()
            .position(|word| *word != 0)
            .unwrap_or_default();
        let first = first * 64 + selected[first].trailing_zeros() as usize;
        let last = selected
            .iter()
            .rposition(|word| *word != 0)
            .unwrap_or_default();
        let last = last * 64 + 63 - selected[last].leading_zeros() as usize;
        if last + 1 - first == count as usize {
            return &self.all[first..=last];
        }
        self.some.clear();
        each_bit(selected, |position| self.some.push(position as u16));
        &self.some
    }
}
