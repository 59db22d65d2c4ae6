//! API keys: only a keyed hash of what the client sends is stored, never the secret itself.

use crate::{Environment, Permissions, Result, Scope, Team, UserId};
use async_trait::async_trait;
use waggle_model::{EnvironmentId, TeamId, Tenant};

/// Public id of a key: `hcxlk_`, `hcxik_` or `hcxmk_` and 26 characters, or an AWS access key id. Not a secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub String);

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// For people and programs that read and configure; may send events too.
    Configuration,
    /// Only sends events, and makes datasets if it may.
    Ingest,
    /// Manages the team itself: its keys and environments.
    Management,
    /// AWS credentials: X-Ray clients sign with the secret and never send it. The id is the access key id.
    Aws,
}

impl KeyKind {
    /// Returns the public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Ingest => "ingest",
            Self::Management => "management",
            Self::Aws => "aws",
        }
    }

    /// Reads a public name; `None` for an unknown one.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Configuration,
            Self::Ingest,
            Self::Management,
            Self::Aws,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }
}

/// A stored key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Public id.
    pub id: KeyId,
    /// The team it belongs to.
    pub team: TeamId,
    /// The environment it belongs to; `None` for a management key.
    pub environment: Option<EnvironmentId>,
    /// What it is for.
    pub kind: KeyKind,
    /// What people call it.
    pub name: String,
    /// What it may do in its environment.
    pub permissions: Permissions,
    /// What it may do in its team.
    pub scopes: Vec<Scope>,
    /// True when it is refused for now.
    pub is_disabled: bool,
    /// From when on it is refused for ever; `None` for never.
    pub expires_at_ns: Option<i64>,
    /// The person who made it; `None` when a program did.
    pub made_by: Option<UserId>,
    /// The person who last changed it; `None` when a program did.
    pub changed_by: Option<UserId>,
    /// When it was made.
    pub created_at_ns: i64,
    /// When its name, permissions or state last changed.
    pub updated_at_ns: i64,
    /// When it was last used, exact to a minute or so; `None` before the first use.
    pub last_used_at_ns: Option<i64>,
}

/// A key with the names around it: all that is needed to answer a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOwner {
    /// The key.
    pub key: Key,
    /// Its team.
    pub team: Team,
    /// Its environment; `None` for a management key.
    pub environment: Option<Environment>,
}

/// A key to be stored.
#[derive(Clone)]
pub struct NewKey {
    /// From [`KeyId::random`], or given by whoever sets up the installation.
    pub id: KeyId,
    /// What it is for.
    pub kind: KeyKind,
    /// What people call it.
    pub name: String,
    /// Keyed hash of what the client sends.
    pub secret_hash: [u8; 32],
    /// What it may do in its environment.
    pub permissions: Permissions,
    /// What it may do in its team.
    pub scopes: Vec<Scope>,
    /// True when it is refused for now.
    pub is_disabled: bool,
    /// From when on it is refused for ever; `None` for never.
    pub expires_at_ns: Option<i64>,
    /// The person who makes it; `None` when a program does.
    pub made_by: Option<UserId>,
}

/// New values for a key; `None` leaves one as it is.
#[derive(Clone, Debug, Default)]
pub struct KeyChange {
    /// What people call it.
    pub name: Option<String>,
    /// What it may do.
    pub permissions: Option<Permissions>,
    /// Whether it is refused for now.
    pub is_disabled: Option<bool>,
    /// The person who changes it; `None` when a program does.
    pub changed_by: Option<UserId>,
}

/// A pair of AWS credentials to be stored. Checking a signature needs the secret itself, so it is kept encrypted beside the key.
#[derive(Clone)]
pub struct NewAwsKey {
    /// The key, whose id is the public half.
    pub key: NewKey,
    /// The secret half, as the access crate encrypted it.
    pub encrypted_secret: Vec<u8>,
}

/// AWS credentials as they are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsKey {
    /// The key with the names around it.
    pub owner: KeyOwner,
    /// The secret half, as the access crate encrypted it.
    pub encrypted_secret: Vec<u8>,
}

/// Rows about keys.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Stores a key of a team's environment, or of the whole team.
    ///
    /// # Errors
    /// `Conflict` when the id or the secret is in use, `NotFound` without the owner.
    async fn create_key(
        &self,
        team: TeamId,
        environment: Option<EnvironmentId>,
        key: &NewKey,
        now_ns: i64,
    ) -> Result<Key>;

    /// Finds the key whose secret has this hash, disabled ones too.
    async fn key_by_secret_hash(&self, secret_hash: &[u8; 32]) -> Result<Option<KeyOwner>>;

    /// Lists the keys of a team and of its environments, oldest first.
    async fn keys(&self, team: TeamId) -> Result<Vec<Key>>;

    /// Finds a key of a team or of one of its environments.
    async fn key(&self, team: TeamId, key: &KeyId) -> Result<Option<Key>>;

    /// Changes a key and returns it as it is now.
    ///
    /// # Errors
    /// `NotFound`.
    async fn update_key(
        &self,
        team: TeamId,
        key: &KeyId,
        change: KeyChange,
        now_ns: i64,
    ) -> Result<Key>;

    /// Deletes a key of a team or of one of its environments.
    ///
    /// # Errors
    /// `NotFound`.
    async fn delete_key(&self, team: TeamId, key: &KeyId) -> Result<()>;

    /// Moves the last-used times of keys forward; keys that are gone are skipped.
    async fn touch_keys(&self, used_at_ns: &[(KeyId, i64)]) -> Result<()>;

    /// Stores AWS credentials of an environment.
    ///
    /// # Errors
    /// `Conflict` when the public half is in use, `NotFound` without the tenant.
    async fn create_aws_key(&self, tenant: Tenant, key: &NewAwsKey, now_ns: i64) -> Result<Key>;

    /// Finds AWS credentials by their public half, disabled ones too.
    async fn aws_key(&self, access_key_id: &KeyId) -> Result<Option<AwsKey>>;
}
