use super::{Walk, check_rules, installation, long};
use crate::tests::NOW_NS;
use serde_json::json;
use std::collections::BTreeMap;
use waggle_access::Permission;
use waggle_metastore::{ArtifactLimits, DatasetDefinition, DefinedColumn, NewColumn, Place};
use waggle_model::ColumnType;

#[tokio::test]
async fn derived_columns_are_kept() {
    let installation = installation().await;
    for path in ["/1/derived_columns/shop", "/1/derived_columns/__all__"] {
        Walk {
            path,
            body: json!({"alias": "is_slow", "expression": "GT($duration_ms, 500)", "description": "over the budget"}),
            expected: json!({"alias": "is_slow", "expression": "GT($duration_ms, 500)", "description": "over the budget"}),
            change: json!({"expression": "GT($duration_ms, 250)"}),
            changed: json!({"alias": "is_slow", "expression": "GT($duration_ms, 250)", "description": "over the budget"}),
            has_get: false,
            delete_status: 204,
            permission: Permission::ManageColumns,
            is_team_wide: false,
        }
        .run(&installation)
        .await;
    }
}

#[tokio::test]
async fn one_is_found_by_its_alias_and_by_its_id_where_it_is() {
    let installation = installation().await;
    let path = "/1/derived_columns/shop";
    let body = json!({"alias": "a b", "expression": "1"});
    let made = installation.make(path, &body).await;
    let id = made["id"].as_str().unwrap();
    for place in [format!("{path}?alias=a%20b"), format!("{path}/{id}")] {
        installation.get(&place).await.check(200, &made);
    }
    let missing = installation.get(&format!("{path}?alias=other")).await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.json()["error"], "Derived column not found");
    for place in ["other", "__all__"] {
        let list = format!("/1/derived_columns/{place}");
        let answer = installation.get(&format!("{list}/{id}")).await;
        assert_eq!(answer.status, 404);
        installation.get(&list).await.check(200, &json!([]));
    }
}

#[tokio::test]
async fn a_wrong_field_is_refused_with_the_place() {
    let installation = installation().await;
    let base = json!({"alias": "a", "expression": "$b"});
    let path = "/1/derived_columns/shop";
    check_rules(
        &installation,
        "POST",
        path,
        &base,
        &[
            (json!({"alias": ""}), "alias", "missing", "cannot be blank"),
            (json!({"alias": long(256)}), "alias", "invalid", "must have at most 255 characters"),
            (json!({"alias": "root.a"}), "alias", "invalid",
             "must not begin with root., which names other spans of the trace"),
            (json!({"description": long(256)}), "description", "invalid", "must have at most 255 characters"),
            (json!({"expression": ""}), "expression", "missing", "cannot be blank"),
            (json!({"expression": 5}), "expression", "incorrect_type", "must be a string"),
            (json!({"expression": "IF($a,\n FOO(1))"}), "expression", "invalid",
             "invalid function: FOO at line 2, column 2"),
            (json!({"expression": "REG_MATCH($a, \"(\")"}), "expression", "invalid",
             "invalid regular expression \"(\": unclosed group at line 1, column 1"),
            (json!({"expression": format!("\"{}\"", long(4_094))}), "expression", "invalid",
             "the expression has 4096 characters, more than the 4095 there may be at line 1, column 1"),
            (json!({"expression": "$a + 1"}), "expression", "invalid",
             "a is a calculated field; an expression reads columns only"),
        ],
    )
    .await;
    let id = installation.make_id(path, &base).await;
    installation
        .make_id(
            "/1/derived_columns/__all__",
            &json!({"alias": "wide", "expression": "1"}),
        )
        .await;
    let rules = [
        (
            json!({"alias": "c", "expression": "$wide"}),
            "expression",
            "invalid",
            "wide is a calculated field; an expression reads columns only",
        ),
        (
            json!({"alias": "c", "expression": "NOT($a)"}),
            "expression",
            "invalid",
            "a is a calculated field; an expression reads columns only",
        ),
    ];
    check_rules(&installation, "POST", path, &base, &rules).await;
    let one = format!("{path}/{id}");
    check_rules(&installation, "PUT", &one, &base, &rules[..1]).await;
}

