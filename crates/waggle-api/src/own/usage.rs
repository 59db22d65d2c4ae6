//! `GET /api/environments/{env}/usage`: events, metrics' data points and bytes that were taken in, by environment, dataset, key, day and
//! month; and what this month comes to.

use super::history::environments;
use crate::ask::{Answer, Ask, json_answer};
use crate::problem::{DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Shape, joined, may, must};
use crate::usage::day_of;
use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use waggle_access::Permission;
use waggle_metastore::{KeyId, Taken, Usage};
use waggle_model::{DatasetId, Tenant};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Usage",
    about: "How much was taken in, by environment, dataset, key, day and month.",
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
        may(
            "environments",
            Shape::Choice(&["all"]),
            "`all` for every environment of the team; for people, not for keys.",
        ),
    ])
    .answers(&[(200, Content::Json(Shape::Object(ANSWER)))])],
};

const COUNTS: &[Member] = &[
    must(
        "events",
        Shape::Whole,
        "Events, each as one whatever its sample rate; those of metrics too.",
    ),
    must(
        "bytes",
        Shape::Whole,
        "Bytes of their names and values, before compression.",
    ),
    must(
        "metric_events",
        Shape::Whole,
        "Those of the events that hold metrics.",
    ),
    must(
        "data_points",
        Shape::Whole,
        "The data points of metrics that these were made of.",
    ),
];
/// What was taken in on a day.
pub(super) const DAY: &[Member] = &joined::<{ COUNTS.len() + 1 }>(
    &[must("day", Shape::Text, "The day of arrival, UTC.")],
    COUNTS,
);
const MONTH: &[Member] = &joined::<{ COUNTS.len() + 1 }>(
    &[must("month", Shape::Text, "The month, as 2026-11.")],
    COUNTS,
);
const THIS_MONTH: &[Member] = &joined::<{ MONTH.len() + 2 }>(
    &[
        must(
            "projected_events",
            Shape::Whole,
            "What the events come to by its end when it goes on like this.",
        ),
        must(
            "projected_data_points",
            Shape::Whole,
            "The same of the data points.",
        ),
    ],
    MONTH,
);
const OF_ENVIRONMENT: &[Member] =
    &joined::<{ COUNTS.len() + 1 }>(&[must("environment", Shape::Text, "Its slug.")], COUNTS);
const OF_KEY: &[Member] = &joined::<{ COUNTS.len() + 2 }>(
    &[
        must(
            "key",
            Shape::OrNull(&Shape::Text),
            "Its id; null for what came without one: from the machine itself, as documents of X-Ray that waited, or before keys were counted.",
        ),
        must(
            "name",
            Shape::OrNull(&Shape::Text),
            "What people call it; null when it is gone.",
        ),
    ],
    COUNTS,
);
const OF_DATASET: &[Member] = &joined::<{ COUNTS.len() + 4 }>(
    &[
        must("environment", Shape::Text, "Slug of its environment."),
        must(
            "dataset",
            Shape::OrNull(&Shape::Text),
            "Its slug; null for all of the environment that are gone together.",
        ),
        must("name", Shape::OrNull(&Shape::Text), "Its name."),
        must(
            "days",
            Shape::List(&Shape::Object(DAY)),
            "Days with events, the oldest first.",
        ),
    ],
    COUNTS,
);
const ANSWER: &[Member] = &joined::<{ COUNTS.len() + 7 }>(
    &[
        must("start", Shape::Text, "The first day."),
        must("end", Shape::Text, "The last day."),
        must(
            "this_month",
            Shape::Object(THIS_MONTH),
            "The month that it is now, so far, whichever days were asked for.",
        ),
        must(
            "months",
            Shape::List(&Shape::Object(MONTH)),
            "Months with events, the oldest first; of the first and the last only the days that were asked for.",
        ),
        must(
            "environments",
            Shape::List(&Shape::Object(OF_ENVIRONMENT)),
            "Environments with events, the one with most bytes first.",
        ),
        must(
            "datasets",
            Shape::List(&Shape::Object(OF_DATASET)),
            "Datasets with events, the one with most bytes first.",
        ),
        must(
            "keys",
            Shape::List(&Shape::Object(OF_KEY)),
            "Keys with events, the one with most bytes first.",
        ),
    ],
    COUNTS,
);

