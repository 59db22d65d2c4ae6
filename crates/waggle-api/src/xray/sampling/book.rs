//! What clients report, in memory: who uses a rule and how much, and how often rules were used. Source: spec/xray.md sections 6.4, 6.5.
//!
//! A restart forgets it. Clients report every ten seconds, so that shares are right again after one round; sums of the last hour begin
//! anew.

use super::quota::{Demand, quotas};
use super::{INTERVAL_S, NS_PER_SECOND};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};
use waggle_model::Tenant;

const INTERVAL_NS: i64 = INTERVAL_S * NS_PER_SECOND;
/// A client that did not report for so long shares no more.
const CLIENT_NS: i64 = 3 * INTERVAL_NS;
/// How long sums are kept.
const SUMS_NS: i64 = 3_600 * NS_PER_SECOND;

/// What was reported, by environment.
#[derive(Default)]
pub(crate) struct SamplingBook {
    /// Most clients of one rule that share its reservoir.
    clients_max: usize,
    environments: Mutex<HashMap<Tenant, Environment>>,
}

#[derive(Default)]
struct Environment {
    /// By name of the rule and id of the client.
    clients: HashMap<String, HashMap<String, Client>>,
    /// By start of the window, in seconds since 1970, and name of the rule.
    sums: BTreeMap<i64, HashMap<String, Sums>>,
}

struct Client {
    seen_at_ns: i64,
    /// Requests a second.
    rate: f64,
}

/// What one client says of one rule since its last report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Report<'a> {
    pub(super) rule: &'a str,
    pub(super) client: &'a str,
    pub(super) at_ns: i64,
    pub(super) sums: Sums,
}

/// How often a rule was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) request_count: u64,
    pub(super) borrow_count: u64,
    pub(super) sampled_count: u64,
}

impl SamplingBook {
    pub(crate) fn new(clients_max: usize) -> Self {
        Self {
            clients_max,
            ..Self::default()
        }
    }

    /// Writes a report down and returns how many requests a second the client may keep of the rule's reservoir: none when more clients
    /// share it than are remembered.
    pub(super) fn report(
        &self,
        tenant: Tenant,
        report: &Report<'_>,
        reservoir: u32,
        now_ns: i64,
    ) -> u32 {
        let mut environments = self.environments.lock();
        let environment = environments.entry(tenant).or_default();
        environment.sum(report, now_ns);
        let clients = environment
            .clients
            .entry(report.rule.to_owned())
            .or_default();
        clients.retain(|_, client| now_ns - client.seen_at_ns <= CLIENT_NS);
        if clients.len() >= self.clients_max && !clients.contains_key(report.client) {
            return 0;
        }
        let client = Client {
            seen_at_ns: now_ns,
            rate: report.sums.request_count as f64 / INTERVAL_S as f64,
        };
        clients.insert(report.client.to_owned(), client);
        let demands: Vec<Demand<'_>> = clients
            .iter()
            .map(|(client, state)| Demand {
                client,
                rate: state.rate,
            })
            .collect();
        let shares = quotas(reservoir, &demands);
        let own = demands.iter().zip(shares);
        let own = own.filter(|(demand, _)| demand.client == report.client);
        own.map(|(_, quota)| quota).sum()
    }

    /// The sums of the last hour, by start of the window in seconds since 1970 and name of the rule, newest first.
    pub(super) fn sums(&self, tenant: Tenant, now_ns: i64) -> Vec<(i64, String, Sums)> {
        let mut environments = self.environments.lock();
        let Some(environment) = environments.get_mut(&tenant) else {
            return Vec::new();
        };
        environment.forget(now_ns);
        let mut found = Vec::new();
        for (start_s, rules) in environment.sums.iter().rev() {
            let mut rules: Vec<_> = rules.iter().collect();
            rules.sort_unstable_by_key(|(rule, _)| *rule);
            found.extend(
                rules
                    .into_iter()
                    .map(|(rule, sums)| (*start_s, rule.clone(), *sums)),
            );
        }
        found
    }
}

impl Environment {
    fn sum(&mut self, report: &Report<'_>, now_ns: i64) {
        self.forget(now_ns);
        let at_ns = report.at_ns.min(now_ns);
        let start_s = at_ns.div_euclid(INTERVAL_NS) * INTERVAL_S;
        let rules = self.sums.entry(start_s).or_default();
        let sums = rules.entry(report.rule.to_owned()).or_default();
        sums.request_count += report.sums.request_count;
        sums.borrow_count += report.sums.borrow_count;
        sums.sampled_count += report.sums.sampled_count;
    }

    fn forget(&mut self, now_ns: i64) {
        let oldest_s = (now_ns - SUMS_NS).div_euclid(INTERVAL_NS) * INTERVAL_S;
        self.sums = self.sums.split_off(&oldest_s);
        self.clients.retain(|_, clients| {
            let is_shared = |client: &Client| now_ns - client.seen_at_ns <= CLIENT_NS;
            clients.values().any(is_shared)
        });
    }
}

#[cfg(test)]
mod tests;
