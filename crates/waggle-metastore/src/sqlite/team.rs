//! Teams and environments in SQLite.

use super::{SqliteMetastore, tenant_of};
use crate::{Environment, EnvironmentChange, Error, Result, Team, Teams, is_usable_name, slug};
use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use waggle_model::{EnvironmentId, TeamId, Tenant};

#[async_trait]
impl Teams for SqliteMetastore {
    async fn create_team(&self, name: &str, now_ns: i64) -> Result<Team> {
        let mut transaction = self.write().await?;
        let team = insert_team(&mut transaction, name, now_ns).await?;
        transaction.commit().await?;
        Ok(team)
    }

    async fn create_environment(
        &self,
        team: TeamId,
        name: &str,
        now_ns: i64,
    ) -> Result<Environment> {
        let mut transaction = self.write().await?;
        let environment = insert_environment(&mut transaction, team, name, now_ns).await?;
        transaction.commit().await?;
        Ok(environment)
    }

    async fn teams(&self) -> Result<Vec<Team>> {
        let rows = sqlx::query("SELECT * FROM teams ORDER BY id")
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(team_of).collect()
    }

    async fn delete_team(&self, team: TeamId) -> Result<()> {
        let mut transaction = self.write().await?;
        let has_environments: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM environments WHERE team_id = ?)")
                .bind(team.0)
                .fetch_one(&mut *transaction)
                .await?;
        if has_environments {
            return Err(Error::Conflict("the team has environments"));
        }
        let deleted = sqlx::query("DELETE FROM teams WHERE id = ?")
            .bind(team.0)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        if deleted == 0 {
            return Err(Error::NotFound("team"));
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn team(&self, team: TeamId) -> Result<Option<Team>> {
        let row = sqlx::query("SELECT * FROM teams WHERE id = ?")
            .bind(team.0)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(team_of).transpose()
    }

    async fn environments(&self, team: TeamId) -> Result<Vec<Environment>> {
        let rows = sqlx::query(
            "SELECT *, id AS environment_id FROM environments WHERE team_id = ? ORDER BY id",
        )
        .bind(team.0)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(environment_of).collect()
    }

    async fn environment(
        &self,
        team: TeamId,
        environment: EnvironmentId,
    ) -> Result<Option<Environment>> {
        let row = sqlx::query(
            "SELECT *, id AS environment_id FROM environments WHERE team_id = ? AND id = ?",
        )
        .bind(team.0)
        .bind(environment.0)
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(environment_of).transpose()
    }

    async fn update_environment(
        &self,
        tenant: Tenant,
        change: EnvironmentChange,
    ) -> Result<Environment> {
        let row = self
            .write_one(
                sqlx::query(
                    "UPDATE environments SET description = COALESCE(?, description),
                            color = COALESCE(?, color),
                            is_delete_protected = COALESCE(?, is_delete_protected)
                     WHERE team_id = ? AND id = ? RETURNING *, id AS environment_id",
                )
                .bind(change.description)
                .bind(change.color)
                .bind(change.is_delete_protected)
                .bind(tenant.team.0)
                .bind(tenant.environment.0),
            )
            .await?;
        environment_of(&row.ok_or(Error::NotFound("environment"))?)
    }

    async fn delete_environment(&self, tenant: Tenant) -> Result<()> {
        let mut transaction = self.write().await?;
        let is_protected: Option<bool> = sqlx::query_scalar(
            "SELECT is_delete_protected FROM environments WHERE team_id = ? AND id = ?",
        )
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .fetch_optional(&mut *transaction)
        .await?;
        match is_protected {
            None => return Err(Error::NotFound("environment")),
            Some(true) => return Err(Error::Conflict("the environment is delete protected")),
            Some(false) => {}
        }
        let has_datasets: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM datasets WHERE team_id = ? AND environment_id = ?)",
        )
        .bind(tenant.team.0)
        .bind(tenant.environment.0)
        .fetch_one(&mut *transaction)
        .await?;
        if has_datasets {
            return Err(Error::Conflict("the environment has datasets"));
        }
        sqlx::query("DELETE FROM environments WHERE team_id = ? AND id = ?")
            .bind(tenant.team.0)
            .bind(tenant.environment.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn environment_by_slug(&self, team: TeamId, slug: &str) -> Result<Option<Environment>> {
        let row = sqlx::query(
            "SELECT *, id AS environment_id FROM environments WHERE team_id = ? AND slug = ?",
        )
        .bind(team.0)
        .bind(slug)
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(environment_of).transpose()
    }
}

pub(super) async fn insert_team(
    connection: &mut SqliteConnection,
    name: &str,
    now_ns: i64,
) -> Result<Team> {
    check_name(name)?;
    let row =
        sqlx::query("INSERT INTO teams (name, slug, created_at_ns) VALUES (?, ?, ?) RETURNING *")
            .bind(name)
            .bind(slug(name))
            .bind(now_ns)
            .fetch_one(connection)
            .await?;
    team_of(&row)
}

pub(super) async fn insert_environment(
    connection: &mut SqliteConnection,
    team: TeamId,
    name: &str,
    now_ns: i64,
) -> Result<Environment> {
    check_name(name)?;
    let row = sqlx::query(
        "INSERT INTO environments (team_id, name, slug, created_at_ns) VALUES (?, ?, ?, ?)
         RETURNING *, id AS environment_id",
    )
    .bind(team.0)
    .bind(name)
    .bind(slug(name))
    .bind(now_ns)
    .fetch_one(connection)
    .await?;
    environment_of(&row)
}

fn check_name(name: &str) -> Result<()> {
    if is_usable_name(name) {
        return Ok(());
    }
    Err(Error::Invalid {
        field: "name",
        message: "must have 1 to 255 characters, not only spaces, and no control characters",
    })
}

pub(super) fn team_of(row: &SqliteRow) -> Result<Team> {
    Ok(Team {
        id: TeamId(row.try_get("id")?),
        name: row.try_get("name")?,
        slug: row.try_get("slug")?,
        created_at_ns: row.try_get("created_at_ns")?,
    })
}

pub(super) fn environment_of(row: &SqliteRow) -> Result<Environment> {
    Ok(Environment {
        tenant: tenant_of(row)?,
        name: row.try_get("name")?,
        slug: row.try_get("slug")?,
        description: row.try_get("description")?,
        color: row.try_get("color")?,
        is_delete_protected: row.try_get("is_delete_protected")?,
        created_at_ns: row.try_get("created_at_ns")?,
    })
}
