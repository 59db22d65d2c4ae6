//! From merged states to the rows of an answer: havings, order, limit, total, other, series.

use super::gathered::merge_in_steps;
use super::group::{GroupTable, GroupValue, compare_values};
use super::parallel::fold_items;
use super::watch::{ExecError, STEPS_PER_LOOK, Watch};
use crate::calculation::{NO_CELL, Partial};
use crate::engine::EngineConfig;
use crate::plan::{Having, OrderBy, OrderKey, OutputBy, Plan, StatePlan};
use std::cmp::Ordering;
use waggle_model::{Cell, HavingOp, SeriesPoint, SortOrder};

/// The groups of an answer.
pub(super) struct Chosen {
    /// The groups that are returned, in order.
    pub(super) groups: Vec<u32>,
    /// How many there are after havings and before the limit.
    pub(super) group_count: usize,
}

/// Applies havings, order and limit; the rest of a table is no group. Groups that are equal in every order key come in the order of their
/// breakdown values, so that the answer does not depend on threads.
pub(super) fn choose(
    answers: &Answers<'_>,
    table: &GroupTable,
    watch: &Watch,
) -> Result<Chosen, ExecError> {
    let plan = answers.plan;
    let cell = |output: usize, group: u32| answers.cell(output, group as usize);
    let mut steps = watch.steps();
    let mut groups: Vec<u32> = Vec::with_capacity(table.known_len());
    for group in 0..table.known_len() as u32 {
        steps.step()?;
        let mut havings = plan.havings.iter();
        if havings.all(|having| holds(having, &cell(having.output, group))) {
            groups.push(group);
        }
    }
    let group_count = groups.len();
    // Finished once per group, because a comparison would finish them again and again.
    let mut keys: Vec<Vec<Cell>> = Vec::with_capacity(plan.orders.len());
    for order in &plan.orders {
        let mut cells = Vec::new();
        if let OrderBy::Output(output) = order.by {
            cells.reserve_exact(table.len());
            for group in 0..table.len() as u32 {
                steps.step()?;
                cells.push(cell(output, group));
            }
        }
        keys.push(cells);
    }
    let compare = |left: &u32, right: &u32| {
        for (order, cells) in plan.orders.iter().zip(&keys) {
            let ordering = match order.by {
                OrderBy::Output(_) => {
                    compare_cells(&cells[*left as usize], &cells[*right as usize], order)
                }
                OrderBy::Breakdown(index) => {
                    let value = |group| table.key(group).nth(index);
                    compare_breakdowns(value(*left).as_ref(), value(*right).as_ref(), order)
                }
            };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        compare_keys(table, *left, *right)
    };
    if groups.len() > plan.limit
        && plan.limit > 0
        && let (Some(order), Some(cells)) = (plan.orders.first(), keys.first())
    {
        narrow(&mut groups, plan.limit, order, cells);
    }
    let mut groups = first_of(groups, plan.limit, watch, compare)?;
    groups.sort_unstable_by(compare);
    Ok(Chosen {
        groups,
        group_count,
    })
}

/// The first groups of an order, up to a limit that is not 0, themselves in no order.
fn first_of(
    groups: Vec<u32>,
    limit: usize,
    watch: &Watch,
    compare: impl Fn(&u32, &u32) -> Ordering,
) -> Result<Vec<u32>, ExecError> {
    if groups.len() <= limit || limit == 0 {
        return Ok(groups);
    }
    let mut first: Vec<u32> = Vec::with_capacity(limit * 2 + STEPS_PER_LOOK);
    for groups in groups.chunks(limit.max(STEPS_PER_LOOK)) {
        watch.check()?;
        first.extend_from_slice(groups);
        if first.len() > limit {
            first.select_nth_unstable_by(limit - 1, &compare);
            first.truncate(limit);
        }
    }
    Ok(first)
}

/// Leaves out groups that the first order alone puts beyond the limit, when it is by numbers of one type: most groups go without a
/// comparison of cells, keys and texts.
fn narrow(groups: &mut Vec<u32>, limit: usize, order: &OrderKey, cells: &[Cell]) {
    let first_is_int = matches!(cells.first(), Some(Cell::Int(_)));
    let rank = |cell: &Cell| {
        let rank = match cell {
            // No answer comes last in either direction.
            Cell::Null => return Some(u64::MAX),
            Cell::Int(value) if first_is_int => value.cast_unsigned() ^ SIGN,
            Cell::Float(value) if !first_is_int => match value.to_bits() {
                bits if bits & SIGN == 0 => bits | SIGN,
                bits => !bits,
            },
            _ => return None,
        };
        Some(match order.order {
            SortOrder::Ascending => rank,
            SortOrder::Descending => !rank,
        })
    };
    let ranks = groups.iter().map(|group| rank(cells.get(*group as usize)?));
    let Some(ranks) = ranks.collect::<Option<Vec<u64>>>() else {
        return;
    };
    let mut sorted = ranks.clone();
    let last = *sorted.select_nth_unstable(limit - 1).1;
    let mut ranks = ranks.into_iter();
    groups.retain(|_| ranks.next().is_some_and(|rank| rank <= last));
}

const SIGN: u64 = 1 << 63;

/// Gives the answers of cells from their states.
#[derive(Clone, Copy)]
pub(super) struct Answers<'a> {
    pub(super) plan: &'a Plan,
    pub(super) states: &'a [Box<dyn Partial>],
    /// What states of single cells do not say, as in [`Windows`](super::window::Windows); empty when they say all.
    pub(super) windows: &'a [Vec<Cell>],
}

