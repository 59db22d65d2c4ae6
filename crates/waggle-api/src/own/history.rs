//! The query history of an environment: one's own and everybody's, newest first. Searched by what people remember of a question: its
//! name, a column in it, who asked it, where and when.

use crate::ask::{ALL_DATASETS, Answer, Ask, json_answer};
use crate::honeycomb::query::query_json;
use crate::problem::{Detail, DetailCode, Problem, ProblemKind};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Named, Shape, may, must};
use crate::spec::{QUERY, with_relations};
use crate::table::{milliseconds, time_text};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use waggle_access::{Caller, CallerIdentity, Permission};
use waggle_metastore::{
    KeyId, PastRun, QueryAnnotation, QueryId, QueryResultId, Role, RunBy, RunFilter, RunPlace,
    RunState, User, UserId,
};
use waggle_model::{DatasetId, DatasetScope, Tenant, TimeRange};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Query history",
    about: "Which queries were run, by whom, how long they took and how much they read.",
    routes: &[
        Route::own("GET", "/api/environments/{env}/history", LOOK, |ask| {
            Box::pin(list(ask))
        })
        .about("Lists the runs that match all parameters, the newest first. Runs of people who hide theirs are shown to themselves and to administrators.")
        .query(PARAMETERS)
        .answers(&[(200, Content::Json(Shape::Object(PAGE)))]),
        Route::own("GET", "/api/environments/{env}/history/settings", LOOK, |ask| {
            Box::pin(settings(ask))
        })
        .about("Says whether others see the runs of who is signed in.")
        .answers(&[(200, Content::Json(Shape::Object(SETTINGS)))]),
        Route::own("PUT", "/api/environments/{env}/history/settings", LOOK, |ask| {
            Box::pin(set(ask))
        })
        .about("Hides the runs of who is signed in from others, in every environment, or shows them.")
        .takes(Shape::Object(SETTINGS))
        .answers(&[(200, Content::Json(Shape::Object(SETTINGS)))]),
    ],
};

const LOOK: Need = Need::Person(&[Permission::RunQueries]);
const SETTINGS: &[Member] = &[must(
    "hidden",
    Shape::Flag,
    "True when only the person and administrators see the person's runs.",
)];

const PARAMETERS: &[Member] = &[
    may("mine", Shape::Flag, "`true` for the caller's own runs."),
    may(
        "environments",
        Shape::Choice(&["all"]),
        "`all` for every environment of the team; for people, not for keys.",
    ),
    may(
        "name",
        Shape::Text,
        "Part of a name that an annotation gave to the query, in any case.",
    ),
    may(
        "column",
        Shape::Text,
        "A column that the query names, with or without a relation like `root.`.",
    ),
    may(
        "person",
        Shape::Text,
        "Part of the name or address of who ran it, or of the name of the key, in any case; or a key's id.",
    ),
    may(
        "dataset",
        Shape::Text,
        "Slug of the dataset, `__all__` for queries over all.",
    ),
    may(
        "start_time",
        Shape::Whole,
        "Asked then or later, in seconds since 1970.",
    ),
    may(
        "end_time",
        Shape::Whole,
        "Asked before, in seconds since 1970.",
    ),
    may("limit", Shape::Whole, "1 to 100; 50 unless given."),
    may(
        "after",
        Shape::Text,
        "Where the page begins: `next` of the page before.",
    ),
];
const PAGE: &[Member] = &[
    must("runs", Shape::List(&Shape::Named(&RUN)), "The runs."),
    must(
        "next",
        Shape::OrNull(&Shape::Text),
        "For `after` of the next page; null on the last.",
    ),
];
const RUN: Named = Named {
    name: "PastRun",
    about: "A run of a query.",
    members: &[
        must("result_id", Shape::Text, "Id of the answer."),
        must("query_id", Shape::Text, "Id of the query."),
        must("query", Shape::Named(&QUERY), "The query as it was sent."),
        must(
            "names",
            Shape::List(&Shape::Text),
            "What annotations call the query.",
        ),
        must(
            "dataset",
            Shape::OrNull(&Shape::Text),
            "Slug of the dataset, `__all__` for all; null when it is gone.",
        ),
        must("environment", Shape::Text, "Slug of the environment."),
        must("run_by", Shape::Named(&RUNNER), "Who ran it."),
        must("asked_at", Shape::Time, "When."),
        must(
            "state",
            Shape::Choice(&["running", "kept", "forgotten", "failed"]),
            "Whether the answer can be read; a forgotten one has become too old.",
        ),
        must("failure", Shape::OrNull(&Shape::Text), "Why it failed."),
        must(
            "elapsed_ms",
            Shape::OrNull(&Shape::Number),
            "How long it took, in milliseconds; null while it runs.",
        ),
        must(
            "rows_read",
            Shape::OrNull(&Shape::Whole),
            "Rows it looked at; null while it runs.",
        ),
    ],
};
const RUNNER: Named = Named {
    name: "Runner",
    about: "Who ran a query.",
    members: &[
        must(
            "kind",
            Shape::Choice(&["user", "key", "machine"]),
            "A person, a program, or somebody at the machine itself.",
        ),
        must(
            "id",
            Shape::OrNull(&Shape::Text),
            "Id of the person or key; null for the machine.",
        ),
        must(
            "name",
            Shape::OrNull(&Shape::Text),
            "What they are called; null when they are gone.",
        ),
    ],
};

