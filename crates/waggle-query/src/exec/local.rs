//! One source on its way into what a thread gathers.
//!
//! Rows are taken in by the source's own cells, in states whose arrays are as small as the source's dictionaries and columns allow.
//! What they hold is moved on when a time bucket of a sorted source is through, and at the source's end: groups, cells and memory of
//! the whole pass are touched once per cell of the source, and not once per row.

use super::gathered::{CellTable, Gathered, Shape, grow_in_steps};
use super::group::SourceGroups;
use super::heatmap::{DecimalBins, Scale};
use super::watch::{ExecError, STEPS_PER_LOOK, Watch};
use crate::calculation::{Expected, Partial, Rows};
use crate::chunk::{Bits, ColumnReader, TypedBuffer, has_block_texts, number_bounds};
use crate::filter::BoundFilters;
use crate::plan::{Plan, StatePlan};
use std::ops::Range;
use std::sync::Arc;
use waggle_store::Source;
use waggle_store::column::{CHUNK_ROWS, CHUNK_WORDS, ChunkBuffer, Column, TypedColumn};

/// The columns of a source that matching rows are read from, and what they have given so far.
pub(super) struct LocalStates<'a> {
    plan: &'a Plan,
    shape: &'a Shape,
    watch: &'a Watch,
    /// One per column of the plan; `None` when the source lacks it or this pass has no use for it.
    readers: Vec<Option<ColumnReader>>,
    sample_rates: Option<Arc<TypedColumn>>,
    weights: ChunkBuffer<i64>,
    /// `None` when no calculation asks for the times of rows.
    time_column: Option<Arc<TypedColumn>>,
    times: ChunkBuffer<i64>,
    groups: SourceGroups,
    /// One per condition of the plan.
    conditions: Vec<LocalCondition<'a>>,
    /// One per heat map of the shape: its column, where that has nothing but decimals.
    decimals: Vec<Option<Decimals>>,
    /// Group and bucket of each cell, when rows of any bucket can come at any time; else cells are groups, all of one bucket.
    pairs: Option<CellTable>,
    /// Most places for pairs as long as groups are numbered by what is quickest here, which may leave many numbers without rows.
    pairs_max: usize,
    states: Vec<LocalState>,
    /// Some state is counted by rows.
    has_rows: bool,
    /// Rows are only counted: see [`Shape::counts_codes`].
    counts_codes: bool,
    /// Rows per cell; or only 1 where there are any, unless [`has_rows`](Self::has_rows).
    rows: Vec<u32>,
    cells: Vec<u32>,
    /// Room for what [`move_on`](Self::move_on) needs: cells that have rows, their groups here and in the pass, and where each goes.
    met: Vec<u32>,
    met_groups: Vec<u32>,
    globals: Vec<u32>,
    moves: Vec<(u32, u32)>,
}

/// Which rows of what was read last some calculations look at.
struct LocalCondition<'a> {
    filters: BoundFilters<'a>,
    /// By place, as positions are.
    met: Bits,
    /// Those of the rows being taken in that meet it, and their cells.
    positions: Vec<u16>,
    cells: Vec<u32>,
}

/// A column of decimals, by their integers.
struct Decimals {
    column: Arc<Column>,
    bins: DecimalBins,
    integers: ChunkBuffer<i64>,
    /// Rows were read; rows that are picked are not in `integers`.
    is_read: bool,
}

/// Pairs of group and bucket may take this many places per row of the source, and always so many. In unoptimised tests few, so that
/// small sources get there too.
const PAIRS_PER_ROW: usize = 16;
const PAIRS_MIN: usize = if cfg!(all(test, debug_assertions)) {
    64
} else {
    1 << 16
};

/// One state of the plan.
enum LocalState {
    /// Counts rows, which is done anyway.
    Rows,
    /// Knows its values' range without looking at them.
    Range(f64, f64),
    /// Has to see the rows.
    State(Box<dyn Partial>),
}

/// Where the rows of a call are in time.
#[derive(Clone, Copy)]
pub(super) enum When<'a> {
    /// It does not matter.
    Whenever,
    /// All in one bucket.
    Bucket(u32),
    /// The bucket of each row.
    Buckets(&'a [u32]),
}

