//! Columns read as another type than their values came in.

use crate::cast::cast;
use crate::derived::{ColumnBuilder, Lanes, TEXT_BYTES_MAX, Tables};
use crate::exec::Watch;
use crate::made::MadeColumns;
use foldhash::quality::FixedState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use waggle_model::{ColumnType, QueryError, TimeRange, Value, ValueRef};
use waggle_store::column::{CHUNK_ROWS, ChunkBuffer, Column, Interner, TypedColumn, chunk_rows};
use waggle_store::{ExtraColumns, ReadError, Source};

/// The columns of one source whose type was chosen.
pub(super) struct CastColumns {
    names: Vec<String>,
    types: Vec<ColumnType>,
    range: TimeRange,
    watch: Arc<Watch>,
    made: MadeColumns,
    key: u64,
}

impl CastColumns {
    /// Columns by name, each with its type; for work that looks at a range only.
    pub(super) fn new(
        columns: Vec<(String, ColumnType)>,
        range: TimeRange,
        watch: &Arc<Watch>,
    ) -> Self {
        let key = match columns.is_empty() {
            true => 0,
            false => FixedState::with_seed(3).hash_one(&columns),
        };
        let (names, types): (Vec<String>, Vec<ColumnType>) = columns.into_iter().unzip();
        Self {
            made: MadeColumns::new(names.len(), watch),
            names,
            types,
            range,
            watch: Arc::clone(watch),
            key,
        }
    }
}

impl ExtraColumns for CastColumns {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn inputs(&self, name: &str) -> Vec<&str> {
        let names = self.names.iter().filter(|known| *known == name);
        names.map(String::as_str).collect()
    }

    fn column(&self, base: &Source, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
        let Some(index) = self.names.iter().position(|known| known == name) else {
            return Ok(None);
        };
        self.made.get(index, || match base.column(name)? {
            Some(column) => cast_column(&column, self.types[index], base, self.range, &self.watch),
            None => Ok(None),
        })
    }

    fn key(&self) -> u64 {
        self.key
    }
}

impl fmt::Debug for CastColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.names.iter().zip(&self.types))
            .finish()
    }
}

/// The values of a column of a source as those of one type, in the rows that can lie in `range`; `None` when none has a value.
///
/// When the query has to stop there is no column either; the query then ends with the reason that `watch` holds.
pub(super) fn cast_column(
    column: &Column,
    to: ColumnType,
    source: &Source,
    range: TimeRange,
    watch: &Watch,
) -> Result<Option<Arc<Column>>, ReadError> {
    let rows = source.rows_in(range)?;
    if rows.is_empty() {
        return Ok(None);
    }
    let row_count = source.row_count();
    let mut tables = Tables::default();
    let table = tables.add_growing();
    let mut lanes = Lanes::new(table);
    let mut builder = ColumnBuilder::new(row_count);
    let mut parts: Vec<Part<'_>> = column.types.iter().map(Part::new).collect();
    for chunk in rows.start as usize / CHUNK_ROWS..(rows.end as usize).div_ceil(CHUNK_ROWS) {
        if let Err(error) = watch.limits() {
            watch.fail(error);
            return Ok(None);
        }
        let (start, end) = chunk_rows(chunk, row_count);
        lanes.clear();
        let mut texts = tables.take(table);
        for part in &mut parts {
            part.read(chunk, to, &mut lanes, &mut texts);
        }
        let is_too_large = texts.heap_bytes() > TEXT_BYTES_MAX;
        tables.put_back(table, texts);
        if is_too_large {
            watch.fail(
                QueryError::TooLarge {
                    what: "bytes of text in a column read as strings",
                    limit: TEXT_BYTES_MAX as u64,
                }
                .into(),
            );
            return Ok(None);
        }
        builder.add(chunk, (end - start) as usize, &lanes);
    }
    Ok(builder.finish(tables, table).map(Arc::new))
}

/// The values of one type.
struct Part<'a> {
    typed: &'a TypedColumn,
    /// What entries of its dictionary are, once they were met.
    entries: Vec<Option<Cast>>,
    codes: ChunkBuffer<u32>,
    ints: ChunkBuffer<i64>,
    floats: ChunkBuffer<f64>,
    bools: ChunkBuffer<bool>,
}

/// A value on its way into a lane.
#[derive(Clone, Copy)]
enum Cast {
    Nothing,
    Text(u32),
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl<'a> Part<'a> {
    fn new(typed: &'a TypedColumn) -> Self {
        let entries = typed.dictionary().map_or(0, |dictionary| dictionary.len());
        Self {
            typed,
            entries: vec![None; entries],
            codes: ChunkBuffer::default(),
            ints: ChunkBuffer::default(),
            floats: ChunkBuffer::default(),
            bools: ChunkBuffer::default(),
        }
    }

    /// Puts the values of a chunk into lanes.
    fn read(&mut self, chunk: usize, to: ColumnType, lanes: &mut Lanes, texts: &mut Interner) {
        if let Some(dictionary) = self.typed.dictionary() {
            self.typed.read_codes(chunk, &mut self.codes);
            for row in (0..CHUNK_ROWS).filter(|row| self.codes.has(*row)) {
                let code = self.codes.values[row];
                let known = &mut self.entries[code as usize];
                let value = *known.get_or_insert_with(|| {
                    Cast::of(ValueRef::String(&dictionary.text(code)), to, texts)
                });
                value.put(row, lanes);
            }
            return;
        }
        match self.typed.column_type() {
            ColumnType::Float => {
                self.typed.read_floats(chunk, &mut self.floats);
                for row in (0..CHUNK_ROWS).filter(|row| self.floats.has(*row)) {
                    let value = ValueRef::Float(self.floats.values[row]);
                    Cast::of(value, to, texts).put(row, lanes);
                }
            }
            ColumnType::Boolean => {
                self.typed.read_bools(chunk, &mut self.bools);
                for row in (0..CHUNK_ROWS).filter(|row| self.bools.has(*row)) {
                    let value = ValueRef::Bool(self.bools.values[row]);
                    Cast::of(value, to, texts).put(row, lanes);
                }
            }
            ColumnType::Integer | ColumnType::String => {
                self.typed.read_ints(chunk, &mut self.ints);
                for row in (0..CHUNK_ROWS).filter(|row| self.ints.has(*row)) {
                    let value = ValueRef::Int(self.ints.values[row]);
                    Cast::of(value, to, texts).put(row, lanes);
                }
            }
        }
    }
}

impl Cast {
    fn of(value: ValueRef<'_>, to: ColumnType, texts: &mut Interner) -> Self {
        match cast(value, to) {
            None => Self::Nothing,
            Some(Value::String(text)) => Self::Text(texts.intern(&text)),
            Some(Value::Int(value)) => Self::Int(value),
            Some(Value::Float(value)) => Self::Float(value),
            Some(Value::Bool(value)) => Self::Bool(value),
        }
    }

    fn put(self, row: usize, lanes: &mut Lanes) {
        match self {
            Self::Nothing => {}
            Self::Text(code) => lanes.put_text(row, code),
            Self::Int(value) => lanes.put_int(row, value),
            Self::Float(value) => lanes.put_float(row, value),
            Self::Bool(value) => lanes.put_bool(row, value),
        }
    }
}
