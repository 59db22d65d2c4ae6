//! AWS credentials, whose secret half is needed in the clear to check a signature, and is therefore encrypted and not hashed.
//!
//! XChaCha20-Poly1305 with a random nonce in front. The public half is authenticated too: one row's secret moved to another row does
//! not open.

#[cfg(test)]
mod tests;

use crate::{Access, Error, Result};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use rand::RngExt;
use waggle_metastore::AwsKey;
use waggle_model::Tenant;

const NONCE_BYTES: usize = 24;

impl Access {
    /// Finds the tenant and the secret half of AWS credentials by their public half.
    ///
    /// # Errors
    /// `Metastore` when it can't be asked or what it holds can't be opened with this installation's secret.
    pub async fn aws_secret(&self, access_key_id: &str) -> Result<Option<(Tenant, String)>> {
        let Some((tenant, key)) = self.metastore().aws_key(access_key_id).await? else {
            return Ok(None);
        };
        let secret = decrypt(self.aws_secret_key(), &key).ok_or_else(|| {
            waggle_metastore::Error::Corrupt("an AWS secret can't be decrypted".to_owned())
        })?;
        Ok(Some((tenant, secret)))
    }
}

pub(crate) fn encrypt(key: &[u8; 32], access_key_id: &str, secret: &str) -> Result<AwsKey> {
    let nonce: [u8; NONCE_BYTES] = rand::rng().random();
    let payload = Payload {
        msg: secret.as_bytes(),
        aad: access_key_id.as_bytes(),
    };
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|error| Error::Unavailable(Box::new(error)))?;
    Ok(AwsKey {
        access_key_id: access_key_id.to_owned(),
        encrypted_secret: [nonce.as_slice(), &sealed].concat(),
    })
}

fn decrypt(key: &[u8; 32], stored: &AwsKey) -> Option<String> {
    let (nonce, sealed) = stored.encrypted_secret.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload {
        msg: sealed,
        aad: stored.access_key_id.as_bytes(),
    };
    let secret = XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), payload)
        .ok()?;
    String::from_utf8(secret).ok()
}
