//! AWS credentials, whose secret half is needed in the clear to check a signature, and is therefore encrypted and not hashed.
//!
//! XChaCha20-Poly1305 with a random nonce in front. The public half is authenticated too: one row's secret moved to another row does
//! not open. Requests are signed in Signature Version 4: what was signed is for the face to write down, whether the signature is right
//! is decided here.

#[cfg(test)]
mod tests;

use crate::cache::{Known, Remembered};
use crate::key::{KEY_BYTES_MAX, check_name, random};
use crate::{Access, Caller, CreatedKey, Error, Permissions, Result};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use rand::RngExt;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::Arc;
use waggle_metastore::{KeyId, KeyKind, NewAwsKey, NewKey, UserId};
use waggle_model::Tenant;

const NONCE_BYTES: usize = 24;
const LETTERS_AND_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const ACCESS_KEY_ID_BYTES_MAX: usize = 128;

/// AWS credentials to be made.
#[derive(Clone, Debug)]
pub struct AwsKeyRequest {
    /// What people call them: 1 to 100 characters.
    pub name: String,
    /// What they allow in their environment.
    pub permissions: Permissions,
    /// From when on they are refused for ever; `None` for never.
    pub expires_at_ns: Option<i64>,
    /// The person who makes them; `None` when a program does.
    pub made_by: Option<UserId>,
    /// Access key id and secret access key that clients have already; `None` makes some up.
    pub value: Option<(String, String)>,
}

/// Who signs with an access key id, and what tells whether it was really them. Holds the secret: to be dropped with the request.
pub struct AwsCredentials {
    caller: Arc<Caller>,
    secret: String,
}

/// A signature in Signature Version 4, and what it is of.
#[derive(Clone, Copy, Debug)]
pub struct AwsSignature<'a> {
    /// Day of the credential scope, as `yyyymmdd`.
    pub day: &'a str,
    /// Region of the credential scope.
    pub region: &'a str,
    /// Service of the credential scope.
    pub service: &'a str,
    /// What was signed: algorithm, time, scope and the hash of the canonical request, one a line.
    pub string_to_sign: &'a str,
    /// The signature as it came: 64 hexadecimal digits in lower case.
    pub signature: &'a str,
}

impl AwsCredentials {
    /// Returns who they let in. Nothing is proved before [`check`](Self::check).
    pub fn caller(&self) -> &Arc<Caller> {
        &self.caller
    }

    /// Checks a signature, in a time that does not tell how much of it is right.
    ///
    /// # Errors
    /// `WrongSignature`.
    pub fn check(&self, signature: &AwsSignature<'_>) -> Result<()> {
        let given = decode_hex(signature.signature).ok_or(Error::WrongSignature)?;
        let mut key = keyed(format!("AWS4{}", self.secret).as_bytes())?;
        for part in [
            signature.day,
            signature.region,
            signature.service,
            "aws4_request",
        ] {
            key.update(part.as_bytes());
            key = keyed(&key.finalize().into_bytes())?;
        }
        key.update(signature.string_to_sign.as_bytes());
        key.verify_slice(&given).map_err(|_| Error::WrongSignature)
    }
}

/// The SHA-256 hash of some bytes, in hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a string can't fail.
        _ = write!(text, "{byte:02x}");
    }
    text
}

impl Access {
    /// Makes AWS credentials of an environment. The value of the answer is the access key id, a colon and the secret access key.
    ///
    /// # Errors
    /// `Invalid` for a name or given values that can't be used; `Metastore(Conflict)` for an access key id that is in use.
    pub async fn create_aws_key(
        &self,
        tenant: Tenant,
        request: AwsKeyRequest,
    ) -> Result<CreatedKey> {
        check_name(&request.name)?;
        self.check_key_count(tenant.team).await?;
        let (id, secret) = match request.value {
            None => (KeyId::random(KeyKind::Aws).0, made_up_secret()),
            Some((id, secret)) => {
                check_access_key_id(&id)?;
                let is_usable = !secret.is_empty()
                    && secret.len() <= KEY_BYTES_MAX
                    && secret.bytes().all(|byte| byte.is_ascii_graphic());
                if !is_usable {
                    return Err(Error::Invalid {
                        field: "secret access key",
                        message: "must have 1 to 256 visible ASCII characters",
                    });
                }
                (id, secret)
            }
        };
        let new = NewAwsKey {
            key: NewKey {
                permissions: request.permissions,
                expires_at_ns: request.expires_at_ns,
                made_by: request.made_by,
                ..self.new_aws_key(&id, &request.name, &secret)
            },
            encrypted_secret: encrypt(self.aws_secret_key(), &id, &secret)?,
        };
        let now_ns = self.clock().now_ns();
        let key = self
            .metastore()
            .create_aws_key(tenant, &new, now_ns)
            .await?;
        self.cache().forget();
        Ok(CreatedKey {
            key,
            value: format!("{id}:{secret}"),
        })
    }

