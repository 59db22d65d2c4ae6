//! Who sees a board: the whole team, or its maker, the administrators and named people. Source: spec/product.md BD-06.
//!
//! Keys of `/1/` see limited boards with the permission for private boards; those routes neither show nor change who else does.

use crate::ask::Ask;
use crate::form::Form;
use crate::problem::{DetailCode, Problem, ProblemKind};
use crate::shape::{Member, Shape, may, must};
use serde_json::{Value as Json, json};
use waggle_access::{CallerIdentity, Permission};
use waggle_metastore::{Board, BoardSharing, User, UserId};

const KIND: Shape = Shape::Choice(&["team", "limited"]);
/// The member `sharing` of a board, where people read it.
pub(crate) const SHARING: Member = may(
    "sharing",
    Shape::Object(&[
        must(
            "kind",
            KIND,
            "`team` for everybody, `limited` for the maker, administrators and collaborators.",
        ),
        must(
            "maker",
            Shape::OrNull(&Shape::Text),
            "E-mail address of who made it; null for boards that a program made.",
        ),
        must(
            "collaborators",
            Shape::List(&Shape::Text),
            "E-mail addresses; empty for a board of the team.",
        ),
        must(
            "can_change",
            Shape::Flag,
            "True when whoever asks may say who sees it.",
        ),
    ]),
    "Who sees it; there under `/api/`.",
);
/// The member `sharing` of a board to be made.
pub(crate) const NEW_SHARING: Member = may(
    "sharing",
    Shape::OrNull(&Shape::Object(&[
        must("kind", KIND, "Whether everybody sees it."),
        may(
            "collaborators",
            Shape::List(&Shape::Text),
            "E-mail addresses of people of the team, at most 100.",
        ),
    ])),
    "Who sees it; under `/api/` only. Absent, it stays as it is: `team` for a new board.",
);

const COLLABORATORS_MAX: usize = 100;

/// True when the caller sees a board, and so may change it if boards at all.
pub(crate) fn is_seen(ask: &Ask, board: &Board) -> bool {
    let Some(collaborators) = &board.sharing.collaborators else {
        return true;
    };
    match &ask.caller.identity {
        CallerIdentity::Dev => true,
        CallerIdentity::Key { .. } => ask.caller.may(Permission::ManagePrivateBoards),
        CallerIdentity::User { id, .. } => {
            ask.is_administrator
                || board.sharing.maker == Some(id.0)
                || collaborators.contains(&id.0)
        }
    }
}

/// True when the caller may say who sees a board.
fn may_share(ask: &Ask, sharing: &BoardSharing) -> bool {
    match &ask.caller.identity {
        CallerIdentity::Dev => true,
        CallerIdentity::Key { .. } => false,
        CallerIdentity::User { id, .. } => ask.is_administrator || sharing.maker == Some(id.0),
    }
}

/// What was asked for: `None` to leave it as it is.
pub(super) fn read_sharing(form: &Form<'_>) -> Option<Option<Vec<String>>> {
    let sharing = form.object("sharing")?;
    let emails = sharing.texts("collaborators", COLLABORATORS_MAX);
    match sharing.text("kind", usize::MAX).as_str() {
        "limited" => Some(Some(emails)),
        "team" => {
            if !emails.is_empty() {
                sharing.invalid("collaborators", "are for limited boards");
            }
            Some(None)
        }
        "" => None,
        _ => {
            sharing.invalid("kind", "must be team or limited");
            None
        }
    }
}

/// Who sees a board from now on.
pub(super) async fn checked(
    ask: &Ask,
    asked: Option<Option<Vec<String>>>,
    before: Option<&Board>,
) -> Result<BoardSharing, Problem> {
    let maker = match &ask.caller.identity {
        CallerIdentity::User { id, .. } => Some(id.0),
        CallerIdentity::Key { .. } | CallerIdentity::Dev => None,
    };
    let mut sharing = match before {
        Some(before) => before.sharing.clone(),
        None => BoardSharing {
            maker,
            collaborators: None,
        },
    };
    let Some(asked) = asked.filter(|_| is_for_people(ask)) else {
        return Ok(sharing);
    };
    let collaborators = match asked {
        None => None,
        Some(emails) => Some(ids(ask, &emails).await?),
    };
    if collaborators != sharing.collaborators && !may_share(ask, &sharing) {
        return Err(Problem::new(
            ProblemKind::Forbidden,
            "only who made a board and administrators say who sees it",
        ));
    }
    sharing.collaborators = collaborators;
    Ok(sharing)
}

async fn ids(ask: &Ask, emails: &[String]) -> Result<Vec<i64>, Problem> {
    let users = ask.state.metastore.users(ask.tenant().team).await?;
    let mut ids = Vec::with_capacity(emails.len());
    for (number, email) in emails.iter().enumerate() {
        let email = email.trim().to_lowercase();
        let user = users.iter().find(|user| user.email.to_lowercase() == email);
        let UserId(id) = user.map(|user| user.id).ok_or_else(|| {
            Problem::invalid_field(
                format!("sharing.collaborators[{number}]"),
                DetailCode::Invalid,
                "is nobody of this team",
            )
        })?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Routes of `/api/` name their environment.
pub(super) fn is_for_people(ask: &Ask) -> bool {
    ask.path.contains_key("env")
}

/// The member `sharing`, with the addresses of these people.
pub(super) fn sharing_json(ask: &Ask, sharing: &BoardSharing, users: &[User]) -> Json {
    let email = |id: &i64| {
        let user = users.iter().find(|user| user.id.0 == *id)?;
        Some(user.email.as_str())
    };
    let collaborators = sharing.collaborators.iter().flatten();
    json!({
        "kind": if sharing.collaborators.is_some() { "limited" } else { "team" },
        "maker": sharing.maker.as_ref().and_then(email),
        "collaborators": collaborators.filter_map(email).collect::<Vec<_>>(),
        "can_change": may_share(ask, sharing),
    })
}
