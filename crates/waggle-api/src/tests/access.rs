//! The table of routes, walked: no route without its guard, no sight of another environment, no bad id or body that breaks anything.

use super::{Answer, Call, Installation};
use crate::{Need, RESOURCES, Resource, router};
use serde_json::json;
use waggle_access::Permission;
use waggle_metastore::{KeyKind, RunBy};
use waggle_model::{DatasetScope, Tenant};

/// What stands for each path parameter.
struct Names {
    env: String,
    dataset: String,
    id: String,
    column: String,
}

impl Names {
    fn path(&self, resource: &Resource) -> String {
        resource
            .path
            .replace("{env}", &self.env)
            .replace("{*dataset}", &self.dataset)
            .replace("{dataset}", &self.dataset)
            .replace("{column}", &self.column)
            .replace("{trace_id}", &self.id)
            .replace("{id}", &self.id)
    }
}

fn plain() -> Names {
    Names {
        env: "production".into(),
        dataset: "shop".into(),
        id: "yUheCUmgZ8p".into(),
        column: "name".into(),
    }
}

fn call(installation: &Installation, resource: &Resource, names: &Names) -> Call {
    let call = Call::new(
        router(installation.state.clone()),
        resource.method,
        &names.path(resource),
    );
    if resource.method == "GET" || resource.method == "DELETE" {
        return call;
    }
    call.json(&json!({}))
}

/// Every refusal of a program's route is JSON with a text (or OTLP's status), never a page and never an empty body.
#[track_caller]
fn check_refusal(answer: &Answer, status: u16, resource: &Resource, case: &str) {
    let place = format!("{case}: {} {}", resource.method, resource.path);
    assert_eq!(answer.status, status, "{place}: {}", answer.text());
    let member = if resource.path.starts_with("/v1/") {
        "message"
    } else {
        "error"
    };
    let text = answer.json()[member]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(!text.is_empty(), "{place}: {}", answer.text());
    assert_eq!(answer.header("x-request-id").len(), 16, "{place}");
}

#[tokio::test]
async fn without_a_key_every_guarded_route_answers_401() {
    let installation = Installation::new().await;
    for resource in RESOURCES.iter().filter(|r| r.need != Need::Nothing) {
        let answer = call(&installation, resource, &plain()).send().await;
        check_refusal(&answer, 401, resource, "no key");
        let answer = call(&installation, resource, &plain())
            .header("x-honeycomb-team", "nobodys")
            .send()
            .await;
        check_refusal(&answer, 401, resource, "unknown key");
        let disabled = call(&installation, resource, &plain())
            .header("cookie", "waggle_session=made-up")
            .send()
            .await;
        check_refusal(&disabled, 401, resource, "unknown session");
    }
}

#[tokio::test]
async fn a_key_without_the_permission_is_refused() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    for resource in RESOURCES {
        let needed: &[Permission] = match resource.need {
            Need::Nothing | Need::AnyKey => continue,
            // A key is no administrator, whatever it may do.
            Need::Administrator => {
                let answer = call(&installation, resource, &plain())
                    .header("x-honeycomb-team", &installation.key)
                    .send()
                    .await;
                check_refusal(&answer, 403, resource, "not an administrator");
                continue;
            }
            Need::SendEvents => &[Permission::SendEvents],
            Need::OneOf(needed) | Need::AllOf(needed) | Need::Person(needed) => needed,
        };
        let is_one_enough = matches!(resource.need, Need::OneOf(_));
        let missing: Vec<Vec<Permission>> = if is_one_enough {
            vec![needed.to_vec()]
        } else {
            needed.iter().map(|permission| vec![*permission]).collect()
        };
        for missing in missing {
            let rest = Permission::all().filter(|permission| !missing.contains(permission));
            let key = installation
                .key_with(installation.production, KeyKind::Configuration, rest)
                .await;
            let answer = call(&installation, resource, &plain())
                .header("x-honeycomb-team", &key)
                .send()
                .await;
            check_refusal(&answer, 403, resource, &format!("without {missing:?}"));
        }
    }
}

