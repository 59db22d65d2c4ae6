//! Events of one dataset as columns, the form in which they leave the wire, enter the log and fill the memtable.
//!
//! There are no row objects on the ingest path: a decoder writes each field straight into its column. Strings are kept with
//! immediate repeats folded, which catches resource attributes (the same value for every span of a request) for the price of one
//! comparison.

use crate::{ColumnType, Value, ValueRef};
use hashbrown::HashMap;
use std::ops::Range;

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
    /// 1 + the first row that waits for the value its rows share; 0 when they share none.
    shared_from: u32,
    texts: RecentTexts,
}

/// Where some of a column's texts are, so that most repeats are found without a hash table.
///
/// A place is overwritten by whatever falls on it, so a text may be stored twice. A column whose texts hardly repeat, such as one of
/// ids, gives up after a while.
#[derive(Clone, Debug, Default)]
struct RecentTexts {
    /// 1 + the entry, by hash; 0 for none.
    places: Vec<u32>,
    tries: u32,
    hits: u32,
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
            let column = self.column_number(name);
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

    /// Writes text; see [`put`](Self::put).
    pub fn put_str(&mut self, name: &str, value: &str) -> bool {
        let (row, expected) = (self.row, self.expected_rows);
        let Some(column) = self.claim(name, value.len()) else {
            return false;
        };
        let strings = &mut column.strings;
        reserve(&mut strings.rows, &mut strings.codes, expected);
        strings.push(row, value, &mut column.texts);
        true
    }

    /// Writes an integer; see [`put`](Self::put).
    pub fn put_int(&mut self, name: &str, value: i64) -> bool {
        let (row, expected) = (self.row, self.expected_rows);
        let Some(column) = self.claim(name, 8) else {
            return false;
        };
        let ints = &mut column.ints;
        reserve(&mut ints.rows, &mut ints.values, expected);
        ints.push(row, value);
        true
    }

    /// Writes a float; see [`put`](Self::put).
    pub fn put_float(&mut self, name: &str, value: f64) -> bool {
        let (row, expected) = (self.row, self.expected_rows);
        let Some(column) = self.claim(name, 8) else {
            return false;
        };
        let floats = &mut column.floats;
        reserve(&mut floats.rows, &mut floats.values, expected);
        floats.push(row, value);
        true
    }

    /// Writes a boolean; see [`put`](Self::put).
    pub fn put_bool(&mut self, name: &str, value: bool) -> bool {
        let (row, expected) = (self.row, self.expected_rows);
        let Some(column) = self.claim(name, 1) else {
            return false;
        };
        let bools = &mut column.bools;
        reserve(&mut bools.rows, &mut bools.values, expected);
        bools.push(row, value);
        true
    }

    /// Finishes the open row. A sample rate of 0 counts as 1.
    pub fn end_row(&mut self, timestamp_ns: i64, sample_rate: u32) {
        debug_assert!(self.row_open, "no row is open");
        self.timestamps_ns.push(timestamp_ns);
        self.sample_rates.push(sample_rate.max(1));
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

    fn claim(&mut self, name: &str, value_bytes: usize) -> Option<&mut BatchColumn> {
        let number = self.column_number(name);
        let written = self.row + 1;
        let column = &mut self.columns[number as usize];
        if column.written == written {
            return None;
        }
        column.written = written;
        if column.shared_from > 0 {
            // The rows before this one still wait for what they share.
            let shared = self.shared.iter().find(|shared| shared.column == number);
            if let Some(shared) = shared {
                column.share(&shared.value, self.row);
            }
            column.shared_from = written + 1;
        }
        self.row_columns.push(number);
        self.row_bytes += name.len() + value_bytes;
        Some(column)
    }

    fn column_number(&mut self, name: &str) -> u32 {
        let guess = match self.followers.get(self.previous as usize) {
            Some(&follower) => follower,
            None => self.first,
        };
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
                if self.columns.len() > RESERVED_COLUMNS_MAX {
                    self.expected_rows = 0;
                }
                self.index.insert(name.into(), number);
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
            shared_from: 0,
            texts: RecentTexts::default(),
        }
    }

