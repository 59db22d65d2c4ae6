//! One entity, one exception, one link to the columns of their rows. Source: spec/xray.md section 8.

use super::aws;
use super::fields::{Fields, is_mapped};
use crate::json::JsonText;
use crate::row::JSON_TEXT_BYTES_MAX;
use crate::xray::tree::{Json, Object};
use crate::xray::url::Url;
use crate::xray::{Cause, Entity, Exception, Link, Namespace, Sql};
use waggle_model::ValueRef;

/// What the rows of a document share.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) trace_id: &'a str,
    pub(super) service: &'a str,
}

pub(super) fn put_entity(fields: &mut Fields<'_, '_>, context: Context<'_>, entity: Entity<'_>) {
    fields.put_str("trace.trace_id", context.trace_id);
    fields.put_str("trace.span_id", &entity.id().to_string());
    if let Some(parent) = entity.parent_id() {
        fields.put_str("trace.parent_id", &parent.to_string());
    }
    fields.put_str("service.name", context.service);
    fields.put_str("name", entity.name());
    fields.put_str("span.kind", kind(entity));
    fields.put_str("meta.signal_type", "trace");
    put_times(fields, entity);
    put_state(fields, entity);
    put_place(fields, entity);
    put_http(fields, entity);
    put_segment(fields, entity);
    if let Some(aws) = entity.aws() {
        aws::put(fields, aws, entity.is_subsegment());
    }
    if let Some(sql) = entity.sql() {
        put_sql(fields, sql);
    }
    put_cause(fields, entity);
    put_list(
        fields,
        "xray.precursor_ids",
        entity.object().get("precursor_ids"),
    );
    put_annotations(fields, entity);
    for (namespace, value) in entity.metadata() {
        if !namespace.is_empty() {
            fields.put_flat(&format!("xray.metadata.{namespace}"), value, 1);
        }
    }
}

pub(super) fn put_exception(
    fields: &mut Fields<'_, '_>,
    context: Context<'_>,
    entity: Entity<'_>,
    exception: Exception<'_>,
) {
    put_annotation_of(fields, context, entity, "span_event");
    fields.put_str("name", "exception");
    fields.put_text("exception.type", exception.type_name());
    fields.put_text("exception.message", exception.message());
    let stack = stack_text(exception);
    if !stack.is_empty() {
        fields.put_str("exception.stacktrace", &stack);
    }
    let object = exception.object();
    for (column, member) in [
        ("aws.xray.exception.id", "id"),
        ("aws.xray.exception.remote", "remote"),
        ("aws.xray.exception.truncated", "truncated"),
        ("aws.xray.exception.skipped", "skipped"),
        ("aws.xray.exception.cause", "cause"),
    ] {
        fields.put_member(column, object, member);
    }
}

pub(super) fn put_link(
    fields: &mut Fields<'_, '_>,
    context: Context<'_>,
    entity: Entity<'_>,
    link: Link<'_>,
) {
    put_annotation_of(fields, context, entity, "link");
    fields.put_str("trace.link.trace_id", &link.trace_id.to_column());
    if let Some(id) = link.id {
        fields.put_str("trace.link.span_id", &id.to_string());
    }
    for (name, value) in link.attributes.map_or(&[][..], |object| &object.members) {
        fields.put_flat(name, value, 1);
    }
}

/// What rows have that belong to an entity and are none.
fn put_annotation_of(
    fields: &mut Fields<'_, '_>,
    context: Context<'_>,
    entity: Entity<'_>,
    annotation_type: &str,
) {
    fields.put_str("trace.trace_id", context.trace_id);
    fields.put_str("trace.parent_id", &entity.id().to_string());
    fields.put_str("service.name", context.service);
    fields.put_str("parent_name", entity.name());
    fields.put_str("meta.annotation_type", annotation_type);
    fields.put_str("meta.signal_type", "trace");
}

fn kind(entity: Entity<'_>) -> &'static str {
    if entity.is_subsegment() {
        return match entity.namespace() {
            Namespace::Aws | Namespace::Remote => "client",
            Namespace::Local => "internal",
        };
    }
    let is_queue = entity
        .origin()
        .is_some_and(|origin| origin.starts_with("AWS::SQS"));
    match is_queue || entity.links().next().is_some() {
        true => "consumer",
        false => "server",
    }
}

fn put_times(fields: &mut Fields<'_, '_>, entity: Entity<'_>) {
    let Some(end_ns) = entity.end_ns() else {
        return fields.put_bool("xray.in_progress", true);
    };
    let nanoseconds = i128::from(end_ns).saturating_sub(i128::from(entity.start_ns()));
    if nanoseconds < 0 {
        fields.put_bool("xray.clock_skew", true);
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact up to 104 days, and beyond that nobody reads nanoseconds"
    )]
    let milliseconds = nanoseconds.max(0) as f64 / 1e6;
    fields.put("duration_ms", ValueRef::Float(milliseconds));
}

fn put_state(fields: &mut Fields<'_, '_>, entity: Entity<'_>) {
    let states = [
        ("xray.error", entity.is_error()),
        ("xray.fault", entity.is_fault()),
        ("xray.throttle", entity.is_throttle()),
    ];
    let is_bad = states.iter().any(|(_, is_set)| *is_set);
    fields.put_bool("error", is_bad);
    fields.put_int("status_code", if is_bad { 2 } else { 0 });
    for (name, is_set) in states {
        if is_set {
            fields.put_bool(name, true);
        }
    }
}

