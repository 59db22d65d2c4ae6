use super::{Walk, check_rules, installation, long};
use serde_json::json;
use waggle_access::Permission;

#[tokio::test]
async fn query_annotations_are_kept() {
    let installation = installation().await;
    for dataset in ["shop", "__all__"] {
        let query = installation
            .make_id(&format!("/1/queries/{dataset}"), &json!({}))
            .await;
        let path = format!("/1/query_annotations/{dataset}");
        Walk {
            path: &path,
            body: json!({"name": "slow", "description": "how slow", "query_id": query}),
            expected: json!({"name": "slow", "description": "how slow", "query_id": query, "source": "query"}),
            change: json!({"name": "fast", "query_id": query}),
            changed: json!({"name": "fast", "description": "", "query_id": query, "source": "query"}),
            has_get: true,
            delete_status: 204,
            permission: Permission::ManageColumns,
            is_team_wide: false,
        }
        .run(&installation)
        .await;
    }
}

#[tokio::test]
async fn an_annotation_stays_with_its_query() {
    let installation = installation().await;
    let query = installation.make_id("/1/queries/shop", &json!({})).await;
    let second = installation.make_id("/1/queries/shop", &json!({})).await;
    let path = "/1/query_annotations/shop";
    let unknown = "Query ID included in body is invalid";
    for (path, query) in [
        (path, "nobodys"),
        ("/1/query_annotations/other", query.as_str()),
        ("/1/query_annotations/__all__", query.as_str()),
    ] {
        let body = json!({"name": "a", "query_id": query});
        let answer = installation.send("POST", path, &body).await;
        answer.check_error(400, unknown);
    }
    let id = installation
        .make_id(path, &json!({"name": "a", "query_id": query}))
        .await;
    let one = format!("{path}/{id}");
    let moved = installation
        .send("PUT", &one, &json!({"name": "a", "query_id": second}))
        .await;
    moved.check_error(
        400,
        "the query of an annotation can't be changed; make another annotation",
    );
    let renamed = installation.send("PUT", &one, &json!({"name": "b"})).await;
    assert_eq!(renamed.json()["query_id"], json!(query));
    // A query can have several.
    installation
        .make(path, &json!({"name": "b", "query_id": query}))
        .await;
    check_rules(
        &installation,
        "POST",
        path,
        &json!({"name": "a", "query_id": query}),
        &[
            (json!({"name": " "}), "name", "missing", "cannot be blank"),
            (
                json!({"name": 7}),
                "name",
                "incorrect_type",
                "must be a string",
            ),
            (
                json!({"name": long(321)}),
                "name",
                "invalid",
                "must have at most 320 characters",
            ),
            (
                json!({"description": long(1_024)}),
                "description",
                "invalid",
                "must have at most 1023 characters",
            ),
            (
                json!({"query_id": null}),
                "query_id",
                "missing",
                "cannot be blank",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn annotations_of_boards_are_listed_on_demand() {
    let installation = installation().await;
    let query = installation.make_id("/1/queries/shop", &json!({})).await;
    let path = "/1/query_annotations/shop";
    let body = json!({"name": "a", "query_id": query, "source": "board"});
    let made = installation.make(path, &body).await;
    assert_eq!(made["source"], "board");
    installation.get(path).await.check(200, &json!([]));
    installation
        .get(&format!("{path}?include_board_annotations=true"))
        .await
        .check(200, &json!([made]));
}
