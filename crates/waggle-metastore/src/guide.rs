//! What a dataset suggests to whoever begins to ask about it: columns to group by, and a query to begin with.

use crate::{Artifact, ArtifactKind};
use serde::{Deserialize, Serialize};
use waggle_model::DatasetId;

/// Suggestions of a dataset's owners.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DatasetGuide {
    /// Columns to group by, the best first. They may be gone.
    pub groupings: Vec<String>,
    /// The query to begin with, in the words of the API.
    pub query: Option<serde_json::Value>,
}

impl Artifact for DatasetGuide {
    const KIND: ArtifactKind = ArtifactKind::DatasetGuide;

    fn unique_key(&self, dataset: Option<DatasetId>) -> Option<String> {
        dataset.map(|dataset| dataset.0.to_string())
    }
}
