//! AWS X-Ray: segment documents to entities and back to text. Source: spec/xray.md sections 1, 2 and 8.
//!
//! A *document* is one JSON text a client sent; an *entity* is a segment or a subsegment; a document holds one entity and those embedded
//! in it.

mod datagram;
mod document;
mod entity;
mod id;
mod request;
mod rows;
mod seconds;
mod tree;
mod url;

pub use datagram::{DATAGRAM_BYTES_MAX, Datagram, DatagramError, read_datagram};
pub use document::{
    DEPTH_MAX, DOCUMENT_BYTES_MAX, Document, RejectCode, Rejected, split_documents,
};
pub use entity::{Cause, Entity, Exception, Frame, Http, Link, Namespace, Sql};
pub use id::{EntityId, TraceId};
pub use request::{RequestError, decode_segments, decode_telemetry, request_id, segments_reply};
#[cfg(test)]
pub(crate) use rows::is_mapped;
pub use rows::{
    AWS_CALL_COLUMNS, AWS_PLACE_COLUMNS, DATASET_UNKNOWN, DocumentFacts, Source, dataset_name,
    is_pending_name, map_document, map_left_out, map_pending, map_settled, map_settled_through,
    map_trace_full,
};
pub use seconds::nanoseconds_from_decimal;
pub use tree::{Json, Object};
