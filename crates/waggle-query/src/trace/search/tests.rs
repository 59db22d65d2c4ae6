//! Random searches, page by page, against what a loop over all rows finds; and the traces and columns that are read afterwards.

use super::{SLICE_ROWS, find_traces, next_slice_ns};
use crate::exec::ExecError;
use crate::filter::Remembered;
use crate::testing::{scan, search, snapshot, source, traces, watch_of_bytes};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use waggle_model::{
    DatasetId, DatasetScope, FilterCombination, FilterOp, FilterSpec, FilterValue, QueryError,
    RowKind, RowSet, ScanRequest, TimeRange, TraceCursor, TraceSearch, TraceWindow, TracesRequest,
    Value, ValueRef,
};
use waggle_store::Snapshot;
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
        rows: random_rows(rng, events),
        touches: rng.random_bool(0.3).then(|| {
            let start_ns = rng.random_range(RANGE.start_ns..RANGE.end_ns);
            TimeRange {
                start_ns,
                end_ns: start_ns + 50_000_000,
            }
        }),
    }
}

fn random_rows(rng: &mut StdRng, events: &[Event]) -> RowSet {
    let group = |rng: &mut StdRng| {
        let alternative = |rng: &mut StdRng| {
            let count = rng.random_range(1..3);
            (0..count).map(|_| random_filter(rng, events)).collect()
        };
        let count = rng.random_range(1..3);
        (0..count).map(|_| alternative(rng)).collect()
    };
    let count = rng.random_range(0..3);
    RowSet {
        groups: (0..count).map(|_| group(rng)).collect(),
    }
}

/// The rows of a set, by a loop over all.
fn rows_of<'e>(events: &'e [Event], range: TimeRange, set: &RowSet) -> Vec<&'e Event> {
    let mut rows = matching(events, range, &[], FilterCombination::And);
    for group in &set.groups {
        let passing: HashSet<*const Event> = group
            .iter()
            .flat_map(|conditions| matching(events, range, conditions, FilterCombination::And))
            .map(std::ptr::from_ref)
            .collect();
        rows.retain(|row| passing.contains(&std::ptr::from_ref(*row)));
    }
    rows
}

