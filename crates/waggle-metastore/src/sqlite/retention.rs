//! Retention in SQLite.

use super::{SqliteMetastore, tenant_of, to_stored};
use crate::{DatasetRetention, Error, Result, Retentions};
use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use waggle_model::{DatasetId, RetentionLimits, Tenant};

#[async_trait]
impl Retentions for SqliteMetastore {
    async fn environment_retention(&self, tenant: Tenant) -> Result<RetentionLimits> {
        let row = sqlx::query(
            "SELECT age_max_ns, bytes_max FROM environment_retention
             WHERE team_id = ? AND environment_id = ?",
        )
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .fetch_optional(&self.readers)
        .await?;
        match row {
            Some(row) => limits_of(&row, "age_max_ns", "bytes_max"),
            None => Ok(RetentionLimits::default()),
        }
    }

    async fn set_environment_retention(
        &self,
        tenant: Tenant,
        limits: RetentionLimits,
        now_ns: i64,
    ) -> Result<()> {
        let bytes_max = stored_bytes(limits)?;
        sqlx::query(
            "INSERT INTO environment_retention
                 (team_id, environment_id, age_max_ns, bytes_max, updated_at_ns)
             VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (environment_id) DO UPDATE
             SET age_max_ns = excluded.age_max_ns, bytes_max = excluded.bytes_max,
                 updated_at_ns = excluded.updated_at_ns",
        )
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .bind(limits.age_max_ns)
        .bind(bytes_max)
        .bind(now_ns)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    async fn set_dataset_retention(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        limits: RetentionLimits,
        now_ns: i64,
    ) -> Result<()> {
        let bytes_max = stored_bytes(limits)?;
        // Inserts nothing when the dataset is not the tenant's. The WHERE also tells SQLite that ON CONFLICT is no join.
        let set = sqlx::query(
            "INSERT INTO dataset_retention (dataset_id, age_max_ns, bytes_max, updated_at_ns)
             SELECT id, ?, ?, ? FROM datasets
             WHERE id = ? AND team_id = ? AND environment_id = ?
             ON CONFLICT (dataset_id) DO UPDATE
             SET age_max_ns = excluded.age_max_ns, bytes_max = excluded.bytes_max,
                 updated_at_ns = excluded.updated_at_ns",
        )
        .bind(limits.age_max_ns)
        .bind(bytes_max)
        .bind(now_ns)
        .bind(dataset.0)
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .execute(&self.writer)
        .await?
        .rows_affected();
        if set == 0 {
            return Err(Error::NotFound("dataset"));
        }
        Ok(())
    }

    async fn retentions(&self) -> Result<Vec<DatasetRetention>> {
        let rows = sqlx::query(
            "SELECT datasets.id, datasets.team_id, datasets.environment_id,
                    own.age_max_ns AS own_age, own.bytes_max AS own_bytes,
                    above.age_max_ns AS above_age, above.bytes_max AS above_bytes
             FROM datasets
             LEFT JOIN dataset_retention AS own ON own.dataset_id = datasets.id
             LEFT JOIN environment_retention AS above
                 ON above.environment_id = datasets.environment_id
             ORDER BY datasets.id",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(DatasetRetention {
                    tenant: tenant_of(row)?,
                    dataset: DatasetId(row.try_get("id")?),
                    own: limits_of(row, "own_age", "own_bytes")?,
                    environment: limits_of(row, "above_age", "above_bytes")?,
                })
            })
            .collect()
    }
}

fn stored_bytes(limits: RetentionLimits) -> Result<Option<i64>> {
    let bytes_max = limits.bytes_max.map(|bytes| to_stored(bytes, "bytes_max"));
    bytes_max.transpose()
}

fn limits_of(row: &SqliteRow, age: &str, bytes: &str) -> Result<RetentionLimits> {
    let bytes_max: Option<i64> = row.try_get(bytes)?;
    let bytes_max = bytes_max.map(|bytes| {
        u64::try_from(bytes).map_err(|_| Error::Corrupt(format!("bytes_max is {bytes}")))
    });
    Ok(RetentionLimits {
        age_max_ns: row.try_get(age)?,
        bytes_max: bytes_max.transpose()?,
    })
}
