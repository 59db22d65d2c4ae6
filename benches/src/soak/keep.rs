//! Takes events away while everything else goes on: single requests by erasure, whole datasets by deletion, old events by a limit of
//! age. What is gone must stay gone, over every restart; what is not must stay.

use super::event::{Batch, LATE_S_MAX};
use super::question::{Minutes, Questions};
use super::work::{Place, Shared};
use crate::send::{Outcome, Protocol, Sender};
use crate::spans::random::Random;
use anyhow::{Context, bail, ensure};
use jiff::Timestamp;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Its events go when they are older than [`SHORT_AGE_S`].
pub(crate) const SHORT_DATASET: &str = "soak-short";
const SHORT_AGE_S: i64 = 300;

/// What was taken away.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) erasures: AtomicU64,
    pub(crate) deletions: AtomicU64,
}

const CALL_MAX: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(500);
/// An erasure, restarts included.
const ERASURE_MAX: Duration = Duration::from_secs(300);
const WAIT: Duration = Duration::from_secs(1);

/// The minutes of a dataset in which every acknowledged event must still be there.
pub(crate) fn kept(dataset: &str, minutes: Minutes) -> Minutes {
    if dataset != SHORT_DATASET {
        return minutes;
    }
    // A minute of margin: the clock goes on while the answer is made.
    let oldest = (Timestamp::now().as_second() - SHORT_AGE_S).div_euclid(60) + 2;
    Minutes {
        start: minutes.start.max(oldest),
        end: minutes.end.max(oldest),
    }
}

/// Erases and deletes, one after the other, until the soak is over.
pub(crate) async fn take_all_the_time(shared: Arc<Shared>, pause: Duration) {
    let mut random = Random::new(shared.seed, u64::MAX - 1);
    let mut number = 0_u64;
    let mut tick = tokio::time::interval(pause);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    tick.tick().await;
    loop {
        tick.tick().await;
        let Some(place) = shared.place().await else {
            return;
        };
        number += 1;
        let done = match number % 3 {
            0 => delete_one(&shared, &place, number, &mut random).await,
            1 => limit_age(&place).await,
            _ => erase_one(&shared, &mut random).await,
        };
        let Err(error) = done else { continue };
        // A server that is stopped answers nobody, and a kill is seen before it is announced.
        tokio::time::sleep(WAIT).await;
        if shared.is_current(&place) {
            shared.fault(format!("taking away: {error:#}"));
        }
    }
}

/// Erases the events of one acknowledged request; restarts may come between.
async fn erase_one(shared: &Shared, random: &mut Random) -> anyhow::Result<()> {
    let Some(batch) = shared.oracle().take_sample(random.next()) else {
        return Ok(());
    };
    let body = json!({
        "filters": [{"column": "batch", "op": "=", "value": batch.name}],
        "dry_run": false,
    });
    let began = Instant::now();
    let mut id = None;
    while began.elapsed() < ERASURE_MAX {
        let Some(place) = shared.place().await else {
            // Over before it is known; the oracle takes it as on the way.
            return Ok(());
        };
        let calls = Calls::new(&place)?;
        let step = match id {
            None => {
                calls
                    .post(&format!("datasets/{}/erase", batch.dataset), &body)
                    .await
            }
            Some(id) => calls.get(&format!("erasures/{id}")).await,
        };
        match step {
            // Cut off: whether it was taken is not known, and asking twice does no harm.
            Err(error) if shared.is_current(&place) => {
                tokio::time::sleep(WAIT).await;
                if shared.is_current(&place) {
                    return Err(error);
                }
            }
            Err(_) => {}
            Ok(erasure) => match erasure["state"].as_str() {
                Some("done") => {
                    shared.oracle().settle(&batch, false);
                    shared.oracle().gone(batch);
                    shared.taken.erasures.fetch_add(1, Ordering::Relaxed);
                    return Ok(());
                }
                Some("running") => id = erasure["id"].as_u64().or(id),
                _ => bail!("an erasure says {erasure}"),
            },
        }
        tokio::time::sleep(POLL).await;
    }
    bail!("an erasure is not done after {ERASURE_MAX:?}")
}

/// Makes a dataset of one request, deletes it and looks whether it is gone.
async fn delete_one(
    shared: &Shared,
    place: &Place,
    number: u64,
    random: &mut Random,
) -> anyhow::Result<()> {
    let dataset = format!("soak-gone-{number}");
    let name = format!("gone-{number}");
    let batch = Batch::new(name, &dataset, 100, Timestamp::now(), random);
    let mut sender = Sender::new(&place.endpoints, Protocol::BatchJson, &dataset)?;
    let body = batch.encode(Protocol::BatchJson)?;
    if sender.send(&body, batch.events.len()).await? != Outcome::Acknowledged {
        return Ok(());
    }
    let calls = Calls::new(place)?.with_key().await?;
    let path = format!("/1/datasets/{dataset}");
    let open = json!({
        "description": "",
        "expand_json_depth": 0,
        "settings": {"delete_protected": false},
    });
    calls.call(reqwest::Method::PUT, &path, Some(&open)).await?;
    calls.call(reqwest::Method::DELETE, &path, None).await?;
    let found = Questions::new(&place.endpoints.http)?
        .batch(&batch, shared.minutes())
        .await?;
    ensure!(found.count == 0, "{found:?} of a deleted dataset are there");
    shared.oracle().gone(batch);
    shared.taken.deletions.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// Asking again changes nothing.
async fn limit_age(place: &Place) -> anyhow::Result<()> {
    let calls = Calls::new(place)?;
    let path = format!("/api/environments/production/datasets/{SHORT_DATASET}/retention");
    let limits = json!({"age_s": SHORT_AGE_S, "bytes": null});
    calls
        .call(reqwest::Method::PUT, &path, Some(&limits))
        .await?;
    Ok(())
}

/// Events may be as late as this, so the limit must leave room.
const _: () = assert!(SHORT_AGE_S > LATE_S_MAX + 120);

/// Calls that change things.
struct Calls {
    client: Client,
    endpoint: String,
    key: Option<String>,
}

impl Calls {
    fn new(place: &Place) -> anyhow::Result<Self> {
        Ok(Self {
            client: Client::builder().timeout(CALL_MAX).build()?,
            endpoint: place.endpoints.http.clone(),
            key: None,
        })
    }

    /// Honeycomb's doors want one.
    async fn with_key(mut self) -> anyhow::Result<Self> {
        let made = self.post("keys", &json!({"name": "soak"})).await?;
        self.key = Some(made["key"].as_str().context("no key")?.to_owned());
        Ok(self)
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let path = format!("/api/environments/production/{path}");
        self.call(reqwest::Method::POST, &path, Some(body)).await
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let path = format!("/api/environments/production/{path}");
        self.call(reqwest::Method::GET, &path, None).await
    }

    async fn call(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let mut request = self
            .client
            .request(method.clone(), format!("{}{path}", self.endpoint));
        if let Some(key) = &self.key {
            request = request.header("x-honeycomb-team", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        // The limit of a dataset that has no events yet.
        if status == StatusCode::NOT_FOUND && method == reqwest::Method::PUT {
            return Ok(Value::Null);
        }
        ensure!(
            status.is_success(),
            "{method} {path} answered {status}: {text}"
        );
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}
