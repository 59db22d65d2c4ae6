//! 1024 rows at a time: which of them are selected, and the values of one column in them.

use std::sync::Arc;
use waggle_model::ColumnType;
use waggle_store::block::ColumnBounds;
use waggle_store::column::{CHUNK_WORDS, ChunkBuffer, Column, Dictionary, TypedColumn};
use waggle_store::{ReadError, Source};

/// One bit per row of a chunk.
pub type Bits = [u64; CHUNK_WORDS];

/// True when no bit is set.
pub(crate) fn is_empty(bits: &Bits) -> bool {
    bits.iter().all(|word| *word == 0)
}

/// Up to so many rows of a chunk are picked one by one: to pick more costs as much as to read the whole chunk.
pub(crate) const FEW_ROWS: usize = 40;

/// True when at most [`FEW_ROWS`] bits are set.
pub(crate) fn is_few(bits: &Bits) -> bool {
    let count: u32 = bits.iter().map(|word| word.count_ones()).sum();
    count as usize <= FEW_ROWS
}

/// Calls `visit` with the index of each set bit, ascending.
pub fn each_bit(bits: &Bits, mut visit: impl FnMut(usize)) {
    for (index, word) in bits.iter().enumerate() {
        let mut word = *word;
        if word == u64::MAX {
            (index * 64..index * 64 + 64).for_each(&mut visit);
            continue;
        }
        while word != 0 {
            visit(index * 64 + word.trailing_zeros() as usize);
            word &= word - 1;
        }
    }
}

/// Smallest and largest number of a column, if the source knows them and they are finite.
pub(crate) fn number_bounds(source: &Source, name: &str) -> Option<(f64, f64)> {
    let block = source.block().filter(|_| !source.is_extra(name))?;
    let mut bounds: Option<(f64, f64)> = None;
    for entry in block.entries_of(name) {
        let (low, high) = match entry.bounds {
            Some(ColumnBounds::Ints(low, high)) => (low as f64, high as f64),
            Some(ColumnBounds::Floats { low, high, .. }) => (low, high),
            Some(ColumnBounds::Bools(..) | ColumnBounds::Strings { .. }) => continue,
            None => match entry.column_type {
                ColumnType::Integer | ColumnType::Float => return None,
                ColumnType::String | ColumnType::Boolean => continue,
            },
        };
        let known = bounds.unwrap_or((low, high));
        bounds = Some((known.0.min(low), known.1.max(high)));
    }
    bounds.filter(|(low, high)| low.is_finite() && high.is_finite() && low <= high)
}

/// Whether a block has texts in a column: some may stand for histograms, whose values no bound of a number tells.
pub(crate) fn has_block_texts(source: &Source, name: &str) -> bool {
    source.block().is_some_and(|block| {
        let mut entries = block.entries_of(name).iter();
        entries.any(|entry| entry.column_type == ColumnType::String)
    })
}

/// How many different values a column has in a source, if it has no numbers. Reads nothing of a block.
pub(crate) fn entry_count(source: &Source, name: &str) -> Result<Option<usize>, ReadError> {
    let mut count = 0_usize;
    if let Some(block) = source.block().filter(|_| !source.is_extra(name)) {
        for entry in block.entries_of(name) {
            count += match entry.bounds {
                Some(ColumnBounds::Strings { entry_count }) => entry_count as usize,
                Some(ColumnBounds::Bools(..)) => 2,
                Some(ColumnBounds::Ints(..) | ColumnBounds::Floats { .. }) | None => {
                    return Ok(None);
                }
            };
        }
        return Ok(Some(count));
    }
    let column = source.column(name)?;
    for typed in column.iter().flat_map(|column| &column.types) {
        count += match (typed.dictionary(), typed.column_type()) {
            (Some(dictionary), _) => dictionary.len(),
            (None, ColumnType::Boolean) => 2,
            (None, _) => return Ok(None),
        };
    }
    Ok(Some(count))
}

