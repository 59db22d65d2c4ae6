//! Usage in SQLite.

use super::{SqliteMetastore, from_stored, tenant_of, to_stored};
use crate::{Result, Usage, Usages};
use async_trait::async_trait;
use sqlx::Row;
use std::ops::RangeInclusive;
use waggle_model::{DatasetId, Tenant};

#[async_trait]
impl Usages for SqliteMetastore {
    async fn add_usage(&self, usage: &[Usage]) -> Result<()> {
        let mut transaction = self.write().await?;
        for usage in usage {
            // The WHERE also tells SQLite that ON CONFLICT is no join.
            sqlx::query(
                "INSERT INTO usage (team_id, environment_id, dataset_id, day, event_count, event_bytes)
                 SELECT team_id, id, ?, ?, ?, ? FROM environments WHERE team_id = ? AND id = ?
                 ON CONFLICT (team_id, environment_id, day, dataset_id) DO UPDATE
                 SET event_count = usage.event_count + excluded.event_count,
                     event_bytes = usage.event_bytes + excluded.event_bytes",
            )
            .bind(usage.dataset.0)
            .bind(usage.day)
            .bind(to_stored(usage.event_count, "event_count")?)
            .bind(to_stored(usage.event_bytes, "event_bytes")?)
            .bind(usage.tenant.team.0)
            .bind(usage.tenant.environment.0)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn usage(&self, tenant: Tenant, days: RangeInclusive<i64>) -> Result<Vec<Usage>> {
        let rows = sqlx::query(
            "SELECT * FROM usage WHERE team_id = ? AND environment_id = ? AND day BETWEEN ? AND ?
             ORDER BY day, dataset_id",
        )
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .bind(days.start())
        .bind(days.end())
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Usage {
                    tenant: tenant_of(row)?,
                    dataset: DatasetId(row.try_get("dataset_id")?),
                    day: row.try_get("day")?,
                    event_count: from_stored(row, "event_count")?,
                    event_bytes: from_stored(row, "event_bytes")?,
                })
            })
            .collect()
    }
}
