//! Honeycomb's management API under `/1/`: one file per resource. Source: spec/honeycomb-api.md sections 2, 3, 9, 11 and 12.

pub(crate) mod auth;
pub(crate) mod column;
pub(crate) mod dataset;
pub(crate) mod query;
pub(crate) mod query_result;
