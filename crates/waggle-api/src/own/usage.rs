//! `GET /api/environments/{env}/usage`: events and bytes that were taken in, by dataset and day.

use crate::ask::{Answer, Ask, json_answer};
use crate::problem::{DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Shape, may, must};
use crate::usage::day_of;
use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use waggle_access::Permission;
use waggle_metastore::Dataset;
use waggle_model::DatasetId;

pub(crate) const RESOURCE: Resource = Resource {
    name: "Usage",
    about: "How much was taken in, by dataset and day.",
    routes: &[Route::own(
        "GET",
        "/api/environments/{env}/usage",
        Need::Person(&[Permission::RunQueries]),
        |ask| Box::pin(get(ask)),
    )
    .about("Adds up the events that were taken in on some days, and the bytes of their names and values. Days are those of arrival, in UTC.")
    .query(&[
        may("start", Shape::Text, "The first day, as 2026-11-01; 31 days before the end unless given."),
        may("end", Shape::Text, "The last day; today unless given."),
    ])
    .answers(&[(200, Content::Json(Shape::Object(ANSWER)))])],
};

const COUNTS: [Member; 2] = [
    must(
        "events",
        Shape::Whole,
        "Events, each as one whatever its sample rate.",
    ),
    must(
        "bytes",
        Shape::Whole,
        "Bytes of their names and values, before compression.",
    ),
];
/// What was taken in on a day.
pub(super) const DAY: &[Member] = &[
    must("day", Shape::Text, "The day of arrival, UTC."),
    COUNTS[0],
    COUNTS[1],
];
const ANSWER: &[Member] = &[
    must("start", Shape::Text, "The first day."),
    must("end", Shape::Text, "The last day."),
    COUNTS[0],
    COUNTS[1],
    must(
        "datasets",
        Shape::List(&Shape::Object(&[
            must(
                "dataset",
                Shape::OrNull(&Shape::Text),
                "Its slug; null for all that are gone together.",
            ),
            must("name", Shape::OrNull(&Shape::Text), "Its name."),
            COUNTS[0],
            COUNTS[1],
            must(
                "days",
                Shape::List(&Shape::Object(DAY)),
                "Days with events, the oldest first.",
            ),
        ])),
        "Datasets with events, the one with most bytes first.",
    ),
];

/// Days of an answer for which no start was given, its end included.
const DAYS_DEFAULT: i64 = 31;
/// Most days of an answer.
const DAYS_MAX: i64 = 3_660;
const SECONDS_PER_DAY: i64 = 86_400;

/// What was taken in on some days, by day.
type Days = BTreeMap<i64, Sum>;

#[derive(Clone, Copy, Default)]
pub(super) struct Sum {
    events: u64,
    bytes: u64,
}

impl Sum {
    fn add(&mut self, events: u64, bytes: u64) {
        self.events = self.events.saturating_add(events);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn json(self) -> Json {
        json!({ "events": self.events, "bytes": self.bytes })
    }
}

async fn get(ask: Ask) -> Answer {
    let tenant = ask.tenant();
    let end = day_parameter(&ask, "end")?.unwrap_or_else(|| day_of(ask.now_ns()));
    let start =
        day_parameter(&ask, "start")?.unwrap_or_else(|| end.saturating_sub(DAYS_DEFAULT - 1));
    if start > end {
        return Err(invalid("start", "must not be after end"));
    }
    if end.saturating_sub(start) >= DAYS_MAX {
        return Err(invalid(
            "start",
            format!("must be less than {DAYS_MAX} days before end"),
        ));
    }
    let taken_in = by_dataset_and_day(&ask, start..=end).await?;
    let datasets = ask.state.metastore.datasets(tenant).await?;
    let known = |id: DatasetId| datasets.iter().find(|dataset| dataset.id == id);
    let mut sums: BTreeMap<Option<DatasetId>, Days> = BTreeMap::new();
    for (dataset, days) in taken_in {
        let of_dataset = sums.entry(known(dataset).map(|dataset| dataset.id));
        let of_dataset = of_dataset.or_default();
        for (day, sum) in days {
            let of_day = of_dataset.entry(day).or_default();
            of_day.add(sum.events, sum.bytes);
        }
    }
    let mut all = Sum::default();
    let mut shown: Vec<(Sum, Json)> = Vec::with_capacity(sums.len());
    for (dataset, days) in sums {
        let mut sum = Sum::default();
        for day in days.values() {
            sum.add(day.events, day.bytes);
        }
        all.add(sum.events, sum.bytes);
        shown.push((sum, dataset_json(dataset.and_then(known), sum, &days)));
    }
    shown.sort_by_key(|(sum, _)| std::cmp::Reverse((sum.bytes, sum.events)));
    let shown: Vec<Json> = shown.into_iter().map(|(_, json)| json).collect();
    json_answer(
        StatusCode::OK,
        &json!({
            "start": day_text(start),
            "end": day_text(end),
            "events": all.events,
            "bytes": all.bytes,
            "datasets": shown,
        }),
    )
}

/// What each dataset took in on these days; also those that are gone.
pub(super) async fn by_dataset_and_day(
    ask: &Ask,
    days: RangeInclusive<i64>,
) -> Result<BTreeMap<DatasetId, Days>, Problem> {
    let tenant = ask.caller.tenant;
    // The written first: what is written in between is then missing for a moment, and not there twice.
    let mut usage = ask.state.metastore.usage(tenant, days.clone()).await?;
    usage.extend(ask.state.usage.unwritten(tenant, &days));
    let mut sums: BTreeMap<DatasetId, Days> = BTreeMap::new();
    for usage in usage {
        let of_day = sums.entry(usage.dataset).or_default().entry(usage.day);
        of_day
            .or_default()
            .add(usage.event_count, usage.event_bytes);
    }
    Ok(sums)
}

/// Days as the API shows them, the oldest first.
pub(super) fn days_json(days: &Days) -> Json {
    let days = days.iter().map(|(day, sum)| {
        let mut json = sum.json();
        json["day"] = day_text(*day).into();
        json
    });
    days.collect()
}

fn dataset_json(dataset: Option<&Dataset>, sum: Sum, days: &Days) -> Json {
    let mut json = sum.json();
    json["dataset"] = dataset.map(|dataset| dataset.slug.as_str()).into();
    json["name"] = dataset.map(|dataset| dataset.name.as_str()).into();
    json["days"] = days_json(days);
    json
}

fn day_parameter(ask: &Ask, name: &'static str) -> Result<Option<i64>, Problem> {
    let Some(text) = ask.query(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let date = text.parse::<Date>().ok();
    let start = date.and_then(|date| date.to_zoned(TimeZone::UTC).ok());
    let start = start.ok_or_else(|| invalid(name, "must be a day like 2026-11-01"))?;
    Ok(Some(
        start.timestamp().as_second().div_euclid(SECONDS_PER_DAY),
    ))
}

fn day_text(day: i64) -> String {
    jiff::Timestamp::from_second(day.saturating_mul(SECONDS_PER_DAY))
        .map(|time| time.strftime("%Y-%m-%d").to_string())
        .unwrap_or_default()
}

fn invalid(field: &str, description: impl Into<String>) -> Problem {
    Problem::invalid_field(field, DetailCode::Invalid, description)
}
