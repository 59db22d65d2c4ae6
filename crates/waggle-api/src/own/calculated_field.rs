//! A calculated field before it is kept: what is wrong with its expression and where, or its type and its values in the newest events.

use crate::ask::{Answer, Ask, json_answer};
use crate::own::row::range_of;
use crate::problem::{DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, joined, may, must};
use crate::spec::{WINDOW, read_row_clauses, whole_number};
use crate::table::time_text;
use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};
use waggle_access::Permission;
use waggle_expression::{Expression, FUNCTIONS};
use waggle_model::{CalculatedField, RowRequest, Value};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Calculated fields of the UI",
    about: "Checks an expression while it is written, and shows what it gives.",
    routes: &[
        Route::own(
            "POST",
            "/api/environments/{env}/datasets/{dataset}/calculated-field",
            LOOK,
            |ask| Box::pin(preview(ask)),
        )
        .about("Checks an expression and returns its values in the newest events, or what is wrong and where.")
        .takes(Shape::Named(&REQUEST))
        .answers(&[(200, Content::Json(Shape::Named(&PREVIEW)))]),
        Route::own(
            "GET",
            "/api/environments/{env}/calculated-field/functions",
            LOOK,
            |ask| Box::pin(async move { functions(&ask) }),
        )
        .about("Lists the functions of the language.")
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[must(
                "functions",
                Shape::List(&Shape::Named(&FUNCTION)),
                "The functions.",
            )])),
        )]),
    ],
};

const LOOK: Need = Need::Person(&[Permission::RunQueries]);

const REQUEST: Named = Named {
    name: "CalculatedFieldPreviewRequest",
    about: "The expression, and which events to try it on.",
    members: &joined::<{ WINDOW.len() + 2 }>(
        WINDOW,
        &[
            must("expression", Shape::Text, "The expression."),
            may(
                "limit",
                Shape::OrNull(&Shape::Whole),
                "Most events, 1 to 100; 10 unless given.",
            ),
        ],
    ),
};
const PREVIEW: Named = Named {
    name: "CalculatedFieldPreview",
    about: "What an expression is, or what is wrong with it.",
    members: &[
        may(
            "error",
            Shape::Named(&ERROR),
            "What is wrong; the rest is absent then.",
        ),
        may(
            "type",
            Shape::Choice(&["string", "integer", "float", "boolean", "any"]),
            "The type of its values; any when it depends on the event.",
        ),
        may(
            "columns",
            Shape::List(&Shape::Text),
            "The columns it reads.",
        ),
        may(
            "unknown_columns",
            Shape::List(&Shape::Text),
            "Those of them that no event of the dataset has had.",
        ),
        may(
            "rows",
            Shape::List(&Shape::Named(&ROW)),
            "The newest events.",
        ),
    ],
};
const ERROR: Named = Named {
    name: "ExpressionError",
    about: "What is wrong with an expression, and where.",
    members: &[
        must("message", Shape::Text, "What is wrong."),
        must("position", Shape::Whole, "Bytes before it."),
        must("line", Shape::Whole, "Its line, from 1."),
        must("column", Shape::Whole, "Its character in the line, from 1."),
    ],
};
const ROW: Named = Named {
    name: "CalculatedFieldRow",
    about: "An expression in one event.",
    members: &[
        must("time", Shape::Time, "Time of the event."),
        may("value", Shape::Any, "The value; absent when it is empty."),
        must(
            "inputs",
            Shape::Map(&Shape::Any),
            "The columns that the event has of those it reads.",
        ),
    ],
};
const FUNCTION: Named = Named {
    name: "ExpressionFunction",
    about: "A function of the language.",
    members: &[
        must("name", Shape::Text, "Its name."),
        must("usage", Shape::Text, "How it is called."),
        must(
            "operator",
            Shape::Text,
            "The operator that means the same, or nothing.",
        ),
        must("type", Shape::Text, "The type of its values."),
        must("summary", Shape::Text, "What it gives."),
    ],
};

/// The name under which the expression is tried: none that events have.
const TRIED: &str = "\u{0}tried";
const ROWS_DEFAULT: usize = 10;
const ROWS_MAX: usize = 100;

/// `POST /api/environments/{env}/datasets/{dataset}/calculated-field`.
pub(crate) async fn preview(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let scope = ask.scope(tenant).await?;
    let object = ask.object()?;
    let text = match object.get("expression") {
        Some(Json::String(text)) => text.as_str(),
        _ => return Err(invalid("expression", "must be a string")),
    };
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => {
            let error = json!({
                "message": error.message,
                "position": error.position,
                "line": error.line,
                "column": error.column,
            });
            return json_answer(StatusCode::OK, &json!({ "error": error }));
        }
    };
    let clauses = read_row_clauses(&object).map_err(Problem::invalid)?;
    let request = RowRequest {
        by_definition: false,
        granularity_ns: None,
        range: range_of(&ask, &object, clauses.window)?,
        filters: Vec::new(),
        filter_combination: clauses.filter_combination,
        calculated_fields: vec![CalculatedField {
            name: TRIED.to_owned(),
            expression: text.to_owned(),
        }],
        limit: limit(&object)?,
        before: None,
        usage_mode: false,
    };
    let columns: Vec<&str> = expression.columns().collect();
    let mut unknown = Vec::new();
    for column in &columns {
        let found = ask
            .state
            .metastore
            .search_columns(tenant, &scope, column, COLUMNS_SEARCHED)
            .await?;
        if !found.columns.iter().any(|known| known.key_name == *column) {
            unknown.push(*column);
        }
    }
    let page = ask
        .state
        .engine
        .rows(tenant, scope.clone(), &request)
        .await?;
    let rows: Vec<Json> = page
        .rows
        .iter()
        .map(|row| {
            let mut json = json!({ "time": time_text(row.timestamp_ns) });
            let mut inputs = Map::new();
            for (name, value) in &row.fields {
                if name == TRIED {
                    json["value"] = value_json(value);
                } else if columns.contains(&name.as_str()) {
                    inputs.insert(name.clone(), value_json(value));
                }
            }
            json["inputs"] = inputs.into();
            json
        })
        .collect();
    json_answer(
        StatusCode::OK,
        &json!({
            "type": expression.result_type().name(),
            "columns": columns,
            "unknown_columns": unknown,
            "rows": rows,
        }),
    )
}

/// Most columns whose name contains another that are looked through.
const COLUMNS_SEARCHED: usize = 1_000;

/// `GET /api/environments/{env}/calculated-field/functions`.
fn functions(_ask: &Ask) -> Answer {
    let functions: Vec<Json> = FUNCTIONS
        .iter()
        .map(|function| {
            json!({
                "name": function.name,
                "usage": function.usage,
                "operator": function.operator,
                "type": function.result.name(),
                "summary": function.summary,
            })
        })
        .collect();
    json_answer(StatusCode::OK, &json!({ "functions": functions }))
}

fn value_json(value: &Value) -> Json {
    match value {
        Value::String(text) => text.as_str().into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Bool(value) => (*value).into(),
    }
}

fn limit(object: &Map<String, Json>) -> Result<usize, Problem> {
    match object.get("limit") {
        None | Some(Json::Null) => Ok(ROWS_DEFAULT),
        Some(value) => whole_number(value)
            .and_then(|limit| usize::try_from(limit).ok())
            .filter(|limit| (1..=ROWS_MAX).contains(limit))
            .ok_or_else(|| invalid("limit", "must be between 1 and 100")),
    }
}

fn invalid(field: &str, description: &str) -> Problem {
    Problem::invalid_field(field, DetailCode::Invalid, description)
}
