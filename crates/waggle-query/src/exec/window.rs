//! Answers that depend on more than one cell: those of RATE and CONCURRENCY look at the buckets before.
//!
//! They are made when all cells of a series are known, and stand beside the states from then on: one list per output of the plan, empty
//! for outputs whose states say everything.

use super::gathered::{Gathered, Shape};
use super::watch::{ExecError, Watch};
use crate::calculation::{Partial, Reach};
use crate::plan::{OutputBy, Plan};
use std::collections::HashMap;
use waggle_model::Cell;

/// Per output of the plan an answer per cell or per series; empty where the state gives it.
#[derive(Default)]
pub(super) struct Windows {
    /// By cell.
    pub(super) cells: Vec<Vec<Cell>>,
    /// By series, over all of its time.
    pub(super) series: Vec<Vec<Cell>>,
}

/// Makes a cell for every group and bucket in which spans are in flight though none of the group's rows is in it.
pub(super) fn fill(
    plan: &Plan,
    gathered: &mut Gathered,
    shape: &Shape,
    watch: &Watch,
) -> Result<(), ExecError> {
    let series = by_series(&gathered.cells.cells, watch)?;
    let mut steps = watch.steps();
    for (state, planned) in gathered.states.iter().zip(&plan.states) {
        if planned.calculation.reach() != Reach::Onward {
            continue;
        }
        for (group, cells) in (0..).zip(&series) {
            let cells: Vec<u32> = cells.iter().map(|(_, cell)| *cell).collect();
            for (bucket, _) in planned.calculation.onward(&**state, &cells) {
                steps.step()?;
                gathered
                    .cells
                    .cell(group, bucket as usize, shape.cells_max)?;
            }
        }
    }
    gathered.grow_much(shape, watch)
}

/// The answers of series, whose cells are pairs of series and bucket.
pub(super) fn windows(
    plan: &Plan,
    states: &[Box<dyn Partial>],
    cells: &[(u32, u32)],
    series_count: usize,
    watch: &Watch,
) -> Result<Windows, ExecError> {
    let mut windows = Windows::default();
    if !plan.is_windowed() {
        return Ok(windows);
    }
    // A series has up to a thousand cells.
    let look = |index: usize| match index.is_multiple_of(SERIES_PER_LOOK) {
        true => watch.check(),
        false => Ok(()),
    };
    let mut series = by_series(cells, watch)?;
    series.resize(series_count, Vec::new());
    for output in &plan.outputs {
        let (mut of_cells, mut of_series) = (Vec::new(), Vec::new());
        if let OutputBy::Calculation { calculation, state } = output.by {
            let partial = &*states[state];
            match calculation.reach() {
                Reach::Cell => {}
                Reach::Difference => {
                    of_cells = vec![Cell::Null; cells.len()];
                    for (index, series) in series.iter().enumerate() {
                        look(index)?;
                        let value = |cell: u32| calculation.finish(partial, cell as usize).as_f64();
                        let points: Vec<(u32, u32, f64)> = series
                            .iter()
                            .filter_map(|(bucket, cell)| Some((*bucket, *cell, value(*cell)?)))
                            .collect();
                        let rate =
                            |(from, _, before): (u32, u32, f64),
                             (to, _, value): (u32, u32, f64)| {
                                let seconds = plan.buckets.granularity_ns as f64 / 1e9;
                                match (value - before) / (f64::from(to - from) * seconds) {
                                    rate if rate.is_finite() => Cell::Float(rate),
                                    _ => Cell::Null,
                                }
                            };
                        for pair in points.windows(2) {
                            of_cells[pair[1].1 as usize] = rate(pair[0], pair[1]);
                        }
                        of_series.push(match points.as_slice() {
                            [first, .., last] => rate(*first, *last),
                            _ => Cell::Null,
                        });
                    }
                }
                Reach::Onward => {
                    of_cells = vec![Cell::Float(0.0); cells.len()];
                    for (index, series) in series.iter().enumerate() {
                        look(index)?;
                        let cells: Vec<u32> = series.iter().map(|(_, cell)| *cell).collect();
                        let onward = calculation.onward(partial, &cells);
                        let by_bucket: HashMap<u32, Cell> = onward.into_iter().collect();
                        for (bucket, cell) in series {
                            if let Some(value) = by_bucket.get(bucket) {
                                of_cells[*cell as usize] = value.clone();
                            }
                        }
                    }
                }
            }
        }
        windows.cells.push(of_cells);
        windows.series.push(of_series);
    }
    Ok(windows)
}

const SERIES_PER_LOOK: usize = 64;

/// Per series its buckets, ascending, each with its cell.
fn by_series(cells: &[(u32, u32)], watch: &Watch) -> Result<Vec<Vec<(u32, u32)>>, ExecError> {
    let mut steps = watch.steps();
    let count = cells.iter().map(|(series, _)| *series as usize + 1).max();
    let mut all = vec![Vec::new(); count.unwrap_or(0)];
    for (cell, (series, bucket)) in cells.iter().enumerate() {
        steps.step()?;
        all[*series as usize].push((*bucket, cell as u32));
    }
    for series in &mut all {
        steps.step()?;
        series.sort_unstable();
    }
    Ok(all)
}