/// Days of an answer for which no start was given, its end included.
const DAYS_DEFAULT: i64 = 31;
/// Most days of an answer.
const DAYS_MAX: i64 = 3_660;
const SECONDS_PER_DAY: i64 = 86_400;
const NS_PER_DAY: i128 = 86_400_000_000_000;

/// What was taken in on some days, by day.
type Days = BTreeMap<i64, Taken>;

async fn get(ask: Ask) -> Answer {
    let end = day_parameter(&ask, "end")?.unwrap_or_else(|| day_of(ask.now_ns()));
    let start =
        day_parameter(&ask, "start")?.unwrap_or_else(|| end.saturating_sub(DAYS_DEFAULT - 1));
    if start > end {
        return Err(invalid("start", "must not be after end"));
    }
    if end.saturating_sub(start) >= DAYS_MAX {
        let text = format!("must be less than {DAYS_MAX} days before end");
        return Err(invalid("start", text));
    }
    let month = Month::of(ask.now_ns())?;
    let mut sums = Sums::default();
    let mut this_month = Taken::default();
    for (tenant, environment) in environments(&ask).await? {
        let datasets = ask.state.metastore.datasets(tenant).await?;
        let known: HashMap<_, _> = datasets
            .iter()
            .map(|dataset| (dataset.id, dataset))
            .collect();
        for usage in taken_in(&ask, tenant, start..=end).await? {
            let dataset = known.get(&usage.dataset).map(|dataset| dataset.id);
            sums.add(&environment, dataset, usage);
        }
        for usage in taken_in(&ask, tenant, month.days.clone()).await? {
            this_month += usage.taken;
        }
        let names = datasets
            .into_iter()
            .map(|dataset| (dataset.id, (dataset.slug, dataset.name)));
        sums.names.extend(names);
    }
    let keys = ask.state.metastore.keys(ask.tenant().team).await?;
    let key_names: HashMap<KeyId, String> =
        keys.into_iter().map(|key| (key.id, key.name)).collect();
    let mut json = counts_json(sums.all);
    json["start"] = day_text(start).into();
    json["end"] = day_text(end).into();
    json["this_month"] = month.json(this_month, ask.now_ns());
    json["months"] = sums.months_json();
    json["environments"] = largest_first(
        sums.environments,
        |environment| json!({ "environment": environment }),
    );
    json["keys"] = largest_first(sums.keys, |key| {
        let name = key.as_ref().and_then(|key| key_names.get(key));
        json!({ "key": key.map(|key| key.0), "name": name })
    });
    let names = sums.names;
    let mut days = sums.datasets;
    let datasets = days.iter().map(|(place, days)| {
        let mut taken = Taken::default();
        days.values().for_each(|day| taken += *day);
        (place.clone(), taken)
    });
    let datasets: BTreeMap<_, _> = datasets.collect();
    json["datasets"] = largest_first(datasets, |place| {
        let (slug, name) = match place.1.and_then(|dataset| names.get(&dataset)) {
            Some((slug, name)) => (Some(slug), Some(name)),
            None => (None, None),
        };
        let days = days_json(&days.remove(&place).unwrap_or_default());
        json!({ "environment": place.0, "dataset": slug, "name": name, "days": days })
    });
    json_answer(StatusCode::OK, &json)
}

/// What was taken in, added up in every way that is shown.
#[derive(Default)]
struct Sums {
    all: Taken,
    /// As they are shown, which sorts as they follow each other.
    months: BTreeMap<String, Taken>,
    environments: BTreeMap<String, Taken>,
    keys: BTreeMap<Option<KeyId>, Taken>,
    /// By environment and dataset; those that are gone are one.
    datasets: BTreeMap<(String, Option<DatasetId>), Days>,
    /// Slug and name of each dataset.
    names: HashMap<DatasetId, (String, String)>,
}

impl Sums {
    fn add(&mut self, environment: &str, dataset: Option<DatasetId>, usage: Usage) {
        let Usage {
            day, key, taken, ..
        } = usage;
        self.all += taken;
        *self.months.entry(month_text(day)).or_default() += taken;
        *self.environments.entry(environment.to_owned()).or_default() += taken;
        *self.keys.entry(key).or_default() += taken;
        let days = self.datasets.entry((environment.to_owned(), dataset));
        *days.or_default().entry(day).or_default() += taken;
    }

