//! When visits begin: evenly for a few minutes, with the rhythm of a day for longer times. Pure arithmetic, so that a visit
//! keeps its moment whatever is generated before it.

use super::random::Random;

const DAY_NS: f64 = 86_400e9;
/// The busiest hour of the day, UTC.
const PEAK_NS: f64 = 19.5 * 3_600e9;
/// The quietest hour has this share less than the mean, the busiest as much more.
const SWING: f64 = 0.6;
/// Halvings that bring a day down to less than a microsecond.
const HALVINGS: u32 = 40;

/// A plan of visits over a span of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timetable {
    /// First moment, ns since the Unix epoch.
    pub(crate) start_ns: i64,
    /// Last moment.
    pub(crate) end_ns: i64,
    /// Visits in all.
    pub(crate) visit_count: u64,
    /// Follow the rhythm of a day.
    pub(crate) is_daily: bool,
    /// Seed of the small irregularities.
    pub(crate) seed: u64,
}

impl Timetable {
    /// When visit `number` begins; later numbers begin later. Numbers from `visit_count` on continue at the same mean rate.
    pub(crate) fn start_ns(&self, number: u64) -> i64 {
        let jitter = Random::new(self.seed ^ 0x7115, number).share();
        let span_ns = (self.end_ns - self.start_ns) as f64;
        let share = (number as f64 + jitter) / self.visit_count.max(1) as f64;
        let even_ns = share * span_ns;
        if !self.is_daily || share >= 1.0 {
            return self.start_ns + even_ns as i64;
        }
        let whole = self.busyness(span_ns);
        let (mut low, mut high) = (0.0, span_ns);
        for _ in 0..HALVINGS {
            let middle = (low + high) / 2.0;
            if self.busyness(middle) < share * whole {
                low = middle;
            } else {
                high = middle;
            }
        }
        self.start_ns + low as i64
    }

    /// Integral of the daily rhythm from the start on.
    fn busyness(&self, elapsed_ns: f64) -> f64 {
        let turn = std::f64::consts::TAU / DAY_NS;
        let start = (self.start_ns as f64 % DAY_NS) - PEAK_NS;
        let wave = (turn * (start + elapsed_ns)).sin() - (turn * start).sin();
        elapsed_ns + SWING * wave / turn
    }
}
