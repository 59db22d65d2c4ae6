//! Knows every event that was acknowledged, and every one of which nobody knows yet. An answer is right when it lies between what
//! was acknowledged before the question and what could be there after the answer.

#[cfg(test)]
mod tests;

use super::event::{Batch, MARKERS};
use std::collections::BTreeMap;

/// A count and the sum of `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) sum: u64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
    }

    fn subtract(&mut self, other: Self) {
        self.count -= other.count;
        self.sum -= other.sum;
    }

    fn is_within(self, low: Self, high: Self) -> bool {
        (low.count..=high.count).contains(&self.count) && (low.sum..=high.sum).contains(&self.sum)
    }
}

/// Tallies by minute and marker.
pub(crate) type Grid = BTreeMap<(i64, usize), Tally>;

/// What is known of one dataset.
#[derive(Clone, Debug, Default)]
struct Known {
    acknowledged: Grid,
    /// Sent, and either on the way or lost with its connection.
    pending: Grid,
}

/// Everything that was sent.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    datasets: BTreeMap<String, Known>,
    /// Requests whose connection broke before an answer, with the number of the server they were sent to.
    unknown: Vec<(u64, Batch)>,
    /// A few acknowledged requests to ask for by name.
    samples: Vec<Batch>,
    /// Requests whose events were erased, or deleted with their dataset.
    gone: Vec<Batch>,
    pub(crate) acknowledged: u64,
}

/// Samples beyond this replace older ones.
const SAMPLES_MAX: usize = 500;

impl Oracle {
    /// A request is about to be sent.
    pub(crate) fn sending(&mut self, batch: &Batch) {
        let known = self.datasets.entry(batch.dataset.clone()).or_default();
        for (place, tally) in grid_of(batch) {
            known.pending.entry(place).or_default().add(tally);
        }
    }

    /// It was acknowledged.
    pub(crate) fn acknowledged(&mut self, batch: Batch) {
        self.settle(&batch, true);
        self.acknowledged += batch.events.len() as u64;
        if self.samples.len() < SAMPLES_MAX {
            self.samples.push(batch);
        } else {
            // The names are as good as random; any spread over the samples will do.
            let place = self.acknowledged as usize / batch.events.len().max(1) * 7 % SAMPLES_MAX;
            self.samples[place] = batch;
        }
    }

    /// Its connection to server number `server` broke.
    pub(crate) fn lost(&mut self, server: u64, batch: Batch) {
        self.unknown.push((server, batch));
    }

    /// Requests lost with servers before this one: these are over, so whether their events are there can be asked.
    pub(crate) fn take_unknown(&mut self, server: u64) -> Vec<Batch> {
        let all = std::mem::take(&mut self.unknown);
        let (over, open) = all.into_iter().partition(|(of, _)| *of < server);
        self.unknown = open;
        over.into_iter().map(|(_, batch)| batch).collect()
    }

    /// It turned out that the events of a lost request are there, or are not.
    pub(crate) fn settle(&mut self, batch: &Batch, is_there: bool) {
        let known = self.datasets.entry(batch.dataset.clone()).or_default();
        for (place, tally) in grid_of(batch) {
            known.pending.entry(place).or_default().subtract(tally);
            if is_there {
                known.acknowledged.entry(place).or_default().add(tally);
            }
        }
    }

    /// What must be there now.
    pub(crate) fn low(&self, dataset: &str) -> Grid {
        self.datasets
            .get(dataset)
            .map(|known| known.acknowledged.clone())
            .unwrap_or_default()
    }

    /// What may be there now.
    pub(crate) fn high(&self, dataset: &str) -> Grid {
        let Some(known) = self.datasets.get(dataset) else {
            return Grid::new();
        };
        let mut high = known.acknowledged.clone();
        for (place, tally) in &known.pending {
            high.entry(*place).or_default().add(*tally);
        }
        high
    }

    /// One of the acknowledged requests.
    pub(crate) fn sample(&self, number: u64) -> Option<&Batch> {
        let count = self.samples.len() as u64;
        self.samples.get((number % count.max(1)) as usize)
    }

    /// Takes one out whose events are to be erased: from now on they may be there or not.
    pub(crate) fn take_sample(&mut self, number: u64) -> Option<Batch> {
        if self.samples.is_empty() {
            return None;
        }
        let place = (number % self.samples.len() as u64) as usize;
        let batch = self.samples.swap_remove(place);
        let known = self.datasets.entry(batch.dataset.clone()).or_default();
        for (place, tally) in grid_of(&batch) {
            known.acknowledged.entry(place).or_default().subtract(tally);
            known.pending.entry(place).or_default().add(tally);
        }
        Some(batch)
    }

    /// True while a request is among the samples, and so untouched.
    pub(crate) fn has_sample(&self, name: &str) -> bool {
        self.samples.iter().any(|batch| batch.name == name)
    }

    /// No event of it may ever be seen again.
    pub(crate) fn gone(&mut self, batch: Batch) {
        self.gone.push(batch);
    }

    /// One of those that are gone.
    pub(crate) fn sample_gone(&self, number: u64) -> Option<&Batch> {
        let count = self.gone.len() as u64;
        self.gone.get((number % count.max(1)) as usize)
    }

    /// Datasets that events were sent to.
    pub(crate) fn datasets(&self) -> Vec<String> {
        self.datasets.keys().cloned().collect()
    }
}

/// What a request adds.
fn grid_of(batch: &Batch) -> Grid {
    let mut grid = Grid::new();
    for event in &batch.events {
        let place = (event.minute(), event.marker % MARKERS);
        grid.entry(place).or_default().add(Tally {
            count: 1,
            sum: event.n,
        });
    }
    grid
}

/// Where an answer lies outside of its bounds, in words; empty when it is right.
pub(crate) fn differences(answer: &Grid, low: &Grid, high: &Grid) -> Vec<String> {
    let none = Tally::default();
    let mut places: Vec<_> = answer.keys().chain(low.keys()).collect();
    places.sort_unstable();
    places.dedup();
    let mut wrong = Vec::new();
    for place in places {
        let of = |grid: &Grid| grid.get(place).copied().unwrap_or(none);
        let (found, low, high) = (of(answer), of(low), of(high));
        if !found.is_within(low, high) {
            let (minute, marker) = place;
            wrong.push(format!(
                "minute {minute} marker {marker}: {found:?} is not between {low:?} and {high:?}"
            ));
        }
    }
    wrong
}
