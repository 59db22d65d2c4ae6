use super::{NOW, tenant};
use crate::{
    Error, KeyId, Metastore, Query, QueryAnswer, QueryId, QueryOutcome, QueryResult, QueryResultId,
    RunBy, UserId,
};
use waggle_model::{DatasetId, DatasetScope, EnvironmentId, Tenant};

const SPEC: &str = r#"{"calculations":[{"op":"COUNT"}]}"#;
const OPTIONS: &str = r#"{"limit":100}"#;

fn complete(json: &str) -> QueryOutcome {
    QueryOutcome {
        answer: QueryAnswer::Complete(json.to_owned().into()),
        completed_at_ns: NOW + 7,
        elapsed_ns: 7,
        rows_read: 1 << 40,
    }
}

async fn pending(metastore: &dyn Metastore, tenant: Tenant, at_ns: i64) -> QueryResult {
    let query = metastore
        .create_query(tenant, &DatasetScope::All, SPEC, at_ns)
        .await
        .unwrap();
    metastore
        .create_query_result(tenant, &query.id, OPTIONS, &RunBy::Nobody, at_ns)
        .await
        .unwrap()
}

pub(super) async fn a_query_is_saved(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    for scope in [DatasetScope::All, DatasetScope::One(DatasetId(42))] {
        let made = metastore
            .create_query(tenant, &scope, SPEC, NOW)
            .await
            .unwrap();
        assert_eq!(made.id.0.len(), 11);
        assert_eq!(made.scope, scope);
        assert_eq!(made.spec_json, SPEC);
        let found = metastore.query(tenant, &made.id).await.unwrap();
        assert_eq!(found, Some(made));
    }
    let missing = QueryId("yUheCUmgZ8p".to_owned());
    assert_eq!(metastore.query(tenant, &missing).await.unwrap(), None);
    let nobody = Tenant {
        environment: EnvironmentId(999),
        ..tenant
    };
    let refused = metastore
        .create_query(nobody, &DatasetScope::All, SPEC, NOW)
        .await;
    assert!(matches!(refused, Err(Error::NotFound(_))));
}

pub(super) async fn a_result_ends_once(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let query = metastore
        .create_query(tenant, &DatasetScope::All, SPEC, NOW)
        .await
        .unwrap();
    let failed = QueryOutcome {
        answer: QueryAnswer::Failed("too slow".to_owned()),
        ..complete("")
    };
    for (run_by, outcome) in [
        (RunBy::Nobody, complete(r#"{"results":[]}"#)),
        (RunBy::User(UserId(3)), failed),
        (RunBy::Key(KeyId("hcxlk_1".to_owned())), complete("{}")),
    ] {
        let made = metastore
            .create_query_result(tenant, &query.id, OPTIONS, &run_by, NOW)
            .await
            .unwrap();
        assert_eq!(made.outcome, None);
        assert_eq!(made.query, query.id);
        assert_eq!(made.run_by, run_by);
        assert_eq!(made.options_json, OPTIONS);
        metastore
            .finish_query_result(tenant, &made.id, &outcome)
            .await
            .unwrap();
        let found = metastore.query_result(tenant, &made.id).await.unwrap();
        let ended = QueryResult {
            outcome: Some(outcome),
            ..made
        };
        assert_eq!(found.as_ref(), Some(&ended));
        let again = metastore
            .finish_query_result(tenant, &ended.id, &complete("other"))
            .await;
        assert!(matches!(again, Err(Error::Conflict(_))));
        assert_eq!(
            metastore.query_result(tenant, &ended.id).await.unwrap(),
            Some(ended)
        );
    }
    let missing = QueryResultId("yUheCUmgZ8p".to_owned());
    let refused = metastore
        .finish_query_result(tenant, &missing, &complete("{}"))
        .await;
    assert!(matches!(refused, Err(Error::NotFound(_))));
    let missing = QueryId("yUheCUmgZ8p".to_owned());
    let refused = metastore
        .create_query_result(tenant, &missing, OPTIONS, &RunBy::Nobody, NOW)
        .await;
    assert!(matches!(refused, Err(Error::NotFound("query"))));
}

pub(super) async fn a_run_is_recorded_whole_or_not_at_all(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let query = Query {
        id: QueryId::random(),
        tenant,
        scope: DatasetScope::One(DatasetId(42)),
        spec_json: SPEC.to_owned(),
        created_at_ns: NOW,
    };
    let result = QueryResult {
        id: QueryResultId::random(),
        tenant,
        query: query.id.clone(),
        options_json: OPTIONS.to_owned(),
        run_by: RunBy::User(UserId(3)),
        created_at_ns: NOW,
        outcome: None,
    };
    let refused = metastore.record_run(&query, &result).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })));
    let result = QueryResult {
        outcome: Some(complete("no text: \u{0}")),
        ..result
    };
    metastore.record_run(&query, &result).await.unwrap();
    let found = metastore.query(tenant, &query.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&query));
    let found = metastore.query_result(tenant, &result.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&result));

    let other = Query {
        id: QueryId::random(),
        ..query
    };
    let again = metastore.record_run(&other, &result).await;
    assert!(matches!(again, Err(Error::Conflict(_))));
    assert_eq!(metastore.query(tenant, &other.id).await.unwrap(), None);
}

pub(super) async fn pending_and_old_results_go(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let ended = pending(metastore, tenant, NOW).await;
    metastore
        .finish_query_result(tenant, &ended.id, &complete("{}"))
        .await
        .unwrap();
    let stopped = pending(metastore, tenant, NOW + 1).await;
    let running = pending(metastore, tenant, NOW + 2).await;
    let failed = metastore
        .fail_pending_query_results(NOW + 2, "the server was stopped", NOW + 3)
        .await
        .unwrap();
    assert_eq!(failed, 1);
    let found = metastore
        .query_result(tenant, &stopped.id)
        .await
        .unwrap()
        .unwrap();
    let outcome = found.outcome.unwrap();
    assert_eq!(
        outcome.answer,
        QueryAnswer::Failed("the server was stopped".to_owned())
    );
    assert_eq!(outcome.completed_at_ns, NOW + 3);
    let found = metastore.query_result(tenant, &running.id).await.unwrap();
    assert_eq!(found.unwrap().outcome, None);

    // What failed has no answer to forget.
    assert_eq!(metastore.forget_answers(NOW + 2).await.unwrap(), 1);
    let found = metastore.query_result(tenant, &ended.id).await.unwrap();
    let outcome = found.unwrap().outcome.unwrap();
    assert_eq!(outcome.answer, QueryAnswer::Forgotten);
    assert_eq!((outcome.elapsed_ns, outcome.rows_read), (7, 1 << 40));
    assert!(
        metastore
            .query_result(tenant, &running.id)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        metastore
            .query(tenant, &ended.query)
            .await
            .unwrap()
            .is_some()
    );
}

pub(super) async fn another_tenant_sees_no_query(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let result = pending(metastore, ours, NOW).await;
    assert_eq!(metastore.query(theirs, &result.query).await.unwrap(), None);
    assert_eq!(
        metastore.query_result(theirs, &result.id).await.unwrap(),
        None
    );
    let refused = metastore
        .create_query_result(theirs, &result.query, OPTIONS, &RunBy::Nobody, NOW)
        .await;
    assert!(matches!(refused, Err(Error::NotFound(_))));
    let refused = metastore
        .finish_query_result(theirs, &result.id, &complete("{}"))
        .await;
    assert!(matches!(refused, Err(Error::NotFound(_))));
}
