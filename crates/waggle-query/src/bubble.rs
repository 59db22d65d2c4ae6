//! BubbleUp: every column of some rows of a query against its other rows, to find what sets them apart.
//!
//! First each source says which of its rows are in the query and which of those are selected; then every column is counted by itself,
//! in parallel: texts by dictionary code, numbers by value and in log-linear bins. Rules: spec/product.md section 2.

mod counts;
mod score;
mod sides;
mod values;

use crate::derived::DerivedColumns;
use crate::engine::EngineConfig;
use crate::exec::{ExecError, Watch, fold_items, fold_sources};
use crate::filter::FilterSet;
use crate::plan::steps_of;
use crate::relation::relate;
use crate::usage;
use counts::ColumnCounts;
use hashbrown::{HashMap, HashSet};
use score::{Scored, Totals};
use sides::Sides;
use std::sync::Arc;
use waggle_model::{
    BubbleUp, BubbleUpRequest, FilterCombination, QueryError, QueryStats, TimeRange,
};
use waggle_store::{ARRIVAL_COLUMN, Snapshot, Source};

/// Compares the selection with the baseline.
pub(crate) fn bubble_up(
    snapshot: &Snapshot,
    request: &BubbleUpRequest,
    config: &EngineConfig,
    watch: &Arc<Watch>,
) -> Result<BubbleUp, ExecError> {
    let mut question = Question::new(request)?;
    let derived = DerivedColumns::new(&request.calculated_fields)?;
    let remembered = question.filters.remembered();
    let by_rows = request.usage_mode.then(|| usage::by_rows(snapshot));
    let snapshot = by_rows.as_ref().unwrap_or(snapshot);
    let steps = steps_of(request.range, request.granularity_ns)?;
    let snapshot = &derived.extend(snapshot, steps, config, remembered, watch)?;
    for filters in [&mut question.filters, &mut question.selection] {
        *filters = relate(filters, snapshot, request.range, config, watch)?;
    }
    let (columns, columns_left_out) = columns_of(snapshot, request, config)?;
    let found = fold_sources(
        &snapshot.sources,
        config,
        || (Vec::new(), QueryStats::default()),
        |(found, stats), index, source| {
            found.extend(Sides::find(source, index, &question, stats, watch)?);
            Ok(())
        },
    )?;
    let mut sides: Vec<Sides> = Vec::new();
    let mut stats = QueryStats::default();
    for (part, part_stats) in found {
        sides.extend(part);
        add(&mut stats, &part_stats);
    }
    // Threads finish in any order; the answer must not depend on it.
    sides.sort_unstable_by_key(|sides| sides.source);
    let mut totals = Totals::default();
    for sides in &sides {
        totals.add(&sides.totals);
        stats.sample_rate_applied |= sides.is_weighted();
    }
    let rows = stats.rows_matched.saturating_mul(columns.len() as u64);
    let scored = fold_items(
        columns.len(),
        rows,
        config,
        || (Vec::new(), 0, Vec::new()),
        |(scored, bytes_read, scratch), index| {
            let mut counts = ColumnCounts::new(config.bubble_values_max);
            for sides in &sides {
                let source = &snapshot.sources[sides.source];
                *bytes_read += source.column_bytes(&columns[index]);
                if let Some(column) = source.column(&columns[index])? {
                    counts.add(&column, sides, scratch, watch)?;
                }
            }
            scored.push(Scored::new(
                &columns[index],
                &counts,
                totals,
                request.values_max,
            ));
            counts.release(watch)
        },
    )?;
    let mut fields: Vec<Scored> = Vec::with_capacity(columns.len());
    for (part, bytes_read, _) in scored {
        fields.extend(part);
        stats.bytes_read += bytes_read;
    }
    fields.sort_unstable_by(Scored::compare);
    for sides in sides {
        sides.release(watch)?;
    }
    watch.limits()?;
    stats.elapsed_ns = watch.elapsed_ns();
    Ok(BubbleUp {
        selection_count: totals.selection,
        baseline_count: totals.baseline,
        fields: fields.into_iter().map(|scored| scored.field).collect(),
        columns_left_out,
        stats,
    })
}

/// The request, checked.
struct Question {
    range: TimeRange,
    filters: FilterSet,
    selection_range: TimeRange,
    selection: FilterSet,
}

impl Question {
    fn new(request: &BubbleUpRequest) -> Result<Self, QueryError> {
        let selected = &request.selection;
        let selection = FilterSet::new(&selected.filters, FilterCombination::And);
        let selection = selection.map_err(|error| match error {
            QueryError::Invalid { field, message } => QueryError::Invalid {
                field: format!("selection.{field}"),
                message,
            },
            error => error,
        })?;
        let selection_range = selected.range.unwrap_or(request.range);
        Ok(Self {
            range: request.range,
            filters: FilterSet::new(&request.filters, request.filter_combination)?,
            selection_range: TimeRange {
                start_ns: selection_range.start_ns.max(request.range.start_ns),
                end_ns: selection_range.end_ns.min(request.range.end_ns),
            },
            selection,
        })
    }
}

/// The columns to compare, and how many were left out: the rarest, where there are too many.
fn columns_of(
    snapshot: &Snapshot,
    request: &BubbleUpRequest,
    config: &EngineConfig,
) -> Result<(Vec<String>, usize), ExecError> {
    let columns_max = config.bubble_columns_max;
    if let Some(named) = &request.columns {
        let mut seen = HashSet::new();
        let mut columns = named.clone();
        columns.retain(|column| seen.insert(column.clone()));
        if columns.len() > columns_max {
            return Err(ExecError::Query(QueryError::Invalid {
                field: "columns".to_owned(),
                message: format!("there may be at most {columns_max}"),
            }));
        }
        return Ok((columns, 0));
    }
    let mut value_counts: HashMap<String, u64> = HashMap::new();
    for source in &snapshot.sources {
        match source.base() {
            Source::Run(run) => {
                for (name, column) in run.columns() {
                    let count: usize = column.types.iter().map(|typed| typed.value_count()).sum();
                    *value_counts.entry_ref(name).or_default() += count as u64;
                }
            }
            Source::Block(block) => {
                for entry in block.entries() {
                    *value_counts.entry_ref(&*entry.name).or_default() +=
                        u64::from(entry.value_count);
                }
            }
            Source::Extended(_) => {}
        }
    }
    value_counts.remove(ARRIVAL_COLUMN);
    let mut columns: Vec<(u64, String)> = value_counts
        .into_iter()
        .map(|(name, count)| (count, name))
        .collect();
    columns.sort_unstable_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
    let columns_left_out = columns.len().saturating_sub(columns_max);
    columns.truncate(columns_max);
    let derived = request.calculated_fields.iter().map(|field| &field.name);
    let derived: Vec<String> = derived.cloned().collect();
    let stored = columns.into_iter().map(|(_, name)| name);
    let stored = stored.filter(|name| !derived.contains(name));
    let columns = derived.iter().cloned().chain(stored).collect();
    Ok((columns, columns_left_out))
}

fn add(stats: &mut QueryStats, part: &QueryStats) {
    stats.rows_read += part.rows_read;
    stats.rows_matched += part.rows_matched;
    stats.blocks_read += part.blocks_read;
    stats.bytes_read += part.bytes_read;
}

#[cfg(test)]
mod tests;
