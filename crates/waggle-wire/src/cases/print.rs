//! Rows as lines of JSON with sorted members, so that a case reads the same whatever order columns were written in.

use std::collections::BTreeMap;
use waggle_model::{EventBatch, ValueRef};

/// One line per row. Long texts are shortened to their start and length, and so are rows with very many columns.
pub(super) fn rows(batch: &EventBatch) -> Vec<String> {
    let mut rows = vec![BTreeMap::new(); batch.len()];
    for column in batch.columns() {
        let mut put = |row: u32, value: ValueRef<'_>| {
            rows[row as usize].insert(&*column.name, value_json(value));
        };
        let strings = &column.strings;
        for (&row, &code) in strings.rows.iter().zip(&strings.codes) {
            put(row, ValueRef::String(strings.entry(code)));
        }
        for (&row, &value) in column.ints.rows.iter().zip(&column.ints.values) {
            put(row, ValueRef::Int(value));
        }
        for (&row, &value) in column.floats.rows.iter().zip(&column.floats.values) {
            put(row, ValueRef::Float(value));
        }
        for (&row, &value) in column.bools.rows.iter().zip(&column.bools.values) {
            put(row, ValueRef::Bool(value));
        }
    }
    let facts = batch.timestamps_ns().iter().zip(batch.sample_rates());
    rows.into_iter()
        .zip(facts)
        .map(|(columns, (time_ns, sample_rate))| {
            let dataset = text_json(&batch.dataset);
            let data = if columns.len() > 500 {
                format!("\"{} columns\"", columns.len())
            } else {
                let members: Vec<_> = columns
                    .into_iter()
                    .map(|(name, value)| format!("{}:{value}", text_json(name)))
                    .collect();
                format!("{{{}}}", members.join(","))
            };
            format!(
                "{{\"dataset\":{dataset},\"time_ns\":{time_ns},\"samplerate\":{sample_rate},\"data\":{data}}}"
            )
        })
        .collect()
}

fn value_json(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::String(value) => text_json(value),
        // With its point, so that 1 and 1.0 differ.
        ValueRef::Float(value) => format!("{value:?}"),
        value => value.to_string(),
    }
}

fn text_json(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap();
    if text.len() <= 300 {
        return json;
    }
    let start: String = text.chars().take(20).collect();
    let end: String = text
        .chars()
        .rev()
        .take(5)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    let shortened = format!("{start}... {} bytes ...{end}", text.len());
    serde_json::to_string(&shortened).unwrap()
}
