//! Entities from rows: spans as OpenTelemetry and libhoney send them, and X-Ray's own entities where only their columns were read. Source:
//! spec/xray.md sections 8.1 to 8.4.

mod attached;
mod name;
mod stack;
mod thrown;

use super::Parts;
use super::document::entities_of_document;
use super::entity::{Annotation, AwsCall, Entity, EntityKind, Link, Namespace, Request, is_status};
use super::infer::hashed_id;
use attached::attachment_of;
pub(crate) use attached::{Attached, Attachment};
use hashbrown::{HashMap, HashSet};
pub use name::annotation_key;
use name::{origin_of, segment_name, subsegment_name, url_of};
pub(crate) use stack::Frame;
use std::sync::Arc;
pub(crate) use thrown::{Thrown, ThrownCause, exception_id, thrown_in, thrown_of_span};
use waggle_model::{Value, ValueRef};
use waggle_wire::xray::{Document, EntityId, TraceId};

/// The columns of one row.
pub trait Fields {
    /// The value of a column, if the row has one.
    fn get(&self, column: &str) -> Option<ValueRef<'_>>;

    /// Calls `visit` with every column that may be searched like an annotation; none where only some columns were read.
    fn each(&self, visit: &mut dyn FnMut(&str, ValueRef<'_>));
}

/// All fields of a row, by name ascending, as storage returns them.
pub struct StoredFields<'a>(pub &'a [(String, Value)]);

impl Fields for StoredFields<'_> {
    fn get(&self, column: &str) -> Option<ValueRef<'_>> {
        let place = self
            .0
            .binary_search_by(|(name, _)| name.as_str().cmp(column));
        let (_, value) = self.0.get(place.ok()?)?;
        Some(value.as_ref())
    }

    fn each(&self, visit: &mut dyn FnMut(&str, ValueRef<'_>)) {
        for (name, value) in self.0 {
            visit(name, value.as_ref());
        }
    }
}

/// A row and its time.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// Nanoseconds since the Unix epoch.
    pub timestamp_ns: i64,
    /// Its columns.
    pub fields: &'a dyn Fields,
}

const SPAN_ID: &str = "trace.span_id";
const PARENT_ID: &str = "trace.parent_id";
const ANNOTATION_TYPE: &str = "meta.annotation_type";
/// The text of a document, as it came.
pub(crate) const DOCUMENT: &str = "xray.document";
const RECEIVED: &str = "xray.received_ns";

/// The columns that the service graph needs of a row: all that [`entity_of_row`] reads but those of the request, the user and the place,
/// which only summaries and filters look at. Ascending.
pub const COLUMNS: [&str; 61] = [
    "aws.account_id",
    "aws.bucket_name",
    "aws.dynamodb.table_names",
    "aws.ecs.launchtype",
    "aws.function_name",
    "aws.local.service",
    "aws.queue.url",
    "aws.queue_url",
    "aws.remote.service",
    "aws.resource_names",
    "aws.s3.bucket",
    "aws.service",
    "aws.span.kind",
    "aws.table.name",
    "aws.table_name",
    "aws.xray.traced",
    "cloud.account.id",
    "cloud.platform",
    "cloud.provider",
    "db.connection_string",
    "db.name",
    "db.namespace",
    "db.query.text",
    "db.system",
    "db.system.name",
    "db.user",
    "duration_ms",
    "error",
    "faas.invoked_name",
    "http.host",
    "http.response.status_code",
    "http.status_code",
    "messaging.destination.name",
    "messaging.url",
    "meta.annotation_type",
    "meta.signal_type",
    "name",
    "net.peer.name",
    "peer.service",
    "rpc.service",
    "rpc.system",
    "server.address",
    "service.name",
    "span.kind",
    "status_code",
    "trace.link.span_id",
    "trace.link.trace_id",
    "trace.parent_id",
    "trace.span_id",
    "xray.error",
    "xray.fault",
    "xray.in_progress",
    "xray.namespace",
    "xray.origin",
    "xray.received_ns",
    "xray.settled",
    "xray.sql.database_version",
    "xray.sql.driver_version",
    "xray.sql.preparation",
    "xray.throttle",
    "xray.type",
];

