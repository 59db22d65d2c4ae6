//! Filters on other spans of a row's trace, by looking at every pair of rows. Source: spec/product.md RF-01.

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
        let of_prefix: Vec<FilterSpec> = filters
            .iter()
            .filter_map(|filter| {
                let (relation, column) = split(&filter.column)?;
                (relation == *prefix).then(|| FilterSpec {
                    column: column.to_owned(),
                    ..filter.clone()
                })
            })
            .collect();
        if of_prefix.is_empty() {
            return true;
        }
        let has_span = rows.iter().any(|span| {
            is_span(span)
                && is_linked(prefix, row, span)
                && of_prefix
                    .iter()
                    .all(|filter| passes(filter, span.fields.get(&filter.column)))
        });
        has_span != (*prefix == "none")
    })
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
