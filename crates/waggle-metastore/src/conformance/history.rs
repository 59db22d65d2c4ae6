use super::{NOW, tenant};
use crate::{
    ArtifactKind, ArtifactLimits, KeyId, Metastore, PastRun, Place, Query, QueryAnnotation,
    QueryAnswer, QueryId, QueryOutcome, QueryResult, QueryResultId, RunBy, RunFilter, RunPlace,
    RunState, UserId,
};
use waggle_model::{DatasetId, DatasetScope, Tenant, TimeRange};

async fn ran(
    metastore: &dyn Metastore,
    tenant: Tenant,
    spec_json: &str,
    run_by: RunBy,
    at_ns: i64,
) -> QueryResultId {
    let query = Query {
        id: QueryId::random(),
        tenant,
        scope: DatasetScope::One(DatasetId(at_ns - NOW)),
        spec_json: spec_json.to_owned(),
        created_at_ns: at_ns,
    };
    let result = QueryResult {
        id: QueryResultId::random(),
        tenant,
        query: query.id.clone(),
        options_json: "{}".to_owned(),
        run_by,
        created_at_ns: at_ns,
        outcome: Some(QueryOutcome {
            answer: QueryAnswer::Complete("{}".into()),
            completed_at_ns: at_ns + 5,
            elapsed_ns: 5,
            rows_read: 1 << 40,
        }),
    };
    metastore.record_run(&query, &result).await.unwrap();
    result.id
}

async fn found(metastore: &dyn Metastore, tenant: Tenant, filter: RunFilter) -> Vec<PastRun> {
    let runs = metastore.past_runs(tenant, &filter, None, 100).await;
    runs.unwrap()
}

fn ids(runs: &[PastRun]) -> Vec<&QueryResultId> {
    runs.iter().map(|run| &run.id).collect()
}

pub(super) async fn runs_are_found_and_paged(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let user = RunBy::User(UserId(3));
    let key = RunBy::Key(KeyId("hcxlk_1".to_owned()));
    let by_column = r#"{"calculations":[{"op":"P95","column":"took"}],"filters":[{"column":"x","op":"=","value":"name"}]}"#;
    let by_breakdown = r#"{"calculations":[{"op":"COUNT"}],"breakdowns":["name","x"]}"#;
    let first = ran(metastore, tenant, by_column, user.clone(), NOW).await;
    let second = ran(metastore, tenant, by_breakdown, key.clone(), NOW + 1).await;
    let third = ran(metastore, tenant, "{}", RunBy::Nobody, NOW + 2).await;
    let twin = ran(metastore, tenant, "{}", user.clone(), NOW + 2).await;
    let (newest, next) = if third > twin {
        (&third, &twin)
    } else {
        (&twin, &third)
    };

    let all = found(metastore, tenant, RunFilter::default()).await;
    assert_eq!(ids(&all), [newest, next, &second, &first]);
    let last = all.last().unwrap();
    assert_eq!(last.query.spec_json, by_column);
    assert_eq!((&last.run_by, last.asked_at_ns), (&user, NOW));
    assert_eq!(last.state, RunState::Kept);
    assert_eq!((last.elapsed_ns, last.rows_read), (Some(5), Some(1 << 40)));

    let mut behind = None;
    for expected in [newest, next, &second, &first] {
        let filter = RunFilter::default();
        let page = metastore.past_runs(tenant, &filter, behind.as_ref(), 1);
        let page = page.await.unwrap();
        assert_eq!(ids(&page), [expected]);
        behind = Some(RunPlace {
            asked_at_ns: page[0].asked_at_ns,
            id: page[0].id.clone(),
        });
    }

    let columns = |names: &[&str]| RunFilter {
        columns: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        ..RunFilter::default()
    };
    let run_by = |run_by: &[&RunBy]| RunFilter {
        run_by: Some(run_by.iter().map(|run_by| (*run_by).clone()).collect()),
        ..RunFilter::default()
    };
    let cases = [
        // A value of a filter is no column.
        (columns(&["name"]), vec![&second]),
        (columns(&["x"]), vec![&second, &first]),
        (columns(&["took", "name"]), vec![&second, &first]),
        (columns(&["P95"]), vec![]),
        (columns(&[]), vec![]),
        (run_by(&[&user]), vec![&twin, &first]),
        (run_by(&[&key]), vec![&second]),
        (run_by(&[&RunBy::Nobody, &key]), vec![&third, &second]),
        (run_by(&[]), vec![]),
        (
            RunFilter {
                queries: Some(vec![last.query.id.clone()]),
                ..RunFilter::default()
            },
            vec![&first],
        ),
        (
            RunFilter {
                scope: Some(DatasetScope::One(DatasetId(1))),
                ..RunFilter::default()
            },
            vec![&second],
        ),
        (
            RunFilter {
                not_run_by: match &user {
                    RunBy::User(user) => vec![*user],
                    _ => Vec::new(),
                },
                ..RunFilter::default()
            },
            vec![&third, &second],
        ),
        (
            RunFilter {
                scope: Some(DatasetScope::All),
                ..RunFilter::default()
            },
            vec![],
        ),
        (
            RunFilter {
                asked: Some(TimeRange {
                    start_ns: NOW,
                    end_ns: NOW + 2,
                }),
                ..columns(&["x"])
            },
            vec![&second, &first],
        ),
        (
            RunFilter {
                run_by: run_by(&[&key]).run_by,
                ..columns(&["took"])
            },
            vec![],
        ),
    ];
    for (filter, expected) in cases {
        let runs = found(metastore, tenant, filter.clone()).await;
        assert_eq!(ids(&runs), expected, "{filter:?}");
    }
}

