//! What the events of a dataset have, for the people who describe it: its settings, its columns, the parts they play and its calculated
//! fields. The same objects and words as under `/1/`, where only keys are let in.

use crate::honeycomb::column::{self, COLUMN, COLUMN_CHANGE};
use crate::honeycomb::dataset::{self, DATASET, DATASET_CHANGE};
use crate::honeycomb::dataset_definition::{self, DEFINITION, DEFINITION_CHANGE};
use crate::honeycomb::derived_column::{self, FIELD, FIELD_CHANGE, NEW_FIELD};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Shape};
use waggle_access::Permission;

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
            "DELETE",
            "/api/environments/{env}/datasets/{dataset}/column-settings/{id}",
            Need::Administrator,
            |ask| Box::pin(column::delete(ask)),
        )
        .about("Deletes a column with its values; refused while it plays a part in the dataset's definition.")
        .id("column")
        .answers(&[(204, Content::Nothing)]),
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
