//! Teams and their environments: who a tenant is.

use crate::Result;
use async_trait::async_trait;
use waggle_model::{EnvironmentId, TeamId, Tenant};

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Its id, never used again.
    pub id: TeamId,
    /// The displayed name.
    pub name: String,
    /// The name in addresses; unique in the installation.
    pub slug: String,
    /// When it was made.
    pub created_at_ns: i64,
}

/// An environment of a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The team and the environment's own id, never used again.
    pub tenant: Tenant,
    /// The displayed name.
    pub name: String,
    /// The name in addresses; unique in the team.
    pub slug: String,
    /// When it was made.
    pub created_at_ns: i64,
}

/// Rows about teams and environments.
#[async_trait]
pub trait Teams: Send + Sync {
    /// Makes a team.
    ///
    /// # Errors
    /// `Conflict` when its slug is taken, `Invalid` for a name that can't be used.
    async fn create_team(&self, name: &str, now_ns: i64) -> Result<Team>;

    /// Makes an environment of a team.
    ///
    /// # Errors
    /// `NotFound` without the team, `Conflict` when the slug is taken in it, `Invalid` for a name that can't be used.
    async fn create_environment(
        &self,
        team: TeamId,
        name: &str,
        now_ns: i64,
    ) -> Result<Environment>;

    /// Lists all teams, oldest first.
    async fn teams(&self) -> Result<Vec<Team>>;

    /// Finds a team.
    async fn team(&self, team: TeamId) -> Result<Option<Team>>;

    /// Lists the environments of a team, oldest first.
    async fn environments(&self, team: TeamId) -> Result<Vec<Environment>>;

    /// Finds an environment of a team by its id.
    async fn environment(
        &self,
        team: TeamId,
        environment: EnvironmentId,
    ) -> Result<Option<Environment>>;

    /// Finds an environment of a team by its slug.
    async fn environment_by_slug(&self, team: TeamId, slug: &str) -> Result<Option<Environment>>;
}
