//! A trace for drawing: columns instead of rows, and of a very large trace the levels next to the root.
//!
//! A page that draws tens of thousands of spans would spend its time on the names of their fields, repeated in every row. Here each
//! field comes once, its distinct values once, and per row a number.

use crate::ask::{Answer, Ask, text_answer};
use crate::listen::body;
use crate::own::row::{LOOK, ROWS_INLINE_MAX, slugs, trace_limit, trace_range};
use crate::problem::Problem;
use crate::route::LIMIT;
use crate::route::{Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use crate::table::{STATS, Scalar, Stats};
use axum::http::StatusCode;
use serde::Serialize;
use serde::ser::Serializer;
use std::collections::{BTreeSet, HashMap};
use waggle_model::{DatasetId, Meaning, RawRow, Trace, TraceChoice, TraceRequest, Value};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Traces for drawing",
    about: "The spans of a trace, column by column.",
    routes: &[Route::own(
        "GET",
        "/api/environments/{env}/traces/{trace_id}/columns",
        LOOK,
        |ask| Box::pin(columns(ask)),
    )
    .about("Returns a trace of all datasets as columns, the oldest event first. Of a trace with more spans than the limit these are the ones closest to the root; the others are counted.")
    .query(&[
        may("start", Shape::Number, "Seconds since 1970, included."),
        may("end", Shape::Number, "Seconds since 1970, excluded."),
        may(
            "around",
            Shape::Text,
            "Id of a span that is never left out, nor what is above it; half the limit is for what is below.",
        ),
        LIMIT,
    ])
    .answers(&[(
        200,
        Content::Json(Shape::Object(&[
            must("trace_id", Shape::Text, "Its id."),
            must("total_rows", Shape::Whole, "How many events it has."),
            must("start_ns", Shape::Text, "Time of the first event, in nanoseconds since 1970."),
            must("times", NUMBERS, "Per event, nanoseconds after the first."),
            must("datasets", Shape::List(&Shape::Text), "Slugs."),
            must("dataset", NUMBERS, "Per event, which of the datasets it is in."),
            must("sample_rate", NUMBERS, "Per event, for how many it stands."),
            must("columns", Shape::List(&Shape::Named(&COLUMN)), "The fields, by name."),
            must(
                "by_definition",
                Shape::List(&Shape::Named(&COLUMN)),
                "What the definitions of the datasets say, by the names that are usual for it (`service.name`, `duration_ms`, `trace.span_id`); only where that is not what the columns of these names have.",
            ),
            must("left_out", Shape::List(&Shape::Named(&LEFT_OUT)), "Spans and logs that were left out."),
            must("stats", Shape::Named(&STATS), "What the answer cost."),
        ])),
    )])],
};

const NUMBERS: Shape = Shape::List(&Shape::Whole);

const COLUMN: Named = Named {
    name: "TraceColumn",
    about: "A field of the events of a trace. Its k-th entry is of the event rows[k] and has the value values[index[k]].",
    members: &[
        must("name", Shape::Text, "Its name."),
        must("values", Shape::List(&Shape::Any), "Its values."),
        may(
            "rows",
            NUMBERS,
            "Events that have it, ascending; all of them when left out.",
        ),
        may(
            "index",
            NUMBERS,
            "Which of the values; 0, 1, 2 and so on when left out.",
        ),
    ],
};

const LEFT_OUT: Named = Named {
    name: "TraceLeftOut",
    about: "Spans and logs that were left out of a trace.",
    members: &[
        must(
            "below",
            Shape::OrNull(&Shape::Whole),
            "The event they lie below, at any depth; null where nothing above them is shown either.",
        ),
        must("count", Shape::Whole, "How many."),
    ],
};

/// `GET /api/environments/{env}/traces/{trace_id}/columns?start=&end=&around=&limit=`
async fn columns(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let around = ask.query("around").filter(|id| !id.is_empty());
    let request = TraceRequest {
        trace_id: ask.path("trace_id").to_owned(),
        range: trace_range(&ask)?,
        limit: trace_limit(&ask)?,
        choice: TraceChoice::BreadthFirst {
            around: around.map(str::to_owned),
        },
    };
    let trace = ask.state.engine.trace(tenant, &request).await?;
    if trace.row_count == 0 {
        return Err(Problem::not_found("no trace has this id"));
    }
    let slugs = slugs(&ask, tenant).await?;
    let text = body::run(trace.rows.len() > ROWS_INLINE_MAX, move || {
        serde_json::to_string(&Columns::new(&request.trace_id, &trace, &slugs))
    })
    .await
    .map_err(|error| Problem::internal(&error))?;
    Ok(text_answer(StatusCode::OK, text))
}

#[derive(Serialize)]
struct Columns<'a> {
    trace_id: &'a str,
    total_rows: usize,
    start_ns: String,
    times: Vec<i64>,
    datasets: Vec<&'a str>,
    dataset: Vec<usize>,
    sample_rate: Vec<u32>,
    columns: Vec<Column<'a>>,
    by_definition: Vec<Column<'a>>,
    left_out: Vec<LeftOut>,
    stats: Stats<'a>,
}

#[derive(Serialize)]
struct LeftOut {
    below: Option<usize>,
    count: usize,
}

