//! Which part of the service graph an insight touches: its root cause and everything that calls it, over however many others.

use crate::graph::GraphNode;
use crate::summary::ServiceId;
use hashbrown::HashSet;
use serde::Serialize;
use std::sync::Arc;

/// `InsightImpactGraphService`
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the members are those of X-Ray's shape")]
pub struct ImpactService {
    pub reference_id: usize,
    #[serde(rename = "Type")]
    pub node_type: Arc<str>,
    pub name: Arc<str>,
    pub names: [Arc<str>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Arc<str>>,
    pub edges: Vec<ImpactEdge>,
}

/// `InsightImpactGraphEdge`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImpactEdge {
    /// Number of the service that is called.
    pub reference_id: usize,
}

/// The nodes from which a service can be reached, itself included, with the edges between them; their numbers are those of the graph.
pub fn impact_graph(nodes: &[GraphNode], root_cause: &ServiceId) -> Vec<ImpactService> {
    let is_cause =
        |node: &&GraphNode| node.name == root_cause.name && node.node_type == root_cause.node_type;
    let mut touched: HashSet<usize> = nodes
        .iter()
        .filter(is_cause)
        .map(|node| node.reference_id)
        .collect();
    let callees = |node: &GraphNode| {
        // Who took a message says nothing of how its producer fares.
        let edges = node.edges.iter().filter(|edge| edge.edge_type.is_none());
        let mut callees: Vec<usize> = edges.map(|edge| edge.reference_id).collect();
        callees.dedup();
        callees
    };
    let mut callers: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for node in nodes {
        for callee in callees(node) {
            if let Some(callers) = callers.get_mut(callee) {
                callers.push(node.reference_id);
            }
        }
    }
    let mut open: Vec<usize> = touched.iter().copied().collect();
    while let Some(node) = open.pop() {
        for caller in callers.get(node).into_iter().flatten() {
            if touched.insert(*caller) {
                open.push(*caller);
            }
        }
    }
    let touched_nodes = nodes
        .iter()
        .filter(|node| touched.contains(&node.reference_id));
    touched_nodes
        .map(|node| ImpactService {
            reference_id: node.reference_id,
            node_type: Arc::clone(&node.node_type),
            name: Arc::clone(&node.name),
            names: node.names.clone(),
            account_id: node.account_id.clone(),
            edges: callees(node)
                .into_iter()
                .filter(|callee| touched.contains(callee))
                .map(|reference_id| ImpactEdge { reference_id })
                .collect(),
        })
        .collect()
}
