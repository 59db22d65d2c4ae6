//! The benchmark. What comes in: a scenario file and a built `waggle`. What goes out: tables, a JSON file of the run and, on
//! request, a section for docs/benchmarks.md. What it never does: reach into the server; it uses the doors that users use.

mod answer;
mod ask;
mod bench;
mod bubbleup;
mod compare;
mod concurrency;
mod growth;
mod ingest;
mod load;
mod machine;
mod peer;
mod report;
mod scenario;
mod segments;
mod send;
mod server;
mod soak;
mod spans;
mod traces;

use anyhow::{Context, ensure};
use bench::Bench;
use clap::Parser;
use jiff::Timestamp;
use machine::Machine;
use peer::Python;
use report::Report;
use scenario::{Queries, Run, Scenario};
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

/// Measures a real server through its doors
#[derive(Parser, Debug)]
#[command(name = "waggle-bench")]
struct Arguments {
    /// Files of benches/scenarios without their ending, or paths to others; they run one after the other
    #[arg(default_values = ["compare", "ingest", "concurrency", "growth"])]
    scenarios: Vec<String>,
    /// The server to measure
    #[arg(long, value_name = "FILE", default_value = "target/release/waggle")]
    waggle: PathBuf,
    /// A Python with the packages of benches/peers/requirements.txt
    #[arg(long, value_name = "FILE", default_value = "benches/.venv/bin/python")]
    python: PathBuf,
    /// Events, instead of the scenario's number; for growth and bubbleup the largest size
    #[arg(long, value_name = "NUMBER")]
    events: Option<u64>,
    /// Connections to send over, instead of the scenario's number
    #[arg(long, value_name = "NUMBER")]
    connections: Option<usize>,
    /// Warm runs of each query, instead of the scenario's number
    #[arg(long, value_name = "NUMBER")]
    warm_runs: Option<usize>,
    /// Cold runs of each query, instead of the scenario's number
    #[arg(long, value_name = "NUMBER")]
    cold_runs: Option<usize>,
    /// Only these queries; may be given several times
    #[arg(long, value_name = "ID")]
    query: Vec<String>,
    /// Length of the soak, instead of the scenario's
    #[arg(long, value_name = "NUMBER")]
    minutes: Option<f64>,
    /// Rate of the soak, instead of the scenario's
    #[arg(long, value_name = "NUMBER")]
    events_per_second: Option<u64>,
    /// Folder of the project's benchmarks
    #[arg(long, value_name = "FOLDER", default_value = "benches")]
    benches: PathBuf,
    /// Folder for data while it is needed, instead of benches/data; take one on the disk to be measured
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Print sections for docs/benchmarks.md instead of tables
    #[arg(long)]
    markdown: bool,
    /// Leave the data where it is
    #[arg(long)]
    keep: bool,
    /// Compare on the data that an earlier run left in this folder, or load it there
    #[arg(long, value_name = "FOLDER")]
    reuse: Option<PathBuf>,
}

