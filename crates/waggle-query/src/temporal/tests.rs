mod histograms;

use crate::bubble::bubble_up;
use crate::engine::EngineConfig;
use crate::testing;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use waggle_model::{
    BubbleComparison, BubbleSelection, BubbleUpRequest, CalculatedField, CalculationSpec, Cell,
    DatasetId, FilterCombination, FilterOp, FilterSpec, FilterValue, QueryError, QueryOptions,
    QuerySpec, ResultTable, RowRequest, TimeRange, Value,
};
use waggle_store::{ARRIVAL_COLUMN, Snapshot};
use waggle_testkit::Event;

const S: i64 = 1_000_000_000;

/// What `metric_gap_ms` is in these tests, in seconds.
const GAP_S: i64 = 120;

fn config() -> EngineConfig {
    EngineConfig {
        metric_gap_ms: GAP_S as u64 * 1_000,
        ..EngineConfig::default()
    }
}

/// A point of `m` at a second.
fn point(series: &str, second: i64, value: Value) -> Event {
    let text = |text: &str| Value::String(text.to_owned());
    let host = series.split('/').next().unwrap();
    Event {
        timestamp_ns: second * S,
        sample_rate: 1,
        dataset: DatasetId(1),
        fields: BTreeMap::from([
            ("meta.series".to_owned(), text(series)),
            ("host".to_owned(), text(host)),
            ("m".to_owned(), value),
        ]),
    }
}

fn ints(series: &str, points: &[(i64, i64)]) -> Vec<Event> {
    let points = points.iter();
    points
        .map(|(second, value)| point(series, *second, Value::Int(*value)))
        .collect()
}

fn snapshot(events: &[Event]) -> Snapshot {
    let events: Vec<&Event> = events.iter().collect();
    Snapshot {
        sources: vec![testing::source(&events, true)],
    }
}

fn range(start_s: i64, end_s: i64) -> TimeRange {
    TimeRange {
        start_ns: start_s * S,
        end_ns: end_s * S,
    }
}

fn spec(expression: &str, op: &str, granularity_s: u64) -> QuerySpec {
    QuerySpec {
        calculated_fields: vec![CalculatedField {
            name: "t".to_owned(),
            expression: expression.to_owned(),
        }],
        calculations: vec![CalculationSpec::new(op, Some("t"))],
        granularity_s: Some(granularity_s),
        ..QuerySpec::default()
    }
}

fn table(snapshot: &Snapshot, spec: &QuerySpec, range: TimeRange) -> ResultTable {
    testing::query(snapshot, spec, range, &QueryOptions::default(), &config()).unwrap()
}

/// The buckets of a query without groups that have an answer: their start in seconds, and it.
fn series(events: &[Event], spec: &QuerySpec, range: TimeRange) -> Vec<(i64, f64)> {
    let table = table(&snapshot(events), spec, range);
    points_of(&table, 0)
}

fn points_of(table: &ResultTable, group: usize) -> Vec<(i64, f64)> {
    let points = table.series.get(group).into_iter().flatten();
    points
        .filter_map(|point| Some((point.time_ns / S, point.values[0].as_f64()?)))
        .collect()
}

#[test]
fn each_function_has_its_hand_value() {
    // A counter that grows by 10 in 30 s, begins anew at 150 s, and is silent from 180 to 400 s.
    let events = ints(
        "a",
        &[
            (0, 100),
            (30, 110),
            (60, 120),
            (90, 130),
            (120, 140),
            (150, 5),
            (180, 15),
            (400, 45),
        ],
    );
    let all = |expression: &str| series(&events, &spec(expression, "SUM", 60), range(60, 420));
    assert_eq!(
        all("LAST($m)"),
        [(60, 130.0), (120, 5.0), (180, 15.0), (360, 45.0)]
    );
    // 120 is compared with 110 before the range; after the silence nothing is.
    assert_eq!(all("INCREASE($m)"), [(60, 20.0), (120, 15.0), (180, 10.0)]);
    assert_eq!(
        all("RATE($m)"),
        [(60, 20.0 / 60.0), (120, 0.25), (180, 10.0 / 60.0)]
    );
    assert_eq!(
        all("SUMMARIZE($m)"),
        [(60, 250.0), (120, 145.0), (180, 15.0), (360, 45.0)]
    );
    // Back from 120 s: 30, 60 and 90 s; from 180 s: 60 to 150 s; from 240 s: 120 to 180 s; from 420 s: 400 s and nothing before.
    assert_eq!(
        all("INCREASE($m, 120)"),
        [(60, 30.0), (120, 35.0), (180, 25.0)]
    );
    assert_eq!(
        all("SUMMARIZE($m, 120)"),
        [(60, 460.0), (120, 395.0), (180, 160.0), (360, 45.0)]
    );
    // 300 s bridge the silence: from 0 to 300 s four times 10, 5 and 10; from 120 to 420 s 10, 5, 10 and 30.
    let rate = series(&events, &spec("RATE($m, 300)", "SUM", 300), range(120, 420));
    assert_eq!(rate, [(0, 55.0 / 300.0), (300, 55.0 / 300.0)]);
}

