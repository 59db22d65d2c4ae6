//! GetTraceSummaries with filters over many traces: documents go in by PutTraceSegments as they happen, and every filter is asked again and again
//! over all of them. An answer is what a person waits for: the first hundred summaries, or the news that there are no more.

use crate::bench::Bench;
use crate::load::rank_ms;
use crate::note;
use crate::report::{Figure, Report, Table, short, thousands};
use crate::scenario::{Scenario, TraceFilter};
use crate::server::{Server, folder_bytes, free_address};
use anyhow::{Context, ensure};
use jiff::Timestamp;
use reqwest::Client;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Summaries that are waited for.
const WANTED: usize = 100;

/// Runs the scenario.
///
/// # Errors
/// When the server refuses documents or questions, or does not find what is there.
pub(crate) async fn run(
    bench: &Bench,
    scenario: &Scenario,
    filters: &[TraceFilter],
    runs: usize,
) -> anyhow::Result<Report> {
    let folder = tempfile::tempdir_in(&bench.data)?;
    let data = folder.path().join("waggle");
    let mut launch = bench.launch(&data);
    let address = free_address()?;
    launch
        .settings
        .extend(["--xray".to_owned(), address.clone()]);
    let server = Server::start(&launch).await?;
    let address = format!("http://{address}");
    let start_s = Timestamp::now().as_second();
    let began = Instant::now();
    load(&address, scenario).await?;
    let loading_s = began.elapsed().as_secs_f64();
    let window = Window {
        start_s,
        end_s: Timestamp::now().as_second() + 4,
    };
    let client = Client::new();
    let mut report = bench.report(scenario);
    let mut lines = Vec::new();
    let mut all = Vec::new();
    for filter in filters {
        note(&format!("asking for {}", filter.expression));
        let mut times = Vec::with_capacity(runs);
        let mut answered = Answered::default();
        let cpu = server.cpu()?;
        for _ in 0..runs {
            answered = ask(&client, &address, window, &filter.expression).await?;
            times.push(answered.waited);
        }
        let cpu_ms = (server.cpu()?.0 - cpu.0) * 1e3 / runs as f64;
        let first = times.first().copied().unwrap_or_default();
        times.sort_unstable();
        let (p50, p95) = (rank_ms(&times, 0.5), rank_ms(&times, 0.95));
        let is_found = answered.found > 0;
        if is_found != filter.is_found {
            let what = format!("{} gave {} traces", filter.expression, answered.found);
            report.faults.push(what);
        }
        lines.push(vec![
            filter.expression.clone(),
            short(p50),
            short(p95),
            short(first.as_secs_f64() * 1e3),
            short(cpu_ms),
            answered.found.to_string(),
            answered.pages.to_string(),
        ]);
        all.push(json!({
            "filter": filter.expression, "p50_ms": p50, "p95_ms": p95, "first_ms": first.as_secs_f64() * 1e3,
            "server_cpu_ms": cpu_ms, "found": answered.found, "pages": answered.pages,
        }));
    }
    let bytes = folder_bytes(&data)?;
    server.stop().await?;
    let traces = scenario.data.events;
    let figures = [
        ("traces", thousands(traces)),
        ("seconds of traces", thousands(loading_s as u64)),
        (
            "documents/s while loading",
            thousands((traces as f64 / loading_s) as u64),
        ),
        (
            "bytes on the disk per trace",
            (bytes / traces.max(1)).to_string(),
        ),
        ("runs of a filter", runs.to_string()),
    ];
    let figures = figures.map(|(name, value)| Figure::new(name, value));
    report.figures.extend(figures);
    let mut table = Table::new(
        "Milliseconds at the client until 100 summaries or the end were there; `CPU` is the server's per answer.",
        &["filter", "p50", "p95", "first", "CPU", "summaries", "pages"],
    );
    table.rows = lines;
    report.tables.push(table);
    report.data = json!({ "loading_s": loading_s, "disk_bytes": bytes, "filters": all });
    Ok(report)
}

/// Seconds since 1970.
#[derive(Clone, Copy)]
struct Window {
    start_s: i64,
    end_s: i64,
}

async fn load(address: &str, scenario: &Scenario) -> anyhow::Result<()> {
    let count = usize::try_from(scenario.data.events)?;
    let per_call = scenario.load.events_per_request;
    note(&format!("sending {count} documents"));
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..scenario.load.connections {
        let next = Arc::clone(&next);
        let address = format!("{address}/TraceSegments");
        let client = Client::new();
        tasks.spawn(async move {
            loop {
                let start = next.fetch_add(per_call, Ordering::Relaxed);
                if start >= count {
                    return anyhow::Ok(());
                }
                let numbers = start..count.min(start + per_call);
                let documents: Vec<String> = numbers.map(document).collect();
                let body = json!({ "TraceSegmentDocuments": documents });
                let answer = client.post(&address).json(&body).send().await?;
                let text = answer.text().await?;
                ensure!(
                    text == r#"{"UnprocessedTraceSegments":[]}"#,
                    "refused: {text}"
                );
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

/// A segment of this moment, as it comes from a running program, of one of 50 services with a call of another. One in 200 fails, one in
/// 10,000 takes longer than two seconds; users are 5,000.
fn document(number: usize) -> String {
    let start = Timestamp::now().as_microsecond() as f64 / 1e6;
    // Neighbours in time are of different services, users and fates.
    let drawn = number.wrapping_mul(2_654_435_761) % 1_000_003;
    let (service, user, is_fault) = (drawn % 50, drawn % 5_000, drawn % 200 == 7);
    let seconds = match drawn % 10_000 == 77 {
        true => 2.5,
        false => 0.05 + (drawn % 400) as f64 / 1e3,
    };
    let end = start + seconds;
    let (begin, call_end) = (start + 0.01, start + 0.04);
    let status = if is_fault { 500 } else { 200 };
    let epoch = start as i64;
    format!(
        r#"{{"name":"service-{service}","id":"a{number:015x}","trace_id":"1-{epoch:08x}-{number:024x}","start_time":{start:.6},"end_time":{end:.6},"user":"u-{user}","origin":"AWS::EC2::Instance","fault":{is_fault},"http":{{"request":{{"method":"GET","url":"http://service-{service}.example/cart/{user}"}},"response":{{"status":{status}}}}},"annotations":{{"tier":"gold","items":{service}}},"subsegments":[{{"id":"b{number:015x}","name":"pricing.example","start_time":{begin:.6},"end_time":{call_end:.6},"namespace":"remote"}}]}}"#
    )
}

/// What a question gave.
#[derive(Default)]
struct Answered {
    found: usize,
    pages: usize,
    /// From each question to the last byte of its answer.
    waited: Duration,
}

async fn ask(
    client: &Client,
    address: &str,
    window: Window,
    filter: &str,
) -> anyhow::Result<Answered> {
    let mut body = json!({
        "StartTime": window.start_s, "EndTime": window.end_s, "FilterExpression": filter,
    });
    let mut answered = Answered::default();
    loop {
        let call = client.post(format!("{address}/TraceSummaries"));
        let call = call.timeout(Duration::from_secs(300)).json(&body);
        let began = Instant::now();
        let text = call.send().await?.error_for_status()?.text().await?;
        answered.waited += began.elapsed();
        let page: Value = serde_json::from_str(&text)?;
        let summaries = page["TraceSummaries"].as_array();
        answered.found += summaries.context("summaries")?.len();
        answered.pages += 1;
        match page["NextToken"].as_str() {
            Some(token) if answered.found < WANTED => body["NextToken"] = token.into(),
            _ => return Ok(answered),
        }
    }
}
