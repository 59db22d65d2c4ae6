//! Datasets, their columns and the commonest values of a column: what the query builder offers.

use crate::ask::{Answer, Ask, json_answer};
use crate::honeycomb::column::COLUMN;
use crate::honeycomb::column::column_json;
use crate::honeycomb::dataset::{TYPE, type_name};
use crate::problem::Problem;
use crate::route::LIMIT;
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Named, Shape, may, must};
use crate::table::{Scalar, time_text};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use waggle_access::Permission;
use waggle_metastore::{Dataset, DatasetSummary, slug};
use waggle_model::{
    CalculationSpec, DatasetId, FilterOp, FilterSpec, FilterValue, OrderSpec, QueryOptions,
    QuerySpec, SortOrder, TimeWindow, Value,
};

use super::retention::{LIMITS, effective_limits, limits_json};
use super::usage::{DAY, by_dataset_and_day, days_json};
use crate::state::DatasetSize;
use crate::usage::day_of;

pub(crate) const RESOURCE: Resource = Resource {
    name: "What there is to ask",
    about: "Datasets, their columns and the commonest values of a column: what the query builder offers.",
    routes: &[
        Route::own("GET", "/api/environments/{env}/datasets", LOOK, |ask| {
            Box::pin(list(ask))
        })
        .about("Lists the datasets with what they hold and how long it stays.")
        .query(&[may(
            "days",
            Shape::Whole,
            "Of how many last days to tell what was taken in, today included; 1 to 366. None unless given.",
        )])
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&HELD))))]),
        Route::own("GET", "/api/environments/{env}/onboarding", LOOK, |ask| {
            Box::pin(onboarding(ask))
        })
        .about("Says whether anything has arrived yet, and whether from a service that somebody waits for.")
        .query(&[may(
            "service",
            Shape::Text,
            "Name of a service, or of the dataset it becomes, of which to tell as well.",
        )])
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[must(
                "received",
                Shape::Object(RECEIVED),
                "What has arrived.",
            )])),
        )]),
        Route::own(
            "GET",
            "/api/environments/{env}/datasets/{dataset}/columns",
            LOOK,
            |ask| Box::pin(columns(ask)),
        )
        .about("Searches the columns of a dataset, or of all with `__all__`; the best match first.")
        .query(&[may("prefix", Shape::Text, "What to search for."), LIMIT])
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must(
                    "columns",
                    Shape::List(&Shape::Named(&COLUMN)),
                    "The columns.",
                ),
                must("total", Shape::Whole, "How many match."),
            ])),
        )]),
        Route::own(
            "GET",
            "/api/environments/{env}/datasets/{dataset}/columns/{column_name}/values",
            LOOK,
            |ask| Box::pin(values(ask)),
        )
        .about("Returns the commonest values of a column.")
        .query(&[
            may("prefix", Shape::Text, "How the values begin."),
            may("time_range", Shape::Whole, "Of how many last seconds."),
            LIMIT,
        ])
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[must(
                "values",
                Shape::List(&Shape::Object(VALUE_COUNT)),
                "The values, the commonest first.",
            )])),
        )]),
    ],
};

const LOOK: Need = Need::Person(&[Permission::RunQueries]);

const HELD: Named = Named {
    name: "HeldDataset",
    about: "A dataset and what it holds.",
    members: &[
        must("name", Shape::Text, "The name to show."),
        must("slug", Shape::Text, "The name in addresses."),
        must("dataset_type", Shape::Text, TYPE),
        must("created_at", Shape::Time, "When it was made."),
        must(
            "last_written_at",
            Shape::OrNull(&Shape::Time),
            "When an event last came.",
        ),
        must("event_count", Shape::Whole, "How many events it holds."),
        must("column_count", Shape::Whole, "How many columns it has."),
        must("stored_bytes", Shape::Whole, "Bytes on disk."),
        must(
            "retention",
            Shape::Named(&LIMITS),
            "The limits that count for it.",
        ),
        may(
            "days",
            Shape::List(&Shape::Object(DAY)),
            "What it took in on the days with events, the oldest first; there when days were asked for.",
        ),
    ],
};
const RECEIVED: &[Member] = &[
    must("events", Shape::Whole, "How many events there are."),
    must(
        "last_dataset",
        Shape::OrNull(&Shape::Text),
        "Slug of the dataset that was last written to.",
    ),
    must(
        "newest",
        Shape::OrNull(&Shape::Object(ARRIVED)),
        "The dataset that was made last, of those that hold events.",
    ),
    must(
        "service",
        Shape::OrNull(&Shape::Object(ARRIVED)),
        "The dataset of the service that was asked for, once it holds events.",
    ),
];
const ARRIVED: &[Member] = &[
    must("dataset", Shape::Text, "Its slug."),
    must("events", Shape::Whole, "How many events it holds."),
];
const VALUE_COUNT: &[Member] = &[
    must("value", Shape::Any, "The value."),
    must("count", Shape::Whole, "How many events have it."),
];

