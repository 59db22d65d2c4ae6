//! The passes of a query.
//!
//! Without breakdowns, or when groups and buckets are few, one pass keeps cells apart by group and bucket, and groups are sums of
//! cells. Otherwise the first pass finds the groups without looking at time, and the second computes the series of those that are
//! returned, with one more group for all the rest, from which the total's series is summed. A heat map needs the range of its values
//! first, so it is drawn in the second pass too, or in one of its own.

use super::cached::States;
use super::finish::{Answers, Chosen, choose, places, points, regroup_much};
use super::gathered::{Counters, Gathered, Map, Shape};
use super::group::GroupTable;
use super::heatmap::Scale;
use super::narrow::{Narrowed, narrow};
use super::parallel::fold_items;
use super::pass::{FusedPass, Passes};
use super::watch::{ExecError, Watch};
use super::window::{Windows, fill, windows};
use crate::calculation::{NO_CELL, Partial};
use crate::chunk::entry_count;
use crate::engine::EngineConfig;
use crate::plan::Plan;
use crate::reading::usual_name;
use std::sync::Arc;
use waggle_model::{Cell, Group, Heatmap, QueryError, QueryStats, ResultTable, SeriesPoint};
use waggle_store::{Snapshot, Source};

/// Answers a query over a snapshot; `passes` brings together what each pass gathers.
pub(crate) fn run(
    snapshot: &Snapshot,
    plan: &Plan,
    states: &Arc<States>,
    passes: &dyn Passes,
    config: &EngineConfig,
    watch: &Arc<Watch>,
) -> Result<ResultTable, ExecError> {
    let (snapshot, plan) = plan.related(snapshot, config, watch)?;
    let plan = Arc::new(plan);
    let sources: Arc<[Source]> = snapshot.sources.as_slice().into();
    let mut pass = Pass::first(&plan, &sources, config)?;
    loop {
        let gathered = passes.gather(&Arc::new(FusedPass {
            plan: Arc::clone(&plan),
            shape: Arc::clone(&pass.shape),
            sources: Arc::clone(&sources),
            states: Arc::clone(states),
            config: config.clone(),
            watch: Arc::clone(watch),
        }));
        let gathered = match gathered {
            Err(ExecError::TooManyCells) if plan.is_windowed() => {
                return Err(too_many_cells(config));
            }
            Err(ExecError::TooManyCells) => {
                pass = Pass::of_groups(&plan, config);
                continue;
            }
            gathered => gathered?.0,
        };
        match pass.next(&plan, gathered, watch)? {
            Step::Again(next) => pass = next,
            Step::Done(table) => {
                // What could not fail where it happened has left its reason.
                watch.limits()?;
                return Ok(*table);
            }
        }
    }
}

/// One way through all sources: what is gathered on it, and what it is for.
struct Pass {
    shape: Arc<Shape>,
    stage: Stage,
    config: Box<EngineConfig>,
}

enum Stage {
    /// Everything but heat maps.
    Cells,
    /// Groups, without series.
    Groups,
    /// What the table still lacks: series, heat maps.
    Rest(Box<Draft>),
}

struct Draft {
    table: ResultTable,
    /// Of each visible calculation that is a heat map with values.
    scales: Vec<Option<Scale>>,
}

/// What follows a pass.
enum Step {
    /// Another pass over the same sources.
    Again(Pass),
    /// The answer.
    Done(Box<ResultTable>),
}

impl Pass {
    /// The pass a query begins with, judged by what these sources look like.
    fn first(plan: &Plan, sources: &[Source], config: &EngineConfig) -> Result<Self, ExecError> {
        let cells_max = match plan.is_windowed() {
            // There is no other way than to know all buckets of all groups.
            true => windowed_cells_max(config),
            false if !plan.has_series => return Ok(Self::of_groups(plan, config)),
            false if expected_cells(plan, sources)? > config.one_pass_cells_max => {
                return Ok(Self::of_groups(plan, config));
            }
            // The expectation may be wrong; beyond this the query starts again in two passes.
            false => config.one_pass_cells_max.saturating_mul(4),
        };
        let shape = Shape {
            buckets: Some(plan.buckets),
            cells_max,
            ..grouped(plan, config)
        };
        Ok(Self {
            shape: Arc::new(shape),
            stage: Stage::Cells,
            config: Box::new(config.clone()),
        })
    }

