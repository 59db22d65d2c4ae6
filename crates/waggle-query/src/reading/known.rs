//! What the metastore says of how a tenant's columns are read. A change that the faces make is seen by the next query; what else changes it,
//! such as a first event with a usual name, a moment later.

use super::{DatasetReading, MeantBy, Readings};
use hashbrown::HashMap;
use std::sync::Arc;
use waggle_expression::Expression;
use waggle_metastore::{DatasetDefinition, DefinedColumn, DerivedColumn, Metastore, Recent};
use waggle_model::{Clock, DatasetId, Meaning, QueryError, Tenant};

/// The readings of tenants.
pub struct KnownReadings {
    metastore: Arc<dyn Metastore>,
    clock: Clock,
    known: Recent<Readings>,
}

impl KnownReadings {
    /// Asks a metastore.
    pub fn new(metastore: Arc<dyn Metastore>, clock: Clock) -> Self {
        Self {
            metastore,
            clock,
            known: Recent::default(),
        }
    }

    /// To be called after a change.
    pub(crate) fn forget(&self, tenant: Tenant) {
        self.known.forget(tenant);
    }

    /// The readings of a tenant.
    ///
    /// # Errors
    /// [`QueryError::Storage`] when the metastore can't answer: a query that guessed would be wrong.
    pub(crate) async fn of(&self, tenant: Tenant) -> Result<Arc<Readings>, QueryError> {
        let readings = self
            .known
            .of(tenant, self.clock.now_ns(), self.read(tenant));
        readings
            .await
            .map_err(|error| QueryError::Storage(error.to_string()))
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
