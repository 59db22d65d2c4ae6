//! A dataset as a table of DataFusion, and a tenant's datasets as its only schema.

use crate::column::{Content, ScanColumn, schema_of, table_name};
use crate::pushdown::{Pushed, translate};
use crate::scan::WaggleScan;
use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{CatalogProvider, SchemaProvider, Session, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::TableType;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use std::fmt;
use std::sync::Arc;
use waggle_metastore::{Column, Metastore};
use waggle_model::{DatasetId, DatasetScope, QueryError, Tenant, TimeRange};
use waggle_query::{FilterSet, SnapshotSource};

/// What a tenant's tables are read from.
#[derive(Clone)]
pub(crate) struct Events {
    pub(crate) metastore: Arc<dyn Metastore>,
    pub(crate) source: Arc<dyn SnapshotSource>,
    pub(crate) tenant: Tenant,
}

impl Events {
    /// The columns of a dataset as a table shows them: time, sample rate, then every field by name.
    pub(crate) async fn columns(
        &self,
        dataset: DatasetId,
    ) -> Result<Vec<ScanColumn>, waggle_metastore::Error> {
        let columns = self.metastore.columns(self.tenant, dataset).await?;
        Ok(table_columns(&columns))
    }
}

fn table_columns(columns: &[Column]) -> Vec<ScanColumn> {
    let is_taken = |name: &str| columns.iter().any(|column| column.key_name == name);
    let fields = columns.iter().map(|column| ScanColumn {
        name: table_name(&column.key_name, is_taken).into(),
        content: Content::As(column.key_name.as_str().into(), column.column_type),
    });
    [ScanColumn::time(), ScanColumn::sample_rate()]
        .into_iter()
        .chain(fields)
        .collect()
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

/// The datasets of a tenant as the only schema of the only catalogue.
#[derive(Clone, Debug)]
pub(crate) struct TenantSchema(pub(crate) Events);

impl CatalogProvider for TenantSchema {
    fn schema_names(&self) -> Vec<String> {
        vec![SCHEMA.to_owned()]
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        (name == SCHEMA).then(|| Arc::new(self.clone()) as Arc<dyn SchemaProvider>)
    }
}

/// Name of the catalogue.
pub(crate) const CATALOG: &str = "waggle";
/// Name of the schema that has the datasets.
pub(crate) const SCHEMA: &str = "public";

#[async_trait]
impl SchemaProvider for TenantSchema {
    /// Nothing asks for it: there is no information schema. The datasets API lists them.
    fn table_names(&self) -> Vec<String> {
        Vec::new()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let events = &self.0;
        let found = events.metastore.find_dataset(events.tenant, name).await;
        // Only the slug is a table's name: other spellings of a dataset would make two tables of one.
        let Some(dataset) = found
            .map_err(|error| storage(&error))?
            .filter(|dataset| dataset.slug == name)
        else {
            return Ok(None);
        };
        let columns = events
            .columns(dataset.id)
            .await
            .map_err(|error| storage(&error))?;
        Ok(Some(Arc::new(DatasetTable {
            events: events.clone(),
            dataset: dataset.id,
            schema: schema_of(&columns),
            columns,
        })))
    }

    fn table_exist(&self, _: &str) -> bool {
        false
    }
}

fn storage(error: &waggle_metastore::Error) -> DataFusionError {
    DataFusionError::External(Box::new(QueryError::Storage(error.to_string())))
}

/// A dataset as a table. The events are those there are when a scan is planned.
#[derive(Debug)]
struct DatasetTable {
    events: Events,
    dataset: DatasetId,
    columns: Vec<ScanColumn>,
    schema: SchemaRef,
}

#[async_trait]
impl TableProvider for DatasetTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match translate(filter, &self.columns) {
            Some(_) => TableProviderFilterPushDown::Exact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut range = TimeRange::ALL;
        let mut predicates = Vec::new();
        for filter in filters {
            match translate(filter, &self.columns) {
                Some(Pushed::Time(bounds)) => {
                    range.start_ns = range.start_ns.max(bounds.start_ns);
                    range.end_ns = range.end_ns.min(bounds.end_ns);
                }
                Some(Pushed::Values(column, predicate)) => predicates.push((column, predicate)),
                None => {}
            }
        }
        let columns = match projection {
            None => self.columns.clone(),
            Some(indexes) => indexes
                .iter()
                .filter_map(|index| self.columns.get(*index).cloned())
                .collect(),
        };
        let source = Arc::clone(&self.events.source);
        let (tenant, scope) = (self.events.tenant, DatasetScope::One(self.dataset));
        let snapshot =
            tokio::task::spawn_blocking(move || source.snapshot(tenant, &scope, range)).await;
        let snapshot = snapshot
            .map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?
            .map_err(|error| {
                DataFusionError::External(Box::new(QueryError::Storage(error.to_string())))
            })?;
        Ok(Arc::new(WaggleScan::new(
            snapshot,
            columns,
            range,
            FilterSet::of_predicates(predicates),
            limit,
            state.config().target_partitions(),
        )))
    }
}
