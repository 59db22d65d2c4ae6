//! Asks Waggle the queries of a scenario through its public doors.

use crate::scenario::{Door, Query, Range};
use crate::server::Server;
use crate::spans::DATASET;
use anyhow::{Context, bail, ensure};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The time of the data, in seconds since the Unix epoch, end excluded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) start_s: i64,
    pub(crate) end_s: i64,
}

const HOUR_S: i64 = 3_600;
/// The hour with the slow subset, counted from 0.
const SLOW_HOUR: i64 = 14;
const LAST_S: i64 = 600;
/// Every bucket width of the queries divides it, so that all engines cut the same buckets.
const GRID_S: i64 = 7_200;
/// A result that takes longer is an error.
const RESULT_MAX: Duration = Duration::from_secs(120);

impl Window {
    /// `hours` up to the last multiple of the grid before now.
    pub(crate) fn ending_before(now_s: i64, hours: i64) -> Self {
        let end_s = now_s.div_euclid(GRID_S) * GRID_S;
        Self {
            start_s: end_s - hours * HOUR_S,
            end_s,
        }
    }

    /// A part of it.
    pub(crate) fn part(self, range: Range) -> Self {
        let hour_s = self.start_s + SLOW_HOUR * HOUR_S;
        match range {
            Range::All => self,
            Range::Hour => Self {
                start_s: hour_s,
                end_s: hour_s + HOUR_S,
            },
            Range::Last => Self {
                start_s: self.end_s - LAST_S,
                end_s: self.end_s,
            },
        }
    }
}

/// Asks questions of one server.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    client: Client,
    endpoint: String,
    /// For Honeycomb's doors; Waggle's own need none from the same machine.
    key: String,
    window: Window,
    /// The trace to ask for.
    trace: String,
}

/// A question ready to be asked: bodies are made, queries saved.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    door: Door,
    bodies: Vec<Value>,
}

/// One answer, of one or more requests.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) elapsed: Duration,
    pub(crate) bodies: Vec<Vec<u8>>,
}

impl Asker {
    /// For a server that is ready; opens a connection.
    ///
    /// # Errors
    /// When no key can be made.
    pub(crate) async fn new(server: &Server, window: Window, trace: &str) -> anyhow::Result<Self> {
        let mut asker = Self {
            client: Client::builder().timeout(RESULT_MAX).build()?,
            endpoint: server.endpoints.http.clone(),
            key: String::new(),
            window,
            trace: trace.to_owned(),
        };
        let url = format!("{}/api/environments/production/keys", asker.endpoint);
        let answer = asker.post(&url, &json!({"name": "waggle-bench"})).await?;
        let answer: Value = serde_json::from_slice(&answer)?;
        let key = answer["key"].as_str();
        asker.key = key.context("no key in the answer")?.to_owned();
        Ok(asker)
    }

    /// Saves what is to be saved before a question can be asked.
    ///
    /// # Errors
    /// When the server refuses it.
    pub(crate) async fn prepare(&self, query: &Query) -> anyhow::Result<Prepared> {
        let waggle = &query.waggle;
        let spec: Value = serde_json::from_str(&waggle.spec)?;
        let whole = self.window.part(waggle.range);
        let part_s = (whole.end_s - whole.start_s) / waggle.parts;
        let mut bodies = Vec::new();
        for part in 0..waggle.parts {
            let start_s = whole.start_s + part * part_s;
            let mut body = spec.clone();
            body["start_time"] = json!(start_s);
            body["end_time"] = json!(start_s + part_s);
            if waggle.door == Door::Results {
                let url = format!("{}/1/queries/{DATASET}", self.endpoint);
                let saved: Value = serde_json::from_slice(&self.post(&url, &body).await?)?;
                body = serde_json::from_str(&waggle.options)?;
                body["query_id"] = saved["id"].clone();
            }
            bodies.push(body);
        }
        Ok(Prepared {
            door: waggle.door,
            bodies,
        })
    }

