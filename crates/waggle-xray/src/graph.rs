//! The service graph: who called whom, how often, with what result and how long it took. Source: spec/xray.md sections 5.1 to 5.5.

mod node;

use crate::figures::{Figures, Histogram};
use crate::filter::calls;
use crate::trace::{Node, NodeKind, Trace};
use hashbrown::HashMap;
use node::{EdgeFigures, NodeFigures, Span};
use std::sync::Arc;
use waggle_model::TimeRange;
use waggle_wire::xray::{EntityId, TraceId};

pub use node::{Edge, GraphNode};

/// A graph that grows trace by trace. The order of the traces does not matter.
#[derive(Debug)]
pub struct GraphBuilder {
    range: TimeRange,
    nodes: Vec<NodeFigures>,
    places: HashMap<Node, usize>,
    links: Vec<PendingLink>,
}

/// A link whose other end has not been seen.
#[derive(Clone, Debug)]
struct PendingLink {
    trace_id: TraceId,
    id: EntityId,
    consumer: usize,
    start_ns: i64,
    span: Span,
}

/// Most links that are looked up for one graph. Source: spec/xray.md section 2.1, for a trace.
const LINKS_MAX: usize = 100;

impl GraphBuilder {
    /// A graph of the segments that ended, or while in progress began, in a range.
    pub fn new(range: TimeRange) -> Self {
        Self {
            range,
            nodes: Vec::new(),
            places: HashMap::new(),
            links: Vec::new(),
        }
    }

