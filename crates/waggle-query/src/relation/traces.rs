//! Traces numbered across sources, and sets of them.

use super::{Search, TRACE_ID};
use crate::chunk::{Bits, each_bit, is_empty};
use crate::engine::EngineConfig;
use crate::exec::{ExecError, Selector, Watch, fold_sources, read_ahead};
use crate::filter::{FilterSet, Remembered, and};
use std::hash::Hasher;
use std::sync::Arc;
use waggle_store::column::{ChunkBuffer, Dictionary, TypedColumn};
use waggle_store::{Source, Wanted};

/// Stable hashes need no second hashing.
#[derive(Default)]
pub(super) struct HashedAlready(u64);

impl Hasher for HashedAlready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// The numbers of the traces of a snapshot.
#[derive(Clone)]
pub(super) struct Numbered {
    /// Per source the number of each entry of its dictionary of trace ids; `None` when no row is in a trace.
    sources: Arc<[Option<Arc<[u32]>>]>,
    /// Addresses of the sources, to find them by.
    addresses: Arc<[usize]>,
    /// Numbers lie below.
    pub(super) count: usize,
}

impl Numbered {
    pub(super) fn new(
        sources: &[Source],
        memory: &Remembered,
        config: &EngineConfig,
        watch: &Watch,
    ) -> Result<Self, ExecError> {
        let found = fold_sources(sources, config, Vec::new, |found, index, source| {
            watch.check()?;
            read_ahead(sources, index, config, |_| vec![Wanted::Column(TRACE_ID)]);
            let column = source.column(TRACE_ID)?;
            let types = column.iter().flat_map(|column| &column.types);
            let dictionary = types.filter_map(TypedColumn::dictionary).next();
            found.extend(dictionary.map(|dictionary| (index, Arc::clone(dictionary))));
            Ok(())
        })?;
        let mut dictionaries: Vec<Option<Arc<Dictionary>>> = vec![None; sources.len()];
        for (index, dictionary) in found.into_iter().flatten() {
            dictionaries[index] = Some(dictionary);
        }
        let known = memory.traces.known();
        let of_sources = known.number(&dictionaries, config, watch);
        let count = known.count();
        // What a refused or cancelled query has numbered is no query's memory any more: it is kept within the limit or not at all.
        memory.traces.keep(&known);
        let of_sources = of_sources?;
        Ok(Self {
            sources: of_sources.into(),
            addresses: sources.iter().map(source_address).collect(),
            count,
        })
    }

    /// The number of each trace id of a source.
    pub(super) fn of(&self, source: &Source) -> Option<&Arc<[u32]>> {
        let address = source_address(source);
        let index = self.addresses.iter().position(|other| *other == address)?;
        self.sources[index].as_ref()
    }
}

fn source_address(source: &Source) -> usize {
    match source.base() {
        Source::Run(run) => Arc::as_ptr(run) as usize,
        Source::Block(block) => Arc::as_ptr(block) as usize,
        Source::Extended(extended) => Arc::as_ptr(extended) as usize,
    }
}

/// A bit per number.
pub(super) struct TraceSet(Vec<u64>);

impl TraceSet {
    fn new(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn insert(&mut self, number: u32) {
        self.0[number as usize / 64] |= 1 << (number % 64);
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        self.0[number as usize / 64] >> (number % 64) & 1 == 1
    }
}

/// The traces in which a row passes the filters.
pub(super) fn find_traces(search: &Search<'_>, filters: &FilterSet) -> Result<TraceSet, ExecError> {
    let count = search.numbered.count;
    let parts = fold_sources(
        search.sources,
        search.config,
        || TraceSet::new(count),
        |set, index, source| {
            read_ahead(search.sources, index, search.config, |_| {
                filters.wanted().collect()
            });
            each_span(search, source, filters, |numbers, codes, rows, _| {
                each_bit(rows, |position| {
                    set.insert(numbers[codes.values[position] as usize]);
                });
                Ok(())
            })
        },
    )?;
    let mut all = TraceSet::new(count);
    for part in parts {
        for (word, part) in all.0.iter_mut().zip(part.0) {
            *word |= part;
        }
    }
    Ok(all)
}

/// Calls `visit` for each chunk of a source with rows that pass the filters and are in a trace: with the trace numbers, the chunk's
/// trace ids, the rows and the chunk.
pub(super) fn each_span(
    search: &Search<'_>,
    source: &Source,
    filters: &FilterSet,
    mut visit: impl FnMut(&[u32], &ChunkBuffer<u32>, &Bits, usize) -> Result<(), ExecError>,
) -> Result<(), ExecError> {
    let Some(numbers) = search.numbered.of(source) else {
        return Ok(());
    };
    let Some(mut selector) = Selector::new(source, search.range, filters)? else {
        return Ok(());
    };
    let Some(column) = source.column(TRACE_ID)? else {
        return Ok(());
    };
    let Some(traces) = texts_of(&column.types) else {
        return Ok(());
    };
    let mut codes = ChunkBuffer::default();
    for chunk in selector.chunks() {
        search.watch.check()?;
        let (mut rows, rows_read) = selector.select(chunk)?;
        search.watch.add_rows_read(rows_read);
        if is_empty(&rows) {
            continue;
        }
        traces.read_codes(chunk, &mut codes);
        and(&mut rows, &codes.present);
        visit(numbers, &codes, &rows, chunk)?;
    }
    Ok(())
}

/// The texts among the types of a column.
pub(crate) fn texts_of(types: &[TypedColumn]) -> Option<&TypedColumn> {
    types.iter().find(|typed| typed.dictionary().is_some())
}