#[test]
fn the_last_of_one_second_is_the_one_that_came_last() {
    let mut events = ints("a", &[(10, 7), (10, 3), (10, 5), (70, 1), (70, 9), (70, 2)]);
    for (event, arrived_s) in events.iter_mut().zip([12, 13, 11]) {
        let arrived_s = Value::Int(arrived_s);
        event.fields.insert(ARRIVAL_COLUMN.to_owned(), arrived_s);
    }
    // Of those at 70 s it is not known when they came: rows are in the order in which they did.
    let found = series(&events, &spec("LAST($m)", "SUM", 60), range(0, 120));
    assert_eq!(found, [(0, 3.0), (60, 2.0)]);
    // For a counter they ascend, so that it begins anew once and not at each of them.
    let found = series(&events, &spec("INCREASE($m)", "SUM", 60), range(0, 120));
    assert_eq!(found, [(0, 4.0), (60, 9.0)]);
}

#[test]
fn the_time_of_arrival_is_a_column_of_expressions_only() {
    let mut events = ints("a", &[(10, 7), (20, 3), (30, 5)]);
    for (event, arrived_s) in events.iter_mut().zip([12, 23]) {
        let arrived_s = Value::Int(arrived_s);
        event.fields.insert(ARRIVAL_COLUMN.to_owned(), arrived_s);
    }
    let delay = "INGEST_TIMESTAMP() - EVENT_TIMESTAMP()";
    let delay = format!("IF(EXISTS(INGEST_TIMESTAMP()), {delay})");
    let mut spec = spec(&delay, "SUM", 60);
    spec.calculations
        .push(CalculationSpec::new("COUNT", Some("t")));
    let found = table(&snapshot(&events), &spec, range(0, 60));
    assert_eq!(found.groups[0].values, [Cell::Float(5.0), Cell::Int(2)]);
    spec.calculated_fields[0].expression = "INGEST_TIMESTAMP()".to_owned();
    spec.calculations = vec![CalculationSpec::new("MAX", Some("t"))];
    let found = table(&snapshot(&events), &spec, range(0, 60));
    assert_eq!(found.groups[0].values, [Cell::Float(23.0)]);
    spec.filters = vec![FilterSpec {
        column: "t".to_owned(),
        op: FilterOp::Less,
        value: FilterValue::One(Value::Int(20)),
    }];
    spec.breakdowns = vec!["t".to_owned()];
    let found = table(&snapshot(&events), &spec, range(0, 60));
    assert_eq!(found.groups.len(), 1);
    assert_eq!(found.groups[0].key, [Some(Value::Int(12))]);
    let rows = testing::rows(&snapshot(&events), &row_request(&spec, range(0, 60))).unwrap();
    assert_eq!(rows.rows.len(), 1);
    let names: Vec<&str> = rows.rows[0]
        .fields
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["host", "m", "meta.series", "t"]);
}

#[test]
fn a_series_of_deltas_grows_by_their_sum_beside_counters() {
    let mut events = ints("a", &[(0, 1_000), (30, 1_010), (90, 1_015)]);
    // An exporter that began to send deltas, and another that always did.
    events.extend(ints("a-delta", &[(100, 4), (110, 3)]));
    events.extend(ints("b-delta", &[(30, 7), (45, 2), (100, 5)]));
    let all = |expression: &str| series(&events, &spec(expression, "SUM", 60), range(0, 120));
    assert_eq!(all("INCREASE($m)"), [(0, 19.0), (60, 17.0)]);
    assert_eq!(all("RATE($m)"), [(0, 19.0 / 60.0), (60, 17.0 / 60.0)]);
    assert_eq!(all("INCREASE($m, 120)"), [(0, 19.0), (60, 36.0)]);
}