#[tokio::test]
async fn an_ingest_key_does_nothing_but_send() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    let key = installation
        .key_with(installation.production, KeyKind::Ingest, Permission::all())
        .await;
    for resource in RESOURCES {
        let is_let_in = match resource.need {
            Need::Nothing | Need::AnyKey | Need::SendEvents => continue,
            Need::OneOf(needed) => needed.contains(&Permission::CreateDatasets),
            Need::AllOf(_) | Need::Person(_) | Need::Administrator => false,
        };
        let answer = call(&installation, resource, &plain())
            .header("x-honeycomb-team", &key)
            .send()
            .await;
        if is_let_in {
            assert!(
                answer.status != 401 && answer.status != 403,
                "{}",
                resource.path
            );
        } else {
            check_refusal(&answer, 403, resource, "ingest key");
        }
    }
}

/// Makes one of everything in an environment.
async fn furnish(installation: &Installation, tenant: Tenant) -> (Names, Names) {
    let dataset = installation.dataset(tenant, "theirs").await;
    let metastore = &installation.metastore;
    let query = metastore
        .create_query(tenant, &DatasetScope::One(dataset), "{}", super::NOW_NS)
        .await
        .unwrap();
    let result = metastore
        .create_query_result(tenant, &query.id, "{}", &RunBy::Nobody, super::NOW_NS)
        .await
        .unwrap();
    let names = |id: &str| Names {
        env: "staging".into(),
        dataset: "theirs".into(),
        id: id.into(),
        column: "name".into(),
    };
    (names(&query.id.0), names(&result.id.0))
}

#[tokio::test]
async fn another_environments_objects_do_not_exist() {
    let installation = Installation::new().await;
    let (query, result) = furnish(&installation, installation.staging).await;
    for resource in RESOURCES {
        let has_object = resource.path.contains("{dataset}") || resource.path.contains("{env}");
        if !has_object || matches!(resource.need, Need::Nothing | Need::SendEvents) {
            continue;
        }
        for names in [&query, &result] {
            let answer = call(&installation, resource, names)
                .header("x-honeycomb-team", &installation.key)
                .send()
                .await;
            check_refusal(&answer, 404, resource, "another environment");
        }
    }
    // A dataset of the same name here does not open what belongs to the one there.
    installation
        .dataset(installation.production, "theirs")
        .await;
    for (path, id) in [
        ("/1/queries/theirs", &query.id),
        ("/1/query_results/theirs", &result.id),
        ("/api/environments/production/results", &result.id),
    ] {
        let answer = installation
            .ask_with_key("GET", &format!("{path}/{id}"))
            .send()
            .await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
    }
    let list = installation.ask_with_key("GET", "/1/datasets").send().await;
    assert_eq!(list.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn malformed_ids_are_clean_errors() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    let long = "x".repeat(5_000);
    for id in [
        "%00",
        "%ff%fe",
        "..%2F..%2Fetc",
        "'%20OR%201=1",
        long.as_str(),
    ] {
        for resource in RESOURCES {
            let has_id = resource.path.contains("{id}") || resource.path.contains("{trace_id}");
            if !has_id {
                continue;
            }
            let names = Names {
                id: id.into(),
                ..plain()
            };
            let answer = call(&installation, resource, &names)
                .header("x-honeycomb-team", &installation.key)
                .send()
                .await;
            let status = if id == "%ff%fe" { 400 } else { 404 };
            check_refusal(&answer, status, resource, id);
        }
    }
}

#[tokio::test]
async fn oversized_bodies_are_clean_errors() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    let cookie = installation.sign_in().await;
    for resource in RESOURCES
        .iter()
        .filter(|r| r.method == "POST" || r.method == "PUT")
    {
        let (bytes, status) = match resource.need {
            Need::SendEvents => (21 << 20, 400),
            _ => (100_001, 413),
        };
        let mut request = call(&installation, resource, &plain()).body(vec![b' '; bytes]);
        request = match resource.path.starts_with("/api/") {
            true => request.header("cookie", &cookie),
            false => request.header("x-honeycomb-team", &installation.key),
        };
        let answer = request.send().await;
        check_refusal(&answer, status, resource, "oversized");
    }
}

#[test]
fn every_receiver_of_the_wire_is_routed() {
    for receiver in waggle_wire::RECEIVERS {
        for route in receiver.routes {
            let is_routed = RESOURCES.iter().any(|resource| {
                let path = resource.path.trim_end_matches("{*dataset}");
                resource.method == "POST" && path == *route && resource.need == Need::SendEvents
            });
            assert!(is_routed, "{route}");
        }
    }
}
