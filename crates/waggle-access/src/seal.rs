//! Text that must come back in the clear but never lie in the clear: the addresses and keys of alert recipients.
//!
//! XChaCha20-Poly1305 with a random nonce in front, under a key derived from the installation's secret for this purpose alone.

#[cfg(test)]
mod tests;

use crate::{Access, Error, Result};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use rand::RngExt;

const NONCE_BYTES: usize = 24;

/// Opens and closes sealed text.
#[derive(Clone)]
pub(crate) struct Sealer {
    seal_key: [u8; 32],
    fingerprint_key: [u8; 32],
}

impl Sealer {
    pub(crate) fn new(secret: &crate::InstallationSecret) -> Self {
        Self {
            seal_key: secret.derive("waggle: sealed text encryption, version 1"),
            fingerprint_key: secret.derive("waggle: sealed text fingerprint, version 1"),
        }
    }

    fn seal(&self, purpose: &str, text: &str) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_BYTES] = rand::rng().random();
        let payload = Payload {
            msg: text.as_bytes(),
            aad: purpose.as_bytes(),
        };
        let sealed = XChaCha20Poly1305::new((&self.seal_key).into())
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|error| Error::Unavailable(Box::new(error)))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open(&self, purpose: &str, stored: &[u8]) -> Option<String> {
        let (nonce, sealed) = stored.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload {
            msg: sealed,
            aad: purpose.as_bytes(),
        };
        let text = XChaCha20Poly1305::new((&self.seal_key).into())
            .decrypt(&XNonce::from(*nonce), payload)
            .ok()?;
        String::from_utf8(text).ok()
    }
}

impl Access {
    /// Seals a text. What is sealed for one purpose does not open for another.
    ///
    /// # Errors
    /// `Unavailable` when it can't be sealed.
    pub fn seal(&self, purpose: &str, text: &str) -> Result<Vec<u8>> {
        self.sealer().seal(purpose, text)
    }

    /// Opens a sealed text.
    ///
    /// # Errors
    /// `Metastore(Corrupt)` when it was not sealed by this installation for this purpose.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<String> {
        let opened = self.sealer().open(purpose, sealed).ok_or_else(|| {
            waggle_metastore::Error::Corrupt(format!("a sealed {purpose} can't be opened"))
        })?;
        Ok(opened)
    }

    /// A keyed hash of a text, in hexadecimal digits: equal for equal texts, and telling nothing else.
    pub fn fingerprint(&self, text: &str) -> String {
        let hash = blake3::keyed_hash(&self.sealer().fingerprint_key, text.as_bytes());
        hash.to_hex().to_string()
    }
}
