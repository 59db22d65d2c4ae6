//! The conditions on other spans over one source.

use super::spans::SpanSet;
use super::traces::texts_of;
use super::{BY_MEANING, Relations, TRACE_ID};
use crate::chunk::{Bits, each_bit, is_empty};
use crate::filter::and;
use std::sync::Arc;
use waggle_store::column::{CHUNK_ROWS, CHUNK_WORDS, ChunkBuffer, Column};
use waggle_store::{ReadError, Source};

/// Tests rows of one source.
pub(crate) struct BoundRelations<'a> {
    relations: &'a Relations,
    /// `None` when the source has no traces.
    traces: Option<BoundTraces>,
    spans: Vec<BoundSpans<'a>>,
    /// Whether a row outside of traces passes.
    absent: bool,
}

struct BoundTraces {
    column: Arc<Column>,
    numbers: Arc<[u32]>,
    codes: ChunkBuffer<u32>,
}

struct BoundSpans<'a> {
    /// The column that names the other span.
    column: Option<Arc<Column>>,
    set: &'a SpanSet,
    codes: ChunkBuffer<u32>,
}

impl Relations {
    /// Whether the conditions on traces hold for one.
    fn has_trace(&self, number: u32) -> bool {
        let mut sets = self.traces.iter();
        sets.all(|(wanted, set)| set.contains(number) == *wanted)
    }

    /// Prepares the conditions for one source.
    pub(crate) fn bind(&self, source: &Source) -> Result<BoundRelations<'_>, ReadError> {
        let source = &source.by_definition(Some(&BY_MEANING));
        let column = source.column(TRACE_ID)?;
        let traces = column
            .zip(self.numbered.of(source))
            .map(|(column, numbers)| BoundTraces {
                column,
                numbers: Arc::clone(numbers),
                codes: ChunkBuffer::default(),
            });
        let mut spans = Vec::with_capacity(self.spans.len());
        for (name, set) in &self.spans {
            spans.push(BoundSpans {
                column: source.column(name)?,
                set,
                codes: ChunkBuffer::default(),
            });
        }
        Ok(BoundRelations {
            relations: self,
            traces,
            absent: spans.is_empty() && self.traces.iter().all(|(wanted, _)| !wanted),
            spans,
        })
    }
}

impl BoundRelations<'_> {
    /// True when no row of the source can pass.
    pub(crate) fn match_nothing(&self) -> bool {
        !self.absent && self.traces.is_none()
    }

    /// Clears the bits of rows that do not pass.
    pub(crate) fn apply(&mut self, chunk: usize, selected: &mut Bits) {
        let Some(traces) = &mut self.traces else {
            if !self.absent {
                *selected = [0; CHUNK_WORDS];
            }
            return;
        };
        let rows = rows_of(chunk, selected);
        let (Some(ids), false) = (texts_of(&traces.column.types), rows.is_empty()) else {
            return;
        };
        ids.pick_codes(&rows, &mut traces.codes);
        let mut passing = Vec::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            let position = *row as usize % CHUNK_ROWS;
            let passes = match traces.codes.has(index) {
                true => {
                    let number = traces.numbers[traces.codes.values[index] as usize];
                    passing.push((position, number));
                    self.relations.has_trace(number)
                }
                false => self.absent,
            };
            if !passes {
                selected[position / 64] &= !(1 << (position % 64));
            }
        }
        for spans in &mut self.spans {
            if is_empty(selected) {
                return;
            }
            spans.apply(chunk, &passing, selected);
        }
    }
}

impl BoundSpans<'_> {
    /// `traces` has the trace of each row in one.
    fn apply(&mut self, chunk: usize, traces: &[(usize, u32)], selected: &mut Bits) {
        let mut passing = [0; CHUNK_WORDS];
        let ids = self
            .column
            .as_ref()
            .and_then(|column| texts_of(&column.types));
        if let Some((ids, dictionary)) = ids.and_then(|ids| Some((ids, ids.dictionary()?))) {
            ids.read_codes(chunk, &mut self.codes);
            for (position, trace) in traces {
                if selected[position / 64] >> (position % 64) & 1 == 1 && self.codes.has(*position)
                {
                    let id_hash = dictionary.hash(self.codes.values[*position]);
                    if self.set.contains(*trace, id_hash) {
                        passing[position / 64] |= 1 << (position % 64);
                    }
                }
            }
        }
        and(selected, &passing);
    }
}

fn rows_of(chunk: usize, selected: &Bits) -> Vec<u32> {
    let first = (chunk * CHUNK_ROWS) as u32;
    let mut rows = Vec::new();
    each_bit(selected, |position| rows.push(first + position as u32));
    rows
}
