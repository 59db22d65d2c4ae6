//! Insights: which service's faults became unusual, since when, and who suffers from it. Source: spec/xray.md section 7.
//!
//! A fault spreads: a bank that fails lets the shop fail that asks it. So a failed segment counts as the **origin** of a fault only when
//! no call of its own failed at the other end, and a service is the root cause of an insight when the origins among its requests
//! become unusual against its own past ([`detect`]). Services whose requests failed on the way from an origin up to the client are the
//! ones that the insight affects.

mod chance;
mod detect;
mod impact;

use crate::rows::OfTraces;
use crate::seconds::Seconds;
use crate::summary::ServiceId;
use crate::trace::{Entity, Trace};
use chance::Share;
use detect::{PAST, RECENT, Series, Unusual};
use hashbrown::{HashMap, HashSet};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use waggle_model::TimeRange;

pub use impact::{ImpactEdge, ImpactService, impact_graph};

const NS_PER_MINUTE: i64 = 60_000_000_000;
/// Services named as affected.
const AFFECTED_MAX: usize = 5;
/// Callers above an origin that are looked at.
const CALLERS_MAX: usize = 100;

/// Requests and faults of services by minute, that grow trace by trace. The order of the traces does not matter.
#[derive(Debug)]
pub struct InsightBuilder {
    range: TimeRange,
    entries_left: usize,
    is_full: bool,
    services: Vec<Service>,
    places: HashMap<(Arc<str>, Arc<str>), usize>,
}

/// Requests and faults of services by minute.
#[derive(Debug)]
pub struct FaultHistory {
    /// The first minute whose past is all there.
    first: i64,
    services: Vec<Service>,
}

/// A node of the service graph; accounts are not told apart.
#[derive(Debug)]
struct Service {
    id: ServiceId,
    minutes: BTreeMap<i64, Minute>,
}

#[derive(Debug, Default)]
struct Minute {
    requests: RequestImpact,
    /// Requests that failed without a failed call.
    origin_count: u64,
    /// Requests of clients whose trace came by.
    clients: RequestImpact,
    /// Requests that failed because of an origin here, by the service that they were made to.
    affected: BTreeMap<usize, u64>,
}

/// `RequestImpactStatistics`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's shape")]
pub struct RequestImpact {
    pub fault_count: u64,
    pub ok_count: u64,
    pub total_count: u64,
}

/// `AnomalousService`
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's shape")]
pub struct AnomalousService {
    pub service_id: ServiceId,
}

/// What insights and their events have in common.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's shapes")]
pub struct Impact {
    pub summary: String,
    /// Requests of clients whose trace came by the root cause.
    pub client_request_impact_statistics: RequestImpact,
    /// Requests of the root cause.
    pub root_cause_service_request_impact_statistics: RequestImpact,
    /// The services with the most requests that failed by it, the root cause if none did.
    pub top_anomalous_services: Vec<AnomalousService>,
}

/// A time with unusual faults of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct Insight {
    /// Which service's.
    pub root_cause: ServiceId,
    /// When the first minute with unusual faults began.
    pub start_ns: i64,
    /// When the last one ended.
    pub end_ns: i64,
    /// When it is over for good: from then on unusual faults are another insight.
    pub closed_ns: i64,
    /// All in all.
    pub impact: Impact,
    /// How it went, in steps of five minutes, the first first. Their counts add up to those of the whole.
    pub events: Vec<InsightEvent>,
}

/// `InsightEvent`
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's shape")]
pub struct InsightEvent {
    /// The end of the step.
    pub event_time: Seconds,
    #[serde(flatten)]
    pub impact: Impact,
}

impl Insight {
    /// How far before its start requests are compared with: without those, it can't be found.
    pub const PAST_NS: i64 = (PAST + RECENT) * NS_PER_MINUTE;
    /// For how long after its last minute the next one is part of it.
    pub const REST_NS: i64 = RECENT * NS_PER_MINUTE;
}

impl InsightBuilder {
    /// A history of the segments that ended in a range, which should begin with a minute. It holds at most so many entries: one for each
    /// minute of a service with requests, and one for each service that was affected in it.
    pub fn new(range: TimeRange, entries_max: usize) -> Self {
        Self {
            range,
            entries_left: entries_max,
            is_full: false,
            services: Vec::new(),
            places: HashMap::new(),
        }
    }

