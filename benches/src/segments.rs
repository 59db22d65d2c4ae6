//! Documents of X-Ray by PutTraceSegments and by UDP, each on an empty folder. By UDP nobody answers: the rate is that of what the server
//! says it has stored, and what the kernel or the server dropped is said beside.

use crate::bench::Bench;
use crate::note;
use crate::report::{Figure, Report, thousands};
use crate::scenario::Scenario;
use crate::server::{Server, free_address};
use anyhow::{Context, ensure};
use bytes::Bytes;
use jiff::Timestamp;
use reqwest::Client;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";
/// Datagrams that are sent before the sender looks whether it is too far ahead.
const BURST: usize = 20;
/// How far the sender may be ahead of what the server has received: less than the kernel's buffer holds by default.
const AHEAD_MAX: u64 = 40;
/// Without news for so long the rest is lost.
const SILENCE_MAX: Duration = Duration::from_secs(3);

/// Runs the scenario.
///
/// # Errors
/// When the server refuses documents.
pub(crate) async fn run(bench: &Bench, scenario: &Scenario) -> anyhow::Result<Report> {
    let count = usize::try_from(scenario.data.events)?;
    let put = by_calls(bench, scenario, count).await?;
    let udp = by_udp(bench, count).await?;
    let mut report = bench.report(scenario);
    let rate = |taken: &Taken| taken.accepted as f64 / taken.seconds;
    for (name, taken) in [("PutTraceSegments", &put), ("UDP", &udp)] {
        let mut add = |what: &str, value: String| {
            report
                .figures
                .push(Figure::new(format!("{name}: {what}"), value));
        };
        add("documents/s", thousands(rate(taken) as u64));
        add("events/s", thousands((rate(taken) * 3.0) as u64));
        add("CPU of the server", format!("{:.1} s", taken.cpu_s));
        add("lost", (count as u64 - taken.accepted).to_string());
    }
    let size = document(count, bench.date.as_millisecond()).len();
    report
        .figures
        .push(Figure::new("bytes of a document", size.to_string()));
    report.data = json!({
        "put_documents_per_s": rate(&put), "put_cpu_s": put.cpu_s,
        "udp_documents_per_s": rate(&udp), "udp_cpu_s": udp.cpu_s, "udp_accepted": udp.accepted,
    });
    Ok(report)
}

struct Taken {
    accepted: u64,
    seconds: f64,
    cpu_s: f64,
}

async fn start(bench: &Bench) -> anyhow::Result<(tempfile::TempDir, Server, String)> {
    let folder = tempfile::tempdir_in(&bench.data)?;
    let mut launch = bench.launch(&folder.path().join("waggle"));
    let address = free_address()?;
    launch
        .settings
        .extend(["--xray".to_owned(), address.clone()]);
    let server = Server::start(&launch).await?;
    Ok((folder, server, address))
}

