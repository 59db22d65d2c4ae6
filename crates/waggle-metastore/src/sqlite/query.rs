//! Queries and their results in SQLite.

use super::{SqliteMetastore, from_stored, tenant_of, to_stored};
use crate::{
    Error, KeyId, Queries, Query, QueryAnswer, QueryId, QueryOutcome, QueryResult, QueryResultId,
    Result, RunBy, UserId, id,
};
use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use waggle_model::{DatasetId, DatasetScope, Tenant};

pub(super) const PENDING: &str = "pending";
pub(super) const COMPLETE: &str = "complete";
pub(super) const FAILED: &str = "failed";
pub(super) const FORGOTTEN: &str = "forgotten";

#[async_trait]
impl Queries for SqliteMetastore {
    async fn create_query(
        &self,
        tenant: Tenant,
        scope: &DatasetScope,
        spec_json: &str,
        now_ns: i64,
    ) -> Result<Query> {
        let row = self.write_one(sqlx::query(
            "INSERT INTO queries (id, team_id, environment_id, dataset_id, spec_json, created_at_ns)
             VALUES (?, ?, ?, ?, ?, ?) RETURNING *",
        )
        .bind(id::short())
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .bind(stored_scope(scope))
        .bind(spec_json)
        .bind(now_ns)).await?;
        query_of(&row.ok_or(Error::NotFound("environment"))?)
    }

    async fn query(&self, tenant: Tenant, query: &QueryId) -> Result<Option<Query>> {
        let row = sqlx::query(
            "SELECT * FROM queries WHERE id = ? AND team_id = ? AND environment_id = ?",
        )
        .bind(query.0.as_str())
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(query_of).transpose()
    }

    async fn create_query_result(
        &self,
        tenant: Tenant,
        query: &QueryId,
        options_json: &str,
        run_by: &RunBy,
        now_ns: i64,
    ) -> Result<QueryResult> {
        let (key, user) = stored_runner(run_by);
        let row = self.write_one_soon(sqlx::query(
            "INSERT INTO query_results (id, query_id, team_id, environment_id, state, options_json,
                                        run_by_key_id, run_by_user_id, created_at_ns)
             SELECT ?, id, team_id, environment_id, ?, ?, ?, ?, ?
             FROM queries WHERE id = ? AND team_id = ? AND environment_id = ?
             RETURNING *",
        )
        .bind(id::short())
        .bind(PENDING)
        .bind(options_json)
        .bind(key)
        .bind(user)
        .bind(now_ns)
        .bind(query.0.as_str())
        .bind(tenant.team.0)
        .bind(tenant.environment.0)).await?;
        result_of(&row.ok_or(Error::NotFound("query"))?)
    }

    async fn finish_query_result(
        &self,
        tenant: Tenant,
        result: &QueryResultId,
        outcome: &QueryOutcome,
    ) -> Result<()> {
        let stored = StoredOutcome::new(outcome)?;
        let mut transaction = self.write().await?;
        let found: String = sqlx::query_scalar(
            "SELECT state FROM query_results WHERE id = ? AND team_id = ? AND environment_id = ?",
        )
        .bind(result.0.as_str())
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(Error::NotFound("query result"))?;
        if found != PENDING {
            return Err(Error::Conflict("the query has ended before"));
        }
        sqlx::query(
            "UPDATE query_results SET state = ?, result = ?, failure = ?, completed_at_ns = ?,
                                      elapsed_ns = ?, rows_read = ?
             WHERE id = ?",
        )
        .bind(stored.state)
        .bind(stored.result)
        .bind(stored.failure)
        .bind(outcome.completed_at_ns)
        .bind(stored.elapsed_ns)
        .bind(stored.rows_read)
        .bind(result.0.as_str())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn record_run(&self, query: &Query, result: &QueryResult) -> Result<()> {
        let outcome = result.outcome.as_ref().ok_or(Error::Invalid {
            field: "outcome",
            message: "the run has not ended",
        })?;
        let stored = StoredOutcome::new(outcome)?;
        let (key, user) = stored_runner(&result.run_by);
        let dataset = stored_scope(&query.scope);
        let mut transaction = self.write().await?;
        let is_erased: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM erasures
                            WHERE team_id = ? AND environment_id = ? AND (dataset_id = ? OR ? IS NULL)
                              AND (finished_at_ns IS NULL OR finished_at_ns >= ?))",
        )
        .bind(query.tenant.team.0)
        .bind(query.tenant.environment.0)
        .bind(dataset)
        .bind(dataset)
        .bind(result.created_at_ns)
        .fetch_one(&mut *transaction)
        .await?;
        if is_erased {
            return Err(Error::Conflict("events were erased since it was asked"));
        }
        sqlx::query(
            "INSERT INTO queries (id, team_id, environment_id, dataset_id, spec_json, created_at_ns)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(query.id.0.as_str())
        .bind(query.tenant.team.0)
        .bind(query.tenant.environment.0)
        .bind(dataset)
        .bind(query.spec_json.as_str())
        .bind(query.created_at_ns)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO query_results (id, query_id, team_id, environment_id, state, options_json, result, failure,
                                        run_by_key_id, run_by_user_id, created_at_ns, completed_at_ns, elapsed_ns, rows_read)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(result.id.0.as_str())
        .bind(query.id.0.as_str())
        .bind(query.tenant.team.0)
        .bind(query.tenant.environment.0)
        .bind(stored.state)
        .bind(result.options_json.as_str())
        .bind(stored.result)
        .bind(stored.failure)
        .bind(key)
        .bind(user)
        .bind(result.created_at_ns)
        .bind(outcome.completed_at_ns)
        .bind(stored.elapsed_ns)
        .bind(stored.rows_read)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn query_result(
        &self,
        tenant: Tenant,
        result: &QueryResultId,
    ) -> Result<Option<QueryResult>> {
        let row = sqlx::query(
            "SELECT * FROM query_results WHERE id = ? AND team_id = ? AND environment_id = ?",
        )
        .bind(result.0.as_str())
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(result_of).transpose()
    }

    async fn fail_pending_query_results(
        &self,
        asked_before_ns: i64,
        reason: &str,
        now_ns: i64,
    ) -> Result<u64> {
        Ok(sqlx::query(
            "UPDATE query_results SET state = ?, failure = ?, completed_at_ns = ?,
                                      elapsed_ns = 0, rows_read = 0
             WHERE state = ? AND created_at_ns < ?",
        )
        .bind(FAILED)
        .bind(reason)
        .bind(now_ns)
        .bind(PENDING)
        .bind(asked_before_ns)
        .execute(&self.writer)
        .await?
        .rows_affected())
    }
}

