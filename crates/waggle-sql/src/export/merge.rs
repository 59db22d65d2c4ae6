//! Rows of many sources in the order of time. A source is opened when the others have come to its first row and closed after its last,
//! so that of a long window only the blocks of one moment are in memory.

use crate::column::{Content, ScanColumn};
use crate::decode::{DecodeError, SourceReader};
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::interleave_record_batch;
use datafusion::arrow::datatypes::{SchemaRef, TimestampNanosecondType};
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use waggle_model::TimeRange;
use waggle_query::FilterSet;
use waggle_query::fused::may_relate;
use waggle_store::block::{Block, BlockCache, BlockInput, BlockPlace, RangeRead, encode_sources};
use waggle_store::{ReadError, Snapshot, Source};

/// Rows from here on are handed over as they are, without being gathered with others.
const LONG_RUN: usize = 1_024;

/// Puts rows that are in memory, in no order, into one block in memory, so that every source of the result is sorted by time.
pub(super) fn in_order(
    snapshot: Snapshot,
    columns: &[ScanColumn],
    filters: &FilterSet,
) -> Result<Snapshot, ReadError> {
    let (mut sources, unsorted): (Vec<Source>, Vec<Source>) = snapshot
        .sources
        .into_iter()
        .partition(Source::is_time_sorted);
    let mut needed: BTreeSet<&str> = columns
        .iter()
        .filter_map(|column| match &column.content {
            Content::As(name, _) | Content::Only(name, _) => Some(&**name),
            Content::Time | Content::SampleRate => None,
        })
        .collect();
    needed.extend(filters.columns());
    let inputs: Vec<BlockInput> = unsorted.into_iter().map(BlockInput::from).collect();
    // Filters on other spans look at columns of theirs, too.
    let needs_all = may_relate(filters);
    if let Some(encoded) = encode_sources(&inputs, &|name| needs_all || needed.contains(name))? {
        let place = BlockPlace {
            dataset: encoded.dataset,
            offset: 0,
            length: encoded.bytes.len() as u64,
        };
        // Every column is read once; there is nothing to keep.
        let cache = Arc::new(BlockCache::new(0));
        let block = Block::open(Arc::new(InMemory(encoded.bytes)), place, cache)?;
        sources.push(Source::Block(Arc::new(block)));
    }
    Ok(Snapshot { sources })
}

struct InMemory(Vec<u8>);

impl RangeRead for InMemory {
    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let end_of_file = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let start = usize::try_from(offset).map_err(|_| end_of_file())?;
        let end = start.checked_add(length).ok_or_else(end_of_file)?;
        let bytes = self.0.get(start..end).ok_or_else(end_of_file)?;
        Ok(bytes.to_vec())
    }

    fn name(&self) -> &str {
        "a block in memory"
    }
}

/// Reads sources that are each sorted by time.
pub(super) struct Merge<'a> {
    /// Sources that are not open yet, the earliest last.
    waiting: Vec<&'a Source>,
    open: Vec<Cursor<'a>>,
    range: TimeRange,
    filters: &'a FilterSet,
    columns: &'a [ScanColumn],
    schema: &'a SchemaRef,
}

/// A source that is being read.
struct Cursor<'a> {
    reader: SourceReader<'a>,
    batch: RecordBatch,
    /// The first row of the batch that has not been taken.
    next: usize,
}

impl Cursor<'_> {
    fn times(&self) -> &[i64] {
        let times = self
            .batch
            .column(0)
            .as_primitive::<TimestampNanosecondType>();
        &times.values()[self.next..]
    }

    fn time_ns(&self) -> i64 {
        self.times().first().copied().unwrap_or(i64::MAX)
    }
}

