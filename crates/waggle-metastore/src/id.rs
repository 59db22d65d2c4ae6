//! Ids are made here and nowhere else, so that their shapes (spec/honeycomb-api.md section 1.2) are decided once.

use rand::RngExt;

/// Letters and digits without the four that are easily confused.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Makes the id of a column, query or result: 11 characters, about 64 random bits, like `yUheCUmgZ8p`.
pub(crate) fn short() -> String {
    random(BASE58, 11)
}

fn random<const N: usize>(alphabet: &[u8; N], length: usize) -> String {
    let mut rng = rand::rng();
    (0..length)
        .map(|_| char::from(alphabet[rng.random_range(0..N)]))
        .collect()
}
