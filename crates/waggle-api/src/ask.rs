//! One request of the Honeycomb API or Waggle's own, after its caller was checked: what a handler sees instead of HTTP.

use crate::problem::{Detail, DetailCode, Problem, ProblemKind};
use crate::request;
use crate::shape::{Shape, unknown_members};
use crate::state::ApiState;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::sync::Arc;
use waggle_access::Caller;
use waggle_metastore::{Dataset, Error as MetastoreError};
use waggle_model::{DatasetScope, Tenant};

/// The name that stands for every dataset of the environment.
pub(crate) const ALL_DATASETS: &str = "__all__";

/// What a handler returns.
pub(crate) type Answer = Result<Response, Problem>;

/// One request.
pub(crate) struct Ask {
    pub(crate) state: ApiState,
    pub(crate) caller: Arc<Caller>,
    /// True for a person who may do everything in the team.
    pub(crate) is_administrator: bool,
    pub(crate) headers: HeaderMap,
    /// Base URL by which the client reached this server.
    pub(crate) origin: String,
    pub(crate) path: HashMap<String, String>,
    pub(crate) query: HashMap<String, String>,
    /// The body, decompressed.
    pub(crate) body: Bytes,
}

impl Ask {
    /// A path parameter, percent-decoded. The table of routes decides which exist.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.path.get(name).map(String::as_str).unwrap_or_default()
    }

    /// A query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// A whole number among the query parameters, absent or empty ones as `None`.
    pub(crate) fn query_number(&self, name: &str) -> Result<Option<i64>, Problem> {
        match self.query(name).map(str::trim) {
            None | Some("") => Ok(None),
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|_| Problem::bad_request(format!("{name} must be a whole number"))),
        }
    }

    /// Counts a query of Waggle's own API, where those of the team's keys are limited.
    ///
    /// # Errors
    /// The team has run its queries of this minute.
    pub(crate) fn count_query(&self, is_relational: bool) -> Result<(), Problem> {
        let now_ns = self.state.clock.now_ns();
        self.state
            .rates
            .query(&self.caller, is_relational, now_ns)?;
        Ok(())
    }

    /// The dataset of the path's `{dataset}`.
    pub(crate) async fn dataset(&self, tenant: Tenant) -> Result<Dataset, Problem> {
        self.state
            .metastore
            .find_dataset(tenant, self.path("dataset"))
            .await?
            .ok_or_else(|| Problem::not_found("Dataset not found"))
    }

    /// The dataset of the path's `{dataset}`, or all of them for `__all__`.
    pub(crate) async fn scope(&self, tenant: Tenant) -> Result<DatasetScope, Problem> {
        if self.path("dataset") == ALL_DATASETS {
            return Ok(DatasetScope::All);
        }
        Ok(DatasetScope::One(self.dataset(tenant).await?.id))
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Json, Problem> {
        request::parse_json(&self.body)
    }

    /// The body as a JSON object.
    pub(crate) fn object(&self) -> Result<Map<String, Json>, Problem> {
        match self.json()? {
            Json::Object(object) => Ok(object),
            _ => Err(Problem::unparseable()),
        }
    }
}

/// Refuses members that a door of our own does not know: what is misspelt would silently be another question.
///
/// # Errors
/// Every such member by its path.
pub(crate) fn refuse_unknown(body: &Json, shape: &Shape) -> Result<(), Problem> {
    let unknown = unknown_members(body, shape).into_iter();
    let details: Vec<Detail> = unknown
        .map(|path| Detail::new(path, DetailCode::Invalid, "is not known here"))
        .collect();
    match details.is_empty() {
        true => Ok(()),
        false => Err(Problem::invalid(details)),
    }
}

/// An answer with a JSON body.
pub(crate) fn json_answer(status: StatusCode, body: &impl Serialize) -> Answer {
    let text = serde_json::to_string(body).map_err(|error| Problem::internal(&error))?;
    Ok(text_answer(status, text))
}

/// An answer whose JSON is written already.
pub(crate) fn text_answer(status: StatusCode, json: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// A time as HTTP headers write it, cut to the second.
pub(crate) fn http_date(time_ns: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time_ns))
        .map(|time| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .unwrap_or_default()
}

impl From<MetastoreError> for Problem {
    fn from(error: MetastoreError) -> Self {
        match error {
            MetastoreError::NotFound(_) => Self::not_found(error.to_string()),
            MetastoreError::Conflict(text) => Self::conflict(text),
            MetastoreError::InUse(_) => {
                Self::conflict(format!("{error}; take it out where it is used first"))
            }
            MetastoreError::Invalid { field, message } => {
                Self::invalid_field(field, DetailCode::Invalid, message)
            }
            MetastoreError::LimitReached { .. } | MetastoreError::TooLarge { .. } => {
                Self::conflict(error.to_string())
            }
            MetastoreError::Busy => {
                Self::new(ProblemKind::Unavailable, "the server is busy; try again")
            }
            MetastoreError::NewerSchema { .. }
            | MetastoreError::Corrupt(_)
            | MetastoreError::Unavailable(_) => Self::internal(&error),
        }
    }
}
