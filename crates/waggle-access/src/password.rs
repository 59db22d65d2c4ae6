//! Passwords, hashed with Argon2id. A hash takes tens of milliseconds and 19 MiB by design, so few run at once, off the threads that
//! serve requests, and few may wait.

#[cfg(test)]
mod tests;

use crate::{Error, Result};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use std::sync::Arc;
use tokio::sync::{OnceCell, Semaphore};

const RUNNING_MAX: usize = 2;
const ADMITTED_MAX: usize = 32;
/// Longer passwords are wrong without a look.
const BYTES_MAX: usize = 1_024;

/// Hashes and checks passwords.
pub(crate) struct Passwords {
    running: Arc<Semaphore>,
    admitted: Semaphore,
    /// What an unknown user's password is checked against, so that the time does not tell who exists.
    decoy: OnceCell<String>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(RUNNING_MAX)),
            admitted: Semaphore::new(ADMITTED_MAX),
            decoy: OnceCell::new(),
        }
    }
}

impl Passwords {
    /// Hashes a password with a random salt, in the text form that also holds the parameters.
    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        if password.is_empty() || password.len() > BYTES_MAX {
            return Err(Error::Invalid {
                field: "password",
                message: "must have 1 to 1,024 bytes",
            });
        }
        self.run(move || {
            let hash = Argon2::default().hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string())
        })
        .await?
        .map_err(|error| Error::Unavailable(Box::new(error)))
    }

    /// True when the password has this hash. Takes as long without a hash, and is false then.
    pub(crate) async fn is_right(&self, password: String, hash: Option<String>) -> Result<bool> {
        if password.len() > BYTES_MAX {
            return Ok(false);
        }
        let is_known = hash.is_some();
        let hash = match hash {
            Some(hash) => hash,
            None => {
                let decoy = || self.hash("decoy".to_owned());
                self.decoy.get_or_try_init(decoy).await?.clone()
            }
        };
        let is_right = self.run(move || verify(&password, &hash)).await?;
        Ok(is_right && is_known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _admitted = self.admitted.try_acquire().map_err(|_| Error::Busy)?;
        let running = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|error| Error::Unavailable(Box::new(error)))?;
        // The permit goes with the work, which runs to its end even when nobody waits for it any more.
        let work = move || {
            let done = work();
            drop(running);
            done
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Error::Unavailable(Box::new(error)))
    }
}

fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}
