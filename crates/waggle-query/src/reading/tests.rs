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
    let meant = row.meant.iter().flatten();
    meant
        .map(|(meaning, value)| (meaning.key(), value.to_string()))
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
    assert_eq!(rows[0].meant, None);
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
    assert_eq!(rows[0].meant, None);
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
    assert_eq!(meant(&rows[0]), [("trace_id", "t".to_owned())]);
    let none = trace(&events, &known(1, &usual, nothing(Meaning::TraceId)), "t");
    assert!(none.is_empty());
}
