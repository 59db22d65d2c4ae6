//! Events of one dataset as columns, the form in which they leave the wire, enter the log and fill the memtable.
//!
//! There are no row objects on the ingest path: a decoder writes each field straight into its column. Strings are kept with
//! immediate repeats folded, which catches resource attributes (the same value for every span of a request) for the price of one
//! comparison.

mod column;

use crate::{Value, ValueRef};
use column::{check_rows, reserve, value_bytes};
use hashbrown::HashMap;

pub use column::{BatchColumn, StringValues, TypedValues};

/// Rows of one dataset, column by column.
///
/// Rows are written one after another: [`begin_row`](Self::begin_row), any number of `put` calls, then either
/// [`end_row`](Self::end_row) or [`abort_row`](Self::abort_row). Within a row the first writer of a column wins.
#[derive(Clone, Debug, Default)]
pub struct EventBatch {
    /// The dataset's name as the client wrote it.
    pub dataset: String,
    timestamps_ns: Vec<i64>,
    sample_rates: Vec<u32>,
    columns: Vec<BatchColumn>,
    index: HashMap<Box<str>, u32, foldhash::fast::FixedState>,
    /// For each column the one that followed it in the last row: fields come in the same order in most events.
    followers: Vec<u32>,
    /// The column that came first in the last row.
    first: u32,
    previous: u32,
    row: u32,
    row_columns: Vec<u32>,
    /// Shared columns that the open row has not written itself.
    row_shared_count: usize,
    row_bytes: usize,
    bytes: u64,
    row_open: bool,
    shared: Vec<SharedColumn>,
    expected_rows: usize,
}

/// A value that rows have unless they have their own.
#[derive(Clone, Debug)]
struct SharedColumn {
    column: u32,
    value: Value,
}

/// No column.
const NONE: u32 = u32::MAX;

/// A batch reserves memory for its expected rows in so many columns at most, and for so many rows: a request must not be able to ask
/// for more than it sends.
const RESERVED_COLUMNS_MAX: usize = 128;
const RESERVED_ROWS_MAX: usize = 4_096;

impl EventBatch {
    /// Makes an empty batch for the dataset of this name.
    pub fn new(dataset: impl Into<String>) -> Self {
        Self {
            dataset: dataset.into(),
            first: NONE,
            previous: NONE,
            ..Self::default()
        }
    }

