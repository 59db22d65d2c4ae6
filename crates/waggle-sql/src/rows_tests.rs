//! The second way to every answer: the rows that pass a query's filters leave as Arrow batches, come back as a run, and are asked the
//! query without its filters. Times, types, absent values and texts have to survive for both ways to agree.

use crate::column::{Content, ScanColumn};
use crate::scan::WaggleScan;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Float64Type, Int64Type, TimestampNanosecondType};
use datafusion::physical_plan::collect;
use std::sync::Arc;
use waggle_model::{
    BatchColumn, Clock, ColumnType, DatasetId, EventBatch, QuerySpec, StringValues, TimeRange,
    TypedValues,
};
use waggle_query::fused::{FusedWatch, relate};
use waggle_query::{EngineConfig, FilterSet};
use waggle_store::memtable::RunBuilder;
use waggle_store::{Snapshot, Source};

const TYPES: [ColumnType; 4] = [
    ColumnType::String,
    ColumnType::Integer,
    ColumnType::Float,
    ColumnType::Boolean,
];

/// The rows of `columns` that pass the filters, as sources of their own.
pub(crate) async fn by_rows(
    snapshot: &Snapshot,
    spec: &QuerySpec,
    range: TimeRange,
    columns: &[String],
) -> Snapshot {
    let config = EngineConfig::default();
    let watch = FusedWatch::new(Clock::fixed(0), &config);
    let filters = FilterSet::new(&spec.filters, spec.filter_combination).unwrap();
    let Ok(filters) = relate(&filters, snapshot, range, &config, &watch) else {
        panic!("{:?} can't be related", spec.filters);
    };
    let typed = columns.iter().flat_map(|name| {
        TYPES.map(|column_type| ScanColumn {
            name: format!("{name}:{}", column_type.name()).into(),
            content: Content::Only(name.as_str().into(), column_type),
        })
    });
    let scanned = [ScanColumn::time(), ScanColumn::sample_rate()]
        .into_iter()
        .chain(typed)
        .collect();
    let scan = WaggleScan::new(snapshot.clone(), scanned, range, filters, None, 2);
    let batches = collect(Arc::new(scan), Arc::default()).await.unwrap();
    Snapshot {
        sources: batches
            .iter()
            .filter(|batch| batch.num_rows() > 0)
            .map(|batch| run_of(batch, columns))
            .collect(),
    }
}

fn run_of(batch: &RecordBatch, columns: &[String]) -> Source {
    let times = batch.column(0).as_primitive::<TimestampNanosecondType>();
    let rates = batch.column(1).as_primitive::<Int64Type>().values().iter();
    let columns = columns.iter().zip(batch.columns()[2..].chunks(TYPES.len()));
    let batch = EventBatch::from_parts(
        String::new(),
        times.values().to_vec(),
        rates.map(|rate| u32::try_from(*rate).unwrap()).collect(),
        columns.map(|(name, arrays)| column(name, arrays)).collect(),
    );
    let mut run = RunBuilder::new(DatasetId(1));
    run.append(&batch.unwrap());
    Source::Run(Arc::new(run.seal()))
}

fn column(name: &str, arrays: &[ArrayRef]) -> BatchColumn {
    let [texts, ints, floats, bools] = arrays else {
        panic!("{name} has {} types", arrays.len());
    };
    let strings = texts.as_string_view();
    let mut texts = StringValues::default();
    for row in (0..strings.len()).filter(|row| strings.is_valid(*row)) {
        texts.rows.push(row as u32);
        texts.codes.push(texts.ends.len() as u32);
        texts.bytes.extend_from_slice(strings.value(row).as_bytes());
        texts.ends.push(texts.bytes.len() as u32);
    }
    let int_values = ints.as_primitive::<Int64Type>();
    let float_values = floats.as_primitive::<Float64Type>();
    let bool_values = bools.as_boolean();
    BatchColumn::from_parts(
        name.into(),
        texts,
        typed(ints, |row| int_values.value(row)),
        typed(floats, |row| float_values.value(row)),
        typed(bools, |row| bool_values.value(row)),
    )
}

fn typed<T>(array: &ArrayRef, value: impl Fn(usize) -> T) -> TypedValues<T> {
    let rows = (0..array.len()).filter(|row| array.is_valid(*row));
    let (rows, values) = rows.map(|row| (row as u32, value(row))).unzip();
    TypedValues { rows, values }
}
