//! Boards with their panels, and the views of a board. Source: spec/honeycomb-api.md section 13.
//!
//! A board is in nobody's way: what its panels show may be deleted, and the panel then shows that it is gone.

use crate::named::named;
use crate::{Artifact, ArtifactId, ArtifactKind};
use serde::{Deserialize, Serialize};
use waggle_model::DatasetId;

/// A page of panels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    /// The name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// In reading order.
    pub panels: Vec<Panel>,
    /// Labels.
    pub tags: Vec<Tag>,
    /// Columns offered as filters of the whole board.
    pub preset_filters: Vec<PresetFilter>,
    /// Who sees it.
    #[serde(default)]
    pub sharing: BoardSharing,
}

/// Who sees a board beside administrators. Before boards had it, everybody did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardSharing {
    /// Id of the person who made it; `None` for a program.
    pub maker: Option<i64>,
    /// Ids of the people who see it with its maker; `None` for everybody.
    pub collaborators: Option<Vec<i64>>,
}

impl Artifact for Board {
    const KIND: ArtifactKind = ArtifactKind::Board;
}

/// A label of a board, trigger or SLO.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// 1 to 32 lower-case letters.
    pub key: String,
    /// Starts with a lower-case letter.
    pub value: String,
}

/// A column offered as a filter of a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresetFilter {
    /// The column.
    pub column: String,
    /// What people see in its place.
    pub alias: String,
}

/// One rectangle of a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panel {
    /// Where it is.
    pub position: Position,
    /// What it shows.
    pub content: PanelContent,
}

/// A rectangle on a grid of 12 columns, in units of the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// What a panel shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PanelContent {
    /// A query.
    Query {
        /// Public id of the query.
        query_id: String,
        /// Its name on this board.
        annotation_id: ArtifactId,
        /// As a graph, a table or both.
        style: QueryStyle,
        /// How its charts look: the visualization settings of the API, checked, as JSON text.
        visualization_json: Option<String>,
    },
    /// An SLO.
    Slo {
        /// The SLO.
        slo_id: ArtifactId,
    },
    /// Text.
    Text {
        /// Markdown.
        markdown: String,
    },
}

named! {
    /// How a query panel shows its result.
    pub enum QueryStyle {
        /// Charts only.
        #[default]
        Graph = "graph",
        /// The table only.
        Table = "table",
        /// Both.
        Combo = "combo",
    }
}

/// A named set of filters for a board; part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoardView {
    /// The name, unique on its board.
    pub name: String,
    /// At least one.
    pub filters: Vec<ViewFilter>,
}

impl Artifact for BoardView {
    const KIND: ArtifactKind = ArtifactKind::BoardView;

    fn unique_key(&self, _dataset: Option<DatasetId>) -> Option<String> {
        Some(self.name.clone())
    }
}

/// A filter of a view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewFilter {
    /// The column.
    pub column: String,
    /// The operator, by its public name.
    pub operation: String,
    /// What it compares with, as JSON; `None` where the operator takes nothing.
    pub value: Option<serde_json::Value>,
}