/// What kind of entity it is, and where its work was done.
fn put_place(fields: &mut Fields<'_, '_>, entity: Entity<'_>) {
    if !entity.is_subsegment() {
        fields.put_str("xray.type", "segment");
        if let Some(origin) = entity.origin() {
            fields.put_str("xray.origin", origin);
            aws::put_platform(fields, origin);
        }
        return;
    }
    fields.put_str("xray.type", "subsegment");
    let namespace = entity.object().str("namespace").unwrap_or("local");
    fields.put_str("xray.namespace", namespace);
    match entity.namespace() {
        Namespace::Aws => {
            fields.put_str("aws.service", entity.name());
            fields.put_str("rpc.system", "aws-api");
            fields.put_str("rpc.service", entity.name());
        }
        Namespace::Remote => fields.put_str("peer.service", entity.name()),
        Namespace::Local => {}
    }
}

fn put_http(fields: &mut Fields<'_, '_>, entity: Entity<'_>) {
    let http = entity.http();
    fields.put_text("http.request.method", http.method());
    if let Some(url) = http.url() {
        fields.put_str("url.full", url);
        let parts = Url::parse(url);
        fields.put_text("url.path", parts.path);
        fields.put_text("url.query", parts.query);
        put_server(fields, parts);
    }
    fields.put_text("user_agent.original", http.user_agent());
    fields.put_text("client.address", http.client_ip());
    if let Some(is_forwarded) = http.x_forwarded_for() {
        fields.put_bool("aws.xray.x_forwarded_for", is_forwarded);
    }
    if let Some(is_traced) = entity.is_traced() {
        fields.put_bool("aws.xray.traced", is_traced);
    }
    if let Some(status) = http.status() {
        fields.put_int("http.response.status_code", status);
    }
    if let Some(length) = http.content_length() {
        fields.put_int("http.response.body.size", length);
    }
}

fn put_server(fields: &mut Fields<'_, '_>, url: Url<'_>) {
    fields.put_text("server.address", url.host);
    if let Some(port) = url.port {
        fields.put_int("server.port", i64::from(port));
    }
}

fn put_sql(fields: &mut Fields<'_, '_>, sql: Sql<'_>) {
    if let Some(url) = sql.url() {
        fields.put_str("db.connection_string", url);
        let parts = Url::parse(url);
        let name = parts.path.and_then(|path| path.strip_prefix('/'));
        fields.put_text("db.name", name.filter(|name| !name.is_empty()));
        put_server(fields, parts);
    }
    for (member, value) in &sql.object().members {
        match &**member {
            "url" => {}
            "connection_string" if sql.object().get("url").is_none() => {}
            "sanitized_query" => fields.put_json("db.query.text", value),
            "database_type" => fields.put_json("db.system", value),
            "user" => fields.put_json("db.user", value),
            member => fields.put_json(&format!("xray.sql.{member}"), value),
        }
    }
}

fn put_cause(fields: &mut Fields<'_, '_>, entity: Entity<'_>) {
    match entity.cause() {
        Some(Cause::Reference(id)) => fields.put_str("xray.cause_id", id),
        Some(Cause::Own(cause)) => {
            fields.put_member("xray.cause.working_directory", cause, "working_directory");
            put_list(fields, "xray.cause.paths", cause.get("paths"));
        }
        None => {}
    }
    if let Some(exception) = entity.exceptions().next() {
        fields.put_text("exception.type", exception.type_name());
        fields.put_text("exception.message", exception.message());
    }
}

/// Fields that segments alone have.
fn put_segment(fields: &mut Fields<'_, '_>, entity: Entity<'_>) {
    fields.put_text("enduser.id", entity.user());
    fields.put_text("aws.xray.resource_arn", entity.resource_arn());
    let Some(service) = entity.service() else {
        return;
    };
    for (member, value) in &service.members {
        match &**member {
            "version" => fields.put_json("service.version", value),
            member => fields.put_json(&format!("xray.service.{member}"), value),
        }
    }
}

/// Annotations are columns of their own names, except where the mapping has the name for something else; the list of keys says which columns
/// they were.
fn put_annotations(fields: &mut Fields<'_, '_>, entity: Entity<'_>) {
    let mut keys = JsonText::new(JSON_TEXT_BYTES_MAX);
    let mut is_first = true;
    for (key, value) in entity.annotations().filter(|(key, _)| !key.is_empty()) {
        keys.raw(if is_first { "[" } else { "," });
        keys.string(key);
        is_first = false;
        match is_mapped(key) {
            true => fields.put_json(&format!("annotation.{key}"), value),
            false => fields.put_json(key, value),
        }
    }
    if !is_first {
        keys.raw("]");
        fields.put_str("xray.annotations", keys.as_str());
    }
}

/// Writes a list that is not empty as JSON text.
fn put_list(fields: &mut Fields<'_, '_>, name: &str, value: Option<&Json>) {
    if let Some(value @ Json::Array(values)) = value
        && !values.is_empty()
    {
        fields.put_json(name, value);
    }
}

/// One line per frame, as people read them.
fn stack_text(exception: Exception<'_>) -> String {
    let lines = exception.stack().map(|frame| {
        let label = frame.label.unwrap_or("?");
        let path = frame.path.unwrap_or("?");
        match frame.line {
            Some(line) => format!("at {label} ({path}:{line})"),
            None => format!("at {label} ({path})"),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The members of an object that the mapping does not name, under a prefix.
pub(super) fn put_others(
    fields: &mut Fields<'_, '_>,
    prefix: &str,
    object: &Object,
    named: &[&str],
) {
    for (member, value) in &object.members {
        if !named.contains(&&**member) && !member.is_empty() {
            fields.put_json(&format!("{prefix}.{member}"), value);
        }
    }
}
