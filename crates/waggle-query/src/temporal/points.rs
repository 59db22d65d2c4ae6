//! The points of a metric in all sources, in partitions by series.

use super::series::{Place, Point, Series};
use crate::chunk::{each_bit, is_empty};
use crate::engine::EngineConfig;
use crate::exec::{ExecError, Selector, Watch, fold_sources, read_ahead};
use crate::filter::{Filter, FilterSet, and};
use crate::number::mix;
use crate::relation::texts_of;
use parking_lot::Mutex;
use std::sync::Arc;
use waggle_model::{ColumnType, TimeRange};
use waggle_store::Source;
use waggle_store::column::{CHUNK_ROWS, CHUNK_WORDS, ChunkBuffer};

/// The column that tells the series of a row's points from others. Source: docs/wire/otlp.md.
pub(super) const SERIES: &str = "meta.series";

/// The end of the texts of series whose values are deltas. Source: docs/wire/otlp.md.
const DELTA: &str = "-delta";

/// Parts of the series, so that threads share them and each is small.
pub(super) const PARTITIONS: usize = 64;

/// All points of some series, as the threads found them.
pub(super) struct Partition(Mutex<Vec<Vec<Point>>>);

impl Partition {
    /// How many points there are.
    pub(super) fn len(&self) -> usize {
        self.0.lock().iter().map(Vec::len).sum()
    }

    /// Takes the points out, by series and then by time. Points of one time ascend in value, so that they are no counter that began anew.
    pub(super) fn sorted(&self, watch: &Watch) -> Result<Vec<Point>, ExecError> {
        let mut parts = std::mem::take(&mut *self.0.lock());
        let mut points = match &mut *parts {
            [only] => std::mem::take(only),
            parts => {
                let count: usize = parts.iter().map(Vec::len).sum();
                watch.account(0, count * size_of::<Point>())?;
                let all = parts.concat();
                watch.account(bytes_of(parts), 0)?;
                all
            }
        };
        drop(parts);
        watch.check()?;
        points.sort_unstable_by(|left, right| {
            let by_time = (left.series, left.time_ns).cmp(&(right.series, right.time_ns));
            let by_value = by_time.then_with(|| left.value.total_cmp(&right.value));
            by_value.then_with(|| left.place.cmp(&right.place))
        });
        watch.check()?;
        Ok(points)
    }
}

/// What some points take up, the room for more of them included.
fn bytes_of(parts: &[Vec<Point>]) -> usize {
    let capacity: usize = parts.iter().map(Vec::capacity).sum();
    capacity * size_of::<Point>()
}

/// Collects the points of a metric that lie in a range. They count as memory of the query.
pub(super) fn gather(
    sources: &[Source],
    metric: &str,
    range: TimeRange,
    config: &EngineConfig,
    watch: &Arc<Watch>,
) -> Result<Vec<Partition>, ExecError> {
    let filters = FilterSet::none(&Arc::default());
    let filters = filters.with_filters(vec![
        Filter::presence(metric, true),
        Filter::presence(SERIES, true),
    ]);
    let start = || vec![Vec::new(); PARTITIONS];
    let parts = fold_sources(sources, config, start, |parts, index, source| {
        read_ahead(sources, index, config, |_| filters.wanted().collect());
        add_points(parts, index as u32, source, metric, range, &filters, watch)
    })?;
    let mut partitions: Vec<Partition> = Vec::with_capacity(PARTITIONS);
    partitions.resize_with(PARTITIONS, || Partition(Mutex::default()));
    for part in parts {
        for (partition, points) in partitions.iter().zip(part) {
            partition.0.lock().push(points);
        }
    }
    Ok(partitions)
}

fn add_points(
    parts: &mut [Vec<Point>],
    index: u32,
    source: &Source,
    metric: &str,
    range: TimeRange,
    filters: &FilterSet,
    watch: &Watch,
) -> Result<(), ExecError> {
    let Some(mut selector) = Selector::new(source, range, filters)? else {
        return Ok(());
    };
    let (Some(values), Some(series)) = (source.column(metric)?, source.column(SERIES)?) else {
        return Ok(());
    };
    let Some((ids, dictionary)) =
        texts_of(&series.types).and_then(|ids| Some((ids, ids.dictionary()?)))
    else {
        return Ok(());
    };
    let dataset = mix(source.dataset().0.cast_unsigned());
    let mut codes = ChunkBuffer::default();
    let mut ints = ChunkBuffer::default();
    let mut floats = ChunkBuffer::default();
    let mut bytes = bytes_of(parts);
    for chunk in selector.chunks() {
        watch.check()?;
        let (mut rows, rows_read) = selector.select(chunk)?;
        watch.add_rows_read(rows_read);
        if is_empty(&rows) {
            continue;
        }
        ids.read_codes(chunk, &mut codes);
        and(&mut rows, &codes.present);
        ints.present = [0; CHUNK_WORDS];
        floats.present = [0; CHUNK_WORDS];
        for typed in &values.types {
            match typed.column_type() {
                ColumnType::Integer => typed.read_ints(chunk, &mut ints),
                ColumnType::Float => typed.read_floats(chunk, &mut floats),
                ColumnType::String | ColumnType::Boolean => {}
            }
        }
        let times = selector.times(chunk)?;
        each_bit(&rows, |position| {
            let value = if floats.has(position) {
                floats.values[position]
            } else if ints.has(position) {
                ints.values[position] as f64
            } else {
                return;
            };
            if value.is_nan() {
                return;
            }
            let code = codes.values[position];
            let is_delta = dictionary.text(code).ends_with(DELTA);
            let series = Series::new(dictionary.hash(code) ^ dataset, is_delta);
            parts[series.partition(PARTITIONS)].push(Point {
                series,
                time_ns: times.values[position],
                value,
                place: Place {
                    source: index,
                    row: (chunk * CHUNK_ROWS + position) as u32,
                },
            });
        });
        let grown = bytes_of(parts);
        watch.account(bytes, grown)?;
        bytes = grown;
    }
    Ok(())
}
