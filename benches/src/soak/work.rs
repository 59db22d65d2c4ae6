//! Those who send and those who ask, all the time, whichever server is there.

use super::event::Batch;
use super::keep::{SHORT_DATASET, Taken, kept};
use super::oracle::{Oracle, Tally, differences};
use super::question::{Minutes, Questions};
use crate::ask::Busy;
use crate::send::{Outcome, Protocol, Sender};
use crate::server::{Endpoints, Server};
use crate::spans::random::Random;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Where the server of the moment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which server it is, counted from 1.
    pub(crate) number: u64,
    pub(crate) endpoints: Endpoints,
}

impl Place {
    pub(crate) fn new(number: u64, server: &Server) -> Self {
        Self {
            number,
            endpoints: server.endpoints.clone(),
        }
    }
}

/// What all tasks share.
#[derive(Debug)]
pub(crate) struct Shared {
    oracle: Mutex<Oracle>,
    faults: Mutex<Vec<String>>,
    /// `None` while there is no server.
    current: watch::Receiver<Option<Place>>,
    pub(crate) stop: AtomicBool,
    pub(crate) busy: AtomicU64,
    pub(crate) busy_answers: AtomicU64,
    pub(crate) checked: AtomicU64,
    pub(crate) taken: Taken,
    first_minute: i64,
    pub(crate) seed: u64,
}

/// Datasets that events go to.
const DATASETS: [&str; 3] = ["soak-one", "soak-two", SHORT_DATASET];
const WAIT_MAX: Duration = Duration::from_secs(1);

impl Shared {
    pub(crate) fn new(
        current: watch::Receiver<Option<Place>>,
        first_minute: i64,
        seed: u64,
    ) -> Self {
        Self {
            oracle: Mutex::default(),
            faults: Mutex::default(),
            current,
            stop: AtomicBool::new(false),
            busy: AtomicU64::new(0),
            busy_answers: AtomicU64::new(0),
            checked: AtomicU64::new(0),
            taken: Taken::default(),
            first_minute,
            seed,
        }
    }

    /// The oracle, for a moment.
    pub(crate) fn oracle(&self) -> MutexGuard<'_, Oracle> {
        self.oracle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something is wrong.
    pub(crate) fn fault(&self, fault: String) {
        crate::note(&format!("soak: WRONG: {fault}"));
        self.faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(fault);
    }

