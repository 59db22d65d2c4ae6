//! The program under test as a process: starts it on a folder of its own, reads what it costs from /proc, stops it cleanly.

use anyhow::{Context, bail, ensure};
use reqwest::Client;
use serde::Serialize;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How servers of a run are started.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) binary: PathBuf,
    pub(crate) data_dir: PathBuf,
    pub(crate) log: PathBuf,
    /// Settings beside those that every run needs, as flags.
    pub(crate) settings: Vec<String>,
}

/// Where a server listens: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoints {
    pub(crate) http: String,
    pub(crate) grpc: String,
}

/// A running server. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) endpoints: Endpoints,
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
    /// Starts `waggle serve` and waits until it is ready.
    ///
    /// # Errors
    /// When it can't be started, ends at once or isn't ready in time.
    pub(crate) async fn start(launch: &Launch) -> anyhow::Result<Self> {
        let (http, grpc) = (free_address()?, free_address()?);
        let output = File::options()
            .create(true)
            .append(true)
            .open(&launch.log)?;
        let began = Instant::now();
        let child = Command::new(&launch.binary)
            .args(["serve", "--dev", "--otlp-http", "off"])
            .arg("--data-dir")
            .arg(&launch.data_dir)
            .args(["--http", &http, "--grpc", &grpc])
            .args(["--xray", "off"])
            .args(&launch.settings)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| {
                let binary = launch.binary.display();
                format!("cannot start {binary}; build it with `make build`")
            })?;
        let mut server = Self {
            child,
            endpoints: Endpoints {
                http: format!("http://{http}"),
                grpc: format!("http://{grpc}"),
            },
            startup: Duration::ZERO,
        };
        let client = Client::new();
        let ready = format!("{}/readyz", server.endpoints.http);
        loop {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended at once ({status}): {}", tail(&launch.log));
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

    /// Ends the server as a power cut would, as far as a process can be ended so.
    ///
    /// # Errors
    /// When the process can't be killed.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Open files and sockets of the server.
    ///
    /// # Errors
    /// When the process is gone.
    pub(crate) fn file_count(&self) -> anyhow::Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count())
    }

    /// CPU time of the server so far.
    pub(crate) fn cpu(&self) -> anyhow::Result<Cpu> {
        cpu(&self.child.id().to_string())
    }

    /// Memory of the server.
    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        memory(self.child.id())
    }

    /// For reading its memory while it is lent out.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

/// Memory of a process.
///
/// # Errors
/// When it is gone.
pub(crate) fn memory(process: u32) -> anyhow::Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
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

/// An address whose port is free at this moment; nobody else on the machine should want it in the next.
pub(crate) fn free_address() -> anyhow::Result<String> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    Ok(address.to_string())
}

/// True when the program knows a setting.
pub(crate) fn knows_setting(binary: &Path, name: &str) -> bool {
    let help = Command::new(binary).args(["serve", "--help"]).output();
    help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains(&format!("--{name}")))
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

fn tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let from = bytes.len().saturating_sub(LOG_TAIL_BYTES);
    String::from_utf8_lossy(&bytes[from..]).into_owned()
}
