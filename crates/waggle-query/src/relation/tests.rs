//! Other spans: 200 traces with answers worked out by hand, and random rows against the naive computation. Whole queries that name columns
//! of other spans are in the oracle tests.

use crate::engine::EngineConfig;
use crate::exec::Passes;
use crate::testing::{self, ByParts, Directly};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use waggle_model::{
    CalculatedField, CalculationSpec, Cell, DatasetId, FilterCombination, FilterOp, FilterSpec,
    FilterValue, HavingOp, HavingSpec, OrderSpec, QueryError, QueryOptions, QuerySpec, ResultTable,
    SortOrder, TimeRange, Value,
};
use waggle_testkit::{Event, link_spans, matching, random_events, random_related_filter};

const RANGE: TimeRange = TimeRange {
    start_ns: 0,
    end_ns: 1_000_000_000_000,
};
const CASES: u64 = 250;

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn filter(column: &str, op: FilterOp, value: Option<Value>) -> FilterSpec {
    FilterSpec {
        column: column.to_owned(),
        op,
        value: value.map_or(FilterValue::None, FilterValue::One),
    }
}

fn is(column: &str, value: Value) -> FilterSpec {
    filter(column, FilterOp::Equal, Some(value))
}

fn count(rng: &mut StdRng, events: &[Event], spec: &QuerySpec) -> Result<Cell, QueryError> {
    Ok(ask(rng, events, spec)?.total[0].clone())
}

fn ask(rng: &mut StdRng, events: &[Event], spec: &QuerySpec) -> Result<ResultTable, QueryError> {
    let snapshot = testing::snapshot(rng, events);
    let config = EngineConfig {
        threads: rng.random_range(1..4),
        thread_rows_min: 100,
        ..EngineConfig::default()
    };
    let options = QueryOptions::default();
    let passes: &dyn Passes = match rng.random_bool(0.5) {
        true => &Directly,
        false => &ByParts,
    };
    testing::query_by(passes, &snapshot, spec, RANGE, &options, &config)
}

/// The groups of a query, as `parent/child:2` for values and answers, in the order of these texts.
fn groups(rng: &mut StdRng, events: &[Event], spec: &QuerySpec) -> Vec<String> {
    let table = ask(rng, events, spec).unwrap();
    let text_of = |value: &Option<Value>| {
        value
            .as_ref()
            .map_or_else(|| "-".to_owned(), Value::to_string)
    };
    let groups = table.groups.iter().map(|group| {
        let key: Vec<String> = group.key.iter().map(text_of).collect();
        let values: Vec<String> = group.values.iter().map(cell_text).collect();
        format!("{}:{}", key.join("/"), values.join(","))
    });
    let mut groups: Vec<String> = groups.collect();
    groups.sort();
    groups
}

fn cell_text(cell: &Cell) -> String {
    match cell {
        Cell::Null => "-".to_owned(),
        Cell::Int(value) => value.to_string(),
        Cell::Float(value) => value.to_string(),
        Cell::Text(text) => text.clone(),
    }
}

fn spec(filters: Vec<FilterSpec>) -> QuerySpec {
    QuerySpec {
        filters,
        ..QuerySpec::default()
    }
}

/// Trace `t` has a root of service `api` or, where `t` is odd, `web`; below it a span of `cart`, in error where 5 divides `t`; below
/// that, unless 3 divides `t`, one of `db`. Where 7 divides `t` the span of `cart` has a span event that speaks of an error too. Ten
/// rows are in no trace.
fn traces() -> Vec<Event> {
    let mut events = Vec::new();
    let mut add = |fields: Vec<(&str, Value)>| {
        let time_ns = events.len() as i64 * 1_000_000;
        events.push(Event {
            timestamp_ns: time_ns,
            sample_rate: 1,
            dataset: DatasetId(1 + time_ns / 1_000_000 % 2),
            fields: fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        });
    };
    for t in 0..200 {
        let trace = ("trace.trace_id", Value::String(format!("{:032x}", t + 1)));
        // Span ids repeat from trace to trace: the trace is part of what names a span.
        let [root, cart, db] = ["00000000000000a1", "00000000000000b2", "00000000000000c3"];
        let span = |id: &str| ("trace.span_id", text(id));
        let parent = |id: &str| ("trace.parent_id", text(id));
        let service = |name: &str| ("service", text(name));
        let service_of_root = service(if t % 2 == 0 { "api" } else { "web" });
        let root_mark = ("name", text("root"));
        add(vec![trace.clone(), span(root), service_of_root, root_mark]);
        let mut fields = vec![trace.clone(), span(cart), parent(root), service("cart")];
        if t % 5 == 0 {
            fields.push(("error", Value::Bool(true)));
        }
        add(fields);
        if t % 3 != 0 {
            add(vec![trace.clone(), span(db), parent(cart), service("db")]);
        }
        if t % 7 == 0 {
            let annotation = ("meta.annotation_type", text("span_event"));
            let error = ("error", Value::Bool(true));
            add(vec![trace, parent(cart), annotation, error]);
        }
    }
    for _ in 0..10 {
        add(vec![("service", text("cron"))]);
    }
    events
}

