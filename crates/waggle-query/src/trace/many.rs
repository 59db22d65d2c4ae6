//! All rows of several traces, found in each source by its trace ids and gathered together, with their fields by
//! the names of their meanings too. Rows of one nanosecond come in an order that
//! depends on nothing but the rows, so that those which a limit leaves are the same at every reading.

use super::TRACE_ID;
use crate::engine::EngineConfig;
use crate::exec::{ExecError, Watch, fold_sources};
use crate::rows::{Gatherer, Place};
use waggle_model::{TraceRows, TracesRequest};
use waggle_store::column::{CHUNK_ROWS, ChunkBuffer};
use waggle_store::{Snapshot, Source};

/// Rows that are read together where they have room.
const ROWS_AT_ONCE: usize = 256;

/// Collects traces, each oldest row first.
pub(crate) fn read_traces(
    snapshot: &Snapshot,
    request: &TracesRequest,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<Vec<TraceRows>, ExecError> {
    let snapshot = &snapshot.by_definition(None);
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
    places.sort_unstable_by_key(|(number, place)| (*number, place.time_ns));
    let mut traces = vec![TraceRows::default(); request.trace_ids.len()];
    let mut candidates: Vec<(usize, Place)> = Vec::new();
    for of_trace in places.chunk_by(|(left, _), (right, _)| left == right) {
        let number = of_trace[0].0;
        traces[number].row_count = of_trace.len();
        candidates.extend(up_to(of_trace, request.rows_max));
    }
    let read: Vec<Place> = candidates.iter().map(|(_, place)| *place).collect();
    let mut gatherer = Gatherer::new(&snapshot.sources, &read, config, watch);
    let mut chosen: Vec<(usize, Place)> = Vec::with_capacity(candidates.len());
    let is_same = |(left, one): &(usize, Place), (right, other): &(usize, Place)| {
        left == right && one.time_ns == other.time_ns
    };
    let mut left = vec![request.rows_max; request.trace_ids.len()];
    for run in candidates.chunk_by(is_same) {
        let (number, place) = run[0];
        let left = &mut left[number];
        if run.len() == 1 {
            chosen.push((number, place));
        } else {
            let run: Vec<Place> = run.iter().map(|(_, place)| *place).collect();
            let ordered = gatherer.by_hash(&run)?.into_iter().take(*left);
            chosen.extend(ordered.map(|(_, place)| (number, place)));
        }
        *left = left.saturating_sub(run.len());
    }
    let places: Vec<Place> = chosen.iter().map(|(_, place)| *place).collect();
    let mut bytes = 0;
    let mut row_count = 0;
    let mut at_once = ROWS_AT_ONCE;
    while row_count < chosen.len() {
        let part = row_count..(row_count + at_once).min(chosen.len());
        // One row there is in any case, or asking for more would never come to an end.
        let bytes_left = match part == (0..1) {
            true => usize::MAX,
            false => request.bytes_max.saturating_sub(bytes),
        };
        match gatherer.rows_within(&places[part.clone()], bytes_left)? {
            Some((rows, rows_bytes)) => {
                for ((number, _), row) in chosen[part.clone()].iter().zip(rows) {
                    traces[*number].rows.push(row);
                }
                bytes += rows_bytes;
                row_count = part.end;
            }
            None if part.len() == 1 => break,
            // What fits is found by halves: a few large rows may stand behind many small ones.
            None => at_once = part.len() / 2,
        }
    }
    if let (Some((next, _)), Some((last, _))) = (
        chosen.get(row_count),
        row_count.checked_sub(1).and_then(|last| chosen.get(last)),
    ) {
        // A trace of which only a part was read is left for the next request, unless that would begin no farther than this one.
        let is_first = traces.iter().take(*last).all(|trace| trace.rows.is_empty());
        traces.truncate(last + usize::from(next != last || is_first));
    }
    watch.limits()?;
    Ok(traces)
}

/// The first rows of a trace, so many and those of the same time as the last of them.
fn up_to(rows: &[(usize, Place)], rows_max: usize) -> &[(usize, Place)] {
    let Some((_, last)) = rows_max.checked_sub(1).and_then(|last| rows.get(last)) else {
        return if rows_max == 0 { &[] } else { rows };
    };
    let end = rows.partition_point(|(_, place)| place.time_ns <= last.time_ns);
    &rows[..end]
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
