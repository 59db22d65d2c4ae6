//! Datasets in SQLite.

use super::{CHUNK, SqliteMetastore, from_stored, tenant_of};
use crate::slug::{fold, is_usable_name, means_same, slug};
use crate::{
    Dataset, DatasetChange, DatasetSummary, Datasets, EnsuredDataset, Error, Result, Written,
};
use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row, Sqlite};
use std::collections::BTreeMap;
use waggle_model::{DatasetId, MetricType, PENDING_DATASET, Tenant};

#[async_trait]
impl Datasets for SqliteMetastore {
    async fn ensure_dataset(
        &self,
        tenant: Tenant,
        name: &str,
        datasets_max: usize,
        now_ns: i64,
    ) -> Result<EnsuredDataset> {
        if let Some(dataset) = self.find_dataset(tenant, name).await? {
            return Ok(EnsuredDataset {
                dataset,
                is_new: false,
            });
        }
        if !is_usable_name(name) {
            return Err(Error::Invalid {
                field: "name",
                message: "must have 1 to 255 characters, not only spaces, no control characters, \
                          and not be __all__",
            });
        }
        let mut transaction = self.write().await?;
        // Only now nobody else can make it: look again.
        if let Some(dataset) = find(&mut transaction, tenant, name).await? {
            return Ok(EnsuredDataset {
                dataset,
                is_new: false,
            });
        }
        let count: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM datasets WHERE environment_id = ?")
                .bind(tenant.environment.0)
                .fetch_one(&mut *transaction)
                .await?;
        if usize::try_from(count).is_ok_and(|count| count >= datasets_max) {
            return Err(Error::LimitReached {
                what: "datasets in the environment",
                limit: datasets_max,
            });
        }
        let slug = free_slug(&mut transaction, tenant, name).await?;
        let row = sqlx::query(
            "INSERT INTO datasets (team_id, environment_id, name, name_folded, slug, description,
                                   expand_json_depth, is_delete_protected, created_at_ns)
             VALUES (?, ?, ?, ?, ?, '', 0, TRUE, ?) RETURNING *",
        )
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .bind(name)
        .bind(fold(name))
        .bind(slug)
        .bind(now_ns)
        .fetch_one(&mut *transaction)
        .await?;
        let dataset = dataset_of(&row)?;
        transaction.commit().await?;
        Ok(EnsuredDataset {
            dataset,
            is_new: true,
        })
    }

    async fn find_dataset(&self, tenant: Tenant, name_or_slug: &str) -> Result<Option<Dataset>> {
        let mut connection = self.readers.acquire().await?;
        find(&mut connection, tenant, name_or_slug).await
    }

    async fn dataset(&self, tenant: Tenant, dataset: DatasetId) -> Result<Option<Dataset>> {
        let row = sqlx::query(
            "SELECT * FROM datasets WHERE id = ? AND team_id = ? AND environment_id = ?",
        )
        .bind(dataset.0)
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(dataset_of).transpose()
    }

    async fn datasets(&self, tenant: Tenant) -> Result<Vec<Dataset>> {
        let rows = sqlx::query(
            "SELECT * FROM datasets WHERE team_id = ? AND environment_id = ? ORDER BY slug",
        )
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(dataset_of).collect()
    }

    async fn internal_datasets(&self) -> Result<Vec<Dataset>> {
        let rows = sqlx::query("SELECT * FROM datasets WHERE slug = ? ORDER BY id")
            .bind(PENDING_DATASET)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(dataset_of).collect()
    }

    async fn dataset_summaries(&self, tenant: Tenant) -> Result<Vec<DatasetSummary>> {
        let rows = sqlx::query(
            "SELECT *,
                    (SELECT COALESCE(SUM(row_count), 0) FROM blocks WHERE dataset_id = datasets.id)
                        AS event_count,
                    (SELECT COALESCE(SUM(length), 0) FROM blocks WHERE dataset_id = datasets.id)
                        AS stored_bytes,
                    (SELECT COUNT(*) FROM columns WHERE dataset_id = datasets.id) AS column_count
             FROM datasets WHERE team_id = ? AND environment_id = ? AND slug <> ? ORDER BY slug",
        )
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .bind(PENDING_DATASET)
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(DatasetSummary {
                    dataset: dataset_of(row)?,
                    event_count: from_stored(row, "event_count")?,
                    stored_bytes: from_stored(row, "stored_bytes")?,
                    column_count: from_stored(row, "column_count")?,
                })
            })
            .collect()
    }

    async fn update_dataset(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        change: DatasetChange,
    ) -> Result<Dataset> {
        let row = self
            .write_one(
                sqlx::query(
                    "UPDATE datasets SET description = COALESCE(?, description),
                                 expand_json_depth = COALESCE(?, expand_json_depth),
                                 is_delete_protected = COALESCE(?, is_delete_protected),
                                 is_metrics = COALESCE(?, is_metrics)
             WHERE id = ? AND team_id = ? AND environment_id = ? RETURNING *",
                )
                .bind(change.description)
                .bind(change.expand_json_depth)
                .bind(change.is_delete_protected)
                .bind(change.is_metrics)
                .bind(dataset.0)
                .bind(tenant.team.0)
                .bind(tenant.environment.0),
            )
            .await?;
        dataset_of(&row.ok_or(Error::NotFound("dataset"))?)
    }

    async fn delete_dataset(&self, tenant: Tenant, dataset: DatasetId) -> Result<()> {
        let mut transaction = self.write().await?;
        let is_protected: bool = sqlx::query_scalar(
            "SELECT is_delete_protected FROM datasets
             WHERE id = ? AND team_id = ? AND environment_id = ?",
        )
        .bind(dataset.0)
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NotFound("dataset"))?;
        if is_protected {
            return Err(Error::Conflict("the dataset is protected from deletion"));
        }
        // Columns and blocks go with it.
        sqlx::query("DELETE FROM datasets WHERE id = ?")
            .bind(dataset.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn note_metrics(
        &self,
        dataset: DatasetId,
        metrics: &BTreeMap<String, MetricType>,
        metrics_max: usize,
    ) -> Result<BTreeMap<String, MetricType>> {
        let rows = sqlx::query(METRICS_OF)
            .bind(dataset.0)
            .fetch_all(&self.readers)
            .await?;
        let mut kept = metrics_in(&rows)?;
        let is_full = kept.len() >= metrics_max;
        if !is_full && metrics.keys().any(|name| !kept.contains_key(name)) {
            let mut transaction = self.write().await?;
            // Another request may have been faster.
            let rows = sqlx::query(METRICS_OF)
                .bind(dataset.0)
                .fetch_all(&mut *transaction)
                .await?;
            kept = metrics_in(&rows)?;
            for (name, kind) in metrics {
                if kept.len() >= metrics_max || kept.contains_key(name) {
                    continue;
                }
                // A dataset may be gone by now, and its metrics with it.
                let added = sqlx::query(
                    "INSERT INTO metrics (dataset_id, name, type)
                     SELECT id, ?, ? FROM datasets WHERE id = ?",
                )
                .bind(name.as_str())
                .bind(kind.name())
                .bind(dataset.0)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
                if added > 0 {
                    kept.insert(name.clone(), *kind);
                }
            }
            transaction.commit().await?;
        }
        kept.retain(|name, _| metrics.contains_key(name));
        Ok(kept)
    }

    async fn metrics(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
    ) -> Result<BTreeMap<String, MetricType>> {
        let rows = sqlx::query(
            "SELECT metrics.name, metrics.type FROM metrics JOIN datasets ON datasets.id = dataset_id
             WHERE dataset_id = ? AND team_id = ? AND environment_id = ?",
        )
        .bind(dataset.0)
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .fetch_all(&self.readers)
        .await?;
        metrics_in(&rows)
    }

    async fn touch_written(&self, written: &[Written]) -> Result<Vec<DatasetId>> {
        let mut stale = Vec::new();
        let mut transaction = self.write().await?;
        for dataset in written {
            let mut is_complete = true;
            let found = sqlx::query(
                "UPDATE datasets SET last_written_at_ns = MAX(COALESCE(last_written_at_ns, ?1), ?1)
                 WHERE id = ?2",
            )
            .bind(dataset.at_ns)
            .bind(dataset.dataset.0)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
            is_complete &= found == 1;
            for columns in dataset.columns.chunks(CHUNK) {
                let mut update = QueryBuilder::<Sqlite>::new(
                    "UPDATE columns SET last_written_at_ns = MAX(COALESCE(last_written_at_ns, ",
                );
                update.push_bind(dataset.at_ns).push("), ");
                update
                    .push_bind(dataset.at_ns)
                    .push(") WHERE dataset_id = ");
                update.push_bind(dataset.dataset.0).push(" AND id IN (");
                let mut ids = update.separated(", ");
                for column in columns {
                    ids.push_bind(column.0.as_str());
                }
                update.push(")");
                let found = update
                    .build()
                    .execute(&mut *transaction)
                    .await?
                    .rows_affected();
                is_complete &= found == columns.len() as u64;
            }
            if !is_complete {
                stale.push(dataset.dataset);
            }
        }
        transaction.commit().await?;
        Ok(stale)
    }
}

