//! What API keys look like, and their making. Formats: spec/honeycomb-api.md section 1.2.

#[cfg(test)]
mod tests;

use crate::caller::ingest_permissions;
use crate::{Access, Error, Permissions, Result, Scope};
use rand::RngExt;
use waggle_metastore::{Key, KeyChange, KeyId, KeyKind, NewKey, UserId};
use waggle_model::{EnvironmentId, TeamId};

const LETTERS_AND_DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LOWER_AND_DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const HEXADECIMAL: &[u8] = b"0123456789abcdef";
const NAME_CHARS_MAX: usize = 100;
/// Longer values are no keys.
pub(crate) const KEY_BYTES_MAX: usize = 256;
/// Most keys of a team, those of its environments included.
const TEAM_KEYS_MAX: usize = 10_000;

/// A new key and the only sight of its secret.
pub struct CreatedKey {
    /// The key.
    pub key: Key,
    /// What the client sends: for an ingest key its id and a secret, for a configuration key a secret alone, for a management key its
    /// id, a colon and a secret.
    pub value: String,
}

/// True for keys of Honeycomb's older kind, which have no environments: 32 characters of `[0-9a-f]`, or 64 characters that start with
/// `hc`, a lower-case letter and `ic_`, the rest of `[0-9a-z]`.
pub fn is_classic(key: &str) -> bool {
    match key.as_bytes() {
        key if key.len() == 32 => key.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
        [b'h', b'c', b'a'..=b'z', b'i', b'c', b'_', rest @ ..] if rest.len() == 58 => {
            rest.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'z'))
        }
        _ => false,
    }
}

/// A key to be made.
#[derive(Clone, Debug)]
pub struct KeyRequest {
    /// The environment it opens; `None` for a management key, which belongs to the team.
    pub environment: Option<EnvironmentId>,
    /// What it is for.
    pub kind: KeyKind,
    /// What people call it: 1 to 100 characters.
    pub name: String,
    /// What it may do in its environment.
    pub permissions: Permissions,
    /// What it may do in its team.
    pub scopes: Vec<Scope>,
    /// True when it is refused until somebody says otherwise.
    pub is_disabled: bool,
    /// From when on it is refused for ever; `None` for never.
    pub expires_at_ns: Option<i64>,
    /// The person who makes it; `None` when a program does.
    pub made_by: Option<UserId>,
    /// What its bearer sends.
    pub value: KeyValue,
}

/// What the bearer of a new key sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyValue {
    /// A random one in today's format.
    Random,
    /// A random one in the format of Honeycomb's older kind, which knows no environments.
    RandomClassic,
    /// This one: a key that clients have already. At most 256 visible ASCII characters.
    Given(String),
}

impl KeyRequest {
    /// A key of an environment with a random value, which nobody in particular makes and which does not end.
    pub fn new(environment: EnvironmentId, kind: KeyKind, name: &str) -> Self {
        Self {
            environment: Some(environment),
            kind,
            name: name.to_owned(),
            permissions: Permissions::default(),
            scopes: Vec::new(),
            is_disabled: false,
            expires_at_ns: None,
            made_by: None,
            value: KeyValue::Random,
        }
    }

    /// A management key with a random value.
    pub fn management(name: &str, scopes: &[Scope]) -> Self {
        Self {
            environment: None,
            kind: KeyKind::Management,
            name: name.to_owned(),
            permissions: Permissions::default(),
            scopes: scopes.to_vec(),
            is_disabled: false,
            expires_at_ns: None,
            made_by: None,
            value: KeyValue::Random,
        }
    }

    /// Gives it permissions.
    pub fn with(mut self, permissions: Permissions) -> Self {
        self.permissions = permissions;
        self
    }
}

impl Access {
    /// Makes a key of a team's environment or, for management, of the team itself.
    ///
    /// # Errors
    /// `Invalid` for a name that is empty, longer than 100 characters or has control characters, for a given value that can't be one,
    /// for a management key with an environment and any other key without, for AWS credentials
    /// ([`create_aws_key`](Self::create_aws_key)); `LimitReached` when the team has as many keys as it may.
    pub async fn create_key(&self, team: TeamId, request: KeyRequest) -> Result<CreatedKey> {
        check_name(&request.name)?;
        if request.environment.is_some() == (request.kind == KeyKind::Management) {
            return Err(Error::Invalid {
                field: "environment",
                message: "a management key belongs to the team, every other key to an environment",
            });
        }
        if request.kind == KeyKind::Aws {
            return Err(Error::Invalid {
                field: "kind",
                message: "AWS credentials are made of two halves, not of one value",
            });
        }
        self.check_key_count(team).await?;
        let (id, value) = id_and_value(request.kind, request.value)?;
        let new = NewKey {
            id,
            kind: request.kind,
            name: request.name,
            secret_hash: self.key_hash(&value),
            permissions: match request.kind {
                KeyKind::Configuration => request.permissions,
                KeyKind::Ingest => ingest_permissions(request.permissions),
                KeyKind::Management | KeyKind::Aws => Permissions::default(),
            },
            scopes: request.scopes,
            is_disabled: request.is_disabled,
            expires_at_ns: request.expires_at_ns,
            made_by: request.made_by,
        };
        let now_ns = self.clock().now_ns();
        let key = self
            .metastore()
            .create_key(team, request.environment, &new, now_ns)
            .await?;
        self.cache().forget();
        Ok(CreatedKey { key, value })
    }

