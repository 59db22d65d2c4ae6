//! The queries that run now, for whoever wants to see how far they are.

use crate::exec::Limits;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use waggle_model::{RunningQuery, Tenant};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Query,
    Rows,
    BubbleUp,
    Trace,
    Traces,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Rows => "rows",
            Self::BubbleUp => "bubble-up",
            Self::Trace => "trace",
            Self::Traces => "traces",
        }
    }
}

/// All running queries.
#[derive(Default)]
pub(super) struct RunningQueries(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    last_id: u64,
    queries: BTreeMap<u64, (Tenant, Kind, Arc<Limits>)>,
}

impl RunningQueries {
    /// Lists a query until the returned value is dropped.
    pub(super) fn begin(&self, tenant: Tenant, kind: Kind, limits: &Arc<Limits>) -> Running {
        let mut table = lock(&self.0);
        table.last_id += 1;
        let id = table.last_id;
        table.queries.insert(id, (tenant, kind, Arc::clone(limits)));
        Running {
            table: Arc::clone(&self.0),
            id,
        }
    }

    /// The queries of a tenant, oldest first.
    pub(super) fn of(&self, tenant: Tenant) -> Vec<RunningQuery> {
        lock(&self.0)
            .queries
            .iter()
            .filter(|(_, (owner, _, _))| *owner == tenant)
            .map(|(id, (_, kind, limits))| RunningQuery {
                id: *id,
                kind: kind.name(),
                rows_read: limits.rows_read(),
                elapsed_ns: limits.elapsed_ns(),
            })
            .collect()
    }
}

/// One listed query.
pub(super) struct Running {
    table: Arc<Mutex<Table>>,
    id: u64,
}

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.table).queries.remove(&self.id);
    }
}

/// Nothing panics while it holds the lock.
fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
