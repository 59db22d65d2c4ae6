use super::*;
use crate::exec::{FusedPass, PartialState};
use crate::testing::{self, Directly};
use prometheus_client::metrics::counter::Counter;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, Weak};
use waggle_model::{
    CalculationSpec, Cell, DatasetId, EnvironmentId, EventBatch, FilterOp, FilterSpec, FilterValue,
    OrderSpec, SortOrder, TeamId, Value,
};
use waggle_store::Source;
use waggle_store::memtable::RunBuilder;
use waggle_testkit::Event;

const TENANT: Tenant = Tenant {
    team: TeamId(1),
    environment: EnvironmentId(1),
};
const RANGE: TimeRange = TimeRange {
    start_ns: 0,
    end_ns: 60_000_000_000,
};

/// A source that always shows the same events.
struct Fixed(Snapshot);

impl SnapshotSource for Fixed {
    fn snapshot(&self, _: Tenant, _: &DatasetScope, _: TimeRange) -> Result<Snapshot, ReadError> {
        Ok(self.0.clone())
    }
}

/// `count` rows, one a microsecond; `user` is different in each.
fn rows(count: i64) -> Snapshot {
    let mut batch = EventBatch::new("d");
    for row in 0..count {
        batch.begin_row();
        batch.put_str("name", ["a", "b", "c"][row as usize % 3]);
        batch.put_int("user", row);
        batch.end_row(row * 1_000, 1);
    }
    let mut run = RunBuilder::new(DatasetId(1));
    run.append(&batch);
    Snapshot {
        sources: vec![Source::Run(Arc::new(run.seal()))],
    }
}

fn engine(snapshot: Snapshot, config: EngineConfig, clock: Clock) -> (Arc<Engine>, Registry) {
    let mut registry = Registry::default();
    let engine = Engine::new(
        Arc::new(Fixed(snapshot)),
        Arc::new(Directly),
        config,
        clock,
        &mut registry,
    );
    (Arc::new(engine), registry)
}

fn metrics(registry: &Registry) -> String {
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
    text
}

fn by(breakdown: &str) -> QuerySpec {
    QuerySpec {
        calculations: vec![CalculationSpec::count()],
        breakdowns: vec![breakdown.to_owned()],
        ..QuerySpec::default()
    }
}

async fn ask(engine: &Engine, spec: &QuerySpec) -> Result<ResultTable, QueryError> {
    engine
        .query(
            TENANT,
            DatasetScope::All,
            spec,
            RANGE,
            QueryOptions::default(),
        )
        .await
}

