//! SQL over the datasets of an environment, which are its tables.

use crate::ask::{Answer, Ask, json_answer, text_answer};
use crate::listen::body;
use crate::problem::{DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use crate::spec::whole_number;
use crate::table::Scalar;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};
use serde_json::{Value as Json, json};
use waggle_access::Permission;
use waggle_model::{CsvLines, SqlAnswer, SqlColumn, SqlError, SqlRequest, Value};

pub(crate) const RESOURCE: Resource = Resource {
    name: "SQL",
    about: "SQL over the datasets of an environment, which are its tables.",
    routes: &[
        Route::own("POST", "/api/environments/{env}/sql", LOOK, |ask| {
            Box::pin(run(ask))
        })
        .about("Runs a SELECT. Whoever accepts `text/csv` first gets CSV.")
        .takes(Shape::Object(&[
            must("sql", Shape::Text, "The text of a SELECT."),
            may(
                "rows_max",
                Shape::OrNull(&Shape::Whole),
                "Most rows of the answer.",
            ),
        ]))
        .answers(&[(200, Content::Json(Shape::Named(&ANSWER)))]),
    ],
};

const LOOK: Need = Need::Person(&[Permission::RunQueries]);

const ANSWER: Named = Named {
    name: "SqlAnswer",
    about: "Rows and what their columns are.",
    members: &[
        must(
            "columns",
            Shape::List(&Shape::Object(&[
                must("name", Shape::Text, "Its name."),
                must("type", Shape::Text, "Its type."),
            ])),
            "The columns.",
        ),
        must(
            "rows",
            Shape::List(&Shape::List(&Shape::Any)),
            "The rows, each a list of values.",
        ),
        must("truncated", Shape::Flag, "True when there are more rows."),
        must("elapsed_ms", Shape::Number, "Milliseconds it took."),
    ],
};

/// Answers of more values are written on a blocking thread.
const VALUES_INLINE_MAX: usize = 10_000;

/// `POST /api/environments/{env}/sql` with `{"sql", "rows_max"?}`: JSON, or CSV for who accepts `text/csv`.
pub(crate) async fn run(ask: Ask) -> Answer {
    let object = ask.object()?;
    let Some(Json::String(text)) = object.get("sql") else {
        return Err(invalid("sql", "must be the text of a SELECT"));
    };
    let rows_max = match object.get("rows_max") {
        None | Some(Json::Null) => None,
        Some(value) => Some(
            whole_number(value)
                .and_then(|rows| usize::try_from(rows).ok())
                .filter(|rows| *rows > 0)
                .ok_or_else(|| invalid("rows_max", "must be a whole number of at least 1"))?,
        ),
    };
    let request = SqlRequest {
        text: text.clone(),
        rows_max,
    };
    ask.count_query(false)?;
    let answer = match ask.state.sql.sql(ask.caller.tenant, &request).await {
        Ok(answer) => answer,
        Err(SqlError::Query(error)) => return Err(error.into()),
        Err(SqlError::Invalid { message, place }) => {
            let place = place.map(|place| json!({ "line": place.line, "column": place.column }));
            return json_answer(
                StatusCode::BAD_REQUEST,
                &json!({ "error": message, "place": place }),
            );
        }
    };
    let wants_csv = ask.headers.get(header::ACCEPT).is_some_and(|accept| {
        accept
            .to_str()
            .is_ok_and(|accept| accept.trim_start().starts_with("text/csv"))
    });
    let is_large = answer.rows.len() * answer.columns.len() > VALUES_INLINE_MAX;
    if wants_csv {
        let text = body::run(is_large, move || csv(&answer)).await;
        let content_type = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
        return Ok((StatusCode::OK, content_type, text).into_response());
    }
    let text = body::run(is_large, move || {
        serde_json::to_string(&AnswerJson {
            columns: answer.columns.iter().map(ColumnJson::new).collect(),
            rows: Rows(&answer.rows),
            truncated: answer.is_truncated,
            #[expect(clippy::cast_precision_loss, reason = "a time to look at")]
            elapsed_ms: answer.elapsed_ns as f64 / 1e6,
        })
    })
    .await
    .map_err(|error| Problem::internal(&error))?;
    Ok(text_answer(StatusCode::OK, text))
}

#[derive(Serialize)]
struct AnswerJson<'a> {
    columns: Vec<ColumnJson<'a>>,
    rows: Rows<'a>,
    truncated: bool,
    elapsed_ms: f64,
}

#[derive(Serialize)]
struct ColumnJson<'a> {
    name: &'a str,
    r#type: &'static str,
}

impl<'a> ColumnJson<'a> {
    fn new(column: &'a SqlColumn) -> Self {
        Self {
            name: &column.name,
            r#type: column.column_type.name(),
        }
    }
}

struct Rows<'a>(&'a [Vec<Option<Value>>]);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.0.len()))?;
        for row in self.0 {
            let values: Vec<Option<Scalar<'_>>> =
                row.iter().map(|value| value.as_ref().map(Scalar)).collect();
            rows.serialize_element(&values)?;
        }
        rows.end()
    }
}

fn csv(answer: &SqlAnswer) -> Vec<u8> {
    let mut csv = CsvLines::default();
    for column in &answer.columns {
        csv.value(Some(&column.name));
    }
    csv.end_line();
    for row in &answer.rows {
        for value in row {
            match value {
                None => csv.value(None),
                Some(Value::String(text)) => csv.value(Some(text)),
                Some(other) => csv.value(Some(&other.to_string())),
            }
        }
        csv.end_line();
    }
    csv.take()
}

fn invalid(field: &str, description: &str) -> Problem {
    Problem::invalid_field(field, DetailCode::Invalid, description)
}
