//! Which traces lie in a range of time, by each of the three meanings: exactly for a trace that was read, and as rows to look for.
//! Source: spec/xray.md section 4.1.

use waggle_model::{
    FilterOp, FilterSpec, FilterValue, RowKind, RowSet, TimeRange, TraceWindow, Value,
};
use waggle_xray::Trace;

const NS_PER_S: i64 = 1_000_000_000;
const NS_PER_DAY: i64 = 86_400 * NS_PER_S;

/// What it means that a trace lies in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RangeType {
    /// The time in its id does, or its start where the id has no time of it.
    TraceId,
    /// Something of it was going on.
    Event,
    /// A segment of it ended.
    Service,
}

impl RangeType {
    pub(super) const NAMES: [&'static str; 3] = ["TraceId", "Event", "Service"];

    pub(super) fn of_name(name: Option<&str>) -> Self {
        match name {
            Some("Event") => Self::Event,
            Some("Service") => Self::Service,
            _ => Self::TraceId,
        }
    }

    /// Whether a trace lies in a range; for events with the end of what does.
    pub(super) fn matches(self, trace: &Trace, range: TimeRange) -> Option<Option<i64>> {
        match self {
            Self::TraceId => {
                let start_ns = trace.start_ns();
                let id_ns = trace.id.time_s().saturating_mul(NS_PER_S);
                let time_ns = match id_ns.abs_diff(start_ns) <= NS_PER_DAY.unsigned_abs() {
                    true => id_ns,
                    false => start_ns,
                };
                range.contains(time_ns).then_some(None)
            }
            Self::Event => {
                let entities = trace.entities.iter();
                let active = entities.filter(|entity| {
                    entity.start_ns < range.end_ns && entity.last_ns() >= range.start_ns
                });
                active.map(|entity| entity.last_ns()).max().map(Some)
            }
            Self::Service => trace
                .segments()
                .any(|segment| {
                    let end_ns = trace.entities[segment].end_ns;
                    end_ns.is_some_and(|end_ns| range.contains(end_ns))
                })
                .then_some(None),
        }
    }

    /// The rows to look for: at least one of every trace in the range that has a row of `rows`, if they are given. Rows
    /// outside of the range are looked for as far as `spread_ns` from it.
    pub(super) fn windows(
        self,
        range: TimeRange,
        spread_ns: i64,
        rows: Option<&RowSet>,
    ) -> Vec<TraceWindow> {
        let wanted = rows.cloned().unwrap_or_default();
        let touching = rows.map(|rows| RowKind {
            rows: rows.clone(),
            touches: Some(range),
        });
        let mut windows = Vec::new();
        let mut add = |start_ns: i64, end_ns: i64, kinds: Vec<RowKind>| {
            if start_ns < end_ns && !kinds.is_empty() {
                windows.push(TraceWindow {
                    range: TimeRange { start_ns, end_ns },
                    kinds,
                });
            }
        };
        // A trace of the range may have the rows that are looked for behind it.
        let after_ns = range.end_ns.saturating_add(spread_ns);
        let by_id = || RowKind {
            rows: with_id_in(range, &wanted),
            touches: None,
        };
        let mut kinds: Vec<RowKind> = touching.iter().cloned().collect();
        if self == Self::TraceId {
            kinds.push(by_id());
        }
        add(range.end_ns, after_ns, kinds);
        let inside = RowKind {
            rows: wanted.clone(),
            touches: None,
        };
        add(range.start_ns, range.end_ns, vec![inside]);
        if self == Self::TraceId {
            let before_ns = range.start_ns.saturating_sub(spread_ns);
            add(before_ns, range.start_ns, vec![by_id()]);
            return windows;
        }
        // Before the range: what lasts into it, the longer the earlier it began.
        let mut end_ns = range.start_ns;
        let mut distance_ns = 0;
        let steps_s = [1, 5, 30, 120, 600, i64::MAX / NS_PER_S];
        for step_s in steps_s {
            let farther_ns = spread_ns.min(step_s * NS_PER_S);
            let start_ns = range.start_ns.saturating_sub(farther_ns);
            let mut kinds: Vec<RowKind> = touching.iter().cloned().collect();
            kinds.push(RowKind {
                rows: RowSet {
                    groups: vec![vec![vec![lasting(distance_ns)]]],
                },
                touches: None,
            });
            add(start_ns, end_ns, kinds);
            (end_ns, distance_ns) = (start_ns, farther_ns);
        }
        windows
    }
}

/// Rows that last at least so long.
fn lasting(ns: i64) -> FilterSpec {
    #[expect(clippy::cast_precision_loss, reason = "a bound with room to spare")]
    let ms = ns as f64 / 1e6 - 1e-3;
    FilterSpec {
        column: "duration_ms".to_owned(),
        op: FilterOp::GreaterOrEqual,
        value: FilterValue::One(Value::Float(ms)),
    }
}

/// The same rows, of traces whose id has a time in a range.
fn with_id_in(range: TimeRange, rows: &RowSet) -> RowSet {
    let second = |ns: i64| {
        let up = ns.saturating_add(NS_PER_S - 1).div_euclid(NS_PER_S);
        u32::try_from(up.max(0)).unwrap_or(u32::MAX)
    };
    let bound = |op, ns| FilterSpec {
        column: "trace.trace_id".to_owned(),
        op,
        value: FilterValue::One(Value::String(format!("{:08x}", second(ns)))),
    };
    let bounds = vec![
        bound(FilterOp::GreaterOrEqual, range.start_ns),
        bound(FilterOp::Less, range.end_ns),
    ];
    let mut rows = rows.clone();
    rows.groups.push(vec![bounds]);
    rows
}

#[cfg(test)]
mod tests;