impl Answers<'_> {
    /// The answer of one output for one cell.
    pub(super) fn cell(&self, output: usize, cell: usize) -> Cell {
        if let Some(cell) = self.windows.get(output).and_then(|cells| cells.get(cell)) {
            return cell.clone();
        }
        match &self.plan.outputs[output].by {
            OutputBy::Calculation { calculation, state } => {
                calculation.finish(&*self.states[*state], cell)
            }
            OutputBy::Formula(formula) => formula.evaluate(|input| self.cell(input, cell)),
        }
    }

    /// All that is in the answer, for one cell.
    pub(super) fn cells(&self, cell: usize) -> Vec<Cell> {
        let answers = self.plan.answers.iter();
        answers.map(|output| self.cell(*output, cell)).collect()
    }
}

/// Adds cells up: cell `i` of `states` goes to cell `targets[i]` of the result, which has `count` cells.
pub(super) fn regroup(
    plan: &[StatePlan],
    states: &[Box<dyn Partial>],
    targets: &[u32],
    count: usize,
    watch: &Watch,
) -> Result<Vec<Box<dyn Partial>>, ExecError> {
    let mut sums = start_states(plan, count);
    for (sum, state) in sums.iter_mut().zip(states) {
        merge_in_steps(&mut **sum, &**state, 0, targets, watch)?;
    }
    Ok(sums)
}

/// States of so many cells in which nothing is known.
pub(super) fn start_states(plan: &[StatePlan], count: usize) -> Vec<Box<dyn Partial>> {
    let states = plan.iter().map(|planned| {
        let mut state = planned.start();
        state.grow(count);
        state
    });
    states.collect()
}