impl<'a> LocalStates<'a> {
    /// Opens the columns. `rows` are those that can come, in `chunks` where those are known; when `is_whole`, they are all of the source and all will come. Unless buckets
    /// come `one_by_one`, rows of different buckets will be mixed.
    #[expect(
        clippy::too_many_arguments,
        reason = "the scan's own state, which has one caller"
    )]
    pub(super) fn new(
        source: &Source,
        plan: &'a Plan,
        shape: &'a Shape,
        gathered: &Gathered,
        rows: Range<u32>,
        chunks: Option<&[usize]>,
        is_whole: bool,
        one_by_one: bool,
        watch: &'a Watch,
    ) -> Result<Self, ExecError> {
        let mut columns: Vec<Option<Arc<Column>>> = Vec::with_capacity(plan.columns.len());
        for (index, name) in plan.columns.iter().enumerate() {
            columns.push(match shape.reads(plan, index) {
                true => match chunks {
                    Some(chunks) => source.column_in(name, chunks)?,
                    None => source.column(name)?,
                },
                false => None,
            });
        }
        let breakdowns: Vec<Option<&Column>> = shape
            .breakdowns(plan)
            .iter()
            .map(|column| columns[*column].as_deref())
            .collect();
        let row_count = rows.end - rows.start;
        let groups = SourceGroups::new(&breakdowns, row_count, &gathered.groups);
        let pairs = match shape.buckets {
            Some(buckets) if !one_by_one => Some(CellTable::new(buckets.count)),
            _ => None,
        };
        let cells = match pairs {
            Some(_) => usize::MAX,
            None => groups.len_max(&gathered.groups),
        };
        let sample_rates = source.sample_rates()?;
        let rows_at_once = match shape.buckets {
            Some(buckets) if one_by_one => {
                let (first_ns, last_ns) = source.time_bounds_ns();
                let first = buckets.of(first_ns.max(plan.range.start_ns));
                let last = buckets.of(last_ns.min(plan.range.end_ns - 1));
                row_count as usize / (last - first + 1)
            }
            _ => row_count as usize,
        };
        let states = match shape.has_states {
            true => plan.states.as_slice(),
            false => &[],
        };
        let states: Vec<LocalState> = states
            .iter()
            .map(|planned| {
                let Some(index) = planned.column else {
                    return match (&sample_rates, planned.condition) {
                        (None, None) => LocalState::Rows,
                        _ => LocalState::State(planned.start()),
                    };
                };
                let name = &plan.columns[index];
                let expected = Expected {
                    numbers: number_bounds(source, name),
                    entries: columns[index].as_deref().map_or(0, entry_count),
                    rows: rows_at_once,
                };
                let is_all =
                    is_whole && planned.condition.is_none() && !has_block_texts(source, name);
                if let (true, false, Some((min, max))) =
                    (is_all, planned.calculation.is_scalar(), expected.numbers)
                {
                    return LocalState::Range(min, max);
                }
                let mut state = planned.start();
                state.expect(cells, &expected);
                LocalState::State(state)
            })
            .collect();
        let needs_times = shape.has_states && plan.states.iter().any(StatePlan::needs_times);
        let time_column = match needs_times {
            true => Some(source.times()?),
            false => None,
        };
        let mut conditions = Vec::with_capacity(plan.conditions.len());
        for condition in &plan.conditions {
            conditions.push(LocalCondition {
                filters: condition.filters.bind(source)?,
                met: [0; CHUNK_WORDS],
                positions: Vec::new(),
                cells: Vec::new(),
            });
        }
        let decimals = shape.maps.iter();
        let decimals = decimals.map(|map| Decimals::new(columns[map.column].as_ref()?, &map.scale));
        Ok(Self {
            plan,
            shape,
            watch,
            conditions,
            decimals: decimals.collect(),
            readers: columns
                .into_iter()
                .map(|column| column.map(ColumnReader::new))
                .collect(),
            weights: ChunkBuffer::default(),
            time_column,
            times: ChunkBuffer::default(),
            groups,
            pairs,
            pairs_max: PAIRS_MIN
                .max(row_count as usize * PAIRS_PER_ROW)
                .min(shape.cells_max),
            has_rows: states.iter().any(|state| matches!(state, LocalState::Rows)),
            counts_codes: shape.counts_codes(plan) && sample_rates.is_none(),
            states,
            sample_rates,
            rows: Vec::new(),
            cells: Vec::with_capacity(CHUNK_ROWS),
            met: Vec::new(),
            met_groups: Vec::new(),
            globals: Vec::new(),
            moves: Vec::new(),
        })
    }

    /// Reads a chunk of every column that is needed. Only the selected rows of it will be taken in.
    pub(super) fn read(&mut self, chunk: usize, selected: &Bits) {
        for condition in &mut self.conditions {
            condition.met = *selected;
            condition.filters.apply(chunk, &mut condition.met);
        }
        for decimals in self.decimals.iter_mut().flatten() {
            decimals.read(chunk);
        }
        self.each_reader(|reader| _ = reader.read(chunk));
        if let Some(column) = &self.sample_rates {
            column.read_ints(chunk, &mut self.weights);
        }
        if let Some(column) = &self.time_column {
            column.read_ints(chunk, &mut self.times);
        }
    }

    /// Picks some rows of every column that is needed, as if they were one chunk.
    pub(super) fn pick(&mut self, rows: &[u32]) {
        for condition in &mut self.conditions {
            condition.pick(rows);
        }
        for decimals in self.decimals.iter_mut().flatten() {
            decimals.is_read = false;
        }
        self.each_reader(|reader| _ = reader.pick(rows));
        if let Some(column) = &self.sample_rates {
            column.pick_ints(rows, &mut self.weights);
        }
        if let Some(column) = &self.time_column {
            column.pick_ints(rows, &mut self.times);
        }
    }

    fn each_reader(&mut self, mut visit: impl FnMut(&mut ColumnReader)) {
        for (index, reader) in self.readers.iter_mut().enumerate() {
            let mut maps = self.shape.maps.iter().zip(&self.decimals);
            let is_needed = maps.any(|(map, decimals)| {
                let is_read = decimals.as_ref().is_some_and(|decimals| decimals.is_read);
                map.column == index && !is_read
            }) || self.shape.breakdowns(self.plan).contains(&index)
                || self
                    .plan
                    .states
                    .iter()
                    .zip(&self.states)
                    .any(|(planned, state)| {
                        planned.column == Some(index) && matches!(state, LocalState::State(_))
                    });
            if let (Some(reader), true) = (reader, is_needed) {
                visit(reader);
            }
        }
    }

    /// Takes in rows of what was read or picked last.
    pub(super) fn take(
        &mut self,
        gathered: &mut Gathered,
        positions: &[u16],
        when: When<'_>,
    ) -> Result<(), ExecError> {
        let rates = &self.weights.values;
        let is_sampled =
            self.sample_rates.is_some() && positions.iter().any(|at| rates[usize::from(*at)] > 1);
        gathered.counters.has_sample_rate |= is_sampled;
        gathered.counters.rows_matched += positions.len() as u64;
        if self.counts_codes && self.count_codes(positions) {
            return Ok(());
        }
        if self.shape.has_states {
            let is_found = self.find_groups(gathered, positions)?
                && self.find_cells(gathered, when, self.pairs_max)?;
            if !is_found {
                self.move_on(gathered, when)?;
                self.groups.give_up();
                self.pairs_max = self.shape.cells_max;
                self.find_groups(gathered, positions)?;
                if !self.find_cells(gathered, when, self.pairs_max)? {
                    return Err(ExecError::TooManyCells);
                }
            }
        }
        let weights = is_sampled.then_some(&*self.weights.values);
        if self.shape.has_states {
            if self.has_rows {
                for cell in &self.cells {
                    self.rows[*cell as usize] += 1;
                }
            } else {
                // That there are any is all that is asked, and quicker to note.
                for cell in &self.cells {
                    self.rows[*cell as usize] = 1;
                }
            }
            for condition in &mut self.conditions {
                condition.choose(positions, &self.cells);
            }
            for (state, planned) in self.states.iter_mut().zip(&self.plan.states) {
                let LocalState::State(state) = state else {
                    continue;
                };
                let rows = match planned.condition {
                    Some(condition) => self.conditions[condition].rows(weights),
                    None => Rows {
                        positions,
                        cells: &self.cells,
                        weights,
                    },
                };
                if rows.positions.is_empty() {
                    continue;
                }
                match planned.column.map(|column| buffers(&self.readers, column)) {
                    None => state.update(&rows, &[]),
                    // A column that the source lacks changes nothing; an empty list of buffers would mean rows, not values.
                    Some([]) => {}
                    Some(buffers) if planned.needs_times() => {
                        state.update_at(&rows, buffers, &self.times.values);
                    }
                    Some(buffers) => state.update(&rows, buffers),
                }
            }
        }
        if !gathered.grids.is_empty() {
            self.cells.clear();
            match when {
                When::Whenever => self.cells.resize(positions.len(), 0),
                When::Bucket(bucket) => self.cells.resize(positions.len(), bucket),
                When::Buckets(buckets) => self.cells.extend_from_slice(buckets),
            }
            for condition in &mut self.conditions {
                condition.choose(positions, &self.cells);
            }
            let maps = self.shape.maps.iter().zip(&self.decimals);
            for (grid, (map, decimals)) in gathered.grids.iter_mut().zip(maps) {
                let rows = match map.condition {
                    Some(condition) => self.conditions[condition].rows(weights),
                    None => Rows {
                        positions,
                        cells: &self.cells,
                        weights,
                    },
                };
                match decimals.as_ref().filter(|decimals| decimals.is_read) {
                    Some(decimals) => {
                        grid.update_decimals(&decimals.bins, &rows, &decimals.integers);
                    }
                    None => grid.update(&map.scale, &rows, buffers(&self.readers, map.column)),
                }
            }
        }
        Ok(())
    }

    /// Counts rows by their codes and does nothing else, if that is quick.
    fn count_codes(&mut self, positions: &[u16]) -> bool {
        let Some(column) = self.shape.breakdowns(self.plan).first() else {
            return false;
        };
        let rows = Rows {
            positions,
            cells: &[],
            weights: None,
        };
        let column = buffers(&self.readers, *column);
        self.groups.count(column, &rows, &mut self.rows)
    }

    fn find_groups(
        &mut self,
        gathered: &mut Gathered,
        positions: &[u16],
    ) -> Result<bool, ExecError> {
        let breakdowns: Vec<&[TypedBuffer]> = self
            .shape
            .breakdowns(self.plan)
            .iter()
            .map(|column| buffers(&self.readers, *column))
            .collect();
        let rows = Rows {
            positions,
            cells: &[],
            weights: None,
        };
        let table = &mut gathered.groups;
        let cells = &mut self.cells;
        Ok(self.groups.groups(table, &breakdowns, &rows, cells)?)
    }

    /// Makes cells of the groups of rows, and room for them. False when that takes more than so many places: then the cells mean nothing,
    /// and what was gathered must be moved on.
    fn find_cells(
        &mut self,
        gathered: &Gathered,
        when: When<'_>,
        pairs_max: usize,
    ) -> Result<bool, ExecError> {
        let count = match (&mut self.pairs, when) {
            (Some(pairs), When::Buckets(buckets)) => {
                for (cell, bucket) in self.cells.iter_mut().zip(buckets) {
                    *cell = match pairs.known(*cell, *bucket) {
                        Some(cell) => cell,
                        None => match pairs.cell(*cell, *bucket as usize, pairs_max) {
                            Err(ExecError::TooManyCells) => return Ok(false),
                            cell => cell?,
                        },
                    };
                }
                pairs.cells.len()
            }
            _ => self.groups.len(&gathered.groups),
        };
        let known = self.rows.len();
        if count > known {
            for state in &mut self.states {
                if let LocalState::State(state) = state {
                    grow_in_steps(&mut **state, known, count, self.watch)?;
                }
            }
            self.rows.resize(count, 0);
        }
        Ok(true)
    }

    /// Moves all that was taken in to the cells of the pass.
    pub(super) fn move_on(
        &mut self,
        gathered: &mut Gathered,
        when: When<'_>,
    ) -> Result<(), ExecError> {
        if self.counts_codes
            && let Some(counted) = self.groups.take_counted(&mut self.rows)
        {
            return gathered.add_counted(vec![counted], self.shape, self.watch);
        }
        self.met.clear();
        let met = (0..).zip(&self.rows).filter(|(_, rows)| **rows > 0);
        self.met.extend(met.map(|(cell, _)| cell));
        if self.met.is_empty() {
            return Ok(());
        }
        self.met_groups.clear();
        self.met_groups
            .extend(self.met.iter().map(|cell| match &self.pairs {
                Some(pairs) => pairs.cells[*cell as usize].0,
                None => *cell,
            }));
        let table = &mut gathered.groups;
        self.groups
            .globals(table, &self.met_groups, &mut self.globals, self.watch)?;
        self.moves.clear();
        let mut steps = self.watch.steps();
        for (met, global) in self.met.iter().zip(&self.globals) {
            steps.step()?;
            let bucket = match (&self.pairs, when) {
                (Some(pairs), _) => Some(pairs.cells[*met as usize].1),
                (None, When::Bucket(bucket)) => Some(bucket),
                (None, _) => None,
            };
            let cell = match bucket {
                Some(bucket) if self.shape.buckets.is_some() => {
                    gathered
                        .cells
                        .cell(*global, bucket as usize, self.shape.cells_max)?
                }
                _ => *global,
            };
            self.moves.push((*met, cell));
        }
        gathered.grow_much(self.shape, self.watch)?;
        for (state, local) in gathered.states.iter_mut().zip(&mut self.states) {
            match local {
                LocalState::Rows => {
                    for (from, to) in &self.moves {
                        let count = u64::from(self.rows[*from as usize]);
                        state.update_without_column(*to as usize, count);
                    }
                }
                // Which cell has it is all the same: the scale of a map is that of all cells.
                LocalState::Range(min, max) => {
                    state.note_range(self.moves[0].1 as usize, (*min, *max));
                }
                LocalState::State(local) => {
                    for moves in self.moves.chunks(STEPS_PER_LOOK) {
                        self.watch.check()?;
                        state.absorb(&mut **local, moves);
                    }
                }
            }
        }
        for met in &self.met {
            self.rows[*met as usize] = 0;
        }
        if let Some(pairs) = &mut self.pairs {
            pairs.clear();
        }
        Ok(())
    }

    /// Bytes of heap.
    pub(super) fn heap_bytes(&self) -> usize {
        let states = self.states.iter().map(|state| match state {
            LocalState::State(state) => state.heap_bytes(),
            LocalState::Rows | LocalState::Range(..) => 0,
        });
        states.sum::<usize>()
            + self.groups.heap_bytes()
            + self.pairs.as_ref().map_or(0, CellTable::heap_bytes)
            + self.rows.capacity() * size_of::<u32>()
    }
}

