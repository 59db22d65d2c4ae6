//! The points of a metric in all sources, in partitions by series: its numbers, and its histograms.

use super::histogram::{HistogramPoint, HistogramText};
use super::series::{Place, Point, Series};
use super::sort::{concat, in_series, sort};
use crate::chunk::{Bits, each_bit, is_empty};
use crate::engine::EngineConfig;
use crate::exec::{ExecError, Selector, Watch, fold_sources, read_ahead};
use crate::filter::{Filter, FilterSet, and};
use crate::number::mix;
use crate::relation::texts_of;
use hashbrown::HashMap;
use parking_lot::Mutex;
use std::sync::Arc;
use waggle_model::{BucketCounts, ColumnType, TimeRange};
use waggle_store::column::{CHUNK_ROWS, CHUNK_WORDS, ChunkBuffer, Column, Dictionary, TypedColumn};
use waggle_store::{ARRIVAL_COLUMN, Source};

/// The column that tells the series of a row's points from others. Source: docs/wire/otlp.md.
pub(super) const SERIES: &str = "meta.series";

/// The end of the texts of series whose values are deltas. Source: docs/wire/otlp.md.
const DELTA: &str = "-delta";

/// Parts of the series, so that threads share them and each is small.
pub(super) const PARTITIONS: usize = 64;

/// What a series has at a time.
pub(super) trait InSeries: Copy + Send {
    /// Its place in the series, and the value that tells how far it has come.
    fn point(&self) -> &Point;
}

impl InSeries for Point {
    fn point(&self) -> &Point {
        self
    }
}

/// All points of a metric.
pub(super) struct Points {
    pub(super) numbers: Vec<Partition<Point>>,
    pub(super) histograms: Vec<Partition<HistogramPoint>>,
    /// The texts of histograms, by source.
    pub(super) texts: HashMap<u32, Arc<Dictionary>>,
    /// What those count for as memory of the query, until the points are dropped.
    pub(super) text_bytes: usize,
}

impl Points {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        let numbers = self.numbers.iter().map(Partition::len);
        let histograms = self.histograms.iter().map(Partition::len);
        numbers.chain(histograms).sum()
    }
}

/// All points of some series, as the threads found them.
pub(super) struct Partition<P>(Mutex<Vec<Vec<P>>>);

impl<P: InSeries> Partition<P> {
    fn len(&self) -> usize {
        self.0.lock().iter().map(Vec::len).sum()
    }

    /// Takes the points out, by series and then by time.
    pub(super) fn sorted(&self, watch: &Watch) -> Result<Vec<P>, ExecError> {
        let mut parts = std::mem::take(&mut *self.0.lock());
        let mut points = match &mut *parts {
            [only] => std::mem::take(only),
            parts => {
                let count: usize = parts.iter().map(Vec::len).sum();
                watch.account(0, count * size_of::<P>())?;
                let all = concat(parts, watch)?;
                watch.account(bytes_of(parts), 0)?;
                all
            }
        };
        drop(parts);
        sort(&mut points, watch, in_series)?;
        Ok(points)
    }
}

/// What some points take up, the room for more of them included.
fn bytes_of<P>(parts: &[Vec<P>]) -> usize {
    let capacity: usize = parts.iter().map(Vec::capacity).sum();
    capacity * size_of::<P>()
}

/// Which points are wanted.
struct Asked<'a> {
    metric: &'a str,
    range: TimeRange,
    needs_arrival: bool,
    filters: FilterSet,
}

/// What one thread found, by partition.
struct Parts {
    numbers: Vec<Vec<Point>>,
    histograms: Vec<Vec<HistogramPoint>>,
    texts: Vec<(u32, Arc<Dictionary>)>,
    text_bytes: usize,
}

impl Parts {
    fn bytes(&self) -> usize {
        bytes_of(&self.numbers) + bytes_of(&self.histograms)
    }
}

/// Collects the points of a metric that lie in a range, with the time of their arrival if it is needed. They count as memory of the query.
pub(super) fn gather(
    sources: &[Source],
    metric: &str,
    range: TimeRange,
    needs_arrival: bool,
    config: &EngineConfig,
    watch: &Arc<Watch>,
) -> Result<Points, ExecError> {
    let filters = FilterSet::none(&Arc::default()).with_filters(vec![
        Filter::presence(metric, true),
        Filter::presence(SERIES, true),
    ]);
    let asked = Asked {
        metric,
        range,
        needs_arrival,
        filters,
    };
    let start = || Parts {
        numbers: vec![Vec::new(); PARTITIONS],
        histograms: vec![Vec::new(); PARTITIONS],
        texts: Vec::new(),
        text_bytes: 0,
    };
    let parts = fold_sources(sources, config, start, |parts, index, source| {
        read_ahead(sources, index, config, |_| asked.filters.wanted().collect());
        add_points(parts, index as u32, source, &asked, watch)
    })?;
    let mut points = Points {
        numbers: partitions(),
        histograms: partitions(),
        texts: HashMap::new(),
        text_bytes: 0,
    };
    for part in parts {
        for (partition, found) in points.numbers.iter().zip(part.numbers) {
            partition.0.lock().push(found);
        }
        for (partition, found) in points.histograms.iter().zip(part.histograms) {
            partition.0.lock().push(found);
        }
        points.texts.extend(part.texts);
        points.text_bytes += part.text_bytes;
    }
    Ok(points)
}

fn partitions<P>() -> Vec<Partition<P>> {
    let mut partitions = Vec::with_capacity(PARTITIONS);
    partitions.resize_with(PARTITIONS, || Partition(Mutex::default()));
    partitions
}

