//! Answers as JSON: tables, series, heat maps and raw rows, written straight from the engine's types.
//!
//! A result may hold a thousand groups with a thousand buckets each, so nothing builds a tree of JSON values first. A missing value
//! is an absent member, never null: Honeycomb's clients tell the two apart. Source: spec/honeycomb-api.md section 12.2.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};
use std::collections::HashMap;
use waggle_model::{
    Cell, DatasetId, Group, Heatmap, QueryStats, RawRow, ResultTable, SeriesPoint, Value,
};

const NS_PER_S: f64 = 1e9;

/// A time as RFC 3339 in UTC, with as many fraction digits as it needs.
pub(crate) fn time_text(time_ns: i64) -> String {
    timestamp(time_ns).to_string()
}

/// A time as RFC 3339 in UTC with nine fraction digits.
pub(crate) fn time_text_ns(time_ns: i64) -> String {
    format!("{:.9}", timestamp(time_ns))
}

fn timestamp(time_ns: i64) -> jiff::Timestamp {
    // Every i64 of nanoseconds lies within jiff's years, so the fallback never shows.
    jiff::Timestamp::from_nanosecond(i128::from(time_ns)).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// The members of `POST /api/.../query` that come from the engine; flattened into the answer.
pub(crate) struct OwnTable<'a>(pub(crate) &'a ResultTable);

impl OwnTable<'_> {
    pub(crate) fn write<M: SerializeMap>(&self, answer: &mut M) -> Result<(), M::Error> {
        let table = self.0;
        answer.serialize_entry("start_time", &seconds(table.range.start_ns))?;
        answer.serialize_entry("end_time", &seconds(table.range.end_ns))?;
        answer.serialize_entry("granularity", &seconds(table.granularity_ns))?;
        answer.serialize_entry("calculations", &table.calculations)?;
        answer.serialize_entry("breakdowns", &table.breakdowns)?;
        answer.serialize_entry("results", &Results(table))?;
        answer.serialize_entry("series", &Series(table))?;
        answer.serialize_entry("total", &Cells::new(table, &table.total))?;
        answer.serialize_entry("total_series", &TotalSeries(table))?;
        answer.serialize_entry(
            "other",
            &table.other.as_ref().map(|cells| Cells::new(table, cells)),
        )?;
        answer.serialize_entry("group_count", &table.group_count)?;
        answer.serialize_entry("heatmaps", &Heatmaps(table))?;
        answer.serialize_entry("stats", &Stats(&table.stats))
    }
}

/// Seconds as JSON: whole ones without a fraction.
fn seconds(time_ns: i64) -> serde_json::Number {
    const NS: i64 = 1_000_000_000;
    if time_ns % NS == 0 {
        return (time_ns / NS).into();
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a granularity below a second is exact; bounds of a range are whole seconds"
    )]
    let seconds = time_ns as f64 / NS_PER_S;
    serde_json::Number::from_f64(seconds).unwrap_or_else(|| 0.into())
}

/// `[{"data":{...}}]`, one per group.
struct Results<'a>(&'a ResultTable);

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.groups.iter().map(|group| Row {
            time_ns: None,
            data: Cells {
                table: self.0,
                key: &group.key,
                values: &group.values,
            },
        }))
    }
}

/// `[{"time":..,"data":{...}}]`, ascending in time, groups of one bucket in the order of the results.
struct Series<'a>(&'a ResultTable);

impl Serialize for Series<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let table = self.0;
        let mut points: Vec<(i64, &Group, &SeriesPoint)> = Vec::new();
        for (group, series) in table.groups.iter().zip(&table.series) {
            points.extend(series.iter().map(|point| (point.time_ns, group, point)));
        }
        points.sort_by_key(|(time_ns, _, _)| *time_ns);
        let mut sequence = serializer.serialize_seq(Some(points.len()))?;
        for (time_ns, group, point) in points {
            sequence.serialize_element(&Row {
                time_ns: Some(time_ns),
                data: Cells {
                    table,
                    key: &group.key,
                    values: &point.values,
                },
            })?;
        }
        sequence.end()
    }
}

struct TotalSeries<'a>(&'a ResultTable);

impl Serialize for TotalSeries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.total_series.iter().map(|point| Row {
            time_ns: Some(point.time_ns),
            data: Cells::new(self.0, &point.values),
        }))
    }
}

struct Row<'a> {
    time_ns: Option<i64>,
    data: Cells<'a>,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(None)?;
        if let Some(time_ns) = self.time_ns {
            row.serialize_entry("time", &time_text(time_ns))?;
        }
        row.serialize_entry("data", &self.data)?;
        row.end()
    }
}

