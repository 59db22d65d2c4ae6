//! Dataset definitions: which column of a dataset plays which part in traces and logs. Source: spec/honeycomb-api.md section 9.4.

use crate::{Artifact, ArtifactKind, Use};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use waggle_model::DatasetId;

/// What people chose, by the key of the definition; what is missing is left to the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetDefinition {
    /// The choice for each key; `None` says that no column plays the part.
    pub columns: BTreeMap<String, Option<DefinedColumn>>,
}

/// A column of a definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefinedColumn {
    /// A column of the dataset, by its public id and name.
    Column {
        /// Public id.
        id: String,
        /// Its name, which never changes.
        name: String,
    },
    /// A calculated field, by its public id and name.
    CalculatedField {
        /// Public id.
        id: String,
        /// Its alias.
        alias: String,
    },
}

impl Artifact for DatasetDefinition {
    const KIND: ArtifactKind = ArtifactKind::DatasetDefinition;

    fn unique_key(&self, dataset: Option<DatasetId>) -> Option<String> {
        dataset.map(|dataset| dataset.0.to_string())
    }

    fn uses(&self) -> Vec<Use> {
        let columns = self.columns.values().flatten();
        columns
            .map(|column| match column {
                DefinedColumn::Column { id, .. } => Use::Column(id.clone()),
                DefinedColumn::CalculatedField { id, .. } => Use::CalculatedField(id.clone()),
            })
            .collect()
    }
}
