//! Which blocks go because they are too old or too many: values in, values out.
//!
//! Whole blocks go, since that costs nothing: a block goes by age when its last event is too old, and by size while the dataset takes too
//! many bytes, the oldest first. Answers are not cut at the limit, so for a while they show events a little older than it. So that this
//! while has an end, a block whose oldest events have overstayed by an eighth of the age is written again without them. Only blocks
//! count: what is in memory is young, and small beside any sensible limit.

use std::sync::Arc;
use waggle_metastore::Block as ListedBlock;
use waggle_model::{DatasetId, RetentionLimits, RetentionLoss};

/// A block is written again when its oldest events are too old by one of this many parts of the age.
const OVERSTAY: i64 = 8;

/// What happens to the blocks of one dataset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    /// They go.
    pub(crate) gone: Vec<Arc<ListedBlock>>,
    /// They lose their events from before [`kept_from_ns`](Self::kept_from_ns).
    pub(crate) trimmed: Vec<Arc<ListedBlock>>,
    pub(crate) kept_from_ns: i64,
}

/// Judges the blocks of one dataset.
pub(crate) fn judge(blocks: &[Arc<ListedBlock>], limits: RetentionLimits, now_ns: i64) -> Verdict {
    let mut verdict = Verdict {
        kept_from_ns: limits.kept_from_ns(now_ns).unwrap_or(i64::MIN),
        ..Verdict::default()
    };
    let mut newest_first = blocks.to_vec();
    newest_first.sort_by_key(|listed| (listed.block.max_time_ns, listed.id));
    newest_first.reverse();
    let age_ns = limits.age_max_ns.unwrap_or_default();
    let overstayed_ns = verdict.kept_from_ns.saturating_sub(age_ns / OVERSTAY);
    let bytes_limit = limits.bytes_limit().unwrap_or(u64::MAX);
    let mut bytes = 0_u64;
    for listed in newest_first {
        bytes = bytes.saturating_add(listed.block.length);
        if listed.block.max_time_ns < verdict.kept_from_ns || bytes > bytes_limit {
            verdict.gone.push(listed);
        } else if listed.block.min_time_ns < overstayed_ns {
            verdict.trimmed.push(listed);
        }
    }
    verdict
}

/// Says what the limits would take away.
pub(crate) fn preview(
    dataset: DatasetId,
    blocks: &[Arc<ListedBlock>],
    limits: RetentionLimits,
    now_ns: i64,
) -> RetentionLoss {
    let verdict = judge(blocks, limits, now_ns);
    let events = |blocks: &[Arc<ListedBlock>]| blocks.iter().map(|b| b.block.row_count).sum();
    let bytes = |blocks: &[Arc<ListedBlock>]| blocks.iter().map(|b| b.block.length).sum();
    RetentionLoss {
        dataset,
        event_count: events(blocks),
        stored_bytes: bytes(blocks),
        oldest_ns: blocks.iter().map(|listed| listed.block.min_time_ns).min(),
        lost_event_count: events(&verdict.gone),
        lost_bytes: bytes(&verdict.gone),
        lost_through_ns: verdict
            .gone
            .iter()
            .map(|listed| listed.block.max_time_ns)
            .max(),
    }
}

#[cfg(test)]
mod tests;
