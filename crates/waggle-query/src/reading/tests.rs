//! Which column has a meaning, and what a trace says of it.

use super::*;
use crate::engine::EngineConfig;
use crate::testing;
use rand::SeedableRng;
use rand::rngs::StdRng;
use waggle_model::{
    ByDefinition, CalculatedField, CalculationSpec, Cell, FilterOp, FilterSpec, FilterValue,
    QueryOptions, QuerySpec, RawRow, TraceChoice, TraceRequest, Value,
};
use waggle_testkit::Event;

fn event(time_ns: i64, dataset: i64, fields: &[(&str, &str)]) -> Event {
    let field = |(name, value): &(&str, &str)| {
        let value = value
            .parse()
            .map_or_else(|_| Value::String((*value).to_owned()), Value::Int);
        ((*name).to_owned(), value)
    };
    Event {
        timestamp_ns: time_ns,
        sample_rate: 1,
        dataset: DatasetId(dataset),
        fields: fields.iter().map(field).collect(),
    }
}

fn trace(events: &[Event], readings: &Readings, id: &str) -> Vec<RawRow> {
    let mut rng = StdRng::seed_from_u64(7);
    let snapshot = testing::snapshot(&mut rng, events);
    let snapshot = testing::read_by(readings, snapshot, TimeRange::ALL);
    let request = TraceRequest {
        trace_id: id.to_owned(),
        range: TimeRange::ALL,
        limit: 10,
        choice: TraceChoice::Oldest,
    };
    testing::trace(&snapshot, &request).unwrap().rows
}

fn meant(row: &RawRow) -> Vec<(&'static str, String)> {
    let meant = row.meant.iter();
    let text = |value: &Option<Value>| value.as_ref().map_or_else(String::new, Value::to_string);
    meant
        .map(|(meaning, value)| (meaning.key(), text(value)))
        .collect()
}

fn known(dataset: i64, usual: &[&str], chosen: Vec<(Meaning, MeantBy)>) -> Readings {
    let reading = DatasetReading {
        types: BTreeMap::new(),
        chosen: chosen.into_iter().collect(),
        usual: usual.iter().map(|name| (*name).to_owned()).collect(),
    };
    Readings::new([(DatasetId(dataset), reading)].into_iter().collect())
}

#[test]
fn a_dataset_with_the_usual_columns_stays_as_it_is() {
    let events = [event(1, 1, &[("trace.trace_id", "t"), ("id", "x")])];
    let readings = known(1, &["trace.trace_id", "trace.span_id", "id"], Vec::new());
    let rows = trace(&events, &readings, "t");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].meant, []);
}

#[test]
fn other_usual_names_are_found_by_themselves() {
    let events = [event(
        1,
        1,
        &[
            ("traceId", "t"),
            ("id", "s"),
            ("serviceName", "shop"),
            ("durationMs", "5"),
        ],
    )];
    let expected = vec![
        ("duration_ms", "5".to_owned()),
        ("service_name", "shop".to_owned()),
        ("span_id", "s".to_owned()),
        ("trace_id", "t".to_owned()),
    ];
    // Of its first events, of which nobody has been told yet, and later.
    let usual = ["traceId", "id", "serviceName", "durationMs"];
    for readings in [Readings::default(), known(1, &usual, Vec::new())] {
        let rows = trace(&events, &readings, "t");
        assert_eq!(meant(&rows[0]), expected);
        // The rows themselves are as they were sent.
        assert_eq!(rows[0].fields.len(), 4);
    }
}

/// As nearly every dataset of OTLP is: it has a route and a status, not under the first of their usual names.
#[test]
fn what_only_adds_to_an_event_is_left_under_its_usual_names() {
    let events = [event(
        1,
        1,
        &[
            ("trace.trace_id", "t"),
            ("http.route", "/cart"),
            ("http.status_code", "200"),
            ("user.email", "a@b"),
            ("what", "x"),
        ],
    )];
    let usual = [
        "trace.trace_id",
        "http.route",
        "http.status_code",
        "user.email",
    ];
    let rows = trace(&events, &known(1, &usual, Vec::new()), "t");
    assert_eq!(rows[0].meant, []);
    // What somebody chose beyond these names is said.
    let chosen = vec![(Meaning::Route, MeantBy::Column("what".to_owned()))];
    let rows = trace(&events, &known(1, &usual, chosen), "t");
    assert_eq!(meant(&rows[0]), [("route", "x".to_owned())]);
}

