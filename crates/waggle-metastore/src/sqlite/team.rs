//! Teams and environments in SQLite.

use super::{SqliteMetastore, tenant_of};
use crate::{Environment, Error, Result, Team, Teams, is_usable_name, slug};
use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use waggle_model::{EnvironmentId, TeamId};

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
        created_at_ns: row.try_get("created_at_ns")?,
    })
}
