//! All rows that one log segment holds, by dataset: what becomes blocks in one commit.

use super::table::{Inserted, Table};
use crate::wal::SegmentState;
use hashbrown::HashMap;
use parking_lot::RwLock;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use waggle_model::{DatasetId, DatasetScope, EventBatch, Tenant};

/// The memtables of one log segment.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) segment: Arc<SegmentState>,
    tables: RwLock<HashMap<DatasetId, Arc<Table>>>,
    row_count: AtomicU64,
    heap_bytes: AtomicU64,
    /// Rows of its largest table.
    largest_rows: AtomicU64,
    /// When its first row came; `i64::MAX` before.
    first_row_ns: AtomicI64,
}

impl Generation {
    pub(crate) fn new(segment: Arc<SegmentState>) -> Self {
        Self {
            segment,
            tables: RwLock::default(),
            row_count: 0.into(),
            heap_bytes: 0.into(),
            largest_rows: 0.into(),
            first_row_ns: i64::MAX.into(),
        }
    }

    /// Adds the rows of a batch; returns the bytes by which memory grew.
    pub(crate) fn insert(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        batch: &EventBatch,
        now_ns: i64,
    ) -> u64 {
        let Inserted {
            row_count,
            heap_bytes,
        } = self.table(tenant, dataset).insert(batch);
        self.first_row_ns.fetch_min(now_ns, Ordering::Relaxed);
        self.largest_rows.fetch_max(row_count, Ordering::Relaxed);
        self.row_count
            .fetch_add(batch.len() as u64, Ordering::Relaxed);
        self.heap_bytes.fetch_add(heap_bytes, Ordering::Relaxed);
        heap_bytes
    }

    /// The tables of a tenant within a scope.
    pub(crate) fn tables(&self, tenant: Tenant, scope: &DatasetScope) -> Vec<Arc<Table>> {
        let tables = self.tables.read();
        let is_wanted = |table: &&Arc<Table>| table.tenant == tenant;
        match scope {
            DatasetScope::One(dataset) => tables
                .get(dataset)
                .filter(is_wanted)
                .cloned()
                .into_iter()
                .collect(),
            DatasetScope::All => tables.values().filter(is_wanted).cloned().collect(),
        }
    }

    /// Every table, by tenant and dataset.
    pub(crate) fn all_tables(&self) -> Vec<Arc<Table>> {
        let mut tables: Vec<_> = self.tables.read().values().cloned().collect();
        tables.sort_by_key(|table| (table.tenant, table.dataset));
        tables
    }

    /// Takes a deleted column out of a dataset's rows.
    pub(crate) fn strip(&self, dataset: DatasetId, column: &str) {
        let table = self.tables.read().get(&dataset).cloned();
        if let Some(table) = table {
            table.strip(column);
        }
    }

    /// Takes a deleted dataset's rows away.
    pub(crate) fn forget(&self, dataset: DatasetId) {
        self.tables.write().remove(&dataset);
    }

    pub(crate) fn row_count(&self) -> u64 {
        self.row_count.load(Ordering::Relaxed)
    }

    pub(crate) fn heap_bytes(&self) -> u64 {
        self.heap_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn largest_rows(&self) -> u64 {
        self.largest_rows.load(Ordering::Relaxed)
    }

    /// Nanoseconds since its first row came; 0 while it is empty.
    pub(crate) fn age_ns(&self, now_ns: i64) -> i64 {
        now_ns
            .saturating_sub(self.first_row_ns.load(Ordering::Relaxed))
            .max(0)
    }

    fn table(&self, tenant: Tenant, dataset: DatasetId) -> Arc<Table> {
        if let Some(table) = self.tables.read().get(&dataset) {
            return Arc::clone(table);
        }
        let mut tables = self.tables.write();
        let table = tables
            .entry(dataset)
            .or_insert_with(|| Arc::new(Table::new(tenant, dataset)));
        Arc::clone(table)
    }
}