#[test]
fn a_sum_is_exact_whatever_left_its_window() {
    let values = [
        (0, 1e300),
        (10, f64::INFINITY),
        (20, 0.1),
        (30, 0.2),
        (40, 0.4),
        (50, 0.8),
    ];
    let points = values.iter();
    let events: Vec<Event> = points
        .map(|(second, value)| point("a", *second, Value::Float(*value)))
        .collect();
    let found = series(
        &events,
        &spec("SUMMARIZE($m, 20)", "SUM", 10),
        range(30, 60),
    );
    assert_eq!(found.len(), 3);
    for ((at, value), expected) in found.into_iter().zip([0.1 + 0.2, 0.2 + 0.4, 0.4 + 0.8]) {
        assert!((value - expected).abs() < 1e-12, "{at}: {value}");
    }
}

#[test]
fn the_first_point_of_all_has_no_increase() {
    let events = ints("a", &[(30, 100), (90, 130)]);
    let found = series(&events, &spec("INCREASE($m)", "SUM", 60), range(0, 120));
    assert_eq!(found, [(60, 30.0)]);
    let count = table(
        &snapshot(&events),
        &spec("INCREASE($m)", "COUNT", 60),
        range(0, 120),
    );
    assert_eq!(count.groups[0].values, [Cell::Int(1)]);
}

#[test]
fn a_step_does_not_depend_on_where_the_query_begins() {
    let events = ints(
        "a",
        &[(10, 1), (50, 4), (70, 9), (130, 2), (300, 50), (310, 60)],
    );
    for function in [
        "LAST($m)",
        "INCREASE($m)",
        "RATE($m, 90)",
        "SUMMARIZE($m, 90)",
    ] {
        let spec = spec(function, "SUM", 60);
        let long = series(&events, &spec, range(0, 360));
        for start in [60, 120, 180, 240, 300] {
            let later = series(&events, &spec, range(start, 360));
            let expected: Vec<_> = long
                .iter()
                .copied()
                .filter(|(at, _)| *at >= start)
                .collect();
            assert_eq!(later, expected, "{function} from {start}");
        }
    }
}

#[test]
fn rows_that_are_no_points_have_no_value() {
    let mut events = ints("a", &[(10, 1), (20, 3)]);
    let mut without_series = point("a", 25, Value::Int(100));
    without_series.fields.remove("meta.series");
    events.push(without_series);
    events.push(point("a", 26, Value::String("7".to_owned())));
    events.push(point("a", 27, Value::Bool(true)));
    events.push(point("a", 28, Value::Float(f64::NAN)));
    let mut elsewhere = point("a", 29, Value::Int(200));
    elsewhere.fields.insert("other".to_owned(), Value::Int(5));
    elsewhere.fields.remove("m");
    events.push(elsewhere);
    for (function, expected) in [
        ("LAST($m)", 3.0),
        ("INCREASE($m)", 2.0),
        ("SUMMARIZE($m)", 4.0),
    ] {
        let found = series(&events, &spec(function, "SUM", 60), range(0, 60));
        assert_eq!(found, [(0, expected)], "{function}");
    }
    let found = series(&events, &spec("LAST($nobody)", "SUM", 60), range(0, 60));
    assert_eq!(found, []);
}

#[test]
fn series_of_two_datasets_are_two() {
    let mut events = ints("a", &[(10, 1), (30, 3)]);
    let mut others = ints("a", &[(20, 1_000), (40, 1_005)]);
    others
        .iter_mut()
        .for_each(|event| event.dataset = DatasetId(2));
    let of_each = |events: &[Event]| testing::source(&events.iter().collect::<Vec<_>>(), false);
    let snapshot = Snapshot {
        sources: vec![of_each(&events), of_each(&others)],
    };
    let found = table(&snapshot, &spec("INCREASE($m)", "SUM", 60), range(0, 60));
    assert_eq!(found.groups[0].values, [Cell::Float(7.0)]);
    events.append(&mut others);
}

#[test]
fn the_answer_for_the_range_is_over_all_steps() {
    let mut events = ints("a", &[(0, 0), (59, 10), (119, 30)]);
    events.extend(ints("b", &[(0, 0), (59, 1), (119, 2)]));
    let whole = |op: &str| {
        let table = table(
            &snapshot(&events),
            &spec("INCREASE($m)", op, 60),
            range(0, 120),
        );
        table.groups[0].values[0].as_f64()
    };
    assert_eq!(whole("SUM"), Some(32.0));
    assert_eq!(whole("MAX"), Some(20.0));
    assert_eq!(whole("AVG"), Some(8.0));
    assert_eq!(whole("COUNT"), Some(4.0));
}

