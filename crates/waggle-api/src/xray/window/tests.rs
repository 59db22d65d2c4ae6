//! The three meanings of a range over the golden trace T1, spec/xray.md section 9.2, and the rows that are looked for.

use super::{NS_PER_S, RangeType};
use waggle_model::{RowSet, TimeRange};
use waggle_wire::xray::{Document, TraceId};
use waggle_xray::{Parts, Trace, entities_of_document};

fn t1() -> Trace {
    let documents = [
        r#"{"name":"shop.example","id":"a100000000000001","trace_id":"1-6a000000-000000000000000000000001","start_time":1778384900.0,"end_time":1778384900.24,"subsegments":[{"id":"a100000000000002","name":"pricing.example","start_time":1778384900.02,"end_time":1778384900.12}]}"#,
        r#"{"name":"pricing.example","id":"b100000000000001","trace_id":"1-6a000000-000000000000000000000001","parent_id":"a100000000000002","start_time":1778384900.03,"end_time":1778384900.11}"#,
    ];
    let documents = documents.map(|text| Document::parse(text.as_bytes()).unwrap());
    let parts = Parts {
        entities: documents.iter().flat_map(entities_of_document).collect(),
        ..Parts::default()
    };
    Trace::new(
        TraceId::parse("1-6a000000-000000000000000000000001").unwrap(),
        parts,
    )
}

fn found(start_ms: i64, end_ms: i64) -> Vec<RangeType> {
    let base_ms = 1_778_384_900_000;
    let range = TimeRange {
        start_ns: (base_ms + start_ms) * 1_000_000,
        end_ns: (base_ms + end_ms) * 1_000_000,
    };
    let types = [RangeType::TraceId, RangeType::Event, RangeType::Service];
    types
        .into_iter()
        .filter(|range_type| range_type.matches(&t1(), range).is_some())
        .collect()
}

#[test]
fn the_golden_trace_is_in_these_ranges() {
    assert_eq!(found(-4_000, 0), [RangeType::TraceId]);
    assert_eq!(found(100, 200), [RangeType::Event, RangeType::Service]);
    assert_eq!(
        found(-4_000, 1_000),
        [RangeType::TraceId, RangeType::Event, RangeType::Service]
    );
    assert_eq!(found(241, 1_000), []);
    let range = TimeRange {
        start_ns: 1_778_384_900_100_000_000,
        end_ns: 1_778_384_900_200_000_000,
    };
    assert_eq!(
        RangeType::Event.matches(&t1(), range),
        Some(Some(1_778_384_900_240_000_000))
    );
}

#[test]
fn an_id_without_a_time_counts_by_the_start_of_its_trace() {
    let mut trace = t1();
    trace.id = TraceId::parse("ff000000000000000000000000000001").unwrap();
    let range = TimeRange {
        start_ns: 1_778_384_900 * NS_PER_S,
        end_ns: 1_778_384_901 * NS_PER_S,
    };
    assert_eq!(RangeType::TraceId.matches(&trace, range), Some(None));
}

#[test]
fn windows_follow_each_other_without_gaps() {
    let range = TimeRange {
        start_ns: 10_000 * NS_PER_S,
        end_ns: 10_060 * NS_PER_S,
    };
    let spread_ns = 900 * NS_PER_S;
    let some = RowSet::default();
    for range_type in [RangeType::TraceId, RangeType::Event, RangeType::Service] {
        for rows in [None, Some(&some)] {
            let windows = range_type.windows(range, spread_ns, rows);
            for pair in windows.windows(2) {
                assert_eq!(pair[0].range.start_ns, pair[1].range.end_ns);
            }
            let last = windows.last().unwrap();
            assert_eq!(last.range.start_ns, range.start_ns - spread_ns);
        }
    }
}
