//! Snapshots made of events, split at random over runs and blocks, and the engine's core without a store around it.

use crate::engine::EngineConfig;
use crate::exec::{
    ExecError, FusedPass, Limits, MemoryBudget, PartialState, Passes, States, Watch, run,
};
use crate::filter::Remembered;
use crate::plan::Plan;
use crate::reading::Readings;
use crate::rows::read_rows;
use crate::trace::{find_traces, read_trace, read_traces, scan_rows};
use prometheus_client::metrics::counter::Counter;
use rand::RngExt;
use rand::rngs::StdRng;
use std::io;
use std::sync::{Arc, OnceLock};
use waggle_model::{
    Clock, QueryError, QueryOptions, QuerySpec, ResultTable, RowPage, RowRequest, ScanRequest,
    ScanVisitor, TimeRange, Trace, TracePage, TraceRequest, TraceRows, TraceSearch, TracesRequest,
};
use waggle_store::block::{Block, BlockCache, BlockPlace, RangeRead, encode_block};
use waggle_store::memtable::{Run, RunBuilder};
use waggle_store::{Snapshot, Source};
use waggle_testkit::{Event, batch_of};

/// Puts events into sources: each into a random one, or neighbours into the same; some sources are blocks.
pub(crate) fn snapshot(rng: &mut StdRng, events: &[Event]) -> Snapshot {
    let sources = [1, 1, 2, 5][rng.random_range(0..4)];
    let is_scattered = rng.random_bool(0.5);
    let mut parts = vec![Vec::new(); sources];
    for (index, event) in events.iter().enumerate() {
        let part = match is_scattered {
            true => rng.random_range(0..sources),
            false => index * sources / events.len(),
        };
        parts[part].push(event);
    }
    let mut snapshot = Snapshot::default();
    for part in parts {
        for dataset in [1, 2] {
            let events: Vec<&Event> = part
                .iter()
                .copied()
                .filter(|event| event.dataset.0 == dataset)
                .collect();
            if !events.is_empty() {
                snapshot.sources.push(source(&events, rng.random_bool(0.5)));
            }
        }
    }
    snapshot
}

/// A snapshot as datasets' readings show it.
pub(crate) fn read_by(readings: &Readings, snapshot: Snapshot, range: TimeRange) -> Snapshot {
    readings.apply(snapshot, range, &Arc::new(watch()))
}

/// One source of events of one dataset.
pub(crate) fn source(events: &[&Event], is_block: bool) -> Source {
    let mut builder = RunBuilder::new(events[0].dataset);
    builder.append(&batch_of(events.iter().copied()));
    let run = Arc::new(builder.seal());
    match is_block {
        true => Source::Block(Arc::new(block(&[run]))),
        false => Source::Run(run),
    }
}

fn block(runs: &[Arc<Run>]) -> Block {
    let encoded = encode_block(runs);
    let place = BlockPlace {
        dataset: encoded.dataset,
        offset: 0,
        length: encoded.bytes.len() as u64,
    };
    // One for all, as in a store: no two blocks have the same number.
    static CACHE: OnceLock<Arc<BlockCache>> = OnceLock::new();
    let cache = CACHE.get_or_init(|| Arc::new(BlockCache::new(1 << 30)));
    Block::open(
        Arc::new(MemoryFile(encoded.bytes)),
        place,
        Arc::clone(cache),
    )
    .unwrap()
}

struct MemoryFile(Vec<u8>);

impl RangeRead for MemoryFile {
    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let start = usize::try_from(offset).unwrap();
        self.0
            .get(start..start + length)
            .map(<[u8]>::to_vec)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn name(&self) -> &str {
        "memory"
    }
}

/// A watch that never stops anything.
pub(crate) fn watch() -> Watch {
    watch_of_bytes(u64::MAX)
}

/// A watch of a query that may hold so much.
pub(crate) fn watch_of_bytes(bytes_max: u64) -> Watch {
    let limits = Limits::new(Clock::fixed(0), 1_000, Counter::default());
    Watch::new(Arc::new(limits), bytes_max, MemoryBudget::new(bytes_max))
}

