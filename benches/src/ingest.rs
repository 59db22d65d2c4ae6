//! Events through each door in turn, each on an empty folder. All bodies of a door are in memory before its clock starts, so that
//! the client costs little: what it costs all the same is said beside.

use crate::ask::{Asker, Window};
use crate::bench::{Bench, wait_until_visible};
use crate::load::{LoadClock, Loaded, Part};
use crate::note;
use crate::report::{Figure, Goal, Report, Table, short, thousands};
use crate::scenario::Scenario;
use crate::send::{Protocol, Sender};
use crate::server::{self, Server};
use crate::spans::{Spans, batch, otlp};
use anyhow::Context;
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What one door takes.
#[derive(Clone, Debug, Serialize)]
struct Taken {
    protocol: &'static str,
    loaded: Loaded,
    memory: Vec<Sample>,
    peak_rss_mb: f64,
    visible_s: f64,
    stored_bytes: u64,
}

/// Memory at a moment.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Sample {
    pub(crate) at_s: f64,
    pub(crate) rss_mb: f64,
}

const SAMPLE_EVERY: Duration = Duration::from_millis(250);
/// The rate over which the goals of the issue are counted.
const CORES: f64 = 2.0;

/// Bodies of one protocol with their numbers of events, in the order of time.
pub(crate) type Bodies = Vec<(usize, Bytes)>;

/// Runs the scenario.
///
/// # Errors
/// When the server refuses events, or not all of them are there afterwards.
pub(crate) async fn run(
    bench: &Bench,
    scenario: &Scenario,
    must_events_per_s: f64,
) -> anyhow::Result<Report> {
    let mut all = Vec::new();
    for protocol in Protocol::ALL {
        all.push(take(bench, scenario, protocol).await?);
    }
    Ok(report(bench, scenario, &all, must_events_per_s))
}

async fn take(bench: &Bench, scenario: &Scenario, protocol: Protocol) -> anyhow::Result<Taken> {
    note(&format!(
        "{}: making {} events",
        protocol.name(),
        scenario.data.events
    ));
    let window = Window::ending_before(bench.date.as_second(), scenario.data.hours);
    let spans = scenario.data.spans(window);
    let bodies = make(
        &spans,
        protocol,
        scenario.load.events_per_request,
        bench.machine.cores,
    )?;
    let folder = tempfile::tempdir_in(&bench.data)?;
    let data_dir = folder.path().join("waggle");
    let server = Server::start(&bench.launch(&data_dir)).await?;
    note(&format!("{}: sending", protocol.name()));
    let began = Instant::now();
    let memory = Memory::watch(server.process(), began);
    let loaded = send(
        &server,
        protocol,
        Arc::new(bodies),
        scenario.load.connections,
    )
    .await?;
    let memory = memory.stop().await?;
    let asker = Asker::new(&server, window, "").await?;
    let visible = wait_until_visible(&asker, loaded.events).await?;
    let peak_rss_mb = server.memory()?.peak_rss_mb;
    server.stop().await?;
    Ok(Taken {
        protocol: protocol.name(),
        loaded,
        memory,
        peak_rss_mb,
        visible_s: visible.as_secs_f64(),
        stored_bytes: server::folder_bytes(&data_dir)?,
    })
}

/// All bodies of a protocol, made on all cores.
///
/// # Errors
/// When a body can't be made.
pub(crate) fn make(
    spans: &Spans,
    protocol: Protocol,
    events_per_request: usize,
    threads: usize,
) -> anyhow::Result<Bodies> {
    let block_count = spans.block_count();
    let next = std::sync::atomic::AtomicU64::new(0);
    let work = || -> anyhow::Result<Vec<(u64, Bodies)>> {
        let mut made = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= block_count {
                return Ok(made);
            }
            let block = spans.block(number);
            let bodies = match protocol {
                Protocol::OtlpHttp | Protocol::OtlpGrpc => {
                    otlp::requests(&block, spans, events_per_request)
                }
                Protocol::BatchJson => batch::json(&block, spans, events_per_request),
                Protocol::BatchMsgpack => batch::msgpack_zstd(&block, spans, events_per_request)?,
            };
            let bodies = bodies.into_iter();
            made.push((
                number,
                bodies
                    .map(|(count, body)| (count, Bytes::from(body)))
                    .collect(),
            ));
        }
    };
    let mut parts = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut parts = Vec::new();
        for worker in workers {
            let made = worker.join().ok().context("a maker of bodies panicked")?;
            parts.extend(made?);
        }
        anyhow::Ok(parts)
    })?;
    parts.sort_unstable_by_key(|(number, _)| *number);
    Ok(parts.into_iter().flat_map(|(_, bodies)| bodies).collect())
}

