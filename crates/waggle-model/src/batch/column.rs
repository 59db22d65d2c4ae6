//! One column of a batch and the values in it, by the type they arrived in.

use crate::{ColumnType, Value};
use std::ops::Range;

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
    pub(super) written: u32,
    /// 1 + the first row that waits for the value its rows share; 0 when they share none.
    pub(super) shared_from: u32,
    pub(super) texts: RecentTexts,
}

/// Where some of a column's texts are, so that most repeats are found without a hash table.
///
/// A place is overwritten by whatever falls on it, so a text may be stored twice. A column whose texts hardly repeat, such as one of
/// ids, gives up after a while.
#[derive(Clone, Debug, Default)]
pub(super) struct RecentTexts {
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
    pub(super) fn share(&mut self, value: &Value, end: u32) {
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
    #[inline]
    pub(super) fn push(&mut self, row: u32, value: T) {
        self.rows.push(row);
        self.values.push(value);
    }

    fn share(&mut self, rows: Range<u32>, value: T) {
        self.values.extend(std::iter::repeat_n(value, rows.len()));
        self.rows.extend(rows);
    }

    pub(super) fn pop_row(&mut self, row: u32) {
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
    pub(super) fn push(&mut self, row: u32, value: &[u8], texts: &mut RecentTexts) {
        let code = match self.last_entry() == Some(value) {
            true => self.last_code(),
            false => self.code(value, texts),
        };
        self.rows.push(row);
        self.codes.push(code);
    }

    fn share(&mut self, rows: Range<u32>, value: &str) {
        let code = match self.last_entry() == Some(value.as_bytes()) {
            true => self.last_code(),
            false => self.add(value.as_bytes()),
        };
        self.codes.extend(std::iter::repeat_n(code, rows.len()));
        self.rows.extend(rows);
    }

    /// The entry of a text that is not the last one's.
    fn code(&mut self, value: &[u8], texts: &mut RecentTexts) -> u32 {
        // Many columns have one text in all of a batch, and need no places.
        if self.ends.is_empty() {
            return self.add(value);
        }
        let Some(place) = texts.place(value) else {
            return self.add(value);
        };
        let known = texts.places[place];
        if known > 0 && self.entry_bytes(known - 1) == value {
            texts.hits += 1;
            return known - 1;
        }
        let code = self.add(value);
        texts.places[place] = code + 1;
        code
    }

    fn add(&mut self, value: &[u8]) -> u32 {
        self.bytes.extend_from_slice(value);
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
    pub(super) fn pop_row(&mut self, row: u32) {
        if self.rows.last() == Some(&row) {
            self.rows.pop();
            self.codes.pop();
        }
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
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
pub(super) fn value_bytes(value: &Value) -> usize {
    match value {
        Value::String(value) => value.len(),
        Value::Int(_) | Value::Float(_) => 8,
        Value::Bool(_) => 1,
    }
}

/// Makes room for the values of a column's expected rows when its first comes with the first rows.
#[inline]
pub(super) fn reserve<T>(rows: &mut Vec<u32>, values: &mut Vec<T>, expected: usize) {
    if rows.capacity() == 0 && expected > 0 {
        rows.reserve(expected);
        values.reserve(expected);
    }
}

pub(super) fn check_rows(rows: &[u32], values: usize, count: usize) -> Result<(), &'static str> {
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
