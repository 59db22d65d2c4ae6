//! Query annotations: names and descriptions that people gave to saved queries. Source: spec/honeycomb-api.md section 12.3.

use crate::{Artifact, ArtifactKind};
use serde::{Deserialize, Serialize};

/// A name for a query. A query may have several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryAnnotation {
    /// The name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Public id of the query; never changes. It keeps the query from being deleted as one that nobody needs.
    pub query_id: String,
    /// True for one that a board made for a panel of its own.
    pub is_of_board: bool,
}

impl Artifact for QueryAnnotation {
    const KIND: ArtifactKind = ArtifactKind::QueryAnnotation;
}
