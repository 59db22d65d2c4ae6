//! All rows of one trace: spans, span events, links and logs, from whatever dataset they are in.
//!
//! A trace is found by its id in `trace.trace_id`. A source whose dictionary of that column lacks the id is not read at all.

use crate::engine::EngineConfig;
use crate::exec::{ExecError, Watch, fold_sources};
use crate::filter::FilterSet;
use crate::rows::{Gatherer, Matches, Place};
use waggle_model::{
    FilterCombination, FilterOp, FilterSpec, FilterValue, QueryStats, Trace, TraceRequest, Value,
};
use waggle_store::Snapshot;

const TRACE_ID: &str = "trace.trace_id";

/// Collects a trace, oldest row first; rows of one nanosecond come in an order that depends on nothing but the rows.
pub(crate) fn read_trace(
    snapshot: &Snapshot,
    request: &TraceRequest,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<Trace, ExecError> {
    let filter = FilterSpec {
        column: TRACE_ID.to_owned(),
        op: FilterOp::Equal,
        value: FilterValue::One(Value::String(request.trace_id.clone())),
    };
    let filters = FilterSet::new(&[filter], FilterCombination::And)?;
    let found = fold_sources(
        &snapshot.sources,
        config,
        || (Vec::new(), QueryStats::default()),
        |(places, stats), index, source| {
            let Some(mut matches) = Matches::new(source, index, request.range, &filters, stats)?
            else {
                return Ok(());
            };
            while let Some(chunk) = matches.previous_chunk(i64::MIN, stats, watch)? {
                places.extend_from_slice(chunk);
            }
            Ok(())
        },
    )?;
    let mut places: Vec<Place> = Vec::new();
    let mut stats = QueryStats::default();
    for (part, part_stats) in found {
        places.extend(part);
        stats.rows_read += part_stats.rows_read;
        stats.rows_matched += part_stats.rows_matched;
        stats.blocks_read += part_stats.blocks_read;
        stats.bytes_read += part_stats.bytes_read;
    }
    places.sort_by_key(|place| place.time_ns);
    let row_count = places.len();
    let mut gatherer = Gatherer::new(&snapshot.sources, watch);
    let mut chosen: Vec<Place> = Vec::with_capacity(row_count.min(request.limit));
    for run in places.chunk_by(|left, right| left.time_ns == right.time_ns) {
        let missing = request.limit.saturating_sub(chosen.len());
        match run {
            _ if missing == 0 => break,
            [place] => chosen.push(*place),
            run => {
                let ordered = gatherer.by_hash(run)?.into_iter().take(missing);
                chosen.extend(ordered.map(|(_, place)| place));
            }
        }
    }
    let rows = gatherer.rows(&chosen)?;
    stats.elapsed_ns = watch.elapsed_ns();
    Ok(Trace {
        rows,
        row_count,
        stats,
    })
}

#[cfg(test)]
mod tests;
