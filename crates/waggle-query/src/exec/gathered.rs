//! What a pass gathers: groups, cells and the states of the calculations in them, per thread and then merged.

mod encode;

use super::group::{CountedCodes, GroupTable};
use super::heatmap::{Grid, Scale};
use super::watch::{ExecError, STEPS_PER_LOOK, Watch};
use crate::calculation::Partial;
use crate::plan::{Buckets, Plan, StatePlan};
use waggle_store::Source;

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
    /// Heat maps to draw.
    pub(super) maps: Vec<Map>,
}

/// A heat map that a pass draws.
#[derive(Clone)]
pub(super) struct Map {
    pub(super) column: usize,
    /// As [`StatePlan::condition`](crate::plan::StatePlan::condition).
    pub(super) condition: Option<usize>,
    pub(super) scale: Scale,
}

impl Shape {
    /// True when a row's time decides where it is counted.
    pub(super) fn needs_times(&self) -> bool {
        self.buckets.is_some() || !self.maps.is_empty()
    }

    /// The breakdowns that matter here, as columns of the plan.
    pub(super) fn breakdowns<'a>(&self, plan: &'a Plan) -> &'a [usize] {
        if self.is_grouped {
            &plan.breakdowns
        } else {
            &[]
        }
    }

    /// True when all that matters of a row is its time.
    pub(super) fn only_counts(&self, plan: &Plan) -> bool {
        self.breakdowns(plan).is_empty()
            && self.maps.is_empty()
            && plan.filters.is_empty()
            && plan
                .states
                .iter()
                .all(|state| state.column.is_none() && state.condition.is_none())
    }

    /// True when all that matters of a row is the value of the only breakdown, so that a source may give the rows of each code instead
    /// of groups.
    pub(super) fn counts_codes(&self, plan: &Plan) -> bool {
        self.breakdowns(plan).len() == 1
            && self.buckets.is_none()
            && self.maps.is_empty()
            && self.has_states
            && plan
                .states
                .iter()
                .all(|state| state.column.is_none() && state.condition.is_none())
    }

    /// Bytes in a block of the columns that are needed for matching rows.
    pub(super) fn stored_bytes(&self, plan: &Plan, source: &Source) -> u64 {
        let columns = plan.columns.iter().enumerate();
        let read = columns.filter(|(index, _)| self.reads(plan, *index));
        read.map(|(_, name)| source.column_bytes(name)).sum()
    }

    /// True when a column of the plan is needed for matching rows.
    pub(super) fn reads(&self, plan: &Plan, column: usize) -> bool {
        self.breakdowns(plan).contains(&column)
            || self.maps.iter().any(|map| map.column == column)
            || (self.has_states && plan.states.iter().any(|state| state.column == Some(column)))
    }
}

/// What one thread has gathered.
pub(crate) struct Gathered {
    pub(super) groups: GroupTable,
    /// Rows that are in no group yet, because their codes were only counted: see [`counts_codes`](Shape::counts_codes).
    pub(super) counted: Vec<CountedCodes>,
    /// Bytes of the dictionaries that `counted` holds, each once: they may be nowhere else any more.
    dictionary_bytes: usize,
    pub(super) cells: CellTable,
    /// One per state of the plan, or none.
    pub(super) states: Vec<Box<dyn Partial>>,
    /// One per heat map of the shape.
    pub(super) grids: Vec<Grid>,
    pub(super) counters: Counters,
    /// Cells that the states have room for.
    grown: usize,
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

/// Counts by code may take this much memory before their groups are found: a month of blocks with many values each.
const COUNTED_BYTES_MAX: usize = 128 << 20;

impl CellTable {
    /// Makes a table without cells.
    pub(super) fn new(buckets: usize) -> Self {
        Self {
            buckets,
            ..Self::default()
        }
    }

    /// Forgets all cells.
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.cells.clear();
    }

