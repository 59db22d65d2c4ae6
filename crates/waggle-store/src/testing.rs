//! What the tests of the store share: a folder on a simulated disk, a metastore, and events that are known by a number.

use crate::disk::sim::SimDisk;
use crate::erase::RowPredicate;
use crate::{FailureHook, PredicateHook, ReadError, Result, Snapshot, Source, Store, StoreConfig};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;
use waggle_metastore::{Metastore, SqliteMetastore};
use waggle_model::{
    AppendError, AppendOutcome, Clock, DatasetId, DatasetScope, EraseRequest, EventBatch,
    EventSink, FilterCombination, FilterOp, FilterSpec, FilterValue, Tenant, TimeRange, Value,
};

/// Everything that outlives a process.
pub(crate) struct Bed {
    pub(crate) disk: SimDisk,
    pub(crate) metastore: Arc<dyn Metastore>,
    pub(crate) tenant: Tenant,
    pub(crate) config: StoreConfig,
    pub(crate) now_ns: Arc<AtomicI64>,
    /// How often the failure hook was called.
    pub(crate) failures: Arc<AtomicUsize>,
    _folder: tempfile::TempDir,
}

impl Bed {
    pub(crate) async fn new(seed: u64) -> Self {
        // In a file: one in memory ends with its connection, and a process that is killed closes that.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("metastore");
        let metastore: Arc<dyn Metastore> = Arc::new(SqliteMetastore::open(&file).await.unwrap());
        let tenant = new_tenant(&*metastore, "one").await;
        let failures = Arc::new(AtomicUsize::new(0));
        let mut config = StoreConfig::new("/data");
        config.append_wait = Duration::from_secs(2);
        let counter = Arc::clone(&failures);
        config.on_failure = FailureHook(Arc::new(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        Self {
            disk: SimDisk::new(seed),
            metastore,
            tenant,
            config,
            now_ns: Arc::new(AtomicI64::new(1)),
            failures,
            _folder: folder,
        }
    }

    pub(crate) async fn open(&self) -> Result<Arc<Store>> {
        let now_ns = Arc::clone(&self.now_ns);
        let clock = Clock::new(move || now_ns.load(Ordering::Relaxed));
        let metastore = Arc::clone(&self.metastore);
        Store::open(self.config.clone(), self.disk.mount(), metastore, clock).await
    }

    pub(crate) async fn append(
        &self,
        store: &Store,
        batches: Vec<EventBatch>,
    ) -> Result<AppendOutcome, AppendError> {
        store.append(self.tenant, batches, true).await
    }

    /// The numbers of all events, ascending.
    pub(crate) fn numbers(&self, store: &Store) -> Vec<i64> {
        self.try_numbers(store).unwrap()
    }

    /// The same, for a disk that may stop.
    pub(crate) fn try_numbers(&self, store: &Store) -> Result<Vec<i64>, ReadError> {
        let snapshot = store.snapshot(self.tenant, &DatasetScope::All, TimeRange::ALL)?;
        try_numbers(&snapshot)
    }

    /// The numbers of all events that have a column, for a disk that may stop.
    pub(crate) fn try_numbers_with(
        &self,
        store: &Store,
        column: &str,
    ) -> Result<Vec<i64>, ReadError> {
        let snapshot = store.snapshot(self.tenant, &DatasetScope::All, TimeRange::ALL)?;
        let mut numbers = Vec::new();
        for source in &snapshot.sources {
            let Some(wanted) = source.column(column)? else {
                assert!(!source.column_names().contains(&column.to_owned()));
                continue;
            };
            let number = source.column("number")?.unwrap();
            for row in (0..source.row_count()).filter(|row| wanted.value(*row).is_some()) {
                if let Some(Value::Int(number)) = number.value(row) {
                    numbers.push(number);
                }
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

pub(crate) async fn new_tenant(metastore: &dyn Metastore, name: &str) -> Tenant {
    let team = metastore.create_team(name, 1).await.unwrap();
    let environment = metastore.create_environment(team.id, "production", 1).await;
    environment.unwrap().tenant
}

impl Bed {
    /// The numbers of the events in a range, ascending, and of no others.
    pub(crate) fn try_numbers_in(
        &self,
        store: &Store,
        range: TimeRange,
    ) -> Result<Vec<i64>, ReadError> {
        let snapshot = store.snapshot(self.tenant, &DatasetScope::All, range)?;
        let mut numbers = try_numbers(&snapshot)?;
        numbers.retain(|number| range.contains(*number));
        Ok(numbers)
    }
}

/// Chooses the rows whose `text` is one of these.
struct Texts(Vec<String>);

impl RowPredicate for Texts {
    fn rows(&self, source: &Source) -> Result<Vec<u64>, String> {
        let mut rows = vec![0; (source.row_count() as usize).div_ceil(64)];
        let column = source.column("text").map_err(|error| error.to_string())?;
        for row in 0..source.row_count() {
            let value = column.as_ref().and_then(|column| column.value(row));
            if matches!(value, Some(Value::String(text)) if self.0.contains(&text)) {
                rows[row as usize / 64] |= 1 << (row % 64);
            }
        }
        Ok(rows)
    }
}

/// Makes a bed understand what [`erasing`] asks for.
pub(crate) fn with_filters(bed: &mut Bed) {
    bed.config.predicates = PredicateHook(Arc::new(|request| {
        let values = request
            .filters
            .iter()
            .flat_map(|filter| match &filter.value {
                FilterValue::Many(values) => values.as_slice(),
                FilterValue::None | FilterValue::One(_) => &[],
            });
        let texts = values.filter_map(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Int(_) | Value::Float(_) | Value::Bool(_) => None,
        });
        Ok(Arc::new(Texts(texts.collect())))
    }));
}

/// Erases the events of these numbers.
pub(crate) fn erasing(dataset: DatasetId, numbers: &[i64]) -> EraseRequest {
    let values = numbers.iter().map(|n| Value::String(format!("event {n}")));
    EraseRequest {
        dataset,
        range: TimeRange::ALL,
        filters: vec![FilterSpec {
            column: "text".to_owned(),
            op: FilterOp::In,
            value: FilterValue::Many(values.collect()),
        }],
        filter_combination: FilterCombination::And,
        asked_by: "ada".to_owned(),
    }
}

/// Events of these numbers, which are also their times.
pub(crate) fn events(dataset: &str, numbers: impl IntoIterator<Item = i64>) -> EventBatch {
    let mut batch = EventBatch::new(dataset);
    for number in numbers {
        batch.begin_row();
        batch.put_int("number", number);
        batch.put_str("text", format!("event {number}"));
        batch.end_row(number, 1);
    }
    batch
}

/// The numbers of the events in a snapshot, ascending; checks that each event is whole.
pub(crate) fn numbers(snapshot: &Snapshot) -> Vec<i64> {
    try_numbers(snapshot).unwrap()
}

fn try_numbers(snapshot: &Snapshot) -> Result<Vec<i64>, ReadError> {
    let mut numbers = Vec::new();
    for source in &snapshot.sources {
        let times = source.times()?;
        let column = source.column("number")?.unwrap();
        let text = source.column("text")?.unwrap();
        for row in 0..source.row_count() {
            let Some(Value::Int(number)) = column.value(row) else {
                panic!("row {row} has no number");
            };
            assert_eq!(times.value(row), Some(Value::Int(number)));
            let expected = Value::String(format!("event {number}"));
            assert_eq!(text.value(row), Some(expected));
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}
