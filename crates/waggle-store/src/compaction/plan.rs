//! Which blocks of a dataset are merged next: values in, values out.
//!
//! Blocks are sorted into tiers by size, each sixteen times the one before. Sixteen of a tier, or enough for a full block, are merged,
//! those next to each other in time first. So a row is written again about once a tier: once for the half-million blocks of a busy
//! dataset, twice for those of a few thousand rows. Full blocks are left alone, unless late rows have made more than a few of them cover
//! the same time; then they are merged and cut apart by time.

use std::sync::Arc;
use waggle_metastore::Block as ListedBlock;

/// When blocks are merged, and into what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Rows of a full block, about.
    pub(crate) rows: u64,
    /// Bytes of a full block, about, if it reaches them first.
    pub(crate) bytes: u64,
}

/// How large a block is beside a full one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SizeClass {
    /// Below a sixteenth.
    Small,
    /// Below half.
    Medium,
    /// As blocks shall be.
    Full,
}

/// Blocks of one dataset that become new ones.
#[derive(Clone, Debug)]
pub(crate) struct Merge {
    /// By earliest time.
    pub(crate) inputs: Vec<Arc<ListedBlock>>,
    pub(crate) cut: Cut,
}

/// How the rows of a merge are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// One block, and another one for the few rows of long ago, if there are some.
    Late,
    /// So many blocks of equal size, one after another in time.
    Even(usize),
}

/// A tier is so many times the one before, and so many blocks of one are merged.
const FANOUT: usize = 16;
/// Full blocks that may cover the same time.
const OVERLAP_MAX: usize = 4;
/// Blocks read by one merge.
const INPUTS_MAX: usize = 64;

/// The most useful merge among the blocks of one dataset; `None` when they are as they shall be.
pub(crate) fn plan(blocks: &[Arc<ListedBlock>], shape: Shape) -> Option<Merge> {
    let mut blocks = blocks.to_vec();
    blocks.sort_by_key(|listed| (listed.block.min_time_ns, listed.id));
    merge_of_small(&blocks, shape).or_else(|| merge_of_overlapping(&blocks, shape))
}

impl Shape {
    /// A block's size in rows; a block of long rows counts as more of them.
    fn size(self, listed: &ListedBlock) -> u64 {
        let by_bytes =
            u128::from(listed.block.length) * u128::from(self.rows) / u128::from(self.bytes.max(1));
        listed
            .block
            .row_count
            .max(u64::try_from(by_bytes).unwrap_or(u64::MAX))
            .max(1)
    }

    pub(crate) fn class(self, listed: &ListedBlock) -> SizeClass {
        match self.size(listed) {
            size if size < self.rows / 16 => SizeClass::Small,
            size if size < self.rows.div_ceil(2) => SizeClass::Medium,
            _ => SizeClass::Full,
        }
    }

    pub(crate) fn is_full(self, listed: &ListedBlock) -> bool {
        self.class(listed) == SizeClass::Full
    }
}

impl SizeClass {
    pub(crate) const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Full];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Full => "full",
        }
    }
}

fn tier(size: u64) -> u32 {
    size.ilog2() / FANOUT.ilog2()
}

fn merge_of_small(blocks: &[Arc<ListedBlock>], shape: Shape) -> Option<Merge> {
    let small: Vec<_> = blocks
        .iter()
        .filter(|listed| !shape.is_full(listed))
        .collect();
    let enough = shape.rows - shape.rows / 4;
    let most = shape.rows + shape.rows / 4;
    for wanted in 0..=tier(shape.rows) {
        let of_tier = |listed: &&&Arc<ListedBlock>| tier(shape.size(listed)) == wanted;
        let up_to_tier = |listed: &&&Arc<ListedBlock>| tier(shape.size(listed)) <= wanted;
        let count = small.iter().filter(of_tier).count();
        let size: u64 = small.iter().filter(up_to_tier).map(|l| shape.size(l)).sum();
        if count == 0 || (count < FANOUT && size < enough) {
            continue;
        }
        let mut inputs: Vec<Arc<ListedBlock>> = Vec::new();
        let mut total = 0;
        for listed in small.iter().filter(up_to_tier) {
            let size = shape.size(listed);
            if inputs.len() >= INPUTS_MAX
                || total >= enough
                || (total + size > most && inputs.len() > 1)
            {
                break;
            }
            total += size;
            inputs.push(Arc::clone(listed));
        }
        if inputs.len() > 1 {
            return Some(Merge {
                inputs,
                cut: Cut::Late,
            });
        }
    }
    None
}

/// Looks for the moment that most blocks cover. Blocks that only touch do not overlap: however many rows have the same time, blocks that
/// were cut apart are never merged again.
fn merge_of_overlapping(blocks: &[Arc<ListedBlock>], shape: Shape) -> Option<Merge> {
    let large = || {
        blocks
            .iter()
            .filter(|listed| shape.size(listed) >= shape.rows / FANOUT as u64)
            .filter(|listed| listed.block.min_time_ns < listed.block.max_time_ns)
    };
    // Ends come before starts of the same moment.
    let mut moments: Vec<(i64, bool)> = large()
        .flat_map(|listed| {
            [
                (listed.block.min_time_ns, true),
                (listed.block.max_time_ns, false),
            ]
        })
        .collect();
    moments.sort_unstable();
    let (mut depth, mut deepest, mut moment_ns) = (0_usize, 0, 0);
    for (at_ns, is_start) in moments {
        if !is_start {
            depth -= 1;
            continue;
        }
        depth += 1;
        if depth > deepest {
            (deepest, moment_ns) = (depth, at_ns);
        }
    }
    if deepest <= OVERLAP_MAX {
        return None;
    }
    let inputs: Vec<_> = large()
        .filter(|listed| {
            listed.block.min_time_ns <= moment_ns && moment_ns < listed.block.max_time_ns
        })
        .take(2 * OVERLAP_MAX)
        .cloned()
        .collect();
    let size: u64 = inputs.iter().map(|listed| shape.size(listed)).sum();
    let parts = (size + shape.rows / 2) / shape.rows.max(1);
    Some(Merge {
        inputs,
        cut: Cut::Even(usize::try_from(parts).unwrap_or(usize::MAX).max(1)),
    })
}

#[cfg(test)]
mod tests;