const LIMIT_DEFAULT: i64 = 50;
const LIMIT_MAX: i64 = 100;
const NS_PER_S: i64 = 1_000_000_000;
/// What somebody at the machine itself is called.
const MACHINE: &str = "this machine";

/// `GET /api/environments/{env}/history`.
pub(crate) async fn list(ask: Ask) -> Answer {
    let limit = limit(&ask)?;
    let behind = behind(&ask)?;
    let asked = asked(&ask)?;
    let people = People::of(&ask).await?;
    let mut found: Vec<(PastRun, Json)> = Vec::new();
    let mut has_dataset = text(&ask, "dataset").is_none();
    for (tenant, environment) in environments(&ask).await? {
        let Some(scope) = scope(&ask, tenant).await? else {
            continue;
        };
        has_dataset = true;
        let names = names(&ask, tenant).await?;
        let filter = RunFilter {
            run_by: run_by(&ask, &people),
            not_run_by: people.hidden_from(&ask.caller),
            queries: text(&ask, "name").map(|part| called(&names, part)),
            columns: text(&ask, "column").map(with_relations),
            scope: scope.asked,
            asked,
        };
        let metastore = &ask.state.metastore;
        let runs = metastore.past_runs(tenant, &filter, behind.as_ref(), limit + 1);
        let runs = runs.await?;
        let slugs = metastore.datasets(tenant).await?;
        let slugs = slugs.into_iter().map(|dataset| (dataset.id, dataset.slug));
        let slugs = slugs.collect();
        for run in runs {
            let names = names.get(&run.query.id).map(Vec::as_slice);
            let mut json = run_json(&run, names.unwrap_or_default(), &slugs, &people)?;
            json["environment"] = environment.as_str().into();
            found.push((run, json));
        }
    }
    if !has_dataset {
        return Err(Problem::not_found("Dataset not found"));
    }
    found.sort_by(|(one, _), (other, _)| {
        let by_time = other.asked_at_ns.cmp(&one.asked_at_ns);
        by_time.then_with(|| other.id.cmp(&one.id))
    });
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| has_more);
    let next = next.map(|(run, _)| place_text(run));
    let runs: Vec<Json> = found.into_iter().map(|(_, json)| json).collect();
    json_answer(StatusCode::OK, &json!({ "runs": runs, "next": next }))
}

/// `GET /api/environments/{env}/history/settings`.
async fn settings(ask: Ask) -> Answer {
    let own = person(&ask)?;
    let users = ask.state.metastore.users(ask.tenant().team).await?;
    let hides = users.iter().any(|user| user.id == own && user.hides_runs);
    json_answer(StatusCode::OK, &json!({ "hidden": hides }))
}

/// `PUT /api/environments/{env}/history/settings`.
async fn set(ask: Ask) -> Answer {
    let own = person(&ask)?;
    let hidden = match ask.object()?.get("hidden") {
        Some(Json::Bool(hidden)) => *hidden,
        _ => {
            let text = "must be true or false";
            return Err(Problem::invalid_field(
                "hidden",
                DetailCode::IncorrectType,
                text,
            ));
        }
    };
    let team = ask.tenant().team;
    ask.state
        .metastore
        .set_hides_runs(team, own, hidden)
        .await?;
    json_answer(StatusCode::OK, &json!({ "hidden": hidden }))
}

