//! Columns as queries read them: chunk by chunk, the same way from a block and from a memtable run.
//!
//! A column holds one [`TypedColumn`] per type that occurs; a row has a value in at most one of them. Values are read 1024 rows at a
//! time into a caller's [`ChunkBuffer`], so that operators are plain loops over arrays, whatever the layout behind.

mod dictionary;

pub use dictionary::{Dictionary, Interner, stable_hash};

use std::ops::Range;
use std::sync::Arc;
use waggle_model::{ColumnType, Value};

/// Rows in a chunk; the last chunk of a source may have fewer.
pub const CHUNK_ROWS: usize = 1024;

/// Words in a chunk's presence bitmap.
pub const CHUNK_WORDS: usize = CHUNK_ROWS / 64;

/// One column of a source.
#[derive(Clone, Debug)]
pub struct Column {
    /// One entry per type that occurs, at least one. Their rows are disjoint.
    pub types: Vec<TypedColumn>,
}

/// The values of a column that have one type.
#[derive(Clone, Debug)]
pub struct TypedColumn {
    row_count: u32,
    presence: Presence,
    values: Values,
}

/// Which rows of a source have a value, and where it is.
#[derive(Clone, Debug)]
pub enum Presence {
    /// Every row; slot = row.
    All,
    /// The rows whose bit is set; slot = row, and the slots between hold anything.
    Bits(Arc<[u64]>),
    /// These rows, ascending; slot = index in this list.
    Rows(Arc<[u32]>),
}

/// Values by slot.
#[derive(Clone, Debug)]
pub enum Values {
    /// Text by dictionary entry.
    Strings {
        /// Entry per slot.
        codes: Codes,
        /// The entries.
        dictionary: Arc<Dictionary>,
    },
    /// Integers.
    Ints(Arc<[i64]>),
    /// Floats.
    Floats(Arc<[f64]>),
    /// Booleans.
    Bools(Arc<[bool]>),
}

/// Dictionary entry per slot.
#[derive(Clone, Debug)]
pub enum Codes {
    /// One number per slot.
    Plain(Arc<[u32]>),
    /// Entry = slot: every value is an entry of its own, as with span ids.
    Identity,
}

/// One chunk of values: `values[i]` is meaningful where bit `i` of `present` is set.
#[derive(Clone, Debug)]
pub struct ChunkBuffer<T> {
    /// Bit `i % 64` of word `i / 64`: row `i` of the chunk has a value. Bits beyond the last row are 0.
    pub present: [u64; CHUNK_WORDS],
    /// The values.
    pub values: Box<[T; CHUNK_ROWS]>,
}

impl<T: Copy + Default> Default for ChunkBuffer<T> {
    fn default() -> Self {
        Self {
            present: [0; CHUNK_WORDS],
            values: Box::new([T::default(); CHUNK_ROWS]),
        }
    }
}

impl<T> ChunkBuffer<T> {
    /// True when row `index` of the chunk has a value.
    pub fn has(&self, index: usize) -> bool {
        self.present[index / 64] >> (index % 64) & 1 == 1
    }

    /// True when no row of the chunk has a value.
    pub fn is_empty(&self) -> bool {
        self.present.iter().all(|word| *word == 0)
    }
}

impl TypedColumn {
    /// Puts a column together.
    ///
    /// # Panics
    /// When the number of slots does not fit the presence: values are then not where their rows say.
    pub fn new(row_count: u32, presence: Presence, values: Values) -> Self {
        let slots = match &presence {
            Presence::All => row_count as usize,
            Presence::Bits(words) => {
                assert_eq!(
                    words.len(),
                    (row_count as usize).div_ceil(64),
                    "one presence bit per row"
                );
                row_count as usize
            }
            Presence::Rows(rows) => rows.len(),
        };
        match &values {
            Values::Strings {
                codes: Codes::Plain(codes),
                ..
            } => assert_eq!(codes.len(), slots, "one code per slot"),
            Values::Strings {
                codes: Codes::Identity,
                dictionary,
            } => {
                assert_eq!(dictionary.len(), slots, "one entry per slot");
            }
            Values::Ints(values) => assert_eq!(values.len(), slots, "one integer per slot"),
            Values::Floats(values) => assert_eq!(values.len(), slots, "one float per slot"),
            Values::Bools(values) => assert_eq!(values.len(), slots, "one boolean per slot"),
        }
        Self {
            row_count,
            presence,
            values,
        }
    }

    /// The type of the values.
    pub fn column_type(&self) -> ColumnType {
        match self.values {
            Values::Strings { .. } => ColumnType::String,
            Values::Ints(_) => ColumnType::Integer,
            Values::Floats(_) => ColumnType::Float,
            Values::Bools(_) => ColumnType::Boolean,
        }
    }

    /// Rows of the source, with or without a value.
    pub fn row_count(&self) -> u32 {
        self.row_count
    }

    /// Number of rows with a value.
    pub fn value_count(&self) -> usize {
        match &self.presence {
            Presence::All => self.row_count as usize,
            Presence::Bits(words) => words.iter().map(|word| word.count_ones() as usize).sum(),
            Presence::Rows(rows) => rows.len(),
        }
    }

    /// The entries of a text column; `None` for other types.
    pub fn dictionary(&self) -> Option<&Arc<Dictionary>> {
        match &self.values {
            Values::Strings { dictionary, .. } => Some(dictionary),
            _ => None,
        }
    }

