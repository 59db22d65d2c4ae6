//! `/1/queries/{dataset|__all__}`: queries are saved as they were sent and never change. Source: spec/honeycomb-api.md section 12.1.

use crate::ask::{Answer, Ask, json_answer};
use crate::metric::with_metrics;
use crate::problem::{Detail, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Shape};
use crate::spec::{ParsedSpec, QUERY, QUERY_SPEC, read_spec};
use crate::state::ApiState;
use axum::http::StatusCode;
use serde_json::{Map, Value as Json};
use waggle_access::Permission;
use waggle_metastore::{Query, QueryId};
use waggle_model::{DatasetScope, QueryError, Tenant};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Queries",
    about: "Questions, saved as they were sent. They never change and are never deleted.",
    routes: &[
        Route::v1("POST", "/1/queries/{dataset}", NEED, |ask| {
            Box::pin(create(ask))
        })
        .about("Saves a query over a dataset, or over all with `__all__`.")
        .takes(Shape::Named(&QUERY_SPEC))
        .makes("query", "/id", r#"{"calculations": [{"op": "COUNT"}]}"#)
        .answers(&[(200, Content::Json(Shape::Named(&QUERY)))]),
        Route::v1("GET", "/1/queries/{dataset}/{id}", NEED, |ask| {
            Box::pin(get(ask))
        })
        .about("Returns a query.")
        .id("query")
        .answers(&[(200, Content::Json(Shape::Named(&QUERY)))]),
    ],
};

const NEED: Need = Need::OneOf(&[Permission::ManageColumns, Permission::RunQueries]);

/// `POST /1/queries/{dataset}`.
pub(crate) async fn create(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let scope = ask.scope(tenant).await?;
    let body = ask.json()?;
    let parsed = checked_spec(&ask.state, tenant, &scope, &body).await?;
    let query = ask
        .state
        .metastore
        .create_query(
            tenant,
            &scope,
            &Json::Object(parsed.json).to_string(),
            ask.state.clock.now_ns(),
        )
        .await?;
    json_answer(StatusCode::OK, &query_json(&query)?)
}

/// `GET /1/queries/{dataset}/{id}`.
pub(crate) async fn get(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let scope = ask.scope(tenant).await?;
    let query = find_query(&ask.state, tenant, &QueryId(ask.path("id").to_owned()))
        .await?
        .filter(|query| query.scope == scope)
        .ok_or_else(no_query)?;
    json_answer(StatusCode::OK, &query_json(&query)?)
}

/// A query, be it written down or about to be.
pub(crate) async fn find_query(
    state: &ApiState,
    tenant: Tenant,
    id: &QueryId,
) -> Result<Option<Query>, Problem> {
    match state.runs.query(tenant, id) {
        Some(query) => Ok(Some(query)),
        None => Ok(state.metastore.query(tenant, id).await?),
    }
}

pub(super) fn no_query() -> Problem {
    Problem::not_found("Query not found")
}

/// Reads a spec for a scope and lets the engine check what only it knows: the names of the calculations.
pub(crate) async fn checked_spec(
    state: &ApiState,
    tenant: Tenant,
    scope: &DatasetScope,
    body: &Json,
) -> Result<ParsedSpec, Problem> {
    let mut parsed = read_spec(body).map_err(Problem::invalid)?;
    with_metrics(state, tenant, scope, &mut parsed.spec).await?;
    match state.engine.validate(&parsed.spec) {
        Ok(()) => Ok(parsed),
        Err(QueryError::Invalid { field, message }) => Err(Problem::invalid(vec![Detail::new(
            field,
            crate::problem::DetailCode::Invalid,
            message,
        )])),
        Err(other) => Err(other.into()),
    }
}

/// The stored spec as an object.
pub(crate) fn spec_object(query: &Query) -> Result<Map<String, Json>, Problem> {
    serde_json::from_str(&query.spec_json).map_err(|error| Problem::internal(&error))
}

/// The spec as it was sent, with its id.
pub(crate) fn query_json(query: &Query) -> Result<Json, Problem> {
    let mut object = spec_object(query)?;
    object.insert("id".to_owned(), Json::String(query.id.0.clone()));
    Ok(Json::Object(object))
}
