//! Deletion, retention and erasure as clients see them; what they do to events is the store's tests' matter.

use super::Installation;
use async_trait::async_trait;
use parking_lot::Mutex;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use waggle_metastore::{ColumnId, DatasetChange, Metastore, NewColumn, NewErasure};
use waggle_model::{
    ColumnType, ColumnsDeleted, DatasetId, EraseRequest, EventKeeper, FilterOp, KeepError,
    RetentionLimits, RetentionLoss, Tenant, TimeRange,
};

/// Does in the metastore what the store does there, and notes the rest.
pub(super) struct NotingKeeper {
    metastore: Arc<dyn Metastore>,
    erased: Mutex<Vec<EraseRequest>>,
    applied: Mutex<usize>,
}

impl NotingKeeper {
    pub(super) fn new(metastore: Arc<dyn Metastore>) -> Self {
        Self {
            metastore,
            erased: Mutex::default(),
            applied: Mutex::default(),
        }
    }
}

#[async_trait]
impl EventKeeper for NotingKeeper {
    async fn delete_dataset(&self, tenant: Tenant, dataset: DatasetId) -> Result<(), KeepError> {
        Ok(self.metastore.delete_dataset(tenant, dataset).await?)
    }

    async fn delete_columns(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        columns: &[String],
    ) -> Result<ColumnsDeleted, KeepError> {
        let ids: Vec<ColumnId> = columns.iter().cloned().map(ColumnId).collect();
        let deleted = self
            .metastore
            .delete_columns(tenant, dataset, &ids, 0)
            .await?;
        Ok(ColumnsDeleted {
            deleted: deleted.columns.into_iter().map(|(id, _)| id.0).collect(),
            in_use: deleted.in_use.into_iter().map(|id| id.0).collect(),
        })
    }

    async fn preview_retention(
        &self,
        _tenant: Tenant,
        limits: &[(DatasetId, RetentionLimits)],
    ) -> Vec<RetentionLoss> {
        let losses = limits.iter().map(|(dataset, limits)| RetentionLoss {
            dataset: *dataset,
            event_count: 100,
            stored_bytes: 6_500,
            oldest_ns: Some(0),
            lost_event_count: limits.bytes_max.unwrap_or_default(),
            lost_bytes: 0,
            lost_through_ns: None,
        });
        losses.collect()
    }

    async fn apply_retention(&self) {
        *self.applied.lock() += 1;
    }

    fn default_retention(&self) -> RetentionLimits {
        RetentionLimits {
            age_max_ns: Some(60 * 86_400 * 1_000_000_000),
            bytes_max: Some(0),
        }
    }

    async fn count_erasable(
        &self,
        _tenant: Tenant,
        request: &EraseRequest,
    ) -> Result<u64, KeepError> {
        match request.filters[0].op {
            FilterOp::Contains => Err(KeepError::Unavailable("/secret/path".to_owned())),
            _ => Ok(3),
        }
    }

    async fn erase(&self, tenant: Tenant, request: EraseRequest) -> Result<i64, KeepError> {
        let record = NewErasure {
            tenant,
            dataset: request.dataset,
            asked_by: request.asked_by.clone(),
            filter_text: "user.email =".to_owned(),
            range: request.range,
            created_at_ns: 0,
        };
        self.erased.lock().push(request);
        Ok(self.metastore.begin_erasure(&record, b"").await?.0)
    }
}

async fn dataset(installation: &Installation, name: &str) -> DatasetId {
    let tenant = installation.production;
    let ensured = installation
        .metastore
        .ensure_dataset(tenant, name, 10, 0)
        .await;
    ensured.unwrap().dataset.id
}

#[tokio::test]
async fn a_dataset_is_deleted_once_it_is_not_protected() {
    let installation = Installation::new().await;
    let shop = dataset(&installation, "shop").await;
    let delete = async || {
        installation
            .ask_with_key("DELETE", "/1/datasets/shop")
            .send()
            .await
    };
    let refused = delete().await;
    assert_eq!(refused.status, 409);
    let open = DatasetChange {
        is_delete_protected: Some(false),
        ..DatasetChange::default()
    };
    installation
        .metastore
        .update_dataset(installation.production, shop, open)
        .await
        .unwrap();
    let deleted = delete().await;
    assert_eq!((deleted.status, deleted.text().as_str()), (202, ""));
    assert_eq!(delete().await.status, 404);
}

