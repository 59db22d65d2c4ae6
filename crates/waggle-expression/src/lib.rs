//! The language of calculated fields: text becomes a tree, a tree and a row become a value.
//!
//! What comes in: the text of an expression, and the values of one row's columns. What goes out: an [`Expression`] or a
//! [`ParseError`] that points into the text, and a [`Datum`]. What it never does: read columns from storage, decide what a name
//! means, look at a clock. Source: spec/honeycomb-api.md section 10.
#![warn(missing_docs)]

mod datum;
mod expression;
mod function;
mod lex;
mod parse;
mod temporal;

pub use datum::Datum;
pub use expression::{Call, Expression, Input, Node, ResultType};
pub use function::{Arity, FUNCTIONS, Family, Function};
pub use lex::column_text;
pub use parse::{DEPTH_MAX, EXPRESSION_CHARS_MAX, ParseError};
pub use temporal::{SECONDS_MAX, Temporal, TemporalFunction};

#[cfg(test)]
mod guide;
#[cfg(test)]
mod tests;
