//! The query history in SQLite.

use super::query::{COMPLETE, FAILED, FORGOTTEN, PENDING, query_of, run_by_of, stored_scope};
use super::{SqliteMetastore, from_stored};
use crate::{
    ArtifactKind, Error, PastRun, QueryHistory, QueryResultId, Result, RunBy, RunFilter, RunPlace,
    RunState,
};
use async_trait::async_trait;
use serde::Serialize;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use waggle_model::{Tenant, TimeRange};

/// The answer itself is not read: it may be large.
const PAST_RUNS: &str = "
    SELECT q.*, r.id AS result_id, r.state, r.failure, r.run_by_key_id, r.run_by_user_id,
           r.created_at_ns AS asked_at_ns, r.elapsed_ns, r.rows_read
    FROM query_results r JOIN queries q ON q.id = r.query_id
    WHERE r.team_id = ?1 AND r.environment_id = ?2
      AND (r.created_at_ns, r.id) < (?3, ?4)
      AND r.created_at_ns >= ?5 AND r.created_at_ns < ?6
      AND (?7 OR r.run_by_key_id IN (SELECT value FROM json_each(?8))
              OR r.run_by_user_id IN (SELECT value FROM json_each(?9))
              OR (?10 AND r.run_by_key_id IS NULL AND r.run_by_user_id IS NULL))
      AND (?11 OR r.query_id IN (SELECT value FROM json_each(?12)))
      AND (?13 OR q.dataset_id IS ?14)
      AND (?15 OR EXISTS (
            SELECT 1 FROM json_tree(q.spec_json) t
            WHERE t.type = 'text' AND (t.key = 'column' OR t.path = '$.breakdowns')
              AND t.atom IN (SELECT value FROM json_each(?16))))
      AND (r.run_by_user_id IS NULL OR r.run_by_user_id NOT IN (SELECT value FROM json_each(?18)))
    ORDER BY r.created_at_ns DESC, r.id DESC
    LIMIT ?17";

#[async_trait]
impl QueryHistory for SqliteMetastore {
    async fn past_runs(
        &self,
        tenant: Tenant,
        filter: &RunFilter,
        behind: Option<&RunPlace>,
        runs_max: usize,
    ) -> Result<Vec<PastRun>> {
        let asked = filter.asked.unwrap_or(TimeRange::ALL);
        let run_by = filter.run_by.as_deref().unwrap_or_default();
        let keys = run_by.iter().filter_map(|run_by| match run_by {
            RunBy::Key(key) => Some(key.0.as_str()),
            _ => None,
        });
        let users = run_by.iter().filter_map(|run_by| match run_by {
            RunBy::User(user) => Some(user.0),
            _ => None,
        });
        let queries = filter.queries.iter().flatten();
        let rows = sqlx::query(PAST_RUNS)
            .bind(tenant.team.0)
            .bind(tenant.environment.0)
            .bind(behind.map_or(i64::MAX, |place| place.asked_at_ns))
            .bind(behind.map_or("", |place| place.id.0.as_str()))
            .bind(asked.start_ns)
            .bind(asked.end_ns)
            .bind(filter.run_by.is_none())
            .bind(json_list(keys)?)
            .bind(json_list(users)?)
            .bind(run_by.contains(&RunBy::Nobody))
            .bind(filter.queries.is_none())
            .bind(json_list(queries.map(|query| query.0.as_str()))?)
            .bind(filter.scope.is_none())
            .bind(filter.scope.as_ref().and_then(stored_scope))
            .bind(filter.columns.is_none())
            .bind(json_list(filter.columns.iter().flatten())?)
            .bind(i64::try_from(runs_max).unwrap_or(i64::MAX))
            .bind(json_list(filter.not_run_by.iter().map(|user| user.0))?)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(past_run_of).collect()
    }

    async fn forget_answers(&self, asked_before_ns: i64) -> Result<u64> {
        Ok(sqlx::query(
            "UPDATE query_results SET state = ?, result = NULL, result_json = NULL
             WHERE state = ? AND created_at_ns < ?",
        )
        .bind(FORGOTTEN)
        .bind(COMPLETE)
        .bind(asked_before_ns)
        .execute(&self.writer)
        .await?
        .rows_affected())
    }

    async fn trim_history(&self, asked_before_ns: i64, runs_max: usize) -> Result<u64> {
        Ok(sqlx::query(
            "DELETE FROM query_results
             WHERE state <> ? AND (created_at_ns < ? OR id IN (
                 SELECT id FROM (
                     SELECT id, ROW_NUMBER() OVER (PARTITION BY team_id, environment_id
                                                   ORDER BY created_at_ns DESC, id DESC) AS place
                     FROM query_results) AS placed
                 WHERE place > ?))",
        )
        .bind(PENDING)
        .bind(asked_before_ns)
        .bind(i64::try_from(runs_max).unwrap_or(i64::MAX))
        .execute(&self.writer)
        .await?
        .rows_affected())
    }

    async fn trim_queries(&self, queries_max: usize) -> Result<u64> {
        let kinds = json_list(NAMING_QUERIES.iter().map(|kind| kind.name()))?;
        Ok(sqlx::query(
            "DELETE FROM queries
             WHERE id IN (
                 SELECT id FROM (
                     SELECT id, ROW_NUMBER() OVER (PARTITION BY team_id, environment_id
                                                   ORDER BY created_at_ns DESC, id DESC) AS place
                     FROM queries) AS placed
                 WHERE place > ?)
               AND NOT EXISTS (SELECT 1 FROM query_results WHERE query_id = queries.id)
               AND id NOT IN (
                 SELECT t.atom FROM artifacts a, json_tree(a.contents) t
                 WHERE a.kind IN (SELECT value FROM json_each(?)) AND t.key = 'query_id' AND t.type = 'text')",
        )
        .bind(i64::try_from(queries_max).unwrap_or(i64::MAX))
        .bind(kinds)
        .execute(&self.writer)
        .await?
        .rows_affected())
    }
}

/// Kinds of artifacts that name a query in a member `query_id`.
const NAMING_QUERIES: [ArtifactKind; 3] = [
    ArtifactKind::QueryAnnotation,
    ArtifactKind::Board,
    ArtifactKind::Trigger,
];

/// A list as one parameter, however long it is.
fn json_list<T: Serialize>(items: impl Iterator<Item = T>) -> Result<String> {
    let items: Vec<T> = items.collect();
    serde_json::to_string(&items).map_err(|error| Error::Corrupt(error.to_string()))
}

fn past_run_of(row: &SqliteRow) -> Result<PastRun> {
    let has_ended = row.try_get::<Option<i64>, _>("elapsed_ns")?.is_some();
    Ok(PastRun {
        id: QueryResultId(row.try_get("result_id")?),
        query: query_of(row)?,
        run_by: run_by_of(row)?,
        asked_at_ns: row.try_get("asked_at_ns")?,
        state: match row.try_get("state")? {
            PENDING => RunState::Running,
            COMPLETE => RunState::Kept,
            FORGOTTEN => RunState::Forgotten,
            FAILED => RunState::Failed(row.try_get("failure")?),
            other => {
                return Err(Error::Corrupt(format!(
                    "a query result has the state {other}"
                )));
            }
        },
        elapsed_ns: has_ended
            .then(|| from_stored(row, "elapsed_ns"))
            .transpose()?,
        rows_read: has_ended
            .then(|| from_stored(row, "rows_read"))
            .transpose()?,
    })
}