    /// The first of two passes, which always works.
    fn of_groups(plan: &Plan, config: &EngineConfig) -> Self {
        Self {
            shape: Arc::new(grouped(plan, config)),
            stage: Stage::Groups,
            config: Box::new(config.clone()),
        }
    }

    /// Goes on with what was gathered from all sources.
    fn next(self, plan: &Plan, gathered: Gathered, watch: &Watch) -> Result<Step, ExecError> {
        let config = self.config;
        match self.stage {
            Stage::Cells => after_cells(plan, gathered, &self.shape, config, watch),
            Stage::Groups => {
                let narrowed = narrow(plan, gathered, &self.shape, &config, watch)?;
                after_groups(plan, narrowed, config, watch)
            }
            Stage::Rest(draft) => after_rest(plan, *draft, &gathered, &config, watch),
        }
    }
}

fn after_cells(
    plan: &Plan,
    mut gathered: Gathered,
    shape: &Shape,
    config: Box<EngineConfig>,
    watch: &Watch,
) -> Result<Step, ExecError> {
    if plan.is_windowed() {
        fill(plan, &mut gathered, shape, watch).map_err(|error| match error {
            ExecError::TooManyCells => too_many_cells(&config),
            other => other,
        })?;
        gathered.account(watch, 0)?;
    }
    let cells = &gathered.cells.cells;
    let group_of_cell: Vec<u32> = cells.iter().map(|(group, _)| *group).collect();
    let group_count = gathered.groups.len();
    let cell_states = &gathered.states;
    let states = regroup_much(
        plan,
        cell_states,
        &group_of_cell,
        group_count,
        &config,
        watch,
    )?;
    let windows = windows(plan, cell_states, cells, group_count, watch)?;
    let answers = Answers {
        plan,
        states: &states,
        windows: &windows.series,
    };
    let chosen = choose(&answers, &gathered.groups, watch)?;
    watch.check()?;
    let places = places(&chosen.groups, group_count);
    let (groups, counters) = (&gathered.groups, gathered.counters);
    let mut table = table(&answers, groups, &chosen, counters, &config, watch)?;
    if plan.is_windowed() {
        let listed = |group: u32| places[group as usize] != NO_CELL;
        if table.other.is_some() {
            table.other = Some(whole(
                plan,
                &gathered,
                |group| !listed(group),
                &config,
                watch,
            )?);
        }
        if plan.has_total {
            table.total = whole(plan, &gathered, |_| true, &config, watch)?;
        }
    }
    if plan.has_series {
        let count = chosen.groups.len();
        table.series = series(plan, &gathered, &windows, &places, count, &config, watch)?;
        table.total_series = total_series(plan, &gathered, &config, watch)?;
    }
    let scales = scales(plan, &states, group_count);
    if scales.iter().all(Option::is_none) {
        return Ok(done(table, watch));
    }
    gathered.release(watch)?;
    Ok(Step::Again(Pass {
        shape: Arc::new(ungrouped(plan, &scales)),
        stage: Stage::Rest(Box::new(Draft { table, scales })),
        config,
    }))
}

fn after_groups(
    plan: &Plan,
    narrowed: Narrowed,
    config: Box<EngineConfig>,
    watch: &Watch,
) -> Result<Step, ExecError> {
    let Narrowed { gathered, left_out } = narrowed;
    let (groups, states) = (&gathered.groups, &gathered.states);
    let answers = Answers {
        plan,
        states,
        windows: &[],
    };
    let mut chosen = choose(&answers, groups, watch)?;
    chosen.group_count += left_out;
    watch.check()?;
    let table = table(&answers, groups, &chosen, gathered.counters, &config, watch)?;
    let scales = scales(plan, states, groups.len());
    let frozen = groups.frozen(&chosen.groups)?;
    gathered.release(watch)?;
    let mut shape = ungrouped(plan, &scales);
    if plan.has_series {
        shape.groups = frozen;
        shape.is_grouped = true;
        shape.buckets = Some(plan.buckets);
        shape.has_states = true;
    } else if shape.maps.is_empty() {
        return Ok(done(table, watch));
    }
    Ok(Step::Again(Pass {
        shape: Arc::new(shape),
        stage: Stage::Rest(Box::new(Draft { table, scales })),
        config,
    }))
}

