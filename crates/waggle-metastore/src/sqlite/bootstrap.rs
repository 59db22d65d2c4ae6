//! The first rows in SQLite.

use super::SqliteMetastore;
use super::key::{insert_aws_key, insert_key};
use super::team::{insert_environment, insert_team};
use super::user::insert_user;
use crate::{Bootstrap, Error, FirstRows, FirstTeam, Result};
use async_trait::async_trait;

#[async_trait]
impl Bootstrap for SqliteMetastore {
    async fn is_empty(&self) -> Result<bool> {
        Ok(
            sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM teams)")
                .fetch_one(&self.readers)
                .await?,
        )
    }

    async fn bootstrap(&self, first: &FirstRows, now_ns: i64) -> Result<FirstTeam> {
        let mut transaction = self.write().await?;
        let is_empty: bool = sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM teams)")
            .fetch_one(&mut *transaction)
            .await?;
        if !is_empty {
            return Err(Error::Conflict("the metastore is not empty"));
        }
        let team = insert_team(&mut transaction, &first.team_name, now_ns).await?;
        let environment =
            insert_environment(&mut transaction, team.id, &first.environment_name, now_ns).await?;
        let administrator =
            insert_user(&mut transaction, team.id, &first.administrator, now_ns).await?;
        let mut keys = Vec::new();
        for key in &first.environment_keys {
            let environment = Some(environment.tenant.environment);
            keys.push(insert_key(&mut transaction, team.id, environment, key, now_ns).await?);
        }
        for key in &first.team_keys {
            keys.push(insert_key(&mut transaction, team.id, None, key, now_ns).await?);
        }
        for key in &first.aws_keys {
            keys.push(insert_aws_key(&mut transaction, environment.tenant, key, now_ns).await?);
        }
        transaction.commit().await?;
        Ok(FirstTeam {
            team,
            environment,
            administrator,
            keys,
        })
    }
}
