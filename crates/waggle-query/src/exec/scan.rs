//! One source, chunk by chunk: time, filters, groups, buckets, calculations.
//!
//! The same scan serves both passes. What differs is its [`Shape`]: whether rows are kept apart by breakdown and by time bucket,
//! which states are updated, and which heat maps are drawn.

use super::group::{GroupTable, SourceGroups};
use super::heatmap::{Grid, Scale};
use super::watch::{ExecError, Watch};
use crate::calculation::{Partial, Rows};
use crate::chunk::{Bits, ColumnReader, TypedBuffer, each_bit, is_empty, stored_bytes};
use crate::plan::{Buckets, Plan};
use std::sync::Arc;
use waggle_model::TimeRange;
use waggle_store::Source;
use waggle_store::column::{CHUNK_ROWS, CHUNK_WORDS, ChunkBuffer, Column, chunk_rows};

/// What a pass keeps apart and computes.
#[derive(Clone)]
pub(super) struct Shape {
    /// The groups to begin with: empty, or frozen.
    pub(super) groups: GroupTable,
    /// Breakdowns to group by: all of the plan's, or none.
    pub(super) is_grouped: bool,
    /// Time buckets, if cells are kept apart by them.
    pub(super) buckets: Option<Buckets>,
    /// Most places for (group, bucket).
    pub(super) cells_max: usize,
    /// Whether the calculations' states are updated.
    pub(super) has_states: bool,
    /// Heat maps to draw: column and scale.
    pub(super) maps: Vec<(usize, Scale)>,
}

/// What one thread has gathered.
pub(super) struct Gathered {
    pub(super) groups: GroupTable,
    pub(super) cells: CellTable,
    /// One per state of the plan, or none.
    pub(super) states: Vec<Box<dyn Partial>>,
    /// One per heat map of the shape.
    pub(super) grids: Vec<Grid>,
    pub(super) counters: Counters,
    /// Bytes accounted for.
    bytes: usize,
}

/// What was read.
#[derive(Clone, Copy, Default)]
pub(super) struct Counters {
    pub(super) rows_read: u64,
    pub(super) rows_matched: u64,
    pub(super) blocks_read: u64,
    pub(super) bytes_read: u64,
    pub(super) has_sample_rate: bool,
}

/// Cells numbered from 0: groups, or pairs of group and bucket in the order they were first met.
#[derive(Default)]
pub(super) struct CellTable {
    buckets: usize,
    /// Cell of `group * buckets + bucket`; [`EMPTY`] until it is met.
    slots: Vec<u32>,
    /// Group and bucket of each cell.
    pub(super) cells: Vec<(u32, u32)>,
}

const EMPTY: u32 = u32::MAX;

impl CellTable {
    fn cell(&mut self, group: u32, bucket: usize, cells_max: usize) -> Result<u32, ExecError> {
        let slot = group as usize * self.buckets + bucket;
        if slot >= self.slots.len() {
            let len = (group as usize + 1) * self.buckets;
            if len > cells_max {
                return Err(ExecError::TooManyCells);
            }
            self.slots.resize(len, EMPTY);
        }
        if self.slots[slot] == EMPTY {
            self.slots[slot] = self.cells.len() as u32;
            self.cells.push((group, bucket as u32));
        }
        Ok(self.slots[slot])
    }
}

impl Gathered {
    pub(super) fn new(plan: &Plan, shape: &Shape) -> Self {
        let states = if shape.has_states {
            plan.states
                .iter()
                .map(|state| state.calculation.start())
                .collect()
        } else {
            Vec::new()
        };
        let mut gathered = Self {
            groups: shape.groups.clone(),
            cells: CellTable {
                buckets: shape.buckets.map_or(0, |buckets| buckets.count),
                ..CellTable::default()
            },
            states,
            grids: shape
                .maps
                .iter()
                .map(|(_, scale)| Grid::new(scale, plan.buckets.count))
                .collect(),
            counters: Counters::default(),
            bytes: 0,
        };
        gathered.grow(shape);
        gathered
    }

    /// Number of cells of the states.
    pub(super) fn cell_count(&self, shape: &Shape) -> usize {
        match shape.buckets {
            Some(_) => self.cells.cells.len(),
            None => self.groups.len(),
        }
    }

    fn grow(&mut self, shape: &Shape) {
        let cells = self.cell_count(shape);
        for state in &mut self.states {
            state.grow(cells);
        }
    }

