//! How long and how much is kept, per environment and per dataset, and what a change would take away before it does.
//!
//! A limit is a number, 0 for "keep everything", or null for "as whoever stands above says": the environment above a dataset, the
//! server's settings above an environment.

use crate::ask::{Answer, Ask, json_answer};
use crate::problem::{DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Named, Shape, may, must};
use crate::spec::whole_number;
use crate::table::time_text;
use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;
use waggle_access::Permission;
use waggle_metastore::DatasetRetention;
use waggle_model::{DatasetId, RetentionLimits, RetentionLoss};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Retention",
    about: "How long and how much is kept.",
    routes: &[
        Route::own("GET", "/api/environments/{env}/retention", LOOK, |ask| {
            Box::pin(get(ask))
        })
        .about("Returns the limits of the environment and what each dataset keeps.")
        .answers(&[(200, Content::Json(Shape::Named(&RETENTION)))]),
        Route::own(
            "PUT",
            "/api/environments/{env}/retention",
            Need::Administrator,
            |ask| Box::pin(set(ask)),
        )
        .about("Sets the limits of the environment.")
        .query(&[PREVIEW])
        .takes(Shape::Named(&LIMITS))
        .answers(&[(200, Content::Json(Shape::Named(&RETENTION)))]),
        Route::own(
            "GET",
            "/api/environments/{env}/datasets/{dataset}/retention",
            LOOK,
            |ask| Box::pin(get_of_dataset(ask)),
        )
        .about("Returns the limits of a dataset and what it keeps.")
        .answers(&[(200, Content::Json(Shape::Named(&RETENTION)))]),
        Route::own(
            "PUT",
            "/api/environments/{env}/datasets/{dataset}/retention",
            Need::Administrator,
            |ask| Box::pin(set_of_dataset(ask)),
        )
        .about("Sets the limits of a dataset.")
        .query(&[PREVIEW])
        .takes(Shape::Named(&LIMITS))
        .answers(&[(200, Content::Json(Shape::Named(&RETENTION)))]),
    ],
};

const LOOK: Need = Need::Person(&[Permission::RunQueries]);
const PREVIEW: Member = may(
    "preview",
    Shape::Flag,
    "`true` shows what would go and changes nothing.",
);

pub(super) const LIMITS: Named = Named {
    name: "RetentionLimits",
    about: "Limits of age and size. 0 keeps everything; null leaves it to whoever stands above.",
    members: &[
        may("age_s", Shape::OrNull(&Shape::Whole), "Seconds."),
        may("bytes", Shape::OrNull(&Shape::Whole), "Bytes on disk."),
    ],
};
const RETENTION: Named = Named {
    name: "Retention",
    about: "What is kept, and why.",
    members: &[
        must("server", Shape::Named(&LIMITS), "Limits of the server."),
        must(
            "environment",
            Shape::Named(&LIMITS),
            "Limits of the environment.",
        ),
        must("is_preview", Shape::Flag, "True when nothing was changed."),
        must(
            "datasets",
            Shape::List(&Shape::Named(&DATASET)),
            "Each dataset, or the one that was asked for.",
        ),
    ],
};
const DATASET: Named = Named {
    name: "DatasetRetention",
    about: "What a dataset keeps, and what it would lose.",
    members: &[
        must("dataset", Shape::Text, "Its slug."),
        must("limits", Shape::Named(&LIMITS), "Its own limits."),
        must("effective", Shape::Named(&LIMITS), "The limits that count."),
        must("kept_from", Shape::OrNull(&Shape::Time), "Older events go."),
        must("event_count", Shape::Whole, "How many events it holds."),
        must("stored_bytes", Shape::Whole, "Bytes on disk."),
        must(
            "oldest_at",
            Shape::OrNull(&Shape::Time),
            "Time of the oldest event.",
        ),
        must("would_go", Shape::Object(LOSS), "What goes next."),
    ],
};
const LOSS: &[Member] = &[
    must("event_count", Shape::Whole, "Events."),
    must("stored_bytes", Shape::Whole, "Bytes."),
    must(
        "through",
        Shape::OrNull(&Shape::Time),
        "Time of the newest of them.",
    ),
];

const NS_PER_S: i64 = 1_000_000_000;
/// Longer than any event can be old.
const AGE_S_MAX: i64 = 200 * 366 * 86_400;

/// `GET /api/environments/{env}/retention`.
pub(crate) async fn get(ask: Ask) -> Answer {
    let environment = ask
        .state
        .metastore
        .environment_retention(ask.caller.tenant)
        .await?;
    answer(&ask, environment, None).await
}

/// `PUT /api/environments/{env}/retention`, with `?preview=true` without doing it.
pub(crate) async fn set(ask: Ask) -> Answer {
    let limits = read_limits(&ask.object()?)?;
    if !is_preview(&ask) {
        let now_ns = ask.state.clock.now_ns();
        let metastore = &ask.state.metastore;
        metastore
            .set_environment_retention(ask.caller.tenant, limits, now_ns)
            .await?;
        ask.state.keeper.apply_retention().await;
    }
    answer(&ask, limits, None).await
}

/// `GET /api/environments/{env}/datasets/{dataset}/retention`.
pub(crate) async fn get_of_dataset(ask: Ask) -> Answer {
    let dataset = ask.dataset(ask.caller.tenant).await?.id;
    of_dataset(&ask, dataset, None).await
}

/// `PUT /api/environments/{env}/datasets/{dataset}/retention`, with `?preview=true` without doing it.
pub(crate) async fn set_of_dataset(ask: Ask) -> Answer {
    let dataset = ask.dataset(ask.caller.tenant).await?.id;
    let limits = read_limits(&ask.object()?)?;
    if !is_preview(&ask) {
        let now_ns = ask.state.clock.now_ns();
        let metastore = &ask.state.metastore;
        metastore
            .set_dataset_retention(ask.caller.tenant, dataset, limits, now_ns)
            .await?;
        ask.state.keeper.apply_retention().await;
    }
    of_dataset(&ask, dataset, Some(limits)).await
}

