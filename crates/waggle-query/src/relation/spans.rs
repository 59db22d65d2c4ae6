//! Sets of spans, each named by its trace and its id.

use super::Search;
use super::traces::{HashedAlready, each_span, texts_of};
use crate::chunk::each_bit;
use crate::exec::{ExecError, fold_sources};
use crate::filter::{FilterSet, and};
use crate::number::mix;
use hashbrown::HashSet;
use std::hash::BuildHasherDefault;
use waggle_store::column::ChunkBuffer;

/// Spans by the hash of trace and id.
pub(super) struct SpanSet(HashSet<u64, BuildHasherDefault<HashedAlready>>);

impl SpanSet {
    pub(super) fn contains(&self, trace: u32, id_hash: u64) -> bool {
        self.0.contains(&key_of(trace, id_hash))
    }
}

/// The spans that rows which pass the filters name in a column.
pub(super) fn find_spans(
    search: &Search<'_>,
    filters: &FilterSet,
    id_column: &str,
) -> Result<SpanSet, ExecError> {
    let parts = fold_sources(
        search.sources,
        search.config,
        || SpanSet(HashSet::default()),
        |set, _, source| {
            let Some(column) = source.column(id_column)? else {
                return Ok(());
            };
            let Some(ids) = texts_of(&column.types) else {
                return Ok(());
            };
            let Some(dictionary) = ids.dictionary() else {
                return Ok(());
            };
            let mut entries = ChunkBuffer::default();
            let before = set.0.allocation_size();
            each_span(search, source, filters, |numbers, codes, rows, chunk| {
                ids.read_codes(chunk, &mut entries);
                let mut rows = *rows;
                and(&mut rows, &entries.present);
                each_bit(&rows, |position| {
                    let trace = numbers[codes.values[position] as usize];
                    let id_hash = dictionary.hash(entries.values[position]);
                    set.0.insert(key_of(trace, id_hash));
                });
                Ok(())
            })?;
            search.watch.account(before, set.0.allocation_size())
        },
    )?;
    let mut parts = parts.into_iter();
    let mut all = parts.next().unwrap_or_else(|| SpanSet(HashSet::default()));
    for part in parts {
        all.0.extend(part.0);
    }
    Ok(all)
}

/// Span ids are unique in their trace, and hardly ever anywhere.
pub(super) fn key_of(trace: u32, id_hash: u64) -> u64 {
    mix(id_hash ^ mix(u64::from(trace)))
}
