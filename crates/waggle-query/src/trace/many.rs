//! All rows of several traces, found in each source by its trace ids and gathered together.

use super::TRACE_ID;
use crate::engine::EngineConfig;
use crate::exec::{ExecError, Watch, fold_sources};
use crate::rows::{Gatherer, Place};
use waggle_model::{TraceRows, TracesRequest};
use waggle_store::column::{CHUNK_ROWS, ChunkBuffer};
use waggle_store::{Snapshot, Source};

/// Collects traces, each oldest row first.
pub(crate) fn read_traces(
    snapshot: &Snapshot,
    request: &TracesRequest,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<Vec<TraceRows>, ExecError> {
    let parts = fold_sources(
        &snapshot.sources,
        config,
        Vec::new,
        |found: &mut Vec<(usize, Place)>, index, source| {
            for (number, trace_id) in request.trace_ids.iter().enumerate() {
                watch.check()?;
                let before = found.capacity();
                find(source, index, trace_id, |place| found.push((number, place)))?;
                let bytes = |count: usize| count * size_of::<(usize, Place)>();
                watch.account(bytes(before), bytes(found.capacity()))?;
            }
            Ok(())
        },
    )?;
    let mut places: Vec<(usize, Place)> = parts.into_iter().flatten().collect();
    places.sort_by_key(|(number, place)| (*number, place.time_ns));
    let mut traces = vec![TraceRows::default(); request.trace_ids.len()];
    for (number, _) in &places {
        traces[*number].row_count += 1;
    }
    let mut left = vec![request.rows_max; request.trace_ids.len()];
    places.retain(|(number, _)| {
        let is_in = left[*number] > 0;
        left[*number] = left[*number].saturating_sub(1);
        is_in
    });
    let chosen: Vec<Place> = places.iter().map(|(_, place)| *place).collect();
    let mut gatherer = Gatherer::new(&snapshot.sources, &chosen, config, watch);
    let rows = gatherer.rows(&chosen)?;
    for ((number, _), row) in places.into_iter().zip(rows) {
        traces[number].rows.push(row);
    }
    watch.limits()?;
    Ok(traces)
}

/// Calls `visit` with the place of each row of a trace in one source.
pub(super) fn find(
    source: &Source,
    index: usize,
    trace_id: &str,
    mut visit: impl FnMut(Place),
) -> Result<(), ExecError> {
    let rows = source.rows_with(TRACE_ID, trace_id)?;
    if rows.is_empty() {
        return Ok(());
    }
    let column = source.times()?;
    let mut times = ChunkBuffer::default();
    for rows in rows.chunks(CHUNK_ROWS) {
        column.pick_ints(rows, &mut times);
        for (row, time_ns) in rows.iter().zip(times.values.iter()) {
            visit(Place {
                time_ns: *time_ns,
                source: index,
                row: *row,
            });
        }
    }
    Ok(())
}
