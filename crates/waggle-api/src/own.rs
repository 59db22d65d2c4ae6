//! Waggle's own API under `/api/`, made for its UI: one file per resource. Everything is snake_case JSON; errors are `{"error"}`,
//! with a `field` when one clause is to blame.

pub(crate) mod alerting;
pub(crate) mod board;
pub(crate) mod board_shelf;
pub(crate) mod bubble_up;
pub(crate) mod calculated_field;
pub(crate) mod dataset;
pub(crate) mod erasure;
pub(crate) mod export;
pub(crate) mod history;
pub(crate) mod key;
pub(crate) mod marker;
pub(crate) mod metric;
pub(crate) mod picture;
pub(crate) mod query;
pub(crate) mod query_annotation;
pub(crate) mod recipient;
pub(crate) mod rejection;
pub(crate) mod retention;
pub(crate) mod row;
pub(crate) mod schema;
pub(crate) mod service_map;
pub(crate) mod session;
pub(crate) mod sql;
pub(crate) mod suggestion;
pub(crate) mod team;
pub(crate) mod trace;
pub(crate) mod usage;
pub(crate) mod xray;
