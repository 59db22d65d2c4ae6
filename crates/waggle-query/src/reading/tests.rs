//! Which column has a meaning, and what a trace says of it.

use super::*;
use crate::testing;
use rand::SeedableRng;
use rand::rngs::StdRng;
use waggle_model::{RawRow, TraceChoice, TraceRequest, Value};
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
