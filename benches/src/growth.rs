//! The same queries on more and more events: what grows with the data, and what a start after a kill takes.

use crate::ask::{Asker, Window};
use crate::bench::{Bench, wait_until_visible};
use crate::compare::run_warm;
use crate::load::{Loaded, load, rank_ms};
use crate::note;
use crate::report::{Figure, Report, Table, short, thousands};
use crate::scenario::{Queries, Scenario};
use crate::server::{self, Memory, Server};
use anyhow::Context;
use serde::Serialize;
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

/// What one size takes.
#[derive(Clone, Debug, Serialize)]
struct Size {
    events: u64,
    loaded: Loaded,
    memory_loaded: Memory,
    memory_asked: Memory,
    /// After a kill at the end of loading: until the server is ready, with what it had to read back.
    recovery_s: f64,
    recovery_wal_bytes: u64,
    /// After a clean stop.
    startup_s: f64,
    stored_bytes: u64,
    block_count: u64,
    queries: Vec<Asked>,
}

#[derive(Clone, Debug, Serialize)]
struct Asked {
    id: String,
    first_ms: f64,
    warm_min_ms: f64,
    warm_median_ms: f64,
    /// Why there are no times.
    error: Option<String>,
}

/// Room a size takes for a moment: the log and the blocks of the same events, with a margin.
const BYTES_PER_EVENT: u64 = 120;
/// The log holds events until they are blocks.
const BYTES_BESIDE: u64 = 2 << 30;

/// Runs the scenario.
///
/// # Errors
/// When the server can't take the events or loses any.
pub(crate) async fn run(
    bench: &Bench,
    scenario: &Scenario,
    queries: &Queries,
    sizes: &[u64],
    warm_runs: usize,
) -> anyhow::Result<Report> {
    let (mut all, mut left_out) = (Vec::new(), Vec::new());
    let asked = [scenario.data.events];
    // Less than the smallest size is a quick look at one size.
    let sizes = match sizes.iter().any(|events| *events <= asked[0]) {
        true => sizes,
        false => &asked,
    };
    for events in sizes {
        let wanted = events * BYTES_PER_EVENT + BYTES_BESIDE;
        if *events > scenario.data.events {
            left_out.push(format!("{} (more than was asked for)", thousands(*events)));
        } else if free_bytes(&bench.data)? < wanted {
            left_out.push(format!("{} (the disk has no room)", thousands(*events)));
        } else {
            all.push(measure(bench, scenario, queries, *events, warm_runs).await?);
        }
    }
    for size in &left_out {
        note(&format!("left out: {size}"));
    }
    Ok(report(bench, scenario, queries, &all, &left_out))
}

async fn measure(
    bench: &Bench,
    scenario: &Scenario,
    queries: &Queries,
    events: u64,
    warm_runs: usize,
) -> anyhow::Result<Size> {
    note(&format!("growth: loading {events} events"));
    let window = Window::ending_before(bench.date.as_second(), scenario.data.hours);
    let data = crate::scenario::Data {
        events,
        ..scenario.data
    };
    let spans = Arc::new(data.spans(window));
    let (trace, _) = spans
        .sample_trace()
        .context("too few events for a whole trace")?;
    let folder = tempfile::tempdir_in(&bench.data)?;
    let launch = bench.launch_without_cache(&folder.path().join("waggle"));
    let server = Server::start(&launch).await?;
    let began = Instant::now();
    let progress = |sent: u64| {
        let per_s = sent as f64 / began.elapsed().as_secs_f64();
        note(&format!("  {sent} events, {per_s:.0} events/s"));
    };
    let (connections, each) = (scenario.load.connections, scenario.load.events_per_request);
    let loaded = load(&server, &spans, connections, each, progress).await?;
    let memory_loaded = server.memory()?;

    note("growth: killing and starting the server");
    server.kill()?;
    let recovery_wal_bytes = server::folder_bytes(&launch.data_dir.join("wal"))?;
    let server = Server::start(&launch).await?;
    let recovery_s = server.startup.as_secs_f64();
    let asker = Asker::new(&server, window, &trace).await?;
    wait_until_visible(&asker, loaded.events).await?;
    server.stop().await?;
    let stored_bytes = server::folder_bytes(&launch.data_dir)?;

    let server = Server::start(&launch).await?;
    let startup_s = server.startup.as_secs_f64();
    let asker = Asker::new(&server, window, &trace).await?;
    let block_count = asker.metric("waggle_blocks").await?;
    let mut asked = Vec::new();
    for query in &queries.queries {
        note(&format!("asking {}", query.id));
        let times = async {
            let prepared = asker.prepare(query).await?;
            let first = asker.ask(&prepared).await?.elapsed;
            anyhow::Ok((first, run_warm(&asker, &prepared, warm_runs).await?))
        };
        let (first, warm, error) = match times.await {
            Ok((first, warm)) => (first, warm, None),
            Err(error) => (
                std::time::Duration::ZERO,
                Vec::new(),
                Some(format!("{error:#}")),
            ),
        };
        asked.push(Asked {
            id: query.id.clone(),
            first_ms: first.as_secs_f64() * 1e3,
            warm_min_ms: rank_ms(&warm, 0.0),
            warm_median_ms: rank_ms(&warm, 0.5),
            error,
        });
    }
    let memory_asked = server.memory()?;
    server.stop().await?;
    Ok(Size {
        events,
        loaded,
        memory_loaded,
        memory_asked,
        recovery_s,
        recovery_wal_bytes,
        startup_s,
        stored_bytes,
        block_count,
        queries: asked,
    })
}

