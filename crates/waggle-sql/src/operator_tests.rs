//! The operators against the naive engine and against themselves: states handed over in memory and as bytes, through any number of
//! partitions and merges, give the same answer as one pass over everything.

use crate::general::{self, rows_of};
use crate::operator::{FusedAggregateExec, MergeExec, PassContext, answer};
use crate::testing::source;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::sync::Arc;
use waggle_model::{
    Cell, Clock, DatasetId, QueryError, QueryOptions, QuerySpec, ResultTable, TimeRange,
};
use waggle_query::fused::{FusedQuery, FusedWatch};
use waggle_query::{EngineConfig, ExecError};
use waggle_store::{Snapshot, Source};
use waggle_testkit::{Answer, Event, Oracle, batch_of, key_text, random_events, random_spec};

const CASES: u64 = 300;
const S: i64 = 1_000_000_000;
const RANGE: TimeRange = TimeRange {
    start_ns: 1_700_000_000 * S,
    end_ns: 1_700_003_600 * S,
};

/// Shares of the events, each of a few runs and blocks.
fn shares(rng: &mut StdRng, events: &[Event]) -> Vec<Arc<[Source]>> {
    let count = rng.random_range(1..4);
    let mut shares = vec![Vec::new(); count];
    let size = rng.random_range(1..events.len().max(1) + 1);
    for part in events.chunks(size) {
        let source = source(DatasetId(1), &batch_of(part), rng.random_bool(0.5));
        shares[rng.random_range(0..count)].push(source);
    }
    shares.into_iter().map(Arc::from).collect()
}

/// What may stand between leaf and merge.
fn in_memory(leaf: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    leaf
}

/// A node that knows nothing of states: they go through it as bytes.
fn as_bytes(leaf: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    Arc::new(CoalescePartitionsExec::new(leaf))
}

#[tokio::test]
async fn every_shape_of_query_is_the_same_in_memory_and_as_bytes() {
    for seed in 0..CASES {
        println!("seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let count = rng.random_range(0..400);
        let mut events = random_events(&mut rng, count, RANGE);
        for event in &mut events {
            event.dataset = DatasetId(1);
        }
        let spec = random_spec(&mut rng, &events, RANGE);
        let options = QueryOptions {
            disable_series: rng.random_bool(0.2),
            ..QueryOptions::default()
        };
        let config = EngineConfig {
            one_pass_cells_max: [0, 300, 65_536][rng.random_range(0..3)],
            ..EngineConfig::default()
        };
        let shares = shares(&mut rng, &events);
        let run = async |carried: fn(Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan>| {
            let query = FusedQuery::new(&spec, RANGE, &options).unwrap();
            let watch = Arc::new(FusedWatch::new(Clock::fixed(0), &config));
            let table = answer(Arc::new(query), &shares, &config, &watch, carried).await;
            table.unwrap()
        };
        let direct = run(in_memory).await;
        let carried = run(as_bytes).await;
        println!("{spec:?} {options:?}");
        assert_eq!(format!("{direct:?}"), format!("{carried:?}"));
        check(&spec, &events, &direct);
        // Sums of floats depend on the order of adding, so this one is held to the naive engine's tolerance.
        let general = in_general(&spec, &options, &config, &shares).await;
        check(&spec, &events, &general);
        let keys = |table: &ResultTable| -> Vec<String> {
            let keys = table.groups.iter().map(|group| format!("{:?}", group.key));
            keys.collect()
        };
        assert_eq!(keys(&direct), keys(&general));
        assert_eq!(direct.group_count, general.group_count);
        assert_eq!(times(&direct), times(&general));
        assert_eq!(direct.heatmaps, general.heatmaps);
    }
}

async fn in_general(
    spec: &QuerySpec,
    options: &QueryOptions,
    config: &EngineConfig,
    shares: &[Arc<[Source]>],
) -> ResultTable {
    let snapshot = Snapshot {
        sources: shares.iter().flat_map(|share| share.to_vec()).collect(),
    };
    let (rows, fields) = rows_of(snapshot, spec, RANGE, 2).unwrap();
    let unfiltered = QuerySpec {
        filters: Vec::new(),
        ..spec.clone()
    };
    let query = FusedQuery::new(&unfiltered, RANGE, options).unwrap();
    let watch = Arc::new(FusedWatch::new(Clock::fixed(0), config));
    let table = general::answer(Arc::new(query), &rows, &fields, config, &watch).await;
    table.unwrap()
}

fn times(table: &ResultTable) -> Vec<Vec<i64>> {
    let series = table.series.iter().chain([&table.total_series]);
    series
        .map(|points| points.iter().map(|point| point.time_ns).collect())
        .collect()
}

fn check(spec: &QuerySpec, events: &[Event], table: &ResultTable) {
    let oracle = Oracle::new(spec, events, RANGE);
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
async fn merges_can_be_stacked() {
    let mut rng = StdRng::seed_from_u64(1);
    let events = random_events(&mut rng, 500, RANGE);
    let shares = shares(&mut rng, &events);
    let config = EngineConfig::default();
    let query = FusedQuery::new(&QuerySpec::default(), RANGE, &QueryOptions::default()).unwrap();
    let pass = query.first_pass(&[], &config).unwrap();
    let context = Arc::new(PassContext {
        watch: Arc::new(FusedWatch::new(Clock::fixed(0), &config)),
        query: Arc::new(query),
        pass,
        config,
    });
    let leaf = FusedAggregateExec::new(Arc::clone(&context), shares);
    let below = MergeExec::new(Arc::clone(&context), Arc::new(leaf));
    let direct = below.state(&Arc::default()).await.unwrap();
    let above = MergeExec::new(Arc::clone(&context), Arc::new(below));
    let stacked = above.state(&Arc::default()).await.unwrap();
    assert_eq!(
        context.query.encode(&direct),
        context.query.encode(&stacked)
    );
}

#[tokio::test]
async fn the_end_of_a_query_keeps_its_reason_on_the_way_up() {
    let events = random_events(&mut StdRng::seed_from_u64(1), 500, RANGE);
    let source = source(DatasetId(1), &batch_of(&events), false);
    let config = EngineConfig {
        groups_max: 3,
        ..EngineConfig::default()
    };
    let spec = QuerySpec {
        breakdowns: vec!["user".to_owned()],
        ..QuerySpec::default()
    };
    for carried in [in_memory, as_bytes] {
        let query = FusedQuery::new(&spec, RANGE, &QueryOptions::default()).unwrap();
        let watch = Arc::new(FusedWatch::new(Clock::fixed(0), &config));
        let shares = [Arc::from(vec![source.clone()])];
        match answer(Arc::new(query), &shares, &config, &watch, carried).await {
            Err(ExecError::Query(QueryError::TooLarge { limit: 3, .. })) => {}
            other => panic!("{:?}", other.map(|table| table.groups.len())),
        }
    }
}
