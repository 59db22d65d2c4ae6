//! CONCURRENCY: how many spans are in flight, on average over a stretch of time.
//!
//! A span is in flight from its time until `duration_ms` later; it counts as often as its sample rate says. In a bucket, the answer is the
//! time that spans spend in the bucket, added up, divided by the length of the bucket; over all time, the same of the query's range.
//! What lies outside of the range, at the ends of the first and last bucket too, does not count, and neither do spans that began before it: their
//! rows are not in the range. Rows without a duration, or with a negative one, are in flight for no time.
//!
//! A span adds to the buckets it begins and ends in, and to a counter that rises after the one and falls before the other. So a cell
//! takes three entries per span, however long the span, and at most two per bucket of the range.

use super::{Calculation, ColumnRule, Partial, Reach, Rows, each_number, state, state_mut};
use crate::bytes::{ByteReader, ByteWrite, Damaged};
use crate::chunk::TypedBuffer;
use std::any::Any;
use std::collections::BTreeMap;
use std::mem::take;
use waggle_model::{Cell, Meaning, TimeRange};
use waggle_store::column::CHUNK_ROWS;

/// The column that says how long a span took, in milliseconds; by its meaning in each dataset.
const DURATION: &str = Meaning::DurationMs.column();
const NS_PER_MS: f64 = 1e6;
/// What an entry of a map takes, roughly.
const ENTRY_BYTES: usize = 48;

pub(super) struct Concurrency;

impl Calculation for Concurrency {
    fn name(&self) -> &'static str {
        "CONCURRENCY"
    }
    fn column_rule(&self) -> ColumnRule {
        ColumnRule::Fixed(DURATION)
    }
    fn reach(&self) -> Reach {
        Reach::Onward
    }
    fn state_name(&self) -> &'static str {
        "flights"
    }
    fn start(&self) -> Box<dyn Partial> {
        self.start_in(TimeRange::ALL, i64::MAX)
    }
    fn start_in(&self, range: TimeRange, granularity_ns: i64) -> Box<dyn Partial> {
        Box::new(Flights {
            range,
            granularity_ns: granularity_ns.max(1),
            cells: Vec::new(),
            entries: 0,
        })
    }
    fn finish(&self, partial: &dyn Partial, cell: usize) -> Cell {
        let flights = state::<Flights>(partial);
        let length = i128::from(flights.range.end_ns) - i128::from(flights.range.start_ns);
        let total: i128 = flights.cells[cell]
            .values()
            .map(|part| part.inside_ns)
            .sum();
        // What flies through a bucket from end to end is not in its entry.
        let through: i128 = flights
            .each_bucket([cell as u32])
            .map(|(_, through, _)| through)
            .sum();
        mean(total + through, length)
    }
    fn onward(&self, partial: &dyn Partial, cells: &[u32]) -> Vec<(u32, Cell)> {
        let flights = state::<Flights>(partial);
        flights
            .each_bucket(cells.iter().copied())
            .map(|(bucket, through, inside)| {
                (bucket, mean(through + inside, flights.length_ns(bucket)))
            })
            .collect()
    }
}

fn mean(time_ns: i128, length_ns: i128) -> Cell {
    match length_ns > 0 {
        true => Cell::Float(time_ns as f64 / length_ns as f64),
        false => Cell::Null,
    }
}

/// Time in flight per cell and bucket, counted from the bucket that the range begins in.
struct Flights {
    range: TimeRange,
    granularity_ns: i64,
    cells: Vec<BTreeMap<u32, Part>>,
    entries: usize,
}

/// What is known of one bucket.
#[derive(Clone, Copy, Default)]
struct Part {
    /// Time in the bucket of spans that begin or end in it, times their weight.
    inside_ns: i128,
    /// By how much the number of spans that fly through the whole bucket differs from the bucket before.
    change: i64,
}

impl Flights {
    fn bucket(&self, time_ns: i64) -> i64 {
        let first = self.range.start_ns.div_euclid(self.granularity_ns);
        time_ns.div_euclid(self.granularity_ns) - first
    }

    fn start_ns(&self, bucket: i64) -> i128 {
        let first = self.range.start_ns.div_euclid(self.granularity_ns);
        (i128::from(first) + i128::from(bucket)) * i128::from(self.granularity_ns)
    }

    /// Length of the part of a bucket that lies in the range.
    fn length_ns(&self, bucket: u32) -> i128 {
        let bucket = i64::from(bucket);
        let start = self.start_ns(bucket).max(i128::from(self.range.start_ns));
        let end = self.start_ns(bucket + 1).min(i128::from(self.range.end_ns));
        end - start
    }