impl<'a> Merge<'a> {
    /// The first column must be the time.
    pub(super) fn new(
        sources: &'a [Source],
        range: TimeRange,
        filters: &'a FilterSet,
        columns: &'a [ScanColumn],
        schema: &'a SchemaRef,
    ) -> Self {
        let mut waiting: Vec<&Source> = sources.iter().collect();
        waiting.sort_by_key(|source| std::cmp::Reverse(source.time_bounds_ns()));
        Self {
            waiting,
            open: Vec::new(),
            range,
            filters,
            columns,
            schema,
        }
    }

    /// The next rows; `None` at the end. Rows of the same time come in no particular order.
    pub(super) fn next_batch(
        &mut self,
        check: impl Fn() -> Result<(), DecodeError>,
    ) -> Result<Option<RecordBatch>, DecodeError> {
        let mut batches: Vec<RecordBatch> = Vec::new();
        let mut rows: Vec<(usize, usize)> = Vec::new();
        // Per open cursor which of `batches` is the one it is in.
        let mut places: Vec<Option<usize>> = vec![None; self.open.len()];
        loop {
            self.open_due(&check)?;
            places.resize(self.open.len(), None);
            let Some(first) = (0..self.open.len()).min_by_key(|index| self.open[*index].time_ns())
            else {
                break;
            };
            let run = self.run_of(first);
            let cursor = &mut self.open[first];
            let start = cursor.next;
            if rows.is_empty() && run >= LONG_RUN {
                let batch = cursor.batch.slice(start, run);
                cursor.next += run;
                self.refill(first, &check)?;
                return Ok(Some(batch));
            }
            if run >= LONG_RUN {
                break;
            }
            let place = match places[first] {
                Some(place) => place,
                None => {
                    batches.push(cursor.batch.clone());
                    batches.len() - 1
                }
            };
            places[first] = Some(place);
            rows.extend((start..start + run).map(|row| (place, row)));
            cursor.next += run;
            let is_used_up = cursor.next == cursor.batch.num_rows();
            if is_used_up {
                if self.refill(first, &check)? {
                    places[first] = None;
                } else {
                    places.remove(first);
                }
            }
            if rows.len() >= LONG_RUN {
                break;
            }
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        Ok(Some(interleave_record_batch(&batches, &rows)?))
    }

    /// Opens every source whose rows may be next.
    fn open_due(
        &mut self,
        check: &impl Fn() -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        loop {
            let now_ns = self.open.iter().map(Cursor::time_ns).min();
            let Some(source) = self.waiting.last() else {
                return Ok(());
            };
            if now_ns.is_some_and(|now_ns| source.time_bounds_ns().0 > now_ns) {
                return Ok(());
            }
            let mut reader =
                SourceReader::new(source, self.range, self.filters, self.columns, self.schema)?;
            self.waiting.pop();
            if let Some(batch) = reader.next_batch(check)? {
                self.open.push(Cursor {
                    reader,
                    batch,
                    next: 0,
                });
            }
        }
    }

    /// How many rows of a cursor come before those of all others: at least one.
    fn run_of(&self, index: usize) -> usize {
        let others = self
            .open
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index)
            .map(|(_, other)| other.time_ns());
        let waiting = self.waiting.last();
        let end_ns = others
            .chain(waiting.map(|source| source.time_bounds_ns().0))
            .min();
        let times = self.open[index].times();
        match end_ns {
            None => times.len(),
            Some(end_ns) => times.partition_point(|time_ns| *time_ns <= end_ns).max(1),
        }
    }

    /// Gives a cursor that has come to the end of its batch the next one, or closes it; false when it was closed.
    fn refill(
        &mut self,
        index: usize,
        check: &impl Fn() -> Result<(), DecodeError>,
    ) -> Result<bool, DecodeError> {
        let cursor = &mut self.open[index];
        if cursor.next < cursor.batch.num_rows() {
            return Ok(true);
        }
        match cursor.reader.next_batch(check)? {
            Some(batch) => {
                cursor.batch = batch;
                cursor.next = 0;
                Ok(true)
            }
            None => {
                self.open.remove(index);
                Ok(false)
            }
        }
    }
}
