use super::installation;
use crate::tests::Installation;
use serde_json::{Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::KeyKind;

const PATH: &str = "/1/dataset_definitions/shop";

async fn column(installation: &Installation, name: &str) -> String {
    let body = json!({"key_name": name});
    installation.make_id("/1/columns/shop", &body).await
}

async fn patch(installation: &Installation, body: &Json) -> Json {
    let answer = installation.send("PATCH", PATH, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_definition_begins_with_what_is_usual() {
    let installation = installation().await;
    let definition = installation.get(PATH).await.json();
    let keys: Vec<&String> = definition.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "duration_ms",
            "error",
            "name",
            "parent_id",
            "route",
            "service_name",
            "span_id",
            "span_kind",
            "annotation_type",
            "link_trace_id",
            "link_span_id",
            "status",
            "trace_id",
            "user",
            "log_message",
            "log_severity",
        ]
    );
    assert!(definition.as_object().unwrap().values().all(Json::is_null));
    for (name, key) in [
        ("traceId", "trace_id"),
        ("trace.trace_id", "trace_id"),
        ("request_path", "route"),
        ("http.status_code", "status"),
        ("severity", "log_severity"),
        ("id", "span_id"),
    ] {
        column(&installation, name).await;
        let definition = installation.get(PATH).await.json();
        let expected = json!({"name": name, "column_type": "column"});
        assert_eq!(definition[key], expected);
    }
}

#[tokio::test]
async fn a_patch_changes_what_it_names() {
    let installation = installation().await;
    let own = column(&installation, "took").await;
    column(&installation, "duration_ms").await;
    column(&installation, "error").await;
    let changed = patch(
        &installation,
        &json!({"duration_ms": {"name": "took", "column_type": "derived_column"}}),
    )
    .await;
    let took = json!({"name": "took", "column_type": "column"});
    assert_eq!(changed["duration_ms"], took);
    assert_eq!(changed["error"]["name"], "error");
    let changed = patch(&installation, &json!({"error": {"name": ""}})).await;
    assert_eq!(changed["error"], Json::Null);
    assert_eq!(changed["duration_ms"], took);
    installation.get(PATH).await.check(200, &changed);
    let other = installation.get("/1/dataset_definitions/other").await;
    assert_eq!(other.json()["duration_ms"], Json::Null);

    let path = format!("/1/columns/shop/{own}");
    installation.delete(&path).await.check_error(
        409,
        "the dataset's definition uses this column; take it out there first",
    );
    patch(&installation, &json!({"duration_ms": null})).await;
    assert_eq!(installation.delete(&path).await.status, 204);
}

#[tokio::test]
async fn wrong_definitions_change_nothing() {
    let installation = installation().await;
    column(&installation, "took").await;
    let body = json!({"duration_ms": {"name": "took"}, "error": {"name": "nobody"}, "name": {"name": "x"}});
    let answer = installation.send("PATCH", PATH, &body).await;
    answer.check_error(422, "The following columns were not found: nobody, x");
    let definition = installation.get(PATH).await.json();
    assert_eq!(definition["duration_ms"], Json::Null);
    for (body, field) in [
        (json!({"speed": {"name": "took"}}), "speed"),
        (json!({"error": {"name": 7}}), "error.name"),
        (json!({"error": "took"}), "error.name"),
    ] {
        let answer = installation.send("PATCH", PATH, &body).await;
        assert_eq!(answer.json()["type_detail"][0]["field"], field);
    }
    let answer = installation.ask_with_key("PATCH", PATH).body("{").send();
    answer
        .await
        .check_error(400, "could not parse request body");
    let missing = installation.get("/1/dataset_definitions/nobody").await;
    missing.check_error(404, "Dataset not found");
    let rest = Permission::all().filter(|permission| *permission != Permission::ManageColumns);
    let key = installation
        .key_with(installation.production, KeyKind::Configuration, rest)
        .await;
    let refused = installation
        .ask("GET", PATH)
        .header("x-honeycomb-team", &key);
    assert_eq!(refused.send().await.status, 403);
}

#[tokio::test]
async fn a_field_with_a_meaning_looks_at_no_other_event() {
    let installation = installation().await;
    let field = |expression: &str| json!({"alias": "slow_ms", "expression": expression});
    let path = "/1/derived_columns/shop";
    let id = installation.make_id(path, &field("MUL($took, 2)")).await;
    let path = format!("{path}/{id}");
    let meaning = json!({"duration_ms": {"name": "slow_ms"}});
    patch(&installation, &meaning).await;
    for beyond in ["$root.took", "RATE($took)"] {
        let refused = installation.send("PUT", &path, &field(beyond)).await;
        assert_eq!(refused.status, 422, "{beyond}");
        let detail = &refused.json()["type_detail"][0];
        assert_eq!(detail["field"], "expression");
    }
    let kept = installation.get(&path).await.json();
    assert_eq!(kept["expression"], "MUL($took, 2)");
    let tripled = installation
        .send("PUT", &path, &field("MUL($took, 3)"))
        .await;
    assert_eq!(tripled.status, 200);
    patch(&installation, &json!({"duration_ms": null})).await;
    let free = installation.send("PUT", &path, &field("$root.took")).await;
    assert_eq!(free.status, 200);
    let refused = installation.send("PATCH", PATH, &meaning).await;
    assert_eq!(refused.status, 422);
}
