//! boto3 asks for insights: a bank fails for seven minutes, and the shop that asks it is not taken for the cause.

use crate::clients::python;
use crate::server::{Server, run_client};
use crate::xray_api::aws_key;
use serde_json::{Value, json};

fn impact(fault: u64, ok: u64) -> Value {
    json!({"FaultCount": fault, "OkCount": ok, "TotalCount": fault + ok})
}

#[test]
fn insights_name_the_service_whose_faults_became_more() {
    let Some(mut client) = python("xray_insights.py") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let (id, secret) = aws_key(data.path());
    let seen = run_client(
        client
            .env("WAGGLE_ENDPOINT", &server.origin)
            .env("AWS_ACCESS_KEY_ID", &id)
            .env("AWS_SECRET_ACCESS_KEY", &secret),
    );
    let service = |name: &str| json!({"Name": name, "Names": [name], "Type": ""});
    let affected = |name: &str| json!({"ServiceId": service(name)});
    // 10 requests a minute, 7 minutes, half of them fail at the bank; the shop's own fault each fifth minute falls on the odd numbers.
    let expected = |group: &str| {
        json!([{
            "GroupName": group, "RootCauseServiceId": service("bank"), "Categories": ["FAULT"], "State": "CLOSED",
            "StartTime": 70.0, "EndTime": 77.0,
            "Summary": "35 of 70 requests to bank failed, 50.0 %; of those in the hour before 0.0 % failed by themselves.",
            "ClientRequestImpactStatistics": impact(37, 33),
            "RootCauseServiceRequestImpactStatistics": impact(35, 35),
            "TopAnomalousServices": [affected("bank"), affected("shop")],
        }])
    };
    let summaries = &seen["summaries"];
    assert_eq!(summaries["all"], expected("all"));
    assert_eq!(summaries["shops"], expected("shops"));
    for group in ["nobody", "unwatched", "Default"] {
        assert_eq!(summaries[group], json!([]), "{group}");
    }
    assert_eq!(
        seen["events"],
        json!([[75.0, impact(25, 25)], [77.0, impact(10, 10)]])
    );
    assert_eq!(
        seen["graph"],
        json!({"services": {"shop/": ["bank/"], "shop/client": ["shop/"], "bank/": []}, "time": [70.0, 77.0]})
    );
    assert_eq!(seen["active"], json!(["ACTIVE", "late", false]));
    assert_eq!(seen["every"], json!(["Default", "all", "shops"]));
    let refused: Vec<&str> = seen["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refusal| {
            assert_eq!(refusal[0], "InvalidRequestException");
            refusal[1].as_str().unwrap()
        })
        .collect();
    assert_eq!(
        refused,
        [
            "there is no insight ...",
            "InsightId must have 36 to 36 characters, has 1",
            "there is no group nobodys",
            "StartTime must not be more than 30 days ago",
            "StartTime and EndTime may be at most six hours apart",
        ]
    );
    for operation in [
        "GetInsight",
        "GetInsightEvents",
        "GetInsightImpactGraph",
        "GetInsightSummaries",
    ] {
        assert!(seen["checked"][operation].as_u64() > Some(0), "{operation}");
    }
}