    /// Finds the credentials with an access key id.
    ///
    /// Answers from memory for as long as [`caller`](Self::caller) does; the secret is remembered as it is stored, encrypted.
    ///
    /// # Errors
    /// `UnknownKey` also for a disabled one, `KeyIsOver`; `Metastore` when it can't be asked or what it holds can't be opened with this
    /// installation's secret.
    pub async fn aws_credentials(&self, access_key_id: &str) -> Result<AwsCredentials> {
        if access_key_id.is_empty() || access_key_id.len() > KEY_BYTES_MAX {
            return Err(Error::UnknownKey);
        }
        let hash = self.access_key_id_hash(access_key_id);
        let known = match self.cache().find(&hash, self.clock().now_ns()) {
            Remembered::Accepted(known) => known,
            Remembered::Refused => return Err(Error::UnknownKey),
            Remembered::Nothing { epoch } => {
                let id = KeyId(access_key_id.to_owned());
                let found = self.metastore().aws_key(&id).await?;
                let known = found.and_then(|found| {
                    Some(Known {
                        caller: Arc::new(Caller::of_aws_key(found.owner)?),
                        encrypted_secret: Some(found.encrypted_secret.into()),
                    })
                });
                let now_ns = self.clock().now_ns();
                self.cache().remember(hash, known.as_ref(), epoch, now_ns);
                known.ok_or(Error::UnknownKey)?
            }
        };
        let end_ns = known.caller.expires_at_ns;
        if end_ns.is_some_and(|end_ns| end_ns <= self.clock().now_ns()) {
            return Err(Error::KeyIsOver);
        }
        let encrypted = known.encrypted_secret.unwrap_or_default();
        let secret =
            decrypt(self.aws_secret_key(), access_key_id, &encrypted).ok_or_else(|| {
                waggle_metastore::Error::Corrupt("an AWS secret can't be decrypted".to_owned())
            })?;
        Ok(AwsCredentials {
            caller: known.caller,
            secret,
        })
    }

    /// The row of credentials that may do everything and never end.
    pub(crate) fn new_aws_key(&self, id: &str, name: &str, secret: &str) -> NewKey {
        NewKey {
            id: KeyId(id.to_owned()),
            kind: KeyKind::Aws,
            name: name.to_owned(),
            // Nobody sends this: a secret that is sent by mistake in place of a key is unknown.
            secret_hash: self.key_hash(&format!("aws secret of {id}: {secret}")),
            permissions: Permissions::all(),
            scopes: Vec::new(),
            is_disabled: false,
            expires_at_ns: None,
            made_by: None,
        }
    }
}

/// 40 letters and digits, as AWS makes them.
pub(crate) fn made_up_secret() -> String {
    random(LETTERS_AND_DIGITS, 40)
}

/// The id stands between slashes and commas in the header.
pub(crate) fn check_access_key_id(id: &str) -> Result<()> {
    let is_usable = !id.is_empty()
        && id.len() <= ACCESS_KEY_ID_BYTES_MAX
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_usable {
        return Ok(());
    }
    Err(Error::Invalid {
        field: "AWS access key id",
        message: "must have 1 to 128 letters, digits and underscores",
    })
}

pub(crate) fn encrypt(key: &[u8; 32], access_key_id: &str, secret: &str) -> Result<Vec<u8>> {
    let nonce: [u8; NONCE_BYTES] = rand::rng().random();
    let payload = Payload {
        msg: secret.as_bytes(),
        aad: access_key_id.as_bytes(),
    };
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|error| Error::Unavailable(Box::new(error)))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn decrypt(key: &[u8; 32], access_key_id: &str, stored: &[u8]) -> Option<String> {
    let (nonce, sealed) = stored.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload {
        msg: sealed,
        aad: access_key_id.as_bytes(),
    };
    let secret = XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), payload)
        .ok()?;
    String::from_utf8(secret).ok()
}

fn keyed(key: &[u8]) -> Result<Hmac<Sha256>> {
    Hmac::new_from_slice(key).map_err(|error| Error::Unavailable(Box::new(error)))
}

fn decode_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let is_plain = digits
        .iter()
        .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    if digits.len() != 64 || !is_plain {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}
