//! Boards and their views for the people who look at them: the same objects and the same words as under `/1/boards`, where only keys
//! are let in.

use crate::honeycomb::board::{self, BOARD, NEW_BOARD};
use crate::honeycomb::board_view::{self, NEW_VIEW, VIEW};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Shape};
use waggle_access::Permission;

const NEED: Need = Need::Person(&[Permission::ManageBoards]);
const LOOK: Need = Need::Person(&[Permission::RunQueries]);
const ONE: Content = Content::Json(Shape::Named(&BOARD));
const ONE_VIEW: Content = Content::Json(Shape::Named(&VIEW));

pub(crate) const RESOURCE: Resource = Resource {
    name: "Boards of the UI",
    about: "Pages of panels, for people.",
    routes: &[
        Route::own("GET", "/api/environments/{env}/boards", LOOK, |ask| {
            Box::pin(board::list(ask))
        })
        .about("Lists the boards.")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&BOARD))))]),
        Route::own("POST", "/api/environments/{env}/boards", NEED, |ask| {
            Box::pin(board::create(ask))
        })
        .about("Makes a board.")
        .takes(Shape::Named(&NEW_BOARD))
        .answers(&[(201, ONE)]),
        Route::own("GET", "/api/environments/{env}/boards/{id}", LOOK, |ask| {
            Box::pin(board::get(ask))
        })
        .about("Returns a board.")
        .id("board")
        .answers(&[(200, ONE)]),
        Route::own("PUT", "/api/environments/{env}/boards/{id}", NEED, |ask| {
            Box::pin(board::update(ask))
        })
        .about("Replaces a board; preset filters that are absent stay.")
        .id("board")
        .takes(Shape::Named(&NEW_BOARD))
        .answers(&[(200, ONE)]),
        Route::own(
            "DELETE",
            "/api/environments/{env}/boards/{id}",
            NEED,
            |ask| Box::pin(board::delete(ask)),
        )
        .about("Deletes a board with its views.")
        .id("board")
        .answers(&[(204, Content::Nothing)]),
        Route::own(
            "GET",
            "/api/environments/{env}/boards/{id}/views",
            LOOK,
            |ask| Box::pin(board_view::list(ask)),
        )
        .about("Lists the views of a board.")
        .id("board")
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&VIEW))))]),
        Route::own(
            "POST",
            "/api/environments/{env}/boards/{id}/views",
            NEED,
            |ask| Box::pin(board_view::create(ask)),
        )
        .about("Makes a view of a board.")
        .id("board")
        .takes(Shape::Named(&NEW_VIEW))
        .answers(&[(201, ONE_VIEW)]),
        Route::own(
            "DELETE",
            "/api/environments/{env}/boards/{id}/views/{view}",
            NEED,
            |ask| Box::pin(board_view::delete(ask)),
        )
        .about("Deletes a view of a board.")
        .id("board")
        .answers(&[(204, Content::Nothing)]),
    ],
};