    fn account(&mut self, watch: &Watch) -> Result<(), ExecError> {
        let states: usize = self.states.iter().map(|state| state.heap_bytes()).sum();
        let bytes = states
            + self.groups.heap_bytes()
            + self.cells.slots.capacity() * size_of::<u32>()
            + self.cells.cells.capacity() * size_of::<(u32, u32)>();
        let before = std::mem::replace(&mut self.bytes, bytes);
        watch.account(before, bytes)
    }

    /// Gives the memory back.
    pub(super) fn release(self, watch: &Watch) -> Result<(), ExecError> {
        watch.account(self.bytes, 0)
    }

    /// Adds what another thread has gathered.
    pub(super) fn merge(
        &mut self,
        other: &Self,
        shape: &Shape,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        watch.check()?;
        let groups = self.groups.merge(&other.groups)?;
        let cells = match shape.buckets {
            None => groups,
            Some(_) => other
                .cells
                .cells
                .iter()
                .map(|(group, bucket)| {
                    let group = groups[*group as usize];
                    self.cells.cell(group, *bucket as usize, shape.cells_max)
                })
                .collect::<Result<_, _>>()?,
        };
        self.grow(shape);
        for (state, other) in self.states.iter_mut().zip(&other.states) {
            watch.check()?;
            state.merge(&**other, &cells);
        }
        for (grid, other) in self.grids.iter_mut().zip(&other.grids) {
            grid.merge(other);
        }
        self.counters.add(&other.counters);
        watch.account(other.bytes, 0)?;
        self.account(watch)
    }
}

impl Counters {
    fn add(&mut self, other: &Self) {
        self.rows_read += other.rows_read;
        self.rows_matched += other.rows_matched;
        self.blocks_read += other.blocks_read;
        self.bytes_read += other.bytes_read;
        self.has_sample_rate |= other.has_sample_rate;
    }
}

/// The buffers of one scan, made once per source.
struct Scan<'a> {
    plan: &'a Plan,
    shape: &'a Shape,
    readers: Vec<Option<ColumnReader>>,
    times: ChunkBuffer<i64>,
    weights: ChunkBuffer<i64>,
    groups: SourceGroups,
    positions: Vec<u16>,
    row_groups: Vec<u32>,
    row_cells: Vec<u32>,
}

/// Takes in every matching row of a source.
pub(super) fn scan(
    gathered: &mut Gathered,
    source: &Source,
    plan: &Plan,
    shape: &Shape,
    watch: &Watch,
) -> Result<(), ExecError> {
    watch.check()?;
    let rows = source.rows_in(plan.range)?;
    if rows.is_empty() {
        return Ok(());
    }
    let mut filters = plan.filters.bind(source)?;
    if filters.match_nothing() {
        return Ok(());
    }
    gathered.counters.blocks_read += u64::from(source.stored_bytes() > 0);
    let columns: Vec<Option<Arc<Column>>> = plan
        .columns
        .iter()
        .map(|name| source.column(name))
        .collect::<Result<_, _>>()?;
    let names = plan.columns.iter().map(String::as_str);
    let bytes: u64 = names
        .chain(plan.filters.columns())
        .map(|name| stored_bytes(source, name))
        .sum();
    gathered.counters.bytes_read += bytes;
    let weight_column = source.sample_rates()?;
    let checks_time = needs_time_check(source, plan.range);
    let needs_buckets = shape.buckets.is_some() || !shape.maps.is_empty();
    let time_column = match checks_time || needs_buckets {
        true => Some(source.times()?),
        false => None,
    };
    let breakdowns: Vec<Option<&Column>> = breakdowns_of(plan, shape)
        .iter()
        .map(|column| columns[*column].as_deref())
        .collect();
    let mut scan = Scan {
        plan,
        shape,
        groups: SourceGroups::new(&breakdowns, source.row_count()),
        readers: columns
            .into_iter()
            .map(|column| column.map(ColumnReader::new))
            .collect(),
        times: ChunkBuffer::default(),
        weights: ChunkBuffer::default(),
        positions: Vec::with_capacity(CHUNK_ROWS),
        row_groups: Vec::with_capacity(CHUNK_ROWS),
        row_cells: Vec::with_capacity(CHUNK_ROWS),
    };
    let chunks = rows.start as usize / CHUNK_ROWS..(rows.end as usize).div_ceil(CHUNK_ROWS);
    for chunk in chunks {
        watch.check()?;
        let (mut selected, count) = initial_selection(&rows, chunk, source.row_count());
        gathered.counters.rows_read += count;
        if let Some(times) = &time_column {
            times.read_ints(chunk, &mut scan.times);
        }
        if checks_time {
            keep_in_range(&mut selected, &scan.times, plan.range);
        }
        filters.apply(chunk, &mut selected);
        if is_empty(&selected) {
            continue;
        }
        scan.positions.clear();
        let positions = &mut scan.positions;
        each_bit(&selected, |position| positions.push(position as u16));
        let weights = match &weight_column {
            Some(column) => {
                column.read_ints(chunk, &mut scan.weights);
                let values = &scan.weights.values;
                let is_sampled = positions.iter().any(|at| values[usize::from(*at)] > 1);
                gathered.counters.has_sample_rate |= is_sampled;
                is_sampled
            }
            None => false,
        };
        gathered.counters.rows_matched += scan.positions.len() as u64;
        scan.take(gathered, chunk, weights)?;
        gathered.account(watch)?;
    }
    Ok(())
}