/// Room on the disk of a folder.
fn free_bytes(folder: &Path) -> anyhow::Result<u64> {
    let output = Command::new("df")
        .args(["--output=avail", "-B1"])
        .arg(folder)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let free = text
        .lines()
        .nth(1)
        .and_then(|line| line.trim().parse().ok());
    free.context("cannot read the room on the disk")
}

fn report(
    bench: &Bench,
    scenario: &Scenario,
    queries: &Queries,
    all: &[Size],
    left_out: &[String],
) -> Report {
    let mut report = bench.report(scenario);
    if !left_out.is_empty() {
        report
            .figures
            .push(Figure::new("left out", left_out.join(", ")));
    }
    let mut sizes = Table::new(
        "Start after kill -9 at the end of loading, with the log it had to read back; start after a clean stop; memory after \
         loading and after the queries, with the greatest so far.",
        &[
            "events",
            "events/s",
            "server CPU s/M",
            "memory loaded MB (peak)",
            "memory asked MB (peak)",
            "start after kill s",
            "log MB",
            "clean start s",
            "blocks",
            "B an event",
        ],
    );
    for size in all {
        let memory = |memory: Memory| format!("{:.0} ({:.0})", memory.rss_mb, memory.peak_rss_mb);
        sizes.rows.push(vec![
            thousands(size.events),
            short(size.loaded.events_per_s),
            short(size.loaded.server_cpu_s_per_million),
            memory(size.memory_loaded),
            memory(size.memory_asked),
            short(size.recovery_s),
            short(size.recovery_wal_bytes as f64 / 1e6),
            short(size.startup_s),
            size.block_count.to_string(),
            short(size.stored_bytes as f64 / size.events as f64),
        ]);
    }
    let mut times = Table::new(
        "Milliseconds at the client: first run, least and median of the warm runs.",
        &["query"],
    );
    times.head.extend(
        all.iter()
            .map(|size| format!("{} events", thousands(size.events))),
    );
    for query in &queries.queries {
        let mut row = vec![format!("{} {}", query.id, query.question)];
        for size in all {
            let asked = size.queries.iter().find(|asked| asked.id == query.id);
            row.push(asked.map_or_else(String::new, |asked| match &asked.error {
                Some(_) => "failed".to_owned(),
                None => format!(
                    "{} / {} / {}",
                    short(asked.first_ms),
                    short(asked.warm_min_ms),
                    short(asked.warm_median_ms)
                ),
            }));
        }
        times.rows.push(row);
    }
    let errors = all.iter().flat_map(|size| &size.queries);
    let errors =
        errors.filter_map(|asked| Some(format!("{}: {}", asked.id, asked.error.as_ref()?)));
    report.faults = errors.collect();
    report.tables = vec![sizes, times];
    report.data = json!(all);
    report
}
