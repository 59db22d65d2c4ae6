//! `/1/boards`. Source: spec/honeycomb-api.md section 13. Panels are read and written in [`super::board_panel`].

use super::artifact::TAGS;
use super::artifact::{no_artifact, no_content, read_tags, tags_json};
use super::board_panel::{self, ReadPanel};
use super::board_panel::{NEW_PANEL, PANEL};
pub(crate) use super::board_sharing::is_seen;
use super::board_sharing::{self, NEW_SHARING, SHARING, sharing_json};
use crate::ask::{Answer, Ask, json_answer};
use crate::form::{Form, read};
use crate::problem::Problem;
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::{Board, BoardSharing, Place, PresetFilter, Stored, User};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Boards",
    about: "Pages of panels that show queries, SLOs and text.",
    routes: &[
        Route::v1("GET", "/1/boards", NEED, |ask| Box::pin(list(ask)))
            .about("Lists the boards.")
            .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&BOARD))))]),
        Route::v1("POST", "/1/boards", NEED, |ask| Box::pin(create(ask)))
            .about("Makes a board.")
            .takes(Shape::Named(&NEW_BOARD))
            .makes("board", "/id", EXAMPLE)
            .answers(&[(201, Content::Json(Shape::Named(&BOARD)))]),
        Route::v1("GET", "/1/boards/{id}", NEED, |ask| Box::pin(get(ask)))
            .about("Returns a board.")
            .id("board")
            .answers(&[(200, Content::Json(Shape::Named(&BOARD)))]),
        Route::v1("PUT", "/1/boards/{id}", NEED, |ask| Box::pin(update(ask)))
            .about("Replaces a board; preset filters that are absent stay.")
            .id("board")
            .takes(Shape::Named(&NEW_BOARD))
            .answers(&[(200, Content::Json(Shape::Named(&BOARD)))]),
        Route::v1("DELETE", "/1/boards/{id}", NEED, |ask| {
            Box::pin(delete(ask))
        })
        .about("Deletes a board with its views.")
        .id("board")
        .answers(&[(204, Content::Nothing)]),
    ],
};

const NEED: Need = Need::OneOf(&[Permission::ManageBoards]);
const EXAMPLE: &str = r#"{"name": "Service health", "panels": [
    {"type": "query", "query_panel": {"query_id": "<query>", "query_annotation_id": "<query_annotation>"}}]}"#;
const TYPE: Shape = Shape::Choice(&["flexible"]);
const PRESET_FILTERS: Shape = Shape::List(&Shape::Object(&[
    must("column", Shape::Text, "The column."),
    must(
        "alias",
        Shape::Text,
        "What people see, at most 50 characters.",
    ),
]));
pub(crate) const BOARD: Named = Named {
    name: "Board",
    about: "A page of panels.",
    members: &[
        must("id", Shape::Text, "Its id."),
        must("name", Shape::Text, "Its name."),
        must("description", Shape::Text, "Free text."),
        must("type", TYPE, "The only kind there is."),
        must(
            "links",
            Shape::Object(&[must("board_url", Shape::Text, "Its page.")]),
            "Where people see it.",
        ),
        must(
            "panels",
            Shape::List(&Shape::Named(&PANEL)),
            "In reading order.",
        ),
        must("tags", TAGS, "Labels."),
        must(
            "preset_filters",
            PRESET_FILTERS,
            "Columns offered as filters of the whole board.",
        ),
        SHARING,
    ],
};
pub(crate) const NEW_BOARD: Named = Named {
    name: "NewBoard",
    about: "A page of panels, to be made.",
    members: &[
        must("name", Shape::Text, "1 to 255 characters."),
        may("description", Shape::Text, "At most 1,024 characters."),
        may("type", TYPE, "The only kind there is."),
        may(
            "layout_generation",
            Shape::Choice(&["auto", "manual"]),
            "`auto` places the panels anew.",
        ),
        may(
            "panels",
            Shape::List(&Shape::Named(&NEW_PANEL)),
            "In reading order, at most 200.",
        ),
        may("tags", TAGS, "At most 10 labels."),
        may(
            "preset_filters",
            PRESET_FILTERS,
            "At most 5 columns offered as filters of the whole board.",
        ),
        NEW_SHARING,
    ],
};

const NAME_CHARS_MAX: usize = 255;
const DESCRIPTION_CHARS_MAX: usize = 1_024;
const PRESET_FILTERS_MAX: usize = 5;
const ALIAS_CHARS_MAX: usize = 50;
const COLUMN_CHARS_MAX: usize = 255;

/// `GET /1/boards`.
pub(crate) async fn list(ask: Ask) -> Answer {
    let mut boards = ask.artifacts_of_environment::<Board>().await?;
    boards.retain(|board| is_seen(&ask, &board.value));
    let shown = Shown::of(&ask).await?;
    let mut answer = Vec::with_capacity(boards.len());
    for board in &boards {
        answer.push(board_json(&ask, board, &shown).await?);
    }
    json_answer(StatusCode::OK, &answer)
}

