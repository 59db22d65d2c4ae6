//! The list of blocks in SQLite.

use super::{CHUNK, SqliteMetastore, from_stored, tenant_of, to_stored};
use crate::{Block, BlockId, Blocks, Error, NewBlock, Result};
use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row, Sqlite};
use waggle_model::{DatasetId, Tenant};

#[async_trait]
impl Blocks for SqliteMetastore {
    async fn commit_blocks(
        &self,
        added: &[NewBlock],
        removed: &[BlockId],
        wal_covered_through: Option<u64>,
    ) -> Result<Vec<Option<BlockId>>> {
        let mut transaction = self.write().await?;
        remove(&mut transaction, removed).await?;
        let mut ids = Vec::with_capacity(added.len());
        for block in added {
            ids.push(add(&mut transaction, block).await?);
        }
        if let Some(through) = wal_covered_through {
            sqlx::query(
                "INSERT INTO wal_coverage (id, covered_through) VALUES (1, ?)
                 ON CONFLICT (id) DO UPDATE
                 SET covered_through = MAX(covered_through, excluded.covered_through)",
            )
            .bind(to_stored(through, "wal_covered_through")?)
            .execute(&mut *transaction)
            .await?;
            // What was deleted from these files is in none any more.
            sqlx::query("DELETE FROM column_deletions WHERE wal_through <= ?")
                .bind(to_stored(through, "wal_covered_through")?)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(ids)
    }

    async fn blocks(&self) -> Result<Vec<Block>> {
        let rows = sqlx::query(
            "SELECT * FROM blocks ORDER BY team_id, environment_id, dataset_id, min_time_ns, id",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(block_of).collect()
    }

    async fn tenant_blocks(&self, tenant: Tenant) -> Result<Vec<Block>> {
        let rows = sqlx::query(
            "SELECT * FROM blocks WHERE team_id = ? AND environment_id = ?
             ORDER BY dataset_id, min_time_ns, id",
        )
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(block_of).collect()
    }

    async fn block_files(&self) -> Result<Vec<String>> {
        Ok(
            sqlx::query_scalar("SELECT DISTINCT file FROM blocks ORDER BY file")
                .fetch_all(&self.readers)
                .await?,
        )
    }

    async fn wal_covered_through(&self) -> Result<Option<u64>> {
        let row = sqlx::query("SELECT covered_through FROM wal_coverage")
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| from_stored(&row, "covered_through"))
            .transpose()
    }
}

async fn remove(connection: &mut SqliteConnection, removed: &[BlockId]) -> Result<()> {
    for ids in removed.chunks(CHUNK) {
        let mut delete = QueryBuilder::<Sqlite>::new("DELETE FROM blocks WHERE id IN (");
        let mut list = delete.separated(", ");
        for id in ids {
            list.push_bind(id.0);
        }
        delete.push(")");
        let found = delete
            .build()
            .execute(&mut *connection)
            .await?
            .rows_affected();
        if found != ids.len() as u64 {
            return Err(Error::Conflict(
                "a block to be removed is not listed any more",
            ));
        }
    }
    Ok(())
}

/// Inserts nothing when the dataset is not there (any more) or not the tenant's.
async fn add(connection: &mut SqliteConnection, block: &NewBlock) -> Result<Option<BlockId>> {
    assert!(
        block.row_count > 0 && block.length > 0 && block.min_time_ns <= block.max_time_ns,
        "a block has rows, bytes and a time range: {block:?}"
    );
    let id: Option<i64> = sqlx::query_scalar(
        "INSERT INTO blocks (team_id, environment_id, dataset_id, file, file_offset, length,
                             row_count, min_time_ns, max_time_ns, format_version, created_at_ns)
         SELECT team_id, environment_id, id, ?, ?, ?, ?, ?, ?, ?, ?
         FROM datasets WHERE id = ? AND team_id = ? AND environment_id = ?
         RETURNING id",
    )
    .bind(block.file.as_str())
    .bind(to_stored(block.offset, "offset")?)
    .bind(to_stored(block.length, "length")?)
    .bind(to_stored(block.row_count, "row_count")?)
    .bind(block.min_time_ns)
    .bind(block.max_time_ns)
    .bind(block.format_version)
    .bind(block.created_at_ns)
    .bind(block.dataset.0)
    .bind(block.tenant.team.0)
    .bind(block.tenant.environment.0)
    .fetch_optional(connection)
    .await?;
    Ok(id.map(BlockId))
}

fn block_of(row: &SqliteRow) -> Result<Block> {
    Ok(Block {
        id: BlockId(row.try_get("id")?),
        block: NewBlock {
            tenant: tenant_of(row)?,
            dataset: DatasetId(row.try_get("dataset_id")?),
            file: row.try_get("file")?,
            offset: from_stored(row, "file_offset")?,
            length: from_stored(row, "length")?,
            row_count: from_stored(row, "row_count")?,
            min_time_ns: row.try_get("min_time_ns")?,
            max_time_ns: row.try_get("max_time_ns")?,
            format_version: from_stored(row, "format_version")?,
            created_at_ns: row.try_get("created_at_ns")?,
        },
    })
}
