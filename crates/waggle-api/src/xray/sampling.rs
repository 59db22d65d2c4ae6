//! Central sampling: which share of which requests clients keep, and how they report what they did. Source: spec/xray.md section 6.
//!
//! Rules are kept in the metastore ([`kept`]) and are what clients ask for every five minutes ([`rule`]) to find the one that a request is
//! for ([`matching`]). What clients report every ten
//! seconds is counted in memory ([`book`]), and answered with how much of a rule's reservoir each may use ([`quota`], [`target`]).

pub(crate) mod book;
pub(crate) mod kept;
mod matching;
mod quota;
pub(crate) mod rule;
pub(crate) mod target;

/// Seconds between two reports of a client.
const INTERVAL_S: i64 = 10;
const NS_PER_SECOND: i64 = 1_000_000_000;

/// A time as clients read it: seconds with at most three decimals.
pub(super) fn seconds(time_ns: i64) -> f64 {
    // A rule that changed within the second in which a client asked must look newer than that second.
    (time_ns / 1_000_000) as f64 / 1e3
}
