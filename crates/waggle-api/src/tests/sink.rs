//! A sink that remembers what it was given, and fails as told.

use async_trait::async_trait;
use parking_lot::Mutex;
use std::sync::Arc;
use waggle_metastore::Metastore;
use waggle_model::{
    AppendError, AppendOutcome, EventBatch, EventSink, Reject, RejectReason, Tenant,
};

/// What the sink does with the next append.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Take,
    Busy,
    Full,
    Stopped,
    Panic,
    /// Refuses this row of the first batch, if there is one.
    Refuse(usize, RejectReason),
    /// Refuses all rows for these datasets.
    RefuseDatasets(&'static [&'static str]),
}

pub(super) struct RecordingSink {
    metastore: Arc<dyn Metastore>,
    pub(super) mood: Mutex<Mood>,
    pub(super) taken: Mutex<Vec<(Tenant, EventBatch)>>,
}

impl RecordingSink {
    pub(super) fn new(metastore: Arc<dyn Metastore>) -> Self {
        Self {
            metastore,
            mood: Mutex::new(Mood::Take),
            taken: Mutex::default(),
        }
    }

    pub(super) fn set(&self, mood: Mood) {
        *self.mood.lock() = mood;
    }

    /// `dataset: {column=value, ...} @time xrate` per row, columns by name, and forgets them.
    pub(super) fn take(&self) -> Vec<String> {
        let taken = std::mem::take(&mut *self.taken.lock());
        taken.iter().flat_map(|(_, batch)| rows(batch)).collect()
    }
}

#[async_trait]
impl EventSink for RecordingSink {
    async fn append_together(
        &self,
        tenant: Tenant,
        batches: Vec<EventBatch>,
        may_create_datasets: bool,
        must: &[(usize, usize)],
    ) -> Result<AppendOutcome, AppendError> {
        let mood = *self.mood.lock();
        let mut outcome = AppendOutcome::default();
        match mood {
            Mood::Take => {}
            Mood::Busy => return Err(AppendError::Busy),
            Mood::Full => return Err(AppendError::Full),
            Mood::Stopped => return Err(AppendError::Unavailable("/secret/path is full".into())),
            Mood::Panic => panic!("on purpose"),
            Mood::Refuse(row, reason) => {
                if batches.first().is_some_and(|batch| row < batch.len()) {
                    let batch = 0;
                    outcome.rejects.push(Reject { batch, row, reason });
                }
            }
            Mood::RefuseDatasets(names) => {
                let refused = batches.iter().enumerate();
                for (batch, refused) in refused.filter(|(_, b)| names.contains(&&*b.dataset)) {
                    outcome.rejects.extend((0..refused.len()).map(|row| Reject {
                        batch,
                        row,
                        reason: RejectReason::DatasetTooManyColumns,
                    }));
                }
            }
        }
        for (index, batch) in batches.iter().enumerate() {
            if let Mood::RefuseDatasets(names) = mood
                && names.contains(&&*batch.dataset)
            {
                outcome.datasets.push(None);
                continue;
            }
            let found = self.metastore.find_dataset(tenant, &batch.dataset).await;
            let mut dataset = found.unwrap().map(|dataset| dataset.id);
            if dataset.is_none() && may_create_datasets {
                let made = self
                    .metastore
                    .ensure_dataset(tenant, &batch.dataset, 100, super::NOW_NS)
                    .await;
                dataset = made.ok().map(|made| made.dataset.id);
            }
            outcome.datasets.push(dataset);
            if dataset.is_none() {
                outcome.rejects.extend((0..batch.len()).map(|row| Reject {
                    batch: index,
                    row,
                    reason: RejectReason::UnknownDataset,
                }));
            }
        }
        if outcome.refuses_any(must) {
            return Ok(outcome);
        }
        for (batch, dataset) in batches.into_iter().zip(&outcome.datasets) {
            if dataset.is_some() {
                outcome.accepted_count += batch.len();
                self.taken.lock().push((tenant, batch));
            }
        }
        outcome.accepted_count = outcome.accepted_count.saturating_sub(outcome.rejects.len());
        Ok(outcome)
    }
}

fn rows(batch: &EventBatch) -> Vec<String> {
    let mut rows: Vec<Vec<String>> = vec![Vec::new(); batch.len()];
    for column in batch.columns() {
        let strings = &column.strings;
        for (row, code) in strings.rows.iter().zip(&strings.codes) {
            rows[*row as usize].push(format!("{}={:?}", column.name, strings.entry(*code)));
        }
        for (row, value) in column.ints.rows.iter().zip(&column.ints.values) {
            rows[*row as usize].push(format!("{}={value}", column.name));
        }
        for (row, value) in column.floats.rows.iter().zip(&column.floats.values) {
            rows[*row as usize].push(format!("{}={value:?}", column.name));
        }
        for (row, value) in column.bools.rows.iter().zip(&column.bools.values) {
            rows[*row as usize].push(format!("{}={value}", column.name));
        }
    }
    rows.iter_mut()
        .enumerate()
        .map(|(row, fields)| {
            fields.sort();
            format!(
                "{}: {{{}}} @{} x{}",
                batch.dataset,
                fields.join(", "),
                batch.timestamps_ns()[row],
                batch.sample_rates()[row]
            )
        })
        .collect()
}
