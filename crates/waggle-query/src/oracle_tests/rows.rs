//! Raw rows by pages, and traces.

use super::{each_seed, random_range};
use crate::testing;
use rand::RngExt;
use waggle_model::{
    FilterCombination, FilterOp, FilterSpec, FilterValue, RawRow, RowRequest, TraceChoice,
    TraceRequest, Value,
};
use waggle_store::Snapshot;
use waggle_testkit::{Event, by_rows, matching, random_events, random_filter};

const ROW_CASES: u64 = 150;

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

/// The events as they are shown in usage mode: whole, with the sample rate as a column too.
fn with_rates(events: &[Event]) -> Vec<Event> {
    let shown = by_rows(events).into_iter().zip(events);
    let shown = shown.map(|(shown, event)| Event {
        sample_rate: event.sample_rate,
        ..shown
    });
    shown.collect()
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
        let usage_mode = rng.random_bool(0.3);
        let seen = match usage_mode {
            true => with_rates(&events),
            false => events.clone(),
        };
        let filters: Vec<_> = (0..rng.random_range(0..2))
            .map(|_| match usage_mode && rng.random_bool(0.5) {
                true => FilterSpec {
                    column: "sample_rate".to_owned(),
                    op: FilterOp::Equal,
                    value: FilterValue::One(Value::Int(rng.random_range(1..4))),
                },
                false => random_filter(rng, &seen),
            })
            .collect();
        let request = RowRequest {
            by_definition: false,
            calculated_fields: Vec::new(),
            granularity_ns: None,
            range,
            filters: filters.clone(),
            filter_combination: FilterCombination::And,
            limit: [1, 7, 100, 1_000][rng.random_range(0..4)],
            before: None,
            usage_mode,
        };
        let snapshots = [
            testing::snapshot(rng, &events),
            testing::snapshot(rng, &events),
        ];
        let rows = all_pages(&snapshots, request);
        assert!(rows.is_sorted_by_key(|row| std::cmp::Reverse(row.timestamp_ns)));
        let mut texts: Vec<String> = rows.iter().map(raw_text).collect();
        texts.sort();
        let matched = matching(&seen, range, &filters, FilterCombination::And);
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
            by_definition: false,
            calculated_fields: Vec::new(),
            granularity_ns: None,
            range,
            filters: Vec::new(),
            filter_combination: FilterCombination::And,
            limit: rng.random_range(1..100),
            before: None,
            usage_mode: false,
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
