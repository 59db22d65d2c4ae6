use super::{NOW, tenant};
use crate::{
    ArtifactLimits, BoardView, DerivedColumn, ErasedValues, Erasure, ErasureId, ErasureState,
    Error, Metastore, NewErasure, Place, Query, QueryAnswer, QueryId, QueryOutcome, QueryResult,
    QueryResultId, RunBy, RunningErasure, ViewFilter,
};
use waggle_model::{DatasetId, DatasetScope, EnvironmentId, RetentionLimits, Tenant, TimeRange};

async fn dataset(metastore: &dyn Metastore, tenant: Tenant, name: &str) -> DatasetId {
    let ensured = metastore.ensure_dataset(tenant, name, 10, NOW).await;
    ensured.unwrap().dataset.id
}

fn limits(age_max_ns: Option<i64>, bytes_max: Option<u64>) -> RetentionLimits {
    RetentionLimits {
        age_max_ns,
        bytes_max,
    }
}

pub(super) async fn limits_are_kept_per_environment_and_dataset(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let shop = dataset(metastore, ours, "shop").await;
    let other = dataset(metastore, theirs, "other").await;
    let none = RetentionLimits::default();
    assert_eq!(metastore.environment_retention(ours).await.unwrap(), none);

    for age in [10, 20] {
        let environment = limits(Some(age), None);
        metastore
            .set_environment_retention(ours, environment, NOW)
            .await
            .unwrap();
        let own = limits(Some(0), Some(1 << 40));
        metastore
            .set_dataset_retention(ours, shop, own, NOW)
            .await
            .unwrap();
        assert_eq!(
            metastore.environment_retention(ours).await.unwrap(),
            environment
        );
        assert_eq!(metastore.environment_retention(theirs).await.unwrap(), none);
        let found = metastore.retentions().await.unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|r| (r.tenant, r.dataset, r.own, r.environment))
            .collect();
        assert_eq!(
            found,
            [(ours, shop, own, environment), (theirs, other, none, none)]
        );
    }
    let refused = metastore
        .set_dataset_retention(theirs, shop, none, NOW)
        .await;
    assert!(matches!(refused, Err(Error::NotFound("dataset"))));
    let nobody = Tenant {
        environment: EnvironmentId(999),
        ..ours
    };
    let refused = metastore.set_environment_retention(nobody, none, NOW).await;
    assert!(matches!(refused, Err(Error::NotFound(_))));
    let refused = metastore
        .set_dataset_retention(ours, shop, limits(None, Some(u64::MAX)), NOW)
        .await;
    assert!(matches!(refused, Err(Error::Invalid { .. })));
}

fn erasure(tenant: Tenant, dataset: DatasetId) -> NewErasure {
    NewErasure {
        tenant,
        dataset,
        asked_by: "ada@example.com".to_owned(),
        filter_text: "user.email =".to_owned(),
        range: TimeRange::ALL,
        created_at_ns: NOW,
    }
}

