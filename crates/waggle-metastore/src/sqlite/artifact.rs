//! Artifacts of every kind in SQLite.

use super::{SqliteMetastore, from_stored};
use crate::{
    ArtifactId, ArtifactKind, ArtifactLimits, Artifacts, Contents, Error, Place, Result, Stored,
    Use,
};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};
use waggle_model::{DatasetId, Tenant};

const TAKEN: &str = "A resource by that name already exists.";
const CHANGED: &str = "it was changed by somebody else at the same time; try again";

#[async_trait]
impl Artifacts for SqliteMetastore {
    async fn insert_artifact(
        &self,
        tenant: Tenant,
        kind: ArtifactKind,
        place: &Place,
        contents: &Contents,
        limits: ArtifactLimits,
        now_ns: i64,
    ) -> Result<Stored<String>> {
        let environment = environment_of(tenant, kind);
        let parent = place.parent.as_ref().map(|parent| parent.0.as_str());
        let mut transaction = self.write().await?;
        check_place(&mut transaction, tenant, place).await?;
        check_uses(&mut transaction, tenant, &contents.uses).await?;
        let count: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM artifacts
             WHERE kind = ? AND team_id = ? AND environment_id IS ? AND (? IS NULL OR parent_id = ?)",
        )
        .bind(kind.name())
        .bind(tenant.team.0)
        .bind(environment)
        .bind(parent)
        .bind(parent)
        .fetch_one(&mut *transaction)
        .await?;
        if usize::try_from(count).unwrap_or(usize::MAX) >= limits.count_max {
            return Err(Error::LimitReached {
                what: kind.title(),
                limit: limits.count_max,
            });
        }
        check_bytes(
            &mut transaction,
            tenant,
            kind,
            None,
            contents,
            limits.bytes_max,
        )
        .await?;
        let id = free_id(&mut transaction, kind).await?;
        let row = sqlx::query(
            "INSERT INTO artifacts (id, kind, team_id, environment_id, dataset_id, parent_id, unique_key, contents,
                                    version, created_at_ns, updated_at_ns)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?) RETURNING *",
        )
        .bind(id.0.as_str())
        .bind(kind.name())
        .bind(tenant.team.0)
        .bind(environment)
        .bind(place.dataset.map(|dataset| dataset.0))
        .bind(parent)
        .bind(contents.unique_key.as_deref())
        .bind(contents.text.as_str())
        .bind(now_ns)
        .bind(now_ns)
        .fetch_one(&mut *transaction)
        .await
        .map_err(taken)?;
        write_uses(&mut transaction, &id, &contents.uses).await?;
        transaction.commit().await?;
        artifact_of(&row)
    }

    async fn artifact_row(
        &self,
        tenant: Tenant,
        kind: ArtifactKind,
        artifact: &ArtifactId,
    ) -> Result<Option<Stored<String>>> {
        let row = sqlx::query(
            "SELECT * FROM artifacts WHERE id = ? AND kind = ? AND team_id = ? AND environment_id IS ?",
        )
        .bind(artifact.0.as_str())
        .bind(kind.name())
        .bind(tenant.team.0)
        .bind(environment_of(tenant, kind))
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(artifact_of).transpose()
    }

    async fn artifact_row_of_key(
        &self,
        tenant: Tenant,
        kind: ArtifactKind,
        unique_key: &str,
    ) -> Result<Option<Stored<String>>> {
        // The expressions are those of the unique index.
        let row = sqlx::query(
            "SELECT * FROM artifacts
             WHERE kind = ? AND team_id = ? AND COALESCE(environment_id, 0) = ?
                 AND COALESCE(parent_id, '') = '' AND unique_key = ?",
        )
        .bind(kind.name())
        .bind(tenant.team.0)
        .bind(environment_of(tenant, kind).unwrap_or(0))
        .bind(unique_key)
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(artifact_of).transpose()
    }

    async fn artifact_rows(
        &self,
        tenant: Tenant,
        kind: ArtifactKind,
        parent: Option<&ArtifactId>,
    ) -> Result<Vec<Stored<String>>> {
        let parent = parent.map(|parent| parent.0.as_str());
        let rows = sqlx::query(
            "SELECT * FROM artifacts
             WHERE kind = ? AND team_id = ? AND environment_id IS ? AND (? IS NULL OR parent_id = ?)
             ORDER BY created_at_ns, rowid",
        )
        .bind(kind.name())
        .bind(tenant.team.0)
        .bind(environment_of(tenant, kind))
        .bind(parent)
        .bind(parent)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(artifact_of).collect()
    }

    async fn replace_artifact(
        &self,
        tenant: Tenant,
        kind: ArtifactKind,
        artifact: &ArtifactId,
        version: u64,
        contents: &Contents,
        bytes_max: usize,
        now_ns: i64,
    ) -> Result<Stored<String>> {
        let mut transaction = self.write().await?;
        check_uses(&mut transaction, tenant, &contents.uses).await?;
        let found = found(&mut transaction, tenant, kind, artifact).await?;
        if found.version != version {
            return Err(Error::Conflict(CHANGED));
        }
        if contents.is_used_by_key && found.unique_key != contents.unique_key {
            let used = Use::Artifact(kind, artifact.clone());
            if is_used(&mut transaction, &used).await? {
                return Err(Error::InUse(kind.title()));
            }
        }
        let changed = Some(artifact);
        check_bytes(&mut transaction, tenant, kind, changed, contents, bytes_max).await?;
        let row = sqlx::query(
            "UPDATE artifacts SET unique_key = ?, contents = ?, version = version + 1, updated_at_ns = ?
             WHERE id = ? RETURNING *",
        )
        .bind(contents.unique_key.as_deref())
        .bind(contents.text.as_str())
        .bind(now_ns)
        .bind(artifact.0.as_str())
        .fetch_one(&mut *transaction)
        .await
        .map_err(taken)?;
        sqlx::query("DELETE FROM artifact_uses WHERE artifact_id = ?")
            .bind(artifact.0.as_str())
            .execute(&mut *transaction)
            .await?;
        write_uses(&mut transaction, artifact, &contents.uses).await?;
        transaction.commit().await?;
        artifact_of(&row)
    }

    async fn delete_artifact(
        &self,
        tenant: Tenant,
        kind: ArtifactKind,
        artifact: &ArtifactId,
    ) -> Result<()> {
        let mut transaction = self.write().await?;
        found(&mut transaction, tenant, kind, artifact).await?;
        if is_used(&mut transaction, &Use::Artifact(kind, artifact.clone())).await? {
            return Err(Error::InUse(kind.title()));
        }
        sqlx::query("DELETE FROM artifacts WHERE id = ?")
            .bind(artifact.0.as_str())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn artifact_row_users(
        &self,
        tenant: Tenant,
        kind: ArtifactKind,
        used: &Use,
    ) -> Result<Vec<Stored<String>>> {
        let (used_kind, used_id) = used.stored();
        let rows = sqlx::query(
            "SELECT artifacts.* FROM artifacts JOIN artifact_uses ON artifact_uses.artifact_id = artifacts.id
             WHERE used_kind = ? AND used_id = ? AND kind = ? AND team_id = ? AND environment_id IS ?
             ORDER BY created_at_ns, artifacts.id",
        )
        .bind(used_kind)
        .bind(used_id)
        .bind(kind.name())
        .bind(tenant.team.0)
        .bind(environment_of(tenant, kind))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(artifact_of).collect()
    }
}

