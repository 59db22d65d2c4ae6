//! Events of one dataset as columns, the form in which they leave the wire, enter the log and fill the memtable.
//!
//! There are no row objects on the ingest path: a decoder writes each field straight into its column. Strings are kept with
//! immediate repeats folded, which catches resource attributes (the same value for every span of a request) for the price of one
//! comparison.

use crate::{ColumnType, ValueRef};
use hashbrown::HashMap;

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
    previous: u32,
    row: u32,
    row_columns: Vec<u32>,
    row_bytes: usize,
    row_open: bool,
}

/// One column of a batch: its name and, per type that occurred, the rows that have it.
#[derive(Clone, Debug, Default)]
pub struct BatchColumn {
    /// The column's name.
    pub name: Box<str>,
    /// Values that arrived as text.
    pub strings: StringValues,
    /// Values that arrived as integers.
    pub ints: TypedValues<i64>,
    /// Values that arrived as floats.
    pub floats: TypedValues<f64>,
    /// Values that arrived as booleans.
    pub bools: TypedValues<bool>,
    /// 1 + the row that wrote last; 0 when none has.
    written: u32,
}

/// Values of one type: `values[i]` belongs to row `rows[i]`; rows ascend.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TypedValues<T> {
    /// Row numbers, ascending.
    pub rows: Vec<u32>,
    /// One value per row number.
    pub values: Vec<T>,
}

/// Text values: row `rows[i]` holds entry `codes[i]`; entry `c` is `bytes[ends[c - 1]..ends[c]]`. Entries may repeat.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StringValues {
    /// Row numbers, ascending.
    pub rows: Vec<u32>,
    /// One entry number per row number.
    pub codes: Vec<u32>,
    /// End offset of each entry in `bytes`.
    pub ends: Vec<u32>,
    /// The entries' UTF-8, one after another.
    pub bytes: Vec<u8>,
}

const NONE: u32 = u32::MAX;

impl EventBatch {
    /// Makes an empty batch for the dataset of this name.
    pub fn new(dataset: impl Into<String>) -> Self {
        Self {
            dataset: dataset.into(),
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
            previous: NONE,
            row,
            ..Self::default()
        })
    }

    /// Number of finished rows.
    pub fn len(&self) -> usize {
        self.timestamps_ns.len()
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

    /// Starts a row.
    pub fn begin_row(&mut self) {
        debug_assert!(!self.row_open, "a row is open already");
        self.row_open = true;
        self.row_columns.clear();
        self.row_bytes = 0;
        self.previous = NONE;
    }

    /// Number of distinct columns written in the open row.
    pub fn row_column_count(&self) -> usize {
        self.row_columns.len()
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

    /// Writes text; see [`put`](Self::put).
    pub fn put_str(&mut self, name: &str, value: &str) -> bool {
        let row = self.row;
        let Some(column) = self.claim(name, value.len()) else {
            return false;
        };
        column.strings.push(row, value);
        true
    }

    /// Writes an integer; see [`put`](Self::put).
    pub fn put_int(&mut self, name: &str, value: i64) -> bool {
        let row = self.row;
        let Some(column) = self.claim(name, 8) else {
            return false;
        };
        column.ints.push(row, value);
        true
    }

    /// Writes a float; see [`put`](Self::put).
    pub fn put_float(&mut self, name: &str, value: f64) -> bool {
        let row = self.row;
        let Some(column) = self.claim(name, 8) else {
            return false;
        };
        column.floats.push(row, value);
        true
    }

    /// Writes a boolean; see [`put`](Self::put).
    pub fn put_bool(&mut self, name: &str, value: bool) -> bool {
        let row = self.row;
        let Some(column) = self.claim(name, 1) else {
            return false;
        };
        column.bools.push(row, value);
        true
    }

    /// Finishes the open row. A sample rate of 0 counts as 1.
    pub fn end_row(&mut self, timestamp_ns: i64, sample_rate: u32) {
        debug_assert!(self.row_open, "no row is open");
        self.timestamps_ns.push(timestamp_ns);
        self.sample_rates.push(sample_rate.max(1));
        self.row += 1;
        self.row_open = false;
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
        }
        self.row_open = false;
    }

    fn claim(&mut self, name: &str, value_bytes: usize) -> Option<&mut BatchColumn> {
        let number = self.column_number(name);
        let written = self.row + 1;
        let column = &mut self.columns[number as usize];
        if column.written == written {
            return None;
        }
        column.written = written;
        self.row_columns.push(number);
        self.row_bytes += name.len() + value_bytes;
        Some(column)
    }

    fn column_number(&mut self, name: &str) -> u32 {
        let guess = self
            .followers
            .get(self.previous as usize)
            .copied()
            .unwrap_or(NONE);
        if let Some(column) = self.columns.get(guess as usize)
            && &*column.name == name
        {
            self.previous = guess;
            return guess;
        }
        let number = match self.index.get(name) {
            Some(&number) => number,
            None => {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a batch has far fewer than 2^32 columns: each costs a field of a bounded body"
                )]
                let number = self.columns.len() as u32;
                self.columns.push(BatchColumn {
                    name: name.into(),
                    ..BatchColumn::default()
                });
                self.index.insert(name.into(), number);
                self.followers.push(NONE);
                number
            }
        };
        if let Some(follower) = self.followers.get_mut(self.previous as usize) {
            *follower = number;
        }
        self.previous = number;
        number
    }
}

