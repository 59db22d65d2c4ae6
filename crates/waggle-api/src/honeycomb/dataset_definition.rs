//! `/1/dataset_definitions/{dataset}`: which column plays which part in traces and logs. Source: spec/honeycomb-api.md section 9.4.
//!
//! What nobody chose is found among the names that programs use, each time anew: a column that comes later is found then. The meanings and
//! those names are [`Meaning`]'s; queries and traces go by the same.

use crate::ask::{Answer, Ask, json_answer};
use crate::derived::visible;
use crate::problem::{Detail, DetailCode, Problem, ProblemKind};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Named, Shape, may, must};
use crate::spec::names_other_spans;
use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, HashSet};
use waggle_access::Permission;
use waggle_expression::Expression;
use waggle_metastore::{DatasetDefinition, DefinedColumn, Place, Stored};
use waggle_model::{DatasetId, DatasetScope, Meaning};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Dataset definitions",
    about: "Which column of a dataset plays which part in traces and logs.",
    routes: &[
        Route::v1("GET", "/1/dataset_definitions/{dataset}", NEED, |ask| {
            Box::pin(get(ask))
        })
        .about(
            "Returns the definition of a dataset: what was chosen, else what is usual and there.",
        )
        .answers(&[(200, Content::Json(Shape::Named(&DEFINITION)))]),
        Route::v1("PATCH", "/1/dataset_definitions/{dataset}", NEED, |ask| {
            Box::pin(update(ask))
        })
        .about(
            "Chooses columns; an empty name says that none plays the part, what is absent stays.",
        )
        .takes(Shape::Named(&DEFINITION_CHANGE))
        .answers(&[(200, Content::Json(Shape::Named(&DEFINITION)))]),
    ],
};

const NEED: Need = Need::OneOf(&[Permission::ManageColumns]);

const COLUMN_TYPE: Shape = Shape::Choice(&["column", "derived_column"]);
pub(crate) const DEFINITION: Named = Named {
    name: "DatasetDefinition",
    about: "Which column plays which part; null where none does.",
    members: &members(
        true,
        Shape::OrNull(&Shape::Object(&[
            must("name", Shape::Text, "The name of the column."),
            must("column_type", COLUMN_TYPE, "What kind of column."),
        ])),
    ),
};
pub(crate) const DEFINITION_CHANGE: Named = Named {
    name: "DatasetDefinitionChange",
    about: "Which column shall play which part; what is absent stays.",
    members: &members(
        false,
        Shape::OrNull(&Shape::Object(&[
            must(
                "name",
                Shape::Text,
                "The name of the column; empty for none.",
            ),
            may("column_type", COLUMN_TYPE, "Is ignored."),
        ])),
    ),
};

const fn members(is_required: bool, shape: Shape) -> [Member; Meaning::ALL.len()] {
    let mut members = [may("", Shape::Any, ""); Meaning::ALL.len()];
    let mut index = 0;
    while index < Meaning::ALL.len() {
        let meaning = Meaning::ALL[index];
        members[index] = Member {
            name: meaning.key(),
            shape,
            is_required,
            about: meaning.about(),
        };
        index += 1;
    }
    members
}

/// `GET /1/dataset_definitions/{dataset}`.
pub(crate) async fn get(ask: Ask) -> Answer {
    let dataset = ask.dataset(ask.tenant()).await?.id;
    let chosen = chosen(&ask, dataset).await?;
    let chosen = chosen.map(|stored| stored.value).unwrap_or_default();
    answer(&ask, dataset, &chosen).await
}

/// `PATCH /1/dataset_definitions/{dataset}`.
pub(crate) async fn update(ask: Ask) -> Answer {
    let dataset = ask.dataset(ask.tenant()).await?.id;
    let wanted = read_change(&ask.object()?)?;
    let mut found = BTreeMap::new();
    let mut missing = Vec::new();
    for (key, name) in wanted {
        let column = match &name {
            None => None,
            Some(name) => match column_named(&ask, dataset, &key, name).await? {
                Some(column) => Some(column),
                None => {
                    missing.push(name.clone());
                    continue;
                }
            },
        };
        found.insert(key, column);
    }
    if !missing.is_empty() {
        return Err(Problem::new(
            ProblemKind::Invalid,
            format!(
                "The following columns were not found: {}",
                missing.join(", ")
            ),
        ));
    }
    let stored = match chosen(&ask, dataset).await? {
        Some(mut stored) => {
            stored.value.columns.extend(found);
            ask.update_artifact(stored).await?
        }
        None => {
            let definition = DatasetDefinition { columns: found };
            ask.create_artifact(&Place::of_dataset(Some(dataset)), definition)
                .await?
        }
    };
    answer(&ask, dataset, &stored.value).await
}