    fn add(&mut self, cell: usize, start_ns: i64, duration_ms: f64, weight: u64) {
        let duration_ns = duration_ms * NS_PER_MS;
        if duration_ns.is_nan() || duration_ns <= 0.0 {
            return;
        }
        // A conversion of what is too large gives the largest integer.
        let end_ns = start_ns
            .saturating_add(duration_ns.round() as i64)
            .min(self.range.end_ns);
        if end_ns <= start_ns {
            return;
        }
        let weight = i64::try_from(weight).unwrap_or(i64::MAX);
        let (first, last) = (self.bucket(start_ns), self.bucket(end_ns - 1));
        let part = |bucket: i64, from: i128, to: i128| (bucket, (to - from) * i128::from(weight));
        let (start, end) = (i128::from(start_ns), i128::from(end_ns));
        if first == last {
            let (bucket, inside_ns) = part(first, start, end);
            self.put(
                cell,
                bucket,
                Part {
                    inside_ns,
                    change: 0,
                },
            );
            return;
        }
        let (bucket, inside_ns) = part(first, start, self.start_ns(first + 1));
        self.put(
            cell,
            bucket,
            Part {
                inside_ns,
                change: 0,
            },
        );
        let (bucket, inside_ns) = part(last, self.start_ns(last), end);
        let is_through = last > first + 1;
        let change = if is_through { -weight } else { 0 };
        self.put(cell, bucket, Part { inside_ns, change });
        if is_through {
            let change = weight;
            self.put(
                cell,
                first + 1,
                Part {
                    inside_ns: 0,
                    change,
                },
            );
        }
    }

    fn put(&mut self, cell: usize, bucket: i64, part: Part) {
        let cell = &mut self.cells[cell];
        let before = cell.len();
        let known = cell.entry(bucket as u32).or_default();
        known.inside_ns += part.inside_ns;
        known.change += part.change;
        self.entries += cell.len() - before;
    }

    /// From the first to the last bucket in which some span of the cells is in flight: the bucket, the time of spans that fly through it,
    /// and of those that begin or end in it. Buckets in which there is none are left out.
    fn each_bucket(
        &self,
        cells: impl IntoIterator<Item = u32>,
    ) -> impl Iterator<Item = (u32, i128, i128)> + '_ {
        let mut all: BTreeMap<u32, Part> = BTreeMap::new();
        for cell in cells {
            for (bucket, part) in &self.cells[cell as usize] {
                let known = all.entry(*bucket).or_default();
                known.inside_ns += part.inside_ns;
                known.change += part.change;
            }
        }
        let first = all.keys().next().copied().unwrap_or(0);
        let end = all.keys().next_back().map_or(first, |last| last + 1);
        let mut through = 0;
        (first..end).filter_map(move |bucket| {
            let part = all.get(&bucket).copied().unwrap_or_default();
            through += i128::from(part.change);
            let through_ns = through * i128::from(self.granularity_ns);
            (through_ns > 0 || part.inside_ns > 0).then_some((bucket, through_ns, part.inside_ns))
        })
    }
}

impl Partial for Flights {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn reserve(&mut self, cells: usize) {
        self.cells
            .reserve_exact(cells.saturating_sub(self.cells.len()));
    }
    fn grow(&mut self, cells: usize) {
        if self.cells.len() < cells {
            self.cells.resize_with(cells, BTreeMap::new);
        }
    }
    /// Without times nothing is known.
    fn update(&mut self, _: &Rows<'_>, _: &[TypedBuffer]) {}
    fn update_at(&mut self, rows: &Rows<'_>, column: &[TypedBuffer], times_ns: &[i64; CHUNK_ROWS]) {
        // Places instead of cells, to find both the time and the cell of a value.
        let places: Vec<u32> = (0..rows.cells.len() as u32).collect();
        let by_place = Rows {
            positions: rows.positions,
            cells: &places,
            weights: rows.weights,
        };
        each_number(&by_place, column, |place, duration_ms, weight| {
            let time_ns = times_ns[usize::from(rows.positions[place])];
            let cell = rows.cells[place] as usize;
            self.add(cell, time_ns, duration_ms.as_f64(), weight);
        });
    }
    fn absorb(&mut self, other: &mut dyn Partial, moves: &[(u32, u32)]) {
        let other = state_mut::<Self>(other);
        for (from, to) in moves {
            let parts = take(&mut other.cells[*from as usize]);
            other.entries -= parts.len();
            for (bucket, part) in parts {
                self.put(*to as usize, i64::from(bucket), part);
            }
        }
    }
    fn merge(&mut self, other: &dyn Partial, first: usize, cells: &[u32]) {
        for (parts, cell) in super::pairs(&state::<Self>(other).cells, first, cells) {
            for (bucket, part) in parts {
                self.put(cell, i64::from(*bucket), *part);
            }
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        for cell in &self.cells {
            out.put_u64(cell.len() as u64);
            for (bucket, part) in cell {
                out.put_u64(u64::from(*bucket));
                let inside = part.inside_ns.cast_unsigned();
                out.put_u64((inside >> 64) as u64);
                out.put_u64(inside as u64);
                out.put_u64(part.change.cast_unsigned());
            }
        }
    }
    fn decode(&mut self, bytes: &mut ByteReader<'_>) -> Result<(), Damaged> {
        let last = self.bucket(self.range.end_ns.saturating_sub(1));
        for cell in 0..self.cells.len() {
            for _ in 0..bytes.length()? {
                let bucket = i64::from(bytes.u32()?);
                if bucket > last {
                    return Err(Damaged("a span is in flight after the range"));
                }
                let high = u128::from(bytes.u64()?) << 64;
                let inside_ns = (high | u128::from(bytes.u64()?)).cast_signed();
                let change = bytes.u64()?.cast_signed();
                self.put(cell, bucket, Part { inside_ns, change });
            }
        }
        Ok(())
    }
    fn heap_bytes(&self) -> usize {
        self.cells.capacity() * size_of::<BTreeMap<u32, Part>>() + self.entries * ENTRY_BYTES
    }
}