#[test]
fn other_clauses_see_the_value_of_the_row() {
    let mut events = ints("a/1", &[(0, 0), (30, 5), (59, 10)]);
    events.extend(ints("a/2", &[(0, 0), (59, 100)]));
    events.extend(ints("b/1", &[(0, 7), (59, 8)]));
    let mut spec = spec("INCREASE($m) * 2", "SUM", 60);
    spec.breakdowns = vec!["host".to_owned()];
    let groups = |spec: &QuerySpec| {
        let table = table(&snapshot(&events), spec, range(0, 60));
        let groups = table.groups.iter();
        groups
            .map(|group| (group.key[0].clone(), group.values[0].as_f64()))
            .collect::<Vec<_>>()
    };
    let host = |host: &str| Some(Value::String(host.to_owned()));
    assert_eq!(
        groups(&spec),
        [(host("a"), Some(220.0)), (host("b"), Some(2.0))]
    );
    spec.filters = vec![FilterSpec {
        column: "t".to_owned(),
        op: FilterOp::Less,
        value: FilterValue::One(Value::Int(50)),
    }];
    assert_eq!(
        groups(&spec),
        [(host("a"), Some(20.0)), (host("b"), Some(2.0))]
    );
    // Two functions over two metrics, and the metric itself beside them.
    spec.filters.clear();
    spec.calculated_fields.push(CalculatedField {
        name: "last".to_owned(),
        expression: "LAST($m)".to_owned(),
    });
    spec.calculations
        .push(CalculationSpec::new("MAX", Some("last")));
    spec.calculations
        .push(CalculationSpec::new("COUNT", Some("m")));
    let table = table(&snapshot(&events), &spec, range(0, 60));
    assert_eq!(
        table.groups[0].values,
        [Cell::Float(220.0), Cell::Float(100.0), Cell::Int(5)]
    );
}

#[test]
fn a_metric_may_be_hidden_by_a_field_of_its_name() {
    let events = ints("a", &[(0, 1), (30, 5), (59, 9)]);
    let mut spec = spec("INCREASE($m)", "SUM", 60);
    spec.calculated_fields[0].name = "m".to_owned();
    spec.calculations = vec![CalculationSpec::new("SUM", Some("m"))];
    assert_eq!(series(&events, &spec, range(0, 60)), [(0, 8.0)]);
}

/// Rows of which a field is at least so much.
fn at_least(least: f64) -> FilterSpec {
    FilterSpec {
        column: "t".to_owned(),
        op: FilterOp::GreaterOrEqual,
        value: FilterValue::One(Value::Float(least)),
    }
}

/// All rows, up to more than any test here has.
fn row_request(spec: &QuerySpec, range: TimeRange) -> RowRequest {
    RowRequest {
        by_definition: false,
        filters: spec.filters.clone(),
        calculated_fields: spec.calculated_fields.clone(),
        granularity_ns: spec.granularity_s.map(|seconds| seconds as i64 * S),
        filter_combination: FilterCombination::And,
        range,
        limit: 100,
        before: None,
        usage_mode: false,
    }
}

