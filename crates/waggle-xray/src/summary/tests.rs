//! The summaries of the golden documents, spec/xray.md section 9.2, as clients read them.

use super::TraceSummary;
use crate::trace::tests::{T1, T2, T3, golden, trace};
use serde_json::{Value as Json, json};

fn summaries() -> Vec<Json> {
    let summaries = golden();
    let summaries = summaries.iter().map(|trace| TraceSummary::of(trace, None));
    summaries
        .map(|summary| serde_json::to_value(summary).unwrap())
        .collect()
}

fn service(name: &str, node_type: &str) -> Json {
    json!({"Name": name, "Names": [name], "Type": node_type})
}

fn shop(account: Option<&str>) -> Json {
    let mut shop = service("shop.example", "AWS::EC2::Instance");
    if let Some(account) = account {
        shop["AccountId"] = json!(account);
    }
    shop
}

#[test]
fn the_golden_summaries() {
    let summaries = summaries();
    let expected = [
        json!({
            "Id": T1, "StartTime": 1_778_384_900.0, "Duration": 0.26, "ResponseTime": 0.24,
            "HasFault": false, "HasError": false, "HasThrottle": false, "IsPartial": false,
            "Http": {"HttpURL": "http://shop.example/cart", "HttpStatus": 200, "HttpMethod": "GET", "UserAgent": "probe/1", "ClientIp": "10.0.0.9"},
            "Annotations": {
                "tier": [{"AnnotationValue": {"StringValue": "gold"}, "ServiceIds": [shop(Some("000000000001")), service("pricing.example", "")]}],
                "items": [{"AnnotationValue": {"NumberValue": 3.0}, "ServiceIds": [shop(Some("000000000001"))]}],
            },
            "Users": [{"UserName": "u-17", "ServiceIds": [shop(Some("000000000001"))]}],
            "ServiceIds": [
                shop(Some("000000000001")),
                service("pricing.example", ""),
                service("carts", "AWS::DynamoDB::Table"),
                service("ledger@db1", "Database::SQL"),
            ],
            "ResourceARNs": [], "InstanceIds": [{"Id": "i-0aa"}], "AvailabilityZones": [{"Name": "eu-x-1a"}],
            "EntryPoint": shop(Some("000000000001")),
            "FaultRootCauses": [], "ErrorRootCauses": [],
            "ResponseTimeRootCauses": [{
                "ClientImpacting": false,
                "Services": [
                    {"Name": "shop.example", "Names": ["shop.example"], "Type": "AWS::EC2::Instance", "AccountId": "000000000001", "Inferred": false, "EntityPath": [
                        {"Name": "shop.example", "Coverage": 1.0, "Remote": false},
                        {"Name": "pricing.example", "Coverage": 0.417, "Remote": true},
                    ]},
                    {"Name": "pricing.example", "Names": ["pricing.example"], "Type": "", "Inferred": false, "EntityPath": [
                        {"Name": "pricing.example", "Coverage": 0.333, "Remote": false},
                    ]},
                ],
            }],
            "Revision": 3,
        }),
        json!({
            "Id": T2, "StartTime": 1_778_384_960.0, "Duration": 0.3, "ResponseTime": 0.3,
            "HasFault": true, "HasError": false, "HasThrottle": false, "IsPartial": false,
            "Http": {"HttpURL": "http://shop.example/pay", "HttpStatus": 502, "HttpMethod": "POST"},
            "Annotations": {}, "Users": [],
            "ServiceIds": [shop(None), service("bank.example", "remote")],
            "ResourceARNs": [], "InstanceIds": [], "AvailabilityZones": [],
            "EntryPoint": shop(None),
            "FaultRootCauses": [{
                "ClientImpacting": true,
                "Services": [
                    {"Name": "shop.example", "Names": ["shop.example"], "Type": "AWS::EC2::Instance", "Inferred": false, "EntityPath": [
                        {"Name": "shop.example", "Exceptions": [], "Remote": false},
                        {"Name": "bank.example", "Exceptions": [{"Name": "BankDown", "Message": "503 from bank"}], "Remote": true},
                    ]},
                    {"Name": "bank.example", "Names": ["bank.example"], "Type": "remote", "Inferred": true, "EntityPath": [
                        {"Name": "bank.example", "Exceptions": [], "Remote": false},
                    ]},
                ],
            }],
            "ErrorRootCauses": [],
            "Revision": 2,
        }),
        json!({
            "Id": T3, "StartTime": 1_778_385_020.0, "Duration": 0.006, "ResponseTime": 0.006,
            "HasFault": false, "HasError": true, "HasThrottle": true, "IsPartial": false,
            "Http": {"HttpURL": "http://shop.example/cart", "HttpStatus": 429, "HttpMethod": "GET"},
            "Annotations": {}, "Users": [],
            "ServiceIds": [shop(None)],
            "FaultRootCauses": [],
            "ErrorRootCauses": [{
                "ClientImpacting": true,
                "Services": [{"Name": "shop.example", "Names": ["shop.example"], "Type": "AWS::EC2::Instance", "Inferred": false, "EntityPath": [
                    {"Name": "shop.example", "Exceptions": [], "Remote": false},
                ]}],
            }],
            "Revision": 1,
        }),
    ];
    for (summary, expected) in summaries.iter().zip(&expected) {
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&summary[name], value, "{name} of {}", expected["Id"]);
        }
    }
}

#[test]
fn what_clients_look_into_is_always_there() {
    let only_subsegment = trace(&[
        r#"{"type":"subsegment","name":"q","id":"00000000000000aa","parent_id":"00000000000000bb","trace_id":"1-6a000000-000000000000000000000001","start_time":1.5,"in_progress":true}"#,
    ]);
    let summary = serde_json::to_value(TraceSummary::of(&only_subsegment, None)).unwrap();
    assert_eq!(summary["Http"], json!({}));
    assert_eq!(summary["IsPartial"], json!(true));
    assert_eq!(summary["ServiceIds"], json!([]));
    assert!(summary.get("ResponseTime").is_none());
    assert!(summary.get("MatchedEventTime").is_none());
}

#[test]
fn only_fifty_keys_are_shown() {
    let annotations: Vec<String> = (0..60)
        .map(|number| format!(r#""k{number:02}":{number}"#))
        .collect();
    let document = format!(
        r#"{{"name":"s","id":"00000000000000aa","trace_id":"{T1}","start_time":1,"end_time":2,"annotations":{{{}}}}}"#,
        annotations.join(",")
    );
    let summary = TraceSummary::of(&trace(&[&document]), None);
    assert_eq!(summary.annotations.len(), 50);
    assert!(summary.annotations.contains_key("k49"));
}
