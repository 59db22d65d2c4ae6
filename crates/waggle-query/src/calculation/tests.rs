use super::*;
use crate::chunk::ColumnReader;
use crate::engine::EngineConfig;
use crate::testing;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::sync::Arc;
use waggle_model::{CalculationSpec, DatasetId, QueryOptions, QuerySpec, TimeRange, Value};
use waggle_store::Snapshot;
use waggle_testkit::{Event, random_events};

const RANGE: TimeRange = TimeRange {
    start_ns: 0,
    end_ns: 60_000_000_000,
};

/// One event at rate 10 and five at rate 1, as in product.md QB-04.
fn weighted() -> Vec<(Value, u32)> {
    let mut values = vec![(Value::Int(100), 10)];
    values.extend((1..=5).map(|value| (Value::Int(value), 1)));
    values
}

fn numbers(count: i64) -> Vec<(Value, u32)> {
    (1..=count).map(|value| (Value::Int(value), 1)).collect()
}

fn texts(texts: &[&str]) -> Vec<(Value, u32)> {
    texts
        .iter()
        .map(|text| (Value::String((*text).to_owned()), 1))
        .collect()
}

type Case = (&'static str, Vec<(Value, u32)>, Cell);

/// Calculation over column `v`, the values in it, and the exact answer. Small whole numbers are exact in percentiles too: only the
/// middle of a bin is not, and bins up to 128 hold one whole number each.
fn cases() -> Vec<Case> {
    let mixed = || {
        let mut mixed = texts(&["5", "true"]);
        mixed.extend([
            (Value::Int(5), 1),
            (Value::Float(5.0), 1),
            (Value::Float(-0.0), 1),
            (Value::Int(0), 1),
            (Value::Bool(true), 1),
            (Value::Float(f64::NAN), 1),
        ]);
        mixed
    };
    let bools = || {
        [true, false, false, true, false]
            .map(|value| (Value::Bool(value), 2))
            .to_vec()
    };
    vec![
        ("COUNT", weighted(), Cell::Int(15)),
        ("COUNT", mixed(), Cell::Int(8)),
        ("COUNT", Vec::new(), Cell::Int(0)),
        ("SUM", weighted(), Cell::Int(1_015)),
        ("SUM", mixed(), Cell::Float(11.0)),
        ("SUM", bools(), Cell::Int(4)),
        ("SUM", texts(&["7"]), Cell::Null),
        (
            "SUM",
            vec![(Value::Int(i64::MAX), 3)],
            Cell::Float(3.0 * i64::MAX as f64),
        ),
        ("AVG", weighted(), Cell::Float(1_015.0 / 15.0)),
        ("AVG", bools(), Cell::Float(0.4)),
        ("AVG", texts(&["7"]), Cell::Null),
        ("MAX", weighted(), Cell::Int(100)),
        ("MAX", mixed(), Cell::Int(5)),
        ("MAX", texts(&["b", "a", "é"]), Cell::Text("é".to_owned())),
        ("MAX", bools(), Cell::Null),
        ("MIN", weighted(), Cell::Int(1)),
        (
            "MIN",
            vec![(Value::Float(-0.5), 1), (Value::Int(0), 1)],
            Cell::Float(-0.5),
        ),
        ("MIN", texts(&["b", "a", "é"]), Cell::Text("a".to_owned())),
        ("COUNT_DISTINCT", weighted(), Cell::Int(6)),
        // Text 5 and true, 5 and 5.0 as one, 0 and -0.0 as one, true, NaN.
        ("COUNT_DISTINCT", mixed(), Cell::Int(6)),
        ("COUNT_DISTINCT", Vec::new(), Cell::Int(0)),
        ("P001", numbers(100), Cell::Float(1.0)),
        ("P01", numbers(100), Cell::Float(1.0)),
        ("P05", numbers(100), Cell::Float(5.0)),
        ("P10", numbers(100), Cell::Float(10.0)),
        ("P20", numbers(100), Cell::Float(20.0)),
        ("P25", numbers(100), Cell::Float(25.0)),
        ("P50", numbers(100), Cell::Float(50.0)),
        ("P75", numbers(100), Cell::Float(75.0)),
        ("P80", numbers(100), Cell::Float(80.0)),
        ("P90", numbers(100), Cell::Float(90.0)),
        ("P95", numbers(100), Cell::Float(95.0)),
        ("P99", numbers(100), Cell::Float(99.0)),
        ("P999", numbers(100), Cell::Float(100.0)),
        ("P50", weighted(), Cell::Float(100.0)),
        ("P50", numbers(4), Cell::Float(2.0)),
        ("P50", texts(&["7"]), Cell::Null),
        ("P95", vec![(Value::Float(0.123), 1)], Cell::Float(0.123)),
        ("HEATMAP", weighted(), Cell::Null),
    ]
}

fn events(values: &[(Value, u32)]) -> Vec<Event> {
    values
        .iter()
        .enumerate()
        .map(|(index, (value, sample_rate))| Event {
            timestamp_ns: index as i64,
            sample_rate: *sample_rate,
            dataset: DatasetId(1),
            fields: BTreeMap::from([("v".to_owned(), value.clone())]),
        })
        .collect()
}

fn spec(op: &str) -> QuerySpec {
    QuerySpec {
        calculations: vec![CalculationSpec::new(op, Some("v"))],
        ..QuerySpec::default()
    }
}

/// A percentile is allowed its bin.
fn is_near(cell: &Cell, expected: &Cell, op: &str) -> bool {
    match (cell, expected) {
        (Cell::Float(cell), Cell::Float(expected)) if op.starts_with('P') => {
            (cell - expected).abs() <= expected.abs() / 128.0
        }
        (Cell::Float(cell), Cell::Float(expected)) => {
            (cell - expected).abs() <= expected.abs() * 1e-15
        }
        _ => cell == expected,
    }
}

#[test]
fn every_calculation_gives_what_its_cases_say() {
    for (op, values, expected) in cases() {
        let events = events(&values);
        for is_block in [false, true] {
            let rows: Vec<&Event> = events.iter().collect();
            let sources = match rows.is_empty() {
                true => Vec::new(),
                false => vec![testing::source(&rows, is_block)],
            };
            let table = testing::query(
                &Snapshot { sources },
                &spec(op),
                RANGE,
                &QueryOptions::default(),
                &EngineConfig::default(),
            )
            .unwrap();
            for cells in [&table.total, &table.groups[0].values] {
                assert!(
                    is_near(&cells[0], &expected, op),
                    "{op} of {values:?}: {cells:?}, should be {expected:?}"
                );
            }
        }
    }
}

#[test]
fn every_calculation_has_cases_and_a_name_of_its_own() {
    let mut names: Vec<&str> = CALCULATIONS.iter().map(|known| known.name()).collect();
    assert_eq!(names.len(), 24);
    for known in CALCULATIONS
        .iter()
        .filter(|known| known.reach() == Reach::Cell)
    {
        let name = known.name();
        assert!(cases().iter().any(|(op, ..)| *op == name), "{name}");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 24);
}

/// Values of the group, the buckets of ten seconds of the minute and the total's buckets, without those that have none.
fn check_series(
    calculation: &CalculationSpec,
    events: &[Event],
    whole: Cell,
    expected: &[(i64, f64)],
) {
    let spec = QuerySpec {
        calculations: vec![calculation.clone()],
        breakdowns: vec!["group".to_owned()],
        granularity_s: Some(10),
        ..QuerySpec::default()
    };
    let rows: Vec<&Event> = events.iter().collect();
    let snapshot = Snapshot {
        sources: vec![testing::source(&rows, true)],
    };
    let options = QueryOptions::default();
    let config = EngineConfig::default();
    let table = testing::query(&snapshot, &spec, RANGE, &options, &config).unwrap();
    for series in [&table.series[0], &table.total_series] {
        let points: Vec<(i64, f64)> = series
            .iter()
            .filter_map(|point| Some((point.time_ns / 1_000_000_000, point.values[0].as_f64()?)))
            .collect();
        assert_eq!(points, expected);
    }
    assert_eq!(table.groups[0].values, std::slice::from_ref(&whole));
    assert_eq!(table.total, [whole]);
}

/// An event at a second, with a value and a duration.
fn event_at(second: i64, value: Option<i64>, duration_s: i64) -> Event {
    let mut fields = BTreeMap::from([("duration_ms".to_owned(), Value::Int(duration_s * 1_000))]);
    fields.extend(value.map(|value| ("v".to_owned(), Value::Int(value))));
    Event {
        timestamp_ns: second * 1_000_000_000,
        sample_rate: 1,
        dataset: DatasetId(1),
        fields,
    }
}

/// product.md QB-06: three spans that begin after each other and end before each other.
#[test]
fn concurrency_is_the_mean_number_of_spans_in_flight() {
    let concurrency = CalculationSpec::new("CONCURRENCY", None);
    let spans = [
        event_at(0, None, 50),
        event_at(10, None, 30),
        event_at(20, None, 10),
    ];
    let expected = [(0, 1.0), (10, 2.0), (20, 3.0), (30, 2.0), (40, 1.0)];
    check_series(&concurrency, &spans, Cell::Float(1.5), &expected);
    // Half of a bucket is half a span; an hour ends with the range; a rate of four is four spans.
    let mut hour = event_at(45, None, 3_600);
    hour.sample_rate = 4;
    check_series(
        &concurrency,
        &[hour],
        Cell::Float(1.0),
        &[(40, 2.0), (50, 4.0)],
    );
    check_series(
        &concurrency,
        &[event_at(5, None, -5)],
        Cell::Float(0.0),
        &[(0, 0.0)],
    );
}

#[test]
fn a_rate_is_the_change_per_second_since_the_last_bucket_with_a_value() {
    let values = [
        (0, Some(10)),
        (12, Some(30)),
        (15, Some(20)),
        (25, None),
        (50, Some(10)),
    ];
    let events: Vec<Event> = values
        .iter()
        .map(|(second, value)| event_at(*second, *value, 0))
        .collect();
    let rate = |op: &str| CalculationSpec::new(op, Some("v"));
    let whole = Cell::Float(0.0);
    check_series(
        &rate("RATE_SUM"),
        &events,
        whole.clone(),
        &[(10, 4.0), (50, -1.0)],
    );
    check_series(
        &rate("RATE_AVG"),
        &events,
        whole.clone(),
        &[(10, 1.5), (50, -0.375)],
    );
    check_series(&rate("RATE_MAX"), &events, whole, &[(10, 2.0), (50, -0.5)]);
    check_series(&rate("RATE_MAX"), &events[..1], Cell::Null, &[]);
}

/// The state of a calculation over a column of some events, all in one cell of two.
fn partial(calculation: &dyn Calculation, events: &[Event], column: &str) -> Box<dyn Partial> {
    let mut partial = calculation.start();
    partial.grow(2);
    let of_one: Vec<&Event> = events.iter().filter(|event| event.dataset.0 == 1).collect();
    if of_one.is_empty() {
        return partial;
    }
    let source = testing::source(&of_one, false);
    let Some(column) = source.column(column).unwrap() else {
        return partial;
    };
    let mut reader = ColumnReader::new(column);
    let mut weights = Box::new([1_i64; CHUNK_ROWS]);
    for (place, event) in weights.iter_mut().zip(&of_one) {
        *place = i64::from(event.sample_rate);
    }
    let positions: Vec<u16> = (0..of_one.len() as u16).collect();
    let rows = Rows {
        positions: &positions,
        cells: &vec![1; positions.len()],
        weights: Some(&weights),
    };
    partial.update(&rows, reader.read(0));
    partial
}

fn merged(calculation: &dyn Calculation, parts: &[&dyn Partial]) -> Box<dyn Partial> {
    let mut all = calculation.start();
    all.grow(2);
    for part in parts {
        all.merge(*part, 0, &[0, 1]);
    }
    all
}

#[test]
fn merging_is_associative_and_commutative_and_blind_to_the_split() {
    const SEED: u64 = 77;
    println!("seed {SEED}");
    let mut rng = StdRng::seed_from_u64(SEED);
    for _ in 0..8 {
        let events = random_events(&mut rng, 300, RANGE);
        let cut = rng.random_range(0..100);
        for column in ["user", "status", "duration_ms", "error", "mixed", "größe"] {
            for calculation in CALCULATIONS {
                let [a, b, c] = [&events[..cut], &events[cut..200], &events[200..]]
                    .map(|events| partial(*calculation, events, column));
                let (a, b, c) = (&*a, &*b, &*c);
                let whole = partial(*calculation, &events, column);
                let nested = merged(*calculation, &[b, c]);
                for other in [
                    merged(*calculation, &[a, b, c]),
                    merged(*calculation, &[c, a, b]),
                    merged(*calculation, &[&*nested, a]),
                    merged(*calculation, &[a, &*nested]),
                ] {
                    for cell in [0, 1] {
                        let expected = calculation.finish(&*whole, cell);
                        let answer = calculation.finish(&*other, cell);
                        let is_same = match (&answer, &expected) {
                            // The last digit of a sum may differ; see the sum's own comment.
                            (Cell::Float(answer), Cell::Float(expected)) => {
                                (answer - expected).abs() <= expected.abs() * 1e-15
                            }
                            _ => answer == expected,
                        };
                        assert!(
                            is_same,
                            "{}({column}): {answer:?}, {expected:?}",
                            calculation.name()
                        );
                        assert_eq!(other.value_range(cell), whole.value_range(cell));
                    }
                }
            }
        }
    }
}

#[test]
fn memory_is_counted_as_it_grows() {
    let events: Vec<Event> = events(&numbers(900));
    for calculation in CALCULATIONS {
        let mut empty = calculation.start();
        empty.grow(2);
        let partial = partial(*calculation, &events, "v");
        let is_growing = ["histogram", "distinct"].contains(&calculation.state_name());
        assert_eq!(
            partial.heap_bytes() > empty.heap_bytes(),
            is_growing,
            "{}",
            calculation.name()
        );
    }
}

#[test]
fn percentiles_of_one_column_share_their_state() {
    let mut spec = spec("P50");
    for op in ["P95", "P99", "SUM", "AVG"] {
        spec.calculations.extend(self::spec(op).calculations);
    }
    let plan = crate::plan::Plan::new(&spec, RANGE, &QueryOptions::default()).unwrap();
    assert_eq!(plan.states.len(), 2, "{plan}");
}

#[test]
fn states_that_outgrow_their_arrays_keep_what_they_have() {
    // More cells than one array holds bits or bins for.
    const CELLS: usize = (1 << 18) + 1;
    let texts: Vec<String> = (0..50).map(|number| format!("user {number}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let expected = Expected {
        numbers: Some((0.0, 900.0)),
        entries: texts.len(),
        rows: 1 << 20,
    };
    for (values, column_type) in [(numbers(900), "numbers"), (self::texts(&texts), "texts")] {
        let events = events(&values);
        let events: Vec<&Event> = events.iter().collect();
        let column = testing::source(&events, false)
            .column("v")
            .unwrap()
            .unwrap();
        let positions: Vec<u16> = (0..events.len() as u16).collect();
        let rows = Rows {
            positions: &positions,
            cells: &vec![0; positions.len()],
            weights: None,
        };
        let sketches = |calculation: &&&dyn Calculation| {
            ["histogram", "distinct"].contains(&calculation.state_name())
        };
        for calculation in CALCULATIONS.iter().filter(sketches) {
            let mut states = [1, CELLS].map(|cells| {
                let mut local = calculation.start();
                local.expect(1, &expected);
                local.grow(1);
                local.update(&rows, ColumnReader::new(Arc::clone(&column)).read(0));
                local.grow(cells);
                let mut state = calculation.start();
                state.grow(2);
                state.absorb(&mut *local, &[(0, 1)]);
                state
            });
            let [small, large] = &mut states;
            assert_eq!(
                calculation.finish(&**large, 1),
                calculation.finish(&**small, 1),
                "{} of {column_type}",
                calculation.name()
            );
        }
    }
}
