//! The table of routes, walked: no route without its guard, no sight of another environment, no bad id or body that breaks anything.

use super::{Answer, Call, Installation, NOW_NS, PASSWORD};
use crate::resource;
use crate::route::{BodyLimit, Face, KINDS, Need, Route, TEAM_WIDE, UNMADE};
use crate::{ApiConfig, router};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::path::Path;
use waggle_access::{KeyRequest, Permission, Scope};
use waggle_metastore::{KeyKind, Role};
use waggle_model::Tenant;

/// One object of every kind, by the name of its kind: what stands for the parameters of paths.
#[derive(Clone)]
struct Objects(HashMap<&'static str, String>);

impl Objects {
    /// Names that nothing has.
    fn none() -> Self {
        let mut objects: HashMap<_, _> = KINDS
            .iter()
            .map(|(kind, _)| (*kind, "yUheCUmgZ8p".to_owned()))
            .collect();
        objects.insert("env", "production".to_owned());
        objects.insert("team", "default".to_owned());
        Self(objects)
    }

    fn path(&self, row: &Route) -> String {
        let mut path = row.path.replace("{*", "{");
        for (parameter, kind) in row.objects() {
            path = path.replace(&format!("{{{parameter}}}"), &self.0[kind]);
        }
        path
    }

    fn example(&self, example: &str) -> Json {
        let mut example = example.to_owned();
        for (kind, id) in &self.0 {
            example = example.replace(&format!("<{kind}>"), id);
        }
        serde_json::from_str(&example).unwrap()
    }
}

/// An environment to make objects in, with what opens it.
struct Place {
    objects: Objects,
    key: String,
    management_key: String,
    aws: (String, String),
    cookie: String,
}

impl Place {
    /// An environment of the first team.
    async fn furnished(installation: &Installation, tenant: Tenant, slug: &str) -> Self {
        let key = installation
            .key_with(tenant, KeyKind::Configuration, Permission::all())
            .await;
        Self {
            objects: Objects::none(),
            key,
            management_key: installation.management_key.clone(),
            aws: installation.aws_key_with(tenant, Permission::all()).await,
            cookie: installation.sign_in().await,
        }
        .furnish(installation, "default", slug)
        .await
    }

    /// An environment of another team, with its own people and keys.
    async fn of_strangers(installation: &Installation) -> Self {
        let metastore = &installation.metastore;
        let team = metastore.create_team("Strangers", NOW_NS).await.unwrap();
        let environment = metastore
            .create_environment(team.id, "elsewhere", NOW_NS)
            .await
            .unwrap();
        let access = &installation.access;
        let email = "stranger@example.com";
        access
            .create_user(team.id, email, "Stranger", PASSWORD, Role::Administrator)
            .await
            .unwrap();
        let request = KeyRequest::management("theirs", &Scope::ALL);
        let management_key = access.create_key(team.id, request).await.unwrap().value;
        let key = installation
            .key_with(
                environment.tenant,
                KeyKind::Configuration,
                Permission::all(),
            )
            .await;
        Self {
            objects: Objects::none(),
            key,
            management_key,
            aws: installation
                .aws_key_with(environment.tenant, Permission::all())
                .await,
            cookie: installation.sign_in_as(email).await,
        }
        .furnish(installation, "strangers", "elsewhere")
        .await
    }

    /// Makes one object of every kind, by the routes that make them.
    async fn furnish(self, installation: &Installation, team: &str, slug: &str) -> Self {
        let mut place = self;
        place.objects.0.insert("team", team.to_owned());
        place.objects.0.insert("env", slug.to_owned());
        let mut made = vec!["team", "env"];
        for row in resource::all() {
            let Some(makes) = row.makes else { continue };
            let body = place.objects.example(makes.example);
            let call = installation.ask(row.method, &place.objects.path(row));
            let answer = place.opened(row, with_body(row, call, &body)).send().await;
            assert!(answer.status < 300, "{}: {}", row.path, answer.text());
            let json = answer.json();
            let id = json
                .pointer(makes.id)
                .unwrap_or_else(|| panic!("{}: no {} in {json}", row.path, makes.id));
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            place.objects.0.insert(makes.kind, id);
            made.push(makes.kind);
        }
        for (kind, _) in KINDS {
            assert_ne!(
                made.contains(kind),
                UNMADE.contains(kind),
                "no route makes a {kind}, or one does and it is said that none does"
            );
        }
        place
    }

    /// Adds what opens this place.
    fn opened(&self, row: &Route, call: Call) -> Call {
        match row.face {
            Face::Own => call.header("cookie", &self.cookie),
            Face::V2 => call.header("authorization", &format!("Bearer {}", self.management_key)),
            Face::XRay => call.signed_by(&self.aws),
            Face::V1 | Face::Events | Face::Firehose | Face::Otlp | Face::Health => {
                call.header("x-honeycomb-team", &self.key)
            }
        }
    }
}

fn call(installation: &Installation, row: &Route, objects: &Objects) -> Call {
    let call = installation.ask(row.method, &objects.path(row));
    if row.method == "GET" || row.method == "DELETE" {
        return call;
    }
    with_body(row, call, &serde_json::json!({}))
}

fn with_body(row: &Route, call: Call, body: &Json) -> Call {
    match row.face {
        Face::V2 => call.json_api(body),
        _ => call.json(body),
    }
}

/// Every refusal of a program's route is JSON with a text in its face's own words, never a page and never an empty body.
#[track_caller]
fn check_refusal(answer: &Answer, status: u16, row: &Route, case: &str) {
    let place = format!("{case}: {} {}", row.method, row.path);
    assert_eq!(answer.status, status, "{place}: {}", answer.text());
    let pointer = match row.face {
        Face::Otlp | Face::XRay => "/message",
        Face::Firehose => "/errorMessage",
        Face::V2 => "/errors/0/detail",
        Face::V1 | Face::Events | Face::Own | Face::Health => "/error",
    };
    let json = answer.json();
    let text = json.pointer(pointer).and_then(Json::as_str);
    assert!(
        text.is_some_and(|text| !text.is_empty()),
        "{place}: {}",
        answer.text()
    );
    assert_eq!(answer.header("x-request-id").len(), 16, "{place}");
}

fn guarded() -> impl Iterator<Item = &'static Route> {
    resource::all().filter(|row| row.need != Need::Nothing)
}

