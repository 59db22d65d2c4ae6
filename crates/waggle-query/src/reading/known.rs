//! What the metastore says of how a tenant's columns are read, kept so that not every query has to ask for it. A change that the faces
//! make is seen by the next query; what else changes it, such as a first event with a usual name, within [`FRESH_NS`].

use super::{DatasetReading, MeantBy, Readings};
use hashbrown::HashMap;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use waggle_expression::Expression;
use waggle_metastore::{DatasetDefinition, DefinedColumn, DerivedColumn, Metastore};
use waggle_model::{Clock, DatasetId, Meaning, QueryError, Tenant};

/// How long what was read is believed.
const FRESH_NS: i64 = 10_000_000_000;
/// Most tenants whose readings are kept; beyond, all are read anew.
const KNOWN_MAX: usize = 1_000;

/// The readings of tenants.
pub struct KnownReadings {
    metastore: Arc<dyn Metastore>,
    clock: Clock,
    known: Mutex<HashMap<Tenant, Known>>,
    /// Counts calls of [`forget`](Self::forget).
    changes: AtomicU64,
}

#[derive(Clone)]
struct Known {
    readings: Arc<Readings>,
    read_at_ns: i64,
}

impl KnownReadings {
    /// Asks a metastore.
    pub fn new(metastore: Arc<dyn Metastore>, clock: Clock) -> Self {
        Self {
            metastore,
            clock,
            known: Mutex::default(),
            changes: AtomicU64::new(0),
        }
    }

    /// To be called after a change; who reads meanwhile does not remember what it read.
    pub(crate) fn forget(&self, tenant: Tenant) {
        let mut known = self.known.lock();
        self.changes.fetch_add(1, Ordering::AcqRel);
        known.remove(&tenant);
    }

    /// The readings of a tenant.
    ///
    /// # Errors
    /// [`QueryError::Storage`] when the metastore can't answer: a query that guessed would be wrong.
    pub(crate) async fn of(&self, tenant: Tenant) -> Result<Arc<Readings>, QueryError> {
        let now_ns = self.clock.now_ns();
        let known = self.known.lock().get(&tenant).cloned();
        let is_fresh =
            |known: &Known| (0..FRESH_NS).contains(&now_ns.saturating_sub(known.read_at_ns));
        if let Some(known) = known.filter(is_fresh) {
            return Ok(known.readings);
        }
        let changes = self.changes.load(Ordering::Acquire);
        let readings = self.read(tenant).await;
        let readings = readings.map_err(|error| QueryError::Storage(error.to_string()))?;
        let readings = Arc::new(readings);
        let mut all = self.known.lock();
        if self.changes.load(Ordering::Acquire) == changes {
            if all.len() >= KNOWN_MAX {
                all.clear();
            }
            let known = Known {
                readings: Arc::clone(&readings),
                read_at_ns: now_ns,
            };
            all.insert(tenant, known);
        }
        Ok(readings)
    }

    async fn read(&self, tenant: Tenant) -> Result<Readings, waggle_metastore::Error> {
        let mut datasets: HashMap<DatasetId, DatasetReading> = HashMap::new();
        let usual = Meaning::ALL.iter().flat_map(|meaning| meaning.usual());
        let usual: Vec<&str> = usual.copied().collect();
        for column in self.metastore.read_columns(tenant, &usual).await? {
            let reading = datasets.entry(column.dataset).or_default();
            if column.is_chosen {
                let types = &mut reading.types;
                types.insert(column.key_name.clone(), column.column_type);
            }
            if usual.contains(&column.key_name.as_str()) {
                reading.usual.insert(column.key_name);
            }
        }
        let definitions = self
            .metastore
            .artifacts::<DatasetDefinition>(tenant)
            .await?;
        let is_field =
            |column: &DefinedColumn| matches!(column, DefinedColumn::CalculatedField { .. });
        let mut columns = definitions
            .iter()
            .flat_map(|kept| kept.value.columns.values());
        let fields = match columns.any(|column| column.as_ref().is_some_and(is_field)) {
            true => self.metastore.artifacts::<DerivedColumn>(tenant).await?,
            false => Vec::new(),
        };
        let field = |id: &str| {
            let field = fields.iter().find(|field| field.id.0 == id)?;
            // One that can't be read any more gives nothing.
            Expression::parse(&field.value.expression).ok()
        };
        for definition in definitions {
            let Some(dataset) = definition.place.dataset else {
                continue;
            };
            let reading = datasets.entry(dataset).or_default();
            for (key, column) in definition.value.columns {
                let Some(meaning) = Meaning::from_key(&key) else {
                    continue;
                };
                let by = match column {
                    None => MeantBy::Nothing,
                    Some(DefinedColumn::Column { name, .. }) => MeantBy::Column(name),
                    Some(DefinedColumn::CalculatedField { id, .. }) => {
                        field(&id).map_or(MeantBy::Nothing, |field| MeantBy::Field(Arc::new(field)))
                    }
                };
                reading.chosen.insert(meaning, by);
            }
        }
        Ok(Readings::new(datasets))
    }
}
