//! `metadata` of a made document: every column of its span that no other member says, so that nothing a program sent is missing. Source:
//! spec/xray.md sections 8.1, 8.3 and 8.4.

use super::{Made, Span, json_of_field, number, object, own_fields, seconds, string};
use crate::trace::{Attachment, Fields, text};
use hashbrown::HashSet;
use std::collections::BTreeMap;
use waggle_model::ValueRef;
use waggle_wire::xray::{EntityId, Json};

type Members = Vec<(Box<str>, Json)>;

/// Columns that every document says otherwise, or that say nothing it does not.
const SAID: [&str; 6] = [
    "aws.xray.annotations",
    "meta.signal_type",
    "span.num_events",
    "span.num_links",
    "trace.span_id",
    "trace.trace_id",
];

/// What the names of columns begin with that OpenTelemetry has of a resource. Rows don't tell them from those of a span otherwise.
const RESOURCE_PREFIXES: [&str; 14] = [
    "aws.ecs.",
    "aws.eks.",
    "aws.log.",
    "cloud.",
    "container.",
    "deployment.",
    "device.",
    "host.",
    "k8s.",
    "os.",
    "process.",
    "service.",
    "telemetry.",
    "webengine.",
];

/// Where the metadata of X-Ray's clients is in columns: by namespace and key, or by namespace as JSON text.
const BY_KEY: &str = "xray.metadata.";
const BY_NAMESPACE: &str = "aws.xray.metadata.";

/// Most events of a span that are shown; OpenTelemetry's SDKs keep as many.
const EVENTS_MAX: usize = 128;

impl Made<'_> {
    pub(super) fn metadata(&mut self, span: &Span<'_, '_>) {
        let mut namespaces: BTreeMap<String, Members> = BTreeMap::new();
        for name in self.names_after(BY_NAMESPACE) {
            let value = self.take_parsed(&format!("{BY_NAMESPACE}{name}"));
            match value {
                Some(Json::Object(object)) => {
                    namespaces.entry(name).or_default().extend(object.members)
                }
                Some(value) => namespaces
                    .entry("default".to_owned())
                    .or_default()
                    .push((name.into(), value)),
                None => {}
            }
        }
        for name in self.names_after(BY_KEY) {
            let Some(value) = self.take_parsed(&format!("{BY_KEY}{name}")) else {
                continue;
            };
            let (namespace, key) = name.split_once('.').unwrap_or(("default", &name));
            let members = namespaces.entry(namespace.to_owned()).or_default();
            members.push((key.into(), value));
        }
        if !self.is_xray {
            let mut others = self.others(span);
            others.extend(self.events(span));
            if !others.is_empty() {
                let default = namespaces.entry("default".to_owned()).or_default();
                // What a client marked as metadata is what it says of that name.
                let known: HashSet<Box<str>> =
                    default.iter().map(|(name, _)| name.clone()).collect();
                default.extend(others.into_iter().filter(|(name, _)| !known.contains(name)));
            }
        }
        for (member, column) in [
            ("span_id", "trace.span_id"),
            ("parent_id", "trace.parent_id"),
        ] {
            if let Some(id) = self.text_of(column)
                && !id.is_empty()
                && EntityId::parse(id).is_none()
            {
                let own = namespaces.entry("waggle".to_owned()).or_default();
                own.push((member.into(), string(id)));
            }
        }
        if !namespaces.is_empty() {
            let namespaces = namespaces.into_iter();
            let members = namespaces.map(|(name, members)| (name.into(), object(members)));
            let members: Members = members.collect();
            self.put("metadata", object(members));
        }
    }

    /// Columns that no member says, by name. What is said of a resource is with the segment; subsegments have what differs.
    fn others(&self, span: &Span<'_, '_>) -> Members {
        let entity = &span.trace.entities[span.index];
        let mut others: BTreeMap<String, Json> = BTreeMap::new();
        self.fields.each(&mut |name, value| {
            let is_said =
                SAID.contains(&name) || self.is_used(name) || is_of_otlp(self.fields, name, value);
            if is_said {
                return;
            }
            let is_of_resource = RESOURCE_PREFIXES
                .iter()
                .any(|prefix| name.starts_with(prefix));
            let is_of_owner = || {
                let owner = span.owner.map(|owner| owner.fields);
                owner.is_some_and(|owner| owner.get(name) == Some(value))
            };
            match (is_of_resource, entity.is_segment()) {
                (true, true) => {
                    others.insert(format!("otel.resource.{name}"), json_of_field(value));
                }
                (true, false) if is_of_owner() => {}
                _ => {
                    others.insert(name.to_owned(), json_of_field(value));
                }
            }
        });
        let others = others.into_iter();
        others.map(|(name, value)| (name.into(), value)).collect()
    }

    /// What happened in a span besides exceptions, and what rows of exceptions say that exceptions of X-Ray can't.
    fn events(&self, span: &Span<'_, '_>) -> Members {
        let entity = &span.trace.entities[span.index];
        let events = span.attached.rows(entity.id, Attachment::Event);
        let events = events.map(|row| (row, own_fields(row.fields, self.fields)));
        let exceptions = span.attached.rows(entity.id, Attachment::Exception);
        let exceptions = exceptions.map(|row| {
            let mut own = own_fields(row.fields, self.fields);
            own.retain(|(name, _)| !is_of_exception(name));
            (row, own)
        });
        let exceptions = exceptions.filter(|(_, own)| !own.is_empty());
        let mut rows: Vec<_> = events.chain(exceptions).collect();
        rows.sort_by_key(|(row, _)| row.timestamp_ns);
        let left_out = rows.len().saturating_sub(EVENTS_MAX);
        let events = rows.into_iter().take(EVENTS_MAX).map(|(row, own)| {
            let name = text(row.fields, "name").unwrap_or_default();
            let mut members: Members = vec![
                ("name".into(), string(name)),
                ("time".into(), seconds(row.timestamp_ns)),
            ];
            if !own.is_empty() {
                let own = own.into_iter();
                let attributes = own.map(|(name, value)| (name.into(), json_of_field(value)));
                members.push(("attributes".into(), object(attributes.collect())));
            }
            object(members)
        });
        let events: Vec<Json> = events.collect();
        let mut members = Members::new();
        if !events.is_empty() {
            members.push(("otel.events".into(), Json::Array(events)));
        }
        if left_out > 0 {
            let left_out = i64::try_from(left_out).unwrap_or(i64::MAX);
            members.push(("otel.events_left_out".into(), number(left_out)));
        }
        members
    }
}

/// What `cause` says of an exception.
fn is_of_exception(name: &str) -> bool {
    matches!(
        name,
        "exception.message" | "exception.stacktrace" | "exception.type"
    )
}

/// Columns that say nothing new as OTLP writes them; events of Honeycomb's libraries may have something else there.
pub(crate) fn is_of_otlp(fields: &dyn Fields, name: &str, value: ValueRef<'_>) -> bool {
    match name {
        "error" => matches!(value, ValueRef::Bool(_)),
        "status_code" => matches!(value, ValueRef::Int(0..=2)),
        "duration_ms" => matches!(value, ValueRef::Int(_) | ValueRef::Float(_)),
        "trace.parent_id" => matches!(value, ValueRef::String(_)),
        "type" => fields.get("span.kind") == Some(value),
        _ => false,
    }
}