#[tokio::test]
async fn without_a_key_every_guarded_route_answers_401() {
    let installation = Installation::new().await;
    let objects = Objects::none();
    for row in guarded() {
        // AWS says 403 to whoever it does not know.
        let status = if row.face == Face::XRay { 403 } else { 401 };
        let answer = call(&installation, row, &objects).send().await;
        check_refusal(&answer, status, row, "no key");
        if row.face == Face::V1 {
            answer.check_error(401, "unknown API key - check your credentials");
        }
        let answer = call(&installation, row, &objects)
            .header("x-honeycomb-team", "nobodys")
            .send()
            .await;
        check_refusal(&answer, status, row, "unknown key");
        let answer = call(&installation, row, &objects)
            .header("authorization", "Bearer hcxmk_nobodys:secret")
            .send()
            .await;
        check_refusal(&answer, status, row, "unknown management key");
        if row.face == Face::V2 {
            let error = &answer.json()["errors"][0];
            assert_eq!(error["code"], "unauthenticated/invalid-key");
            assert_eq!(error["source"]["header"], "Authorization");
        }
        let answer = call(&installation, row, &objects)
            .header("cookie", "waggle_session=made-up")
            .send()
            .await;
        check_refusal(&answer, status, row, "unknown session");
        let answer = call(&installation, row, &objects)
            .signed_by(&("AKIANOBODYS".to_owned(), "secret".to_owned()))
            .send()
            .await;
        check_refusal(&answer, status, row, "unknown AWS key");
    }
}

