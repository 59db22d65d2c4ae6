//! BubbleUp: what sets the rows of a box or a group apart from the other rows of a query.

use super::row::{nanoseconds, range_of};
use crate::ask::{Answer, Ask, text_answer};
use crate::listen::body;
use crate::problem::{Detail, DetailCode, Problem};
use crate::spec::{read_row_clauses, whole_number};
use crate::table::{Scalar, Stats};
use axum::http::StatusCode;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::{Map, Value as Json};
use waggle_model::{
    BubbleBin, BubbleComparison, BubbleField, BubbleOther, BubbleSelection, BubbleUp,
    BubbleUpRequest, BubbleValue, TimeRange,
};

const VALUES_DEFAULT: usize = 40;
const VALUES_MAX: usize = 1_000;

/// `POST /api/environments/{env}/datasets/{dataset}/bubble-up`.
pub(crate) async fn run(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let scope = ask.scope(tenant).await?;
    let object = ask.object()?;
    let clauses = read_row_clauses(&object).map_err(Problem::invalid)?;
    let range = range_of(&ask, &object, clauses.window)?;
    let request = BubbleUpRequest {
        calculated_fields: Vec::new(),
        range,
        filters: clauses.filters,
        filter_combination: clauses.filter_combination,
        selection: selection(&object, range)?,
        columns: columns(&object)?,
        values_max: values_max(&object)?,
    };
    let answer = ask.state.engine.bubble_up(tenant, scope, &request).await?;
    let text = body::run(true, move || serde_json::to_string(&AnswerJson(&answer)))
        .await
        .map_err(|error| Problem::internal(&error))?;
    Ok(text_answer(StatusCode::OK, text))
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
