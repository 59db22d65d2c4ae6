//! BubbleUp against a naive computation on random events, and planted causes that must be found.

use super::bubble_up;
use crate::engine::EngineConfig;
use crate::testing;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use waggle_model::{
    BubbleComparison, BubbleField, BubbleSelection, BubbleUp, BubbleUpRequest, DatasetId,
    FilterCombination, FilterOp, FilterSpec, FilterValue, TimeRange, Value,
};
use waggle_testkit::{
    BubbleOracle, BubbleOracleField, Event, key_text, random_events, random_filter,
};

const CASES: u64 = 300;
/// Rows of an incident.
const ROWS: i64 = 5_000;

fn request(range: TimeRange, filters: Vec<FilterSpec>) -> BubbleUpRequest {
    BubbleUpRequest {
        calculated_fields: Vec::new(),
        granularity_ns: None,
        range,
        filters: Vec::new(),
        filter_combination: FilterCombination::And,
        selection: BubbleSelection {
            range: None,
            filters,
        },
        columns: None,
        values_max: 40,
        usage_mode: false,
    }
}

fn ask(rng: &mut StdRng, events: &[Event], request: &BubbleUpRequest) -> BubbleUp {
    let config = EngineConfig {
        threads: rng.random_range(1..4),
        thread_rows_min: 100,
        ..EngineConfig::default()
    };
    let snapshot = testing::snapshot(rng, events);
    bubble_up(
        &snapshot,
        request,
        &config,
        &std::sync::Arc::new(testing::watch()),
    )
    .unwrap()
}

#[test]
fn random_comparisons_equal_the_naive_one() {
    for seed in 0..CASES {
        println!("seed {seed}");
        let rng = &mut StdRng::seed_from_u64(seed);
        let range = TimeRange {
            start_ns: 1_000_000_000_000,
            end_ns: 4_600_000_000_000,
        };
        let count = [0, 1, 60, 400, 3_000][rng.random_range(0..5)];
        let mut events = random_events(rng, count, range);
        for event in &mut events {
            let span = Value::String(format!("{:016x}", rng.random::<u64>()));
            event.fields.insert("trace.span_id".to_owned(), span);
        }
        let third_ns = (range.end_ns - range.start_ns) / 3;
        let request = BubbleUpRequest {
            filters: (0..rng.random_range(0..2))
                .map(|_| random_filter(rng, &events))
                .collect(),
            selection: BubbleSelection {
                range: rng.random_bool(0.5).then(|| TimeRange {
                    start_ns: range.start_ns + rng.random_range(0..third_ns),
                    end_ns: range.end_ns - rng.random_range(0..third_ns),
                }),
                filters: (0..rng.random_range(0..3))
                    .map(|_| random_filter(rng, &events))
                    .collect(),
            },
            columns: rng.random_bool(0.3).then(|| {
                let columns = ["mixed", "duration_ms", "nowhere", "trace.span_id"];
                columns.map(str::to_owned).to_vec()
            }),
            values_max: [1, 3, 40][rng.random_range(0..3)],
            usage_mode: rng.random_bool(0.3),
            ..request(range, Vec::new())
        };
        println!("{request:?}");
        let answer = ask(rng, &events, &request);
        if request.usage_mode {
            events.iter_mut().for_each(|event| event.sample_rate = 1);
        }
        check(
            &answer,
            &BubbleOracle::new(&events, &request),
            request.values_max,
        );
    }
}

fn check(answer: &BubbleUp, expected: &BubbleOracle, values_max: usize) {
    assert_eq!(
        [answer.selection_count, answer.baseline_count],
        expected.counts
    );
    assert_eq!(answer.fields.len(), expected.fields.len());
    assert_eq!(answer.columns_left_out, 0);
    for pair in answer.fields.windows(2) {
        let place = |field: &BubbleField| {
            let is_rare = expected.fields[&field.column].is_rare;
            (is_rare, -field.score)
        };
        assert!(place(&pair[0]) <= place(&pair[1]), "order of {pair:?}");
    }
    for field in &answer.fields {
        check_field(field, &expected.fields[&field.column], values_max);
    }
}

fn check_field(field: &BubbleField, expected: &BubbleOracleField, values_max: usize) {
    let column = &field.column;
    assert_eq!(
        [field.selection_count, field.baseline_count],
        expected.present,
        "{column}"
    );
    assert!(
        (field.score - expected.score).abs() < 1e-9,
        "{column}: {} should be {}",
        field.score,
        expected.score
    );
    match &field.comparison {
        BubbleComparison::Unique => assert_eq!(expected.kind, "unique", "{column}"),
        BubbleComparison::TooManyValues => panic!("{column} has few values"),
        BubbleComparison::Measure { bins } => {
            assert_eq!(expected.kind, "measure", "{column}");
            assert!(bins.len() <= values_max.max(2), "{column}");
            assert!(bins.iter().all(|bin| bin.low < bin.high), "{bins:?}");
            assert!(
                bins.windows(2).all(|pair| pair[0].high <= pair[1].low),
                "{bins:?}"
            );
        }
        BubbleComparison::Dimension { values, other } => {
            assert_eq!(expected.kind, "dimension", "{column}");
            let mut rest: [u64; 2] = [0; 2];
            for counts in expected.values.values() {
                rest[0] += counts[0];
                rest[1] += counts[1];
            }
            for value in values {
                let counts = [value.selection_count, value.baseline_count];
                let key = key_text(value.value.as_ref());
                assert_eq!(expected.values.get(&key), Some(&counts), "{column} {key}");
                rest[0] -= counts[0];
                rest[1] -= counts[1];
            }
            assert_eq!(
                values.len(),
                expected.values.len().min(values_max),
                "{column}"
            );
            let beyond = expected.values.len() - values.len();
            assert_eq!(other.map_or(0, |other| other.value_count), beyond);
            let other = other.map_or([0; 2], |other| {
                [other.selection_count, other.baseline_count]
            });
            assert_eq!(other, rest, "{column}");
        }
    }
}