impl<'a> Columns<'a> {
    fn new(trace_id: &'a str, trace: &'a Trace, slugs: &'a HashMap<DatasetId, String>) -> Self {
        let rows = &trace.rows;
        let start_ns = rows.first().map_or(0, |row| row.timestamp_ns);
        let mut datasets = Vec::new();
        let mut known: HashMap<DatasetId, usize> = HashMap::new();
        let dataset = (rows.iter())
            .map(|row| {
                *known.entry(row.dataset).or_insert_with(|| {
                    datasets.push(slugs.get(&row.dataset).map_or("", String::as_str));
                    datasets.len() - 1
                })
            })
            .collect();
        let left_out = trace.left_out.iter().map(|left_out| LeftOut {
            below: left_out.below,
            count: left_out.count,
        });
        Self {
            trace_id,
            total_rows: trace.row_count,
            start_ns: start_ns.to_string(),
            times: (rows.iter())
                .map(|row| row.timestamp_ns.saturating_sub(start_ns))
                .collect(),
            datasets,
            dataset,
            sample_rate: rows.iter().map(|row| row.sample_rate).collect(),
            columns: columns_of(rows.iter().map(|row| fields_of(row).collect())),
            by_definition: meant(rows),
            left_out: left_out.collect(),
            stats: Stats(&trace.stats),
        }
    }
}

fn fields_of(row: &RawRow) -> impl Iterator<Item = (&str, &Value)> {
    row.fields
        .iter()
        .map(|(name, value)| (name.as_str(), value))
}

/// What every row has of the meanings that some row has in other fields than the usual ones, by name ascending.
fn meant(rows: &[RawRow]) -> Vec<Column<'_>> {
    let meanings = rows.iter().flat_map(|row| &row.meant);
    let meanings: BTreeSet<Meaning> = meanings.map(|(meaning, _)| *meaning).collect();
    let columns = meanings.into_iter().map(|meaning| {
        let mut column = Column::new(meaning.column());
        for (index, row) in rows.iter().enumerate() {
            if let Some(value) = meant_by(row, meaning) {
                column.push(index, value);
            }
        }
        column.is_everywhere = column.rows.len() == rows.len();
        column
    });
    let mut columns: Vec<Column<'_>> = columns.collect();
    columns.sort_unstable_by_key(|column| column.name);
    columns
}

fn meant_by(row: &RawRow, meaning: Meaning) -> Option<&Value> {
    let mut meant = row.meant.iter();
    if let Some((_, value)) = meant.find(|(known, _)| *known == meaning) {
        return value.as_ref();
    }
    let mut fields = row.fields.iter();
    let field = fields.find(|(name, _)| name == meaning.column());
    field.map(|(_, value)| value)
}

/// The fields of rows, by name ascending.
fn columns_of<'a>(rows: impl Iterator<Item = Vec<(&'a str, &'a Value)>>) -> Vec<Column<'a>> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut columns: Vec<Column<'_>> = Vec::new();
    let mut row_count = 0;
    for (row, fields) in rows.enumerate() {
        row_count = row + 1;
        for (name, value) in fields {
            let number = *numbers.entry(name).or_insert_with(|| {
                columns.push(Column::new(name));
                columns.len() - 1
            });
            columns[number].push(row, value);
        }
    }
    for column in &mut columns {
        column.is_everywhere = column.rows.len() == row_count;
    }
    columns.sort_unstable_by_key(|column| column.name);
    columns
}

struct Column<'a> {
    name: &'a str,
    values: Vec<&'a Value>,
    known: HashMap<Same<'a>, usize>,
    rows: Vec<usize>,
    index: Vec<usize>,
    is_everywhere: bool,
}

/// What makes two values one in the answer.
#[derive(PartialEq, Eq, Hash)]
enum Same<'a> {
    Text(&'a str),
    Int(i64),
    Float(u64),
    Bool(bool),
}

impl<'a> Column<'a> {
    fn new(name: &'a str) -> Self {
        Self {
            name,
            values: Vec::new(),
            known: HashMap::new(),
            rows: Vec::new(),
            index: Vec::new(),
            is_everywhere: false,
        }
    }

    fn push(&mut self, row: usize, value: &'a Value) {
        let same = match value {
            Value::String(text) => Same::Text(text),
            Value::Int(int) => Same::Int(*int),
            Value::Float(float) => Same::Float(float.to_bits()),
            Value::Bool(flag) => Same::Bool(*flag),
        };
        let values = &mut self.values;
        let number = *self.known.entry(same).or_insert_with(|| {
            values.push(value);
            values.len() - 1
        });
        self.rows.push(row);
        self.index.push(number);
    }
}

impl Serialize for Column<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Members<'a> {
            name: &'a str,
            values: Vec<Scalar<'a>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            rows: Option<&'a [usize]>,
            #[serde(skip_serializing_if = "Option::is_none")]
            index: Option<&'a [usize]>,
        }
        Members {
            name: self.name,
            values: self.values.iter().map(|value| Scalar(value)).collect(),
            rows: (!self.is_everywhere).then_some(&self.rows),
            index: (self.values.len() < self.index.len()).then_some(&self.index),
        }
        .serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
