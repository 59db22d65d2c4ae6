//! Blocks that are small, late or in each other's way become blocks of the right size, in the background and at a bounded price.
//!
//! A flush makes a block of whatever a generation held: a few rows of a quiet dataset, half a million of a busy one (a log segment of
//! 256 MiB ends its generation at that), and now and then rows of yesterday among those of now. Larger generations would cost memory and
//! a slower start, and would not help quiet datasets or late rows; merging two or three blocks of half a million once costs one more
//! write of each row. So generations stay as they are, and blocks are merged: [`plan`] says which, [`rewrite`] does it, and the store
//! lists what came out in place of what went in, in one commit. Answers never change, and acknowledgements never wait for it.

pub(crate) mod pace;
pub(crate) mod plan;
pub(crate) mod rewrite;

#[cfg(test)]
mod law_tests;
