//! Honeycomb's second API: keys and environments of a team, as programs manage them. Source: spec/honeycomb-api.md sections 2, 3 and 8.

use super::{Answer, Installation, NOW_NS};
use serde_json::{Value as Json, json};
use waggle_access::{KeyRequest, KeyValue, Permission, is_classic};
use waggle_metastore::KeyKind;

const KEYS: &str = "/2/teams/default/api-keys";
const ENVIRONMENTS: &str = "/2/teams/default/environments";

/// Status, code and source of the one error of an answer, whose shape is that of JSON:API.
#[track_caller]
fn check_error(answer: &Answer, status: u16, code: &str, source: &Json) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/vnd.api+json");
    let body = answer.json();
    let errors = body["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{body}");
    assert_eq!(errors[0]["status"], status.to_string());
    assert_eq!(errors[0]["code"], code);
    assert_eq!(errors[0].get("source").unwrap_or(&Json::Null), source);
    assert_eq!(errors[0]["id"].as_str().unwrap().len(), 32);
}

fn key_body(environment: &str, attributes: &Json) -> Json {
    json!({ "data": {
        "type": "api-keys",
        "attributes": attributes,
        "relationships": { "environment": { "data": { "id": environment, "type": "environments" } } },
    } })
}

async fn environment_ids(installation: &Installation) -> Vec<String> {
    let answer = installation.manage("GET", ENVIRONMENTS).send().await;
    let body = answer.json();
    let environments = body["data"].as_array().unwrap();
    let ids = environments.iter().map(|it| it["id"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_management_key_learns_its_team() {
    let installation = Installation::new().await;
    let answer = installation.manage("GET", "/2/auth").send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/vnd.api+json");
    let body = answer.json();
    let data = &body["data"];
    assert_eq!(data["type"], "api-keys");
    assert!(data["id"].as_str().unwrap().starts_with("hcxmk_"));
    assert_eq!(data["attributes"]["key_type"], "management");
    assert_eq!(
        data["attributes"]["scopes"],
        json!([
            "api-keys:read",
            "api-keys:write",
            "environments:read",
            "environments:write"
        ])
    );
    let team = &data["relationships"]["team"]["data"];
    assert_eq!(team["id"], body["included"][0]["id"]);
    assert_eq!(
        body["included"][0]["attributes"],
        json!({ "name": "default", "slug": "default" })
    );
    // A key of an environment is no management key, in whichever header.
    let answer = installation.ask_with_key("GET", "/2/auth").send().await;
    check_error(
        &answer,
        401,
        "unauthenticated/invalid-key",
        &json!({ "header": "Authorization" }),
    );
    let answer = installation
        .ask("GET", "/2/auth")
        .header("authorization", &format!("Bearer {}", installation.key))
        .send()
        .await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn an_ingest_key_is_made_used_changed_and_deleted() {
    let installation = Installation::new().await;
    let environment = &environment_ids(&installation).await[0];
    let attributes = json!({
        "key_type": "ingest", "name": "ci", "disabled": false, "permissions": { "create_datasets": true },
    });
    let made = installation
        .manage("POST", KEYS)
        .json_api(&key_body(environment, &attributes))
        .send()
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    let data = made.json()["data"].clone();
    let id = data["id"].as_str().unwrap().to_owned();
    let secret = data["attributes"]["secret"].as_str().unwrap().to_owned();
    assert!(id.starts_with("hcxik_") && id.len() == 32, "{id}");
    assert_eq!(secret.len(), 32);
    assert_eq!(
        data["attributes"]["permissions"],
        json!({ "create_datasets": true })
    );
    let path = format!("{KEYS}/{id}");
    assert_eq!(data["links"]["self"], path);
    let value = format!("{id}{secret}");
    let auth = async || {
        let answer = installation
            .ask("GET", "/1/auth")
            .header("x-honeycomb-team", &value)
            .send()
            .await;
        (answer.status, answer.json())
    };
    let (status, body) = auth().await;
    assert_eq!(status, 200);
    assert_eq!(body["id"], id);
    assert_eq!(
        body["api_key_access"],
        json!({ "createDatasets": true, "create_datasets": true })
    );

    let shown = installation.manage("GET", &path).send().await.json();
    assert_eq!(shown["data"]["attributes"].get("secret"), None);
    let list = installation.manage("GET", KEYS).send().await;
    assert!(!list.text().contains(&secret));

    let change = |attributes: Json| json!({ "data": { "id": id, "type": "api-keys", "attributes": attributes } });
    let changed = installation
        .manage("PATCH", &path)
        .json_api(&change(json!({ "name": "other", "disabled": true })))
        .send()
        .await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(changed.json()["data"]["attributes"]["name"], "other");
    assert_eq!(auth().await.0, 401, "a disabled key is unknown");
    let refused = installation
        .manage("PATCH", &path)
        .json_api(&change(
            json!({ "permissions": { "create_datasets": false } }),
        ))
        .send()
        .await;
    check_error(
        &refused,
        422,
        "validation-failed/invalid",
        &json!({ "pointer": "/data/attributes/permissions" }),
    );
    let deleted = installation.manage("DELETE", &path).send().await;
    assert_eq!(deleted.status, 204);
    assert_eq!(installation.manage("GET", &path).send().await.status, 404);
}

#[tokio::test]
async fn a_configuration_key_has_every_flag() {
    let installation = Installation::new().await;
    let environment = &environment_ids(&installation).await[1];
    let attributes = json!({
        "key_type": "configuration", "name": "terraform",
        "permissions": { "manage_privateBoards": true, "run_queries": true },
    });
    let made = installation
        .manage("POST", KEYS)
        .json_api(&key_body(environment, &attributes))
        .send()
        .await
        .json();
    let data = &made["data"];
    let secret = data["attributes"]["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 22, "the secret alone is what clients send");
    let flags = data["attributes"]["permissions"].as_object().unwrap();
    assert_eq!(flags.len(), Permission::all().count());
    let auth = installation
        .ask("GET", "/1/auth")
        .header("x-honeycomb-team", secret)
        .send()
        .await
        .json();
    assert_eq!(auth["type"], "configuration");
    assert_eq!(auth["environment"]["slug"], "staging");
    let access = auth["api_key_access"].as_object().unwrap();
    let allowed: Vec<_> = access
        .iter()
        .filter(|(_, may)| **may == json!(true))
        .collect();
    let names: Vec<_> = allowed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["queries", "privateBoards"]);
    assert!(access.contains_key("createDatasets") && access.contains_key("create_datasets"));

    let path = data["links"]["self"].as_str().unwrap();
    let change = json!({ "data": { "type": "api-keys", "attributes": {
        "permissions": { "run_queries": false, "send_events": true },
    } } });
    let changed = installation
        .manage("PATCH", path)
        .json_api(&change)
        .send()
        .await;
    let flags = changed.json()["data"]["attributes"]["permissions"].clone();
    assert_eq!(flags["run_queries"], false);
    assert_eq!(flags["send_events"], true);
    assert_eq!(flags["manage_privateBoards"], true, "what is absent stays");
}

#[tokio::test]
async fn wrong_documents_are_refused_member_by_member() {
    let installation = Installation::new().await;
    let environment = &environment_ids(&installation).await[0];
    let right = key_body(
        environment,
        &json!({ "key_type": "ingest", "name": "ci", "permissions": {} }),
    );
    let with = |pointer: &str, value: Json| {
        let mut body = right.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let cases = [
        (with("/data/type", json!("keys")), "/data/type", "invalid"),
        (
            with("/data/attributes/name", json!("")),
            "/data/attributes/name",
            "missing",
        ),
        (
            with("/data/attributes/name", json!(7)),
            "/data/attributes/name",
            "incorrect_type",
        ),
        (
            with("/data/attributes/name", json!("n".repeat(101))),
            "/data/attributes/name",
            "invalid",
        ),
        (
            with("/data/attributes/name", json!("a\nb")),
            "/data/attributes/name",
            "invalid",
        ),
        (
            with("/data/attributes/key_type", json!("management")),
            "/data/attributes/key_type",
            "invalid",
        ),
        (
            with(
                "/data/attributes/permissions",
                json!({ "run_queries": true }),
            ),
            "/data/attributes/permissions/run_queries",
            "invalid",
        ),
        (
            with(
                "/data/attributes/permissions",
                json!({ "create_datasets": 1 }),
            ),
            "/data/attributes/permissions/create_datasets",
            "incorrect_type",
        ),
        (
            with("/data/relationships", json!({})),
            "/data/relationships/environment/data",
            "missing",
        ),
        (
            with("/data/relationships/environment/data/id", json!("hcxen_0")),
            "/data/relationships/environment/data/id",
            "invalid",
        ),
        (json!({ "name": "ci" }), "/data", "missing"),
    ];
    for (body, pointer, code) in cases {
        let answer = installation
            .manage("POST", KEYS)
            .json_api(&body)
            .send()
            .await;
        check_error(
            &answer,
            422,
            &format!("validation-failed/{code}"),
            &json!({ "pointer": pointer }),
        );
    }
    let answer = installation.manage("POST", KEYS).json(&right).send().await;
    check_error(&answer, 415, "unsupported-media-type", &Json::Null);
    let answer = installation
        .manage("POST", KEYS)
        .header("content-type", "application/vnd.api+json; charset=utf-8")
        .body("{")
        .send()
        .await;
    check_error(&answer, 400, "invalid", &Json::Null);
    let answer = installation
        .manage("POST", KEYS)
        .json_api(&json!({ "data": "x".repeat(100_000) }))
        .send()
        .await;
    check_error(&answer, 413, "payload-too-large", &Json::Null);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let installation = Installation::new().await;
    let environment = installation.production.environment;
    for number in 0..25 {
        let kind = if number % 5 == 0 {
            KeyKind::Configuration
        } else {
            KeyKind::Ingest
        };
        let request = KeyRequest::new(environment, kind, &format!("key {number}"));
        let team = installation.production.team;
        installation.access.create_key(team, request).await.unwrap();
    }
    let read = async |first: String| {
        let mut next = Some(first);
        let (mut ids, mut pages) = (Vec::new(), Vec::new());
        while let Some(path) = next {
            let answer = installation.manage("GET", &path).send().await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let body = answer.json();
            let page = body["data"].as_array().unwrap();
            pages.push(page.len());
            ids.extend(
                page.iter()
                    .map(|key| key["id"].as_str().unwrap().to_owned()),
            );
            next = body["links"]["next"].as_str().map(str::to_owned);
        }
        ids.sort();
        ids.dedup();
        (ids.len(), pages)
    };
    // The first key of the installation is one more configuration key.
    assert_eq!(read(KEYS.to_owned()).await, (26, vec![20, 6]));
    assert_eq!(
        read(format!("{KEYS}?page[size]=13")).await,
        (26, vec![13, 13])
    );
    let ingest = format!("{KEYS}?filter[type]=ingest&page%5Bsize%5D=7");
    assert_eq!(read(ingest).await, (20, vec![7, 7, 6]));
    assert_eq!(
        read(format!("{KEYS}?filter[type]=configuration")).await,
        (6, vec![6])
    );
    for (parameter, value) in [
        ("page[size]", "0"),
        ("page[size]", "101"),
        ("page[size]", "ten"),
        ("page[after]", "nobody"),
        ("filter[type]", "management"),
    ] {
        let answer = installation
            .manage("GET", &format!("{KEYS}?{parameter}={value}"))
            .send()
            .await;
        check_error(&answer, 400, "invalid", &json!({ "parameter": parameter }));
    }
}

/// A client that deletes what it lists, page by page, gets to the end.
#[tokio::test]
async fn a_page_begins_where_the_one_before_ended_even_if_that_is_gone() {
    let installation = Installation::new().await;
    let environment = installation.production.environment;
    let team = installation.production.team;
    for number in 0..5 {
        let request = KeyRequest::new(environment, KeyKind::Ingest, &format!("key {number}"));
        installation.access.create_key(team, request).await.unwrap();
    }
    let mut next = Some(format!("{KEYS}?filter[type]=ingest&page[size]=2"));
    let mut deleted = 0;
    while let Some(path) = next {
        let page = installation.manage("GET", &path).send().await.json();
        for key in page["data"].as_array().unwrap() {
            let path = key["links"]["self"].as_str().unwrap();
            let answer = installation.manage("DELETE", path).send().await;
            assert_eq!(answer.status, 204, "{}", answer.text());
            deleted += 1;
        }
        next = page["links"]["next"].as_str().map(str::to_owned);
    }
    assert_eq!(deleted, 5);
}

#[tokio::test]
async fn an_environment_is_made_used_and_deleted_once_it_is_not_protected() {
    let installation = Installation::new().await;
    let body = json!({ "data": { "type": "environments", "attributes": {
        "name": "Load Test", "description": "for load", "color": "lightGold",
    } } });
    let made = installation
        .manage("POST", ENVIRONMENTS)
        .json_api(&body)
        .send()
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    let data = made.json()["data"].clone();
    let id = data["id"].as_str().unwrap();
    let path = format!("{ENVIRONMENTS}/{id}");
    assert!(id.starts_with("hcxen_") && id.len() == 32, "{id}");
    assert_eq!(
        data["attributes"],
        json!({
            "name": "Load Test", "slug": "load-test", "description": "for load", "color": "lightGold",
            "settings": { "delete_protected": true },
        })
    );
    let again = installation
        .manage("POST", ENVIRONMENTS)
        .json_api(&body)
        .send()
        .await;
    check_error(&again, 409, "conflict", &Json::Null);
    let attributes =
        json!({ "key_type": "ingest", "name": "ci", "permissions": { "create_datasets": true } });
    let key = installation
        .manage("POST", KEYS)
        .json_api(&key_body(id, &attributes))
        .send()
        .await
        .json();
    let secret = key["data"]["attributes"]["secret"].as_str().unwrap();
    let value = format!("{}{secret}", key["data"]["id"].as_str().unwrap());
    let send = async || {
        let event = installation
            .ask("POST", "/1/events/shop")
            .header("x-honeycomb-team", &value);
        event.json(&json!({ "n": 1 })).send().await.status
    };
    assert_eq!(send().await, 200);

    let refused = installation.manage("DELETE", &path).send().await;
    check_error(&refused, 409, "conflict", &Json::Null);
    let change = |attributes: Json| json!({ "data": { "type": "environments", "id": id, "attributes": attributes } });
    let renamed = installation
        .manage("PATCH", &path)
        .json_api(&change(json!({ "name": "Other" })))
        .send()
        .await;
    check_error(
        &renamed,
        422,
        "validation-failed/invalid",
        &json!({ "pointer": "/data/attributes/name" }),
    );
    let wrong_color = installation
        .manage("PATCH", &path)
        .json_api(&change(json!({ "color": "beige" })))
        .send()
        .await;
    assert_eq!(wrong_color.status, 422);
    let unprotected =
        json!({ "settings": { "delete_protected": false }, "description": "gone soon" });
    let changed = installation
        .manage("PATCH", &path)
        .json_api(&change(unprotected))
        .send()
        .await
        .json();
    assert_eq!(changed["data"]["attributes"]["description"], "gone soon");
    assert_eq!(changed["data"]["attributes"]["color"], "lightGold");
    let deleted = installation.manage("DELETE", &path).send().await;
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    assert_eq!(installation.manage("GET", &path).send().await.status, 404);
    assert_eq!(send().await, 401, "its keys are gone with it");
    assert_eq!(environment_ids(&installation).await.len(), 2);
}

#[tokio::test]
async fn several_teams_live_side_by_side() {
    let installation = Installation::new().await;
    let team = installation
        .metastore
        .create_team("Bees", NOW_NS)
        .await
        .unwrap();
    let request = KeyRequest::management("bees", &waggle_access::Scope::ALL);
    let key = installation
        .access
        .create_key(team.id, request)
        .await
        .unwrap()
        .value;
    let ask = |method: &str, path: &str| {
        installation
            .ask(method, path)
            .header("authorization", &format!("Bearer {key}"))
    };
    let body =
        json!({ "data": { "type": "environments", "attributes": { "name": "production" } } });
    let made = ask("POST", "/2/teams/bees/environments")
        .json_api(&body)
        .send()
        .await;
    assert_eq!(
        made.status,
        201,
        "the same name in another team: {}",
        made.text()
    );
    for path in [KEYS, ENVIRONMENTS] {
        check_error(
            &ask("GET", path).send().await,
            404,
            "not-found",
            &Json::Null,
        );
    }
    let ours = environment_ids(&installation).await;
    let stolen = key_body(&ours[0], &json!({ "key_type": "ingest", "name": "ci" }));
    let refused = ask("POST", "/2/teams/bees/api-keys")
        .json_api(&stolen)
        .send()
        .await;
    assert_eq!(refused.status, 422, "an environment of another team");

    // Each person is in one team and sees its environments alone.
    let access = &installation.access;
    let role = waggle_metastore::Role::Administrator;
    access
        .create_user(team.id, "bee@example.com", "Bee", super::PASSWORD, role)
        .await
        .unwrap();
    let cookie = installation.sign_in_as("bee@example.com").await;
    let session = installation
        .ask("GET", "/api/session")
        .header("cookie", &cookie)
        .send()
        .await
        .json();
    assert_eq!(session["team"]["slug"], "bees");
    assert_eq!(
        session["environments"],
        json!([{ "name": "production", "slug": "production", "color": "blue" }])
    );
    let staging = installation
        .ask("GET", "/api/environments/staging/datasets")
        .header("cookie", &cookie)
        .send()
        .await;
    assert_eq!(staging.status, 404);
}

#[tokio::test]
async fn keys_of_all_formats_say_what_they_are() {
    let installation = Installation::new().await;
    let environment = installation.production.environment;
    let end_ns = NOW_NS + 3_600_000_000_000;
    for kind in [KeyKind::Configuration, KeyKind::Ingest] {
        for value in [KeyValue::Random, KeyValue::RandomClassic] {
            let request = KeyRequest {
                value,
                expires_at_ns: Some(end_ns),
                ..KeyRequest::new(environment, kind, "key")
            };
            let team = installation.production.team;
            let made = installation.access.create_key(team, request).await.unwrap();
            let answer = installation
                .ask("POST", "/1/auth")
                .header("x-honeycomb-team", &made.value)
                .send()
                .await;
            let body = answer.json();
            assert_eq!(body["type"], kind.name());
            assert_eq!(body["time_to_live"], "2024-11-22T11:06:40.123Z");
            let name = if is_classic(&made.value) {
                ""
            } else {
                "production"
            };
            assert_eq!(body["environment"], json!({ "name": name, "slug": name }));
        }
    }
}
