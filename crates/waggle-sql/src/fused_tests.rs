//! The plans of queries against the engine without them and against the naive engine: cut anywhere and merged in any order, with states
//! handed over or written out, they give the same answers.

use crate::fused::{Carriage, FusedAggregateExec, MergeExec, PlannedPass, PlannedPasses};
use crate::node::Node;
use crate::rows_tests::by_rows;
use crate::testing::source;
use datafusion::physical_plan::union::UnionExec;
use prometheus_client::registry::Registry;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};
use waggle_model::{
    Cell, Clock, DatasetId, DatasetScope, EnvironmentId, FilterCombination, QueryEngine,
    QueryError, QueryOptions, QuerySpec, ResultTable, TeamId, Tenant, TimeRange,
};
use waggle_query::fused::{FusedPass, PartialState, Passes};
use waggle_query::{Engine, EngineConfig, ExecError, SnapshotSource};
use waggle_store::{ReadError, Snapshot, Source};
use waggle_testkit::{
    Answer, Event, Oracle, batch_of, key_text, link_spans, random_events, random_related_filter,
    random_spec,
};

const CASES: u64 = 300;
const S: i64 = 1_000_000_000;
const RANGE: TimeRange = TimeRange {
    start_ns: 1_700_000_000 * S,
    end_ns: 1_700_003_600 * S,
};
const TENANT: Tenant = Tenant {
    team: TeamId(1),
    environment: EnvironmentId(1),
};

/// A source that always shows the same events.
struct Fixed(Snapshot);

impl SnapshotSource for Fixed {
    fn snapshot(&self, _: Tenant, _: &DatasetScope, _: TimeRange) -> Result<Snapshot, ReadError> {
        Ok(self.0.clone())
    }
}

/// The engine without plans.
struct Directly;

impl Passes for Directly {
    fn gather(&self, pass: &Arc<FusedPass>) -> Result<PartialState, ExecError> {
        pass.gather(pass.sources())
    }
}

/// Plans as they might be cut between machines: leaves with a few shares each, below merges of their own.
struct Cut {
    carriage: Carriage,
    leaves: usize,
}

impl Passes for Cut {
    fn gather(&self, pass: &Arc<FusedPass>) -> Result<PartialState, ExecError> {
        let pass = Arc::new(PlannedPass::new(Arc::clone(pass), self.carriage));
        let mut shares = vec![vec![Vec::new(); 2]; self.leaves];
        for (index, source) in pass.sources().iter().enumerate() {
            shares[index % self.leaves][index / self.leaves % 2].push(source.clone());
        }
        let leaves = shares.into_iter().map(|shares| {
            let shares = shares.into_iter().map(Arc::from).collect();
            let leaf = Arc::new(FusedAggregateExec::new(Arc::clone(&pass), shares));
            Arc::new(MergeExec::new(Arc::clone(&pass), leaf)) as Node
        });
        let leaves: Vec<Node> = leaves.collect();
        let all = match <[Node; 1]>::try_from(leaves) {
            Ok([leaf]) => leaf,
            Err(leaves) => UnionExec::try_new(leaves).unwrap(),
        };
        pass.execute(all, &Arc::default())
    }
}

/// Where questions of one test are asked.
struct Question<'a> {
    spec: &'a QuerySpec,
    options: QueryOptions,
    config: &'a EngineConfig,
}

impl Question<'_> {
    async fn ask(
        &self,
        passes: impl Passes + 'static,
        snapshot: &Snapshot,
    ) -> Result<ResultTable, QueryError> {
        let engine = Engine::new(
            Arc::new(Fixed(snapshot.clone())),
            Arc::new(passes),
            self.config.clone(),
            Clock::fixed(0),
            &mut Registry::default(),
        );
        engine
            .query(TENANT, DatasetScope::All, self.spec, RANGE, self.options)
            .await
    }
}

fn snapshot(rng: &mut StdRng, events: &[Event]) -> Snapshot {
    let size = rng.random_range(1..events.len().max(1) + 1);
    let parts = events.chunks(size.max(events.len() / 8));
    Snapshot {
        sources: parts
            .map(|part| source(DatasetId(1), &batch_of(part), rng.random_bool(0.5)))
            .collect::<Vec<Source>>(),
    }
}

// Three tests, so that they share the cores.

#[tokio::test]
async fn every_query_is_the_same_by_any_plan_and_by_none_1_of_3() {
    check_queries(0..CASES / 3).await;
}

#[tokio::test]
async fn every_query_is_the_same_by_any_plan_and_by_none_2_of_3() {
    check_queries(CASES / 3..CASES / 3 * 2).await;
}

#[tokio::test]
async fn every_query_is_the_same_by_any_plan_and_by_none_3_of_3() {
    check_queries(CASES / 3 * 2..CASES).await;
}