#[tokio::test]
async fn a_column_is_deleted() {
    let installation = Installation::new().await;
    let shop = dataset(&installation, "shop").await;
    let column = NewColumn {
        is_histogram: false,
        key_name: "price".to_owned(),
        column_type: ColumnType::Float,
        description: String::new(),
        is_hidden: false,
    };
    let made = installation
        .metastore
        .create_column(installation.production, shop, column, 10, 0)
        .await
        .unwrap();
    let path = format!("/1/columns/shop/{}", made.id.0);
    let deleted = installation.ask_with_key("DELETE", &path).send().await;
    assert_eq!((deleted.status, deleted.text().as_str()), (204, ""));
    let again = installation.ask_with_key("DELETE", &path).send().await;
    again.check_error(404, "Column not found");
}

#[tokio::test]
async fn columns_are_deleted_together_but_for_those_in_use() {
    let installation = Installation::new().await;
    let shop = dataset(&installation, "shop").await;
    let mut ids = Vec::new();
    for name in ["price", "took", "size", "kept"] {
        let column = NewColumn {
            is_histogram: false,
            key_name: name.to_owned(),
            column_type: ColumnType::Float,
            description: String::new(),
            is_hidden: false,
        };
        let made = installation
            .metastore
            .create_column(installation.production, shop, column, 10, 0)
            .await;
        ids.push(made.unwrap().id.0);
    }
    let cookie = installation.sign_in().await;
    let ask = async |method: &str, path: &str, body: Json| {
        let path = format!("/api/environments/production/datasets/shop/{path}");
        let call = installation.ask(method, &path).header("cookie", &cookie);
        call.json(&body).send().await
    };
    let parts = json!({"duration_ms": {"name": "took", "column_type": "column"}});
    assert_eq!(ask("PUT", "definition", parts).await.status, 200);
    let body = json!({"ids": [ids[0], ids[1], "nowhere", ids[2], ids[0]]});
    ask("POST", "column-deletions", body).await.check(
        200,
        &json!({"deleted": [ids[0], ids[2]], "in_use": [ids[1]]}),
    );
    let columns = installation
        .metastore
        .columns(installation.production, shop)
        .await
        .unwrap();
    let names: Vec<&str> = columns.iter().map(|c| c.key_name.as_str()).collect();
    assert_eq!(names, ["kept", "took"]);

    let many = vec![ids[3].clone(); 101];
    for wrong in [json!({"ids": many}), json!({"ids": [1]}), json!({})] {
        let refused = ask("POST", "column-deletions", wrong).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.json()["field"], "ids");
    }
    let columns = installation
        .metastore
        .columns(installation.production, shop)
        .await;
    assert_eq!(columns.unwrap().len(), 2);
}

