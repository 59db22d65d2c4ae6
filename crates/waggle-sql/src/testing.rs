//! An installation without a store: a metastore in memory, and events split over runs and blocks as a test wants them.

use crate::engine::{Sql, SqlConfig};
use prometheus_client::registry::Registry;
use rand::RngExt;
use rand::rngs::StdRng;
use std::io;
use std::sync::{Arc, Mutex, OnceLock};
use waggle_metastore::{Metastore, SeenColumn, SqliteMetastore, Teams};
use waggle_model::{
    Clock, DatasetId, DatasetScope, EventBatch, ExportRequest, SqlAnswer, SqlEngine, SqlError,
    SqlRequest, Tenant, TimeRange, Value,
};
use waggle_query::SnapshotSource;
use waggle_store::block::{Block, BlockCache, BlockPlace, RangeRead, encode_block};
use waggle_store::memtable::{Run, RunBuilder};
use waggle_store::{ReadError, Snapshot, Source};
use waggle_testkit::{Event, batch_of};

const NOW_NS: i64 = 1_732_270_000_000_000_000;

/// Two tenants and their events.
pub(crate) struct Installation {
    pub(crate) sql: Sql,
    pub(crate) metastore: Arc<dyn Metastore>,
    pub(crate) events: Arc<Events>,
    pub(crate) tenant: Tenant,
    pub(crate) stranger: Tenant,
}

/// What the store would show.
#[derive(Default)]
pub(crate) struct Events(Mutex<Vec<(Tenant, Source)>>);

impl SnapshotSource for Events {
    fn snapshot(
        &self,
        tenant: Tenant,
        scope: &DatasetScope,
        range: TimeRange,
    ) -> Result<Snapshot, ReadError> {
        let sources = self.0.lock().unwrap();
        let sources = sources
            .iter()
            .filter(|(owner, source)| {
                let is_in_scope = match scope {
                    DatasetScope::One(dataset) => source.dataset() == *dataset,
                    DatasetScope::All => true,
                };
                let (first, last) = source.time_bounds_ns();
                *owner == tenant && is_in_scope && first < range.end_ns && last >= range.start_ns
            })
            .map(|(_, source)| source.clone())
            .collect();
        Ok(Snapshot { sources })
    }
}

impl Installation {
    pub(crate) async fn new(config: SqlConfig) -> Self {
        let sqlite = SqliteMetastore::in_memory().await.unwrap();
        let tenant = tenant(&sqlite, "ours").await;
        let stranger = self::tenant(&sqlite, "theirs").await;
        let metastore: Arc<dyn Metastore> = Arc::new(sqlite);
        let events = Arc::new(Events::default());
        let sql = Sql::new(
            Arc::clone(&metastore),
            Arc::clone(&events) as Arc<dyn SnapshotSource>,
            config,
            Clock::fixed(NOW_NS),
            &mut Registry::default(),
        );
        Self {
            sql: sql.unwrap(),
            metastore,
            events,
            tenant,
            stranger,
        }
    }

    /// Makes a dataset.
    pub(crate) async fn dataset(&self, tenant: Tenant, name: &str) -> DatasetId {
        let made = self
            .metastore
            .ensure_dataset(tenant, name, 100, NOW_NS)
            .await;
        made.unwrap().dataset.id
    }

    /// Puts events into a dataset, whatever theirs says, over up to five runs and blocks.
    pub(crate) async fn put(
        &self,
        rng: &mut StdRng,
        tenant: Tenant,
        dataset: DatasetId,
        events: &[Event],
    ) {
        let mut seen = Vec::new();
        for (name, value) in events.iter().flat_map(|event| &event.fields) {
            let column = SeenColumn {
                key_name: name.clone(),
                column_type: value.as_ref().column_type(),
            };
            if !seen.contains(&column) {
                seen.push(column);
            }
        }
        let registered = self
            .metastore
            .register_columns(tenant, dataset, &seen, 10_000, NOW_NS);
        registered.await.unwrap();
        let parts = rng.random_range(1..=5);
        let is_scattered = rng.random_bool(0.5);
        let mut split = vec![Vec::new(); parts];
        for (index, event) in events.iter().enumerate() {
            let part = match is_scattered {
                true => rng.random_range(0..parts),
                false => index * parts / events.len(),
            };
            split[part].push(event);
        }
        for part in split.into_iter().filter(|part| !part.is_empty()) {
            let source = source(dataset, &batch_of(part), rng.random_bool(0.5));
            self.events.0.lock().unwrap().push((tenant, source));
        }
    }

    pub(crate) async fn ask(&self, text: &str) -> Result<SqlAnswer, SqlError> {
        self.ask_as(self.tenant, text).await
    }

    pub(crate) async fn ask_as(&self, tenant: Tenant, text: &str) -> Result<SqlAnswer, SqlError> {
        let request = SqlRequest {
            text: text.to_owned(),
            rows_max: None,
        };
        self.sql.sql(tenant, &request).await
    }

    /// The rows of an answer.
    pub(crate) async fn rows(&self, text: &str) -> Vec<Vec<Option<Value>>> {
        match self.ask(text).await {
            Ok(answer) => answer.rows,
            Err(error) => panic!("{text}: {error:?}"),
        }
    }

    /// The whole file of an export.
    pub(crate) async fn export(&self, request: &ExportRequest) -> Vec<u8> {
        let mut stream = self.sql.export(self.tenant, request).await.unwrap();
        let mut file = Vec::new();
        while let Some(piece) = stream.next().await {
            file.extend(piece.unwrap());
        }
        file
    }
}

async fn tenant(metastore: &SqliteMetastore, name: &str) -> Tenant {
    let team = metastore.create_team(name, NOW_NS).await.unwrap();
    let environment = metastore.create_environment(team.id, "production", NOW_NS);
    environment.await.unwrap().tenant
}

/// One source.
pub(crate) fn source(dataset: DatasetId, batch: &EventBatch, is_block: bool) -> Source {
    let mut builder = RunBuilder::new(dataset);
    builder.append(batch);
    let run = Arc::new(builder.seal());
    match is_block {
        true => Source::Block(Arc::new(block(&[run]))),
        false => Source::Run(run),
    }
}

fn block(runs: &[Arc<Run>]) -> Block {
    let encoded = encode_block(runs);
    let place = BlockPlace {
        dataset: encoded.dataset,
        offset: 0,
        length: encoded.bytes.len() as u64,
    };
    // One for all, as in a store: no two blocks have the same number.
    static CACHE: OnceLock<Arc<BlockCache>> = OnceLock::new();
    let cache = CACHE.get_or_init(|| Arc::new(BlockCache::new(1 << 30)));
    Block::open(Arc::new(InMemory(encoded.bytes)), place, Arc::clone(cache)).unwrap()
}

struct InMemory(Vec<u8>);

impl RangeRead for InMemory {
    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let start = usize::try_from(offset).unwrap();
        self.0
            .get(start..start + length)
            .map(<[u8]>::to_vec)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn name(&self) -> &str {
        "memory"
    }
}
