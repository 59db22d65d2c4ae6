//! How much the store holds.

use super::Store;
use hashbrown::HashMap;
use waggle_model::{DatasetId, Tenant};

/// How much there is, at one moment.
#[derive(Clone, Debug, Default)]
pub struct StoreStats {
    /// Per dataset that has events, by tenant and id.
    pub datasets: Vec<DatasetStats>,
    /// Events that are in no block yet.
    pub memtable_rows: u64,
    /// Bytes of memory they take, roughly.
    pub memtable_bytes: u64,
    /// Bytes of the log that blocks do not cover yet.
    pub wal_bytes: u64,
    /// Memtable generations, the open one included.
    pub generation_count: usize,
    /// Blocks that queries see.
    pub block_count: usize,
}

/// How much a dataset holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetStats {
    /// Whose it is.
    pub tenant: Tenant,
    /// Which.
    pub dataset: DatasetId,
    /// Its events, in blocks or not.
    pub event_count: u64,
    /// Those that are in no block yet.
    pub unflushed_count: u64,
    /// Bytes of its blocks.
    pub stored_bytes: u64,
}

impl Store {
    /// Counts what there is. Rows that become blocks meanwhile may be missing or twice in the numbers; never in a snapshot.
    pub fn stats(&self) -> StoreStats {
        let mut datasets: HashMap<DatasetId, DatasetStats> = HashMap::new();
        let empty = |tenant, dataset| DatasetStats {
            tenant,
            dataset,
            event_count: 0,
            unflushed_count: 0,
            stored_bytes: 0,
        };
        let generations = self.view.generations();
        for table in generations.iter().flat_map(|g| g.all_tables()) {
            let (tenant, dataset) = (table.tenant, table.dataset);
            let stats = datasets
                .entry(dataset)
                .or_insert_with(|| empty(tenant, dataset));
            stats.event_count += table.row_count();
            stats.unflushed_count += table.row_count();
        }
        let blocks = self.view.blocks();
        for listed in &blocks {
            let (tenant, dataset) = (listed.block.tenant, listed.block.dataset);
            let stats = datasets
                .entry(dataset)
                .or_insert_with(|| empty(tenant, dataset));
            stats.event_count += listed.block.row_count;
            stats.stored_bytes += listed.block.length;
        }
        let mut datasets: Vec<_> = datasets.into_values().collect();
        datasets.sort_by_key(|stats| (stats.tenant, stats.dataset));
        StoreStats {
            datasets,
            memtable_rows: generations.iter().map(|g| g.row_count()).sum(),
            memtable_bytes: self.view.memory_bytes(),
            wal_bytes: self.view.wal_bytes(),
            generation_count: generations.len(),
            block_count: blocks.len(),
        }
    }
}
