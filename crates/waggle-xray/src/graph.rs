//! The service graph: who called whom, how often, with what result and how long it took. Source: spec/xray.md sections 5.1 to 5.5.

mod node;

use crate::figures::{Figures, Histogram};
use crate::filter::calls;
use crate::rows::{OfTraces, RowStore};
use crate::trace::{Node, NodeKind, Trace};
use hashbrown::{HashMap, HashSet};
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
    /// By the trace they lead to.
    links: HashMap<TraceId, Vec<PendingLink>>,
    /// How many more links may wait for their other end.
    links_left: usize,
    has_all_links: bool,
}

/// A link whose other end has not been seen.
#[derive(Clone, Debug)]
struct PendingLink {
    id: EntityId,
    consumer: usize,
    start_ns: i64,
    span: Span,
}

/// Most links of a trace that are drawn. Source: spec/xray.md section 2.1.
const TRACE_LINKS_MAX: usize = 100;

impl GraphBuilder {
    /// A graph of the segments that ended, or while in progress began, in a range. At most so many links wait at once for the trace they lead
    /// to, about 250 bytes each; of more there are no edges.
    pub fn new(range: TimeRange, links_max: usize) -> Self {
        Self {
            range,
            nodes: Vec::new(),
            places: HashMap::new(),
            links: HashMap::new(),
            links_left: links_max,
            has_all_links: true,
        }
    }

    /// A graph of all segments of the traces it is given.
    pub fn of_traces<'t>(traces: impl Iterator<Item = &'t Trace>) -> Self {
        let mut graph = Self::new(TimeRange::ALL, usize::MAX);
        for trace in traces {
            graph.add(trace);
        }
        graph
    }

    fn wait(&mut self, trace_id: TraceId, link: PendingLink) {
        match self.links_left.checked_sub(1) {
            Some(left) => {
                self.links_left = left;
                self.links.entry(trace_id).or_default().push(link);
            }
            None => self.has_all_links = false,
        }
    }

    /// Whether there was room for all links.
    pub fn has_all_links(&self) -> bool {
        self.has_all_links
    }

    /// Traces that links lead to which are not drawn yet, ascending: to be given to [`link`](Self::link).
    pub fn linked_traces(&self) -> Vec<TraceId> {
        let mut ids: Vec<TraceId> = self.links.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// Draws the links that lead to a trace, from whoever produced to whoever took. Those to an entity that is not there go on waiting.
    pub fn link(&mut self, trace: &Trace) {
        let Some(mut links) = self.links.remove(&trace.id) else {
            return;
        };
        let count = links.len();
        links.retain(|link| !self.draw(link, trace));
        self.links_left = self.links_left.saturating_add(count - links.len());
        if !links.is_empty() {
            self.links.insert(trace.id, links);
        }
    }

    /// Draws a link, unless its other end is not in the trace.
    fn draw(&mut self, link: &PendingLink, trace: &Trace) -> bool {
        let mut entities = 0..trace.entities.len();
        let producer = entities.find(|index| trace.entities[*index].id == link.id);
        let Some((producer, owner)) =
            producer.and_then(|producer| Some((producer, trace.owner(producer)?)))
        else {
            return false;
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
        true
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

impl OfTraces for GraphBuilder {
    fn add(&mut self, trace: &Trace) {
        let mut link_count = 0;
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
                let Some(id) = link.id.filter(|_| link_count < TRACE_LINKS_MAX) else {
                    continue;
                };
                link_count += 1;
                let pending = PendingLink {
                    id,
                    consumer: place,
                    start_ns: segment.start_ns,
                    span: Span::of(segment),
                };
                self.wait(link.trace_id, pending);
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

    /// Most links lead to a trace that is among the same rows: those need not be looked up.
    fn add_rows(&mut self, mut rows: RowStore) {
        rows.each_trace(|_| true, |trace| self.add(trace));
        let linked: HashSet<TraceId> = self.links.keys().copied().collect();
        rows.each_trace(|id| linked.contains(&id), |trace| self.link(trace));
    }
}

#[cfg(test)]
mod tests;