    fn minute(&mut self, place: usize, minute: i64) -> &mut Minute {
        if !self.services[place].minutes.contains_key(&minute) {
            self.count_entry();
        }
        self.services[place].minutes.entry(minute).or_default()
    }

    fn count_entry(&mut self) {
        match self.entries_left.checked_sub(1) {
            Some(left) => self.entries_left = left,
            None => self.is_full = true,
        }
    }

    fn place(&mut self, segment: &Entity) -> usize {
        let id = ServiceId::of(segment);
        let key = (Arc::clone(&id.name), Arc::clone(&id.node_type));
        let next = self.services.len();
        let place = *self.places.entry(key).or_insert(next);
        match self.services.get_mut(place) {
            None => self.services.push(Service {
                id,
                minutes: BTreeMap::new(),
            }),
            Some(known) if known.id.account_id.is_none() => known.id.account_id = id.account_id,
            Some(_) => {}
        }
        place
    }

    /// The history, to be asked; `None` when it would have had too many entries.
    pub fn finish(self) -> Option<FaultHistory> {
        let first = self.range.start_ns.div_euclid(NS_PER_MINUTE);
        (!self.is_full).then_some(FaultHistory {
            first: first.saturating_add(PAST + RECENT - 1),
            services: self.services,
        })
    }
}

impl FaultHistory {
    /// All insights whose past is in the history, each at most so long.
    pub fn insights(&self, length_max_ns: i64) -> Vec<Insight> {
        let length_max = length_max_ns.div_euclid(NS_PER_MINUTE);
        let all = self.services.iter().flat_map(|service| {
            let found = service.series().all(self.first, length_max);
            found
                .into_iter()
                .map(|unusual| self.insight_of(service, unusual, length_max))
        });
        all.collect()
    }

    /// The insights that begin at a time, likewise.
    pub fn insights_at(&self, start_ns: i64, length_max_ns: i64) -> Vec<Insight> {
        let length_max = length_max_ns.div_euclid(NS_PER_MINUTE);
        let start = start_ns.div_euclid(NS_PER_MINUTE);
        let services = self.services.iter();
        services
            .filter_map(|service| {
                let unusual = service.series().at(start, length_max)?;
                Some(self.insight_of(service, unusual, length_max))
            })
            .collect()
    }

    fn insight_of(&self, service: &Service, unusual: Unusual, length_max: i64) -> Insight {
        let Unusual { start, end, past } = unusual;
        let steps = (0..).map(|step| start + step * RECENT);
        let steps = steps.take_while(|step| *step < end);
        let ends_for_good = end.saturating_add(RECENT).min(start + length_max).max(end);
        Insight {
            root_cause: service.id.clone(),
            start_ns: start * NS_PER_MINUTE,
            end_ns: end * NS_PER_MINUTE,
            closed_ns: ends_for_good * NS_PER_MINUTE,
            impact: self.impact(service, start, end, past),
            events: steps
                .map(|step| {
                    let step_end = end.min(step + RECENT);
                    InsightEvent {
                        event_time: Seconds(step_end * NS_PER_MINUTE),
                        impact: self.impact(service, step, step_end, past),
                    }
                })
                .collect(),
        }
    }

    fn impact(&self, service: &Service, start: i64, end: i64, past: Share) -> Impact {
        let mut requests = RequestImpact::default();
        let mut clients = RequestImpact::default();
        let mut affected: BTreeMap<usize, u64> = BTreeMap::new();
        for minute in service.minutes.range(start..end).map(|(_, minute)| minute) {
            requests.merge(minute.requests);
            clients.merge(minute.clients);
            for (place, count) in &minute.affected {
                *affected.entry(*place).or_default() += count;
            }
        }
        let mut affected: Vec<(&ServiceId, u64)> = affected
            .into_iter()
            .map(|(place, count)| (&self.services[place].id, count))
            .collect();
        // Of as many the root cause comes first.
        affected.sort_by_key(|(id, count)| {
            let key = (**id != service.id, &*id.name, &*id.node_type);
            (Reverse(*count), key)
        });
        affected.truncate(AFFECTED_MAX);
        let named = affected.into_iter().map(|(id, _)| id.clone());
        let mut top: Vec<ServiceId> = named.collect();
        if top.is_empty() {
            top.push(service.id.clone());
        }
        Impact {
            summary: summary(&service.id, requests, past),
            client_request_impact_statistics: clients,
            root_cause_service_request_impact_statistics: requests,
            top_anomalous_services: top
                .into_iter()
                .map(|service_id| AnomalousService { service_id })
                .collect(),
        }
    }
}

