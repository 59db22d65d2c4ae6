//! `/api/environments/{env}/datasets/{dataset}/metrics`: the metrics of a dataset, and the attributes that one of them comes with: what a
//! query builder offers once a metric is chosen. Source: spec/product.md QM-01, QM-05.

use crate::ask::{Answer, Ask, json_answer};
use crate::metric::{default_function, is_value};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Shape, must};
use axum::http::StatusCode;
use serde_json::json;
use std::collections::BTreeSet;
use waggle_access::Permission;
use waggle_expression::TemporalFunction;
use waggle_model::{
    DatasetScope, FilterCombination, FilterOp, FilterSpec, FilterValue, RowRequest, TimeRange,
};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Metrics",
    about: "The metrics of a dataset, and what each comes with.",
    routes: &[
        Route::own(
            "GET",
            "/api/environments/{env}/datasets/{dataset}/metrics",
            LOOK,
            |ask| Box::pin(list(ask)),
        )
        .about("Lists the metrics that OpenTelemetry's exporters have sent to a dataset.")
        .answers(&[(200, Content::Json(Shape::Object(METRICS)))]),
        Route::own(
            "GET",
            "/api/environments/{env}/datasets/{dataset}/metrics/{column_name}/attributes",
            LOOK,
            |ask| Box::pin(attributes(ask)),
        )
        .about("Lists the attributes that a metric has come with, in its newest 2,000 events of the last day.")
        .answers(&[(200, Content::Json(Shape::Object(ATTRIBUTES)))]),
    ],
};

const LOOK: Need = Need::Person(&[Permission::RunQueries]);
const METRICS: &[Member] = &[must(
    "metrics",
    Shape::List(&Shape::Object(METRIC)),
    "The metrics, by name.",
)];
const METRIC: &[Member] = &[
    must("name", Shape::Text, "Its name, and that of its column."),
    must(
        "type",
        Shape::Text,
        "`gauge`, `sum(cumulative,monotonic)`, `sum(cumulative)`, `sum(delta,monotonic)`, `sum(delta)`, `histogram(cumulative)`, \
         `histogram(delta)` or `summary`.",
    ),
    must(
        "default",
        Shape::OrNull(&Shape::Text),
        "How calculations over it follow its series, in a dataset of type metrics: `LAST`, `INCREASE` or `SUMMARIZE`; null for a summary, \
         which is several columns.",
    ),
];
const ATTRIBUTES: &[Member] = &[must(
    "attributes",
    Shape::List(&Shape::Text),
    "Names of columns.",
)];

const ROWS_MAX: usize = 2_000;
const DAY_NS: i64 = 86_400_000_000_000;

async fn list(ask: Ask) -> Answer {
    let dataset = ask.dataset(ask.tenant()).await?.id;
    let metrics = ask.state.metastore.metrics(ask.tenant(), dataset).await?;
    let metrics: Vec<_> = metrics
        .iter()
        .map(|(name, kind)| {
            let default = default_function(&metrics, name).map(TemporalFunction::name);
            json!({"name": name, "type": kind.name(), "default": default})
        })
        .collect();
    json_answer(StatusCode::OK, &json!({ "metrics": metrics }))
}

async fn attributes(ask: Ask) -> Answer {
    let tenant = ask.tenant();
    let dataset = ask.dataset(tenant).await?.id;
    let metrics = ask.state.metastore.metrics(tenant, dataset).await?;
    let end_ns = ask.now_ns().saturating_add(1);
    let exists = |column: String| FilterSpec {
        column,
        op: FilterOp::Exists,
        value: FilterValue::None,
    };
    // A histogram may have come without a text of its own; its count is always there.
    let metric = ask.path("column_name");
    let request = RowRequest {
        by_definition: false,
        granularity_ns: None,
        range: TimeRange {
            start_ns: end_ns.saturating_sub(DAY_NS),
            end_ns,
        },
        filters: vec![exists(metric.to_owned()), exists(format!("{metric}.count"))],
        filter_combination: FilterCombination::Or,
        calculated_fields: Vec::new(),
        limit: ROWS_MAX,
        before: None,
        usage_mode: false,
    };
    ask.count_query(false)?;
    let scope = DatasetScope::One(dataset);
    let page = ask.state.engine.rows(tenant, scope, &request).await?;
    let fields = page.rows.iter().flat_map(|row| &row.fields);
    let names: BTreeSet<&str> = fields
        .map(|(name, _)| name.as_ref())
        .filter(|name| *name != metric && !is_value(&metrics, name))
        .collect();
    json_answer(StatusCode::OK, &json!({ "attributes": names }))
}
