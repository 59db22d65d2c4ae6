//! Recipients for the people who choose who is told: the same objects and the same words as under `/1/recipients`, where only keys are
//! let in.

use crate::honeycomb::recipient::{self, NEW_RECIPIENT, RECIPIENT};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Shape};
use waggle_access::Permission;

const NEED: Need = Need::Person(&[Permission::ManageRecipients]);
const ONE: Content = Content::Json(Shape::Named(&RECIPIENT));

pub(crate) const RESOURCE: Resource = Resource {
    name: "Recipients of the UI",
    about: "Who is told, for people.",
    routes: &[
        Route::own("GET", "/api/environments/{env}/recipients", NEED, |ask| {
            Box::pin(recipient::list(ask))
        })
        .about("Lists the recipients of the team.")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&RECIPIENT))))]),
        Route::own("POST", "/api/environments/{env}/recipients", NEED, |ask| {
            Box::pin(recipient::create(ask))
        })
        .about("Makes a recipient.")
        .takes(Shape::Named(&NEW_RECIPIENT))
        .answers(&[(201, ONE)]),
        Route::own(
            "DELETE",
            "/api/environments/{env}/recipients/{id}",
            NEED,
            |ask| Box::pin(recipient::delete(ask)),
        )
        .about("Deletes a recipient that no trigger and no burn alert uses.")
        .id("recipient")
        .answers(&[(204, Content::Nothing)]),
    ],
};
