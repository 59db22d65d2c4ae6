//! `metadata` of a made document: every column of its span that no other member says, so that nothing a program sent is missing. Source:
//! spec/xray.md sections 8.1, 8.3 and 8.4.

use super::{Made, Span, json_of_field, object, own_fields, seconds, string};
use crate::trace::{Annotation, Attachment, Entity, annotation_key, text};
use std::collections::BTreeMap;
use waggle_model::ValueRef;
use waggle_wire::xray::{EntityId, Json};

type Members = Vec<(Box<str>, Json)>;

/// Columns that every document says otherwise, or that say nothing it does not.
const SAID: [&str; 18] = [
    "aws.xray.annotations",
    "client.address",
    "duration_ms",
    "http.client_ip",
    "http.method",
    "http.request.method",
    "http.response.status_code",
    "http.status_code",
    "http.url",
    "http.user_agent",
    "meta.signal_type",
    "span.num_events",
    "span.num_links",
    "trace.parent_id",
    "trace.span_id",
    "trace.trace_id",
    "url.full",
    "user_agent.original",
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
                default.extend(others);
            }
        }
        if let Some(id) = self.text_of("trace.span_id")
            && EntityId::parse(id).is_none()
        {
            let own = namespaces.entry("waggle".to_owned()).or_default();
            own.push(("span_id".into(), string(id)));
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
            let is_said = SAID.contains(&name)
                || self.is_used(name)
                || is_annotation(entity, name, value)
                || self.is_of_otlp(name, value);
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

    /// Columns that say nothing new as OTLP writes them; events of Honeycomb's libraries may have something else there.
    fn is_of_otlp(&self, name: &str, value: ValueRef<'_>) -> bool {
        match name {
            "error" => matches!(value, ValueRef::Bool(_)),
            "status_code" => matches!(value, ValueRef::Int(0..=2)),
            "type" => self.value_of("span.kind") == Some(value),
            _ => false,
        }
    }

    /// What happened in a span besides exceptions.
    fn events(&self, span: &Span<'_, '_>) -> Option<(Box<str>, Json)> {
        let entity = &span.trace.entities[span.index];
        let rows = span.attached.rows(entity.id, Attachment::Event);
        let events = rows.take(EVENTS_MAX).map(|row| {
            let name = text(row.fields, "name").unwrap_or_default();
            let mut members: Members = vec![
                ("name".into(), string(name)),
                ("time".into(), seconds(row.timestamp_ns)),
            ];
            let own = own_fields(row.fields, self.fields);
            if !own.is_empty() {
                let own = own.into_iter();
                let attributes = own.map(|(name, value)| (name.into(), json_of_field(value)));
                members.push(("attributes".into(), object(attributes.collect())));
            }
            object(members)
        });
        let events: Vec<Json> = events.collect();
        (!events.is_empty()).then(|| ("otel.events".into(), Json::Array(events)))
    }
}

/// Whether a column is among the annotations.
fn is_annotation(entity: &Entity, column: &str, value: ValueRef<'_>) -> bool {
    if entity.annotations.is_empty() {
        return false;
    }
    let key = annotation_key(column);
    entity.annotations.iter().any(|(known, annotation)| {
        **known == *key
            && match (annotation, value) {
                (Annotation::Text(known), ValueRef::String(text)) => **known == *text,
                (Annotation::Number(_), ValueRef::Int(_) | ValueRef::Float(_)) => true,
                (Annotation::Bool(known), ValueRef::Bool(truth)) => *known == truth,
                _ => false,
            }
    })
}
