//! `/api/session`: signing in and out, and what the UI must know before it can ask anything else.
//!
//! The cookie is `HttpOnly` and `SameSite=Strict`, and every POST must be JSON: a form of another site can't send that, and its
//! script would be asked by the browser for permission first.

use crate::ask::{Answer, json_answer};
use crate::caller::{self, SESSION_COOKIE, token_of};
use crate::honeycomb::auth::NAME_AND_SLUG;
use crate::listen::http::Peer;
use crate::problem::{Problem, ProblemKind};
use crate::request;
use crate::route::{Face, Need, Resource, Route};
use crate::shape::{Content, Named, Shape, must};
use crate::state::ApiState;
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use serde_json::{Value as Json, json};
use waggle_metastore::{Session, Team};
use waggle_model::TeamId;

pub(crate) const RESOURCE: Resource = Resource {
    name: "Session",
    about: "Signing in and out.",
    routes: &[
        Route::raw("GET", "/api/session", Face::Own, Need::Nothing, |m| {
            on(m, get)
        })
        .about("Returns who is signed in, to which team, and what the UI must know.")
        .answers(&[(200, Content::Json(Shape::Named(&SESSION)))]),
        Route::raw("POST", "/api/session", Face::Own, Need::Nothing, |m| {
            on(m, sign_in)
        })
        .about("Signs a person in; the session is in a cookie.")
        .takes(Shape::Object(&[
            must("email", Shape::Text, "The person's address."),
            must("password", Shape::Text, "The person's password."),
        ]))
        .answers(&[(200, Content::Json(Shape::Named(&SESSION)))]),
        Route::raw("DELETE", "/api/session", Face::Own, Need::Nothing, |m| {
            on(m, sign_out)
        })
        .about("Signs out.")
        .answers(&[(204, Content::Nothing)]),
    ],
};

const SESSION: Named = Named {
    name: "Session",
    about: "Who is signed in, if anybody, and facts about the server.",
    members: &[
        must("version", Shape::Text, "Version of the server."),
        must("dev", Shape::Flag, "True when no sign-in is needed."),
        must(
            "user",
            Shape::OrNull(&Shape::Object(&[
                must("email", Shape::Text, "Address."),
                must("name", Shape::Text, "Name."),
            ])),
            "Who is signed in.",
        ),
        must(
            "team",
            Shape::OrNull(&Shape::Named(&NAME_AND_SLUG)),
            "The person's team.",
        ),
        must(
            "environments",
            Shape::List(&Shape::Object(&[
                must("name", Shape::Text, "The name to show."),
                must("slug", Shape::Text, "The name in addresses."),
                must("color", Shape::Text, "The colour people know it by."),
            ])),
            "The environments of the team.",
        ),
        must("origin", Shape::Text, "Address of the server."),
        must(
            "grpc",
            Shape::OrNull(&Shape::Text),
            "Where OTLP over gRPC is taken.",
        ),
        must(
            "otlp_http",
            Shape::OrNull(&Shape::Text),
            "Where OTLP over HTTP is taken too.",
        ),
        must(
            "xray",
            Shape::OrNull(&Shape::Text),
            "Where X-Ray's SDKs send by UDP and ask by TCP.",
        ),
    ],
};

/// `GET /api/session`: never 401; without a user, and not with `--dev`, the UI shows the sign-in page.
pub(crate) async fn get(
    State(state): State<ApiState>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Response {
    let peer = peer.map(|Extension(peer)| peer);
    read(&state, peer, &headers)
        .await
        .unwrap_or_else(Problem::into_own)
}

async fn read(state: &ApiState, peer: Option<Peer>, headers: &HeaderMap) -> Answer {
    let session = caller::session(state, headers).await?;
    let local_team = if session.is_none() && caller::is_local(state, peer, headers) {
        let tenant = state.access.dev_caller().await?.tenant;
        state.metastore.team(tenant.team).await?
    } else {
        None
    };
    let body = session_json(state, headers, session.as_ref(), local_team.as_ref()).await?;
    json_answer(StatusCode::OK, &body)
}

/// `POST /api/session`.
pub(crate) async fn sign_in(State(state): State<ApiState>, request: Request) -> Response {
    try_sign_in(&state, request)
        .await
        .unwrap_or_else(Problem::into_own)
}

async fn try_sign_in(state: &ApiState, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    request::require_json(&parts.headers)?;
    let body =
        request::read_body(state.config.management_body_bytes_max, &parts.headers, body).await?;
    let sent = request::parse_json(&body)?;
    let text = |field: &str| sent.get(field).and_then(Json::as_str);
    let (Some(email), Some(password)) = (text("email"), text("password")) else {
        return Err(Problem::bad_request("email and password must be given"));
    };
    let signed_in = state.access.sign_in(email, password).await?;
    let body = session_json(state, &parts.headers, Some(&signed_in.session), None).await?;
    let max_age_ns = signed_in
        .session
        .expires_at_ns
        .saturating_sub(state.clock.now_ns());
    let cookie = cookie(
        &signed_in.token,
        max_age_ns / 1_000_000_000,
        request::is_https(state, &parts.headers),
    )?;
    let mut response = json_answer(StatusCode::OK, &body)?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// `DELETE /api/session`.
pub(crate) async fn sign_out(State(state): State<ApiState>, headers: HeaderMap) -> Response {
    try_sign_out(&state, &headers)
        .await
        .unwrap_or_else(Problem::into_own)
}

async fn try_sign_out(state: &ApiState, headers: &HeaderMap) -> Answer {
    if let Some(token) = token_of(headers) {
        state.access.sign_out(token).await?;
    }
    let cookie = cookie("", 0, request::is_https(state, headers))?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

fn cookie(token: &str, max_age_s: i64, is_https: bool) -> Result<HeaderValue, Problem> {
    let secure = if is_https { "; Secure" } else { "" };
    HeaderValue::from_str(&format!(
        "{SESSION_COOKIE}={token}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}"
    ))
    .map_err(|_| Problem::new(ProblemKind::Internal, "the session could not be kept"))
}

async fn session_json(
    state: &ApiState,
    headers: &HeaderMap,
    session: Option<&Session>,
    local_team: Option<&Team>,
) -> Result<Json, Problem> {
    let team = session.map(|session| &session.team).or(local_team);
    let environments = match team {
        Some(team) => environments(state, team.id).await?,
        None => Vec::new(),
    };
    let config = &state.config;
    let origin = request::origin(state, headers);
    let door = |address: &Option<String>| Some(request::door(address.as_deref()?, &origin));
    Ok(json!({
        "version": config.version,
        "dev": local_team.is_some() || (config.is_dev && session.is_some()),
        "user": session.map(|session| json!({
            "email": session.user.email, "name": session.user.name,
        })),
        "team": team.map(|team| json!({ "name": team.name, "slug": team.slug })),
        "environments": environments,
        "origin": config.origin.as_ref().unwrap_or(&origin),
        "grpc": door(&config.grpc_address),
        "otlp_http": door(&config.otlp_http_address),
        "xray": door(&config.xray_address),
    }))
}

async fn environments(state: &ApiState, team: TeamId) -> Result<Vec<Json>, Problem> {
    let environments = state.metastore.environments(team).await?;
    Ok(environments
        .iter()
        .map(|environment| {
            json!({
                "name": environment.name, "slug": environment.slug, "color": environment.color,
            })
        })
        .collect())
}