fn environment_of(tenant: Tenant, kind: ArtifactKind) -> Option<i64> {
    (!kind.is_team_wide()).then_some(tenant.environment.0)
}

/// All of the kind, with the new contents in place of those of `changed`, must stay within the limit.
async fn check_bytes(
    transaction: &mut Transaction<'static, Sqlite>,
    tenant: Tenant,
    kind: ArtifactKind,
    changed: Option<&ArtifactId>,
    contents: &Contents,
    bytes_max: usize,
) -> Result<()> {
    let others: i64 = sqlx::query_scalar(
        "SELECT COALESCE(SUM(OCTET_LENGTH(contents)), 0) FROM artifacts
         WHERE kind = ? AND team_id = ? AND environment_id IS ? AND id <> ?",
    )
    .bind(kind.name())
    .bind(tenant.team.0)
    .bind(environment_of(tenant, kind))
    .bind(changed.map_or("", |changed| changed.0.as_str()))
    .fetch_one(&mut **transaction)
    .await?;
    let others = usize::try_from(others).unwrap_or(usize::MAX);
    if others.saturating_add(contents.text.len()) > bytes_max {
        return Err(Error::TooLarge {
            what: kind.title(),
            bytes_max,
        });
    }
    Ok(())
}

/// The dataset and the parent must be the tenant's: a foreign key alone would not know.
async fn check_place(
    transaction: &mut Transaction<'static, Sqlite>,
    tenant: Tenant,
    place: &Place,
) -> Result<()> {
    if let Some(dataset) = place.dataset {
        sqlx::query("SELECT 1 FROM datasets WHERE id = ? AND team_id = ? AND environment_id = ?")
            .bind(dataset.0)
            .bind(tenant.team.0)
            .bind(tenant.environment.0)
            .fetch_optional(&mut **transaction)
            .await?
            .ok_or(Error::NotFound("dataset"))?;
    }
    if let Some(parent) = &place.parent {
        sqlx::query("SELECT 1 FROM artifacts WHERE id = ? AND team_id = ? AND environment_id = ?")
            .bind(parent.0.as_str())
            .bind(tenant.team.0)
            .bind(tenant.environment.0)
            .fetch_optional(&mut **transaction)
            .await?
            .ok_or(Error::NotFound("what it is a part of"))?;
    }
    Ok(())
}