    /// Asks, and waits for the last byte of the last answer.
    ///
    /// # Errors
    /// When an answer is an error.
    pub(crate) async fn ask(&self, prepared: &Prepared) -> anyhow::Result<Answered> {
        let endpoint = &self.endpoint;
        let own = format!("{endpoint}/api/environments/production");
        let began = Instant::now();
        let mut bodies = Vec::with_capacity(prepared.bodies.len());
        for body in &prepared.bodies {
            let of_dataset = |door: &str| format!("{own}/datasets/{DATASET}/{door}");
            bodies.push(match prepared.door {
                Door::Results => self.result(body).await?,
                Door::Query => self.post(&of_dataset("query"), body).await?,
                Door::Rows => self.post(&of_dataset("rows"), body).await?,
                Door::BubbleUp => self.post(&of_dataset("bubble-up"), body).await?,
                Door::Trace => self.get(&format!("{own}/traces/{}", self.trace)).await?,
            });
        }
        Ok(Answered {
            elapsed: began.elapsed(),
            bodies,
        })
    }

    /// COUNT of everything the server can see.
    ///
    /// # Errors
    /// When the answer is an error.
    pub(crate) async fn total(&self) -> anyhow::Result<u64> {
        let endpoint = &self.endpoint;
        let url = format!("{endpoint}/api/environments/production/datasets/{DATASET}/query");
        let body = json!({
            "calculations": [{"op": "COUNT"}],
            "start_time": self.window.start_s,
            "end_time": self.window.end_s,
        });
        let answer: Value = serde_json::from_slice(&self.post(&url, &body).await?)?;
        Ok(answer["results"][0]["data"]["COUNT"].as_u64().unwrap_or(0))
    }

    /// A number of `/metrics`.
    ///
    /// # Errors
    /// When there is no such number.
    pub(crate) async fn metric(&self, name: &str) -> anyhow::Result<u64> {
        let page = self.get(&format!("{}/metrics", self.endpoint)).await?;
        let page = String::from_utf8_lossy(&page).into_owned();
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let value: f64 = line
            .with_context(|| format!("no {name} in /metrics"))?
            .trim()
            .parse()?;
        Ok(value as u64)
    }

    /// Runs a saved query and polls until its result is complete, as Honeycomb's clients do.
    async fn result(&self, body: &Value) -> anyhow::Result<Vec<u8>> {
        let url = format!("{}/1/query_results/{DATASET}", self.endpoint);
        let began = Instant::now();
        let created: Value = serde_json::from_slice(&self.post(&url, body).await?)?;
        let id = created["id"].as_str().context("no id of a result")?;
        let url = format!("{url}/{id}");
        loop {
            let answer = self.get(&url).await?;
            if !is_incomplete(&answer) {
                return Ok(answer);
            }
            ensure!(began.elapsed() < RESULT_MAX, "the result is never complete");
        }
    }

    async fn post(&self, url: &str, body: &Value) -> anyhow::Result<Vec<u8>> {
        self.send(self.client.post(url).json(body)).await
    }

    async fn get(&self, url: &str) -> anyhow::Result<Vec<u8>> {
        self.send(self.client.get(url)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Vec<u8>> {
        let request = if self.key.is_empty() {
            request
        } else {
            request.header("x-honeycomb-team", &self.key)
        };
        let response = request.send().await?;
        let status = response.status();
        let body = response.bytes().await?;
        if !status.is_success() {
            let text = String::from_utf8_lossy(&body).into_owned();
            if matches!(
                status,
                StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
            ) {
                return Err(anyhow::Error::new(Busy(text)));
            }
            bail!("{status}: {text}");
        }
        Ok(body.to_vec())
    }
}

/// The server has more to do than it takes at once: a right answer, but no result.
#[derive(Debug)]
pub(crate) struct Busy(pub(crate) String);

impl std::fmt::Display for Busy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "busy: {}", self.0)
    }
}

impl std::error::Error for Busy {}

/// Without reading a large answer: the member comes before the data.
fn is_incomplete(answer: &[u8]) -> bool {
    let head = answer.get(..answer.len().min(8_192)).unwrap_or_default();
    let member = b"\"complete\":false";
    head.windows(member.len()).any(|window| window == member)
}
