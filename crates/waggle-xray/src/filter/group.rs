//! Groups by name: an expression may ask whether a trace is of one, so reading it needs the group's own filter.

use super::Filter;
use std::sync::Arc;

/// How an expression names a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupName {
    /// `group.name`
    Name(String),
    /// `group.arn`
    Arn(String),
}

/// A group that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFilter {
    /// Tells it from others, whichever way it was named.
    pub name: String,
    /// Its expression; `None` matches every trace.
    pub expression: Option<String>,
}

/// Knows the groups of a tenant.
pub trait Groups {
    /// The group of this name or ARN; `None` when there is none.
    fn find(&self, name: &GroupName) -> Option<GroupFilter>;
}

/// No groups at all: for expressions that can't name any.
pub struct NoGroups;

impl Groups for NoGroups {
    fn find(&self, _name: &GroupName) -> Option<GroupFilter> {
        None
    }
}

/// What reading a whole filter keeps, from its own text through those of the groups that it names.
pub(super) struct Reading<'g> {
    groups: &'g dyn Groups,
    /// Groups whose filters are being read.
    open: Vec<String>,
    /// Levels of nesting around the place that is read.
    pub(super) depth: usize,
    /// Nodes so far: a group counts anew wherever it is named, for that is how often it is evaluated.
    pub(super) nodes: usize,
}

impl<'g> Reading<'g> {
    pub(super) fn new(groups: &'g dyn Groups) -> Self {
        Self {
            groups,
            open: Vec::new(),
            depth: 0,
            nodes: 0,
        }
    }

    /// As [`Reading::new`], of the filter that a group is to have.
    pub(super) fn of_group(name: &str, groups: &'g dyn Groups) -> Self {
        Self {
            open: vec![name.to_owned()],
            ..Self::new(groups)
        }
    }

    /// Reads the filter of a group.
    pub(super) fn group(&mut self, name: &GroupName) -> Result<Arc<Filter>, String> {
        let text = match name {
            GroupName::Name(text) | GroupName::Arn(text) => text,
        };
        let Some(group) = self.groups.find(name) else {
            return Err(format!("there is no group {text:?}"));
        };
        if self.open.contains(&group.name) {
            return Err(format!("the filter of group {text:?} leads back to itself"));
        }
        let Some(expression) = &group.expression else {
            return Ok(Arc::new(Filter::all()));
        };
        self.open.push(group.name);
        let filter = super::parse::parse(expression, self).map_err(|error| {
            let (position, message) = (error.position, error.message);
            format!("in the filter of group {text:?}, at position {position}: {message}")
        });
        self.open.pop();
        filter.map(Arc::new)
    }
}
