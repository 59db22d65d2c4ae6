//! Asks the server what the oracle knows: tallies by minute and marker, and single requests by their name.

use super::event::{Batch, MARKERS, marker_name};
use super::oracle::{Grid, Tally};
use crate::ask::Busy;
use anyhow::{Context, bail};
use jiff::Timestamp;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// Asks one server.
#[derive(Clone, Debug)]
pub(crate) struct Questions {
    client: Client,
    endpoint: String,
}

/// Whole minutes since 1970, end excluded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Minutes {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl Minutes {
    /// The part of a grid that lies in it.
    pub(crate) fn of(self, grid: Grid) -> Grid {
        let is_in = |minute: i64| (self.start..self.end).contains(&minute);
        grid.into_iter()
            .filter(|((minute, _), _)| is_in(*minute))
            .collect()
    }
}

const ANSWER_MAX: Duration = Duration::from_secs(60);

impl Questions {
    /// For a server that listens there.
    ///
    /// # Errors
    /// When there can be no client.
    pub(crate) fn new(endpoint: &str) -> anyhow::Result<Self> {
        Ok(Self {
            client: Client::builder().timeout(ANSWER_MAX).build()?,
            endpoint: endpoint.to_owned(),
        })
    }

    /// COUNT and SUM(n) of each marker in each minute.
    ///
    /// # Errors
    /// When the answer is an error.
    pub(crate) async fn grid(&self, dataset: &str, minutes: Minutes) -> anyhow::Result<Grid> {
        let body = json!({
            "calculations": [{"op": "COUNT"}, {"op": "SUM", "column": "n"}],
            "breakdowns": ["marker"],
            "granularity": 60,
            "start_time": minutes.start * 60,
            "end_time": minutes.end * 60,
        });
        let answer = self.post(dataset, "query", &body).await?;
        let mut grid = Grid::new();
        for point in answer["series"].as_array().context("no series")? {
            let time: Timestamp = point["time"].as_str().context("no time")?.parse()?;
            let data = &point["data"];
            let name = data["marker"].as_str().context("no marker")?;
            let marker = (0..MARKERS).find(|marker| marker_name(*marker) == name);
            let place = (
                time.as_second().div_euclid(60),
                marker.context("no such marker")?,
            );
            grid.insert(place, tally(data));
        }
        Ok(grid)
    }

    /// COUNT and SUM(n) of the events of one request.
    ///
    /// # Errors
    /// When the answer is an error.
    pub(crate) async fn batch(&self, batch: &Batch, minutes: Minutes) -> anyhow::Result<Tally> {
        let mut body = by_name(batch, minutes);
        body["calculations"] = json!([{"op": "COUNT"}, {"op": "SUM", "column": "n"}]);
        let answer = self.post(&batch.dataset, "query", &body).await;
        // Before the first events of a dataset there is none.
        if answer.as_ref().is_err_and(|error| error.is::<NotThere>()) {
            return Ok(Tally::default());
        }
        Ok(tally(&answer?["results"][0]["data"]))
    }

    /// The same from the raw rows.
    ///
    /// # Errors
    /// When the answer is an error.
    pub(crate) async fn rows(&self, batch: &Batch, minutes: Minutes) -> anyhow::Result<Tally> {
        let mut body = by_name(batch, minutes);
        body["limit"] = json!(1_000);
        let answer = self.post(&batch.dataset, "rows", &body).await?;
        let rows = answer["rows"].as_array().context("no rows")?;
        let sum = rows
            .iter()
            .filter_map(|row| row["data"]["n"].as_u64())
            .sum();
        Ok(Tally {
            count: rows.len() as u64,
            sum,
        })
    }

    async fn post(&self, dataset: &str, door: &str, body: &Value) -> anyhow::Result<Value> {
        let endpoint = &self.endpoint;
        let url = format!("{endpoint}/api/environments/production/datasets/{dataset}/{door}");
        let response = self.client.post(&url).json(body).send().await?;
        let status = response.status();
        let text = response.text().await?;
        match status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                Err(anyhow::Error::new(Busy(text)))
            }
            StatusCode::NOT_FOUND => Err(anyhow::Error::new(NotThere(text))),
            _ if !status.is_success() => bail!("{status}: {text}"),
            _ => Ok(serde_json::from_str(&text)?),
        }
    }
}

/// There is no such dataset.
#[derive(Debug)]
struct NotThere(String);

impl std::fmt::Display for NotThere {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "not there: {}", self.0)
    }
}

impl std::error::Error for NotThere {}

fn by_name(batch: &Batch, minutes: Minutes) -> Value {
    json!({
        "filters": [{"column": "batch", "op": "=", "value": batch.name}],
        "start_time": minutes.start * 60,
        "end_time": minutes.end * 60,
    })
}

fn tally(data: &Value) -> Tally {
    Tally {
        count: data["COUNT"].as_u64().unwrap_or(0),
        // A sum may come as a float; these are far below what a float holds exactly.
        sum: data["SUM(n)"].as_f64().unwrap_or(0.0) as u64,
    }
}
