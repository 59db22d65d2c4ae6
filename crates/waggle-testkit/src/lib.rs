//! What tests across the workspace share: random events, random queries, and an engine so plain that it is obviously right.
//!
//! What comes in: a seeded random generator. What goes out: events, query specs and the exact answers to them, each with the error
//! that an approximating engine may make. What it never does: anything in a shipped program. It knows only the model, so nothing in
//! it can share a mistake with the engine it checks.
#![warn(missing_docs)]

mod bubble;
mod event;
mod formula;
mod oracle;
mod reading;
mod spec;

pub use bubble::{BubbleOracle, BubbleOracleField};
pub use event::{COLUMNS, Event, batch_of, link_spans, random_events, spread_times};
pub use formula::{Formula, random_formula};
pub use oracle::{Answer, Oracle, by_rows, key_text, matching, with_other_spans};
pub use reading::read_as;
pub use spec::{random_filter, random_related_filter, random_spec};
