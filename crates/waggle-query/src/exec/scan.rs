//! One source, chunk by chunk: time, filters, groups, buckets, calculations.
//!
//! The same scan serves both passes; what differs is its [`Shape`]. Columns other than those of the filters are opened when the first
//! row has passed them.

use super::gathered::{Gathered, Shape};
use super::group::SourceGroups;
use super::parallel::Pieces;
use super::select::Selector;
use super::watch::{ExecError, Watch};
use crate::calculation::Rows;
use crate::chunk::{ColumnReader, TypedBuffer, each_bit, is_empty, stored_bytes};
use crate::plan::Plan;
use std::sync::Arc;
use waggle_store::Source;
use waggle_store::column::{CHUNK_ROWS, ChunkBuffer, Column, TypedColumn};

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
    if can_count(source, plan, shape, &selector)? {
        if pieces.take_all().is_some() {
            count(gathered, source, &selector, shape, watch)?;
        }
        return Ok(());
    }
    let mut opened = None;
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
                empty => empty.insert(OpenSource::new(source, pieces, plan, shape, gathered)?),
            };
            opened.positions.clear();
            each_bit(&selected, |position| {
                opened.positions.push(position as u16);
            });
            if shape.needs_times() {
                opened.read_buckets(&mut selector, chunk)?;
            }
            opened.take(gathered, chunk)?;
            gathered.account(watch)?;
        }
        watch.add_rows_read(gathered.counters.rows_read - rows_before);
    }
    Ok(())
}

/// True when rows can be counted without reading them: where times ascend, the rows of a bucket are those between two places.
fn can_count(
    source: &Source,
    plan: &Plan,
    shape: &Shape,
    selector: &Selector<'_>,
) -> Result<bool, ExecError> {
    let is_counted = source.is_time_sorted() && shape.only_counts(plan);
    if !is_counted || source.sample_rates()?.is_some() {
        return Ok(false);
    }
    let Some(buckets) = &shape.buckets else {
        return Ok(true);
    };
    let (first_ns, last_ns) = selector.source_bounds();
    let searches = buckets.of(last_ns) - buckets.of(first_ns);
    Ok(searches * ROWS_PER_SEARCH <= selector.rows().len())
}

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
    gathered.account(watch)
}

/// The columns of a source that matching rows are read from, and the buffers for it.
struct OpenSource<'a> {
    plan: &'a Plan,
    shape: &'a Shape,
    /// One per column of the plan; `None` when the source lacks it or this pass has no use for it.
    readers: Vec<Option<ColumnReader>>,
    sample_rates: Option<Arc<TypedColumn>>,
    groups: SourceGroups,
    weights: ChunkBuffer<i64>,
    positions: Vec<u16>,
    row_groups: Vec<u32>,
    row_buckets: Vec<u32>,
    row_cells: Vec<u32>,
}

impl<'a> OpenSource<'a> {
    fn new(
        source: &Source,
        pieces: &Pieces,
        plan: &'a Plan,
        shape: &'a Shape,
        gathered: &mut Gathered,
    ) -> Result<Self, ExecError> {
        let is_first_opener = pieces.is_first_opener();
        let mut columns: Vec<Option<Arc<Column>>> = Vec::with_capacity(plan.columns.len());
        for (index, name) in plan.columns.iter().enumerate() {
            columns.push(match shape.reads(plan, index) {
                true => {
                    if is_first_opener {
                        gathered.counters.bytes_read += stored_bytes(source, name);
                    }
                    source.column(name)?
                }
                false => None,
            });
        }
        let breakdowns: Vec<Option<&Column>> = shape
            .breakdowns(plan)
            .iter()
            .map(|column| columns[*column].as_deref())
            .collect();
        Ok(Self {
            plan,
            shape,
            groups: SourceGroups::new(&breakdowns, source.row_count()),
            readers: columns
                .into_iter()
                .map(|column| column.map(ColumnReader::new))
                .collect(),
            sample_rates: source.sample_rates()?,
            weights: ChunkBuffer::default(),
            positions: Vec::with_capacity(CHUNK_ROWS),
            row_groups: Vec::with_capacity(CHUNK_ROWS),
            row_buckets: Vec::with_capacity(CHUNK_ROWS),
            row_cells: Vec::with_capacity(CHUNK_ROWS),
        })
    }

