//! Markers on the time axis of charts, and the colours of their types. Source: spec/honeycomb-api.md section 14.

use crate::{Artifact, ArtifactKind};
use serde::{Deserialize, Serialize};
use waggle_model::DatasetId;

/// A moment or a span of time that people want to see on charts: of a dataset, or of the whole environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Start, in seconds since the Unix epoch.
    pub start_time_s: i64,
    /// End; `None` for a moment.
    pub end_time_s: Option<i64>,
    /// What happened.
    pub message: String,
    /// What kind of thing happened; its colour is in the setting of the type.
    pub marker_type: String,
    /// Where to read more.
    pub url: String,
}

impl Artifact for Marker {
    const KIND: ArtifactKind = ArtifactKind::Marker;
}

/// The colour of a type of markers, in a dataset or in the whole environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkerSetting {
    /// The type; unique in its dataset.
    pub marker_type: String,
    /// `#RRGGBB`.
    pub color: String,
}

impl Artifact for MarkerSetting {
    const KIND: ArtifactKind = ArtifactKind::MarkerSetting;

    fn unique_key(&self, dataset: Option<DatasetId>) -> Option<String> {
        let dataset = dataset.map_or(0, |dataset| dataset.0);
        Some(format!("{dataset}/{}", self.marker_type))
    }
}
