use super::granularity::automatic_granularity_ns;
use super::*;
use waggle_model::{FilterOp, FilterSpec, HavingSpec, OrderSpec, TimeWindow, Value};

const S: i64 = 1_000_000_000;
const RANGE: TimeRange = TimeRange {
    start_ns: 1_000 * S,
    end_ns: 8_200 * S,
};

fn calculation_of(op: &str, column: Option<&str>) -> CalculationSpec {
    CalculationSpec::new(op, column)
}

fn order(op: Option<&str>, column: Option<&str>) -> OrderSpec {
    OrderSpec {
        op: op.map(str::to_owned),
        column: column.map(str::to_owned),
        order: SortOrder::Ascending,
    }
}

fn having(op: &str, column: Option<&str>, value: f64) -> HavingSpec {
    HavingSpec {
        calculate_op: op.to_owned(),
        column: column.map(str::to_owned),
        op: HavingOp::Greater,
        value,
    }
}

fn filter(column: &str, op: FilterOp, value: FilterValue) -> FilterSpec {
    FilterSpec {
        column: column.to_owned(),
        op,
        value,
    }
}

fn check_plan(spec: &QuerySpec, expected: &str) {
    let plan = Plan::new(spec, RANGE, &QueryOptions::default()).unwrap();
    assert_eq!(plan.to_string(), expected);
}

#[test]
fn an_empty_query_counts_rows() {
    check_plan(
        &QuerySpec::default(),
        "\
range 1000000000000..8200000000000
buckets 241 of 30000000000 ns from 990000000000
state 0 count()
answer COUNT from state 0
order COUNT Descending
limit 100
",
    );
}

