//! What goes at somebody's wish: datasets, columns, events that match a filter, and events that are past a limit.

use super::Store;
use super::maintain::Replaced;
use crate::compaction::rewrite::Rewrite;
use crate::erase::{self, RowPredicate};
use crate::{Error, Result, Source, retention, wal};
use async_trait::async_trait;
use hashbrown::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use waggle_metastore::{
    Block as ListedBlock, BlockId, ColumnId, DatasetRetention, DeletedColumns, ErasedValues,
    ErasureId, Error as MetastoreError, NewErasure, RunningErasure,
};
use waggle_model::{
    ColumnsDeleted, DatasetId, DatasetScope, EraseRequest, EventKeeper, FilterCombination,
    FilterOp, FilterValue, KeepError, RetentionLimits, RetentionLoss, Tenant, TimeRange, Value,
};

/// How often a metastore that somebody reads for long is asked again to let go of old pages.
const SCRUB_RETRY: Duration = Duration::from_millis(200);
const SCRUB_ATTEMPTS: usize = 50;

#[async_trait]
impl EventKeeper for Store {
    async fn delete_dataset(&self, tenant: Tenant, dataset: DatasetId) -> Result<(), KeepError> {
        self.metastore.delete_dataset(tenant, dataset).await?;
        self.admission.forget(dataset);
        self.let_go_of(&HashSet::from_iter([dataset]));
        Ok(())
    }

    async fn delete_columns(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        columns: &[String],
    ) -> Result<ColumnsDeleted, KeepError> {
        let columns: Vec<ColumnId> = columns.iter().cloned().map(ColumnId).collect();
        let deleted = self.forget_columns(tenant, dataset, &columns).await?;
        let DeletedColumns {
            columns, in_use, ..
        } = deleted;
        Ok(ColumnsDeleted {
            deleted: columns.into_iter().map(|(id, _)| id.0).collect(),
            in_use: in_use.into_iter().map(|id| id.0).collect(),
        })
    }

    async fn preview_retention(
        &self,
        tenant: Tenant,
        limits: &[(DatasetId, RetentionLimits)],
    ) -> Vec<RetentionLoss> {
        let now_ns = self.clock.now_ns();
        let all = self.view.blocks();
        limits
            .iter()
            .map(|(dataset, limits)| {
                let blocks: Vec<_> = all
                    .iter()
                    .filter(|b| b.block.tenant == tenant && b.block.dataset == *dataset)
                    .cloned()
                    .collect();
                retention::preview(*dataset, &blocks, *limits, now_ns)
            })
            .collect()
    }

    async fn apply_retention(&self) {
        self.limits_changed.notify_one();
    }

    fn default_retention(&self) -> RetentionLimits {
        self.config.retention
    }

    async fn count_erasable(
        &self,
        tenant: Tenant,
        request: &EraseRequest,
    ) -> Result<u64, KeepError> {
        let predicate = self.predicate(tenant, request).await?;
        let store = self.arc()?;
        let (scope, range) = (DatasetScope::One(request.dataset), request.range);
        let counted = tokio::task::spawn_blocking(move || {
            let snapshot = store.snapshot(tenant, &scope, range)?;
            let counts = snapshot.sources.iter().map(|s| count_rows(&*predicate, s));
            counts.sum::<Result<u64>>()
        });
        let counted = counted
            .await
            .map_err(|e| KeepError::Unavailable(e.to_string()))?;
        Ok(counted?)
    }

    async fn erase(&self, tenant: Tenant, request: EraseRequest) -> Result<i64, KeepError> {
        let predicate = self.predicate(tenant, &request).await?;
        let record = record(tenant, &request, self.clock.now_ns());
        let id = self
            .metastore
            .begin_erasure(&record, &erase::encode(&request))
            .await?;
        tracing::info!(
            erasure = id.0,
            dataset = request.dataset.0,
            "an erasure begins"
        );
        self.start_erasure(Erasing {
            id,
            tenant,
            row_count: 0,
            work: Some((request, predicate)),
        });
        Ok(id.0)
    }
}

/// An erasure that is carried out.
struct Erasing {
    id: ErasureId,
    tenant: Tenant,
    row_count: u64,
    /// `None` when everything is erased but the traces of the request itself.
    work: Option<(EraseRequest, Arc<dyn RowPredicate>)>,
}

impl Store {
    fn arc(&self) -> Result<Arc<Self>, KeepError> {
        let stopped = || KeepError::Unavailable("it has stopped".to_owned());
        self.this.upgrade().ok_or_else(stopped)
    }