    fn months_json(&self) -> Json {
        let months = self.months.iter().map(|(month, taken)| {
            let mut json = counts_json(*taken);
            json["month"] = month.as_str().into();
            json
        });
        months.collect()
    }
}

/// A month of UTC.
struct Month {
    days: RangeInclusive<i64>,
}

impl Month {
    fn of(now_ns: i64) -> Result<Self, Problem> {
        let date = date_of(day_of(now_ns)).map_err(|error| Problem::internal(&error))?;
        let first = day_of(now_ns) - i64::from(date.day() - 1);
        let last = first + i64::from(date.days_in_month()) - 1;
        Ok(Self { days: first..=last })
    }

    fn json(&self, taken: Taken, now_ns: i64) -> Json {
        let start_ns = i128::from(*self.days.start()) * NS_PER_DAY;
        let length_ns = i128::from(self.days.end() - self.days.start() + 1) * NS_PER_DAY;
        let elapsed_ns = (i128::from(now_ns) - start_ns).max(1);
        let projected = |count: u64| {
            let whole = i128::from(count) * length_ns / elapsed_ns;
            u64::try_from(whole).unwrap_or(u64::MAX)
        };
        let mut json = counts_json(taken);
        json["month"] = month_text(*self.days.start()).into();
        json["projected_events"] = projected(taken.events).into();
        json["projected_data_points"] = projected(taken.data_points).into();
        json
    }
}

/// Each with its numbers, the one with most bytes first.
fn largest_first<K>(sums: BTreeMap<K, Taken>, mut shown: impl FnMut(K) -> Json) -> Json {
    let mut sums: Vec<(K, Taken)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, taken)| Reverse((taken.bytes, taken.events)));
    let sums = sums.into_iter().map(|(what, taken)| {
        let mut json = shown(what);
        add_counts(&mut json, taken);
        json
    });
    sums.collect()
}

/// What each dataset took in on these days; also those that are gone.
pub(super) async fn by_dataset_and_day(
    ask: &Ask,
    days: RangeInclusive<i64>,
) -> Result<BTreeMap<DatasetId, Days>, Problem> {
    let mut sums: BTreeMap<DatasetId, Days> = BTreeMap::new();
    for usage in taken_in(ask, ask.tenant(), days).await? {
        let of_dataset = sums.entry(usage.dataset).or_default();
        *of_dataset.entry(usage.day).or_default() += usage.taken;
    }
    Ok(sums)
}

async fn taken_in(
    ask: &Ask,
    tenant: Tenant,
    days: RangeInclusive<i64>,
) -> Result<Vec<Usage>, Problem> {
    // The written first: what is written in between is then missing for a moment, and not there twice.
    let mut usage = ask.state.metastore.usage(tenant, days.clone()).await?;
    usage.extend(ask.state.usage.unwritten(tenant, &days));
    Ok(usage)
}

/// Days as the API shows them, the oldest first.
pub(super) fn days_json(days: &Days) -> Json {
    let days = days.iter().map(|(day, taken)| {
        let mut json = counts_json(*taken);
        json["day"] = day_text(*day).into();
        json
    });
    days.collect()
}

fn counts_json(taken: Taken) -> Json {
    let mut json = json!({});
    add_counts(&mut json, taken);
    json
}

fn add_counts(json: &mut Json, taken: Taken) {
    json["events"] = taken.events.into();
    json["bytes"] = taken.bytes.into();
    json["metric_events"] = taken.metric_events.into();
    json["data_points"] = taken.data_points.into();
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

fn date_of(day: i64) -> Result<Date, jiff::Error> {
    let start = jiff::Timestamp::from_second(day.saturating_mul(SECONDS_PER_DAY))?;
    Ok(start.to_zoned(TimeZone::UTC).date())
}

fn day_text(day: i64) -> String {
    date_of(day).map_or_else(|_| String::new(), |date| date.to_string())
}

fn month_text(day: i64) -> String {
    date_of(day).map_or_else(|_| String::new(), |date| date.strftime("%Y-%m").to_string())
}

fn invalid(field: &str, description: impl Into<String>) -> Problem {
    Problem::invalid_field(field, DetailCode::Invalid, description)
}
