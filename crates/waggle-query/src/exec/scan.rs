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
use crate::chunk::{Bits, FEW_ROWS, each_bit, is_empty, is_few};
use crate::plan::{Buckets, Plan};
use std::ops::Range;
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
    let scan = Scan {
        source,
        pieces,
        plan,
        shape,
        watch,
        by_range,
    };
    scan.run(gathered, &mut selector)
}

/// What does not change from chunk to chunk.
struct Scan<'a> {
    source: &'a Source,
    pieces: &'a Pieces,
    plan: &'a Plan,
    shape: &'a Shape,
    watch: &'a Watch,
    by_range: bool,
}

impl<'a> Scan<'a> {
    fn run(&self, gathered: &mut Gathered, selector: &mut Selector<'_>) -> Result<(), ExecError> {
        let mut opened = None;
        let selects_first = self.selects_first();
        // The chunks with rows that take part, while no column has been opened for them.
        let mut waiting: Vec<(usize, Bits)> = Vec::new();
        while let Some(piece) = self.pieces.take() {
            let wanted = selector.chunks();
            let rows_before = gathered.counters.rows_read;
            for chunk in piece.start.max(wanted.start)..piece.end.min(wanted.end) {
                self.watch.check()?;
                let (selected, rows_read) = selector.select(chunk)?;
                gathered.counters.rows_read += rows_read;
                if is_empty(&selected) {
                    continue;
                }
                if selects_first {
                    waiting.push((chunk, selected));
                    continue;
                }
                let opened = match &mut opened {
                    Some(opened) => opened,
                    empty => empty.insert(self.open(gathered, selector, None)?),
                };
                self.take(gathered, selector, opened, chunk, &selected)?;
            }
            self.watch
                .add_rows_read(gathered.counters.rows_read - rows_before);
        }
        if !waiting.is_empty() {
            let chunks: Vec<usize> = waiting.iter().map(|(chunk, _)| *chunk).collect();
            let opened = opened.insert(self.open(gathered, selector, Some(&chunks))?);
            for (chunk, selected) in waiting {
                self.watch.check()?;
                self.take(gathered, selector, opened, chunk, &selected)?;
            }
        }
        if let Some(mut opened) = opened {
            opened.take_waiting(gathered, self.source, selector)?;
            opened.local.move_on(gathered, opened.when())?;
            gathered.account(self.watch, opened.local.heap_bytes())?;
            drop(opened);
            gathered.account(self.watch, 0)?;
        }
        Ok(())
    }

    /// Whether all rows are selected before the columns of the calculations are opened: where those are not in memory, and the filters
    /// may leave so few rows that a part of them will do.
    fn selects_first(&self) -> bool {
        let Self {
            source,
            plan,
            shape,
            ..
        } = *self;
        let mut columns = plan.columns.iter().enumerate();
        !plan.filters.is_empty()
            && columns.any(|(index, name)| shape.reads(plan, index) && !source.has_in_memory(name))
    }

    /// Opens the columns of the calculations, or only some chunks of them.
    fn open(
        &self,
        gathered: &mut Gathered,
        selector: &Selector<'_>,
        chunks: Option<&[usize]>,
    ) -> Result<Opened<'a>, ExecError> {
        let Self {
            source,
            plan,
            shape,
            ..
        } = *self;
        if self.pieces.is_first_opener() {
            gathered.counters.bytes_read += shape.stored_bytes(plan, source);
        }
        let rows = selector.rows();
        let is_whole = plan.filters.is_empty() && rows.len() == source.row_count() as usize;
        let local = LocalStates::new(
            source,
            plan,
            shape,
            gathered,
            rows,
            chunks,
            is_whole,
            self.by_range,
            self.watch,
        )?;
        let times = match (shape.needs_times(), self.by_range) {
            (false, _) => Times::Unneeded,
            (true, true) => Times::ByRange,
            (true, false) => Times::ByRow,
        };
        Ok(Opened::new(local, plan.buckets, times))
    }

    /// Takes in the selected rows of a chunk, or lets them wait where they are few.
    fn take(
        &self,
        gathered: &mut Gathered,
        selector: &mut Selector<'_>,
        opened: &mut Opened<'a>,
        chunk: usize,
        selected: &Bits,
    ) -> Result<(), ExecError> {
        let first = (chunk * CHUNK_ROWS) as u32;
        if is_few(selected) {
            each_bit(selected, |position| {
                opened.waiting.push(first + position as u32);
            });
            if opened.waiting.len() > CHUNK_ROWS - FEW_ROWS {
                self.watch.check()?;
                opened.take_waiting(gathered, self.source, selector)?;
                gathered.account(self.watch, opened.local.heap_bytes())?;
            }
            return Ok(());
        }
        let mut selected_rows = std::mem::take(&mut opened.selected);
        let positions = selected_rows.of(selected);
        opened.local.read(chunk, selected);
        match opened.times {
            Times::Unneeded => opened.local.take(gathered, positions, When::Whenever)?,
            Times::ByRange => {
                let row_of = |position: u16| first + u32::from(position);
                opened.take_by_range(gathered, self.source, positions, row_of)?;
            }
            Times::ByRow => opened.take_by_row(gathered, selector, chunk, positions)?,
        }
        opened.selected = selected_rows;
        gathered.account(self.watch, opened.local.heap_bytes())
    }
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

