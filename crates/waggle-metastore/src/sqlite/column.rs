//! Columns in SQLite.

use super::artifact::is_used;
use super::{CHUNK, SqliteMetastore, from_stored, to_stored};
use crate::slug::fold;
use crate::{
    BlockId, Column, ColumnChange, ColumnDeletion, ColumnId, ColumnPage, Columns, DeletedColumns,
    Error, NewColumn, Result, SeenColumn, Use, id, widen,
};
use async_trait::async_trait;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row, Sqlite};
use waggle_model::{ColumnType, DatasetId, DatasetScope, PENDING_DATASET, Tenant};

#[async_trait]
impl Columns for SqliteMetastore {
    async fn register_columns(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        seen: &[SeenColumn],
        columns_max: usize,
        now_ns: i64,
    ) -> Result<Vec<Option<Column>>> {
        let mut transaction = self.write().await?;
        let room =
            columns_max.saturating_sub(count_columns(&mut transaction, tenant, dataset).await?);
        let mut known = find_by_names(&mut transaction, dataset, seen).await?;
        let mut new = Vec::new();
        let mut widened = Vec::new();
        for column in seen {
            match known.entry(column.key_name.clone()) {
                Entry::Occupied(mut entry) => {
                    let known = entry.get_mut();
                    let wide = widen(known.seen_type, column.column_type);
                    if wide != known.seen_type {
                        known.seen_type = wide;
                        if !known.is_chosen {
                            known.column_type = wide;
                        }
                        known.updated_at_ns = now_ns;
                        widened.push(column.key_name.as_str());
                    }
                }
                Entry::Vacant(entry) => {
                    if new.len() < room {
                        entry.insert(first_seen(dataset, column, now_ns));
                        new.push(column.key_name.as_str());
                    }
                }
            }
        }
        // Written after the loop: a name may occur twice in `seen` with types that widen each other.
        let new: Vec<&Column> = new.iter().filter_map(|name| known.get(*name)).collect();
        insert(&mut transaction, &new).await?;
        for column in widened.iter().filter_map(|name| known.get(*name)) {
            sqlx::query("UPDATE columns SET type = ?, updated_at_ns = ? WHERE id = ?")
                .bind(column.seen_type.name())
                .bind(now_ns)
                .bind(column.id.0.as_str())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(seen
            .iter()
            .map(|column| known.get(&column.key_name).cloned())
            .collect())
    }

    async fn create_column(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        column: NewColumn,
        columns_max: usize,
        now_ns: i64,
    ) -> Result<Column> {
        let mut transaction = self.write().await?;
        let count = count_columns(&mut transaction, tenant, dataset).await?;
        let exists: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM columns WHERE dataset_id = ? AND key_name = ?)",
        )
        .bind(dataset.0)
        .bind(column.key_name.as_str())
        .fetch_one(&mut *transaction)
        .await?;
        if exists {
            return Err(Error::Conflict("column already exists"));
        }
        if count >= columns_max {
            return Err(Error::LimitReached {
                what: "columns in the dataset",
                limit: columns_max,
            });
        }
        let column = made(dataset, column, now_ns);
        insert(&mut transaction, &[&column]).await?;
        transaction.commit().await?;
        Ok(column)
    }

    async fn create_column_everywhere(
        &self,
        tenant: Tenant,
        column: NewColumn,
        columns_max: usize,
        now_ns: i64,
    ) -> Result<Vec<Column>> {
        let mut transaction = self.write().await?;
        let datasets = sqlx::query(
            "SELECT id, (SELECT COUNT(*) FROM columns WHERE dataset_id = datasets.id) AS column_count,
                    EXISTS (SELECT 1 FROM columns WHERE dataset_id = datasets.id AND key_name = ?) AS has_it
             FROM datasets WHERE team_id = ? AND environment_id = ? AND slug <> ? ORDER BY id",
        )
        .bind(column.key_name.as_str())
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .bind(PENDING_DATASET)
        .fetch_all(&mut *transaction)
        .await?;
        if datasets.is_empty() {
            return Err(Error::NotFound("dataset"));
        }
        let mut columns = Vec::with_capacity(datasets.len());
        for dataset in &datasets {
            if dataset.try_get("has_it")? {
                continue;
            }
            let count: usize = from_stored::<u64>(dataset, "column_count")?
                .try_into()
                .unwrap_or(usize::MAX);
            if count >= columns_max {
                return Err(Error::LimitReached {
                    what: "columns in the dataset",
                    limit: columns_max,
                });
            }
            let dataset = DatasetId(dataset.try_get("id")?);
            columns.push(made(dataset, column.clone(), now_ns));
        }
        if columns.is_empty() {
            return Err(Error::Conflict("column already exists"));
        }
        insert(&mut transaction, &columns.iter().collect::<Vec<_>>()).await?;
        transaction.commit().await?;
        Ok(columns)
    }

    async fn columns(&self, tenant: Tenant, dataset: DatasetId) -> Result<Vec<Column>> {
        let rows = of_tenant("SELECT columns.*", tenant, &DatasetScope::One(dataset))
            .push(" ORDER BY key_name")
            .build()
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(column_of).collect()
    }

    async fn read_columns(&self, tenant: Tenant, names: &[&str]) -> Result<Vec<Column>> {
        // Two questions, because each has an index: for both in one, SQLite would look at every column of the environment.
        let mut select = of_tenant("SELECT columns.*", tenant, &DatasetScope::All);
        select.push(" AND chosen_type IS NOT NULL UNION ALL SELECT columns.*");
        push_tenant(&mut select, tenant, &DatasetScope::All);
        select.push(" AND chosen_type IS NULL AND key_name IN (");
        let mut listed = select.separated(", ");
        for name in names {
            listed.push_bind(*name);
        }
        select.push(")");
        let rows = select.build().fetch_all(&self.readers).await?;
        rows.iter().map(column_of).collect()
    }

    async fn column(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        column: &ColumnId,
    ) -> Result<Option<Column>> {
        let row = of_tenant("SELECT columns.*", tenant, &DatasetScope::One(dataset))
            .push(" AND columns.id = ")
            .push_bind(column.0.as_str())
            .build()
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(column_of).transpose()
    }

    async fn column_by_name(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        key_name: &str,
    ) -> Result<Option<Column>> {
        let row = of_tenant("SELECT columns.*", tenant, &DatasetScope::One(dataset))
            .push(" AND key_name = ")
            .push_bind(key_name)
            .build()
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(column_of).transpose()
    }

    async fn search_columns(
        &self,
        tenant: Tenant,
        scope: &DatasetScope,
        text: &str,
        limit: usize,
    ) -> Result<ColumnPage> {
        let text = fold(text);
        // With one MAX in the list, SQLite takes the other values from the row that has it: the most recently written of its name.
        let mut matches = of_tenant(
            "SELECT columns.*, MAX(columns.last_written_at_ns) AS latest, \
             group_concat(DISTINCT COALESCE(chosen_type, type)) AS types, COUNT(*) OVER () AS total",
            tenant,
            scope,
        );
        if !text.is_empty() {
            matches
                .push(" AND instr(key_name_folded, ")
                .push_bind(text.as_str())
                .push(") > 0");
        }
        // An empty text is at the same place in every name: only time and name order the list then.
        matches
            .push(" GROUP BY key_name ORDER BY instr(key_name_folded, ")
            .push_bind(text.as_str())
            .push(") = 1 DESC, latest DESC NULLS LAST, key_name LIMIT ")
            // Without a row nothing would tell the total.
            .push_bind(i64::try_from(limit.max(1)).unwrap_or(i64::MAX));
        let rows = matches.build().fetch_all(&self.readers).await?;
        let total = match rows.first() {
            Some(row) => from_stored(row, "total")?,
            None => 0,
        };
        let columns = rows
            .iter()
            .take(limit)
            .map(merged_column_of)
            .collect::<Result<_>>()?;
        Ok(ColumnPage { columns, total })
    }

    async fn update_column(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        column: &ColumnId,
        change: ColumnChange,
        now_ns: i64,
    ) -> Result<Column> {
        // Histograms are read as they came, and so is what is read as the type it came with.
        let row = self.write_one(sqlx::query(
            "UPDATE columns SET chosen_type = CASE WHEN ?1 IS NULL THEN chosen_type WHEN ?2 OR ?1 = type THEN NULL ELSE ?1 END,
                                is_histogram = COALESCE(?2, is_histogram),
                                description = COALESCE(?3, description), is_hidden = COALESCE(?4, is_hidden), updated_at_ns = ?5
             WHERE id = ?6 AND dataset_id =
                 (SELECT id FROM datasets WHERE id = ?7 AND team_id = ?8 AND environment_id = ?9)
             RETURNING *",
        )
        .bind(change.column_type.map(ColumnType::name))
        .bind(change.is_histogram)
        .bind(change.description)
        .bind(change.is_hidden)
        .bind(now_ns)
        .bind(column.0.as_str())
        .bind(dataset.0)
        .bind(tenant.team.0)
        .bind(tenant.environment.0)).await?;
        column_of(&row.ok_or(Error::NotFound("column"))?)
    }

    async fn delete_columns(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        columns: &[ColumnId],
        wal_through: u64,
    ) -> Result<DeletedColumns> {
        let wal_through = to_stored(wal_through, "wal_through")?;
        let mut deleted = DeletedColumns::default();
        let mut transaction = self.write().await?;
        for column in columns {
            let key_name: Option<String> = sqlx::query_scalar(
                "SELECT key_name FROM columns
                 WHERE id = ? AND dataset_id =
                     (SELECT id FROM datasets WHERE id = ? AND team_id = ? AND environment_id = ?)",
            )
            .bind(column.0.as_str())
            .bind(dataset.0)
            .bind(tenant.team.0)
            .bind(tenant.environment.0)
            .fetch_optional(&mut *transaction)
            .await?;
            let Some(key_name) = key_name else {
                continue;
            };
            if is_used(&mut transaction, &Use::Column(column.0.clone())).await? {
                deleted.in_use.push(column.clone());
                continue;
            }
            sqlx::query("DELETE FROM columns WHERE id = ?")
                .bind(column.0.as_str())
                .execute(&mut *transaction)
                .await?;
            sqlx::query(
                "INSERT OR IGNORE INTO hidden_columns (block_id, key_name)
                 SELECT id, ? FROM blocks WHERE dataset_id = ?",
            )
            .bind(key_name.as_str())
            .bind(dataset.0)
            .execute(&mut *transaction)
            .await?;
            sqlx::query(
                "INSERT INTO column_deletions (dataset_id, key_name, wal_through) VALUES (?, ?, ?)
                 ON CONFLICT (dataset_id, key_name) DO UPDATE
                 SET wal_through = MAX(wal_through, excluded.wal_through)",
            )
            .bind(dataset.0)
            .bind(key_name.as_str())
            .bind(wal_through)
            .execute(&mut *transaction)
            .await?;
            deleted.columns.push((column.clone(), key_name));
        }
        if !deleted.columns.is_empty() {
            let blocks: Vec<i64> = sqlx::query_scalar("SELECT id FROM blocks WHERE dataset_id = ?")
                .bind(dataset.0)
                .fetch_all(&mut *transaction)
                .await?;
            deleted.blocks = blocks.into_iter().map(BlockId).collect();
        }
        transaction.commit().await?;
        Ok(deleted)
    }

    async fn hidden_columns(&self) -> Result<Vec<(BlockId, String)>> {
        let rows = sqlx::query("SELECT block_id, key_name FROM hidden_columns ORDER BY 1, 2")
            .fetch_all(&self.readers)
            .await?;
        rows.iter()
            .map(|row| Ok((BlockId(row.try_get("block_id")?), row.try_get("key_name")?)))
            .collect()
    }

    async fn column_deletions(&self) -> Result<Vec<ColumnDeletion>> {
        let rows = sqlx::query("SELECT * FROM column_deletions ORDER BY dataset_id, key_name")
            .fetch_all(&self.readers)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(ColumnDeletion {
                    dataset: DatasetId(row.try_get("dataset_id")?),
                    key_name: row.try_get("key_name")?,
                    wal_through: from_stored(row, "wal_through")?,
                })
            })
            .collect()
    }
}