async fn check_queries(seeds: Range<u64>) {
    for seed in seeds {
        println!("seed {seed}");
        let rng = &mut StdRng::seed_from_u64(seed);
        let count = rng.random_range(0..400);
        let mut events = random_events(rng, count, RANGE);
        for event in &mut events {
            event.dataset = DatasetId(1);
        }
        let mut spec = random_spec(rng, &events, RANGE);
        if rng.random_bool(0.4) {
            link_spans(rng, &mut events);
            spec.filter_combination = FilterCombination::And;
            let filters = (0..rng.random_range(1..3)).map(|_| random_related_filter(rng, &events));
            spec.filters.extend(filters.collect::<Vec<_>>());
        }
        let config = EngineConfig {
            threads: 1,
            one_pass_cells_max: [0, 300, 65_536][rng.random_range(0..3)],
            ..EngineConfig::default()
        };
        let question = Question {
            spec: &spec,
            options: QueryOptions {
                disable_series: rng.random_bool(0.2),
                ..QueryOptions::default()
            },
            config: &config,
        };
        println!("{spec:?} {:?}", question.options);
        let snapshot = snapshot(rng, &events);
        let direct = question.ask(Directly, &snapshot).await.unwrap();
        check(&spec, &events, &direct);
        let planned = question.ask(PlannedPasses::default(), &snapshot).await;
        assert_eq!(format!("{direct:?}"), format!("{:?}", planned.unwrap()));
        let cut = Cut {
            carriage: [Carriage::Here, Carriage::Bytes][rng.random_range(0..2)],
            leaves: rng.random_range(1..4),
        };
        check_alike(
            &spec,
            &events,
            &direct,
            &question.ask(cut, &snapshot).await.unwrap(),
        );

        let columns: BTreeSet<&String> = events.iter().flat_map(|e| e.fields.keys()).collect();
        let columns: Vec<String> = columns.into_iter().cloned().collect();
        let rows = by_rows(&snapshot, &spec, RANGE, &columns).await;
        let unfiltered = QuerySpec {
            filters: Vec::new(),
            ..spec.clone()
        };
        let question = Question {
            spec: &unfiltered,
            ..question
        };
        let by_rows = question.ask(PlannedPasses::default(), &rows).await.unwrap();
        check_alike(&spec, &events, &direct, &by_rows);
    }
}

/// Sums of floats depend on the order of adding, so that two answers are held to the naive engine's tolerance and not to each other.
fn check_alike(spec: &QuerySpec, events: &[Event], left: &ResultTable, right: &ResultTable) {
    check(spec, events, right);
    let keys = |table: &ResultTable| -> Vec<String> {
        let keys = table.groups.iter().map(|group| format!("{:?}", group.key));
        keys.collect()
    };
    assert_eq!(keys(left), keys(right));
    assert_eq!(left.group_count, right.group_count);
    assert_eq!(times(left), times(right));
    assert_eq!(left.heatmaps, right.heatmaps);
}

fn times(table: &ResultTable) -> Vec<Vec<i64>> {
    let series = table.series.iter().chain([&table.total_series]);
    series
        .map(|points| points.iter().map(|point| point.time_ns).collect())
        .collect()
}

fn check(spec: &QuerySpec, events: &[Event], table: &ResultTable) {
    let oracle = Oracle::new(spec, events, RANGE, table.granularity_ns);
    check_cells(&oracle.total(), &table.total);
    for group in &table.groups {
        let key: Vec<String> = group
            .key
            .iter()
            .map(|value| key_text(value.as_ref()))
            .collect();
        check_cells(&oracle.group(&key).unwrap(), &group.values);
    }
    assert_eq!(table.stats.rows_matched, oracle.matched().len() as u64);
}

fn check_cells(expected: &[Answer], cells: &[Cell]) {
    assert_eq!(expected.len(), cells.len());
    for (expected, cell) in expected.iter().zip(cells) {
        assert!(expected.allows(cell), "{cell:?}, should be {expected:?}");
    }
}

#[tokio::test]
async fn the_end_of_a_query_keeps_its_reason_on_the_way_up() {
    let rng = &mut StdRng::seed_from_u64(1);
    let events = random_events(rng, 500, RANGE);
    let snapshot = snapshot(rng, &events);
    let config = EngineConfig {
        groups_max: 3,
        ..EngineConfig::default()
    };
    let spec = QuerySpec {
        breakdowns: vec!["user".to_owned()],
        ..QuerySpec::default()
    };
    let question = Question {
        spec: &spec,
        options: QueryOptions::default(),
        config: &config,
    };
    let planned = question.ask(PlannedPasses::default(), &snapshot).await;
    let mut answers = vec![planned];
    for carriage in [Carriage::Here, Carriage::Bytes] {
        let cut = Cut {
            carriage,
            leaves: 3,
        };
        answers.push(question.ask(cut, &snapshot).await);
    }
    for answer in answers {
        match answer {
            Err(QueryError::TooLarge { limit: 3, .. }) => {}
            other => panic!("{:?}", other.map(|table| table.groups.len())),
        }
    }
}

/// A short question must not pay for being a plan. The least of many times is not disturbed by what else the machine does.
#[tokio::test]
async fn a_plan_costs_a_query_microseconds() {
    const QUERIES: usize = 300;
    /// Unoptimised; with optimisation it is a few.
    const MOST: Duration = Duration::from_micros(100);
    let fixed = || Arc::new(Fixed(Snapshot::default()));
    let engine = |passes: Arc<dyn Passes>| {
        let config = EngineConfig::default();
        let registry = &mut Registry::default();
        Engine::new(fixed(), passes, config, Clock::fixed(0), registry)
    };
    let engines = [
        engine(Arc::new(Directly)),
        engine(Arc::new(PlannedPasses::default())),
    ];
    let spec = QuerySpec::default();
    let mut least = [Duration::MAX; 2];
    for _ in 0..QUERIES {
        for (engine, least) in engines.iter().zip(&mut least) {
            let started = Instant::now();
            let options = QueryOptions::default();
            let answer = engine.query(TENANT, DatasetScope::All, &spec, RANGE, options);
            answer.await.unwrap();
            *least = started.elapsed().min(*least);
        }
    }
    println!("direct {:?}, planned {:?}", least[0], least[1]);
    assert!(least[1].saturating_sub(least[0]) < MOST, "{least:?}");
}
