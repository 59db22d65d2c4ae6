//! BubbleUp: what sets the rows of a box or a group apart from the other rows of a query.

use super::row::{GRANULARITY, granularity, nanoseconds, range_of};
use crate::ask::{Answer, Ask, text_answer};
use crate::derived::{add_kept, columns_of};
use crate::listen::body;
use crate::metric::add_defaults;
use crate::problem::{Detail, DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Named, Shape, joined, may, must};
use crate::spec::{BOUNDS, FILTER_COMBINATION, FILTERS, ROW_CLAUSES};
use crate::spec::{have_relation, names_other_spans, read_row_clauses, whole_number};
use crate::table::STATS;
use crate::table::{Scalar, Stats};
use axum::http::StatusCode;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::{Map, Value as Json};
use waggle_access::Permission;
use waggle_model::{
    BubbleBin, BubbleComparison, BubbleField, BubbleOther, BubbleSelection, BubbleUp,
    BubbleUpRequest, BubbleValue, DatasetScope, FilterCombination, Tenant, TimeRange,
};

pub(crate) const RESOURCE: Resource = Resource {
    name: "BubbleUp",
    about: "What sets some rows of a query apart from the others.",
    routes: &[Route::own(
        "POST",
        "/api/environments/{env}/datasets/{dataset}/bubble-up",
        LOOK,
        |ask| Box::pin(run(ask)),
    )
    .about("Compares the rows of a selection with the other rows, column by column.")
    .takes(Shape::Named(&REQUEST))
    .answers(&[(200, Content::Json(Shape::Named(&ANSWER)))])],
};

const LOOK: Need = Need::Person(&[Permission::RunQueries]);

const REQUEST: Named = Named {
    name: "BubbleUpRequest",
    about: "Which rows to compare with which.",
    members: &joined::<{ ROW_CLAUSES.len() + 4 }>(
        ROW_CLAUSES,
        &[
            GRANULARITY,
            must(
                "selection",
                Shape::Object(SELECTION),
                "Those of the rows to compare with the others.",
            ),
            may(
                "columns",
                Shape::OrNull(&Shape::List(&Shape::Text)),
                "Which columns; all unless given. Calculated fields are compared too.",
            ),
            may(
                "values_max",
                Shape::OrNull(&Shape::Whole),
                "Most values of a column, 1 to 1,000; 40 unless given.",
            ),
        ],
    ),
};
const SELECTION: &[Member] = &joined::<{ BOUNDS.len() + 2 }>(
    BOUNDS,
    &[
        may(
            "filters",
            FILTERS,
            "Which rows are selected; all of them must pass.",
        ),
        may(
            "filter_combination",
            FILTER_COMBINATION,
            "AND, if it is given.",
        ),
    ],
);
const COUNTS: [Member; 2] = [
    must("selection_count", Shape::Number, "Selected rows."),
    must("baseline_count", Shape::Number, "Other rows."),
];
const ANSWER: Named = Named {
    name: "BubbleUp",
    about: "How the selection differs, the most telling column first.",
    members: &[
        COUNTS[0],
        COUNTS[1],
        must("fields", Shape::List(&Shape::Named(&FIELD)), "The columns."),
        must(
            "columns_left_out",
            Shape::Whole,
            "How many columns were not compared.",
        ),
        must("stats", Shape::Named(&STATS), "What the answer cost."),
    ],
};
const FIELD: Named = Named {
    name: "BubbleUpField",
    about: "One column, compared.",
    members: &[
        must("column", Shape::Text, "Its name."),
        must(
            "kind",
            Shape::Choice(&["dimension", "measure", "unique", "too_many_values"]),
            "How it was compared.",
        ),
        must("score", Shape::Number, "How telling it is, 0 to 1."),
        COUNTS[0],
        COUNTS[1],
        may(
            "values",
            Shape::List(&Shape::Object(&[
                must("value", Shape::Any, "The value; null for rows without one."),
                COUNTS[0],
                COUNTS[1],
            ])),
            "The values of a dimension.",
        ),
        may(
            "other",
            Shape::OrNull(&Shape::Object(&[
                must("value_count", Shape::Whole, "How many values."),
                COUNTS[0],
                COUNTS[1],
            ])),
            "The values of a dimension that are not listed.",
        ),
        may(
            "bins",
            Shape::List(&Shape::Object(&[
                must("low", Shape::Number, "Lowest value."),
                must("high", Shape::Number, "Highest value."),
                COUNTS[0],
                COUNTS[1],
            ])),
            "The bins of a measure.",
        ),
    ],
};

