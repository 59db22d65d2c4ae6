//! Groups. Source: spec/xray.md section 7.

use crate::ApiConfig;
use crate::tests::Installation;
use serde_json::{Value as Json, json};
use waggle_access::Permission;

const DEFAULT_ARN: &str = "arn:aws:xray:eu-x-1:000000000000:group/Default";

fn with(sent: &Json, member: &str, value: &Json) -> Json {
    let mut sent = sent.clone();
    sent[member] = value.clone();
    sent
}

impl Installation {
    async fn group_names(&self) -> Vec<String> {
        let answer = self.xray_done("/Groups", &json!({})).await;
        let groups = answer["Groups"].as_array().unwrap();
        let name = |group: &Json| group["GroupName"].as_str().unwrap().to_owned();
        groups.iter().map(name).collect()
    }
}

#[tokio::test]
async fn the_group_of_all_traces_is_always_there() {
    let installation = Installation::new().await;
    let default = json!({
        "GroupName": "Default",
        "GroupARN": DEFAULT_ARN,
        "InsightsConfiguration": {"InsightsEnabled": false, "NotificationsEnabled": false},
    });
    let groups = installation.xray_done("/Groups", &json!({})).await;
    assert_eq!(groups, json!({ "Groups": [default] }));
    for named in [
        json!({"GroupName": "Default"}),
        json!({"GroupARN": DEFAULT_ARN}),
    ] {
        let group = installation.xray_done("/GetGroup", &named).await;
        assert_eq!(group, json!({ "Group": default }));
        installation
            .xray_refused("/DeleteGroup", &named, "can't be deleted")
            .await;
        let filter = with(&named, "FilterExpression", &json!("fault"));
        installation
            .xray_refused(
                "/UpdateGroup",
                &filter,
                "can't be changed of the group Default",
            )
            .await;
    }
    installation
        .xray_refused(
            "/CreateGroup",
            &json!({"GroupName": "Default"}),
            "another group",
        )
        .await;
}

#[tokio::test]
async fn the_group_of_all_traces_has_insights_and_tags_when_it_is_told_to() {
    let config = ApiConfig {
        groups_max: 1,
        ..ApiConfig::default()
    };
    let installation = Installation::with(config).await;
    let insights = json!({"InsightsEnabled": true, "NotificationsEnabled": false});
    let named = json!({"GroupName": "Default"});
    let change = with(
        &named,
        "InsightsConfiguration",
        &json!({"InsightsEnabled": true}),
    );
    for changed in [
        installation.xray_done("/UpdateGroup", &change).await,
        installation.xray_done("/GetGroup", &named).await,
        // Nothing is changed by nothing.
        installation.xray_done("/UpdateGroup", &named).await,
    ] {
        let group = &changed["Group"];
        assert_eq!(group["InsightsConfiguration"], insights);
        assert_eq!(group["GroupARN"], DEFAULT_ARN);
    }
    let tag = json!([{"Key": "team", "Value": "bees"}]);
    let tagged = json!({"ResourceARN": DEFAULT_ARN, "Tags": tag});
    installation.xray_done("/TagResource", &tagged).await;
    let listed = json!({"ResourceARN": DEFAULT_ARN});
    let tags = installation
        .xray_done("/ListTagsForResource", &listed)
        .await;
    assert_eq!(tags, json!({ "Tags": tag }));
    // It stays the first, and is none of those that people may make.
    let first = json!({"GroupName": "A"});
    installation.xray_done("/CreateGroup", &first).await;
    assert_eq!(installation.group_names().await, ["Default", "A"]);
    for (path, sent, text) in [
        ("/CreateGroup", json!({"GroupName": "B"}), "groups-max"),
        ("/CreateGroup", named.clone(), "another group"),
        ("/DeleteGroup", named.clone(), "can't be deleted"),
    ] {
        installation.xray_refused(path, &sent, text).await;
    }
    assert_eq!(installation.group_names().await, ["Default", "A"]);
}

