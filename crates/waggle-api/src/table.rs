//! Answers as JSON: tables, series, heat maps and raw rows, written straight from the engine's types.
//!
//! A result may hold a thousand groups with a thousand buckets each, so nothing builds a tree of JSON values first. A missing value
//! is an absent member, never null: Honeycomb's clients tell the two apart. Source: spec/honeycomb-api.md section 12.2.

mod shape;

pub(crate) use shape::{HEATMAP, NEXT, POINT, RAW_ROW, ROW, STATS, TABLE};

use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::collections::HashMap;
use waggle_model::{
    Cell, DatasetId, Heatmap, Meaning, QueryStats, RawRow, ResultTable, SeriesPoint, Value,
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

/// Milliseconds with a fraction.
#[expect(
    clippy::cast_precision_loss,
    reason = "for people; no query runs for 104 days"
)]
pub(crate) fn milliseconds(elapsed_ns: u64) -> f64 {
    elapsed_ns as f64 / 1e6
}

/// The members of `POST /api/.../query` that come from the engine, as one JSON object.
///
/// Written piece by piece into bytes: a row costs its numbers, and copies of texts that are the same for its whole group or bucket.
/// `is_wanted` is asked once in a thousand rows; nothing more is written for an answer that nobody waits for.
pub(crate) fn table_json(
    table: &ResultTable,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Vec<u8>, serde_json::Error> {
    let labels = Labels::new(table, is_wanted)?;
    let mut out = Vec::with_capacity(labels.bytes_expected(table));
    out.push(b'{');
    member(&mut out, "start_time", &seconds(table.range.start_ns))?;
    member(&mut out, "end_time", &seconds(table.range.end_ns))?;
    member(&mut out, "granularity", &seconds(table.granularity_ns))?;
    member(&mut out, "calculations", &table.calculations)?;
    member(&mut out, "breakdowns", &table.breakdowns)?;
    name(&mut out, "results")?;
    labels.results(&mut out, table)?;
    name(&mut out, "series")?;
    labels.series(&mut out, table)?;
    name(&mut out, "total")?;
    labels.cells(&mut out, &[], &table.total)?;
    name(&mut out, "total_series")?;
    let points = table.total_series.iter();
    labels.points(&mut out, points.map(|point| (&[][..], point)))?;
    name(&mut out, "other")?;
    match &table.other {
        Some(cells) => labels.cells(&mut out, &[], cells)?,
        None => out.extend_from_slice(b"null"),
    }
    member(&mut out, "group_count", &table.group_count)?;
    member(&mut out, "heatmaps", &Heatmaps(table))?;
    member(&mut out, "stats", &Stats(&table.stats))?;
    out.push(b'}');
    Ok(out)
}

fn member(out: &mut Vec<u8>, label: &str, value: &impl Serialize) -> Result<(), serde_json::Error> {
    name(out, label)?;
    serde_json::to_writer(out, value)
}

/// A member's name with its colon, after a comma unless it is the first.
fn name(out: &mut Vec<u8>, label: &str) -> Result<(), serde_json::Error> {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    serde_json::to_writer(&mut *out, label)?;
    out.push(b':');
    Ok(())
}

/// Between two looks at whether somebody waits so many rows are written: less than a millisecond.
const ROWS_PER_LOOK: usize = 1_024;

/// The texts that come again and again.
struct Labels<'a> {
    is_wanted: &'a dyn Fn() -> bool,
    /// `"COUNT":`, one per calculation.
    calculations: Vec<Vec<u8>>,
    /// `"name":"GET /","status":200`, one per group.
    groups: Vec<Vec<u8>>,
}

/// Ends the writing, now and then, when nobody waits for it.
fn look(is_wanted: &dyn Fn() -> bool, row: usize) -> Result<(), serde_json::Error> {
    match row.is_multiple_of(ROWS_PER_LOOK) && !is_wanted() {
        true => Err(serde::ser::Error::custom("nobody waits for the answer")),
        false => Ok(()),
    }
}

impl<'t> Labels<'t> {
    fn new(
        table: &ResultTable,
        is_wanted: &'t dyn Fn() -> bool,
    ) -> Result<Self, serde_json::Error> {
        let mut calculations = Vec::with_capacity(table.calculations.len());
        for label in &table.calculations {
            let mut text = serde_json::to_vec(label)?;
            text.push(b':');
            calculations.push(text);
        }
        let mut groups = Vec::with_capacity(table.groups.len());
        for (row, group) in table.groups.iter().enumerate() {
            look(is_wanted, row)?;
            groups.push(key_json(&table.breakdowns, &group.key)?);
        }
        Ok(Self {
            is_wanted,
            calculations,
            groups,
        })
    }

    fn look(&self, row: usize) -> Result<(), serde_json::Error> {
        look(self.is_wanted, row)
    }

    /// Room for the rows, so that a large answer is not moved again and again while it grows.
    fn bytes_expected(&self, table: &ResultTable) -> usize {
        /// A time, brackets, and what goes around.
        const ROW_BYTES: usize = 48;
        const NUMBER_BYTES: usize = 18;
        let calculations = self.calculations.iter();
        let cells: usize = calculations.map(|label| label.len() + NUMBER_BYTES).sum();
        let rows = self.groups.iter().enumerate().map(|(index, key)| {
            let points = table.series.get(index).map_or(0, Vec::len);
            (points + 1) * (ROW_BYTES + key.len() + cells)
        });
        rows.sum::<usize>() + (table.total_series.len() + 16) * (ROW_BYTES + cells)
    }