/// Reads the rows of one trace. Documents say what their entities are; the rows of entities without a document say it themselves, and of
/// these the columns that `annotation_keys` names are annotations, besides those that the sender named. Where only columns were read, an
/// entity may have ended by its row and not by the document that waited before.
pub fn rows_to_parts(rows: &[Row<'_>], annotation_keys: &[String]) -> Parts {
    let mut parts = Parts::default();
    let documents = documents_of(rows);
    // Whether a document says of an entity that it has ended.
    let mut of_documents: HashMap<EntityId, bool> = HashMap::new();
    for (_, document) in &documents {
        for entity in entities_of_document(document) {
            *of_documents.entry(entity.id).or_default() |= !entity.is_in_progress();
            parts.entities.push(entity);
        }
    }
    let mut spans: Vec<&Row<'_>> = rows.iter().filter(|row| is_span(row.fields)).collect();
    spans.sort_by_key(|row| int(row.fields, RECEIVED));
    let ids: HashSet<EntityId> = spans
        .iter()
        .filter_map(|row| id(row.fields, SPAN_ID))
        .collect();
    // Exceptions and links that documents tell of are known from these.
    let attached = rows.iter().filter_map(|row| {
        let (entity, attachment) = attachment_of(row.fields)?;
        (!of_documents.contains_key(&entity)).then_some((entity, attachment, row))
    });
    let mut has_thrown: HashSet<EntityId> = HashSet::new();
    for (entity, attachment, row) in attached {
        match attachment {
            Attachment::Exception => {
                has_thrown.insert(entity);
                let thrown = thrown_in(row.fields).into_iter();
                let exceptions = thrown.map(|thrown| (entity, thrown.exception()));
                parts.exceptions.extend(exceptions);
            }
            Attachment::Link => {
                let link = link_of(row.fields);
                parts.links.extend(link.map(|link| (entity, link)));
            }
            Attachment::Event => {}
        }
    }
    let mut span_count = 0;
    for row in spans {
        let has_parent = |parent: EntityId| ids.contains(&parent);
        if let Some(mut entity) = entity_of_row(row, &has_parent, annotation_keys)
            && of_documents
                .get(&entity.id)
                .is_none_or(|has_ended| !has_ended && !entity.is_in_progress())
        {
            if !has_thrown.contains(&entity.id) {
                let thrown = thrown_of_span(row.fields);
                entity.exceptions = thrown.iter().map(Thrown::exception).collect();
            }
            span_count += 1;
            parts.entities.push(entity);
        }
    }
    parts.revision = documents.len() + span_count;
    parts
}

/// When and how a document came.
pub(crate) struct Received<'a> {
    pub(crate) at_ns: i64,
    pub(crate) source: &'a str,
}

/// The documents among the rows in order of arrival, each once: one that waited is also with the rows of its service.
pub(crate) fn documents_of<'a>(rows: &[Row<'a>]) -> Vec<(Received<'a>, Document)> {
    let mut texts: Vec<(Received<'a>, &'a str)> = rows
        .iter()
        .filter_map(|row| {
            let received = Received {
                at_ns: int(row.fields, RECEIVED).unwrap_or_default(),
                source: text(row.fields, "xray.source").unwrap_or_default(),
            };
            Some((received, text(row.fields, DOCUMENT)?))
        })
        .collect();
    texts.sort_by_key(|(received, _)| received.at_ns);
    let mut seen: HashSet<&str> = HashSet::with_capacity(texts.len());
    texts.retain(|(_, text)| seen.insert(text));
    let texts = texts.into_iter();
    texts
        .filter_map(|(received, text)| Some((received, Document::parse(text.as_bytes()).ok()?)))
        .collect()
}

/// The id of the entity that a row stands for.
pub(crate) fn span_id_of(fields: &dyn Fields) -> Option<EntityId> {
    is_span(fields).then(|| id(fields, SPAN_ID)).flatten()
}

/// A trace id as it stands in a column.
pub fn trace_id_of(text: &str) -> Option<TraceId> {
    match text.len() {
        16 => TraceId::parse(&format!("{text:0>32}")),
        _ => TraceId::parse(text),
    }
}

