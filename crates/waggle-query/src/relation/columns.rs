//! Columns of other spans over one source: each row's value is read where the first span that it means is.

use super::first::{FirstSpans, Place};
use super::traces::{Numbered, texts_of};
use super::{BY_MEANING, PARENT_ID, Relation, SPAN_ID, Search, TRACE_ID};
use crate::derived::{ColumnBuilder, Lanes, TEXT_BYTES_MAX, Tables};
use crate::exec::Watch;
use crate::made::MadeColumns;
use std::fmt;
use std::sync::Arc;
use waggle_model::{QueryError, TimeRange};
use waggle_store::column::{CHUNK_ROWS, ChunkBuffer, Column, Interner, TypedColumn, chunk_rows};
use waggle_store::{ExtraColumns, ReadError, Source};

/// The columns of other spans that a query asks for.
pub(super) struct OtherSpans {
    sources: Arc<[Source]>,
    numbered: Numbered,
    range: TimeRange,
    watch: Arc<Watch>,
    names: Vec<String>,
    columns: Vec<OtherColumn>,
}

struct OtherColumn {
    relation: Relation,
    firsts: Arc<FirstSpans>,
    /// What the column is called where it is read.
    column: String,
    /// It, in each source.
    origins: MadeColumns,
}

/// The same for one source.
struct OfOneSource {
    others: Arc<OtherSpans>,
    made: MadeColumns,
}

impl OtherSpans {
    /// Values are read of `sources`, which are those of the search with all columns by their own names.
    pub(super) fn new(search: &Search<'_>, sources: &[Source], watch: &Arc<Watch>) -> Self {
        Self {
            sources: sources.into(),
            numbered: search.numbered.clone(),
            range: search.range,
            watch: Arc::clone(watch),
            names: Vec::new(),
            columns: Vec::new(),
        }
    }

    /// Adds a column that clauses call `name`.
    pub(super) fn add(
        &mut self,
        name: &str,
        relation: Relation,
        column: &str,
        firsts: &Arc<FirstSpans>,
    ) {
        self.names.push(name.to_owned());
        self.columns.push(OtherColumn {
            relation,
            firsts: Arc::clone(firsts),
            column: column.to_owned(),
            origins: MadeColumns::new(self.sources.len(), &self.watch),
        });
    }

    /// These columns for one source.
    pub(super) fn of_one_source(self: &Arc<Self>) -> impl ExtraColumns + use<> {
        OfOneSource {
            others: Arc::clone(self),
            made: MadeColumns::new(self.names.len(), &self.watch),
        }
    }

    fn make(
        &self,
        source: &Source,
        column: &OtherColumn,
    ) -> Result<Option<Arc<Column>>, ReadError> {
        let source = &source.by_definition(Some(&BY_MEANING));
        let rows = source.rows_in(self.range)?;
        let (Some(numbers), false) = (self.numbered.of(source), rows.is_empty()) else {
            return Ok(None);
        };
        let Some(traces) = source.column(TRACE_ID)? else {
            return Ok(None);
        };
        let ids = match column.relation.known_by() {
            Some(name) => match source.column(name)? {
                Some(ids) => Some(ids),
                None => return Ok(None),
            },
            None => None,
        };
        let mut finder = Finder {
            column,
            numbers,
            traces: &traces,
            trace_codes: ChunkBuffer::default(),
            ids: ids.as_deref(),
            id_codes: ChunkBuffer::default(),
            places: Vec::new(),
        };
        let mut tables = Tables::default();
        let table = tables.add_growing();
        let mut reader = ValueReader::new(self, column);
        let mut lanes = Lanes::new(table);
        let row_count = source.row_count();
        let mut builder = ColumnBuilder::new(row_count);
        for chunk in rows.start as usize / CHUNK_ROWS..(rows.end as usize).div_ceil(CHUNK_ROWS) {
            if let Err(error) = self.watch.limits() {
                self.watch.fail(error);
                return Ok(None);
            }
            let (start, end) = chunk_rows(chunk, row_count);
            let count = (end - start) as usize;
            lanes.clear();
            finder.find(chunk, count);
            let mut texts = tables.take(table);
            reader.read(&finder.places, &mut lanes, &mut texts)?;
            let is_too_large = texts.heap_bytes() > TEXT_BYTES_MAX;
            tables.put_back(table, texts);
            if is_too_large {
                self.watch.fail(
                    QueryError::TooLarge {
                        what: "bytes of text in a column of other spans",
                        limit: TEXT_BYTES_MAX as u64,
                    }
                    .into(),
                );
                return Ok(None);
            }
            builder.add(chunk, count, &lanes);
        }
        Ok(builder.finish(tables, table).map(Arc::new))
    }
}