/// Each row says only what its fields do not say by the usual names.
#[test]
fn rows_say_what_differs() {
    let column = |name: &str| MeantBy::Column(name.to_owned());
    let expression = Expression::parse("COALESCE($took, $took_ms)").unwrap();
    let chosen = vec![
        (Meaning::Name, column("what")),
        (Meaning::ParentId, column("pid")),
        (Meaning::DurationMs, MeantBy::Field(Arc::new(expression))),
    ];
    let readings = known(1, &["trace.trace_id", "name", "duration_ms"], chosen);
    let sent = [
        &[
            ("name", "a"),
            ("what", "a"),
            ("duration_ms", "2"),
            ("took", "2"),
        ][..],
        &[
            ("name", "a"),
            ("what", "b"),
            ("duration_ms", "5"),
            ("took", "2"),
        ],
        &[("name", "a"), ("pid", "7")],
    ];
    let events: Vec<Event> = (0..)
        .zip(sent)
        .map(|(time_ns, fields)| {
            let fields = [&[("trace.trace_id", "t")], fields].concat();
            event(time_ns, 1, &fields)
        })
        .collect();
    let rows = trace(&events, &readings, "t");
    let own = |key: &'static str, value: &str| (key, value.to_owned());
    assert_eq!(meant(&rows[0]), []);
    assert_eq!(meant(&rows[1]), [own("duration_ms", "2"), own("name", "b")]);
    assert_eq!(meant(&rows[2]), [own("name", ""), own("parent_id", "7")]);
}

#[test]
fn a_trace_goes_by_the_definition_of_each_dataset() {
    let column = |name: &str| MeantBy::Column(name.to_owned());
    let readings = known(
        2,
        &["trace.trace_id"],
        vec![
            (Meaning::TraceId, column("tid")),
            (Meaning::SpanId, column("sid")),
        ],
    );
    let events = [
        event(1, 1, &[("trace.trace_id", "17"), ("trace.span_id", "a")]),
        // An id that came as a number is the same id.
        event(2, 2, &[("tid", "17"), ("sid", "4")]),
        event(3, 2, &[("trace.trace_id", "t"), ("sid", "5")]),
    ];
    let mut sent = events.to_vec();
    sent[0]
        .fields
        .insert("trace.trace_id".to_owned(), Value::String("17".to_owned()));
    let rows = trace(&sent, &readings, "17");
    let times: Vec<i64> = rows.iter().map(|row| row.timestamp_ns).collect();
    assert_eq!(times, [1, 2]);
    assert_eq!(rows[0].meant, []);
    let expected = [("span_id", "4".to_owned()), ("trace_id", "17".to_owned())];
    assert_eq!(meant(&rows[1]), expected);
    assert!(trace(&sent, &readings, "t").is_empty());
}

#[test]
fn what_nothing_means_is_not_there() {
    let events = [event(1, 1, &[("trace.trace_id", "t"), ("name", "x")])];
    let usual = ["trace.trace_id", "name"];
    let nothing = |meaning| vec![(meaning, MeantBy::Nothing)];
    let rows = trace(&events, &known(1, &usual, nothing(Meaning::Name)), "t");
    assert_eq!(meant(&rows[0]), [("name", String::new())]);
    let none = trace(&events, &known(1, &usual, nothing(Meaning::TraceId)), "t");
    assert!(none.is_empty());
}

const SECOND_NS: i64 = 1_000_000_000;

/// What calculations over ten seconds give; both where the events are in memory and where they are on disk.
fn total(
    events: &[Event],
    readings: &Readings,
    spec: &QuerySpec,
    by_definition: ByDefinition,
) -> Vec<Cell> {
    let range = TimeRange {
        start_ns: 0,
        end_ns: 10 * SECOND_NS,
    };
    let rows: Vec<&Event> = events.iter().collect();
    let [in_memory, on_disk] = [false, true].map(|is_block| {
        let snapshot = Snapshot {
            sources: vec![testing::source(&rows, is_block)],
        };
        let snapshot = testing::read_by(readings, snapshot, range);
        let config = EngineConfig::default();
        let options = QueryOptions {
            by_definition,
            ..QueryOptions::default()
        };
        testing::query(&snapshot, spec, range, &options, &config)
            .unwrap()
            .total
    });
    assert_eq!(in_memory, on_disk);
    on_disk
}

fn calculations(calculations: &[(&str, Option<&str>)]) -> QuerySpec {
    let calculations = calculations.iter();
    QuerySpec {
        calculations: calculations
            .map(|(op, column)| CalculationSpec::new(op, *column))
            .collect(),
        ..QuerySpec::default()
    }
}

