//! Asks the scenario's questions through the public doors, times the answers and checks that they are right.

use crate::load::{Loaded, rank_ms};
use crate::scenario::{Check, Door, Query};
use crate::spans::{DATASET, SERVICES};
use anyhow::{Context, ensure};
use reqwest::Client;
use serde::Serialize;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The time of the data, in seconds since the Unix epoch, end excluded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) start_s: i64,
    pub(crate) end_s: i64,
}

/// How fast one question was answered.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Asked {
    pub(crate) id: String,
    pub(crate) question: String,
    pub(crate) requests: i64,
    pub(crate) first_ms: f64,
    pub(crate) warm_min_ms: f64,
    pub(crate) warm_median_ms: f64,
    pub(crate) warm_max_ms: f64,
    /// What the server says it took, in the fastest warm run; absent where the door does not tell.
    pub(crate) server_min_ms: Option<f64>,
    pub(crate) rows_read: Option<u64>,
    pub(crate) answer_bytes: usize,
    /// What was found, in words.
    pub(crate) answer: String,
}

/// Below so many events a narrow filter may rightly find nothing.
const SMALL_EVENTS: u64 = 500_000;

/// Asks questions of one server.
pub(crate) struct Asker<'a> {
    pub(crate) client: Client,
    pub(crate) endpoint: String,
    pub(crate) window: Window,
    pub(crate) loaded: &'a Loaded,
    /// A trace to ask for, and its number of spans.
    pub(crate) trace: &'a (String, usize),
}

/// One answer, of one or more requests.
struct Answer {
    elapsed: Duration,
    bodies: Vec<Vec<u8>>,
}

