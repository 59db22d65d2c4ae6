//! `cause` of a made document: what was thrown in a span, with its frames. Source: spec/xray.md sections 2.5 and 8.3.

use super::{Made, Span, number, object, string};
use crate::trace::{
    Attachment, Entity, Frame, Thrown, ThrownCause, exception_id, thrown_in, thrown_of_span,
};
use waggle_wire::xray::{EntityId, Json, TraceId};

type Members = Vec<(Box<str>, Json)>;

/// What the first exception of a span is copied to on the span itself.
const COPIED: [&str; 4] = [
    "exception.escaped",
    "exception.message",
    "exception.stacktrace",
    "exception.type",
];

impl Made<'_> {
    pub(super) fn cause(&mut self, span: &Span<'_, '_>) {
        let entity = &span.trace.entities[span.index];
        let rows = span.attached.rows(entity.id, Attachment::Exception);
        let mut thrown: Vec<Thrown> = rows.flat_map(|row| thrown_in(row.fields)).collect();
        if thrown.is_empty() {
            thrown = thrown_of_span(self.fields);
            if self.text_of("status_message") == thrown.first().map(|first| &*first.message) {
                self.mark("status_message");
            }
        }
        if thrown.is_empty() {
            if let Some(id) = self.take(&["xray.cause_id"]) {
                self.put("cause", id);
            }
            return;
        }
        for column in COPIED {
            self.mark(column);
        }
        let mut members = Members::new();
        for (member, column) in [
            ("working_directory", "xray.cause.working_directory"),
            ("paths", "xray.cause.paths"),
        ] {
            let value = self.take_parsed(column);
            members.extend(value.map(|value| (member.into(), value)));
        }
        let is_call = matches!(self.text_of("span.kind"), Some("client" | "producer"));
        let exceptions = exceptions(span.trace.id, entity, &thrown, is_call && !self.is_xray);
        members.push(("exceptions".into(), exceptions));
        self.put("cause", object(members));
    }
}

fn exceptions(trace_id: TraceId, entity: &Entity, thrown: &[Thrown], is_call: bool) -> Json {
    let id = |number: usize| -> EntityId {
        let own = thrown.get(number).and_then(|thrown| thrown.id);
        own.unwrap_or_else(|| exception_id(trace_id, entity.id, number))
    };
    let exceptions = thrown.iter().enumerate().map(|(at, thrown)| {
        let mut members: Members = vec![("id".into(), string(&id(at).to_string()))];
        if !thrown.type_name.is_empty() {
            members.push(("type".into(), string(&thrown.type_name)));
        }
        members.push(("message".into(), string(&thrown.message)));
        if let Some(is_remote) = thrown.is_remote.or_else(|| is_call.then_some(true)) {
            members.push(("remote".into(), Json::Bool(is_remote)));
        }
        for (member, count) in [("truncated", thrown.truncated), ("skipped", thrown.skipped)] {
            if count > 0 {
                members.push((member.into(), number(count)));
            }
        }
        let cause = match &thrown.cause {
            Some(ThrownCause::Named(id)) => Some(id.clone()),
            Some(ThrownCause::Next) => Some(id(at + 1).to_string()),
            None => None,
        };
        members.extend(cause.map(|cause| (Box::from("cause"), string(&cause))));
        if !thrown.frames.is_empty() {
            let frames = thrown.frames.iter().map(frame);
            members.push(("stack".into(), Json::Array(frames.collect())));
        }
        object(members)
    });
    Json::Array(exceptions.collect())
}

fn frame(frame: &Frame) -> Json {
    let mut members = Members::new();
    if let Some(path) = &frame.path {
        members.push(("path".into(), string(path)));
    }
    if let Some(line) = frame.line {
        members.push(("line".into(), number(line)));
    }
    if let Some(label) = &frame.label {
        members.push(("label".into(), string(label)));
    }
    object(members)
}