    /// Gives the rows that wait, up to `end`, the value they share.
    fn share(&mut self, value: &Value, end: u32) {
        debug_assert!(self.shared_from > 0, "its rows share nothing");
        let rows = self.shared_from - 1..end;
        if rows.is_empty() {
            return;
        }
        match value {
            Value::String(value) => self.strings.share(rows, value),
            Value::Int(value) => self.ints.share(rows, *value),
            Value::Float(value) => self.floats.share(rows, *value),
            Value::Bool(value) => self.bools.share(rows, *value),
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

impl<T: Copy> TypedValues<T> {
    fn push(&mut self, row: u32, value: T) {
        self.rows.push(row);
        self.values.push(value);
    }

    fn share(&mut self, rows: Range<u32>, value: T) {
        self.values.extend(std::iter::repeat_n(value, rows.len()));
        self.rows.extend(rows);
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
        std::str::from_utf8(self.entry_bytes(code)).unwrap_or_default()
    }

    /// The UTF-8 of entry `code`; empty for a code that does not exist.
    pub fn entry_bytes(&self, code: u32) -> &[u8] {
        let code = code as usize;
        let Some(&end) = self.ends.get(code) else {
            return &[];
        };
        let start = if code == 0 { 0 } else { self.ends[code - 1] };
        &self.bytes[start as usize..end as usize]
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

    #[inline]
    fn push(&mut self, row: u32, value: &str, texts: &mut RecentTexts) {
        let code = match self.last_entry() == Some(value.as_bytes()) {
            true => self.last_code(),
            false => self.code(value, texts),
        };
        self.rows.push(row);
        self.codes.push(code);
    }

    fn share(&mut self, rows: Range<u32>, value: &str) {
        let code = match self.last_entry() == Some(value.as_bytes()) {
            true => self.last_code(),
            false => self.add(value),
        };
        self.codes.extend(std::iter::repeat_n(code, rows.len()));
        self.rows.extend(rows);
    }

    /// The entry of a text that is not the last one's.
    fn code(&mut self, value: &str, texts: &mut RecentTexts) -> u32 {
        let Some(place) = texts.place(value.as_bytes()) else {
            return self.add(value);
        };
        let known = texts.places[place];
        if known > 0 && self.entry_bytes(known - 1) == value.as_bytes() {
            texts.hits += 1;
            return known - 1;
        }
        let code = self.add(value);
        texts.places[place] = code + 1;
        code
    }

    fn add(&mut self, value: &str) -> u32 {
        self.bytes.extend_from_slice(value.as_bytes());
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a request body is capped far below 4 GiB"
        )]
        self.ends.push(self.bytes.len() as u32);
        self.last_code()
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "there are no more entries than bytes in a request body"
    )]
    fn last_code(&self) -> u32 {
        self.ends.len() as u32 - 1
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

impl RecentTexts {
    /// The place of a text; `None` when it is not worth looking.
    fn place(&mut self, text: &[u8]) -> Option<usize> {
        const PLACES: usize = 256;
        const TRIES: u32 = 32;
        if self.tries == TRIES && self.hits * 4 < TRIES {
            return None;
        }
        if self.tries < TRIES {
            self.tries += 1;
            if self.places.is_empty() {
                self.places = vec![0; PLACES];
            }
        }
        // The ends of a text and its length tell most texts apart.
        let (head, tail) = match text.as_chunks::<8>().0 {
            [] => (
                0,
                text.iter()
                    .fold(0, |word, &byte| word << 8 | u64::from(byte)),
            ),
            [head, ..] => (
                u64::from_le_bytes(*head),
                text.last_chunk()
                    .map_or(0, |tail| u64::from_le_bytes(*tail)),
            ),
        };
        let mixed =
            (head ^ tail.rotate_left(29) ^ text.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Some((mixed >> 56) as usize)
    }
}

/// Bytes by which a value counts.
fn value_bytes(value: &Value) -> usize {
    match value {
        Value::String(value) => value.len(),
        Value::Int(_) | Value::Float(_) => 8,
        Value::Bool(_) => 1,
    }
}

/// Makes room for the values of a column's expected rows when its first comes with the first rows.
#[inline]
fn reserve<T>(rows: &mut Vec<u32>, values: &mut Vec<T>, expected: usize) {
    if rows.capacity() == 0 && expected > 0 {
        rows.reserve(expected);
        values.reserve(expected);
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