#[tokio::test]
async fn a_query_is_answered_and_counted() {
    let (engine, registry) = engine(rows(3_000), EngineConfig::default(), Clock::fixed(0));
    let table = ask(&engine, &by("name")).await.unwrap();
    assert_eq!(table.groups.len(), 3);
    assert_eq!(table.groups[0].key, [Some(Value::String("a".to_owned()))]);
    assert_eq!(table.groups[0].values, [Cell::Int(1_000)]);
    assert_eq!(table.total, [Cell::Int(3_000)]);
    assert!(
        ask(
            &engine,
            &QuerySpec {
                limit: Some(0),
                ..by("name")
            }
        )
        .await
        .is_err()
    );
    let metrics = metrics(&registry);
    for line in [
        "waggle_queries_started_total 1",
        "waggle_queries_finished_total{outcome=\"answered\"} 1",
        "waggle_query_rows_read_total 3000",
        "waggle_query_seconds_count 1",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

#[tokio::test]
async fn a_query_stops_at_its_deadline() {
    let now = Arc::new(AtomicI64::new(0));
    let clock = Clock::new(move || now.fetch_add(100_000_000, Ordering::Relaxed));
    let (engine, registry) = engine(rows(300_000), EngineConfig::default(), clock);
    let answer = ask(&engine, &by("name")).await;
    assert!(
        matches!(answer, Err(QueryError::Deadline(10_000))),
        "{answer:?}"
    );
    assert!(metrics(&registry).contains("outcome=\"deadline\"} 1"));
}

#[tokio::test]
async fn breakdowns_beyond_the_limit_are_too_large_and_up_to_it_are_not() {
    for (users, is_answered) in [(500, true), (501, false)] {
        let config = EngineConfig {
            groups_max: 500,
            ..EngineConfig::default()
        };
        let (engine, _) = engine(rows(users), config, Clock::fixed(0));
        let answer = ask(&engine, &by("user")).await;
        match answer {
            Ok(table) => assert!(is_answered && table.group_count == 500),
            Err(QueryError::TooLarge { what, limit }) => {
                assert!(!is_answered && (what, limit) == ("groups", 500));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn the_group_without_a_value_does_not_count_towards_the_limit() {
    let mut snapshot = rows(500);
    let mut batch = EventBatch::new("d");
    batch.begin_row();
    batch.put_str("name", "nobody");
    batch.end_row(1, 1);
    let mut run = RunBuilder::new(DatasetId(1));
    run.append(&batch);
    snapshot.sources.push(Source::Run(Arc::new(run.seal())));
    snapshot.sources.reverse();
    let config = EngineConfig {
        groups_max: 500,
        ..EngineConfig::default()
    };
    let (engine, _) = engine(snapshot, config, Clock::fixed(0));
    assert_eq!(ask(&engine, &by("user")).await.unwrap().group_count, 501);
}

#[tokio::test]
async fn memory_has_a_limit() {
    let config = EngineConfig {
        memory_bytes_max: 100_000,
        ..EngineConfig::default()
    };
    let (engine, _) = engine(rows(30_000), config, Clock::fixed(0));
    assert!(ask(&engine, &by("name")).await.is_ok());
    let answer = ask(&engine, &by("user")).await;
    assert!(
        matches!(
            answer,
            Err(QueryError::TooLarge {
                what: "bytes",
                limit: 100_000
            })
        ),
        "{answer:?}"
    );
}

#[tokio::test]
async fn values_without_rows_that_match_are_no_groups_of_a_rate() {
    let mut batch = EventBatch::new("d");
    for row in 0..40_000_i64 {
        batch.begin_row();
        batch.put_str("session", format!("session {row}"));
        batch.put_str("name", if row % 10_000 == 0 { "rare" } else { "common" });
        batch.end_row(row * 1_000_000, 1);
    }
    let mut run = RunBuilder::new(DatasetId(1));
    run.append(&batch);
    let snapshot = Snapshot {
        sources: vec![Source::Run(Arc::new(run.seal()))],
    };
    let config = EngineConfig {
        memory_bytes_max: 4_000_000,
        ..EngineConfig::default()
    };
    let (engine, _) = engine(snapshot, config, Clock::fixed(0));
    let rates = QuerySpec {
        calculations: vec![
            CalculationSpec::new("CONCURRENCY", None),
            CalculationSpec::count(),
        ],
        granularity_s: Some(1),
        ..by("session")
    };
    // 40,000 sessions in 60 buckets do not fit, the four that match do.
    let too_large = ask(&engine, &rates).await;
    assert!(
        matches!(&too_large, Err(QueryError::TooLarge { what, .. }) if what.contains("groups") || *what == "bytes"),
        "{too_large:?}"
    );
    let rare = QuerySpec {
        filters: vec![FilterSpec {
            column: "name".to_owned(),
            op: FilterOp::Equal,
            value: FilterValue::One(Value::String("rare".to_owned())),
        }],
        ..rates
    };
    let table = ask(&engine, &rare).await.unwrap();
    assert_eq!(table.groups.len(), 4);
    assert_eq!(table.total[1], Cell::Int(4));
}

#[tokio::test]
async fn spans_in_flight_in_too_many_buckets_are_refused_before_they_take_the_memory() {
    let mut batch = EventBatch::new("d");
    for row in 0..1_000_i64 {
        batch.begin_row();
        batch.put_int("user", row);
        batch.put_int("duration_ms", 60_000);
        batch.end_row(row, 1);
    }
    let mut run = RunBuilder::new(DatasetId(1));
    run.append(&batch);
    let snapshot = Snapshot {
        sources: vec![Source::Run(Arc::new(run.seal()))],
    };
    // Room for the spans, and for their 60 buckets each if nobody counted these before they are there.
    let config = EngineConfig {
        memory_bytes_max: 400_000,
        ..EngineConfig::default()
    };
    let (engine, _) = engine(snapshot, config, Clock::fixed(0));
    let spec = QuerySpec {
        calculations: vec![CalculationSpec::new("CONCURRENCY", None)],
        granularity_s: Some(1),
        ..by("user")
    };
    let answer = ask(&engine, &spec).await;
    assert!(
        matches!(
            answer,
            Err(QueryError::TooLarge {
                what: "groups times time buckets",
                limit: 50_000
            })
        ),
        "{answer:?}"
    );
}

#[tokio::test]
async fn memory_of_all_queries_together_has_a_limit() {
    let config = EngineConfig {
        memory_bytes_shared_max: 4_000_000,
        ..EngineConfig::default()
    };
    let (engine, registry) = engine(rows(30_000), config, Clock::fixed(0));
    assert!(ask(&engine, &by("user")).await.is_ok());
    assert!(metrics(&registry).contains("waggle_query_memory_bytes 0"));
    // Another query holds nearly all of it.
    let limits = Arc::new(Limits::new(Clock::fixed(0), 1, Counter::default()));
    let other = Watch::new(limits, u64::MAX, Arc::clone(&engine.memory));
    other.account(0, 3_999_000).unwrap();
    let answer = ask(&engine, &by("user")).await;
    assert!(matches!(answer, Err(QueryError::Busy)), "{answer:?}");
    assert!(metrics(&registry).contains("waggle_query_memory_bytes 3999000"));
    drop(other);
    assert!(ask(&engine, &by("user")).await.is_ok());
    // One that wants more than there is for all would come back in vain.
    let config = EngineConfig {
        memory_bytes_shared_max: 100_000,
        ..EngineConfig::default()
    };
    let (engine, _) = self::engine(rows(30_000), config, Clock::fixed(0));
    let answer = ask(&engine, &by("user")).await;
    assert!(
        matches!(answer, Err(QueryError::TooLarge { what: "bytes", .. })),
        "{answer:?}"
    );
}

/// The same events, in blocks' stead, so many times.
fn repeated(snapshot: &Snapshot, times: usize) -> Snapshot {
    let sources = snapshot.sources.iter().cycle();
    Snapshot {
        sources: sources
            .take(snapshot.sources.len() * times)
            .cloned()
            .collect(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_query_is_seen_and_stops_soon_when_nobody_waits_for_it() {
    /// Unoptimised code takes many times as long from one chunk to the next.
    const STOP_MS_MAX: u64 = if cfg!(debug_assertions) { 1_000 } else { 100 };
    const THREADS: u64 = 2;
    let system = Clock::new(|| {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        let start = START.get_or_init(std::time::Instant::now);
        i64::try_from(start.elapsed().as_nanos()).unwrap()
    });
    let config = EngineConfig {
        threads: THREADS as usize,
        queries_max: 1,
        deadline_ms: 600_000,
        wait_ms_max: 600_000,
        ..EngineConfig::default()
    };
    let (engine, registry) = engine(repeated(&rows(100_000), 200), config, system);
    let spec = QuerySpec {
        calculations: vec![CalculationSpec::new("COUNT_DISTINCT", Some("user"))],
        ..by("user")
    };
    for rows in [1, 150_000, 400_000] {
        let (asking, spec) = (Arc::clone(&engine), spec.clone());
        let query = tokio::spawn(async move { ask(&asking, &spec).await });
        let running = loop {
            match engine.running(TENANT).first() {
                Some(running) if running.rows_read >= rows => break running.clone(),
                _ => tokio::task::yield_now().await,
            }
        };
        assert_eq!((running.kind, running.elapsed_ns > 0), ("query", true));
        let nobody = Tenant {
            environment: EnvironmentId(2),
            ..TENANT
        };
        assert_eq!(engine.running(nobody), []);
        let (cancelled, computed_before_ms) = (std::time::Instant::now(), computed_ms());
        query.abort();
        assert!(query.await.unwrap_err().is_cancelled());
        assert_eq!(engine.running(TENANT), []);
        // The thread gives the only place and the memory back when it has stopped.
        drop(engine.places.take(TENANT.team).await.unwrap());
        let stopped_ms = cancelled.elapsed().as_millis();
        let computed_ms = computed_ms() - computed_before_ms;
        println!("stopped after {rows} rows in {stopped_ms} ms, computed {computed_ms} ms");
        assert!(computed_ms <= STOP_MS_MAX * THREADS, "{computed_ms} ms");
        assert_eq!(engine.memory.bytes(), 0);
    }
    assert!(metrics(&registry).contains("outcome=\"cancelled\"} 3"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_query_is_answered_beside_heavy_ones() {
    let config = EngineConfig {
        threads: 1,
        deadline_ms: u64::MAX,
        ..EngineConfig::default()
    };
    let (engine, _) = engine(repeated(&rows(20_000), 400), config, Clock::fixed(0));
    let heavy: Vec<_> = (0..4)
        .map(|_| {
            let asking = Arc::clone(&engine);
            tokio::spawn(async move { ask(&asking, &by("user")).await })
        })
        .collect();
    while engine
        .running(TENANT)
        .iter()
        .any(|running| running.rows_read == 0)
        || engine.running(TENANT).len() < 4
    {
        tokio::task::yield_now().await;
    }
    let short = QuerySpec {
        limit: Some(1),
        ..by("nothing")
    };
    let nothing = TimeRange {
        start_ns: 0,
        end_ns: 1_000,
    };
    let options = QueryOptions::default();
    let table = engine.query(TENANT, DatasetScope::All, &short, nothing, options);
    assert_eq!(table.await.unwrap().total, [Cell::Int(400)]);
    // The only core answered it while all the others were on their way.
    assert_eq!(engine.running(TENANT).len(), 4);
    for query in heavy {
        query.abort();
    }
}

/// `count` rows from a moment on, one a millisecond.
fn events(start_ns: i64, count: i64, is_block: bool) -> Source {
    let events: Vec<Event> = (0..count)
        .map(|row| Event {
            dataset: DatasetId(1),
            timestamp_ns: start_ns + row * 1_000_000,
            sample_rate: 1,
            fields: [("name".to_owned(), Value::String(format!("n{}", row % 5)))].into(),
        })
        .collect();
    testing::source(&events.iter().collect::<Vec<_>>(), is_block)
}

/// Shows more and more.
struct Growing(Mutex<Snapshot>);

impl SnapshotSource for Growing {
    fn snapshot(&self, _: Tenant, _: &DatasetScope, _: TimeRange) -> Result<Snapshot, ReadError> {
        Ok(self.0.lock().unwrap().clone())
    }
}

/// PF-03: what is refreshed every minute reads what has arrived since.
#[tokio::test]
async fn a_board_that_is_refreshed_reads_the_newest_block_and_memory_only() {
    const SECOND: i64 = 1_000_000_000;
    let source = Arc::new(Growing(Mutex::new(Snapshot {
        sources: vec![
            events(0, 1_000, true),
            events(2 * SECOND, 3_000, true),
            events(5 * SECOND, 2_000, true),
            events(7 * SECOND, 500, false),
        ],
    })));
    let mut registry = Registry::default();
    let shown: Arc<dyn SnapshotSource> = Arc::clone(&source) as Arc<dyn SnapshotSource>;
    let config = EngineConfig::default();
    let engine = Engine::new(
        shown,
        Arc::new(Directly),
        config,
        Clock::fixed(0),
        &mut registry,
    );
    let spec = QuerySpec {
        granularity_s: Some(1),
        ..by("name")
    };
    let ask = async |start_s: i64, end_s: i64| {
        let range = TimeRange {
            start_ns: start_s * SECOND,
            end_ns: end_s * SECOND,
        };
        let options = QueryOptions::default();
        let table = engine.query(TENANT, DatasetScope::All, &spec, range, options);
        let table = table.await.unwrap();
        (table.total, table.stats)
    };
    let (total, stats) = ask(0, 8).await;
    assert_eq!((total, stats.rows_read), (vec![Cell::Int(6_500)], 6_500));
    // The first block is outside now, and what was in memory has become a block.
    {
        let sources = &mut source.0.lock().unwrap().sources;
        sources[3] = events(7 * SECOND, 700, true);
        sources.push(events(8 * SECOND, 100, false));
    }
    let (total, stats) = ask(1, 9).await;
    assert_eq!(total, [Cell::Int(5_800)]);
    assert_eq!((stats.rows_read, stats.blocks_read), (800, 1));
    assert_eq!(stats.rows_matched, 5_800);
    let (total, stats) = ask(3, 10).await;
    assert_eq!(total, [Cell::Int(4_800)]);
    // The block that lies across the start is read again, as far as it is inside.
    assert_eq!((stats.rows_read, stats.blocks_read), (2_100, 1));
    let metrics = metrics(&registry);
    for line in [
        "waggle_query_cache_hits_total 4",
        "waggle_query_cache_misses_total 4",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

/// Shows its events once the gate is open.
struct Gated {
    snapshot: Snapshot,
    entered: SyncSender<()>,
    gate: Mutex<Receiver<()>>,
}

impl SnapshotSource for Gated {
    fn snapshot(&self, _: Tenant, _: &DatasetScope, _: TimeRange) -> Result<Snapshot, ReadError> {
        self.entered.send(()).unwrap();
        self.gate.lock().unwrap().recv().unwrap();
        Ok(self.snapshot.clone())
    }
}

struct GatedEngine {
    engine: Arc<Engine>,
    registry: Registry,
    entered: Receiver<()>,
    gate: SyncSender<()>,
    clock_reads: Arc<AtomicI64>,
    source: Weak<Gated>,
}

fn gated(config: EngineConfig) -> GatedEngine {
    let (enter, entered) = sync_channel(10);
    let (gate, opened) = sync_channel(10);
    let source = Arc::new(Gated {
        snapshot: rows(300_000),
        entered: enter,
        gate: Mutex::new(opened),
    });
    let clock_reads = Arc::new(AtomicI64::new(0));
    let reads = Arc::clone(&clock_reads);
    let clock = Clock::new(move || reads.fetch_add(1, Ordering::Relaxed));
    let mut registry = Registry::default();
    GatedEngine {
        source: Arc::downgrade(&source),
        engine: Arc::new(Engine::new(
            source,
            Arc::new(Directly),
            config,
            clock,
            &mut registry,
        )),
        registry,
        entered,
        gate,
        clock_reads,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_query_nobody_waits_for_stops_before_its_next_chunk() {
    let GatedEngine {
        engine,
        registry,
        entered,
        gate,
        clock_reads,
        source,
    } = gated(EngineConfig::default());
    let asking = Arc::clone(&engine);
    let query = tokio::spawn(async move { ask(&asking, &by("name")).await });
    let entered = tokio::task::spawn_blocking(move || {
        entered.recv().unwrap();
        entered
    })
    .await
    .unwrap();
    query.abort();
    assert!(query.await.unwrap_err().is_cancelled());
    let before = clock_reads.load(Ordering::Relaxed);
    gate.send(()).unwrap();
    // The engine holds the source, and so does the thread until it is done.
    while source.strong_count() > 1 {
        tokio::task::yield_now().await;
    }
    // A finished query would have looked at the clock once in each of its 293 chunks.
    assert!(clock_reads.load(Ordering::Relaxed) - before < 5);
    assert!(metrics(&registry).contains("outcome=\"cancelled\"} 1"));
    drop((engine, entered));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_query_that_gets_no_turn_is_told_to_come_back() {
    let gated = gated(EngineConfig {
        queries_max: 1,
        wait_ms_max: 20,
        ..EngineConfig::default()
    });
    let asking = Arc::clone(&gated.engine);
    let first = tokio::spawn(async move { ask(&asking, &by("name")).await });
    let entered = gated.entered;
    let entered = tokio::task::spawn_blocking(move || {
        entered.recv().unwrap();
        entered
    })
    .await
    .unwrap();
    let second = ask(&gated.engine, &by("name")).await;
    assert!(matches!(second, Err(QueryError::Busy)), "{second:?}");
    gated.gate.send(()).unwrap();
    assert_eq!(first.await.unwrap().unwrap().groups.len(), 3);
    gated.gate.send(()).unwrap();
    assert!(ask(&gated.engine, &by("name")).await.is_ok());
    drop(entered);
}

/// A million values and rows without one, as a benchmark has them: QB-12.
#[tokio::test]
async fn a_million_groups_are_counted_and_the_largest_returned() {
    const USERS: i64 = 1_000_000;
    let mut run = RunBuilder::new(DatasetId(1));
    for part in 0..10 {
        let mut batch = EventBatch::new("d");
        for user in part * USERS / 10..(part + 1) * USERS / 10 {
            batch.begin_row();
            batch.put_str("user", format!("user-{user}"));
            batch.end_row(user * 1_000, 1 + u32::from(user % 100_000 == 7));
        }
        batch.begin_row();
        batch.end_row(part, 1);
        run.append(&batch);
    }
    let snapshot = Snapshot {
        sources: vec![Source::Run(Arc::new(run.seal()))],
    };
    // The clock stands still: this machine may be busy, and time is not what is tested.
    let (engine, _) = engine(snapshot, EngineConfig::default(), Clock::fixed(0));
    let spec = QuerySpec {
        limit: Some(11),
        ..by("user")
    };
    let table = ask(&engine, &spec).await.unwrap();
    assert_eq!(table.group_count, 1_000_001);
    assert_eq!(table.total, [Cell::Int(USERS + 20)]);
    assert_eq!(table.groups[0].key, [None]);
    assert_eq!(table.groups[0].values, [Cell::Int(10)]);
    assert!(
        table.groups[1..]
            .iter()
            .all(|group| group.values == [Cell::Int(2)])
    );
    assert_eq!(table.other, Some(vec![Cell::Int(USERS - 10)]));
}

/// The first pass waits for another machine, so to speak.
struct Waiting(Mutex<Option<oneshot::Receiver<()>>>);

impl Passes for Waiting {
    fn gather(&self, pass: &Arc<FusedPass>) -> Result<PartialState, ExecError> {
        let gate = self.0.lock().unwrap().take();
        if let Some(gate) = gate {
            pass.wait(gate)?.unwrap();
        }
        pass.gather(pass.sources())
    }
}

fn waiting(gate: oneshot::Receiver<()>) -> (Arc<Engine>, Arc<Waiting>) {
    let passes = Arc::new(Waiting(Mutex::new(Some(gate))));
    let config = EngineConfig {
        threads: 1,
        ..EngineConfig::default()
    };
    let engine = Engine::new(
        Arc::new(Fixed(rows(3_000))),
        Arc::clone(&passes) as Arc<dyn Passes>,
        config,
        Clock::fixed(0),
        &mut Registry::default(),
    );
    (Arc::new(engine), passes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pass_that_waits_for_something_else_keeps_no_core() {
    let (open, gate) = oneshot::channel();
    let (engine, passes) = waiting(gate);
    let asking = Arc::clone(&engine);
    let first = tokio::spawn(async move { ask(&asking, &by("name")).await });
    while passes.0.lock().unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(&engine, &by("name")).await.unwrap().groups.len(), 3);
    open.send(()).unwrap();
    assert_eq!(first.await.unwrap().unwrap().groups.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pass_that_waits_stops_when_nobody_waits_for_its_query() {
    let (_never, gate) = oneshot::channel();
    let (engine, passes) = waiting(gate);
    let asking = Arc::clone(&engine);
    let query = tokio::spawn(async move { ask(&asking, &by("name")).await });
    while passes.0.lock().unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    query.abort();
    while engine.places.free() < engine.config.queries_max {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(&engine, &by("name")).await.unwrap().groups.len(), 3);
}

/// 10,000 users, of which every source has all in another order.
fn users_in_four_sources() -> Snapshot {
    const USERS: i64 = 10_000;
    let run = |part: i64| {
        let mut run = RunBuilder::new(DatasetId(1));
        let mut batch = EventBatch::new("d");
        for row in 0..USERS {
            batch.begin_row();
            batch.put_str("user", format!("user-{}", (row * 7_919 + part) % USERS));
            batch.put_float("duration_ms", (row % 1_000) as f64);
            batch.end_row(row * RANGE.end_ns / USERS, 1);
        }
        run.append(&batch);
        Source::Run(Arc::new(run.seal()))
    };
    Snapshot {
        sources: (0..4).map(run).collect(),
    }
}

/// What a query does with its groups after it has read them takes long too: no part of it may go without a look at whether to stop.
#[tokio::test]
#[cfg_attr(
    not(debug_assertions),
    ignore = "so few groups are worth no look there"
)]
async fn no_way_through_the_groups_goes_without_a_look() {
    use std::time::{Duration, Instant};
    const LONGEST: f64 = 0.1;
    let looks = Arc::new(Mutex::new((Instant::now(), Duration::ZERO)));
    let seen = Arc::clone(&looks);
    let clock = Clock::new(move || {
        let mut looks = seen.lock().unwrap();
        let between = looks.0.elapsed();
        *looks = (Instant::now(), looks.1.max(between));
        0
    });
    let config = EngineConfig {
        threads: 1,
        ..EngineConfig::default()
    };
    let (engine, _) = engine(users_in_four_sources(), config, clock);
    let of_duration = |op: &str| CalculationSpec::new(op, Some("duration_ms"));
    let by_sketches = QuerySpec {
        calculations: ["P99", "COUNT_DISTINCT", "SUM"].map(of_duration).into(),
        limit: Some(1_000),
        ..by("user")
    };
    let by_text = QuerySpec {
        orders: vec![OrderSpec {
            op: None,
            column: Some("user".to_owned()),
            order: SortOrder::Ascending,
        }],
        ..by("user")
    };
    for spec in [by_sketches, by("user"), by_text] {
        // Of several runs the best one: on a busy machine a thread may have to wait between two looks.
        let share_of_whole = async || {
            *looks.lock().unwrap() = (Instant::now(), Duration::ZERO);
            let started = Instant::now();
            ask(&engine, &spec).await.unwrap();
            let longest = looks.lock().unwrap().1;
            longest.as_secs_f64() / started.elapsed().as_secs_f64()
        };
        let mut best = f64::INFINITY;
        for _ in 0..30 {
            best = best.min(share_of_whole().await);
            if best < LONGEST {
                break;
            }
        }
        println!("the longest way is {best} of the whole: {spec:?}");
        assert!(
            best < LONGEST,
            "{best} of the whole without a look: {spec:?}"
        );
    }
}

/// Scanning, grouping, merging what threads have gathered, choosing groups and finishing their series: at any of them. What counts is
/// the time that the query's threads compute after nobody waits for them, also to free what they hold; how long that takes beside other
/// work is not theirs to say.
#[tokio::test]
async fn a_query_stops_soon_wherever_it_is() {
    const THREADS: u64 = 2;
    /// Unoptimised code takes many times as long from one look to the next.
    const STOP_MS_MAX: u64 = if cfg!(debug_assertions) { 1_000 } else { 100 };
    const USERS: i64 = if cfg!(debug_assertions) {
        20_000
    } else {
        1_000_000
    };
    const STEPS: u32 = if cfg!(debug_assertions) { 12 } else { 40 };
    let run = |part: i64| {
        let mut run = RunBuilder::new(DatasetId(1));
        let mut batch = EventBatch::new("d");
        for row in 0..USERS {
            batch.begin_row();
            // Another order in each source.
            let user = (row * 7_919 + part) % USERS;
            batch.put_str("user", format!("user-{user}"));
            batch.put_float("duration_ms", (row % 1_000) as f64);
            batch.end_row(row * RANGE.end_ns / USERS, 1);
        }
        run.append(&batch);
        Source::Run(Arc::new(run.seal()))
    };
    let snapshot = Snapshot {
        sources: (0..4).map(run).collect(),
    };
    let config = EngineConfig {
        threads: THREADS as usize,
        thread_rows_min: 1_000,
        queries_max: 1,
        memory_bytes_max: 8 << 30,
        memory_bytes_shared_max: 8 << 30,
        deadline_ms: 600_000,
        wait_ms_max: 600_000,
        ..EngineConfig::default()
    };
    let (engine, _) = engine(snapshot, config, Clock::fixed(0));
    let spec = QuerySpec {
        calculations: ["P99", "COUNT_DISTINCT", "SUM"]
            .map(|op| CalculationSpec {
                op: op.to_owned(),
                column: Some("duration_ms".to_owned()),
                ..CalculationSpec::default()
            })
            .into(),
        limit: Some(1_000),
        ..by("user")
    };
    let started = std::time::Instant::now();
    ask(&engine, &spec).await.unwrap();
    let whole = started.elapsed();
    let (mut most_computed_ms, mut longest_ms) = (0, 0);
    for step in 0..STEPS {
        let patience = whole * step / STEPS;
        let answer = tokio::time::timeout(patience, ask(&engine, &spec)).await;
        let (left, computed_ms) = (std::time::Instant::now(), computed_ms());
        // The only place is there again when the query has stopped.
        drop(engine.places.take(TENANT.team).await.unwrap());
        let stopped_ms = left.elapsed().as_millis();
        let computed_ms = self::computed_ms() - computed_ms;
        if answer.is_err() {
            println!(
                "left after {patience:?} of {whole:?}, stopped in {stopped_ms} ms, computed {computed_ms} ms"
            );
            most_computed_ms = most_computed_ms.max(computed_ms);
            longest_ms = longest_ms.max(stopped_ms);
        }
        assert_eq!(engine.memory.bytes(), 0);
    }
    println!("{USERS} groups: at most {longest_ms} ms, computed at most {most_computed_ms} ms");
    assert!(
        most_computed_ms <= STOP_MS_MAX * THREADS,
        "{most_computed_ms} ms"
    );
}

/// Milliseconds that all threads of this process have computed, those that have ended too.
fn computed_ms() -> u64 {
    /// What the kernel tells programs to count in, on every Linux.
    const TICKS_PER_SECOND: u64 = 100;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name of the program may hold anything; it ends with the last bracket.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let times = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = times.map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    ticks * 1_000 / TICKS_PER_SECOND
}
