//! Queries of the UI: run at once, kept with their answer, found again by a link. A client that goes away cancels its query.

use crate::ask::{Answer, Ask, text_answer};
use crate::honeycomb::query::{checked_spec, query_json};
use crate::listen::body;
use crate::problem::{Problem, ProblemKind};
use crate::table::OwnTable;
use axum::http::StatusCode;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value as Json;
use waggle_metastore::{Query, QueryAnswer, QueryOutcome, QueryResultId};
use waggle_model::{DatasetScope, QueryOptions, ResultTable, Tenant};

/// `POST /api/environments/{env}/datasets/{dataset}/query`.
pub(crate) async fn run(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let scope = ask.scope(tenant).await?;
    let sent = ask.json()?;
    let parsed = checked_spec(&ask.state, &sent)?;
    let asked_at_ns = ask.state.clock.now_ns();
    let table = ask
        .state
        .engine
        .query(
            tenant,
            scope.clone(),
            &parsed.spec,
            parsed.spec.window.resolve(asked_at_ns),
            QueryOptions::default(),
        )
        .await?;
    let rows_read = table.stats.rows_read;
    let elapsed_ns = table.stats.elapsed_ns;
    let text = OwnResult::to_text(table)
        .await
        .map_err(|error| Problem::internal(&error))?;
    let metastore = &ask.state.metastore;
    let spec_json = Json::Object(parsed.json).to_string();
    let query = metastore
        .create_query(tenant, &scope, &spec_json, asked_at_ns)
        .await?;
    let result = metastore
        .create_query_result(tenant, &query.id, "{}", &ask.caller.run_by(), asked_at_ns)
        .await?;
    let outcome = QueryOutcome {
        answer: QueryAnswer::Complete(text.clone()),
        completed_at_ns: ask.state.clock.now_ns(),
        elapsed_ns,
        rows_read,
    };
    metastore
        .finish_query_result(tenant, &result.id, &outcome)
        .await?;
    let head = ResultHead {
        query: &query,
        result: &result.id,
        dataset: None,
    };
    Ok(text_answer(StatusCode::OK, head.join(&text)?))
}

/// `GET /api/environments/{env}/results/{id}`: the answer as it was, whatever arrived since.
pub(crate) async fn result(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let id = QueryResultId(ask.path("id").to_owned());
    let metastore = &ask.state.metastore;
    let no_result = || Problem::not_found("result not found");
    let result = metastore
        .query_result(tenant, &id)
        .await?
        .ok_or_else(no_result)?;
    let query = metastore
        .query(tenant, &result.query)
        .await?
        .ok_or_else(no_result)?;
    let dataset = dataset_slug(&ask, tenant, &query.scope).await?;
    match result.outcome.map(|outcome| outcome.answer) {
        None => Err(Problem::new(
            ProblemKind::Unavailable,
            "the query is still running; try again",
        )),
        Some(QueryAnswer::Failed(reason)) => Err(Problem::bad_request(reason)),
        Some(QueryAnswer::Complete(text)) => {
            let head = ResultHead {
                query: &query,
                result: &id,
                dataset: Some(dataset),
            };
            Ok(text_answer(StatusCode::OK, head.join(&text)?))
        }
    }
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

/// What the answer has before the stored result: ids, and the query as it was sent.
struct ResultHead<'a> {
    query: &'a Query,
    result: &'a QueryResultId,
    dataset: Option<Json>,
}

impl ResultHead<'_> {
    /// Puts the members of the head before those of a stored result, without reading the latter: it may be large.
    fn join(self, stored: &str) -> Result<String, Problem> {
        let mut head = serde_json::Map::new();
        head.insert("query_id".to_owned(), self.query.id.0.clone().into());
        head.insert("result_id".to_owned(), self.result.0.clone().into());
        if let Some(dataset) = self.dataset {
            head.insert("dataset".to_owned(), dataset);
        }
        head.insert("query".to_owned(), query_json(self.query)?);
        let mut text = Json::Object(head).to_string();
        text.pop();
        text.push(',');
        text.push_str(stored.strip_prefix('{').unwrap_or(stored));
        Ok(text)
    }
}

/// A result as it is stored and as `/api/` answers it: everything the engine said, in JSON.
pub(crate) struct OwnResult(ResultTable);

/// Results with more values than this are written on a blocking thread.
const VALUES_INLINE_MAX: usize = 5_000;

impl OwnResult {
    /// Writes the result as a JSON object.
    pub(crate) async fn to_text(table: ResultTable) -> Result<String, serde_json::Error> {
        let points: usize = table.series.iter().map(Vec::len).sum();
        let is_large = points.saturating_add(table.groups.len()) > VALUES_INLINE_MAX;
        body::run(is_large, move || serde_json::to_string(&Self(table))).await
    }
}

impl Serialize for OwnResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_map(None)?;
        OwnTable(&self.0).write(&mut answer)?;
        answer.end()
    }
}
