//! The engine against the plain one of the test kit, over random events and random queries.
//!
//! A failure prints its seed; put that into [`REPLAY`] to run nothing else.

use crate::engine::EngineConfig;
use crate::exec::{Passes, States};
use crate::testing::{self, ByParts, Directly};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;
use waggle_model::{
    CalculatedField, CalculationSpec, Cell, FilterCombination, Group, QueryOptions, QuerySpec,
    RawRow, ResultTable, RowRequest, SeriesPoint, TimeRange, TraceChoice, TraceRequest, Value,
};
use waggle_store::{Snapshot, Source};
use waggle_testkit::{
    Answer, COLUMNS, Event, Oracle, key_text, link_spans, matching, random_events, random_filter,
    random_formula, random_related_filter, random_spec, spread_times, with_other_spans,
};

/// The seed to run alone, from a failure.
const REPLAY: Option<u64> = None;
const QUERY_CASES: u64 = 2_000;
const DERIVED_CASES: u64 = 200;
const RELATED_CASES: u64 = 300;
const KEPT_CASES: u64 = 40;
const BREAKDOWN_CASES: u64 = 40;
const COUNT_CASES: u64 = 60;
const MANY_CASES: u64 = 12;
const DENSE_CASES: u64 = 120;
const ROW_CASES: u64 = 150;
const FIRST_SEED: u64 = 1_000_000;

/// Runs a case per seed and names the seed of the first that fails.
fn each_seed(cases: Range<u64>, case: fn(&mut StdRng)) {
    let seeds = match REPLAY {
        Some(seed) => seed..seed + 1,
        None => FIRST_SEED + cases.start..FIRST_SEED + cases.end,
    };
    println!("seeds {seeds:?}");
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| case(&mut StdRng::seed_from_u64(seed)));
        if let Err(panic) = outcome {
            println!("failed with seed {seed}: set REPLAY to Some({seed})");
            std::panic::resume_unwind(panic);
        }
    }
}

fn random_range(rng: &mut StdRng) -> TimeRange {
    let start_s = rng.random_range(-100..2_000_000_000_i64);
    let length_s = [1, 60, 600, 7_200, 86_400, 2_419_200][rng.random_range(0..6)];
    TimeRange {
        start_ns: start_s * 1_000_000_000,
        end_ns: (start_s + length_s) * 1_000_000_000,
    }
}

fn random_count(rng: &mut StdRng) -> usize {
    match rng.random_range(0..20) {
        0 => 0,
        1 => rng.random_range(2_000..5_000),
        _ => rng.random_range(1..400),
    }
}

// Four tests, so that they share the cores.

#[test]
fn any_query_over_any_split_equals_the_oracle_1_of_4() {
    check_queries(0..QUERY_CASES / 4);
}

#[test]
fn any_query_over_any_split_equals_the_oracle_2_of_4() {
    check_queries(QUERY_CASES / 4..QUERY_CASES / 2);
}

#[test]
fn any_query_over_any_split_equals_the_oracle_3_of_4() {
    check_queries(QUERY_CASES / 2..QUERY_CASES / 4 * 3);
}

#[test]
fn any_query_over_any_split_equals_the_oracle_4_of_4() {
    check_queries(QUERY_CASES / 4 * 3..QUERY_CASES);
}

fn check_queries(cases: Range<u64>) {
    each_seed(cases, |rng| {
        let range = random_range(rng);
        let count = random_count(rng);
        let events = random_events(rng, count, range);
        let spec = random_spec(rng, &events, range);
        let snapshot = testing::snapshot(rng, &events);
        let options = QueryOptions {
            disable_series: rng.random_bool(0.2),
            disable_total: rng.random_bool(0.2),
            disable_other: rng.random_bool(0.2),
            ..QueryOptions::default()
        };
        let config = EngineConfig {
            threads: rng.random_range(1..4),
            thread_rows_min: 100,
            one_pass_cells_max: [0, 300, 65_536][rng.random_range(0..3)],
            ..EngineConfig::default()
        };
        let passes: &dyn Passes = match rng.random_bool(0.5) {
            true => &Directly,
            false => &ByParts,
        };
        let table = testing::query_by(passes, &snapshot, &spec, range, &options, &config).unwrap();
        println!(
            "{spec:?}\n{range:?} {} events, {options:?}, {config:?}",
            events.len()
        );
        check(
            &spec,
            &Oracle::new(&spec, &events, range, table.granularity_ns),
            &table,
            &options,
        );
    });
}