    /// Rebuilds a batch from its parts, as the log's replay does.
    ///
    /// # Errors
    /// Says what does not fit together: lengths, row order, offsets or UTF-8. The parts come from a disk.
    pub fn from_parts(
        dataset: String,
        timestamps_ns: Vec<i64>,
        sample_rates: Vec<u32>,
        columns: Vec<BatchColumn>,
    ) -> Result<Self, &'static str> {
        let count = timestamps_ns.len();
        if sample_rates.len() != count {
            return Err("timestamps and sample rates differ in number");
        }
        for column in &columns {
            check_rows(&column.strings.rows, column.strings.codes.len(), count)?;
            check_rows(&column.ints.rows, column.ints.values.len(), count)?;
            check_rows(&column.floats.rows, column.floats.values.len(), count)?;
            check_rows(&column.bools.rows, column.bools.values.len(), count)?;
            column.strings.check()?;
        }
        let row = u32::try_from(count).map_err(|_| "too many rows")?;
        Ok(Self {
            dataset,
            timestamps_ns,
            sample_rates,
            columns,
            first: NONE,
            previous: NONE,
            row,
            ..Self::default()
        })
    }

    /// Number of finished rows.
    pub fn len(&self) -> usize {
        self.timestamps_ns.len()
    }

    /// Bytes of names and values of the finished rows; 0 for a batch that was rebuilt from its parts.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// True when no row is finished.
    pub fn is_empty(&self) -> bool {
        self.timestamps_ns.is_empty()
    }

    /// Event times, one per row, nanoseconds since the Unix epoch.
    pub fn timestamps_ns(&self) -> &[i64] {
        &self.timestamps_ns
    }

    /// Sample rates, one per row, each at least 1.
    pub fn sample_rates(&self) -> &[u32] {
        &self.sample_rates
    }

    /// The columns in the order they were first written. A column may be without values if every row with it was aborted.
    pub fn columns(&self) -> &[BatchColumn] {
        &self.columns
    }

    /// Says how many rows will probably follow.
    pub fn expect_rows(&mut self, count: usize) {
        self.expected_rows = (self.len() + count).min(RESERVED_ROWS_MAX);
    }

    /// From here on every row has these values in the columns it does not write itself, until [`end_shared`](Self::end_shared) or the
    /// next call. They are written many rows at a time. Names must not repeat; values are taken as they are. A row takes them in with
    /// [`take_shared`](Self::take_shared), which every finished row must have called.
    pub fn begin_shared(&mut self, fields: &[(String, Value)]) {
        debug_assert!(!self.row_open, "a row is open");
        self.end_shared();
        for (name, value) in fields {
            let column = self.column_number(name.as_bytes());
            self.columns[column as usize].shared_from = self.row + 1;
            let value = value.clone();
            self.shared.push(SharedColumn { column, value });
        }
    }

    /// Writes what finished rows share; later rows share nothing.
    pub fn end_shared(&mut self) {
        for shared in std::mem::take(&mut self.shared) {
            let column = &mut self.columns[shared.column as usize];
            column.share(&shared.value, self.row);
            column.shared_from = 0;
        }
    }

    /// Starts a row.
    pub fn begin_row(&mut self) {
        debug_assert!(!self.row_open, "a row is open already");
        self.row_open = true;
        self.row_columns.clear();
        self.row_shared_count = 0;
        self.row_bytes = 0;
        self.previous = NONE;
    }

    /// Takes the shared values into the open row. `admit` is asked at each with the columns and bytes the row then has; when it says
    /// no, the row must be aborted.
    pub fn take_shared(&mut self, mut admit: impl FnMut(usize, usize) -> bool) {
        for shared in &self.shared {
            let column = &mut self.columns[shared.column as usize];
            if column.written == self.row + 1 {
                continue;
            }
            column.written = self.row + 1;
            self.row_shared_count += 1;
            self.row_bytes += column.name.len() + value_bytes(&shared.value);
            if !admit(
                self.row_columns.len() + self.row_shared_count,
                self.row_bytes,
            ) {
                return;
            }
        }
    }

    /// Number of distinct columns the open row has.
    pub fn row_column_count(&self) -> usize {
        self.row_columns.len() + self.row_shared_count
    }

    /// Bytes of names and values written in the open row.
    pub fn row_bytes(&self) -> usize {
        self.row_bytes
    }

    /// True when the open row has a value in this column.
    pub fn has(&self, name: &str) -> bool {
        self.index
            .get(name)
            .is_some_and(|&column| self.columns[column as usize].written == self.row + 1)
    }

    /// Writes a value; returns false, and changes nothing, when the row has this column already.
    pub fn put(&mut self, name: &str, value: ValueRef<'_>) -> bool {
        match value {
            ValueRef::String(value) => self.put_str(name, value),
            ValueRef::Int(value) => self.put_int(name, value),
            ValueRef::Float(value) => self.put_float(name, value),
            ValueRef::Bool(value) => self.put_bool(name, value),
        }
    }

    /// Writes text; see [`put`](Self::put). Name and text may be bytes of which the caller knows that they are UTF-8.
    #[inline]
    pub fn put_str(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> bool {
        let (row, expected) = (self.row, self.expected_rows);
        let value = value.as_ref();
        let Some(column) = self.claim(name.as_ref(), value.len()) else {
            return false;
        };
        let strings = &mut column.strings;
        reserve(&mut strings.rows, &mut strings.codes, expected);
        strings.push(row, value, &mut column.texts);
        true
    }

    /// Writes an integer; see [`put`](Self::put).
    #[inline]
    pub fn put_int(&mut self, name: impl AsRef<[u8]>, value: i64) -> bool {
        let (row, expected) = (self.row, self.expected_rows);
        let Some(column) = self.claim(name.as_ref(), 8) else {
            return false;
        };
        let ints = &mut column.ints;
        reserve(&mut ints.rows, &mut ints.values, expected);
        ints.push(row, value);
        true
    }

    /// Writes a float; see [`put`](Self::put).
    #[inline]
    pub fn put_float(&mut self, name: impl AsRef<[u8]>, value: f64) -> bool {
        let (row, expected) = (self.row, self.expected_rows);
        let Some(column) = self.claim(name.as_ref(), 8) else {
            return false;
        };
        let floats = &mut column.floats;
        reserve(&mut floats.rows, &mut floats.values, expected);
        floats.push(row, value);
        true
    }

    /// Writes a boolean; see [`put`](Self::put).
    #[inline]
    pub fn put_bool(&mut self, name: impl AsRef<[u8]>, value: bool) -> bool {
        let (row, expected) = (self.row, self.expected_rows);
        let Some(column) = self.claim(name.as_ref(), 1) else {
            return false;
        };
        let bools = &mut column.bools;
        reserve(&mut bools.rows, &mut bools.values, expected);
        bools.push(row, value);
        true
    }

    /// Gives every finished row this integer in a column, whatever rows have there.
    pub fn fill_int(&mut self, name: &str, value: i64) {
        debug_assert!(!self.row_open, "a row is open");
        let column = BatchColumn {
            name: name.into(),
            ints: TypedValues {
                rows: (0..self.row).collect(),
                values: vec![value; self.timestamps_ns.len()],
            },
            ..BatchColumn::default()
        };
        let mut known = self.columns.iter_mut();
        match known.find(|known| *known.name == *name) {
            Some(known) => *known = column,
            None => {
                _ = self.find_column(name.as_bytes());
                if let Some(last) = self.columns.last_mut() {
                    *last = column;
                }
            }
        }
    }

    /// Finishes the open row. A sample rate of 0 counts as 1.
    pub fn end_row(&mut self, timestamp_ns: i64, sample_rate: u32) {
        debug_assert!(self.row_open, "no row is open");
        self.timestamps_ns.push(timestamp_ns);
        self.sample_rates.push(sample_rate.max(1));
        self.bytes = self.bytes.saturating_add(self.row_bytes as u64);
        self.row += 1;
        self.row_open = false;
        if self.row == 2 {
            // Columns that come now are in few rows.
            self.expected_rows = 0;
        }
    }

    /// Takes the open row back, as if it had never begun.
    pub fn abort_row(&mut self) {
        let row = self.row;
        for &column in &self.row_columns {
            let column = &mut self.columns[column as usize];
            column.strings.pop_row(row);
            column.ints.pop_row(row);
            column.floats.pop_row(row);
            column.bools.pop_row(row);
            column.written = 0;
            if column.shared_from > 0 {
                column.shared_from = row + 1;
            }
        }
        for shared in &self.shared {
            self.columns[shared.column as usize].written = 0;
        }
        self.row_open = false;
    }

    #[inline]
    fn claim(&mut self, name: &[u8], value_bytes: usize) -> Option<&mut BatchColumn> {
        let number = self.column_number(name);
        let written = self.row + 1;
        let column = &mut self.columns[number as usize];
        if column.written == written {
            return None;
        }
        column.written = written;
        self.row_columns.push(number);
        self.row_bytes += name.len() + value_bytes;
        if column.shared_from > 0 {
            // The rows before this one still wait for what they share.
            let shared = self.shared.iter().find(|shared| shared.column == number);
            if let Some(shared) = shared {
                column.share(&shared.value, self.row);
            }
            column.shared_from = written + 1;
        }
        Some(column)
    }

    #[inline]
    fn column_number(&mut self, name: &[u8]) -> u32 {
        let guess = match self.followers.get(self.previous as usize) {
            Some(&follower) => follower,
            None => self.first,
        };
        if let Some(column) = self.columns.get(guess as usize)
            && column.name.as_bytes() == name
        {
            self.previous = guess;
            return guess;
        }
        self.find_column(name)
    }

    /// Finds or makes the column that did not follow as last time.
    #[inline(never)]
    fn find_column(&mut self, name: &[u8]) -> u32 {
        let name = String::from_utf8_lossy(name);
        let number = match self.index.get(&*name) {
            Some(&number) => number,
            None => {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a batch has far fewer than 2^32 columns: each costs a field of a bounded body"
                )]
                let number = self.columns.len() as u32;
                self.columns.push(BatchColumn {
                    name: (&*name).into(),
                    ..BatchColumn::default()
                });
                if self.columns.len() > RESERVED_COLUMNS_MAX {
                    self.expected_rows = 0;
                }
                self.index.insert((&*name).into(), number);
                self.followers.push(NONE);
                number
            }
        };
        match self.followers.get_mut(self.previous as usize) {
            Some(follower) => *follower = number,
            None => self.first = number,
        }
        self.previous = number;
        number
    }
}

#[cfg(test)]
mod tests;
