//! Honeycomb's second API under `/2/`: what a program with a management key manages of its team. Source: spec/honeycomb-api.md
//! sections 2.2, 2.4, 3 and 8.
//!
//! Bodies are JSON:API. The content type carries no charset, because the Terraform client compares it exactly.

pub(crate) mod api_key;
pub(crate) mod auth;
mod document;
pub(crate) mod environment;

pub(crate) use document::ERRORS;

use crate::ask::Answer;
use crate::page::{Page, Place};
use crate::problem::{Problem, ProblemKind};
use crate::request;
use crate::state::ApiState;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use waggle_access::Manager;

/// The one content type of requests and answers.
pub(crate) const CONTENT_TYPE: &str = "application/vnd.api+json";

/// One request of the second API, after its key was checked.
pub(crate) struct TeamAsk {
    pub(crate) state: ApiState,
    pub(crate) manager: Manager,
    pub(crate) path: HashMap<String, String>,
    pub(crate) query: HashMap<String, String>,
    /// The body, decompressed.
    pub(crate) body: Bytes,
}

impl TeamAsk {
    /// A path parameter, percent-decoded. The table of routes decides which exist.
    fn path(&self, name: &str) -> &str {
        self.path.get(name).map(String::as_str).unwrap_or_default()
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// The path of the team, under which everything of it is found.
    fn team_path(&self) -> String {
        format!("/2/teams/{}", self.manager.team.slug)
    }

    /// Refuses a path that names another team: to this caller there is none.
    pub(crate) fn require_team(&self) -> Result<(), Problem> {
        match self.path.get("team") {
            Some(team) if *team != self.manager.team.slug => {
                Err(Problem::not_found("Team not found"))
            }
            _ => Ok(()),
        }
    }

    fn json(&self) -> Result<Json, Problem> {
        request::parse_json(&self.body)
    }
}

/// Refuses a body that is not declared as JSON:API.
pub(crate) fn require_content_type(headers: &axum::http::HeaderMap) -> Result<(), Problem> {
    let content_type = crate::listen::body::header_text(headers, &header::CONTENT_TYPE);
    let media_type = waggle_wire::media_type(content_type.unwrap_or_default());
    if media_type.eq_ignore_ascii_case(CONTENT_TYPE) {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::UnsupportedMediaType,
        format!("content-type must be {CONTENT_TYPE}"),
    ))
}

/// The page of a list that was asked for. `path` is the list's own path, `others` its other parameters.
fn answer_page(
    ask: &TeamAsk,
    items: impl IntoIterator<Item = (Place, Json)>,
    path: &str,
    others: &[(&str, &str)],
) -> Answer {
    let (page, next) = Page::read(&ask.query)?.of(items, path, others);
    let body = json!({ "data": page, "links": { "next": next } });
    answer(StatusCode::OK, &body)
}

fn answer(status: StatusCode, body: &Json) -> Answer {
    let headers = [(header::CONTENT_TYPE, CONTENT_TYPE)];
    Ok((status, headers, body.to_string()).into_response())
}
