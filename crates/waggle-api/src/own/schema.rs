//! What the events of a dataset have, for the people who describe it: its settings, its columns, the parts they play and its calculated
//! fields. The same objects and words as under `/1/`, where only keys are let in.

use crate::ask::{Answer, Ask, json_answer};
use crate::honeycomb::column::{self, COLUMN, COLUMN_CHANGE};
use crate::honeycomb::dataset::{self, DATASET, DATASET_CHANGE};
use crate::honeycomb::dataset_definition::{self, DEFINITION, DEFINITION_CHANGE};
use crate::honeycomb::derived_column::{self, FIELD, FIELD_CHANGE, NEW_FIELD};
use crate::problem::{DetailCode, Problem};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, must};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use waggle_access::Permission;
use waggle_model::ColumnsDeleted;

const LOOK: Need = Need::Person(&[Permission::RunQueries]);
const NEED: Need = Need::Person(&[Permission::ManageColumns]);
const ONE_FIELD: Content = Content::Json(Shape::Named(&FIELD));
const SETTINGS: Content = Content::Json(Shape::Named(&DATASET));
const PARTS: Content = Content::Json(Shape::Named(&DEFINITION));

pub(crate) const RESOURCE: Resource = Resource {
    name: "Schema of the UI",
    about: "Settings of datasets, their columns and calculated fields, for people.",
    routes: &[
        Route::own(
            "GET",
            "/api/environments/{env}/datasets/{dataset}",
            LOOK,
            |ask| Box::pin(dataset::get(ask)),
        )
        .about("Returns the settings of a dataset.")
        .answers(&[(200, SETTINGS)]),
        Route::own(
            "PUT",
            "/api/environments/{env}/datasets/{dataset}",
            Need::Administrator,
            |ask| Box::pin(dataset::update(ask)),
        )
        .about("Changes the settings of a dataset; its name stays.")
        .takes(Shape::Named(&DATASET_CHANGE))
        .answers(&[(200, SETTINGS)]),
        Route::own(
            "DELETE",
            "/api/environments/{env}/datasets/{dataset}",
            Need::Administrator,
            |ask| Box::pin(dataset::delete(ask)),
        )
        .about("Deletes a dataset with its events; refused while it is protected.")
        .answers(&[(202, Content::Nothing)]),
        Route::own(
            "PUT",
            "/api/environments/{env}/datasets/{dataset}/column-settings/{id}",
            NEED,
            |ask| Box::pin(column::update(ask)),
        )
        .about("Changes a column; its name stays.")
        .id("column")
        .takes(Shape::Named(&COLUMN_CHANGE))
        .answers(&[(200, Content::Json(Shape::Named(&COLUMN)))]),
        Route::own(
            "POST",
            "/api/environments/{env}/datasets/{dataset}/column-deletions",
            Need::Administrator,
            |ask| Box::pin(delete_columns(ask)),
        )
        .about("Deletes columns with their values; those that play a part in the dataset's definition stay. Events wait meanwhile.")
        .takes(Shape::Named(&DELETION))
        .answers(&[(200, Content::Json(Shape::Named(&DELETED)))]),
        Route::own(
            "GET",
            "/api/environments/{env}/datasets/{dataset}/definition",
            LOOK,
            |ask| Box::pin(dataset_definition::get(ask)),
        )
        .about("Returns which column plays which part.")
        .answers(&[(200, PARTS)]),
        Route::own(
            "PUT",
            "/api/environments/{env}/datasets/{dataset}/definition",
            NEED,
            |ask| Box::pin(dataset_definition::update(ask)),
        )
        .about("Says which column plays which part; what is absent stays.")
        .takes(Shape::Named(&DEFINITION_CHANGE))
        .answers(&[(200, PARTS)]),
        Route::own(
            "GET",
            "/api/environments/{env}/datasets/{dataset}/calculated-fields",
            LOOK,
            |ask| Box::pin(derived_column::list(ask)),
        )
        .about("Lists the calculated fields of a dataset, or those of the whole environment with `__all__`.")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&FIELD))))]),
        Route::own(
            "POST",
            "/api/environments/{env}/datasets/{dataset}/calculated-fields",
            NEED,
            |ask| Box::pin(derived_column::create(ask)),
        )
        .about("Makes a calculated field.")
        .takes(Shape::Named(&NEW_FIELD))
        .answers(&[(201, ONE_FIELD)]),
        Route::own(
            "PUT",
            "/api/environments/{env}/datasets/{dataset}/calculated-fields/{id}",
            NEED,
            |ask| Box::pin(derived_column::update(ask)),
        )
        .about("Changes a calculated field.")
        .id("derived_column")
        .takes(Shape::Named(&FIELD_CHANGE))
        .answers(&[(200, ONE_FIELD)]),
        Route::own(
            "DELETE",
            "/api/environments/{env}/datasets/{dataset}/calculated-fields/{id}",
            NEED,
            |ask| Box::pin(derived_column::delete(ask)),
        )
        .about("Deletes a calculated field that nothing uses.")
        .id("derived_column")
        .answers(&[(204, Content::Nothing)]),
    ],
};

const DELETION: Named = Named {
    name: "ColumnDeletion",
    about: "Which columns go.",
    members: &[must(
        "ids",
        Shape::List(&Shape::Text),
        "Their ids, at most as many as the setting `column-deletions-max` says.",
    )],
};
const DELETED: Named = Named {
    name: "ColumnsDeleted",
    about: "What became of columns that were to be deleted; one that is in neither list was not there.",
    members: &[
        must(
            "deleted",
            Shape::List(&Shape::Text),
            "The ids of those that are gone.",
        ),
        must(
            "in_use",
            Shape::List(&Shape::Text),
            "The ids of those that stay, because the dataset's definition uses them.",
        ),
    ],
};

/// `POST /api/environments/{env}/datasets/{dataset}/column-deletions`: answers once no answer shows their values.
async fn delete_columns(ask: Ask) -> Answer {
    let tenant = ask.caller.tenant;
    let dataset = ask.dataset(tenant).await?;
    let ids = read_ids(&ask)?;
    let ColumnsDeleted { deleted, in_use } = ask
        .state
        .keeper
        .delete_columns(tenant, dataset.id, &ids)
        .await?;
    ask.state.engine.forget_definitions(tenant);
    json_answer(
        StatusCode::OK,
        &json!({ "deleted": deleted, "in_use": in_use }),
    )
}

fn read_ids(ask: &Ask) -> Result<Vec<String>, Problem> {
    let wrong = |code, text: String| Problem::invalid_field("ids", code, text);
    let mut object = ask.object()?;
    let ids = object.remove("ids").and_then(|ids| match ids {
        Json::Array(ids) => ids
            .into_iter()
            .map(|id| match id {
                Json::String(id) => Some(id),
                _ => None,
            })
            .collect::<Option<Vec<String>>>(),
        _ => None,
    });
    let ids = ids.ok_or_else(|| {
        wrong(
            DetailCode::IncorrectType,
            "must be a list of ids of columns".to_owned(),
        )
    })?;
    let most = ask.state.config.column_deletions_max;
    if ids.len() > most {
        return Err(wrong(
            DetailCode::Invalid,
            format!(
                "must be at most {most} at once, as events wait meanwhile; ask again for the others"
            ),
        ));
    }
    Ok(ids)
}
