//! Sessions in SQLite.

use super::SqliteMetastore;
use super::user::user_of;
use crate::{NewSession, Result, Session, Sessions, Team};
use async_trait::async_trait;
use sqlx::Row;
use waggle_model::TeamId;

#[async_trait]
impl Sessions for SqliteMetastore {
    async fn create_session(&self, session: &NewSession) -> Result<()> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM sessions WHERE expires_at_ns <= ?")
            .bind(session.created_at_ns)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO sessions (token_hash, user_id, created_at_ns, expires_at_ns)
             VALUES (?, ?, ?, ?)",
        )
        .bind(session.token_hash.as_slice())
        .bind(session.user.0)
        .bind(session.created_at_ns)
        .bind(session.expires_at_ns)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn session(&self, token_hash: &[u8; 32], now_ns: i64) -> Result<Option<Session>> {
        let row = sqlx::query(
            "SELECT users.*, sessions.expires_at_ns, teams.name AS team_name,
                    teams.slug AS team_slug, teams.created_at_ns AS team_created_at_ns
             FROM sessions JOIN users ON users.id = sessions.user_id
                           JOIN teams ON teams.id = users.team_id
             WHERE sessions.token_hash = ? AND sessions.expires_at_ns > ?",
        )
        .bind(token_hash.as_slice())
        .bind(now_ns)
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| {
            Ok(Session {
                user: user_of(&row)?,
                team: Team {
                    id: TeamId(row.try_get("team_id")?),
                    name: row.try_get("team_name")?,
                    slug: row.try_get("team_slug")?,
                    created_at_ns: row.try_get("team_created_at_ns")?,
                },
                expires_at_ns: row.try_get("expires_at_ns")?,
            })
        })
        .transpose()
    }

    async fn delete_session(&self, token_hash: &[u8; 32]) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE token_hash = ?")
            .bind(token_hash.as_slice())
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}
