//! Rows of many traces in little memory, until all of them have come and each trace can be put together: a service graph is drawn from
//! more traces than fit as objects. Documents that have no rows yet are kept beside them, whole.

use crate::trace::{COLUMNS, DOCUMENT, Fields, Row, Trace, rows_to_parts, trace_id_of};
use hashbrown::HashMap;
use std::sync::Arc;
use waggle_model::ValueRef;
use waggle_wire::xray::TraceId;

/// What is worked out of many traces, one after another and in any order.
pub trait OfTraces {
    /// Adds what a trace says.
    fn add(&mut self, trace: &Trace);

    /// Adds what all traces of some rows say.
    fn add_rows(&mut self, mut rows: RowStore) {
        rows.each_trace(|_| true, |trace| self.add(trace));
    }
}

/// In place of the number of a column: the text of a document.
const DOCUMENT_CELL: u8 = u8::MAX;

/// Some columns of many rows.
#[derive(Default)]
pub struct RowStore {
    texts: Vec<Arc<str>>,
    codes: HashMap<Arc<str>, u32>,
    text_bytes: usize,
    traces: HashMap<Box<str>, u32>,
    trace_bytes: usize,
    rows: Vec<StoredRow>,
    cells: Vec<Cell>,
}

struct StoredRow {
    trace: u32,
    timestamp_ns: i64,
    /// Where its cells end; they begin where those of the row before end.
    cells_end: usize,
    cells_start: usize,
}

#[derive(Clone, Copy)]
struct Cell {
    column: u8,
    value: Stored,
}

#[derive(Clone, Copy)]
enum Stored {
    Text(u32),
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl RowStore {
    /// Keeps a row of a trace; `values` are those of [`COLUMNS`].
    pub fn add(&mut self, trace_id: &str, timestamp_ns: i64, values: &[Option<ValueRef<'_>>]) {
        let trace = self.trace(trace_id);
        let cells_start = self.cells.len();
        for (column, value) in (0_u8..).zip(values) {
            let Some(value) = value else { continue };
            let value = match value {
                ValueRef::String(text) => Stored::Text(self.code(text)),
                ValueRef::Int(value) => Stored::Int(*value),
                ValueRef::Float(value) => Stored::Float(*value),
                ValueRef::Bool(value) => Stored::Bool(*value),
            };
            self.cells.push(Cell { column, value });
        }
        self.rows.push(StoredRow {
            trace,
            timestamp_ns,
            cells_start,
            cells_end: self.cells.len(),
        });
    }

    /// Keeps a document of a trace that has no rows yet. Its text is shared, and no part of [`bytes`](Self::bytes).
    pub fn add_document(&mut self, trace_id: TraceId, text: Arc<str>) {
        let trace = self.trace(&trace_id.to_column());
        let code = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text);
        let cells_start = self.cells.len();
        self.cells.push(Cell {
            column: DOCUMENT_CELL,
            value: Stored::Text(code),
        });
        self.rows.push(StoredRow {
            trace,
            // A document says when its entities began.
            timestamp_ns: 0,
            cells_start,
            cells_end: self.cells.len(),
        });
    }

    /// Whether there is a row of a trace.
    pub fn has(&self, trace_id: TraceId) -> bool {
        self.traces.contains_key(trace_id.to_column().as_str())
    }

    fn trace(&mut self, id: &str) -> u32 {
        if let Some(trace) = self.traces.get(id) {
            return *trace;
        }
        let next = u32::try_from(self.traces.len()).unwrap_or(u32::MAX);
        self.trace_bytes += id.len();
        self.traces.insert(id.into(), next);
        next
    }

    fn code(&mut self, text: &str) -> u32 {
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        let code = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = text.into();
        self.text_bytes += text.len();
        self.texts.push(Arc::clone(&text));
        self.codes.insert(text, code);
        code
    }

    /// Bytes that the rows take.
    pub fn bytes(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>()
            + self.rows.capacity() * size_of::<StoredRow>()
            + self.codes.allocation_size()
            + self.traces.allocation_size()
            + self.texts.capacity() * size_of::<Arc<str>>()
            + self.text_bytes
            + self.trace_bytes
    }

    /// Puts the traces together that are wanted, one after another, and shows them to `visit`.
    pub fn each_trace(
        &mut self,
        is_wanted: impl Fn(TraceId) -> bool,
        mut visit: impl FnMut(&Trace),
    ) {
        self.rows.sort_by_key(|row| (row.trace, row.timestamp_ns));
        let mut ids: Vec<&str> = vec![""; self.traces.len()];
        for (id, number) in &self.traces {
            if let Some(place) = ids.get_mut(*number as usize) {
                *place = id;
            }
        }
        for rows in self.rows.chunk_by(|one, other| one.trace == other.trace) {
            let id = rows.first().and_then(|row| ids.get(row.trace as usize));
            let id = id.and_then(|id| trace_id_of(id));
            let Some(id) = id.filter(|id| is_wanted(*id)) else {
                continue;
            };
            let fields: Vec<KeptFields<'_>> = rows
                .iter()
                .map(|row| KeptFields {
                    texts: &self.texts,
                    cells: self
                        .cells
                        .get(row.cells_start..row.cells_end)
                        .unwrap_or_default(),
                })
                .collect();
            let rows: Vec<Row<'_>> = rows
                .iter()
                .zip(&fields)
                .map(|(row, fields)| Row {
                    timestamp_ns: row.timestamp_ns,
                    fields,
                })
                .collect();
            visit(&Trace::new(id, rows_to_parts(&rows, &[])));
        }
    }
}

/// The cells of one row, by column ascending.
struct KeptFields<'a> {
    texts: &'a [Arc<str>],
    cells: &'a [Cell],
}

impl Fields for KeptFields<'_> {
    fn get(&self, column: &str) -> Option<ValueRef<'_>> {
        let column = match column {
            DOCUMENT => usize::from(DOCUMENT_CELL),
            column => COLUMNS.binary_search(&column).ok()?,
        };
        let place = self
            .cells
            .binary_search_by_key(&column, |cell| usize::from(cell.column));
        Some(match self.cells.get(place.ok()?)?.value {
            Stored::Text(code) => ValueRef::String(self.texts.get(code as usize)?),
            Stored::Int(value) => ValueRef::Int(value),
            Stored::Float(value) => ValueRef::Float(value),
            Stored::Bool(value) => ValueRef::Bool(value),
        })
    }

    fn each(&self, _visit: &mut dyn FnMut(&str, ValueRef<'_>)) {}
}

#[cfg(test)]
mod tests;
