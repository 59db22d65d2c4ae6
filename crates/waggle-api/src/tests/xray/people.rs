//! Sampling rules and groups by the doors of the UI: what is made there is what X-Ray's operations have, and the reverse.

use crate::tests::Installation;
use serde_json::{Value as Json, json};

const DOORS: &str = "/api/environments/production/xray";

impl Installation {
    /// Asks a door as somebody signed in; an absent body is null.
    async fn people(&self, method: &str, path: &str, body: &Json) -> (u16, Json) {
        let cookie = self.sign_in().await;
        let call = self.ask(method, &format!("{DOORS}/{path}"));
        let call = call.header("cookie", &cookie);
        let call = match body {
            Json::Null => call,
            body => call.json(body),
        };
        let answer = call.send().await;
        (answer.status, answer.json())
    }
}

fn rule(name: &str) -> Json {
    json!({
        "RuleName": name, "Priority": 5, "FixedRate": 0.5, "ReservoirSize": 10, "ServiceName": "shop", "ServiceType": "*",
        "Host": "*", "HTTPMethod": "GET", "URLPath": "/cart", "ResourceARN": "*", "Version": 1,
    })
}

#[tokio::test]
async fn sampling_rules_are_made_listed_changed_and_deleted_by_people() {
    let installation = Installation::new().await;
    let (status, made) = installation
        .people("POST", "sampling-rules", &rule("carts / all"))
        .await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["SamplingRule"]["FixedRate"], 0.5);
    let change = json!({"FixedRate": 0.25, "RuleName": "carts / all"});
    let path = "sampling-rules/carts%20%2F%20all";
    let (status, changed) = installation.people("PATCH", path, &change).await;
    assert_eq!(
        (status, &changed["SamplingRule"]["Priority"]),
        (200, &json!(5)),
        "{changed}"
    );
    let reservoir = json!({"ReservoirSize": 2});
    let (status, default) = installation
        .people("PATCH", "sampling-rules/Default", &reservoir)
        .await;
    assert_eq!(
        (status, &default["SamplingRule"]["ReservoirSize"]),
        (200, &json!(2))
    );

    let (status, listed) = installation
        .people("GET", "sampling-rules", &Json::Null)
        .await;
    assert_eq!((status, &listed), (200, &json!([changed, default])));
    // What a client of X-Ray is told, but for its own region.
    let told = installation
        .xray_done("/GetSamplingRules", &json!({}))
        .await;
    let told = told.to_string().replace("eu-x-1", "local");
    assert_eq!(told, json!({ "SamplingRuleRecords": listed }).to_string());

    for (method, path, body, status, error) in [
        (
            "POST",
            "sampling-rules",
            rule("carts / all"),
            422,
            "RuleName is the name of another sampling rule",
        ),
        (
            "POST",
            "sampling-rules",
            json!({"RuleName": "a"}),
            422,
            "Version must be given",
        ),
        (
            "PATCH",
            path,
            json!({"RuleName": "b"}),
            422,
            "RuleName can't be changed",
        ),
        (
            "PATCH",
            path,
            json!({"Priority": 0}),
            422,
            "Priority must be between 1 and 9999, is 0",
        ),
        (
            "PATCH",
            "sampling-rules/none",
            json!({"Priority": 1}),
            404,
            "Sampling rule not found",
        ),
        (
            "DELETE",
            "sampling-rules/Default",
            Json::Null,
            422,
            "the rule Default can't be deleted",
        ),
    ] {
        let answer = installation.people(method, path, &body).await;
        assert_eq!(
            answer,
            (status, json!({ "error": error })),
            "{method} {path} {body}"
        );
    }
    let deleted = installation.people("DELETE", path, &Json::Null).await;
    assert_eq!(deleted, (200, changed));
    let gone = installation.people("DELETE", path, &Json::Null).await;
    assert_eq!(gone.0, 404);
}

#[tokio::test]
async fn people_are_told_which_rule_decides_about_a_request() {
    let installation = Installation::new().await;
    let mut gold = rule("gold");
    gold["Attributes"] = json!({"tier": "g*"});
    installation.people("POST", "sampling-rules", &gold).await;
    let known = json!({"ServiceName": "SHOP", "HTTPMethod": "get", "URLPath": "/cart", "Attributes": {"tier": "Gold"}});
    let (status, told) = installation.people("POST", "matching-rule", &known).await;
    assert_eq!((status, &told["Passed"]), (200, &json!([])), "{told}");
    assert_eq!(
        told["SamplingRuleRecord"]["SamplingRule"]["RuleName"],
        "gold"
    );
    let known = json!({"ServiceName": "bank"});
    let (_, told) = installation.people("POST", "matching-rule", &known).await;
    assert_eq!(
        told["Passed"],
        json!([{"RuleName": "gold", "Member": "ServiceName"}])
    );
    assert_eq!(
        told["SamplingRuleRecord"]["SamplingRule"]["RuleName"],
        "Default"
    );
    let wrong = json!({"Host": 7});
    let answer = installation.people("POST", "matching-rule", &wrong).await;
    assert_eq!(answer, (422, json!({"error": "Host must be a text"})));
}

#[tokio::test]
async fn groups_are_made_listed_changed_and_deleted_by_people() {
    let installation = Installation::new().await;
    let sent = json!({"GroupName": "slow", "FilterExpression": "responsetime > 2"});
    let (status, made) = installation.people("POST", "groups", &sent).await;
    assert_eq!(
        (status, &made["FilterExpression"]),
        (201, &json!("responsetime > 2"))
    );
    let change = json!({"InsightsConfiguration": {"InsightsEnabled": true}});
    let (status, changed) = installation.people("PATCH", "groups/slow", &change).await;
    assert_eq!(
        (status, &changed["FilterExpression"]),
        (200, &json!("responsetime > 2"))
    );
    assert_eq!(changed["InsightsConfiguration"]["InsightsEnabled"], true);
    let (status, listed) = installation.people("GET", "groups", &Json::Null).await;
    assert_eq!((status, &listed[1]), (200, &changed));
    let told = installation.xray_done("/Groups", &json!({})).await;
    let told = told.to_string().replace("eu-x-1", "local");
    assert_eq!(told, json!({ "Groups": listed }).to_string());

    let circle = "Invalid filter expression at position 13: the filter of group \"slow\" leads back to itself";
    for (method, path, body, status, error) in [
        (
            "POST",
            "groups",
            json!({"GroupName": "a b"}),
            422,
            "GroupName must have letters, digits and dashes only",
        ),
        (
            "PATCH",
            "groups/slow",
            json!({"GroupName": "fast"}),
            422,
            "GroupName can't be changed",
        ),
        (
            "PATCH",
            "groups/slow",
            json!({"FilterExpression": "group.name = \"slow\""}),
            422,
            circle,
        ),
        (
            "PATCH",
            "groups/Default",
            json!({"FilterExpression": "ok"}),
            422,
            "FilterExpression can't be changed of the group Default, which has all traces",
        ),
        ("PATCH", "groups/none", json!({}), 404, "Group not found"),
        (
            "DELETE",
            "groups/Default",
            Json::Null,
            422,
            "the group Default can't be deleted",
        ),
    ] {
        let answer = installation.people(method, path, &body).await;
        assert_eq!(
            answer,
            (status, json!({ "error": error })),
            "{method} {path} {body}"
        );
    }
    let deleted = installation
        .people("DELETE", "groups/slow", &Json::Null)
        .await;
    assert_eq!(deleted, (200, changed));
}
