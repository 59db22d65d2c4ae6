//! Windows of a dataset as files, sent while they are written.

use crate::ask::{Answer, Ask};
use crate::derived::{NOT_COMPUTED, refuse_calculated};
use crate::problem::{DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Shape, may};
use crate::spec::{have_relation, read_row_clauses};
use axum::body::Body;
use axum::http::header;
use axum::response::IntoResponse;
use bytes::Bytes;
use futures::stream;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use std::io;
use waggle_access::Permission;
use waggle_model::{ExportFormat, ExportRequest, TimeRange};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Export",
    about: "Windows of a dataset as files.",
    routes: &[Route::own(
        "GET",
        "/api/environments/{env}/datasets/{dataset}/export",
        LOOK,
        |ask| Box::pin(get(ask)),
    )
    .about("Returns the events of a window, the oldest first, as they are written.")
    .query(&[
        may(
            "format",
            Shape::Choice(&["parquet", "csv", "ndjson"]),
            "The format; parquet unless given.",
        ),
        may(
            "start",
            Shape::Text,
            "Seconds since 1970 or RFC 3339, included.",
        ),
        may(
            "end",
            Shape::Text,
            "Seconds since 1970 or RFC 3339, excluded.",
        ),
        may(
            "filters",
            Shape::Text,
            "A JSON list of filters; calculated fields are refused.",
        ),
        may(
            "filter_combination",
            Shape::Choice(&["AND", "OR"]),
            "AND unless given.",
        ),
    ])
    .answers(&[(
        200,
        Content::Bytes(&[
            "application/vnd.apache.parquet",
            "text/csv",
            "application/x-ndjson",
        ]),
    )])],
};

const LOOK: Need = Need::Person(&[Permission::RunQueries]);

const NS_PER_S: i64 = 1_000_000_000;

/// `GET /api/environments/{env}/datasets/{dataset}/export?format=&start=&end=&filters=&filter_combination=`: oldest first.
///
/// When something goes wrong after the first piece the connection breaks off, so that half a file is not taken for a whole one.
pub(crate) async fn get(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let dataset = ask.dataset(tenant).await?;
    let format = match ask.query("format") {
        None => ExportFormat::Parquet,
        Some(name) => ExportFormat::from_name(name)
            .ok_or_else(|| invalid("format", "must be parquet, csv or ndjson"))?,
    };
    let mut range = TimeRange::ALL;
    if let Some(start_ns) = moment(&ask, "start")? {
        range.start_ns = start_ns;
    }
    if let Some(end_ns) = moment(&ask, "end")? {
        range.end_ns = end_ns;
    }
    let mut clauses = Map::new();
    if let Some(filters) = ask.query("filters").filter(|text| !text.is_empty()) {
        let filters = serde_json::from_str(filters)
            .map_err(|_| invalid("filters", "must be a JSON list of filters"))?;
        clauses.insert("filters".to_owned(), filters);
    }
    if ask.query("calculated_fields").is_some() {
        return Err(invalid("calculated_fields", NOT_COMPUTED));
    }
    if let Some(combination) = ask.query("filter_combination") {
        let combination = Json::from(combination);
        clauses.insert("filter_combination".to_owned(), combination);
    }
    let clauses = read_row_clauses(&clauses).map_err(Problem::invalid)?;
    refuse_calculated(&ask.state, tenant, dataset.id, &clauses).await?;
    let request = ExportRequest {
        dataset: dataset.id,
        range,
        filters: clauses.filters,
        filter_combination: clauses.filter_combination,
        format,
    };
    ask.count_query(have_relation(&request.filters))?;
    let pieces = ask.state.sql.export(tenant, &request).await?;
    let body = Body::from_stream(stream::unfold(pieces, |mut pieces| async {
        let piece = pieces.next().await?;
        let piece = piece.map(Bytes::from).map_err(|error| {
            tracing::error!(%error, "an export broke off");
            io::Error::other(error)
        });
        Some((piece, pieces))
    }));
    // A slug needs no quoting in a header.
    let name = format!(
        "attachment; filename=\"{}.{}\"",
        dataset.slug,
        format.name()
    );
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, body).into_response())
}

/// A time among the query parameters: seconds since 1970, or RFC 3339.
fn moment(ask: &Ask, name: &'static str) -> Result<Option<i64>, Problem> {
    let Some(text) = ask
        .query(name)
        .map(str::trim)
        .filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(Some(seconds.saturating_mul(NS_PER_S)));
    }
    text.parse::<Timestamp>()
        .ok()
        .and_then(|time| i64::try_from(time.as_nanosecond()).ok())
        .map(Some)
        .ok_or_else(|| {
            invalid(
                name,
                "must be whole seconds since 1970 or a time as in RFC 3339",
            )
        })
}

fn invalid(field: &str, description: &str) -> Problem {
    Problem::invalid_field(field, DetailCode::Invalid, description)
}
