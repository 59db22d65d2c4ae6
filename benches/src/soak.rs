//! Everything at once for long: events through every door, answers checked against an oracle that knows every acknowledged event,
//! events erased, datasets deleted, clean stops and kills, memory and open files watched. In the last third nothing is restarted, to see whether memory is flat.

mod event;
mod keep;
mod oracle;
mod question;
mod work;

use crate::bench::Bench;
use crate::ingest::{Memory, Sample, growth_of};
use crate::note;
use crate::report::{Figure, Report, short, thousands};
use crate::scenario::Scenario;
use crate::send::Protocol;
use crate::server::{Launch, Server, folder_bytes};
use event::LATE_S_MAX;
use question::{Minutes, Questions};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use work::{Place, Shared};

/// What the file of the scenario says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) length_s: f64,
    pub(crate) events_per_s: u64,
    pub(crate) restart_every_s: u64,
    pub(crate) query_every_ms: u64,
    pub(crate) take_every_s: u64,
}

/// Small logs, so that they are closed and blocks written and merged all the time; small caches, so that they are full before memory is compared
/// and what grows afterwards is not theirs.
const SETTINGS: [&str; 8] = [
    "--wal-bytes-max",
    "8MiB",
    "--flush-interval",
    "10s",
    "--block-cache-bytes-max",
    "64MiB",
    "--query-cache-bytes",
    "32MiB",
];
/// Memory of the last quarter by that of the second, while nothing is restarted.
const MEMORY_GROWTH_MAX: f64 = 1.25;
/// A few megabytes more are nothing, whatever their share.
const MEMORY_GROWTH_MB: f64 = 50.0;
const FILES_MAX: usize = 1_000;
const SHOWN_FAULTS: usize = 20;

/// What was seen of one server.
#[derive(Debug, Default)]
struct Seen {
    clean_stops: u64,
    kills: u64,
    start_after_kill_max: Duration,
    files_max: usize,
    lost_there: u64,
    lost_gone: u64,
}

/// Runs the scenario.
///
/// # Errors
/// When a server can't be started or stopped. What is lost, doubled or wrong is a fault in the report.
pub(crate) async fn run(bench: &Bench, scenario: &Scenario, plan: Plan) -> anyhow::Result<Report> {
    let mut folder = tempfile::tempdir_in(&bench.data)?;
    let mut launch = bench.launch(&folder.path().join("waggle"));
    launch.settings = SETTINGS.map(str::to_owned).to_vec();
    let began = Instant::now();
    let end = began + Duration::from_secs_f64(plan.length_s);
    let first_minute = bench.date.as_second().div_euclid(60) - LATE_S_MAX / 60 - 1;
    let (publish, current) = watch::channel(None);
    let shared = Arc::new(Shared::new(current, first_minute, scenario.data.seed));
    let mut seen = Seen::default();

    let mut server = Server::start(&launch).await?;
    let mut number = 1;
    publish.send_replace(Some(Place::new(number, &server)));
    let mut tasks = JoinSet::new();
    let (connections, each) = (scenario.load.connections, scenario.load.events_per_request);
    let pause = Duration::from_secs_f64((each * connections) as f64 / plan.events_per_s as f64);
    for index in 0..connections {
        let protocol = Protocol::ALL[index % Protocol::ALL.len()];
        tasks.spawn(work::send_all_the_time(
            Arc::clone(&shared),
            index as u64,
            protocol,
            each,
            pause,
        ));
    }
    let query_pause = Duration::from_millis(plan.query_every_ms);
    tasks.spawn(work::ask_all_the_time(Arc::clone(&shared), query_pause));

    let keep_pause = Duration::from_secs(plan.take_every_s);
    tasks.spawn(keep::take_all_the_time(Arc::clone(&shared), keep_pause));

    let restarts_end = began + Duration::from_secs_f64(plan.length_s * 2.0 / 3.0);
    loop {
        let next = Instant::now() + Duration::from_secs(plan.restart_every_s);
        if next >= restarts_end {
            break;
        }
        tokio::time::sleep_until(next.into()).await;
        seen.files_max = seen.files_max.max(server.file_count()?);
        number += 1;
        let is_kill = number % 2 == 0;
        note(&format!(
            "soak: {}, {}",
            if is_kill { "kill -9" } else { "clean stop" },
            shared.progress()
        ));
        server = restart(server, &launch, is_kill, &publish, &mut seen).await?;
        resolve(&shared, &server, number, &mut seen).await?;
        publish.send_replace(Some(Place::new(number, &server)));
    }
    note(&format!("soak: no more restarts, {}", shared.progress()));
    let memory = Memory::watch(server.process(), began);
    tokio::time::sleep_until(end.into()).await;
    shared.stop.store(true, Ordering::Relaxed);
    while let Some(task) = tasks.join_next().await {
        task?;
    }
    let memory = memory.stop().await?;
    seen.files_max = seen.files_max.max(server.file_count()?);

    note("soak: comparing everything, before and after another clean stop");
    compare_all(&shared, &server, "at the end").await;
    publish.send_replace(None);
    let server = restart(server, &launch, false, &publish, &mut seen).await?;
    resolve(&shared, &server, number + 1, &mut seen).await?;
    compare_all(&shared, &server, "after the last start").await;
    server.stop().await?;
    let stored_bytes = folder_bytes(&launch.data_dir)?;
    let report = report(bench, scenario, plan, &shared, &seen, &memory, stored_bytes);
    if bench.keep || !report.faults.is_empty() {
        folder.disable_cleanup(true);
        note(&format!(
            "soak: data is kept in {}",
            folder.path().display()
        ));
    }
    Ok(report)
}

