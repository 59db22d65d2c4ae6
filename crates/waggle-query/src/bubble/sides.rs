//! Which rows of one source are in the query, and on which side of the comparison.

use super::Question;
use super::score::Totals;
use crate::chunk::{Bits, each_bit, is_empty};
use crate::exec::{ExecError, Selector, Watch};
use crate::filter::and;
use waggle_model::QueryStats;
use waggle_store::Source;
use waggle_store::column::{CHUNK_ROWS, ChunkBuffer};

/// The rows of one source that are in the query.
pub(super) struct Sides {
    /// Index of the source in the snapshot.
    pub(super) source: usize,
    pub(super) chunks: Vec<ChunkSides>,
    pub(super) totals: Totals,
}

/// The rows of one chunk that are in the query; there is at least one.
pub(super) struct ChunkSides {
    pub(super) chunk: usize,
    /// Rows of the query.
    pub(super) rows: Bits,
    /// 1 for a selected row, 0 for any other.
    pub(super) side: Box<[u8; CHUNK_ROWS]>,
    /// Sample rates; `None` when every row stands for itself.
    pub(super) weights: Option<Box<[i64; CHUNK_ROWS]>>,
}

impl Sides {
    /// Looks at every row of a source; `None` when it has none of the query.
    pub(super) fn find(
        source: &Source,
        index: usize,
        question: &Question,
        stats: &mut QueryStats,
        watch: &Watch,
    ) -> Result<Option<Self>, ExecError> {
        let Some(mut rows) = Selector::new(source, question.range, &question.filters)? else {
            return Ok(None);
        };
        let mut selection = Selector::new(source, question.selection_range, &question.selection)?;
        let rates = source.sample_rates()?;
        stats.blocks_read += u64::from(source.stored_bytes() > 0);
        stats.bytes_read += rows.stored_bytes();
        stats.bytes_read += selection.as_ref().map_or(0, Selector::stored_bytes);
        let mut sides = Self {
            source: index,
            chunks: Vec::new(),
            totals: Totals::default(),
        };
        let mut buffer = ChunkBuffer::default();
        for chunk in rows.chunks() {
            watch.check()?;
            let (in_query, rows_read) = rows.select(chunk)?;
            stats.rows_read += rows_read;
            watch.add_rows_read(rows_read);
            if is_empty(&in_query) {
                continue;
            }
            let mut found = ChunkSides {
                chunk,
                rows: in_query,
                side: Box::new([0; CHUNK_ROWS]),
                weights: None,
            };
            if let Some(selection) = selection
                .as_mut()
                .filter(|selection| selection.chunks().contains(&chunk))
            {
                let (mut selected, _) = selection.select(chunk)?;
                and(&mut selected, &in_query);
                each_bit(&selected, |position| found.side[position] = 1);
            }
            if let Some(rates) = &rates {
                rates.read_ints(chunk, &mut buffer);
                let mut is_weighted = false;
                each_bit(&in_query, |position| {
                    is_weighted |= buffer.values[position] > 1;
                });
                found.weights = is_weighted.then(|| buffer.values.clone());
            }
            found.count(&mut sides.totals, stats);
            watch.account(0, found.heap_bytes())?;
            sides.chunks.push(found);
        }
        Ok((!sides.chunks.is_empty()).then_some(sides))
    }

    /// True when a row stands for more than one.
    pub(super) fn is_weighted(&self) -> bool {
        self.chunks.iter().any(|chunk| chunk.weights.is_some())
    }

    /// Gives the memory back.
    pub(super) fn release(self, watch: &Watch) -> Result<(), ExecError> {
        let bytes = self.chunks.iter().map(ChunkSides::heap_bytes).sum();
        watch.account(bytes, 0)
    }
}

impl ChunkSides {
    fn count(&self, totals: &mut Totals, stats: &mut QueryStats) {
        let mut counts = [0_u64; 2];
        each_bit(&self.rows, |position| {
            stats.rows_matched += 1;
            counts[usize::from(self.side[position])] += self.weight(position);
        });
        totals.baseline += counts[0];
        totals.selection += counts[1];
    }

    /// How many events a row stands for.
    pub(super) fn weight(&self, position: usize) -> u64 {
        match &self.weights {
            Some(weights) => weights[position].cast_unsigned(),
            None => 1,
        }
    }

    fn heap_bytes(&self) -> usize {
        size_of::<Self>() + CHUNK_ROWS + self.weights.as_ref().map_or(0, |_| CHUNK_ROWS * 8)
    }
}
