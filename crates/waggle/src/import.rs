//! `waggle import`: the events of a Parquet file through the ordinary batch door of a running server, each acknowledged when it is
//! durable. Msgpack carries every value in its own type, and times to the nanosecond.

use crate::remote::{Remote, refusal};
use anyhow::{Context, Result, bail};
use reqwest::{Client, StatusCode, header};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinSet;
use waggle_model::Value;
use waggle_sql::{ImportedEvent, ParquetEvents};

/// Send the events of a Parquet file to a dataset
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    remote: Remote,
    /// The Parquet file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the dataset; it is made if the key may do so
    #[arg(long, value_name = "NAME")]
    dataset: String,
    /// The column with the time of the events [default: timestamp, time, @timestamp, Timestamp or event_time]
    #[arg(long, value_name = "COLUMN")]
    time_column: Option<String>,
}

/// A request is sent when it has reached this size.
const BODY_BYTES: usize = 4 << 20;
/// Requests under way at once.
const IN_FLIGHT_MAX: usize = 4;
/// Tries for one request before giving up.
const TRIES_MAX: u32 = 10;
const BACKOFF_FIRST: Duration = Duration::from_millis(200);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// Progress is said every so many events.
const PROGRESS_EVENTS: u64 = 100_000;

/// Runs the subcommand.
///
/// # Errors
/// A file that can't be read, a server that is not there, or one that refused events. Everything before was stored: the summary says
/// how much.
pub(crate) async fn run(args: ImportArgs) -> Result<()> {
    let shown = args.file.display().to_string();
    let file = File::open(&args.file).with_context(|| format!("{shown} can't be opened"))?;
    let mut events = ParquetEvents::open(file, args.time_column.as_deref())?;
    let total = events.row_count();
    let mut post = Post::new(&args)?;
    let sent = loop {
        // Reading is quick beside sending; it may hold up the few requests under way.
        match events.next_events() {
            Ok(None) => break Ok(()),
            Err(error) => break Err(error.into()),
            Ok(Some(events)) => {
                if let Err(error) = post.take(&events, total).await {
                    break Err(error);
                }
            }
        }
    };
    let finished = post.finish(sent.is_ok()).await;
    say(&post.summary(&args.dataset, total));
    sent.and(finished)?;
    if post.refused.is_empty() {
        Ok(())
    } else {
        bail!("some events were refused")
    }
}

/// Events on their way.
struct Post {
    client: Client,
    remote: Remote,
    url: String,
    body: Vec<u8>,
    body_events: u32,
    under_way: JoinSet<Result<Receipt>>,
    read: u64,
    stored: u64,
    /// Refused events by what the server said.
    refused: BTreeMap<String, u64>,
}

/// What a request came to.
struct Receipt {
    stored: u64,
    refused: BTreeMap<String, u64>,
}

/// An array of 32-bit length; the length is filled in at the end.
const ARRAY_HEAD: [u8; 5] = [0xdd, 0, 0, 0, 0];

impl Post {
    fn new(args: &ImportArgs) -> Result<Self> {
        Ok(Self {
            client: Client::builder().timeout(REQUEST_TIMEOUT).build()?,
            remote: args.remote.clone(),
            url: batch_url(args.remote.endpoint(), &args.dataset)?,
            body: ARRAY_HEAD.to_vec(),
            body_events: 0,
            under_way: JoinSet::new(),
            read: 0,
            stored: 0,
            refused: BTreeMap::new(),
        })
    }