fn person(ask: &Ask) -> Result<UserId, Problem> {
    match ask.caller.identity {
        CallerIdentity::User { id, .. } => Ok(id),
        CallerIdentity::Key { .. } | CallerIdentity::Dev => {
            let text = "only somebody who is signed in has this setting";
            Err(Problem::new(ProblemKind::Forbidden, text))
        }
    }
}

/// The environments to look through, with their slugs.
pub(super) async fn environments(ask: &Ask) -> Result<Vec<(Tenant, String)>, Problem> {
    let own = (ask.tenant(), ask.caller.environment_slug.clone());
    match text(ask, "environments") {
        None => Ok(vec![own]),
        Some("all") if matches!(ask.caller.identity, CallerIdentity::Key { .. }) => {
            let text = "a key sees its own environment only";
            Err(Problem::new(ProblemKind::Forbidden, text))
        }
        Some("all") => {
            let environments = ask.state.metastore.environments(own.0.team).await?;
            let environments = environments.into_iter();
            Ok(environments.map(|one| (one.tenant, one.slug)).collect())
        }
        Some(_) => Err(wrong("environments", "must be all, or left out")),
    }
}

/// Whoever may have run a query: what they are called and what they are searched by, in lower case.
struct People {
    all: Vec<(RunBy, String, String)>,
    users: Vec<User>,
}

impl People {
    async fn of(ask: &Ask) -> Result<Self, Problem> {
        let tenant = ask.caller.tenant;
        let users = ask.state.metastore.users(tenant.team).await?;
        let keys = ask.state.metastore.keys(tenant.team).await?;
        let named = users.iter().map(|user| {
            let searched = format!("{}\n{}", user.name, user.email);
            let name = user.name.clone();
            (RunBy::User(user.id), name, searched.to_lowercase())
        });
        let is_of_team = text(ask, "environments").is_some();
        let keys = keys.into_iter();
        let keys = keys.filter(|key| is_of_team || key.environment == Some(tenant.environment));
        let keys = keys.map(|key| {
            let searched = key.name.to_lowercase();
            (RunBy::Key(key.id), key.name, searched)
        });
        let machine = (RunBy::Nobody, MACHINE.to_owned(), MACHINE.to_owned());
        let all = named.chain(keys).chain([machine]).collect();
        Ok(Self { all, users })
    }

    /// Whose runs a caller does not see.
    fn hidden_from(&self, caller: &Caller) -> Vec<UserId> {
        let own = match &caller.identity {
            CallerIdentity::User { id, .. } => Some(*id),
            CallerIdentity::Key { .. } => None,
            // Whoever sits at the machine itself can read everything.
            CallerIdentity::Dev => return Vec::new(),
        };
        let is_administrator = |user: &User| user.role == Role::Administrator;
        if self
            .users
            .iter()
            .any(|user| Some(user.id) == own && is_administrator(user))
        {
            return Vec::new();
        }
        let hidden = self.users.iter().filter(|user| user.hides_runs);
        let hidden = hidden.map(|user| user.id);
        hidden.filter(|user| Some(*user) != own).collect()
    }

    fn called(&self, part: &str) -> Vec<RunBy> {
        let folded = part.to_lowercase();
        let found = self
            .all
            .iter()
            .filter(|(_, _, text)| text.contains(&folded));
        // A key that was deleted has only its id left.
        let key = RunBy::Key(KeyId(part.to_owned()));
        found
            .map(|(run_by, ..)| run_by.clone())
            .chain([key])
            .collect()
    }

    fn json(&self, run_by: &RunBy) -> Json {
        let known = self.all.iter().find(|(known, ..)| known == run_by);
        let (kind, id) = match run_by {
            RunBy::User(user) => ("user", Some(user.0.to_string())),
            RunBy::Key(key) => ("key", Some(key.0.clone())),
            RunBy::Nobody => ("machine", None),
        };
        json!({ "kind": kind, "id": id, "name": known.map(|(_, name, _)| name) })
    }
}

/// The runners that both `mine` and `person` allow.
fn run_by(ask: &Ask, people: &People) -> Option<Vec<RunBy>> {
    let mine = (ask.query("mine") == Some("true")).then(|| ask.caller.run_by());
    let called = text(ask, "person").map(|part| people.called(part));
    match (mine, called) {
        (Some(mine), Some(called)) => Some(called.into_iter().filter(|one| *one == mine).collect()),
        (Some(mine), None) => Some(vec![mine]),
        (None, called) => called,
    }
}

