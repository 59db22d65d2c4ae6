//! Columns as queries read them: chunk by chunk, the same way from a block and from a memtable run.
//!
//! A column holds one [`TypedColumn`] per type that occurs; a row has a value in at most one of them. Values are read 1024 rows at a
//! time into a caller's [`ChunkBuffer`], so that operators are plain loops over arrays, whatever the layout behind.

mod between;
mod dictionary;
mod id_order;
mod listed;
mod packed;
mod pick;
mod position;
mod presence;
mod ranked;
mod read;
mod texts;

pub use dictionary::{Dictionary, Interner, stable_hash};
pub use id_order::IdOrder;
pub use listed::Listed;
pub use packed::Packed;
pub use position::Positions;
pub use presence::{ColumnPresence, Presence, TypedPresence};
pub use ranked::Ranked;
pub use texts::Texts;

pub(crate) use dictionary::parse_id;
pub(crate) use packed::{Lane, Lanes, PackedHead, PackedParts, pack, width_of};
pub(crate) use read::as_decimal;
pub(crate) use texts::check as check_texts;

pub use read::decimal_value;

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
    /// Integers, packed.
    PackedInts(Arc<Packed<i64>>),
    /// Integers of which few are different, by their place in a list of those.
    ListedInts(Arc<Listed>),
    /// Floats that are all some integer divided by the same power of ten, exactly.
    Decimals {
        /// The integers.
        integers: Arc<Packed<i64>>,
        /// The power: 0 to 22.
        exponent: u8,
    },
    /// Booleans: bit `slot % 64` of word `slot / 64`.
    BoolBits(Arc<[u64]>),
}

/// Dictionary entry per slot.
#[derive(Clone, Debug)]
pub enum Codes {
    /// One number per slot.
    Plain(Arc<[u32]>),
    /// The same, packed.
    Packed(Arc<Packed<u32>>),
    /// Entry = slot: every value is an entry of its own, as with span ids. Entries may repeat, and those of slots that no row has
    /// a value in mean nothing.
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
    #[inline]
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
            Presence::Positions(positions) => positions.len(),
            Presence::Ranked(ranked) => ranked.len(),
        };
        match &values {
            Values::Strings { codes, dictionary } => match codes {
                Codes::Plain(codes) => assert_eq!(codes.len(), slots, "one code per slot"),
                Codes::Packed(codes) => assert_eq!(codes.len(), slots, "one code per slot"),
                Codes::Identity => assert_eq!(dictionary.len(), slots, "one entry per slot"),
            },
            Values::Ints(values) => assert_eq!(values.len(), slots, "one integer per slot"),
            Values::PackedInts(values) => assert_eq!(values.len(), slots, "one integer per slot"),
            Values::ListedInts(values) => assert_eq!(values.len(), slots, "one integer per slot"),
            Values::Floats(values) => assert_eq!(values.len(), slots, "one float per slot"),
            Values::Decimals { integers, .. } => {
                assert_eq!(integers.len(), slots, "one float per slot");
            }
            Values::Bools(values) => assert_eq!(values.len(), slots, "one boolean per slot"),
            Values::BoolBits(words) => {
                assert_eq!(words.len(), slots.div_ceil(64), "one boolean per slot");
            }
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
            Values::Ints(_) | Values::PackedInts(_) | Values::ListedInts(_) => ColumnType::Integer,
            Values::Floats(_) | Values::Decimals { .. } => ColumnType::Float,
            Values::Bools(_) | Values::BoolBits(_) => ColumnType::Boolean,
        }
    }

    /// Rows of the source, with or without a value.
    pub fn row_count(&self) -> u32 {
        self.row_count
    }

    /// Number of rows with a value.
    pub fn value_count(&self) -> usize {
        self.presence.value_count(self.row_count)
    }

    /// Which rows have a value.
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    pub(crate) fn values(&self) -> &Values {
        &self.values
    }

    /// The entries of a text column; `None` for other types.
    pub fn dictionary(&self) -> Option<&Arc<Dictionary>> {
        match &self.values {
            Values::Strings { dictionary, .. } => Some(dictionary),
            _ => None,
        }
    }

    /// True when every row has a value: readers then need not look at the presence bits.
    pub fn is_everywhere(&self) -> bool {
        matches!(self.presence, Presence::All)
    }

    /// Bytes of heap, shared parts counted in full.
    pub fn heap_bytes(&self) -> usize {
        let values = match &self.values {
            Values::Strings { codes, dictionary } => {
                let codes = match codes {
                    Codes::Plain(codes) => size_of_val(&**codes),
                    Codes::Packed(codes) => codes.heap_bytes(),
                    Codes::Identity => 0,
                };
                codes + dictionary.heap_bytes()
            }
            Values::Ints(values) => size_of_val(&**values),
            Values::PackedInts(values) => values.heap_bytes(),
            Values::ListedInts(values) => values.heap_bytes(),
            Values::Floats(values) => size_of_val(&**values),
            Values::Decimals { integers, .. } => integers.heap_bytes(),
            Values::Bools(values) => size_of_val(&**values),
            Values::BoolBits(words) => size_of_val(&**words),
        };
        self.presence.heap_bytes() + values
    }

    /// Reads one row's value: for raw rows, where few rows need many columns.
    pub fn value(&self, row: u32) -> Option<Value> {
        let slot = self.slot(row)?;
        Some(match &self.values {
            Values::Strings { codes, dictionary } => {
                let code = match codes {
                    Codes::Plain(codes) => codes[slot],
                    Codes::Packed(codes) => codes.get(slot),
                    #[expect(
                        clippy::cast_possible_truncation,
                        reason = "slots number at most the rows, which are u32"
                    )]
                    Codes::Identity => slot as u32,
                };
                Value::String(dictionary.text(code).into_owned())
            }
            Values::Ints(values) => Value::Int(values[slot]),
            Values::PackedInts(values) => Value::Int(values.get(slot)),
            Values::ListedInts(values) => Value::Int(values.get(slot)),
            Values::Floats(values) => Value::Float(values[slot]),
            Values::Decimals { integers, exponent } => {
                Value::Float(decimal_value(integers.get(slot), *exponent))
            }
            Values::Bools(values) => Value::Bool(values[slot]),
            Values::BoolBits(words) => Value::Bool(words[slot / 64] >> (slot % 64) & 1 == 1),
        })
    }

    pub(crate) fn slot(&self, row: u32) -> Option<usize> {
        match &self.presence {
            Presence::All => (row < self.row_count).then_some(row as usize),
            Presence::Bits(words) => {
                let word = words.get(row as usize / 64)?;
                (word >> (row % 64) & 1 == 1).then_some(row as usize)
            }
            Presence::Rows(rows) => rows.binary_search(&row).ok(),
            Presence::Positions(positions) => positions.find(row),
            Presence::Ranked(ranked) => ranked.find(row),
        }
    }
}

impl Column {
    /// Which rows have a value.
    pub fn presence(&self) -> ColumnPresence {
        ColumnPresence {
            types: self.types.iter().map(TypedPresence::of).collect(),
        }
    }

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
    let whole = count.min(CHUNK_ROWS) / 64;
    words[..whole].fill(u64::MAX);
    if let Some(word) = words.get_mut(whole) {
        *word = (1 << (count % 64)) - 1;
    }
    words
}

#[cfg(test)]
mod tests;
