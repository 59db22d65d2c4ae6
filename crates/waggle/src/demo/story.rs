//! What is planted in the data: effects that a user can find with the tool, fixed to moments of the time that is sent.

use super::shop::{Shop, StoryTable};
use anyhow::Context;

/// The planted effects with names replaced by places and shares by moments.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    /// Index of the service that gets a slow build.
    pub(crate) slow_service: usize,
    /// How many times longer its own work takes on the slow build.
    pub(crate) slow_times: f64,
    /// When the slow build is rolled out, ns since the Unix epoch.
    pub(crate) slow_since_ns: i64,
    /// Index of the region whose calls to a company outside fail.
    pub(crate) failing_region: usize,
    /// Index of the company outside.
    pub(crate) failing_peer: usize,
    /// Share of the calls that fail.
    pub(crate) failing_share: f64,
    /// Since when, ns since the Unix epoch.
    pub(crate) failing_since_ns: i64,
    /// How long a failing call waits.
    pub(crate) failing_timeout_ms: f64,
}

/// The slow build reaches every third pod: a rollout that somebody stopped.
const ROLLOUT_EVERY: usize = 3;

impl Story {
    /// Lays the shop's story into `start_ns..end_ns`.
    ///
    /// # Errors
    /// When the table names a service or region that does not exist.
    pub(crate) fn new(shop: &Shop, start_ns: i64, end_ns: i64) -> anyhow::Result<Self> {
        let table: &StoryTable = &shop.story;
        let moment = |share: f64| start_ns + ((end_ns - start_ns) as f64 * share) as i64;
        Ok(Self {
            slow_service: shop
                .services
                .iter()
                .position(|service| service.name == table.slow_service)
                .context("story.slow_service is not a service")?,
            slow_times: table.slow_times,
            slow_since_ns: moment(table.slow_since),
            failing_region: shop
                .regions
                .iter()
                .position(|region| region.name == table.failing_region)
                .context("story.failing_region is not a region")?,
            failing_peer: shop
                .peers
                .iter()
                .position(|peer| peer.name == table.failing_peer)
                .context("story.failing_peer is not a peer")?,
            failing_share: table.failing_share,
            failing_since_ns: moment(table.failing_since),
            failing_timeout_ms: table.failing_timeout_ms,
        })
    }

    /// True when this pod runs the slow build at that moment.
    pub(crate) fn runs_slow_build(&self, service: usize, pod_number: usize, at_ns: i64) -> bool {
        service == self.slow_service
            && pod_number.is_multiple_of(ROLLOUT_EVERY)
            && at_ns >= self.slow_since_ns
    }

    /// Probability that a call from `region` to `peer` waits until its timeout.
    pub(crate) fn timeout_probability(&self, region: usize, peer: usize, at_ns: i64) -> f64 {
        let is_hit = region == self.failing_region
            && peer == self.failing_peer
            && at_ns >= self.failing_since_ns;
        if is_hit { self.failing_share } else { 0.0 }
    }
}
