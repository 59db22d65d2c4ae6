//! Sources, pieces of sources, or other items of work, shared out to a few threads, each of which folds what it reads into one state.

use super::turn::{self, Waiter};
use super::watch::ExecError;
use crate::engine::EngineConfig;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use waggle_store::column::CHUNK_ROWS;
use waggle_store::{Source, Wanted};

/// Chunks of a piece: 65,536 rows, which take a fraction of a millisecond to a few. In unoptimised tests one, so that small sources are
/// shared too.
const PIECE_CHUNKS: usize = if cfg!(all(test, debug_assertions)) {
    1
} else {
    64
};

/// The chunks of one source, taken piece by piece by the threads that read it.
pub(crate) struct Pieces {
    chunk_count: usize,
    next_chunk: AtomicUsize,
    /// Threads that have read some of it or looked for something to read.
    readers: AtomicUsize,
    has_reader: AtomicBool,
    has_opener: AtomicBool,
}

impl Pieces {
    fn new(source: &Source) -> Self {
        Self {
            chunk_count: (source.row_count() as usize).div_ceil(CHUNK_ROWS),
            next_chunk: AtomicUsize::new(0),
            readers: AtomicUsize::new(0),
            has_reader: AtomicBool::new(false),
            has_opener: AtomicBool::new(false),
        }
    }

    /// Chunks that no thread reads yet; they are the caller's now.
    pub(crate) fn take(&self) -> Option<Range<usize>> {
        let start = self.next_chunk.fetch_add(PIECE_CHUNKS, Ordering::SeqCst);
        (start < self.chunk_count).then(|| start..(start + PIECE_CHUNKS).min(self.chunk_count))
    }

    /// All chunks, for work that can't be shared; none when another thread has some of them.
    pub(crate) fn take_all(&self) -> Option<Range<usize>> {
        self.next_chunk
            .compare_exchange(0, self.chunk_count, Ordering::SeqCst, Ordering::SeqCst)
            .ok()
            .map(|start| start..self.chunk_count)
    }

    /// True for the first thread that asks: what is counted once per source is its to count.
    pub(crate) fn is_first_reader(&self) -> bool {
        !self.has_reader.swap(true, Ordering::Relaxed)
    }

    /// The same for what is counted when a source's columns are opened, which some readers never do.
    pub(crate) fn is_first_opener(&self) -> bool {
        !self.has_opener.swap(true, Ordering::Relaxed)
    }

    /// False when all that was taken so far was taken by the only thread that has asked: by the caller, after it has taken all.
    pub(crate) fn is_shared(&self) -> bool {
        self.readers.load(Ordering::SeqCst) > 1
    }

    fn is_taken(&self) -> bool {
        self.next_chunk.load(Ordering::Relaxed) >= self.chunk_count
    }
}

/// Folds every source into states made by `start`, one state per thread. `fold` is given pieces to take from until there are none. A
/// thread stays with its source; one that finds no source without a reader helps another with what is left of its source, so a
/// single large one keeps all threads busy.
pub(crate) fn fold_pieces<S: Send>(
    sources: &[Source],
    config: &EngineConfig,
    start: impl Fn() -> S + Sync,
    fold: impl Fn(&mut S, usize, &Source, &Pieces) -> Result<(), ExecError> + Sync,
) -> Result<Vec<S>, ExecError> {
    let pieces: Vec<Pieces> = sources.iter().map(Pieces::new).collect();
    let rows = sources.iter().map(|source| u64::from(source.row_count()));
    // Every source once for its first reader, then once for each thread that may help.
    let helps = config.threads.saturating_sub(1);
    let count = sources.len() * (helps + 1);
    fold_items(count, rows.sum(), config, start, |state, item| {
        let index = item % sources.len();
        if item >= sources.len() && pieces[index].is_taken() {
            return Ok(());
        }
        // Before it can take any, so that whoever takes the last one sees it.
        pieces[index].readers.fetch_add(1, Ordering::SeqCst);
        fold(state, index, &sources[index], &pieces[index])
    })
}

/// Has the storage fetch what a thread that folds sources reads next, while it computes the one with this index. `wanted` says what
/// is read of each.
pub(crate) fn read_ahead<'a>(
    sources: &'a [Source],
    index: usize,
    config: &EngineConfig,
    wanted: impl Fn(&'a Source) -> Vec<Wanted<'a>>,
) {
    // Nobody has named the first ones before.
    let now = (index < config.threads).then_some(index);
    for index in now.into_iter().chain([index + config.threads]) {
        if let Some(source) = sources.get(index) {
            source.will_read(&wanted(source));
        }
    }
}

/// Folds whole sources, given with their index, into states made by `start`, one state per thread. The first failure stops the other
/// threads at their next source.
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
    let useful = usize::try_from(rows / config.thread_rows_min.max(1)).unwrap_or(usize::MAX);
    let useful = useful.saturating_add(1);
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
    with_helpers(threads - 1, work)
}

/// Does `work` on this thread and, as far as they get a turn before it is done, on others.
fn with_helpers<S: Send>(
    helpers: usize,
    work: impl Fn() -> Result<S, ExecError> + Sync,
) -> Result<Vec<S>, ExecError> {
    let share = turn::share();
    let waiters: Vec<Arc<Waiter>> = (0..helpers).map(|_| Arc::default()).collect();
    let help = |waiter: &Arc<Waiter>| match &share {
        Some(share) => share.run_helper(waiter, &work),
        None => Some(work()),
    };
    std::thread::scope(|scope| {
        let helpers: Vec<_> = waiters
            .iter()
            .filter_map(|waiter| {
                let thread = std::thread::Builder::new().name("query-helper".to_owned());
                // Without helpers it takes longer, nothing else.
                thread.spawn_scoped(scope, || help(waiter)).ok()
            })
            .collect();
        let mut states = vec![work()];
        // All is done or being done: who has not begun by now is not needed.
        for waiter in &waiters {
            waiter.give_up();
        }
        turn::without_turn(|| {
            for helper in helpers {
                match helper.join() {
                    Ok(state) => states.extend(state),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        states.into_iter().collect()
    })
}
