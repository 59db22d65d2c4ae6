//! Running a plan: scan every source in parallel, merge, order, cut, and fill in the series of the groups that remain.

mod finish;
mod group;
mod heatmap;
mod parallel;
mod run;
mod scan;
mod watch;

pub(crate) use parallel::fold_sources;
pub(crate) use run::run;
pub(crate) use scan::{initial_selection, keep_in_range, needs_time_check};
pub(crate) use watch::{ExecError, Watch};
