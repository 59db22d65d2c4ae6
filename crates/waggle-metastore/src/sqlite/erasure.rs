//! Erasures in SQLite.

use super::{SqliteMetastore, from_stored, tenant_of, to_stored};
use crate::erased;
use crate::{
    ArtifactKind, ErasedValues, Erasure, ErasureId, ErasureState, Erasures, Error, NewErasure,
    Result, RunningErasure,
};
use async_trait::async_trait;
use serde_json::Value as Json;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, Sqlite, Transaction};
use std::borrow::Cow;
use waggle_model::{DatasetId, Tenant, TimeRange};

const RUNNING: &str = "running";
const DONE: &str = "done";
const FAILED: &str = "failed";

#[async_trait]
impl Erasures for SqliteMetastore {
    async fn begin_erasure(&self, erasure: &NewErasure, request: &[u8]) -> Result<ErasureId> {
        let row = self
            .write_one(
                sqlx::query(
                    "INSERT INTO erasures (team_id, environment_id, dataset_id, asked_by, filter_text,
                                           start_ns, end_ns, state, row_count, created_at_ns, request)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?) RETURNING id",
                )
                .bind(erasure.tenant.team.0)
                .bind(erasure.tenant.environment.0)
                .bind(erasure.dataset.0)
                .bind(erasure.asked_by.as_str())
                .bind(erasure.filter_text.as_str())
                .bind(erasure.range.start_ns)
                .bind(erasure.range.end_ns)
                .bind(RUNNING)
                .bind(erasure.created_at_ns)
                .bind(request),
            )
            .await?;
        let row = row.ok_or(Error::NotFound("environment"))?;
        Ok(ErasureId(row.try_get("id")?))
    }

    async fn note_erasure(
        &self,
        erasure: ErasureId,
        row_count: u64,
        failure: Option<&str>,
        finished_at_ns: Option<i64>,
    ) -> Result<()> {
        let state = match (finished_at_ns, failure) {
            (None, _) => RUNNING,
            (Some(_), None) => DONE,
            (Some(_), Some(_)) => FAILED,
        };
        sqlx::query(
            "UPDATE erasures SET state = ?, row_count = ?, failure = ?, finished_at_ns = ?,
                                 request = CASE WHEN ? = 'running' THEN request END
             WHERE id = ? AND state = ?",
        )
        .bind(state)
        .bind(to_stored(row_count, "row_count")?)
        .bind(failure)
        .bind(finished_at_ns)
        .bind(state)
        .bind(erasure.0)
        .bind(RUNNING)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    async fn erasure(&self, tenant: Tenant, erasure: ErasureId) -> Result<Option<Erasure>> {
        let row = sqlx::query(
            "SELECT * FROM erasures WHERE id = ? AND team_id = ? AND environment_id = ?",
        )
        .bind(erasure.0)
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(erasure_of).transpose()
    }

    async fn erasures(&self, tenant: Tenant, limit: usize) -> Result<Vec<Erasure>> {
        let rows = sqlx::query(
            "SELECT * FROM erasures WHERE team_id = ? AND environment_id = ? ORDER BY id DESC LIMIT ?",
        )
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(erasure_of).collect()
    }

    async fn running_erasures(&self) -> Result<Vec<RunningErasure>> {
        let rows = sqlx::query("SELECT * FROM erasures WHERE state = ? ORDER BY id")
            .bind(RUNNING)
            .fetch_all(&self.readers)
            .await?;
        let running = rows.iter().map(|row| {
            Ok(RunningErasure {
                id: ErasureId(row.try_get("id")?),
                tenant: tenant_of(row)?,
                row_count: from_stored(row, "row_count")?,
                request: row.try_get("request")?,
            })
        });
        running.collect()
    }

    async fn forget_erased(
        &self,
        erasure: ErasureId,
        tenant: Tenant,
        dataset: DatasetId,
        values: &ErasedValues,
    ) -> Result<()> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "DELETE FROM query_results WHERE query_id IN
                 (SELECT id FROM queries WHERE team_id = ? AND environment_id = ?
                      AND (dataset_id = ? OR dataset_id IS NULL))",
        )
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .bind(dataset.0)
        .execute(&mut *transaction)
        .await?;
        let mut values = values.clone();
        values.texts.retain(|text| !text.is_empty());
        for (_, number) in &mut values.numbers {
            *number = erased::decimals(number);
        }
        forget_queries(&mut transaction, tenant, dataset, &values).await?;
        forget_in_artifacts(&mut transaction, tenant, dataset, &values).await?;
        sqlx::query("UPDATE erasures SET request = NULL WHERE id = ?")
            .bind(erasure.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn scrub(&self) -> Result<()> {
        // Deleted rows are overwritten with zeros (`secure_delete`), but older pages stay in SQLite's own log until it is truncated.
        let row = sqlx::query(AssertSqlSafe("PRAGMA wal_checkpoint(TRUNCATE)".to_owned()))
            .fetch_one(&self.writer)
            .await?;
        let is_busy: i64 = row.try_get(0)?;
        if is_busy != 0 {
            return Err(Error::Busy);
        }
        Ok(())
    }
}

