//! Other spans of a row's trace: `root.`, `parent.`, `child.`, `any.`, `any2.`, `any3.` and `none.` before a column's name.
//!
//! | prefix | a row passes a filter when |
//! |---|---|
//! | `root.` | a root span of its trace matches |
//! | `parent.` | the span whose id is the row's `trace.parent_id` matches |
//! | `child.` | a span whose `trace.parent_id` is the row's `trace.span_id` matches |
//! | `any.` `any2.` `any3.` | a span of its trace matches, itself perhaps |
//! | `none.` | no span of its trace matches; rows outside of traces pass |
//!
//! All filters of one prefix must hold for the same span. Outside of filters, the first three name the value in one such span: in the
//! first, by time and then by span id, of those for which all filters of the query with the same prefix hold.
//! Spans are the rows with a `trace.trace_id` and without a
//! `meta.annotation_type`; root spans have no `trace.parent_id`. Where the definition of a dataset gives these meanings to other columns,
//! those are read. Only spans of the query's datasets and times are looked at. A column
//! whose own name begins like this is meant when a source of the query has it. Rules: spec/product.md RF-01, RF-02.
//!
//! Traces are numbered across all sources, so that what one source knows of a trace counts in every other. Then a condition on traces
//! is a bit per trace, which becomes a condition on the entries of each source's dictionary of trace ids; a condition on parents or
//! children is a set of pairs of trace and span. A column of other spans is made per source, of the places of those spans.

mod bound;
mod columns;
mod first;
mod numbers;
mod spans;
mod traces;

use crate::engine::EngineConfig;
use crate::exec::{ExecError, Watch};
use crate::filter::{Filter, FilterSet};
use std::collections::BTreeMap;
use std::sync::Arc;
use waggle_model::{FilterCombination, Meaning, QueryError, TimeRange};
use waggle_store::{ExtendedSource, Snapshot, Source};

pub(crate) use bound::BoundRelations;
pub(crate) use numbers::TraceNumbers;
pub(crate) use traces::texts_of;

use columns::OtherSpans;
use first::find_first_spans;
use spans::{SpanSet, find_spans};
use traces::{Numbered, TraceSet, find_traces};

const TRACE_ID: &str = Meaning::TraceId.column();
const SPAN_ID: &str = Meaning::SpanId.column();
const PARENT_ID: &str = Meaning::ParentId.column();
const ANNOTATION: &str = Meaning::AnnotationType.column();
/// What is read by its meaning in each dataset; all other columns of spans are read by their names.
const BY_MEANING: [&str; 4] = [TRACE_ID, SPAN_ID, PARENT_ID, ANNOTATION];

/// Which spans a name looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Relation {
    Root,
    Parent,
    Child,
    Any,
    Any2,
    Any3,
    None,
}

impl Relation {
    /// True when it can say which span a value is of.
    fn has_values(self) -> bool {
        matches!(self, Self::Root | Self::Parent | Self::Child)
    }
}

const PREFIXES: [(&str, Relation); 7] = [
    ("root.", Relation::Root),
    ("parent.", Relation::Parent),
    ("child.", Relation::Child),
    ("any.", Relation::Any),
    ("any2.", Relation::Any2),
    ("any3.", Relation::Any3),
    ("none.", Relation::None),
];

/// The relation that a name begins with, and the column after it.
fn split(name: &str) -> Option<(Relation, &str)> {
    PREFIXES.iter().find_map(|(prefix, relation)| {
        let column = name.strip_prefix(prefix)?;
        (!column.is_empty()).then_some((*relation, column))
    })
}

/// True when a name begins like a column of another span.
pub(crate) fn is_relational(name: &str) -> bool {
    split(name).is_some()
}

/// True when one of the filters may look at other spans.
pub(crate) fn may_relate(filters: &FilterSet) -> bool {
    filters.columns().any(|column| split(column).is_some())
}

