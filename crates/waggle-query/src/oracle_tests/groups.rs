//! Groups and buckets where the engine has short ways of its own, and where there are many of them.

use super::check::check;
use super::{each_seed, random_range, text};
use crate::engine::EngineConfig;
use crate::exec::Passes;
use crate::testing;
use crate::testing::{ByParts, Directly};
use rand::RngExt;
use waggle_model::{CalculationSpec, QueryOptions, QuerySpec, TimeRange, Value};
use waggle_store::Snapshot;
use waggle_testkit::{Event, Oracle, random_events};

const BREAKDOWN_CASES: u64 = 40;
const COUNT_CASES: u64 = 60;
const MANY_CASES: u64 = 12;

#[test]
fn counts_over_time_equal_the_oracle_though_no_row_is_read() {
    each_seed(0..COUNT_CASES, |rng| {
        let whole = random_range(rng);
        let count = rng.random_range(1..4_000);
        let mut events = random_events(rng, count, whole);
        for event in &mut events {
            event.sample_rate = 1;
        }
        let length_ns = whole.end_ns - whole.start_ns;
        let range = TimeRange {
            start_ns: whole.start_ns + rng.random_range(0..=length_ns / 3),
            end_ns: whole.end_ns - rng.random_range(0..=length_ns / 3),
        };
        let spec = QuerySpec {
            granularity_s: Some(length_ns as u64 / 3_000_000_000 / rng.random_range(1..100)),
            ..QuerySpec::default()
        };
        let snapshot = testing::snapshot(rng, &events);
        let options = QueryOptions {
            disable_series: rng.random_bool(0.2),
            ..QueryOptions::default()
        };
        let config = EngineConfig {
            one_pass_cells_max: [0, 65_536][rng.random_range(0..2)],
            ..EngineConfig::default()
        };
        let table = testing::query(&snapshot, &spec, range, &options, &config).unwrap();
        check(
            &spec,
            &Oracle::new(&spec, &events, range, table.granularity_ns),
            &table,
            &options,
        );
    });
}

#[test]
fn breakdowns_by_several_columns_of_many_chunks_equal_the_oracle() {
    each_seed(0..BREAKDOWN_CASES, |rng| {
        let range = random_range(rng);
        let count = rng.random_range(2_000..6_000);
        let events = random_events(rng, count, range);
        let mut breakdowns = vec!["status", "name", "error", "user", "mixed"];
        breakdowns.rotate_left(rng.random_range(0..5));
        breakdowns.truncate(rng.random_range(2..5));
        let spec = QuerySpec {
            breakdowns: breakdowns.into_iter().map(str::to_owned).collect(),
            ..QuerySpec::default()
        };
        let snapshot = testing::snapshot(rng, &events);
        let options = QueryOptions {
            disable_series: true,
            ..QueryOptions::default()
        };
        let table =
            testing::query(&snapshot, &spec, range, &options, &EngineConfig::default()).unwrap();
        check(
            &spec,
            &Oracle::new(&spec, &events, range, table.granularity_ns),
            &table,
            &options,
        );
    });
}

