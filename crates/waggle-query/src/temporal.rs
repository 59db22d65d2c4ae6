//! What the series of a metric do over time, as columns: `LAST`, `INCREASE`, `RATE` and `SUMMARIZE` of calculated fields.
//!
//! A series is all points of a metric whose rows have the same `meta.series` in one dataset; rows without it are no points. Each step of
//! a query, a time bucket, has one value per series, in the row of the series' last point there, and none in the rows of the others: so
//! filters, groups and calculations see one row per series and step. The points of a metric are collected from all sources, because
//! the one before may be in any of them, in partitions by series that threads then share. Decision: docs/adr/0013-series-over-time.md.

mod histogram;
mod points;
mod series;
mod sort;

use crate::derived::{ColumnBuilder, Lanes, TEXT_BYTES_MAX, Tables};
use crate::engine::EngineConfig;
use crate::exec::{ExecError, Watch, fold_items};
use crate::made::MadeColumns;
use crate::plan::Buckets;
use hashbrown::HashSet;
use histogram::HistogramPoint;
use points::{PARTITIONS, Points, gather};
use series::{Function, Place, Point};
use sort::sort;
use std::fmt::{self, Write};
use std::mem::take;
use std::sync::Arc;
use waggle_expression::{Temporal, TemporalFunction};
use waggle_model::{BucketCounts, QueryError, TimeRange};
use waggle_store::column::{CHUNK_ROWS, Column, chunk_rows};
use waggle_store::{ExtendedSource, ExtraColumns, ReadError, Snapshot, Source};

const NS_PER_S: i64 = 1_000_000_000;

/// The steps that a range of time is cut into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    range: TimeRange,
    buckets: Buckets,
}

impl Steps {
    /// A step per bucket; the first and the last end with the range.
    pub(crate) fn new(range: TimeRange, buckets: Buckets) -> Self {
        Self { range, buckets }
    }

    /// All that is cut into steps.
    pub(crate) fn range(&self) -> TimeRange {
        self.range
    }

    /// The step that a moment of the range is in.
    fn of(&self, time_ns: i64) -> TimeRange {
        let TimeRange { start_ns, end_ns } = self.range;
        let bucket = self.buckets.range(self.buckets.of(time_ns));
        TimeRange {
            start_ns: bucket.start_ns.max(start_ns),
            end_ns: bucket.end_ns.min(end_ns),
        }
    }
}

/// What has to be read for some functions over a range: more than the range, because they look back.
pub(crate) fn reach<'a>(
    temporals: impl Iterator<Item = &'a Temporal>,
    range: TimeRange,
    config: &EngineConfig,
) -> TimeRange {
    let looks_back = temporals.map(|temporal| {
        let window = temporal.seconds.map_or(0, |s| i64::from(s) * NS_PER_S);
        match temporal.function {
            TemporalFunction::Last => 0,
            TemporalFunction::Summarize => window,
            TemporalFunction::Increase | TemporalFunction::Rate => {
                window + gap_ns(temporal, config)
            }
        }
    });
    TimeRange {
        start_ns: range.start_ns.saturating_sub(looks_back.max().unwrap_or(0)),
        end_ns: range.end_ns,
    }
}

/// The longest time between two points that one continues the other.
fn gap_ns(temporal: &Temporal, config: &EngineConfig) -> i64 {
    let window = temporal.seconds.map_or(0, |s| i64::from(s) * NS_PER_S);
    let gap = i64::try_from(config.metric_gap_ms).unwrap_or(i64::MAX);
    gap.saturating_mul(1_000_000).clamp(window, i64::MAX / 4)
}

/// The column of a function in an extended snapshot. No event has a column whose name begins like this.
pub(crate) fn column_name(temporal: &Temporal) -> String {
    let Temporal {
        function,
        metric,
        seconds,
    } = temporal;
    format!("\0{}({metric}, {})", function.name(), seconds.unwrap_or(0))
}