/// Reads all sources at once.
pub(crate) struct Directly;

impl Passes for Directly {
    fn gather(&self, pass: &Arc<FusedPass>) -> Result<PartialState, ExecError> {
        pass.gather(pass.sources())
    }
}

/// Makes a state per source, each turned into bytes and back before they are merged.
pub(crate) struct ByParts;

impl Passes for ByParts {
    fn gather(&self, pass: &Arc<FusedPass>) -> Result<PartialState, ExecError> {
        let mut all = pass.gather(&[])?;
        for source in pass.sources().iter() {
            let part = pass.gather(std::slice::from_ref(source))?;
            pass.merge(&mut all, pass.decode(&pass.encode(&part))?)?;
        }
        Ok(all)
    }
}

/// Answers a query.
pub(crate) fn query(
    snapshot: &Snapshot,
    spec: &QuerySpec,
    range: TimeRange,
    options: &QueryOptions,
    config: &EngineConfig,
) -> Result<ResultTable, QueryError> {
    query_by(&Directly, snapshot, spec, range, options, config)
}

/// Answers a query from states that come together in a given way.
pub(crate) fn query_by(
    passes: &dyn Passes,
    snapshot: &Snapshot,
    spec: &QuerySpec,
    range: TimeRange,
    options: &QueryOptions,
    config: &EngineConfig,
) -> Result<ResultTable, QueryError> {
    let plan = Plan::new(spec, range, options)?;
    let states = Arc::new(States::new(0));
    run(snapshot, &plan, &states, passes, config, &Arc::new(watch())).map_err(query_error)
}

/// Answers a query with the help of what is kept of earlier ones.
pub(crate) fn query_with(
    states: &Arc<States>,
    snapshot: &Snapshot,
    spec: &QuerySpec,
    range: TimeRange,
    options: &QueryOptions,
    config: &EngineConfig,
) -> Result<ResultTable, QueryError> {
    let plan = Plan::new(spec, range, options)?;
    run(
        snapshot,
        &plan,
        states,
        &Directly,
        config,
        &Arc::new(watch()),
    )
    .map_err(query_error)
}

/// Reads a page of raw rows.
pub(crate) fn rows(snapshot: &Snapshot, request: &RowRequest) -> Result<RowPage, QueryError> {
    read_rows(
        snapshot,
        request,
        &EngineConfig::default(),
        &Arc::new(watch()),
    )
    .map_err(query_error)
}

/// Reads a trace.
pub(crate) fn trace(snapshot: &Snapshot, request: &TraceRequest) -> Result<Trace, QueryError> {
    read_trace(snapshot, request, &EngineConfig::default(), &watch()).map_err(query_error)
}

/// Looks for a page of traces.
pub(crate) fn search(snapshot: &Snapshot, search: &TraceSearch) -> Result<TracePage, QueryError> {
    let remembered = Arc::new(Remembered::new(1 << 20, 1_000));
    let whole = |_| Ok(snapshot.clone());
    find_traces(&whole, search, &remembered, &Arc::new(watch())).map_err(query_error)
}

/// Reads several traces.
pub(crate) fn traces(
    snapshot: &Snapshot,
    request: &TracesRequest,
) -> Result<Vec<TraceRows>, QueryError> {
    read_traces(snapshot, request, &EngineConfig::default(), &watch()).map_err(query_error)
}

/// Shows columns of rows.
pub(crate) fn scan(
    snapshot: &Snapshot,
    request: &ScanRequest,
    visit: &mut ScanVisitor<'_>,
) -> Result<(), QueryError> {
    let scanned = scan_rows(snapshot, request, visit, &watch());
    scanned.map(|_| ()).map_err(query_error)
}

fn query_error(error: ExecError) -> QueryError {
    match error {
        ExecError::Query(error) => error,
        ExecError::Cancelled | ExecError::TooManyCells => {
            panic!("stopped without a reason: {error:?}")
        }
    }
}
