//! X-Ray's resource policies: texts that are kept for clients that manage them, and that nothing here acts on.
//! Source: spec/xray.md section 7.

use crate::{Artifact, ArtifactKind};
use serde::{Deserialize, Serialize};
use waggle_model::DatasetId;

/// A policy as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcePolicy {
    /// Its name, unique in the environment.
    pub name: String,
    /// Its text, a JSON object.
    pub document: String,
}

impl Artifact for ResourcePolicy {
    const KIND: ArtifactKind = ArtifactKind::ResourcePolicy;

    fn unique_key(&self, _dataset: Option<DatasetId>) -> Option<String> {
        Some(self.name.clone())
    }
}
