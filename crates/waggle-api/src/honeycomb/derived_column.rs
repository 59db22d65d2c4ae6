//! `/1/derived_columns/{dataset|__all__}`: calculated fields that are kept. Source: spec/honeycomb-api.md section 9.3.
//!
//! A path with `__all__` sees the fields of the whole environment only, not those of its datasets: an alias names one field there.

use super::artifact::{no_artifact, no_content, with_times};
use super::dataset_definition::looks_beyond;
use crate::ask::{Answer, Ask, json_answer};
use crate::derived::visible;
use crate::form::{Form, read};
use crate::problem::{DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::service_level;
use crate::shape::{Content, Named, Shape, may, must};
use crate::spec::check_field;
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use waggle_access::Permission;
use waggle_expression::Expression;
use waggle_metastore::{DatasetDefinition, DerivedColumn, Place, Slo, Stored, Use};
use waggle_model::DatasetScope;

pub(crate) const RESOURCE: Resource = Resource {
    name: "Calculated fields",
    about: "Expressions with a name, which queries use like a column. With `__all__` they are those of the whole environment.",
    routes: &[
        Route::v1("GET", "/1/derived_columns/{dataset}", READ, |ask| {
            Box::pin(list(ask))
        })
        .about("Lists the calculated fields of a dataset, or of the environment with `__all__`; with `alias` returns one.")
        .query(&[may("alias", Shape::Text, "Name of the one field to return.")])
        .answers(&[(
            200,
            Content::Json(Shape::Either(&[
                Shape::List(&Shape::Named(&FIELD)),
                Shape::Named(&FIELD),
            ])),
        )]),
        Route::v1("POST", "/1/derived_columns/{dataset}", WRITE, |ask| {
            Box::pin(create(ask))
        })
        .about("Makes a calculated field.")
        .takes(Shape::Named(&NEW_FIELD))
        .makes(
            "derived_column",
            "/id",
            r#"{"alias": "is_slow", "expression": "GT($duration_ms, 500)"}"#,
        )
        .answers(&[(201, Content::Json(Shape::Named(&FIELD)))]),
        Route::v1("GET", "/1/derived_columns/{dataset}/{id}", READ, |ask| {
            Box::pin(get(ask))
        })
        .about("Returns a calculated field.")
        .id("derived_column")
        .answers(&[(200, Content::Json(Shape::Named(&FIELD)))]),
        Route::v1("PUT", "/1/derived_columns/{dataset}/{id}", WRITE, |ask| {
            Box::pin(update(ask))
        })
        .about("Changes a calculated field; what is absent stays.")
        .id("derived_column")
        .takes(Shape::Named(&FIELD_CHANGE))
        .answers(&[(200, Content::Json(Shape::Named(&FIELD)))]),
        Route::v1("DELETE", "/1/derived_columns/{dataset}/{id}", WRITE, |ask| {
            Box::pin(delete(ask))
        })
        .about("Deletes a calculated field that nothing uses.")
        .id("derived_column")
        .answers(&[(204, Content::Nothing)]),
    ],
};

const READ: Need = Need::OneOf(&[Permission::ManageColumns, Permission::RunQueries]);
const WRITE: Need = Need::OneOf(&[Permission::ManageColumns]);

pub(crate) const FIELD: Named = Named {
    name: "DerivedColumn",
    about: "An expression with a name.",
    members: &[
        must("id", Shape::Text, "Its id."),
        must("alias", Shape::Text, "Its name in queries."),
        must("expression", Shape::Text, "The expression."),
        must("description", Shape::Text, "What people wrote about it."),
        must("created_at", Shape::Time, "When it was made."),
        must("updated_at", Shape::Time, "When it was last changed."),
    ],
};
pub(crate) const NEW_FIELD: Named = Named {
    name: "NewDerivedColumn",
    about: "An expression to be kept under a name.",
    members: &[
        must(
            "alias",
            Shape::Text,
            "1 to 255 characters, not the name of a column.",
        ),
        must("expression", Shape::Text, "1 to 4,095 characters."),
        may(
            "description",
            Shape::OrNull(&Shape::Text),
            "At most 255 characters.",
        ),
    ],
};
pub(crate) const FIELD_CHANGE: Named = Named {
    name: "DerivedColumnChange",
    about: "New values for a calculated field; what is absent stays.",
    members: &[
        may(
            "alias",
            Shape::Text,
            "1 to 255 characters, not the name of a column.",
        ),
        may("expression", Shape::Text, "1 to 4,095 characters."),
        may(
            "description",
            Shape::OrNull(&Shape::Text),
            "At most 255 characters.",
        ),
    ],
};

const ALIAS_CHARS_MAX: usize = 255;
const DESCRIPTION_CHARS_MAX: usize = 255;

/// `GET /1/derived_columns/{dataset}`, with `?alias=` one object.
pub(crate) async fn list(ask: Ask) -> Answer {
    let place = ask.place().await?;
    let mut fields = ask.artifacts::<DerivedColumn>().await?;
    fields.retain(|field| field.place == place);
    if let Some(alias) = ask.query("alias") {
        let field = fields.iter().find(|field| field.value.alias == alias);
        let field = field.ok_or_else(no_artifact::<DerivedColumn>)?;
        return json_answer(StatusCode::OK, &field_json(field));
    }
    let fields: Vec<Json> = fields.iter().map(field_json).collect();
    json_answer(StatusCode::OK, &fields)
}

/// `GET /1/derived_columns/{dataset}/{id}`.
pub(crate) async fn get(ask: Ask) -> Answer {
    json_answer(StatusCode::OK, &field_json(&find(&ask).await?))
}

/// `POST /1/derived_columns/{dataset}`: 409 for an alias that is taken, by a field or by a column.
pub(crate) async fn create(ask: Ask) -> Answer {
    let place = ask.place().await?;
    let object = ask.object()?;
    let field = read(&object, read_field)?;
    check_names(&ask, &place, &field, None).await?;
    let field = ask.create_artifact(&place, field).await?;
    json_answer(StatusCode::CREATED, &field_json(&field))
}

/// `PUT /1/derived_columns/{dataset}/{id}`.
pub(crate) async fn update(ask: Ask) -> Answer {
    let mut field = find(&ask).await?;
    let mut object = ask.object()?;
    for (member, value) in [
        ("alias", &field.value.alias),
        ("expression", &field.value.expression),
        ("description", &field.value.description),
    ] {
        object
            .entry(member)
            .or_insert_with(|| value.as_str().into());
    }
    let changed = read(&object, read_field)?;
    check_names(&ask, &field.place, &changed, Some(&field.value)).await?;
    check_indicator(&ask, &field, &changed.expression).await?;
    check_meaning(&ask, &field, &changed.expression).await?;
    field.value = changed;
    let field = ask.update_artifact(field).await?;
    json_answer(StatusCode::OK, &field_json(&field))
}

/// `DELETE /1/derived_columns/{dataset}/{id}`: 409 while an SLO or a dataset definition uses it.
pub(crate) async fn delete(ask: Ask) -> Answer {
    let field = find(&ask).await?;
    ask.delete_artifact(&field).await?;
    no_content()
}

async fn find(ask: &Ask) -> Result<Stored<DerivedColumn>, Problem> {
    let place = ask.place().await?;
    let field = ask.artifact::<DerivedColumn>().await?;
    match field.place == place {
        true => Ok(field),
        false => Err(no_artifact::<DerivedColumn>()),
    }
}

fn read_field(form: &Form<'_>) -> DerivedColumn {
    let field = DerivedColumn {
        alias: form.text("alias", ALIAS_CHARS_MAX),
        expression: form.text("expression", usize::MAX),
        description: form.text_or_empty("description", DESCRIPTION_CHARS_MAX),
    };
    for (member, message) in check_field(&field.alias, &field.expression) {
        let member = if member == "name" { "alias" } else { member };
        form.invalid(member, message);
    }
    field
}

/// An alias must not be a column, and an expression must not name another alias.
async fn check_names(
    ask: &Ask,
    place: &Place,
    field: &DerivedColumn,
    before: Option<&DerivedColumn>,
) -> Result<(), Problem> {
    let tenant = ask.tenant();
    let scope = place.dataset.map_or(DatasetScope::All, DatasetScope::One);
    if before.is_none_or(|before| before.alias != field.alias) {
        let metastore = &ask.state.metastore;
        let is_column = match place.dataset {
            Some(dataset) => metastore
                .column_by_name(tenant, dataset, &field.alias)
                .await?
                .is_some(),
            None => {
                let found = metastore
                    .search_columns(tenant, &scope, &field.alias, SEARCH_MAX)
                    .await?;
                let mut columns = found.columns.iter();
                columns.any(|column| column.key_name == field.alias)
            }
        };
        if is_column {
            return Err(Problem::conflict(format!(
                "{} is the name of a column",
                field.alias
            )));
        }
    }
    let Ok(expression) = Expression::parse(&field.expression) else {
        return Ok(());
    };
    let visible = visible(&ask.state, tenant, &scope).await?;
    for column in expression.columns() {
        let mut aliases = visible.iter().map(|field| field.value.alias.as_str());
        let is_own = before.is_some_and(|before| before.alias == column);
        if column == field.alias || (!is_own && aliases.any(|alias| alias == column)) {
            return Err(Problem::invalid_field(
                "expression",
                DetailCode::Invalid,
                format!("{column} is a calculated field; an expression reads columns only"),
            ));
        }
    }
    Ok(())
}

/// What an SLO counts with stays what an SLO can count with.
async fn check_indicator(
    ask: &Ask,
    field: &Stored<DerivedColumn>,
    expression: &str,
) -> Result<(), Problem> {
    let Some(text) = service_level::refusal_of(expression) else {
        return Ok(());
    };
    let used = Use::CalculatedField(field.id.0.clone());
    let metastore = &ask.state.metastore;
    let slos = metastore.artifact_users::<Slo>(ask.tenant(), &used).await?;
    match slos.first() {
        None => Ok(()),
        Some(slo) => Err(Problem::invalid_field(
            "expression",
            DetailCode::Invalid,
            format!("the SLO {} uses it: {text}", slo.value.name),
        )),
    }
}

/// What tells a definition what an event means looks at no other event.
async fn check_meaning(
    ask: &Ask,
    field: &Stored<DerivedColumn>,
    expression: &str,
) -> Result<(), Problem> {
    if !looks_beyond(expression) {
        return Ok(());
    }
    let used = Use::CalculatedField(field.id.0.clone());
    let definitions = ask
        .state
        .metastore
        .artifact_users::<DatasetDefinition>(ask.tenant(), &used);
    match definitions.await?.is_empty() {
        true => Ok(()),
        false => Err(Problem::invalid_field(
            "expression",
            DetailCode::Invalid,
            "a dataset's definition uses it: it may look at no other event than its own",
        )),
    }
}

/// Most columns whose name contains an alias that are looked through for one of the same name.
const SEARCH_MAX: usize = 100_000;

fn field_json(field: &Stored<DerivedColumn>) -> Json {
    let DerivedColumn {
        alias,
        expression,
        description,
    } = &field.value;
    let json = json!({
        "id": field.id.0,
        "alias": alias,
        "expression": expression,
        "description": description,
    });
    with_times(json, field)
}
