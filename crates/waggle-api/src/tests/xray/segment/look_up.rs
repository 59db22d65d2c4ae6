//! What the store is asked before documents are taken.

use super::super::Json;
use super::*;
use waggle_model::{DatasetId, QueryError, RawRow, TracesRequest, Value};

/// A call with one document of each of 50 traces.
fn of_50_traces() -> Json {
    let document = |number: u32| {
        let trace = format!("1-6740a0f0-{number:024x}");
        segment(SEGMENT, ENDED).replace(TRACE, &trace)
    };
    let documents: Vec<String> = (1..=50).map(document).collect();
    json!({ "TraceSegmentDocuments": documents })
}

/// What the store has, with nothing but a time.
fn row_at(timestamp_ns: i64) -> RawRow {
    RawRow {
        meant: Vec::new(),
        timestamp_ns,
        sample_rate: 1,
        dataset: DatasetId(1),
        fields: Vec::new(),
    }
}

#[tokio::test]
async fn a_trace_is_looked_up_once_for_all_its_documents_that_waited_for_too_long() {
    let installation = Installation::at(ticking(), without_patience()).await;
    let orphan = |number: u32| subsegment(&format!("b{number:015}"), "a100000000000007");
    let orphans: Vec<String> = (1..=5).map(orphan).collect();
    let body = json!({ "TraceSegmentDocuments": orphans });
    let answer = installation.xray("/TraceSegments", &body).await;
    assert_eq!(answer.status, 200);
    taken(&installation);
    installation.engine.many_traces_asked.lock().clear();
    settled(&installation, 10).await;
    assert_eq!(installation.engine.many_traces_asked.lock().len(), 1);
}