#[test]
fn queries_of_derived_columns_equal_the_oracle() {
    each_seed(0..DERIVED_CASES, |rng| {
        let range = random_range(rng);
        let count = random_count(rng);
        let events = random_events(rng, count, range);
        let mut spec = random_spec(rng, &events, range);
        // The oracle reads what was computed before, the engine computes.
        let mut seen = events.clone();
        for index in 0..rng.random_range(1..4) {
            let depth = rng.random_range(1..4);
            let formula = random_formula(rng, depth);
            let expression = formula.text();
            if expression.len() > 4_000 {
                continue;
            }
            let name = format!("derived.{index}");
            for (seen, event) in seen.iter_mut().zip(&events) {
                if let Some(value) = formula.value(event) {
                    seen.fields.insert(name.clone(), value);
                }
            }
            rename(
                &mut spec,
                COLUMNS[rng.random_range(0..COLUMNS.len())],
                &name,
            );
            spec.calculated_fields
                .push(CalculatedField { name, expression });
        }
        let snapshot = testing::snapshot(rng, &events);
        let options = QueryOptions {
            disable_series: rng.random_bool(0.2),
            disable_total: rng.random_bool(0.2),
            disable_other: rng.random_bool(0.2),
            ..QueryOptions::default()
        };
        let config = EngineConfig {
            threads: rng.random_range(1..4),
            thread_rows_min: 100,
            one_pass_cells_max: [0, 300, 65_536][rng.random_range(0..3)],
            ..EngineConfig::default()
        };
        let table = testing::query(&snapshot, &spec, range, &options, &config).unwrap();
        println!("{spec:?}\n{range:?} {} events", events.len());
        check(
            &spec,
            &Oracle::new(&spec, &seen, range, table.granularity_ns),
            &table,
            &options,
        );
    });
}

#[test]
fn queries_of_other_spans_equal_the_oracle() {
    each_seed(0..RELATED_CASES, |rng| {
        let range = random_range(rng);
        let count = rng.random_range(1..300);
        let mut events = random_events(rng, count, range);
        link_spans(rng, &mut events);
        spread_times(&mut events);
        let mut spec = random_spec(rng, &events, range);
        spec.filter_combination = FilterCombination::And;
        for calculation in &mut spec.calculations {
            calculation.filter_combination = FilterCombination::And;
        }
        for _ in 0..rng.random_range(1..4) {
            let prefix = ["root.", "parent.", "child."][rng.random_range(0..3)];
            let columns = spec.breakdowns.iter();
            let calculations = spec.calculations.iter();
            let columns = columns.chain(calculations.filter_map(|known| known.column.as_ref()));
            let plain: Vec<String> = columns
                .filter(|column| COLUMNS.contains(&column.as_str()))
                .cloned()
                .collect();
            if let Some(column) = plain.get(rng.random_range(0..plain.len().max(1))) {
                rename(&mut spec, column, &format!("{prefix}{column}"));
            }
        }
        let filters = (0..rng.random_range(0..2)).map(|_| random_related_filter(rng, &events));
        spec.filters.extend(filters.collect::<Vec<_>>());
        let snapshot = testing::snapshot(rng, &events);
        let options = QueryOptions {
            disable_series: rng.random_bool(0.2),
            disable_total: rng.random_bool(0.2),
            disable_other: rng.random_bool(0.2),
            ..QueryOptions::default()
        };
        let config = EngineConfig {
            threads: rng.random_range(1..4),
            thread_rows_min: 100,
            one_pass_cells_max: [0, 300, 65_536][rng.random_range(0..3)],
            ..EngineConfig::default()
        };
        let passes: &dyn Passes = match rng.random_bool(0.5) {
            true => &Directly,
            false => &ByParts,
        };
        println!("{spec:?}\n{range:?} {} events", events.len());
        let table = testing::query_by(passes, &snapshot, &spec, range, &options, &config).unwrap();
        let seen = with_other_spans(&events, range, &spec);
        let oracle = Oracle::new(&spec, &seen, range, table.granularity_ns);
        check(&spec, &oracle, &table, &options);
    });
}

