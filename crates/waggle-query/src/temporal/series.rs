//! One series: its points in a row, and the value of a function in each step.

use super::points::InSeries;
use super::{NS_PER_S, Steps};
use crate::exec::ExecError;
use waggle_expression::{Temporal, TemporalFunction};

/// A value of a metric.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) series: Series,
    pub(super) time_ns: i64,
    pub(super) value: f64,
    /// When it was accepted, in seconds; 0 where that is not known or does not matter.
    pub(super) arrived_s: i64,
    pub(super) place: Place,
}

/// Which series a point is of. Of a series of deltas, each value is what was added since the point before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Series(u64);

impl Series {
    /// The lowest bit of a hash says whether the values are deltas.
    pub(super) fn new(hash: u64, is_delta: bool) -> Self {
        Self(hash & !1 | u64::from(is_delta))
    }

    pub(super) fn partition(self, count: usize) -> usize {
        (self.0 >> 1) as usize % count
    }

    pub(super) fn is_delta(self) -> bool {
        self.0 & 1 == 1
    }
}

/// The row of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Index of the source.
    pub(super) source: u32,
    /// Its row there.
    pub(super) row: u32,
}

/// The last of some points that ascend in time. Of those of one time it is the one that was accepted last; of those of one second, the one
/// in the last row, since the rows of a source keep the order in which they came.
pub(super) fn newest<P: InSeries>(points: &[P]) -> &P {
    let last = &points[points.len() - 1];
    let time_ns = last.point().time_ns;
    let at_once = points
        .iter()
        .rev()
        .take_while(|point| point.point().time_ns == time_ns);
    let newest = at_once.max_by_key(|point| (point.point().arrived_s, point.point().place));
    newest.unwrap_or(last)
}

/// A function, and how far it looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function {
    function: TemporalFunction,
    window_ns: Option<i64>,
    gap_ns: i64,
}

impl Function {
    /// `gap_ns` is the longest time between two points that one continues the other.
    pub(super) fn new(temporal: &Temporal, gap_ns: i64) -> Self {
        Self {
            function: temporal.function,
            window_ns: temporal.seconds.map(|s| i64::from(s) * NS_PER_S),
            gap_ns,
        }
    }

    pub(super) fn function(&self) -> TemporalFunction {
        self.function
    }

    /// Whether a point is near enough to the one before to continue it.
    pub(super) fn is_near(&self, before_ns: i64, time_ns: i64) -> bool {
        time_ns - before_ns <= self.gap_ns
    }

    /// Calls `emit` with the value of each step, and the row it belongs to. The points ascend in time; those before the range of the
    /// steps are only there to look back at. `look` is asked whether to go on, once per point and step.
    pub(super) fn each_value(
        &self,
        points: &[Point],
        steps: Steps,
        mut look: impl FnMut() -> Result<(), ExecError>,
        mut emit: impl FnMut(Place, f64),
    ) -> Result<(), ExecError> {
        let is_delta = points.first().is_some_and(|point| point.series.is_delta());
        let mut window = Window::default();
        let counter = match self.function {
            TemporalFunction::Increase | TemporalFunction::Rate if !is_delta => {
                Counter::of(points, self, &mut look)?
            }
            _ => Counter::default(),
        };
        self.each_step(points, steps, |start, end, window_ns| {
            let mut last = &points[end - 1];
            let value = match self.function {
                TemporalFunction::Last => {
                    last = newest(&points[start..end]);
                    Some(last.value)
                }
                TemporalFunction::Summarize => Some(window.sum(points, start, end, &mut look)?),
                TemporalFunction::Increase | TemporalFunction::Rate => {
                    let increase = match is_delta {
                        true => Some(window.sum(points, start, end, &mut look)?),
                        false => counter.increase(start, end),
                    };
                    let seconds = window_ns as f64 / NS_PER_S as f64;
                    match self.function {
                        TemporalFunction::Rate => increase.map(|all| all / seconds),
                        _ => increase,
                    }
                }
            };
            if let Some(value) = value {
                emit(last.place, value);
            }
            look()
        })
    }

    /// Calls `visit` with the first point of each step or window that has any, the one behind its last, and its length in nanoseconds.
    pub(super) fn each_step<P: InSeries>(
        &self,
        points: &[P],
        steps: Steps,
        mut visit: impl FnMut(usize, usize, i64) -> Result<(), ExecError>,
    ) -> Result<(), ExecError> {
        let range = steps.range();
        let before =
            |points: &[P], end_ns| points.partition_point(|point| point.point().time_ns < end_ns);
        let mut first = before(points, range.start_ns);
        while let Some(point) = points.get(first)
            && point.point().time_ns < range.end_ns
        {
            let step = steps.of(point.point().time_ns);
            let end = first + before(&points[first..], step.end_ns);
            let start_ns = match self.window_ns {
                None => step.start_ns,
                Some(window) => step.end_ns.saturating_sub(window),
            };
            let start = before(&points[..end], start_ns);
            if start < end {
                visit(start, end, step.end_ns - start_ns)?;
            }
            first = end;
        }
        Ok(())
    }
}

/// Sums of ranges that only move forward, each point added twice at most. Nothing is subtracted, so that a sum is as exact as its own
/// points are, whatever came before.
#[derive(Default)]
struct Window {
    /// The sums of the last one, two, ... points before the middle.
    sums: Vec<f64>,
    middle: usize,
    /// The sum of the points from the middle to the end.
    later: f64,
    end: usize,
}

impl Window {
    fn sum(
        &mut self,
        points: &[Point],
        start: usize,
        end: usize,
        mut look: impl FnMut() -> Result<(), ExecError>,
    ) -> Result<f64, ExecError> {
        if start >= self.middle {
            self.sums.clear();
            let mut sum = 0.0;
            for point in points[start..end].iter().rev() {
                look()?;
                sum += point.value;
                self.sums.push(sum);
            }
            (self.middle, self.later) = (end, 0.0);
        } else {
            for point in &points[self.end..end] {
                look()?;
                self.later += point.value;
            }
        }
        self.end = end;
        Ok(self.sums[self.middle - 1 - start] + self.later)
    }
}

/// The points of a counter as if it had never begun anew.
#[derive(Default)]
struct Counter {
    values: Vec<f64>,
    /// How many of the points up to each continue the one before.
    joined: Vec<u32>,
}

impl Counter {
    fn of(
        points: &[Point],
        function: &Function,
        mut look: impl FnMut() -> Result<(), ExecError>,
    ) -> Result<Self, ExecError> {
        let mut counter = Self {
            values: Vec::with_capacity(points.len()),
            joined: Vec::with_capacity(points.len()),
        };
        let (mut offset, mut joined) = (0.0, 0);
        let mut before: Option<&Point> = None;
        for point in points {
            look()?;
            if let Some(before) = before {
                if !function.is_near(before.time_ns, point.time_ns) {
                    // What happened meanwhile is not known: it goes on from the same height.
                    offset += before.value - point.value;
                } else {
                    joined += 1;
                    if point.value < before.value {
                        offset += before.value;
                    }
                }
            }
            counter.values.push(point.value + offset);
            counter.joined.push(joined);
            before = Some(point);
        }
        Ok(counter)
    }

    /// From the point before the first of some to their last; `None` when none of them continues another.
    fn increase(&self, start: usize, end: usize) -> Option<f64> {
        let before = start.saturating_sub(1);
        let last = end - 1;
        (self.joined[last] > self.joined[before]).then(|| self.values[last] - self.values[before])
    }
}
