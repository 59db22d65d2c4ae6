//! Services that only pass calls on, for the map of services.

use crate::{Artifact, ArtifactKind};
use serde::{Deserialize, Serialize};
use waggle_model::DatasetId;

/// The gateways of an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gateways {
    /// Names of services.
    pub services: Vec<String>,
}

impl Artifact for Gateways {
    const KIND: ArtifactKind = ArtifactKind::Gateways;

    /// An environment has one list.
    fn unique_key(&self, _dataset: Option<DatasetId>) -> Option<String> {
        Some(String::new())
    }
}