impl Service {
    fn series(&self) -> Series {
        Series::new(self.minutes.iter().map(|(minute, counts)| {
            let share = Share {
                faults: counts.origin_count,
                total: counts.requests.total_count,
            };
            (*minute, share)
        }))
    }
}

impl RequestImpact {
    /// Counts a completed segment.
    fn add(&mut self, segment: &Entity) {
        self.total_count += 1;
        if segment.is_fault {
            self.fault_count += 1;
        } else if !segment.is_error && !segment.is_throttle {
            self.ok_count += 1;
        }
    }

    fn merge(&mut self, other: Self) {
        self.fault_count += other.fault_count;
        self.ok_count += other.ok_count;
        self.total_count += other.total_count;
    }
}

fn summary(id: &ServiceId, requests: RequestImpact, past: Share) -> String {
    let RequestImpact {
        fault_count,
        total_count,
        ..
    } = requests;
    let node_type = match id.node_type.is_empty() {
        true => String::new(),
        false => format!(" ({})", id.node_type),
    };
    format!(
        "{fault_count} of {total_count} requests to {}{node_type} failed, {}; of those in the hour before {} failed by themselves.",
        id.name,
        percent(fault_count, total_count),
        percent(past.faults, past.total),
    )
}

/// A part of a whole, with one decimal.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn percent(part: u64, whole: u64) -> String {
    format!("{:.1} %", part as f64 * 100.0 / whole.max(1) as f64)
}

impl OfTraces for InsightBuilder {
    fn add(&mut self, trace: &Trace) {
        if self.is_full {
            return;
        }
        let counted = |index: usize| {
            let end_ns = trace.entities[index].end_ns?;
            self.range
                .contains(end_ns)
                .then(|| (index, end_ns.div_euclid(NS_PER_MINUTE)))
        };
        let segments: Vec<(usize, i64)> = trace.segments().filter_map(counted).collect();
        // One in progress may still fail otherwise, or not at all.
        let failed = |index: usize| {
            let entity = &trace.entities[index];
            entity.is_fault && !entity.is_in_progress()
        };
        let caller = |index: usize| {
            let caller = trace.owner(trace.parent(index)?)?;
            failed(caller).then_some(caller)
        };
        let all_failed = trace.segments().filter(|segment| failed(*segment));
        let by_others: HashSet<usize> = all_failed.filter_map(caller).collect();
        let root = trace.root().map(|root| &trace.entities[root]);
        let mut seen: HashSet<usize> = HashSet::new();
        // Who is affected by which service, each segment once.
        let mut affected: HashSet<(usize, usize)> = HashSet::new();
        for (index, minute) in segments {
            let segment = &trace.entities[index];
            let place = self.place(segment);
            let here = self.minute(place, minute);
            here.requests.add(segment);
            if seen.insert(place)
                && let Some(root) = root.filter(|root| !root.is_in_progress())
            {
                here.clients.add(root);
            }
            if !failed(index) || by_others.contains(&index) {
                continue;
            }
            here.origin_count += 1;
            let mut at = Some(index);
            for _ in 0..CALLERS_MAX {
                let Some(above) = at.filter(|at| affected.insert((place, *at))) else {
                    break;
                };
                let other = self.place(&trace.entities[above]);
                match self.minute(place, minute).affected.entry(other) {
                    Entry::Occupied(count) => *count.into_mut() += 1,
                    Entry::Vacant(new) => {
                        new.insert(1);
                        self.count_entry();
                    }
                }
                at = caller(above);
            }
        }
    }
}

#[cfg(test)]
mod tests;
