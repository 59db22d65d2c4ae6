//! A few ten thousand rows as plain columns: what a batch becomes in memory and what queries read until it is a block.

use crate::column::{Codes, Column, Dictionary, Interner, Presence, TypedColumn, Values};
use hashbrown::HashMap;
use std::sync::Arc;
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

#[derive(Clone, Debug, Default)]
struct ColumnBuilder {
    strings: (Vec<u32>, Vec<u32>, Interner),
    ints: (Vec<u32>, Vec<i64>),
    floats: (Vec<u32>, Vec<f64>),
    bools: (Vec<u32>, Vec<bool>),
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
            heap_bytes += builder.append(column, first_row);
        }
        self.heap_bytes += heap_bytes;
    }

    /// Makes the run immutable.
    pub fn seal(self) -> Run {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a run is sealed far below 2^32 rows"
        )]
        let row_count = self.timestamps_ns.len() as u32;
        let first = self.timestamps_ns.iter().min().copied().unwrap_or_default();
        let last = self.timestamps_ns.iter().max().copied().unwrap_or_default();
        let sample_rates: Vec<i64> = self
            .sample_rates
            .iter()
            .map(|rate| i64::from(*rate))
            .collect();
        let all = |values: Vec<i64>| {
            Arc::new(TypedColumn::new(
                row_count,
                Presence::All,
                Values::Ints(values.into()),
            ))
        };
        Run {
            dataset: self.dataset,
            row_count,
            time_bounds_ns: (first, last),
            times: all(self.timestamps_ns),
            sample_rates: all(sample_rates),
            columns: self
                .columns
                .into_iter()
                .map(|(name, builder)| (name, Arc::new(builder.seal(row_count))))
                .collect(),
            heap_bytes: self.heap_bytes,
        }
    }
}

impl ColumnBuilder {
    /// Returns the bytes it grew by.
    fn append(&mut self, column: &BatchColumn, first_row: u32) -> usize {
        let (rows, codes, interner) = &mut self.strings;
        let before = interner.heap_bytes();
        let known: Vec<u32> = (0..column.strings.entry_count())
            .map(|entry| interner.intern(column.strings.entry(entry as u32)))
            .collect();
        rows.extend(column.strings.rows.iter().map(|row| first_row + row));
        codes.extend(
            column
                .strings
                .codes
                .iter()
                .map(|code| known[*code as usize]),
        );
        let grown = interner.heap_bytes() - before;

        append_values(
            &mut self.ints,
            &column.ints.rows,
            &column.ints.values,
            first_row,
        );
        append_values(
            &mut self.floats,
            &column.floats.rows,
            &column.floats.values,
            first_row,
        );
        append_values(
            &mut self.bools,
            &column.bools.rows,
            &column.bools.values,
            first_row,
        );
        grown
            + column.strings.rows.len() * 8
            + column.ints.rows.len() * 12
            + column.floats.rows.len() * 12
            + column.bools.rows.len() * 5
    }

    fn seal(self, row_count: u32) -> Column {
        let mut types = Vec::with_capacity(1);
        let mut add = |rows: Vec<u32>, values: Values| {
            if !rows.is_empty() {
                let presence = if rows.len() == row_count as usize {
                    Presence::All
                } else {
                    Presence::Rows(rows.into())
                };
                types.push(TypedColumn::new(row_count, presence, values));
            }
        };
        let (rows, codes, interner) = self.strings;
        let dictionary: Arc<Dictionary> = Arc::new(interner.into_dictionary());
        add(
            rows,
            Values::Strings {
                codes: Codes::Plain(codes.into()),
                dictionary,
            },
        );
        add(self.ints.0, Values::Ints(self.ints.1.into()));
        add(self.floats.0, Values::Floats(self.floats.1.into()));
        add(self.bools.0, Values::Bools(self.bools.1.into()));
        Column { types }
    }
}

fn append_values<T: Copy>(to: &mut (Vec<u32>, Vec<T>), rows: &[u32], values: &[T], first_row: u32) {
    to.0.extend(rows.iter().map(|row| first_row + row));
    to.1.extend_from_slice(values);
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