/// What annotations call each query, the oldest first.
async fn names(ask: &Ask, tenant: Tenant) -> Result<HashMap<QueryId, Vec<String>>, Problem> {
    let mut names: HashMap<_, Vec<String>> = HashMap::new();
    let metastore = &ask.state.metastore;
    for annotation in metastore.artifacts::<QueryAnnotation>(tenant).await? {
        let QueryAnnotation { name, query_id, .. } = annotation.value;
        names.entry(QueryId(query_id)).or_default().push(name);
    }
    Ok(names)
}

fn called(names: &HashMap<QueryId, Vec<String>>, part: &str) -> Vec<QueryId> {
    let folded = part.to_lowercase();
    let is_called = |names: &[String]| {
        let mut names = names.iter();
        names.any(|name| name.to_lowercase().contains(&folded))
    };
    let found = names.iter().filter(|(_, names)| is_called(names));
    found.map(|(query, _)| query.clone()).collect()
}

/// What the runs of an environment must have read.
struct Scope {
    /// `None` for anything.
    asked: Option<DatasetScope>,
}

/// `None` for an environment that has no such dataset.
async fn scope(ask: &Ask, tenant: Tenant) -> Result<Option<Scope>, Problem> {
    let asked = match text(ask, "dataset") {
        None => None,
        Some(ALL_DATASETS) => Some(DatasetScope::All),
        Some(slug) => match ask.state.metastore.find_dataset(tenant, slug).await? {
            Some(dataset) => Some(DatasetScope::One(dataset.id)),
            None => return Ok(None),
        },
    };
    Ok(Some(Scope { asked }))
}

fn asked(ask: &Ask) -> Result<Option<TimeRange>, Problem> {
    let start_s = ask.query_number("start_time")?;
    let end_s = ask.query_number("end_time")?;
    if start_s.is_none() && end_s.is_none() {
        return Ok(None);
    }
    let ns = |seconds: i64| seconds.saturating_mul(NS_PER_S);
    Ok(Some(TimeRange {
        start_ns: start_s.map_or(i64::MIN, ns),
        end_ns: end_s.map_or(i64::MAX, ns),
    }))
}

fn limit(ask: &Ask) -> Result<usize, Problem> {
    let limit = ask.query_number("limit")?.unwrap_or(LIMIT_DEFAULT);
    let limit = usize::try_from(limit)
        .ok()
        .filter(|_| (1..=LIMIT_MAX).contains(&limit));
    limit.ok_or_else(|| wrong("limit", "must be between 1 and 100"))
}

fn behind(ask: &Ask) -> Result<Option<RunPlace>, Problem> {
    let Some(after) = text(ask, "after") else {
        return Ok(None);
    };
    let place = after.split_once('-').and_then(|(time, id)| {
        Some(RunPlace {
            asked_at_ns: time.parse().ok()?,
            id: QueryResultId(id.to_owned()),
        })
    });
    let place = place.ok_or_else(|| wrong("after", "must be the `next` of another page"))?;
    Ok(Some(place))
}

fn place_text(run: &PastRun) -> String {
    format!("{}-{}", run.asked_at_ns, run.id.0)
}

/// A parameter with something in it.
fn text<'a>(ask: &'a Ask, name: &str) -> Option<&'a str> {
    let text = ask.query(name).map(str::trim);
    text.filter(|text| !text.is_empty())
}

fn wrong(parameter: &str, description: &str) -> Problem {
    Problem::bad_parameter(Detail::new(parameter, DetailCode::Invalid, description))
}

fn run_json(
    run: &PastRun,
    names: &[String],
    slugs: &HashMap<DatasetId, String>,
    people: &People,
) -> Result<Json, Problem> {
    let dataset = match &run.query.scope {
        DatasetScope::All => Some(ALL_DATASETS),
        DatasetScope::One(id) => slugs.get(id).map(String::as_str),
    };
    let (state, failure) = match &run.state {
        RunState::Running => ("running", None),
        RunState::Kept => ("kept", None),
        RunState::Forgotten => ("forgotten", None),
        RunState::Failed(reason) => ("failed", Some(reason)),
    };
    Ok(json!({
        "result_id": run.id.0,
        "query_id": run.query.id.0,
        "query": query_json(&run.query)?,
        "names": names,
        "dataset": dataset,
        "run_by": people.json(&run.run_by),
        "asked_at": time_text(run.asked_at_ns),
        "state": state,
        "failure": failure,
        "elapsed_ms": run.elapsed_ns.map(milliseconds),
        "rows_read": run.rows_read,
    }))
}