/// After a start the store may know of a trace what the table does not: it is asked once for all traces of a call, and not at all for
/// what begins later than anything it has.
#[tokio::test]
async fn the_traces_of_a_call_are_looked_up_together_and_only_where_the_store_may_have_them() {
    let body = of_50_traces();
    // When the documents begin, and a minute, which clients' clocks may differ by, before.
    let start_ns = 1_732_269_999_500_000_000;
    let minute_ns = 60_000_000_000;
    for (newest, asked) in [
        (None, vec![]),
        (Some(row_at(start_ns - minute_ns)), vec![]),
        (Some(row_at(start_ns - minute_ns + 1)), vec![50]),
    ] {
        let installation = Installation::new().await;
        *installation.engine.row.lock() = newest;
        for _ in 0..2 {
            let answer = installation.xray("/TraceSegments", &body).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        let asked_of = |request: &TracesRequest| request.trace_ids.len();
        let requests = installation.engine.many_traces_asked.lock();
        assert_eq!(requests.iter().map(asked_of).collect::<Vec<_>>(), asked);
        assert_eq!(
            installation.engine.rows_asked.lock().len(),
            1,
            "once a tenant"
        );
    }
}

/// Traces that are too many for one answer are asked for by fewer at once, and those without any answer with their next document.
#[tokio::test]
async fn a_look_up_that_fails_leaves_no_trace_taken_for_known() {
    let body = of_50_traces();
    let installation = Installation::new().await;
    *installation.engine.row.lock() = Some(row_at(NOW_NS));
    for (at_once_max, asked) in [
        (0, vec![50, 25, 12, 6, 3]),
        (20, vec![50, 25, 12, 24, 12, 24, 12, 14]),
        (0, vec![]),
    ] {
        *installation.engine.many_traces_max.lock() = Some(at_once_max);
        installation.engine.many_traces_asked.lock().clear();
        let answer = installation.xray("/TraceSegments", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let requests = installation.engine.many_traces_asked.lock();
        let asked_of = |request: &TracesRequest| request.trace_ids.len();
        assert_eq!(requests.iter().map(asked_of).collect::<Vec<_>>(), asked);
    }
}

/// Room for the traces that a call asks for is not made of others that it has documents of.
#[tokio::test]
async fn a_look_up_forgets_no_trace_of_its_own_call() {
    let config = ApiConfig {
        xray_entities_max: 1,
        ..ApiConfig::default()
    };
    let installation = Installation::at(ticking(), config).await;
    *installation.engine.row.lock() = Some(RawRow {
        meant: Vec::new(),
        timestamp_ns: NOW_NS,
        sample_rate: 1,
        dataset: DatasetId(1),
        fields: vec![("trace.span_id".into(), Value::String(SEGMENT.into()))],
    });
    let known = segment(SEGMENT, ENDED);
    let other = known.replace(TRACE, "1-6740a0f0-000000000000000000000009");
    for (documents, row_count) in [(vec![&known], 1), (vec![&known, &other], 1)] {
        installation.engine.many_traces_asked.lock().clear();
        let body = json!({ "TraceSegmentDocuments": documents });
        let answer = installation.xray("/TraceSegments", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(taken(&installation).len(), row_count);
        let asked = installation.engine.many_traces_asked.lock();
        assert_eq!(asked.len(), 1, "one trace is unsure");
    }
}

#[tokio::test]
async fn documents_that_waited_are_not_given_up_while_the_store_does_not_answer() {
    let installation = Installation::at(ticking(), without_patience()).await;
    let body = json!({ "TraceSegmentDocuments": [subsegment(SUBSEGMENT, SEGMENT)] });
    let answer = installation.xray("/TraceSegments", &body).await;
    assert_eq!(answer.status, 200);
    taken(&installation);
    *installation.engine.many_traces_max.lock() = Some(0);
    installation.engine.many_traces_asked.lock().clear();
    let settling = tokio::spawn(settle_segments(installation.state.clone()));
    while installation.engine.many_traces_asked.lock().len() < 2 {
        tokio::task::yield_now().await;
    }
    assert!(taken(&installation).is_empty(), "it waits for another turn");
    *installation.engine.row.lock() = Some(RawRow {
        fields: vec![
            ("service.name".into(), Value::String("shop".into())),
            ("trace.span_id".into(), Value::String(SEGMENT.into())),
        ],
        ..row_at(NOW_NS)
    });
    *installation.engine.many_traces_max.lock() = None;
    let mut rows = Vec::new();
    while rows.len() < 2 {
        tokio::task::yield_now().await;
        rows.extend(taken(&installation));
    }
    settling.abort();
    let expected = [
        format!("shop {SUBSEGMENT}"),
        format!("xray-pending {SUBSEGMENT} settled"),
    ];
    assert_eq!(rows, expected);
}

/// The store is asked by one of them, and the others wait for its answer; while it has none it is not asked again with every call.
#[tokio::test]
async fn calls_at_once_ask_for_the_newest_event_once() {
    let now_ns = Arc::new(AtomicI64::new(NOW_NS));
    let clock = {
        let now_ns = Arc::clone(&now_ns);
        Clock::new(move || now_ns.load(Ordering::Relaxed))
    };
    let installation = Installation::at(clock, ApiConfig::default()).await;
    let engine = &installation.engine;
    let body = json!({ "TraceSegmentDocuments": [segment(SEGMENT, ENDED)] });
    let asked_count = || engine.rows_asked.lock().len();
    let call = async || installation.xray("/TraceSegments", &body).await.status;
    *engine.error.lock() = Some(QueryError::Busy);
    for (later_ns, count) in [(0, 1), (9_999_999_999, 1), (1, 2)] {
        now_ns.fetch_add(later_ns, Ordering::Relaxed);
        assert_eq!(call().await, 200);
        assert_eq!(asked_count(), count, "after {later_ns} ns more");
    }
    *engine.error.lock() = None;
    now_ns.fetch_add(10_000_000_000, Ordering::Relaxed);
    let held = engine.gate.acquire().await.unwrap();
    let release = async {
        while asked_count() < 3 {
            tokio::task::yield_now().await;
        }
        // The other calls have the time to get there.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        drop(held);
    };
    let (one, two, three, ()) = tokio::join!(call(), call(), call(), release);
    assert_eq!([one, two, three], [200; 3]);
    assert_eq!(asked_count(), 3);
}
