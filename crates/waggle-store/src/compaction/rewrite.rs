//! Reading blocks and writing their rows again: merged, cut apart by time, without rows that shall go.

use super::plan::Cut;
use crate::block::BlockInput;
use crate::block_files::{BlockFiles, WrittenFile};
use crate::column::{CHUNK_ROWS, ChunkBuffer};
use crate::compaction::pace::Pace;
use crate::erase::RowPredicate;
use crate::store::flush::BlockPlan;
use crate::{Error, Result, Source};
use std::sync::Arc;
use waggle_metastore::Block as ListedBlock;
use waggle_model::Tenant;

/// Blocks of one dataset whose rows are written again.
#[derive(Clone)]
pub(crate) struct Rewrite {
    pub(crate) tenant: Tenant,
    pub(crate) inputs: Vec<Arc<ListedBlock>>,
    pub(crate) cut: Cut,
    /// Rows before this time are left out.
    pub(crate) from_ns: Option<i64>,
    /// Rows that this chooses are left out.
    pub(crate) erased: Option<Arc<dyn RowPredicate>>,
}

/// New blocks on stable storage but for their names, and how many rows went.
#[derive(Debug, Default)]
pub(crate) struct Rewritten {
    pub(crate) files: Vec<WrittenFile>,
    pub(crate) left_out: u64,
}

/// Rows of a rewrite in the order of time: time, input, row.
type Row = (i64, u32, u32);

impl Rewrite {
    pub(crate) fn of_one(listed: &Arc<ListedBlock>) -> Self {
        Self {
            tenant: listed.block.tenant,
            inputs: vec![Arc::clone(listed)],
            cut: Cut::Even(1),
            from_ns: None,
            erased: None,
        }
    }

    pub(crate) fn row_count(&self) -> u64 {
        self.inputs
            .iter()
            .map(|listed| listed.block.row_count)
            .sum()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.inputs.iter().map(|listed| listed.block.length).sum()
    }
}

/// Carries out rewrites: those with few rows share a file, the others get one a block. On an error no file stays.
pub(crate) fn rewrite(
    rewrites: &[Rewrite],
    files: &BlockFiles,
    shared_rows: u64,
    pace: &Arc<Pace>,
    now_ns: i64,
) -> Result<Rewritten> {
    let mut rewritten = Rewritten::default();
    let mut shared = Vec::new();
    let mut write = |plans: &[BlockPlan]| -> Result<()> {
        let file = files.writer(now_ns, Some(Arc::clone(pace))).write(plans);
        rewritten.files.extend(file?);
        Ok(())
    };
    let mut left_out = 0;
    let outcome = rewrites
        .iter()
        .try_for_each(|rewrite| {
            let sources = rewrite
                .inputs
                .iter()
                .map(|listed| files.read_past_cache(listed, pace))
                .collect::<Result<Vec<Source>, _>>()?;
            let (plans, gone) = block_plans(rewrite, sources)?;
            left_out += gone;
            if rewrite.row_count() <= shared_rows {
                shared.extend(plans);
                return Ok(());
            }
            plans.into_iter().try_for_each(|plan| write(&[plan]))
        })
        .and_then(|()| match shared.is_empty() {
            true => Ok(()),
            false => write(&shared),
        });
    rewritten.left_out = left_out;
    match outcome {
        Ok(()) => Ok(rewritten),
        Err(error) => {
            for file in &rewritten.files {
                files.discard(&file.name);
            }
            Err(error)
        }
    }
}

