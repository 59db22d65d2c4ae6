//! Who is calling: the answer of this crate, and the first thing every other room asks for.

use crate::{Error, Permission, Permissions, Result, Scope};
use waggle_metastore::{Environment, Key, KeyId, KeyKind, KeyOwner, RunBy, Session, Team, UserId};
use waggle_model::Tenant;

/// Somebody who was let in, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Whose events it may touch.
    pub tenant: Tenant,
    /// Displayed name of the team.
    pub team_name: String,
    /// Name of the team in addresses.
    pub team_slug: String,
    /// Displayed name of the environment.
    pub environment_name: String,
    /// Name of the environment in addresses.
    pub environment_slug: String,
    /// By what it was recognised.
    pub identity: CallerIdentity,
    /// From when on it is not let in any more; `None` for never.
    pub expires_at_ns: Option<i64>,
    permissions: Permissions,
}

/// By what a caller was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallerIdentity {
    /// By an API key.
    Key {
        /// Its public id.
        id: KeyId,
        /// What people call it.
        name: String,
        /// What it is for.
        kind: KeyKind,
    },
    /// By a session.
    User {
        /// Its id.
        id: UserId,
        /// Its address.
        email: String,
    },
    /// By sitting at the machine itself, with `--dev`.
    Dev,
}

impl Caller {
    /// Makes the caller of a key that is sent; `None` for keys that do not open an environment so: disabled ones, management keys and AWS
    /// credentials.
    pub(crate) fn of_key(owner: KeyOwner) -> Option<Self> {
        let KeyOwner {
            key,
            team,
            environment,
        } = owner;
        if key.is_disabled {
            return None;
        }
        let permissions = match key.kind {
            KeyKind::Configuration => key.permissions,
            KeyKind::Ingest => ingest_permissions(key.permissions),
            KeyKind::Management | KeyKind::Aws => return None,
        };
        Some(Self::with_key(key, team, environment?, permissions))
    }

    /// Makes the caller of AWS credentials; `None` for disabled ones.
    pub(crate) fn of_aws_key(owner: KeyOwner) -> Option<Self> {
        let KeyOwner {
            key,
            team,
            environment,
        } = owner;
        if key.is_disabled || key.kind != KeyKind::Aws {
            return None;
        }
        let permissions = key.permissions;
        Some(Self::with_key(key, team, environment?, permissions))
    }

    fn with_key(key: Key, team: Team, environment: Environment, permissions: Permissions) -> Self {
        let expires_at_ns = key.expires_at_ns;
        let identity = CallerIdentity::Key {
            id: key.id,
            name: key.name,
            kind: key.kind,
        };
        Self {
            expires_at_ns,
            ..Self::new(team, environment, identity, permissions)
        }
    }

    /// Makes the caller of a session in one of its team's environments.
    pub(crate) fn of_session(session: &Session, environment: Environment) -> Self {
        let identity = CallerIdentity::User {
            id: session.user.id,
            email: session.user.email.clone(),
        };
        Self::new(
            session.team.clone(),
            environment,
            identity,
            Permissions::all(),
        )
    }

    /// Makes the caller that needs neither key nor session; who may be one is for the listener to decide (`--dev` and loopback).
    pub fn dev(team: Team, environment: Environment) -> Self {
        Self::new(team, environment, CallerIdentity::Dev, Permissions::all())
    }

    fn new(
        team: Team,
        environment: Environment,
        identity: CallerIdentity,
        permissions: Permissions,
    ) -> Self {
        Self {
            tenant: environment.tenant,
            team_name: team.name,
            team_slug: team.slug,
            environment_name: environment.name,
            environment_slug: environment.slug,
            identity,
            expires_at_ns: None,
            permissions,
        }
    }

    /// True when the caller has the permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }

    /// Lets the caller pass if it has the permission.
    ///
    /// # Errors
    /// `Forbidden` when it does not.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) {
            return Ok(());
        }
        Err(Error::Forbidden(permission))
    }

    /// Returns everything the caller may do.
    pub fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// Returns the public id of the key; `None` without one.
    pub fn key_id(&self) -> Option<&KeyId> {
        match &self.identity {
            CallerIdentity::Key { id, .. } => Some(id),
            CallerIdentity::User { .. } | CallerIdentity::Dev => None,
        }
    }

    /// Returns what kind of key the caller has or counts as: people count as configuration keys.
    pub fn kind(&self) -> KeyKind {
        match &self.identity {
            CallerIdentity::Key { kind, .. } => *kind,
            CallerIdentity::User { .. } | CallerIdentity::Dev => KeyKind::Configuration,
        }
    }

    /// Returns the caller as the query history knows it.
    pub fn run_by(&self) -> RunBy {
        match &self.identity {
            CallerIdentity::Key { id, .. } => RunBy::Key(id.clone()),
            CallerIdentity::User { id, .. } => RunBy::User(*id),
            CallerIdentity::Dev => RunBy::Nobody,
        }
    }
}

/// The bearer of a management key: a program that manages a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    /// The team.
    pub team: Team,
    /// The key.
    pub key: Key,
}

impl Manager {
    /// Makes the manager of a key; `None` for keys of other kinds, disabled ones and those that are over.
    pub(crate) fn of_key(owner: KeyOwner, now_ns: i64) -> Option<Self> {
        let KeyOwner { key, team, .. } = owner;
        let is_over = key.expires_at_ns.is_some_and(|end_ns| end_ns <= now_ns);
        let is_let_in = key.kind == KeyKind::Management && !key.is_disabled && !is_over;
        is_let_in.then_some(Self { team, key })
    }

    /// Lets the manager pass if its key has the scope.
    ///
    /// # Errors
    /// `OutOfScope` when it does not.
    pub fn require(&self, scope: Scope) -> Result<()> {
        if self.key.scopes.contains(&scope) {
            return Ok(());
        }
        Err(Error::OutOfScope(scope))
    }
}

/// An ingest key sends events, makes datasets if it may, and nothing else whatever its row says.
pub(crate) fn ingest_permissions(permissions: Permissions) -> Permissions {
    let mut kept = vec![Permission::SendEvents];
    if permissions.contains(Permission::CreateDatasets) {
        kept.push(Permission::CreateDatasets);
    }
    kept.into_iter().collect()
}
