//! From headers to a caller: a key, a session cookie, or the machine itself with `--dev`.

use crate::listen::body::header_text;
use crate::listen::http::Peer;
use crate::problem::{Detail, DetailCode, Problem, ProblemKind};
use crate::state::ApiState;
use axum::http::{HeaderMap, HeaderName, header};
use std::net::IpAddr;
use std::sync::Arc;
use waggle_access::{Caller, Error as AccessError, Manager};
use waggle_metastore::{Error as MetastoreError, KeyKind, Role, Session};

static TEAM: HeaderName = HeaderName::from_static("x-honeycomb-team");
/// Refinery's shorter spelling.
static TEAM_SHORT: HeaderName = HeaderName::from_static("x-hny-team");
/// Name of the cookie that holds a session's token.
pub(crate) const SESSION_COOKIE: &str = "waggle_session";

/// The API key of a request; the first of several. A value that is no visible ASCII is a key nobody knows.
pub(crate) fn key_of(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(&TEAM).or_else(|| headers.get(&TEAM_SHORT))?;
    let key = value.to_str().unwrap_or("?").trim();
    (!key.is_empty()).then_some(key)
}

/// The session token of a request's cookie.
pub(crate) fn token_of(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| {
            let (name, value) = cookie.trim().split_once('=')?;
            (name == SESSION_COOKIE).then_some(value)
        })
}

/// True for a request that needs no key: `--dev`, from this machine, and not made by another site's page in a browser here.
pub(crate) fn is_local(state: &ApiState, peer: Option<Peer>, headers: &HeaderMap) -> bool {
    state.config.is_dev
        && peer.is_some_and(|Peer(address)| address.ip().to_canonical().is_loopback())
        && is_local_host(headers)
        && is_local_origin(headers)
}

/// A page can point its own domain at 127.0.0.1 and then read answers as its own; `Host` tells. An address can't be made to lie so.
fn is_local_host(headers: &HeaderMap) -> bool {
    header_text(headers, &header::HOST).is_none_or(|host| {
        let name = host_name(host);
        is_local_name(name) || name.parse::<IpAddr>().is_ok()
    })
}

/// A browser names the page that sends; programs name none.
pub(crate) fn is_local_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let host = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"));
    host.is_some_and(|(_, host)| is_local_name(host_name(host)))
}

fn is_local_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// A `host:port` without its port and without the brackets of IPv6.
fn host_name(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split_once(']').map_or(rest, |(name, _)| name);
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}

/// Who asks Honeycomb's management API: only a key will do.
pub(crate) async fn of_key(state: &ApiState, headers: &HeaderMap) -> Result<Arc<Caller>, Problem> {
    let key = key_of(headers).ok_or_else(Problem::unknown_key)?;
    Ok(state.access.caller(key).await?)
}

/// Who asks Honeycomb's second API: only a management key will do.
pub(crate) async fn manager(state: &ApiState, headers: &HeaderMap) -> Result<Manager, Problem> {
    let bearer = header_text(headers, &header::AUTHORIZATION).and_then(|authorization| {
        let (scheme, key) = authorization.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
    });
    let key = bearer.ok_or_else(Problem::unknown_key)?;
    Ok(state.access.manager(key).await?)
}

/// Somebody who uses Waggle's own API, and whether they may manage keys.
pub(crate) struct Person {
    pub(crate) caller: Arc<Caller>,
    pub(crate) is_administrator: bool,
}

/// Who asks Waggle's own API, in an environment: a key of it, somebody signed in, or somebody at the machine.
pub(crate) async fn of_person(
    state: &ApiState,
    peer: Option<Peer>,
    headers: &HeaderMap,
    environment: &str,
) -> Result<Person, Problem> {
    let no_environment = || Problem::not_found("environment not found");
    if let Some(key) = key_of(headers) {
        let caller = state.access.caller(key).await?;
        if caller.kind() != KeyKind::Configuration {
            return Err(Problem::new(
                ProblemKind::Forbidden,
                "only configuration keys can be used here",
            ));
        }
        if caller.environment_slug != environment {
            return Err(no_environment());
        }
        return Ok(Person {
            caller,
            is_administrator: false,
        });
    }
    if let Some(session) = session(state, headers).await? {
        let caller = state.access.session_caller(&session, environment).await;
        let caller = caller.map_err(|error| match error {
            AccessError::Metastore(MetastoreError::NotFound(_)) => no_environment(),
            other => other.into(),
        })?;
        return Ok(Person {
            caller: Arc::new(caller),
            is_administrator: session.user.role == Role::Administrator,
        });
    }
    if is_local(state, peer, headers) {
        let caller = state.access.dev_caller_in(environment).await;
        let caller = caller.map_err(|error| match error {
            AccessError::Metastore(MetastoreError::NotFound(_)) => no_environment(),
            other => other.into(),
        })?;
        return Ok(Person {
            caller,
            is_administrator: true,
        });
    }
    Err(Problem::new(ProblemKind::Unauthenticated, "sign in first"))
}

/// The session of a request's cookie, unless it is over.
pub(crate) async fn session(
    state: &ApiState,
    headers: &HeaderMap,
) -> Result<Option<Session>, Problem> {
    match token_of(headers) {
        Some(token) => Ok(state.access.session(token).await?),
        None => Ok(None),
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::UnknownKey | AccessError::KeyIsOver | AccessError::WrongSignature => {
                Self::unknown_key()
            }
            AccessError::Forbidden(_) | AccessError::OutOfScope(_) => {
                Self::new(ProblemKind::Forbidden, error.to_string())
            }
            AccessError::WrongPassword => {
                Self::new(ProblemKind::Unauthenticated, error.to_string())
            }
            AccessError::Busy => Self::new(ProblemKind::Unavailable, error.to_string()),
            AccessError::Invalid { field, message } => {
                Self::invalid(vec![Detail::new(field, DetailCode::Invalid, message)])
            }
            AccessError::Metastore(error) => error.into(),
            AccessError::KeyFile { .. } => Self::internal(&error),
            AccessError::Unavailable(_) => Self::new(ProblemKind::Unavailable, error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
