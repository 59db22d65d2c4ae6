//! The passes of a query.
//!
//! Without breakdowns, or when groups and buckets are few, one pass keeps cells apart by group and bucket, and groups are sums of
//! cells. Otherwise the first pass finds the groups without looking at time, and the second computes the series of those that are
//! returned, with one more group for all the rest, from which the total's series is summed. A heat map needs the range of its values
//! first, so it is drawn in the second pass too, or in one of its own.

use super::finish::{Chosen, cells_of, choose, places, points, regroup};
use super::gathered::{Counters, Gathered, Shape};
use super::group::GroupTable;
use super::heatmap::Scale;
use super::parallel::fold_sources;
use super::scan::scan;
use super::watch::{ExecError, Watch};
use crate::calculation::Partial;
use crate::engine::EngineConfig;
use crate::plan::Plan;
use waggle_model::{Group, Heatmap, QueryStats, ResultTable, SeriesPoint};
use waggle_store::{Snapshot, Source};

/// Answers a query over a snapshot.
pub(crate) fn run(
    snapshot: &Snapshot,
    plan: &Plan,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<ResultTable, ExecError> {
    let run = Run {
        sources: &snapshot.sources,
        plan,
        config,
        watch,
    };
    if plan.has_series && run.expected_cells()? <= config.one_pass_cells_max {
        match run.in_one_pass() {
            Err(ExecError::TooManyCells) => {}
            answer => return answer,
        }
    }
    run.in_two_passes()
}

struct Run<'a> {
    sources: &'a [Source],
    plan: &'a Plan,
    config: &'a EngineConfig,
    watch: &'a Watch,
}

