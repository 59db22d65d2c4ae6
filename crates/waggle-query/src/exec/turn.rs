//! Turns on the cores: how many queries at once share them fairly, and leave them to ingest when it needs them.
//!
//! A thread of a query computes only while it has a turn, and there are as many turns as the engine may use cores. Whoever has had a
//! turn for a few milliseconds while others wait goes to the end of the line at its next chunk. Queries that have used little time so
//! far wait in a line of their own, which goes first, so that a short question behind heavy ones is answered soon; every few times the
//! other line goes first, so that heavy ones are never stopped by a stream of short ones. On Linux the threads also run at a lower
//! priority than those that take events in.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a thread keeps its turn while others wait.
const TURN: Duration = Duration::from_millis(3);
/// A query that has used less than this, all its threads together, waits in the short line.
const SHORT_NS: u64 = 30_000_000;
/// After so many turns of short queries one that is not short has the next.
const SHORTS_IN_A_ROW_MAX: u32 = 4;
/// How often a waiting thread looks whether its query still has to be answered.
const STOP_INTERVAL: Duration = Duration::from_millis(20);

/// The turns of an engine.
pub(crate) struct Cores {
    state: Mutex<Line>,
    /// Threads in the line, for a look without the lock.
    waiting: AtomicUsize,
}

#[derive(Default)]
struct Line {
    free: usize,
    short: VecDeque<Arc<Waiter>>,
    long: VecDeque<Arc<Waiter>>,
    shorts_in_a_row: u32,
}

impl Cores {
    pub(crate) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(Line {
                free: count.max(1),
                ..Line::default()
            }),
            waiting: AtomicUsize::new(0),
        })
    }

    /// Waits for a turn; false when `waiter` gave up or its query is to stop.
    fn acquire(&self, waiter: &Arc<Waiter>, share: &Share) -> bool {
        {
            let mut line = lock(&self.state);
            if line.free > 0 {
                line.free -= 1;
                return true;
            }
            match share.used_ns.load(Ordering::Relaxed) < SHORT_NS {
                true => line.short.push_back(Arc::clone(waiter)),
                false => line.long.push_back(Arc::clone(waiter)),
            }
            self.waiting.fetch_add(1, Ordering::Relaxed);
        }
        waiter.wait(&*share.is_stopped)
    }

    /// Hands a turn to the next in line.
    fn release(&self) {
        let mut line = lock(&self.state);
        while let Some(waiter) = line.next() {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            if waiter.grant() {
                return;
            }
        }
        line.free += 1;
    }
}

impl Line {
    fn next(&mut self) -> Option<Arc<Waiter>> {
        let is_long_due = self.shorts_in_a_row >= SHORTS_IN_A_ROW_MAX && !self.long.is_empty();
        if !is_long_due && let Some(waiter) = self.short.pop_front() {
            self.shorts_in_a_row += 1;
            return Some(waiter);
        }
        self.shorts_in_a_row = 0;
        self.long.pop_front()
    }
}

/// A thread in the line.
#[derive(Default)]
pub(super) struct Waiter {
    state: Mutex<Wait>,
    is_over: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wait {
    #[default]
    Waiting,
    Granted,
    GaveUp,
}

impl Waiter {
    fn wait(&self, is_stopped: &dyn Fn() -> bool) -> bool {
        let mut state = lock(&self.state);
        while *state == Wait::Waiting {
            if is_stopped() {
                *state = Wait::GaveUp;
                return false;
            }
            state = match self.is_over.wait_timeout(state, STOP_INTERVAL) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        *state == Wait::Granted
    }

    /// False when it has given up.
    fn grant(&self) -> bool {
        let mut state = lock(&self.state);
        if *state == Wait::GaveUp {
            return false;
        }
        *state = Wait::Granted;
        self.is_over.notify_one();
        true
    }

    /// Ends the wait of a thread that is no longer needed; one that has its turn keeps it.
    pub(super) fn give_up(&self) {
        let mut state = lock(&self.state);
        if *state == Wait::Waiting {
            *state = Wait::GaveUp;
            self.is_over.notify_one();
        }
    }
}

/// What the threads of one query have in common.
#[derive(Clone)]
pub(crate) struct Share {
    cores: Arc<Cores>,
    used_ns: Arc<AtomicU64>,
    /// True when nobody needs the answer any more, or its time is up.
    is_stopped: Arc<dyn Fn() -> bool + Send + Sync>,
    nice: i32,
}

impl Share {
    pub(crate) fn new(
        cores: Arc<Cores>,
        nice: i32,
        is_stopped: Arc<dyn Fn() -> bool + Send + Sync>,
    ) -> Self {
        Self {
            cores,
            used_ns: Arc::default(),
            is_stopped,
            nice,
        }
    }

    /// Runs `work` on this thread with a turn of the query; `None` when it has to stop before it gets one.
    pub(crate) fn run<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        self.run_as(&Arc::default(), work)
    }

    /// The same for a thread that was made for this query.
    pub(super) fn run_helper<T>(
        &self,
        waiter: &Arc<Waiter>,
        work: impl FnOnce() -> T,
    ) -> Option<T> {
        lower_priority(self.nice);
        self.run_as(waiter, work)
    }

    fn run_as<T>(&self, waiter: &Arc<Waiter>, work: impl FnOnce() -> T) -> Option<T> {
        if !self.cores.acquire(waiter, self) {
            return None;
        }
        HELD.set(Some(Held {
            share: self.clone(),
            since: Instant::now(),
        }));
        let _end = EndOfTurn;
        Some(work())
    }
}

thread_local! {
    /// The turn this thread has.
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
}

struct Held {
    share: Share,
    since: Instant,
}

impl Held {
    fn release(self) -> Share {
        let used_ns = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.share.used_ns.fetch_add(used_ns, Ordering::Relaxed);
        self.share.cores.release();
        self.share
    }
}

/// Gives the turn back, after a panic too.
struct EndOfTurn;

impl Drop for EndOfTurn {
    fn drop(&mut self) {
        if let Some(held) = HELD.take() {
            held.release();
        }
    }
}

/// The share of the query that this thread works for; none outside of an engine.
pub(super) fn share() -> Option<Share> {
    HELD.with_borrow(|held| held.as_ref().map(|held| held.share.clone()))
}

/// Lets others have a turn when this thread has had its own. A thread whose query is stopped meanwhile returns without one.
pub(super) fn pass_on() {
    let is_over = HELD.with_borrow(|held| {
        held.as_ref().is_some_and(|held| {
            held.share.cores.waiting.load(Ordering::Relaxed) > 0 && held.since.elapsed() >= TURN
        })
    });
    if is_over {
        without_turn(|| ());
    }
}

/// Does something that waits for others and needs no core.
pub(crate) fn without_turn<T>(wait: impl FnOnce() -> T) -> T {
    let share = HELD.take().map(Held::release);
    let value = wait();
    if let Some(share) = share
        && share.cores.acquire(&Arc::default(), &share)
    {
        HELD.set(Some(Held {
            share,
            since: Instant::now(),
        }));
    }
    value
}

/// Makes the calling thread give way to threads of normal priority. Elsewhere than on Linux a priority belongs to the whole process.
#[cfg(target_os = "linux")]
pub(crate) fn lower_priority(nice: i32) {
    if let Err(error) = rustix::process::setpriority_process(None, nice) {
        tracing::debug!(%error, "a query runs at normal priority");
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn lower_priority(_nice: i32) {}

/// Nothing panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