/// `POST /1/boards`.
pub(crate) async fn create(ask: Ask) -> Answer {
    let board = read_checked(&ask, &ask.object()?, None).await?;
    let board = ask.create_artifact(&Place::default(), board).await?;
    answer(&ask, StatusCode::CREATED, &board).await
}

/// `GET /1/boards/{id}`.
pub(crate) async fn get(ask: Ask) -> Answer {
    let board = seen_board(&ask).await?;
    answer(&ask, StatusCode::OK, &board).await
}

/// `PUT /1/boards/{id}`: preset filters that are not sent stay, everything else is replaced.
pub(crate) async fn update(ask: Ask) -> Answer {
    let mut board = seen_board(&ask).await?;
    board.value = read_checked(&ask, &ask.object()?, Some(&board.value)).await?;
    let board = ask.update_artifact(board).await?;
    answer(&ask, StatusCode::OK, &board).await
}

/// `DELETE /1/boards/{id}`: its views go with it.
pub(crate) async fn delete(ask: Ask) -> Answer {
    let board = seen_board(&ask).await?;
    ask.delete_artifact(&board).await?;
    no_content()
}

/// The board of the path's `{id}`, unless it is one of others.
pub(crate) async fn seen_board(ask: &Ask) -> Result<Stored<Board>, Problem> {
    let board = ask.artifact::<Board>().await?;
    match is_seen(ask, &board.value) {
        true => Ok(board),
        false => Err(no_artifact::<Board>()),
    }
}

async fn answer(ask: &Ask, status: StatusCode, board: &Stored<Board>) -> Answer {
    let shown = Shown::of(ask).await?;
    json_answer(status, &board_json(ask, board, &shown).await?)
}

/// What boards name by ids and show by names.
struct Shown {
    slugs: board_panel::Slugs,
    /// Empty where nobody is told who sees a board.
    users: Vec<User>,
}

impl Shown {
    async fn of(ask: &Ask) -> Result<Self, Problem> {
        Ok(Self {
            slugs: ask.slugs().await?,
            users: match board_sharing::is_for_people(ask) {
                true => ask.state.metastore.users(ask.tenant().team).await?,
                false => Vec::new(),
            },
        })
    }
}

/// Reads a board and looks whether what its panels show exists.
async fn read_checked(
    ask: &Ask,
    object: &Map<String, Json>,
    before: Option<&Board>,
) -> Result<Board, Problem> {
    let ((mut board, panels), sharing) = read(object, |form| {
        let sharing = board_sharing::read_sharing(form);
        (read_board(form, before), sharing)
    })?;
    board.sharing = board_sharing::checked(ask, sharing, before).await?;
    board.panels = board_panel::check(ask, panels).await?;
    Ok(board)
}

fn read_board(form: &Form<'_>, before: Option<&Board>) -> (Board, Vec<ReadPanel>) {
    let board_type = form.optional_text("type", usize::MAX);
    if board_type.is_some_and(|board_type| board_type != "flexible") {
        form.invalid("type", "must be flexible");
    }
    let kept = before.filter(|_| form.get("preset_filters").is_none());
    let board = Board {
        name: form.text("name", NAME_CHARS_MAX),
        description: form.text_or_empty("description", DESCRIPTION_CHARS_MAX),
        panels: Vec::new(),
        tags: read_tags(form),
        preset_filters: match kept {
            Some(before) => before.preset_filters.clone(),
            None => read_preset_filters(form),
        },
        sharing: BoardSharing::default(),
    };
    (board, board_panel::read_panels(form))
}

fn read_preset_filters(form: &Form<'_>) -> Vec<PresetFilter> {
    let items = form.objects("preset_filters", PRESET_FILTERS_MAX);
    let filters = items.iter().map(|item| PresetFilter {
        column: item.text("column", COLUMN_CHARS_MAX),
        alias: item.text("alias", ALIAS_CHARS_MAX),
    });
    filters.collect()
}

async fn board_json(ask: &Ask, board: &Stored<Board>, shown: &Shown) -> Result<Json, Problem> {
    let value = &board.value;
    let mut panels = Vec::with_capacity(value.panels.len());
    for panel in &value.panels {
        panels.push(board_panel::panel_json(ask, panel, &shown.slugs).await?);
    }
    let preset_filters: Vec<Json> = value
        .preset_filters
        .iter()
        .map(|filter| json!({ "column": filter.column, "alias": filter.alias }))
        .collect();
    let mut json = json!({
        "id": board.id.0,
        "name": value.name,
        "description": value.description,
        "type": "flexible",
        "links": { "board_url": format!("{}/board/{}", ask.ui_url(), board.id.0) },
        "panels": panels,
        "tags": tags_json(&value.tags),
        "preset_filters": preset_filters,
    });
    if board_sharing::is_for_people(ask) {
        json["sharing"] = sharing_json(ask, &value.sharing, &shown.users);
    }
    Ok(json)
}