#[test]
fn two_hundred_traces_are_counted_as_by_hand() {
    let events = traces();
    let error = |column: &str| is(column, Value::Bool(true));
    let cases: [(Vec<FilterSpec>, i64); 12] = [
        (
            vec![is("service", text("cart")), is("root.service", text("api"))],
            100,
        ),
        // 10 divides t.
        (
            vec![
                is("service", text("cart")),
                is("root.service", text("api")),
                error("any.error"),
            ],
            20,
        ),
        // 133 traces with root, cart and db, and 29 - 10 span events.
        (vec![is("any.service", text("db"))], 418),
        // 67 traces with root and cart, 10 span events, and the 10 rows without a trace.
        (vec![is("none.service", text("db"))], 154),
        // 133 of db, 29 span events.
        (vec![is("parent.service", text("cart"))], 162),
        // 40 - 14 of db, and the span events where 35 divides t.
        (
            vec![is("parent.service", text("cart")), error("parent.error")],
            32,
        ),
        (vec![is("child.service", text("db"))], 133),
        // The span event is no span.
        (vec![error("child.error")], 40),
        // One span can't be of db and in error, two can.
        (vec![is("any.service", text("db")), error("any.error")], 0),
        (
            vec![
                is("any.service", text("db")),
                error("any2.error"),
                is("name", text("root")),
            ],
            26,
        ),
        // 100 roots, 100 of cart, 67 of db, 14 span events.
        (
            vec![filter(
                "root.service",
                FilterOp::NotEqual,
                Some(text("api")),
            )],
            281,
        ),
        (vec![error("none.error"), is("service", text("cart"))], 160),
    ];
    for seed in 0..6 {
        let rng = &mut StdRng::seed_from_u64(seed);
        for (filters, expected) in &cases {
            let found = count(rng, &events, &spec(filters.clone()));
            assert_eq!(
                found.unwrap(),
                Cell::Int(*expected),
                "seed {seed}: {filters:?}"
            );
        }
    }
}

#[test]
fn any_one_of_several_filters_can_not_be_about_another_span() {
    let rng = &mut StdRng::seed_from_u64(1);
    let spec = QuerySpec {
        filter_combination: FilterCombination::Or,
        ..spec(vec![
            is("service", text("db")),
            is("root.service", text("api")),
        ])
    };
    let error = count(rng, &traces(), &spec).unwrap_err();
    assert!(
        matches!(&error, QueryError::Invalid { field, .. } if field == "filters[1].column"),
        "{error:?}"
    );
}

#[test]
fn a_column_whose_own_name_begins_so_is_meant_where_there_is_one() {
    let rng = &mut StdRng::seed_from_u64(1);
    let mut events = traces();
    for event in events.iter_mut().take(3) {
        event.fields.insert("root.service".to_owned(), text("api"));
    }
    let spec = QuerySpec {
        filter_combination: FilterCombination::Or,
        ..spec(vec![is("root.service", text("api"))])
    };
    assert_eq!(count(rng, &events, &spec).unwrap(), Cell::Int(3));
}

