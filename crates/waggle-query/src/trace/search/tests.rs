//! Random searches, page by page, against what a loop over all rows finds; and the traces and columns that are read afterwards.

use crate::testing::{scan, search, snapshot, traces};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use waggle_model::{
    FilterCombination, RowKind, ScanRequest, TimeRange, TraceSearch, TraceWindow, TracesRequest,
    Value, ValueRef,
};
use waggle_testkit::{Event, matching, random_events, random_filter};

const CASES: u64 = 100;
const RANGE: TimeRange = TimeRange {
    start_ns: 0,
    end_ns: 1_000_000_000,
};

fn trace_of(event: &Event) -> Option<&str> {
    match event.fields.get("trace.trace_id") {
        Some(Value::String(id)) => Some(id),
        _ => None,
    }
}

/// Windows from newest to oldest that do not overlap.
fn random_windows(rng: &mut StdRng, events: &[Event]) -> Vec<TraceWindow> {
    let mut cuts: Vec<i64> = (0..rng.random_range(2..5))
        .map(|_| rng.random_range(RANGE.start_ns..=RANGE.end_ns))
        .collect();
    cuts.sort_unstable();
    let windows = cuts.windows(2).rev().map(|cut| TraceWindow {
        range: TimeRange {
            start_ns: cut[0],
            end_ns: cut[1],
        },
        kinds: (0..rng.random_range(1..3))
            .map(|_| random_kind(rng, events))
            .collect(),
    });
    windows.collect()
}

fn random_kind(rng: &mut StdRng, events: &[Event]) -> RowKind {
    RowKind {
        any: (0..rng.random_range(0..3))
            .map(|_| {
                let count = rng.random_range(1..3);
                (0..count).map(|_| random_filter(rng, events)).collect()
            })
            .collect(),
        touches: rng.random_bool(0.3).then(|| {
            let start_ns = rng.random_range(RANGE.start_ns..RANGE.end_ns);
            TimeRange {
                start_ns,
                end_ns: start_ns + 50_000_000,
            }
        }),
    }
}

/// Every trace with its newest row that is looked for.
fn expected(events: &[Event], windows: &[TraceWindow]) -> Vec<String> {
    let mut anchors: BTreeMap<&str, i64> = BTreeMap::new();
    let kinds = windows
        .iter()
        .flat_map(|window| window.kinds.iter().map(move |kind| (window, kind)));
    for (window, kind) in kinds {
        let touching: Option<Vec<&Event>> = kind
            .touches
            .map(|range| matching(events, range, &[], FilterCombination::And));
        let mut rows: Vec<&Event> = Vec::new();
        for conditions in &kind.any {
            rows.extend(matching(
                events,
                window.range,
                conditions,
                FilterCombination::And,
            ));
        }
        if kind.any.is_empty() {
            rows = matching(events, window.range, &[], FilterCombination::And);
        }
        for row in rows {
            let Some(trace) = trace_of(row) else { continue };
            let touches = touching
                .as_ref()
                .is_none_or(|touching| touching.iter().any(|event| trace_of(event) == Some(trace)));
            if touches {
                let anchor = anchors.entry(trace).or_insert(row.timestamp_ns);
                *anchor = row.timestamp_ns.max(*anchor);
            }
        }
    }
    let mut order: Vec<(&str, i64)> = anchors.into_iter().collect();
    order.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(other.0)));
    order
        .into_iter()
        .map(|(trace, _)| trace.to_owned())
        .collect()
}

#[test]
fn every_trace_comes_once_and_in_order() {
    let mut found = 0;
    for seed in 0..CASES {
        let mut rng = StdRng::seed_from_u64(seed);
        let count = rng.random_range(1..400);
        let events = random_events(&mut rng, count, RANGE);
        let windows = random_windows(&mut rng, &events);
        let snapshot = snapshot(&mut rng, &events);
        let mut request = TraceSearch {
            limit: rng.random_range(1..20),
            rows_max: [1, 50, u64::MAX][rng.random_range(0..3)],
            windows,
            ..TraceSearch::default()
        };
        let expected = expected(&events, &request.windows);
        let mut ids = Vec::new();
        for page in 0.. {
            assert!(page < 10_000, "seed {seed}: it does not end");
            let page = search(&snapshot, &request).unwrap();
            assert!(page.trace_ids.len() <= request.limit, "seed {seed}");
            ids.extend(page.trace_ids);
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        assert_eq!(ids, expected, "seed {seed}: {request:?}");
        found += ids.len();
    }
    assert!(found > 1_000, "only {found} traces were looked for");
}

#[test]
fn traces_come_whole_and_as_many_rows_as_asked_for() {
    for seed in 0..50 {
        let mut rng = StdRng::seed_from_u64(seed);
        let events = random_events(&mut rng, 200, RANGE);
        let snapshot = snapshot(&mut rng, &events);
        let mut ids: Vec<String> = events
            .iter()
            .filter_map(trace_of)
            .map(str::to_owned)
            .collect();
        ids.dedup();
        ids.truncate(5);
        ids.push("nobody knows it".to_owned());
        let mut request = TracesRequest {
            trace_ids: ids,
            rows_max: usize::MAX,
            ..TracesRequest::default()
        };
        for (id, trace) in request
            .trace_ids
            .iter()
            .zip(traces(&snapshot, &request).unwrap())
        {
            let mut times: Vec<i64> = events
                .iter()
                .filter(|event| trace_of(event) == Some(id))
                .map(|event| event.timestamp_ns)
                .collect();
            times.sort_unstable();
            let read: Vec<i64> = trace.rows.iter().map(|row| row.timestamp_ns).collect();
            assert_eq!(read, times, "seed {seed}");
            assert_eq!(trace.row_count, times.len());
        }
        request.rows_max = 1;
        for trace in traces(&snapshot, &request).unwrap() {
            assert_eq!(trace.rows.len(), trace.row_count.min(1));
        }
    }
}

#[test]
fn a_scan_shows_every_row_of_its_part() {
    const COLUMNS: [&str; 4] = ["name", "status", "mixed", "trace.trace_id"];
    for seed in 0..50 {
        let mut rng = StdRng::seed_from_u64(seed);
        let events = random_events(&mut rng, 200, RANGE);
        let snapshot = snapshot(&mut rng, &events);
        let parts = rng.random_range(1..4);
        let mut shown: Vec<String> = Vec::new();
        for part in 0..parts {
            let request = ScanRequest {
                range: RANGE,
                key: "trace.trace_id".to_owned(),
                columns: COLUMNS.to_vec(),
                part: (part, parts),
            };
            let mut visit = |time_ns: i64, key: &str, values: &[Option<ValueRef<'_>>]| {
                let values: Vec<Option<Value>> = values
                    .iter()
                    .map(|value| value.map(ValueRef::to_owned))
                    .collect();
                shown.push(format!("{time_ns} {key} {values:?}"));
                true
            };
            scan(&snapshot, &request, &mut visit).unwrap();
        }
        let mut expected: Vec<String> = matching(&events, RANGE, &[], FilterCombination::And)
            .into_iter()
            .filter_map(|event| {
                let values: Vec<Option<Value>> = COLUMNS
                    .iter()
                    .map(|column| event.fields.get(*column).cloned())
                    .collect();
                Some(format!(
                    "{} {} {values:?}",
                    event.timestamp_ns,
                    trace_of(event)?
                ))
            })
            .collect();
        shown.sort_unstable();
        expected.sort_unstable();
        assert_eq!(shown, expected, "seed {seed}");
    }
}
