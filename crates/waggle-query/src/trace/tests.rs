//! Which rows of a large trace are chosen, and what is said about the others.

use crate::testing;
use rand::SeedableRng;
use rand::rngs::StdRng;
use waggle_model::{DatasetId, LeftOut, RawRow, TimeRange, TraceChoice, TraceRequest, Value};
use waggle_testkit::Event;

fn row(time_ns: i64, fields: &[(&str, &str)]) -> Event {
    let trace = [("trace.trace_id", "t")];
    let fields = trace.iter().chain(fields);
    Event {
        timestamp_ns: time_ns,
        sample_rate: 1,
        dataset: DatasetId(1 + time_ns % 2),
        fields: fields
            .map(|(name, value)| ((*name).to_owned(), Value::String((*value).to_owned())))
            .collect(),
    }
}

fn span(time_ns: i64, id: &str, parent: &str) -> Event {
    match parent {
        "" => row(time_ns, &[("trace.span_id", id)]),
        parent => row(
            time_ns,
            &[("trace.span_id", id), ("trace.parent_id", parent)],
        ),
    }
}

/// Ids of the spans chosen, and after how many of them others were left out.
#[track_caller]
fn check(events: &[Event], limit: usize, around: Option<&str>, ids: &str, left: &[(&str, usize)]) {
    for seed in 0..8 {
        let mut rng = StdRng::seed_from_u64(seed);
        let request = TraceRequest {
            trace_id: "t".to_owned(),
            range: TimeRange::ALL,
            limit,
            choice: TraceChoice::BreadthFirst {
                around: around.map(str::to_owned),
            },
        };
        let trace = testing::trace(&testing::snapshot(&mut rng, events), &request).unwrap();
        assert_eq!(trace.row_count, events.len(), "seed {seed}");
        let found: Vec<String> = trace.rows.iter().map(name_of).collect();
        assert_eq!(found.join(" "), ids, "seed {seed}");
        let name = |left: &LeftOut| left.below.map_or(String::new(), |row| found[row].clone());
        let left_out: Vec<(String, usize)> = (trace.left_out.iter())
            .map(|left| (name(left), left.count))
            .collect();
        let expected: Vec<(String, usize)> = (left.iter())
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect();
        assert_eq!(left_out, expected, "seed {seed}");
    }
}

fn name_of(row: &RawRow) -> String {
    let field = |name: &str| row.fields.iter().find(|(field, _)| field == name);
    field("name")
        .or_else(|| field("trace.span_id"))
        .map_or(String::new(), |(_, value)| value.to_string())
}

/// `a` has `b` and `c`; `b` has `d`, and that `e`; `c` has `f`.
fn tree() -> Vec<Event> {
    vec![
        span(1, "a", ""),
        span(2, "b", "a"),
        span(3, "d", "b"),
        span(4, "e", "d"),
        span(5, "c", "a"),
        span(6, "f", "c"),
    ]
}

#[test]
fn a_window_goes_level_by_level_and_says_what_is_below() {
    check(&tree(), 3, None, "a b c", &[("b", 2), ("c", 1)]);
    check(&tree(), 4, None, "a b d c", &[("d", 1), ("c", 1)]);
    check(&tree(), 6, None, "a b d e c f", &[]);
}

#[test]
fn the_span_asked_for_is_there_with_all_above_it() {
    check(&tree(), 4, Some("e"), "a b d e", &[("a", 2)]);
    check(&tree(), 3, Some("c"), "a c f", &[("a", 3)]);
    check(&tree(), 3, Some("gone"), "a b c", &[("b", 2), ("c", 1)]);
}

#[test]
fn events_and_links_come_with_their_span_and_take_no_span_s_place() {
    let mut events = tree();
    let note = |time_ns: i64, kind: &str, parent: &str, name: &str| {
        let fields = [
            ("meta.annotation_type", kind),
            ("trace.parent_id", parent),
            ("name", name),
        ];
        row(time_ns, &fields)
    };
    events.push(note(7, "span_event", "b", "retry"));
    events.push(note(8, "link", "f", "elsewhere"));
    check(&events, 3, None, "a b c retry", &[("b", 2), ("c", 1)]);
}

#[test]
fn logs_take_a_place_and_spans_sent_twice_take_one() {
    let mut events = tree();
    events.push(span(7, "b", "a"));
    events.push(row(
        8,
        &[
            ("meta.annotation_type", "span_event"),
            ("meta.signal_type", "log"),
            ("trace.parent_id", "a"),
            ("name", "line"),
        ],
    ));
    check(&events, 4, None, "a b c line", &[("b", 2), ("c", 1)]);
}

#[test]
fn what_has_no_top_is_counted_and_rings_end() {
    let orphans = [
        span(1, "a", ""),
        span(2, "o", "gone"),
        span(3, "p", "q"),
        span(4, "q", "p"),
    ];
    check(&orphans, 1, None, "a", &[("", 3)]);
    check(&orphans, 3, None, "a o p", &[("p", 1)]);
}