/// Whether a row is a span, and no event, link, log record, metric, or note about a document.
fn is_span(fields: &dyn Fields) -> bool {
    fields.get(SPAN_ID).is_some()
        && fields.get(ANNOTATION_TYPE).is_none()
        && fields.get("xray.settled").is_none()
        && !matches!(text(fields, "meta.signal_type"), Some("log" | "metrics"))
        // A document that waits has nothing but its ids.
        && (fields.get("name").is_some() || fields.get("duration_ms").is_some())
}

/// The entity that a row stands for; `None` for a row that is no span. `has_parent` tells whether a span of this id is in the trace.
pub fn entity_of_row(
    row: &Row<'_>,
    has_parent: &dyn Fn(EntityId) -> bool,
    annotation_keys: &[String],
) -> Option<Entity> {
    let fields = row.fields;
    if !is_span(fields) {
        return None;
    }
    let parent_id = id(fields, PARENT_ID);
    let xray_type = text(fields, "xray.type");
    let kind = match xray_type {
        Some("segment") => EntityKind::Segment,
        Some(_) => EntityKind::Subsegment,
        None => kind_of_span(fields, parent_id, has_parent),
    };
    let name = match (xray_type, kind) {
        (Some(_), _) => text(fields, "name").unwrap_or_default().to_owned(),
        (None, EntityKind::Segment) => segment_name(fields),
        (None, EntityKind::Subsegment) => subsegment_name(fields),
    };
    let mut entity = Entity::new(id(fields, SPAN_ID)?, kind, name, row.timestamp_ns);
    entity.parent_id = parent_id;
    entity.end_ns = end_of(row);
    entity.http = http_of(fields);
    entity.cause_id = text(fields, "xray.cause_id").and_then(EntityId::parse);
    put_flags(&mut entity, fields, xray_type.is_some());
    match kind {
        EntityKind::Segment => put_segment(&mut entity, fields, xray_type.is_some()),
        EntityKind::Subsegment => put_call(&mut entity, fields, xray_type.is_some()),
    }
    put_annotations(&mut entity, fields, xray_type.is_some(), annotation_keys);
    Some(entity)
}

fn kind_of_span(
    fields: &dyn Fields,
    parent_id: Option<EntityId>,
    has_parent: &dyn Fn(EntityId) -> bool,
) -> EntityKind {
    let span_kind = text(fields, "span.kind");
    let is_orphan = parent_id.is_none_or(|parent| !has_parent(parent));
    let is_segment = parent_id.is_none()
        || span_kind == Some("server")
        || (span_kind == Some("consumer") && is_orphan)
        || text(fields, "aws.span.kind") == Some("LOCAL_ROOT");
    match is_segment {
        true => EntityKind::Segment,
        false => EntityKind::Subsegment,
    }
}

fn end_of(row: &Row<'_>) -> Option<i64> {
    if bool_of(row.fields, "xray.in_progress") == Some(true) {
        return None;
    }
    let duration_ms = number(row.fields, "duration_ms")?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the conversion saturates, as the sum does"
    )]
    let duration_ns = (duration_ms * 1e6).round() as i64;
    Some(row.timestamp_ns.saturating_add(duration_ns))
}

fn put_flags(entity: &mut Entity, fields: &dyn Fields, is_xray: bool) {
    if is_xray {
        entity.is_error = bool_of(fields, "xray.error") == Some(true);
        entity.is_fault = bool_of(fields, "xray.fault") == Some(true);
        entity.is_throttle = bool_of(fields, "xray.throttle") == Some(true);
        return;
    }
    match entity.http.status {
        Some(status @ 400..=499) => {
            entity.is_error = true;
            entity.is_throttle = status == 429;
        }
        Some(500..=599) => entity.is_fault = true,
        _ => {
            entity.is_fault =
                whole(fields, "status_code") == Some(2) || bool_of(fields, "error") == Some(true);
        }
    }
}

