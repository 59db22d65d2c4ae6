//! Other spans of a row's trace, by looking at every pair of rows. Source: spec/product.md RF-01.

use super::filter::passes;
use crate::event::Event;
use waggle_model::{FilterSpec, Value};

const PREFIXES: [&str; 7] = ["root", "parent", "child", "any", "any2", "any3", "none"];

/// The prefix of a filter's column, and the column after it.
fn split(column: &str) -> Option<(&'static str, &str)> {
    let (before, after) = column.split_once('.')?;
    let prefix = PREFIXES.iter().find(|prefix| **prefix == before)?;
    Some((prefix, after))
}

/// True when a filter is about another span.
pub(super) fn is_related(filter: &FilterSpec) -> bool {
    split(&filter.column).is_some()
}

/// Whether a row passes all filters that are about other spans, which are among `rows`.
pub(super) fn holds(rows: &[&Event], row: &Event, filters: &[FilterSpec]) -> bool {
    PREFIXES.iter().all(|prefix| {
        let of_prefix = filters_of(prefix, filters);
        let has_span = !spans(prefix, rows, row, &of_prefix).is_empty();
        of_prefix.is_empty() || has_span != (*prefix == "none")
    })
}

/// The value of a column in the first span that a row means by the column's prefix, if the filters of that prefix hold for one.
pub(super) fn value<'a>(
    rows: &[&'a Event],
    row: &Event,
    column: &str,
    filters: &[FilterSpec],
) -> Option<&'a Value> {
    let (prefix, column) = split(column)?;
    let spans = spans(prefix, rows, row, &filters_of(prefix, filters));
    let first = spans.into_iter().min_by_key(|span| span.timestamp_ns)?;
    first.fields.get(column)
}

/// The filters of a prefix, on the columns after it.
fn filters_of(prefix: &str, filters: &[FilterSpec]) -> Vec<FilterSpec> {
    let of_prefix = filters.iter().filter_map(|filter| {
        let (relation, column) = split(&filter.column)?;
        (relation == prefix).then(|| FilterSpec {
            column: column.to_owned(),
            ..filter.clone()
        })
    });
    of_prefix.collect()
}

/// The spans that a row means by a prefix and that pass filters.
fn spans<'a>(
    prefix: &str,
    rows: &[&'a Event],
    row: &Event,
    filters: &[FilterSpec],
) -> Vec<&'a Event> {
    let passes_all = |span: &Event| {
        let mut filters = filters.iter();
        filters.all(|filter| passes(filter, span.fields.get(&filter.column)))
    };
    let is_meant =
        |span: &&&Event| is_span(span) && is_linked(prefix, row, span) && passes_all(span);
    rows.iter().filter(is_meant).copied().collect()
}

fn is_span(row: &Event) -> bool {
    id(row, "trace.trace_id").is_some() && !row.fields.contains_key("meta.annotation_type")
}

fn is_linked(prefix: &str, row: &Event, span: &Event) -> bool {
    let is_same = |left: Option<&str>, right: Option<&str>| left.is_some() && left == right;
    let same_trace = is_same(id(row, "trace.trace_id"), id(span, "trace.trace_id"));
    same_trace
        && match prefix {
            "root" => !span.fields.contains_key("trace.parent_id"),
            "parent" => is_same(id(row, "trace.parent_id"), id(span, "trace.span_id")),
            "child" => is_same(id(row, "trace.span_id"), id(span, "trace.parent_id")),
            _ => true,
        }
}

fn id<'a>(row: &'a Event, column: &str) -> Option<&'a str> {
    match row.fields.get(column) {
        Some(Value::String(id)) => Some(id),
        _ => None,
    }
}