/// Columns that begin alike come first: so many are looked through for the one that is called just so.
const COLUMNS_SEARCHED: usize = 100;
const VALUES_DEFAULT: usize = 40;
const VALUES_MAX: usize = 1_000;

/// `POST /api/environments/{env}/datasets/{dataset}/bubble-up`.
pub(crate) async fn run(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let scope = ask.scope(tenant).await?;
    let object = ask.object()?;
    let mut clauses = read_row_clauses(&object).map_err(Problem::invalid)?;
    let range = range_of(&ask, &object, clauses.window)?;
    let selection = selection(&object, range)?;
    let columns = columns(&object)?;
    refuse_other_spans(&ask, tenant, &scope, columns.as_deref().unwrap_or_default()).await?;
    let named = columns_of(&clauses.filters)
        .chain(columns_of(&selection.filters))
        .chain(columns.iter().flatten().map(String::as_str));
    let named = named.map(str::to_owned).collect();
    let fields = &mut clauses.calculated_fields;
    add_defaults(&ask.state, tenant, &scope, &named, fields).await?;
    add_kept(&ask.state, tenant, &scope, named, fields).await?;
    let request = BubbleUpRequest {
        calculated_fields: clauses.calculated_fields,
        granularity_ns: granularity(&object)?,
        range,
        filters: clauses.filters,
        filter_combination: clauses.filter_combination,
        selection,
        columns,
        values_max: values_max(&object)?,
        usage_mode: clauses.usage_mode,
    };
    let is_relational =
        have_relation(&request.filters) || have_relation(&request.selection.filters);
    ask.count_query(is_relational)?;
    let answer = ask.state.engine.bubble_up(tenant, scope, &request).await?;
    let text = body::run(true, move || serde_json::to_string(&AnswerJson(&answer)))
        .await
        .map_err(|error| Problem::internal(&error))?;
    Ok(text_answer(StatusCode::OK, text))
}

/// Refuses columns of other spans, which would compare as columns that no event has.
async fn refuse_other_spans(
    ask: &Ask,
    tenant: Tenant,
    scope: &DatasetScope,
    columns: &[String],
) -> Result<(), Problem> {
    for (index, column) in columns.iter().enumerate() {
        if !names_other_spans(column) {
            continue;
        }
        // A column whose own name begins like that is compared like any other.
        let found = ask
            .state
            .metastore
            .search_columns(tenant, scope, column, COLUMNS_SEARCHED);
        let found = found.await?.columns;
        if !found.iter().any(|found| found.key_name == *column) {
            return Err(invalid(
                &format!("columns[{index}]"),
                "is a column of other spans; make a calculated field of it and compare that",
            ));
        }
    }
    Ok(())
}

/// A time given in neither way is the query's.
fn selection(object: &Map<String, Json>, range: TimeRange) -> Result<BubbleSelection, Problem> {
    let Some(Json::Object(selection)) = object.get("selection") else {
        return Err(invalid("selection", "must be an object"));
    };
    let of_selection = |details: Vec<Detail>| {
        let details = details.into_iter().map(|detail| Detail {
            field: format!("selection.{}", detail.field),
            ..detail
        });
        Problem::invalid(details.collect())
    };
    let clauses = read_row_clauses(selection).map_err(of_selection)?;
    if clauses.filter_combination != FilterCombination::And {
        let text = "must be AND: a selection passes all of its filters";
        return Err(invalid("selection.filter_combination", text));
    }
    let window = clauses.window;
    let time = |seconds: Option<i64>, field: &'static str| {
        let seconds = seconds.map(|seconds| seconds.saturating_mul(1_000_000_000));
        Ok::<_, Problem>(nanoseconds(selection, field)?.or(seconds))
    };
    let start_ns = time(window.start_s, "start_time_ns")?;
    let end_ns = time(window.end_s, "end_time_ns")?;
    let chosen = TimeRange {
        start_ns: start_ns.unwrap_or(range.start_ns),
        end_ns: end_ns.unwrap_or(range.end_ns),
    };
    Ok(BubbleSelection {
        range: (start_ns.is_some() || end_ns.is_some()).then_some(chosen),
        filters: clauses.filters,
    })
}