pub(super) async fn an_erasure_ends_once(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let shop = dataset(metastore, ours, "shop").await;
    let asked = erasure(ours, shop);
    let first = metastore
        .begin_erasure(&asked, b"what to do")
        .await
        .unwrap();
    let second = metastore
        .begin_erasure(&asked, b"what to do")
        .await
        .unwrap();
    let expected = |id, state, row_count, finished_at_ns| Erasure {
        id,
        asked: asked.clone(),
        state,
        row_count,
        failure: None,
        finished_at_ns,
    };
    assert_eq!(
        metastore.erasure(ours, first).await.unwrap(),
        Some(expected(first, ErasureState::Running, 0, None))
    );
    assert_eq!(metastore.erasure(theirs, first).await.unwrap(), None);
    assert_eq!(metastore.erasure(ours, ErasureId(999)).await.unwrap(), None);
    metastore.note_erasure(first, 3, None, None).await.unwrap();
    metastore
        .note_erasure(first, 7, None, Some(NOW + 1))
        .await
        .unwrap();
    // It has ended.
    metastore
        .note_erasure(first, 9, Some("late"), Some(NOW + 2))
        .await
        .unwrap();
    let done = expected(first, ErasureState::Done, 7, Some(NOW + 1));
    let running = |request: Option<&[u8]>| RunningErasure {
        id: second,
        tenant: ours,
        row_count: 0,
        request: request.map(<[u8]>::to_vec),
    };
    let found = metastore.running_erasures().await.unwrap();
    assert_eq!(found, [running(Some(b"what to do"))]);
    metastore
        .forget_erased(second, ours, shop, &ErasedValues::default())
        .await
        .unwrap();
    let found = metastore.running_erasures().await.unwrap();
    assert_eq!(found, [running(None)]);
    metastore
        .note_erasure(second, 0, Some("stopped"), Some(NOW + 3))
        .await
        .unwrap();
    assert_eq!(metastore.running_erasures().await.unwrap(), []);
    let found = metastore.erasures(ours, 10).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].id, found[0].state),
        (second, ErasureState::Failed)
    );
    assert_eq!(found[0].failure.as_deref(), Some("stopped"));
    assert_eq!(found[1], done);
    assert_eq!(metastore.erasures(ours, 1).await.unwrap().len(), 1);
    assert_eq!(metastore.erasures(theirs, 10).await.unwrap(), []);
}

pub(super) async fn answers_are_forgotten(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let shop = dataset(metastore, ours, "shop").await;
    let other = dataset(metastore, ours, "other").await;
    let of_theirs = dataset(metastore, theirs, "shop").await;
    let run_by = RunBy::Nobody;
    let mut results = Vec::new();
    let filter = r#"{"filters":[{"column":"x","op":"in","value":["a","secret"]}]}"#;
    let expression =
        r#"{"calculated_fields":[{"name":"x","expression":"EQUALS($y, \"\\x73ecret\")"}]}"#;
    let innocent = r#"{"filters":[{"column":"secret","op":"=","value":"secretary"}]}"#;
    for (tenant, scope, spec) in [
        (ours, DatasetScope::One(shop), "{}"),
        (ours, DatasetScope::All, "{\"all\":1}"),
        (ours, DatasetScope::One(other), "{}"),
        (ours, DatasetScope::One(other), filter),
        (ours, DatasetScope::One(other), expression),
        (ours, DatasetScope::One(other), innocent),
        (theirs, DatasetScope::One(of_theirs), filter),
    ] {
        let query = metastore
            .create_query(tenant, &scope, spec, NOW)
            .await
            .unwrap();
        let result = metastore
            .create_query_result(tenant, &query.id, "{}", &run_by, NOW)
            .await
            .unwrap();
        let outcome = QueryOutcome {
            answer: QueryAnswer::Complete("{\"secret\":1}".into()),
            completed_at_ns: NOW,
            elapsed_ns: 1,
            rows_read: 1,
        };
        metastore
            .finish_query_result(tenant, &result.id, &outcome)
            .await
            .unwrap();
        results.push((tenant, query.id, result.id));
    }
    let erased = metastore
        .begin_erasure(&erasure(ours, shop), b"secret")
        .await
        .unwrap();
    metastore
        .forget_erased(erased, ours, shop, &texts(&["secret", ""]))
        .await
        .unwrap();
    metastore.scrub().await.unwrap();
    let mut left = Vec::new();
    for (tenant, query, result) in &results {
        left.push((
            metastore.query(*tenant, query).await.unwrap().is_some(),
            metastore
                .query_result(*tenant, result)
                .await
                .unwrap()
                .is_some(),
        ));
    }
    assert_eq!(
        left,
        [
            (true, false),
            (true, false),
            (true, true),
            (false, false),
            (false, false),
            (true, true),
            (true, true)
        ]
    );
}

