//! The program under test as a process: starts it on a folder of its own, reads what it costs from /proc, stops it cleanly.

use anyhow::{Context, bail, ensure};
use reqwest::Client;
use serde::Serialize;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Scheme, host and port.
    pub(crate) endpoint: String,
    /// From the start of the process to the first "ready".
    pub(crate) startup: Duration,
}

/// CPU time of a process so far, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cpu(pub(crate) f64);

/// Memory of a process.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Memory {
    pub(crate) rss_mb: f64,
    pub(crate) peak_rss_mb: f64,
}

/// Ticks a second in /proc; part of Linux's ABI.
const TICKS_PER_S: f64 = 100.0;
const START_MAX: Duration = Duration::from_secs(120);
const STOP_MAX: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(5);
/// Of the server's log this much is shown when it dies.
const LOG_TAIL_BYTES: usize = 2_000;

impl Server {
    /// Starts `binary serve` on `data_dir` and waits until it is ready.
    pub(crate) async fn start(binary: &Path, data_dir: &Path, log: &Path) -> anyhow::Result<Self> {
        // The port is free at this moment; nobody else on the machine should want it in the next.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let endpoint = format!("http://127.0.0.1:{port}");
        let output = File::options().create(true).append(true).open(log)?;
        let began = Instant::now();
        let child = Command::new(binary)
            .arg("serve")
            .arg("--dev")
            .arg("--data-dir")
            .arg(data_dir)
            .args(["--http", &format!("127.0.0.1:{port}")])
            .args(["--otlp-http", "off", "--grpc", "off"])
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| {
                format!(
                    "cannot start {}; build it with `make build`",
                    binary.display()
                )
            })?;
        let mut server = Self {
            child,
            endpoint,
            startup: Duration::ZERO,
        };
        let client = Client::new();
        let ready = format!("{}/readyz", server.endpoint);
        loop {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended at once ({status}): {}", tail(log));
            }
            let answer = client.get(&ready).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                server.startup = began.elapsed();
                return Ok(server);
            }
            ensure!(
                began.elapsed() < START_MAX,
                "the server is not ready after {START_MAX:?}"
            );
            tokio::time::sleep(POLL).await;
        }
    }

    /// Stops the server as a service manager would; gives the time it took.
    pub(crate) async fn stop(mut self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()?;
        ensure!(asked.success(), "cannot signal the server");
        loop {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the server ended with {status}");
                return Ok(began.elapsed());
            }
            ensure!(began.elapsed() < STOP_MAX, "the server does not stop");
            tokio::time::sleep(POLL).await;
        }
    }

    /// CPU time of the server so far.
    pub(crate) fn cpu(&self) -> anyhow::Result<Cpu> {
        cpu(&self.child.id().to_string())
    }

    /// Memory of the server.
    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let mb = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key))?;
            let kb: f64 = line.split_whitespace().next()?.parse().ok()?;
            Some(kb * 1_024.0 / 1e6)
        };
        Ok(Memory {
            rss_mb: mb("VmRSS:").context("no VmRSS")?,
            peak_rss_mb: mb("VmHWM:").context("no VmHWM")?,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when the process is gone already, which is what they are for.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// CPU time of this process so far.
pub(crate) fn own_cpu() -> anyhow::Result<Cpu> {
    cpu("self")
}

fn cpu(process: &str) -> anyhow::Result<Cpu> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The program's name comes second, in parentheses, and may hold spaces.
    let (_, fields) = stat.rsplit_once(')').context("unexpected /proc stat")?;
    let ticks = |index: usize| -> anyhow::Result<f64> {
        let field = fields.split_whitespace().nth(index);
        Ok(field.context("unexpected /proc stat")?.parse()?)
    };
    // utime and stime, fields 14 and 15 of the whole line.
    Ok(Cpu((ticks(11)? + ticks(12)?) / TICKS_PER_S))
}

/// Bytes of everything under `folder`.
pub(crate) fn folder_bytes(folder: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        sum += if metadata.is_dir() {
            folder_bytes(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(sum)
}

/// Bytes of each entry of `folder`, by name.
pub(crate) fn folder_parts(folder: &Path) -> anyhow::Result<Vec<(String, u64)>> {
    let mut parts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let bytes = if entry.metadata()?.is_dir() {
            folder_bytes(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
        parts.push((entry.file_name().to_string_lossy().into_owned(), bytes));
    }
    parts.sort();
    Ok(parts)
}

fn tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let from = bytes.len().saturating_sub(LOG_TAIL_BYTES);
    String::from_utf8_lossy(&bytes[from..]).into_owned()
}
