//! What is known of datasets and their columns without asking the metastore.

use super::{OWN_COLUMNS, SeenColumn};
use hashbrown::HashMap;
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use waggle_metastore::{Column, ColumnId, Written, widen};
use waggle_model::{ColumnType, DatasetId, Tenant};

/// Spellings of dataset names that are remembered; beyond, all are looked up anew.
const NAMES_MAX: usize = 100_000;

/// Datasets by the names clients used for them.
#[derive(Default)]
pub(super) struct Catalogue {
    known: RwLock<Known>,
    /// What was written to datasets that were forgotten since.
    left: Mutex<Vec<Written>>,
}

#[derive(Default)]
struct Known {
    names: HashMap<Tenant, HashMap<Box<str>, Arc<KnownDataset>>>,
    datasets: HashMap<DatasetId, Arc<KnownDataset>>,
    name_count: usize,
}

/// A dataset and its columns.
pub(super) struct KnownDataset {
    pub(super) tenant: Tenant,
    pub(super) id: DatasetId,
    /// Held while columns are registered.
    pub(super) registration: tokio::sync::Mutex<()>,
    columns: RwLock<HashMap<Box<str>, KnownColumn, foldhash::fast::RandomState>>,
    last_written_ns: AtomicI64,
    /// Up to here the metastore knows.
    touched_ns: AtomicI64,
}

struct KnownColumn {
    id: ColumnId,
    column_type: ColumnType,
    last_written_ns: AtomicI64,
}

/// Columns of a batch that the dataset does not have in this type.
#[derive(Default)]
pub(super) struct Unseen {
    pub(super) new: Vec<SeenColumn>,
    /// Names there is certainly no room for.
    pub(super) refused: Vec<String>,
}

impl Catalogue {
    pub(super) fn find(&self, tenant: Tenant, name: &str) -> Option<Arc<KnownDataset>> {
        let known = self.known.read();
        known.names.get(&tenant)?.get(name).map(Arc::clone)
    }

    pub(super) fn learn(
        &self,
        tenant: Tenant,
        name: &str,
        id: DatasetId,
        columns: &[Column],
    ) -> Arc<KnownDataset> {
        let mut known = self.known.write();
        if known.name_count >= NAMES_MAX {
            known.names.clear();
            known.name_count = 0;
        }
        let dataset = known
            .datasets
            .entry(id)
            .or_insert_with(|| Arc::new(KnownDataset::new(tenant, id, columns)));
        let dataset = Arc::clone(dataset);
        let names = known.names.entry(tenant).or_default();
        if names.insert(name.into(), Arc::clone(&dataset)).is_none() {
            known.name_count += 1;
        }
        dataset
    }

    pub(super) fn forget(&self, dataset: DatasetId) {
        let mut known = self.known.write();
        let forgotten = known.datasets.remove(&dataset);
        self.left
            .lock()
            .extend(forgotten.and_then(|known| known.take_touch()));
        for names in known.names.values_mut() {
            names.retain(|_, known| known.id != dataset);
        }
        known.name_count = known.names.values().map(HashMap::len).sum();
    }

    /// What was written since the last call.
    pub(super) fn take_touches(&self) -> Vec<Written> {
        let datasets: Vec<_> = self.known.read().datasets.values().cloned().collect();
        let mut written = std::mem::take(&mut *self.left.lock());
        written.extend(datasets.iter().filter_map(|known| known.take_touch()));
        written
    }
}

impl KnownDataset {
    fn new(tenant: Tenant, id: DatasetId, columns: &[Column]) -> Self {
        let known = Self {
            tenant,
            id,
            registration: tokio::sync::Mutex::default(),
            columns: RwLock::default(),
            last_written_ns: i64::MIN.into(),
            touched_ns: i64::MIN.into(),
        };
        known.learn(columns);
        known
    }

    /// Remembers columns as the metastore has them.
    pub(super) fn learn<'a>(&self, columns: impl IntoIterator<Item = &'a Column>) {
        let mut known = self.columns.write();
        for column in columns {
            let place = known
                .entry(column.key_name.as_str().into())
                .or_insert_with(|| KnownColumn {
                    id: column.id.clone(),
                    column_type: column.seen_type,
                    last_written_ns: i64::MIN.into(),
                });
            place.column_type = column.seen_type;
        }
    }

    /// Notes that these columns are written now, and returns those that must be registered first.
    pub(super) fn unseen<'a>(
        &self,
        columns: impl Iterator<Item = (&'a str, ColumnType)>,
        columns_max: usize,
        now_ns: i64,
    ) -> Unseen {
        let known = self.columns.read();
        let is_full = known.len() >= columns_max;
        let mut unseen = Unseen::default();
        for (name, column_type) in columns {
            let place = known.get(name);
            if let Some(place) = place {
                place.last_written_ns.store(now_ns, Ordering::Relaxed);
            }
            let is_covered = place
                .is_some_and(|place| widen(place.column_type, column_type) == place.column_type);
            if is_covered {
                continue;
            }
            if place.is_none() && is_full && !OWN_COLUMNS.contains(&name) {
                unseen.refused.push(name.to_owned());
            } else {
                unseen.new.push(SeenColumn {
                    key_name: name.to_owned(),
                    column_type,
                });
            }
        }
        self.last_written_ns.store(now_ns, Ordering::Relaxed);
        unseen
    }

    fn take_touch(&self) -> Option<Written> {
        let at_ns = self.last_written_ns.load(Ordering::Relaxed);
        let touched_ns = self.touched_ns.swap(at_ns, Ordering::Relaxed);
        if at_ns <= touched_ns {
            return None;
        }
        let columns = self.columns.read();
        let is_new =
            |column: &&KnownColumn| column.last_written_ns.load(Ordering::Relaxed) > touched_ns;
        Some(Written {
            dataset: self.id,
            columns: columns
                .values()
                .filter(is_new)
                .map(|column| column.id.clone())
                .collect(),
            at_ns,
        })
    }
}
