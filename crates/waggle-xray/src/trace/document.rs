//! Entities from a document: what the wire reads, in the words of this crate.

use super::entity::{
    Annotation, AwsCall, Entity, EntityKind, Exception, Link, Namespace, Request, is_status,
};
use std::sync::Arc;
use waggle_wire::xray::{self, Cause, Document, EntityId, Json, Object};

/// All entities of a document, its own first.
pub fn entities_of_document(document: &Document) -> impl Iterator<Item = Entity> {
    document.entities().map(|entity| entity_of(&entity))
}

fn entity_of(sent: &xray::Entity<'_>) -> Entity {
    let kind = match sent.is_subsegment() {
        true => EntityKind::Subsegment,
        false => EntityKind::Segment,
    };
    let mut entity = Entity::new(sent.id(), kind, sent.name(), sent.start_ns());
    entity.parent_id = sent.parent_id();
    entity.end_ns = sent.end_ns();
    entity.is_error = sent.is_error();
    entity.is_fault = sent.is_fault();
    entity.is_throttle = sent.is_throttle();
    let http = sent.http();
    entity.http = Request {
        url: http.url().map(Arc::from),
        method: http.method().map(Arc::from),
        user_agent: http.user_agent().map(Arc::from),
        client_ip: http.client_ip().map(Arc::from),
        status: http.status().filter(is_status),
    };
    if let Some(aws) = sent.aws() {
        entity.account_id = text(aws, "account_id");
        match kind {
            EntityKind::Segment => put_place(&mut entity, aws),
            EntityKind::Subsegment => entity.aws = aws_call(aws, sent.name()),
        }
    }
    match kind {
        EntityKind::Segment => {
            entity.origin = sent.origin().map(Arc::from);
            entity.user = sent.user().map(Arc::from);
            entity.resource_arn = sent.resource_arn().map(Arc::from);
        }
        EntityKind::Subsegment => {
            entity.namespace = match sent.namespace() {
                xray::Namespace::Aws => Namespace::Aws,
                xray::Namespace::Remote => Namespace::Remote,
                xray::Namespace::Local => Namespace::Local,
            };
            entity.is_traced = sent.is_traced() == Some(true);
            entity.has_sql = sent.sql().is_some();
        }
    }
    entity.annotations = sent
        .annotations()
        .filter_map(|(key, value)| Some((Arc::from(key), annotation(value)?)))
        .collect();
    entity.exceptions = sent
        .exceptions()
        .map(|exception| Exception {
            id: exception.id().and_then(EntityId::parse),
            name: exception.type_name().unwrap_or_default().into(),
            message: exception.message().unwrap_or_default().into(),
        })
        .collect();
    entity.cause_id = match sent.cause() {
        Some(Cause::Reference(id)) => EntityId::parse(id),
        _ => None,
    };
    let links = sent.links().map(|link| Link {
        trace_id: link.trace_id,
        id: link.id,
    });
    entity.links = links.collect();
    entity
}

fn text(object: &Object, name: &str) -> Option<Arc<str>> {
    object
        .str(name)
        .filter(|text| !text.is_empty())
        .map(Arc::from)
}

fn annotation(value: &Json) -> Option<Annotation> {
    match value {
        Json::String(text) => Some(Annotation::Text(Arc::from(&**text))),
        Json::Bool(value) => Some(Annotation::Bool(*value)),
        value => value.as_f64().map(Annotation::Number),
    }
}

/// Where a segment ran.
fn put_place(entity: &mut Entity, aws: &Object) {
    let ec2 = aws.object("ec2");
    entity.instance_id = ec2.and_then(|ec2| text(ec2, "instance_id"));
    for place in [ec2, aws.object("ecs")].into_iter().flatten() {
        if let Some(zone) = text(place, "availability_zone")
            && !entity.zones.contains(&zone)
        {
            entity.zones.push(zone);
        }
    }
}

fn aws_call(aws: &Object, name: &str) -> AwsCall {
    let only = |name: &str| match aws.array(name) {
        [Json::String(only)] => Some(Arc::from(&**only)),
        _ => None,
    };
    let table = text(aws, "table_name").or_else(|| match name {
        "DynamoDB" => only("table_names").or_else(|| only("resource_names")),
        _ => None,
    });
    AwsCall {
        table,
        queue_url: text(aws, "queue_url"),
        bucket: text(aws, "bucket_name"),
        function: text(aws, "function_name"),
    }
}
