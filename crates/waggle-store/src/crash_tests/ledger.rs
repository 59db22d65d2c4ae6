//! What the crash tests know of the requests so far, and what must follow from it.

use super::{Gone, ROWS_MAX};
use crate::Store;
use crate::testing::{Bed, erasing};
use rand::RngExt;
use rand::rngs::StdRng;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use waggle_metastore::{ErasureId, ErasureState};
use waggle_model::{EventBatch, EventKeeper};

/// The dataset whose events have a column that is deleted now and then.
const MARKED: &str = "even";
const MARK: &str = "mark";

#[derive(Default)]
pub(super) struct Ledger {
    next: i64,
    /// Rows by request.
    sent: BTreeMap<i64, i64>,
    pub(super) promised: BTreeSet<i64>,
    /// Events that an erasure may have taken away.
    doomed: BTreeSet<i64>,
    /// Events that one has.
    erased: BTreeSet<i64>,
    /// The erasures that were begun, and their events.
    pub(super) erasures: Vec<(ErasureId, Vec<i64>)>,
    /// Events that must not have the mark: it was deleted after they were sent.
    unmarked: BTreeSet<i64>,
    /// Events that may have it or not: nobody knows whether a deletion came to pass.
    perhaps_marked: BTreeSet<i64>,
}

/// Events of the dataset whose column is deleted now and then.
pub(super) fn marked(numbers: Range<i64>) -> EventBatch {
    let mut batch = EventBatch::new(MARKED);
    for number in numbers {
        batch.begin_row();
        batch.put_int("number", number);
        batch.put_str("text", format!("event {number}"));
        batch.put_bool(MARK, true);
        batch.end_row(number, 1);
    }
    batch
}

/// Begins an erasure of events of [`MARKED`].
pub(super) async fn erase(
    bed: &Bed,
    store: &Store,
    numbers: Vec<i64>,
) -> Option<(ErasureId, Vec<i64>)> {
    if numbers.is_empty() {
        return None;
    }
    let dataset = bed
        .metastore
        .find_dataset(bed.tenant, MARKED)
        .await
        .unwrap();
    let request = erasing(dataset?.id, &numbers);
    let begun = store.erase(bed.tenant, request).await.ok()?;
    Some((ErasureId(begun), numbers))
}

impl Ledger {
    /// The number of a new request, and its rows.
    pub(super) fn send(&mut self, rows: i64) -> (i64, i64) {
        let request = self.next;
        self.next += 1;
        self.sent.insert(request, rows);
        (request, rows)
    }

    /// The events of a request in [`MARKED`].
    fn marked_of(request: i64, rows: i64) -> Range<i64> {
        request * ROWS_MAX..request * ROWS_MAX + rows / 2
    }

    /// How much was taken away for certain.
    pub(super) fn gone(&self) -> Gone {
        Gone {
            erased: self.erased.len(),
            unmarked: self.unmarked.len(),
        }
    }

    /// Chooses acknowledged events to erase.
    pub(super) fn doom(&mut self, rng: &mut StdRng) -> Vec<i64> {
        let sent = &self.sent;
        let all = self.promised.iter();
        let all = all.flat_map(|request| Self::marked_of(*request, sent[request]));
        let chosen: Vec<i64> = all.filter(|_| rng.random_bool(0.2)).collect();
        self.doomed.extend(&chosen);
        chosen
    }

    /// Deletes the marks of everything sent so far. Nothing is being sent meanwhile.
    pub(super) async fn delete_mark(&mut self, bed: &Bed, store: &Store) {
        let found = bed.metastore.find_dataset(bed.tenant, MARKED).await;
        let Some(dataset) = found.unwrap() else {
            return;
        };
        let column = bed.metastore.column_by_name(bed.tenant, dataset.id, MARK);
        let Some(column) = column.await.unwrap() else {
            return;
        };
        let deleted = store
            .delete_columns(bed.tenant, dataset.id, &[column.id.0])
            .await;
        let sent = self.sent.iter();
        let sent = sent.flat_map(|(request, rows)| Self::marked_of(*request, *rows));
        match deleted {
            Ok(deleted) if !deleted.deleted.is_empty() => self.unmarked.extend(sent),
            _ => self.perhaps_marked.extend(sent),
        }
    }

    /// Waits until no erasure runs; what those that are done were asked for is gone.
    pub(super) async fn wait_for_erasures(&mut self, bed: &Bed) {
        let of = |found: &[waggle_metastore::Erasure], id| {
            let found = found.iter().find(|erasure| erasure.id == id);
            found.map(|erasure| erasure.state)
        };
        loop {
            let found = bed.metastore.erasures(bed.tenant, 1_000).await.unwrap();
            if found.iter().all(|e| e.state != ErasureState::Running) {
                for (id, numbers) in &self.erasures {
                    if of(&found, *id) == Some(ErasureState::Done) {
                        self.erased.extend(numbers);
                    }
                }
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Compares with what the store has; whatever it has is a promise from now on.
    pub(super) fn check(&mut self, bed: &Bed, store: &Store, must_read: bool) {
        let read = bed
            .try_numbers(store)
            .and_then(|found| Ok((found, bed.try_numbers_with(store, MARK)?)));
        let (found, marked) = match read {
            Ok(read) => read,
            Err(_) if bed.disk.is_crashed() && !must_read => return,
            Err(error) => panic!("{error}"),
        };
        let mut rows: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for number in found {
            let is_new = rows.entry(number / ROWS_MAX).or_default().insert(number);
            assert!(is_new, "event {number} is there twice");
            assert!(!self.erased.contains(&number), "event {number} was erased");
        }
        for request in self.promised.iter().chain(rows.keys()) {
            let first = request * ROWS_MAX;
            let mut missing: Vec<i64> = (first..first + self.sent[request]).collect();
            let found = rows.get(request);
            missing.retain(|number| {
                !self.doomed.contains(number) && found.is_none_or(|found| !found.contains(number))
            });
            assert!(
                missing.is_empty(),
                "of request {request} are lost: {missing:?}"
            );
        }
        self.check_marks(&rows, &marked.into_iter().collect());
        self.promised.extend(rows.into_keys());
    }

    fn check_marks(&self, rows: &BTreeMap<i64, BTreeSet<i64>>, marked: &BTreeSet<i64>) {
        if let Some(number) = marked.intersection(&self.unmarked).next() {
            panic!("event {number} has a column that was deleted");
        }
        for (request, rows) in rows {
            let mut due = Self::marked_of(*request, self.sent[request]);
            let unmarked = due.find(|number| {
                rows.contains(number)
                    && !marked.contains(number)
                    && ![&self.doomed, &self.unmarked, &self.perhaps_marked]
                        .iter()
                        .any(|excused| excused.contains(number))
            });
            assert_eq!(unmarked, None, "the event has lost a column");
        }
    }
}
