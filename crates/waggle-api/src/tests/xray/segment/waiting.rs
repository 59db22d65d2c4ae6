//! Documents whose events have to wait, and what becomes of them.

use super::*;

#[tokio::test]
async fn a_document_that_waits_for_too_long_gets_its_events() {
    let installation = Installation::with(without_patience()).await;
    let documents = [
        segment(SEGMENT, r#","in_progress":true"#),
        subsegment(SUBSEGMENT, "a100000000000007"),
    ];
    for document in documents {
        let body = json!({ "TraceSegmentDocuments": [document] });
        let answer = installation.xray("/TraceSegments", &body).await;
        assert_eq!(answer.status, 200);
    }
    taken(&installation);
    let mut rows = settled(&installation, 4).await;
    rows.sort();
    assert_eq!(
        rows,
        [
            format!("shop {SEGMENT}"),
            format!("unknown_service:xray {SUBSEGMENT}"),
            format!("xray-pending {SEGMENT} settled"),
            format!("xray-pending {SUBSEGMENT} settled"),
        ]
    );
}

/// What was acknowledged is never lost: where its own dataset refuses it, it goes elsewhere, and where everything does, it waits on.
#[tokio::test]
async fn a_document_that_waited_is_not_lost_when_the_store_refuses_it() {
    let installation = Installation::new().await;
    let put = async |document: &str| {
        let body = json!({ "TraceSegmentDocuments": [document] });
        let answer = installation.xray("/TraceSegments", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["UnprocessedTraceSegments"].clone()
    };
    put(&subsegment(SUBSEGMENT, SEGMENT)).await;
    taken(&installation);
    installation
        .sink
        .set(Mood::RefuseDatasets(&["shop", "unknown_service:xray"]));
    let whole = segment(SEGMENT, ENDED);
    assert_eq!(put(&whole).await[0]["Id"], SEGMENT);
    assert!(taken(&installation).is_empty(), "it waits on");
    let metrics = &installation.state.metrics;
    assert_eq!(metrics.xray_documents_of(XrayOutcome::Stuck), 1);

    installation.sink.set(Mood::RefuseDatasets(&["shop"]));
    assert_eq!(put(&whole).await[0]["Id"], SEGMENT);
    let rows = installation.sink.take();
    let elsewhere = format!(r#"trace.span_id="{SUBSEGMENT}""#);
    let is_elsewhere = |row: &String| {
        row.starts_with("unknown_service:xray")
            && row.contains(&elsewhere)
            && row.contains(r#"service.name="shop""#)
    };
    assert!(rows.iter().any(is_elsewhere), "{rows:?}");
    assert!(
        rows.iter()
            .any(|row| row.contains("xray.settled=true") && row.contains(&elsewhere)),
        "{rows:?}"
    );
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(metrics.xray_documents_of(XrayOutcome::Misplaced) > 0);
    installation.sink.set(Mood::Take);
    assert_eq!(put(&whole).await, json!([]));
    assert_eq!(taken(&installation), [format!("shop {SEGMENT}")]);
}

/// A key that may not make datasets sends the segment of a service that has none: what waited for it is not misplaced for that.
#[tokio::test]
async fn a_document_that_waited_goes_where_another_key_may_send_it() {
    let installation = Installation::new().await;
    let body = |document: String| json!({ "TraceSegmentDocuments": [document] });
    let orphan = body(subsegment(SUBSEGMENT, SEGMENT));
    let answer = installation.xray("/TraceSegments", &orphan).await;
    assert_eq!(answer.status, 200);
    taken(&installation);
    let whole = body(segment(SEGMENT, ENDED));
    let limited = installation.aws_key_with(installation.production, [Permission::SendEvents]);
    let limited = limited.await;
    let call = installation.ask("POST", "/TraceSegments").json(&whole);
    let answer = call.signed_by(&limited).send().await;
    let unprocessed = &answer.json()["UnprocessedTraceSegments"];
    assert_eq!(unprocessed[0]["Id"], SEGMENT);
    assert!(taken(&installation).is_empty(), "it waits on");
    let answer = installation.xray("/TraceSegments", &whole).await;
    assert_eq!(answer.json()["UnprocessedTraceSegments"], json!([]));
    let mut rows = taken(&installation);
    rows.sort();
    assert_eq!(
        rows,
        [
            format!("shop {SEGMENT}"),
            format!("shop {SUBSEGMENT}"),
            format!("xray-pending {SUBSEGMENT} settled"),
        ]
    );
}

/// A later document of its entity may be durable by the time of the note, and wait.
#[tokio::test]
async fn a_note_settles_no_more_than_the_document_it_comes_with() {
    let installation = Installation::at(ticking(), without_patience()).await;
    let body = json!({"TraceSegmentDocuments": [segment(SEGMENT, r#","in_progress":true"#)]});
    let answer = installation.xray("/TraceSegments", &body).await;
    assert_eq!(answer.status, 200);
    let received = |row: &String| {
        let (_, rest) = row.split_once("xray.received_ns=").unwrap();
        rest.split([',', '}']).next().unwrap().to_owned()
    };
    let waits: Vec<_> = installation.sink.take().iter().map(received).collect();
    let settling = tokio::spawn(settle_segments(installation.state.clone()));
    let mut rows = Vec::new();
    while rows.len() < 2 {
        tokio::task::yield_now().await;
        rows.extend(installation.sink.take());
    }
    settling.abort();
    let notes = rows.iter().filter(|row| row.contains("xray.settled=true"));
    assert_eq!(notes.map(received).collect::<Vec<_>>(), waits);
}

#[tokio::test]
async fn who_sends_what_would_have_to_wait_is_sent_away_when_too_much_does() {
    let installation = Installation::with(ApiConfig {
        xray_pending_bytes_max: 2_000,
        ..ApiConfig::default()
    })
    .await;
    let body = |document: String| json!({ "TraceSegmentDocuments": [document] });
    for (number, status) in [(1, 200), (2, 200), (3, 503)] {
        let orphan = subsegment(&format!("b{number:015}"), "a100000000000007");
        let answer = installation.xray("/TraceSegments", &body(orphan)).await;
        assert_eq!(answer.status, status, "{number}");
    }
    let whole = body(segment(SEGMENT, ENDED));
    let answer = installation.xray("/TraceSegments", &whole).await;
    assert_eq!(answer.status, 200);
    let settling = tokio::spawn(settle_segments(installation.state.clone()));
    loop {
        let orphan = subsegment("b000000000000003", "a100000000000007");
        let answer = installation.xray("/TraceSegments", &body(orphan)).await;
        if answer.status == 200 {
            break;
        }
    }
    settling.abort();
}
