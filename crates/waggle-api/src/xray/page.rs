//! Paging: a token says where a list goes on, and to which request it belongs. Source: spec/xray.md section 3.4.
//!
//! It holds a position and a short hash of the operation and the other members, so that a token taken from one question and put to
//! another is refused instead of answered with a hole. Nothing is kept on the server.

use super::call::Input;
use super::error::Refusal;
use crate::shape::{Member, Shape, may};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use waggle_access::sha256_hex;

const TOKEN_NAME: &str = "NextToken";
/// The member of requests that asks for a further page.
pub(super) const TOKEN: Member = may(TOKEN_NAME, Shape::Text, "Of the page before.");
/// The member of answers that names one.
pub(super) const NEXT_TOKEN: Member = may(TOKEN_NAME, Shape::Text, "Of the next page.");
/// Digits of the hash that a token holds.
const HASH_DIGITS: usize = 16;
/// Longer ones are not ours: a position may have the id of a trace in it, which may be as long as a value may.
const TOKEN_BYTES_MAX: usize = 100_000;

/// The pages of one request's answer.
pub(crate) struct Pages {
    hash: String,
    start: Option<String>,
}

impl Pages {
    /// Reads the token of a request, if it has one.
    ///
    /// # Errors
    /// The token is of another request, or nobody's.
    pub(crate) fn of(input: &Input) -> Result<Self, Refusal> {
        let mut asked = input.fingerprint(TOKEN_NAME);
        asked.insert_str(0, input.operation());
        let mut hash = sha256_hex(asked.as_bytes());
        hash.truncate(HASH_DIGITS);
        let start = match input.any_text(TOKEN_NAME)? {
            None => None,
            Some(token) => Some(position(token, &hash).ok_or_else(|| {
                Refusal::invalid(format!(
                    "{TOKEN_NAME} is not one that this server gave for a request with these members"
                ))
            })?),
        };
        Ok(Self { hash, start })
    }

    /// Where the page begins: the position that the page before gave; `None` for the first page.
    pub(crate) fn start(&self) -> Option<&str> {
        self.start.as_deref()
    }

    /// The token of the page that begins at a position. Positions of different pages must differ, for clients take a token that comes
    /// twice for a loop. At most 67 bytes give a token of 100 characters.
    pub(crate) fn token(&self, position: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}{position}", self.hash))
    }

    /// Cuts a page out of a list that is made anew for every page: up to `count_max` items from the place that the page before gave, and
    /// the token of the next page.
    ///
    /// # Errors
    /// The token says no place.
    pub(crate) fn slice<T>(
        &self,
        items: Vec<T>,
        count_max: usize,
    ) -> Result<(Vec<T>, Option<String>), Refusal> {
        let start: usize = self.start().unwrap_or("0").parse().map_err(|_| {
            Refusal::invalid(format!("{TOKEN_NAME} is not one that this server gave"))
        })?;
        let end = start.saturating_add(count_max);
        let next = (end < items.len()).then(|| self.token(&end.to_string()));
        Ok((
            items.into_iter().skip(start).take(count_max).collect(),
            next,
        ))
    }

    /// Cuts a page out of a list that is sorted by `key`: up to `count_max` items behind the start, and the token of the next page.
    /// What was added or deleted between two pages moves no other item from one page to the next.
    pub(crate) fn cut<T>(
        &self,
        items: Vec<T>,
        key: impl Fn(&T) -> String,
        count_max: usize,
    ) -> (Vec<T>, Option<String>) {
        let mut items: Vec<T> = match self.start() {
            None => items,
            Some(start) => items
                .into_iter()
                .filter(|item| key(item).as_str() > start)
                .collect(),
        };
        if items.len() <= count_max {
            return (items, None);
        }
        items.truncate(count_max);
        let token = items.last().map(|last| self.token(&key(last)));
        (items, token)
    }
}

fn position(token: &str, hash: &str) -> Option<String> {
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix(hash).map(str::to_owned)
}

#[cfg(test)]
mod tests;
