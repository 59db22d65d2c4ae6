//! What requests for insights are refused for, before any trace is read; insights themselves are shown in the acceptance suite.
//! Source: spec/xray.md sections 3.3 and 7.

use crate::tests::Installation;
use serde_json::{Value as Json, json};

const NOW_S: i64 = 1_732_270_000;
const ID: &str = "01b8fb66-0123-5abc-adef-0123456789ab";

fn with(mut members: Json, more: &Json) -> Json {
    let members_of = members.as_object_mut().unwrap();
    members_of.extend(more.as_object().unwrap().clone());
    members
}

#[tokio::test]
async fn a_group_whose_insights_are_off_has_none() {
    let installation = Installation::new().await;
    installation
        .xray_done("/CreateGroup", &json!({"GroupName": "quiet"}))
        .await;
    let hour = json!({"StartTime": NOW_S - 3_600, "EndTime": NOW_S});
    for group in [
        json!({"GroupName": "quiet"}),
        json!({"GroupName": "Default"}),
        // Of all groups that have some.
        json!({}),
    ] {
        let sent = with(hour.clone(), &group);
        let answer = installation.xray_done("/InsightSummaries", &sent).await;
        assert_eq!(answer, json!({"InsightSummaries": []}));
    }
    let text = format!("there is no insight {ID}");
    let named = json!({"InsightId": ID});
    for path in ["/Insight", "/InsightEvents", "/InsightImpactGraph"] {
        let sent = with(hour.clone(), &named);
        installation.xray_refused(path, &sent, &text).await;
    }
}

#[tokio::test]
async fn ranges_states_pages_and_ids_are_checked() {
    let installation = Installation::new().await;
    let hour = json!({"GroupName": "Default", "StartTime": NOW_S - 3_600, "EndTime": NOW_S});
    for (more, text) in [
        (
            json!({"StartTime": NOW_S - 31 * 86_400}),
            "StartTime must not be more than 30 days ago",
        ),
        (
            json!({"StartTime": NOW_S + 1}),
            "StartTime must not be after EndTime",
        ),
        (json!({"EndTime": null}), "EndTime must be given"),
        (
            json!({"GroupARN": "arn:aws:xray:r:000000000000:group/Default"}),
            "only one of GroupName and GroupARN",
        ),
        (json!({"GroupName": "nobody"}), "there is no group nobody"),
        (json!({"States": ["ACTIVE", "CLOSED"]}), "States must have"),
        (json!({"States": ["OPEN"]}), "not \"OPEN\""),
        (
            json!({"MaxResults": 0}),
            "MaxResults must be between 1 and 100",
        ),
        (json!({"MaxResults": 101}), "MaxResults must be between"),
    ] {
        let sent = with(hour.clone(), &more);
        installation
            .xray_refused("/InsightSummaries", &sent, text)
            .await;
    }
    let sent = json!({"InsightId": ID, "MaxResults": 51});
    installation
        .xray_refused("/InsightEvents", &sent, "between 1 and 50")
        .await;
    let sent = json!({"InsightId": ID, "StartTime": NOW_S - 21_601, "EndTime": NOW_S});
    installation
        .xray_refused("/InsightImpactGraph", &sent, "at most six hours apart")
        .await;
    for id in [
        json!(null),
        json!("x"),
        json!("01b8fb66-0123-4abc-adef-0123456789ab"),
    ] {
        installation
            .xray_refused("/Insight", &json!({"InsightId": id}), "InsightId must")
            .await;
    }
}
