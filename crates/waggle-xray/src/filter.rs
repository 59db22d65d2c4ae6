//! Filter expressions: text to a typed tree once, a tree and a trace to yes or no. Source: spec/xray.md sections 4.3 to 4.6.
//!
//! Everything that can be wrong with an expression is found when it is read, at a place in its text, so that evaluation has no errors: a
//! value of another type than asked for is no match.

mod evaluate;
mod expression;
mod group;
mod json;
mod keyword;
mod lex;
mod narrow;
mod parse;

pub use group::{GroupFilter, GroupName, Groups, NoGroups};
pub use narrow::Narrowed;

pub(crate) use evaluate::{calls, is_node};
use expression::Expression;
use group::Reading;

/// Most characters of an expression. Source: spec/xray.md section 4.6.
pub const EXPRESSION_CHARS_MAX: usize = 2_000;

/// Most brackets, `!` and groups inside one another, the texts of the groups included.
pub(crate) const DEPTH_MAX: usize = 64;

/// Most conditions, brackets and `!` in a whole filter, those of a group counted wherever it is named. One text can't have as many;
/// groups that name groups could have exponentially many, and every trace would be asked all of them.
pub(crate) const NODES_MAX: usize = 5_000;

/// A condition on traces.
#[derive(Clone, Debug)]
pub struct Filter {
    expression: Expression,
}

/// Why a text is no filter expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid filter expression at position {position}: {message}")]
pub struct FilterError {
    /// Which character, counted from 0; the number of characters at the end.
    pub position: usize,
    /// What is wrong there.
    pub message: String,
}

impl Filter {
    /// Reads an expression; `groups` knows the filters of the groups it names.
    ///
    /// # Errors
    /// [`FilterError`]: the author has to change the text.
    pub fn parse(text: &str, groups: &dyn Groups) -> Result<Self, FilterError> {
        parse::parse(text, &mut Reading::new(groups))
    }

    /// Reads the expression that a group is to have: one that leads back to the group has no meaning.
    ///
    /// # Errors
    /// [`FilterError`]: the author has to change the text.
    pub fn parse_of_group(
        name: &str,
        text: &str,
        groups: &dyn Groups,
    ) -> Result<Self, FilterError> {
        parse::parse(text, &mut Reading::of_group(name, groups))
    }
}

/// A set of nodes of the service graph, or of edges, as time series statistics are asked for: `service(...)` and `edge(...)` without
/// blocks, or a bare `id(...)`, joined by OR. Source: spec/xray.md section 4.6.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    /// Any of them.
    pub terms: Vec<SelectorTerm>,
}

/// One part of a selector.
#[derive(Clone, Debug, PartialEq)]
pub enum SelectorTerm {
    /// Nodes.
    Service(NodePattern),
    /// Edges from some nodes to some nodes.
    Edge(NodePattern, NodePattern),
}

/// Which nodes are meant: every part that is given must be equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodePattern {
    /// The node's name.
    pub name: Option<String>,
    /// Its type.
    pub node_type: Option<String>,
    /// Its account.
    pub account_id: Option<String>,
}

impl NodePattern {
    /// Whether a node is meant.
    pub fn matches(&self, name: &str, node_type: &str, account_id: Option<&str>) -> bool {
        let is = |wanted: &Option<String>, have: Option<&str>| {
            wanted
                .as_deref()
                .is_none_or(|wanted| have.is_some_and(|have| have == wanted))
        };
        is(&self.name, Some(name))
            && is(&self.node_type, Some(node_type))
            && is(&self.account_id, account_id)
    }
}

impl Selector {
    /// Most characters of a selector. Source: spec/xray.md section 3.1.
    pub const CHARS_MAX: usize = 500;

    /// Reads a selector.
    ///
    /// # Errors
    /// [`FilterError`]: the author has to change the text.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::parse_selector(text)
    }
}

#[cfg(test)]
mod naive_tests;
#[cfg(test)]
mod tests;
