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
    /// What people wrote about it.
    pub description: String,
    /// The colour people know it by, by its public name.
    pub color: String,
    /// True while it can't be deleted.
    pub is_delete_protected: bool,
    /// When it was made.
    pub created_at_ns: i64,
}

/// The colours by which people can know an environment. Source: spec/honeycomb-api.md section 8.
pub const ENVIRONMENT_COLORS: &[&str] = &[
    "blue",
    "green",
    "gold",
    "red",
    "purple",
    "lightBlue",
    "lightGreen",
    "lightGold",
    "lightRed",
    "lightPurple",
];

/// The colour of an environment for which none is named; it differs from those of the `count` before it as long as it can.
pub fn color_after(count: usize) -> String {
    let color = ENVIRONMENT_COLORS
        .iter()
        .cycle()
        .nth(count % ENVIRONMENT_COLORS.len());
    color.copied().unwrap_or_default().to_owned()
}

/// New values for an environment; `None` leaves one as it is.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentChange {
    /// What people wrote about it.
    pub description: Option<String>,
    /// The colour people know it by.
    pub color: Option<String>,
    /// Whether it can't be deleted.
    pub is_delete_protected: Option<bool>,
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

    /// Deletes a team with its users and keys.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while it has environments.
    async fn delete_team(&self, team: TeamId) -> Result<()>;

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

    /// Changes an environment and returns it as it is now.
    ///
    /// # Errors
    /// `NotFound`.
    async fn update_environment(
        &self,
        tenant: Tenant,
        change: EnvironmentChange,
    ) -> Result<Environment>;

    /// Deletes an environment with everything that belongs to it but its datasets, which must be gone.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while it is protected or has datasets.
    async fn delete_environment(&self, tenant: Tenant) -> Result<()>;

    /// Finds an environment of a team by its slug.
    async fn environment_by_slug(&self, team: TeamId, slug: &str) -> Result<Option<Environment>>;
}
