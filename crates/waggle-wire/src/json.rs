//! JSON, read as tokens and written as text. Our own because a stranger's document must not fail as a whole for what is wrong with one
//! string of it: half a surrogate pair and bytes that are not UTF-8 become U+FFFD, a number out of range becomes a float.

mod read;
mod write;

pub(crate) use read::JsonReader;
pub(crate) use write::{JsonText, copy_container, key_text};

#[cfg(test)]
mod tests;
