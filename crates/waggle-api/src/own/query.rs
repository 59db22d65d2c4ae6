//! Queries of the UI: run at once, kept with their answer, found again by a link. A client that goes away cancels its query.

use crate::ask::{Answer, Ask, json_answer, refuse_unknown};
use crate::derived::with_kept;
use crate::honeycomb::query::{checked_spec, query_json};
use crate::honeycomb::query_result::{failed, find_run, forgotten};
use crate::kept;
use crate::listen::body;
use crate::problem::{Problem, ProblemKind};
use crate::route::{Need, Resource, Route};
use crate::running::QueryRun;
use crate::shape::{Content, Member, Named, Shape, joined, may, must};
use crate::spec::{OWN_QUERY_SPEC, QUERY, is_relational};
use crate::table::TABLE;
use crate::table::{milliseconds, table_json};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use serde_json::{Map, Value as Json, json};
use std::iter;
use std::sync::Arc;
use waggle_access::Permission;
use waggle_metastore::{Query, QueryAnswer, QueryId, QueryOutcome, QueryResult, QueryResultId};
use waggle_model::{ByDefinition, DatasetScope, QueryOptions, QuerySpec, ResultTable, Tenant};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Queries of the UI",
    about: "Queries that are answered at once and kept with their answer.",
    routes: &[
        Route::own(
            "POST",
            "/api/environments/{env}/datasets/{dataset}/query",
            LOOK,
            |ask| Box::pin(run(ask)),
        )
        .about("Runs a query over a dataset, or over all with `__all__`, and keeps its answer.")
        .query(&[
            may(
                "keep",
                Shape::Flag,
                "`false` keeps neither the query nor its answer, nor does the history. For pages that ask by themselves.",
            ),
            may(
                "by_definition",
                Shape::Choice(&["true", "result", "false"]),
                "With `true`, `service.name`, `duration_ms`, `trace.trace_id` and the other columns of most datasets' definitions stand for what the definition of each dataset names; with `result`, in what is grouped by and calculated only, and filters and calculated fields go by names.",
            ),
        ])
        .takes(SENT)
        .answers(&[(200, Content::Json(Shape::Object(RUN)))]),
        Route::own("GET", "/api/environments/{env}/results/{id}", LOOK, |ask| {
            Box::pin(result(ask))
        })
        .about("Returns an answer as it was, whatever arrived since.")
        .id("result")
        .answers(&[(200, Content::Json(Shape::Object(KEPT)))]),
        Route::own(
            "GET",
            "/api/environments/{env}/queries/running",
            LOOK,
            |ask| Box::pin(async move { running(&ask) }),
        )
        .about("Lists the queries that are being answered, and how far they are.")
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[must(
                "queries",
                Shape::List(&Shape::Named(&RUNNING)),
                "The queries.",
            )])),
        )]),
    ],
};

const LOOK: Need = Need::Person(&[Permission::RunQueries]);
const SENT: Shape = Shape::Named(&OWN_QUERY_SPEC);

const RUN: &[Member] = &joined::<{ HEAD.len() + TABLE.len() + 1 }>(
    HEAD,
    &joined::<{ TABLE.len() + 1 }>(
        TABLE,
        &[may(
            "compare",
            Shape::Object(TABLE),
            "The same an earlier time ago, when the query has `compare_time_offset_seconds`; up to 1,000 groups.",
        )],
    ),
);
const KEPT: &[Member] = &joined::<{ RUN.len() + 1 }>(
    &[must(
        "dataset",
        Shape::OrNull(&Shape::Text),
        "Slug of the dataset, `__all__` for all; null when it is gone.",
    )],
    RUN,
);
const HEAD: &[Member] = &[
    may("query_id", Shape::Text, "Id of the query."),
    may("result_id", Shape::Text, "Id of the answer."),
    may(
        "query",
        Shape::Named(&QUERY),
        "The query as it was sent. All three are absent when nothing is kept.",
    ),
];
const RUNNING: Named = Named {
    name: "RunningQuery",
    about: "A query that is being answered.",
    members: &[
        must("id", Shape::Text, "Its id while it runs."),
        must("kind", Shape::Text, "What it is for."),
        must("rows_read", Shape::Whole, "Rows it has looked at."),
        must("elapsed_ms", Shape::Number, "Milliseconds since it began."),
    ],
};

