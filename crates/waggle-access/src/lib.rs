//! Who is calling and what may they see.
//!
//! What comes in: what a client shows (an API key, a session's token, an address and a password) and the values of the first start.
//! What goes out: a [`Caller`] with the tenant whose events it may touch, or a refusal. What it never does: keep a clear secret
//! longer than the call that brought it, speak HTTP, touch events.
#![warn(missing_docs)]

mod access;
mod aws;
mod bootstrap;
mod cache;
mod caller;
mod error;
mod key;
mod password;
mod picture;
mod seal;
mod secret;
mod session;

#[cfg(test)]
mod tests;

pub use access::Access;
pub use aws::{AwsCredentials, AwsKeyRequest, AwsSignature, sha256_hex};
pub use bootstrap::{BootstrapOutcome, BootstrapValues, Bootstrapped, Credential};
pub use caller::{Caller, CallerIdentity, Manager};
pub use error::{Error, Result};
pub use key::{CreatedKey, KeyRequest, KeyValue, is_classic};
pub use picture::PictureToken;
pub use secret::InstallationSecret;
pub use session::SignedIn;
pub use waggle_metastore::{Permission, Permissions, Scope};
