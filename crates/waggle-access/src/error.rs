//! Why somebody was not let in, named after what the caller can do about it.

use crate::{Permission, Scope};

/// The outcome of every call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No key has this secret, or it is disabled: answer 401.
    #[error("unknown API key - check your credentials")]
    UnknownKey,
    /// The key is known but lacks a permission: answer 403.
    #[error("the API key lacks the permission {}", .0.name())]
    Forbidden(Permission),
    /// The key was let in once and has ended since: answer 403.
    #[error("the key has ended")]
    KeyIsOver,
    /// The request was not signed with the secret of the key it names, or was changed on its way: answer 403.
    #[error("the signature does not match")]
    WrongSignature,
    /// The management key is known but lacks a scope: answer 403.
    #[error("the management key lacks the scope {}", .0.name())]
    OutOfScope(Scope),
    /// No user has this address and password; which of the two is wrong is not told: answer 401.
    #[error("e-mail or password is wrong")]
    WrongPassword,
    /// Too many people sign in at once: answer 503, to be tried again.
    #[error("too many sign-ins at once; try again")]
    Busy,
    /// A value can't be used: answer 422, or stop the start.
    #[error("{field}: {message}")]
    Invalid {
        /// Which value.
        field: &'static str,
        /// What is wrong with it.
        message: &'static str,
    },
    /// The key file of the installation is missing, unreadable or not what was written: restore it from a backup.
    #[error("the key file {path} can't be used: {message}")]
    KeyFile {
        /// Where it should be.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// The metastore refused or failed; its error tells what to do.
    #[error(transparent)]
    Metastore(#[from] waggle_metastore::Error),
    /// The program stops, or a computation broke off: answer 503.
    #[error("the server is not able to check this now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
