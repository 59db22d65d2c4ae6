//! Answers of the two ingest routes. The statuses and texts are those clients print; source: spec/honeycomb-api.md sections 4.1 and 4.2.

use super::HoneycombError;
use crate::Reply;
use crate::json::JsonText;
use waggle_model::{AppendError, Reject, RejectReason};

const JSON: Option<&str> = Some("application/json");

/// The answer to an event that was stored.
pub fn event_reply() -> Reply {
    Reply {
        status: 200,
        content_type: None,
        body: Vec::new(),
    }
}

/// The answer to a request, or to the one event of `/1/events`, that was refused.
pub fn error_reply(error: HoneycombError) -> Reply {
    let mut text = JsonText::new(usize::MAX);
    text.raw("{\"error\":");
    text.string(&error.to_string());
    text.raw("}");
    Reply {
        status: error_status(error),
        content_type: JSON,
        body: text.into_bytes(),
    }
}

/// The answer to a batch: one status per entry, in the order of the request. `rejects` are the rows the store refused after decoding.
pub fn batch_reply(entries: &[Result<usize, RejectReason>], rejects: &[Reject]) -> Reply {
    let mut text = JsonText::new(usize::MAX);
    text.raw("[");
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            text.raw(",");
        }
        let reason = match entry {
            Err(reason) => Some(*reason),
            Ok(row) => rejects
                .binary_search_by_key(row, |reject| reject.row)
                .ok()
                .and_then(|found| rejects.get(found))
                .map(|reject| reject.reason),
        };
        match reason {
            None => text.raw("{\"status\":202}"),
            Some(reason) => {
                text.raw("{\"status\":");
                text.int(i64::from(reject_status(reason)));
                text.raw(",\"error\":");
                text.string(reject_text(reason));
                text.raw("}");
            }
        }
    }
    text.raw("]");
    Reply {
        status: 200,
        content_type: JSON,
        body: text.into_bytes(),
    }
}

impl From<AppendError> for HoneycombError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Busy => Self::Busy,
            // What happened inside is for the log.
            AppendError::Full | AppendError::Unavailable(_) => Self::Unavailable,
        }
    }
}

pub(crate) fn reject_text(reason: RejectReason) -> &'static str {
    match reason {
        RejectReason::TooManyColumns => "Event has too many columns.",
        RejectReason::DatasetTooManyColumns => "Dataset has too many columns.",
        RejectReason::TooLarge => "Request body is too large.",
        RejectReason::Empty => "Request body should not be empty.",
        RejectReason::Malformed => "Request body is malformed and cannot be read.",
        RejectReason::UnknownDataset => "dataset not found",
        RejectReason::TooManyDatasets => {
            "environment has reached the maximum number of datasets allowed"
        }
    }
}

fn reject_status(reason: RejectReason) -> u16 {
    match reason {
        RejectReason::UnknownDataset => 404,
        RejectReason::TooManyColumns
        | RejectReason::DatasetTooManyColumns
        | RejectReason::TooLarge
        | RejectReason::Empty
        | RejectReason::Malformed
        | RejectReason::TooManyDatasets => 400,
    }
}

fn error_status(error: HoneycombError) -> u16 {
    match error {
        HoneycombError::Empty | HoneycombError::Malformed | HoneycombError::TooLarge => 400,
        HoneycombError::UnknownKey => 401,
        HoneycombError::Forbidden => 403,
        HoneycombError::UnknownDataset => 404,
        HoneycombError::RateLimited | HoneycombError::Busy => 429,
        HoneycombError::Unavailable => 503,
        HoneycombError::Refused(reason) => reject_status(reason),
    }
}

#[cfg(test)]
mod tests;