impl Asker<'_> {
    /// Asks once and then `warm_runs` times more.
    ///
    /// # Errors
    /// When an answer is an error or wrong.
    pub(crate) async fn ask(&self, query: &Query, warm_runs: usize) -> anyhow::Result<Asked> {
        let first = self.run(query).await.with_context(|| query.id.clone())?;
        let parsed = first.parsed()?;
        let answer = self
            .check(query, &parsed)
            .with_context(|| format!("the answer to {} is wrong", query.id))?;
        let mut times = Vec::with_capacity(warm_runs);
        let mut server_ms: Vec<f64> = Vec::new();
        for _ in 0..warm_runs {
            let warm = self.run(query).await?;
            times.push(warm.elapsed);
            server_ms.extend(sum_of(&warm.parsed()?, "elapsed_ms"));
        }
        times.sort_unstable();
        Ok(Asked {
            id: query.id.clone(),
            question: query.question.clone(),
            requests: query.parts,
            first_ms: first.elapsed.as_secs_f64() * 1e3,
            warm_min_ms: rank_ms(&times, 0.0),
            warm_median_ms: rank_ms(&times, 0.5),
            warm_max_ms: rank_ms(&times, 1.0),
            server_min_ms: server_ms.into_iter().reduce(f64::min),
            rows_read: sum_of(&parsed, "rows_read").map(|rows| rows as u64),
            answer_bytes: first.bodies.iter().map(Vec::len).sum(),
            answer,
        })
    }

    /// COUNT of everything the server can see.
    pub(crate) async fn total(&self) -> anyhow::Result<u64> {
        let body = self.body(&json!({"calculations": [{"op": "COUNT"}]}), self.window);
        let (_, answer) = self.post("query", &body).await?;
        let answer: Value = serde_json::from_slice(&answer)?;
        Ok(answer["results"][0]["data"]["COUNT"].as_u64().unwrap_or(0))
    }

    async fn run(&self, query: &Query) -> anyhow::Result<Answer> {
        let spec: Value = serde_json::from_str(&query.spec)?;
        let whole = match query.last_s {
            Some(last_s) => Window {
                start_s: self.window.end_s - last_s,
                ..self.window
            },
            None => self.window,
        };
        let part_s = (whole.end_s - whole.start_s) / query.parts;
        let mut answer = Answer {
            elapsed: Duration::ZERO,
            bodies: Vec::new(),
        };
        for part in 0..query.parts {
            let start_s = whole.start_s + part * part_s;
            let window = Window {
                start_s,
                end_s: start_s + part_s,
            };
            let (elapsed, body) = match query.door {
                Door::Query => self.post("query", &self.body(&spec, window)).await?,
                Door::Rows => self.post("rows", &self.body(&spec, window)).await?,
                Door::Trace => self.get_trace().await?,
            };
            answer.elapsed += elapsed;
            answer.bodies.push(body);
        }
        Ok(answer)
    }

    fn body(&self, spec: &Value, window: Window) -> Value {
        let mut body = spec.clone();
        body["start_time"] = json!(window.start_s);
        body["end_time"] = json!(window.end_s);
        body
    }

    async fn post(&self, door: &str, body: &Value) -> anyhow::Result<(Duration, Vec<u8>)> {
        let endpoint = &self.endpoint;
        let url = format!("{endpoint}/api/environments/production/datasets/{DATASET}/{door}");
        let began = Instant::now();
        let response = self.client.post(&url).json(body).send().await?;
        finish(response, began).await
    }

    async fn get_trace(&self) -> anyhow::Result<(Duration, Vec<u8>)> {
        let (endpoint, id) = (&self.endpoint, &self.trace.0);
        let url = format!("{endpoint}/api/environments/production/traces/{id}");
        let began = Instant::now();
        let response = self.client.get(&url).send().await?;
        finish(response, began).await
    }

    /// True when rare events may be missing.
    fn is_small(&self) -> bool {
        self.loaded.events < SMALL_EVENTS
    }

    fn check(&self, query: &Query, answers: &[Value]) -> anyhow::Result<String> {
        let one = answers.first().context("no answer")?;
        let results = one["results"].as_array().map_or(0, Vec::len);
        match query.check {
            Check::Total => {
                let count: u64 = answers
                    .iter()
                    .map(|answer| count(&answer["results"][0]))
                    .sum();
                ensure!(
                    count == self.loaded.events,
                    "COUNT is {count} of {}",
                    self.loaded.events
                );
                let points: usize = answers
                    .iter()
                    .map(|answer| answer["series"].as_array().map_or(0, Vec::len))
                    .sum();
                Ok(format!("{count} events in {points} buckets"))
            }
            Check::Services => {
                let sent = SERVICES.iter().zip(&self.loaded.events_by_service);
                for (service, sent) in sent.filter(|(_, sent)| **sent > 0) {
                    let found = one["results"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .find(|row| row["data"]["service_name"] == *service)
                        .map_or(0, count);
                    ensure!(found == *sent, "{service} has {found} of {sent} events");
                }
                Ok(format!("{results} services, every COUNT as sent"))
            }
            Check::Trace => {
                let rows = one["rows"].as_array().map_or(0, Vec::len);
                ensure!(
                    rows == self.trace.1,
                    "{rows} rows of {} spans",
                    self.trace.1
                );
                Ok(format!("{rows} spans"))
            }
            Check::Rows => {
                let spec: Value = serde_json::from_str(&query.spec)?;
                let limit = spec["limit"].as_u64().unwrap_or(100);
                let rows = one["rows"].as_array().map_or(0, Vec::len);
                ensure!(
                    rows as u64 == limit || self.is_small(),
                    "{rows} rows of {limit}"
                );
                Ok(format!("{rows} rows"))
            }
            Check::Heatmap => {
                let maps = one["heatmaps"].as_object().context("no heatmaps")?;
                let cells: u64 = maps
                    .values()
                    .flat_map(|map| map["counts"].as_array().into_iter().flatten())
                    .flat_map(|bins| bins.as_array().into_iter().flatten())
                    .filter_map(Value::as_u64)
                    .sum();
                ensure!(cells == self.loaded.events, "the map counts {cells} events");
                Ok(format!("{cells} events in the map"))
            }
            Check::Some => {
                ensure!(results > 0 || self.is_small(), "no groups");
                let groups = one["group_count"].as_u64().unwrap_or(results as u64);
                Ok(format!("{results} of {groups} groups"))
            }
        }
    }
}

impl Answer {
    fn parsed(&self) -> anyhow::Result<Vec<Value>> {
        let parse = |body: &Vec<u8>| serde_json::from_slice(body).map_err(anyhow::Error::from);
        self.bodies.iter().map(parse).collect()
    }
}

async fn finish(
    response: reqwest::Response,
    began: Instant,
) -> anyhow::Result<(Duration, Vec<u8>)> {
    let status = response.status();
    let body = response.bytes().await?;
    let elapsed = began.elapsed();
    ensure!(
        status.is_success(),
        "{status}: {}",
        String::from_utf8_lossy(&body)
    );
    Ok((elapsed, body.to_vec()))
}

fn count(row: &Value) -> u64 {
    row["data"]["COUNT"].as_u64().unwrap_or(0)
}

/// Sum of a number of the answers' statistics; `None` when they have none.
fn sum_of(answers: &[Value], name: &str) -> Option<f64> {
    answers
        .iter()
        .map(|answer| answer["stats"][name].as_f64())
        .sum()
}
