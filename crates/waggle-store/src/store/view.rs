//! What readers see: generations and blocks under one lock, so that a row is in exactly one of them at every moment.

use crate::compaction::plan::{Shape, SizeClass};
use crate::memtable::generation::Generation;
use crate::memtable::{Run, table::Table};
use crate::metrics::{Metrics, SizeLabel};
use crate::wal::SegmentState;
use hashbrown::{HashMap, HashSet};
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use waggle_metastore::{Block as ListedBlock, BlockId};
use waggle_model::{DatasetId, DatasetScope, EventBatch, Tenant, TimeRange};

/// Generations and blocks.
pub(crate) struct View {
    state: RwLock<State>,
    shape: Shape,
    memory_bytes: AtomicU64,
    metrics: Metrics,
}

#[derive(Default)]
struct State {
    generations: BTreeMap<u64, Arc<Generation>>,
    blocks: HashMap<DatasetId, DatasetBlocks>,
    /// Datasets that were deleted since the start; their ids are never used again.
    gone: HashSet<DatasetId>,
    /// Datasets that are read only by who names them.
    internal: HashSet<DatasetId>,
}

struct DatasetBlocks {
    tenant: Tenant,
    blocks: Vec<Arc<ListedBlock>>,
}

/// What a query found.
pub(crate) struct Found {
    pub(crate) runs: Vec<Arc<Run>>,
    pub(crate) blocks: Vec<Arc<ListedBlock>>,
}

impl View {
    pub(crate) fn new(blocks: Vec<ListedBlock>, shape: Shape, metrics: Metrics) -> Self {
        let view = Self {
            state: RwLock::default(),
            shape,
            memory_bytes: 0.into(),
            metrics,
        };
        view.state.write().add_blocks(blocks);
        view.measure();
        view
    }

    /// Takes up the generation of a segment.
    pub(crate) fn add_generation(&self, segment: Arc<SegmentState>) {
        let generation = Arc::new(Generation::new(segment));
        let number = generation.segment.number;
        self.state.write().generations.insert(number, generation);
        self.measure();
    }

    /// Leaves datasets out of what is read from a whole environment.
    pub(crate) fn add_internal(&self, datasets: impl IntoIterator<Item = DatasetId>) {
        self.state.write().internal.extend(datasets);
    }

    /// Adds rows that are in the log segment of this number.
    ///
    /// Returns false without such a generation: that breaks the promise that one is not flushed while rows are on their way to it.
    #[must_use]
    pub(crate) fn insert(
        &self,
        segment: u64,
        tenant: Tenant,
        batches: &[(DatasetId, EventBatch)],
        now_ns: i64,
    ) -> bool {
        let state = self.state.read();
        let Some(generation) = state.generations.get(&segment).cloned() else {
            return false;
        };
        let gone = match state.gone.is_empty() {
            true => HashSet::new(),
            false => state.gone.clone(),
        };
        drop(state);
        for (dataset, batch) in batches {
            if gone.contains(dataset) {
                continue;
            }
            let bytes = generation.insert(tenant, *dataset, batch, now_ns);
            self.memory_bytes.fetch_add(bytes, Ordering::Relaxed);
            self.metrics
                .memtable_rows
                .inc_by(to_gauge(batch.len() as u64));
            self.metrics.memtable_bytes.inc_by(to_gauge(bytes));
        }
        true
    }

    /// Everything that can hold rows of a tenant, a scope and a range, without opening a block.
    pub(crate) fn find(&self, tenant: Tenant, scope: &DatasetScope, range: TimeRange) -> Found {
        let overlaps = |min_ns: i64, max_ns: i64| min_ns < range.end_ns && max_ns >= range.start_ns;
        let state = self.state.read();
        let tables: Vec<Arc<Table>> = state
            .generations
            .values()
            .flat_map(|generation| generation.tables(tenant, scope))
            .filter(|table| state.is_in(scope, table.dataset))
            .collect();
        let blocks = state
            .datasets(tenant, scope)
            .flat_map(|dataset| &dataset.blocks)
            .filter(|listed| overlaps(listed.block.min_time_ns, listed.block.max_time_ns))
            .cloned()
            .collect();
        drop(state);
        // Tables outlive their generation for whoever holds them: a flush takes nothing out of them.
        let runs = tables.iter().flat_map(|table| table.read());
        Found {
            runs: runs
                .filter(|run| {
                    let (min_ns, max_ns) = run.time_bounds_ns();
                    overlaps(min_ns, max_ns)
                })
                .collect(),
            blocks,
        }
    }

    /// All generations, oldest first.
    pub(crate) fn generations(&self) -> Vec<Arc<Generation>> {
        self.state.read().generations.values().cloned().collect()
    }

    /// All blocks, in no order.
    pub(crate) fn blocks(&self) -> Vec<Arc<ListedBlock>> {
        let state = self.state.read();
        let blocks = state.blocks.values().flat_map(|dataset| &dataset.blocks);
        blocks.cloned().collect()
    }

    /// Puts blocks in the place of the generation they were made from.
    pub(crate) fn replace_generation(&self, generation: &Generation, blocks: Vec<ListedBlock>) {
        let mut state = self.state.write();
        state.generations.remove(&generation.segment.number);
        state.add_blocks(blocks);
        drop(state);
        let bytes = generation.heap_bytes();
        self.memory_bytes.fetch_sub(bytes, Ordering::Relaxed);
        let rows = generation.row_count();
        self.metrics.memtable_rows.dec_by(to_gauge(rows));
        self.metrics.memtable_bytes.dec_by(to_gauge(bytes));
        self.measure();
    }

