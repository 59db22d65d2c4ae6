//! What API keys look like, and their making. Formats: spec/honeycomb-api.md section 1.2.

#[cfg(test)]
mod tests;

use crate::caller::ingest_permissions;
use crate::{Access, Error, Permissions, Result};
use rand::RngExt;
use waggle_metastore::{Key, KeyChange, KeyId, KeyKind, NewKey};
use waggle_model::Tenant;

const LETTERS_AND_DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const NAME_CHARS_MAX: usize = 100;

/// A new key and the only sight of its secret.
pub struct CreatedKey {
    /// The key.
    pub key: Key,
    /// What the client sends: for an ingest key its id and a secret, for a configuration key a secret alone.
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

impl Access {
    /// Makes a key of an environment. Management keys are not made here: they belong to the team.
    ///
    /// # Errors
    /// `Invalid` for a name that is empty, longer than 100 characters or has control characters, and for the kind management.
    pub async fn create_key(
        &self,
        tenant: Tenant,
        kind: KeyKind,
        name: &str,
        permissions: Permissions,
    ) -> Result<CreatedKey> {
        check_name(name)?;
        let id = KeyId::random(kind);
        let (value, permissions) = match kind {
            KeyKind::Configuration => (configuration_secret(), permissions),
            KeyKind::Ingest => (
                format!("{}{}", id.0, long_secret()),
                ingest_permissions(permissions),
            ),
            KeyKind::Management => {
                return Err(Error::Invalid {
                    field: "kind",
                    message: "must be configuration or ingest",
                });
            }
        };
        let new = NewKey {
            id,
            kind,
            name: name.to_owned(),
            secret_hash: self.key_hash(&value),
            permissions,
        };
        let key = self
            .metastore()
            .create_key(
                tenant.team,
                Some(tenant.environment),
                &new,
                self.clock().now_ns(),
            )
            .await?;
        self.cache().forget();
        Ok(CreatedKey { key, value })
    }

    /// Changes a key of an environment; the change holds for the next call of its bearer.
    ///
    /// # Errors
    /// `Metastore(NotFound)`; `Invalid` as for [`create_key`](Self::create_key).
    pub async fn update_key(&self, tenant: Tenant, key: &KeyId, change: KeyChange) -> Result<Key> {
        if let Some(name) = &change.name {
            check_name(name)?;
        }
        let changed = self
            .metastore()
            .update_key(tenant, key, change, self.clock().now_ns())
            .await;
        self.cache().forget();
        Ok(changed?)
    }

    /// Deletes a key of an environment; its bearer is unknown from the next call on.
    ///
    /// # Errors
    /// `Metastore(NotFound)`.
    pub async fn delete_key(&self, tenant: Tenant, key: &KeyId) -> Result<()> {
        let deleted = self.metastore().delete_key(tenant, key).await;
        self.cache().forget();
        Ok(deleted?)
    }
}

fn check_name(name: &str) -> Result<()> {
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
