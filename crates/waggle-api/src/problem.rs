//! Answers that say no, in the two shapes of `/1/*` and the one of `/api/*`.
//!
//! Honeycomb clients read `error`; the newer ones also read `type_detail`. Both are always filled here, so a caller never sees only
//! a number. Source: spec/honeycomb-api.md section 2.1. What may not be seen answers like what does not exist.

use crate::rate::Standing;
use crate::route::Face;
use crate::v2;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};
use waggle_model::{KeepError, QueryError};

/// Text of every 401 for a key that is not known. Source: spec/honeycomb-api.md section 2.1.
pub(crate) const UNKNOWN_KEY: &str = "unknown API key - check your credentials";

/// One finding about one clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Detail {
    pub(crate) field: String,
    pub(crate) code: DetailCode,
    pub(crate) description: String,
}

/// What kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DetailCode {
    Invalid,
    Missing,
    IncorrectType,
    AlreadyExists,
}

impl Detail {
    pub(crate) fn new(
        field: impl Into<String>,
        code: DetailCode,
        description: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            code,
            description: description.into(),
        }
    }
}

impl DetailCode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Missing => "missing",
            Self::IncorrectType => "incorrect_type",
            Self::AlreadyExists => "already_exists",
        }
    }
}

/// A refusal, before it is known which face it leaves through.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    kind: ProblemKind,
    message: String,
    details: Vec<Detail>,
    reached: Option<ReachedLimit>,
}

/// A rate limit that was reached, for the headers of the answer.
#[derive(Clone, Copy, Debug)]
struct ReachedLimit {
    standing: Standing,
    /// Whether `Retry-After` is sent: not where queries are run. Source: spec/honeycomb-api.md section 2.3.
    has_date: bool,
}

/// What the caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProblemKind {
    /// The body is not what the content type says.
    Unparseable,
    /// The request makes no sense, though its body could be read.
    BadRequest,
    /// No key, or one nobody knows.
    Unauthenticated,
    /// A known caller who may not do this.
    Forbidden,
    /// It does not exist, or the caller may not know that it does.
    NotFound,
    /// The path exists, not for this method.
    MethodNotAllowed,
    /// Something is in the way.
    Conflict,
    /// The body is larger than allowed.
    TooLarge,
    /// The body has another content type than required.
    UnsupportedMediaType,
    /// The provided input is invalid.
    Invalid,
    /// Too much at once; try again.
    RateLimited,
    /// Not now; try again.
    Unavailable,
    /// Took longer than allowed.
    Timeout,
    /// A fault of this server. The cause is in the log, under the request id.
    Internal,
}

impl ProblemKind {
    fn status(self) -> StatusCode {
        match self {
            Self::Unparseable | Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The `type` suffix and `title` of problem+json; `None` where the plain `{"error"}` shape is the documented one.
    fn problem_type(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Unparseable => Some(("unparseable", "The request body could not be parsed.")),
            Self::NotFound => Some(("not-found", "The requested resource cannot be found.")),
            Self::Conflict => Some((
                "conflict",
                "Request could not be completed due to a conflict with the current state of the target resource.",
            )),
            Self::TooLarge => Some(("payload-too-large", "Request body is too large.")),
            Self::Invalid => Some(("validation-failed", "The provided input is invalid.")),
            Self::RateLimited => Some(("rate-limited", "You have exceeded your rate limit.")),
            Self::BadRequest
            | Self::Unauthenticated
            | Self::Forbidden
            | Self::MethodNotAllowed
            | Self::UnsupportedMediaType
            | Self::Unavailable
            | Self::Timeout
            | Self::Internal => None,
        }
    }
}

impl ProblemKind {
    /// The code and title of a JSON:API error. Source: spec/honeycomb-api.md section 2.2.
    fn v2_code(self) -> (&'static str, &'static str) {
        match self {
            Self::Unparseable | Self::BadRequest => ("invalid", "invalid request"),
            Self::Unauthenticated => ("unauthenticated/invalid-key", "invalid API key"),
            Self::Forbidden => ("unauthorized/missing-scope", "not allowed"),
            Self::NotFound => ("not-found", "resource not found"),
            Self::MethodNotAllowed => ("method-not-allowed", "no such method"),
            Self::Conflict => ("conflict", "conflict"),
            Self::TooLarge => ("payload-too-large", "request body is too large"),
            Self::UnsupportedMediaType => ("unsupported-media-type", "wrong content type"),
            Self::Invalid => ("validation-failed", "The provided input is invalid."),
            Self::RateLimited => ("rate-limited/may-retry", "request rate limit exceeded"),
            Self::Unavailable => ("unavailable/may-retry", "not available"),
            Self::Timeout => ("timeout/may-retry", "took longer than allowed"),
            Self::Internal => ("internal", "internal error"),
        }
    }
}

impl Problem {
    pub(crate) fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            details: Vec::new(),
            reached: None,
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ProblemKind::BadRequest, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(ProblemKind::NotFound, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(ProblemKind::Conflict, message)
    }

