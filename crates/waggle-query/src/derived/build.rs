//! Chunks of values to a column.

use super::lanes::{Lanes, Tables};
use super::step::prepare;
use crate::chunk::Bits;
use crate::exec::Watch;
use crate::filter::and;
use crate::temporal::column_name;
use std::sync::Arc;
use waggle_expression::{Expression, Input, Node};
use waggle_model::{QueryError, TimeRange};
use waggle_store::column::{
    CHUNK_ROWS, CHUNK_WORDS, ChunkBuffer, Codes, Column, Presence, TypedColumn, Values, chunk_rows,
    first_bits,
};
use waggle_store::{ReadError, Source};

/// Most bytes of different texts in one column that is made of one source: a dictionary holds no more than 4 GiB.
pub(crate) const TEXT_BYTES_MAX: usize = 1 << 30;

/// The values of an expression in the rows of a source that can lie in `range`; `None` when none has a value.
///
/// When the query has to stop there is no column either; the query then ends with the reason that `watch` holds.
pub(crate) fn make_column(
    expression: &Expression,
    source: &Source,
    range: TimeRange,
    watch: &Watch,
) -> Result<Option<Arc<Column>>, ReadError> {
    if let Node::Input(index) = expression.root() {
        match &expression.inputs()[*index] {
            Input::Column(name) => return source.column(name),
            Input::Temporal(temporal) => return source.column(&column_name(temporal)),
            Input::EventTime | Input::IngestTime => {}
        }
    }
    let rows = source.rows_in(range)?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut tables = Tables::default();
    // For values that are never text.
    tables.add_growing();
    let mut root = prepare(expression, source, rows.len(), &mut tables)?;
    let row_count = source.row_count();
    let mut builder = ColumnBuilder::new(row_count);
    for chunk in rows.start as usize / CHUNK_ROWS..(rows.end as usize).div_ceil(CHUNK_ROWS) {
        if let Err(error) = watch.limits() {
            watch.fail(error);
            return Ok(None);
        }
        if tables.heap_bytes() > TEXT_BYTES_MAX {
            watch.fail(
                QueryError::TooLarge {
                    what: "bytes of text in a calculated field",
                    limit: TEXT_BYTES_MAX as u64,
                }
                .into(),
            );
            return Ok(None);
        }
        let (start, end) = chunk_rows(chunk, row_count);
        let count = (end - start) as usize;
        root.run(chunk, count, &mut tables);
        builder.add(chunk, count, &root.lanes);
    }
    let table = root.lanes.table;
    drop(root);
    Ok(builder.finish(tables, table).map(Arc::new))
}

/// Collects values by type. A type without a value takes no memory.
pub(crate) struct ColumnBuilder {
    row_count: u32,
    bools: Collected<u64>,
    ints: Collected<i64>,
    floats: Collected<f64>,
    texts: Collected<u32>,
}

#[derive(Default)]
struct Collected<T> {
    present: Vec<u64>,
    values: Vec<T>,
}

impl ColumnBuilder {
    pub(crate) fn new(row_count: u32) -> Self {
        Self {
            row_count,
            bools: Collected::default(),
            ints: Collected::default(),
            floats: Collected::default(),
            texts: Collected::default(),
        }
    }

    /// Adds the first rows of a chunk.
    pub(crate) fn add(&mut self, chunk: usize, count: usize, lanes: &Lanes) {
        let rows = first_bits(count);
        let words = self.row_count.div_ceil(64) as usize;
        let slots = self.row_count as usize;
        let bools = &lanes.bools;
        if let Some((at, present)) = self.bools.begin(chunk, words, words, &bools.present, &rows) {
            let values = &mut self.bools.values[at..];
            for ((to, from), present) in values.iter_mut().zip(bools.values).zip(present) {
                *to = from & present;
            }
        }
        self.ints
            .add(chunk, words, slots, count, &lanes.ints, &rows);
        self.floats
            .add(chunk, words, slots, count, &lanes.floats, &rows);
        self.texts
            .add(chunk, words, slots, count, &lanes.texts, &rows);
    }

    /// The column, whose texts are in a table; `None` when no row has a value.
    pub(crate) fn finish(self, tables: Tables, table: usize) -> Option<Column> {
        let row_count = self.row_count;
        let mut types = Vec::new();
        if let Some((presence, codes)) = self.texts.finish(row_count) {
            let values = Values::Strings {
                codes: Codes::Plain(codes.into()),
                dictionary: tables.into_dictionary(table),
            };
            types.push(TypedColumn::new(row_count, presence, values));
        }
        if let Some((presence, values)) = self.ints.finish(row_count) {
            let values = Values::Ints(values.into());
            types.push(TypedColumn::new(row_count, presence, values));
        }
        if let Some((presence, values)) = self.floats.finish(row_count) {
            let values = Values::Floats(values.into());
            types.push(TypedColumn::new(row_count, presence, values));
        }
        if let Some((presence, words)) = self.bools.finish(row_count) {
            let values = Values::BoolBits(words.into());
            types.push(TypedColumn::new(row_count, presence, values));
        }
        (!types.is_empty()).then_some(Column { types })
    }
}

impl<T: Copy + Default> Collected<T> {
    /// Makes room when the first value comes; returns the first word of the chunk and which of its rows have a value, if any has.
    fn begin(
        &mut self,
        chunk: usize,
        words: usize,
        slots: usize,
        present: &Bits,
        rows: &Bits,
    ) -> Option<(usize, Bits)> {
        let mut present = *present;
        and(&mut present, rows);
        if present.iter().all(|word| *word == 0) {
            return None;
        }
        if self.present.is_empty() {
            self.present.resize(words, 0);
            self.values.resize(slots, T::default());
        }
        let at = chunk * CHUNK_WORDS;
        for (to, from) in self.present[at..].iter_mut().zip(present) {
            *to = from;
        }
        Some((at, present))
    }

    fn add(
        &mut self,
        chunk: usize,
        words: usize,
        slots: usize,
        count: usize,
        lane: &ChunkBuffer<T>,
        rows: &Bits,
    ) {
        if self
            .begin(chunk, words, slots, &lane.present, rows)
            .is_some()
        {
            let at = chunk * CHUNK_ROWS;
            self.values[at..at + count].copy_from_slice(&lane.values[..count]);
        }
    }

    fn finish(self, row_count: u32) -> Option<(Presence, Vec<T>)> {
        if self.present.is_empty() {
            return None;
        }
        let count: usize = self
            .present
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum();
        let presence = match count == row_count as usize {
            true => Presence::All,
            false => Presence::Bits(self.present.into()),
        };
        Some((presence, self.values))
    }
}