fn add_points(
    parts: &mut Parts,
    index: u32,
    source: &Source,
    asked: &Asked<'_>,
    watch: &Watch,
) -> Result<(), ExecError> {
    let metric = asked.metric;
    let Some(mut selector) = Selector::new(source, asked.range, &asked.filters)? else {
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
    let mut numbers = Numbers::default();
    let mut histograms = Histograms::new(source, metric, &values)?;
    let arrivals = match asked.needs_arrival {
        true => source.column(ARRIVAL_COLUMN)?,
        false => None,
    };
    let mut arrived = ChunkBuffer::default();
    let mut bytes = parts.bytes();
    for chunk in selector.chunks() {
        watch.check()?;
        let (mut rows, rows_read) = selector.select(chunk)?;
        watch.add_rows_read(rows_read);
        if is_empty(&rows) {
            continue;
        }
        ids.read_codes(chunk, &mut codes);
        and(&mut rows, &codes.present);
        numbers.read(&values, chunk);
        for typed in arrivals.iter().flat_map(|column| &column.types) {
            typed.read_ints(chunk, &mut arrived);
        }
        let times = selector.times(chunk)?;
        let point = |position: usize, value| {
            let code = codes.values[position];
            let is_delta = dictionary.text(code).ends_with(DELTA);
            Point {
                series: Series::new(dictionary.hash(code) ^ dataset, is_delta),
                time_ns: times.values[position],
                value,
                arrived_s: match arrived.has(position) {
                    true => arrived.values[position],
                    false => 0,
                },
                place: Place {
                    source: index,
                    row: (chunk * CHUNK_ROWS + position) as u32,
                },
            }
        };
        each_bit(&rows, |position| {
            if let Some(value) = numbers.value(position) {
                let point = point(position, value);
                parts.numbers[point.series.partition(PARTITIONS)].push(point);
            }
        });
        if let Some(histograms) = &mut histograms {
            histograms.each(chunk, &rows, |position, histogram| {
                let point = point(position, histogram.total as f64);
                let partition = point.series.partition(PARTITIONS);
                parts.histograms[partition].push(HistogramPoint { point, histogram });
            });
        }
        let grown = parts.bytes();
        watch.account(bytes, grown)?;
        bytes = grown;
    }
    if let Some(histograms) = histograms.filter(|histograms| histograms.has_any) {
        let text_bytes = histograms.texts.heap_bytes();
        watch.account(0, text_bytes)?;
        parts.text_bytes += text_bytes;
        parts.texts.push((index, Arc::clone(histograms.dictionary)));
    }
    Ok(())
}

/// The numbers of a column in a chunk.
#[derive(Default)]
struct Numbers {
    ints: ChunkBuffer<i64>,
    floats: ChunkBuffer<f64>,
}

impl Numbers {
    fn read(&mut self, column: &Column, chunk: usize) {
        self.ints.present = [0; CHUNK_WORDS];
        self.floats.present = [0; CHUNK_WORDS];
        for typed in &column.types {
            match typed.column_type() {
                ColumnType::Integer => typed.read_ints(chunk, &mut self.ints),
                ColumnType::Float => typed.read_floats(chunk, &mut self.floats),
                ColumnType::String | ColumnType::Boolean => {}
            }
        }
    }

    /// The number of a row; `None` for NaN too.
    fn value(&self, position: usize) -> Option<f64> {
        let value = if self.floats.has(position) {
            self.floats.values[position]
        } else if self.ints.has(position) {
            self.ints.values[position] as f64
        } else {
            return None;
        };
        (!value.is_nan()).then_some(value)
    }
}

/// The texts of a column that stand for histograms, and the columns of the same rows that tell more of them.
struct Histograms<'a> {
    texts: &'a TypedColumn,
    dictionary: &'a Arc<Dictionary>,
    codes: ChunkBuffer<u32>,
    more: [More; 3],
    has_any: bool,
}

/// The sums, smallest or largest values.
struct More {
    column: Option<Arc<Column>>,
    numbers: Numbers,
}

impl<'a> Histograms<'a> {
    /// `None` when no row has text.
    fn new(source: &Source, metric: &str, values: &'a Column) -> Result<Option<Self>, ExecError> {
        let Some(texts) = texts_of(&values.types) else {
            return Ok(None);
        };
        let Some(dictionary) = texts.dictionary() else {
            return Ok(None);
        };
        let more = |part: &str| -> Result<More, ExecError> {
            Ok(More {
                column: source.column(&format!("{metric}.{part}"))?,
                numbers: Numbers::default(),
            })
        };
        Ok(Some(Self {
            texts,
            dictionary,
            codes: ChunkBuffer::default(),
            more: [more("sum")?, more("min")?, more("max")?],
            has_any: false,
        }))
    }

    /// Visits the histograms in some rows of a chunk.
    fn each(&mut self, chunk: usize, rows: &Bits, mut visit: impl FnMut(usize, HistogramText)) {
        self.texts.read_codes(chunk, &mut self.codes);
        for more in &mut self.more {
            if let Some(column) = &more.column {
                more.numbers.read(column, chunk);
            }
        }
        let (codes, dictionary) = (&self.codes, self.dictionary);
        let [sum, min, max] = &self.more;
        each_bit(rows, |position| {
            if codes.has(position)
                && let code = codes.values[position]
                && let Some(counts) = BucketCounts::parse(&dictionary.text(code))
            {
                self.has_any = true;
                let number = |more: &More| more.numbers.value(position);
                let histogram = HistogramText {
                    code,
                    total: counts.total(),
                    sum: number(sum),
                    min: number(min),
                    max: number(max),
                };
                visit(position, histogram);
            }
        });
    }
}
