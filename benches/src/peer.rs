//! Another engine in a Python process that stays open: benches/peers/peer.py says what goes over the pipes.

use crate::scenario::Engine;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Where the other engines are: a Python with their packages, and our scripts for it.
#[derive(Clone, Debug)]
pub(crate) struct Python {
    pub(crate) program: PathBuf,
    pub(crate) scripts: PathBuf,
}

/// One engine on one folder. Dropping it ends the process.
#[derive(Debug)]
pub(crate) struct Peer {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// How long one step of loading took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) what: String,
    pub(crate) wall_s: f64,
    pub(crate) cpu_s: f64,
}

/// What an engine says of itself.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Look {
    pub(crate) version: String,
    /// Bytes on disk by table.
    pub(crate) bytes: BTreeMap<String, u64>,
    pub(crate) rss_mb: f64,
}

/// An answer to SQL.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PeerAnswer {
    /// Until the whole answer was in the client's memory.
    pub(crate) ms: f64,
    #[serde(default)]
    pub(crate) rows: Vec<Map<String, Value>>,
}

impl Engine {
    /// As peer.py knows it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DuckDb => "duckdb",
            Self::ClickHouse => "clickhouse",
        }
    }

    /// The tables that hold the data, with how they are ordered.
    pub(crate) fn tables(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::DuckDb => &[("ev", "DuckDB")],
            Self::ClickHouse => &[
                ("db.ev_service", "ClickHouse by service"),
                ("db.ev_time", "ClickHouse by time"),
            ],
        }
    }
}

impl Python {
    /// Starts an engine; it opens its store with the first question.
    ///
    /// # Errors
    /// When Python can't be started.
    pub(crate) fn start(&self, engine: Engine, folder: &Path) -> anyhow::Result<Peer> {
        let mut child = Command::new(&self.program)
            .arg(self.scripts.join("peer.py"))
            .arg(engine.name())
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| {
                let program = self.program.display();
                format!("cannot start {program}; `make bench` installs the other engines there")
            })?;
        let commands = child.stdin.take();
        let answers = child.stdout.take().context("no output")?;
        Ok(Peer {
            child,
            commands,
            answers: BufReader::new(answers),
        })
    }

    /// Drops a folder's files from the page cache.
    ///
    /// # Errors
    /// When the script fails.
    pub(crate) fn evict(&self, folder: &Path) -> anyhow::Result<()> {
        let status = Command::new(&self.program)
            .arg(self.scripts.join("evict.py"))
            .arg(folder)
            .status()?;
        if !status.success() {
            bail!("cannot drop {} from the page cache", folder.display());
        }
        Ok(())
    }
}

impl Peer {
    /// Loads Parquet files.
    ///
    /// # Errors
    /// What the engine says.
    pub(crate) fn load(&mut self, files: &Path) -> anyhow::Result<Vec<Step>> {
        let mut answer = self.call(&json!({"do": "load", "files": files}))?;
        Ok(serde_json::from_value(answer["steps"].take())?)
    }

    /// Asks, and takes the rows along when they are to be compared.
    ///
    /// # Errors
    /// What the engine says.
    pub(crate) fn ask(&mut self, sql: &str, with_rows: bool) -> anyhow::Result<PeerAnswer> {
        let answer = self.call(&json!({"do": "ask", "sql": sql, "rows": with_rows}))?;
        Ok(serde_json::from_value(answer)?)
    }

    /// Version and sizes.
    ///
    /// # Errors
    /// What the engine says.
    pub(crate) fn look(&mut self) -> anyhow::Result<Look> {
        Ok(serde_json::from_value(self.call(&json!({"do": "look"}))?)?)
    }

    fn call(&mut self, command: &Value) -> anyhow::Result<Value> {
        let commands = self.commands.as_mut().context("the engine is gone")?;
        writeln!(commands, "{command}")?;
        commands.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let answer: Value = serde_json::from_str(&line).context("the engine ended")?;
        match answer["error"].as_str() {
            Some(error) => bail!("{error}"),
            None => Ok(answer),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The end of its input ends it.
        self.commands = None;
        drop(self.child.wait());
    }
}