/// Which rows of which source go into which block; how many into none.
fn block_plans(rewrite: &Rewrite, sources: Vec<Source>) -> Result<(Vec<BlockPlan>, u64)> {
    let plan = |inputs| BlockPlan {
        tenant: rewrite.tenant,
        inputs,
    };
    if rewrite.cut == Cut::Even(1) && rewrite.from_ns.is_none() && rewrite.erased.is_none() {
        let inputs = sources.into_iter().map(BlockInput::from).collect();
        return Ok((vec![plan(inputs)], 0));
    }
    let rows = remaining_rows(rewrite, &sources)?;
    let total: u64 = sources
        .iter()
        .map(|source| u64::from(source.row_count()))
        .sum();
    let left_out = total - rows.len() as u64;
    let parts = parts(&rows, rewrite.cut);
    if left_out == 0 && parts.len() == 1 {
        let inputs = sources.into_iter().map(BlockInput::from).collect();
        return Ok((vec![plan(inputs)], 0));
    }
    let plans = parts
        .into_iter()
        .map(|part| plan(without_others(&sources, part)))
        .collect();
    Ok((plans, left_out))
}

fn remaining_rows(rewrite: &Rewrite, sources: &[Source]) -> Result<Vec<Row>> {
    let mut rows = Vec::with_capacity(usize::try_from(rewrite.row_count()).unwrap_or_default());
    let mut buffer = ChunkBuffer::default();
    for (input, source) in (0..).zip(sources) {
        let erased = match &rewrite.erased {
            Some(predicate) => predicate.rows(source).map_err(Error::Filter)?,
            None => Vec::new(),
        };
        let times = source.times()?;
        for first in (0..source.row_count()).step_by(CHUNK_ROWS) {
            times.read_ints(first as usize / CHUNK_ROWS, &mut buffer);
            for (row, &time_ns) in (first..source.row_count()).zip(buffer.values.iter()) {
                let word = erased.get(row as usize / 64).copied().unwrap_or_default();
                let is_erased = word >> (row % 64) & 1 == 1;
                if !is_erased && rewrite.from_ns.is_none_or(|from_ns| time_ns >= from_ns) {
                    rows.push((time_ns, input, row));
                }
            }
        }
    }
    // Each input is sorted by time already.
    rows.sort_by_key(|(time_ns, _, _)| *time_ns);
    Ok(rows)
}

/// Cuts rows apart, none of the parts empty.
fn parts(rows: &[Row], cut: Cut) -> Vec<&[Row]> {
    match cut {
        _ if rows.is_empty() => Vec::new(),
        Cut::Even(count) => rows.chunks(rows.len().div_ceil(count.max(1))).collect(),
        Cut::Late => match late_end(rows) {
            Some(end) => {
                let (late, timely) = rows.split_at(end);
                vec![late, timely]
            }
            None => vec![rows],
        },
    }
}

/// Where the few rows of long ago end that would make a block cover a time of which it holds next to nothing.
///
/// A query of some moment reads a block that covers it. The cost of a cut is therefore the rows of each part times the time it covers;
/// a cut is worth a block of its own when it saves three quarters of that and takes off at most an eighth of the rows.
fn late_end(rows: &[Row]) -> Option<usize> {
    let (first_ns, last_ns) = (rows.first()?.0, rows.last()?.0);
    let span = |from_ns: i64, to_ns: i64| i128::from(to_ns) - i128::from(from_ns);
    let cost = |end: usize| {
        let (late, timely) = (end as i128, (rows.len() - end) as i128);
        late * span(first_ns, rows[end - 1].0) + timely * span(rows[end].0, last_ns)
    };
    let best = (1..=rows.len() / 8).min_by_key(|end| cost(*end))?;
    let uncut = rows.len() as i128 * span(first_ns, last_ns);
    (cost(best) < uncut / 4).then_some(best)
}

/// The sources, with all rows but those of a part left out.
fn without_others(sources: &[Source], part: &[Row]) -> Vec<BlockInput> {
    let mut erased: Vec<Vec<u64>> = sources
        .iter()
        .map(|source| vec![u64::MAX; (source.row_count() as usize).div_ceil(64)])
        .collect();
    for (_, input, row) in part {
        erased[*input as usize][*row as usize / 64] &= !(1 << (row % 64));
    }
    sources
        .iter()
        .zip(erased)
        .map(|(source, erased)| BlockInput {
            source: source.clone(),
            erased: Some(erased.into()),
        })
        .collect()
}

#[cfg(test)]
mod tests;
