//! Groups by way of codes: one step per breakdown, or per few breakdowns with few values, from the path of the values so far to the path
//! that is longer by those of the step.
//!
//! A row costs one look into an array per step. The arrays grow with the combinations that occur, not with those that could.

use super::GroupTable;
use super::code::ColumnCodes;
use crate::calculation::Rows;
use crate::chunk::TypedBuffer;
use waggle_model::QueryError;
use waggle_store::column::{CHUNK_ROWS, Column};

/// All arrays together may have this many places, unless there is one breakdown.
const SLOTS_MAX: usize = 1 << 20;
/// They may have this many places per row, so that a small run does not pay for a large product.
const SLOTS_PER_ROW: usize = 4;
/// Breakdowns whose values make so many combinations are taken in one step: the array still fits a core's own cache.
const STEP_MAX: usize = 1 << 16;

const UNKNOWN: u32 = u32::MAX;

/// Codes to groups of one source, which are numbered from 0 as they are met.
pub(super) struct Paths {
    steps: Vec<Step>,
    slots_max: usize,
    slot_count: usize,
    codes: Vec<u32>,
}

struct Step {
    columns: Vec<ColumnCodes>,
    radix: usize,
    /// For `path * radix + code` the path that is one step longer; [`UNKNOWN`] until it is met.
    slots: Vec<u32>,
    /// The path that each path of this step continues, and with which code.
    paths: Vec<(u32, u32)>,
}

impl Paths {
    /// `columns` has the column of each breakdown, at least one. `None` when one of them has values without codes.
    pub(super) fn new(columns: &[Option<&Column>], row_count: u32) -> Option<Self> {
        let is_alone = columns.len() == 1;
        let slots_max = match is_alone {
            true => usize::MAX,
            false => SLOTS_MAX.min(row_count as usize * SLOTS_PER_ROW),
        };
        let mut steps: Vec<Step> = Vec::new();
        for column in columns {
            let codes = ColumnCodes::new(*column, is_alone)?;
            match steps.last_mut() {
                Some(step) if step.radix.saturating_mul(codes.radix) <= STEP_MAX.min(slots_max) => {
                    step.radix *= codes.radix;
                    step.columns.push(codes);
                }
                _ => steps.push(Step {
                    radix: codes.radix,
                    columns: vec![codes],
                    slots: Vec::new(),
                    paths: Vec::new(),
                }),
            }
        }
        let first = steps.first_mut()?;
        if first.radix > slots_max {
            return None;
        }
        first.slots.resize(first.radix, UNKNOWN);
        Some(Self {
            slot_count: first.radix,
            steps,
            slots_max,
            codes: Vec::with_capacity(CHUNK_ROWS),
        })
    }

    /// Number of groups met so far.
    pub(super) fn len(&self) -> usize {
        self.steps.last().map_or(0, |step| step.paths.len())
    }

    /// Groups there can be at most.
    pub(super) fn len_max(&self) -> usize {
        let radixes = self.steps.iter().map(|step| step.radix);
        radixes.fold(1, usize::saturating_mul)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.slot_count * size_of::<u32>() + self.len() * size_of::<(u32, u32)>()
    }

    /// Writes the number of each row's group to `out`. False when there are too many combinations or numbers: then `out` means nothing
    /// and no more rows can be taken in.
    pub(super) fn groups(
        &mut self,
        columns: &[&[TypedBuffer]],
        rows: &Rows<'_>,
        out: &mut Vec<u32>,
    ) -> bool {
        out.clear();
        out.resize(rows.positions.len(), 0);
        let mut first = 0;
        for index in 0..self.steps.len() {
            let mut codes = std::mem::take(&mut self.codes);
            codes.clear();
            codes.resize(rows.positions.len(), 0);
            let step = &mut self.steps[index];
            for (column, values) in step.columns.iter_mut().zip(&columns[first..]) {
                if !column.append(values, rows, &mut codes) {
                    return false;
                }
            }
            first += step.columns.len();
            for (place, code) in out.iter_mut().zip(&codes) {
                let step = &self.steps[index];
                let path = *place;
                let slot = path as usize * step.radix + *code as usize;
                *place = step.slots[slot];
                if *place == UNKNOWN {
                    let Some(next) = self.meet(index, path, *code) else {
                        return false;
                    };
                    self.steps[index].slots[slot] = next;
                    *place = next;
                }
            }
            self.codes = codes;
        }
        true
    }

    /// Of one breakdown, its codes and the code of each group; else itself.
    pub(super) fn into_alone(
        mut self,
    ) -> Result<(ColumnCodes, impl Iterator<Item = u32> + use<>), Self> {
        match &mut self.steps[..] {
            [step] if step.columns.len() == 1 => match step.columns.pop() {
                Some(codes) => {
                    let paths = std::mem::take(&mut step.paths);
                    Ok((codes, paths.into_iter().map(|(_, code)| code)))
                }
                None => Err(self),
            },
            _ => Err(self),
        }
    }

    /// What comes after a path that goes on with a code for the first time; `None` when there is no room.
    fn meet(&mut self, index: usize, path: u32, code: u32) -> Option<u32> {
        if let Some(after) = self.steps.get_mut(index + 1) {
            self.slot_count += after.radix;
            if self.slot_count > self.slots_max {
                return None;
            }
            after.slots.resize(after.slots.len() + after.radix, UNKNOWN);
        }
        let paths = &mut self.steps[index].paths;
        paths.push((path, code));
        Some(paths.len() as u32 - 1)
    }

    /// The number that a group has in the table.
    pub(super) fn global(&self, table: &mut GroupTable, group: u32) -> Result<u32, QueryError> {
        let mut key = vec![0; table.tables.len()];
        let mut end = key.len();
        let mut path = group;
        for step in self.steps.iter().rev() {
            let (before, mut code) = step.paths[path as usize];
            path = before;
            for column in step.columns.iter().rev() {
                end -= 1;
                let radix = column.radix as u32;
                key[end] = column.value(&mut table.tables[end], code % radix);
                code /= radix;
            }
        }
        table.group(&key)
    }
}