/// One object: breakdown values and calculations that have a value.
struct Cells<'a> {
    table: &'a ResultTable,
    key: &'a [Option<Value>],
    values: &'a [Cell],
}

impl<'a> Cells<'a> {
    fn new(table: &'a ResultTable, values: &'a [Cell]) -> Self {
        Self {
            table,
            key: &[],
            values,
        }
    }
}

impl Serialize for Cells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(None)?;
        for (name, value) in self.table.breakdowns.iter().zip(self.key) {
            match value {
                None => {}
                Some(Value::Float(value)) if !value.is_finite() => {
                    row.serialize_entry(name, &value.to_string())?;
                }
                Some(value) => row.serialize_entry(name, &Scalar(value))?,
            }
        }
        for (label, cell) in self.table.calculations.iter().zip(self.values) {
            match cell {
                Cell::Null => {}
                Cell::Int(value) => row.serialize_entry(label, value)?,
                // JSON has no infinities; an overflowed sum is "no value".
                Cell::Float(value) if !value.is_finite() => {}
                Cell::Float(value) => row.serialize_entry(label, value)?,
                Cell::Text(value) => row.serialize_entry(label, value)?,
            }
        }
        row.end()
    }
}

/// A field's value. A float that JSON can't say becomes text, so that a raw row never hides a field.
pub(crate) struct Scalar<'a>(pub(crate) &'a Value);

impl Serialize for Scalar<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::String(value) => serializer.serialize_str(value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::Float(value) if value.is_finite() => serializer.serialize_f64(*value),
            Value::Float(value) => serializer.collect_str(value),
            Value::Bool(value) => serializer.serialize_bool(*value),
        }
    }
}

struct Heatmaps<'a>(&'a ResultTable);

impl Serialize for Heatmaps<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.0
                .calculations
                .iter()
                .zip(&self.0.heatmaps)
                .filter_map(|(label, map)| map.as_ref().map(|map| (label, HeatmapJson(map)))),
        )
    }
}

struct HeatmapJson<'a>(&'a Heatmap);

impl Serialize for HeatmapJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let map = self.0;
        let times: Vec<String> = map.times_ns.iter().map(|time| time_text(*time)).collect();
        let mut answer = serializer.serialize_struct("heatmap", 6)?;
        answer.serialize_field("min_value", &map.min_value)?;
        answer.serialize_field("max_value", &map.max_value)?;
        answer.serialize_field("step_size", &map.step_size)?;
        answer.serialize_field("bins", &map.counts.first().map_or(0, Vec::len))?;
        answer.serialize_field("times", &times)?;
        answer.serialize_field("counts", &map.counts)?;
        answer.end()
    }
}

/// What an answer cost.
pub(crate) struct Stats<'a>(pub(crate) &'a QueryStats);

impl Serialize for Stats<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stats = self.0;
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds for people; no query runs for 104 days"
        )]
        let elapsed_ms = stats.elapsed_ns as f64 / 1e6;
        let mut answer = serializer.serialize_struct("stats", 7)?;
        answer.serialize_field("rows_read", &stats.rows_read)?;
        answer.serialize_field("rows_matched", &stats.rows_matched)?;
        answer.serialize_field("bytes_read", &stats.bytes_read)?;
        answer.serialize_field("blocks_read", &stats.blocks_read)?;
        answer.serialize_field("elapsed_ms", &elapsed_ms)?;
        answer.serialize_field("sample_rate_applied", &stats.sample_rate_applied)?;
        answer.serialize_field("approximate", &stats.approximate)?;
        answer.end()
    }
}

/// Raw rows, each with its dataset's slug.
pub(crate) struct Rows<'a> {
    pub(crate) rows: &'a [RawRow],
    pub(crate) slugs: &'a HashMap<DatasetId, String>,
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows.iter().map(|row| RowJson {
            row,
            dataset: self.slugs.get(&row.dataset).map(String::as_str),
        }))
    }
}

struct RowJson<'a> {
    row: &'a RawRow,
    dataset: Option<&'a str>,
}

impl Serialize for RowJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_struct("row", 5)?;
        answer.serialize_field("timestamp", &time_text_ns(self.row.timestamp_ns))?;
        answer.serialize_field("timestamp_ns", &self.row.timestamp_ns.to_string())?;
        answer.serialize_field("dataset", &self.dataset)?;
        answer.serialize_field("sample_rate", &self.row.sample_rate)?;
        answer.serialize_field("data", &Fields(&self.row.fields))?;
        answer.end()
    }
}

struct Fields<'a>(&'a [(String, Value)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, Scalar(value))))
    }
}

#[cfg(test)]
mod tests;
