//! Documents to rows: for each entity itself, its exceptions, its links. Source: spec/xray.md sections 8.1 to 8.3; the tables users
//! read are in docs/wire/xray.md.
//!
//! The first writer of a column wins, so the order of the calls is the rule for names that collide. What a row has no room for is left out
//! of the row and counted in it: the document has it all the same, and a document must not be lost because one of its maps is long.

mod aws;
mod document;
mod entity;
mod fields;

pub(super) use fields::Fields;

pub use aws::{AWS_CALL_COLUMNS, AWS_PLACE_COLUMNS};
pub use document::{
    DATASET_UNKNOWN, DocumentFacts, Source, dataset_name, is_pending_name, map_document,
    map_left_out, map_pending, map_settled, map_settled_through, map_trace_full,
};
#[cfg(test)]
pub(crate) use fields::is_mapped;
