//! Tokens for pictures of results: whoever has one sees that picture until a certain time, and nothing else.

use crate::Access;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use waggle_model::{EnvironmentId, TeamId, Tenant};

/// Longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 512;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureToken {
    /// Whose result.
    pub tenant: Tenant,
    /// Public id of the result.
    pub result: String,
    /// From when on it is worth nothing, in seconds since 1970.
    pub expires_at_s: i64,
}

impl Access {
    /// Writes a token, in letters that need no escaping in an address.
    pub fn sign_picture(&self, token: &PictureToken) -> String {
        let said = format!(
            "{}.{}.{}.{}",
            token.tenant.team.0, token.tenant.environment.0, token.expires_at_s, token.result
        );
        let hash = blake3::keyed_hash(&self.picture_key, said.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(hash.as_bytes());
        format!("{}.{signature}", URL_SAFE_NO_PAD.encode(said))
    }

    /// Reads a token; `None` for one that this installation did not write or that is over.
    pub fn picture(&self, token: &str) -> Option<PictureToken> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let (said, signature) = token.split_once('.')?;
        let said = String::from_utf8(URL_SAFE_NO_PAD.decode(said).ok()?).ok()?;
        let signature: [u8; 32] = URL_SAFE_NO_PAD.decode(signature).ok()?.try_into().ok()?;
        // The comparison takes the same time wherever the two differ.
        if blake3::keyed_hash(&self.picture_key, said.as_bytes())
            != blake3::Hash::from_bytes(signature)
        {
            return None;
        }
        let mut parts = said.splitn(4, '.');
        let mut number = || parts.next()?.parse::<i64>().ok();
        let (team, environment, expires_at_s) = (number()?, number()?, number()?);
        let token = PictureToken {
            tenant: Tenant {
                team: TeamId(team),
                environment: EnvironmentId(environment),
            },
            result: parts.next()?.to_owned(),
            expires_at_s,
        };
        (self.clock().now_ns() < expires_at_s.saturating_mul(1_000_000_000)).then_some(token)
    }
}

#[cfg(test)]
mod tests;