async fn chosen(
    ask: &Ask,
    dataset: DatasetId,
) -> Result<Option<Stored<DatasetDefinition>>, Problem> {
    let definitions = ask.artifacts_of_environment::<DatasetDefinition>().await?;
    let mut definitions = definitions.into_iter();
    Ok(definitions.find(|definition| definition.place.dataset == Some(dataset)))
}

async fn column_named(
    ask: &Ask,
    dataset: DatasetId,
    key: &str,
    name: &str,
) -> Result<Option<DefinedColumn>, Problem> {
    let column = ask
        .state
        .metastore
        .column_by_name(ask.tenant(), dataset, name)
        .await?;
    if let Some(column) = column {
        return Ok(Some(DefinedColumn::Column {
            id: column.id.0,
            name: column.key_name,
        }));
    }
    let fields = visible(&ask.state, ask.tenant(), &DatasetScope::One(dataset)).await?;
    let mut fields = fields.into_iter();
    let field = fields.find(|field| field.value.alias == name);
    if field
        .as_ref()
        .is_some_and(|field| looks_beyond(&field.value.expression))
    {
        return Err(Problem::invalid_field(
            format!("{key}.name"),
            DetailCode::Invalid,
            format!(
                "{name} looks at other events than its own, so it can't tell what an event means"
            ),
        ));
    }
    Ok(field.map(|field| DefinedColumn::CalculatedField {
        id: field.id.0,
        alias: field.value.alias,
    }))
}

/// Whether an expression reads more than the event it is of.
pub(super) fn looks_beyond(expression: &str) -> bool {
    Expression::parse(expression).is_ok_and(|known| {
        known.temporals().next().is_some() || known.columns().any(names_other_spans)
    })
}

/// Each key that was sent with the name for it; `None` clears it.
fn read_change(object: &Map<String, Json>) -> Result<Vec<(String, Option<String>)>, Problem> {
    let mut details = Vec::new();
    let mut wanted = Vec::with_capacity(object.len());
    for (key, value) in object {
        if Meaning::from_key(key).is_none() {
            let text = "is not a key of a definition";
            details.push(Detail::new(key.as_str(), DetailCode::Invalid, text));
            continue;
        }
        let name = match value {
            Json::Null => Some(""),
            Json::Object(column) => column.get("name").and_then(Json::as_str),
            _ => None,
        };
        match name {
            Some(name) => {
                wanted.push((key.clone(), (!name.is_empty()).then(|| name.to_owned())));
            }
            None => details.push(Detail::new(
                format!("{key}.name"),
                DetailCode::IncorrectType,
                "must be a string",
            )),
        }
    }
    if details.is_empty() {
        return Ok(wanted);
    }
    Err(Problem::invalid(details))
}

async fn answer(ask: &Ask, dataset: DatasetId, chosen: &DatasetDefinition) -> Answer {
    let columns = ask.state.metastore.columns(ask.tenant(), dataset).await?;
    let names: HashSet<&str> = columns.iter().map(|c| c.key_name.as_str()).collect();
    let mut json = Map::new();
    for meaning in Meaning::ALL {
        let shown = match chosen.columns.get(meaning.key()) {
            Some(Some(DefinedColumn::Column { name, .. })) => {
                json!({ "name": name, "column_type": "column" })
            }
            Some(Some(DefinedColumn::CalculatedField { alias, .. })) => {
                json!({ "name": alias, "column_type": "derived_column" })
            }
            Some(None) => Json::Null,
            None => match meaning.usual().iter().find(|name| names.contains(**name)) {
                Some(name) => json!({ "name": name, "column_type": "column" }),
                None => Json::Null,
            },
        };
        json.insert(meaning.key().to_owned(), shown);
    }
    json_answer(StatusCode::OK, &Json::Object(json))
}
