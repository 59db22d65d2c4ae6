//! Sources, or other pieces of work, shared out to a few threads, each of which folds what it reads into one state.

use super::watch::ExecError;
use crate::engine::EngineConfig;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use waggle_store::Source;

/// Folds every source, given with its index, into states made by `start`, one state per thread. The first failure stops the other threads at their next
/// source.
pub(crate) fn fold_sources<S: Send>(
    sources: &[Source],
    config: &EngineConfig,
    start: impl Fn() -> S + Sync,
    fold: impl Fn(&mut S, usize, &Source) -> Result<(), ExecError> + Sync,
) -> Result<Vec<S>, ExecError> {
    let rows = sources.iter().map(|source| u64::from(source.row_count()));
    fold_items(sources.len(), rows.sum(), config, start, |state, index| {
        fold(state, index, &sources[index])
    })
}

/// Folds the items `0..count` in the same way; together they look at `rows` rows.
pub(crate) fn fold_items<S: Send>(
    count: usize,
    rows: u64,
    config: &EngineConfig,
    start: impl Fn() -> S + Sync,
    fold: impl Fn(&mut S, usize) -> Result<(), ExecError> + Sync,
) -> Result<Vec<S>, ExecError> {
    let useful = usize::try_from(rows / config.thread_rows_min.max(1)).unwrap_or(usize::MAX) + 1;
    let threads = config.threads.min(count).min(useful).max(1);
    let next = AtomicUsize::new(0);
    let has_failed = AtomicBool::new(false);
    let work = || {
        let mut state = start();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count || has_failed.load(Ordering::Relaxed) {
                break;
            }
            if let Err(error) = fold(&mut state, index) {
                has_failed.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
        Ok(state)
    };
    if threads == 1 {
        return Ok(vec![work()?]);
    }
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut states = vec![work()];
        for other in others {
            match other.join() {
                Ok(state) => states.push(state),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        states.into_iter().collect()
    })
}