fn after_rest(
    plan: &Plan,
    draft: Draft,
    gathered: &Gathered,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<Step, ExecError> {
    let Draft { mut table, scales } = draft;
    if !gathered.states.is_empty() {
        // Groups are numbered by their place in the answer; the rest comes after them.
        let places: Vec<u32> = (0..gathered.groups.len() as u32).collect();
        let (windows, count) = (Windows::default(), table.groups.len());
        table.series = series(plan, gathered, &windows, &places, count, config, watch)?;
        table.total_series = total_series(plan, gathered, config, watch)?;
    }
    table.heatmaps = heatmaps(plan, gathered, &scales);
    Ok(done(table, watch))
}

fn done(mut table: ResultTable, watch: &Watch) -> Step {
    table.stats.elapsed_ns = watch.elapsed_ns();
    Step::Done(Box::new(table))
}

/// A cell takes four bytes at least, so more of them would never fit.
fn windowed_cells_max(config: &EngineConfig) -> usize {
    usize::try_from(config.memory_bytes_max / 8).unwrap_or(usize::MAX)
}

/// Ends a query that has to know all buckets of all groups.
fn too_many_cells(config: &EngineConfig) -> ExecError {
    ExecError::Query(QueryError::TooLarge {
        what: "groups times time buckets",
        limit: windowed_cells_max(config) as u64,
    })
}

/// A pass over all groups, without time.
fn grouped(plan: &Plan, config: &EngineConfig) -> Shape {
    Shape {
        groups: GroupTable::new(plan.breakdowns.len(), config.groups_max),
        is_grouped: true,
        buckets: None,
        cells_max: usize::MAX,
        has_states: true,
        maps: Vec::new(),
    }
}

/// A pass that only draws maps.
fn ungrouped(plan: &Plan, scales: &[Option<Scale>]) -> Shape {
    let map = |output: usize, scale: &Option<Scale>| {
        let state = plan.states[plan.outputs[plan.answers[output]].state()?];
        Some(Map {
            column: state.column?,
            condition: state.condition,
            scale: scale.clone()?,
        })
    };
    Shape {
        groups: GroupTable::new(0, 1),
        is_grouped: false,
        buckets: None,
        cells_max: usize::MAX,
        has_states: false,
        maps: scales
            .iter()
            .enumerate()
            .filter_map(|(output, scale)| map(output, scale))
            .collect(),
    }
}

/// A guess at the different values of a column that is not stored and that groups are made by.
const EXTRA_ENTRIES: usize = 64;

/// A guess at groups times buckets from the sizes of dictionaries; very large when a breakdown holds numbers, which have none.
fn expected_cells(plan: &Plan, sources: &[Source]) -> Result<usize, ExecError> {
    let mut expected = plan.buckets.count;
    for breakdown in &plan.breakdowns {
        let mut entries_max = 1;
        let name = &plan.columns[*breakdown];
        if sources.iter().any(|source| source.is_extra(name)) {
            // To know more they would have to be made, all of them on this thread.
            expected = expected.saturating_mul(EXTRA_ENTRIES);
            continue;
        }
        for source in sources {
            let Some(entries) = entry_count(source, name)? else {
                return Ok(usize::MAX);
            };
            entries_max = entries_max.max(entries + 1);
        }
        expected = expected.saturating_mul(entries_max);
    }
    Ok(expected)
}

/// Everything but series and maps.
fn table(
    answers: &Answers<'_>,
    groups: &GroupTable,
    chosen: &Chosen,
    counters: Counters,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<ResultTable, ExecError> {
    let Answers { plan, states, .. } = *answers;
    let mut listed = vec![NO_CELL; groups.len()];
    let mut not_listed = vec![0; groups.len()];
    for group in &chosen.groups {
        listed[*group as usize] = 0;
        not_listed[*group as usize] = NO_CELL;
    }
    // Because it is beyond the limit or dropped by a having.
    let is_other_shown = plan.has_other && chosen.groups.len() < groups.len();
    let others = match is_other_shown || plan.has_total {
        true => Some(regroup_much(plan, states, &not_listed, 1, config, watch)?),
        false => None,
    };
    let other = others.as_ref().filter(|_| is_other_shown);
    let other = other.map(|other| summary(plan, other));
    let mut total = None;
    if let (Some(mut all), true) = (others, plan.has_total) {
        let mut listed = regroup_much(plan, states, &listed, 1, config, watch)?;
        for (all, listed) in all.iter_mut().zip(&mut listed) {
            all.absorb(&mut **listed, &[(0, 0)]);
        }
        total = Some(all);
    }
    let shown = total.as_deref().unwrap_or(states);
    let values = values_of(answers, &chosen.groups, config, watch)?;
    Ok(ResultTable {
        calculations: plan
            .answers
            .iter()
            .map(|output| plan.outputs[*output].label.clone())
            .collect(),
        breakdowns: plan
            .breakdowns
            .iter()
            .map(|column| usual_name(&plan.columns[*column]).to_owned())
            .collect(),
        groups: chosen
            .groups
            .iter()
            .zip(values)
            .map(|(group, values)| Group {
                key: groups.key(*group).map(|value| value.to_value()).collect(),
                values,
            })
            .collect(),
        group_count: chosen.group_count,
        series: Vec::new(),
        total: total
            .as_deref()
            .map_or_else(Vec::new, |total| summary(plan, total)),
        total_series: Vec::new(),
        other,
        heatmaps: vec![None; plan.answers.len()],
        granularity_ns: plan.buckets.granularity_ns,
        range: plan.range,
        stats: QueryStats {
            rows_read: counters.rows_read,
            rows_matched: counters.rows_matched,
            bytes_read: counters.bytes_read,
            blocks_read: counters.blocks_read,
            elapsed_ns: 0,
            sample_rate_applied: counters.has_sample_rate,
            approximate: plan
                .answers
                .iter()
                .map(|output| &plan.outputs[*output])
                .filter(|output| !plan.states_of(output).all(|state| shown[state].is_exact()))
                .map(|output| output.label.clone())
                .collect(),
        },
    })
}

/// The answers of groups, by several threads when they are many.
fn values_of(
    answers: &Answers<'_>,
    groups: &[u32],
    config: &EngineConfig,
    watch: &Watch,
) -> Result<Vec<Vec<Cell>>, ExecError> {
    let rows = groups.len() as u64 * ROWS_PER_CELL;
    let parts = fold_items(
        groups.len(),
        rows,
        config,
        Vec::new,
        |part: &mut Vec<_>, place| {
            watch.check()?;
            part.push((place, answers.cells(groups[place] as usize)));
            Ok(())
        },
    )?;
    let mut values: Vec<(usize, Vec<Cell>)> = parts.into_iter().flatten().collect();
    values.sort_unstable_by_key(|(place, _)| *place);
    Ok(values.into_iter().map(|(_, values)| values).collect())
}

/// To finish a cell takes about as long as to read so many rows.
const ROWS_PER_CELL: u64 = 64;

/// The answers of states of one cell.
fn summary(plan: &Plan, states: &[Box<dyn Partial>]) -> Vec<Cell> {
    let answers = Answers {
        plan,
        states,
        windows: &[],
    };
    answers.cells(0)
}

/// The answers over the time of all rows of some groups, for plans whose answers depend on the order of buckets.
fn whole(
    plan: &Plan,
    gathered: &Gathered,
    is_wanted: impl Fn(u32) -> bool,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<Vec<Cell>, ExecError> {
    let cells = gathered.cells.cells.iter();
    let buckets: Vec<u32> = cells
        .map(|(group, bucket)| match is_wanted(*group) {
            true => *bucket,
            false => NO_CELL,
        })
        .collect();
    let count = plan.buckets.count;
    let by_bucket = regroup_much(plan, &gathered.states, &buckets, count, config, watch)?;
    let (_, windows) = one_series(plan, &by_bucket, buckets, watch)?;
    let sums = regroup_much(plan, &by_bucket, &vec![0; count], 1, config, watch)?;
    let answers = Answers {
        plan,
        states: &sums,
        windows: &windows.series,
    };
    Ok(answers.cells(0))
}

/// The buckets that have rows, and the answers of the series they make; states are by bucket.
fn one_series(
    plan: &Plan,
    states: &[Box<dyn Partial>],
    mut buckets: Vec<u32>,
    watch: &Watch,
) -> Result<(Vec<(u32, u32)>, Windows), ExecError> {
    buckets.sort_unstable();
    buckets.dedup();
    buckets.retain(|bucket| *bucket != NO_CELL);
    let mut windows = Windows::default();
    if plan.is_windowed() {
        // Buckets without rows are cells too, in which nothing is known.
        let all: Vec<(u32, u32)> = (0..plan.buckets.count as u32)
            .map(|bucket| (0, bucket))
            .collect();
        windows = super::window::windows(plan, states, &all, 1, watch)?;
    }
    let cells = buckets.into_iter().map(|bucket| (bucket, bucket)).collect();
    Ok((cells, windows))
}

/// The points of each returned group; `places` tells where in the answer a group of the pass is.
fn series(
    plan: &Plan,
    gathered: &Gathered,
    windows: &Windows,
    places: &[u32],
    count: usize,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<Vec<Vec<SeriesPoint>>, ExecError> {
    let mut cells = vec![Vec::new(); count];
    for (cell, (group, bucket)) in gathered.cells.cells.iter().enumerate() {
        if let Some(cells) = cells.get_mut(places[*group as usize] as usize) {
            cells.push((*bucket, cell as u32));
        }
    }
    let answers = Answers {
        plan,
        states: &gathered.states,
        windows: &windows.cells,
    };
    let rows = gathered.cells.cells.len() as u64 * ROWS_PER_CELL;
    let parts = fold_items(count, rows, config, Vec::new, |part: &mut Vec<_>, group| {
        watch.check()?;
        part.push((group, points(&answers, cells[group].clone())));
        Ok(())
    })?;
    let mut series: Vec<(usize, Vec<SeriesPoint>)> = parts.into_iter().flatten().collect();
    series.sort_unstable_by_key(|(group, _)| *group);
    Ok(series.into_iter().map(|(_, points)| points).collect())
}

fn total_series(
    plan: &Plan,
    gathered: &Gathered,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<Vec<SeriesPoint>, ExecError> {
    if !plan.has_total {
        return Ok(Vec::new());
    }
    let cells = &gathered.cells.cells;
    let bucket_of_cell: Vec<u32> = cells.iter().map(|(_, bucket)| *bucket).collect();
    let count = plan.buckets.count;
    let totals = regroup_much(
        plan,
        &gathered.states,
        &bucket_of_cell,
        count,
        config,
        watch,
    )?;
    let (cells, windows) = one_series(plan, &totals, bucket_of_cell, watch)?;
    let answers = Answers {
        plan,
        states: &totals,
        windows: &windows.cells,
    };
    Ok(points(&answers, cells))
}

/// For each visible heat map the scale of its bins, when it has values.
fn scales(plan: &Plan, states: &[Box<dyn Partial>], group_count: usize) -> Vec<Option<Scale>> {
    plan.answers
        .iter()
        .map(|output| {
            let state = &states[plan.outputs[*output].state()?];
            let (min, max) = (0..group_count)
                .filter_map(|group| state.value_range(group))
                .reduce(|(min, max), (low, high)| (min.min(low), max.max(high)))?;
            Some(Scale::new(min, max))
        })
        .collect()
}

/// One entry per visible calculation.
fn heatmaps(plan: &Plan, gathered: &Gathered, scales: &[Option<Scale>]) -> Vec<Option<Heatmap>> {
    let mut grids = gathered.grids.iter();
    scales
        .iter()
        .map(|scale| {
            let scale = scale.as_ref()?;
            Some(grids.next()?.finish(scale, &plan.buckets))
        })
        .collect()
}
