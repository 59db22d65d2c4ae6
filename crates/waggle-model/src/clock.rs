//! Time as a value: only the binary reads the system clock, everyone else is handed one of these.

use std::fmt;
use std::sync::Arc;

/// A source of "now" in nanoseconds since the Unix epoch, UTC. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// Makes a clock from a function that returns nanoseconds since the Unix epoch.
    pub fn new(now_ns: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_ns))
    }

    /// Makes a clock that always shows `now_ns`.
    pub fn fixed(now_ns: i64) -> Self {
        Self::new(move || now_ns)
    }

    /// Returns the time now, in nanoseconds since the Unix epoch.
    pub fn now_ns(&self) -> i64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