    pub(crate) async fn check_key_count(&self, team: TeamId) -> Result<()> {
        if self.metastore().keys(team).await?.len() < TEAM_KEYS_MAX {
            return Ok(());
        }
        Err(Error::Metastore(waggle_metastore::Error::LimitReached {
            what: "keys in the team",
            limit: TEAM_KEYS_MAX,
        }))
    }

    /// Changes a key of a team or of one of its environments; the change holds for the next call of its bearer.
    ///
    /// # Errors
    /// `Metastore(NotFound)`; `Invalid` as for [`create_key`](Self::create_key).
    pub async fn update_key(&self, team: TeamId, key: &KeyId, change: KeyChange) -> Result<Key> {
        if let Some(name) = &change.name {
            check_name(name)?;
        }
        let changed = self
            .metastore()
            .update_key(team, key, change, self.clock().now_ns())
            .await;
        self.cache().forget();
        Ok(changed?)
    }

    /// Deletes a key of a team or of one of its environments; its bearer is unknown from the next call on.
    ///
    /// # Errors
    /// `Metastore(NotFound)`.
    pub async fn delete_key(&self, team: TeamId, key: &KeyId) -> Result<()> {
        let deleted = self.metastore().delete_key(team, key).await;
        self.cache().forget();
        Ok(deleted?)
    }
}

/// The public id and what the bearer sends, in the formats of their kind.
fn id_and_value(kind: KeyKind, value: KeyValue) -> Result<(KeyId, String)> {
    let id = KeyId::random(kind);
    Ok(match (kind, value) {
        (KeyKind::Configuration, KeyValue::Random) => (id, configuration_secret()),
        (KeyKind::Configuration, KeyValue::RandomClassic) => (id, random(HEXADECIMAL, 32)),
        (KeyKind::Ingest, KeyValue::Random) => {
            let value = format!("{}{}", id.0, long_secret());
            (id, value)
        }
        (KeyKind::Ingest, KeyValue::RandomClassic) => {
            let value = format!("hcxic_{}", random(LOWER_AND_DIGITS, 58));
            (id, value)
        }
        (KeyKind::Management | KeyKind::Aws, KeyValue::Random | KeyValue::RandomClassic) => {
            let value = format!("{}:{}", id.0, long_secret());
            (id, value)
        }
        (kind, KeyValue::Given(value)) => (given_id(kind, &value)?.unwrap_or(id), value),
    })
}

/// The public id that a given value begins with, if its kind has one in its value.
fn given_id(kind: KeyKind, value: &str) -> Result<Option<KeyId>> {
    let wrong = |message| {
        Err(Error::Invalid {
            field: "value",
            message,
        })
    };
    let is_sendable = !value.is_empty()
        && value.len() <= KEY_BYTES_MAX
        && value.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_sendable {
        return wrong("must have 1 to 256 visible ASCII characters");
    }
    match kind {
        KeyKind::Configuration => Ok(None),
        KeyKind::Ingest if value.len() == 64 && !is_classic(value) => {
            Ok(value.get(..32).map(|id| KeyId(id.to_owned())))
        }
        KeyKind::Ingest => Ok(None),
        KeyKind::Management | KeyKind::Aws => match value.split_once(':') {
            Some((id, secret)) if !id.is_empty() && !secret.is_empty() => {
                Ok(Some(KeyId(id.to_owned())))
            }
            _ => wrong("must be an id and a secret with a colon between them"),
        },
    }
}

pub(crate) fn check_name(name: &str) -> Result<()> {
    let is_usable = !name.trim().is_empty()
        && name.chars().count() <= NAME_CHARS_MAX
        && !name.chars().any(char::is_control);
    if is_usable {
        return Ok(());
    }
    Err(Error::Invalid {
        field: "name",
        message: "must have 1 to 100 characters, not only spaces, and no control characters",
    })
}

/// Makes what the bearer of a configuration key sends: 22 letters and digits, 131 random bits.
pub(crate) fn configuration_secret() -> String {
    random(LETTERS_AND_DIGITS, 22)
}

/// Makes the second half of an ingest or management key: 32 letters and digits.
pub(crate) fn long_secret() -> String {
    random(LETTERS_AND_DIGITS, 32)
}

/// Draws characters from an alphabet, each as likely as any other.
pub(crate) fn random(alphabet: &[u8], length: usize) -> String {
    let mut rng = rand::rng();
    (0..length)
        .map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())]))
        .collect()
}
