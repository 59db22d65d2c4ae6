//! BubbleUp over wide events: one in a hundred against all others in every field, as somebody who drew a box waits for it. One field
//! alone tells the two apart; an answer that does not name it first is wrong.

use crate::bench::Bench;
use crate::load::rank_ms;
use crate::note;
use crate::report::{Figure, Goal, Report, Table, short, thousands};
use crate::scenario::{Scenario, Wide};
use crate::send::{Protocol, Sender};
use crate::server::{Server, folder_bytes};
use anyhow::ensure;
use bytes::Bytes;
use jiff::Timestamp;
use reqwest::Client;
use serde_json::{Value, json};
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const DATASET: &str = "wide";
/// The field that tells; the one that the selection is made by is told apart too, and stands beside it.
const CAUSE: &str = "cause";
const CHOSEN_BY: &str = "duration_ms";
const SLOW_MS: u64 = 900;
const ANSWER_MAX: Duration = Duration::from_secs(300);

/// Runs the scenario; sizes of more events than it says are left out.
///
/// # Errors
/// When the server refuses events or questions, or loses events.
pub(crate) async fn run(
    bench: &Bench,
    scenario: &Scenario,
    sizes: &[Wide],
    runs: usize,
) -> anyhow::Result<Report> {
    let mut report = bench.report(scenario);
    let mut table = Table::new(
        "Milliseconds at the client; `CPU` is the server's per answer. Nothing of an answer is remembered for the next.",
        &[
            "events",
            "fields",
            "p50",
            "p95",
            "first",
            "CPU",
            "bytes an event",
        ],
    );
    let mut all = Vec::new();
    let mut sizes = sizes.to_vec();
    sizes.retain(|size| size.events <= scenario.data.events);
    ensure!(!sizes.is_empty(), "every size has more events than that");
    for size in sizes {
        let measured = measure(bench, scenario, size, runs).await?;
        table.rows.push(vec![
            thousands(size.events),
            size.fields.to_string(),
            short(measured.p50_ms),
            short(measured.p95_ms),
            short(measured.first_ms),
            short(measured.cpu_ms),
            (measured.stored_bytes / size.events).to_string(),
        ]);
        report.goals.push(Goal {
            what: format!(
                "{} events of {} fields, {} ms to the p50",
                thousands(size.events),
                size.fields,
                size.must_ms
            ),
            found: size.must_ms / measured.p50_ms,
            wanted: 1.0,
            is_must: true,
        });
        if measured.first != CAUSE {
            let what = format!("{} is named first, not {CAUSE}", measured.first);
            report.faults.push(what);
        }
        all.push(json!({
            "events": size.events, "fields": size.fields, "p50_ms": measured.p50_ms, "p95_ms": measured.p95_ms,
            "first_ms": measured.first_ms, "server_cpu_ms": measured.cpu_ms, "stored_bytes": measured.stored_bytes,
        }));
    }
    report.figures.push(Figure::new("runs", runs.to_string()));
    report.tables.push(table);
    report.data = json!({ "sizes": all });
    Ok(report)
}

struct Measured {
    p50_ms: f64,
    p95_ms: f64,
    first_ms: f64,
    cpu_ms: f64,
    stored_bytes: u64,
    /// The most telling field beside the one that the selection was made by.
    first: String,
}