#[test]
fn a_box_over_a_rate_holds_the_rows_that_the_chart_drew() {
    // Two counters with a point each 20 s, one of which runs faster from 300 to 420 s.
    let mut events = Vec::new();
    for (host, fast) in [("a", 40), ("b", 5)] {
        let mut value = 0;
        for second in (0..600).step_by(20) {
            value += if (300..420).contains(&second) {
                fast
            } else {
                5
            };
            events.extend(ints(host, &[(second, value)]));
        }
    }
    let snapshot = snapshot(&events);
    let whole = range(30, 600);
    let mut spec = spec("RATE($m)", "COUNT", 60);
    spec.filters = vec![at_least(1.0)];
    let drawn = points_of(&table(&snapshot, &spec, whole), 0);
    assert_eq!(drawn, [(300, 1.0), (360, 1.0)]);
    let rows_of = |request: &RowRequest| {
        let page = testing::rows(&snapshot, request).unwrap();
        let rows = page.rows.iter();
        rows.map(|row| row.timestamp_ns / S).collect::<Vec<_>>()
    };
    assert_eq!(rows_of(&row_request(&spec, whole)), [400, 340]);
    assert_eq!(rows_of(&row_request(&spec, range(300, 360))), [340]);
    assert!(rows_of(&row_request(&spec, range(420, 480))).is_empty());
    let watch = std::sync::Arc::new(testing::watch());
    let mut request = BubbleUpRequest {
        range: whole,
        filters: Vec::new(),
        filter_combination: FilterCombination::And,
        calculated_fields: spec.calculated_fields.clone(),
        granularity_ns: Some(60 * S),
        selection: BubbleSelection {
            range: Some(range(300, 360)),
            filters: spec.filters.clone(),
        },
        columns: Some(vec!["host".to_owned()]),
        values_max: 10,
        usage_mode: false,
    };
    let bubble = bubble_up(&snapshot, &request, &config(), &watch).unwrap();
    assert_eq!([bubble.selection_count, bubble.baseline_count], [1, 55]);
    let BubbleComparison::Dimension { values, .. } = &bubble.fields[0].comparison else {
        panic!("{:?}", bubble.fields);
    };
    let selected = values.iter().find(|value| value.selection_count > 0);
    assert_eq!(
        selected.unwrap().value,
        Some(Value::String("a".to_owned())),
        "{values:?}"
    );
    // Without a granularity the steps are those of a chart without one: 5 s here, too short for this rate.
    request.granularity_ns = None;
    let automatic = bubble_up(&snapshot, &request, &config(), &watch).unwrap();
    spec.granularity_s = None;
    let drawn = points_of(&table(&snapshot, &spec, whole), 0);
    let in_box = drawn
        .iter()
        .filter(|(second, _)| (300..360).contains(second));
    let count = in_box.map(|(_, count)| *count).sum::<f64>();
    assert_eq!(automatic.selection_count as f64, count);
    assert!(count > 1.0, "{drawn:?}");
}

#[test]
fn rows_of_less_than_a_step_are_one_and_steps_may_not_be_too_many() {
    let events = ints("a", &[(0, 1), (30, 5), (59, 9)]);
    let mut request = row_request(&spec("INCREASE($m)", "SUM", 3_600), range(10, 60));
    request.filters = vec![at_least(8.0)];
    let page = testing::rows(&snapshot(&events), &request).unwrap();
    let times: Vec<i64> = page.rows.iter().map(|row| row.timestamp_ns / S).collect();
    assert_eq!(times, [59]);
    request.granularity_ns = Some(S / 1_000);
    let error = testing::rows(&snapshot(&events), &request).err();
    assert!(
        matches!(&error, Some(QueryError::Invalid { field, .. }) if field == "granularity"),
        "{error:?}"
    );
}

#[test]
fn too_many_points_are_refused() {
    let events: Vec<Event> = (0..2_000)
        .map(|at| point("a", at, Value::Int(at)))
        .collect();
    let spec = spec("INCREASE($m)", "SUM", 60);
    let plan = crate::plan::Plan::new(&spec, range(0, 2_000), &QueryOptions::default()).unwrap();
    let watch = std::sync::Arc::new(testing::watch_of_bytes(50_000));
    let error = plan.related(&snapshot(&events), &config(), &watch).err();
    assert!(
        matches!(
            error,
            Some(crate::exec::ExecError::Query(QueryError::TooLarge { .. }))
        ),
        "{error:?}"
    );
    let watch = std::sync::Arc::new(testing::watch_of_bytes(500_000));
    assert!(plan.related(&snapshot(&events), &config(), &watch).is_ok());
}

/// The plainest reading of the rules: for every step and series, look at all points.
fn naive(
    events: &[Event],
    function: &str,
    window_s: Option<i64>,
    step: (i64, i64),
    series: &str,
) -> Option<f64> {
    let arrival = |event: &Event| match event.fields.get(ARRIVAL_COLUMN) {
        Some(Value::Int(arrived_s)) => *arrived_s,
        _ => 0,
    };
    let mut by_arrival: Vec<&Event> = events.iter().collect();
    by_arrival.sort_by_key(|event| arrival(event));
    let in_order = by_arrival.into_iter();
    let mut points: Vec<(i64, f64)> = in_order
        .filter(|event| event.fields["meta.series"] == Value::String(series.to_owned()))
        .filter_map(|event| match event.fields.get("m")? {
            Value::Int(value) => Some((event.timestamp_ns, *value as f64)),
            Value::Float(value) => Some((event.timestamp_ns, *value)),
            _ => None,
        })
        .collect();
    match function {
        "LAST" => points.sort_by_key(|(time, _)| *time),
        _ => points.sort_by(|left, right| left.0.cmp(&right.0).then(left.1.total_cmp(&right.1))),
    }
    let (start, end) = step;
    points
        .iter()
        .rfind(|(time, _)| (start..end).contains(time))?;
    let from = window_s.map_or(start, |window| end - window * S);
    let gap = GAP_S.max(window_s.unwrap_or(0)) * S;
    let inside = |time: &i64| (from..end).contains(time);
    let values: Vec<f64> = points
        .iter()
        .filter(|(time, _)| inside(time))
        .map(|point| point.1)
        .collect();
    let increases: Vec<f64> = points
        .windows(2)
        .filter(|pair| inside(&pair[1].0) && pair[1].0 - pair[0].0 <= gap)
        .map(|pair| match pair[1].1 < pair[0].1 {
            true => pair[1].1,
            false => pair[1].1 - pair[0].1,
        })
        .collect();
    let sum = (!values.is_empty()).then(|| values.iter().sum::<f64>());
    let increase = match series.ends_with("-delta") {
        true => sum,
        false => (!increases.is_empty()).then(|| increases.iter().sum::<f64>()),
    };
    match function {
        "LAST" => values.last().copied(),
        "SUMMARIZE" => sum,
        "INCREASE" => increase,
        _ => increase.map(|all| all * S as f64 / (end - from) as f64),
    }
}