    /// Bytes of heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u32>() + self.cells.capacity() * size_of::<(u32, u32)>()
    }

    /// The cell of a group in a bucket, if it is known.
    #[inline]
    pub(super) fn known(&self, group: u32, bucket: u32) -> Option<u32> {
        let cell = self
            .slots
            .get(group as usize * self.buckets + bucket as usize);
        cell.copied().filter(|cell| *cell != EMPTY)
    }

    /// The cell of a group in a bucket, new or known.
    pub(super) fn cell(
        &mut self,
        group: u32,
        bucket: usize,
        cells_max: usize,
    ) -> Result<u32, ExecError> {
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
            plan.states.iter().map(StatePlan::start).collect()
        } else {
            Vec::new()
        };
        let mut gathered = Self {
            groups: shape.groups.clone(),
            counted: Vec::new(),
            dictionary_bytes: 0,
            cells: CellTable::new(shape.buckets.map_or(0, |buckets| buckets.count)),
            states,
            grids: shape
                .maps
                .iter()
                .map(|map| Grid::new(&map.scale, plan.buckets.count))
                .collect(),
            counters: Counters::default(),
            grown: 0,
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

    /// Makes room for cells that have been met since.
    pub(super) fn grow(&mut self, shape: &Shape) {
        self.grown = self.cell_count(shape);
        for state in &mut self.states {
            state.grow(self.grown);
        }
    }

    /// The same when they may be many.
    pub(super) fn grow_much(&mut self, shape: &Shape, watch: &Watch) -> Result<(), ExecError> {
        let known = self.grown;
        self.grown = self.cell_count(shape);
        for state in &mut self.states {
            grow_in_steps(&mut **state, known, self.grown, watch)?;
        }
        Ok(())
    }

    /// Takes other groups and their states, in place of those it has.
    pub(super) fn put(&mut self, groups: GroupTable, states: Vec<Box<dyn Partial>>) {
        self.grown = groups.len();
        (self.groups, self.states) = (groups, states);
    }

    /// Counts so many rows of weight 1 in a cell. The states look at nothing else: see [`Shape::only_counts`].
    pub(super) fn count_rows(&mut self, shape: &Shape, cell: usize, count: u64) {
        self.grow(shape);
        for state in &mut self.states {
            state.update_without_column(cell, count);
        }
    }

    /// Tells the watch how much memory this has grown by, with that of a source on its way.
    pub(super) fn account(&mut self, watch: &Watch, source_bytes: usize) -> Result<(), ExecError> {
        let bytes = source_bytes + self.heap_bytes();
        let before = std::mem::replace(&mut self.bytes, bytes);
        watch.account(before, bytes)
    }

    /// Gives the memory back.
    pub(super) fn release(self, watch: &Watch) -> Result<(), ExecError> {
        watch.account(self.bytes, 0)
    }

    /// Takes in rows counted by the codes of a source.
    pub(super) fn add_counted(
        &mut self,
        counted: Vec<CountedCodes>,
        shape: &Shape,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        for counted in counted {
            let mut known = self.counted.iter();
            if !known.any(|known| known.has_dictionary_of(&counted)) {
                self.dictionary_bytes += counted.dictionary().heap_bytes();
            }
            self.counted.push(counted);
        }
        let bytes: usize = self.counted.iter().map(CountedCodes::heap_bytes).sum();
        // Blocks repeat texts: settled, each is held once.
        let more = self.heap_bytes().saturating_sub(self.bytes);
        match bytes > COUNTED_BYTES_MAX || !watch.leaves_half(more) {
            true => self.settle(shape, watch),
            false => Ok(()),
        }
    }

    /// Finds the groups of all that was counted by codes.
    pub(super) fn settle(&mut self, shape: &Shape, watch: &Watch) -> Result<(), ExecError> {
        let mut rows = Vec::new();
        // Those of which the groups need texts are counted there.
        self.dictionary_bytes = 0;
        for counted in std::mem::take(&mut self.counted) {
            rows.clear();
            let groups = &mut self.groups;
            groups.adopt_counted(&counted, watch, |group, count| rows.push((group, count)))?;
            self.grow_much(shape, watch)?;
            self.add_rows(shape, &rows);
        }
        Ok(())
    }

    /// Counts rows of weight 1 in groups, of which some may be new.
    fn add_rows(&mut self, shape: &Shape, rows: &[(u32, u64)]) {
        self.grow(shape);
        for state in &mut self.states {
            for (group, count) in rows {
                state.update_without_column(*group as usize, *count);
            }
        }
    }

    /// Codes that were counted.
    pub(super) fn counted_len(&self) -> usize {
        self.counted.iter().map(CountedCodes::len).sum()
    }

    /// Moves here what another thread has gathered.
    pub(super) fn absorb(
        &mut self,
        mut other: Self,
        shape: &Shape,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        let cells = self.meet_cells(&other, 0, shape, watch)?;
        let moves: Vec<(u32, u32)> = (0..).zip(cells).collect();
        for (state, other) in self.states.iter_mut().zip(&mut other.states) {
            for moves in moves.chunks(STEPS_PER_LOOK) {
                watch.check()?;
                state.absorb(&mut **other, moves);
            }
        }
        self.add_counted(std::mem::take(&mut other.counted), shape, watch)?;
        self.add_rest(&other, 0, watch)
    }

    /// Adds what was gathered for another range and is [settled](Self::settle): its bucket 0 is bucket `shift` here, and what it counted
    /// lies in this range.
    pub(super) fn merge_shifted(
        &mut self,
        other: &Self,
        shift: i64,
        shape: &Shape,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        let cells = self.meet_cells(other, shift, shape, watch)?;
        for (state, other) in self.states.iter_mut().zip(&other.states) {
            merge_in_steps(&mut **state, &**other, 0, &cells, watch)?;
        }
        self.add_rest(other, shift, watch)
    }

    /// The cell here of each of another's cells, with room for its state.
    fn meet_cells(
        &mut self,
        other: &Self,
        shift: i64,
        shape: &Shape,
        watch: &Watch,
    ) -> Result<Vec<u32>, ExecError> {
        watch.check()?;
        let groups = self.groups.merge(&other.groups, watch)?;
        let mut steps = watch.steps();
        let cells = match shape.buckets {
            None => groups,
            Some(_) => other
                .cells
                .cells
                .iter()
                .map(|(group, bucket)| {
                    steps.step()?;
                    let group = groups[*group as usize];
                    let bucket = (i64::from(*bucket) + shift) as usize;
                    self.cells.cell(group, bucket, shape.cells_max)
                })
                .collect::<Result<_, _>>()?,
        };
        self.grow_much(shape, watch)?;
        Ok(cells)
    }

    /// Adds all but the states.
    fn add_rest(&mut self, other: &Self, shift: i64, watch: &Watch) -> Result<(), ExecError> {
        for (grid, other) in self.grids.iter_mut().zip(&other.grids) {
            grid.merge(other, shift);
        }
        self.counters.add(&other.counters);
        watch.account(other.bytes, 0)?;
        self.account(watch, 0)
    }
}

