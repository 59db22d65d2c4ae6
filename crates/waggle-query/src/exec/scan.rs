//! One source, chunk by chunk: time, filters, groups, buckets, calculations.
//!
//! The same scan serves both passes; what differs is its [`Shape`]. Columns other than those of the filters are opened when the first
//! row has passed them.

use super::gathered::{Gathered, Shape};
use super::group::SourceGroups;
use super::select::Selector;
use super::watch::{ExecError, Watch};
use crate::calculation::Rows;
use crate::chunk::{ColumnReader, TypedBuffer, each_bit, is_empty, stored_bytes};
use crate::plan::Plan;
use std::sync::Arc;
use waggle_store::Source;
use waggle_store::column::{CHUNK_ROWS, ChunkBuffer, Column, TypedColumn};

/// Takes in every matching row of a source.
pub(super) fn scan(
    gathered: &mut Gathered,
    source: &Source,
    plan: &Plan,
    shape: &Shape,
    watch: &Watch,
) -> Result<(), ExecError> {
    watch.check()?;
    let Some(mut selector) = Selector::new(source, plan.range, &plan.filters)? else {
        return Ok(());
    };
    gathered.counters.blocks_read += u64::from(source.stored_bytes() > 0);
    gathered.counters.bytes_read += selector.stored_bytes();
    let mut opened = None;
    for chunk in selector.chunks() {
        watch.check()?;
        let (selected, rows_read) = selector.select(chunk)?;
        gathered.counters.rows_read += rows_read;
        if is_empty(&selected) {
            continue;
        }
        let opened = match &mut opened {
            Some(opened) => opened,
            empty => empty.insert(OpenSource::new(source, plan, shape, gathered)?),
        };
        opened.positions.clear();
        each_bit(&selected, |position| {
            opened.positions.push(position as u16);
        });
        let times = match shape.needs_times() {
            true => Some(selector.times(chunk)?),
            false => None,
        };
        opened.take(gathered, chunk, times)?;
        gathered.account(watch)?;
    }
    Ok(())
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
    row_cells: Vec<u32>,
}

impl<'a> OpenSource<'a> {
    fn new(
        source: &Source,
        plan: &'a Plan,
        shape: &'a Shape,
        gathered: &mut Gathered,
    ) -> Result<Self, ExecError> {
        let mut columns: Vec<Option<Arc<Column>>> = Vec::with_capacity(plan.columns.len());
        for (index, name) in plan.columns.iter().enumerate() {
            columns.push(match shape.reads(plan, index) {
                true => {
                    gathered.counters.bytes_read += stored_bytes(source, name);
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
            row_cells: Vec::with_capacity(CHUNK_ROWS),
        })
    }

    /// Takes in the rows at `positions`. The times are there if the shape needs them.
    fn take(
        &mut self,
        gathered: &mut Gathered,
        chunk: usize,
        times: Option<&ChunkBuffer<i64>>,
    ) -> Result<(), ExecError> {
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
        let cells = match (&self.shape.buckets, times) {
            (Some(buckets), Some(times)) => {
                self.row_cells.clear();
                for (position, group) in self.positions.iter().zip(&self.row_groups) {
                    let bucket = buckets.of(times.values[usize::from(*position)]);
                    let cell = gathered.cells.cell(*group, bucket, self.shape.cells_max)?;
                    self.row_cells.push(cell);
                }
                &self.row_cells
            }
            _ => &self.row_groups,
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
        if let Some(times) = times {
            let buckets = &self.plan.buckets;
            for (grid, (column, scale)) in gathered.grids.iter_mut().zip(&self.shape.maps) {
                let bucket = |position: usize| buckets.of(times.values[position]);
                grid.update(scale, &rows, buffers(&self.readers, *column), bucket);
            }
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