    /// Takes the rows of deleted datasets away from readers, and their blocks from the disk.
    pub(super) fn let_go_of(&self, gone: &HashSet<DatasetId>) {
        gone.iter().for_each(|id| self.admission.forget(*id));
        let blocks = self.view.remove_datasets(gone);
        self.remove_files_of(&blocks);
    }

    /// Deletes columns with the values of all events acknowledged so far.
    ///
    /// Nothing is appended meanwhile, so that "so far" is the end of a log file: rows before it lose the columns, in memory now, in
    /// blocks for every reader from now on and on the disk when they are rewritten, in the log at the next start. Rows after it keep them.
    async fn forget_columns(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        columns: &[ColumnId],
    ) -> Result<DeletedColumns> {
        let _turn = self.maintaining.lock().await;
        let is_stopping = self.is_stopping.write().await;
        if *is_stopping {
            return Err(Error::Stopped("it is stopping".to_owned()));
        }
        // No flush may list blocks made of rows that still have the columns.
        let _other_turn = self.flushing.lock().await;
        self.rotate().await?;
        let generations = self.view.generations();
        let open = generations.last().map_or(u64::MAX, |g| g.segment.number);
        let deleted = self
            .metastore
            .delete_columns(tenant, dataset, columns, open.saturating_sub(1))
            .await?;
        if deleted.columns.is_empty() {
            return Ok(deleted);
        }
        let names: Vec<String> = deleted.columns.iter().map(|(_, n)| n.clone()).collect();
        self.admission.forget(dataset);
        for generation in generations.iter().filter(|g| g.segment.number < open) {
            names
                .iter()
                .for_each(|name| generation.strip(dataset, name));
        }
        self.files.hide_columns(&deleted.blocks, &names);
        drop(is_stopping);
        self.blocks_added.notify_one();
        tracing::info!(
            dataset = dataset.0,
            columns = names.len(),
            "columns are deleted"
        );
        Ok(deleted)
    }

    /// Blocks in whose files there is what was deleted, in the order of files. The caller holds the turn.
    pub(super) fn blocks_to_clean(&self) -> Vec<Arc<ListedBlock>> {
        let hidden: HashSet<BlockId> = self.files.with_hidden_columns().into_iter().collect();
        if hidden.is_empty() {
            return Vec::new();
        }
        self.neighbours(|listed| hidden.contains(&listed.id))
    }

    /// The first file with such a block, and all blocks in it: a file goes only as a whole.
    fn neighbours(&self, is_meant: impl Fn(&ListedBlock) -> bool) -> Vec<Arc<ListedBlock>> {
        let damaged = self.damaged.lock().clone();
        let blocks = self.view.blocks();
        let files: HashSet<&str> = blocks
            .iter()
            .filter(|listed| damaged.contains(&listed.id))
            .map(|listed| listed.block.file.as_str())
            .collect();
        let meant = blocks.iter().filter(|listed| is_meant(listed));
        let first = meant
            .map(|listed| listed.block.file.as_str())
            .filter(|file| !files.contains(file))
            .min();
        let Some(file) = first else {
            return Vec::new();
        };
        let same_file = blocks.iter().filter(|listed| listed.block.file == file);
        same_file.cloned().collect()
    }

    /// Carries out all limits once.
    pub(super) async fn sweep(&self) -> Result<()> {
        let _turn = self.maintaining.lock().await;
        let limits = self.metastore.retentions().await?;
        let now_ns = self.clock.now_ns();
        let blocks = self.view.blocks_by_dataset();
        for DatasetRetention {
            dataset,
            own,
            environment,
            ..
        } in limits
        {
            let limits = own.or(environment).or(self.config.retention);
            let Some((_, blocks)) = blocks.iter().find(|(id, _)| *id == dataset) else {
                continue;
            };
            let verdict = retention::judge(blocks, limits, now_ns);
            if !verdict.gone.is_empty() {
                let rows: u64 = verdict.gone.iter().map(|b| b.block.row_count).sum();
                self.replace(Vec::new(), &verdict.gone).await?;
                self.metrics.retention_rows.inc_by(rows);
                tracing::info!(
                    dataset = dataset.0,
                    blocks = verdict.gone.len(),
                    rows,
                    "events past the limits of retention are gone"
                );
            }
            for listed in &verdict.trimmed {
                let work = Rewrite {
                    from_ns: Some(verdict.kept_from_ns),
                    ..Rewrite::of_one(listed)
                };
                let Replaced { left_out, .. } = self.rewrite_blocks(vec![work]).await?;
                self.metrics.retention_rows.inc_by(left_out);
            }
        }
        Ok(())
    }