    /// Puts blocks in the place of others. Those of a dataset that was deleted meanwhile stay away.
    pub(crate) fn replace_blocks(&self, removed: &[BlockId], added: Vec<ListedBlock>) {
        let removed: HashSet<BlockId> = removed.iter().copied().collect();
        let mut state = self.state.write();
        for dataset in state.blocks.values_mut() {
            dataset
                .blocks
                .retain(|listed| !removed.contains(&listed.id));
        }
        state.add_blocks(added);
        state.blocks.retain(|_, dataset| !dataset.blocks.is_empty());
        drop(state);
        self.measure();
    }

    /// The blocks of each dataset that has some.
    pub(crate) fn blocks_by_dataset(&self) -> Vec<(DatasetId, Vec<Arc<ListedBlock>>)> {
        let state = self.state.read();
        let blocks = state.blocks.iter();
        blocks
            .map(|(id, dataset)| (*id, dataset.blocks.clone()))
            .collect()
    }

    /// Lets go of a generation without rows.
    pub(crate) fn drop_generation(&self, number: u64) {
        self.state.write().generations.remove(&number);
    }

    /// Every dataset that has rows, by tenant.
    pub(crate) fn datasets(&self) -> HashMap<Tenant, HashSet<DatasetId>> {
        let mut datasets: HashMap<Tenant, HashSet<DatasetId>> = HashMap::new();
        let state = self.state.read();
        for (id, dataset) in &state.blocks {
            datasets.entry(dataset.tenant).or_default().insert(*id);
        }
        for table in state.generations.values().flat_map(|g| g.all_tables()) {
            let ids = datasets.entry(table.tenant).or_default();
            ids.insert(table.dataset);
        }
        datasets
    }

    /// Takes away the rows in memory of datasets that do not exist any more: the log remembers them until blocks cover it.
    pub(crate) fn keep_datasets(&self, existing: &HashSet<DatasetId>) {
        let generations = self.generations();
        let tables = generations.iter().flat_map(|g| g.all_tables());
        let gone: HashSet<DatasetId> = tables
            .map(|table| table.dataset)
            .filter(|dataset| !existing.contains(dataset))
            .collect();
        self.remove_datasets(&gone);
    }

    /// Takes away all rows of deleted datasets, and those that are on their way to memory; returns their blocks.
    pub(crate) fn remove_datasets(&self, gone: &HashSet<DatasetId>) -> Vec<Arc<ListedBlock>> {
        let mut state = self.state.write();
        let blocks = gone
            .iter()
            .filter_map(|id| state.blocks.remove(id))
            .flat_map(|dataset| dataset.blocks)
            .collect();
        for generation in state.generations.values() {
            gone.iter().for_each(|id| generation.forget(*id));
        }
        state.gone.extend(gone);
        drop(state);
        self.measure();
        blocks
    }

    /// True while queries see this block.
    pub(crate) fn has_block(&self, listed: &ListedBlock) -> bool {
        let state = self.state.read();
        let dataset = state.blocks.get(&listed.block.dataset);
        dataset.is_some_and(|dataset| dataset.blocks.iter().any(|block| block.id == listed.id))
    }

    /// Memory of all generations.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.memory_bytes.load(Ordering::Relaxed)
    }

    /// Bytes of all log segments that belong to a generation.
    pub(crate) fn wal_bytes(&self) -> u64 {
        let state = self.state.read();
        let segments = state.generations.values().map(|g| &g.segment.bytes);
        segments.map(|bytes| bytes.load(Ordering::Relaxed)).sum()
    }

    /// Sets the gauges that are sums.
    pub(crate) fn measure(&self) {
        let state = self.state.read();
        let blocks = || state.blocks.values().flat_map(|dataset| &dataset.blocks);
        let metrics = &self.metrics;
        metrics
            .generations
            .set(to_gauge(state.generations.len() as u64));
        metrics.blocks.set(to_gauge(blocks().count() as u64));
        let block_bytes = blocks().map(|listed| listed.block.length).sum();
        metrics.block_bytes.set(to_gauge(block_bytes));
        let mut sizes = SizeClass::ALL.map(|class| (class, 0));
        for listed in blocks() {
            sizes[self.shape.class(listed) as usize].1 += 1;
        }
        for (class, count) in sizes {
            let label = SizeLabel { size: class.name() };
            metrics.blocks_by_size.get_or_create(&label).set(count);
        }
        metrics.measure_write_amplification();
        drop(state);
        metrics.wal_bytes.set(to_gauge(self.wal_bytes()));
    }
}

impl State {
    fn add_blocks(&mut self, blocks: Vec<ListedBlock>) {
        for listed in blocks {
            let dataset =
                self.blocks
                    .entry(listed.block.dataset)
                    .or_insert_with(|| DatasetBlocks {
                        tenant: listed.block.tenant,
                        blocks: Vec::new(),
                    });
            dataset.blocks.push(Arc::new(listed));
        }
    }

    fn datasets(
        &self,
        tenant: Tenant,
        scope: &DatasetScope,
    ) -> impl Iterator<Item = &DatasetBlocks> {
        let (one, all) = match scope {
            DatasetScope::One(dataset) => (self.blocks.get(dataset), None),
            DatasetScope::All => (None, Some(&self.blocks)),
        };
        let listed = all.into_iter().flatten();
        let listed = listed.filter(|(id, _)| !self.internal.contains(*id));
        one.into_iter()
            .chain(listed.map(|(_, dataset)| dataset))
            .filter(move |dataset| dataset.tenant == tenant)
    }

    /// True unless the dataset is internal and not named.
    fn is_in(&self, scope: &DatasetScope, dataset: DatasetId) -> bool {
        *scope != DatasetScope::All || !self.internal.contains(&dataset)
    }
}

fn to_gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
