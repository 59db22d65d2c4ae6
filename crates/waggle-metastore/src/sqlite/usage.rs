//! Usage in SQLite.

use super::{SqliteMetastore, from_stored, tenant_of, to_stored};
use crate::{KeyId, Result, Taken, Usage, Usages};
use async_trait::async_trait;
use sqlx::Row;
use std::ops::RangeInclusive;
use waggle_model::{DatasetId, Tenant};

/// Stands for no key: NULL can't be part of a primary key.
const NO_KEY: &str = "";

#[async_trait]
impl Usages for SqliteMetastore {
    async fn add_usage(&self, usage: &[Usage]) -> Result<()> {
        let mut transaction = self.write().await?;
        for usage in usage {
            let Taken {
                events,
                bytes,
                metric_events,
                data_points,
            } = usage.taken;
            // The WHERE also tells SQLite that ON CONFLICT is no join.
            sqlx::query(
                "INSERT INTO usage (team_id, environment_id, dataset_id, day, key_id,
                                    event_count, event_bytes, metric_event_count, data_point_count)
                 SELECT team_id, id, ?, ?, ?, ?, ?, ?, ? FROM environments WHERE team_id = ? AND id = ?
                 ON CONFLICT (team_id, environment_id, day, dataset_id, key_id) DO UPDATE
                 SET event_count = usage.event_count + excluded.event_count,
                     event_bytes = usage.event_bytes + excluded.event_bytes,
                     metric_event_count = usage.metric_event_count + excluded.metric_event_count,
                     data_point_count = usage.data_point_count + excluded.data_point_count",
            )
            .bind(usage.dataset.0)
            .bind(usage.day)
            .bind(usage.key.as_ref().map_or(NO_KEY, |key| key.0.as_str()))
            .bind(to_stored(events, "event_count")?)
            .bind(to_stored(bytes, "event_bytes")?)
            .bind(to_stored(metric_events, "metric_event_count")?)
            .bind(to_stored(data_points, "data_point_count")?)
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
             ORDER BY day, dataset_id, key_id",
        )
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .bind(days.start())
        .bind(days.end())
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                let key: String = row.try_get("key_id")?;
                Ok(Usage {
                    tenant: tenant_of(row)?,
                    dataset: DatasetId(row.try_get("dataset_id")?),
                    day: row.try_get("day")?,
                    key: (key != NO_KEY).then_some(KeyId(key)),
                    taken: Taken {
                        events: from_stored(row, "event_count")?,
                        bytes: from_stored(row, "event_bytes")?,
                        metric_events: from_stored(row, "metric_event_count")?,
                        data_points: from_stored(row, "data_point_count")?,
                    },
                })
            })
            .collect()
    }
}
