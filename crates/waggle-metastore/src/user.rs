//! People who sign in.

use crate::Result;
use async_trait::async_trait;
use waggle_model::TeamId;

/// Id of a user, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub i64);

/// What a user may do in the team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything.
    Administrator,
    /// Everything but managing people, keys and environments.
    Member,
}

impl Role {
    /// Returns the public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Member => "member",
        }
    }

    /// Reads a public name; `None` for an unknown one.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Administrator, Self::Member]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The team of the user.
    pub team: TeamId,
    /// The address to sign in with; unique in the installation, whatever its case.
    pub email: String,
    /// What people call the user.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// True when the query history shows the user's runs to the user and to administrators only.
    pub hides_runs: bool,
    /// When the user was made.
    pub created_at_ns: i64,
}

/// A user to be stored.
#[derive(Clone)]
pub struct NewUser {
    /// The address to sign in with.
    pub email: String,
    /// What people call the user.
    pub name: String,
    /// The hash of the password, in the text form of its algorithm with salt and parameters.
    pub password_hash: String,
    /// What the user may do.
    pub role: Role,
}

/// Rows about users.
#[async_trait]
pub trait Users: Send + Sync {
    /// Stores a user of a team.
    ///
    /// # Errors
    /// `Conflict` when the address is in use, `NotFound` without the team.
    async fn create_user(&self, team: TeamId, user: &NewUser, now_ns: i64) -> Result<User>;

    /// Finds the user who signs in with this address, whatever its case, and the hash of the password.
    async fn user_by_email(&self, email: &str) -> Result<Option<(User, String)>>;

    /// Says who may see the user's runs in the history.
    ///
    /// # Errors
    /// `NotFound`.
    async fn set_hides_runs(&self, team: TeamId, user: UserId, hides_runs: bool) -> Result<()>;

    /// Lists the users of a team, oldest first.
    async fn users(&self, team: TeamId) -> Result<Vec<User>>;
}
