//! What every scenario of a run shares: which server, which folders, which machine.

use crate::ask::{Asker, Window};
use crate::machine::Machine;
use crate::peer::Python;
use crate::report::Report;
use crate::scenario::{Data, Scenario};
use crate::server::{Launch, knows_setting};
use crate::spans::Spans;
use anyhow::bail;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The circumstances of a run.
#[derive(Clone, Debug)]
pub(crate) struct Bench {
    /// The server to measure.
    pub(crate) waggle: PathBuf,
    pub(crate) python: Python,
    /// Folder for data.
    pub(crate) data: PathBuf,
    pub(crate) keep: bool,
    /// Data of an earlier run.
    pub(crate) reuse: Option<PathBuf>,
    pub(crate) machine: Machine,
    pub(crate) date: Timestamp,
}

/// An acknowledged event must be visible within a second; a busy machine may take longer before this gives up.
const VISIBLE_MAX: Duration = Duration::from_secs(60);

const CACHE_SETTING: &str = "query-cache-bytes";

impl Bench {
    /// A server on a folder, its log beside it.
    pub(crate) fn launch(&self, data_dir: &Path) -> Launch {
        Launch {
            binary: self.waggle.clone(),
            data_dir: data_dir.to_owned(),
            log: data_dir.with_extension("log"),
            settings: Vec::new(),
        }
    }

    /// The same without its cache of partial states, where it has one: what a query costs, not what remembering it saves.
    pub(crate) fn launch_without_cache(&self, data_dir: &Path) -> Launch {
        let mut launch = self.launch(data_dir);
        if self.has_cache() {
            let off = [format!("--{CACHE_SETTING}"), "0".to_owned()];
            launch.settings.extend(off);
        }
        launch
    }

    /// True when the server has a cache of partial states.
    pub(crate) fn has_cache(&self) -> bool {
        knows_setting(&self.waggle, CACHE_SETTING)
    }

    /// A report that says where and when.
    pub(crate) fn report(&self, scenario: &Scenario) -> Report {
        Report {
            scenario: scenario.name.clone(),
            about: scenario.about.clone(),
            date: self.date.to_string(),
            machine: self.machine.clone(),
            figures: Vec::new(),
            tables: Vec::new(),
            goals: Vec::new(),
            faults: Vec::new(),
            data: serde_json::Value::Null,
        }
    }
}

impl Data {
    /// The spans, over a window.
    pub(crate) fn spans(&self, window: Window) -> Spans {
        let start_ns = window.start_s * 1_000_000_000;
        Spans::new(self.seed, self.events, start_ns, self.hours)
    }
}

/// Counts until every acknowledged event is seen; gives the time it took.
///
/// # Errors
/// When they don't show in time, or there are more than that.
pub(crate) async fn wait_until_visible(asker: &Asker, events: u64) -> anyhow::Result<Duration> {
    let began = Instant::now();
    loop {
        let total = asker.total().await?;
        let elapsed = began.elapsed();
        if total == events {
            return Ok(elapsed);
        }
        if total > events || elapsed > VISIBLE_MAX {
            bail!("{events} events were acknowledged, but COUNT says {total} after {elapsed:?}");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