#[test]
fn breakdowns_and_calculations_read_one_other_span() {
    let events = traces();
    let by = |breakdowns: &[&str]| QuerySpec {
        breakdowns: breakdowns.iter().map(|name| (*name).to_owned()).collect(),
        ..QuerySpec::default()
    };
    let calls = by(&["parent.service", "service"]);
    // Span events have a parent but no service; who has no parent in a trace has no service there.
    let expected = [
        "-/api:100",
        "-/cron:10",
        "-/web:100",
        "api/cart:100",
        "cart/-:29",
        "cart/db:133",
        "web/cart:100",
    ];
    let of_roots = QuerySpec {
        filters: vec![is("service", text("db"))],
        ..by(&["root.service"])
    };
    // The first child that is in error, and not the first of which some other is in error.
    let of_children = QuerySpec {
        filters: vec![is("child.error", Value::Bool(true))],
        ..by(&["child.service"])
    };
    let distinct = QuerySpec {
        calculations: vec![CalculationSpec::new(
            "COUNT_DISTINCT",
            Some("child.service"),
        )],
        orders: vec![OrderSpec {
            op: Some("COUNT_DISTINCT".to_owned()),
            column: Some("child.service".to_owned()),
            order: SortOrder::Descending,
        }],
        havings: vec![HavingSpec {
            calculate_op: "COUNT_DISTINCT".to_owned(),
            column: Some("child.service".to_owned()),
            op: HavingOp::Greater,
            value: 0.0,
        }],
        ..by(&["service"])
    };
    for seed in 0..6 {
        let rng = &mut StdRng::seed_from_u64(seed);
        assert_eq!(groups(rng, &events, &calls), expected, "seed {seed}");
        assert_eq!(groups(rng, &events, &of_roots), ["api:66", "web:67"]);
        assert_eq!(groups(rng, &events, &of_children), ["cart:40"]);
        assert_eq!(
            groups(rng, &events, &distinct),
            ["api:1", "cart:1", "web:1"]
        );
    }
}

#[test]
fn calculated_fields_read_other_spans_and_other_spans_calculated_fields() {
    let events = traces();
    let field = |name: &str, expression: &str| CalculatedField {
        name: name.to_owned(),
        expression: expression.to_owned(),
    };
    let spec = QuerySpec {
        calculated_fields: vec![
            field(
                "crossing",
                "AND(EXISTS($parent.service), $parent.service != $service)",
            ),
            field("shown", "CONCAT($service, \"!\")"),
        ],
        breakdowns: vec!["crossing".to_owned(), "root.shown".to_owned()],
        filters: vec![is("any.crossing", Value::Bool(true))],
        ..QuerySpec::default()
    };
    let rng = &mut StdRng::seed_from_u64(1);
    // Roots do not cross; all below them do, and span events, whose service is empty.
    assert_eq!(
        groups(rng, &events, &spec),
        [
            "false/api!:100",
            "false/web!:100",
            "true/api!:181",
            "true/web!:181"
        ]
    );
}

#[test]
fn of_two_spans_at_the_same_time_the_one_with_the_smaller_id_is_meant() {
    let mut events = traces();
    events.truncate(2);
    let mut second = events[1].clone();
    second.fields.insert("service".to_owned(), text("basket"));
    let id = text("00000000000000b1");
    second.fields.insert("trace.span_id".to_owned(), id);
    events.push(second);
    let spec = QuerySpec {
        breakdowns: vec!["child.service".to_owned()],
        filters: vec![is("name", text("root"))],
        ..QuerySpec::default()
    };
    for seed in 0..6 {
        let rng = &mut StdRng::seed_from_u64(seed);
        assert_eq!(groups(rng, &events, &spec), ["basket:1"], "seed {seed}");
    }
}

#[test]
fn any_span_of_a_trace_has_no_one_value() {
    let rng = &mut StdRng::seed_from_u64(1);
    let calculations = QuerySpec {
        calculations: vec![
            CalculationSpec::count(),
            CalculationSpec::new("MAX", Some("none.service")),
        ],
        ..QuerySpec::default()
    };
    let breakdowns = QuerySpec {
        breakdowns: vec!["service".to_owned(), "any2.service".to_owned()],
        ..QuerySpec::default()
    };
    for (spec, expected) in [
        (calculations, "calculations[1].column"),
        (breakdowns, "breakdowns[1]"),
    ] {
        let error = ask(rng, &traces(), &spec).unwrap_err();
        assert!(
            matches!(&error, QueryError::Invalid { field, .. } if field == expected),
            "{error:?}"
        );
    }
}

#[test]
fn random_relations_equal_the_naive_ones() {
    for seed in 0..CASES {
        println!("seed {seed}");
        let rng = &mut StdRng::seed_from_u64(seed);
        let count_of_events = rng.random_range(1..250);
        let mut events = random_events(rng, count_of_events, RANGE);
        link_spans(rng, &mut events);
        let filters: Vec<FilterSpec> = (0..rng.random_range(1..4))
            .map(|_| random_related_filter(rng, &events))
            .collect();
        println!("{filters:?}");
        let matched = matching(&events, RANGE, &filters, FilterCombination::And);
        let expected: i64 = matched
            .iter()
            .map(|event| i64::from(event.sample_rate))
            .sum();
        let found = count(rng, &events, &spec(filters)).unwrap();
        assert_eq!(found, Cell::Int(expected));
    }
}
