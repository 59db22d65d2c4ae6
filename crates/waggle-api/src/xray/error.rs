//! Answers that say no, as the AWS SDKs read them: the code in a header and in the body, the text under both of its spellings.
//! Source: spec/xray.md sections 3.1, 3.5 and 3.6.

use crate::ask::http_date;
use crate::problem::{Problem, ProblemKind};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
static ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Which error, by the name that SDKs have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    InvalidRequest,
    Throttled,
    ResourceNotFound,
    RuleLimitExceeded,
    TooManyTags,
    InvalidPolicyRevisionId,
    MalformedPolicyDocument,
    PolicySizeLimitExceeded,
    PolicyCountLimitExceeded,
    MissingAuthenticationToken,
    IncompleteSignature,
    UnrecognizedClient,
    InvalidSignature,
    AccessDenied,
    ExpiredToken,
    Serialization,
    UnknownOperation,
    MethodNotAllowed,
    RequestEntityTooLarge,
    InternalFailure,
    ServiceUnavailable,
    RequestTimeout,
}

impl Code {
    pub(crate) fn name(self) -> &'static str {
        self.row().0
    }

    pub(crate) fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().1).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn row(self) -> (&'static str, u16) {
        match self {
            Self::InvalidRequest => ("InvalidRequestException", 400),
            Self::Throttled => ("ThrottledException", 429),
            Self::ResourceNotFound => ("ResourceNotFoundException", 404),
            Self::RuleLimitExceeded => ("RuleLimitExceededException", 400),
            Self::TooManyTags => ("TooManyTagsException", 400),
            Self::InvalidPolicyRevisionId => ("InvalidPolicyRevisionIdException", 400),
            Self::MalformedPolicyDocument => ("MalformedPolicyDocumentException", 400),
            Self::PolicySizeLimitExceeded => ("PolicySizeLimitExceededException", 400),
            Self::PolicyCountLimitExceeded => ("PolicyCountLimitExceededException", 400),
            Self::MissingAuthenticationToken => ("MissingAuthenticationTokenException", 403),
            Self::IncompleteSignature => ("IncompleteSignatureException", 403),
            Self::UnrecognizedClient => ("UnrecognizedClientException", 403),
            Self::InvalidSignature => ("InvalidSignatureException", 403),
            Self::AccessDenied => ("AccessDeniedException", 403),
            Self::ExpiredToken => ("ExpiredTokenException", 403),
            Self::Serialization => ("SerializationException", 400),
            Self::UnknownOperation => ("UnknownOperationException", 404),
            Self::MethodNotAllowed => ("MethodNotAllowedException", 405),
            Self::RequestEntityTooLarge => ("RequestEntityTooLargeException", 413),
            Self::InternalFailure => ("InternalFailure", 500),
            Self::ServiceUnavailable => ("ServiceUnavailable", 503),
            Self::RequestTimeout => ("RequestTimeout", 504),
        }
    }
}

/// An answer that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// What it is about, in answers that have a member for it.
    resource_name: Option<String>,
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            resource_name: None,
        }
    }

    /// The request can't be carried out as it is.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest, message)
    }

    /// A refusal that names the resource it is about.
    pub(crate) fn about(code: Code, resource: &str, message: impl Into<String>) -> Self {
        Self {
            resource_name: Some(resource.to_owned()),
            ..Self::new(code, message)
        }
    }

    pub(crate) fn into_response(self, request_id: &str) -> Response {
        let mut body = json!({
            "__type": self.code.name(),
            "Message": self.message,
            "message": self.message,
        });
        if let Some(name) = self.resource_name {
            body["ResourceName"] = name.into();
        }
        let mut response = (
            self.code.status(),
            [(header::CONTENT_TYPE, "application/json")],
            body.to_string(),
        )
            .into_response();
        let headers = response.headers_mut();
        headers.insert(
            ERROR_TYPE.clone(),
            HeaderValue::from_static(self.code.name()),
        );
        write_request_id(headers, request_id);
        if self.code == Code::ServiceUnavailable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// Makes the id under which client and server speak of one request: a UUID.
pub(crate) fn request_id() -> String {
    waggle_wire::xray::request_id(rand::random())
}

pub(crate) fn write_request_id(headers: &mut axum::http::HeaderMap, request_id: &str) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID.clone(), value);
    }
}

/// Clients whose clock is wrong set it by this.
pub(crate) fn write_date(headers: &mut axum::http::HeaderMap, now_ns: i64) {
    if let Ok(value) = HeaderValue::from_str(&http_date(now_ns)) {
        headers.insert(header::DATE, value);
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let code = match problem.kind() {
            ProblemKind::Unparseable => Code::Serialization,
            ProblemKind::BadRequest
            | ProblemKind::NotFound
            | ProblemKind::Conflict
            | ProblemKind::UnsupportedMediaType
            | ProblemKind::Invalid => Code::InvalidRequest,
            ProblemKind::Unauthenticated => Code::UnrecognizedClient,
            ProblemKind::Forbidden => Code::AccessDenied,
            ProblemKind::MethodNotAllowed => Code::MethodNotAllowed,
            ProblemKind::TooLarge => Code::RequestEntityTooLarge,
            ProblemKind::RateLimited => Code::Throttled,
            ProblemKind::Unavailable => Code::ServiceUnavailable,
            ProblemKind::Timeout => Code::RequestTimeout,
            ProblemKind::Internal => Code::InternalFailure,
        };
        Self::new(code, problem.full_text())
    }
}

impl From<waggle_metastore::Error> for Refusal {
    fn from(error: waggle_metastore::Error) -> Self {
        Problem::from(error).into()
    }
}

impl From<waggle_access::Error> for Refusal {
    fn from(error: waggle_access::Error) -> Self {
        use waggle_access::Error;
        match error {
            Error::UnknownKey => Self::new(
                Code::UnrecognizedClient,
                "The security token included in the request is invalid.",
            ),
            Error::KeyIsOver => Self::new(
                Code::ExpiredToken,
                "The access key has ended; make another one.",
            ),
            Error::WrongSignature => Self::new(
                Code::InvalidSignature,
                "The signature is not the one that this request would have if it were signed with the secret access key of its access key \
                 id. Check the secret access key, and that nothing between client and server changes the request or its Host header.",
            ),
            other => Problem::from(other).into(),
        }
    }
}

impl From<waggle_model::QueryError> for Refusal {
    fn from(error: waggle_model::QueryError) -> Self {
        Problem::from(error).into()
    }
}

#[cfg(test)]
mod tests;