async fn restart(
    server: Server,
    launch: &Launch,
    is_kill: bool,
    publish: &watch::Sender<Option<Place>>,
    seen: &mut Seen,
) -> anyhow::Result<Server> {
    if is_kill {
        // Without a word to those who send: requests are on the way.
        server.kill()?;
        publish.send_replace(None);
        seen.kills += 1;
    } else {
        publish.send_replace(None);
        server.stop().await?;
        seen.clean_stops += 1;
    }
    let server = Server::start(launch).await?;
    if is_kill {
        seen.start_after_kill_max = seen.start_after_kill_max.max(server.startup);
    }
    Ok(server)
}

/// Finds out what became of requests whose connection broke: all of its events are there, or none.
async fn resolve(
    shared: &Shared,
    server: &Server,
    number: u64,
    seen: &mut Seen,
) -> anyhow::Result<()> {
    let questions = Questions::new(&server.endpoints.http)?;
    let lost = shared.oracle().take_unknown(number);
    for batch in lost {
        let tally = questions.batch(&batch, shared.minutes()).await?;
        let is_whole = tally.count == batch.events.len() as u64 && tally.sum == batch.sum();
        if tally.count > 0 && !is_whole && batch.dataset != keep::SHORT_DATASET {
            shared.fault(format!(
                "of request {} with {} events {tally:?} are there after a restart",
                batch.name,
                batch.events.len()
            ));
        }
        if is_whole {
            seen.lost_there += 1;
        } else {
            seen.lost_gone += 1;
        }
        shared.oracle().settle(&batch, is_whole);
    }
    Ok(())
}

/// Every tally of every dataset.
async fn compare_all(shared: &Shared, server: &Server, when: &str) {
    let place = Place::new(u64::MAX, server);
    let datasets = shared.oracle().datasets();
    for dataset in datasets {
        let minutes: Minutes = shared.minutes();
        match work::check_grid(shared, &place, &dataset, minutes).await {
            Ok(wrong) => {
                for fault in wrong {
                    shared.fault(format!("{when}, {dataset}, {fault}"));
                }
            }
            Err(error) => shared.fault(format!("{when}, {dataset}: {error:#}")),
        }
    }
}

fn report(
    bench: &Bench,
    scenario: &Scenario,
    plan: Plan,
    shared: &Shared,
    seen: &Seen,
    memory: &[Sample],
    stored_bytes: u64,
) -> Report {
    let growth = growth_of(memory);
    let peak = memory
        .iter()
        .map(|sample| sample.rss_mb)
        .fold(0.0, f64::max);
    let is_flat = growth <= MEMORY_GROWTH_MAX || peak * (1.0 - 1.0 / growth) <= MEMORY_GROWTH_MB;
    let acknowledged = shared.oracle().acknowledged;
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let mut faults = shared.take_faults();
    let wrong = faults.len();
    faults.truncate(SHOWN_FAULTS);
    if !is_flat {
        faults.push(format!(
            "memory grew {growth:.2} times while nothing was restarted"
        ));
    }
    if seen.files_max > FILES_MAX {
        faults.push(format!("{} files were open at once", seen.files_max));
    }
    if acknowledged == 0 {
        faults.push("no event was acknowledged".to_owned());
    }
    let mut report = bench.report(scenario);
    report.figures = vec![
        Figure::new(
            "length",
            format!(
                "{:.1} minutes, {} events/s wanted",
                plan.length_s / 60.0,
                thousands(plan.events_per_s)
            ),
        ),
        Figure::new(
            "acknowledged",
            format!(
                "{} events, {} times busy",
                thousands(acknowledged),
                count(&shared.busy)
            ),
        ),
        Figure::new(
            "restarts",
            format!(
                "{} clean stops, {} kills, start after a kill at most {} s",
                seen.clean_stops,
                seen.kills,
                short(seen.start_after_kill_max.as_secs_f64())
            ),
        ),
        Figure::new(
            "requests cut off",
            format!(
                "{} were there afterwards, {} were not, none in part unless said below",
                seen.lost_there, seen.lost_gone
            ),
        ),
        Figure::new(
            "taken away",
            format!(
                "{} requests erased, {} datasets deleted, one dataset limited by age",
                count(&shared.taken.erasures),
                count(&shared.taken.deletions)
            ),
        ),
        Figure::new(
            "answers checked",
            format!(
                "{}, {} wrong; {} refused as busy",
                thousands(count(&shared.checked)),
                wrong,
                count(&shared.busy_answers)
            ),
        ),
        Figure::new(
            "memory",
            format!(
                "last stretch: peak {peak:.0} MB, last by second quarter {}",
                short(growth)
            ),
        ),
        Figure::new("open files", format!("at most {}", seen.files_max)),
        Figure::new("on disk", format!("{:.1} MB", stored_bytes as f64 / 1e6)),
        Figure::new(
            "verdict",
            if faults.is_empty() {
                "nothing lost, nothing doubled, no wrong answer"
            } else {
                "see below"
            },
        ),
    ];
    report.faults = faults;
    report.data = json!({
        "acknowledged": acknowledged, "checked": count(&shared.checked), "wrong": wrong, "kills": seen.kills,
        "clean_stops": seen.clean_stops, "memory": memory, "files_max": seen.files_max, "stored_bytes": stored_bytes,
    });
    report
}