#[tokio::test]
async fn an_empty_filter_is_none() {
    let installation = Installation::new().await;
    let sent = json!({"GroupName": "all", "FilterExpression": ""});
    let made = installation.xray_done("/CreateGroup", &sent).await;
    assert!(made["Group"].get("FilterExpression").is_none());
    let fault = with(&sent, "FilterExpression", &json!("fault"));
    let changed = installation.xray_done("/UpdateGroup", &fault).await;
    assert_eq!(changed["Group"]["FilterExpression"], "fault");
    let changed = installation.xray_done("/UpdateGroup", &sent).await;
    assert!(changed["Group"].get("FilterExpression").is_none());
}

#[tokio::test]
async fn groups_are_made_changed_and_deleted() {
    let installation = Installation::new().await;
    let sent = json!({
        "GroupName": "slow-Ones",
        "FilterExpression": "responsetime > 2",
        "InsightsConfiguration": {"InsightsEnabled": true},
    });
    let made = installation.xray_done("/CreateGroup", &sent).await;
    let made = &made["Group"];
    let arn = made["GroupARN"].as_str().unwrap().to_owned();
    assert!(
        arn.starts_with("arn:aws:xray:eu-x-1:000000000000:group/slow-Ones/"),
        "{arn}"
    );
    assert_eq!(made["FilterExpression"], "responsetime > 2");
    let insights =
        |is_on, is_told| json!({"InsightsEnabled": is_on, "NotificationsEnabled": is_told});
    assert_eq!(made["InsightsConfiguration"], insights(true, false));
    installation
        .xray_done("/CreateGroup", &json!({"GroupName": "A"}))
        .await;
    assert_eq!(
        installation.group_names().await,
        ["Default", "A", "slow-Ones"]
    );
    let elsewhere = arn.replace("eu-x-1", "us-y-2");
    for named in [
        json!({"GroupName": "slow-Ones"}),
        json!({"GroupARN": elsewhere}),
    ] {
        assert_eq!(
            installation.xray_done("/GetGroup", &named).await["Group"],
            *made
        );
    }
    // What is not given stays.
    let change = json!({"GroupARN": arn, "InsightsConfiguration": {"NotificationsEnabled": true}});
    let changed = installation.xray_done("/UpdateGroup", &change).await;
    assert_eq!(changed["Group"]["FilterExpression"], "responsetime > 2");
    assert_eq!(
        changed["Group"]["InsightsConfiguration"],
        insights(true, true)
    );
    let change = json!({"GroupName": "slow-Ones", "FilterExpression": "fault"});
    let changed = installation.xray_done("/UpdateGroup", &change).await;
    assert_eq!(changed["Group"]["FilterExpression"], "fault");
    assert_eq!(changed["Group"]["GroupARN"], json!(arn));

    let named = json!({"GroupARN": arn});
    assert_eq!(
        installation.xray_done("/DeleteGroup", &named).await,
        json!({})
    );
    for path in ["/GetGroup", "/UpdateGroup", "/DeleteGroup"] {
        installation
            .xray_refused(path, &named, "there is no group")
            .await;
    }
    // The next one of that name is another.
    let again = installation.xray_done("/CreateGroup", &sent).await;
    assert_ne!(again["Group"]["GroupARN"], json!(arn));
    installation
        .xray_refused("/GetGroup", &named, "there is no group")
        .await;
}

