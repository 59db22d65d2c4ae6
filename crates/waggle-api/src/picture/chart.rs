//! What a picture shows of a result: its first calculation over time, one line a group, or as bars where there is no time.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

/// Most lines or bars; the groups come in the query's order, so the first matter most.
pub(super) const GROUPS_MAX: usize = 8;

/// Points of a line: second and value.
type Points = Vec<(i64, f64)>;

/// A chart without its looks.
#[derive(Debug, PartialEq)]
pub(super) struct Chart {
    pub(super) marks: Marks,
    /// The lowest and highest value; 0 is between them or one of them.
    pub(super) values: (f64, f64),
    /// The first and last second, where there is time.
    pub(super) seconds: Option<(i64, i64)>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Marks {
    /// Those of each group.
    Lines(Vec<Points>),
    /// The value of each group.
    Bars(Vec<f64>),
}

impl Chart {
    /// Reads a query and its answer, as the API shows them; what is not understood is left out.
    pub(super) fn of(query: &Json, answer: &Json) -> Self {
        let breakdowns: Vec<&str> = texts(query.get("breakdowns"));
        let rows = list(answer, "results");
        let shown = rows.iter().find_map(|row| first_number(row, &breakdowns));
        let value = |row: &Json| row.get("data")?.get(shown?)?.as_f64();
        let series = list(answer, "series");
        let mut lines: Vec<(Vec<&Json>, Points)> = Vec::new();
        for point in series {
            let time = point.get("time").and_then(Json::as_str);
            let second = time.and_then(|time| time.parse::<Timestamp>().ok());
            let (Some(second), Some(value)) = (second.map(|at| at.as_second()), value(point))
            else {
                continue;
            };
            let key = key(point, &breakdowns);
            let known = lines.iter().position(|(known, _)| *known == key);
            let has_room = lines.len() < GROUPS_MAX;
            let line = match known {
                Some(index) => lines.get_mut(index),
                None if has_room => {
                    lines.push((key, Vec::new()));
                    lines.last_mut()
                }
                None => None,
            };
            if let Some((_, points)) = line {
                points.push((second, value));
            }
        }
        let marks = match lines.is_empty() {
            true => Marks::Bars(rows.iter().filter_map(value).take(GROUPS_MAX).collect()),
            false => Marks::Lines(
                lines
                    .into_iter()
                    .map(|(_, mut points)| {
                        points.sort_by_key(|(second, _)| *second);
                        points
                    })
                    .collect(),
            ),
        };
        Self {
            values: marks.values(),
            seconds: marks.seconds(),
            marks,
        }
    }
}

impl Marks {
    fn values(&self) -> (f64, f64) {
        let widen = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
        match self {
            Self::Lines(lines) => {
                let points = lines.iter().flatten();
                points.map(|(_, value)| *value).fold((0.0, 0.0), widen)
            }
            Self::Bars(bars) => bars.iter().copied().fold((0.0, 0.0), widen),
        }
    }

    fn seconds(&self) -> Option<(i64, i64)> {
        let Self::Lines(lines) = self else {
            return None;
        };
        let seconds = || lines.iter().flatten().map(|(second, _)| *second);
        Some((seconds().min()?, seconds().max()?))
    }
}

fn list<'a>(json: &'a Json, member: &str) -> &'a [Json] {
    json.get(member)
        .and_then(Json::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn texts(json: Option<&Json>) -> Vec<&str> {
    let items = json.and_then(Json::as_array).into_iter().flatten();
    items.filter_map(Json::as_str).collect()
}

fn first_number<'a>(row: &'a Json, breakdowns: &[&str]) -> Option<&'a str> {
    let data: &Map<String, Json> = row.get("data")?.as_object()?;
    let mut numbers = data
        .iter()
        .filter(|(name, value)| value.is_number() && !breakdowns.contains(&name.as_str()));
    numbers.next().map(|(name, _)| name.as_str())
}

fn key<'a>(row: &'a Json, breakdowns: &[&str]) -> Vec<&'a Json> {
    let value = |name: &&str| row.get("data").and_then(|data| data.get(*name));
    breakdowns
        .iter()
        .map(|name| value(name).unwrap_or(&Json::Null))
        .collect()
}