/// Starts a query over the columns in scope, to be continued by ` AND ...`.
fn of_tenant(select: &'static str, tenant: Tenant, scope: &DatasetScope) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(select);
    push_tenant(&mut query, tenant, scope);
    query
}

fn push_tenant(query: &mut QueryBuilder<Sqlite>, tenant: Tenant, scope: &DatasetScope) {
    query
        .push(
            " FROM columns JOIN datasets ON datasets.id = columns.dataset_id
             WHERE datasets.team_id = ",
        )
        .push_bind(tenant.team.0)
        .push(" AND datasets.environment_id = ")
        .push_bind(tenant.environment.0);
    match scope {
        DatasetScope::One(dataset) => query.push(" AND datasets.id = ").push_bind(dataset.0),
        DatasetScope::All => query
            .push(" AND datasets.slug <> ")
            .push_bind(PENDING_DATASET),
    };
}

/// Also proves that the dataset is the tenant's.
async fn count_columns(
    connection: &mut SqliteConnection,
    tenant: Tenant,
    dataset: DatasetId,
) -> Result<usize> {
    let count: Option<i64> = sqlx::query_scalar(
        "SELECT (SELECT COUNT(*) FROM columns WHERE dataset_id = datasets.id)
         FROM datasets WHERE id = ? AND team_id = ? AND environment_id = ?",
    )
    .bind(dataset.0)
    .bind(tenant.team.0)
    .bind(tenant.environment.0)
    .fetch_optional(connection)
    .await?;
    let count = count.ok_or(Error::NotFound("dataset"))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

async fn find_by_names(
    connection: &mut SqliteConnection,
    dataset: DatasetId,
    seen: &[SeenColumn],
) -> Result<HashMap<String, Column>> {
    let mut found = HashMap::with_capacity(seen.len());
    for columns in seen.chunks(CHUNK) {
        let mut select = QueryBuilder::<Sqlite>::new("SELECT * FROM columns WHERE dataset_id = ");
        select.push_bind(dataset.0).push(" AND key_name IN (");
        let mut names = select.separated(", ");
        for column in columns {
            names.push_bind(column.key_name.as_str());
        }
        select.push(")");
        for row in &select.build().fetch_all(&mut *connection).await? {
            let column = column_of(row)?;
            found.insert(column.key_name.clone(), column);
        }
    }
    Ok(found)
}

fn made(dataset: DatasetId, column: NewColumn, now_ns: i64) -> Column {
    Column {
        id: ColumnId(id::short()),
        dataset,
        key_name: column.key_name,
        column_type: column.column_type,
        seen_type: column.column_type,
        is_chosen: false,
        is_histogram: column.is_histogram,
        description: column.description,
        is_hidden: column.is_hidden,
        created_at_ns: now_ns,
        updated_at_ns: now_ns,
        last_written_at_ns: None,
    }
}

fn first_seen(dataset: DatasetId, seen: &SeenColumn, now_ns: i64) -> Column {
    Column {
        id: ColumnId(id::short()),
        dataset,
        key_name: seen.key_name.clone(),
        column_type: seen.column_type,
        seen_type: seen.column_type,
        is_chosen: false,
        is_histogram: false,
        description: String::new(),
        is_hidden: false,
        created_at_ns: now_ns,
        updated_at_ns: now_ns,
        last_written_at_ns: Some(now_ns),
    }
}

async fn insert(connection: &mut SqliteConnection, columns: &[&Column]) -> Result<()> {
    for columns in columns.chunks(CHUNK) {
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO columns (id, dataset_id, key_name, key_name_folded, type, description,
                                  is_hidden, is_histogram, created_at_ns, updated_at_ns, last_written_at_ns) ",
        );
        insert.push_values(columns, |mut row, column| {
            row.push_bind(column.id.0.as_str())
                .push_bind(column.dataset.0)
                .push_bind(column.key_name.as_str())
                .push_bind(fold(&column.key_name))
                .push_bind(column.seen_type.name())
                .push_bind(column.description.as_str())
                .push_bind(column.is_hidden)
                .push_bind(column.is_histogram)
                .push_bind(column.created_at_ns)
                .push_bind(column.updated_at_ns)
                .push_bind(column.last_written_at_ns);
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Reads a column that stands for all of its name, with the type that can show all of theirs.
fn merged_column_of(row: &SqliteRow) -> Result<Column> {
    let mut column = column_of(row)?;
    let types: &str = row.try_get("types")?;
    for name in types.split(',') {
        column.column_type = widen(column.column_type, type_of(name)?);
    }
    Ok(column)
}

fn column_of(row: &SqliteRow) -> Result<Column> {
    let seen_type = type_of(row.try_get("type")?)?;
    let chosen: Option<&str> = row.try_get("chosen_type")?;
    let chosen = chosen.map(type_of).transpose()?;
    Ok(Column {
        id: ColumnId(row.try_get("id")?),
        dataset: DatasetId(row.try_get("dataset_id")?),
        key_name: row.try_get("key_name")?,
        column_type: chosen.unwrap_or(seen_type),
        seen_type,
        is_chosen: chosen.is_some(),
        description: row.try_get("description")?,
        is_histogram: row.try_get("is_histogram")?,
        is_hidden: row.try_get("is_hidden")?,
        created_at_ns: row.try_get("created_at_ns")?,
        updated_at_ns: row.try_get("updated_at_ns")?,
        last_written_at_ns: row.try_get("last_written_at_ns")?,
    })
}

fn type_of(name: &str) -> Result<ColumnType> {
    ColumnType::from_name(name)
        .ok_or_else(|| Error::Corrupt(format!("a column has the type {name}")))
}
