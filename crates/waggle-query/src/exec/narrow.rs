//! From rows counted by codes to the few groups an answer can list.
//!
//! All groups of a query with hundreds of thousands of them need not be in one table: no group is in two parts of the hashes, so threads
//! take part after part, find its groups and choose among them as if they were all. The groups that no part lists are one group more.

use super::finish::{Answers, choose, start_states};
use super::gathered::{Gathered, Shape};
use super::group::{GroupTable, HashPart, PART_BITS_MAX};
use super::parallel::fold_items;
use super::watch::{ExecError, Watch};
use crate::calculation::Partial;
use crate::engine::EngineConfig;
use crate::plan::Plan;

/// Fewer codes are not worth the parts. In unoptimised tests hardly any are.
const CODES_MIN: usize = if cfg!(all(test, debug_assertions)) {
    4
} else {
    16_384
};
/// So many codes make a part: their groups stay in a core's own cache.
const PART_CODES: usize = if cfg!(all(test, debug_assertions)) {
    4
} else {
    32_768
};

/// Groups of which some can be in the answer.
pub(super) struct Narrowed {
    /// The last of its groups may be the rest of the table: all those that are not in it.
    pub(super) gathered: Gathered,
    /// How many groups of the rest pass the havings.
    pub(super) left_out: usize,
}

/// Finds the groups of what was counted by codes.
pub(super) fn narrow(
    plan: &Plan,
    mut gathered: Gathered,
    shape: &Shape,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<Narrowed, ExecError> {
    let codes = gathered.counted_len();
    if gathered.groups.len() > 0 || codes < CODES_MIN {
        gathered.settle(shape, watch)?;
        gathered.account(watch, 0)?;
        return Ok(Narrowed {
            gathered,
            left_out: 0,
        });
    }
    let parts = codes.div_ceil(PART_CODES).next_power_of_two();
    let bits = parts.ilog2().min(PART_BITS_MAX);
    let counted = &gathered.counted;
    let start = || Found::new(plan);
    let found = fold_items(1 << bits, codes as u64, config, start, |found, number| {
        watch.check()?;
        let number = number as u32;
        let part = HashPart { bits, number };
        let (groups, rows) = GroupTable::of_part(counted, part, found.part_max);
        let mut states = start_states(&plan.states, groups.len());
        for state in &mut states {
            for (group, rows) in rows.iter().enumerate() {
                state.update_without_column(group, *rows);
            }
        }
        found.add(plan, &groups, states, watch)
    })?;
    let mut found = found.into_iter();
    let mut all = found.next().unwrap_or_else(start);
    for other in found {
        all.absorb(other, watch)?;
    }
    let groups_max = gathered.groups.groups_max();
    GroupTable::check_len(all.group_count, all.has_empty_group, groups_max)?;
    let left_out = all.passing - all.listed.len();
    let mut narrowed = Gathered::new(plan, shape);
    narrowed.counters = gathered.counters;
    narrowed.put(all.listed, all.states);
    if all.group_count > narrowed.groups.len() {
        let rest = narrowed.groups.add_rest();
        narrowed.grow(shape);
        for (state, other) in narrowed.states.iter_mut().zip(&mut all.rest) {
            state.absorb(&mut **other, &[(0, rest)]);
        }
    }
    narrowed.replace(&gathered, watch)?;
    Ok(Narrowed {
        gathered: narrowed,
        left_out,
    })
}

/// What one thread has found.
struct Found {
    /// The groups that parts list, and their states.
    listed: GroupTable,
    states: Vec<Box<dyn Partial>>,
    /// One cell for all others.
    rest: Vec<Box<dyn Partial>>,
    group_count: usize,
    /// Most groups of a part, with a few more: parts are alike.
    part_max: usize,
    /// Groups that pass the havings.
    passing: usize,
    has_empty_group: bool,
}

impl Found {
    fn new(plan: &Plan) -> Self {
        Self {
            listed: GroupTable::new(plan.breakdowns.len(), usize::MAX),
            states: start_states(&plan.states, 0),
            rest: start_states(&plan.states, 1),
            group_count: 0,
            part_max: 0,
            passing: 0,
            has_empty_group: false,
        }
    }

    /// Adds the groups of a part.
    fn add(
        &mut self,
        plan: &Plan,
        groups: &GroupTable,
        mut states: Vec<Box<dyn Partial>>,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        let answers = Answers {
            plan,
            states: &states,
            windows: &[],
        };
        let chosen = choose(&answers, groups, watch)?;
        self.group_count += groups.len();
        self.part_max = self.part_max.max(groups.len() + groups.len() / 16);
        self.passing += chosen.group_count;
        self.has_empty_group |= groups.has_empty_group();
        let mut moves = Vec::with_capacity(chosen.groups.len());
        for group in chosen.groups {
            moves.push((group, self.listed.adopt(groups, group)?));
        }
        self.take_states(&mut states, &moves);
        // What was moved is empty by now.
        let all: Vec<(u32, u32)> = (0..groups.len() as u32).map(|group| (group, 0)).collect();
        for (rest, state) in self.rest.iter_mut().zip(&mut states) {
            rest.absorb(&mut **state, &all);
        }
        Ok(())
    }

    /// Adds what another thread has found in other parts.
    fn absorb(&mut self, mut other: Self, watch: &Watch) -> Result<(), ExecError> {
        let groups = self.listed.merge(&other.listed, watch)?;
        let moves: Vec<(u32, u32)> = (0..).zip(groups).collect();
        self.take_states(&mut other.states, &moves);
        for (rest, other) in self.rest.iter_mut().zip(&mut other.rest) {
            rest.absorb(&mut **other, &[(0, 0)]);
        }
        self.group_count += other.group_count;
        self.passing += other.passing;
        self.has_empty_group |= other.has_empty_group;
        Ok(())
    }

    fn take_states(&mut self, from: &mut [Box<dyn Partial>], moves: &[(u32, u32)]) {
        for (state, from) in self.states.iter_mut().zip(from) {
            state.grow(self.listed.len());
            state.absorb(&mut **from, moves);
        }
    }
}