pub(super) async fn artifacts_forget_what_was_erased(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let shop = dataset(metastore, ours, "shop").await;
    let limits = ArtifactLimits {
        count_max: 10,
        bytes_max: 10_000,
    };
    let field = |value: &str| DerivedColumn {
        alias: "secret".to_owned(),
        expression: format!("EQUALS($user, \"{value}\")"),
        description: "finds secret".to_owned(),
    };
    let view = |value: &str| BoardView {
        name: "secret".to_owned(),
        filters: vec![ViewFilter {
            column: "secret".to_owned(),
            operation: "=".to_owned(),
            value: Some(value.into()),
        }],
    };
    let mut made = Vec::new();
    for tenant in [ours, theirs] {
        let place = Place::default();
        let view = metastore.create_artifact(tenant, &place, view("secret"), limits, NOW);
        let view = view.await.unwrap();
        let field = metastore.create_artifact(tenant, &place, field("secret"), limits, NOW);
        made.push((tenant, view, field.await.unwrap()));
    }
    let erased = metastore
        .begin_erasure(&erasure(ours, shop), b"")
        .await
        .unwrap();
    metastore
        .forget_erased(erased, ours, shop, &texts(&["secret"]))
        .await
        .unwrap();
    for ((tenant, old_view, old_field), left) in made.into_iter().zip(["(erased)", "secret"]) {
        let views = metastore.artifacts::<BoardView>(tenant).await.unwrap();
        let fields = metastore.artifacts::<DerivedColumn>(tenant).await.unwrap();
        assert_eq!(
            (&views[0].value, &fields[0].value),
            (&view(left), &field(left))
        );
        // Whoever had read it before does not bring it back.
        let late = metastore
            .update_artifact(tenant, old_view, 10_000, NOW)
            .await;
        assert_eq!(late.is_err(), tenant == ours);
        let late = metastore
            .update_artifact(tenant, old_field, 10_000, NOW)
            .await;
        assert_eq!(late.is_err(), tenant == ours);
    }
}

/// An answer that was asked for before the end of an erasure may hold what was erased.
pub(super) async fn answers_from_before_an_erasure_are_not_written(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let shop = dataset(metastore, ours, "shop").await;
    let other = dataset(metastore, ours, "other").await;
    let erased = metastore
        .begin_erasure(&erasure(ours, shop), b"")
        .await
        .unwrap();
    let mut next = 0;
    let mut record = async |tenant, scope, asked_at_ns| {
        next += 1;
        let query = Query {
            id: QueryId(format!("query{next}")),
            tenant,
            scope,
            spec_json: "{}".to_owned(),
            created_at_ns: asked_at_ns,
        };
        let result = QueryResult {
            id: QueryResultId(format!("result{next}")),
            tenant,
            query: query.id.clone(),
            options_json: "{}".to_owned(),
            run_by: RunBy::Nobody,
            created_at_ns: asked_at_ns,
            outcome: Some(QueryOutcome {
                answer: QueryAnswer::Complete("{}".into()),
                completed_at_ns: asked_at_ns,
                elapsed_ns: 1,
                rows_read: 1,
            }),
        };
        match metastore.record_run(&query, &result).await {
            Ok(()) => true,
            Err(Error::Conflict(_)) => false,
            Err(error) => panic!("{error}"),
        }
    };
    let late = NOW + 9;
    assert!(!record(ours, DatasetScope::One(shop), late).await);
    assert!(!record(ours, DatasetScope::All, late).await);
    assert!(record(ours, DatasetScope::One(other), late).await);
    assert!(record(theirs, DatasetScope::All, late).await);
    metastore
        .note_erasure(erased, 1, None, Some(late))
        .await
        .unwrap();
    assert!(!record(ours, DatasetScope::One(shop), late).await);
    assert!(!record(ours, DatasetScope::All, NOW).await);
    assert!(record(ours, DatasetScope::One(shop), late + 1).await);
}

