//! Markers for the people who look at charts: the same objects and the same words as under `/1/markers`, where only keys are let in.

use crate::honeycomb::marker::{self, MARKER, MARKER_VALUES};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Shape};
use waggle_access::Permission;

const NEED: Need = Need::Person(&[Permission::ManageMarkers]);
const ONE: Content = Content::Json(Shape::Named(&MARKER));

pub(crate) const RESOURCE: Resource = Resource {
    name: "Markers of the UI",
    about: "Moments and spans of time that charts show, for people.",
    routes: &[
        Route::own(
            "GET",
            "/api/environments/{env}/datasets/{dataset}/markers",
            Need::Person(&[Permission::RunQueries]),
            |ask| Box::pin(marker::shown(ask)),
        )
        .about("Lists what a chart of the dataset shows: its markers and those of the environment, or of all datasets with `__all__`.")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&MARKER))))]),
        Route::own(
            "POST",
            "/api/environments/{env}/datasets/{dataset}/markers",
            NEED,
            |ask| Box::pin(marker::create(ask)),
        )
        .about("Makes a marker.")
        .takes(Shape::Named(&MARKER_VALUES))
        .answers(&[(201, ONE)]),
        Route::own(
            "DELETE",
            "/api/environments/{env}/datasets/{dataset}/markers/{id}",
            NEED,
            |ask| Box::pin(marker::delete(ask)),
        )
        .about("Deletes a marker and returns it; one of the environment with `__all__`.")
        .id("marker")
        .answers(&[(200, ONE)]),
    ],
};
