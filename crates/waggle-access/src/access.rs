//! The door: a key or a session in, a caller or a refusal out.

use crate::cache::{CallerCache, Known, Remembered};
use crate::key::KEY_BYTES_MAX;
use crate::password::Passwords;
use crate::seal::Sealer;
use crate::{Caller, Error, InstallationSecret, Manager, Result};
use std::sync::Arc;
use tokio::sync::OnceCell;
use waggle_metastore::{Environment, Metastore, Team};
use waggle_model::Clock;

/// Knows who may come in. One per process; share it by reference.
pub struct Access {
    metastore: Arc<dyn Metastore>,
    clock: Clock,
    cache: CallerCache,
    passwords: Passwords,
    key_hash_key: [u8; 32],
    token_hash_key: [u8; 32],
    access_key_id_hash_key: [u8; 32],
    aws_secret_key: [u8; 32],
    pub(crate) picture_key: [u8; 32],
    sealer: Sealer,
    dev_caller: OnceCell<Arc<Caller>>,
}

impl Access {
    /// Makes the door of an installation. The secret must be the one its keys were made with.
    pub fn new(metastore: Arc<dyn Metastore>, secret: &InstallationSecret, clock: Clock) -> Self {
        Self {
            metastore,
            clock,
            cache: CallerCache::default(),
            passwords: Passwords::default(),
            key_hash_key: secret.derive("waggle: api key hash, version 1"),
            token_hash_key: secret.derive("waggle: session token hash, version 1"),
            access_key_id_hash_key: secret.derive("waggle: access key id hash, version 1"),
            aws_secret_key: secret.derive("waggle: aws secret encryption, version 1"),
            picture_key: secret.derive("waggle: picture token, version 1"),
            sealer: Sealer::new(secret),
            dev_caller: OnceCell::new(),
        }
    }

    /// Finds out who sends this key, as in the header `X-Honeycomb-Team`.
    ///
    /// Answers from memory for 30 s (refusals: 5 s), but sees the changes made through this value at once.
    ///
    /// # Errors
    /// `UnknownKey`; `Metastore` when it can't be asked.
    pub async fn caller(&self, key: &str) -> Result<Arc<Caller>> {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(Error::UnknownKey);
        }
        let hash = self.key_hash(key);
        let epoch = match self.cache.find(&hash, self.clock.now_ns()) {
            Remembered::Accepted(known) => return self.unless_over(known.caller),
            Remembered::Refused => return Err(Error::UnknownKey),
            Remembered::Nothing { epoch } => epoch,
        };
        let owner = self.metastore.key_by_secret_hash(&hash).await?;
        let caller = owner.and_then(Caller::of_key).map(Arc::new);
        let known = caller.map(|caller| Known {
            caller,
            encrypted_secret: None,
        });
        self.cache
            .remember(hash, known.as_ref(), epoch, self.clock.now_ns());
        self.unless_over(known.ok_or(Error::UnknownKey)?.caller)
    }

    /// A key that is over is unknown, be it remembered or not.
    fn unless_over(&self, caller: Arc<Caller>) -> Result<Arc<Caller>> {
        match caller.expires_at_ns {
            Some(expires_at_ns) if expires_at_ns <= self.clock.now_ns() => Err(Error::UnknownKey),
            _ => Ok(caller),
        }
    }

    /// Finds out who sends this management key, an id and a secret with a colon between them, as in the header `Authorization`.
    ///
    /// Asks the metastore every time: such calls are rare.
    ///
    /// # Errors
    /// `UnknownKey`; `Metastore` when it can't be asked.
    pub async fn manager(&self, key: &str) -> Result<Manager> {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(Error::UnknownKey);
        }
        let owner = self
            .metastore
            .key_by_secret_hash(&self.key_hash(key))
            .await?;
        let now_ns = self.clock.now_ns();
        let manager = owner.and_then(|owner| Manager::of_key(owner, now_ns));
        let manager = manager.ok_or(Error::UnknownKey)?;
        self.cache.note_use(&manager.key.id, now_ns);
        Ok(manager)
    }

    /// Returns the caller that needs no key: somebody at the machine itself, in the first environment of the first team. Whether the
    /// server runs with `--dev` and the request comes over loopback is for the listener to know.
    ///
    /// # Errors
    /// `Metastore(NotFound)` before [`bootstrap`](Self::bootstrap).
    pub async fn dev_caller(&self) -> Result<Arc<Caller>> {
        let caller = self
            .dev_caller
            .get_or_try_init(|| async {
                let team = self.first_team().await?;
                let environments = self.metastore.environments(team.id).await?;
                let environment = environments.into_iter().next().ok_or_else(no_environment)?;
                Ok::<_, Error>(Arc::new(Caller::dev(team, environment)))
            })
            .await?;
        Ok(Arc::clone(caller))
    }

    /// Returns the same caller in an environment of the first team.
    ///
    /// # Errors
    /// `Metastore(NotFound)` when there is no such environment.
    pub async fn dev_caller_in(&self, environment_slug: &str) -> Result<Arc<Caller>> {
        let caller = self.dev_caller().await?;
        if caller.environment_slug == environment_slug {
            return Ok(caller);
        }
        let team = self.first_team().await?;
        let environment: Option<Environment> = self
            .metastore
            .environment_by_slug(team.id, environment_slug)
            .await?;
        Ok(Arc::new(Caller::dev(
            team,
            environment.ok_or_else(no_environment)?,
        )))
    }

    /// Writes down when keys were last used. To be called every minute or so and at the end; nothing waits for it.
    ///
    /// # Errors
    /// `Metastore`; the next call tries again.
    pub async fn flush_last_used(&self) -> Result<()> {
        let uses = self.cache.take_uses();
        if uses.is_empty() {
            return Ok(());
        }
        let written = self.metastore.touch_keys(&uses).await;
        if written.is_err() {
            self.cache.put_back_uses(uses);
        }
        Ok(written?)
    }

    async fn first_team(&self) -> Result<Team> {
        let teams = self.metastore.teams().await?;
        let first = teams.into_iter().next();
        Ok(first.ok_or(waggle_metastore::Error::NotFound("team"))?)
    }

    pub(crate) fn key_hash(&self, key: &str) -> [u8; 32] {
        *blake3::keyed_hash(&self.key_hash_key, key.as_bytes()).as_bytes()
    }

    pub(crate) fn token_hash(&self, token: &str) -> [u8; 32] {
        *blake3::keyed_hash(&self.token_hash_key, token.as_bytes()).as_bytes()
    }

    /// Ids of AWS credentials are no secrets: what is remembered of one must never answer for a key that is sent as it is.
    pub(crate) fn access_key_id_hash(&self, id: &str) -> [u8; 32] {
        *blake3::keyed_hash(&self.access_key_id_hash_key, id.as_bytes()).as_bytes()
    }

    pub(crate) fn metastore(&self) -> &dyn Metastore {
        self.metastore.as_ref()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn cache(&self) -> &CallerCache {
        &self.cache
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    pub(crate) fn aws_secret_key(&self) -> &[u8; 32] {
        &self.aws_secret_key
    }
}

fn no_environment() -> Error {
    Error::Metastore(waggle_metastore::Error::NotFound("environment"))
}