#[test]
fn random_series_agree_with_the_naive_evaluator() {
    for seed in 0..300 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut events = Vec::new();
        let names = ["a/1", "a/2", "b/1", "b/2-delta"];
        for name in &names[rng.random_range(0..=3)..] {
            let mut value = rng.random_range(0..50);
            let mut second = rng.random_range(0..60);
            while second < 1_200 {
                let number = match rng.random_range(0..12) {
                    0 => Value::Float(value as f64 + 0.25),
                    1 => Value::String("no number".to_owned()),
                    _ => Value::Int(value),
                };
                events.push(point(name, second, number));
                value = match rng.random_range(0..8) {
                    0 => rng.random_range(0..5),
                    1 => value,
                    _ => value + rng.random_range(0..20),
                };
                second += match rng.random_range(0..15) {
                    0 => rng.random_range(60..400),
                    1 => 0,
                    _ => rng.random_range(1..40),
                };
            }
        }
        // Out of order, over several sources of both kinds.
        for index in (1..events.len()).rev() {
            events.swap(index, rng.random_range(0..=index));
        }
        for (place, event) in events.iter_mut().enumerate() {
            let arrived_s = Value::Int(7 * place as i64 % 1_009);
            event.fields.insert(ARRIVAL_COLUMN.to_owned(), arrived_s);
        }
        let snapshot = testing::snapshot(&mut rng, &events);
        let start = rng.random_range(0..300);
        let range = range(start, rng.random_range(start + 200..1_250));
        let function = ["LAST", "SUMMARIZE", "INCREASE", "RATE"][rng.random_range(0..4)];
        let window = match rng.random_bool(0.5) && function != "LAST" {
            true => Some(rng.random_range(1..400)),
            false => None,
        };
        let expression = match window {
            None => format!("{function}($m)"),
            Some(window) => format!("{function}($m, {window})"),
        };
        let granularity = rng.random_range(7..200);
        let mut spec = spec(&expression, "SUM", granularity as u64);
        spec.breakdowns = vec!["meta.series".to_owned()];
        let table = table(&snapshot, &spec, range);
        for name in names {
            let key = Some(Value::String(name.to_owned()));
            let group = table.groups.iter().position(|group| group.key[0] == key);
            let points = group.map(|group| &table.series[group]);
            let found: BTreeMap<i64, f64> = points
                .into_iter()
                .flatten()
                .filter_map(|point| Some((point.time_ns, point.values[0].as_f64()?)))
                .collect();
            let mut bucket = range.start_ns.div_euclid(granularity * S) * granularity * S;
            let mut expected = BTreeMap::new();
            while bucket < range.end_ns {
                let step = (
                    bucket.max(range.start_ns),
                    (bucket + granularity * S).min(range.end_ns),
                );
                let value = naive(&events, function, window, step, name);
                expected.extend(value.map(|value| (bucket, value)));
                bucket += granularity * S;
            }
            let keys = |map: &BTreeMap<i64, f64>| map.keys().copied().collect::<Vec<_>>();
            assert_eq!(
                keys(&found),
                keys(&expected),
                "seed {seed}: {expression} of {name}"
            );
            for (at, value) in &expected {
                let difference = (found[at] - value).abs();
                assert!(
                    difference <= 1e-9 * value.abs().max(1.0),
                    "seed {seed}: {expression} of {name} at {at}: {} not {value}",
                    found[at]
                );
            }
        }
    }
}
