//! Honeycomb's management API under `/1/`: one file per resource. Source: spec/honeycomb-api.md sections 2, 3, 9 and 11 to 15.

pub(crate) mod artifact;
pub(crate) mod auth;
pub(crate) mod board;
mod board_panel;
mod board_sharing;
pub(crate) mod board_view;
pub(crate) mod burn_alert;
pub(crate) mod column;
pub(crate) mod dataset;
pub(crate) mod dataset_definition;
pub(crate) mod derived_column;
pub(crate) mod map_dependency;
pub(crate) mod marker;
pub(crate) mod marker_setting;
mod notified;
pub(crate) mod query;
pub(crate) mod query_annotation;
pub(crate) mod query_result;
pub(crate) mod recipient;
mod recipient_details;
pub(crate) mod slo;
pub(crate) mod trigger;
mod trigger_query;
