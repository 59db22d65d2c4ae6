//! The way in.

use super::Store;
use crate::ARRIVAL_COLUMN;
use crate::admit::Admitted;
use crate::wal::Request;
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::OwnedRwLockReadGuard;
use waggle_model::{AppendError, AppendOutcome, EventBatch, EventSink, Tenant};

#[async_trait]
impl EventSink for Store {
    async fn append_together(
        &self,
        tenant: Tenant,
        batches: Vec<EventBatch>,
        may_create_datasets: bool,
        must: &[(usize, usize)],
    ) -> Result<AppendOutcome, AppendError> {
        self.metrics.appends_started.inc();
        let answer = self
            .append_counted(tenant, batches, may_create_datasets, must)
            .await;
        self.metrics.appends_finished.inc();
        match &answer {
            Ok(outcome) => {
                let metrics = &self.metrics;
                metrics.rows_stored.inc_by(outcome.accepted_count as u64);
                metrics.rows_refused.inc_by(outcome.rejects.len() as u64);
            }
            Err(AppendError::Busy) => {
                self.metrics.appends_busy.inc();
            }
            Err(AppendError::Full) => {
                self.metrics.appends_full.inc();
            }
            Err(AppendError::Unavailable(_)) => {}
        }
        answer
    }
}

impl Store {
    async fn append_counted(
        &self,
        tenant: Tenant,
        batches: Vec<EventBatch>,
        may_create_datasets: bool,
        must: &[(usize, usize)],
    ) -> Result<AppendOutcome, AppendError> {
        let intake = Arc::clone(&self.is_stopping).read_owned().await;
        if *intake {
            return Err(AppendError::Unavailable("it is stopping".to_owned()));
        }
        if let Some(reason) = self.wal.failure() {
            return Err(AppendError::Unavailable(reason.to_owned()));
        }
        self.wal.check_room()?;
        let Admitted {
            mut batches,
            outcome,
        } = self
            .admission
            .admit(tenant, batches, may_create_datasets)
            .await?;
        if outcome.refuses_any(must) {
            return Ok(AppendOutcome {
                accepted_count: 0,
                datasets: vec![None; outcome.datasets.len()],
                rejects: outcome.rejects,
            });
        }
        if batches.is_empty() {
            return Ok(outcome);
        }
        self.wait_for_memory().await?;
        let now_s = self.clock.now_ns().div_euclid(1_000_000_000);
        for (_, batch) in &mut batches {
            batch.fill_int(ARRIVAL_COLUMN, now_s);
        }
        let Some(store) = self.this.upgrade() else {
            return Err(AppendError::Unavailable("it has stopped".to_owned()));
        };
        // A task of its own: a client that goes away in the middle must not leave rows that are in the log and not in the memtable.
        let written = tokio::spawn(store.write(Request { tenant, batches }, intake));
        match written.await {
            Ok(Ok(())) => Ok(outcome),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                let reason = "an append panicked between the log and the memtable";
                self.wal.fail(reason.to_owned());
                Err(AppendError::Unavailable(reason.to_owned()))
            }
        }
    }

    async fn write(
        self: Arc<Self>,
        request: Request,
        _intake: OwnedRwLockReadGuard<bool>,
    ) -> Result<(), AppendError> {
        let ticket = self.wal.append(&request).await?;
        let Request { tenant, batches } = request;
        let now_ns = self.clock.now_ns();
        if !self.view.insert(ticket.segment(), tenant, &batches, now_ns) {
            let reason = "a memtable generation was flushed before it was complete";
            self.wal.fail(reason.to_owned());
            return Err(AppendError::Unavailable(reason.to_owned()));
        }
        drop(ticket);
        self.grown.notify_one();
        Ok(())
    }

    async fn wait_for_memory(&self) -> Result<(), AppendError> {
        let wait = async {
            loop {
                let freed = self.memory_freed.notified();
                if self.view.memory_bytes() < self.config.memory_bytes {
                    return;
                }
                self.grown.notify_one();
                freed.await;
            }
        };
        tokio::time::timeout(self.config.append_wait, wait)
            .await
            .map_err(|_| AppendError::Busy)
    }
}