impl Gathered {
    /// What is worth keeping of a settled state for another query that asks the same, and the bytes of it. It no longer belongs to the
    /// memory of a query or to a source, and says that no rows were read for it, which is true wherever it is found again.
    pub(super) fn kept(mut self) -> Result<(Self, usize), ExecError> {
        self.cells.slots = Vec::new();
        self.cells.cells.shrink_to_fit();
        self.groups.leave_sources()?;
        self.counters = Counters {
            rows_matched: self.counters.rows_matched,
            has_sample_rate: self.counters.has_sample_rate,
            ..Counters::default()
        };
        self.bytes = 0;
        let bytes = size_of::<Self>() + self.heap_bytes();
        Ok((self, bytes))
    }

    /// Bytes accounted for.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes on the bytes that another has accounted for.
    pub(super) fn replace(&mut self, other: &Self, watch: &Watch) -> Result<(), ExecError> {
        self.bytes += other.bytes;
        self.account(watch, 0)
    }

    fn heap_bytes(&self) -> usize {
        let states: usize = self.states.iter().map(|state| state.heap_bytes()).sum();
        let grids: usize = self.grids.iter().map(Grid::heap_bytes).sum();
        let counted: usize = self.counted.iter().map(CountedCodes::heap_bytes).sum();
        states
            + grids
            + counted
            + self.dictionary_bytes
            + self.groups.heap_bytes()
            + self.cells.heap_bytes()
    }
}

/// Makes room for `cells` cells where there is some for `known`. New memory costs far more than to fill it where the machine has to be
/// asked for each page.
pub(super) fn grow_in_steps(
    state: &mut dyn Partial,
    known: usize,
    cells: usize,
    watch: &Watch,
) -> Result<(), ExecError> {
    watch.check()?;
    // Exact room for every few more would move all that is there each time.
    let more = cells.saturating_sub(known);
    if more > STEPS_PER_LOOK && more > known / 2 {
        state.reserve(cells);
    }
    let steps = (known..cells).step_by(STEPS_PER_LOOK).skip(1);
    for cells in steps.chain([cells]) {
        watch.check()?;
        state.grow(cells);
    }
    Ok(())
}

/// Adds cell `first + index` of `other` to cell `cells[index]`, where that is one.
pub(super) fn merge_in_steps(
    state: &mut dyn Partial,
    other: &dyn Partial,
    first: usize,
    cells: &[u32],
    watch: &Watch,
) -> Result<(), ExecError> {
    for (step, cells) in cells.chunks(STEPS_PER_LOOK).enumerate() {
        watch.check()?;
        state.merge(other, first + step * STEPS_PER_LOOK, cells);
    }
    Ok(())
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

#[cfg(test)]
mod tests;
