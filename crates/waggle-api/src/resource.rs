//! The one table of routes: method, path, what the caller must be, and who answers. The router is built from it and the access tests
//! walk it, so a route cannot exist without its guard being stated and proved.

use crate::ask::{Answer, Ask};
use crate::caller;
use crate::health;
use crate::honeycomb::{auth, column, dataset, query, query_result};
use crate::ingest::{events, otlp};
use crate::listen::cors;
use crate::listen::http::Peer;
use crate::own;
use crate::problem::{Problem, ProblemKind};
use crate::request;
use crate::state::ApiState;
use axum::extract::{Query, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{RequestPartsExt, Router};
use futures::future::BoxFuture;
use std::collections::HashMap;
use waggle_access::{Caller, Permission};

/// One route.
#[derive(Clone, Copy)]
pub struct Resource {
    /// Method, upper case. A GET also answers HEAD.
    pub method: &'static str,
    /// Path with `{parameters}`; `{*parameter}` takes the rest.
    pub path: &'static str,
    /// What the caller must be.
    pub need: Need,
    handler: Handler,
}

/// What a caller must be or have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// A key that may send events, or loopback with `--dev`; refused in the words of the protocol.
    SendEvents,
    /// Any API key.
    AnyKey,
    /// A key with one of these permissions.
    OneOf(&'static [Permission]),
    /// A key with all of these permissions.
    AllOf(&'static [Permission]),
    /// Somebody signed in, loopback with `--dev`, or a configuration key with one of these permissions, in the environment of the path.
    Person(&'static [Permission]),
    /// An administrator who is signed in, or loopback with `--dev`, in the environment of the path.
    Administrator,
}

#[derive(Clone, Copy)]
enum Handler {
    /// A handler of the Honeycomb API.
    V1(fn(Ask) -> BoxFuture<'static, Answer>),
    /// A handler of Waggle's own API.
    Own(fn(Ask) -> BoxFuture<'static, Answer>),
    /// A handler that checks its caller itself, in its protocol's order and words, with the CORS headers of ingest or without.
    Raw(fn(MethodFilter) -> MethodRouter<ApiState>),
}

use Permission::{CreateDatasets, ManageColumns, RunQueries};

const READ_DATASETS: Need = Need::OneOf(&[CreateDatasets, ManageColumns, RunQueries]);
const READ_COLUMNS: Need = Need::OneOf(&[ManageColumns, RunQueries]);
const RUN: Need = Need::AllOf(&[ManageColumns, RunQueries]);
const LOOK: Need = Need::Person(&[RunQueries]);

/// Every route of the HTTP doors but the UI's.
pub const RESOURCES: &[Resource] = &[
    raw("GET", "/healthz", Need::Nothing, |m| on(m, health::healthz)),
    raw("GET", "/readyz", Need::Nothing, |m| on(m, health::readyz)),
    raw("GET", "/metrics", Need::Nothing, |m| on(m, health::metrics)),
    raw("POST", "/v1/traces", Need::SendEvents, |m| {
        on(m, otlp::traces)
    }),
    raw("POST", "/v1/traces/", Need::SendEvents, |m| {
        on(m, otlp::traces)
    }),
    raw("POST", "/v1/logs", Need::SendEvents, |m| on(m, otlp::logs)),
    raw("POST", "/v1/logs/", Need::SendEvents, |m| on(m, otlp::logs)),
    raw("POST", "/1/events/{*dataset}", Need::SendEvents, |m| {
        on(m, events::event)
    }),
    raw("POST", "/1/batch/{*dataset}", Need::SendEvents, |m| {
        on(m, events::batch)
    }),
    v1("GET", "/1/auth", Need::AnyKey, |ask| {
        Box::pin(async move { auth::get(&ask) })
    }),
    v1("POST", "/1/auth", Need::AnyKey, |ask| {
        Box::pin(async move { auth::get(&ask) })
    }),
    v1("GET", "/1/datasets", READ_DATASETS, |ask| {
        Box::pin(dataset::list(ask))
    }),
    v1(
        "POST",
        "/1/datasets",
        Need::OneOf(&[CreateDatasets]),
        |ask| Box::pin(dataset::create(ask)),
    ),
    v1("GET", "/1/datasets/{dataset}", READ_DATASETS, |ask| {
        Box::pin(dataset::get(ask))
    }),
    v1(
        "PUT",
        "/1/datasets/{dataset}",
        Need::OneOf(&[CreateDatasets]),
        |ask| Box::pin(dataset::update(ask)),
    ),
    v1(
        "DELETE",
        "/1/datasets/{dataset}",
        Need::OneOf(&[CreateDatasets]),
        |ask| Box::pin(dataset::delete(ask)),
    ),
    v1("GET", "/1/columns/{dataset}", READ_COLUMNS, |ask| {
        Box::pin(column::list(ask))
    }),
    v1(
        "POST",
        "/1/columns/{dataset}",
        Need::OneOf(&[ManageColumns]),
        |ask| Box::pin(column::create(ask)),
    ),
    v1("GET", "/1/columns/{dataset}/{id}", READ_COLUMNS, |ask| {
        Box::pin(column::get(ask))
    }),
    v1(
        "PUT",
        "/1/columns/{dataset}/{id}",
        Need::OneOf(&[ManageColumns]),
        |ask| Box::pin(column::update(ask)),
    ),
    v1(
        "DELETE",
        "/1/columns/{dataset}/{id}",
        Need::OneOf(&[ManageColumns]),
        |ask| Box::pin(column::delete(ask)),
    ),
    v1("POST", "/1/queries/{dataset}", READ_COLUMNS, |ask| {
        Box::pin(query::create(ask))
    }),
    v1("GET", "/1/queries/{dataset}/{id}", READ_COLUMNS, |ask| {
        Box::pin(query::get(ask))
    }),
    v1("POST", "/1/query_results/{dataset}", RUN, |ask| {
        Box::pin(query_result::create(ask))
    }),
    v1("GET", "/1/query_results/{dataset}/{id}", RUN, |ask| {
        Box::pin(query_result::get(ask))
    }),
    raw("GET", "/api/session", Need::Nothing, |m| {
        on(m, own::session::get)
    }),
    raw("POST", "/api/session", Need::Nothing, |m| {
        on(m, own::session::sign_in)
    }),
    raw("DELETE", "/api/session", Need::Nothing, |m| {
        on(m, own::session::sign_out)
    }),
    own(
        "POST",
        "/api/environments/{env}/keys",
        Need::Administrator,
        |ask| Box::pin(own::key::create(ask)),
    ),
    own("GET", "/api/environments/{env}/datasets", LOOK, |ask| {
        Box::pin(own::dataset::list(ask))
    }),
    own("GET", "/api/environments/{env}/retention", LOOK, |ask| {
        Box::pin(own::retention::get(ask))
    }),
    own(
        "PUT",
        "/api/environments/{env}/retention",
        Need::Administrator,
        |ask| Box::pin(own::retention::set(ask)),
    ),
    own(
        "GET",
        "/api/environments/{env}/datasets/{dataset}/retention",
        LOOK,
        |ask| Box::pin(own::retention::get_of_dataset(ask)),
    ),
    own(
        "PUT",
        "/api/environments/{env}/datasets/{dataset}/retention",
        Need::Administrator,
        |ask| Box::pin(own::retention::set_of_dataset(ask)),
    ),
    own(
        "POST",
        "/api/environments/{env}/datasets/{dataset}/erase",
        Need::Administrator,
        |ask| Box::pin(own::erasure::erase(ask)),
    ),
    own("GET", "/api/environments/{env}/erasures", LOOK, |ask| {
        Box::pin(own::erasure::list(ask))
    }),
    own(
        "GET",
        "/api/environments/{env}/erasures/{id}",
        LOOK,
        |ask| Box::pin(own::erasure::get(ask)),
    ),
    own("GET", "/api/environments/{env}/onboarding", LOOK, |ask| {
        Box::pin(own::dataset::onboarding(ask))
    }),
    own(
        "GET",
        "/api/environments/{env}/datasets/{dataset}/columns",
        LOOK,
        |ask| Box::pin(own::dataset::columns(ask)),
    ),
    own(
        "GET",
        "/api/environments/{env}/datasets/{dataset}/columns/{column}/values",
        LOOK,
        |ask| Box::pin(own::dataset::values(ask)),
    ),
    own(
        "POST",
        "/api/environments/{env}/datasets/{dataset}/query",
        LOOK,
        |ask| Box::pin(own::query::run(ask)),
    ),
    own(
        "GET",
        "/api/environments/{env}/datasets/{dataset}/export",
        LOOK,
        |ask| Box::pin(own::export::get(ask)),
    ),
    own("POST", "/api/environments/{env}/sql", LOOK, |ask| {
        Box::pin(own::sql::run(ask))
    }),
    own("GET", "/api/environments/{env}/results/{id}", LOOK, |ask| {
        Box::pin(own::query::result(ask))
    }),
    own(
        "GET",
        "/api/environments/{env}/queries/running",
        LOOK,
        |ask| Box::pin(async move { own::query::running(&ask) }),
    ),
    own(
        "POST",
        "/api/environments/{env}/datasets/{dataset}/rows",
        LOOK,
        |ask| Box::pin(own::row::rows(ask)),
    ),
    own(
        "POST",
        "/api/environments/{env}/datasets/{dataset}/bubble-up",
        LOOK,
        |ask| Box::pin(own::bubble_up::run(ask)),
    ),
    own(
        "GET",
        "/api/environments/{env}/traces/{trace_id}",
        LOOK,
        |ask| Box::pin(own::row::trace(ask)),
    ),
];

const fn raw(
    method: &'static str,
    path: &'static str,
    need: Need,
    handler: fn(MethodFilter) -> MethodRouter<ApiState>,
) -> Resource {
    Resource {
        method,
        path,
        need,
        handler: Handler::Raw(handler),
    }
}

const fn v1(
    method: &'static str,
    path: &'static str,
    need: Need,
    handler: fn(Ask) -> BoxFuture<'static, Answer>,
) -> Resource {
    Resource {
        method,
        path,
        need,
        handler: Handler::V1(handler),
    }
}

const fn own(
    method: &'static str,
    path: &'static str,
    need: Need,
    handler: fn(Ask) -> BoxFuture<'static, Answer>,
) -> Resource {
    Resource {
        method,
        path,
        need,
        handler: Handler::Own(handler),
    }
}

/// The routes of the table that `is_wanted` picks, without state. Ingest and `/1/*` answer browsers of other sites.
pub(crate) fn routes(is_wanted: impl Fn(&Resource) -> bool) -> Router<ApiState> {
    let mut open = Router::new();
    let mut closed = Router::new();
    for resource in RESOURCES.iter().filter(|resource| is_wanted(resource)) {
        let route = resource.route();
        if is_cross_origin(resource.path) {
            open = open.route(resource.path, route);
        } else {
            closed = closed.route(resource.path, route);
        }
    }
    // The fallback must be set before the layer: one set after would answer the browsers' OPTIONS in its place.
    open.method_not_allowed_fallback(wrong_method)
        .layer(cors::layer())
        .merge(closed.method_not_allowed_fallback(wrong_method))
}

async fn wrong_method(uri: Uri) -> Response {
    Problem::new(
        ProblemKind::MethodNotAllowed,
        format!("{} has no such method", uri.path()),
    )
    .into_plain()
}

fn is_cross_origin(path: &str) -> bool {
    path.starts_with("/1/") || path.starts_with("/v1/")
}

impl Resource {
    fn route(self) -> MethodRouter<ApiState> {
        let method = self.method_filter();
        match self.handler {
            Handler::Raw(route) => route(method),
            Handler::V1(handler) => on(method, move |State(state), request| {
                answer_v1(state, self.need, handler, request)
            }),
            Handler::Own(handler) => on(method, move |State(state), request| {
                answer_own(state, self.need, handler, request)
            }),
        }
    }

    fn method_filter(self) -> MethodFilter {
        match self.method {
            "POST" => MethodFilter::POST,
            "PUT" => MethodFilter::PUT,
            "DELETE" => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        }
    }
}

async fn answer_v1(
    state: ApiState,
    need: Need,
    handler: fn(Ask) -> BoxFuture<'static, Answer>,
    request: Request,
) -> Response {
    let origin = request::origin(&state, request.headers());
    let instance = request.uri().path().to_owned();
    let answer = async {
        let (mut parts, body) = request.into_parts();
        let caller = caller::of_key(&state, &parts.headers).await?;
        check(&caller, need)?;
        let (path, query) = parameters(&mut parts).await?;
        let body = request::read_body(&state, &parts.headers, body).await?;
        handler(Ask {
            state,
            caller,
            headers: parts.headers,
            origin: origin.clone(),
            path,
            query,
            body,
        })
        .await
    };
    answer
        .await
        .unwrap_or_else(|problem| problem.into_v1(&origin, &instance))
}

async fn answer_own(
    state: ApiState,
    need: Need,
    handler: fn(Ask) -> BoxFuture<'static, Answer>,
    request: Request,
) -> Response {
    let origin = request::origin(&state, request.headers());
    let answer = async {
        let (mut parts, body) = request.into_parts();
        let peer = parts.extensions.get::<Peer>().copied();
        let (path, query) = parameters(&mut parts).await?;
        let environment = path.get("env").map(String::as_str).unwrap_or_default();
        let person = caller::of_person(&state, peer, &parts.headers, environment).await?;
        check(&person.caller, need)?;
        if need == Need::Administrator && !person.is_administrator {
            return Err(Problem::new(
                ProblemKind::Forbidden,
                "only an administrator can do this",
            ));
        }
        if !parts.method.is_safe() && parts.method != Method::DELETE {
            request::require_json(&parts.headers)?;
        }
        let body = request::read_body(&state, &parts.headers, body).await?;
        handler(Ask {
            state,
            caller: person.caller,
            headers: parts.headers,
            origin,
            path,
            query,
            body,
        })
        .await
    };
    answer.await.unwrap_or_else(Problem::into_own)
}

fn check(caller: &Caller, need: Need) -> Result<(), Problem> {
    let (permissions, is_one_enough) = match need {
        Need::Nothing | Need::SendEvents | Need::AnyKey | Need::Administrator => return Ok(()),
        Need::OneOf(permissions) => (permissions, true),
        Need::AllOf(permissions) | Need::Person(permissions) => (permissions, false),
    };
    let missing: Vec<Permission> = permissions
        .iter()
        .copied()
        .filter(|permission| !caller.may(*permission))
        .collect();
    let is_let_in = missing.is_empty() || (is_one_enough && missing.len() < permissions.len());
    match missing.first() {
        Some(permission) if !is_let_in => {
            caller.require(*permission)?;
            Ok(())
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
