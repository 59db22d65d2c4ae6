//! Who is signed in. Only the hash of a session's token is stored, so that a stolen copy of the metastore signs nobody in.

use crate::{Result, Team, User, UserId};
use async_trait::async_trait;

/// A session to be stored.
#[derive(Clone)]
pub struct NewSession {
    /// Hash of the token in the browser's cookie.
    pub token_hash: [u8; 32],
    /// Who signed in.
    pub user: UserId,
    /// When.
    pub created_at_ns: i64,
    /// From when on the session is over.
    pub expires_at_ns: i64,
}

/// A session that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who signed in.
    pub user: User,
    /// The team of the user.
    pub team: Team,
    /// From when on the session is over.
    pub expires_at_ns: i64,
}

/// Rows about sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Stores a session, and forgets those that are over at its creation.
    ///
    /// # Errors
    /// `NotFound` without the user.
    async fn create_session(&self, session: &NewSession) -> Result<()>;

    /// Finds the session of a token, unless it is over at `now_ns`.
    async fn session(&self, token_hash: &[u8; 32], now_ns: i64) -> Result<Option<Session>>;

    /// Forgets a session; it is no error when there is none.
    async fn delete_session(&self, token_hash: &[u8; 32]) -> Result<()>;
}
