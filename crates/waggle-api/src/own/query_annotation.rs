//! Names of queries for the people who give them: the same objects and the same words as under `/1/query_annotations`, where only keys
//! are let in; and the query that a name or a panel stands for.

use crate::honeycomb::query;
use crate::honeycomb::query_annotation::{self, ANNOTATION, ANNOTATION_CHANGE, NEW_ANNOTATION};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Shape, may};
use crate::spec::QUERY;
use waggle_access::Permission;

const NEED: Need = Need::Person(&[Permission::RunQueries]);
const ONE: Content = Content::Json(Shape::Named(&ANNOTATION));

pub(crate) const RESOURCE: Resource = Resource {
    name: "Named queries of the UI",
    about: "Saved queries and their names, for people.",
    routes: &[
        Route::own(
            "GET",
            "/api/environments/{env}/datasets/{dataset}/queries/{id}",
            NEED,
            |ask| Box::pin(query::get(ask)),
        )
        .about("Returns a query as it was sent.")
        .id("query")
        .answers(&[(200, Content::Json(Shape::Named(&QUERY)))]),
        Route::own(
            "GET",
            "/api/environments/{env}/datasets/{dataset}/query-annotations",
            NEED,
            |ask| Box::pin(query_annotation::list(ask)),
        )
        .about("Lists the names of queries of a dataset, or of all with `__all__`.")
        .query(&[may(
            "include_board_annotations",
            Shape::Text,
            "`true` lists those that boards made too.",
        )])
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&ANNOTATION))))]),
        Route::own(
            "POST",
            "/api/environments/{env}/datasets/{dataset}/query-annotations",
            NEED,
            |ask| Box::pin(query_annotation::create(ask)),
        )
        .about("Names a query.")
        .takes(Shape::Named(&NEW_ANNOTATION))
        .answers(&[(201, ONE)]),
        Route::own(
            "PUT",
            "/api/environments/{env}/datasets/{dataset}/query-annotations/{id}",
            NEED,
            |ask| Box::pin(query_annotation::update(ask)),
        )
        .about("Changes a name of a query; its query stays.")
        .id("query_annotation")
        .takes(Shape::Named(&ANNOTATION_CHANGE))
        .answers(&[(200, ONE)]),
        Route::own(
            "DELETE",
            "/api/environments/{env}/datasets/{dataset}/query-annotations/{id}",
            NEED,
            |ask| Box::pin(query_annotation::delete(ask)),
        )
        .about("Takes a name of a query away.")
        .id("query_annotation")
        .answers(&[(204, Content::Nothing)]),
    ],
};
