//! What every route shares: the doors to the other rooms, the limits, the counters.

use crate::ingest::depth::DepthCache;
use crate::ingest::segment::Segments;
use crate::metric::KnownMetrics;
use crate::rate::Rates;
use crate::rejection::Rejections;
use crate::running::Runs;
use crate::service_map::MapRequests;
use crate::usage::UsageCounts;
use crate::xray::retrieval::Retrievals;
use crate::xray::sampling::book::SamplingBook;
use crate::{ApiConfig, ApiMetrics};
use async_trait::async_trait;
use axum::Router;
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use tokio::sync::Semaphore;
use waggle_access::Access;
use waggle_metastore::{DerivedColumn, Metastore, Recent, Stored};
use waggle_model::{Clock, DatasetId, EventKeeper, EventSink, QueryEngine, SqlEngine, Tenant};

/// What each dataset holds now, blocks and memory together. The binary answers from the store.
#[async_trait]
pub trait DatasetStats: Send + Sync {
    /// Counts events and bytes of every dataset of a tenant; a dataset that is missing holds nothing.
    ///
    /// # Errors
    /// A text for the log; the caller answers 500.
    async fn dataset_stats(
        &self,
        tenant: Tenant,
    ) -> Result<HashMap<DatasetId, DatasetSize>, String>;
}

/// What one dataset holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DatasetSize {
    /// Events, those that are not in blocks yet included.
    pub event_count: u64,
    /// Bytes on disk.
    pub stored_bytes: u64,
}

/// Says whether the server can take in and answer; the error is a sentence for whoever asks `/readyz`.
pub type Readiness = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// What the binary hands in.
pub struct ApiParts {
    /// Where events go.
    pub sink: Arc<dyn EventSink>,
    /// Who answers questions.
    pub engine: Arc<dyn QueryEngine>,
    /// Who answers SQL and writes exports.
    pub sql: Arc<dyn SqlEngine>,
    /// Who takes events away.
    pub keeper: Arc<dyn EventKeeper>,
    /// Everything durable that is not an event.
    pub metastore: Arc<dyn Metastore>,
    /// Who is calling.
    pub access: Arc<Access>,
    /// What datasets hold.
    pub stats: Arc<dyn DatasetStats>,
    /// Whether the server is ready.
    pub readiness: Readiness,
    /// The time.
    pub clock: Clock,
    /// Every counter of the process, served at `/metrics`; the faces add theirs.
    pub registry: Registry,
    /// Limits and facts.
    pub config: ApiConfig,
    /// What answers paths that no face has: the UI.
    pub fallback: Router,
}

/// The shared state of all doors. Cheap to clone.
#[derive(Clone)]
pub struct ApiState(Arc<Shared>);

/// What an [`ApiState`] shares; see [`ApiParts`] for what each part is. Only this crate can look inside.
pub struct Shared {
    pub(crate) sink: Arc<dyn EventSink>,
    pub(crate) engine: Arc<dyn QueryEngine>,
    pub(crate) sql: Arc<dyn SqlEngine>,
    pub(crate) keeper: Arc<dyn EventKeeper>,
    pub(crate) metastore: Arc<dyn Metastore>,
    pub(crate) access: Arc<Access>,
    pub(crate) stats: Arc<dyn DatasetStats>,
    pub(crate) readiness: Readiness,
    pub(crate) clock: Clock,
    pub(crate) registry: Registry,
    pub(crate) metrics: ApiMetrics,
    pub(crate) config: ApiConfig,
    pub(crate) fallback: Router,
    pub(crate) limits: Limits,
    pub(crate) rates: Rates,
    pub(crate) usage: UsageCounts,
    pub(crate) rejections: Rejections,
    /// Kept calculated fields.
    pub(crate) kept_fields: Recent<Vec<Stored<DerivedColumn>>>,
    pub(crate) known_metrics: KnownMetrics,
    pub(crate) depths: DepthCache,
    pub(crate) runs: Runs,
    pub(crate) maps: MapRequests,
    pub(crate) segments: Segments,
    pub(crate) sampling: SamplingBook,
    /// Retrievals of X-Ray that were asked for.
    pub(crate) retrievals: Retrievals,
}

/// Permits of what may happen at once.
pub(crate) struct Limits {
    pub(crate) requests: Semaphore,
    pub(crate) ingest: Semaphore,
    pub(crate) pictures: Arc<Semaphore>,
}

impl ApiState {
    /// Puts the parts together and registers the counters.
    pub fn new(parts: ApiParts) -> Self {
        let mut registry = parts.registry;
        let metrics = ApiMetrics::new(&mut registry);
        Self(Arc::new(Shared {
            limits: Limits {
                requests: Semaphore::new(parts.config.requests_concurrent_max),
                ingest: Semaphore::new(parts.config.ingest_concurrent_max),
                pictures: Arc::new(Semaphore::new(parts.config.pictures_concurrent_max)),
            },
            rates: Rates::new(parts.config.rate_limits.clone()),
            usage: UsageCounts::default(),
            rejections: Rejections::default(),
            kept_fields: Recent::default(),
            known_metrics: KnownMetrics::default(),
            depths: DepthCache::default(),
            segments: Segments::new(&parts.config, parts.clock.now_ns()),
            maps: MapRequests::new(parts.config.map_requests_max),
            sampling: SamplingBook::new(parts.config.sampling_clients_max),
            retrievals: Retrievals::default(),
            runs: Runs::new(
                parts.config.results_running_max,
                parts.config.results_unwritten_bytes_max,
            ),
            sink: parts.sink,
            engine: parts.engine,
            sql: parts.sql,
            keeper: parts.keeper,
            metastore: parts.metastore,
            access: parts.access,
            stats: parts.stats,
            readiness: parts.readiness,
            clock: parts.clock,
            registry,
            metrics,
            config: parts.config,
            fallback: parts.fallback,
        }))
    }
}

impl Deref for ApiState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