#[test]
fn names_are_resolved_and_states_shared() {
    let spec = QuerySpec {
        calculations: vec![
            calculation_of("P50", Some("duration_ms")),
            calculation_of("P95", Some("duration_ms")),
            calculation_of("AVG", Some("duration_ms")),
            calculation_of("COUNT", None),
        ],
        breakdowns: vec!["name".to_owned(), "status".to_owned()],
        filters: vec![
            filter("error", FilterOp::Exists, FilterValue::None),
            filter(
                "name",
                FilterOp::NotEqual,
                FilterValue::One(Value::String("GET /".to_owned())),
            ),
            filter(
                "status",
                FilterOp::In,
                FilterValue::Many(vec![Value::Int(500), Value::Int(503)]),
            ),
        ],
        filter_combination: FilterCombination::Or,
        orders: vec![order(None, Some("status")), order(Some("COUNT"), None)],
        havings: vec![having("COUNT", None, 100.0)],
        limit: Some(5),
        granularity_s: Some(60),
        ..QuerySpec::default()
    };
    check_plan(
        &spec,
        "\
range 1000000000000..8200000000000
buckets 121 of 60000000000 ns from 960000000000
filter error exists OR name != String(\"GET /\") OR status in [Int(500), Int(503)]
group by name, status
state 0 histogram(duration_ms)
state 1 sum(duration_ms)
state 2 count()
answer P50(duration_ms) from state 0
answer P95(duration_ms) from state 0
answer AVG(duration_ms) from state 1
answer COUNT from state 2
having COUNT Greater 100
order status Ascending
order COUNT Ascending
limit 5
",
    );
}

#[test]
fn calculations_with_the_same_filters_share_them() {
    let failed = filter("error", FilterOp::Exists, FilterValue::None);
    let named = |op: &str, column: Option<&str>, name: &str| CalculationSpec {
        name: Some(name.to_owned()),
        filters: vec![failed.clone()],
        ..calculation_of(op, column)
    };
    let spec = QuerySpec {
        calculations: vec![
            calculation_of("COUNT", None),
            named("COUNT", None, "errors"),
            named("P50", Some("duration_ms"), "slow"),
            named("P99", Some("duration_ms"), "slowest"),
        ],
        orders: vec![order(None, Some("slow")), order(Some("COUNT"), None)],
        havings: vec![having("errors", None, 1.0)],
        ..QuerySpec::default()
    };
    check_plan(
        &spec,
        "\
range 1000000000000..8200000000000
buckets 241 of 30000000000 ns from 990000000000
state 0 count()
state 1 count() where error exists
state 2 histogram(duration_ms) where error exists
answer COUNT from state 0
answer errors from state 1
answer slow from state 2
answer slowest from state 2
having errors Greater 1
order slow Ascending
order COUNT Ascending
limit 100
",
    );
}

/// A column may be called like a part of a condition.
#[test]
fn conditions_that_read_alike_and_mean_different_things_are_not_shared() {
    let is = |column: &str, value: i64| {
        let value = FilterValue::One(Value::Int(value));
        filter(column, FilterOp::Equal, value)
    };
    let named = |name: &str, filters: Vec<FilterSpec>| CalculationSpec {
        name: Some(name.to_owned()),
        filters,
        ..calculation_of("COUNT", None)
    };
    let spec = QuerySpec {
        calculations: vec![
            named("two", vec![is("a", 1), is("b", 2)]),
            named("one", vec![is("a = Int(1) AND b", 2)]),
            named("two again", vec![is("a", 1), is("b", 2)]),
        ],
        ..QuerySpec::default()
    };
    let plan = Plan::new(&spec, RANGE, &QueryOptions::default()).unwrap();
    let texts: Vec<&str> = plan.conditions.iter().map(|known| &*known.text).collect();
    assert_eq!(texts, ["a = Int(1) AND b = Int(2)"; 2]);
    assert_eq!(plan.states.len(), 2);
}

#[test]
fn a_query_of_heat_maps_is_ordered_by_a_count_nobody_sees() {
    let spec = QuerySpec {
        calculations: vec![calculation_of("HEATMAP", Some("duration_ms"))],
        breakdowns: vec!["name".to_owned()],
        ..QuerySpec::default()
    };
    check_plan(
        &spec,
        "\
range 1000000000000..8200000000000
buckets 241 of 30000000000 ns from 990000000000
group by name
state 0 range(duration_ms)
state 1 count()
answer HEATMAP(duration_ms) from state 0
answer COUNT from state 1, hidden
order COUNT Descending
limit 100
",
    );
}

/// A query with COUNT and AVG(a) by `name`, changed.
fn spec(change: impl FnOnce(&mut QuerySpec)) -> QuerySpec {
    let mut spec = QuerySpec {
        calculations: vec![
            calculation_of("COUNT", None),
            calculation_of("AVG", Some("a")),
        ],
        breakdowns: vec!["name".to_owned()],
        ..QuerySpec::default()
    };
    change(&mut spec);
    spec
}

#[test]
fn nonsense_is_refused_with_its_clause() {
    let window = |start_s, end_s, range_s| TimeWindow {
        start_s,
        end_s,
        range_s,
    };
    let count = || calculation_of("COUNT", None);
    let heatmap = || calculation_of("HEATMAP", Some("a"));
    let cases: Vec<(&str, QuerySpec)> = vec![
        (
            "calculations[1].op",
            spec(|spec| spec.calculations[1].op = "P42".to_owned()),
        ),
        (
            "calculations[1].op",
            spec(|spec| spec.calculations[1].op = "avg".to_owned()),
        ),
        (
            "calculations[1].column",
            spec(|spec| spec.calculations[1].column = None),
        ),
        (
            "calculations[0].column",
            spec(|spec| spec.calculations[0].column = Some(String::new())),
        ),
        (
            "calculations",
            spec(|spec| spec.calculations = vec![count(); 101]),
        ),
        ("breakdowns[0]", spec(|spec| spec.breakdowns[0].clear())),
        (
            "breakdowns",
            spec(|spec| spec.breakdowns = vec!["name".to_owned(); 101]),
        ),
        (
            "filters[0].column",
            spec(|spec| spec.filters = vec![filter("", FilterOp::Exists, FilterValue::None)]),
        ),
        (
            "filters[0].value",
            spec(|spec| spec.filters = vec![filter("a", FilterOp::Equal, FilterValue::None)]),
        ),
        (
            "filters",
            spec(|spec| spec.filters = vec![filter("a", FilterOp::Exists, FilterValue::None); 101]),
        ),
        (
            "orders[0].column",
            spec(|spec| spec.orders = vec![order(None, Some("a"))]),
        ),
        (
            "orders[1].op",
            spec(|spec| {
                spec.orders = vec![order(None, Some("name")), order(Some("AVG"), Some("b"))]
            }),
        ),
        (
            "orders[0].op",
            spec(|spec| spec.orders = vec![order(Some("NOPE"), None)]),
        ),
        (
            "orders[0]",
            spec(|spec| spec.orders = vec![order(None, None)]),
        ),
        (
            "orders[0].op",
            spec(|spec| {
                spec.calculations.push(heatmap());
                spec.orders = vec![order(Some("HEATMAP"), Some("a"))];
            }),
        ),
        (
            "orders",
            spec(|spec| spec.orders = vec![order(None, Some("name")); 101]),
        ),
        (
            "havings[0].calculate_op",
            spec(|spec| spec.havings = vec![having("SUM", Some("a"), 1.0)]),
        ),
        (
            "havings[0].calculate_op",
            spec(|spec| {
                spec.calculations.push(heatmap());
                spec.havings = vec![having("HEATMAP", Some("a"), 1.0)];
            }),
        ),
        (
            "havings[0].value",
            spec(|spec| spec.havings = vec![having("COUNT", None, f64::NAN)]),
        ),
        (
            "havings",
            spec(|spec| spec.havings = vec![having("COUNT", None, 1.0); 101]),
        ),
        ("limit", spec(|spec| spec.limit = Some(0))),
        ("limit", spec(|spec| spec.limit = Some(1_001))),
        (
            "time_range",
            spec(|spec| spec.window = window(Some(1), Some(2), Some(1))),
        ),
        (
            "time_range",
            spec(|spec| spec.window = window(None, None, Some(0))),
        ),
        (
            "start_time",
            spec(|spec| spec.window = window(Some(3), Some(2), None)),
        ),
        ("granularity", spec(|spec| spec.granularity_s = Some(7))),
        ("granularity", spec(|spec| spec.granularity_s = Some(7_201))),
    ];
    for (expected, spec) in cases {
        match validate(&spec, None, 1_000) {
            Err(QueryError::Invalid { field, message }) => {
                assert_eq!(field, expected, "{message}");
            }
            other => panic!("{expected}: {other:?} for {spec:?}"),
        }
    }
}

#[test]
fn sense_is_accepted_up_to_every_limit() {
    let unusual = [
        spec(|_| {}),
        spec(|spec| spec.calculations = vec![calculation_of("COUNT", None); 100]),
        spec(|spec| spec.havings = vec![having("COUNT", None, 1.0), having("COUNT", None, 2.0)]),
        spec(|spec| spec.limit = Some(1_000)),
        spec(|spec| spec.granularity_s = Some(0)),
        spec(|spec| spec.granularity_s = Some(8)),
        spec(|spec| spec.granularity_s = Some(7_200)),
    ];
    for spec in unusual {
        assert!(validate(&spec, None, 1_000).is_ok(), "{spec:?}");
    }
    let ordered_by_implied_count = QuerySpec {
        orders: vec![order(Some("COUNT"), None)],
        ..QuerySpec::default()
    };
    assert!(validate(&ordered_by_implied_count, None, 1_000).is_ok());
}

#[test]
fn a_granularity_survives_the_truncation_of_its_range_but_not_another_range() {
    let narrow = spec(|spec| spec.granularity_s = Some(8));
    let wide = spec(|spec| spec.granularity_s = Some(7_200));
    let range = |seconds| {
        Some(TimeRange {
            start_ns: 0,
            end_ns: seconds * S,
        })
    };
    assert!(validate(&narrow, range(7_260), 1_000).is_ok());
    assert!(validate(&wide, range(7_140), 1_000).is_ok());
    assert!(validate(&narrow, range(86_400), 1_000).is_err());
}

#[test]
fn an_automatic_granularity_gives_60_to_240_buckets() {
    let lengths = (0..63).flat_map(|power| [1_i64 << power, (1_i64 << power) / 3 * 4]);
    for length in lengths.filter(|length| *length >= 60) {
        let range = TimeRange {
            start_ns: 0,
            end_ns: length,
        };
        let step = automatic_granularity_ns(range);
        let buckets = length as f64 / step as f64;
        assert!(
            (60.0..=240.0).contains(&buckets),
            "{length} ns by {step} ns"
        );
    }
    for (seconds, step) in [
        (1, S / 200),
        (10, S / 20),
        (60, S / 2),
        (600, 5 * S),
        (7_200, 30 * S),
        (86_400, 600 * S),
        (604_800, 3_600 * S),
        (5_184_000, 21_600 * S),
    ] {
        let range = TimeRange {
            start_ns: 0,
            end_ns: seconds * S,
        };
        assert_eq!(automatic_granularity_ns(range), step, "{seconds} s");
    }
    assert!(automatic_granularity_ns(TimeRange::ALL) > 0);
}

#[test]
fn buckets_are_aligned_to_the_epoch_on_both_sides_of_it() {
    let buckets = Buckets::new(
        TimeRange {
            start_ns: -25,
            end_ns: 31,
        },
        10,
    );
    assert_eq!((buckets.count, buckets.start_ns(0)), (7, -30));
    assert_eq!(
        (
            buckets.of(-25),
            buckets.of(-1),
            buckets.of(0),
            buckets.of(30)
        ),
        (0, 2, 3, 6)
    );
    let empty = TimeRange {
        start_ns: 5,
        end_ns: 5,
    };
    assert_eq!(Buckets::new(empty, 10).count, 0);
}
