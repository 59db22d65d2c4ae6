//! Environments as people see them: description, colour and protection are given and changed by administrators alone.

use super::{Installation, PASSWORD};
use serde_json::{Value as Json, json};
use waggle_metastore::Role;

const ENVIRONMENTS: &str = "/api/environments/production/environments";
const ENVIRONMENT: &str = "/api/environments/qa/environment";

#[tokio::test]
async fn an_environment_has_a_description_and_a_colour_that_change() {
    let installation = Installation::new().await;
    let administrator = installation.sign_in().await;
    let send = async |method: &str, path: &str, body: Json| {
        let call = installation.ask(method, path);
        call.header("cookie", &administrator)
            .json(&body)
            .send()
            .await
    };
    let made = send(
        "POST",
        ENVIRONMENTS,
        json!({"name": "QA", "description": " tries "}),
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.text());
    let mut qa = made.json();
    assert_eq!(qa["slug"], "qa");
    assert_eq!(qa["description"], "tries");
    assert_eq!(qa["color"], "gold", "the third has the third colour");
    assert_eq!(qa["delete_protected"], true);
    let named = json!({"name": "Red one", "color": "red"});
    let named = send("POST", ENVIRONMENTS, named).await.json();
    assert_eq!(named["color"], "red");

    let change = json!({"color": "lightBlue", "delete_protected": false});
    qa["color"] = "lightBlue".into();
    qa["delete_protected"] = false.into();
    send("PUT", ENVIRONMENT, change).await.check(200, &qa);
    qa["description"] = "".into();
    send("PUT", ENVIRONMENT, json!({"description": ""}))
        .await
        .check(200, &qa);
    let list = send("GET", ENVIRONMENTS, json!({})).await.json();
    assert!(list.as_array().unwrap().contains(&qa), "{list}");
    for wrong in [
        json!({"color": "mauve"}),
        json!({"color": 3}),
        json!({"description": "x".repeat(256)}),
        json!({"delete_protected": "yes"}),
    ] {
        assert_eq!(
            send("PUT", ENVIRONMENT, wrong.clone()).await.status,
            422,
            "{wrong}"
        );
    }

    let list = send("GET", ENVIRONMENTS, json!({})).await.json();
    let count = list.as_array().unwrap().len();
    send("PUT", ENVIRONMENT, json!({"delete_protected": true})).await;
    let refused = send("DELETE", ENVIRONMENT, json!({})).await;
    refused.check_error(409, "the environment is delete protected");
    send("PUT", ENVIRONMENT, json!({"delete_protected": false})).await;

    let access = &installation.access;
    let team = installation.production.team;
    let member = access.create_user(team, "ada@example.com", "Ada", PASSWORD, Role::Member);
    member.await.unwrap();
    let cookie = installation.sign_in_as("ada@example.com").await;
    let refused = installation
        .ask("PUT", ENVIRONMENT)
        .header("cookie", &cookie);
    assert_eq!(
        refused.json(&json!({"color": "red"})).send().await.status,
        403
    );
    let refused = installation.ask("DELETE", ENVIRONMENT);
    assert_eq!(refused.header("cookie", &cookie).send().await.status, 403);

    assert_eq!(
        send("DELETE", ENVIRONMENT, json!({})).await.status,
        204,
        "an administrator deletes one that is not protected"
    );
    let list = send("GET", ENVIRONMENTS, json!({})).await.json();
    assert_eq!(list.as_array().unwrap().len(), count - 1, "{list}");
    assert_eq!(send("PUT", ENVIRONMENT, json!({})).await.status, 404);
}

#[tokio::test]
async fn the_last_environment_stays() {
    let installation = Installation::new().await;
    let administrator = installation.sign_in().await;
    let send = async |method: &str, path: &str, body: Json| {
        let call = installation.ask(method, path);
        call.header("cookie", &administrator)
            .json(&body)
            .send()
            .await
    };
    let list = send("GET", ENVIRONMENTS, json!({})).await.json();
    let mut slugs: Vec<String> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["slug"].as_str().unwrap().to_owned())
        .collect();
    let last = slugs.pop().unwrap();
    for slug in slugs.iter().chain([&last]) {
        let path = format!("/api/environments/{slug}/environment");
        send("PUT", &path, json!({"delete_protected": false})).await;
        let answer = send("DELETE", &path, json!({})).await;
        if slug == &last {
            answer.check_error(
                409,
                "it is the team's last environment; make another one first",
            );
        } else {
            assert_eq!(answer.status, 204, "{}", answer.text());
        }
    }
}