const COLUMNS_DEFAULT: i64 = 200;
const COLUMNS_MAX: i64 = 10_000;
const VALUES_DEFAULT: i64 = 20;
const VALUES_MAX: i64 = 1_000;
/// Most days of the list of datasets: a year.
const DAYS_MAX: i64 = 366;

/// `GET /api/environments/{env}/datasets?days=`.
pub(crate) async fn list(ask: Ask) -> Answer {
    let days = match ask.query_number("days")? {
        None => None,
        Some(days) if (1..=DAYS_MAX).contains(&days) => {
            let today = day_of(ask.now_ns());
            Some(today.saturating_sub(days - 1)..=today)
        }
        Some(_) => {
            return Err(Problem::bad_request(format!(
                "days must be between 1 and {DAYS_MAX}"
            )));
        }
    };
    let (summaries, sizes) = read_datasets(&ask).await?;
    let limits = effective_limits(&ask).await?;
    let taken_in = match days {
        Some(days) => Some(by_dataset_and_day(&ask, days).await?),
        None => None,
    };
    let datasets: Vec<Json> = summaries
        .iter()
        .map(|summary| {
            let dataset = &summary.dataset;
            let size = sizes.get(&dataset.id).copied().unwrap_or_default();
            let limits = limits.get(&dataset.id).copied().unwrap_or_default();
            let mut json = json!({
                "name": dataset.name,
                "slug": dataset.slug,
                "dataset_type": type_name(dataset),
                "created_at": time_text(dataset.created_at_ns),
                "last_written_at": dataset.last_written_at_ns.map(time_text),
                "event_count": size.event_count,
                "column_count": summary.column_count,
                "stored_bytes": size.stored_bytes,
                "retention": limits_json(limits),
            });
            if let Some(taken_in) = &taken_in {
                json["days"] = taken_in
                    .get(&dataset.id)
                    .map_or_else(|| json!([]), days_json);
            }
            json
        })
        .collect();
    json_answer(StatusCode::OK, &datasets)
}

/// `GET /api/environments/{env}/onboarding?service=`: has anything arrived yet, and from the one that somebody waits for?
pub(crate) async fn onboarding(ask: Ask) -> Answer {
    let (summaries, sizes) = read_datasets(&ask).await?;
    let held: Vec<(&Dataset, u64)> = summaries
        .iter()
        .filter_map(|summary| {
            let event_count = sizes.get(&summary.dataset.id)?.event_count;
            (event_count > 0).then_some((&summary.dataset, event_count))
        })
        .collect();
    let arrived = |found: Option<&(&Dataset, u64)>| {
        found.map(|(dataset, events)| json!({ "dataset": dataset.slug, "events": events }))
    };
    let last = held
        .iter()
        .max_by_key(|(dataset, _)| dataset.last_written_at_ns);
    let newest = held.iter().max_by_key(|(dataset, _)| dataset.created_at_ns);
    let service = ask
        .query("service")
        .and_then(|name| held.iter().find(|(dataset, _)| is_of(dataset, name)));
    json_answer(
        StatusCode::OK,
        &json!({ "received": {
            "events": held.iter().map(|(_, events)| events).sum::<u64>(),
            "last_dataset": last.map(|(dataset, _)| &dataset.slug),
            "newest": arrived(newest),
            "service": arrived(service),
        } }),
    )
}