fn put_segment(entity: &mut Entity, fields: &dyn Fields, is_xray: bool) {
    entity.origin = match is_xray {
        true => shared(fields, &["xray.origin"]),
        false => shared(fields, &["xray.origin"]).or_else(|| origin_of(fields)),
    };
    entity.user = shared(fields, &["enduser.id", "user.id"]);
    entity.resource_arn = shared(fields, &["aws.xray.resource_arn", "cloud.resource_id"]);
    entity.account_id = shared(fields, &["cloud.account.id", "aws.account_id"]);
    entity.instance_id = shared(fields, &["host.id"]);
    entity.zones = shared(fields, &["cloud.availability_zone"])
        .into_iter()
        .collect();
}

fn put_call(entity: &mut Entity, fields: &dyn Fields, is_xray: bool) {
    let is_aws =
        || text(fields, "rpc.system") == Some("aws-api") || fields.get("aws.service").is_some();
    entity.namespace = match (is_xray, text(fields, "xray.namespace")) {
        (true, Some("aws")) => Namespace::Aws,
        (true, Some("remote")) => Namespace::Remote,
        (true, _) => Namespace::Local,
        (false, _) if is_aws() => Namespace::Aws,
        (false, _) => match text(fields, "span.kind") {
            Some("client") => Namespace::Remote,
            Some("producer" | "consumer") if fields.get("aws.remote.service").is_some() => {
                Namespace::Remote
            }
            _ => Namespace::Local,
        },
    };
    entity.is_traced = bool_of(fields, "aws.xray.traced") == Some(true);
    if entity.namespace == Namespace::Local {
        return;
    }
    let only = |column: &str| -> Option<Arc<str>> {
        let names: Vec<String> = serde_json::from_str(text(fields, column)?.trim()).ok()?;
        match names.as_slice() {
            [only] => Some(Arc::from(only.as_str())),
            _ => None,
        }
    };
    entity.account_id = shared(fields, &["aws.account_id"]);
    entity.aws = AwsCall {
        table: shared(fields, &["aws.table_name", "aws.table.name"]).or_else(|| {
            match entity.name.as_ref() {
                "DynamoDB" => {
                    only("aws.dynamodb.table_names").or_else(|| only("aws.resource_names"))
                }
                _ => None,
            }
        }),
        queue_url: shared(fields, &["aws.queue_url", "aws.queue.url", "messaging.url"]),
        bucket: shared(fields, &["aws.bucket_name", "aws.s3.bucket"]),
        function: shared(fields, &["aws.function_name", "faas.invoked_name"]),
    };
    entity.has_sql = match is_xray {
        true => SQL_COLUMNS
            .iter()
            .any(|column| fields.get(column).is_some()),
        false => ["db.system", "db.system.name"]
            .iter()
            .filter_map(|column| text(fields, column))
            .any(|system| SQL_SYSTEMS.contains(&system)),
    };
}

/// Columns that only calls of SQL databases have, among entities of X-Ray.
const SQL_COLUMNS: [&str; 8] = [
    "db.system",
    "db.query.text",
    "db.connection_string",
    "db.user",
    "db.name",
    "xray.sql.database_version",
    "xray.sql.driver_version",
    "xray.sql.preparation",
];

/// Databases that speak SQL, as OpenTelemetry's exporter for X-Ray has them, and their newer names.
const SQL_SYSTEMS: [&str; 15] = [
    "db2",
    "derby",
    "hive",
    "mariadb",
    "mssql",
    "mysql",
    "oracle",
    "other_sql",
    "postgresql",
    "sqlite",
    "teradata",
    "ibm.db2",
    "microsoft.sql_server",
    "oracle.db",
    "cockroachdb",
];

fn http_of(fields: &dyn Fields) -> Request {
    let status = ["http.response.status_code", "http.status_code"];
    Request {
        url: url_of(fields).map(Arc::from),
        method: shared(fields, &["http.request.method", "http.method"]),
        user_agent: shared(fields, &["user_agent.original", "http.user_agent"]),
        client_ip: shared(fields, &["client.address", "http.client_ip"]).or_else(|| {
            match text(fields, "span.kind") {
                Some("server") => shared(fields, &["net.peer.ip"]),
                _ => None,
            }
        }),
        status: status
            .iter()
            .find_map(|column| whole(fields, column))
            .filter(is_status),
    }
}

