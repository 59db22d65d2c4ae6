//! Derived columns that are kept: expressions that every query of a dataset or environment may name like a column.
//! Source: spec/honeycomb-api.md section 9.3.

use crate::{Artifact, ArtifactKind};
use serde::{Deserialize, Serialize};
use waggle_model::DatasetId;

/// An expression with a name, of a dataset or of the whole environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DerivedColumn {
    /// The name in queries; unique in its dataset, and among those of the whole environment.
    pub alias: String,
    /// The expression, as its author wrote it.
    pub expression: String,
    /// Free text of its owners.
    pub description: String,
}

impl Artifact for DerivedColumn {
    const KIND: ArtifactKind = ArtifactKind::DerivedColumn;
    // SLOs and dataset definitions name it by its alias.
    const IS_USED_BY_KEY: bool = true;

    fn unique_key(&self, dataset: Option<DatasetId>) -> Option<String> {
        let dataset = dataset.map_or(0, |dataset| dataset.0);
        Some(format!("{dataset}/{}", self.alias))
    }
}
