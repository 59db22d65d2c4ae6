//! Who calls an operation, and with which body: whoever signed, or the one caller that a door without signatures has.

use super::error::{Code, Refusal};
use super::sign::Claim;
use crate::caller;
use crate::listen::body::{self, BodyError};
use crate::state::ApiState;
use axum::body::Body;
use axum::http::request::Parts;
use bytes::Bytes;
use std::sync::Arc;
use waggle_access::{Access, AwsCredentials, Caller, Error as AccessError};
use waggle_wire::DecompressError;

/// The region of whoever names none.
pub(crate) const NO_REGION: &str = "local";

/// An extension of requests that came through a door where nobody signs: the API key that everybody has there, or none for the caller
/// that `--dev` takes everybody for.
#[derive(Clone)]
pub(crate) struct Unsigned(pub(crate) Option<Arc<str>>);

impl Unsigned {
    /// Who everybody is at this moment: the key may be made, changed and deleted while the door is open.
    pub(crate) async fn caller(&self, access: &Access) -> Result<Arc<Caller>, AccessError> {
        match &self.0 {
            Some(key) => access.caller(key).await,
            None => access.dev_caller().await,
        }
    }
}

/// Who calls, and what they sent.
pub(crate) struct Sender {
    pub(crate) caller: Arc<Caller>,
    /// See [`super::call::Call::region`].
    pub(crate) region: String,
    /// Decompressed.
    pub(crate) body: Bytes,
}

/// Finds out who sends a request and reads its body of at most `bytes_max`, which a signature is of. What can be refused by its headers
/// alone is refused before the body is read.
pub(crate) async fn of(
    state: &ApiState,
    parts: &Parts,
    body: Body,
    bytes_max: usize,
) -> Result<Sender, Refusal> {
    let unsigned = parts.extensions.get::<Unsigned>();
    let sender = match unsigned {
        Some(door) => {
            let caller = door.caller(&state.access).await?;
            Known::Unsigned(caller, NO_REGION.to_owned())
        }
        None if caller::key_of(&parts.headers).is_some() => of_key(state, parts).await?,
        None if state.config.is_xray_auth_off => of_anybody(state, parts).await?,
        None => Known::Signed(Signer::of(state, parts).await?),
    };
    if matches!(sender, Known::Unsigned(..)) && !caller::is_local_origin(&parts.headers) {
        return Err(Refusal::new(
            Code::AccessDenied,
            "A page of another site may not call where nobody signs.",
        ));
    }
    let sent = read(body, bytes_max).await?;
    let (caller, region) = match sender {
        Known::Unsigned(caller, region) => (caller, region),
        Known::Signed(signer) => {
            let caller = signer.check(parts, &sent)?;
            (caller, region_of(signer.claim.region))
        }
    };
    let encoding = body::content_encoding(&parts.headers);
    let body = body::decompress(encoding, sent, bytes_max).map_err(|error| match error {
        DecompressError::TooLarge => too_large(bytes_max),
        DecompressError::Malformed(_) => Refusal::new(Code::Serialization, error.to_string()),
    })?;
    Ok(Sender {
        caller,
        region,
        body,
    })
}

/// Somebody whose signature is still to be checked: it is of the body.
pub(crate) struct Signer {
    credentials: AwsCredentials,
    claim: Claim,
}

impl Signer {
    /// Reads what a request says by its headers alone.
    ///
    /// # Errors
    /// Nobody has such credentials, or the time is wrong.
    pub(crate) async fn of(state: &ApiState, parts: &Parts) -> Result<Self, Refusal> {
        let claim = Claim::of(parts)?;
        let credentials = state.access.aws_credentials(&claim.access_key_id).await?;
        claim.check_time(state.clock.now_ns())?;
        Ok(Self { credentials, claim })
    }

    /// Checks the signature of a request. `body` is as it was sent.
    ///
    /// # Errors
    /// It is not the one that the request would have.
    pub(crate) fn check(&self, parts: &Parts, body: &[u8]) -> Result<Arc<Caller>, Refusal> {
        let string_to_sign = self.claim.string_to_sign(parts, body)?;
        self.credentials
            .check(&self.claim.signature(&string_to_sign))?;
        Ok(Arc::clone(self.credentials.caller()))
    }
}

enum Known {
    /// Somebody who does not have to sign, and their region.
    Unsigned(Arc<Caller>, String),
    Signed(Signer),
}

/// Whoever shows an API key, as Waggle's own relay does, need not sign.
async fn of_key(state: &ApiState, parts: &Parts) -> Result<Known, Refusal> {
    let key = caller::key_of(&parts.headers).unwrap_or_default();
    let caller = state.access.caller(key).await?;
    Ok(Known::Unsigned(caller, NO_REGION.to_owned()))
}

/// Without checks: the environment of a key that is known, else the first one.
async fn of_anybody(state: &ApiState, parts: &Parts) -> Result<Known, Refusal> {
    let claim = Claim::of(parts).ok();
    let region = claim.as_ref().map_or(NO_REGION, |claim| &claim.region);
    let region = region_of(region.to_owned());
    if let Some(claim) = &claim {
        match state.access.aws_credentials(&claim.access_key_id).await {
            Ok(credentials) => {
                return Ok(Known::Unsigned(Arc::clone(credentials.caller()), region));
            }
            Err(waggle_access::Error::UnknownKey | waggle_access::Error::KeyIsOver) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Known::Unsigned(state.access.dev_caller().await?, region))
}

/// A region goes into ARNs, whose parts have colons and slashes between them.
fn region_of(region: String) -> String {
    const CHARS_MAX: usize = 64;
    let is_plain = !region.is_empty()
        && region.len() <= CHARS_MAX
        && region
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_plain {
        region
    } else {
        NO_REGION.to_owned()
    }
}

async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Refusal> {
    body::collect(body, bytes_max)
        .await
        .map_err(|error| match error {
            BodyError::TooLarge => too_large(bytes_max),
            BodyError::Interrupted => Refusal::new(Code::Serialization, "the body is incomplete"),
        })
}

fn too_large(bytes_max: usize) -> Refusal {
    let message = format!("the body is larger than {bytes_max} bytes");
    Refusal::new(Code::RequestEntityTooLarge, message)
}