impl Relation {
    /// The column by which a row knows the other span, besides its trace.
    fn known_by(self) -> Option<&'static str> {
        match self {
            Self::Parent => Some(PARENT_ID),
            Self::Child => Some(SPAN_ID),
            _ => None,
        }
    }
}

/// Finds the spans that the rows of a source mean.
struct Finder<'a> {
    column: &'a OtherColumn,
    numbers: &'a [u32],
    traces: &'a Column,
    trace_codes: ChunkBuffer<u32>,
    ids: Option<&'a Column>,
    id_codes: ChunkBuffer<u32>,
    /// Of the rows of one chunk, by the position of each, in the order of places.
    places: Vec<(Place, usize)>,
}

impl Finder<'_> {
    fn find(&mut self, chunk: usize, count: usize) {
        self.places.clear();
        let Some(traces) = texts_of(&self.traces.types) else {
            return;
        };
        traces.read_codes(chunk, &mut self.trace_codes);
        let ids = match self.ids {
            None => None,
            Some(ids) => {
                match texts_of(&ids.types).and_then(|ids| Some((ids, ids.dictionary()?))) {
                    Some((ids, texts)) => {
                        ids.read_codes(chunk, &mut self.id_codes);
                        Some(texts)
                    }
                    None => return,
                }
            }
        };
        let firsts = &self.column.firsts;
        for position in 0..count {
            if !self.trace_codes.has(position) {
                continue;
            }
            let trace = self.numbers[self.trace_codes.values[position] as usize];
            let place = match ids {
                None => firsts.root(trace),
                Some(texts) if self.id_codes.has(position) => {
                    firsts.span(trace, texts.hash(self.id_codes.values[position]))
                }
                Some(_) => None,
            };
            self.places.extend(place.map(|place| (place, position)));
        }
        self.places.sort_unstable();
    }
}

/// Reads a column at places in any source.
struct ValueReader<'a> {
    others: &'a OtherSpans,
    column: &'a OtherColumn,
    /// Per source, once it was asked for.
    origins: Vec<Option<Origin>>,
    /// Memory of the query that they take.
    bytes: usize,
    rows: Vec<u32>,
    /// For each of the rows the positions that want it, as a part of the places.
    codes: ChunkBuffer<u32>,
    ints: ChunkBuffer<i64>,
    floats: ChunkBuffer<f64>,
    bools: ChunkBuffer<bool>,
}

struct Origin {
    column: Option<Arc<Column>>,
    /// What entries of its dictionary are in the table of the result.
    texts: Vec<u32>,
}

const UNKNOWN: u32 = u32::MAX;

impl<'a> ValueReader<'a> {
    fn new(others: &'a OtherSpans, column: &'a OtherColumn) -> Self {
        Self {
            others,
            column,
            origins: others.sources.iter().map(|_| None).collect(),
            bytes: 0,
            rows: Vec::new(),
            codes: ChunkBuffer::default(),
            ints: ChunkBuffer::default(),
            floats: ChunkBuffer::default(),
            bools: ChunkBuffer::default(),
        }
    }

