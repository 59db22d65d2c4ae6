//! Where and of what a run was made: numbers without these say nothing.

use jiff::Timestamp;
use serde::Serialize;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The circumstances of a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_gb: f64,
    pub(crate) kernel: String,
    /// Load average over the last minute when the run began: above 1 the machine was busy with other work.
    pub(crate) load_before: f64,
    /// Commit of the source tree, with `-dirty` when it had changes. The binary does not tell its own, so this is what it was
    /// built from only if the tree stood still since; see `is_binary_older`.
    pub(crate) commit: String,
    /// When the binary was written, RFC 3339.
    pub(crate) binary_built: String,
    /// The binary is older than the commit, so it was built from something else.
    pub(crate) is_binary_older: bool,
    /// Build profile, from the folder of the binary.
    pub(crate) profile: String,
}

impl Machine {
    /// Looks around.
    pub(crate) fn look(binary: &Path) -> Self {
        let cpuinfo = read("/proc/cpuinfo");
        let meminfo = read("/proc/meminfo");
        let memory_kb: f64 = field(&meminfo, "MemTotal")
            .and_then(|text| text.split_whitespace().next()?.parse().ok())
            .unwrap_or(0.0);
        let load = read("/proc/loadavg");
        let built = fs::metadata(binary).and_then(|metadata| metadata.modified());
        let built = built.ok().and_then(|time| Timestamp::try_from(time).ok());
        let committed = git(&["log", "-1", "--format=%ct"])
            .and_then(|seconds| Timestamp::from_second(seconds.parse().ok()?).ok());
        Self {
            cpu: field(&cpuinfo, "model name")
                .unwrap_or("unknown")
                .to_owned(),
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            memory_gb: (memory_kb * 1_024.0 / 1e8).round() / 10.0,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load_before: load
                .split_whitespace()
                .next()
                .and_then(|load| load.parse().ok())
                .unwrap_or(0.0),
            commit: commit(),
            binary_built: built.map_or_else(|| "unknown".to_owned(), |time| format!("{time:.0}")),
            is_binary_older: built < committed,
            profile: binary.parent().and_then(Path::file_name).map_or_else(
                || "unknown".to_owned(),
                |folder| folder.to_string_lossy().into_owned(),
            ),
        }
    }
}

fn commit() -> String {
    git(&[
        "describe",
        "--always",
        "--dirty",
        "--abbrev=10",
        "--exclude=*",
    ])
    .unwrap_or_else(|| "unknown".to_owned())
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim())
    })
}
