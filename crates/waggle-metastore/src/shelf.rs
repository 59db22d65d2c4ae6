//! Whose boards are near at hand: those that a person gave a star, and those the person looked at last.

use crate::{Artifact, ArtifactId, ArtifactKind};
use serde::{Deserialize, Serialize};
use waggle_model::DatasetId;

/// The boards of a person in an environment. They may be gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardShelf {
    /// Whose it is, as whoever writes it tells people apart; the key of the shelf.
    pub person: String,
    /// Boards with a star, the first first.
    pub starred: Vec<ArtifactId>,
    /// Boards and when they were looked at, the last first.
    pub viewed: Vec<(ArtifactId, i64)>,
}

impl Artifact for BoardShelf {
    const KIND: ArtifactKind = ArtifactKind::BoardShelf;

    fn unique_key(&self, _dataset: Option<DatasetId>) -> Option<String> {
        Some(self.person.clone())
    }
}
