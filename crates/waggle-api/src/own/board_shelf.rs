//! `/api/environments/{env}/board-shelf`: the boards that whoever is signed in gave a star or looked at last.

use crate::ask::{Answer, Ask, json_answer};
use crate::form::{Form, read};
use crate::honeycomb::board::{is_seen, seen_board};
use crate::problem::{Problem, ProblemKind};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Shape, may, must};
use crate::table::time_text;
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use std::collections::HashSet;
use waggle_access::{CallerIdentity, Permission};
use waggle_metastore::{ArtifactId, Board, BoardShelf, Place, Stored};

const LOOK: Need = Need::Person(&[Permission::RunQueries]);
const ANSWERS: &[(u16, Content)] = &[(200, Content::Json(Shape::Object(SHELF)))];

pub(crate) const RESOURCE: Resource = Resource {
    name: "Board shelf",
    about: "The boards that a person gave a star or looked at last.",
    routes: &[
        Route::own("GET", "/api/environments/{env}/board-shelf", LOOK, |ask| {
            Box::pin(get(ask))
        })
        .about(
            "Lists the boards near at hand of who is signed in; those that are gone are left out.",
        )
        .answers(ANSWERS),
        Route::own(
            "PUT",
            "/api/environments/{env}/board-shelf/{id}",
            LOOK,
            |ask| Box::pin(set(ask)),
        )
        .about("Gives a board a star or takes it, and notes that it was looked at.")
        .id("board")
        .takes(Shape::Object(&[
            may("starred", Shape::Flag, "Whether it has a star."),
            may("viewed", Shape::Flag, "True when it was looked at now."),
        ]))
        .answers(ANSWERS),
    ],
};

const SHELF: &[Member] = &[
    must(
        "starred",
        Shape::List(&Shape::Text),
        "Ids of boards, the one with the oldest star first.",
    ),
    must(
        "viewed",
        Shape::List(&Shape::Object(&[
            must("board", Shape::Text, "Its id."),
            must("at", Shape::Time, "When it was looked at last."),
        ])),
        "Boards that were looked at, the last first; at most 20.",
    ),
];

const VIEWED_MAX: usize = 20;
/// As many as an environment can have by default, so that a star is refused only where boards are.
const STARRED_MAX: usize = 10_000;

async fn get(ask: Ask) -> Answer {
    let found: Option<Stored<BoardShelf>> = ask.artifact_of_key(&person(&ask)?).await?;
    let shelf = match found {
        Some(stored) => stored.value,
        None => BoardShelf::default(),
    };
    answer(&ask, &shelf).await
}

async fn set(ask: Ask) -> Answer {
    let person = person(&ask)?;
    let board = seen_board(&ask).await?.id;
    let (starred, viewed) = read(&ask.object()?, |form: &Form<'_>| {
        let viewed = form.optional_flag("viewed").unwrap_or(false);
        (form.optional_flag("starred"), viewed)
    })?;
    let found: Option<Stored<BoardShelf>> = ask.artifact_of_key(&person).await?;
    let mut shelf = match &found {
        Some(stored) => stored.value.clone(),
        None => BoardShelf {
            person,
            ..BoardShelf::default()
        },
    };
    if let Some(is_starred) = starred {
        let had = shelf.starred.contains(&board);
        shelf.starred.retain(|one| is_starred || *one != board);
        if is_starred && !had {
            if shelf.starred.len() >= STARRED_MAX {
                return Err(Problem::conflict("there are too many boards with a star"));
            }
            shelf.starred.push(board.clone());
        }
    }
    if viewed {
        shelf.viewed.retain(|(one, _)| *one != board);
        shelf.viewed.insert(0, (board, ask.now_ns()));
        shelf.viewed.truncate(VIEWED_MAX);
    }
    let place = Place::default();
    let written = ask.write_artifact(found, &place, shelf).await?;
    answer(&ask, &written.value).await
}

/// How people are told apart.
fn person(ask: &Ask) -> Result<String, Problem> {
    match &ask.caller.identity {
        CallerIdentity::User { id, .. } => Ok(format!("user:{}", id.0)),
        CallerIdentity::Dev => Ok("machine".to_owned()),
        CallerIdentity::Key { .. } => Err(Problem::new(
            ProblemKind::Forbidden,
            "only somebody who is signed in has boards near at hand",
        )),
    }
}

async fn answer(ask: &Ask, shelf: &BoardShelf) -> Answer {
    let boards = ask.artifacts_of_environment::<Board>().await?;
    let there: HashSet<&ArtifactId> = boards
        .iter()
        .filter(|board| is_seen(ask, &board.value))
        .map(|board| &board.id)
        .collect();
    let starred = shelf.starred.iter().filter(|board| there.contains(board));
    let viewed = shelf
        .viewed
        .iter()
        .filter(|(board, _)| there.contains(board));
    let viewed: Vec<Json> = viewed
        .map(|(board, at_ns)| json!({ "board": board.0, "at": time_text(*at_ns) }))
        .collect();
    json_answer(
        StatusCode::OK,
        &json!({
            "starred": starred.map(|board| &board.0).collect::<Vec<_>>(),
            "viewed": viewed,
        }),
    )
}
