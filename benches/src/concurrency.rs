//! Queries at once while events come in at half of what the server takes alone: neither may starve the other.

use crate::ask::{Asker, Busy, Window};
use crate::bench::{Bench, wait_until_visible};
use crate::ingest::{self, Bodies, Memory, growth_of};
use crate::load::{Part, rank_ms};
use crate::note;
use crate::report::{Figure, Report, Table, short, thousands};
use crate::scenario::{Queries, Scenario};
use crate::send::{Protocol, Sender};
use crate::server::Server;
use anyhow::Context;
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What the askers found.
#[derive(Debug, Default)]
struct Asked {
    times: BTreeMap<String, Vec<Duration>>,
    busy: u64,
    errors: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Spread {
    what: String,
    count: usize,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

/// The rate is kept by sending so many events at a time per connection and waiting for their turn.
const CONNECTIONS: usize = 4;

/// Runs the scenario.
///
/// # Errors
/// When the server refuses events or goes away.
pub(crate) async fn run(
    bench: &Bench,
    scenario: &Scenario,
    queries: &Queries,
    at_once: usize,
    length: Duration,
) -> anyhow::Result<Report> {
    let window = Window::ending_before(bench.date.as_second(), scenario.data.hours);
    let spans = scenario.data.spans(window);
    let (trace, _) = spans
        .sample_trace()
        .context("too few events for a whole trace")?;
    note("concurrency: making events");
    let each = scenario.load.events_per_request;
    let bodies = ingest::make(&spans, Protocol::OtlpHttp, each, bench.machine.cores)?;
    let bodies = Arc::new(bodies);
    let folder = tempfile::tempdir_in(&bench.data)?;
    let server = Server::start(&bench.launch(&folder.path().join("waggle"))).await?;
    note("concurrency: loading, which measures the rate alone");
    let loaded = ingest::send(
        &server,
        Protocol::OtlpHttp,
        Arc::clone(&bodies),
        scenario.load.connections,
    )
    .await?;
    let asker = Asker::new(&server, window, &trace).await?;
    wait_until_visible(&asker, loaded.events).await?;

    let rate = loaded.events_per_s / 2.0;
    note(&format!(
        "concurrency: {at_once} queries at once beside {rate:.0} events/s"
    ));
    let began = Instant::now();
    let end = began + length;
    let memory = Memory::watch(server.process(), began);
    let ingesting = tokio::spawn(keep_sending(senders(&server)?, bodies, rate, end));
    let asked = ask_at_once(&asker, queries, at_once, end).await?;
    let acks = ingesting.await??;
    let memory = memory.stop().await?;
    let total = asker.total().await?;
    let peak = server.memory()?.peak_rss_mb;
    server.stop().await?;

    let mut report = bench.report(scenario);
    let sent_per_s = acks.events as f64 / length.as_secs_f64();
    let count: usize = asked.times.values().map(Vec::len).sum();
    report.figures = vec![
        Figure::new(
            "ingest alone",
            format!(
                "{} events/s, ack p50 {} ms, p99 {} ms",
                thousands(loaded.events_per_s as u64),
                short(loaded.ack_p50_ms),
                short(loaded.ack_p99_ms)
            ),
        ),
        Figure::new(
            "ingest beside the queries",
            format!(
                "{} of {} events/s wanted, {} retries",
                thousands(sent_per_s as u64),
                thousands(rate as u64),
                acks.retries
            ),
        ),
        Figure::new(
            "queries",
            format!(
                "{at_once} at once over {} events and more: {count} answered in {} s, {} refused as busy",
                thousands(loaded.events),
                length.as_secs(),
                asked.busy
            ),
        ),
        Figure::new(
            "memory",
            format!(
                "peak {peak:.0} MB, last by second quarter {}",
                short(growth_of(&memory))
            ),
        ),
    ];
    let mut spreads = vec![spread("durable ack", acks.acks.clone())];
    spreads.push(spread(
        "all queries",
        asked.times.values().flatten().copied().collect(),
    ));
    spreads.extend(
        asked
            .times
            .iter()
            .map(|(id, times)| spread(id, times.clone())),
    );
    let mut table = Table::new(
        "Milliseconds at the client.",
        &["what", "count", "p50", "p99", "max"],
    );
    for spread in &spreads {
        let numbers = [spread.p50_ms, spread.p99_ms, spread.max_ms].map(short);
        table.rows.push(
            [
                vec![spread.what.clone(), spread.count.to_string()],
                numbers.to_vec(),
            ]
            .concat(),
        );
    }
    report.tables = vec![table];
    let sent = loaded.events + acks.events;
    if total != sent {
        report.faults.push(format!(
            "{sent} events were acknowledged, but COUNT says {total}"
        ));
    }
    report.faults.extend(asked.errors);
    report.data = json!({
        "alone": loaded, "rate": rate, "sent_per_s": sent_per_s, "retries": acks.retries, "busy": asked.busy,
        "spreads": spreads, "memory": memory,
    });
    Ok(report)
}

fn senders(server: &Server) -> anyhow::Result<Vec<Sender>> {
    (0..CONNECTIONS)
        .map(|_| Sender::of_spans(server, Protocol::OtlpHttp))
        .collect()
}

/// Sends the bodies over and over, each when its turn comes at the rate; one that is late does not wait.
async fn keep_sending(
    senders: Vec<Sender>,
    bodies: Arc<Bodies>,
    rate: f64,
    end: Instant,
) -> anyhow::Result<Part> {
    let began = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    let each = bodies.first().map_or(1, |(events, _)| *events) as f64;
    for mut sender in senders {
        let (bodies, next) = (Arc::clone(&bodies), Arc::clone(&next));
        tasks.spawn(async move {
            let mut part = Part::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let turn = began + Duration::from_secs_f64(number as f64 * each / rate);
                if turn >= end || Instant::now() >= end {
                    return anyhow::Ok(part);
                }
                tokio::time::sleep_until(turn.into()).await;
                let body: &(usize, Bytes) = &bodies[number % bodies.len()];
                part.deliver(&mut sender, &body.1, body.0).await?;
            }
        });
    }
    let mut whole = Part::default();
    while let Some(part) = tasks.join_next().await {
        whole.add(part??);
    }
    Ok(whole)
}

/// So many askers, each going through the queries in turn from another one on.
async fn ask_at_once(
    asker: &Asker,
    queries: &Queries,
    at_once: usize,
    end: Instant,
) -> anyhow::Result<Asked> {
    let mut prepared = Vec::new();
    let mut whole = Asked::default();
    for query in &queries.queries {
        match asker.prepare(query).await {
            Ok(ready) => prepared.push((query.id.clone(), ready)),
            Err(error) => whole.errors.push(format!("{}: {error:#}", query.id)),
        }
    }
    let prepared = Arc::new(prepared);
    let mut tasks = JoinSet::new();
    for number in 0..at_once {
        let (asker, prepared) = (asker.clone(), Arc::clone(&prepared));
        tasks.spawn(async move {
            let mut asked = Asked::default();
            let mut failed = std::collections::BTreeSet::new();
            for (id, query) in prepared.iter().cycle().skip(number) {
                if Instant::now() >= end || failed.len() == prepared.len() {
                    break;
                }
                match asker.ask(query).await {
                    Ok(answered) => asked
                        .times
                        .entry(id.clone())
                        .or_default()
                        .push(answered.elapsed),
                    Err(error) if error.is::<Busy>() => asked.busy += 1,
                    Err(error) => {
                        if failed.insert(id.clone()) && number == 0 {
                            asked.errors.push(format!("{id}: {error:#}"));
                        }
                    }
                }
            }
            asked
        });
    }
    while let Some(asked) = tasks.join_next().await {
        let asked = asked?;
        whole.busy += asked.busy;
        whole.errors.extend(asked.errors);
        for (id, times) in asked.times {
            whole.times.entry(id).or_default().extend(times);
        }
    }
    Ok(whole)
}

fn spread(what: &str, mut times: Vec<Duration>) -> Spread {
    times.sort_unstable();
    Spread {
        what: what.to_owned(),
        count: times.len(),
        p50_ms: rank_ms(&times, 0.5),
        p99_ms: rank_ms(&times, 0.99),
        max_ms: rank_ms(&times, 1.0),
    }
}
