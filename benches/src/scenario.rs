//! What a run does, as data: the files in benches/scenarios.

#[cfg(test)]
mod tests;

use anyhow::Context;
use serde::Deserialize;
use std::path::Path;

/// One scenario file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) data: Data,
    pub(crate) load: Load,
    pub(crate) ask: Ask,
    pub(crate) queries: Vec<Query>,
}

/// What is generated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    pub(crate) events: u64,
    pub(crate) seed: u64,
    pub(crate) hours: i64,
}

/// How it is sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) spans_per_request: usize,
}

/// How questions are asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    pub(crate) warm_runs: usize,
}

/// One question.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// Stable name, for comparing runs.
    pub(crate) id: String,
    /// In words, for the table.
    pub(crate) question: String,
    #[serde(default)]
    pub(crate) door: Door,
    /// Body as JSON.
    #[serde(default = "empty_object")]
    pub(crate) spec: String,
    /// Only the last so many seconds of the data.
    pub(crate) last_s: Option<i64>,
    /// Requests that cover the time one after the other.
    #[serde(default = "one")]
    pub(crate) parts: i64,
    pub(crate) check: Check,
}

/// Which endpoint answers.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Door {
    #[default]
    Query,
    Rows,
    Trace,
}

/// What must be true of an answer.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Check {
    /// COUNT over all parts is the number of events sent.
    Total,
    /// COUNT by service_name is what was sent of each.
    Services,
    /// As many rows as the trace has spans.
    Trace,
    /// As many rows as the page holds.
    Rows,
    /// The counts of the map add up to the number of events sent.
    Heatmap,
    /// At least one group.
    Some,
}

fn empty_object() -> String {
    "{}".to_owned()
}

fn one() -> i64 {
    1
}

impl Scenario {
    /// Reads `name` from the folder of scenarios, or a file when `name` is a path to one.
    pub(crate) fn open(folder: &Path, name: &str) -> anyhow::Result<Self> {
        let path = if name.ends_with(".toml") {
            Path::new(name).to_owned()
        } else {
            folder.join(format!("{name}.toml"))
        };
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("there is no scenario {}", path.display()))?;
        let scenario: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        for query in &scenario.queries {
            serde_json::from_str::<serde_json::Value>(&query.spec)
                .with_context(|| format!("spec of {}", query.id))?;
        }
        Ok(scenario)
    }
}