/// Deletes the queries that compare with one of the values.
async fn forget_queries(
    transaction: &mut Transaction<'static, Sqlite>,
    tenant: Tenant,
    dataset: DatasetId,
    values: &ErasedValues,
) -> Result<()> {
    let escaped = |text: &String| serde_json::to_string(text).unwrap_or_default();
    let texts = values.texts.iter().map(escaped);
    // A column may have the name of another span before it, so without the quotes.
    let columns = values
        .numbers
        .iter()
        .map(|(column, _)| escaped(column).trim_matches('"').to_owned());
    for part in texts.chain(columns) {
        // Most queries have neither of it nor an expression that could write it in another way; only the others are read.
        let rows = sqlx::query(
            "SELECT id, dataset_id, spec_json FROM queries
             WHERE team_id = ? AND environment_id = ?
                 AND (instr(spec_json, ?) > 0 OR instr(spec_json, '\"expression\"') > 0)",
        )
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .bind(part)
        .fetch_all(&mut **transaction)
        .await?;
        for row in rows {
            let id: String = row.try_get("id")?;
            let values = values_for(&row, dataset, values)?;
            if erased::names(&json_of(&row, "spec_json")?, &values) {
                sqlx::query("DELETE FROM queries WHERE id = ?")
                    .bind(id)
                    .execute(&mut **transaction)
                    .await?;
            }
        }
    }
    Ok(())
}

/// Takes the values out of the kinds of artifacts that can compare with them.
async fn forget_in_artifacts(
    transaction: &mut Transaction<'static, Sqlite>,
    tenant: Tenant,
    dataset: DatasetId,
    values: &ErasedValues,
) -> Result<()> {
    for kind in [
        ArtifactKind::Board,
        ArtifactKind::BoardView,
        ArtifactKind::DatasetGuide,
        ArtifactKind::DerivedColumn,
        ArtifactKind::Group,
        ArtifactKind::SamplingRules,
    ] {
        let rows = sqlx::query(
            "SELECT id, dataset_id, contents FROM artifacts
             WHERE kind = ? AND team_id = ? AND environment_id = ?",
        )
        .bind(kind.name())
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .fetch_all(&mut **transaction)
        .await?;
        for row in rows {
            let id: String = row.try_get("id")?;
            let mut contents = json_of(&row, "contents")?;
            let values = values_for(&row, dataset, values)?;
            if erased::erase(&mut contents, &values) {
                // Whoever is changing it has read the text: the new version refuses to be overwritten.
                sqlx::query(
                    "UPDATE artifacts SET contents = ?, version = version + 1 WHERE id = ?",
                )
                .bind(contents.to_string())
                .bind(id)
                .execute(&mut **transaction)
                .await?;
            }
        }
    }
    Ok(())
}

/// What to look for in a row: numbers only where the row is about their dataset, or about all of them.
fn values_for<'a>(
    row: &SqliteRow,
    dataset: DatasetId,
    values: &'a ErasedValues,
) -> Result<Cow<'a, ErasedValues>> {
    let of: Option<i64> = row.try_get("dataset_id")?;
    Ok(match of {
        Some(other) if other != dataset.0 => Cow::Owned(ErasedValues {
            texts: values.texts.clone(),
            numbers: Vec::new(),
        }),
        _ => Cow::Borrowed(values),
    })
}

fn json_of(row: &SqliteRow, column: &str) -> Result<Json> {
    let text: &str = row.try_get(column)?;
    serde_json::from_str(text).map_err(|error| Error::Corrupt(format!("{column}: {error}")))
}

fn erasure_of(row: &SqliteRow) -> Result<Erasure> {
    let state: &str = row.try_get("state")?;
    Ok(Erasure {
        id: ErasureId(row.try_get("id")?),
        asked: NewErasure {
            tenant: tenant_of(row)?,
            dataset: DatasetId(row.try_get("dataset_id")?),
            asked_by: row.try_get("asked_by")?,
            filter_text: row.try_get("filter_text")?,
            range: TimeRange {
                start_ns: row.try_get("start_ns")?,
                end_ns: row.try_get("end_ns")?,
            },
            created_at_ns: row.try_get("created_at_ns")?,
        },
        state: match state {
            RUNNING => ErasureState::Running,
            DONE => ErasureState::Done,
            FAILED => ErasureState::Failed,
            other => return Err(Error::Corrupt(format!("an erasure is {other}"))),
        },
        row_count: from_stored(row, "row_count")?,
        failure: row.try_get("failure")?,
        finished_at_ns: row.try_get("finished_at_ns")?,
    })
}
