//! Which span of a trace a row's `root.`, `parent.` or `child.` means when a value is asked for: the first in time.

use super::spans::key_of;
use super::traces::{HashedAlready, each_span, texts_of};
use super::{PARENT_ID, Relation, SPAN_ID, Search};
use crate::chunk::each_bit;
use crate::exec::{ExecError, fold_sources};
use crate::filter::{FilterSet, and};
use crate::number::mix;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use std::hash::BuildHasherDefault;
use std::sync::{Arc, OnceLock};
use waggle_model::Value;
use waggle_store::column::{CHUNK_ROWS, ChunkBuffer, Column};

/// Where a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Index of the source.
    pub(super) source: u32,
    /// Its row there.
    pub(super) row: u32,
}

#[derive(Clone, Copy)]
struct First {
    time_ns: i64,
    place: Place,
}

/// The first span that rows mean, by the hash of what they know of it: of its trace for roots, of trace and span id for parents and
/// children.
#[derive(Default)]
pub(super) struct FirstSpans(HashMap<u64, First, BuildHasherDefault<HashedAlready>>);

impl FirstSpans {
    /// The root of a trace.
    pub(super) fn root(&self, trace: u32) -> Option<Place> {
        self.get(mix(u64::from(trace)))
    }

    /// The span that a row of a trace knows by an id.
    pub(super) fn span(&self, trace: u32, id_hash: u64) -> Option<Place> {
        self.get(key_of(trace, id_hash))
    }

    fn get(&self, key: u64) -> Option<Place> {
        self.0.get(&key).map(|first| first.place)
    }

    fn insert(&mut self, key: u64, span: First, ids: &SpanIds<'_>) -> Result<(), ExecError> {
        match self.0.entry(key) {
            Entry::Vacant(entry) => _ = entry.insert(span),
            Entry::Occupied(mut entry) => {
                if ids.is_before(&span, entry.get())? {
                    entry.insert(span);
                }
            }
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.0.allocation_size()
    }
}

/// The first of the spans that pass the filters, for all rows that are in the relation to it.
pub(super) fn find_first_spans(
    search: &Search<'_>,
    filters: &FilterSet,
    relation: Relation,
) -> Result<FirstSpans, ExecError> {
    let ids = SpanIds::new(search);
    let known_by = match relation {
        Relation::Parent => Some(SPAN_ID),
        Relation::Child => Some(PARENT_ID),
        _ => None,
    };
    let parts = fold_sources(
        search.sources,
        search.config,
        FirstSpans::default,
        |firsts, index, source| {
            let column = match known_by {
                Some(name) => match source.column(name)? {
                    Some(column) => Some(column),
                    None => return Ok(()),
                },
                None => None,
            };
            let names = column.as_ref().and_then(|column| texts_of(&column.types));
            let names = names.and_then(|names| Some((names, names.dictionary()?)));
            if known_by.is_some() && names.is_none() {
                return Ok(());
            }
            let times = source.times()?;
            let mut time_buffer = ChunkBuffer::default();
            let mut entries = ChunkBuffer::default();
            let mut bytes = firsts.bytes();
            each_span(search, source, filters, |numbers, codes, rows, chunk| {
                let mut rows = *rows;
                if let Some((names, _)) = names {
                    names.read_codes(chunk, &mut entries);
                    and(&mut rows, &entries.present);
                }
                times.read_ints(chunk, &mut time_buffer);
                let mut failed = None;
                each_bit(&rows, |position| {
                    let trace = numbers[codes.values[position] as usize];
                    let key = match names {
                        Some((_, texts)) => key_of(trace, texts.hash(entries.values[position])),
                        None => mix(u64::from(trace)),
                    };
                    let span = First {
                        time_ns: time_buffer.values[position],
                        place: Place {
                            source: index as u32,
                            row: (chunk * CHUNK_ROWS + position) as u32,
                        },
                    };
                    if let Err(error) = firsts.insert(key, span, &ids) {
                        failed = Some(error);
                    }
                });
                let before = std::mem::replace(&mut bytes, firsts.bytes());
                search.watch.account(before, bytes)?;
                failed.map_or(Ok(()), Err)
            })
        },
    )?;
    let mut parts = parts.into_iter();
    let mut all = parts.next().unwrap_or_default();
    for part in parts {
        let part_bytes = part.bytes();
        // They come in the order of their hashes: a table that grows meanwhile would be crowded at one end each time.
        let before = all.bytes();
        all.0.reserve(part.0.len());
        search.watch.account(before, all.bytes())?;
        let mut steps = search.watch.steps();
        for (key, span) in part.0 {
            steps.step()?;
            let before = all.bytes();
            all.insert(key, span, &ids)?;
            search.watch.account(before, all.bytes())?;
        }
        search.watch.account(part_bytes, 0)?;
    }
    Ok(all)
}

/// The ids of spans, looked at when two are of the same time.
struct SpanIds<'a> {
    search: &'a Search<'a>,
    columns: Vec<OnceLock<Option<Arc<Column>>>>,
}

impl<'a> SpanIds<'a> {
    fn new(search: &'a Search<'a>) -> Self {
        Self {
            search,
            columns: search.sources.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    /// Whether a span comes before another. Two of the same time and id have no order but that of the sources.
    fn is_before(&self, one: &First, other: &First) -> Result<bool, ExecError> {
        if one.time_ns != other.time_ns {
            return Ok(one.time_ns < other.time_ns);
        }
        let (one_id, other_id) = (self.id(one.place)?, self.id(other.place)?);
        Ok(match (one_id, other_id) {
            (Some(one_id), Some(other_id)) if one_id != other_id => one_id < other_id,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            _ => one.place < other.place,
        })
    }

    fn id(&self, place: Place) -> Result<Option<String>, ExecError> {
        let index = place.source as usize;
        let column = match self.columns[index].get() {
            Some(column) => column,
            None => {
                let column = self.search.sources[index].column(SPAN_ID)?;
                self.columns[index].get_or_init(|| column)
            }
        };
        let texts = column.as_ref().and_then(|column| texts_of(&column.types));
        Ok(match texts.and_then(|texts| texts.value(place.row)) {
            Some(Value::String(id)) => Some(id),
            _ => None,
        })
    }
}