    pub(crate) fn unparseable() -> Self {
        Self::new(ProblemKind::Unparseable, "could not parse request body")
    }

    pub(crate) fn unknown_key() -> Self {
        Self::new(ProblemKind::Unauthenticated, UNKNOWN_KEY)
    }

    /// A parameter of the address that makes no sense.
    pub(crate) fn bad_parameter(detail: Detail) -> Self {
        Self {
            kind: ProblemKind::BadRequest,
            message: format!("{} {}", detail.field, detail.description),
            details: vec![detail],
            reached: None,
        }
    }

    /// Input that was understood and is wrong; `details` is not empty.
    pub(crate) fn invalid(details: Vec<Detail>) -> Self {
        Self {
            kind: ProblemKind::Invalid,
            message: "The provided input is invalid.".to_owned(),
            details,
            reached: None,
        }
    }

    /// Input of which one field is wrong.
    pub(crate) fn invalid_field(
        field: impl Into<String>,
        code: DetailCode,
        description: impl Into<String>,
    ) -> Self {
        Self::invalid(vec![Detail::new(field, code, description)])
    }

    /// A key or its team has made all calls it may make for now.
    pub(crate) fn too_many_calls(standing: Standing) -> Self {
        let text = jiff::Timestamp::from_second(standing.retry_at_s())
            .map(|time| format!("Please try again after {time}."));
        Self {
            reached: Some(ReachedLimit {
                standing,
                has_date: true,
            }),
            ..Self::new(ProblemKind::RateLimited, text.unwrap_or_default())
        }
    }

    /// A team has run all queries it may run within a minute.
    pub(crate) fn too_many_queries(standing: Standing) -> Self {
        let text = match standing.max() {
            1 => "This endpoint allows 1 request per minute.".to_owned(),
            max => format!("This endpoint allows {max} requests per minute."),
        };
        Self {
            reached: Some(ReachedLimit {
                standing,
                has_date: false,
            }),
            ..Self::new(ProblemKind::RateLimited, text)
        }
    }

    /// A fault of this server: the cause goes to the log, the caller gets a sentence without it.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "request failed");
        Self::new(
            ProblemKind::Internal,
            "the server could not complete the request",
        )
    }

    /// The same findings, about an object that is a member of the body.
    pub(crate) fn within(mut self, member: &str) -> Self {
        for detail in &mut self.details {
            detail.field = format!("{member}.{}", detail.field);
        }
        self
    }

    pub(crate) fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The message with its findings, for where there is room for one text only.
    pub(crate) fn full_text(&self) -> String {
        let mut text = self.message.clone();
        for detail in &self.details {
            text.push_str(&format!(" {}: {}.", detail.field, detail.description));
        }
        text
    }

    /// The shape of a face. `origin` is the base URL by which the client reached this server, `instance` the path it asked for.
    pub(crate) fn into_face(self, face: Face, origin: &str, instance: &str) -> Response {
        match face {
            Face::V1 => self.into_v1(origin, instance),
            Face::V2 => self.into_v2(),
            Face::Own => self.into_own(),
            Face::Events | Face::Firehose | Face::Otlp | Face::XRay | Face::Health => {
                self.into_plain()
            }
        }
    }

    /// The shape of `/1/*`. `origin` is the base URL by which the client reached this server.
    pub(crate) fn into_v1(self, origin: &str, instance: &str) -> Response {
        let status = self.kind.status();
        let Some((suffix, title)) = self.kind.problem_type() else {
            return self.finish(
                status,
                "application/json",
                &json!({ "error": self.message }),
            );
        };
        let mut body = json!({
            "status": status.as_u16(),
            "type": format!("{origin}/problems/{suffix}"),
            "title": title,
            "error": self.message,
            "detail": self.message,
            "instance": instance,
        });
        if !self.details.is_empty() {
            body["type_detail"] = self
                .details
                .iter()
                .map(|detail| {
                    json!({
                        "field": detail.field,
                        "code": detail.code.name(),
                        "description": detail.description,
                    })
                })
                .collect();
        }
        self.finish(status, "application/problem+json", &body)
    }