/// `POST /api/environments/{env}/datasets/{dataset}/query`.
pub(crate) async fn run(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let scope = ask.scope(tenant).await?;
    let sent = ask.json()?;
    // A kept query is asked as it was kept, with whatever a client of another version put into it.
    if sent.get("id").is_none() {
        refuse_unknown(&sent, &SENT)?;
    }
    let by_definition = match ask.query("by_definition") {
        None | Some("" | "false") => ByDefinition::Nothing,
        Some("result") => ByDefinition::Result,
        Some("true") => ByDefinition::Everything,
        Some(_) => {
            return Err(Problem::bad_request(
                "by_definition must be true, result or false",
            ));
        }
    };
    let mut parsed = checked_spec(&ask.state, tenant, &scope, &sent).await?;
    with_kept(&ask.state, tenant, &scope, &mut parsed.spec).await?;
    ask.count_query(is_relational(&parsed.spec))?;
    let asked_at_ns = ask.state.clock.now_ns();
    let range = parsed.spec.window.resolve(asked_at_ns);
    let query = async |spec: &QuerySpec, range| {
        let engine = &ask.state.engine;
        let options = QueryOptions {
            by_definition,
            ..QueryOptions::default()
        };
        let answered = engine.query(tenant, scope.clone(), spec, range, options);
        answered.await.map_err(Problem::from)
    };
    let earlier = async {
        let Some(offset_s) = parsed.compare_offset_s else {
            return Ok(None);
        };
        // Other groups may have been first then: so many are looked at that those of now are among them.
        let spec = QuerySpec {
            limit: Some(QueryOptions::default().limit_max),
            ..parsed.spec.clone()
        };
        query(&spec, range.earlier(offset_s)).await.map(Some)
    };
    let answered = tokio::try_join!(query(&parsed.spec, range), earlier);
    if ask.query("keep") == Some("false") {
        let (table, earlier) = answered?;
        let json = both_json(table, earlier).await?;
        return Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response());
    }
    let finish = async |answer, elapsed_ns, rows_read| {
        let query = Query {
            id: QueryId::random(),
            tenant,
            scope: scope.clone(),
            spec_json: Json::Object(parsed.json.clone()).to_string(),
            created_at_ns: asked_at_ns,
        };
        let result = QueryResult {
            id: QueryResultId::random(),
            tenant,
            query: query.id.clone(),
            options_json: "{}".to_owned(),
            run_by: ask.caller.run_by(),
            created_at_ns: asked_at_ns,
            outcome: Some(QueryOutcome {
                answer,
                completed_at_ns: ask.state.clock.now_ns(),
                elapsed_ns,
                rows_read,
            }),
        };
        let metastore = Arc::clone(&ask.state.metastore);
        let run = QueryRun { query, result };
        ask.state.runs.end(metastore, run, false).await
    };
    let (table, earlier) = match answered {
        Ok(tables) => tables,
        Err(problem) => {
            let elapsed_ns = ask.state.clock.now_ns().saturating_sub(asked_at_ns);
            let elapsed_ns = u64::try_from(elapsed_ns).unwrap_or(0);
            finish(failed(&problem), elapsed_ns, 0).await;
            return Err(problem);
        }
    };
    let tables = || iter::once(&table).chain(&earlier);
    let rows_read = tables().map(|table| table.stats.rows_read).sum();
    let elapsed_ns = tables().map(|table| table.stats.elapsed_ns).max();
    let json = both_json(table, earlier).await?;
    let complete = QueryAnswer::Complete(json.clone());
    let run = finish(complete, elapsed_ns.unwrap_or_default(), rows_read).await;
    answer(&run, None, &json)
}