fn put_annotations(
    entity: &mut Entity,
    fields: &dyn Fields,
    is_xray: bool,
    annotation_keys: &[String],
) {
    let column = match is_xray {
        true => "xray.annotations",
        false => "aws.xray.annotations",
    };
    let keys = text(fields, column).and_then(|keys| serde_json::from_str(keys.trim()).ok());
    let mut keys: Vec<String> = keys.unwrap_or_default();
    if !is_xray {
        keys.extend_from_slice(annotation_keys);
    }
    let mut known: HashSet<String> = HashSet::with_capacity(keys.len());
    keys.retain(|key| known.insert(key.clone()));
    for key in keys {
        let value = fields
            .get(&format!("annotation.{key}"))
            .or_else(|| fields.get(&key));
        if let Some(value) = value {
            let key = match is_xray {
                true => key,
                false => annotation_key(&key),
            };
            entity.annotations.push((Arc::from(key), annotation(value)));
        }
    }
    if !is_xray {
        fields.each(&mut |name, value| {
            let key = Arc::from(annotation_key(name));
            entity.attributes.push((key, annotation(value)));
        });
    }
}

fn annotation(value: ValueRef<'_>) -> Annotation {
    match value {
        ValueRef::String(text) => Annotation::Text(Arc::from(text)),
        #[expect(
            clippy::cast_precision_loss,
            reason = "annotations are numbers of JSON, which doubles are"
        )]
        ValueRef::Int(value) => Annotation::Number(value as f64),
        ValueRef::Float(value) => Annotation::Number(value),
        ValueRef::Bool(value) => Annotation::Bool(value),
    }
}

/// The link of a row.
pub(crate) fn link_of(fields: &dyn Fields) -> Option<Link> {
    let trace_id = text(fields, "trace.link.trace_id").and_then(trace_id_of)?;
    let id = id(fields, "trace.link.span_id");
    Some(Link { trace_id, id })
}

/// The id of an entity: 16 hex digits, or else made of whatever text it is.
pub(crate) fn id(fields: &dyn Fields, column: &str) -> Option<EntityId> {
    let text = text(fields, column).filter(|text| !text.is_empty())?;
    Some(EntityId::parse(text).unwrap_or_else(|| hashed_id(text)))
}

pub(crate) fn text<'a>(fields: &'a dyn Fields, column: &str) -> Option<&'a str> {
    match fields.get(column)? {
        ValueRef::String(text) => Some(text),
        _ => None,
    }
}

fn shared(fields: &dyn Fields, columns: &[&str]) -> Option<Arc<str>> {
    let mut texts = columns.iter().filter_map(|column| text(fields, column));
    texts.find(|text| !text.is_empty()).map(Arc::from)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "durations beyond 2^53 ms are nobody's"
)]
pub(crate) fn number(fields: &dyn Fields, column: &str) -> Option<f64> {
    match fields.get(column)? {
        ValueRef::Int(value) => Some(value as f64),
        ValueRef::Float(value) => Some(value),
        ValueRef::String(_) | ValueRef::Bool(_) => None,
    }
}

/// A whole number, or the text of one.
pub(crate) fn int(fields: &dyn Fields, column: &str) -> Option<i64> {
    match fields.get(column)? {
        ValueRef::String(text) => text.trim().parse().ok(),
        _ => whole(fields, column),
    }
}

/// A whole number.
fn whole(fields: &dyn Fields, column: &str) -> Option<i64> {
    match fields.get(column)? {
        ValueRef::Int(value) => Some(value),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the conversion saturates, and statuses are small"
        )]
        ValueRef::Float(value) if value.fract() == 0.0 => Some(value as i64),
        ValueRef::Float(_) | ValueRef::String(_) | ValueRef::Bool(_) => None,
    }
}

pub(crate) fn bool_of(fields: &dyn Fields, column: &str) -> Option<bool> {
    match fields.get(column)? {
        ValueRef::Bool(value) => Some(value),
        _ => None,
    }
}