fn main() -> ExitCode {
    match measure(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            note(&format!("waggle-bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs every scenario; true when nothing was wrong. A goal that is missed is a finding and nothing wrong.
fn measure(arguments: &Arguments) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let data = arguments
        .data
        .clone()
        .unwrap_or_else(|| arguments.benches.join("data"));
    fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
    let mut is_right = true;
    for name in &arguments.scenarios {
        let scenario = open(arguments, name)?;
        let bench = Bench {
            waggle: arguments.waggle.clone(),
            python: Python {
                program: arguments.python.clone(),
                scripts: arguments.benches.join("peers"),
            },
            data: data.clone(),
            keep: arguments.keep,
            reuse: arguments.reuse.clone(),
            machine: Machine::look(&arguments.waggle),
            date: Timestamp::now(),
        };
        let report = match runtime.block_on(run(&bench, &scenario, arguments)) {
            Ok(report) => report,
            Err(error) => {
                // The other scenarios may have something to say all the same.
                note(&format!("waggle-bench: {name}: {error:#}"));
                is_right = false;
                continue;
            }
        };
        save(&report, &arguments.benches)?;
        say(&if arguments.markdown {
            report.markdown()
        } else {
            report.text()
        });
        is_right &= report.faults.is_empty();
    }
    Ok(is_right)
}

/// The scenario, with what the command line says instead.
fn open(arguments: &Arguments, name: &str) -> anyhow::Result<Scenario> {
    let mut scenario = Scenario::open(&arguments.benches.join("scenarios"), name)?;
    scenario.data.events = arguments.events.unwrap_or(scenario.data.events);
    scenario.load.connections = arguments.connections.unwrap_or(scenario.load.connections);
    ensure!(scenario.load.connections > 0, "--connections is at least 1");
    ensure!(arguments.warm_runs != Some(0), "--warm-runs is at least 1");
    Ok(scenario)
}

async fn run(bench: &Bench, scenario: &Scenario, arguments: &Arguments) -> anyhow::Result<Report> {
    let queries = |name: &str| {
        let mut read = Queries::open(&arguments.benches.join("scenarios"), name)?;
        let is_wanted = |id: &String| arguments.query.is_empty() || arguments.query.contains(id);
        read.queries.retain(|query| is_wanted(&query.id));
        ensure!(!read.queries.is_empty(), "there is no such query");
        anyhow::Ok(read)
    };
    match &scenario.run {
        Run::Compare {
            queries: file,
            warm_runs,
            cold_runs,
            must_mean,
            aim_mean,
        } => {
            let plan = compare::Plan {
                warm_runs: arguments.warm_runs.unwrap_or(*warm_runs),
                cold_runs: arguments.cold_runs.unwrap_or(*cold_runs),
                must_mean: *must_mean,
                aim_mean: *aim_mean,
            };
            Box::pin(compare::run(bench, scenario, &queries(file)?, plan)).await
        }
        Run::Ingest { must_events_per_s } => ingest::run(bench, scenario, *must_events_per_s).await,
        Run::Segments => segments::run(bench, scenario).await,
        Run::Traces { runs, filters } => {
            let runs = arguments.warm_runs.unwrap_or(*runs);
            traces::run(bench, scenario, filters, runs).await
        }
        Run::Bubbleup { runs, sizes } => {
            let runs = arguments.warm_runs.unwrap_or(*runs);
            bubbleup::run(bench, scenario, sizes, runs).await
        }
        Run::Growth {
            queries: file,
            sizes,
            warm_runs,
        } => {
            let warm_runs = arguments.warm_runs.unwrap_or(*warm_runs);
            growth::run(bench, scenario, &queries(file)?, sizes, warm_runs).await
        }
        Run::Concurrency {
            queries: file,
            queries_at_once,
            seconds,
        } => {
            let length = std::time::Duration::from_secs(*seconds);
            concurrency::run(bench, scenario, &queries(file)?, *queries_at_once, length).await
        }
        Run::Soak {
            minutes,
            events_per_s,
            restart_every_s,
            query_every_ms,
            take_every_s,
        } => {
            let plan = soak::Plan {
                length_s: arguments.minutes.unwrap_or(*minutes) * 60.0,
                events_per_s: arguments.events_per_second.unwrap_or(*events_per_s).max(1),
                restart_every_s: *restart_every_s,
                query_every_ms: *query_every_ms,
                take_every_s: *take_every_s,
            };
            soak::run(bench, scenario, plan).await
        }
    }
}

fn save(report: &Report, benches: &std::path::Path) -> anyhow::Result<()> {
    let folder = benches.join("results");
    fs::create_dir_all(&folder)?;
    let name = format!(
        "{}-{}-{}.json",
        report.day(),
        report.machine.commit,
        report.scenario
    );
    let path = folder.join(name);
    fs::write(&path, serde_json::to_string_pretty(report)? + "\n")?;
    note(&format!("written to {}", path.display()));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is the output of a command")]
fn say(text: &str) {
    print!("{text}");
}

#[expect(
    clippy::print_stderr,
    reason = "progress is for the person who waits, not for the pipe"
)]
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}