/// `GET /api/environments/{env}/results/{id}`: the answer as it was, whatever arrived since.
pub(crate) async fn result(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let id = QueryResultId(ask.path("id").to_owned());
    let run = find_run(&ask.state, tenant, &id)
        .await?
        .ok_or_else(|| Problem::not_found("result not found"))?;
    let dataset = dataset_slug(&ask, tenant, &run.query.scope).await?;
    match run.result.outcome.as_ref().map(|outcome| &outcome.answer) {
        None => Err(Problem::new(
            ProblemKind::Unavailable,
            "the query is still running; try again",
        )),
        Some(QueryAnswer::Failed(reason)) => Err(Problem::bad_request(reason.clone())),
        Some(QueryAnswer::Forgotten) => Err(forgotten()),
        Some(QueryAnswer::Complete(stored)) => {
            let json = kept::decompressed(stored.clone()).await;
            let json = json.map_err(|error| Problem::internal(&error))?;
            answer(&run, Some(dataset), &json)
        }
    }
}

/// `GET /api/environments/{env}/queries/running`: what is being answered now, and how far it is.
pub(crate) fn running(ask: &Ask) -> Answer {
    let queries: Vec<Json> = ask
        .state
        .engine
        .running(ask.caller.tenant)
        .into_iter()
        .map(|query| {
            json!({
                "id": query.id.to_string(),
                "kind": query.kind,
                "rows_read": query.rows_read,
                "elapsed_ms": milliseconds(query.elapsed_ns),
            })
        })
        .collect();
    json_answer(StatusCode::OK, &json!({ "queries": queries }))
}

/// The slug of what was queried; null where the dataset is gone.
async fn dataset_slug(ask: &Ask, tenant: Tenant, scope: &DatasetScope) -> Result<Json, Problem> {
    match scope {
        DatasetScope::All => Ok(crate::ask::ALL_DATASETS.into()),
        DatasetScope::One(id) => {
            let dataset = ask.state.metastore.dataset(tenant, *id).await?;
            Ok(dataset.map_or(Json::Null, |dataset| dataset.slug.into()))
        }
    }
}

/// Puts ids and the query as it was sent before the members of a result, without reading or copying the latter: it may be large.
fn answer(run: &QueryRun, dataset: Option<Json>, json: &Bytes) -> Answer {
    let mut head = Map::new();
    head.insert("query_id".to_owned(), run.query.id.0.clone().into());
    head.insert("result_id".to_owned(), run.result.id.0.clone().into());
    if let Some(dataset) = dataset {
        head.insert("dataset".to_owned(), dataset);
    }
    head.insert("query".to_owned(), query_json(&run.query)?);
    let mut text = Json::Object(head).to_string();
    text.pop();
    text.push(',');
    let members = json.slice(usize::from(json.starts_with(b"{"))..);
    let body = body::joined(text.into(), members);
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// A result, with that of an earlier time when there is one.
async fn both_json(table: ResultTable, earlier: Option<ResultTable>) -> Result<Bytes, Problem> {
    let json = result_json(table).await?;
    match earlier {
        Some(earlier) => Ok(compared(&json, &result_json(earlier).await?)),
        None => Ok(json),
    }
}

/// A result with that of an earlier time as its last member.
fn compared(json: &[u8], earlier: &[u8]) -> Bytes {
    const MEMBER: &[u8] = br#","compare":"#;
    let open = json.strip_suffix(b"}").unwrap_or(json);
    [open, MEMBER, earlier, b"}"].concat().into()
}

/// Results with more values than this are written on a blocking thread.
const VALUES_INLINE_MAX: usize = 5_000;

/// A result as it is kept and as `/api/` answers it: everything the engine said, in JSON.
pub(crate) async fn result_json(table: ResultTable) -> Result<Bytes, Problem> {
    let points: usize = table.series.iter().map(Vec::len).sum();
    let is_large = points.saturating_add(table.groups.len()) > VALUES_INLINE_MAX;
    // Dropped with this future, when the client goes away.
    let waiting = Arc::new(());
    let waits = Arc::downgrade(&waiting);
    let is_wanted = move || waits.strong_count() > 0;
    let written = body::run(is_large, move || table_json(&table, &is_wanted)).await;
    drop(waiting);
    written
        .map(Bytes::from)
        .map_err(|error| Problem::internal(&error))
}