/// What an incident is caused by: the rows that have it are slow.
#[derive(Clone, Copy, Debug)]
enum Cause {
    Text,
    Number,
    Bool,
    Missing,
    Sparse,
}

fn incident(rng: &mut StdRng, cause: Cause) -> Vec<Event> {
    (0..ROWS)
        .map(|index| {
            let is_hit = rng.random_bool(0.02);
            let mut event = Event {
                timestamp_ns: index * 1_000_000,
                sample_rate: 1,
                dataset: DatasetId(1),
                fields: std::collections::BTreeMap::new(),
            };
            let mut put = |name: &str, value| event.fields.insert(name.to_owned(), value);
            for noise in 0..20 {
                let values = [2, 5, 30, 400][noise % 4];
                put(
                    &format!("noise.{noise}"),
                    Value::String(format!("v{}", rng.random_range(0..values))),
                );
            }
            put(
                "trace.span_id",
                Value::String(format!("{:016x}", rng.random::<u64>())),
            );
            put("size", Value::Float(rng.random_range(0.0..1e6)));
            let other = rng.random_range(0..12);
            match cause {
                Cause::Text => {
                    let host = if is_hit { 77 } else { other };
                    put("cause", Value::String(format!("host-{host}")));
                }
                Cause::Number => {
                    put("cause", Value::Int(if is_hit { 503 } else { 200 + other }));
                }
                Cause::Bool => {
                    put("cause", Value::Bool(is_hit));
                }
                Cause::Missing if is_hit => {}
                Cause::Missing => {
                    put("cause", Value::String("present".to_owned()));
                }
                Cause::Sparse if is_hit => {
                    put("cause", Value::String(format!("reason {}", other % 2)));
                }
                Cause::Sparse => {}
            }
            // Some of the rows that are hit are not slow, and some are slow for no reason.
            let is_slow = if is_hit {
                rng.random_bool(0.8)
            } else {
                rng.random_bool(0.005)
            };
            let duration = if is_slow { 900.0 } else { 10.0 };
            put(
                "duration_ms",
                Value::Float(duration * rng.random_range(0.5..2.0)),
            );
            event
        })
        .collect()
}

#[test]
fn a_planted_cause_is_among_the_first_three() {
    let causes = [
        Cause::Text,
        Cause::Number,
        Cause::Bool,
        Cause::Missing,
        Cause::Sparse,
    ];
    let mut found = 0;
    for seed in 0..20 {
        let rng = &mut StdRng::seed_from_u64(seed);
        let cause = causes[seed as usize % causes.len()];
        let events = incident(rng, cause);
        let slow = FilterSpec {
            column: "duration_ms".to_owned(),
            op: FilterOp::GreaterOrEqual,
            value: FilterValue::One(Value::Int(400)),
        };
        let range = TimeRange {
            start_ns: 0,
            end_ns: ROWS * 1_000_000,
        };
        let answer = ask(rng, &events, &request(range, vec![slow]));
        let rank = answer
            .fields
            .iter()
            .position(|field| field.column == "cause");
        println!("seed {seed}, {cause:?}: place {rank:?}");
        found += usize::from(rank.is_some_and(|rank| rank < 3));
        let span = answer
            .fields
            .iter()
            .find(|field| field.column == "trace.span_id");
        assert_eq!(span.unwrap().comparison, BubbleComparison::Unique);
    }
    assert!(found >= 19, "{found} of 20");
}

#[test]
fn the_rarest_columns_are_left_out_and_named_ones_are_counted() {
    let rng = &mut StdRng::seed_from_u64(1);
    let events = incident(rng, Cause::Sparse);
    let snapshot = testing::snapshot(rng, &events);
    let config = EngineConfig {
        bubble_columns_max: 3,
        bubble_values_max: 10,
        ..EngineConfig::default()
    };
    let range = TimeRange {
        start_ns: 0,
        end_ns: ROWS * 1_000_000,
    };
    let mut request = request(range, Vec::new());
    let answer = bubble_up(
        &snapshot,
        &request,
        &config,
        &std::sync::Arc::new(testing::watch()),
    )
    .unwrap();
    assert_eq!((answer.fields.len(), answer.columns_left_out), (3, 21));
    assert!(answer.fields.iter().all(|field| field.column != "cause"));

    request.columns = Some(vec!["noise.3".to_owned(), "noise.3".to_owned()]);
    let answer = bubble_up(
        &snapshot,
        &request,
        &config,
        &std::sync::Arc::new(testing::watch()),
    )
    .unwrap();
    let comparisons: Vec<_> = answer
        .fields
        .iter()
        .map(|field| &field.comparison)
        .collect();
    assert_eq!(comparisons, [&BubbleComparison::TooManyValues]);

    request.columns = Some((0..4).map(|index| format!("noise.{index}")).collect());
    let error = bubble_up(
        &snapshot,
        &request,
        &config,
        &std::sync::Arc::new(testing::watch()),
    )
    .unwrap_err();
    assert!(format!("{error:?}").contains("columns"), "{error:?}");
}
