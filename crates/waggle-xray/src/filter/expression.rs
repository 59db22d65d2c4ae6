//! What an expression says, checked: every keyword stands where it may, with an operator and a value of its type.

use super::keyword::Keyword;
use super::{Filter, NodePattern};
use serde_json::Value as Json;
use std::sync::Arc;

/// A condition on a trace, or in a block on one thing of it.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    /// Some segment is one of these nodes and meets the block.
    Service(NodePattern, Box<Self>),
    /// Some call from one node to another meets the block.
    Edge(NodePattern, NodePattern, Box<Self>),
    /// Some item of a list of root causes meets the block.
    Cause(CauseKind, CauseLevel, Box<Self>),
    /// Some root causes look like this.
    CauseJson(Option<CauseKind>, Json),
    /// A keyword alone.
    Is(Keyword),
    Compare(Keyword, Test),
    /// The trace is (or with `false` is not) of a group.
    Group(Arc<Filter>, bool),
}

impl Expression {
    /// What holds for everything: an empty block.
    pub(super) const TRUE: Self = Self::All(Vec::new());
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CauseKind {
    Fault,
    Error,
    ResponseTime,
}

impl CauseKind {
    pub(super) const ALL: [Self; 3] = [Self::Fault, Self::Error, Self::ResponseTime];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CauseLevel {
    Service,
    Entity,
    Exception,
}

/// Operator and value, of one type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    Bool { is_equal: bool, value: bool },
    Number(NumberOp, f64),
    Text(TextOp, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberOp {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl NumberOp {
    #[expect(
        clippy::float_cmp,
        reason = "values and literals are the doubles nearest to their decimals"
    )]
    pub(super) fn holds(self, have: f64, wanted: f64) -> bool {
        match self {
            Self::Equal => have == wanted,
            Self::NotEqual => have != wanted,
            Self::Less => have < wanted,
            Self::LessOrEqual => have <= wanted,
            Self::Greater => have > wanted,
            Self::GreaterOrEqual => have >= wanted,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextOp {
    Equal,
    NotEqual,
    Contains,
    BeginsWith,
    EndsWith,
}

impl TextOp {
    pub(super) fn holds(self, have: &str, wanted: &str) -> bool {
        match self {
            Self::Equal => have == wanted,
            Self::NotEqual => have != wanted,
            Self::Contains => have.contains(wanted),
            Self::BeginsWith => have.starts_with(wanted),
            Self::EndsWith => have.ends_with(wanted),
        }
    }
}
