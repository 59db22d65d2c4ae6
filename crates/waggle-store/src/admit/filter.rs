//! Takes refused rows out of a columnar batch.

use waggle_model::{BatchColumn, EventBatch, StringValues, TypedValues};

/// A copy of the batch without some rows, which ascend. Columns that lose all values stay, empty.
pub(super) fn without_rows(batch: &EventBatch, dropped: &[u32]) -> EventBatch {
    let mut places = Vec::with_capacity(batch.len());
    let mut next = 0;
    let mut dropped = dropped.iter().copied().peekable();
    for row in (0..).take(batch.len()) {
        let is_dropped = dropped.next_if_eq(&row).is_some();
        places.push((!is_dropped).then_some(next));
        next += u32::from(!is_dropped);
    }
    let columns = batch
        .columns()
        .iter()
        .map(|column| filter_column(column, &places))
        .collect();
    let filtered = EventBatch::from_parts(
        batch.dataset.clone(),
        filter(batch.timestamps_ns(), &places),
        filter(batch.sample_rates(), &places),
        columns,
    );
    debug_assert!(filtered.is_ok(), "a part of a sound batch is sound");
    filtered.unwrap_or_default()
}

fn filter_column(column: &BatchColumn, places: &[Option<u32>]) -> BatchColumn {
    let (rows, codes) = filter_rows(&column.strings.rows, &column.strings.codes, places);
    // Entries that nobody uses any more stay: they cost a few bytes until the rows are interned.
    let strings = StringValues {
        rows,
        codes,
        ends: column.strings.ends.clone(),
        bytes: column.strings.bytes.clone(),
    };
    BatchColumn::from_parts(
        column.name.clone(),
        strings,
        filter_values(&column.ints, places),
        filter_values(&column.floats, places),
        filter_values(&column.bools, places),
    )
}

fn filter<T: Copy>(values: &[T], places: &[Option<u32>]) -> Vec<T> {
    values
        .iter()
        .zip(places)
        .filter_map(|(value, place)| place.map(|_| *value))
        .collect()
}

fn filter_values<T: Copy>(values: &TypedValues<T>, places: &[Option<u32>]) -> TypedValues<T> {
    let (rows, values) = filter_rows(&values.rows, &values.values, places);
    TypedValues { rows, values }
}

fn filter_rows<T: Copy>(rows: &[u32], values: &[T], places: &[Option<u32>]) -> (Vec<u32>, Vec<T>) {
    rows.iter()
        .zip(values)
        .filter_map(|(row, value)| Some((places[*row as usize]?, *value)))
        .unzip()
}

#[cfg(test)]
mod tests;