    /// Goes on with what the last process left.
    pub(super) async fn resume_erasures(&self, running: Vec<RunningErasure>) -> Result<()> {
        for RunningErasure {
            id,
            tenant,
            row_count,
            request,
        } in running
        {
            let work = request.map(|bytes| {
                let unreadable = || KeepError::Unavailable("its request can't be read".to_owned());
                let request = erase::decode(&bytes).ok_or_else(unreadable)?;
                let predicate = (self.config.predicates.0)(&request)?;
                Ok::<_, KeepError>((request, predicate))
            });
            match work.transpose() {
                Ok(work) => {
                    tracing::info!(erasure = id.0, "an erasure goes on");
                    self.start_erasure(Erasing {
                        id,
                        tenant,
                        row_count,
                        work,
                    });
                }
                Err(error) => {
                    self.end_erasure(id, row_count, Some(error.to_string()))
                        .await?
                }
            }
        }
        Ok(())
    }

    fn start_erasure(&self, mut erasing: Erasing) {
        let Some(store) = self.this.upgrade() else {
            return;
        };
        let task = tokio::spawn(async move {
            let erased = store.carry_out(&mut erasing).await;
            if erased.is_err() && store.is_ending() {
                // The next start goes on.
                return;
            }
            let failure = erased.err().map(|error| error.to_string());
            let Erasing { id, row_count, .. } = erasing;
            if let Err(error) = store.end_erasure(id, row_count, failure).await {
                tracing::error!(erasure = id.0, %error, "the end of an erasure is not written down");
            }
        });
        let mut tasks = self.tasks.lock();
        tasks.retain(|task| !task.is_finished());
        tasks.push(task);
    }

    async fn end_erasure(
        &self,
        id: ErasureId,
        row_count: u64,
        failure: Option<String>,
    ) -> Result<()> {
        match &failure {
            None => tracing::info!(erasure = id.0, rows = row_count, "events are erased"),
            Some(failure) => {
                tracing::error!(
                    erasure = id.0,
                    failure,
                    "an erasure failed; it must be asked for again"
                );
            }
        }
        let now_ns = self.clock.now_ns();
        let noted = self
            .metastore
            .note_erasure(id, row_count, failure.as_deref(), Some(now_ns));
        Ok(noted.await?)
    }

    /// True when a failure says nothing but that the process ends.
    fn is_ending(&self) -> bool {
        self.is_leaving.load(Ordering::Relaxed) || self.wal.failure().is_some()
    }

    async fn carry_out(&self, erasing: &mut Erasing) -> Result<()> {
        let Erasing {
            id,
            tenant,
            row_count,
            work,
        } = erasing;
        if let Some((request, predicate)) = work {
            self.erase_rows(*tenant, request, predicate, *id, row_count)
                .await?;
            let values = values(request);
            self.metastore
                .forget_erased(*id, *tenant, request.dataset, &values)
                .await?;
        }
        for _ in 0..SCRUB_ATTEMPTS {
            match self.metastore.scrub().await {
                Err(MetastoreError::Busy) => tokio::time::sleep(SCRUB_RETRY).await,
                scrubbed => return Ok(scrubbed?),
            }
        }
        Err(MetastoreError::Busy.into())
    }

    async fn predicate(
        &self,
        tenant: Tenant,
        request: &EraseRequest,
    ) -> Result<Arc<dyn RowPredicate>, KeepError> {
        let dataset = self.metastore.dataset(tenant, request.dataset).await?;
        if dataset.is_none() {
            return Err(KeepError::NotFound("dataset"));
        }
        (self.config.predicates.0)(request)
    }

    /// Erases what was acknowledged before the call: everything goes into blocks, then block by block out of them.
    async fn erase_rows(
        &self,
        tenant: Tenant,
        request: &EraseRequest,
        predicate: &Arc<dyn RowPredicate>,
        id: ErasureId,
        row_count: &mut u64,
    ) -> Result<()> {
        // Appends under way may have been acknowledged before the call, but for their neighbours in the log.
        drop(self.is_stopping.write().await);
        self.flush().await?;
        let covered = self.metastore.wal_covered_through().await?;
        wal::remove_through(&*self.disk, &self.config.wal_dir(), covered.unwrap_or(0))?;
        let mut clean: HashSet<BlockId> = HashSet::new();
        loop {
            let _turn = self.maintaining.lock().await;
            let Some(dirty) = self
                .find_dirty(tenant, request, predicate, &mut clean)
                .await?
            else {
                break;
            };
            // The others in its file are written again as they are: the file must go.
            let work = dirty.iter().map(|listed| {
                let is_meant = listed.block.dataset == request.dataset;
                Rewrite {
                    erased: is_meant.then(|| Arc::clone(predicate)),
                    ..Rewrite::of_one(listed)
                }
            });
            let Replaced { added, left_out } = self.rewrite_blocks(work.collect()).await?;
            clean.extend(added.iter().map(|listed| listed.id));
            *row_count += left_out;
            self.metrics.erased_rows.inc_by(left_out);
            self.metastore
                .note_erasure(id, *row_count, None, None)
                .await?;
        }
        Ok(())
    }