#[tokio::test]
async fn limits_are_previewed_set_and_inherited() {
    let installation = Installation::new().await;
    dataset(&installation, "shop").await;
    dataset(&installation, "web").await;
    let cookie = installation.sign_in().await;
    let path = "/api/environments/production/retention";
    let of_shop = "/api/environments/production/datasets/shop/retention";
    let ask = async |method: &str, path: &str, body: Json| {
        let call = installation.ask(method, path).header("cookie", &cookie);
        let answer = call.json(&body).send().await;
        (answer.status, answer.json())
    };
    let limits = |age_s: Json, bytes: Json| json!({"age_s": age_s, "bytes": bytes});
    let inherited = limits(Json::Null, Json::Null);
    let server = limits(json!(5_184_000), json!(0));

    let (status, body) = ask("GET", path, Json::Null).await;
    assert_eq!(status, 200);
    assert_eq!(
        (&body["server"], &body["environment"]),
        (&server, &inherited)
    );
    assert_eq!(body["datasets"].as_array().unwrap().len(), 2);
    assert_eq!(body["datasets"][0]["dataset"], "shop");
    assert_eq!(body["datasets"][0]["effective"], server);

    // A preview says what would be and changes nothing.
    let preview = format!("{path}?preview=true");
    let (_, body) = ask("PUT", &preview, json!({"bytes": 7})).await;
    assert_eq!(
        (&body["is_preview"], &body["environment"]["bytes"]),
        (&json!(true), &json!(7))
    );
    let shop = &body["datasets"][0];
    assert_eq!(shop["effective"], limits(json!(5_184_000), json!(7)));
    assert_eq!(shop["would_go"]["event_count"], 7);
    let (_, body) = ask("GET", path, Json::Null).await;
    assert_eq!(body["environment"], inherited);
    assert_eq!(*installation.keeper.applied.lock(), 0);

    let (status, _) = ask("PUT", path, json!({"age_s": 86_400, "bytes": 9})).await;
    assert_eq!(status, 200);
    let (_, body) = ask("PUT", of_shop, json!({"age_s": 0, "bytes": null})).await;
    assert_eq!(body["datasets"].as_array().unwrap().len(), 1);
    assert_eq!(*installation.keeper.applied.lock(), 2);
    let (_, body) = ask("GET", of_shop, Json::Null).await;
    let shop = &body["datasets"][0];
    assert_eq!(shop["limits"], limits(json!(0), Json::Null));
    assert_eq!(shop["effective"], limits(json!(0), json!(9)));
    assert_eq!(shop["kept_from"], Json::Null);
    let (_, body) = ask("GET", path, Json::Null).await;
    let web = &body["datasets"][1];
    assert_eq!(web["effective"], limits(json!(86_400), json!(9)));
    assert_eq!(web["kept_from"], "2024-11-21T10:06:40.123Z");

    for wrong in [
        json!({"age_s": -1}),
        json!({"age_s": 1.5}),
        json!({"bytes": "1GiB"}),
        json!({"age": 5}),
    ] {
        assert_eq!(ask("PUT", path, wrong).await.0, 422);
    }
}

#[tokio::test]
async fn an_erasure_is_counted_first_and_then_recorded() {
    let installation = Installation::new().await;
    let shop = dataset(&installation, "shop").await;
    let cookie = installation.sign_in().await;
    let path = "/api/environments/production/datasets/shop/erase";
    let ask = async |method: &str, path: &str, body: Json| {
        let call = installation.ask(method, path).header("cookie", &cookie);
        call.json(&body).send().await
    };
    let filters = json!([{"column": "user.email", "op": "=", "value": "ada@example.com"}]);
    for dry_run in [Json::Null, json!(true)] {
        let body = json!({"filters": filters, "dry_run": dry_run});
        ask("POST", path, body)
            .await
            .check(200, &json!({"dry_run": true, "event_count": 3}));
    }
    assert!(installation.keeper.erased.lock().is_empty());

    let started = ask("POST", path, json!({"filters": filters, "dry_run": false})).await;
    assert_eq!(started.status, 202);
    let record = started.json();
    assert_eq!(record["state"], "running");
    let id = record["id"].as_i64().unwrap();
    {
        let erased = installation.keeper.erased.lock();
        assert_eq!((erased[0].dataset, erased[0].range), (shop, TimeRange::ALL));
        assert!(
            erased[0].asked_by.starts_with("user "),
            "{}",
            erased[0].asked_by
        );
    }
    let of_one = format!("/api/environments/production/erasures/{id}");
    assert_eq!(ask("GET", &of_one, Json::Null).await.json(), record);
    let list = ask("GET", "/api/environments/production/erasures", Json::Null).await;
    assert_eq!(list.json(), json!([record]));
    let missing = ask(
        "GET",
        "/api/environments/production/erasures/99",
        Json::Null,
    )
    .await;
    missing.check_error(404, "erasure not found");

    let body = json!({"filters": filters, "start_time": 10, "end_time": 20, "dry_run": false});
    ask("POST", path, body).await;
    let erased = installation.keeper.erased.lock().pop().unwrap();
    assert_eq!(
        (erased.range.start_ns, erased.range.end_ns),
        (10_000_000_000, 20_000_000_000)
    );

    assert_eq!(
        ask("POST", path, json!({"dry_run": false})).await.status,
        422
    );
    let body = json!({"filters": filters, "dry_run": "no"});
    assert_eq!(ask("POST", path, body).await.status, 422);
    let body = json!({"filters": [{"column": "a", "op": "contains", "value": "b"}]});
    let refused = ask("POST", path, body).await;
    refused.check_error(503, "the server can't delete now; try again");
}

