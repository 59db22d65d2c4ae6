//! The one table of routes. The router is built from it, the access tests walk it and the OpenAPI document is written from it, so a
//! route cannot exist without its guard, its limits and its bodies being stated and proved.
//!
//! A new resource is one file with its rows and one line here.

use crate::ask::{Answer, Ask};
use crate::caller;
use crate::health;
use crate::honeycomb::{
    auth, board, board_view, burn_alert, column, dataset, dataset_definition, derived_column,
    map_dependency, marker, marker_setting, query, query_annotation, query_result, recipient, slo,
    trigger,
};
use crate::ingest::{events, kinesis, otlp};
use crate::listen::cors;
use crate::listen::http::Peer;
use crate::openapi;
use crate::own;
use crate::problem::{Problem, ProblemKind};
use crate::request;
use crate::route::{Face, Handler, Need, Resource, Route};
use crate::state::ApiState;
use crate::v2::{self, TeamAsk};
use crate::xray::error::{Code, Refusal};
use crate::xray::{self, answer};
use axum::extract::{Query, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, on};
use axum::{RequestPartsExt, Router};
use futures::future::BoxFuture;
use std::collections::HashMap;
use waggle_access::{Caller, Permission};
use waggle_metastore::KeyKind;

/// Every route of the HTTP doors but the UI's, resource by resource.
pub(crate) const RESOURCES: &[Resource] = &[
    health::RESOURCE,
    otlp::RESOURCE,
    events::RESOURCE,
    kinesis::RESOURCE,
    auth::RESOURCE,
    dataset::RESOURCE,
    column::RESOURCE,
    dataset_definition::RESOURCE,
    derived_column::RESOURCE,
    query::RESOURCE,
    query_result::RESOURCE,
    query_annotation::RESOURCE,
    board::RESOURCE,
    board_view::RESOURCE,
    marker::RESOURCE,
    marker_setting::RESOURCE,
    recipient::RESOURCE,
    trigger::RESOURCE,
    slo::RESOURCE,
    burn_alert::RESOURCE,
    map_dependency::RESOURCE,
    v2::auth::RESOURCE,
    v2::environment::RESOURCE,
    v2::api_key::RESOURCE,
    xray::segment::RESOURCE,
    xray::sampling::rule::RESOURCE,
    xray::sampling::target::RESOURCE,
    xray::group::RESOURCE,
    xray::tag::RESOURCE,
    xray::policy::RESOURCE,
    xray::setting::RESOURCE,
    xray::traces::RESOURCE,
    xray::graph::RESOURCE,
    xray::insight::RESOURCE,
    xray::retrieval::RESOURCE,
    openapi::RESOURCE,
    own::session::RESOURCE,
    own::team::RESOURCE,
    own::key::RESOURCE,
    own::dataset::RESOURCE,
    own::schema::RESOURCE,
    own::suggestion::RESOURCE,
    own::metric::RESOURCE,
    own::query::RESOURCE,
    own::picture::RESOURCE,
    own::query_annotation::RESOURCE,
    own::history::RESOURCE,
    own::board::RESOURCE,
    own::board_shelf::RESOURCE,
    own::marker::RESOURCE,
    own::row::RESOURCE,
    own::trace::RESOURCE,
    own::bubble_up::RESOURCE,
    own::calculated_field::RESOURCE,
    own::sql::RESOURCE,
    own::export::RESOURCE,
    own::usage::RESOURCE,
    own::rejection::RESOURCE,
    own::retention::RESOURCE,
    own::erasure::RESOURCE,
    own::service_map::RESOURCE,
    own::alerting::RESOURCE,
    own::recipient::RESOURCE,
    own::xray::RESOURCE,
];

/// Every row of the table.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    RESOURCES.iter().flat_map(|resource| resource.routes)
}

/// The routes of the table that `is_wanted` picks, without state. Ingest and `/1/*` answer browsers of other sites.
pub(crate) fn routes(is_wanted: impl Fn(&Route) -> bool) -> Router<ApiState> {
    let mut open = Router::new();
    let mut closed = Router::new();
    for row in all().filter(|row| is_wanted(row)) {
        for path in [Some(row.path.to_owned()), slashed(row)].iter().flatten() {
            match row.face {
                Face::V1 | Face::Events | Face::Otlp => open = open.route(path, handler(*row)),
                Face::Firehose | Face::V2 | Face::Own | Face::XRay | Face::Health => {
                    closed = closed.route(path, handler(*row));
                }
            }
        }
    }
    // The fallback must be set before the layer: one set after would answer the browsers' OPTIONS in its place.
    open.method_not_allowed_fallback(wrong_method)
        .layer(cors::layer())
        .merge(closed.method_not_allowed_fallback(wrong_method))
}

/// The path with a slash at its end, which some exporters and clients of Honeycomb write.
fn slashed(row: &Route) -> Option<String> {
    let is_taken = matches!(row.face, Face::V1 | Face::V2 | Face::Otlp);
    // What takes the rest of the path takes its slash too.
    let is_open = row.path.contains("{*");
    (is_taken && !is_open).then(|| format!("{}/", row.path))
}

/// True for the path of an X-Ray operation.
pub(crate) fn is_operation(path: &str) -> bool {
    all().any(|row| row.face == Face::XRay && row.path == path)
}

async fn wrong_method(State(state): State<ApiState>, uri: Uri) -> Response {
    if is_operation(uri.path()) {
        let message = format!("{} takes POST only", uri.path());
        return answer::worded(&state, Refusal::new(Code::MethodNotAllowed, message));
    }
    let problem = Problem::new(
        ProblemKind::MethodNotAllowed,
        format!("{} has no such method", uri.path()),
    );
    match uri.path().starts_with("/2/") {
        true => problem.into_v2(),
        false => problem.into_plain(),
    }
}