/// Makes every clause that names a column name another one.
fn rename(spec: &mut QuerySpec, from: &str, to: &str) {
    let filters = spec.filters.iter_mut().map(|filter| &mut filter.column);
    let filters_of_calculations = spec.calculations.iter_mut().flat_map(|calculation| {
        let filters = calculation
            .filters
            .iter_mut()
            .map(|filter| &mut filter.column);
        filters.chain(&mut calculation.column)
    });
    let orders = spec
        .orders
        .iter_mut()
        .filter_map(|order| order.column.as_mut());
    let havings = spec
        .havings
        .iter_mut()
        .filter_map(|having| having.column.as_mut());
    for name in filters
        .chain(filters_of_calculations)
        .chain(orders)
        .chain(havings)
        .chain(&mut spec.breakdowns)
    {
        if name == from {
            to.clone_into(name);
        }
    }
}

/// As a board does: the same question again and again, of ranges that overlap, while blocks come, go and are replaced.
#[test]
fn what_is_kept_of_blocks_changes_no_answer() {
    each_seed(0..KEPT_CASES, |rng| {
        let whole = random_range(rng);
        let count = rng.random_range(1..4_000);
        let mut events = random_events(rng, count, whole);
        events.sort_by_key(|event| (event.dataset, event.timestamp_ns));
        let mut spec = random_spec(rng, &events, whole);
        let length_ns = whole.end_ns - whole.start_ns;
        let granularity_s = length_ns / 1_000_000_000 / rng.random_range(2..60);
        spec.granularity_s = Some(granularity_s.max(1) as u64);
        let states = Arc::new(States::new([0, 100_000, 1 << 30][rng.random_range(0..3)]));
        let config = EngineConfig {
            threads: rng.random_range(1..4),
            thread_rows_min: 100,
            one_pass_cells_max: [0, 65_536][rng.random_range(0..2)],
            ..EngineConfig::default()
        };
        let mut parts: Vec<(&[Event], Source)> = Vec::new();
        for events in events.chunk_by(|left, right| left.dataset == right.dataset) {
            for events in events.chunks(rng.random_range(1..3_000)) {
                let rows: Vec<&Event> = events.iter().collect();
                parts.push((events, testing::source(&rows, rng.random_bool(0.9))));
            }
        }
        for round in 0..4 {
            // Some sources are not there yet, and one has been replaced by another of the same rows.
            let present = rng.random_range(0..parts.len()) + 1;
            let replaced = rng.random_range(0..parts.len());
            let rows: Vec<&Event> = parts[replaced].0.iter().collect();
            parts[replaced].1 = testing::source(&rows, rng.random_bool(0.9));
            let seen: Vec<Event> = parts[..present]
                .iter()
                .flat_map(|(events, _)| events.iter().cloned())
                .collect();
            let snapshot = Snapshot {
                sources: parts[..present]
                    .iter()
                    .map(|(_, source)| source.clone())
                    .collect(),
            };
            let range = TimeRange {
                start_ns: whole.start_ns + rng.random_range(0..=length_ns / 4),
                end_ns: whole.end_ns - rng.random_range(0..=length_ns / 4),
            };
            let options = QueryOptions {
                disable_series: rng.random_bool(0.2),
                ..QueryOptions::default()
            };
            println!("round {round}: {spec:?} {range:?} {options:?} {config:?}");
            let ask = || testing::query_with(&states, &snapshot, &spec, range, &options, &config);
            for _ in 0..2 {
                let table = ask().unwrap();
                let oracle = Oracle::new(&spec, &seen, range, table.granularity_ns);
                check(&spec, &oracle, &table, &options);
            }
        }
    });
}