/// Read as a column, a field's name would be one that no event has, and `!=` would match them all.
#[tokio::test]
async fn an_erasure_by_a_calculated_field_is_refused() {
    let installation = Installation::new().await;
    for name in ["shop", "web"] {
        dataset(&installation, name).await;
    }
    for (place, alias) in [("shop", "is_slow"), ("__all__", "is_bot")] {
        let path = format!("/1/derived_columns/{place}");
        let made = installation.ask_with_key("POST", &path);
        let body = json!({"alias": alias, "expression": "GT($ms, 5)"});
        assert_eq!(made.json(&body).send().await.status, 201);
    }
    let cookie = installation.sign_in().await;
    let erase = async |dataset: &str, body: Json| {
        let path = format!("/api/environments/production/datasets/{dataset}/erase");
        let call = installation.ask("POST", &path).header("cookie", &cookie);
        call.json(&body).send().await
    };
    let filters = json!([
        {"column": "user", "op": "=", "value": "ada"},
        {"column": "is_slow", "op": "!=", "value": true},
        {"column": "root.is_bot", "op": "does-not-exist"},
    ]);
    for dry_run in [true, false] {
        let body = json!({"filters": filters, "dry_run": dry_run});
        let refused = erase("shop", body.clone()).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.json()["field"], "filters[1].column");
        // The field of another dataset is nothing here.
        let refused = erase("web", body).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.json()["field"], "filters[2].column");
    }
    let refused = erase(
        "shop",
        json!({"filters": [{"column": "late", "op": "!=", "value": true}], "dry_run": false,
            "calculated_fields": [{"name": "late", "expression": "GT($ms, 5)"}]}),
    )
    .await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["field"], "calculated_fields");
    assert!(installation.keeper.erased.lock().is_empty());

    let body = json!({"filters": [{"column": "is_slow", "op": "=", "value": true}]});
    assert_eq!(erase("web", body).await.status, 200);
}

/// An erasure compares what is stored, queries what it was made of: `!= 200` would erase every text, "200" too.
#[tokio::test]
async fn an_erasure_by_a_column_whose_type_was_chosen_is_refused() {
    let installation = Installation::new().await;
    let shop = dataset(&installation, "shop").await;
    dataset(&installation, "web").await;
    let column = NewColumn {
        is_histogram: false,
        key_name: "status".to_owned(),
        column_type: ColumnType::String,
        description: String::new(),
        is_hidden: false,
    };
    let made = installation
        .metastore
        .create_column(installation.production, shop, column, 10, 0)
        .await
        .unwrap();
    let path = format!("/1/columns/shop/{}", made.id.0);
    let choose = async |column_type: &str| {
        let change = installation.ask_with_key("PUT", &path);
        let chosen = change.json(&json!({"type": column_type})).send().await;
        assert_eq!(chosen.status, 200);
    };
    let cookie = installation.sign_in().await;
    let erase = async |dataset: &str, dry_run: bool| {
        let path = format!("/api/environments/production/datasets/{dataset}/erase");
        let call = installation.ask("POST", &path).header("cookie", &cookie);
        let filters = json!([
            {"column": "user", "op": "=", "value": "ada"},
            {"column": "status", "op": "!=", "value": 200},
        ]);
        let body = json!({"filters": filters, "dry_run": dry_run});
        call.json(&body).send().await
    };
    choose("integer").await;
    for dry_run in [true, false] {
        let refused = erase("shop", dry_run).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.json()["field"], "filters[1].column");
        assert!(refused.text().contains("set the type back to string"));
    }
    assert!(installation.keeper.erased.lock().is_empty());
    // The column of another dataset is as it came, and so is this one again.
    assert_eq!(erase("web", true).await.status, 200);
    choose("string").await;
    assert_eq!(erase("shop", true).await.status, 200);
}
