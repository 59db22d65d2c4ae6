//! Acceptance: the real binary, driven from outside by the clients its users run. Every test starts its own server on free ports and
//! an empty data folder, and asserts first on what the client reports, then on what a query returns.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may stop at the first surprise"
)]
#![allow(clippy::print_stderr, reason = "a skipped client is said aloud")]

mod bad_input;
mod browser;
mod calculated;
mod clients;
mod datasets;
mod durability;
mod exporters;
mod full_disk;
mod history;
mod manage;
mod metrics;
mod questions;
mod relay;
mod server;
mod snippets;
mod sql;
mod start;
mod xray_api;
mod xray_filters;
mod xray_insights;
mod xray_reads;
mod xray_sdks;
mod xray_traps;