impl Scan<'_> {
    /// Takes in the rows at `positions`.
    fn take(
        &mut self,
        gathered: &mut Gathered,
        chunk: usize,
        has_weights: bool,
    ) -> Result<(), ExecError> {
        for reader in self.readers.iter_mut().flatten() {
            reader.read(chunk);
        }
        let breakdowns: Vec<&[TypedBuffer]> = breakdowns_of(self.plan, self.shape)
            .iter()
            .map(|column| buffers(&self.readers, *column))
            .collect();
        self.groups.groups(
            &mut gathered.groups,
            &breakdowns,
            &self.positions,
            &mut self.row_groups,
        )?;
        let cells = match &self.shape.buckets {
            None => &self.row_groups,
            Some(buckets) => {
                self.row_cells.clear();
                for (position, group) in self.positions.iter().zip(&self.row_groups) {
                    let bucket = buckets.of(self.times.values[usize::from(*position)]);
                    let cell = gathered.cells.cell(*group, bucket, self.shape.cells_max)?;
                    self.row_cells.push(cell);
                }
                &self.row_cells
            }
        };
        gathered.grow(self.shape);
        let rows = Rows {
            positions: &self.positions,
            cells,
            weights: has_weights.then_some(&*self.weights.values),
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
        for (grid, (column, scale)) in gathered.grids.iter_mut().zip(&self.shape.maps) {
            let buckets = &self.plan.buckets;
            let bucket = |position: usize| buckets.of(self.times.values[position]);
            grid.update(scale, &rows, buffers(&self.readers, *column), bucket);
        }
        Ok(())
    }
}

fn breakdowns_of<'a>(plan: &'a Plan, shape: &Shape) -> &'a [usize] {
    if shape.is_grouped {
        &plan.breakdowns
    } else {
        &[]
    }
}

fn buffers(readers: &[Option<ColumnReader>], column: usize) -> &[TypedBuffer] {
    readers[column].as_ref().map_or(&[], ColumnReader::buffers)
}

/// True when the rows that [`Source::rows_in`] gives must be looked at one by one.
pub(crate) fn needs_time_check(source: &Source, range: TimeRange) -> bool {
    let (first, last) = source.time_bounds_ns();
    let is_inside = range.contains(first) && range.contains(last);
    !source.is_time_sorted() && !is_inside
}

/// The rows of a chunk that lie in `rows`, and how many there are.
pub(crate) fn initial_selection(
    rows: &std::ops::Range<u32>,
    chunk: usize,
    row_count: u32,
) -> (Bits, u64) {
    let (first, end) = chunk_rows(chunk, row_count);
    let below = waggle_store::column::first_bits((rows.start.max(first) - first) as usize);
    let mut selected = waggle_store::column::first_bits((rows.end.min(end) - first) as usize);
    for index in 0..CHUNK_WORDS {
        selected[index] &= !below[index];
    }
    let count = selected
        .iter()
        .map(|word| u64::from(word.count_ones()))
        .sum();
    (selected, count)
}

/// Clears the bits of rows outside `range`.
pub(crate) fn keep_in_range(selected: &mut Bits, times: &ChunkBuffer<i64>, range: TimeRange) {
    for (index, word) in selected.iter_mut().enumerate() {
        let mut inside = 0;
        for (bit, time) in times.values[index * 64..][..64].iter().enumerate() {
            inside |= u64::from(range.contains(*time)) << bit;
        }
        *word &= inside;
    }
}