    /// True when no row of the chunk has a value, by a look that costs less than reading it. False may be wrong.
    pub fn is_chunk_absent(&self, chunk: usize) -> bool {
        match &self.presence {
            Presence::All | Presence::Bits(_) => false,
            Presence::Rows(rows) => {
                let (start, end) = chunk_rows(chunk, self.row_count);
                let first = rows.partition_point(|row| *row < start);
                rows.get(first).is_none_or(|row| *row >= end)
            }
        }
    }

    /// Reads dictionary entries of a text column. A column of another type reads as absent; so with the readers below.
    pub fn read_codes(&self, chunk: usize, out: &mut ChunkBuffer<u32>) {
        out.present = [0; CHUNK_WORDS];
        if let Values::Strings { codes, .. } = &self.values {
            match codes {
                Codes::Plain(codes) => self.read(chunk, out, |slot| codes[slot]),
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "slots number at most the rows, which are u32"
                )]
                Codes::Identity => self.read(chunk, out, |slot| slot as u32),
            }
        }
    }

    /// Reads integers.
    pub fn read_ints(&self, chunk: usize, out: &mut ChunkBuffer<i64>) {
        out.present = [0; CHUNK_WORDS];
        if let Values::Ints(values) = &self.values {
            self.read(chunk, out, |slot| values[slot]);
        }
    }

    /// Reads floats.
    pub fn read_floats(&self, chunk: usize, out: &mut ChunkBuffer<f64>) {
        out.present = [0; CHUNK_WORDS];
        if let Values::Floats(values) = &self.values {
            self.read(chunk, out, |slot| values[slot]);
        }
    }

    /// Reads booleans.
    pub fn read_bools(&self, chunk: usize, out: &mut ChunkBuffer<bool>) {
        out.present = [0; CHUNK_WORDS];
        if let Values::Bools(values) = &self.values {
            self.read(chunk, out, |slot| values[slot]);
        }
    }

    /// Reads one row's value: for raw rows, where few rows need many columns.
    pub fn value(&self, row: u32) -> Option<Value> {
        let slot = self.slot(row)?;
        Some(match &self.values {
            Values::Strings { codes, dictionary } => {
                let code = match codes {
                    Codes::Plain(codes) => codes[slot],
                    #[expect(
                        clippy::cast_possible_truncation,
                        reason = "slots number at most the rows, which are u32"
                    )]
                    Codes::Identity => slot as u32,
                };
                Value::String(dictionary.text(code).into_owned())
            }
            Values::Ints(values) => Value::Int(values[slot]),
            Values::Floats(values) => Value::Float(values[slot]),
            Values::Bools(values) => Value::Bool(values[slot]),
        })
    }

    fn slot(&self, row: u32) -> Option<usize> {
        match &self.presence {
            Presence::All => (row < self.row_count).then_some(row as usize),
            Presence::Bits(words) => {
                let word = words.get(row as usize / 64)?;
                (word >> (row % 64) & 1 == 1).then_some(row as usize)
            }
            Presence::Rows(rows) => rows.binary_search(&row).ok(),
        }
    }

    fn read<T: Copy>(&self, chunk: usize, out: &mut ChunkBuffer<T>, value: impl Fn(usize) -> T) {
        let (start, end) = chunk_rows(chunk, self.row_count);
        let count = (end - start) as usize;
        match &self.presence {
            Presence::All => {
                for (index, place) in out.values[..count].iter_mut().enumerate() {
                    *place = value(start as usize + index);
                }
                out.present = first_bits(count);
            }
            Presence::Bits(words) => {
                for (index, place) in out.values[..count].iter_mut().enumerate() {
                    *place = value(start as usize + index);
                }
                let words = &words[start as usize / 64..(end as usize).div_ceil(64)];
                out.present[..words.len()].copy_from_slice(words);
            }
            Presence::Rows(rows) => {
                let Range {
                    start: first,
                    end: last,
                } = slots_between(rows, start, end);
                for (slot, &row) in (first..last).zip(&rows[first..last]) {
                    let index = (row - start) as usize;
                    out.values[index] = value(slot);
                    out.present[index / 64] |= 1 << (index % 64);
                }
            }
        }
    }
}

impl Column {
    /// Reads one row's value, whatever its type.
    pub fn value(&self, row: u32) -> Option<Value> {
        self.types.iter().find_map(|typed| typed.value(row))
    }
}

/// First row of a chunk and the first row after it.
pub fn chunk_rows(chunk: usize, row_count: u32) -> (u32, u32) {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a chunk number times 1024 is a row number, which is u32"
    )]
    let start = ((chunk * CHUNK_ROWS) as u32).min(row_count);
    #[expect(clippy::cast_possible_truncation, reason = "1024 fits")]
    let end = start.saturating_add(CHUNK_ROWS as u32).min(row_count);
    (start, end)
}

/// A bitmap whose first `count` bits are set.
pub fn first_bits(count: usize) -> [u64; CHUNK_WORDS] {
    let mut words = [0; CHUNK_WORDS];
    for (index, word) in words.iter_mut().enumerate() {
        let bits = count.saturating_sub(index * 64).min(64);
        *word = if bits == 64 {
            u64::MAX
        } else {
            (1 << bits) - 1
        };
    }
    words
}

fn slots_between(rows: &[u32], start: u32, end: u32) -> Range<usize> {
    let first = rows.partition_point(|row| *row < start);
    let last = first + rows[first..].partition_point(|row| *row < end);
    first..last
}

#[cfg(test)]
mod tests;