    /// Gives positions the values at their places, which ascend.
    fn read(
        &mut self,
        places: &[(Place, usize)],
        lanes: &mut Lanes,
        texts: &mut Interner,
    ) -> Result<(), ReadError> {
        for places in places.chunk_by(|(left, _), (right, _)| left.source == right.source) {
            let Some(index) = places.first().map(|(place, _)| place.source as usize) else {
                continue;
            };
            if self.origins[index].is_none() {
                let source = &self.others.sources[index];
                let column = self
                    .column
                    .origins
                    .get(index, || source.column(&self.column.column))?;
                let bytes = self.bytes_of(index, column.as_deref());
                self.origins[index] = Some(Origin {
                    column,
                    texts: Vec::new(),
                });
                let before = self.bytes;
                self.bytes += bytes;
                if let Err(error) = self.others.watch.account(before, self.bytes) {
                    // The query ends at its next look at the watch.
                    self.others.watch.fail(error);
                }
            }
            self.read_source(index, places, lanes, texts);
        }
        Ok(())
    }

    /// What a column of a source takes as long as it is held here: of one that the query keeps anyway only the table of its texts.
    fn bytes_of(&self, index: usize, column: Option<&Column>) -> usize {
        let types = || column.iter().flat_map(|column| &column.types);
        let texts = types().filter_map(TypedColumn::dictionary);
        let texts: usize = texts.map(|texts| texts.len() * size_of::<u32>()).sum();
        match self.column.origins.is_kept(index) {
            true => texts,
            false => texts + types().map(TypedColumn::heap_bytes).sum::<usize>(),
        }
    }

    fn read_source(
        &mut self,
        index: usize,
        places: &[(Place, usize)],
        lanes: &mut Lanes,
        texts: &mut Interner,
    ) {
        let Some(origin) = &mut self.origins[index] else {
            return;
        };
        let Some(column) = &origin.column else {
            return;
        };
        self.rows.clear();
        self.rows.extend(places.iter().map(|(place, _)| place.row));
        self.rows.dedup();
        for typed in &column.types {
            typed.pick_ints(&self.rows, &mut self.ints);
            typed.pick_floats(&self.rows, &mut self.floats);
            typed.pick_bools(&self.rows, &mut self.bools);
            typed.pick_codes(&self.rows, &mut self.codes);
            let same_row = |(left, _): &(Place, usize), (right, _): &(Place, usize)| left == right;
            for (at, places) in places.chunk_by(same_row).enumerate() {
                let code = match self.codes.has(at) {
                    true => Some(origin_code(
                        &mut origin.texts,
                        typed,
                        self.codes.values[at],
                        texts,
                    )),
                    false => None,
                };
                for (_, position) in places {
                    if let Some(code) = code {
                        lanes.put_text(*position, code);
                    } else if self.ints.has(at) {
                        lanes.put_int(*position, self.ints.values[at]);
                    } else if self.floats.has(at) {
                        lanes.put_float(*position, self.floats.values[at]);
                    } else if self.bools.has(at) {
                        lanes.put_bool(*position, self.bools.values[at]);
                    }
                }
            }
        }
    }
}

impl Drop for ValueReader<'_> {
    fn drop(&mut self) {
        // Giving back never fails.
        self.others.watch.account(self.bytes, 0).ok();
    }
}

/// The entry of a text in the table of the result.
fn origin_code(known: &mut Vec<u32>, typed: &TypedColumn, code: u32, texts: &mut Interner) -> u32 {
    let Some(dictionary) = typed.dictionary() else {
        return UNKNOWN;
    };
    if known.is_empty() {
        known.resize(dictionary.len(), UNKNOWN);
    }
    let entry = &mut known[code as usize];
    if *entry == UNKNOWN {
        *entry = texts.intern_hashed(dictionary.hash(code), &dictionary.text(code));
    }
    *entry
}

impl ExtraColumns for OfOneSource {
    fn names(&self) -> &[String] {
        &self.others.names
    }

    fn inputs(&self, name: &str) -> Vec<&str> {
        let Some(index) = self.names().iter().position(|known| known == name) else {
            return Vec::new();
        };
        let column = &self.others.columns[index];
        let known_by = column.relation.known_by();
        let inputs = [TRACE_ID, column.column.as_str()].into_iter();
        inputs.chain(known_by).collect()
    }

    fn column(&self, base: &Source, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
        let Some(index) = self.names().iter().position(|known| known == name) else {
            return Ok(None);
        };
        let column = &self.others.columns[index];
        self.made.get(index, || self.others.make(base, column))
    }
}

impl fmt::Debug for OfOneSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.names().fmt(f)
    }
}