    /// The shape of `/2/*`: one JSON:API error per finding. A finding's field is a pointer into the body, or the name of a parameter.
    pub(crate) fn into_v2(self) -> Response {
        let status = self.kind.status();
        let (code, title) = self.kind.v2_code();
        let error = |code: String, detail: &str, source: Option<Json>| {
            let mut error = json!({
                "id": format!("{:032x}", rand::random::<u128>()),
                "status": status.as_u16().to_string(),
                "code": code,
                "title": title,
                "detail": detail,
            });
            if let Some(source) = source {
                error["source"] = source;
            }
            error
        };
        let errors: Vec<Json> = match self.details.as_slice() {
            [] => {
                let is_key = self.kind == ProblemKind::Unauthenticated;
                let source = is_key.then(|| json!({ "header": "Authorization" }));
                vec![error(code.to_owned(), &self.message, source)]
            }
            details => details
                .iter()
                .map(|detail| {
                    let is_pointer = detail.field.starts_with('/');
                    let place = if is_pointer { "pointer" } else { "parameter" };
                    let code = match self.kind {
                        ProblemKind::Invalid => format!("{code}/{}", detail.code.name()),
                        _ => code.to_owned(),
                    };
                    let source = json!({ place: detail.field });
                    error(code, &detail.description, Some(source))
                })
                .collect(),
        };
        self.finish(status, v2::CONTENT_TYPE, &json!({ "errors": errors }))
    }

    /// The same refusal where the members are attributes of a JSON:API resource.
    pub(crate) fn of_attributes(mut self) -> Self {
        for detail in &mut self.details {
            detail.field = format!("/data/attributes/{}", detail.field);
        }
        self
    }

    /// The shape of `/api/*`: `{"error"}`, with the `field` when one clause is to blame.
    pub(crate) fn into_own(self) -> Response {
        let status = self.kind.status();
        let body = match self.details.first() {
            None => json!({ "error": self.message }),
            Some(detail) => json!({
                "error": format!("{}: {}", detail.field, detail.description),
                "field": detail.field,
            }),
        };
        self.finish(status, "application/json", &body)
    }

    /// The shape of the event endpoints: `{"error"}` whatever the status.
    pub(crate) fn into_plain(self) -> Response {
        let status = self.kind.status();
        self.finish(
            status,
            "application/json",
            &json!({ "error": self.message }),
        )
    }

    fn finish(&self, status: StatusCode, content_type: &'static str, body: &Json) -> Response {
        let mut response = (
            status,
            [(header::CONTENT_TYPE, content_type)],
            body.to_string(),
        )
            .into_response();
        if let Some(reached) = self.reached {
            reached.standing.write(response.headers_mut());
            if reached.has_date {
                reached.standing.write_retry_after(response.headers_mut());
            }
        } else if matches!(
            self.kind,
            ProblemKind::RateLimited | ProblemKind::Unavailable
        ) {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<KeepError> for Problem {
    fn from(error: KeepError) -> Self {
        match error {
            KeepError::NotFound(_) => Self::not_found(error.to_string()),
            KeepError::Conflict(text) => Self::conflict(text),
            KeepError::Invalid { field, message } => {
                Self::invalid_field(field, DetailCode::Invalid, message)
            }
            KeepError::Unavailable(_) => {
                tracing::error!(%error, "deletion failed");
                Self::new(
                    ProblemKind::Unavailable,
                    "the server can't delete now; try again",
                )
            }
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Invalid { field, message } => {
                Self::invalid_field(field, DetailCode::Invalid, message)
            }
            QueryError::Deadline(_) => Self::new(ProblemKind::Timeout, error.to_string()),
            QueryError::TooLarge { .. } => Self::bad_request(error.to_string()),
            QueryError::Busy => Self::new(ProblemKind::RateLimited, error.to_string()),
            QueryError::Storage(_) => {
                tracing::error!(%error, "query failed");
                Self::new(ProblemKind::Internal, "stored data could not be read")
            }
        }
    }
}

#[cfg(test)]
mod tests;