/// The same by several threads, when there is much to add up.
pub(super) fn regroup_much(
    plan: &Plan,
    states: &[Box<dyn Partial>],
    targets: &[u32],
    count: usize,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<Vec<Box<dyn Partial>>, ExecError> {
    let bytes: usize = states.iter().map(|state| state.heap_bytes()).sum();
    if bytes < BYTES_FOR_THREADS || config.threads < 2 {
        return regroup(&plan.states, states, targets, count, watch);
    }
    let parts = config.threads * 4;
    let length = targets.len().div_ceil(parts).max(1);
    let start = || start_states(&plan.states, count);
    let sums = fold_items(parts, u64::MAX, config, start, |sums: &mut Vec<_>, part| {
        let first = (part * length).min(targets.len());
        let cells = &targets[first..(first + length).min(targets.len())];
        for (sum, state) in sums.iter_mut().zip(states) {
            let sum: &mut Box<dyn Partial> = sum;
            merge_in_steps(&mut **sum, &**state, first, cells, watch)?;
        }
        Ok(())
    })?;
    let moves: Vec<(u32, u32)> = (0..count as u32).map(|cell| (cell, cell)).collect();
    let mut sums = sums.into_iter();
    let mut all = sums.next().unwrap_or_else(start);
    for mut sum in sums {
        for (all, sum) in all.iter_mut().zip(&mut sum) {
            for moves in moves.chunks(STEPS_PER_LOOK) {
                watch.check()?;
                all.absorb(&mut **sum, moves);
            }
        }
    }
    Ok(all)
}

/// States of so many bytes are worth another thread.
const BYTES_FOR_THREADS: usize = 1 << 20;

/// The points of one group or of the total, ascending in time; `cells` pairs bucket and cell.
pub(super) fn points(answers: &Answers<'_>, mut cells: Vec<(u32, u32)>) -> Vec<SeriesPoint> {
    cells.sort_unstable();
    cells
        .into_iter()
        .map(|(bucket, cell)| SeriesPoint {
            time_ns: answers.plan.buckets.start_ns(bucket as usize),
            values: answers.cells(cell as usize),
        })
        .collect()
}

/// For each group its place in `chosen`, or [`NO_CELL`].
pub(super) fn places(chosen: &[u32], group_count: usize) -> Vec<u32> {
    let mut places = vec![NO_CELL; group_count];
    for (place, group) in chosen.iter().enumerate() {
        places[*group as usize] = place as u32;
    }
    places
}

/// A calculation without a number satisfies no having, not even `!=`: there is nothing to compare.
fn holds(having: &Having, cell: &Cell) -> bool {
    let Some(value) = cell.as_f64() else {
        return false;
    };
    match having.op {
        HavingOp::Equal => value == having.value,
        HavingOp::NotEqual => value != having.value,
        HavingOp::Greater => value > having.value,
        HavingOp::GreaterOrEqual => value >= having.value,
        HavingOp::Less => value < having.value,
        HavingOp::LessOrEqual => value <= having.value,
    }
}

/// Numbers before text; no answer comes last in either direction.
fn compare_cells(left: &Cell, right: &Cell, key: &OrderKey) -> Ordering {
    let ordering = match (left, right) {
        (Cell::Null, Cell::Null) => return Ordering::Equal,
        (Cell::Null, _) => return Ordering::Greater,
        (_, Cell::Null) => return Ordering::Less,
        (Cell::Int(left), Cell::Int(right)) => left.cmp(right),
        (Cell::Text(left), Cell::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
        (Cell::Text(_), _) => Ordering::Greater,
        (_, Cell::Text(_)) => Ordering::Less,
        _ => left
            .as_f64()
            .unwrap_or(f64::NAN)
            .total_cmp(&right.as_f64().unwrap_or(f64::NAN)),
    };
    directed(ordering, key)
}

fn compare_breakdowns(
    left: Option<&GroupValue<'_>>,
    right: Option<&GroupValue<'_>>,
    key: &OrderKey,
) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) => match (left, right) {
            (GroupValue::Null, _) | (_, GroupValue::Null) => compare_values(left, right),
            _ => directed(compare_values(left, right), key),
        },
        _ => Ordering::Equal,
    }
}

fn directed(ordering: Ordering, key: &OrderKey) -> Ordering {
    match key.order {
        SortOrder::Ascending => ordering,
        SortOrder::Descending => ordering.reverse(),
    }
}

fn compare_keys(table: &GroupTable, left: u32, right: u32) -> Ordering {
    table
        .key(left)
        .zip(table.key(right))
        .map(|(left, right)| compare_values(&left, &right))
        .find(|ordering| *ordering != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}