fn handler(row: Route) -> MethodRouter<ApiState> {
    let method = row.method_filter();
    match row.handler {
        Handler::Raw(route) => route(method),
        Handler::Asked(handler) => on(method, move |State(state), request| {
            answer(state, row, handler, request)
        }),
        Handler::Managed(handler) => on(method, move |State(state), request| {
            answer_managed(state, row, handler, request)
        }),
        Handler::Operation(operation, run) => on(method, move |State(state), request| {
            answer::answer(state, row, operation, run, request)
        }),
    }
}

async fn answer(
    state: ApiState,
    row: Route,
    handler: fn(Ask) -> BoxFuture<'static, Answer>,
    request: Request,
) -> Response {
    let origin = request::origin(&state, request.headers());
    let instance = request.uri().path().to_owned();
    let mut standing = None;
    let answer = async {
        let (mut parts, body) = request.into_parts();
        let caller;
        let mut is_administrator = false;
        let (path, query);
        match row.face {
            Face::Own => {
                let peer = parts.extensions.get::<Peer>().copied();
                (path, query) = parameters(&mut parts).await?;
                let environment = path.get("env").map(String::as_str).unwrap_or_default();
                let person = caller::of_person(&state, peer, &parts.headers, environment).await?;
                standing = state.rates.call(&person.caller, state.clock.now_ns())?;
                check(&person.caller, row.need)?;
                if row.need == Need::Administrator && !person.is_administrator {
                    return Err(Problem::new(
                        ProblemKind::Forbidden,
                        "only an administrator can do this",
                    ));
                }
                if !parts.method.is_safe() && parts.method != Method::DELETE {
                    request::require_json(&parts.headers)?;
                }
                is_administrator = person.is_administrator;
                caller = person.caller;
            }
            Face::V1
            | Face::V2
            | Face::Events
            | Face::Firehose
            | Face::Otlp
            | Face::XRay
            | Face::Health => {
                caller = caller::of_key(&state, &parts.headers).await?;
                standing = state.rates.call(&caller, state.clock.now_ns())?;
                check(&caller, row.need)?;
                (path, query) = parameters(&mut parts).await?;
            }
        }
        let bytes_max = row.body.bytes_max(&state.config);
        let body = request::read_body(bytes_max, &parts.headers, body).await?;
        handler(Ask {
            state,
            caller,
            is_administrator,
            headers: parts.headers,
            origin: origin.clone(),
            path,
            query,
            body,
        })
        .await
    };
    let mut answer = answer
        .await
        .unwrap_or_else(|problem| problem.into_face(row.face, &origin, &instance));
    if let Some(standing) = standing {
        standing.write(answer.headers_mut());
    }
    answer
}

async fn answer_managed(
    state: ApiState,
    row: Route,
    handler: fn(TeamAsk) -> BoxFuture<'static, Answer>,
    request: Request,
) -> Response {
    let mut standing = None;
    let answer = async {
        let (mut parts, body) = request.into_parts();
        let manager = caller::manager(&state, &parts.headers).await?;
        standing = state.rates.managed_call(&manager, state.clock.now_ns())?;
        if let Need::Manager(scope) = row.need {
            manager.require(scope)?;
        }
        let (path, query) = parameters(&mut parts).await?;
        let has_body = matches!(parts.method, Method::POST | Method::PATCH);
        if has_body {
            v2::require_content_type(&parts.headers)?;
        }
        let bytes_max = row.body.bytes_max(&state.config);
        let body = request::read_body(bytes_max, &parts.headers, body).await?;
        let ask = TeamAsk {
            state,
            manager,
            path,
            query,
            body,
        };
        ask.require_team()?;
        handler(ask).await
    };
    let mut answer = answer.await.unwrap_or_else(Problem::into_v2);
    if let Some(standing) = standing {
        standing.write(answer.headers_mut());
    }
    answer
}

/// Lets a caller pass who is what a row needs; sending is checked where events are counted.
pub(crate) fn check(caller: &Caller, need: Need) -> Result<(), Problem> {
    let (permissions, is_one_enough) = match need {
        Need::Nothing
        | Need::SendEvents
        | Need::AnyKey
        | Need::AnyManager
        | Need::Manager(_)
        | Need::Administrator => return Ok(()),
        Need::MakeDatasets => return Ok(caller.require(Permission::CreateDatasets)?),
        Need::OneOf(permissions) => (permissions, true),
        Need::AllOf(permissions) | Need::Person(permissions) => (permissions, false),
    };
    let has =
        |permission: &&Permission| caller.kind() != KeyKind::Ingest && caller.may(**permission);
    let missing = permissions.iter().find(|permission| !has(permission));
    match missing {
        Some(permission) if !(is_one_enough && permissions.iter().any(|one| has(&one))) => {
            Err(waggle_access::Error::Forbidden(*permission).into())
        }
        _ => Ok(()),
    }
}

type Parameters = HashMap<String, String>;

async fn parameters(parts: &mut Parts) -> Result<(Parameters, Parameters), Problem> {
    let path: RawPathParams = parts
        .extract()
        .await
        .map_err(|_| Problem::bad_request("the path is not UTF-8"))?;
    let path = path
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let Query(query) = Query::try_from_uri(&parts.uri)
        .map_err(|_| Problem::bad_request("the query string could not be parsed"))?;
    Ok((path, query))
}