/// A second pass for no group, because a having drops all, asks of a block something else than a first pass for all groups.
#[test]
fn what_is_kept_of_a_pass_without_groups_is_not_taken_for_one_of_all() {
    each_seed(0..4, |rng| {
        let range = random_range(rng);
        let events = random_events(rng, 300, range);
        let inside: Vec<Event> = matching(&events, range, &[], FilterCombination::And)
            .into_iter()
            .filter(|event| event.dataset.0 == 1)
            .cloned()
            .collect();
        let rows: Vec<&Event> = inside.iter().collect();
        let snapshot = Snapshot {
            sources: vec![testing::source(&rows, true)],
        };
        let all = QuerySpec {
            breakdowns: vec!["name".to_owned()],
            ..QuerySpec::default()
        };
        let none = QuerySpec {
            havings: vec![waggle_model::HavingSpec {
                calculate_op: "COUNT".to_owned(),
                column: None,
                op: waggle_model::HavingOp::Greater,
                value: 1e12,
            }],
            ..all.clone()
        };
        let states = Arc::new(States::new(1 << 30));
        let options = QueryOptions::default();
        for (spec, one_pass_cells_max) in [(&none, 0), (&all, 65_536), (&none, 0), (&all, 0)] {
            let config = EngineConfig {
                one_pass_cells_max,
                ..EngineConfig::default()
            };
            let table =
                testing::query_with(&states, &snapshot, spec, range, &options, &config).unwrap();
            let oracle = Oracle::new(spec, &inside, range, table.granularity_ns);
            check(spec, &oracle, &table, &options);
        }
    });
}

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

/// Events whose columns have no gaps and few types, as spans have them: what the short ways through a block are made for.
fn dense_events(rng: &mut StdRng, range: TimeRange) -> Vec<Event> {
    let users = [10, 3_000, 1_000_000][rng.random_range(0..3)];
    let is_sampled = rng.random_bool(0.2);
    let exponent = [1.0, 1e3, 1e5][rng.random_range(0..3)];
    let gaps = [0.0, 0.0, 0.3][rng.random_range(0..3)];
    (0..rng.random_range(3_000..9_000))
        .map(|_| {
            let duration = rng.random_range(-200..1_000_000_i64) as f64 / exponent;
            let mut fields = std::collections::BTreeMap::from([
                ("service".to_owned(), text(rng, "service", 7)),
                ("user".to_owned(), text(rng, "user", users)),
                ("duration".to_owned(), Value::Float(duration)),
                (
                    "status".to_owned(),
                    Value::Int(200 + rng.random_range(0..5) * 101),
                ),
                (
                    "bytes".to_owned(),
                    Value::Int(rng.random_range(-5..1_000_000)),
                ),
            ]);
            if rng.random_bool(gaps) {
                fields.remove(["service", "user", "duration", "status"][rng.random_range(0..4)]);
            }
            Event {
                timestamp_ns: rng.random_range(range.start_ns..range.end_ns),
                sample_rate: if is_sampled {
                    rng.random_range(1..9)
                } else {
                    1
                },
                dataset: waggle_model::DatasetId(1),
                fields,
            }
        })
        .collect()
}

fn text(rng: &mut StdRng, name: &str, count: u32) -> Value {
    Value::String(format!("{name}-{}", rng.random_range(0..count)))
}

fn dense_spec(rng: &mut StdRng, range: TimeRange) -> QuerySpec {
    let breakdowns: &[&str] = [
        &[][..],
        &["service"],
        &["user"],
        &["service", "status"],
        &["status", "user", "service"],
        &["duration"],
    ][rng.random_range(0..6)];
    let calculations = [
        ("COUNT", None),
        ("AVG", Some("duration")),
        ("MAX", Some("duration")),
        ("MIN", Some("bytes")),
        ("P50", Some("duration")),
        ("P99", Some("bytes")),
        ("COUNT_DISTINCT", Some("user")),
        ("HEATMAP", Some("duration")),
        ("COUNT", Some("user")),
    ];
    let first = rng.random_range(0..calculations.len());
    let count = rng.random_range(1..4);
    let length_s = (range.end_ns - range.start_ns) as u64 / 1_000_000_000;
    QuerySpec {
        breakdowns: breakdowns.iter().map(|name| (*name).to_owned()).collect(),
        calculations: calculations
            .into_iter()
            .cycle()
            .skip(first)
            .take(count)
            .map(|(op, column)| CalculationSpec::new(op, column))
            .collect(),
        granularity_s: Some(length_s / [1, 7, 60][rng.random_range(0..3)]),
        limit: Some([3, 100][rng.random_range(0..2)]),
        ..QuerySpec::default()
    }
}

