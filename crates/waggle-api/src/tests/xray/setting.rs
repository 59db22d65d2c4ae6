//! What can be set and has no choice: what is so is answered, what is not is refused.

use crate::tests::Installation;
use serde_json::json;

#[tokio::test]
async fn what_is_so_can_be_set() {
    let installation = Installation::new().await;
    let encryption = json!({"EncryptionConfig": {"Status": "ACTIVE", "Type": "NONE"}});
    let destination = json!({"Destination": "XRay", "Status": "ACTIVE"});
    let rule = json!({
        "Name": "Default",
        "ModifiedAt": 0,
        "Rule": {"Probabilistic": {
            "DesiredSamplingPercentage": 100.0,
            "ActualSamplingPercentage": 100.0,
        }},
    });
    let hundred =
        json!({"Name": "Default", "Rule": {"Probabilistic": {"DesiredSamplingPercentage": 100}}});
    for (path, sent, expected) in [
        ("/EncryptionConfig", json!({}), encryption.clone()),
        ("/PutEncryptionConfig", json!({"Type": "NONE"}), encryption),
        (
            "/GetIndexingRules",
            json!({}),
            json!({"IndexingRules": [rule]}),
        ),
        (
            "/UpdateIndexingRule",
            hundred,
            json!({"IndexingRule": rule}),
        ),
        (
            "/GetTraceSegmentDestination",
            json!({}),
            destination.clone(),
        ),
        (
            "/UpdateTraceSegmentDestination",
            json!({"Destination": "XRay"}),
            destination,
        ),
    ] {
        installation.xray(path, &sent).await.check(200, &expected);
    }
}

#[tokio::test]
async fn what_is_not_so_is_refused() {
    let installation = Installation::new().await;
    let percent = |name: &str, percent: f64| json!({"Name": name, "Rule": {"Probabilistic": {"DesiredSamplingPercentage": percent}}});
    for (path, sent, text) in [
        ("/PutEncryptionConfig", json!({}), "Type must be given"),
        (
            "/PutEncryptionConfig",
            json!({"Type": "AES"}),
            "Type must be one of NONE, KMS",
        ),
        (
            "/PutEncryptionConfig",
            json!({"Type": "KMS", "KeyId": "alias/a"}),
            "KMS is not offered",
        ),
        (
            "/PutEncryptionConfig",
            json!({"Type": "NONE", "KeyId": "alias/a"}),
            "KeyId must be absent",
        ),
        (
            "/GetIndexingRules",
            json!({"NextToken": "x"}),
            "NextToken is not one",
        ),
        (
            "/UpdateIndexingRule",
            json!({"Name": "Default"}),
            "Rule must be given",
        ),
        (
            "/UpdateIndexingRule",
            percent("Default", 5.0),
            "Rule.Probabilistic.DesiredSamplingPercentage must be 100",
        ),
        (
            "/UpdateIndexingRule",
            percent("Default", 101.0),
            "must be between 0 and 100, is 101",
        ),
        (
            "/UpdateTraceSegmentDestination",
            json!({"Destination": "CloudWatchLogs"}),
            "Destination must be XRay",
        ),
        (
            "/UpdateTraceSegmentDestination",
            json!({"CloudWatchLogsConfiguration": {}}),
            "Destination must be XRay",
        ),
    ] {
        let answer = installation.xray(path, &sent).await;
        answer.check_xray_error(400, "InvalidRequestException", text);
    }
    let answer = installation
        .xray("/UpdateIndexingRule", &percent("Other", 100.0))
        .await;
    answer.check_xray_error(404, "ResourceNotFoundException", "Other");
    assert_eq!(answer.json()["ResourceName"], "Other");
}
