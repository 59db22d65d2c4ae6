//! Keys in SQLite.

use super::SqliteMetastore;
use crate::{
    AwsKey, Environment, Error, Key, KeyChange, KeyId, KeyKind, KeyOwner, Keys, NewAwsKey, NewKey,
    Permission, Permissions, Result, Scope, Team, UserId,
};
use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use waggle_model::{EnvironmentId, TeamId, Tenant};

/// What [`owner_of`] reads.
macro_rules! owner_columns {
    () => {
        "SELECT api_keys.*, teams.name AS team_name, teams.slug AS team_slug,
                teams.created_at_ns AS team_created_at_ns,
                environments.name AS environment_name, environments.slug AS environment_slug,
                environments.description, environments.color, environments.is_delete_protected,
                environments.created_at_ns AS environment_created_at_ns"
    };
}

/// Where [`owner_columns`] are.
macro_rules! owner_tables {
    () => {
        " FROM api_keys JOIN teams ON teams.id = api_keys.team_id
                        LEFT JOIN environments ON environments.id = api_keys.environment_id"
    };
}

#[async_trait]
impl Keys for SqliteMetastore {
    async fn create_key(
        &self,
        team: TeamId,
        environment: Option<EnvironmentId>,
        key: &NewKey,
        now_ns: i64,
    ) -> Result<Key> {
        let mut transaction = self.write().await?;
        let key = insert_key(&mut transaction, team, environment, key, now_ns).await?;
        transaction.commit().await?;
        Ok(key)
    }

    async fn key_by_secret_hash(&self, secret_hash: &[u8; 32]) -> Result<Option<KeyOwner>> {
        let row = sqlx::query(concat!(
            owner_columns!(),
            owner_tables!(),
            " WHERE secret_hash = ?"
        ))
        .bind(secret_hash.as_slice())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(owner_of).transpose()
    }

    async fn keys(&self, team: TeamId) -> Result<Vec<Key>> {
        let rows =
            sqlx::query("SELECT * FROM api_keys WHERE team_id = ? ORDER BY created_at_ns, id")
                .bind(team.0)
                .fetch_all(&self.readers)
                .await?;
        rows.iter().map(key_of).collect()
    }

    async fn key(&self, team: TeamId, key: &KeyId) -> Result<Option<Key>> {
        let row = sqlx::query("SELECT * FROM api_keys WHERE id = ? AND team_id = ?")
            .bind(key.0.as_str())
            .bind(team.0)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(key_of).transpose()
    }

    async fn update_key(
        &self,
        team: TeamId,
        key: &KeyId,
        change: KeyChange,
        now_ns: i64,
    ) -> Result<Key> {
        let row = self.write_one(sqlx::query(
            "UPDATE api_keys SET name = COALESCE(?, name), permissions = COALESCE(?, permissions),
                                 is_disabled = COALESCE(?, is_disabled), changed_by = ?,
                                 updated_at_ns = ?
             WHERE id = ? AND team_id = ? RETURNING *",
        )
        .bind(change.name)
        .bind(change.permissions.map(permission_names))
        .bind(change.is_disabled)
        .bind(change.changed_by.map(|user| user.0))
        .bind(now_ns)
        .bind(key.0.as_str())
        .bind(team.0)).await?;
        key_of(&row.ok_or(Error::NotFound("key"))?)
    }

    async fn delete_key(&self, team: TeamId, key: &KeyId) -> Result<()> {
        let deleted = sqlx::query("DELETE FROM api_keys WHERE id = ? AND team_id = ?")
            .bind(key.0.as_str())
            .bind(team.0)
            .execute(&self.writer)
            .await?
            .rows_affected();
        if deleted == 0 {
            return Err(Error::NotFound("key"));
        }
        Ok(())
    }

