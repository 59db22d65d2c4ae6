//! What a picture shows of a result: its calculations over time below each other, one line a group, or as bars where there is no time; a
//! heat map as cells.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

/// Most lines or bars; the groups come in the query's order, so the first matter most.
pub(super) const GROUPS_MAX: usize = 8;
/// Most calculations.
const PANELS_MAX: usize = 3;
/// Most letters of a group's name.
const NAME_CHARS_MAX: usize = 22;

/// Points of a line: second and value.
type Points = Vec<(i64, f64)>;

/// A chart without its looks.
#[derive(Debug, PartialEq)]
pub(super) struct Chart {
    pub(super) panels: Vec<Panel>,
    /// What the groups are called, in the order of their colours; empty without any.
    pub(super) groups: Vec<String>,
    /// Groups and calculations that there was no room for.
    pub(super) groups_left_out: usize,
    pub(super) panels_left_out: usize,
    /// The first and last second, where there is time.
    pub(super) seconds: Option<(i64, i64)>,
}

/// One calculation.
#[derive(Debug, PartialEq)]
pub(super) struct Panel {
    pub(super) title: String,
    pub(super) marks: Marks,
    /// The lowest and highest value; of lines and bars 0 is between them or one of them.
    pub(super) values: (f64, f64),
}

#[derive(Debug, PartialEq)]
pub(super) enum Marks {
    /// Those of each group, by its number.
    Lines(Vec<(usize, Points)>),
    /// The value of each group, by its number.
    Bars(Vec<(usize, f64)>),
    /// The second of each column, and how full its cells are, from the lowest value up: 0 to 1.
    Heat(Vec<(i64, Vec<f64>)>),
}

impl Chart {
    /// Reads a query and its answer, as the API shows them; what is not understood is left out.
    pub(super) fn of(query: &Json, answer: &Json) -> Self {
        let breakdowns: Vec<&str> = texts(query.get("breakdowns"));
        let rows = list(answer, "results");
        let series = list(answer, "series");
        let keys: Vec<Vec<&Json>> = rows.iter().map(|row| key(row, &breakdowns)).collect();
        let shown = keys.get(..GROUPS_MAX).unwrap_or(&keys);
        let heatmaps = answer.get("heatmaps").and_then(Json::as_object);
        let mut panels: Vec<Panel> = labels(rows, &breakdowns)
            .into_iter()
            .map(|label| panel(label, rows, series, shown, &breakdowns))
            .chain(heatmaps.into_iter().flatten().filter_map(heat_panel))
            .collect();
        let panels_left_out = panels.len().saturating_sub(PANELS_MAX);
        panels.truncate(PANELS_MAX);
        let seconds = || panels.iter().flat_map(|panel| panel.marks.seconds());
        let has_names = !breakdowns.is_empty();
        Self {
            seconds: seconds().min().zip(seconds().max()),
            groups: match has_names {
                true => shown.iter().map(|key| name_of(key)).collect(),
                false => Vec::new(),
            },
            groups_left_out: match has_names {
                true => keys.len().saturating_sub(GROUPS_MAX),
                false => 0,
            },
            panels_left_out,
            panels,
        }
    }
}

fn panel(
    label: &str,
    rows: &[Json],
    series: &[Json],
    groups: &[Vec<&Json>],
    breakdowns: &[&str],
) -> Panel {
    let value = |row: &Json| row.get("data")?.get(label)?.as_f64();
    let group_of = |row: &Json| {
        let key = key(row, breakdowns);
        groups.iter().position(|known| *known == key)
    };
    let mut lines: Vec<(usize, Points)> = Vec::new();
    for point in series {
        let time = point.get("time").and_then(Json::as_str);
        let second = time.and_then(|time| time.parse::<Timestamp>().ok());
        let (Some(second), Some(value), Some(group)) = (
            second.map(|at| at.as_second()),
            value(point),
            group_of(point),
        ) else {
            continue;
        };
        match lines.iter_mut().find(|(known, _)| *known == group) {
            Some((_, points)) => points.push((second, value)),
            None => lines.push((group, vec![(second, value)])),
        }
    }
    for (_, points) in &mut lines {
        points.sort_by_key(|(second, _)| *second);
    }
    let marks = match lines.is_empty() {
        false => Marks::Lines(lines),
        true => {
            let rows = rows.iter().take(GROUPS_MAX).enumerate();
            Marks::Bars(
                rows.filter_map(|(group, row)| Some((group, value(row)?)))
                    .collect(),
            )
        }
    };
    let (low, high) = marks.values();
    Panel {
        title: label.to_owned(),
        values: (-round_above(-low), round_above(high)),
        marks,
    }
}