#[tokio::test]
async fn a_key_without_the_permission_is_refused() {
    let installation = Installation::new().await;
    let objects = Objects::none();
    for row in guarded() {
        let needed: &[Permission] = match row.need {
            Need::Nothing | Need::AnyKey | Need::AnyManager => continue,
            Need::Manager(scope) => {
                let others = Scope::ALL.into_iter().filter(|other| *other != scope);
                let request = KeyRequest::management("less", &others.collect::<Vec<_>>());
                let team = installation.production.team;
                let key = installation.access.create_key(team, request).await.unwrap();
                let answer = call(&installation, row, &objects)
                    .header("authorization", &format!("Bearer {}", key.value))
                    .send()
                    .await;
                check_refusal(&answer, 403, row, &format!("without {scope:?}"));
                continue;
            }
            // A key is no administrator, whatever it may do.
            Need::Administrator => {
                let answer = call(&installation, row, &objects)
                    .header("x-honeycomb-team", &installation.key)
                    .send()
                    .await;
                check_refusal(&answer, 403, row, "not an administrator");
                continue;
            }
            Need::SendEvents => &[Permission::SendEvents],
            Need::MakeDatasets => &[Permission::CreateDatasets],
            Need::OneOf(needed) | Need::AllOf(needed) | Need::Person(needed) => needed,
        };
        let missing: Vec<Vec<Permission>> = match row.need {
            Need::OneOf(_) => vec![needed.to_vec()],
            _ => needed.iter().map(|permission| vec![*permission]).collect(),
        };
        for missing in missing {
            let rest = Permission::all().filter(|permission| !missing.contains(permission));
            let tenant = installation.production;
            let call = call(&installation, row, &objects);
            let call = match row.face {
                Face::XRay => call.signed_by(&installation.aws_key_with(tenant, rest).await),
                _ => {
                    let kind = KeyKind::Configuration;
                    let key = installation.key_with(tenant, kind, rest).await;
                    call.header("x-honeycomb-team", &key)
                }
            };
            let answer = call.send().await;
            check_refusal(&answer, 403, row, &format!("without {missing:?}"));
        }
    }
}

#[tokio::test]
async fn an_ingest_key_does_nothing_but_send() {
    let installation = Installation::new().await;
    let key = installation
        .key_with(installation.production, KeyKind::Ingest, Permission::all())
        .await;
    for row in guarded() {
        let is_let_in = match row.need {
            Need::Nothing | Need::AnyKey | Need::SendEvents => continue,
            // A management key is shown in another header; this one is nobody's there.
            Need::AnyManager | Need::Manager(_) => continue,
            Need::MakeDatasets => true,
            Need::OneOf(_) | Need::AllOf(_) | Need::Person(_) | Need::Administrator => false,
        };
        let answer = call(&installation, row, &Objects::none())
            .header("x-honeycomb-team", &key)
            .send()
            .await;
        if is_let_in {
            let status = answer.status;
            assert!(status != 401 && status != 403, "{}", row.path);
        } else {
            check_refusal(&answer, 403, row, "ingest key");
        }
    }
}

