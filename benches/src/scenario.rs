//! What a run does, as data: the files in benches/scenarios.

#[cfg(test)]
mod tests;

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// One scenario file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// As the file.
    pub(crate) name: String,
    /// In a sentence, for the table.
    pub(crate) about: String,
    pub(crate) data: Data,
    pub(crate) load: Load,
    pub(crate) run: Run,
}

/// What is generated.
#[derive(Clone, Copy, Debug, Deserialize)]
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
    pub(crate) events_per_request: usize,
}

/// What is measured.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Run {
    /// Every query beside other engines, warm and cold.
    Compare {
        /// File of queries, without its ending.
        queries: String,
        /// Runs of a query after the first one.
        warm_runs: usize,
        /// Cold runs of a query; the median counts.
        cold_runs: usize,
        must_mean: f64,
        aim_mean: f64,
    },
    /// Each door, one after the other.
    Ingest {
        /// Least events a second over OTLP/HTTP that the issue asks for.
        must_events_per_s: f64,
    },
    /// Documents of X-Ray by both ways in.
    Segments,
    /// Trace summaries with filters.
    Traces {
        /// Runs of each filter.
        runs: usize,
        filters: Vec<TraceFilter>,
    },
    /// BubbleUp over wide events.
    Bubbleup {
        /// Runs of each size.
        runs: usize,
        sizes: Vec<Wide>,
    },
    /// The same queries on more and more events.
    Growth {
        queries: String,
        sizes: Vec<u64>,
        warm_runs: usize,
    },
    /// Queries at once while events come in.
    Concurrency {
        queries: String,
        queries_at_once: usize,
        seconds: u64,
    },
    /// Everything at once for long, with an oracle.
    Soak {
        minutes: f64,
        events_per_s: u64,
        /// A clean stop or a kill, in turn, so often.
        restart_every_s: u64,
        query_every_ms: u64,
        /// An erasure, a deletion or a limit of age, in turn, so often.
        take_every_s: u64,
    },
}

/// Events of many fields, and how long it may take to compare all of them.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wide {
    pub(crate) events: u64,
    pub(crate) fields: usize,
    pub(crate) must_ms: f64,
}

/// A filter expression, and whether there are traces that pass.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TraceFilter {
    pub(crate) expression: String,
    pub(crate) is_found: bool,
}

/// Every query of a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Queries {
    pub(crate) queries: Vec<Query>,
}

/// One question and how each engine is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// Stable name, for comparing runs.
    pub(crate) id: String,
    /// In words, for the table.
    pub(crate) question: String,
    /// How many times faster than the fastest other engine it must be, and should be.
    pub(crate) must: f64,
    pub(crate) aim: f64,
    #[serde(default)]
    pub(crate) rows: RowRule,
    /// SQL of the exact answer, for DuckDB.
    pub(crate) reference: Option<String>,
    pub(crate) columns: Vec<Compared>,
    pub(crate) waggle: WaggleQuery,
    #[serde(default)]
    pub(crate) peers: Vec<PeerQuery>,
}

/// Which rows two answers must share.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RowRule {
    #[default]
    All,
    /// A top list: where its last counts are equal, any of the candidates may be in it.
    Ties,
    /// A limit cuts Waggle's answer.
    Part,
    /// Each side lists what it finds most telling; what both list must be equal, and that is at least half.
    Common,
}

/// One column of the answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Compared {
    /// Its name in Waggle's answer.
    pub(crate) waggle: String,
    /// Its name in the answer of SQL.
    pub(crate) peer: String,
    pub(crate) is: Is,
    /// Waggle's is a time; this is its number of a bucket since 1970.
    pub(crate) bucket_s: Option<i64>,
}

/// How a column is compared.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Is {
    Key,
    Exact,
    Average,
    Percentile,
    Distinct,
}

/// How Waggle is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaggleQuery {
    pub(crate) door: Door,
    pub(crate) answer: AnswerPart,
    /// Body as JSON; start and end are added.
    #[serde(default = "empty_object")]
    pub(crate) spec: String,
    /// Body of the request for a result, as JSON.
    #[serde(default = "empty_object")]
    pub(crate) options: String,
    #[serde(default)]
    pub(crate) range: Range,
    /// Requests that cover the range one after the other.
    #[serde(default = "one")]
    pub(crate) parts: i64,
    /// Most rows that the options allow, where they cut the answer.
    pub(crate) limit: Option<usize>,
}

/// Which endpoint answers.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Door {
    /// Honeycomb's: a saved query's result.
    Results,
    Query,
    Rows,
    Trace,
    BubbleUp,
}

/// Where in the answer the rows are.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AnswerPart {
    Results,
    Series,
    Heatmap,
    Rows,
    BubbleUp,
}

/// Which times are asked for.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Range {
    #[default]
    All,
    Hour,
    Last,
}

/// How another engine is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeerQuery {
    pub(crate) engine: Engine,
    /// What tells it from other statements for the same engine.
    #[serde(default)]
    pub(crate) way: String,
    pub(crate) sql: String,
}

/// The engines that Waggle is compared with.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Engine {
    DuckDb,
    ClickHouse,
}

fn empty_object() -> String {
    "{}".to_owned()
}

fn one() -> i64 {
    1
}

impl Scenario {
    /// Reads `name` from the folder of scenarios, or a file when `name` is a path to one.
    ///
    /// # Errors
    /// When there is no such file, or it can't be read.
    pub(crate) fn open(folder: &Path, name: &str) -> anyhow::Result<Self> {
        read(&path_of(folder, name))
    }
}

impl Queries {
    /// Likewise.
    ///
    /// # Errors
    /// When there is no such file, it can't be read, or a body in it is no JSON.
    pub(crate) fn open(folder: &Path, name: &str) -> anyhow::Result<Self> {
        let read: Self = read(&path_of(folder, name))?;
        for query in &read.queries {
            for body in [&query.waggle.spec, &query.waggle.options] {
                let body: Result<serde_json::Value, _> = serde_json::from_str(body);
                body.with_context(|| format!("a body of {}", query.id))?;
            }
            ensure!(query.waggle.parts > 0, "{} has no parts", query.id);
        }
        Ok(read)
    }
}

fn path_of(folder: &Path, name: &str) -> PathBuf {
    if name.ends_with(".toml") {
        return Path::new(name).to_owned();
    }
    folder.join(format!("{name}.toml"))
}

fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("there is no scenario {}", path.display()))?;
    toml::from_str(&text).with_context(|| path.display().to_string())
}
