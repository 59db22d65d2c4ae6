//! All rows of one trace: spans, span events, links and logs, from whatever dataset they are in.
//!
//! A trace is found by its id in the column that has it by the definition of each dataset, mostly `trace.trace_id`. A source whose
//! dictionary of that column lacks the id is not read at all.

mod many;
mod scan;
mod search;
mod window;

use crate::engine::EngineConfig;
use crate::exec::{ExecError, Watch, fold_sources};
use crate::rows::{Gatherer, Place, add_meanings};
use waggle_model::{Meaning, QueryStats, Trace, TraceChoice, TraceRequest};
use waggle_store::column::{CHUNK_ROWS, ChunkBuffer};
use waggle_store::{Snapshot, Source};

pub(crate) use many::read_traces;
pub(crate) use scan::scan_rows;
pub(crate) use search::find_traces;

const TRACE_ID: &str = Meaning::TraceId.column();

/// Collects a trace, oldest row first; rows of one nanosecond come in an order that depends on nothing but the rows.
pub(crate) fn read_trace(
    snapshot: &Snapshot,
    request: &TraceRequest,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<Trace, ExecError> {
    let defined = snapshot.by_definition(None);
    let found = fold_sources(
        &defined.sources,
        config,
        || (Vec::new(), QueryStats::default()),
        |(places, stats), index, source| {
            watch.check()?;
            find(source, index, request, places, stats)
        },
    )?;
    let mut places: Vec<Place> = Vec::new();
    let mut stats = QueryStats::default();
    for (part, part_stats) in found {
        places.extend(part);
        stats.rows_read += part_stats.rows_read;
        stats.blocks_read += part_stats.blocks_read;
        stats.bytes_read += part_stats.bytes_read;
    }
    places.sort_by_key(|place| place.time_ns);
    let row_count = places.len();
    stats.rows_matched = row_count as u64;
    let sources = &snapshot.sources;
    let (mut rows, left_out, chosen) = match &request.choice {
        TraceChoice::BreadthFirst { around } if row_count > request.limit => {
            let around = around.as_deref();
            let window = window::choose(&defined, places, request.limit, around, watch)?;
            let mut gatherer = Gatherer::new(sources, &window.chosen, config, watch);
            let rows = gatherer.rows(&window.chosen)?;
            (rows, window.left_out, window.chosen)
        }
        _ => {
            let mut gatherer = Gatherer::new(sources, &places, config, watch);
            let chosen = oldest(&places, request.limit, &mut gatherer)?;
            (gatherer.rows(&chosen)?, Vec::new(), chosen)
        }
    };
    add_meanings(&mut rows, &chosen, sources, config, watch)?;
    stats.elapsed_ns = watch.elapsed_ns();
    Ok(Trace {
        rows,
        left_out,
        row_count,
        stats,
    })
}

/// The first of the rows, which come oldest first.
fn oldest(
    places: &[Place],
    limit: usize,
    gatherer: &mut Gatherer<'_>,
) -> Result<Vec<Place>, ExecError> {
    let mut chosen: Vec<Place> = Vec::with_capacity(places.len().min(limit));
    for run in places.chunk_by(|left, right| left.time_ns == right.time_ns) {
        let missing = limit.saturating_sub(chosen.len());
        match run {
            _ if missing == 0 => break,
            [place] => chosen.push(*place),
            run => {
                let ordered = gatherer.by_hash(run)?.into_iter().take(missing);
                chosen.extend(ordered.map(|(_, place)| place));
            }
        }
    }
    Ok(chosen)
}

/// Finds the trace's rows in one source.
fn find(
    source: &Source,
    index: usize,
    request: &TraceRequest,
    places: &mut Vec<Place>,
    stats: &mut QueryStats,
) -> Result<(), ExecError> {
    let rows = source.rows_with(TRACE_ID, &request.trace_id)?;
    stats.blocks_read += u64::from(source.stored_bytes() > 0);
    stats.rows_read += rows.len() as u64;
    if rows.is_empty() {
        return Ok(());
    }
    let column = source.times()?;
    let mut times = ChunkBuffer::default();
    for rows in rows.chunks(CHUNK_ROWS) {
        column.pick_ints(rows, &mut times);
        let timed = rows.iter().zip(times.values.iter());
        places.extend(
            timed
                .filter(|(_, time_ns)| request.range.contains(**time_ns))
                .map(|(row, time_ns)| Place {
                    time_ns: *time_ns,
                    source: index,
                    row: *row,
                }),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