/// An outcome as its columns take it.
struct StoredOutcome<'a> {
    state: &'static str,
    result: Option<&'a [u8]>,
    failure: Option<&'a str>,
    elapsed_ns: i64,
    rows_read: i64,
}

impl<'a> StoredOutcome<'a> {
    fn new(outcome: &'a QueryOutcome) -> Result<Self> {
        let (state, result, failure) = match &outcome.answer {
            QueryAnswer::Complete(result) => (COMPLETE, Some(&**result), None),
            QueryAnswer::Failed(reason) => (FAILED, None, Some(reason.as_str())),
            QueryAnswer::Forgotten => (FORGOTTEN, None, None),
        };
        Ok(Self {
            state,
            result,
            failure,
            elapsed_ns: to_stored(outcome.elapsed_ns, "elapsed_ns")?,
            rows_read: to_stored(outcome.rows_read, "rows_read")?,
        })
    }
}

pub(super) fn stored_scope(scope: &DatasetScope) -> Option<i64> {
    match scope {
        DatasetScope::One(dataset) => Some(dataset.0),
        DatasetScope::All => None,
    }
}

/// The key and the user of a run; at most one of them.
fn stored_runner(run_by: &RunBy) -> (Option<&str>, Option<i64>) {
    match run_by {
        RunBy::Key(key) => (Some(key.0.as_str()), None),
        RunBy::User(user) => (None, Some(user.0)),
        RunBy::Nobody => (None, None),
    }
}

pub(super) fn query_of(row: &SqliteRow) -> Result<Query> {
    let dataset: Option<i64> = row.try_get("dataset_id")?;
    Ok(Query {
        id: QueryId(row.try_get("id")?),
        tenant: tenant_of(row)?,
        scope: dataset.map_or(DatasetScope::All, |dataset| {
            DatasetScope::One(DatasetId(dataset))
        }),
        spec_json: row.try_get("spec_json")?,
        created_at_ns: row.try_get("created_at_ns")?,
    })
}

fn result_of(row: &SqliteRow) -> Result<QueryResult> {
    Ok(QueryResult {
        id: QueryResultId(row.try_get("id")?),
        tenant: tenant_of(row)?,
        query: QueryId(row.try_get("query_id")?),
        options_json: row.try_get("options_json")?,
        run_by: run_by_of(row)?,
        created_at_ns: row.try_get("created_at_ns")?,
        outcome: outcome_of(row)?,
    })
}

pub(super) fn run_by_of(row: &SqliteRow) -> Result<RunBy> {
    let key: Option<String> = row.try_get("run_by_key_id")?;
    let user: Option<i64> = row.try_get("run_by_user_id")?;
    Ok(match (key, user) {
        (Some(key), _) => RunBy::Key(KeyId(key)),
        (None, Some(user)) => RunBy::User(UserId(user)),
        (None, None) => RunBy::Nobody,
    })
}

fn outcome_of(row: &SqliteRow) -> Result<Option<QueryOutcome>> {
    let answer = match row.try_get("state")? {
        PENDING => return Ok(None),
        COMPLETE => QueryAnswer::Complete(match row.try_get::<Option<Vec<u8>>, _>("result")? {
            Some(result) => result.into(),
            None => row.try_get::<String, _>("result_json")?.into(),
        }),
        FAILED => QueryAnswer::Failed(row.try_get("failure")?),
        FORGOTTEN => QueryAnswer::Forgotten,
        other => {
            return Err(Error::Corrupt(format!(
                "a query result has the state {other}"
            )));
        }
    };
    Ok(Some(QueryOutcome {
        answer,
        completed_at_ns: row.try_get("completed_at_ns")?,
        elapsed_ns: from_stored(row, "elapsed_ns")?,
        rows_read: from_stored(row, "rows_read")?,
    }))
}
