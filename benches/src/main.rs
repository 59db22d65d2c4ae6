//! The benchmark. What comes in: a scenario file and a built `waggle`. What goes out: a table, a JSON file of the run and, on
//! request, a section for docs/benchmarks.md. What it never does: reach into the server; it uses the doors that users use.

mod ask;
mod load;
mod machine;
mod report;
mod scenario;
mod server;
mod spans;

use anyhow::{Context, bail, ensure};
use ask::{Asker, Window};
use clap::Parser;
use jiff::Timestamp;
use machine::Machine;
use report::Report;
use reqwest::Client;
use scenario::Scenario;
use server::Server;
use spans::{BLOCK_ROWS, Spans};
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Loads generated events into a real server and times its answers
#[derive(Parser, Debug)]
#[command(name = "waggle-bench")]
struct Arguments {
    /// A file of benches/scenarios without its ending, or a path to another
    #[arg(default_value = "spans")]
    scenario: String,
    /// The server to measure
    #[arg(long, value_name = "FILE", default_value = "target/release/waggle")]
    waggle: PathBuf,
    /// Events to load, instead of the scenario's number
    #[arg(long, value_name = "NUMBER")]
    events: Option<u64>,
    /// Connections to load over, instead of the scenario's number
    #[arg(long, value_name = "NUMBER")]
    connections: Option<usize>,
    /// Warm runs of each query, instead of the scenario's number
    #[arg(long, value_name = "NUMBER")]
    warm_runs: Option<usize>,
    /// Folder of scenarios
    #[arg(long, value_name = "FOLDER", default_value = "benches/scenarios")]
    scenarios: PathBuf,
    /// Folder in which the server's data lives while it runs; take one on the disk to be measured
    #[arg(long, value_name = "FOLDER", default_value = "benches/data")]
    data: PathBuf,
    /// Folder of results
    #[arg(long, value_name = "FOLDER", default_value = "benches/results")]
    results: PathBuf,
    /// Print the section for docs/benchmarks.md instead of the table
    #[arg(long)]
    markdown: bool,
    /// Leave the server's data where it is
    #[arg(long)]
    keep: bool,
}

/// An acknowledged event must be visible within a second; a busy machine may take longer before this gives up.
const VISIBLE_MAX: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    match measure(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(&format!("waggle-bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(run(arguments))?;
    fs::create_dir_all(&arguments.results)?;
    let name = format!("{}-{}.json", report.day(), report.machine.commit);
    let path = arguments.results.join(name);
    fs::write(&path, serde_json::to_string_pretty(&report)? + "\n")?;
    say(&if arguments.markdown {
        report.markdown()
    } else {
        report.table()
    });
    note(&format!("written to {}", path.display()));
    Ok(())
}

async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let mut scenario = Scenario::open(&arguments.scenarios, &arguments.scenario)?;
    scenario.data.events = arguments.events.unwrap_or(scenario.data.events);
    scenario.load.connections = arguments.connections.unwrap_or(scenario.load.connections);
    scenario.ask.warm_runs = arguments.warm_runs.unwrap_or(scenario.ask.warm_runs);
    ensure!(scenario.ask.warm_runs > 0, "--warm-runs is at least 1");
    let machine = Machine::look(&arguments.waggle);
    let date = Timestamp::now();

    fs::create_dir_all(&arguments.data)
        .with_context(|| format!("cannot make {}", arguments.data.display()))?;
    let mut folder = tempfile::tempdir_in(&arguments.data)?;
    folder.disable_cleanup(arguments.keep);
    let data_dir = folder.path().join("data");
    let log = folder.path().join("server.log");

    // The last whole minute ends the data, so that every bucket of a minute is full.
    let end_s = date.as_second().div_euclid(60) * 60;
    let window = Window {
        start_s: end_s - scenario.data.hours * 3_600,
        end_s,
    };
    let spans = Arc::new(Spans::new(
        scenario.data.seed,
        scenario.data.events,
        window.start_s * 1_000_000_000,
        scenario.data.hours,
    ));
    let trace = spans
        .sample_trace()
        .context("too few events for a whole trace")?;

    let server = Server::start(&arguments.waggle, &data_dir, &log).await?;
    let startup_empty_s = server.startup.as_secs_f64();
    note(&format!("loading {} events", scenario.data.events));
    let began = Instant::now();
    let progress = |blocks: u64| {
        let events = (blocks * BLOCK_ROWS as u64).min(scenario.data.events);
        let per_s = events as f64 / began.elapsed().as_secs_f64();
        note(&format!("  {events} events, {per_s:.0} events/s"));
    };
    let load = &scenario.load;
    let loaded = load::load(
        &server,
        &spans,
        load.connections,
        load.spans_per_request,
        progress,
    )
    .await?;
    let memory_loaded = server.memory()?;
    let asker = |server: &Server| Asker {
        client: Client::new(),
        endpoint: server.endpoint.clone(),
        window,
        loaded: &loaded,
        trace: &trace,
    };
    let visible_s = wait_until_visible(&asker(&server), loaded.events).await?;

    note("stopping and starting the server");
    let shutdown_s = server.stop().await?.as_secs_f64();
    let stored_bytes = server::folder_bytes(&data_dir)?;
    let stored_parts = server::folder_parts(&data_dir)?;
    let server = Server::start(&arguments.waggle, &data_dir, &log).await?;
    let startup_loaded_s = server.startup.as_secs_f64();

    let mut queries = Vec::new();
    let asker = asker(&server);
    for query in &scenario.queries {
        note(&format!("asking {}", query.id));
        queries.push(asker.ask(query, scenario.ask.warm_runs).await?);
    }
    let memory_asked = server.memory()?;
    server.stop().await?;
    if arguments.keep {
        note(&format!("data is kept in {}", folder.path().display()));
    }
    Ok(Report {
        scenario: scenario.name,
        date: date.to_string(),
        machine,
        seed: scenario.data.seed,
        connections: scenario.load.connections,
        spans_per_request: scenario.load.spans_per_request,
        warm_runs: scenario.ask.warm_runs,
        stored_bytes_per_event: stored_bytes as f64 / loaded.events as f64,
        loaded,
        memory_loaded,
        memory_asked,
        visible_s,
        shutdown_s,
        startup_empty_s,
        startup_loaded_s,
        stored_bytes,
        stored_parts,
        queries,
    })
}

/// Counts until every acknowledged event is seen; gives the time in seconds.
async fn wait_until_visible(asker: &Asker<'_>, events: u64) -> anyhow::Result<f64> {
    let began = Instant::now();
    loop {
        let total = asker.total().await?;
        let elapsed = began.elapsed();
        if total == events {
            return Ok(elapsed.as_secs_f64());
        }
        if total > events || elapsed > VISIBLE_MAX {
            bail!("{events} events were acknowledged, but COUNT says {total} after {elapsed:?}");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[expect(clippy::print_stdout, reason = "this is the output of a command")]
fn say(text: &str) {
    print!("{text}");
}

#[expect(
    clippy::print_stderr,
    reason = "progress is for the person who waits, not for the pipe"
)]
fn note(text: &str) {
    eprintln!("{text}");
}