#[tokio::test]
async fn another_environments_objects_do_not_exist() {
    let installation = Installation::new().await;
    let ours = Place::furnished(&installation, installation.production, "production").await;
    let neighbours = Place::furnished(&installation, installation.staging, "staging").await;
    let strangers = Place::of_strangers(&installation).await;
    for row in guarded().filter(|row| row.need != Need::SendEvents) {
        let mut cases = Vec::new();
        for theirs in [&neighbours, &strangers] {
            let is_same_team = theirs.objects.0["team"] == "default";
            // A team's management key manages all of its environments.
            if row.face == Face::V2 && is_same_team {
                continue;
            }
            let hidden = || {
                let is_shared = |kind: &str| is_same_team && TEAM_WIDE.contains(&kind);
                row.objects()
                    .map(|(_, kind)| kind)
                    .filter(move |kind| !UNMADE.contains(kind) && !is_shared(kind))
            };
            // Everything of theirs at once, then each object of theirs among those of ours.
            if hidden().next().is_some() {
                cases.push(theirs.objects.clone());
            }
            for kind in hidden() {
                let mut mixed = ours.objects.clone();
                mixed.0.insert(kind, theirs.objects.0[kind].clone());
                cases.push(mixed);
            }
        }
        for objects in cases {
            let is_theirs_for_people = row.face == Face::Own && objects.0["env"] == "staging";
            let request = match row.makes {
                Some(makes) => with_body(
                    row,
                    installation.ask(row.method, &objects.path(row)),
                    &objects.example(makes.example),
                ),
                None => call(&installation, row, &objects),
            };
            // A person of the team may go into its other environment; a key may not.
            let request = match is_theirs_for_people {
                true => request.header("x-honeycomb-team", &ours.key),
                false => ours.opened(row, request),
            };
            let answer = request.send().await;
            let status = answer.status;
            check_refusal(
                &answer,
                404,
                row,
                &format!("{} {status}", objects.path(row)),
            );
        }
    }
    let list = installation.ask_with_key("GET", "/1/datasets").send().await;
    assert_eq!(list.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn malformed_ids_are_clean_errors() {
    let installation = Installation::new().await;
    let ours = Place::furnished(&installation, installation.production, "production").await;
    let long = "x".repeat(5_000);
    let ids = ["%00", "%ff%fe", "..%2F..%2Fetc", "'%20OR%201=1", &long];
    for row in guarded().filter(|row| row.need != Need::SendEvents) {
        for (_, kind) in row.objects().filter(|(_, kind)| *kind != "column_name") {
            for id in ids {
                let mut objects = ours.objects.clone();
                objects.0.insert(kind, id.to_owned());
                let answer = ours
                    .opened(row, call(&installation, row, &objects))
                    .send()
                    .await;
                let status = if id == "%ff%fe" { 400 } else { 404 };
                check_refusal(&answer, status, row, &format!("{kind} {id:.20}"));
            }
        }
    }
}

#[tokio::test]
async fn oversized_bodies_are_clean_errors() {
    let config = ApiConfig {
        event_body_bytes_max: 50_000,
        batch_body_bytes_max: 60_000,
        otlp_body_bytes_max: 70_000,
        ..ApiConfig::default()
    };
    let installation = Installation::with(config.clone()).await;
    let ours = Place::furnished(&installation, installation.production, "production").await;
    let is_sent = |row: &&Route| row.method != "GET" && row.method != "DELETE";
    for row in resource::all().filter(is_sent) {
        let status = match row.body {
            _ if row.face == Face::XRay => 413,
            BodyLimit::Management | BodyLimit::Segments => 413,
            BodyLimit::Event | BodyLimit::Batch | BodyLimit::Otlp => 400,
        };
        let body = vec![b' '; row.body.bytes_max(&config) + 1];
        let request = call(&installation, row, &ours.objects).body(body);
        let answer = ours.opened(row, request).send().await;
        check_refusal(&answer, status, row, "oversized");
    }
}

#[test]
fn every_receiver_of_the_wire_is_routed() {
    for receiver in waggle_wire::RECEIVERS {
        for route in receiver.routes {
            let is_routed = resource::all().any(|row| {
                let path = row.path.trim_end_matches("{*dataset}");
                row.method == "POST" && path == *route && row.need == Need::SendEvents
            });
            assert!(is_routed, "{route}");
        }
    }
}

/// A route that is not in the table can't exist: no other file of this crate makes one, and what the binary hands in as a fallback, the
/// UI, is never asked for a path that belongs to programs.
#[tokio::test]
async fn no_route_is_made_outside_the_table() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source.clone()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&source).unwrap().to_string_lossy();
            if path.is_dir() {
                if name != "tests" {
                    folders.push(path);
                }
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            files += 1;
            for maker in [".route(", ".nest(", ".route_service(", ".nest_service("] {
                // The door of gRPC has calls, not routes; tonic makes its router.
                let is_known = name == "resource.rs" || name == "listen/grpc.rs";
                assert!(
                    (is_known && maker == ".route(") || name == "tests.rs" || !text.contains(maker),
                    "{name} makes a route with {maker}…)"
                );
            }
        }
    }
    assert!(files > 40);

    let installation = Installation::new().await;
    for row in resource::all() {
        let path = Objects::none().path(row);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let answer = Call::new(router(installation.state.clone()), method, &path)
                .send()
                .await;
            let is_in_table = resource::all()
                .any(|other| other.method == method && Objects::none().path(other) == path);
            assert_eq!(
                answer.status == 405,
                !is_in_table,
                "{method} {path} answers {}",
                answer.status
            );
        }
    }
    for path in ["/1/secret", "/2/secret", "/v1/secret", "/api/secret"] {
        let answer = installation.ask("GET", path).send().await;
        assert_eq!(answer.status, 404, "{path}");
        assert_ne!(answer.text(), "the page of the UI", "{path}");
    }
}