#[test]
fn columns_without_gaps_in_blocks_of_many_chunks_equal_the_oracle() {
    each_seed(0..DENSE_CASES, |rng| {
        let whole = random_range(rng);
        let events = dense_events(rng, whole);
        let cut_ns = [0, (whole.end_ns - whole.start_ns) / 5][rng.random_range(0..2)];
        let range = TimeRange {
            start_ns: whole.start_ns + cut_ns,
            end_ns: whole.end_ns,
        };
        let spec = dense_spec(rng, range);
        let snapshot = testing::snapshot(rng, &events);
        let options = QueryOptions {
            disable_series: rng.random_bool(0.4),
            ..QueryOptions::default()
        };
        let config = EngineConfig {
            threads: rng.random_range(1..4),
            thread_rows_min: 1_000,
            one_pass_cells_max: [0, 300, 65_536][rng.random_range(0..3)],
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

fn check(spec: &QuerySpec, oracle: &Oracle<'_>, table: &ResultTable, options: &QueryOptions) {
    match options.disable_total {
        true => assert!(table.total.is_empty() && table.total_series.is_empty()),
        false => check_cells("total", &oracle.total(), &table.total),
    }
    let listed: Vec<Vec<String>> = table.groups.iter().map(|group| keys(&group.key)).collect();
    check_groups(oracle, table);
    check_choice(spec, oracle, table, &listed, options);
    match (oracle.other(&listed), &table.other) {
        (_, other) if options.disable_other => assert!(other.is_none(), "other"),
        (Some(expected), Some(other)) => check_cells("other", &expected, other),
        (expected, other) => assert_eq!(expected.is_some(), other.is_some(), "other"),
    }
    if options.disable_series {
        assert!(table.series.is_empty() && table.total_series.is_empty());
    } else {
        assert_eq!(table.series.len(), table.groups.len());
        for (key, series) in listed.iter().zip(&table.series) {
            check_series(&oracle.series(Some(key)), series);
        }
        if !options.disable_total {
            check_series(&oracle.series(None), &table.total_series);
        }
    }
    check_heatmaps(spec, oracle, table);
    let matched = oracle.matched();
    assert_eq!(table.stats.rows_matched, matched.len() as u64);
    assert_eq!(
        table.stats.sample_rate_applied,
        matched.iter().any(|event| event.sample_rate > 1)
    );
}

fn keys(key: &[Option<Value>]) -> Vec<String> {
    key.iter().map(|value| key_text(value.as_ref())).collect()
}

#[track_caller]
fn check_cells(what: &str, expected: &[Answer], cells: &[Cell]) {
    assert_eq!(expected.len(), cells.len(), "{what}");
    for (expected, cell) in expected.iter().zip(cells) {
        assert!(
            expected.allows(cell),
            "{what}: {cell:?}, should be {expected:?}"
        );
    }
}

fn check_groups(oracle: &Oracle<'_>, table: &ResultTable) {
    for group in &table.groups {
        let key = keys(&group.key);
        let expected = oracle.group(&key);
        let Some(expected) = expected else {
            panic!("there is no group {key:?}");
        };
        check_cells(&format!("group {key:?}"), &expected, &group.values);
        assert_ne!(oracle.passes_havings(&expected), Some(false), "{key:?}");
    }
}

/// Which groups are listed, and in which order. Where approximations decide, an answer within the stated error is right.
fn check_choice(
    spec: &QuerySpec,
    oracle: &Oracle<'_>,
    table: &ResultTable,
    listed: &[Vec<String>],
    options: &QueryOptions,
) {
    let limit = spec.limit.unwrap_or(options.limit_default);
    assert_eq!(table.groups.len(), table.group_count.min(limit), "limit");
    let answers: Vec<(Vec<String>, Vec<Answer>)> = oracle
        .keys()
        .into_iter()
        .filter_map(|key| oracle.group(&key).map(|answers| (key, answers)))
        .collect();
    let passing = |wanted: &[Option<bool>]| {
        answers
            .iter()
            .filter(|(_, answers)| wanted.contains(&oracle.passes_havings(answers)))
            .count()
    };
    let sure = passing(&[Some(true)]);
    let possible = passing(&[Some(true), None]);
    assert!(
        (sure..=possible).contains(&table.group_count),
        "group count"
    );
    if !oracle.shows_order() {
        return;
    }
    let compare = |left: &Group, right: &Group| {
        oracle.compare((&left.key, &left.values), (&right.key, &right.values))
    };
    for pair in table.groups.windows(2) {
        assert_eq!(
            compare(&pair[0], &pair[1]),
            Ordering::Less,
            "order of {pair:?}"
        );
    }
    let Some(last) = table.groups.last().filter(|_| table.group_count > limit) else {
        return;
    };
    let is_exact = oracle.order_calculations().into_iter().all(|index| {
        answers
            .iter()
            .all(|(_, answers)| answers[index].slack == 0.0)
    });
    if !is_exact {
        return;
    }
    for (key, answers) in &answers {
        if !listed.contains(key) && oracle.passes_havings(answers) == Some(true) {
            let group = Group {
                key: key.iter().map(|text| value_of(text)).collect(),
                values: answers.iter().map(|answer| answer.cell.clone()).collect(),
            };
            assert_eq!(compare(last, &group), Ordering::Less, "{key:?} is missing");
        }
    }
}

/// The value that [`key_text`] made this of.
fn value_of(text: &str) -> Option<Value> {
    let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
    match kind {
        "-" => None,
        "s" => Some(Value::String(rest.to_owned())),
        "b" => Some(Value::Bool(rest == "true")),
        _ => Some(match rest.parse() {
            Ok(value) => Value::Int(value),
            Err(_) => Value::Float(rest.parse().unwrap()),
        }),
    }
}

#[track_caller]
fn check_series(expected: &[(i64, Vec<Answer>)], series: &[SeriesPoint]) {
    let times: Vec<i64> = series.iter().map(|point| point.time_ns).collect();
    let expected_times: Vec<i64> = expected.iter().map(|(time, _)| *time).collect();
    assert_eq!(times, expected_times, "times of a series");
    for ((time, expected), point) in expected.iter().zip(series) {
        check_cells(&format!("point {time}"), expected, &point.values);
    }
}

fn check_heatmaps(spec: &QuerySpec, oracle: &Oracle<'_>, table: &ResultTable) {
    assert_eq!(table.heatmaps.len(), table.calculations.len());
    for calculation in &spec.calculations {
        let mut shown = table.calculations.iter();
        let Some(index) = shown.position(|label| *label == calculation.label()) else {
            continue;
        };
        let map = &table.heatmaps[index];
        let range = oracle.value_range(calculation);
        let (Some((min, max)), "HEATMAP") = (range, calculation.op.as_str()) else {
            assert_eq!(map, &None, "{}", calculation.label());
            continue;
        };
        let map = map.as_ref().unwrap();
        assert_eq!((map.min_value, map.max_value), (min, max));
        let width = max / 50.0 - min / 50.0;
        assert!((map.step_size - width).abs() <= width * 1e-9 + f64::MIN_POSITIVE);
        let bins = if map.step_size > 0.0 { 50 } else { 1 };
        let edges: Vec<f64> = (0..bins)
            .map(|bin| min + f64::from(bin) * map.step_size)
            .collect();
        let expected = oracle.heatmap(calculation, &edges);
        assert_eq!(map.times_ns, expected.keys().copied().collect::<Vec<_>>());
        assert_eq!(map.counts, expected.into_values().collect::<Vec<_>>());
    }
}

/// A row as something that can be compared and sorted; NaN is written like any value.
fn row_text(event: &Event) -> String {
    let fields: Vec<String> = event
        .fields
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    format!(
        "{} x{} {} {}",
        event.timestamp_ns,
        event.sample_rate,
        event.dataset.0,
        fields.join(" ")
    )
}

fn raw_text(row: &RawRow) -> String {
    row_text(&Event {
        timestamp_ns: row.timestamp_ns,
        sample_rate: row.sample_rate,
        dataset: row.dataset,
        fields: row.fields.iter().cloned().collect(),
    })
}

fn all_pages(snapshots: &[Snapshot], mut request: RowRequest) -> Vec<RawRow> {
    let mut rows = Vec::new();
    for snapshot in snapshots.iter().cycle() {
        let page = testing::rows(snapshot, &request).unwrap();
        assert!(page.rows.len() <= request.limit);
        assert!(page.next.is_none() || page.rows.len() == request.limit);
        rows.extend(page.rows);
        request.before = page.next;
        if request.before.is_none() {
            break;
        }
    }
    rows
}

#[test]
fn pages_of_rows_show_every_row_once_newest_first_though_the_sources_change_between_them() {
    each_seed(0..ROW_CASES, |rng| {
        let range = random_range(rng);
        let count = rng.random_range(0..600);
        let mut events = random_events(rng, count, range);
        // Rows that are equal in everything must be told apart by their number alone.
        for _ in 0..rng.random_range(0..20) {
            if let Some(event) = events.first().cloned() {
                events.push(event);
            }
        }
        let filters: Vec<_> = (0..rng.random_range(0..2))
            .map(|_| random_filter(rng, &events))
            .collect();
        let request = RowRequest {
            calculated_fields: Vec::new(),
            range,
            filters: filters.clone(),
            filter_combination: FilterCombination::And,
            limit: [1, 7, 100, 1_000][rng.random_range(0..4)],
            before: None,
        };
        let snapshots = [
            testing::snapshot(rng, &events),
            testing::snapshot(rng, &events),
        ];
        let rows = all_pages(&snapshots, request);
        assert!(rows.is_sorted_by_key(|row| std::cmp::Reverse(row.timestamp_ns)));
        let mut texts: Vec<String> = rows.iter().map(raw_text).collect();
        texts.sort();
        let matched = matching(&events, range, &filters, FilterCombination::And);
        let mut expected: Vec<String> = matched.into_iter().map(row_text).collect();
        expected.sort();
        assert_eq!(texts, expected);
    });
}

#[test]
fn rows_that_arrive_between_pages_move_no_other_row() {
    each_seed(0..ROW_CASES, |rng| {
        let range = random_range(rng);
        let mut events = random_events(rng, 200, range);
        let before = testing::snapshot(rng, &events);
        let arrived = random_events(rng, 100, range);
        let late: Vec<String> = arrived.iter().map(row_text).collect();
        let mut expected: Vec<String> = matching(&events, range, &[], FilterCombination::And)
            .into_iter()
            .map(row_text)
            .collect();
        events.extend(arrived);
        let after = testing::snapshot(rng, &events);
        let mut request = RowRequest {
            calculated_fields: Vec::new(),
            range,
            filters: Vec::new(),
            filter_combination: FilterCombination::And,
            limit: rng.random_range(1..100),
            before: None,
        };
        let first = testing::rows(&before, &request).unwrap();
        let mut rows = first.rows;
        request.before = first.next;
        if request.before.is_some() {
            rows.extend(all_pages(&[after], request));
        }
        let mut old: Vec<String> = rows
            .iter()
            .map(raw_text)
            .filter(|text| !late.contains(text))
            .collect();
        old.sort();
        expected.retain(|text| !late.contains(text));
        expected.sort();
        assert_eq!(old, expected);
    });
}

#[test]
fn a_trace_is_all_its_rows_oldest_first() {
    each_seed(0..ROW_CASES, |rng| {
        let range = random_range(rng);
        let events = random_events(rng, 400, range);
        let id = events
            .iter()
            .find_map(|event| event.fields.get("trace.trace_id"))
            .map_or_else(|| "none".to_owned(), Value::to_string);
        let mut expected: Vec<String> = matching(&events, range, &[], FilterCombination::And)
            .into_iter()
            .filter(|event| event.fields.get("trace.trace_id") == Some(&Value::String(id.clone())))
            .map(row_text)
            .collect();
        let mut request = TraceRequest {
            trace_id: id,
            range,
            limit: 32_000,
            choice: TraceChoice::Oldest,
        };
        let [left, right] = [0; 2].map(|_| {
            let trace = testing::trace(&testing::snapshot(rng, &events), &request).unwrap();
            assert!(trace.rows.is_sorted_by_key(|row| row.timestamp_ns));
            assert_eq!(trace.row_count, expected.len());
            trace.rows.iter().map(raw_text).collect::<Vec<_>>()
        });
        assert_eq!(left, right, "the order does not depend on the split");
        request.limit = 3;
        let cut = testing::trace(&testing::snapshot(rng, &events), &request).unwrap();
        assert_eq!(cut.row_count, expected.len());
        let cut: Vec<String> = cut.rows.iter().map(raw_text).collect();
        assert_eq!(cut, left[..left.len().min(3)]);
        let mut left = left;
        left.sort();
        expected.sort();
        assert_eq!(left, expected);
    });
}
