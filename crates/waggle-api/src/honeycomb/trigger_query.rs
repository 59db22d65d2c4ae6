//! Which queries a trigger may ask. Source: spec/honeycomb-api.md section 15.2.
//!
//! The rules are about what was written, so they are read from the JSON and not from what it means: a `limit` that says nothing new is
//! still refused.

use super::query::checked_spec;
use super::query_annotation::query_of;
use crate::ask::Ask;
use crate::form::Form;
use crate::problem::{Detail, DetailCode, Problem};
use crate::spec::whole_number;
use serde_json::{Map, Value as Json};
use waggle_metastore::{Stored, Trigger};
use waggle_model::DatasetScope;

const RANGE_DEFAULT_S: i64 = 7_200;
const RANGE_MAX_S: i64 = 86_400;
const FREQUENCIES_MAX: i64 = 4;
/// Clauses that mean nothing to a query whose one answer is compared with a number.
const REFUSED: [&str; 5] = ["orders", "limit", "start_time", "end_time", "granularity"];

/// The query of a request.
pub(super) enum AskedQuery {
    /// One that was saved before.
    Saved(String),
    /// One that is to be saved.
    Inline(Map<String, Json>),
}

/// Reads `query` or `query_id`. A change that names neither keeps the query.
pub(super) fn read_query(form: &Form<'_>, before: Option<&Stored<Trigger>>) -> AskedQuery {
    match (form.get("query"), form.get("query_id"), before) {
        (Some(_), Some(_), _) => {
            form.invalid("query", "either query or query_id can be given, not both");
            AskedQuery::Saved(String::new())
        }
        (Some(Json::Object(query)), None, _) => AskedQuery::Inline(query.clone()),
        (Some(_), None, _) => {
            form.incorrect_type("query", "must be a JSON object");
            AskedQuery::Saved(String::new())
        }
        (None, Some(_), _) => AskedQuery::Saved(form.text("query_id", usize::MAX)),
        (None, None, Some(before)) => AskedQuery::Saved(before.value.query_id.clone()),
        (None, None, None) => {
            form.missing("query");
            AskedQuery::Saved(String::new())
        }
    }
}

/// What a trigger that exists reads.
pub(super) fn scope_of(trigger: &Stored<Trigger>) -> DatasetScope {
    let dataset = trigger.place.dataset;
    dataset.map_or(DatasetScope::All, DatasetScope::One)
}

/// Checks the query against the rules and returns its id; an inline one is saved.
pub(super) async fn checked(
    ask: &Ask,
    scope: &DatasetScope,
    query: AskedQuery,
    frequency_s: u32,
) -> Result<String, Problem> {
    match query {
        AskedQuery::Saved(id) => {
            let query = query_of(ask, &id).await?;
            let query = query.filter(|query| query.scope == *scope).ok_or_else(|| {
                let text = "there is no such query in this dataset";
                Problem::invalid_field("query_id", DetailCode::Invalid, text)
            })?;
            let json = super::query::spec_object(&query)?;
            check_rules(&json, frequency_s)?;
            Ok(id)
        }
        AskedQuery::Inline(mut json) => {
            let has_range = json.get("time_range").is_some_and(|range| !range.is_null());
            if !has_range {
                json.insert("time_range".to_owned(), frequency_s.into());
            }
            let parsed = checked_spec(&ask.state, ask.tenant(), scope, &Json::Object(json))
                .await
                .map_err(|problem| problem.within("query"))?;
            check_rules(&parsed.json, frequency_s)?;
            let query = ask
                .state
                .metastore
                .create_query(
                    ask.tenant(),
                    scope,
                    &Json::Object(parsed.json).to_string(),
                    ask.now_ns(),
                )
                .await?;
            Ok(query.id.0)
        }
    }
}

fn check_rules(query: &Map<String, Json>, frequency_s: u32) -> Result<(), Problem> {
    let mut details = Vec::new();
    let mut invalid = |field: &str, text: String| {
        let path = format!("query.{field}");
        details.push(Detail::new(path, DetailCode::Invalid, text));
    };
    let list = |field: &str| match query.get(field) {
        Some(Json::Array(items)) => items.as_slice(),
        _ => &[],
    };
    let (calculations, formulas, havings) =
        (list("calculations"), list("formulas"), list("havings"));
    for calculation in calculations {
        if let Some(op @ ("HEATMAP" | "CONCURRENCY")) = text(calculation, "op") {
            invalid("calculations", format!("a trigger can't use {op}"));
        }
    }
    if havings.len() > 1 {
        invalid("havings", "a trigger can have at most one".to_owned());
    }
    match formulas.len() {
        0 => {
            let shown = calculations.iter().filter(|calculation| {
                let mut havings = havings.iter();
                !havings.any(|having| is_of(having, calculation))
            });
            if calculations.len() != 1 && shown.count() != 1 {
                let text = "a trigger needs exactly one calculation besides the one of its having";
                invalid("calculations", text.to_owned());
            }
        }
        1 => {}
        _ => invalid("formulas", "a trigger can have at most one".to_owned()),
    }
    for field in REFUSED {
        let is_empty = match query.get(field) {
            None | Some(Json::Null) => true,
            Some(Json::Array(items)) => items.is_empty(),
            Some(value) => value.as_f64() == Some(0.0),
        };
        if !is_empty {
            invalid(field, format!("a trigger's query has no {field}"));
        }
    }
    let range = query.get("time_range").and_then(whole_number);
    let range = range.unwrap_or(RANGE_DEFAULT_S);
    let frequency = i64::from(frequency_s);
    if range < frequency {
        let text = format!("must be at least the frequency, {frequency} seconds");
        invalid("time_range", text);
    } else if range > (FREQUENCIES_MAX * frequency).min(RANGE_MAX_S) {
        let text =
            format!("must be at most {FREQUENCIES_MAX} times the frequency and at most one day");
        invalid("time_range", text);
    }
    if details.is_empty() {
        return Ok(());
    }
    Err(Problem::invalid(details))
}

/// True when the having is a condition on the calculation.
fn is_of(having: &Json, calculation: &Json) -> bool {
    text(having, "calculate_op") == text(calculation, "op")
        && text(having, "column") == text(calculation, "column")
}

fn text<'a>(clause: &'a Json, member: &str) -> Option<&'a str> {
    clause.get(member).and_then(Json::as_str)
}