fn heat_panel((label, map): (&String, &Json)) -> Option<Panel> {
    let number = |member: &str| map.get(member).and_then(Json::as_f64);
    let columns: Vec<(i64, Vec<f64>)> = texts(map.get("times"))
        .into_iter()
        .zip(list(map, "counts"))
        .filter_map(|(time, counts)| {
            let second = time.parse::<Timestamp>().ok()?.as_second();
            let counts = counts.as_array()?.iter();
            Some((
                second,
                counts.map(|count| count.as_f64().unwrap_or(0.0)).collect(),
            ))
        })
        .collect();
    let most = columns
        .iter()
        .flat_map(|(_, cells)| cells)
        .fold(0.0, |most: f64, count| most.max(*count));
    if most <= 0.0 {
        return None;
    }
    // By their logarithm: a few are to be told from none even where others are many.
    let fullness = |count: f64| (1.0 + count.max(0.0)).ln() / (1.0 + most).ln();
    Some(Panel {
        title: label.clone(),
        values: (number("min_value")?, number("max_value")?),
        marks: Marks::Heat(
            columns
                .into_iter()
                .map(|(second, cells)| (second, cells.into_iter().map(fullness).collect()))
                .collect(),
        ),
    })
}

impl Marks {
    fn values(&self) -> (f64, f64) {
        let widen = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
        match self {
            Self::Lines(lines) => {
                let points = lines.iter().flat_map(|(_, points)| points);
                points.map(|(_, value)| *value).fold((0.0, 0.0), widen)
            }
            Self::Bars(bars) => bars.iter().map(|(_, value)| *value).fold((0.0, 0.0), widen),
            Self::Heat(_) => (0.0, 0.0),
        }
    }

    fn seconds(&self) -> Vec<i64> {
        match self {
            Self::Lines(lines) => {
                let points = lines.iter().flat_map(|(_, points)| points);
                points.map(|(second, _)| *second).collect()
            }
            Self::Bars(_) => Vec::new(),
            Self::Heat(columns) => {
                let starts = columns.iter().map(|(second, _)| *second);
                let end = columns
                    .last()
                    .map(|(last, _)| last.saturating_add(step_s(columns)));
                starts.chain(end).collect()
            }
        }
    }
}

/// How long a column of a heat map lasts: as its closest neighbours are apart.
pub(super) fn step_s(columns: &[(i64, Vec<f64>)]) -> i64 {
    const ALONE_S: i64 = 60;
    let seconds = columns.iter().map(|(second, _)| *second);
    let gaps = seconds.clone().skip(1).zip(seconds);
    let gaps = gaps.map(|(next, one)| next.saturating_sub(one));
    gaps.filter(|gap| *gap > 0).min().unwrap_or(ALONE_S)
}

/// The next number, away from 0, whose half and quarter are short to write.
fn round_above(value: f64) -> f64 {
    const STEPS: [f64; 8] = [1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 6.0, 8.0];
    if value <= 0.0 || !value.is_finite() {
        return 0.0;
    }
    let power = 10.0_f64.powf(value.log10().floor());
    let steps = STEPS.iter().map(|step| step * power);
    let mut steps = steps.chain([10.0 * power]);
    steps.find(|step| *step >= value).unwrap_or(value)
}

/// The calculations whose answers are numbers, in the order of the rows' members.
fn labels<'a>(rows: &'a [Json], breakdowns: &[&str]) -> Vec<&'a str> {
    let mut labels: Vec<&str> = Vec::new();
    for row in rows {
        let data: Option<&Map<String, Json>> = row.get("data").and_then(Json::as_object);
        for (name, value) in data.into_iter().flatten() {
            let is_known = labels.contains(&name.as_str());
            if value.is_number() && !is_known && !breakdowns.contains(&name.as_str()) {
                labels.push(name);
            }
        }
    }
    labels
}

/// The values of a group in one line, cut where it is long.
fn name_of(key: &[&Json]) -> String {
    let values = key.iter().map(|value| match value {
        Json::Null => "(none)".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    });
    let name = values.collect::<Vec<_>>().join(", ");
    if name.chars().count() <= NAME_CHARS_MAX {
        return name;
    }
    let start: String = name.chars().take(NAME_CHARS_MAX - 2).collect();
    format!("{start}..")
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

fn key<'a>(row: &'a Json, breakdowns: &[&str]) -> Vec<&'a Json> {
    let value = |name: &&str| row.get("data").and_then(|data| data.get(*name));
    breakdowns
        .iter()
        .map(|name| value(name).unwrap_or(&Json::Null))
        .collect()
}