/// Every trace with its newest row that is looked for.
fn expected(events: &[Event], windows: &[TraceWindow], with: &[RowSet]) -> Vec<String> {
    let mut anchors: BTreeMap<&str, i64> = BTreeMap::new();
    let kinds = windows
        .iter()
        .flat_map(|window| window.kinds.iter().map(move |kind| (window, kind)));
    for (window, kind) in kinds {
        let touching: Option<Vec<&Event>> = kind
            .touches
            .map(|range| matching(events, range, &[], FilterCombination::And));
        for row in rows_of(events, window.range, &kind.rows) {
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
    for set in with {
        let rows = rows_of(events, TimeRange::ALL, set);
        anchors.retain(|trace, _| rows.iter().any(|row| trace_of(row) == Some(trace)));
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
        let with_count = [0, 0, 1, 2][rng.random_range(0..4)];
        let with = (0..with_count).map(|_| random_rows(&mut rng, &events));
        let with = with.collect();
        let snapshot = snapshot(&mut rng, &events);
        let mut request = TraceSearch {
            with,
            limit: rng.random_range(1..20),
            rows_max: [1, 50, u64::MAX][rng.random_range(0..3)],
            windows,
            ..TraceSearch::default()
        };
        let expected = expected(&events, &request.windows, &request.with);
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
            bytes_max: usize::MAX,
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

/// Of rows of one nanosecond a limit leaves the same ones, however they lie in sources and whichever thread is first.
#[test]
fn the_rows_that_a_limit_leaves_depend_on_nothing_but_the_rows() {
    let events: Vec<Event> = (0..90)
        .map(|row| Event {
            dataset: DatasetId(1),
            timestamp_ns: 5 + row / 30,
            sample_rate: 1,
            fields: BTreeMap::from([
                (
                    "trace.trace_id".to_owned(),
                    Value::String(format!("t{}", row % 2)),
                ),
                ("row".to_owned(), Value::Int(row)),
            ]),
        })
        .collect();
    let request = |rows_max| TracesRequest {
        trace_ids: vec!["t0".to_owned(), "t1".to_owned()],
        rows_max,
        bytes_max: usize::MAX,
        ..TracesRequest::default()
    };
    for rows_max in [0, 1, 10, 15, 20, 45, 100] {
        let mut known: Option<Vec<String>> = None;
        for part in [1, 7, 30, 90] {
            let parts = events.chunks(part).enumerate();
            let mut sources: Vec<_> = parts
                .map(|(index, part)| source(&part.iter().collect::<Vec<_>>(), index % 3 == 0))
                .collect();
            sources.reverse();
            let read = traces(&Snapshot { sources }, &request(rows_max)).unwrap();
            assert!(read.iter().all(|trace| trace.row_count == 45));
            assert!(
                read.iter()
                    .all(|trace| trace.rows.len() == rows_max.min(45))
            );
            let rows: Vec<String> = read
                .iter()
                .map(|trace| format!("{:?}", trace.rows))
                .collect();
            let known = known.get_or_insert_with(|| rows.clone());
            assert_eq!(*known, rows, "{rows_max} rows, parts of {part}");
        }
    }
}

/// A few rows of many bytes behind many of few: what was read so far says nothing of them.
#[test]
fn large_rows_behind_small_ones_do_not_overshoot_what_may_be_read() {
    const LARGE_BYTES: usize = 100_000;
    const BYTES_MAX: usize = 4 * LARGE_BYTES;
    let events = events_of(600, |_| "a".to_owned());
    let events: Vec<Event> = (0..)
        .zip(events)
        .map(|(number, mut event)| {
            if number >= 300 {
                let text = Value::String("x".repeat(LARGE_BYTES));
                event.fields.insert("large".to_owned(), text);
            }
            event
        })
        .collect();
    let snapshot = Snapshot {
        sources: vec![source(&events.iter().collect::<Vec<_>>(), false)],
    };
    let request = TracesRequest {
        trace_ids: vec!["a".to_owned()],
        rows_max: usize::MAX,
        bytes_max: BYTES_MAX,
        ..TracesRequest::default()
    };
    let read = traces(&snapshot, &request).unwrap();
    let large = |row: &&waggle_model::RawRow| row.fields.iter().any(|(name, _)| name == "large");
    let count = read[0].rows.iter().filter(large).count();
    assert!((1..=4).contains(&count), "{count} large rows");
    // One row there is in any case.
    let request = TracesRequest {
        bytes_max: 1,
        ..request
    };
    assert_eq!(traces(&snapshot, &request).unwrap()[0].rows.len(), 1);
}

#[test]
fn what_is_read_of_traces_at_once_is_bounded() {
    // Of 2,000 rows three in four are of the first trace, which does not fit alone.
    let trace_of = |number: i64| match number % 40 {
        0..30 => "a".to_owned(),
        rest => format!("b{rest}"),
    };
    let events = events_of(2_000, trace_of);
    let mut rng = StdRng::seed_from_u64(1);
    let snapshot = snapshot(&mut rng, &events);
    let mut left: Vec<String> = (30..40).map(|number| format!("b{number}")).collect();
    left.insert(2, "a".to_owned());
    left.push("nobody knows it".to_owned());
    let mut shown = Vec::new();
    while !left.is_empty() {
        let request = TracesRequest {
            trace_ids: left.clone(),
            rows_max: usize::MAX,
            bytes_max: 50_000,
            ..TracesRequest::default()
        };
        let read = traces(&snapshot, &request).unwrap();
        assert!(!read.is_empty());
        let row_count: usize = read.iter().map(|trace| trace.rows.len()).sum();
        assert!(
            row_count < 700,
            "{row_count} rows are more than 50,000 bytes"
        );
        for (id, trace) in left.drain(..read.len()).zip(read) {
            shown.push((id, trace.rows.len(), trace.row_count));
        }
    }
    for (id, row_count, of) in shown {
        match id.as_str() {
            "a" => assert!(0 < row_count && row_count < of && of == 1_500),
            "nobody knows it" => assert_eq!((row_count, of), (0, 0)),
            _ => assert_eq!((row_count, of), (50, 50), "{id}"),
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
                scope: DatasetScope::All,
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

/// Events of one dataset, the number of each its time in microseconds.
fn events_of(count: i64, trace_of: impl Fn(i64) -> String) -> Vec<Event> {
    let event = |number: i64| Event {
        timestamp_ns: number * 1_000,
        sample_rate: 1,
        dataset: DatasetId(1),
        fields: BTreeMap::from([
            ("trace.trace_id".to_owned(), Value::String(trace_of(number))),
            ("number".to_owned(), Value::Int(number)),
        ]),
    };
    (0..count).map(event).collect()
}

fn whole(any: Vec<Vec<FilterSpec>>) -> TraceSearch {
    TraceSearch {
        windows: vec![TraceWindow {
            range: RANGE,
            kinds: vec![RowKind {
                rows: RowSet {
                    groups: (!any.is_empty()).then_some(any).into_iter().collect(),
                },
                touches: None,
            }],
        }],
        limit: 10,
        rows_max: u64::MAX,
        ..TraceSearch::default()
    }
}

/// A long trace, whose oldest row alone is looked for: its newer rows are tested a chunk at a time, not a chunk for each.
#[test]
fn a_long_trace_is_tested_once_per_chunk() {
    const ROWS: i64 = 5_000;
    let events = events_of(ROWS, |_| "long".to_owned());
    let events: Vec<&Event> = events.iter().collect();
    for is_block in [false, true] {
        let snapshot = Snapshot {
            sources: vec![source(&events, is_block)],
        };
        let mut request = whole(vec![vec![FilterSpec {
            column: "number".to_owned(),
            op: FilterOp::Less,
            value: FilterValue::One(Value::Int(1)),
        }]]);
        request.after = Some(TraceCursor {
            time_ns: 1_000,
            trace_id: String::new(),
        });
        let page = search(&snapshot, &request).unwrap();
        assert_eq!(page.trace_ids, ["long"]);
        let rows_read = page.stats.rows_read;
        assert!(
            (ROWS as u64..4 * ROWS as u64).contains(&rows_read),
            "{rows_read} rows"
        );
    }
}

#[test]
fn a_search_holds_no_more_memory_than_it_may() {
    let events = events_of(2_000, |number| format!("{number:0>100}"));
    let events: Vec<&Event> = events.iter().collect();
    let snapshot = Snapshot {
        sources: vec![source(&events, false)],
    };
    let remembered = Arc::new(Remembered::new(1 << 20, 1_000));
    let find = |bytes_max| {
        let snapshot = |_| Ok(snapshot.clone());
        let watch = Arc::new(watch_of_bytes(bytes_max));
        find_traces(&snapshot, &whole(Vec::new()), &remembered, &watch)
    };
    assert_eq!(find(10 << 20).unwrap().trace_ids.len(), 10);
    // The ids alone have 200,000 bytes.
    let refused = find(200_000);
    assert!(matches!(
        refused,
        Err(ExecError::Query(QueryError::TooLarge { what: "bytes", .. }))
    ));
}

#[test]
fn slices_grow_through_what_is_empty_and_shrink_at_a_heap() {
    let mut slice_ns = 10;
    let mut lengths = Vec::new();
    for rows in [0, 1, 2, 3, SLICE_ROWS, SLICE_ROWS + 1, 0] {
        slice_ns = next_slice_ns(slice_ns, 10, rows);
        lengths.push(slice_ns);
    }
    assert_eq!(lengths, [40, 160, 160, 160, 160, 10, 40]);
    assert_eq!(next_slice_ns(i64::MAX, i64::MAX, 0), i64::MAX);
}
