//! Tags of groups and sampling rules. Source: spec/xray.md sections 3.3 and 7.

use crate::tests::Installation;
use serde_json::{Value as Json, json};

fn tags(count: usize) -> Json {
    let tags = (0..count).map(|number| json!({"Key": format!("k{number:02}"), "Value": ""}));
    tags.collect::<Vec<_>>().into()
}

#[tokio::test]
async fn groups_and_rules_have_tags() {
    let installation = Installation::new().await;
    let first = json!([{"Key": "team", "Value": "bees"}]);
    let group = json!({"GroupName": "slow", "Tags": first});
    let group = installation.xray_done("/CreateGroup", &group).await;
    let group = group["Group"]["GroupARN"].as_str().unwrap().to_owned();
    let rule = json!({
        "SamplingRule": {
            "RuleName": "a", "Priority": 1, "FixedRate": 0, "ReservoirSize": 0, "ServiceName": "*", "ServiceType": "*",
            "Host": "*", "HTTPMethod": "*", "URLPath": "*", "ResourceARN": "*", "Version": 1,
        },
        "Tags": first,
    });
    let rule = installation.xray_done("/CreateSamplingRule", &rule).await;
    let rule = rule["SamplingRuleRecord"]["SamplingRule"]["RuleARN"]
        .as_str()
        .unwrap();
    for arn in [&group, rule] {
        let list = || {
            let named = json!({ "ResourceARN": arn });
            let installation = &installation;
            async move { installation.xray_done("/ListTagsForResource", &named).await }
        };
        assert_eq!(list().await, json!({ "Tags": first }));
        let added = json!([{"Key": "team", "Value": "wasps"}, {"Key": "a", "Value": ""}]);
        let added = json!({"ResourceARN": arn, "Tags": added});
        assert_eq!(
            installation.xray_done("/TagResource", &added).await,
            json!({})
        );
        let both = json!([{"Key": "a", "Value": ""}, {"Key": "team", "Value": "wasps"}]);
        assert_eq!(list().await, json!({ "Tags": both }));
        let gone = json!({"ResourceARN": arn, "TagKeys": ["team", "nobodys"]});
        assert_eq!(
            installation.xray_done("/UntagResource", &gone).await,
            json!({})
        );
        assert_eq!(list().await, json!({ "Tags": [{"Key": "a", "Value": ""}] }));
        // 50 are the most, and the one that is there counts.
        let many = json!({"ResourceARN": arn, "Tags": tags(50)});
        let refused = installation.xray("/TagResource", &many).await;
        refused.check_xray_error(400, "TooManyTagsException", "at most 50");
        assert_eq!(refused.json()["ResourceName"], json!(arn));
        let enough = json!({"ResourceARN": arn, "Tags": tags(49)});
        installation.xray_done("/TagResource", &enough).await;
    }
    let default = "arn:aws:xray:eu-x-1:000000000000:group/Default";
    let named = json!({ "ResourceARN": default });
    assert_eq!(
        installation.xray_done("/ListTagsForResource", &named).await,
        json!({ "Tags": [] })
    );
    let tagged = json!({"ResourceARN": default, "Tags": first});
    installation.xray_done("/TagResource", &tagged).await;
    assert_eq!(
        installation.xray_done("/ListTagsForResource", &named).await,
        json!({ "Tags": first })
    );
}

#[tokio::test]
async fn wrong_tags_are_refused() {
    let installation = Installation::new().await;
    let arn = "arn:aws:xray:eu-x-1:000000000000:sampling-rule/Default";
    for (tag, text) in [
        (
            json!({"Key": "AWS:x", "Value": ""}),
            "Tags[0].Key must not begin with aws:",
        ),
        (json!({"Key": "", "Value": ""}), "1 to 128 characters"),
        (
            json!({"Key": "x".repeat(129), "Value": ""}),
            "1 to 128 characters",
        ),
        (
            json!({"Key": "a", "Value": "x".repeat(257)}),
            "Tags[0].Value must have at most 256",
        ),
        (json!({"Key": "a"}), "Tags[0].Value must be given"),
    ] {
        let sent = json!({"ResourceARN": arn, "Tags": [tag]});
        installation.xray_refused("/TagResource", &sent, text).await;
    }
    let sent = json!({"GroupName": "a", "Tags": tags(51)});
    installation
        .xray_refused("/CreateGroup", &sent, "Tags must have at most 50 keys")
        .await;
    let sent = json!({"ResourceARN": arn, "Tags": tags(201)});
    installation
        .xray_refused("/TagResource", &sent, "at most 200 items")
        .await;
    for unknown in [
        "arn:aws:xray:eu-x-1:000000000000:sampling-rule/nobodys",
        "arn:aws:xray:eu-x-1:000000000000:group/nobodys/x",
        "nobodys",
    ] {
        for (path, sent) in [
            ("/ListTagsForResource", json!({"ResourceARN": unknown})),
            ("/TagResource", json!({"ResourceARN": unknown, "Tags": []})),
            (
                "/UntagResource",
                json!({"ResourceARN": unknown, "TagKeys": ["a"]}),
            ),
        ] {
            let answer = installation.xray(path, &sent).await;
            answer.check_xray_error(404, "ResourceNotFoundException", unknown);
        }
    }
}