/// Dictionaries of blocks with so many entries are in the order of their hashes, and groups are found by parts of these.
#[test]
fn counts_by_a_text_with_thousands_of_values_equal_the_oracle() {
    each_seed(0..MANY_CASES, |rng| {
        let range = random_range(rng);
        let count = rng.random_range(6_000..40_000);
        let gaps = [0.0, 0.01][rng.random_range(0..2)];
        let users = [5_500, 100_000][rng.random_range(0..2)];
        let events: Vec<Event> = (0..count)
            .map(|_| {
                let duration = Value::Float(rng.random_range(0.0..1e3));
                let mut fields =
                    std::collections::BTreeMap::from([("duration".to_owned(), duration)]);
                if !rng.random_bool(gaps) {
                    let user = match rng.random_range(0..500) {
                        0 => Value::Int(rng.random_range(0..9)),
                        1 => Value::Bool(rng.random_bool(0.5)),
                        _ => text(rng, "user", users),
                    };
                    fields.insert("user".to_owned(), user);
                }
                Event {
                    timestamp_ns: rng.random_range(range.start_ns..range.end_ns),
                    dataset: waggle_model::DatasetId(1 + rng.random_range(0..20) / 19),
                    sample_rate: 1,
                    fields,
                }
            })
            .collect();
        let havings = waggle_model::HavingSpec {
            calculate_op: "COUNT".to_owned(),
            column: None,
            op: waggle_model::HavingOp::GreaterOrEqual,
            value: rng.random_range(0..5).into(),
        };
        let sketches = ["P99", "COUNT_DISTINCT"].map(|op| CalculationSpec {
            op: op.to_owned(),
            column: Some("duration".to_owned()),
            ..CalculationSpec::default()
        });
        let mut calculations = vec![CalculationSpec {
            op: "COUNT".to_owned(),
            ..CalculationSpec::default()
        }];
        if rng.random_bool(0.5) {
            calculations.extend(sketches);
        }
        let spec = QuerySpec {
            calculations,
            breakdowns: vec!["user".to_owned()],
            havings: Vec::from_iter(rng.random_bool(0.5).then_some(havings)),
            limit: Some([1, 10, 1_000][rng.random_range(0..3)]),
            ..QuerySpec::default()
        };
        let snapshot = testing::snapshot(rng, &events);
        let options = QueryOptions {
            disable_series: rng.random_bool(0.7),
            ..QueryOptions::default()
        };
        let config = EngineConfig {
            threads: rng.random_range(1..4),
            thread_rows_min: 1_000,
            ..EngineConfig::default()
        };
        println!(
            "{spec:?}\n{range:?} {} events, {options:?}, {config:?}",
            events.len()
        );
        let passes: &dyn Passes = match rng.random_bool(0.7) {
            true => &Directly,
            false => &ByParts,
        };
        let table = testing::query_by(passes, &snapshot, &spec, range, &options, &config).unwrap();
        check(
            &spec,
            &Oracle::new(&spec, &events, range, table.granularity_ns),
            &table,
            &options,
        );
    });
}

/// One source gives more groups than are looked at in any one step.
#[test]
fn sketches_of_twenty_thousand_groups_of_one_source_equal_the_oracle() {
    each_seed(0..2, |rng| {
        let range = random_range(rng);
        let events: Vec<Event> = (0..40_000)
            .map(|index| Event {
                timestamp_ns: rng.random_range(range.start_ns..range.end_ns),
                dataset: waggle_model::DatasetId(1),
                sample_rate: 1,
                fields: std::collections::BTreeMap::from([
                    (
                        "user".to_owned(),
                        Value::String(format!("user {}", index % 20_000)),
                    ),
                    (
                        "duration".to_owned(),
                        Value::Float(rng.random_range(0.0..1e3)),
                    ),
                ]),
            })
            .collect();
        let calculations = ["P99", "COUNT_DISTINCT"].map(|op| CalculationSpec {
            op: op.to_owned(),
            column: Some("duration".to_owned()),
            ..CalculationSpec::default()
        });
        let spec = QuerySpec {
            calculations: calculations.into(),
            breakdowns: vec!["user".to_owned()],
            limit: Some(1_000),
            ..QuerySpec::default()
        };
        let options = QueryOptions {
            disable_series: true,
            ..QueryOptions::default()
        };
        let config = EngineConfig {
            threads: 1,
            ..EngineConfig::default()
        };
        let all: Vec<&Event> = events.iter().collect();
        for is_block in [false, true] {
            let snapshot = Snapshot {
                sources: vec![testing::source(&all, is_block)],
            };
            let table =
                testing::query_by(&Directly, &snapshot, &spec, range, &options, &config).unwrap();
            let oracle = Oracle::new(&spec, &events, range, table.granularity_ns);
            check(&spec, &oracle, &table, &options);
        }
    });
}