pub(super) async fn the_history_has_bounds(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let query = metastore
        .create_query(ours, &DatasetScope::All, "{}", NOW)
        .await
        .unwrap();
    let pending = metastore
        .create_query_result(ours, &query.id, "{}", &RunBy::Nobody, NOW)
        .await
        .unwrap();
    let mut runs = Vec::new();
    for second in 1..=5 {
        runs.push(ran(metastore, ours, "{}", RunBy::Nobody, NOW + second).await);
    }
    let other = ran(metastore, theirs, "{}", RunBy::Nobody, NOW + 2).await;

    assert_eq!(metastore.forget_answers(NOW + 3).await.unwrap(), 3);
    let states = found(metastore, ours, RunFilter::default()).await;
    let states: Vec<RunState> = states.into_iter().map(|run| run.state).collect();
    assert_eq!(states[2..4], [RunState::Kept, RunState::Forgotten]);
    assert_eq!(states[5], RunState::Running);

    assert_eq!(metastore.trim_history(NOW + 2, 100).await.unwrap(), 1);
    assert_eq!(metastore.trim_history(0, 2).await.unwrap(), 2);
    let left = found(metastore, ours, RunFilter::default()).await;
    assert_eq!(ids(&left), [&runs[4], &runs[3], &pending.id]);
    let left = found(metastore, theirs, RunFilter::default()).await;
    assert_eq!(ids(&left), [&other]);
}

pub(super) async fn saved_queries_have_bounds(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let mut queries = Vec::new();
    for (second, tenant) in [ours, ours, ours, ours, ours, theirs]
        .into_iter()
        .enumerate()
    {
        let at_ns = NOW + i64::try_from(second).unwrap();
        let query = metastore.create_query(tenant, &DatasetScope::All, "{}", at_ns);
        queries.push((tenant, query.await.unwrap().id));
    }
    let [named, run, asked, ..] = queries.as_slice() else {
        panic!("five were made");
    };
    let annotation = QueryAnnotation {
        name: "kept".to_owned(),
        description: String::new(),
        query_id: named.1.0.clone(),
        is_of_board: false,
    };
    let limits = ArtifactLimits {
        count_max: 10,
        bytes_max: 10_000,
    };
    let made = metastore
        .create_artifact(ours, &Place::default(), annotation, limits, NOW)
        .await
        .unwrap();
    let result = metastore.create_query_result(ours, &run.1, "{}", &RunBy::Nobody, NOW);
    result.await.unwrap();
    let left = async || {
        let mut left = Vec::new();
        for (tenant, query) in &queries {
            left.push(metastore.query(*tenant, query).await.unwrap().is_some());
        }
        left
    };
    assert_eq!(metastore.trim_queries(5).await.unwrap(), 0);
    assert_eq!(metastore.trim_queries(2).await.unwrap(), 1, "{asked:?}");
    assert_eq!(left().await, [true, true, false, true, true, true]);
    metastore
        .delete_artifact(ours, ArtifactKind::QueryAnnotation, &made.id)
        .await
        .unwrap();
    assert_eq!(metastore.trim_queries(2).await.unwrap(), 1);
    assert_eq!(left().await, [false, true, false, true, true, true]);
}

pub(super) async fn another_tenant_sees_no_run(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    ran(metastore, ours, "{}", RunBy::Nobody, NOW).await;
    assert_eq!(found(metastore, theirs, RunFilter::default()).await, []);
}