#[tokio::test]
async fn an_alias_is_taken_by_a_field_or_a_column() {
    let installation = installation().await;
    let shop = installation.dataset(installation.production, "shop").await;
    let column = NewColumn {
        is_histogram: false,
        key_name: "duration_ms".to_owned(),
        column_type: ColumnType::Float,
        description: String::new(),
        is_hidden: false,
    };
    let metastore = &installation.metastore;
    metastore
        .create_column(installation.production, shop, column, 10, NOW_NS)
        .await
        .unwrap();
    let make = |dataset: &str, alias: &str| {
        let body = json!({"alias": alias, "expression": "1"});
        let path = format!("/1/derived_columns/{dataset}");
        let installation = &installation;
        async move { installation.send("POST", &path, &body).await }
    };
    for dataset in ["shop", "__all__"] {
        let answer = make(dataset, "duration_ms").await;
        assert_eq!(answer.status, 409);
        assert_eq!(
            answer.json()["error"],
            "duration_ms is the name of a column"
        );
    }
    assert_eq!(make("other", "duration_ms").await.status, 201);
    assert_eq!(make("shop", "x").await.status, 201);
    assert_eq!(make("shop", "x").await.status, 409);
    // The dataset's hides the environment's.
    assert_eq!(make("__all__", "x").await.status, 201);
    let y = make("shop", "y").await.json();
    let path = format!("/1/derived_columns/shop/{}", y["id"].as_str().unwrap());
    let answer = installation
        .send("PUT", &path, &json!({"alias": "x"}))
        .await;
    assert_eq!(answer.status, 409, "{}", answer.text());
}

#[tokio::test]
async fn one_that_is_in_use_stays() {
    let installation = installation().await;
    let shop = installation.dataset(installation.production, "shop").await;
    let path = "/1/derived_columns/shop";
    let body = json!({"alias": "failed", "expression": "EXISTS($error)"});
    let id = installation.make_id(path, &body).await;
    let definition = DatasetDefinition {
        columns: BTreeMap::from([(
            "error".to_owned(),
            Some(DefinedColumn::CalculatedField {
                id: id.clone(),
                alias: "failed".to_owned(),
            }),
        )]),
    };
    let place = Place::of_dataset(Some(shop));
    let metastore = &installation.metastore;
    let used = metastore
        .create_artifact(
            installation.production,
            &place,
            definition,
            ArtifactLimits {
                count_max: 10,
                bytes_max: 10_000,
            },
            NOW_NS,
        )
        .await
        .unwrap();
    let one = format!("{path}/{id}");
    assert_eq!(installation.delete(&one).await.status, 409);
    let renamed = installation
        .send("PUT", &one, &json!({"alias": "other"}))
        .await;
    assert_eq!(renamed.status, 409);
    let changed = installation
        .send("PUT", &one, &json!({"expression": "1"}))
        .await;
    assert_eq!(changed.status, 200);
    let kind = waggle_metastore::ArtifactKind::DatasetDefinition;
    metastore
        .delete_artifact(installation.production, kind, &used.id)
        .await
        .unwrap();
    assert_eq!(installation.delete(&one).await.status, 204);
}

/// Fields are remembered between queries, and no longer than they are true.
#[tokio::test]
async fn a_query_reads_the_field_as_it_is_now() {
    let installation = installation().await;
    let path = "/1/derived_columns/shop";
    let ask = async || {
        let query = json!({"breakdowns": ["slow"]});
        let path = "/api/environments/production/datasets/shop/query";
        let answer = installation.send("POST", path, &query).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let asked = installation.engine.last();
        let fields = asked.spec.calculated_fields.into_iter();
        fields.map(|field| field.expression).collect::<Vec<_>>()
    };
    assert_eq!(ask().await, [""; 0]);
    let body = json!({"alias": "slow", "expression": "GT($took, 1)"});
    let id = installation.make_id(path, &body).await;
    assert_eq!(ask().await, ["GT($took, 1)"]);
    let one = format!("{path}/{id}");
    let change = json!({"expression": "GT($took, 2)"});
    installation.send("PUT", &one, &change).await;
    assert_eq!(ask().await, ["GT($took, 2)"]);
    assert_eq!(installation.delete(&one).await.status, 204);
    assert_eq!(ask().await, [""; 0]);
}