/// The conditions of a query on other spans, ready for every source of its snapshot.
pub(crate) struct Relations {
    numbered: Numbered,
    /// Traces that must, or with `false` must not, be in the set.
    traces: Vec<(bool, TraceSet)>,
    /// The row's column whose span must be in the set.
    spans: Vec<(&'static str, SpanSet)>,
}

/// Finds out what filters say of other spans, and gives filters that know the answers. Others come back as they are.
///
/// # Errors
/// [`QueryError::Invalid`] when such a filter is one of several of which any may hold.
pub(crate) fn relate(
    filters: &FilterSet,
    snapshot: &Snapshot,
    range: TimeRange,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<FilterSet, ExecError> {
    if !may_relate(filters) {
        return Ok(filters.clone());
    }
    let (plain, groups) = by_relation(filters, snapshot)?;
    let mut related = filters.with_filters(plain);
    if groups.is_empty() {
        return Ok(related);
    }
    let defined = snapshot.by_definition(Some(&BY_MEANING));
    let search = Search {
        sources: &defined.sources,
        range,
        config,
        watch,
        numbered: Numbered::new(&defined.sources, filters.remembered(), config, watch)?,
    };
    let mut relations = Relations {
        numbered: search.numbered.clone(),
        traces: Vec::new(),
        spans: Vec::new(),
    };
    for (relation, group) in groups {
        let spans = filters.with_filters(spans_of(relation, group));
        match relation {
            Relation::Root | Relation::Any | Relation::Any2 | Relation::Any3 => {
                relations.traces.push((true, find_traces(&search, &spans)?));
            }
            Relation::None => relations
                .traces
                .push((false, find_traces(&search, &spans)?)),
            Relation::Parent => {
                let found = find_spans(&search, &spans, SPAN_ID)?;
                relations.spans.push((PARENT_ID, found));
            }
            Relation::Child => {
                let found = find_spans(&search, &spans, PARENT_ID)?;
                relations.spans.push((SPAN_ID, found));
            }
        }
    }
    related.relate(Arc::new(relations));
    Ok(related)
}

/// Adds columns of other spans to a snapshot: those of `names` that begin like one and that no source has. Their values are those of the
/// first spans for which the filters with the same prefix hold.
///
/// # Errors
/// [`QueryError::Invalid`] with the field that `field_of` gives for a name whose prefix works in filters only, and as [`relate`].
pub(crate) fn extend<'a>(
    snapshot: &Snapshot,
    names: impl Iterator<Item = &'a str>,
    field_of: impl Fn(&str) -> String,
    filters: &FilterSet,
    range: TimeRange,
    config: &EngineConfig,
    watch: &Arc<Watch>,
) -> Result<Snapshot, ExecError> {
    let mut wanted: BTreeMap<Relation, Vec<(&str, &str)>> = BTreeMap::new();
    for name in names {
        if let Some((relation, column)) = split(name)
            && !has_column(&snapshot.sources, name)
        {
            if !relation.has_values() {
                return Err(ExecError::Query(only_in_filters(field_of(name), name)));
            }
            wanted.entry(relation).or_default().push((name, column));
        }
    }
    if wanted.is_empty() {
        return Ok(snapshot.clone());
    }
    let (_, mut groups) = by_relation(filters, snapshot)?;
    let defined = snapshot.by_definition(Some(&BY_MEANING));
    let search = Search {
        sources: &defined.sources,
        range,
        config,
        watch,
        numbered: Numbered::new(&defined.sources, filters.remembered(), config, watch)?,
    };
    let mut others = OtherSpans::new(&search, &snapshot.sources, watch);
    for (relation, columns) in wanted {
        let of_relation = groups.remove(&relation).unwrap_or_default();
        let spans = filters.with_filters(spans_of(relation, of_relation));
        let firsts = Arc::new(find_first_spans(&search, &spans, relation)?);
        for (name, column) in columns {
            others.add(name, relation, column, &firsts);
        }
    }
    let others = Arc::new(others);
    let sources = snapshot.sources.iter().map(|source| {
        let columns = others.of_one_source();
        Source::Extended(Arc::new(ExtendedSource::new(
            source.clone(),
            Arc::new(columns),
        )))
    });
    Ok(Snapshot {
        sources: sources.collect(),
    })
}

/// The filters of each prefix.
type ByRelation = BTreeMap<Relation, Vec<Filter>>;

/// The filters on rows themselves, and those on other spans, on the columns there.
///
/// # Errors
/// When a filter on other spans is one of several of which any may hold.
fn by_relation(
    filters: &FilterSet,
    snapshot: &Snapshot,
) -> Result<(Vec<Filter>, ByRelation), ExecError> {
    let mut plain: Vec<Filter> = Vec::new();
    let mut groups = ByRelation::new();
    for (index, filter) in filters.filters().iter().enumerate() {
        match split(&filter.column) {
            Some((relation, column)) if !has_column(&snapshot.sources, &filter.column) => {
                if filters.combination() == FilterCombination::Or {
                    return Err(ExecError::Query(or_with_relation(index, &filter.column)));
                }
                groups
                    .entry(relation)
                    .or_default()
                    .push(filter.on_column(column));
            }
            _ => plain.push(filter.clone()),
        }
    }
    Ok((plain, groups))
}

/// What looking for spans needs.
struct Search<'a> {
    sources: &'a [Source],
    range: TimeRange,
    config: &'a EngineConfig,
    watch: &'a Watch,
    numbered: Numbered,
}

/// The filters of one prefix, and what makes a row such a span.
fn spans_of(relation: Relation, mut filters: Vec<Filter>) -> Vec<Filter> {
    filters.push(Filter::presence(TRACE_ID, true));
    filters.push(Filter::presence(ANNOTATION, false));
    match relation {
        Relation::Root => filters.push(Filter::presence(PARENT_ID, false)),
        Relation::Parent => filters.push(Filter::presence(SPAN_ID, true)),
        Relation::Child => filters.push(Filter::presence(PARENT_ID, true)),
        Relation::Any | Relation::Any2 | Relation::Any3 | Relation::None => {}
    }
    filters
}

fn has_column(sources: &[Source], name: &str) -> bool {
    sources.iter().any(|source| source.has_column(name))
}

fn only_in_filters(field: String, column: &str) -> QueryError {
    QueryError::Invalid {
        field,
        message: format!(
            "{column} looks at any span of a trace, which only works in filters; root., parent. and child. name one span"
        ),
    }
}

fn or_with_relation(index: usize, column: &str) -> QueryError {
    QueryError::Invalid {
        field: format!("filters[{index}].column"),
        message: format!(
            "{column} looks at other spans of a trace, which only works when all filters must hold: combine them by AND"
        ),
    }
}

#[cfg(test)]
mod tests;