/// Adds a column for each function to a snapshot that holds what [`reach`] says.
pub(crate) fn extend<'a>(
    snapshot: &Snapshot,
    temporals: impl Iterator<Item = &'a Temporal>,
    steps: Steps,
    config: &EngineConfig,
    watch: &Arc<Watch>,
) -> Result<Snapshot, ExecError> {
    let mut seen = HashSet::new();
    let temporals: Vec<&Temporal> = temporals
        .filter(|temporal| seen.insert(*temporal))
        .collect();
    if temporals.is_empty() {
        return Ok(snapshot.clone());
    }
    let sources = &snapshot.sources;
    let mut found = vec![vec![Found::default(); sources.len()]; temporals.len()];
    let mut metrics = HashSet::new();
    for temporal in &temporals {
        if !metrics.insert(&temporal.metric) {
            continue;
        }
        let of_metric: Vec<usize> = (0..temporals.len())
            .filter(|index| temporals[*index].metric == temporal.metric)
            .collect();
        let read = reach(
            of_metric.iter().map(|index| temporals[*index]),
            steps.range,
            config,
        );
        let functions: Vec<Function> = of_metric
            .iter()
            .map(|index| Function::new(temporals[*index], gap_ns(temporals[*index], config)))
            .collect();
        let mut of_this = of_metric.iter().map(|index| temporals[*index].function);
        let needs_arrival = of_this.any(|function| function == TemporalFunction::Last);
        let metric = &temporal.metric;
        let points = gather(sources, metric, read, needs_arrival, config, watch)?;
        let parts = compute(&points, &functions, steps, sources.len(), config, watch)?;
        let text_bytes = points.text_bytes;
        drop(points);
        watch.account(text_bytes, 0)?;
        for part in parts {
            for (index, part) in of_metric.iter().zip(part) {
                for (all, part) in found[*index].iter_mut().zip(part) {
                    all.append(part);
                }
            }
        }
    }
    for values in found.iter_mut().flatten() {
        values.sort(watch)?;
    }
    let names: Arc<[String]> = temporals
        .iter()
        .map(|temporal| column_name(temporal))
        .collect();
    let metrics: Arc<[String]> = temporals
        .iter()
        .map(|temporal| temporal.metric.clone())
        .collect();
    let sources = sources.iter().enumerate().map(|(index, source)| {
        let values = found.iter_mut().map(|found| take(&mut found[index]));
        let columns = SeriesColumns {
            names: Arc::clone(&names),
            metrics: Arc::clone(&metrics),
            values: values.collect(),
            watch: Arc::clone(watch),
            made: MadeColumns::new(names.len(), watch),
        };
        Source::Extended(Arc::new(ExtendedSource::new(
            source.clone(),
            Arc::new(columns),
        )))
    });
    Ok(Snapshot {
        sources: sources.collect(),
    })
}

/// Rows of one source and their values. No row has both.
#[derive(Clone, Default)]
struct Found {
    numbers: Vec<(u32, f64)>,
    histograms: Vec<Text>,
    /// The texts of histograms, one after another.
    texts: String,
}

/// The text of a row's histogram.
#[derive(Clone, Copy)]
struct Text {
    row: u32,
    start: usize,
    end: usize,
}

impl Found {
    fn add_histogram(&mut self, row: u32, counts: &BucketCounts) {
        let start = self.texts.len();
        // Writing to memory does not fail.
        _ = write!(self.texts, "{counts}");
        let end = self.texts.len();
        self.histograms.push(Text { row, start, end });
    }

    fn append(&mut self, other: Self) {
        let shift = self.texts.len();
        self.numbers.extend(other.numbers);
        self.texts.push_str(&other.texts);
        let histograms = other.histograms.iter();
        self.histograms.extend(histograms.map(|text| Text {
            row: text.row,
            start: text.start + shift,
            end: text.end + shift,
        }));
    }

    /// By row.
    fn sort(&mut self, watch: &Watch) -> Result<(), ExecError> {
        sort(&mut self.numbers, watch, |one, other| one.0.cmp(&other.0))?;
        sort(&mut self.histograms, watch, |one, other| {
            one.row.cmp(&other.row)
        })
    }

    fn heap_bytes(&self) -> usize {
        self.numbers.capacity() * size_of::<(u32, f64)>()
            + self.histograms.capacity() * size_of::<Text>()
            + self.texts.capacity()
    }
}

/// Bytes of histograms' texts after which they are counted as memory of the query.
const TEXTS_PER_ACCOUNT: usize = 1 << 20;

