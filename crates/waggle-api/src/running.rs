//! Runs of queries that the metastore does not hold in full yet: those that are being computed, and those that have ended and are
//! being written.
//!
//! An answer goes to its caller before it is written down, because a commit takes longer than most queries. So that its ids work at once,
//! they are looked for here first. What a crash can lose is the stored answer of a query that ended within the last moments: the query
//! can be asked again, and a result that was promised with 201 is in the metastore before, so it is there after a restart and says that
//! its query was interrupted; only a power cut in that moment takes it back. A stopping server writes everything down. See
//! spec/honeycomb-api.md section 12.2.

use crate::kept;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use waggle_metastore::{Metastore, Query, QueryAnswer, QueryId, QueryResult, QueryResultId};
use waggle_model::{TeamId, Tenant};

/// The unit in which the size of unwritten results is counted, in bytes: a semaphore holds no more than 2^29 permits on small machines.
const SIZE_UNIT: usize = 1_024;

/// How many of the things that there can be at once one team can have: a quarter is left to others.
pub(crate) fn share(max: usize) -> usize {
    max - max / 4
}

/// A run with its query.
#[derive(Clone, Debug)]
pub(crate) struct QueryRun {
    pub(crate) query: Query,
    pub(crate) result: QueryResult,
}

/// The runs of this process.
pub(crate) struct Runs {
    runs: Arc<Mutex<HashMap<QueryResultId, Run>>>,
    running_max: usize,
    /// How much may be unwritten.
    room: Arc<Semaphore>,
    room_max: u32,
}

enum Run {
    /// Of a team; waiters see its end when the sender is dropped.
    Running(TeamId, watch::Receiver<()>),
    Ended(Arc<QueryRun>),
}

/// A run that is being computed. Dropping it, also by a panic, ends it for everybody who waits.
pub(crate) struct RunningResult {
    runs: Arc<Mutex<HashMap<QueryResultId, Run>>>,
    id: QueryResultId,
    _end: watch::Sender<()>,
}

impl Runs {
    /// Bounds the runs of `/1/query_results` at once, of which one team can have three quarters, and the bytes of ended ones that wait to
    /// be written.
    pub(crate) fn new(running_max: usize, unwritten_bytes_max: usize) -> Self {
        let room_max = u32::try_from(unwritten_bytes_max / SIZE_UNIT)
            .unwrap_or(u32::MAX)
            .clamp(1, 1 << 28);
        Self {
            runs: Arc::default(),
            running_max,
            room: Arc::new(Semaphore::new(room_max as usize)),
            room_max,
        }
    }

    /// True when no more of a team may run now.
    pub(crate) fn is_full(&self, team: TeamId) -> bool {
        let runs = self.runs.lock();
        let teams = runs.values().filter_map(|run| match run {
            Run::Running(team, _) => Some(*team),
            Run::Ended(_) => None,
        });
        let (mut all, mut own) = (0, 0);
        for other in teams {
            all += 1;
            own += usize::from(other == team);
        }
        all >= self.running_max || own >= share(self.running_max)
    }

    /// Marks a result as being computed.
    pub(crate) fn begin(&self, team: TeamId, id: QueryResultId) -> RunningResult {
        let (end, waiter) = watch::channel(());
        let run = Run::Running(team, waiter);
        self.runs.lock().insert(id.clone(), run);
        RunningResult {
            runs: Arc::clone(&self.runs),
            id,
            _end: end,
        }
    }

    /// Waits until the result is no longer being computed; returns at once when it isn't.
    pub(crate) async fn wait(&self, id: &QueryResultId) {
        let waiter = match self.runs.lock().get(id) {
            Some(Run::Running(_, waiter)) => Some(waiter.clone()),
            Some(Run::Ended(_)) | None => None,
        };
        if let Some(mut waiter) = waiter {
            // Nothing is ever sent: the only change is the end, which is an error here.
            while waiter.changed().await.is_ok() {}
        }
    }

    /// A run that has ended and may not be written yet.
    pub(crate) fn ended(&self, tenant: Tenant, id: &QueryResultId) -> Option<Arc<QueryRun>> {
        match self.runs.lock().get(id) {
            Some(Run::Ended(run)) if run.query.tenant == tenant => Some(Arc::clone(run)),
            _ => None,
        }
    }

    /// A query that was saved with its run and may not be written yet.
    pub(crate) fn query(&self, tenant: Tenant, id: &QueryId) -> Option<Query> {
        self.runs.lock().values().find_map(|run| match run {
            Run::Ended(run) if run.query.tenant == tenant && run.query.id == *id => {
                Some(run.query.clone())
            }
            _ => None,
        })
    }

    /// Shows a run that has ended, and writes it in the background; waits first while too much is unwritten. `is_recorded` tells that the
    /// metastore has its query and knows that it was begun.
    pub(crate) async fn end(
        &self,
        metastore: Arc<dyn Metastore>,
        run: QueryRun,
        is_recorded: bool,
    ) -> Arc<QueryRun> {
        let run = Arc::new(run);
        let id = run.result.id.clone();
        self.runs
            .lock()
            .insert(id.clone(), Run::Ended(Arc::clone(&run)));
        let room = self.room(&run).await;
        let runs = Arc::clone(&self.runs);
        let unwritten = Arc::clone(&run);
        tokio::spawn(async move {
            if let Err(error) = write(&*metastore, &unwritten, is_recorded).await {
                tracing::error!(%error, result = unwritten.result.id.0, "query result not stored");
            }
            runs.lock().remove(&id);
            drop(room);
        });
        run
    }

    /// Waits until every ended run is written.
    pub(crate) async fn written(&self) {
        _ = self.room.acquire_many(self.room_max).await;
    }

    async fn room(&self, run: &QueryRun) -> Option<OwnedSemaphorePermit> {
        let bytes = match run.result.outcome.as_ref().map(|outcome| &outcome.answer) {
            Some(QueryAnswer::Complete(answer)) => answer.len(),
            _ => 0,
        };
        let size = u32::try_from(bytes / SIZE_UNIT + 1).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room);
        // The semaphore is never closed.
        room.acquire_many_owned(size.min(self.room_max)).await.ok()
    }
}

async fn write(
    metastore: &dyn Metastore,
    run: &QueryRun,
    is_recorded: bool,
) -> Result<(), waggle_metastore::Error> {
    let mut result = run.result.clone();
    let Some(outcome) = &mut result.outcome else {
        return Ok(());
    };
    if let QueryAnswer::Complete(json) = &mut outcome.answer {
        *json = kept::compressed(std::mem::take(json)).await;
    }
    if is_recorded {
        let tenant = run.query.tenant;
        return metastore
            .finish_query_result(tenant, &result.id, outcome)
            .await;
    }
    metastore.record_run(&run.query, &result).await
}

impl Drop for RunningResult {
    fn drop(&mut self) {
        let mut runs = self.runs.lock();
        if let Some(Run::Running(..)) = runs.get(&self.id) {
            runs.remove(&self.id);
        }
    }
}
