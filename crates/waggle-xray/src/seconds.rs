//! Times as X-Ray's answers show them: seconds with at most six decimals. Source: spec/xray.md section 4.2.

use serde::{Serialize, Serializer};

const NS_PER_US: i64 = 1_000;

/// Nanoseconds, shown as seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub i64);

impl Seconds {
    /// The double nearest to the time in whole microseconds.
    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds are exact in a double until the year 2255"
    )]
    pub fn as_f64(self) -> f64 {
        let us = self.0.saturating_add(NS_PER_US / 2).div_euclid(NS_PER_US);
        us as f64 / 1e6
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}

/// A number with so many decimals.
pub(crate) fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}
