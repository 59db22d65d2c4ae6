//! Answers to deliveries, in the words Firehose asks for: it takes only an answer that repeats its request's id.

use crate::honeycomb::reject_text;
use crate::json::JsonText;
use crate::token::Malformed;
use crate::{DecompressError, Reply};
use waggle_model::{AppendError, RejectReason};

/// What became of a delivery that could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KinesisOutcome {
    /// Events that are stored.
    pub accepted: usize,
    /// Events, or records, that are not.
    pub refused: usize,
    /// Why the first of them is not.
    pub reason: Option<RejectReason>,
}

/// Why a whole delivery was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KinesisError {
    /// There is no key, or nobody knows it.
    #[error("unknown API key - check your credentials")]
    UnknownKey,
    /// The key may not send events.
    #[error("this API key does not have permission to send events")]
    Forbidden,
    /// The request has no id to repeat.
    #[error("the header X-Amz-Firehose-Request-Id is missing")]
    MissingRequestId,
    /// The path names no dataset that could take events.
    #[error("dataset not found")]
    UnknownDataset,
    /// The body is no delivery.
    #[error("Request body is malformed and cannot be read.")]
    Malformed,
    /// The body is longer than allowed.
    #[error("Request body is too large.")]
    TooLarge,
    /// The key has sent more events than it may for now; Firehose sends again.
    #[error("Request dropped due to rate limiting.")]
    RateLimited,
    /// The store can't keep up, or is stopping; Firehose sends again.
    #[error("the server is not taking in events, try again later")]
    Unavailable,
}

/// The answer to a delivery. Partly refused ones are a success that says so; where nothing could be stored it is none, so that Firehose
/// puts the records where its owner keeps failed ones.
pub fn kinesis_reply(
    request_id: &str,
    now_ns: i64,
    outcome: Result<KinesisOutcome, KinesisError>,
) -> Reply {
    let (status, message) = match outcome {
        Err(error) => (status(error), Some(error.to_string())),
        Ok(KinesisOutcome {
            accepted,
            refused,
            reason: Some(reason),
        }) => {
            let status = if accepted > 0 { 200 } else { 400 };
            let reason = reject_text(reason);
            let message = format!("events refused: {refused}, first reason: {reason}");
            (status, Some(message))
        }
        Ok(_) => (200, None),
    };
    let mut text = JsonText::new(usize::MAX);
    text.raw("{\"requestId\":");
    text.string(request_id);
    text.raw(",\"timestamp\":");
    text.int(now_ns.checked_div(1_000_000).unwrap_or(0));
    if let Some(message) = message {
        text.raw(",\"errorMessage\":");
        text.string(&message);
    }
    text.raw("}");
    Reply {
        status,
        content_type: Some("application/json"),
        body: text.into_bytes(),
    }
}

fn status(error: KinesisError) -> u16 {
    match error {
        KinesisError::UnknownKey => 401,
        KinesisError::Forbidden => 403,
        KinesisError::UnknownDataset => 404,
        KinesisError::MissingRequestId | KinesisError::Malformed => 400,
        KinesisError::TooLarge => 413,
        KinesisError::RateLimited => 429,
        KinesisError::Unavailable => 503,
    }
}

impl From<Malformed> for KinesisError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<DecompressError> for KinesisError {
    fn from(error: DecompressError) -> Self {
        match error {
            DecompressError::TooLarge => Self::TooLarge,
            DecompressError::Malformed(_) => Self::Malformed,
        }
    }
}

impl From<AppendError> for KinesisError {
    fn from(_: AppendError) -> Self {
        Self::Unavailable
    }
}