    async fn take(&mut self, events: &[ImportedEvent], total: u64) -> Result<()> {
        for event in events {
            put_event(&mut self.body, event)?;
            self.body_events += 1;
            self.read += 1;
            if self.body.len() >= BODY_BYTES {
                self.send().await?;
            }
            if self.read.is_multiple_of(PROGRESS_EVENTS) {
                say(&format!("{} of {total} events read\n", self.read));
            }
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<()> {
        while self.under_way.len() >= IN_FLIGHT_MAX {
            self.note_next().await?;
        }
        let mut body = std::mem::replace(&mut self.body, ARRAY_HEAD.to_vec());
        let events = std::mem::take(&mut self.body_events);
        if let Some(length) = body.get_mut(1..5) {
            length.copy_from_slice(&events.to_be_bytes());
        }
        let (client, remote, url) = (self.client.clone(), self.remote.clone(), self.url.clone());
        self.under_way
            .spawn(async move { deliver(&client, &remote, &url, body).await });
        Ok(())
    }

    async fn note_next(&mut self) -> Result<()> {
        let Some(receipt) = self.under_way.join_next().await else {
            return Ok(());
        };
        let receipt = receipt??;
        self.stored += receipt.stored;
        for (reason, count) in receipt.refused {
            *self.refused.entry(reason).or_default() += count;
        }
        Ok(())
    }

    /// Waits for every acknowledgement; `is_complete` says whether what is in hand is to be sent, too.
    async fn finish(&mut self, is_complete: bool) -> Result<()> {
        if is_complete && self.body_events > 0 {
            self.send().await?;
        }
        let mut first = Ok(());
        while !self.under_way.is_empty() {
            first = first.and(self.note_next().await);
        }
        first
    }

    fn summary(&self, dataset: &str, total: u64) -> String {
        let mut text = format!("{} of {total} events stored in {dataset}\n", self.stored);
        for (reason, count) in &self.refused {
            text.push_str(&format!("{count} refused: {reason}\n"));
        }
        text
    }
}

fn batch_url(endpoint: &str, dataset: &str) -> Result<String> {
    let mut url: reqwest::Url = endpoint
        .parse()
        .with_context(|| format!("--endpoint={endpoint}"))?;
    match url.path_segments_mut() {
        Ok(mut segments) => {
            segments.pop_if_empty().extend(["1", "batch", dataset]);
        }
        Err(()) => bail!("--endpoint={endpoint}: takes http://host:port"),
    }
    Ok(url.into())
}

async fn deliver(client: &Client, remote: &Remote, url: &str, body: Vec<u8>) -> Result<Receipt> {
    // Cloning bytes that are shared costs nothing, and a request may have to be sent again.
    let body = axum::body::Bytes::from(body);
    let mut backoff = BACKOFF_FIRST;
    for _ in 0..TRIES_MAX {
        let request = remote
            .keyed(client.post(url))
            .header(header::CONTENT_TYPE, "application/msgpack")
            .body(body.clone());
        let answer = request
            .send()
            .await
            .with_context(|| format!("{} does not answer", remote.endpoint()))?;
        match answer.status() {
            status if status.is_success() => return receipt(&answer.json().await?),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                tokio::time::sleep(backoff).await;
                backoff *= 2;
            }
            _ => return Err(refusal(answer).await),
        }
    }
    bail!("the server was too busy {TRIES_MAX} times")
}

/// Reads the answer of the batch door: one status per event.
fn receipt(answer: &Json) -> Result<Receipt> {
    let entries = answer
        .as_array()
        .context("the server's answer is not that of a batch")?;
    let mut receipt = Receipt {
        stored: 0,
        refused: BTreeMap::new(),
    };
    for entry in entries {
        if entry["status"] == 202 {
            receipt.stored += 1;
        } else {
            let reason = entry["error"].as_str().unwrap_or("no reason given");
            *receipt.refused.entry(reason.to_owned()).or_default() += 1;
        }
    }
    Ok(receipt)
}

/// Writes `{"time", "samplerate", "data"}`.
fn put_event(body: &mut Vec<u8>, event: &ImportedEvent) -> Result<()> {
    use rmp::encode::{write_map_len, write_str, write_u32};
    write_map_len(body, 3)?;
    write_str(body, "time")?;
    put_time(body, event.timestamp_ns)?;
    write_str(body, "samplerate")?;
    write_u32(body, event.sample_rate)?;
    write_str(body, "data")?;
    write_map_len(body, u32::try_from(event.fields.len())?)?;
    for (name, value) in &event.fields {
        write_str(body, name)?;
        put_value(body, value)?;
    }
    Ok(())
}

fn put_value(body: &mut Vec<u8>, value: &Value) -> Result<()> {
    use rmp::encode::{write_bool, write_f64, write_sint, write_str};
    match value {
        Value::String(text) => write_str(body, text)?,
        Value::Int(value) => {
            write_sint(body, *value)?;
        }
        Value::Float(value) => write_f64(body, *value)?,
        Value::Bool(value) => write_bool(body, *value)?,
    }
    Ok(())
}

/// Writes a timestamp of 96 bits: nanoseconds and signed seconds.
fn put_time(body: &mut Vec<u8>, time_ns: i64) -> Result<()> {
    const NS_PER_S: i64 = 1_000_000_000;
    rmp::encode::write_ext_meta(body, 12, -1)?;
    let fraction = u32::try_from(time_ns.rem_euclid(NS_PER_S))?;
    body.extend_from_slice(&fraction.to_be_bytes());
    body.extend_from_slice(&time_ns.div_euclid(NS_PER_S).to_be_bytes());
    Ok(())
}

#[expect(clippy::print_stderr, reason = "progress and summary are for people")]
fn say(text: &str) {
    eprint!("{text}");
}