impl Run<'_> {
    fn in_one_pass(&self) -> Result<ResultTable, ExecError> {
        let plan = self.plan;
        let shape = Shape {
            buckets: Some(plan.buckets),
            // The expectation may be wrong; beyond this the query starts again in two passes.
            cells_max: self.config.one_pass_cells_max.saturating_mul(4),
            ..self.grouped()
        };
        let gathered = self.pass(&shape)?;
        let cells = &gathered.cells.cells;
        let group_of_cell: Vec<u32> = cells.iter().map(|(group, _)| *group).collect();
        let group_count = gathered.groups.len();
        let states = regroup(&plan.states, &gathered.states, &group_of_cell, group_count);
        let chosen = choose(plan, &gathered.groups, &states);
        self.watch.check()?;
        let places = places(&chosen.groups, group_count);
        let series = self.series(&gathered, &places, chosen.groups.len());
        let total_series = self.total_series(&gathered);
        let mut table = self.table(&gathered.groups, &states, &chosen, gathered.counters);
        table.series = series;
        table.total_series = total_series;
        let scales = self.scales(&states, group_count);
        if scales.iter().any(Option::is_some) {
            let maps = self.pass(&self.ungrouped(&scales))?;
            table.heatmaps = self.heatmaps(&maps, &scales);
        }
        Ok(self.stamped(table))
    }

    fn in_two_passes(&self) -> Result<ResultTable, ExecError> {
        let plan = self.plan;
        let gathered = self.pass(&self.grouped())?;
        let chosen = choose(plan, &gathered.groups, &gathered.states);
        self.watch.check()?;
        let mut table = self.table(
            &gathered.groups,
            &gathered.states,
            &chosen,
            gathered.counters,
        );
        let scales = self.scales(&gathered.states, gathered.groups.len());
        let frozen = gathered.groups.frozen(&chosen.groups)?;
        gathered.release(self.watch)?;
        let mut shape = self.ungrouped(&scales);
        if plan.has_series {
            shape.groups = frozen;
            shape.is_grouped = true;
            shape.buckets = Some(plan.buckets);
            shape.has_states = true;
        } else if shape.maps.is_empty() {
            return Ok(self.stamped(table));
        }
        let second = self.pass(&shape)?;
        if plan.has_series {
            // Groups are numbered by their place in the answer; the rest comes after them.
            let places: Vec<u32> = (0..second.groups.len() as u32).collect();
            table.series = self.series(&second, &places, chosen.groups.len());
            table.total_series = self.total_series(&second);
        }
        table.heatmaps = self.heatmaps(&second, &scales);
        Ok(self.stamped(table))
    }

    /// A pass over all groups, without time.
    fn grouped(&self) -> Shape {
        Shape {
            groups: GroupTable::new(self.plan.breakdowns.len(), self.config.groups_max),
            is_grouped: true,
            buckets: None,
            cells_max: usize::MAX,
            has_states: true,
            maps: Vec::new(),
        }
    }

    /// A pass that only draws maps.
    fn ungrouped(&self, scales: &[Option<Scale>]) -> Shape {
        let column = |output: usize| self.plan.states[self.plan.outputs[output].state].column;
        Shape {
            groups: GroupTable::new(0, 1),
            is_grouped: false,
            buckets: None,
            cells_max: usize::MAX,
            has_states: false,
            maps: scales
                .iter()
                .enumerate()
                .filter_map(|(output, scale)| Some((column(output)?, scale.clone()?)))
                .collect(),
        }
    }

    fn pass(&self, shape: &Shape) -> Result<Gathered, ExecError> {
        let mut parts = fold_sources(
            self.sources,
            self.config,
            || Gathered::new(self.plan, shape),
            |gathered, _, source| scan(gathered, source, self.plan, shape, self.watch),
        )?
        .into_iter();
        let mut all = parts
            .next()
            .unwrap_or_else(|| Gathered::new(self.plan, shape));
        for part in parts {
            all.merge(&part, shape, self.watch)?;
        }
        Ok(all)
    }

    /// A guess at groups times buckets from the sizes of dictionaries; very large when a breakdown holds numbers, which have none.
    fn expected_cells(&self) -> Result<usize, ExecError> {
        let mut expected = self.plan.buckets.count;
        for breakdown in &self.plan.breakdowns {
            let mut entries_max = 1;
            for source in self.sources {
                let column = source.column(&self.plan.columns[*breakdown])?;
                for typed in column.iter().flat_map(|column| &column.types) {
                    let entries = match (typed.dictionary(), typed.column_type()) {
                        (Some(dictionary), _) => dictionary.len() + 1,
                        (None, waggle_model::ColumnType::Boolean) => 3,
                        (None, _) => return Ok(usize::MAX),
                    };
                    entries_max = entries_max.max(entries);
                }
            }
            expected = expected.saturating_mul(entries_max);
        }
        Ok(expected)
    }

    /// Everything but series and maps.
    fn table(
        &self,
        groups: &GroupTable,
        states: &[Box<dyn Partial>],
        chosen: &Chosen,
        counters: Counters,
    ) -> ResultTable {
        let plan = self.plan;
        let total = regroup(&plan.states, states, &vec![0; groups.len()], 1);
        let has_other = chosen.groups.len() < groups.len();
        let other = has_other.then(|| {
            // Whatever is not listed: beyond the limit, or dropped by a having.
            let mut targets = vec![0; groups.len()];
            for group in &chosen.groups {
                targets[*group as usize] = crate::calculation::NO_CELL;
            }
            cells_of(plan, &regroup(&plan.states, states, &targets, 1), 0)
        });
        ResultTable {
            calculations: plan.outputs[..plan.visible]
                .iter()
                .map(|output| output.label.clone())
                .collect(),
            breakdowns: plan
                .breakdowns
                .iter()
                .map(|column| plan.columns[*column].clone())
                .collect(),
            groups: chosen
                .groups
                .iter()
                .map(|group| Group {
                    key: groups.key(*group).map(|value| value.to_value()).collect(),
                    values: cells_of(plan, states, *group as usize),
                })
                .collect(),
            group_count: chosen.group_count,
            series: Vec::new(),
            total: cells_of(plan, &total, 0),
            total_series: Vec::new(),
            other,
            heatmaps: vec![None; plan.visible],
            granularity_ns: plan.buckets.granularity_ns,
            range: plan.range,
            stats: QueryStats {
                rows_read: counters.rows_read,
                rows_matched: counters.rows_matched,
                bytes_read: counters.bytes_read,
                blocks_read: counters.blocks_read,
                elapsed_ns: 0,
                sample_rate_applied: counters.has_sample_rate,
                approximate: plan.outputs[..plan.visible]
                    .iter()
                    .filter(|output| !total[output.state].is_exact())
                    .map(|output| output.label.clone())
                    .collect(),
            },
        }
    }

    /// The points of each returned group; `places` tells where in the answer a group of the pass is.
    fn series(&self, gathered: &Gathered, places: &[u32], count: usize) -> Vec<Vec<SeriesPoint>> {
        let mut cells = vec![Vec::new(); count];
        for (cell, (group, bucket)) in gathered.cells.cells.iter().enumerate() {
            if let Some(cells) = cells.get_mut(places[*group as usize] as usize) {
                cells.push((*bucket, cell as u32));
            }
        }
        cells
            .into_iter()
            .map(|cells| points(self.plan, &gathered.states, cells))
            .collect()
    }

    fn total_series(&self, gathered: &Gathered) -> Vec<SeriesPoint> {
        let cells = &gathered.cells.cells;
        let bucket_of_cell: Vec<u32> = cells.iter().map(|(_, bucket)| *bucket).collect();
        let count = self.plan.buckets.count;
        let totals = regroup(&self.plan.states, &gathered.states, &bucket_of_cell, count);
        let mut buckets = bucket_of_cell;
        buckets.sort_unstable();
        buckets.dedup();
        let cells = buckets.into_iter().map(|bucket| (bucket, bucket)).collect();
        points(self.plan, &totals, cells)
    }

    /// For each visible heat map the scale of its bins, when it has values.
    fn scales(&self, states: &[Box<dyn Partial>], group_count: usize) -> Vec<Option<Scale>> {
        self.plan.outputs[..self.plan.visible]
            .iter()
            .map(|output| {
                let state = &states[output.state];
                let (min, max) = (0..group_count)
                    .filter_map(|group| state.value_range(group))
                    .reduce(|(min, max), (low, high)| (min.min(low), max.max(high)))?;
                Some(Scale::new(min, max))
            })
            .collect()
    }

    /// One entry per visible calculation.
    fn heatmaps(&self, gathered: &Gathered, scales: &[Option<Scale>]) -> Vec<Option<Heatmap>> {
        let mut grids = gathered.grids.iter();
        scales
            .iter()
            .map(|scale| {
                let scale = scale.as_ref()?;
                Some(grids.next()?.finish(scale, &self.plan.buckets))
            })
            .collect()
    }

    fn stamped(&self, mut table: ResultTable) -> ResultTable {
        table.stats.elapsed_ns = self.watch.elapsed_ns();
        table
    }
}