async fn of_dataset(ask: &Ask, dataset: DatasetId, limits: Option<RetentionLimits>) -> Answer {
    let environment = ask
        .state
        .metastore
        .environment_retention(ask.caller.tenant)
        .await?;
    answer(ask, environment, Some((dataset, limits))).await
}

fn is_preview(ask: &Ask) -> bool {
    matches!(ask.query("preview"), Some("true" | "1" | ""))
}

/// The limits that count for each dataset of the environment.
pub(super) async fn effective_limits(
    ask: &Ask,
) -> Result<HashMap<DatasetId, RetentionLimits>, Problem> {
    let server = ask.state.keeper.default_retention();
    let retentions = ask.state.metastore.retentions().await?;
    let own = retentions
        .into_iter()
        .filter(|retention| retention.tenant == ask.caller.tenant);
    Ok(own
        .map(|retention| {
            let limits = retention.own.or(retention.environment).or(server);
            (retention.dataset, limits)
        })
        .collect())
}

/// The limits and what they take away: of one dataset, as stored or as given, or of all.
async fn answer(
    ask: &Ask,
    environment: RetentionLimits,
    only: Option<(DatasetId, Option<RetentionLimits>)>,
) -> Answer {
    let tenant = ask.caller.tenant;
    let metastore = &ask.state.metastore;
    let slugs: HashMap<DatasetId, String> = metastore
        .datasets(tenant)
        .await?
        .into_iter()
        .map(|dataset| (dataset.id, dataset.slug))
        .collect();
    let server = ask.state.keeper.default_retention();
    let mut own: HashMap<DatasetId, RetentionLimits> = HashMap::new();
    for DatasetRetention {
        dataset,
        own: stored,
        ..
    } in metastore.retentions().await?
    {
        let limits = match only {
            Some((id, limits)) if id == dataset => limits.unwrap_or(stored),
            Some(_) => continue,
            None => stored,
        };
        if slugs.contains_key(&dataset) {
            own.insert(dataset, limits);
        }
    }
    let effective: Vec<(DatasetId, RetentionLimits)> = own
        .iter()
        .map(|(dataset, own)| (*dataset, own.or(environment).or(server)))
        .collect();
    let losses = ask.state.keeper.preview_retention(tenant, &effective).await;
    let now_ns = ask.state.clock.now_ns();
    let mut datasets: Vec<(&str, Json)> = losses
        .iter()
        .zip(&effective)
        .map(|(loss, (dataset, effective))| {
            let slug = slugs.get(dataset).map(String::as_str).unwrap_or_default();
            let own = own.get(dataset).copied().unwrap_or_default();
            (slug, dataset_json(slug, own, *effective, loss, now_ns))
        })
        .collect();
    datasets.sort_by(|one, other| one.0.cmp(other.0));
    let datasets: Vec<Json> = datasets.into_iter().map(|(_, json)| json).collect();
    json_answer(
        StatusCode::OK,
        &json!({
            "server": limits_json(server),
            "environment": limits_json(environment),
            "is_preview": is_preview(ask),
            "datasets": datasets,
        }),
    )
}

fn dataset_json(
    slug: &str,
    own: RetentionLimits,
    effective: RetentionLimits,
    loss: &RetentionLoss,
    now_ns: i64,
) -> Json {
    json!({
        "dataset": slug,
        "limits": limits_json(own),
        "effective": limits_json(effective),
        "kept_from": effective.kept_from_ns(now_ns).map(time_text),
        "event_count": loss.event_count,
        "stored_bytes": loss.stored_bytes,
        "oldest_at": loss.oldest_ns.map(time_text),
        "would_go": {
            "event_count": loss.lost_event_count,
            "stored_bytes": loss.lost_bytes,
            "through": loss.lost_through_ns.map(time_text),
        },
    })
}

pub(super) fn limits_json(limits: RetentionLimits) -> Json {
    json!({
        "age_s": limits.age_max_ns.map(|age_ns| age_ns / NS_PER_S),
        "bytes": limits.bytes_max,
    })
}

fn read_limits(object: &Map<String, Json>) -> Result<RetentionLimits, Problem> {
    if let Some(other) = object
        .keys()
        .find(|key| !["age_s", "bytes"].contains(&key.as_str()))
    {
        return Err(Problem::invalid_field(
            other.as_str(),
            DetailCode::Invalid,
            "is no limit; there are age_s and bytes",
        ));
    }
    let age_s = match object.get("age_s") {
        None | Some(Json::Null) => None,
        Some(value) => match whole_number(value) {
            Some(age_s) if (0..=AGE_S_MAX).contains(&age_s) => Some(age_s),
            Some(_) | None => {
                return Err(Problem::invalid_field(
                    "age_s",
                    DetailCode::Invalid,
                    format!("must be whole seconds from 0 to {AGE_S_MAX}, or null"),
                ));
            }
        },
    };
    let bytes_max = match object.get("bytes") {
        None | Some(Json::Null) => None,
        Some(value) => match value
            .as_u64()
            .filter(|bytes| *bytes <= i64::MAX.unsigned_abs())
        {
            Some(bytes) => Some(bytes),
            None => {
                return Err(Problem::invalid_field(
                    "bytes",
                    DetailCode::Invalid,
                    "must be a whole number of bytes from 0 on, or null",
                ));
            }
        },
    };
    Ok(RetentionLimits {
        age_max_ns: age_s.map(|age_s| age_s * NS_PER_S),
        bytes_max,
    })
}