    /// `[{"data":{...}}]`, one per group.
    fn results(&self, out: &mut Vec<u8>, table: &ResultTable) -> Result<(), serde_json::Error> {
        out.push(b'[');
        for (index, (group, key)) in table.groups.iter().zip(&self.groups).enumerate() {
            self.look(index)?;
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(br#"{"data":"#);
            self.cells(out, key, &group.values)?;
            out.push(b'}');
        }
        out.push(b']');
        Ok(())
    }

    /// The points of all groups, ascending in time, those of one bucket in the order of the results.
    fn series(&self, out: &mut Vec<u8>, table: &ResultTable) -> Result<(), serde_json::Error> {
        let mut points: Vec<(&[u8], &SeriesPoint)> = Vec::new();
        for (key, series) in self.groups.iter().zip(&table.series) {
            points.extend(series.iter().map(|point| (key.as_slice(), point)));
        }
        points.sort_by_key(|(_, point)| point.time_ns);
        self.points(out, points.into_iter())
    }

    /// `[{"time":..,"data":{...}}]`
    fn points<'a>(
        &self,
        out: &mut Vec<u8>,
        points: impl Iterator<Item = (&'a [u8], &'a SeriesPoint)>,
    ) -> Result<(), serde_json::Error> {
        let mut time_ns = None;
        let mut start = Vec::new();
        out.push(b'[');
        for (index, (key, point)) in points.enumerate() {
            self.look(index)?;
            if index > 0 {
                out.push(b',');
            }
            if time_ns.replace(point.time_ns) != Some(point.time_ns) {
                start.clear();
                start.extend_from_slice(br#"{"time":""#);
                start.extend_from_slice(time_text(point.time_ns).as_bytes());
                start.extend_from_slice(br#"","data":"#);
            }
            out.extend_from_slice(&start);
            self.cells(out, key, &point.values)?;
            out.push(b'}');
        }
        out.push(b']');
        Ok(())
    }

    /// One object: the members of a group's key and the calculations that have a value.
    fn cells(
        &self,
        out: &mut Vec<u8>,
        key: &[u8],
        cells: &[Cell],
    ) -> Result<(), serde_json::Error> {
        out.push(b'{');
        out.extend_from_slice(key);
        let mut is_first = key.is_empty();
        for (label, cell) in self.calculations.iter().zip(cells) {
            match cell {
                Cell::Null => continue,
                // JSON has no infinities; an overflowed sum is "no value".
                Cell::Float(value) if !value.is_finite() => continue,
                _ => {}
            }
            if !std::mem::take(&mut is_first) {
                out.push(b',');
            }
            out.extend_from_slice(label);
            match cell {
                Cell::Null => {}
                Cell::Int(value) => serde_json::to_writer(&mut *out, value)?,
                Cell::Float(value) => serde_json::to_writer(&mut *out, value)?,
                Cell::Text(value) => serde_json::to_writer(&mut *out, value)?,
            }
        }
        out.push(b'}');
        Ok(())
    }
}

/// The members of a group's key, without brackets; a breakdown without a value is left out.
fn key_json(breakdowns: &[String], key: &[Option<Value>]) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::new();
    for (breakdown, value) in breakdowns.iter().zip(key) {
        let Some(value) = value else {
            continue;
        };
        if !out.is_empty() {
            out.push(b',');
        }
        serde_json::to_writer(&mut out, breakdown)?;
        out.push(b':');
        serde_json::to_writer(&mut out, &Scalar(value))?;
    }
    Ok(out)
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
        let mut answer = serializer.serialize_struct("stats", 7)?;
        answer.serialize_field("rows_read", &stats.rows_read)?;
        answer.serialize_field("rows_matched", &stats.rows_matched)?;
        answer.serialize_field("bytes_read", &stats.bytes_read)?;
        answer.serialize_field("blocks_read", &stats.blocks_read)?;
        answer.serialize_field("elapsed_ms", &milliseconds(stats.elapsed_ns))?;
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
        let mut answer = serializer.serialize_struct("row", 6)?;
        answer.serialize_field("timestamp", &time_text_ns(self.row.timestamp_ns))?;
        answer.serialize_field("timestamp_ns", &self.row.timestamp_ns.to_string())?;
        answer.serialize_field("dataset", &self.dataset)?;
        answer.serialize_field("sample_rate", &self.row.sample_rate)?;
        answer.serialize_field("data", &Fields(&self.row.fields))?;
        if !self.row.meant.is_empty() {
            answer.serialize_field("by_definition", &Meant(&self.row.meant))?;
        }
        answer.end()
    }
}

struct Meant<'a>(&'a [(Meaning, Option<Value>)]);

impl Serialize for Meant<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let meant = self.0.iter();
        let meant = meant.map(|(meaning, value)| (meaning.column(), value.as_ref().map(Scalar)));
        serializer.collect_map(meant)
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
