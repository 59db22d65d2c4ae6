//! Segments for calls that no segment answers: AWS services, databases and services that send nothing. They are made on every read and
//! never stored, so that counts of events stay honest. Source: spec/xray.md sections 5.1 and 5.2.

use super::entity::{Entity, EntityKind, NAME_CHARS_MAX, Namespace, cut};
use hashbrown::HashSet;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use waggle_wire::xray::{EntityId, TraceId};

/// Type of a service that is known from calls only.
const REMOTE: &str = "remote";
/// Type of a SQL database.
const SQL: &str = "Database::SQL";

/// Adds a segment for each call that no segment names as its parent.
pub(super) fn add_inferred(trace_id: TraceId, entities: &mut Vec<Entity>) {
    let answered: HashSet<EntityId> = entities
        .iter()
        .filter(|entity| entity.is_segment())
        .filter_map(|entity| entity.parent_id)
        .collect();
    let inferred: Vec<Entity> = entities
        .iter()
        .filter(|entity| is_call(entity) && !answered.contains(&entity.id))
        .map(|call| inferred(trace_id, call))
        .collect();
    entities.extend(inferred);
}

fn is_call(entity: &Entity) -> bool {
    !entity.is_segment() && entity.namespace != Namespace::Local
}

fn inferred(trace_id: TraceId, call: &Entity) -> Entity {
    let id = inferred_id(trace_id, call.id);
    let mut segment = Entity::new(
        id,
        EntityKind::Segment,
        Arc::clone(&call.name),
        call.start_ns,
    );
    segment.parent_id = Some(call.id);
    segment.is_inferred = true;
    segment.end_ns = call.end_ns;
    segment.is_error = call.is_error;
    segment.is_fault = call.is_fault;
    segment.is_throttle = call.is_throttle;
    segment.namespace = call.namespace;
    segment.http = call.http.clone();
    segment.aws = call.aws.clone();
    segment.account_id = call.account_id.clone();
    segment.has_sql = call.has_sql;
    segment.origin = Some(called_node(&segment).1);
    segment
}

/// The id of the segment inferred from a subsegment: the same on every read.
pub(crate) fn inferred_id(trace_id: TraceId, subsegment: EntityId) -> EntityId {
    let seed = format!("waggle-inferred:{}:{subsegment}", trace_id.to_xray());
    hashed_id(&seed)
}

/// An id made of any text: the first 8 bytes of its SHA-256.
pub(crate) fn hashed_id(text: &str) -> EntityId {
    let digest = Sha256::digest(text.as_bytes());
    let mut bytes = [0; 8];
    for (byte, hashed) in bytes.iter_mut().zip(digest) {
        *byte = hashed;
    }
    EntityId::from_bytes(bytes)
}

/// Name and type of the node that a call leads to.
pub(super) fn called_node(call: &Entity) -> (Arc<str>, Arc<str>) {
    let aws = &call.aws;
    match call.namespace {
        Namespace::Aws => {
            let known: [(&Option<Arc<str>>, &str); 4] = [
                (&aws.table, "AWS::DynamoDB::Table"),
                (&aws.queue_url, "AWS::SQS::Queue"),
                (&aws.bucket, "AWS::S3::Bucket"),
                (&aws.function, "AWS::Lambda"),
            ];
            for (name, node_type) in known {
                if let Some(name) = name {
                    return (cut(name, NAME_CHARS_MAX), node_type.into());
                }
            }
            let node_type = format!("AWS::{}", call.name);
            (Arc::clone(&call.name), node_type.into())
        }
        Namespace::Remote if call.has_sql => (Arc::clone(&call.name), SQL.into()),
        Namespace::Remote | Namespace::Local => (Arc::clone(&call.name), REMOTE.into()),
    }
}
