//! What was thrown in an entity, as its rows tell: one row per exception, whose stack trace may tell of those that caused it; without such
//! rows, the columns of the entity's own row. Source: spec/xray.md section 8.3.

use super::stack::{Frame, read_stack};
use super::{Fields, bool_of, int, text, whole};
use crate::trace::Exception;
use crate::trace::infer::hashed_id;
use waggle_wire::xray::{EntityId, TraceId};

/// An exception with all that a document says of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Thrown {
    /// Its id, where it was sent with one.
    pub(crate) id: Option<EntityId>,
    pub(crate) type_name: String,
    pub(crate) message: String,
    /// Whether a called service caused it, where somebody said so.
    pub(crate) is_remote: Option<bool>,
    /// Frames that are left out.
    pub(crate) truncated: i64,
    /// Exceptions that are left out.
    pub(crate) skipped: i64,
    pub(crate) cause: Option<ThrownCause>,
    /// Innermost first.
    pub(crate) frames: Vec<Frame>,
}

/// The exception that caused another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ThrownCause {
    /// By its id, as sent.
    Named(String),
    /// The next one.
    Next,
}

impl Thrown {
    /// What summaries show of it.
    pub(crate) fn exception(&self) -> Exception {
        Exception {
            id: self.id,
            name: self.type_name.as_str().into(),
            message: self.message.as_str().into(),
        }
    }
}

/// The exception of a row, then those of which its stack trace says that they caused it. `row` is that of an event or of an entity itself.
pub(crate) fn thrown_in(fields: &dyn Fields) -> Vec<Thrown> {
    let language = text(fields, "telemetry.sdk.language");
    let stack = text(fields, "exception.stacktrace").unwrap_or_default();
    let told = read_stack(language, stack);
    let last = told.len().saturating_sub(1);
    let mut thrown: Vec<Thrown> = told
        .into_iter()
        .enumerate()
        .map(|(number, told)| Thrown {
            type_name: told.type_name,
            message: told.message,
            truncated: i64::try_from(told.truncated).unwrap_or(i64::MAX),
            skipped: i64::try_from(told.skipped).unwrap_or(i64::MAX),
            cause: (number < last).then_some(ThrownCause::Next),
            frames: told.frames,
            ..Thrown::default()
        })
        .collect();
    if let Some(first) = thrown.first_mut() {
        let named = |column| text(fields, column).unwrap_or_default().to_owned();
        first.type_name = named("exception.type");
        first.message = named("exception.message");
        first.id = text(fields, "aws.xray.exception.id").and_then(EntityId::parse);
        first.is_remote = bool_of(fields, "aws.xray.exception.remote");
        let count = |column| int(fields, column).unwrap_or_default();
        first.truncated = first
            .truncated
            .saturating_add(count("aws.xray.exception.truncated"));
        first.skipped = first
            .skipped
            .saturating_add(count("aws.xray.exception.skipped"));
        if let Some(cause) = text(fields, "aws.xray.exception.cause") {
            first.cause = Some(ThrownCause::Named(cause.to_owned()));
        }
    }
    thrown
}

/// What the row of an entity says of what was thrown in it, for an entity without rows of exceptions: its own columns, or else the message
/// of a status that says error.
pub(crate) fn thrown_of_span(fields: &dyn Fields) -> Vec<Thrown> {
    let is_thrown = ["exception.type", "exception.message"]
        .iter()
        .any(|column| text(fields, column).is_some_and(|text| !text.is_empty()));
    if is_thrown {
        return thrown_in(fields);
    }
    let has_failed =
        whole(fields, "status_code") == Some(2) || bool_of(fields, "error") == Some(true);
    let message = text(fields, "status_message").filter(|message| !message.is_empty());
    let message = message.filter(|_| has_failed);
    let thrown = message.map(|message| Thrown {
        message: message.to_owned(),
        ..Thrown::default()
    });
    thrown.into_iter().collect()
}

/// The id of an exception that came without one: the same on every read.
pub(crate) fn exception_id(trace_id: TraceId, entity: EntityId, number: usize) -> EntityId {
    let trace_id = trace_id.to_xray();
    hashed_id(&format!("waggle-exception:{trace_id}:{entity}:{number}"))
}
