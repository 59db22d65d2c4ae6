//! Ids are made here and nowhere else, so that their shapes (spec/honeycomb-api.md section 1.2) are decided once.

#[cfg(test)]
mod tests;

use crate::{KeyId, KeyKind, QueryId, QueryResultId};
use rand::RngExt;

/// Letters and digits without the four that are easily confused.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const HEX: &[u8; 16] = b"0123456789abcdef";
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
    /// Makes the id of a new key: six characters that name its kind and 26 random ones, like `hcxik_01hqk4k20cjeh63wca8vva5stw`.
    pub fn random(kind: KeyKind) -> Self {
        let prefix = match kind {
            KeyKind::Configuration => "hcxlk_",
            KeyKind::Ingest => "hcxik_",
            KeyKind::Management => "hcxmk_",
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

fn random<const N: usize>(alphabet: &[u8; N], length: usize) -> String {
    let mut rng = rand::rng();
    (0..length)
        .map(|_| char::from(alphabet[rng.random_range(0..N)]))
        .collect()
}