/// True for the dataset that events of a service of this name go to.
fn is_of(dataset: &Dataset, service: &str) -> bool {
    dataset.name.to_lowercase() == service.to_lowercase()
        || (service.is_ascii() && dataset.slug == slug(service))
}

async fn read_datasets(
    ask: &Ask,
) -> Result<(Vec<DatasetSummary>, HashMap<DatasetId, DatasetSize>), Problem> {
    let tenant = ask.caller.tenant;
    let summaries = ask.state.metastore.dataset_summaries(tenant).await?;
    let sizes = ask
        .state
        .stats
        .dataset_stats(tenant)
        .await
        .map_err(|error| Problem::internal(&error))?;
    Ok((summaries, sizes))
}

/// `GET /api/environments/{env}/datasets/{dataset}/columns?prefix=&limit=`.
pub(crate) async fn columns(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let scope = ask.scope(tenant).await?;
    let limit = limit(&ask, COLUMNS_DEFAULT, COLUMNS_MAX)?;
    let text = ask.query("prefix").unwrap_or_default();
    let page = ask
        .state
        .metastore
        .search_columns(tenant, &scope, text, limit)
        .await?;
    let columns: Vec<Json> = page.columns.iter().map(column_json).collect();
    json_answer(
        StatusCode::OK,
        &json!({ "columns": columns, "total": page.total }),
    )
}

/// `GET /api/environments/{env}/datasets/{dataset}/columns/{column_name}/values?prefix=&limit=&time_range=`: most frequent first.
pub(crate) async fn values(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let scope = ask.scope(tenant).await?;
    let limit = limit(&ask, VALUES_DEFAULT, VALUES_MAX)?;
    let range_s = ask.query_number("time_range")?;
    if range_s.is_some_and(|range_s| range_s <= 0) {
        return Err(Problem::bad_request("time_range must be above 0"));
    }
    let column = ask.path("column_name").to_owned();
    let mut filters = vec![FilterSpec {
        column: column.clone(),
        op: FilterOp::Exists,
        value: FilterValue::None,
    }];
    if let Some(prefix) = ask.query("prefix").filter(|prefix| !prefix.is_empty()) {
        filters.push(FilterSpec {
            column: column.clone(),
            op: FilterOp::StartsWith,
            value: FilterValue::One(Value::String(prefix.to_owned())),
        });
    }
    let count = CalculationSpec::count();
    let spec = QuerySpec {
        orders: vec![OrderSpec {
            op: Some(count.op.clone()),
            column: None,
            order: SortOrder::Descending,
        }],
        calculations: vec![count],
        breakdowns: vec![column],
        filters,
        limit: Some(limit),
        window: TimeWindow {
            range_s,
            ..TimeWindow::default()
        },
        ..QuerySpec::default()
    };
    let range = spec.window.resolve(ask.state.clock.now_ns());
    let options = QueryOptions {
        disable_series: true,
        ..QueryOptions::default()
    };
    let table = ask
        .state
        .engine
        .query(tenant, scope, &spec, range, options)
        .await?;
    let values: Vec<ValueCount<'_>> = table
        .groups
        .iter()
        .filter_map(|group| {
            let value = group.key.first()?.as_ref()?;
            let count = group.values.first()?.as_f64()?;
            Some(ValueCount {
                value: Scalar(value),
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a count: whole, and exact below 2^53"
                )]
                count: count as u64,
            })
        })
        .collect();
    json_answer(StatusCode::OK, &Values { values })
}

#[derive(Serialize)]
struct Values<'a> {
    values: Vec<ValueCount<'a>>,
}

#[derive(Serialize)]
struct ValueCount<'a> {
    value: Scalar<'a>,
    count: u64,
}

fn limit(ask: &Ask, default: i64, max: i64) -> Result<usize, Problem> {
    let limit = ask.query_number("limit")?.unwrap_or(default);
    if !(1..=max).contains(&limit) {
        return Err(Problem::bad_request(format!(
            "limit must be between 1 and {max}"
        )));
    }
    usize::try_from(limit).map_err(|error| Problem::internal(&error))
}
