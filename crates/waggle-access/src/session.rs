//! People: signing in with address and password, staying signed in by a token, signing out.

use crate::{Access, Caller, Error, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt;
use waggle_metastore::{NewSession, NewUser, Role, Session, User};
use waggle_model::TeamId;

/// How long a session lasts: 30 days.
const SESSION_NS: i64 = 30 * 24 * 3_600 * 1_000_000_000;
/// A token is 32 bytes in base64; longer ones are unknown without a look.
const TOKEN_BYTES_MAX: usize = 64;

/// A new session and the only sight of its token.
pub struct SignedIn {
    /// What the browser keeps and sends: 43 characters that need no escaping in a cookie.
    pub token: String,
    /// Who signed in, and until when.
    pub session: Session,
}

impl Access {
    /// Signs a person in for 30 days.
    ///
    /// # Errors
    /// `WrongPassword`, whichever of the two is wrong; `Busy` when too many sign in at once.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<SignedIn> {
        let found = self.metastore().user_by_email(email.trim()).await?;
        let (user, hash) = found.unzip();
        let is_right = self.passwords().is_right(password.to_owned(), hash).await?;
        let Some(user) = user.filter(|_| is_right) else {
            return Err(Error::WrongPassword);
        };
        let bytes: [u8; 32] = rand::rng().random();
        let token = URL_SAFE_NO_PAD.encode(bytes);
        let token_hash = self.token_hash(&token);
        let now_ns = self.clock().now_ns();
        let new = NewSession {
            token_hash,
            user: user.id,
            created_at_ns: now_ns,
            expires_at_ns: now_ns.saturating_add(SESSION_NS),
        };
        self.metastore().create_session(&new).await?;
        let session = self.metastore().session(&token_hash, now_ns).await?;
        // Somebody deleted the user in this very moment.
        let session = session.ok_or(Error::WrongPassword)?;
        Ok(SignedIn { token, session })
    }

    /// Makes a person of a team.
    ///
    /// # Errors
    /// `Metastore(Conflict)` when the address is in use; `Invalid` for an address without an `@` and for an empty password.
    pub async fn create_user(
        &self,
        team: TeamId,
        email: &str,
        name: &str,
        password: &str,
        role: Role,
    ) -> Result<User> {
        let email = email.trim();
        if !email.contains('@') || email.chars().any(char::is_control) {
            return Err(Error::Invalid {
                field: "email",
                message: "must be an address with an @",
            });
        }
        if password.is_empty() {
            return Err(Error::Invalid {
                field: "password",
                message: "cannot be empty",
            });
        }
        let user = NewUser {
            email: email.to_owned(),
            name: name.to_owned(),
            password_hash: self.passwords().hash(password.to_owned()).await?,
            role,
        };
        let now_ns = self.clock().now_ns();
        Ok(self.metastore().create_user(team, &user, now_ns).await?)
    }

    /// Finds the session of a token; `None` when there is none or it is over.
    ///
    /// # Errors
    /// `Metastore` when it can't be asked.
    pub async fn session(&self, token: &str) -> Result<Option<Session>> {
        if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
            return Ok(None);
        }
        let token_hash = self.token_hash(token);
        let now_ns = self.clock().now_ns();
        Ok(self.metastore().session(&token_hash, now_ns).await?)
    }

    /// Ends the session of a token; it is no error when there is none.
    ///
    /// # Errors
    /// `Metastore` when it can't be asked.
    pub async fn sign_out(&self, token: &str) -> Result<()> {
        let token_hash = self.token_hash(token);
        Ok(self.metastore().delete_session(&token_hash).await?)
    }

    /// Makes the caller of a session in an environment of its team.
    ///
    /// # Errors
    /// `Metastore(NotFound)` when the team has no such environment.
    pub async fn session_caller(
        &self,
        session: &Session,
        environment_slug: &str,
    ) -> Result<Caller> {
        let environment = self
            .metastore()
            .environment_by_slug(session.team.id, environment_slug)
            .await?
            .ok_or(waggle_metastore::Error::NotFound("environment"))?;
        Ok(Caller::of_session(session, environment))
    }
}