/// Sends all bodies over so many connections, in order as far as these allow.
///
/// # Errors
/// When the server refuses events or goes away.
pub(crate) async fn send(
    server: &Server,
    protocol: Protocol,
    bodies: Arc<Bodies>,
    connections: usize,
) -> anyhow::Result<Loaded> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    let clock = LoadClock::start(server)?;
    for _ in 0..connections {
        let mut sender = Sender::of_spans(server, protocol)?;
        let (bodies, next) = (Arc::clone(&bodies), Arc::clone(&next));
        tasks.spawn(async move {
            let mut part = Part::default();
            while let Some((events, body)) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                part.deliver(&mut sender, body, *events).await?;
            }
            anyhow::Ok(part)
        });
    }
    let mut whole = Part::default();
    while let Some(part) = tasks.join_next().await {
        whole.add(part??);
    }
    clock.stop(server, whole)
}

/// Reads a process's memory over and over.
pub(crate) struct Memory {
    task: tokio::task::JoinHandle<Vec<Sample>>,
    stop: Arc<tokio::sync::Notify>,
}

impl Memory {
    /// Starts reading.
    pub(crate) fn watch(process: u32, began: Instant) -> Self {
        let stop = Arc::new(tokio::sync::Notify::new());
        let stopped = Arc::clone(&stop);
        let task = tokio::spawn(async move {
            let mut samples = Vec::new();
            let mut tick = tokio::time::interval(SAMPLE_EVERY);
            loop {
                tokio::select! {
                    _ = tick.tick() => {}
                    () = stopped.notified() => return samples,
                }
                // The process may be gone; then there is nothing to note.
                if let Ok(memory) = server::memory(process) {
                    samples.push(Sample {
                        at_s: began.elapsed().as_secs_f64(),
                        rss_mb: memory.rss_mb,
                    });
                }
            }
        });
        Self { task, stop }
    }

    /// What was read.
    ///
    /// # Errors
    /// When the reader panicked.
    pub(crate) async fn stop(self) -> anyhow::Result<Vec<Sample>> {
        self.stop.notify_one();
        Ok(self.task.await?)
    }
}

/// Greatest memory in the last quarter by that in the second: about 1 when it is steady.
pub(crate) fn growth_of(samples: &[Sample]) -> f64 {
    let quarter = samples.len() / 4;
    let greatest = |samples: &[Sample]| {
        samples
            .iter()
            .map(|sample| sample.rss_mb)
            .fold(0.0, f64::max)
    };
    let second = greatest(samples.get(quarter..2 * quarter).unwrap_or_default());
    let last = greatest(samples.get(3 * quarter..).unwrap_or_default());
    last / second.max(1.0)
}

fn report(bench: &Bench, scenario: &Scenario, all: &[Taken], must_events_per_s: f64) -> Report {
    let mut table = Table::new(
        "`events/s` is what was measured while the client used the same cores. `two cores of server CPU` is 2 divided by the \
         server's CPU seconds per event: what it would take if it had both cores to itself, computed and not measured.",
        &[
            "door",
            "events/s",
            "two cores of server CPU",
            "server CPU s/M",
            "client CPU s/M",
            "ack p50 ms",
            "p99",
            "max",
            "MB/s",
            "B/event sent",
            "B/event stored",
            "memory MB start / peak / end",
            "last by second quarter",
            "visible s",
        ],
    );
    for taken in all {
        let loaded = &taken.loaded;
        let at = |index: usize| taken.memory.get(index).map_or(0.0, |sample| sample.rss_mb);
        let events = loaded.events as f64;
        table.rows.push(vec![
            taken.protocol.to_owned(),
            thousands(loaded.events_per_s as u64),
            thousands((CORES * 1e6 / loaded.server_cpu_s_per_million) as u64),
            short(loaded.server_cpu_s_per_million),
            short(loaded.client_cpu_s_per_million),
            short(loaded.ack_p50_ms),
            short(loaded.ack_p99_ms),
            short(loaded.ack_max_ms),
            short(loaded.body_bytes as f64 / 1e6 / loaded.elapsed_s),
            short(loaded.body_bytes as f64 / events),
            short(taken.stored_bytes as f64 / events),
            format!(
                "{:.0} / {:.0} / {:.0}",
                at(0),
                taken.peak_rss_mb,
                at(taken.memory.len().saturating_sub(1))
            ),
            short(growth_of(&taken.memory)),
            short(taken.visible_s),
        ]);
    }
    let mut report = bench.report(scenario);
    report.figures = vec![Figure::new(
        "load",
        format!(
            "{} events a door, {} a request, {} connections, seed {}; each ack after its fsync",
            thousands(scenario.data.events),
            scenario.load.events_per_request,
            scenario.load.connections,
            scenario.data.seed
        ),
    )];
    report.tables = vec![table];
    if let Some(first) = all.first() {
        let loaded = &first.loaded;
        let goal = |what: &str, found: f64| Goal {
            what: format!("{}, {what}, events/s", first.protocol),
            found,
            wanted: must_events_per_s,
            is_must: true,
        };
        report.goals = vec![
            goal("measured beside the client", loaded.events_per_s),
            goal(
                "two cores of server CPU",
                CORES * 1e6 / loaded.server_cpu_s_per_million,
            ),
        ];
    }
    report.data = json!(all);
    report
}
