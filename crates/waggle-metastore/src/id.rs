//! Ids are made here and nowhere else, so that their shapes (spec/honeycomb-api.md section 1.2) are decided once.

#[cfg(test)]
mod tests;

use crate::{KeyId, KeyKind, QueryId, QueryResultId, UserId};
use rand::RngExt;
use waggle_model::{EnvironmentId, TeamId};

/// Letters and digits without the four that are easily confused.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const HEX: &[u8; 16] = b"0123456789abcdef";
/// What AWS makes access key ids of.
const UPPER_AND_DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LOWER_AND_DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Makes the id of a column, query or result: 11 characters, about 64 random bits, like `yUheCUmgZ8p`.
pub(crate) fn short() -> String {
    random(BASE58, 11)
}

/// Makes the id of a marker: 8 hexadecimal digits, so few that the caller has to look whether it is free.
pub(crate) fn short_hex() -> String {
    random(HEX, 8)
}

impl KeyId {
    /// Makes the id of a new key: six characters that name its kind and 26 random ones, like `hcxik_01hqk4k20cjeh63wca8vva5stw`;
    /// for AWS credentials 20 characters, like `AKIAIOSFODNN7EXAMPLE`.
    pub fn random(kind: KeyKind) -> Self {
        let prefix = match kind {
            KeyKind::Configuration => "hcxlk_",
            KeyKind::Ingest => "hcxik_",
            KeyKind::Management => "hcxmk_",
            KeyKind::Aws => return Self(format!("AKIA{}", random(UPPER_AND_DIGITS, 16))),
        };
        Self(format!("{prefix}{}", random(LOWER_AND_DIGITS, 26)))
    }
}

impl QueryId {
    /// Makes the id of a new query.
    pub fn random() -> Self {
        Self(short())
    }
}

impl QueryResultId {
    /// Makes the id of a new result.
    pub fn random() -> Self {
        Self(short())
    }
}

/// How a row that is numbered is called outside: a prefix that names its kind and its number as 26 digits, like
/// `hcxen_00000000000000000000000012`.
fn numbered(prefix: &str, number: i64) -> String {
    format!("{prefix}{number:026}")
}

/// The number of an id that [`numbered`] made; `None` for any other text.
fn number(prefix: &str, id: &str) -> Option<i64> {
    let digits = id.strip_prefix(prefix)?;
    let is_plain = digits.len() == 26 && digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|_| is_plain)
}

const TEAM: &str = "hcxtm_";
const ENVIRONMENT: &str = "hcxen_";
const USER: &str = "hcxus_";

/// Returns the public id of a team.
pub fn team_public_id(team: TeamId) -> String {
    numbered(TEAM, team.0)
}

/// Returns the public id of an environment.
pub fn environment_public_id(environment: EnvironmentId) -> String {
    numbered(ENVIRONMENT, environment.0)
}

/// Reads the public id of an environment; `None` for any other text.
pub fn environment_of_public_id(id: &str) -> Option<EnvironmentId> {
    number(ENVIRONMENT, id).map(EnvironmentId)
}

/// Returns the public id of a user.
pub fn user_public_id(user: UserId) -> String {
    numbered(USER, user.0)
}

fn random<const N: usize>(alphabet: &[u8; N], length: usize) -> String {
    let mut rng = rand::rng();
    (0..length)
        .map(|_| char::from(alphabet[rng.random_range(0..N)]))
        .collect()
}