impl Decimals {
    /// `None` when the column has other values too.
    fn new(column: &Arc<Column>, scale: &Scale) -> Option<Self> {
        let [typed] = &column.types[..] else {
            return None;
        };
        Some(Self {
            bins: DecimalBins::new(scale, typed.exponent()?)?,
            column: Arc::clone(column),
            integers: ChunkBuffer::default(),
            is_read: false,
        })
    }

    fn read(&mut self, chunk: usize) {
        self.is_read = match &self.column.types[..] {
            [typed] => typed.read_decimals(chunk, &mut self.integers).is_some(),
            _ => false,
        };
    }
}

impl LocalCondition<'_> {
    /// Finds out which of some rows, perhaps of several chunks, meet it; row `i` is place `i`.
    fn pick(&mut self, rows: &[u32]) {
        self.met = [0; CHUNK_WORDS];
        let mut place = 0;
        for rows in rows.chunk_by(|left, right| chunk_of(*left) == chunk_of(*right)) {
            let mut bits = [0; CHUNK_WORDS];
            for row in rows {
                let position = *row as usize % CHUNK_ROWS;
                bits[position / 64] |= 1 << (position % 64);
            }
            self.filters.apply(chunk_of(rows[0]), &mut bits);
            for row in rows {
                let position = *row as usize % CHUNK_ROWS;
                let is_met = bits[position / 64] >> (position % 64) & 1;
                self.met[place / 64] |= is_met << (place % 64);
                place += 1;
            }
        }
    }

    /// Keeps those rows that meet it.
    fn choose(&mut self, positions: &[u16], cells: &[u32]) {
        self.positions.clear();
        self.cells.clear();
        for (position, cell) in positions.iter().zip(cells) {
            let place = usize::from(*position);
            if self.met[place / 64] >> (place % 64) & 1 == 1 {
                self.positions.push(*position);
                self.cells.push(*cell);
            }
        }
    }

    fn rows<'b>(&'b self, weights: Option<&'b [i64; CHUNK_ROWS]>) -> Rows<'b> {
        Rows {
            positions: &self.positions,
            cells: &self.cells,
            weights,
        }
    }
}

fn chunk_of(row: u32) -> usize {
    row as usize / CHUNK_ROWS
}

fn buffers(readers: &[Option<ColumnReader>], column: usize) -> &[TypedBuffer] {
    readers[column].as_ref().map_or(&[], ColumnReader::buffers)
}

fn entry_count(column: &Column) -> usize {
    let dictionaries = column.types.iter().filter_map(TypedColumn::dictionary);
    dictionaries.map(|dictionary| dictionary.len()).sum()
}
