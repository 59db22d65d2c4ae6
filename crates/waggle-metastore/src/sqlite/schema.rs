//! Numbered migrations. The number of the last one applied is the file's `user_version`, which SQLite changes in the same transaction.

use crate::{Error, Result};
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Executor};

#[cfg(test)]
mod tests;

/// Migration `n` is at index `n - 1`. A migration that has been released is never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_first.sql"),
    include_str!("../../migrations/sqlite/0002_result_bytes.sql"),
    include_str!("../../migrations/sqlite/0003_keep.sql"),
    include_str!("../../migrations/sqlite/0004_artifacts.sql"),
    include_str!("../../migrations/sqlite/0005_erasure_request.sql"),
    include_str!("../../migrations/sqlite/0006_access.sql"),
    include_str!("../../migrations/sqlite/0007_history.sql"),
    include_str!("../../migrations/sqlite/0008_recipient_text.sql"),
    include_str!("../../migrations/sqlite/0009_aws_keys.sql"),
    include_str!("../../migrations/sqlite/0010_histogram_columns.sql"),
    include_str!("../../migrations/sqlite/0011_usage.sql"),
    include_str!("../../migrations/sqlite/0012_hidden_runs.sql"),
    include_str!("../../migrations/sqlite/0013_metrics.sql"),
    include_str!("../../migrations/sqlite/0014_usage_keys.sql"),
    include_str!("../../migrations/sqlite/0015_chosen_types.sql"),
];

/// Marks the file as ours ("wggl"), so that another program's database is refused instead of filled with our tables.
const APPLICATION_ID: u32 = 0x7767_676c;

/// Applies the migrations that the file lacks, all or none.
pub(super) async fn migrate(writer: &SqlitePool) -> Result<()> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    let found: u32 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *transaction)
        .await?;
    let application: u32 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut *transaction)
        .await?;
    let tables: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_schema")
        .fetch_one(&mut *transaction)
        .await?;
    if tables > 0 && application != APPLICATION_ID {
        return Err(Error::Corrupt(
            "the file is a database of another program".to_owned(),
        ));
    }
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(Error::NewerSchema { found, known });
    }
    for migration in MIGRATIONS.iter().skip(found as usize) {
        transaction.execute(sqlx::raw_sql(*migration)).await?;
    }
    // Pragmas take no parameters.
    let stamp = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {known};");
    transaction
        .execute(sqlx::raw_sql(AssertSqlSafe(stamp)))
        .await?;
    transaction.commit().await?;
    Ok(())
}
