//! What the process says about itself.

use super::Installation;
use super::sink::Mood;
use serde_json::json;

#[tokio::test]
async fn the_counters_tell_what_happened() {
    let installation = Installation::new().await;
    let batch = json!([{"data": {"n": 1}}, {"data": {}}, {"data": {"n": 2}}]);
    installation
        .ask_with_key("POST", "/1/batch/shop")
        .json(&batch)
        .send()
        .await;
    installation
        .ask("POST", "/1/events/shop")
        .json(&json!({"n": 1}))
        .send()
        .await;
    installation.sink.set(Mood::Busy);
    installation
        .ask_with_key("POST", "/1/batch/shop")
        .json(&batch)
        .send()
        .await;
    let answer = installation.ask("GET", "/metrics").send().await;
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    let text = answer.text();
    for line in [
        r#"waggle_events_accepted_total{protocol="Batch"} 2"#,
        r#"waggle_events_rejected_total{protocol="Batch",reason="empty"} 2"#,
        r#"waggle_events_rejected_total{protocol="Batch",reason="busy"} 1"#,
        r#"waggle_events_rejected_total{protocol="Events",reason="unknown_key"} 1"#,
        r#"waggle_http_requests_total{method="POST",route="/1/batch/{*dataset}",status="200"} 1"#,
        r#"waggle_http_requests_total{method="POST",route="/1/batch/{*dataset}",status="429"} 1"#,
        r#"waggle_http_request_seconds_count{route="/1/batch/{*dataset}"} 2"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[tokio::test]
async fn health_needs_no_key() {
    let installation = Installation::new().await;
    for path in ["/healthz", "/readyz"] {
        let answer = installation.ask("GET", path).send().await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"));
    }
}

#[tokio::test]
async fn what_no_face_has_goes_to_the_ui_unless_a_program_asks() {
    let installation = Installation::new().await;
    for path in ["/", "/default/environments/production", "/1", "/apiary"] {
        let answer = installation.ask("GET", path).send().await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, "the page of the UI")
        );
    }
    let answer = installation.ask("GET", "/1/nothing").send().await;
    answer.check(
        404,
        &json!({
            "status": 404, "type": "http://waggle.test:8080/problems/not-found",
            "title": "The requested resource cannot be found.",
            "error": "no route for /1/nothing", "detail": "no route for /1/nothing", "instance": "/1/nothing",
        }),
    );
    assert_eq!(answer.header("content-type"), "application/problem+json");
    installation
        .ask("GET", "/api/nothing")
        .send()
        .await
        .check_error(404, "no route for /api/nothing");
    let answer = installation.ask("GET", "/1/events/shop").send().await;
    answer.check_error(405, "/1/events/shop has no such method");
}