async fn check_uses(
    transaction: &mut Transaction<'static, Sqlite>,
    tenant: Tenant,
    uses: &[Use],
) -> Result<()> {
    for used in uses {
        let (kind, id) = match used {
            Use::Artifact(kind, id) => (*kind, id.0.as_str()),
            Use::CalculatedField(id) => (ArtifactKind::DerivedColumn, id.as_str()),
            Use::Column(id) => {
                check_column(transaction, tenant, id).await?;
                continue;
            }
        };
        sqlx::query(
            "SELECT 1 FROM artifacts WHERE id = ? AND kind = ? AND team_id = ? AND environment_id IS ?",
        )
        .bind(id)
        .bind(kind.name())
        .bind(tenant.team.0)
        .bind(environment_of(tenant, kind))
        .fetch_optional(&mut **transaction)
        .await?
        .ok_or(Error::NotFound(kind.title()))?;
    }
    Ok(())
}

async fn check_column(
    transaction: &mut Transaction<'static, Sqlite>,
    tenant: Tenant,
    column: &str,
) -> Result<()> {
    sqlx::query(
        "SELECT 1 FROM columns JOIN datasets ON datasets.id = columns.dataset_id
         WHERE columns.id = ? AND team_id = ? AND environment_id = ?",
    )
    .bind(column)
    .bind(tenant.team.0)
    .bind(tenant.environment.0)
    .fetch_optional(&mut **transaction)
    .await?
    .ok_or(Error::NotFound("column"))?;
    Ok(())
}

/// Markers have so short an id that two may meet.
async fn free_id(
    transaction: &mut Transaction<'static, Sqlite>,
    kind: ArtifactKind,
) -> Result<ArtifactId> {
    loop {
        let id = kind.random_id();
        let taken = sqlx::query("SELECT 1 FROM artifacts WHERE id = ?")
            .bind(id.0.as_str())
            .fetch_optional(&mut **transaction)
            .await?;
        if taken.is_none() {
            return Ok(id);
        }
    }
}

async fn write_uses(
    transaction: &mut Transaction<'static, Sqlite>,
    artifact: &ArtifactId,
    uses: &[Use],
) -> Result<()> {
    for used in uses {
        let (used_kind, used_id) = used.stored();
        sqlx::query(
            "INSERT INTO artifact_uses (artifact_id, used_kind, used_id) VALUES (?, ?, ?)
             ON CONFLICT DO NOTHING",
        )
        .bind(artifact.0.as_str())
        .bind(used_kind)
        .bind(used_id)
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

/// True while an artifact can't do without it.
pub(super) async fn is_used(
    transaction: &mut Transaction<'static, Sqlite>,
    used: &Use,
) -> Result<bool> {
    let (used_kind, used_id) = used.stored();
    let is_used = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM artifact_uses WHERE used_kind = ? AND used_id = ?)",
    )
    .bind(used_kind)
    .bind(used_id)
    .fetch_one(&mut **transaction)
    .await?;
    Ok(is_used)
}

/// What a change must know of the artifact as it is.
struct Found {
    version: u64,
    unique_key: Option<String>,
}

async fn found(
    transaction: &mut Transaction<'static, Sqlite>,
    tenant: Tenant,
    kind: ArtifactKind,
    artifact: &ArtifactId,
) -> Result<Found> {
    let row = sqlx::query(
        "SELECT version, unique_key FROM artifacts WHERE id = ? AND kind = ? AND team_id = ? AND environment_id IS ?",
    )
    .bind(artifact.0.as_str())
    .bind(kind.name())
    .bind(tenant.team.0)
    .bind(environment_of(tenant, kind))
    .fetch_optional(&mut **transaction)
    .await?
    .ok_or(Error::NotFound(kind.title()))?;
    Ok(Found {
        version: from_stored(&row, "version")?,
        unique_key: row.try_get("unique_key")?,
    })
}

fn taken(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => Error::Conflict(TAKEN),
        _ => error.into(),
    }
}

fn artifact_of(row: &SqliteRow) -> Result<Stored<String>> {
    let dataset: Option<i64> = row.try_get("dataset_id")?;
    let parent: Option<String> = row.try_get("parent_id")?;
    Ok(Stored {
        id: ArtifactId(row.try_get("id")?),
        place: Place {
            dataset: dataset.map(DatasetId),
            parent: parent.map(ArtifactId),
        },
        version: from_stored(row, "version")?,
        created_at_ns: row.try_get("created_at_ns")?,
        updated_at_ns: row.try_get("updated_at_ns")?,
        value: row.try_get("contents")?,
    })
}
