//! A few ten thousand rows as plain columns: what a batch becomes in memory and what queries read until it is a block.

mod rows;
mod texts;

use crate::column::{Column, Presence, TypedColumn, Values};
use hashbrown::HashMap;
use rows::Rows;
use std::sync::Arc;
use texts::Texts;
use waggle_model::{BatchColumn, DatasetId, EventBatch};

/// Rows of one dataset being collected.
#[derive(Clone, Debug)]
pub struct RunBuilder {
    dataset: DatasetId,
    timestamps_ns: Vec<i64>,
    sample_rates: Vec<u32>,
    columns: HashMap<Box<str>, ColumnBuilder, foldhash::fast::FixedState>,
    heap_bytes: usize,
}

/// An immutable run of rows, in the order of their arrival.
#[derive(Debug)]
pub struct Run {
    dataset: DatasetId,
    row_count: u32,
    time_bounds_ns: (i64, i64),
    times: Arc<TypedColumn>,
    sample_rates: Arc<TypedColumn>,
    columns: HashMap<Box<str>, Arc<Column>, foldhash::fast::FixedState>,
    heap_bytes: usize,
}

/// A column being collected. When a run is taken the memory stays, for the next one.
#[derive(Clone, Debug, Default)]
struct ColumnBuilder {
    strings: (Rows, Texts),
    ints: (Rows, Vec<i64>),
    floats: (Rows, Vec<f64>),
    bools: (Rows, Vec<bool>),
}

impl RunBuilder {
    /// Makes an empty run of a dataset.
    pub fn new(dataset: DatasetId) -> Self {
        Self {
            dataset,
            timestamps_ns: Vec::new(),
            sample_rates: Vec::new(),
            columns: HashMap::default(),
            heap_bytes: 0,
        }
    }

    /// The dataset of all rows.
    pub fn dataset(&self) -> DatasetId {
        self.dataset
    }

    /// Number of rows so far.
    pub fn row_count(&self) -> usize {
        self.timestamps_ns.len()
    }

    /// Bytes of heap so far, roughly.
    pub fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }

    /// Appends all rows of a batch.
    pub fn append(&mut self, batch: &EventBatch) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a run is sealed far below 2^32 rows"
        )]
        let first_row = self.timestamps_ns.len() as u32;
        self.timestamps_ns.extend_from_slice(batch.timestamps_ns());
        self.sample_rates.extend_from_slice(batch.sample_rates());
        let mut heap_bytes = batch.len() * 12;
        for column in batch.columns() {
            if column.value_count() == 0 {
                continue;
            }
            let builder = match self.columns.get_mut(&column.name) {
                Some(builder) => builder,
                None => self.columns.entry(column.name.clone()).or_default(),
            };
            heap_bytes += builder.append(column, first_row, batch.len());
        }
        self.heap_bytes += heap_bytes;
    }

    /// Makes the run immutable.
    pub fn seal(mut self) -> Run {
        self.take()
    }

    /// The rows so far as an immutable run; the builder starts over in the same memory.
    pub(crate) fn take(&mut self) -> Run {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a run is sealed far below 2^32 rows"
        )]
        let row_count = self.timestamps_ns.len() as u32;
        let first = self.timestamps_ns.iter().min().copied().unwrap_or_default();
        let last = self.timestamps_ns.iter().max().copied().unwrap_or_default();
        let sample_rates = self.sample_rates.iter().map(|rate| i64::from(*rate));
        let all = |values: Arc<[i64]>| {
            let values = Values::Ints(values);
            Arc::new(TypedColumn::new(row_count, Presence::All, values))
        };
        let run = Run {
            dataset: self.dataset,
            row_count,
            time_bounds_ns: (first, last),
            times: all(Arc::from(&*self.timestamps_ns)),
            sample_rates: all(sample_rates.collect()),
            columns: self
                .columns
                .iter_mut()
                .filter_map(|(name, builder)| {
                    Some((name.clone(), Arc::new(builder.take(row_count)?)))
                })
                .collect(),
            heap_bytes: self.heap_bytes,
        };
        self.timestamps_ns.clear();
        self.sample_rates.clear();
        self.heap_bytes = 0;
        run
    }
}