impl BatchColumn {
    /// Makes a column from its parts, as the log's replay does.
    pub fn from_parts(
        name: Box<str>,
        strings: StringValues,
        ints: TypedValues<i64>,
        floats: TypedValues<f64>,
        bools: TypedValues<bool>,
    ) -> Self {
        Self {
            name,
            strings,
            ints,
            floats,
            bools,
            written: 0,
        }
    }

    /// The types that occur in this column, most frequent first.
    pub fn types(&self) -> Vec<ColumnType> {
        let mut types: Vec<(usize, ColumnType)> = [
            (self.strings.rows.len(), ColumnType::String),
            (self.ints.rows.len(), ColumnType::Integer),
            (self.floats.rows.len(), ColumnType::Float),
            (self.bools.rows.len(), ColumnType::Boolean),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .collect();
        types.sort_by_key(|entry| std::cmp::Reverse(entry.0));
        types
            .into_iter()
            .map(|(_, column_type)| column_type)
            .collect()
    }

    /// Number of rows that have this column.
    pub fn value_count(&self) -> usize {
        self.strings.rows.len()
            + self.ints.rows.len()
            + self.floats.rows.len()
            + self.bools.rows.len()
    }
}

impl<T> TypedValues<T> {
    fn push(&mut self, row: u32, value: T) {
        self.rows.push(row);
        self.values.push(value);
    }

    fn pop_row(&mut self, row: u32) {
        if self.rows.last() == Some(&row) {
            self.rows.pop();
            self.values.pop();
        }
    }
}

impl StringValues {
    /// The text of entry `code`; empty for a code that does not exist.
    pub fn entry(&self, code: u32) -> &str {
        let code = code as usize;
        let Some(&end) = self.ends.get(code) else {
            return "";
        };
        let start = if code == 0 { 0 } else { self.ends[code - 1] };
        std::str::from_utf8(&self.bytes[start as usize..end as usize]).unwrap_or_default()
    }

    /// Number of entries.
    pub fn entry_count(&self) -> usize {
        self.ends.len()
    }

    fn last_entry(&self) -> Option<&[u8]> {
        let start = match self.ends.len() {
            0 => return None,
            1 => 0,
            count => self.ends[count - 2],
        };
        Some(&self.bytes[start as usize..])
    }

    fn push(&mut self, row: u32, value: &str) {
        if self.last_entry() != Some(value.as_bytes()) {
            self.bytes.extend_from_slice(value.as_bytes());
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a request body is capped far below 4 GiB"
            )]
            self.ends.push(self.bytes.len() as u32);
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "there are no more entries than bytes in a request body"
        )]
        let code = self.ends.len() as u32 - 1;
        self.rows.push(row);
        self.codes.push(code);
    }

    /// The entry stays: an unused one costs a few bytes, and another row may share it.
    fn pop_row(&mut self, row: u32) {
        if self.rows.last() == Some(&row) {
            self.rows.pop();
            self.codes.pop();
        }
    }

    fn check(&self) -> Result<(), &'static str> {
        let mut start = 0;
        for &end in &self.ends {
            let entry = self
                .bytes
                .get(start as usize..end as usize)
                .ok_or("string offsets do not ascend within their bytes")?;
            std::str::from_utf8(entry).map_err(|_| "a string is not UTF-8")?;
            start = end;
        }
        if start as usize != self.bytes.len() {
            return Err("string offsets do not cover their bytes");
        }
        if self
            .codes
            .iter()
            .any(|&code| code as usize >= self.ends.len())
        {
            return Err("a string code is out of range");
        }
        Ok(())
    }
}

fn check_rows(rows: &[u32], values: usize, count: usize) -> Result<(), &'static str> {
    if rows.len() != values {
        return Err("rows and values differ in number");
    }
    if rows.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err("rows do not ascend");
    }
    if rows.last().is_some_and(|&row| row as usize >= count) {
        return Err("a row is out of range");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