#[test]
fn concurrency_leaves_the_other_columns_of_its_query_as_they_are() {
    let events = [
        event(SECOND_NS, 1, &[("duration_ms", "100"), ("took_ms", "2000")]),
        event(SECOND_NS, 1, &[("duration_ms", "7"), ("took_ms", "9000")]),
    ];
    let took = MeantBy::Column("took_ms".to_owned());
    let twice = Expression::parse("MUL($took_ms, 2)").unwrap();
    let twice = MeantBy::Field(Arc::new(twice));
    let mut spec = calculations(&[("CONCURRENCY", None), ("MAX", Some("duration_ms"))]);
    spec.filters = vec![FilterSpec {
        column: "duration_ms".to_owned(),
        op: FilterOp::Greater,
        value: FilterValue::One(Value::Int(50)),
    }];
    for (by, in_flight) in [(took.clone(), 0.2), (twice, 0.4), (MeantBy::Nothing, 0.0)] {
        let known = known(1, &["duration_ms"], vec![(Meaning::DurationMs, by)]);
        let cells = total(&events, &known, &spec, ByDefinition::Nothing);
        assert_eq!(cells, [Cell::Float(in_flight), Cell::Int(100)]);
    }
    let unknown = total(&events, &Readings::default(), &spec, ByDefinition::Nothing);
    assert_eq!(unknown, [Cell::Float(0.01), Cell::Int(100)]);
    // By definition, all of them are what the definition says.
    let known = known(1, &["duration_ms"], vec![(Meaning::DurationMs, took)]);
    let defined = total(&events, &known, &spec, ByDefinition::Everything);
    assert_eq!(defined, [Cell::Float(1.1), Cell::Int(9_000)]);
    // In the result only, the filter is on the column of that name.
    let result = total(&events, &known, &spec, ByDefinition::Result);
    assert_eq!(result, [Cell::Float(0.2), Cell::Int(2_000)]);
    let unknown = total(&events, &Readings::default(), &spec, ByDefinition::Result);
    assert_eq!(unknown, [Cell::Float(0.01), Cell::Int(100)]);
    // A field of the query is what it calls so.
    spec.calculated_fields = vec![CalculatedField {
        name: "duration_ms".to_owned(),
        expression: "51".to_owned(),
    }];
    let own = total(&events, &known, &spec, ByDefinition::Result);
    assert_eq!(own, [Cell::Float(1.1), Cell::Int(51)]);
}

/// Logs and access logs have durations and services, too.
#[test]
fn usual_names_are_found_where_there_are_no_traces() {
    let fields = [("durationMs", "5000"), ("service_name", "shop")];
    let events = [event(SECOND_NS, 1, &fields)];
    let by_name = calculations(&[("CONCURRENCY", None), ("MAX", Some("duration_ms"))]);
    let by_meaning = calculations(&[
        ("MAX", Some("duration_ms")),
        ("COUNT", Some("service.name")),
    ]);
    let usual = ["durationMs", "service_name"];
    for readings in [Readings::default(), known(1, &usual, Vec::new())] {
        let cells = total(&events, &readings, &by_name, ByDefinition::Nothing);
        assert_eq!(cells, [Cell::Float(0.5), Cell::Null]);
        let cells = total(&events, &readings, &by_meaning, ByDefinition::Everything);
        assert_eq!(cells, [Cell::Int(5_000), Cell::Int(1)]);
    }
}

#[test]
fn ids_in_their_usual_columns_are_compared_as_text() {
    let mut child = event(
        2,
        1,
        &[
            ("trace.trace_id", "17"),
            ("trace.parent_id", "7"),
            ("name", "child"),
        ],
    );
    let as_text = |value: i64| Value::String(value.to_string());
    child
        .fields
        .insert("trace.parent_id".to_owned(), as_text(7));
    let root = event(
        1,
        1,
        &[
            ("trace.trace_id", "17"),
            ("trace.span_id", "7"),
            ("name", "root"),
        ],
    );
    let events = [root, child];
    let usual = ["trace.trace_id", "trace.span_id", "trace.parent_id", "name"];
    let chosen = vec![(Meaning::SpanId, MeantBy::Column("trace.span_id".to_owned()))];
    for readings in [
        Readings::default(),
        known(1, &usual, Vec::new()),
        known(1, &usual, chosen),
    ] {
        assert_eq!(trace(&events, &readings, "17").len(), 2);
        let mut spec = calculations(&[("COUNT", None)]);
        spec.filters = vec![FilterSpec {
            column: "parent.name".to_owned(),
            op: FilterOp::Equal,
            value: FilterValue::One(Value::String("root".to_owned())),
        }];
        assert_eq!(
            total(&events, &readings, &spec, ByDefinition::Nothing),
            [Cell::Int(1)]
        );
    }
}

/// A meaning of one column can be the usual name of another meaning.
#[test]
fn meanings_are_not_looked_up_twice() {
    let events = [event(
        SECOND_NS,
        1,
        &[("name", "2000"), ("what", "x"), ("duration_ms", "1")],
    )];
    let column = |name: &str| MeantBy::Column(name.to_owned());
    let chosen = vec![
        (Meaning::DurationMs, column("name")),
        (Meaning::Name, column("what")),
    ];
    let readings = known(1, &["name", "duration_ms"], chosen);
    let spec = calculations(&[("CONCURRENCY", None), ("MAX", Some("duration_ms"))]);
    let cells = total(&events, &readings, &spec, ByDefinition::Everything);
    assert_eq!(cells, [Cell::Float(0.2), Cell::Int(2_000)]);
}