impl ColumnBuilder {
    /// Returns the bytes it grew by.
    fn append(&mut self, column: &BatchColumn, first_row: u32, row_count: usize) -> usize {
        let BatchColumn {
            strings,
            ints,
            floats,
            bools,
            ..
        } = column;
        let mut grown = 0;
        if !strings.rows.is_empty() {
            grown += self.strings.0.extend(&strings.rows, first_row, row_count);
            grown += self.strings.1.extend(strings);
        }
        if !ints.rows.is_empty() {
            grown += self.ints.0.extend(&ints.rows, first_row, row_count);
            self.ints.1.extend_from_slice(&ints.values);
        }
        if !floats.rows.is_empty() {
            grown += self.floats.0.extend(&floats.rows, first_row, row_count);
            self.floats.1.extend_from_slice(&floats.values);
        }
        if !bools.rows.is_empty() {
            grown += self.bools.0.extend(&bools.rows, first_row, row_count);
            self.bools.1.extend_from_slice(&bools.values);
        }
        grown + size_of_val(&*ints.values) + size_of_val(&*floats.values) + bools.values.len()
    }

    /// The column so far; `None` without values.
    fn take(&mut self, row_count: u32) -> Option<Column> {
        let mut types = Vec::with_capacity(1);
        if let Some(presence) = self.strings.0.take(row_count) {
            types.push(TypedColumn::new(row_count, presence, self.strings.1.take()));
        }
        if let Some(presence) = self.ints.0.take(row_count) {
            let values = Values::Ints(taken(&mut self.ints.1));
            types.push(TypedColumn::new(row_count, presence, values));
        }
        if let Some(presence) = self.floats.0.take(row_count) {
            let values = Values::Floats(taken(&mut self.floats.1));
            types.push(TypedColumn::new(row_count, presence, values));
        }
        if let Some(presence) = self.bools.0.take(row_count) {
            let values = Values::Bools(taken(&mut self.bools.1));
            types.push(TypedColumn::new(row_count, presence, values));
        }
        (!types.is_empty()).then_some(Column { types })
    }
}

/// Copies the values out and leaves their memory.
fn taken<T: Copy>(values: &mut Vec<T>) -> Arc<[T]> {
    let taken = Arc::from(&**values);
    values.clear();
    taken
}

impl Run {
    /// The dataset of all rows.
    pub fn dataset(&self) -> DatasetId {
        self.dataset
    }

    /// Number of rows.
    pub fn row_count(&self) -> u32 {
        self.row_count
    }

    /// Smallest and largest time, both included.
    pub fn time_bounds_ns(&self) -> (i64, i64) {
        self.time_bounds_ns
    }

    /// Event times, an integer column without gaps, in no order.
    pub fn times(&self) -> &Arc<TypedColumn> {
        &self.times
    }

    /// Sample rates, an integer column without gaps.
    pub fn sample_rates(&self) -> &Arc<TypedColumn> {
        &self.sample_rates
    }

    /// A column by name.
    pub fn column(&self, name: &str) -> Option<&Arc<Column>> {
        self.columns.get(name)
    }

    /// The same rows without a column; everything else is shared.
    pub(crate) fn without(&self, name: &str) -> Self {
        let mut columns = self.columns.clone();
        columns.remove(name);
        Self {
            dataset: self.dataset,
            row_count: self.row_count,
            time_bounds_ns: self.time_bounds_ns,
            times: Arc::clone(&self.times),
            sample_rates: Arc::clone(&self.sample_rates),
            columns,
            heap_bytes: self.heap_bytes,
        }
    }

    /// Every column, in no order.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &Arc<Column>)> {
        self.columns.iter().map(|(name, column)| (&**name, column))
    }

    /// Bytes of heap, roughly.
    pub fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }
}

#[cfg(test)]
mod tests;
