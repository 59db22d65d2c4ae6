//! One pass of a query in the hands of whoever brings its states together: the nodes of a plan.
//!
//! The engine decides what a pass is for and what follows it. How the states of the sources come together in between is asked of
//! [`Passes`], on the thread of the query and in its turn. A state can be made of any share of the sources, added to others in any order
//! and grouping, and sent as bytes.

use super::cached::{self, States};
use super::gathered::{Gathered, Shape};
use super::turn;
use super::watch::{ExecError, Watch};
use crate::engine::EngineConfig;
use crate::plan::Plan;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;
use waggle_store::Source;

/// How often a query that waits looks whether it still has to be answered.
const STOP_INTERVAL: Duration = Duration::from_millis(20);

/// Brings the states of a pass together.
pub trait Passes: Send + Sync {
    /// The sum of the states of all sources of a pass. Called on a thread that has a turn on the cores.
    ///
    /// # Errors
    /// Those of the pass, as they are: [`ExecError::TooManyCells`] makes the engine begin again with a wider one.
    fn gather(&self, pass: &Arc<FusedPass>) -> Result<PartialState, ExecError>;
}

/// One way through all sources of a query.
pub struct FusedPass {
    pub(super) plan: Arc<Plan>,
    pub(super) shape: Arc<Shape>,
    pub(super) sources: Arc<[Source]>,
    pub(super) states: Arc<States>,
    pub(super) config: EngineConfig,
    pub(super) watch: Arc<Watch>,
}

/// What some sources have given on a pass.
pub struct PartialState(pub(super) Gathered);

impl FusedPass {
    /// What the pass has to read.
    pub fn sources(&self) -> &Arc<[Source]> {
        &self.sources
    }

    /// Reads some of the sources, those blocks excepted whose states are kept.
    ///
    /// # Errors
    /// [`ExecError::TooManyCells`] asks for another pass; the others end the query.
    pub fn gather(&self, sources: &[Source]) -> Result<PartialState, ExecError> {
        let (plan, shape) = (&self.plan, &self.shape);
        cached::gather(
            plan,
            shape,
            sources,
            &self.states,
            &self.config,
            &self.watch,
        )
        .map(PartialState)
    }

    /// Adds the state of other sources.
    ///
    /// # Errors
    /// As [`gather`](Self::gather).
    pub fn merge(&self, into: &mut PartialState, from: PartialState) -> Result<(), ExecError> {
        into.0.absorb(from.0, &self.shape, &self.watch)
    }

    /// The state as bytes. They can be read on the same pass of the same query only, by a program that writes the same version.
    pub fn encode(&self, state: &PartialState) -> Vec<u8> {
        state.0.encode()
    }

    /// Reads what [`encode`](Self::encode) wrote; the bytes may come from anywhere.
    ///
    /// # Errors
    /// [`QueryError::Storage`](waggle_model::QueryError::Storage) when they are of another version, pass or query, or damaged: gather
    /// the state again.
    pub fn decode(&self, bytes: &[u8]) -> Result<PartialState, ExecError> {
        let mut gathered = Gathered::decode(bytes, &self.plan, &self.shape)?;
        gathered.account(&self.watch, 0)?;
        Ok(PartialState(gathered))
    }

    /// Does asynchronous work on this thread. While the work waits for something else, others have its turn.
    ///
    /// # Errors
    /// When the query has to stop before the work is done.
    pub fn wait<T>(&self, work: impl Future<Output = T>) -> Result<T, ExecError> {
        let mut work = pin!(work);
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
                return Ok(done);
            }
            turn::without_turn(|| thread::park_timeout(STOP_INTERVAL));
            self.watch.check()?;
        }
    }
}

/// Wakes a thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
