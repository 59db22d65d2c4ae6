//! Figures over time: of nodes, of edges, or of all requests that came in. Source: spec/xray.md section 5.5.

use crate::figures::{Figures, HistogramEntry, Statistics};
use crate::filter::{Selector, SelectorTerm, calls, is_node};
use crate::rows::OfTraces;
use crate::seconds::Seconds;
use crate::trace::{NodeKind, Trace};
use serde::Serialize;
use std::collections::BTreeMap;
use waggle_model::TimeRange;

const NS_PER_S: i64 = 1_000_000_000;

/// A time series that grows trace by trace.
#[derive(Debug)]
pub struct SeriesBuilder {
    range: TimeRange,
    period_ns: i64,
    selector: Option<Selector>,
    buckets: BTreeMap<i64, Bucket>,
}

#[derive(Clone, Debug, Default)]
struct Bucket {
    services: Figures,
    edges: Figures,
}

/// `TimeSeriesServiceStatistics`
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's shape")]
pub struct SeriesPoint {
    pub timestamp: Seconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_summary_statistics: Option<Statistics>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_summary_statistics: Option<Statistics>,
    pub response_time_histogram: Vec<HistogramEntry>,
}

impl SeriesBuilder {
    /// A series over the segments that ended in a range. Without a selector: over the requests that came into roots.
    pub fn new(range: TimeRange, period_s: i64, selector: Option<Selector>) -> Self {
        Self {
            range,
            period_ns: period_s.max(1).saturating_mul(NS_PER_S),
            selector,
            buckets: BTreeMap::new(),
        }
    }

    fn bucket(&mut self, trace: &Trace, segment: usize) -> Option<&mut Bucket> {
        let end_ns = trace.entities[segment].end_ns?;
        if !self.range.contains(end_ns) {
            return None;
        }
        let start_ns = end_ns.div_euclid(self.period_ns) * self.period_ns;
        Some(self.buckets.entry(start_ns).or_default())
    }

    /// The buckets with data, oldest first.
    pub fn finish(self) -> Vec<SeriesPoint> {
        let shown = |figures: &Figures| (figures.total_count() > 0).then(|| figures.statistics());
        self.buckets
            .into_iter()
            .filter(|(_, bucket)| bucket.edges.total_count() + bucket.services.total_count() > 0)
            .map(|(start_ns, bucket)| {
                let mut histogram = bucket.services.histogram.clone();
                histogram.merge(&bucket.edges.histogram);
                SeriesPoint {
                    timestamp: Seconds(start_ns),
                    edge_summary_statistics: shown(&bucket.edges),
                    service_summary_statistics: shown(&bucket.services),
                    response_time_histogram: histogram.entries(),
                }
            })
            .collect()
    }
}

impl OfTraces for SeriesBuilder {
    fn add(&mut self, trace: &Trace) {
        let terms = self.selector.as_ref();
        let terms = terms.map(|selector| selector.terms.clone());
        for call in calls(trace) {
            let callee = trace.entities[call.to].node();
            let is_wanted = match &terms {
                None => call.from.kind == NodeKind::Client,
                Some(terms) => terms.iter().any(|term| match term {
                    SelectorTerm::Edge(from, to) => call.is_from(from) && is_node(to, &callee),
                    SelectorTerm::Service(_) => false,
                }),
            };
            if is_wanted && let Some(bucket) = self.bucket(trace, call.to) {
                bucket.edges.add(&trace.entities[call.figures]);
            }
        }
        for segment in trace.segments() {
            let node = trace.entities[segment].node();
            let is_wanted = terms.iter().flatten().any(|term| match term {
                SelectorTerm::Service(pattern) => is_node(pattern, &node),
                SelectorTerm::Edge(..) => false,
            });
            if is_wanted && let Some(bucket) = self.bucket(trace, segment) {
                bucket.services.add(&trace.entities[segment]);
            }
        }
    }
}