    /// Finds the bucket of each of `positions`, without reading times when the whole chunk is in one.
    fn read_buckets(&mut self, selector: &mut Selector<'_>, chunk: usize) -> Result<(), ExecError> {
        let buckets = &self.plan.buckets;
        self.row_buckets.clear();
        if let Some((low, high)) = selector.time_bounds(chunk)?
            && buckets.range(buckets.of(low)).contains(high)
        {
            let bucket = buckets.of(low) as u32;
            self.row_buckets.resize(self.positions.len(), bucket);
            return Ok(());
        }
        let times = &selector.times(chunk)?.values;
        // Neighbours are mostly in the same bucket, and to compare is quicker than to divide.
        let mut bucket = buckets.of(times[usize::from(self.positions[0])]);
        let mut range = buckets.range(bucket);
        self.row_buckets
            .extend(self.positions.iter().map(|position| {
                let time_ns = times[usize::from(*position)];
                if !range.contains(time_ns) {
                    bucket = buckets.of(time_ns);
                    range = buckets.range(bucket);
                }
                bucket as u32
            }));
        Ok(())
    }

    /// Takes in the rows at `positions`. Their buckets are there if the shape needs them.
    fn take(&mut self, gathered: &mut Gathered, chunk: usize) -> Result<(), ExecError> {
        for reader in self.readers.iter_mut().flatten() {
            reader.read(chunk);
        }
        let is_sampled = self.read_weights(chunk);
        gathered.counters.has_sample_rate |= is_sampled;
        gathered.counters.rows_matched += self.positions.len() as u64;
        let breakdowns: Vec<&[TypedBuffer]> = self
            .shape
            .breakdowns(self.plan)
            .iter()
            .map(|column| buffers(&self.readers, *column))
            .collect();
        self.groups.groups(
            &mut gathered.groups,
            &breakdowns,
            &self.positions,
            &mut self.row_groups,
        )?;
        let cells = match self.shape.buckets {
            Some(_) => {
                self.row_cells.clear();
                for (group, bucket) in self.row_groups.iter().zip(&self.row_buckets) {
                    let cell = match gathered.cells.known(*group, *bucket) {
                        Some(cell) => cell,
                        None => {
                            let cells_max = self.shape.cells_max;
                            gathered.cells.cell(*group, *bucket as usize, cells_max)?
                        }
                    };
                    self.row_cells.push(cell);
                }
                &self.row_cells
            }
            None => &self.row_groups,
        };
        gathered.grow(self.shape);
        let rows = Rows {
            positions: &self.positions,
            cells,
            weights: is_sampled.then_some(&*self.weights.values),
        };
        for (state, planned) in gathered.states.iter_mut().zip(&self.plan.states) {
            match planned.column {
                None => state.update(&rows, &[]),
                // A column that the source lacks changes nothing; an empty list of buffers would mean rows, not values.
                Some(column) => match buffers(&self.readers, column) {
                    [] => {}
                    buffers => state.update(&rows, buffers),
                },
            }
        }
        let rows = Rows {
            cells: &self.row_buckets,
            ..rows
        };
        for (grid, (column, scale)) in gathered.grids.iter_mut().zip(&self.shape.maps) {
            grid.update(scale, &rows, buffers(&self.readers, *column));
        }
        Ok(())
    }

    /// Reads the sample rates; true when a row at `positions` stands for more than one.
    fn read_weights(&mut self, chunk: usize) -> bool {
        let Some(column) = &self.sample_rates else {
            return false;
        };
        column.read_ints(chunk, &mut self.weights);
        let rates = &self.weights.values;
        self.positions.iter().any(|at| rates[usize::from(*at)] > 1)
    }
}

fn buffers(readers: &[Option<ColumnReader>], column: usize) -> &[TypedBuffer] {
    readers[column].as_ref().map_or(&[], ColumnReader::buffers)
}