#[tokio::test]
async fn wrong_groups_are_refused() {
    let config = ApiConfig {
        groups_max: 2,
        ..ApiConfig::default()
    };
    let installation = Installation::with(config).await;
    installation
        .xray_done("/CreateGroup", &json!({"GroupName": "a"}))
        .await;
    let insights = json!({"NotificationsEnabled": true});
    for (path, sent, text) in [
        ("/CreateGroup", json!({}), "GroupName must be given"),
        (
            "/CreateGroup",
            json!({"GroupName": "a"}),
            "is the name of another group",
        ),
        (
            "/CreateGroup",
            json!({"GroupName": "a b"}),
            "letters, digits and dashes",
        ),
        (
            "/CreateGroup",
            json!({"GroupName": "x".repeat(33)}),
            "1 to 32 characters, has 33",
        ),
        (
            "/CreateGroup",
            json!({"GroupName": "b", "InsightsConfiguration": insights}),
            "needs InsightsEnabled",
        ),
        (
            "/CreateGroup",
            json!({"GroupName": "b", "FilterExpression": "x".repeat(2_001)}),
            "at most 2000",
        ),
        ("/GetGroup", json!({}), "one of GroupName and GroupARN"),
        (
            "/GetGroup",
            json!({"GroupName": "a", "GroupARN": DEFAULT_ARN}),
            "only one of",
        ),
        (
            "/GetGroup",
            json!({"GroupName": "A"}),
            "there is no group A",
        ),
        ("/GetGroup", json!({"GroupARN": "a"}), "there is no group a"),
        (
            "/GetGroup",
            json!({"GroupARN": DEFAULT_ARN.replace("Default", "a")}),
            "there is no group",
        ),
    ] {
        installation.xray_refused(path, &sent, text).await;
    }
    installation
        .xray_done("/CreateGroup", &json!({"GroupName": "b"}))
        .await;
    installation
        .xray_refused(
            "/CreateGroup",
            &json!({"GroupName": "c"}),
            "at most 2 groups",
        )
        .await;

    let theirs = installation
        .aws_key_with(installation.staging, Permission::all())
        .await;
    let ask = |path: &str, body: Json| {
        installation
            .ask("POST", path)
            .json(&body)
            .signed_by(&theirs)
            .send()
    };
    let refused = ask("/GetGroup", json!({"GroupName": "a"})).await;
    refused.check_xray_error(400, "InvalidRequestException", "there is no group a");
    assert_eq!(
        ask("/CreateGroup", json!({"GroupName": "a"})).await.status,
        200
    );
}

#[tokio::test]
async fn a_group_can_not_be_a_part_of_itself() {
    let installation = Installation::new().await;
    let group = |name: &str, filter: &str| json!({"GroupName": name, "FilterExpression": filter});
    let own = "fault AND group.name = \"a\"";
    let said =
        "Invalid filter expression at position 23: the filter of group \"a\" leads back to itself";
    let answer = installation.xray("/CreateGroup", &group("a", own)).await;
    assert_eq!(answer.json()["message"], said);
    for sent in [group("a", "fault"), group("b", "group.name = \"a\"")] {
        installation.xray_done("/CreateGroup", &sent).await;
    }
    let circle = group("a", "ok AND group.name = \"b\"");
    let answer = installation.xray("/UpdateGroup", &circle).await;
    assert_eq!(
        answer.json()["message"],
        "Invalid filter expression at position 20: in the filter of group \"b\", at position 13: the filter of group \"a\" leads back to \
         itself"
    );
}

#[tokio::test]
async fn many_groups_come_in_pages() {
    let config = ApiConfig {
        groups_max: 150,
        ..ApiConfig::default()
    };
    let installation = Installation::with(config).await;
    for number in 0..150 {
        let sent = json!({"GroupName": format!("group-with-a-long-name-{number:03}")});
        installation.xray_done("/CreateGroup", &sent).await;
    }
    let first = installation.xray_done("/Groups", &json!({})).await;
    let token = first["NextToken"].as_str().unwrap();
    assert!(token.len() <= 100, "{token}");
    let second = installation
        .xray_done("/Groups", &json!({"NextToken": token}))
        .await;
    let count = |page: &Json| page["Groups"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&second)), (100, 51));
    assert_eq!(second["NextToken"], Json::Null);
}