    pub(crate) fn take_faults(&self) -> Vec<String> {
        std::mem::take(&mut *self.faults.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// All times there can be events of.
    pub(crate) fn minutes(&self) -> Minutes {
        Minutes {
            start: self.first_minute,
            end: Timestamp::now().as_second().div_euclid(60) + 1,
        }
    }

    /// For whoever waits.
    pub(crate) fn progress(&self) -> String {
        let checked = self.checked.load(Ordering::Relaxed);
        format!(
            "{} events, {checked} answers checked",
            self.oracle().acknowledged
        )
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The server of the moment, once there is one; `None` when the soak is over.
    pub(crate) async fn place(&self) -> Option<Place> {
        let mut current = self.current.clone();
        while !self.is_over() {
            let place = current.borrow_and_update().clone();
            if place.is_some() {
                return place;
            }
            // It times out to see the end.
            drop(tokio::time::timeout(WAIT_MAX, current.changed()).await);
        }
        None
    }

    /// What is wrong with the events of a sample, unless they are being taken away.
    fn unequal(&self, sample: &Batch, found: Tally, expected: Tally, what: &str) -> Vec<String> {
        let is_kept = sample.dataset != SHORT_DATASET && self.oracle().has_sample(&sample.name);
        let wrong = difference(sample, found, expected, what);
        if is_kept { wrong } else { Vec::new() }
    }

    pub(crate) fn is_current(&self, place: &Place) -> bool {
        self.current.borrow().as_ref() == Some(place)
    }
}

/// Sends requests to one door until the soak is over.
pub(crate) async fn send_all_the_time(
    shared: std::sync::Arc<Shared>,
    worker: u64,
    protocol: Protocol,
    events_per_request: usize,
    pause: Duration,
) {
    let mut random = Random::new(shared.seed, worker);
    let mut tick = tokio::time::interval(pause);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut number = 0_u64;
    loop {
        tick.tick().await;
        let Some(place) = shared.place().await else {
            return;
        };
        number += 1;
        let dataset = DATASETS[random.index(DATASETS.len())];
        let name = format!("{worker}-{number}");
        let batch = Batch::new(
            name,
            dataset,
            events_per_request,
            Timestamp::now(),
            &mut random,
        );
        if let Err(error) = send_one(&shared, place, protocol, batch).await {
            shared.fault(format!("{}: {error:#}", protocol.name()));
        }
    }
}

/// Sends one request until its fate is known, or known to be unknown.
async fn send_one(
    shared: &Shared,
    place: Place,
    protocol: Protocol,
    batch: Batch,
) -> anyhow::Result<()> {
    let body = batch.encode(protocol)?;
    let count = batch.events.len();
    let mut place = place;
    shared.oracle().sending(&batch);
    loop {
        let mut sender = Sender::new(&place.endpoints, protocol, &batch.dataset)?;
        match sender.send(&body, count).await {
            Ok(Outcome::Acknowledged) => {
                shared.oracle().acknowledged(batch);
                return Ok(());
            }
            Ok(Outcome::Busy(wait)) => {
                shared.busy.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(wait.min(WAIT_MAX)).await;
                match shared.place().await {
                    Some(next) => place = next,
                    None => {
                        shared.oracle().settle(&batch, false);
                        return Ok(());
                    }
                }
            }
            Ok(Outcome::Unknown(_)) => {
                shared.oracle().lost(place.number, batch);
                tokio::time::sleep(WAIT_MAX).await;
                return Ok(());
            }
            Err(error) => {
                shared.oracle().lost(place.number, batch);
                return Err(error);
            }
        }
    }
}

/// Asks and checks until the soak is over.
pub(crate) async fn ask_all_the_time(shared: std::sync::Arc<Shared>, pause: Duration) {
    let mut random = Random::new(shared.seed, u64::MAX);
    let mut tick = tokio::time::interval(pause);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(place) = shared.place().await else {
            return;
        };
        match ask_one(&shared, &place, &mut random).await {
            Ok(wrong) => {
                shared.checked.fetch_add(1, Ordering::Relaxed);
                for fault in wrong.into_iter().take(3) {
                    shared.fault(fault);
                }
            }
            Err(error) if error.is::<Busy>() => {
                shared.busy_answers.fetch_add(1, Ordering::Relaxed);
            }
            // A server that is stopped answers nobody.
            Err(_) if !shared.is_current(&place) => {}
            Err(error) => {
                // A kill is seen by those who ask before it is announced.
                tokio::time::sleep(WAIT_MAX).await;
                if shared.is_current(&place) {
                    shared.fault(format!("no answer: {error:#}"));
                }
            }
        }
    }
}

async fn ask_one(
    shared: &Shared,
    place: &Place,
    random: &mut Random,
) -> anyhow::Result<Vec<String>> {
    let all = shared.minutes();
    let sample = shared.oracle().sample(random.next()).cloned();
    let Some(sample) = sample else {
        return Ok(Vec::new());
    };
    let questions = Questions::new(&place.endpoints.http)?;
    let expected = Tally {
        count: sample.events.len() as u64,
        sum: sample.sum(),
    };
    match random.index(5) {
        0 => {
            let found = questions.batch(&sample, all).await?;
            Ok(shared.unequal(&sample, found, expected, "COUNT and SUM"))
        }
        1 => {
            let found = questions.rows(&sample, all).await?;
            Ok(shared.unequal(&sample, found, expected, "rows"))
        }
        2 => check_grid(shared, place, &sample.dataset, all).await,
        3 => {
            let gone = shared.oracle().sample_gone(random.next()).cloned();
            let Some(gone) = gone else {
                return Ok(Vec::new());
            };
            let found = questions.batch(&gone, all).await?;
            Ok(difference(
                &gone,
                found,
                Tally::default(),
                "what was erased or deleted,",
            ))
        }
        _ => {
            let start = all.start + random.index((all.end - all.start) as usize) as i64;
            let end = (start + 1 + random.index(5) as i64).min(all.end);
            check_grid(shared, place, &sample.dataset, Minutes { start, end }).await
        }
    }
}

fn difference(batch: &Batch, found: Tally, expected: Tally, what: &str) -> Vec<String> {
    if found == expected {
        return Vec::new();
    }
    vec![format!(
        "{what} of request {} are {found:?} in place of {expected:?}",
        batch.name
    )]
}

/// Compares the tallies of some minutes with what they must and may be.
///
/// # Errors
/// When there is no answer.
pub(crate) async fn check_grid(
    shared: &Shared,
    place: &Place,
    dataset: &str,
    minutes: Minutes,
) -> anyhow::Result<Vec<String>> {
    let questions = Questions::new(&place.endpoints.http)?;
    let low = shared.oracle().low(dataset);
    let answer = if low.is_empty() {
        // There may be no such dataset yet.
        BTreeMap::new()
    } else {
        questions.grid(dataset, minutes).await?
    };
    let high = minutes.of(shared.oracle().high(dataset));
    // What may have gone by its age while the answer was made need not be in it.
    let low = kept(dataset, minutes).of(low);
    Ok(differences(&answer, &low, &high))
}
