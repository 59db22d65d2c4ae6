//! Running a plan: scan every source in parallel, merge, order, cut, and fill in the series of the groups that remain.

mod cached;
mod finish;
mod gathered;
mod group;
mod heatmap;
mod local;
mod narrow;
mod parallel;
mod pass;
mod run;
mod scan;
mod select;
mod turn;
mod watch;
mod window;

pub(crate) use cached::States;
pub(crate) use parallel::{fold_items, fold_sources, read_ahead};
pub use pass::{FusedPass, PartialState, Passes};
pub(crate) use run::run;
pub use select::Selector;
pub(crate) use turn::{Cores, Share, lower_priority, without_turn};
pub use watch::ExecError;
pub(crate) use watch::{Limits, MemoryBudget, Watch};
