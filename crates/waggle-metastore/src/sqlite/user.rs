//! Users in SQLite.

use super::SqliteMetastore;
use crate::slug::fold;
use crate::{Error, NewUser, Result, Role, User, UserId, Users};
use async_trait::async_trait;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use waggle_model::TeamId;

#[async_trait]
impl Users for SqliteMetastore {
    async fn create_user(&self, team: TeamId, user: &NewUser, now_ns: i64) -> Result<User> {
        let mut transaction = self.write().await?;
        let user = insert_user(&mut transaction, team, user, now_ns).await?;
        transaction.commit().await?;
        Ok(user)
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<(User, String)>> {
        let row = sqlx::query("SELECT * FROM users WHERE email_folded = ?")
            .bind(fold(email))
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| Ok((user_of(&row)?, row.try_get("password_hash")?)))
            .transpose()
    }

    async fn set_hides_runs(&self, team: TeamId, user: UserId, hides_runs: bool) -> Result<()> {
        let changed = sqlx::query("UPDATE users SET hides_runs = ? WHERE id = ? AND team_id = ?")
            .bind(hides_runs)
            .bind(user.0)
            .bind(team.0)
            .execute(&self.writer)
            .await?
            .rows_affected();
        match changed {
            0 => Err(Error::NotFound("user")),
            _ => Ok(()),
        }
    }

    async fn users(&self, team: TeamId) -> Result<Vec<User>> {
        let rows = sqlx::query("SELECT * FROM users WHERE team_id = ? ORDER BY id")
            .bind(team.0)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(user_of).collect()
    }
}

pub(super) async fn insert_user(
    connection: &mut SqliteConnection,
    team: TeamId,
    user: &NewUser,
    now_ns: i64,
) -> Result<User> {
    let row = sqlx::query(
        "INSERT INTO users (team_id, email, email_folded, name, password_hash, role, created_at_ns)
         VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *",
    )
    .bind(team.0)
    .bind(user.email.as_str())
    .bind(fold(&user.email))
    .bind(user.name.as_str())
    .bind(user.password_hash.as_str())
    .bind(user.role.name())
    .bind(now_ns)
    .fetch_one(connection)
    .await?;
    user_of(&row)
}

pub(super) fn user_of(row: &SqliteRow) -> Result<User> {
    let role: &str = row.try_get("role")?;
    Ok(User {
        id: UserId(row.try_get("id")?),
        team: TeamId(row.try_get("team_id")?),
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        role: Role::from_name(role)
            .ok_or_else(|| Error::Corrupt(format!("a user has the role {role}")))?,
        hides_runs: row.try_get("hides_runs")?,
        created_at_ns: row.try_get("created_at_ns")?,
    })
}