fn columns(object: &Map<String, Json>) -> Result<Option<Vec<String>>, Problem> {
    let wrong = || invalid("columns", "must be a list of column names");
    match object.get("columns") {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Array(names)) => names
            .iter()
            .map(|name| match name {
                Json::String(name) if !name.is_empty() => Ok(name.clone()),
                _ => Err(wrong()),
            })
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(wrong()),
    }
}

fn values_max(object: &Map<String, Json>) -> Result<usize, Problem> {
    match object.get("values_max") {
        None | Some(Json::Null) => Ok(VALUES_DEFAULT),
        Some(value) => whole_number(value)
            .and_then(|count| usize::try_from(count).ok())
            .filter(|count| (1..=VALUES_MAX).contains(count))
            .ok_or_else(|| invalid("values_max", "must be between 1 and 1000")),
    }
}

fn invalid(field: &str, description: &str) -> Problem {
    Problem::invalid_field(field, DetailCode::Invalid, description)
}

struct AnswerJson<'a>(&'a BubbleUp);

impl Serialize for AnswerJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let BubbleUp {
            selection_count,
            baseline_count,
            fields,
            columns_left_out,
            stats,
        } = self.0;
        let fields: Vec<FieldJson<'_>> = fields.iter().map(FieldJson).collect();
        let mut answer = serializer.serialize_struct("bubble_up", 5)?;
        answer.serialize_field("selection_count", selection_count)?;
        answer.serialize_field("baseline_count", baseline_count)?;
        answer.serialize_field("fields", &fields)?;
        answer.serialize_field("columns_left_out", columns_left_out)?;
        answer.serialize_field("stats", &Stats(stats))?;
        answer.end()
    }
}

struct FieldJson<'a>(&'a BubbleField);

impl Serialize for FieldJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let field = self.0;
        let kind = match &field.comparison {
            BubbleComparison::Dimension { .. } => "dimension",
            BubbleComparison::Measure { .. } => "measure",
            BubbleComparison::Unique => "unique",
            BubbleComparison::TooManyValues => "too_many_values",
        };
        let mut answer = serializer.serialize_struct("field", 7)?;
        answer.serialize_field("column", &field.column)?;
        answer.serialize_field("kind", kind)?;
        answer.serialize_field("score", &field.score)?;
        answer.serialize_field("selection_count", &field.selection_count)?;
        answer.serialize_field("baseline_count", &field.baseline_count)?;
        match &field.comparison {
            BubbleComparison::Dimension { values, other } => {
                let values: Vec<ValueJson<'_>> = values.iter().map(ValueJson).collect();
                answer.serialize_field("values", &values)?;
                answer.serialize_field("other", &other.as_ref().map(OtherJson))?;
            }
            BubbleComparison::Measure { bins } => {
                let bins: Vec<BinJson<'_>> = bins.iter().map(BinJson).collect();
                answer.serialize_field("bins", &bins)?;
            }
            BubbleComparison::Unique | BubbleComparison::TooManyValues => {}
        }
        answer.end()
    }
}

struct ValueJson<'a>(&'a BubbleValue);

impl Serialize for ValueJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_struct("value", 3)?;
        answer.serialize_field("value", &self.0.value.as_ref().map(Scalar))?;
        answer.serialize_field("selection_count", &self.0.selection_count)?;
        answer.serialize_field("baseline_count", &self.0.baseline_count)?;
        answer.end()
    }
}

struct OtherJson<'a>(&'a BubbleOther);

impl Serialize for OtherJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_struct("other", 3)?;
        answer.serialize_field("value_count", &self.0.value_count)?;
        answer.serialize_field("selection_count", &self.0.selection_count)?;
        answer.serialize_field("baseline_count", &self.0.baseline_count)?;
        answer.end()
    }
}

struct BinJson<'a>(&'a BubbleBin);

impl Serialize for BinJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_struct("bin", 4)?;
        answer.serialize_field("low", &self.0.low)?;
        answer.serialize_field("high", &self.0.high)?;
        answer.serialize_field("selection_count", &self.0.selection_count)?;
        answer.serialize_field("baseline_count", &self.0.baseline_count)?;
        answer.end()
    }
}