/// What the functions give, by function and source, in one part per thread.
fn compute(
    points: &Points,
    functions: &[Function],
    steps: Steps,
    source_count: usize,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<Vec<Vec<Vec<Found>>>, ExecError> {
    let start = || vec![vec![Found::default(); source_count]; functions.len()];
    fold_items(
        PARTITIONS,
        points.len() as u64,
        config,
        start,
        |found, partition| {
            let heap_bytes = |found: &[Vec<Found>]| -> usize {
                found.iter().flatten().map(Found::heap_bytes).sum()
            };
            let before = heap_bytes(found);
            let numbers = points.numbers[partition].sorted(watch)?;
            let mut looks = watch.steps();
            for series in numbers.chunk_by(|one, next| one.series == next.series) {
                // What a function notes of each point: a sum and a number.
                let notes = series.len() * size_of::<(f64, u32)>();
                watch.account(0, notes)?;
                for (function, found) in functions.iter().zip(found.iter_mut()) {
                    let emit = |place: Place, value| {
                        let found = &mut found[place.source as usize];
                        found.numbers.push((place.row, value));
                    };
                    function.each_value(series, steps, || looks.step(), emit)?;
                }
                watch.account(notes, 0)?;
            }
            let point_bytes = numbers.capacity() * size_of::<Point>();
            drop(numbers);
            watch.account(point_bytes, 0)?;
            watch.account(before, heap_bytes(found))?;
            let mut before = heap_bytes(found);
            let histograms = points.histograms[partition].sorted(watch)?;
            let is_same =
                |one: &HistogramPoint, next: &HistogramPoint| one.point.series == next.point.series;
            let mut unaccounted = 0;
            for series in histograms.chunk_by(is_same) {
                let mut written = 0;
                for (function, found) in functions.iter().zip(found.iter_mut()) {
                    let emit = |place: Place, counts: BucketCounts| {
                        let found = &mut found[place.source as usize];
                        found.add_histogram(place.row, &counts);
                        written += found
                            .histograms
                            .last()
                            .map_or(0, |text| text.end - text.start);
                    };
                    let look = |steps| looks.steps(steps);
                    function.each_histogram(series, &points.texts, steps, look, emit)?;
                }
                unaccounted += written;
                if unaccounted > TEXTS_PER_ACCOUNT {
                    let grown = heap_bytes(found);
                    watch.account(before, grown)?;
                    (before, unaccounted) = (grown, 0);
                }
            }
            let point_bytes = histograms.capacity() * size_of::<HistogramPoint>();
            drop(histograms);
            watch.account(point_bytes, 0)?;
            watch.account(before, heap_bytes(found))
        },
    )
}

/// The values in one source, and the columns that are made of them when they are asked for.
struct SeriesColumns {
    names: Arc<[String]>,
    metrics: Arc<[String]>,
    /// Per column, ascending by row.
    values: Vec<Found>,
    watch: Arc<Watch>,
    made: MadeColumns,
}

impl SeriesColumns {
    fn make(&self, source: &Source, found: &Found) -> Option<Column> {
        let mut tables = Tables::default();
        let table = tables.add_growing();
        let mut lanes = Lanes::new(table);
        let row_count = source.row_count();
        let mut builder = ColumnBuilder::new(row_count);
        let (mut numbers, mut histograms) = (&found.numbers[..], &found.histograms[..]);
        loop {
            let next_number = numbers.first().map(|(row, _)| chunk_of(*row));
            let next_histogram = histograms.first().map(|text| chunk_of(text.row));
            let Some(chunk) = next_number.into_iter().chain(next_histogram).min() else {
                break;
            };
            if let Err(error) = self.watch.limits() {
                self.watch.fail(error);
                return None;
            }
            if tables.heap_bytes() > TEXT_BYTES_MAX {
                let error = QueryError::TooLarge {
                    what: "bytes of text in a calculated field",
                    limit: TEXT_BYTES_MAX as u64,
                };
                self.watch.fail(error.into());
                return None;
            }
            lanes.clear();
            while let Some(((row, value), rest)) = numbers.split_first()
                && chunk_of(*row) == chunk
            {
                lanes.put_float(*row as usize % CHUNK_ROWS, *value);
                numbers = rest;
            }
            let mut texts = tables.take(table);
            while let Some((text, rest)) = histograms.split_first()
                && chunk_of(text.row) == chunk
            {
                let code = texts.intern(&found.texts[text.start..text.end]);
                lanes.put_text(text.row as usize % CHUNK_ROWS, code);
                histograms = rest;
            }
            tables.put_back(table, texts);
            let (start, end) = chunk_rows(chunk, row_count);
            builder.add(chunk, (end - start) as usize, &lanes);
        }
        builder.finish(tables, table)
    }
}

fn chunk_of(row: u32) -> usize {
    row as usize / CHUNK_ROWS
}

impl ExtraColumns for SeriesColumns {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn inputs(&self, name: &str) -> Vec<&str> {
        let index = self.names.iter().position(|known| known == name);
        let metric = index.map(|index| self.metrics[index].as_str());
        metric.into_iter().chain([points::SERIES]).collect()
    }

    fn column(&self, base: &Source, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
        let Some(index) = self.names.iter().position(|known| known == name) else {
            return Ok(None);
        };
        self.made.get(index, || {
            Ok(self.make(base, &self.values[index]).map(Arc::new))
        })
    }
}

impl fmt::Debug for SeriesColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.names.fmt(f)
    }
}

#[cfg(test)]
mod tests;