/// The values of one type in one chunk.
#[derive(Debug)]
pub enum TypedBuffer {
    /// Dictionary entries.
    Strings(ChunkBuffer<u32>, Arc<Dictionary>),
    /// Integers.
    Ints(ChunkBuffer<i64>),
    /// Floats.
    Floats(ChunkBuffer<f64>),
    /// Booleans.
    Bools(ChunkBuffer<bool>),
}

impl TypedBuffer {
    /// Which rows have a value.
    pub fn present(&self) -> &Bits {
        match self {
            Self::Strings(buffer, _) => &buffer.present,
            Self::Ints(buffer) => &buffer.present,
            Self::Floats(buffer) => &buffer.present,
            Self::Bools(buffer) => &buffer.present,
        }
    }
}

/// Reads one column of one source, a chunk at a time and each chunk once.
#[derive(Debug)]
pub struct ColumnReader {
    column: Arc<Column>,
    chunk: Option<usize>,
    buffers: Vec<TypedBuffer>,
}

impl ColumnReader {
    /// Prepares the reading; nothing is read yet.
    pub fn new(column: Arc<Column>) -> Self {
        let buffers = column.types.iter().map(empty_buffer).collect();
        Self {
            column,
            chunk: None,
            buffers,
        }
    }

    /// One buffer per type of the column, filled with the values of `chunk`.
    pub fn read(&mut self, chunk: usize) -> &[TypedBuffer] {
        if self.chunk != Some(chunk) {
            self.chunk = Some(chunk);
            for (typed, buffer) in self.column.types.iter().zip(&mut self.buffers) {
                read(typed, chunk, buffer);
            }
        }
        &self.buffers
    }

    /// One buffer per type of the column, whose value `i` is that of `rows[i]`. The rows ascend and are at most 1024; they may be
    /// those of many chunks.
    pub fn pick(&mut self, rows: &[u32]) -> &[TypedBuffer] {
        self.chunk = None;
        for (typed, buffer) in self.column.types.iter().zip(&mut self.buffers) {
            pick(typed, rows, buffer);
        }
        &self.buffers
    }

    /// The buffers as the last [`read`](Self::read) left them.
    pub fn buffers(&self) -> &[TypedBuffer] {
        &self.buffers
    }
}

/// Reads a chunk of values into a buffer of their type.
pub(crate) fn read(typed: &TypedColumn, chunk: usize, buffer: &mut TypedBuffer) {
    match buffer {
        TypedBuffer::Strings(buffer, _) => typed.read_codes(chunk, buffer),
        TypedBuffer::Ints(buffer) => typed.read_ints(chunk, buffer),
        TypedBuffer::Floats(buffer) => typed.read_floats(chunk, buffer),
        TypedBuffer::Bools(buffer) => typed.read_bools(chunk, buffer),
    }
}

/// Reads the values of some rows to the front of a buffer of their type.
pub(crate) fn pick(typed: &TypedColumn, rows: &[u32], buffer: &mut TypedBuffer) {
    match buffer {
        TypedBuffer::Strings(buffer, _) => typed.pick_codes(rows, buffer),
        TypedBuffer::Ints(buffer) => typed.pick_ints(rows, buffer),
        TypedBuffer::Floats(buffer) => typed.pick_floats(rows, buffer),
        TypedBuffer::Bools(buffer) => typed.pick_bools(rows, buffer),
    }
}

/// A buffer for the values of a column.
pub(crate) fn empty_buffer(typed: &TypedColumn) -> TypedBuffer {
    match (typed.dictionary(), typed.column_type()) {
        (Some(dictionary), _) => {
            TypedBuffer::Strings(ChunkBuffer::default(), Arc::clone(dictionary))
        }
        (None, ColumnType::Float) => TypedBuffer::Floats(ChunkBuffer::default()),
        (None, ColumnType::Boolean) => TypedBuffer::Bools(ChunkBuffer::default()),
        (None, _) => TypedBuffer::Ints(ChunkBuffer::default()),
    }
}
