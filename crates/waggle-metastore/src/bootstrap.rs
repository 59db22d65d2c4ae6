//! The first rows of an installation, made in one transaction: a program that is stopped half-way leaves it empty.

use crate::{Environment, Key, NewAwsKey, NewKey, NewUser, Result, Team, User};
use async_trait::async_trait;

/// What an installation starts with.
#[derive(Clone)]
pub struct FirstRows {
    /// Name of the team.
    pub team_name: String,
    /// Name of its environment.
    pub environment_name: String,
    /// The administrator.
    pub administrator: NewUser,
    /// Keys of the environment.
    pub environment_keys: Vec<NewKey>,
    /// Keys of the team.
    pub team_keys: Vec<NewKey>,
    /// AWS credentials of the environment.
    pub aws_keys: Vec<NewAwsKey>,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstTeam {
    /// The team.
    pub team: Team,
    /// Its environment.
    pub environment: Environment,
    /// The administrator.
    pub administrator: User,
    /// The keys: those of the environment, those of the team, AWS credentials.
    pub keys: Vec<Key>,
}

/// The beginning of an installation.
#[async_trait]
pub trait Bootstrap: Send + Sync {
    /// True when there is no team yet.
    async fn is_empty(&self) -> Result<bool>;

    /// Makes the first rows.
    ///
    /// # Errors
    /// `Conflict` when the metastore is not empty; `Invalid` for a name that can't be used.
    async fn bootstrap(&self, first: &FirstRows, now_ns: i64) -> Result<FirstTeam>;
}