async fn measure(
    bench: &Bench,
    scenario: &Scenario,
    size: Wide,
    runs: usize,
) -> anyhow::Result<Measured> {
    let folder = tempfile::tempdir_in(&bench.data)?;
    let data = folder.path().join("waggle");
    let server = Server::start(&bench.launch(&data)).await?;
    let start_s = Timestamp::now().as_second() - 60;
    note(&format!(
        "bubbleup: sending {} events of {} fields",
        size.events, size.fields
    ));
    load(&server, scenario, size, start_s).await?;
    let client = Client::builder().timeout(ANSWER_MAX).build()?;
    let url = format!(
        "{}/api/environments/production/datasets/{DATASET}/bubble-up",
        server.endpoints.http
    );
    let range = [start_s, start_s + 60].map(|second| (second * 1_000_000_000).to_string());
    let body = json!({
        "start_time_ns": range[0], "end_time_ns": range[1],
        "selection": {
            "start_time_ns": range[0], "end_time_ns": range[1],
            "filters": [{ "column": CHOSEN_BY, "op": ">=", "value": SLOW_MS }],
        },
    });
    let cpu = server.cpu()?;
    let mut times = Vec::with_capacity(runs);
    let mut first = String::new();
    for _ in 0..runs.max(1) {
        let began = Instant::now();
        let asked = client.post(&url).json(&body).send().await?;
        let text = asked.error_for_status()?.text().await?;
        times.push(began.elapsed());
        let answer: Value = serde_json::from_str(&text)?;
        let counted = ["selection_count", "baseline_count"].map(|side| answer[side].as_u64());
        let counted: u64 = counted.iter().flatten().sum();
        ensure!(counted == size.events, "{counted} events are compared");
        let fields = answer["fields"].as_array().into_iter().flatten();
        let names = fields.filter_map(|field| field["column"].as_str());
        let mut names = names.filter(|name| *name != CHOSEN_BY);
        first = names.next().unwrap_or_default().to_owned();
    }
    let cpu_ms = (server.cpu()?.0 - cpu.0) * 1e3 / times.len() as f64;
    let first_ms = times[0].as_secs_f64() * 1e3;
    times.sort_unstable();
    server.stop().await?;
    Ok(Measured {
        p50_ms: rank_ms(&times, 0.5),
        p95_ms: rank_ms(&times, 0.95),
        first_ms,
        cpu_ms,
        stored_bytes: folder_bytes(&data)?,
        first,
    })
}

async fn load(
    server: &Server,
    scenario: &Scenario,
    size: Wide,
    start_s: i64,
) -> anyhow::Result<()> {
    let (each, seed) = (scenario.load.events_per_request as u64, scenario.data.seed);
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..scenario.load.connections {
        let mut sender = Sender::new(&server.endpoints, Protocol::BatchJson, DATASET)?;
        let next = Arc::clone(&next);
        tasks.spawn(async move {
            loop {
                let first = next.fetch_add(each, Ordering::Relaxed);
                if first >= size.events {
                    return anyhow::Ok(());
                }
                let numbers = first..size.events.min(first + each);
                let count = numbers.clone().count();
                let body = batch(numbers, size.fields, seed, start_s)?;
                sender.deliver(&Bytes::from(body), count).await?;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

/// Events of a minute as one body. Of ten fields six are texts of twenty values, three whole numbers and one a measure; every event has all.
fn batch(numbers: Range<u64>, fields: usize, seed: u64, start_s: i64) -> anyhow::Result<String> {
    let mut body = String::from("[");
    for number in numbers {
        let mut drawn = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed;
        let mut draw = |below: u64| {
            // xorshift64: cheap, and the same in every run.
            drawn ^= drawn << 13;
            drawn ^= drawn >> 7;
            drawn ^= drawn << 17;
            drawn % below
        };
        let is_slow = draw(100) == 0;
        let at_ms = start_s * 1_000 + (number % 60_000) as i64;
        let time = Timestamp::from_millisecond(at_ms)?;
        let (duration, cause) = match is_slow {
            true => (SLOW_MS + draw(100), "bad"),
            false => (draw(100), ["good", "fine"][draw(2) as usize]),
        };
        write!(
            body,
            r#"{{"time":"{time}","data":{{"{CHOSEN_BY}":{duration},"{CAUSE}":"{cause}""#
        )?;
        for field in 2..fields {
            match field % 10 {
                0..6 => write!(body, r#","f{field:03}":"v{}""#, draw(20))?,
                6..9 => write!(body, r#","f{field:03}":{}"#, draw(64))?,
                _ => write!(body, r#","f{field:03}":{}.25"#, draw(100))?,
            }
        }
        body.push_str("}},");
    }
    body.pop();
    body.push(']');
    Ok(body)
}
