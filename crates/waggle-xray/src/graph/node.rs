//! A node of the graph while it grows, and as answers show it.

use crate::figures::{Figures, Histogram, HistogramEntry, Statistics};
use crate::seconds::Seconds;
use crate::trace::{Entity, Node, NodeKind};
use hashbrown::HashMap;
use serde::Serialize;
use std::sync::Arc;

const NS_PER_S: i64 = 1_000_000_000;

/// When something was seen, first start to last end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start_ns: i64,
    end_ns: i64,
}

impl Default for Span {
    fn default() -> Self {
        Self {
            start_ns: i64::MAX,
            end_ns: i64::MIN,
        }
    }
}

impl Span {
    pub(super) fn of(entity: &Entity) -> Self {
        Self {
            start_ns: entity.start_ns,
            end_ns: entity.last_ns(),
        }
    }

    pub(super) fn is_empty(self) -> bool {
        self.start_ns > self.end_ns
    }

    pub(super) fn add(&mut self, entity: &Entity) {
        self.merge(Self::of(entity));
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.start_ns = self.start_ns.min(other.start_ns);
        self.end_ns = self.end_ns.max(other.end_ns);
    }

    /// The second it starts in.
    pub(super) fn start_s(self) -> i64 {
        self.start_ns.div_euclid(NS_PER_S)
    }

    /// Start at the full second before, end at the full second after and later than the start: clients divide by the difference.
    fn shown(self) -> (Seconds, Seconds) {
        let start_s = self.start_s();
        let end_s = self
            .end_ns
            .saturating_add(NS_PER_S - 1)
            .div_euclid(NS_PER_S);
        let at = |seconds: i64| Seconds(seconds.saturating_mul(NS_PER_S));
        (at(start_s), at(end_s.max(start_s + 1)))
    }
}

/// A node that grows.
#[derive(Debug)]
pub(super) struct NodeFigures {
    pub(super) node: Node,
    pub(super) span: Span,
    pub(super) figures: Figures,
    pub(super) durations: Histogram,
    pub(super) is_root: bool,
    /// By place of the node called.
    pub(super) edges: HashMap<usize, EdgeFigures>,
    pub(super) links: HashMap<usize, LinkFigures>,
}

/// Calls from one node to another.
#[derive(Clone, Debug, Default)]
pub(super) struct EdgeFigures {
    pub(super) span: Span,
    pub(super) figures: Figures,
}

/// Messages from one node that another took later.
#[derive(Clone, Debug, Default)]
pub(super) struct LinkFigures {
    pub(super) span: Span,
    pub(super) ages: Histogram,
}

impl EdgeFigures {
    pub(super) fn merge(&mut self, other: &Self) {
        self.span.merge(other.span);
        self.figures.merge(&other.figures);
    }
}

impl LinkFigures {
    pub(super) fn merge(&mut self, other: &Self) {
        self.span.merge(other.span);
        self.ages.merge(&other.ages);
    }
}

impl NodeFigures {
    pub(super) fn new(node: Node) -> Self {
        Self {
            node,
            span: Span::default(),
            figures: Figures::default(),
            durations: Histogram::default(),
            is_root: false,
            edges: HashMap::new(),
            links: HashMap::new(),
        }
    }

    /// All it has, and leaves nothing.
    pub(super) fn take(&mut self) -> Self {
        let node = self.node.clone();
        std::mem::replace(self, Self::new(node))
    }

    pub(super) fn finish(&self, number: usize, number_of: &dyn Fn(usize) -> usize) -> GraphNode {
        let is_client = self.node.kind == NodeKind::Client;
        let (start_time, end_time) = self.span.shown();
        let calls = self
            .edges
            .iter()
            .map(|(to, edge)| edge.finish(number_of(*to)));
        let links = self
            .links
            .iter()
            .map(|(to, link)| link.finish(number_of(*to)));
        let mut edges: Vec<Edge> = calls.chain(links).collect();
        edges.sort_by_key(|edge| (edge.reference_id, edge.edge_type));
        GraphNode {
            reference_id: number,
            name: Arc::clone(&self.node.name),
            names: [Arc::clone(&self.node.name)],
            root: self.is_root.then_some(true),
            account_id: self.node.account_id.clone(),
            node_type: Arc::clone(&self.node.node_type),
            state: match self.node.kind {
                NodeKind::Instrumented => "active",
                NodeKind::Inferred | NodeKind::Client => "unknown",
            },
            start_time,
            end_time,
            edges,
            summary_statistics: (!is_client).then(|| self.figures.statistics()),
            duration_histogram: (!is_client).then(|| self.durations.entries()),
            response_time_histogram: (!is_client).then(|| self.figures.histogram.entries()),
        }
    }
}

impl EdgeFigures {
    fn finish(&self, reference_id: usize) -> Edge {
        let (start_time, end_time) = self.span.shown();
        Edge {
            reference_id,
            start_time,
            end_time,
            summary_statistics: self.figures.statistics(),
            response_time_histogram: Some(self.figures.histogram.entries()),
            aliases: [],
            edge_type: None,
            received_event_age_histogram: None,
        }
    }
}

impl LinkFigures {
    fn finish(&self, reference_id: usize) -> Edge {
        let (start_time, end_time) = self.span.shown();
        Edge {
            reference_id,
            start_time,
            end_time,
            summary_statistics: Statistics::default(),
            response_time_histogram: None,
            aliases: [],
            edge_type: Some("link"),
            received_event_age_histogram: Some(self.ages.entries()),
        }
    }
}

/// `Service`
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's Service")]
pub struct GraphNode {
    pub reference_id: usize,
    pub name: Arc<str>,
    pub names: [Arc<str>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Arc<str>>,
    #[serde(rename = "Type")]
    pub node_type: Arc<str>,
    pub state: &'static str,
    pub start_time: Seconds,
    pub end_time: Seconds,
    pub edges: Vec<Edge>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary_statistics: Option<Statistics>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_histogram: Option<Vec<HistogramEntry>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_time_histogram: Option<Vec<HistogramEntry>>,
}

/// `Edge`
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's Edge")]
pub struct Edge {
    pub reference_id: usize,
    pub start_time: Seconds,
    pub end_time: Seconds,
    pub summary_statistics: Statistics,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_time_histogram: Option<Vec<HistogramEntry>>,
    pub aliases: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_event_age_histogram: Option<Vec<HistogramEntry>>,
}