/// How the bucket of a row is found.
#[derive(Clone, Copy)]
enum Times {
    /// It does not matter.
    Unneeded,
    /// By the number of the row.
    ByRange,
    /// By its time.
    ByRow,
}

/// A source some of whose rows take part, and the bucket they are in.
struct Opened<'a> {
    local: LocalStates<'a>,
    buckets: Buckets,
    times: Times,
    bucket: u32,
    /// The rows of the bucket; none before the first one.
    bucket_rows: Range<u32>,
    row_buckets: Vec<u32>,
    /// Rows of chunks of which few were selected: they are picked together with those of other such chunks.
    waiting: Vec<u32>,
    selected: SelectedRows,
}

impl<'a> Opened<'a> {
    fn new(local: LocalStates<'a>, buckets: Buckets, times: Times) -> Self {
        Self {
            local,
            buckets,
            times,
            bucket: 0,
            bucket_rows: 0..0,
            row_buckets: Vec::with_capacity(CHUNK_ROWS),
            waiting: Vec::with_capacity(CHUNK_ROWS),
            selected: SelectedRows::new(),
        }
    }

    /// Where in time the rows are that have not been moved on.
    fn when(&self) -> When<'static> {
        match self.times {
            Times::ByRange => When::Bucket(self.bucket),
            Times::Unneeded | Times::ByRow => When::Whenever,
        }
    }

    /// Takes in the rows that wait. Together they look like one chunk.
    fn take_waiting(
        &mut self,
        gathered: &mut Gathered,
        source: &Source,
        selector: &mut Selector<'_>,
    ) -> Result<(), ExecError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        let selected = std::mem::take(&mut self.selected);
        let positions = &selected.all[..waiting.len()];
        self.local.pick(&waiting);
        match self.times {
            Times::Unneeded => self.local.take(gathered, positions, When::Whenever)?,
            Times::ByRange => {
                let row_of = |position: u16| waiting[usize::from(position)];
                self.take_by_range(gathered, source, positions, row_of)?;
            }
            Times::ByRow => {
                self.find_buckets(&selector.pick_times(&waiting)?.values, positions);
                let when = When::Buckets(&self.row_buckets);
                self.local.take(gathered, positions, when)?;
            }
        }
        self.selected = selected;
        self.waiting = waiting;
        self.waiting.clear();
        Ok(())
    }

    /// Takes in rows that have been read, bucket by bucket.
    fn take_by_range(
        &mut self,
        gathered: &mut Gathered,
        source: &Source,
        mut positions: &[u16],
        row_of: impl Fn(u16) -> u32,
    ) -> Result<(), ExecError> {
        while let Some(first) = positions.first() {
            let row = row_of(*first);
            if !self.bucket_rows.contains(&row) {
                self.local.move_on(gathered, When::Bucket(self.bucket))?;
                let Some(Value::Int(time_ns)) = source.times()?.value(row) else {
                    return Ok(());
                };
                let bucket = self.buckets.of(time_ns);
                self.bucket = bucket as u32;
                self.bucket_rows = source.rows_in(self.buckets.range(bucket))?;
            }
            let inside = positions.partition_point(|at| row_of(*at) < self.bucket_rows.end);
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
        chunk: usize,
        positions: &[u16],
    ) -> Result<(), ExecError> {
        let buckets = self.buckets;
        if let Some((low, high)) = selector.time_bounds(chunk)?
            && buckets.range(buckets.of(low)).contains(high)
        {
            let bucket = buckets.of(low) as u32;
            self.row_buckets.clear();
            self.row_buckets.resize(positions.len(), bucket);
        } else {
            self.find_buckets(&selector.times(chunk)?.values, positions);
        }
        let when = When::Buckets(&self.row_buckets);
        self.local.take(gathered, positions, when)
    }

    /// Finds the bucket of each position by its time.
    fn find_buckets(&mut self, times: &[i64; CHUNK_ROWS], positions: &[u16]) {
        let buckets = self.buckets;
        // Neighbours are mostly in the same bucket, and to compare is quicker than to divide.
        let mut bucket = buckets.of(times[usize::from(positions[0])]);
        let mut range = buckets.range(bucket);
        self.row_buckets.clear();
        self.row_buckets.extend(positions.iter().map(|position| {
            let time_ns = times[usize::from(*position)];
            if !range.contains(time_ns) {
                bucket = buckets.of(time_ns);
                range = buckets.range(bucket);
            }
            bucket as u32
        }));
    }
}

/// The places of selected rows in a chunk.
#[derive(Default)]
struct SelectedRows {
    /// 0 to 1023: rows without gaps are a part of it.
    all: Box<[u16]>,
    some: Vec<u16>,
}

impl SelectedRows {
    fn new() -> Self {
        Self {
            all: (0..CHUNK_ROWS as u16).collect(),
            some: Vec::with_capacity(CHUNK_ROWS),
        }
    }

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
