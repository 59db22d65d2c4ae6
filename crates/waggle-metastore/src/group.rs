//! X-Ray's groups: filters of traces that have a name. Source: spec/xray.md section 7.

use crate::{Artifact, ArtifactKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use waggle_model::DatasetId;

/// A filter of traces with a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its name, unique in the environment.
    pub name: String,
    /// Which traces are in it, as a filter expression; `None` for all.
    pub filter_expression: Option<String>,
    /// Whether its faults are watched.
    pub has_insights: bool,
    /// Whether somebody is told of what is found.
    pub has_notifications: bool,
    /// What people noted about it.
    pub tags: BTreeMap<String, String>,
}

impl Artifact for Group {
    const KIND: ArtifactKind = ArtifactKind::Group;

    fn unique_key(&self, _dataset: Option<DatasetId>) -> Option<String> {
        Some(self.name.clone())
    }
}