    /// A graph of all segments of the traces it is given.
    pub fn of_traces<'t>(traces: impl Iterator<Item = &'t Trace>) -> Self {
        let mut graph = Self::new(TimeRange::ALL);
        for trace in traces {
            graph.add(trace);
        }
        graph
    }

    /// Adds what a trace says.
    pub fn add(&mut self, trace: &Trace) {
        for index in trace.segments() {
            let segment = &trace.entities[index];
            if !self
                .range
                .contains(segment.end_ns.unwrap_or(segment.start_ns))
            {
                continue;
            }
            let place = self.place(segment.node());
            let node = &mut self.nodes[place];
            node.span.add(segment);
            node.is_root |= trace.is_root(index);
            node.figures.add(segment);
            if !segment.is_in_progress() {
                node.durations.add(trace.segment_duration_ns(index));
            }
            for link in &segment.links {
                if let Some(id) = link.id.filter(|_| self.links.len() < LINKS_MAX) {
                    self.links.push(PendingLink {
                        trace_id: link.trace_id,
                        id,
                        consumer: place,
                        start_ns: segment.start_ns,
                        span: Span::of(segment),
                    });
                }
            }
        }
        for call in calls(trace) {
            let segment = &trace.entities[call.to];
            if !self
                .range
                .contains(segment.end_ns.unwrap_or(segment.start_ns))
            {
                continue;
            }
            let (from, to) = (self.place(call.from), self.place(segment.node()));
            let caller = &mut self.nodes[from];
            if caller.node.kind == NodeKind::Client || caller.span.is_empty() {
                caller.span.add(segment);
            }
            let figures = &trace.entities[call.figures];
            let edge = caller.edges.entry(to).or_default();
            edge.span.add(figures);
            edge.figures.add(figures);
        }
    }

    /// Traces that links lead to, each once: to be given to [`link`](Self::link).
    pub fn linked_traces(&self) -> Vec<TraceId> {
        let mut ids: Vec<TraceId> = self.links.iter().map(|link| link.trace_id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Draws the links that lead to a trace, from whoever produced to whoever took.
    pub fn link(&mut self, trace: &Trace) {
        let links: Vec<PendingLink> = self
            .links
            .extract_if(.., |link| link.trace_id == trace.id)
            .collect();
        for link in links {
            let mut entities =
                (0..trace.entities.len()).filter(|index| trace.entities[*index].id == link.id);
            let Some(producer) = entities.next() else {
                continue;
            };
            let Some(owner) = trace.owner(producer) else {
                continue;
            };
            let from = self.place(trace.entities[owner].node());
            let caller = &mut self.nodes[from];
            if caller.span.is_empty() {
                caller.span.add(&trace.entities[owner]);
            }
            let edge = caller.links.entry(link.consumer).or_default();
            edge.span.merge(link.span);
            let age_ns = link.start_ns - trace.entities[producer].last_ns();
            edge.ages.add(age_ns.max(0));
        }
    }

    /// Bytes that the graph takes at most, roughly: it is bounded by the services there are and not by the traces.
    pub fn bytes(&self) -> usize {
        let histogram = |histogram: &Histogram| histogram.value_count() * 24;
        let figures = |figures: &Figures| size_of::<Figures>() + histogram(&figures.histogram);
        let nodes = self.nodes.iter().map(|node| {
            let edges = node.edges.values().map(|edge| figures(&edge.figures) + 32);
            size_of::<NodeFigures>() + figures(&node.figures) + edges.sum::<usize>()
        });
        nodes.sum()
    }

    fn place(&mut self, node: Node) -> usize {
        let key = Node {
            // What a node is known from is no part of what it is.
            kind: NodeKind::Instrumented,
            ..node.clone()
        };
        if let Some(place) = self.places.get(&key) {
            let known = &mut self.nodes[*place].node;
            known.kind = known.kind.min(node.kind);
            return *place;
        }
        let place = self.nodes.len();
        self.nodes.push(NodeFigures::new(node));
        self.places.insert(key, place);
        place
    }

    /// The finished nodes by start, name, type and account, numbered in that order.
    pub fn finish(mut self) -> Vec<GraphNode> {
        let targets = self.join_accounts();
        let mut order: Vec<usize> = (0..self.nodes.len())
            .filter(|place| targets[*place] == *place)
            .collect();
        order.sort_by(|one, other| {
            let key = |place: &usize| {
                let node = &self.nodes[*place];
                (
                    node.span.start_s(),
                    &node.node.name,
                    &node.node.node_type,
                    &node.node.account_id,
                )
            };
            key(one).cmp(&key(other))
        });
        let mut numbers = vec![0; self.nodes.len()];
        for (number, place) in order.iter().enumerate() {
            numbers[*place] = number;
        }
        let number_of = |place: usize| numbers[targets[place]];
        let nodes = order.iter().enumerate();
        nodes
            .map(|(number, place)| self.nodes[*place].finish(number, &number_of))
            .collect()
    }

    /// An account tells nodes of one name and type apart only where two or more are known; else the one that is known is that of all.
    /// Returns for each place the place it has become part of.
    fn join_accounts(&mut self) -> Vec<usize> {
        let mut targets: Vec<usize> = (0..self.nodes.len()).collect();
        let mut by_name: HashMap<(Arc<str>, Arc<str>), Vec<usize>> = HashMap::new();
        for (place, node) in self.nodes.iter().enumerate() {
            let key = (
                Arc::clone(&node.node.name),
                Arc::clone(&node.node.node_type),
            );
            by_name.entry(key).or_default().push(place);
        }
        for places in by_name.into_values() {
            // Places differ in account alone: two of them are one known and one unknown account, or two known ones.
            if let [one, other] = places.as_slice() {
                let is_known = |place: usize| self.nodes[place].node.account_id.is_some();
                let (known, unknown) = match (is_known(*one), is_known(*other)) {
                    (true, false) => (*one, *other),
                    (false, true) => (*other, *one),
                    _ => continue,
                };
                targets[unknown] = known;
                let joined = std::mem::take(&mut self.nodes[unknown].figures);
                let NodeFigures {
                    span,
                    durations,
                    is_root,
                    edges,
                    links,
                    node,
                    ..
                } = self.nodes[unknown].take();
                let into = &mut self.nodes[known];
                into.node.kind = into.node.kind.min(node.kind);
                into.span.merge(span);
                into.figures.merge(&joined);
                into.durations.merge(&durations);
                into.is_root |= is_root;
                for (to, edge) in edges {
                    into.edges.entry(to).or_default().merge(&edge);
                }
                for (to, link) in links {
                    into.links.entry(to).or_default().merge(&link);
                }
            }
        }
        // Edges to what has become part of another node.
        for node in &mut self.nodes {
            let edges: Vec<(usize, EdgeFigures)> = node.edges.drain().collect();
            for (to, edge) in edges {
                node.edges.entry(targets[to]).or_default().merge(&edge);
            }
            let links: Vec<_> = node.links.drain().collect();
            for (to, link) in links {
                node.links.entry(targets[to]).or_default().merge(&link);
            }
        }
        targets
    }
}

#[cfg(test)]
mod tests;
