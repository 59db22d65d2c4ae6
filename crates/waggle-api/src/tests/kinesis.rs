//! `/1/kinesis_events`: the key in Firehose's header, its id repeated, and what it is told when records are refused.

use super::sink::Mood;
use super::{Answer, Call, Installation, NOW_NS, gzip};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use waggle_metastore::KeyKind;
use waggle_model::RejectReason;

const ID: &str = "ed4acda5-034f-9f42-bba1-f29aea6d7d8f";
const NOW_MS: i64 = NOW_NS / 1_000_000;

fn delivery(records: &[Vec<u8>]) -> Value {
    let records: Vec<_> = records
        .iter()
        .map(|record| json!({"data": STANDARD.encode(record)}))
        .collect();
    json!({"requestId": ID, "timestamp": 1_578_090_901_599_i64, "records": records})
}

fn call(installation: &Installation, key: &str) -> Call {
    installation
        .ask("POST", "/1/kinesis_events/AWS%20Logs")
        .header("x-amz-firehose-access-key", key)
        .header("x-amz-firehose-request-id", ID)
        .header("content-type", "application/json")
}

#[track_caller]
fn check(answer: &Answer, status: u16, message: Option<&str>) {
    let mut expected = json!({"requestId": ID, "timestamp": NOW_MS});
    if let Some(message) = message {
        expected["errorMessage"] = message.into();
    }
    answer.check(status, &expected);
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn records_are_stored_and_the_id_is_repeated() {
    let installation = Installation::new().await;
    let logs = json!({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s", "logEvents": [
        {"id": "7", "timestamp": 1_699_999_999_123_i64, "message": "hello"}]});
    let records = [gzip(logs.to_string().as_bytes()), br#"{"n":1}"#.to_vec()];
    let body = delivery(&records).to_string().into_bytes();
    let expected = [
        "AWS Logs: {id=\"7\", logGroup=\"g\", logStream=\"s\", message=\"hello\", owner=\"1\"} @1699999999123000000 x1"
            .to_owned(),
        format!("AWS Logs: {{n=1}} @{NOW_NS} x1"),
    ];
    let plain = call(&installation, &installation.key).body(body.clone());
    let packed = call(&installation, &installation.key)
        .header("content-encoding", "gzip")
        .body(gzip(&body));
    for call in [plain, packed] {
        check(&call.send().await, 200, None);
        assert_eq!(installation.sink.take(), expected);
    }
    // A key in the usual header will do too, as with every other door.
    let answer = installation
        .ask_with_key("POST", "/1/kinesis_events/AWS%20Logs")
        .header("x-amz-firehose-request-id", ID)
        .body(body)
        .send()
        .await;
    check(&answer, 200, None);
}

#[tokio::test]
async fn keys_are_asked_for_first() {
    let installation = Installation::new().await;
    for key in ["", "nobodys"] {
        let answer = call(&installation, key).body("{").send().await;
        check(
            &answer,
            401,
            Some("unknown API key - check your credentials"),
        );
    }
    let answer = installation
        .ask_with_key("POST", "/1/kinesis_events/logs")
        .json(&delivery(&[]))
        .send()
        .await;
    let message = "the header X-Amz-Firehose-Request-Id is missing";
    let expected = json!({"requestId": "", "timestamp": NOW_MS, "errorMessage": message});
    answer.check(400, &expected);
    let answer = call(&installation, &installation.key)
        .body("{")
        .send()
        .await;
    let malformed = "Request body is malformed and cannot be read.";
    check(&answer, 400, Some(malformed));
    assert!(installation.sink.take().is_empty());
}

#[tokio::test]
async fn what_is_refused_is_said() {
    let installation = Installation::new().await;
    let records = [br#"{"n":1}"#.to_vec(), br#"{"n":2}"#.to_vec()];
    let send = async |mood| {
        installation.sink.set(mood);
        call(&installation, &installation.key)
            .json(&delivery(&records))
            .send()
            .await
    };
    let answer = send(Mood::Refuse(1, RejectReason::DatasetTooManyColumns)).await;
    let message = "events refused: 1, first reason: Dataset has too many columns.";
    check(&answer, 200, Some(message));
    for mood in [Mood::Busy, Mood::Full, Mood::Stopped] {
        let answer = send(mood).await;
        let message = "the server is not taking in events, try again later";
        check(&answer, 503, Some(message));
        assert_eq!(answer.header("retry-after"), "1");
    }

    let installation = Installation::new().await;
    let poor = installation
        .key_with(installation.production, KeyKind::Ingest, [])
        .await;
    let answer = call(&installation, &poor)
        .json(&delivery(&records))
        .send()
        .await;
    let message = "events refused: 2, first reason: dataset not found";
    check(&answer, 400, Some(message));
}