    async fn touch_keys(&self, used_at_ns: &[(KeyId, i64)]) -> Result<()> {
        let mut transaction = self.write().await?;
        for (key, at_ns) in used_at_ns {
            sqlx::query(
                "UPDATE api_keys SET last_used_at_ns = MAX(COALESCE(last_used_at_ns, ?1), ?1)
                 WHERE id = ?2",
            )
            .bind(at_ns)
            .bind(key.0.as_str())
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn create_aws_key(&self, tenant: Tenant, key: &NewAwsKey, now_ns: i64) -> Result<Key> {
        let mut transaction = self.write().await?;
        let key = insert_aws_key(&mut transaction, tenant, key, now_ns).await?;
        transaction.commit().await?;
        Ok(key)
    }

    async fn aws_key(&self, access_key_id: &KeyId) -> Result<Option<AwsKey>> {
        let row = sqlx::query(concat!(
            owner_columns!(),
            ", aws_secrets.encrypted_secret",
            owner_tables!(),
            " JOIN aws_secrets ON aws_secrets.key_id = api_keys.id WHERE api_keys.id = ?"
        ))
        .bind(access_key_id.0.as_str())
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| {
            Ok(AwsKey {
                owner: owner_of(&row)?,
                encrypted_secret: row.try_get("encrypted_secret")?,
            })
        })
        .transpose()
    }
}

pub(super) async fn insert_key(
    connection: &mut SqliteConnection,
    team: TeamId,
    environment: Option<EnvironmentId>,
    key: &NewKey,
    now_ns: i64,
) -> Result<Key> {
    let row = sqlx::query(
        "INSERT INTO api_keys (id, team_id, environment_id, kind, name, secret_hash, permissions,
                               scopes, is_disabled, expires_at_ns, made_by, created_at_ns,
                               updated_at_ns)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
    )
    .bind(key.id.0.as_str())
    .bind(team.0)
    .bind(environment.map(|environment| environment.0))
    .bind(key.kind.name())
    .bind(key.name.as_str())
    .bind(key.secret_hash.as_slice())
    .bind(permission_names(key.permissions))
    .bind(scope_names(&key.scopes))
    .bind(key.is_disabled)
    .bind(key.expires_at_ns)
    .bind(key.made_by.map(|user| user.0))
    .bind(now_ns)
    .bind(now_ns)
    .fetch_one(connection)
    .await?;
    key_of(&row)
}

pub(super) async fn insert_aws_key(
    connection: &mut SqliteConnection,
    tenant: Tenant,
    new: &NewAwsKey,
    now_ns: i64,
) -> Result<Key> {
    let environment = Some(tenant.environment);
    let key = insert_key(connection, tenant.team, environment, &new.key, now_ns).await?;
    sqlx::query("INSERT INTO aws_secrets (key_id, encrypted_secret) VALUES (?, ?)")
        .bind(key.id.0.as_str())
        .bind(new.encrypted_secret.as_slice())
        .execute(connection)
        .await?;
    Ok(key)
}

fn owner_of(row: &SqliteRow) -> Result<KeyOwner> {
    let key = key_of(row)?;
    let team = Team {
        id: key.team,
        name: row.try_get("team_name")?,
        slug: row.try_get("team_slug")?,
        created_at_ns: row.try_get("team_created_at_ns")?,
    };
    let environment = match key.environment {
        None => None,
        Some(environment) => Some(Environment {
            tenant: Tenant {
                team: key.team,
                environment,
            },
            name: row.try_get("environment_name")?,
            slug: row.try_get("environment_slug")?,
            description: row.try_get("description")?,
            color: row.try_get("color")?,
            is_delete_protected: row.try_get("is_delete_protected")?,
            created_at_ns: row.try_get("environment_created_at_ns")?,
        }),
    };
    Ok(KeyOwner {
        key,
        team,
        environment,
    })
}

fn key_of(row: &SqliteRow) -> Result<Key> {
    let kind: &str = row.try_get("kind")?;
    let environment: Option<i64> = row.try_get("environment_id")?;
    Ok(Key {
        id: KeyId(row.try_get("id")?),
        team: TeamId(row.try_get("team_id")?),
        environment: environment.map(EnvironmentId),
        kind: KeyKind::from_name(kind)
            .ok_or_else(|| Error::Corrupt(format!("a key has the kind {kind}")))?,
        name: row.try_get("name")?,
        permissions: permissions_of(row.try_get("permissions")?)?,
        scopes: scopes_of(row.try_get("scopes")?)?,
        is_disabled: row.try_get("is_disabled")?,
        expires_at_ns: row.try_get("expires_at_ns")?,
        made_by: row.try_get::<Option<i64>, _>("made_by")?.map(UserId),
        changed_by: row.try_get::<Option<i64>, _>("changed_by")?.map(UserId),
        created_at_ns: row.try_get("created_at_ns")?,
        updated_at_ns: row.try_get("updated_at_ns")?,
        last_used_at_ns: row.try_get("last_used_at_ns")?,
    })
}

fn permission_names(permissions: Permissions) -> String {
    let names: Vec<&str> = permissions.iter().map(Permission::name).collect();
    names.join(" ")
}

fn scope_names(scopes: &[Scope]) -> String {
    let names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
    names.join(" ")
}

fn scopes_of(names: &str) -> Result<Vec<Scope>> {
    names
        .split_ascii_whitespace()
        .map(|name| {
            Scope::from_name(name)
                .ok_or_else(|| Error::Corrupt(format!("a key has the scope {name}")))
        })
        .collect()
}

fn permissions_of(names: &str) -> Result<Permissions> {
    names
        .split_ascii_whitespace()
        .map(|name| {
            Permission::from_name(name)
                .ok_or_else(|| Error::Corrupt(format!("a key has the permission {name}")))
        })
        .collect()
}
