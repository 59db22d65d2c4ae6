//! Threads that queries run on: apart from the async workers, at a lower priority than what takes events in, and kept for the next query,
//! because one that takes a millisecond should not wait for a thread to be made.

use crate::exec::lower_priority;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One query.
pub(super) type Job = Box<dyn FnOnce() + Send>;

/// The threads. There are as many as there have been queries at once, which the engine bounds.
pub(super) struct Runners {
    nice: i32,
    idle: Mutex<Vec<SyncSender<Job>>>,
}

impl Runners {
    pub(super) fn new(nice: i32) -> Arc<Self> {
        Arc::new(Self {
            nice,
            idle: Mutex::default(),
        })
    }

    /// Runs a job on an idle thread, or on a new one.
    pub(super) fn run(self: &Arc<Self>, mut job: Job) -> io::Result<()> {
        loop {
            let idle = self.idle().pop();
            let Some(runner) = idle else {
                return self.start(job);
            };
            match runner.send(job) {
                Ok(()) => return Ok(()),
                Err(unsent) => job = unsent.0,
            }
        }
    }

    fn start(self: &Arc<Self>, mut job: Job) -> io::Result<()> {
        let nice = self.nice;
        // Not a strong one: idle threads end with the engine.
        let runners = Arc::downgrade(self);
        let thread = std::thread::Builder::new().name("query".to_owned());
        thread.spawn(move || {
            lower_priority(nice);
            loop {
                // The panic itself is reported by the hook; whoever waits for the answer sees its sender dropped.
                if catch_unwind(AssertUnwindSafe(job)).is_err() {
                    tracing::error!("a query panicked");
                }
                let (sender, next) = sync_channel(1);
                let Some(runners) = runners.upgrade() else {
                    return;
                };
                runners.idle().push(sender);
                drop(runners);
                match next.recv() {
                    Ok(next) => job = next,
                    Err(_) => return,
                }
            }
        })?;
        Ok(())
    }

    /// Nothing panics while it holds the lock.
    fn idle(&self) -> MutexGuard<'_, Vec<SyncSender<Job>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