    /// All blocks of a file in which there are rows to erase; remembers blocks without any.
    async fn find_dirty(
        &self,
        tenant: Tenant,
        request: &EraseRequest,
        predicate: &Arc<dyn RowPredicate>,
        clean: &mut HashSet<BlockId>,
    ) -> Result<Option<Vec<Arc<ListedBlock>>>> {
        let range = request.range;
        let is_meant = |listed: &&Arc<ListedBlock>| {
            listed.block.tenant == tenant
                && listed.block.dataset == request.dataset
                && listed.block.min_time_ns < range.end_ns
                && listed.block.max_time_ns >= range.start_ns
        };
        let blocks = self.view.blocks();
        for listed in blocks.iter().filter(is_meant) {
            if clean.contains(&listed.id) {
                continue;
            }
            let (files, predicate) = (Arc::clone(&self.files), Arc::clone(predicate));
            let looked_at = Arc::clone(listed);
            let count = super::blocking(move || {
                let source = files.source(&looked_at)?;
                count_rows(&*predicate, &source)
            });
            if count.await? > 0 {
                let file = &listed.block.file;
                let same_file = blocks.iter().filter(|other| other.block.file == *file);
                return Ok(Some(same_file.cloned().collect()));
            }
            clean.insert(listed.id);
        }
        Ok(None)
    }
}

fn count_rows(predicate: &dyn RowPredicate, source: &Source) -> Result<u64> {
    let rows = predicate.rows(source).map_err(Error::Filter)?;
    Ok(rows.iter().map(|word| u64::from(word.count_ones())).sum())
}

/// What is kept of an erasure: everything but the values.
fn record(tenant: Tenant, request: &EraseRequest, now_ns: i64) -> NewErasure {
    let filters: Vec<String> = request
        .filters
        .iter()
        .map(|filter| format!("{} {}", filter.column, filter.op.name()))
        .collect();
    let combination = match request.filter_combination {
        FilterCombination::And => " AND ",
        FilterCombination::Or => " OR ",
    };
    NewErasure {
        tenant,
        dataset: request.dataset,
        asked_by: request.asked_by.clone(),
        filter_text: filters.join(combination),
        range: request.range,
        created_at_ns: now_ns,
    }
}

/// The values whose events go whatever else they hold: saved queries that compare with one of them ask for nothing any more. A value has
/// to be compared as what it is, by a condition that is enough on its own, of all times: of `status = 500` beside `user = 7`, or of last
/// week's, events stay.
fn values(request: &EraseRequest) -> ErasedValues {
    let mut erased = ErasedValues::default();
    let is_enough =
        request.filters.len() == 1 || request.filter_combination == FilterCombination::Or;
    if !is_enough || request.range != TimeRange::ALL {
        return erased;
    }
    for filter in &request.filters {
        let values = match (&filter.op, &filter.value) {
            (FilterOp::Equal, FilterValue::One(value)) => std::slice::from_ref(value),
            (FilterOp::In, FilterValue::Many(values)) => values,
            (
                FilterOp::StartsWith | FilterOp::EndsWith | FilterOp::Contains,
                FilterValue::One(value),
            ) => {
                if let Value::String(text) = value {
                    erased.texts.push(text.clone());
                }
                continue;
            }
            _ => continue,
        };
        for value in values {
            let number = match value {
                Value::String(text) => {
                    erased.texts.push(text.clone());
                    continue;
                }
                Value::Int(number) => number.to_string(),
                Value::Float(number) => number.to_string(),
                Value::Bool(_) => continue,
            };
            erased.numbers.push((filter.column.clone(), number));
        }
    }
    erased
}

impl From<Error> for KeepError {
    fn from(error: Error) -> Self {
        match error {
            Error::Metastore(error) => error.into(),
            error => Self::Unavailable(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