async fn by_calls(bench: &Bench, scenario: &Scenario, count: usize) -> anyhow::Result<Taken> {
    let (_folder, server, address) = start(bench).await?;
    let documents = make(count);
    let bodies = documents
        .chunks(scenario.load.events_per_request)
        .map(|part| {
            let body = json!({ "TraceSegmentDocuments": part }).to_string();
            Bytes::from(body)
        });
    let bodies: Arc<Vec<Bytes>> = Arc::new(bodies.collect());
    note("PutTraceSegments: sending");
    let (began, cpu) = (Instant::now(), server.cpu()?);
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..scenario.load.connections {
        let (bodies, next) = (Arc::clone(&bodies), Arc::clone(&next));
        let address = format!("http://{address}/TraceSegments");
        let client = Client::new();
        tasks.spawn(async move {
            while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                let answer = client.post(&address).body(body.clone()).send().await?;
                let text = answer.text().await?;
                ensure!(
                    text == r#"{"UnprocessedTraceSegments":[]}"#,
                    "refused: {text}"
                );
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    let taken = Taken {
        accepted: documents.len() as u64,
        seconds: began.elapsed().as_secs_f64(),
        cpu_s: server.cpu()?.0 - cpu.0,
    };
    server.stop().await?;
    Ok(taken)
}

async fn by_udp(bench: &Bench, count: usize) -> anyhow::Result<Taken> {
    let (_folder, server, address) = start(bench).await?;
    let documents = make(count);
    note("UDP: sending");
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    socket.connect(&address).await?;
    let client = Client::new();
    let (began, cpu) = (Instant::now(), server.cpu()?);
    let mut news = (Instant::now(), Counts::default());
    let mut sent = 0;
    let mut last_accepted = Instant::now();
    while news.1.accepted < documents.len() as u64 && news.0.elapsed() < SILENCE_MAX {
        let received = news.1.received;
        let is_near = (sent as u64) < received + AHEAD_MAX;
        for document in documents
            .iter()
            .skip(sent)
            .take(if is_near { BURST } else { 0 })
        {
            socket
                .send(format!("{HEADER}{document}").as_bytes())
                .await?;
            sent += 1;
        }
        let counts = Counts::read(&client, &server).await?;
        if counts != news.1 {
            if counts.accepted != news.1.accepted {
                last_accepted = Instant::now();
            }
            news = (Instant::now(), counts);
        }
    }
    let taken = Taken {
        accepted: news.1.accepted,
        seconds: last_accepted.duration_since(began).as_secs_f64(),
        cpu_s: server.cpu()?.0 - cpu.0,
    };
    server.stop().await?;
    Ok(taken)
}

/// What the server says it has.
#[derive(Clone, Copy, Default, PartialEq)]
struct Counts {
    received: u64,
    accepted: u64,
}

impl Counts {
    async fn read(client: &Client, server: &Server) -> anyhow::Result<Self> {
        let address = format!("{}/metrics", server.endpoints.http);
        let text = client.get(address).send().await?.text().await?;
        let count = |outcome: &str| -> anyhow::Result<u64> {
            let name = format!("waggle_xray_documents_total{{outcome=\"{outcome}\"}} ");
            let line = text.lines().find_map(|line| line.strip_prefix(&name));
            line.map_or(Ok(0), |count| count.parse().context("a counter"))
        };
        Ok(Self {
            received: count("Received")?,
            accepted: count("Accepted")?,
        })
    }
}

/// Documents of this moment, as they come from running programs: what is older than the server is looked up in the store first.
fn make(count: usize) -> Vec<String> {
    note(&format!("making {count} documents"));
    let now_ms = Timestamp::now().as_millisecond();
    (0..count).map(|number| document(number, now_ms)).collect()
}

/// A segment with a call of AWS and a call of another service inside, as SDKs send them.
fn document(number: usize, now_ms: i64) -> String {
    let start = now_ms as f64 / 1e3 + number as f64 / 1e6;
    let time = |seconds: f64| format!("{:.6}", start + seconds);
    let (service, user, status) = (
        number % 7,
        number % 5_000,
        [200, 200, 200, 404, 500][number % 5],
    );
    let (begin, end, a, b, c, d) = (
        time(0.0),
        time(0.24),
        time(0.02),
        time(0.12),
        time(0.13),
        time(0.17),
    );
    let epoch = now_ms / 1_000;
    format!(
        r#"{{"name":"service-{service}","id":"a{number:015x}","trace_id":"1-{epoch:08x}-{number:024x}","start_time":{begin},"end_time":{end},"in_progress":false,"user":"u-{user}","origin":"AWS::EC2::Instance","aws":{{"ec2":{{"instance_id":"i-{service}","availability_zone":"eu-x-1a"}},"xray":{{"sdk":"X-Ray for Python","sdk_version":"2.15.0"}}}},"http":{{"request":{{"method":"GET","url":"http://service-{service}.example/cart/{user}","client_ip":"10.0.0.9","user_agent":"probe/1"}},"response":{{"status":{status},"content_length":512}}}},"annotations":{{"tier":"gold","items":{service}}},"metadata":{{"default":{{"cart":{{"total":12.5,"lines":3}}}}}},"subsegments":[{{"id":"b{number:015x}","name":"pricing.example","start_time":{a},"end_time":{b},"namespace":"remote","http":{{"request":{{"method":"GET","url":"http://pricing.example/p","traced":true}},"response":{{"status":200}}}}}},{{"id":"c{number:015x}","name":"DynamoDB","start_time":{c},"end_time":{d},"namespace":"aws","aws":{{"operation":"GetItem","table_name":"carts","region":"eu-x-1","request_id":"R{number}"}},"http":{{"response":{{"status":200}}}}}}]}}"#
    )
}