fn texts(texts: &[&str]) -> ErasedValues {
    ErasedValues {
        texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        numbers: Vec::new(),
    }
}

pub(super) async fn numbers_are_forgotten_with_their_column(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "bees").await;
    let made = metastore.ensure_dataset(ours, "shop", 10, NOW).await;
    let shop = made.unwrap().dataset.id;
    let other = dataset(metastore, ours, "other").await;
    let user = r#"{"filters":[{"column":"user","op":"=","value":4711}]}"#;
    let field = "EQUALS($user, 4711)";
    let limits = ArtifactLimits {
        count_max: 10,
        bytes_max: 10_000,
    };
    for (alias, dataset) in [
        ("all", None),
        ("of_shop", Some(shop)),
        ("other", Some(other)),
    ] {
        let place = Place {
            dataset,
            ..Place::default()
        };
        let field = DerivedColumn {
            alias: alias.to_owned(),
            expression: field.to_owned(),
            description: String::new(),
        };
        let made = metastore.create_artifact(ours, &place, field, limits, NOW);
        made.await.unwrap();
    }
    let mut queries = Vec::new();
    for (scope, is_left) in [(DatasetScope::All, false), (DatasetScope::One(other), true)] {
        let query = metastore.create_query(ours, &scope, user, NOW).await;
        queries.push((query.unwrap().id, user, is_left));
    }
    for (spec, is_left) in [
        (user, false),
        (
            r#"{"havings":[{"calculate_op":"COUNT_DISTINCT","column":"user","op":">","value":4711}]}"#,
            true,
        ),
        (
            r#"{"filters":[{"column":"order.user","op":"=","value":4711}]}"#,
            true,
        ),
        (
            r#"{"calculated_fields":[{"name":"x","expression":"RATE($user, 4711)"}]}"#,
            true,
        ),
        (
            r#"{"filters":[{"column":"root.user","op":"in","value":[1,4711.0]}]}"#,
            false,
        ),
        (
            r#"{"filters":[{"column":"user","op":"=","value":"4711"}]}"#,
            false,
        ),
        (
            r#"{"calculated_fields":[{"name":"x","expression":"EQUALS($user, 4711)"}]}"#,
            false,
        ),
        (
            r#"{"filters":[{"column":"user","op":"=","value":4712}]}"#,
            true,
        ),
        (
            r#"{"filters":[{"column":"status","op":"=","value":4711}]}"#,
            true,
        ),
        (
            r#"{"calculated_fields":[{"name":"user","expression":"EQUALS($status, 4711)"}]}"#,
            true,
        ),
        (r#"{"breakdowns":["user"],"limit":4711}"#, true),
    ] {
        let scope = DatasetScope::One(shop);
        let query = metastore
            .create_query(ours, &scope, spec, NOW)
            .await
            .unwrap();
        queries.push((query.id, spec, is_left));
    }
    let asked = NewErasure {
        tenant: ours,
        dataset: shop,
        asked_by: "ada".to_owned(),
        filter_text: String::new(),
        range: TimeRange::ALL,
        created_at_ns: NOW,
    };
    let erasure = metastore.begin_erasure(&asked, b"").await.unwrap();
    let values = ErasedValues {
        texts: Vec::new(),
        numbers: vec![("user".to_owned(), "4711.0".to_owned())],
    };
    metastore
        .forget_erased(erasure, ours, shop, &values)
        .await
        .unwrap();
    for (id, spec, is_left) in queries {
        let found = metastore.query(ours, &id).await.unwrap();
        assert_eq!(found.is_some(), is_left, "{spec}");
    }
    let fields = metastore.artifacts::<DerivedColumn>(ours).await.unwrap();
    for kept in fields {
        let expected = match kept.value.alias.as_str() {
            "other" => field,
            _ => "EQUALS($user, null)",
        };
        assert_eq!(kept.value.expression, expected, "{}", kept.value.alias);
    }
}