/// Finds the dataset that a name or slug addresses; the rule is told at [`Datasets`].
async fn find(
    connection: &mut SqliteConnection,
    tenant: Tenant,
    name_or_slug: &str,
) -> Result<Option<Dataset>> {
    let folded = fold(name_or_slug);
    let rows = sqlx::query(
        "SELECT * FROM datasets WHERE team_id = ? AND environment_id = ?
             AND (name_folded = ? OR slug = ? OR slug = ?)",
    )
    .bind(tenant.team.0)
    .bind(tenant.environment.0)
    .bind(folded.as_str())
    .bind(folded.as_str())
    .bind(slug(name_or_slug))
    .fetch_all(connection)
    .await?;
    let mut best: Option<(u8, Dataset)> = None;
    for row in &rows {
        let dataset = dataset_of(row)?;
        let rank = if fold(&dataset.name) == folded {
            0
        } else if dataset.slug == folded {
            1
        } else if means_same(&dataset.name, name_or_slug) {
            2
        } else {
            continue;
        };
        if best.as_ref().is_none_or(|(least, _)| rank < *least) {
            best = Some((rank, dataset));
        }
    }
    Ok(best.map(|(_, dataset)| dataset))
}

/// The slug of the name; when a dataset of another alphabet has it already, the first free one of `slug-2`, `slug-3`, ...
async fn free_slug(
    connection: &mut SqliteConnection,
    tenant: Tenant,
    name: &str,
) -> Result<String> {
    let plain = slug(name);
    let mut candidate = plain.clone();
    let mut number = 2_u64;
    loop {
        let taken: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM datasets WHERE environment_id = ? AND slug = ?)",
        )
        .bind(tenant.environment.0)
        .bind(candidate.as_str())
        .fetch_one(&mut *connection)
        .await?;
        if !taken {
            return Ok(candidate);
        }
        candidate = format!("{plain}-{number}");
        number += 1;
    }
}

fn dataset_of(row: &SqliteRow) -> Result<Dataset> {
    Ok(Dataset {
        id: DatasetId(row.try_get("id")?),
        tenant: tenant_of(row)?,
        name: row.try_get("name")?,
        slug: row.try_get("slug")?,
        description: row.try_get("description")?,
        expand_json_depth: from_stored(row, "expand_json_depth")?,
        is_delete_protected: row.try_get("is_delete_protected")?,
        is_metrics: row.try_get("is_metrics")?,
        created_at_ns: row.try_get("created_at_ns")?,
        last_written_at_ns: row.try_get("last_written_at_ns")?,
    })
}

const METRICS_OF: &str = "SELECT name, type FROM metrics WHERE dataset_id = ?";

fn metrics_in(rows: &[SqliteRow]) -> Result<BTreeMap<String, MetricType>> {
    let mut metrics = BTreeMap::new();
    for row in rows {
        let name: String = row.try_get("type")?;
        let kind = MetricType::from_name(&name)
            .ok_or_else(|| Error::Corrupt(format!("{name} is no type of a metric")))?;
        metrics.insert(row.try_get("name")?, kind);
    }
    Ok(metrics)
}
