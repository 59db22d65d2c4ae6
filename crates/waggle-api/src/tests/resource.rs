//! The resources of the management API: each is made, read, changed, listed and deleted by one walk, and every rule of its body is one
//! line of a table. Source: spec/honeycomb-api.md sections 12.3 and 13 to 15.

mod board;
mod burn_alert;
mod dataset_definition;
mod derived_column;
mod map_dependency;
mod marker;
mod query_annotation;
mod recipient;
mod slo;
mod trigger;

use super::{Answer, Installation};
use serde_json::{Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::KeyKind;

/// An installation whose environments both have the datasets `shop` and `other`, without protection.
async fn installation() -> Installation {
    let installation = Installation::new().await;
    for tenant in [installation.production, installation.staging] {
        for name in ["shop", "other"] {
            installation.dataset(tenant, name).await;
        }
    }
    installation
}

impl Installation {
    /// Sends a body with the key of `production`.
    async fn send(&self, method: &str, path: &str, body: &Json) -> Answer {
        self.ask_with_key(method, path).json(body).send().await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask_with_key("GET", path).send().await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.ask_with_key("DELETE", path).send().await
    }

    /// Makes something and returns it.
    #[track_caller]
    fn make(&self, path: &str, body: &Json) -> impl Future<Output = Json> {
        let sent = self.ask_with_key("POST", path).json(body).send();
        let place = format!("{path} {body}");
        async move {
            let answer = sent.await;
            assert!(
                matches!(answer.status, 200 | 201),
                "{place}: {} {}",
                answer.status,
                answer.text()
            );
            answer.json()
        }
    }

    async fn make_id(&self, path: &str, body: &Json) -> String {
        let made = self.make(path, body).await;
        made["id"].as_str().unwrap().to_owned()
    }
}

/// What the walk needs to know of a resource.
struct Walk<'a> {
    /// Where it is listed and made.
    path: &'a str,
    /// A body that makes one.
    body: Json,
    /// What the answer to it must hold, member by member.
    expected: Json,
    /// A body that changes it.
    change: Json,
    /// What the answer to that must hold.
    changed: Json,
    /// Whether one can be read alone.
    has_get: bool,
    /// 204, or 200 with the deleted thing.
    delete_status: u16,
    /// Without which a key is refused.
    permission: Permission,
    /// True when another environment of the team sees it.
    is_team_wide: bool,
}

impl Walk<'_> {
    async fn run(self, installation: &Installation) {
        let path = self.path;
        installation.get(path).await.check(200, &json!([]));
        let answer = installation.send("POST", path, &self.body).await;
        assert_eq!(answer.status, 201, "{path}: {}", answer.text());
        let made = answer.json();
        check_members(&made, &self.expected, path);
        let id = made["id"].as_str().unwrap().to_owned();
        let one = format!("{path}/{id}");
        if self.has_get {
            installation.get(&one).await.check(200, &made);
        }
        let listed = installation.get(path).await;
        assert_eq!(listed.status, 200);
        let listed = listed.json();
        assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
        check_members(&listed[0], &self.expected, path);

        let answer = installation.send("PUT", &one, &self.change).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let changed = answer.json();
        check_members(&changed, &self.changed, path);
        assert_eq!(changed["id"], made["id"]);
        assert_eq!(changed["created_at"], made["created_at"]);
        if self.has_get {
            installation.get(&one).await.check(200, &changed);
        }

        self.check_refusals(installation, &one).await;

        let answer = installation.delete(&one).await;
        assert_eq!(answer.status, self.delete_status, "{}", answer.text());
        if self.delete_status == 200 {
            assert_eq!(answer.json()["id"], made["id"]);
        } else {
            assert!(answer.body.is_empty());
        }
        for answer in [
            installation.delete(&one).await,
            installation.send("PUT", &one, &self.change).await,
        ] {
            assert_eq!(answer.status, 404, "{}", answer.text());
            let error = answer.json()["error"].as_str().unwrap().to_owned();
            assert!(error.ends_with("not found"), "{error}");
        }
        if self.has_get {
            assert_eq!(installation.get(&one).await.status, 404);
        }
        installation.get(path).await.check(200, &json!([]));
    }

    /// A key of another environment sees nothing, one without the permission may do nothing, and no made-up id breaks anything.
    async fn check_refusals(&self, installation: &Installation, one: &str) {
        let staging = installation
            .key_with(
                installation.staging,
                KeyKind::Configuration,
                Permission::all(),
            )
            .await;
        let rest = Permission::all().filter(|permission| *permission != self.permission);
        let powerless = installation
            .key_with(installation.production, KeyKind::Configuration, rest)
            .await;
        let mut calls = vec![("PUT", one), ("DELETE", one)];
        if self.has_get {
            calls.push(("GET", one));
        }
        for (method, path) in calls {
            let call = |key: &str| {
                let call = installation.ask(method, path);
                call.header("x-honeycomb-team", key)
                    .json(&self.change)
                    .send()
            };
            let answer = call(&powerless).await;
            assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text());
            if !self.is_team_wide {
                let answer = call(&staging).await;
                assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
            }
        }
        let foreign = installation
            .ask("GET", self.path)
            .header("x-honeycomb-team", &staging)
            .send()
            .await;
        let seen = foreign.json().as_array().map(Vec::len);
        let expected = if self.is_team_wide { 1 } else { 0 };
        if foreign.status == 200 {
            assert_eq!(seen, Some(expected), "{}", foreign.text());
        } else {
            assert_eq!(foreign.status, 404, "{}", foreign.text());
        }
        for id in ["yUheCUmgZ8p", "%00", "..%2F..", "'%20OR%201=1"] {
            let answer = installation.delete(&format!("{}/{id}", self.path)).await;
            assert_eq!(answer.status, 404, "{id}: {}", answer.text());
        }
        let answer = installation
            .ask_with_key("POST", self.path)
            .body("{not json")
            .send()
            .await;
        answer.check_error(400, "could not parse request body");
        assert!(
            answer.json()["type"]
                .as_str()
                .unwrap()
                .ends_with("/problems/unparseable")
        );
    }
}

#[track_caller]
fn check_members(found: &Json, expected: &Json, place: &str) {
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(
            found.get(member),
            Some(value),
            "{place}: {member} in {found}"
        );
    }
}

/// Sends bodies that break one rule each: `base` with some members replaced, and the finding that must come back.
async fn check_rules(
    installation: &Installation,
    method: &str,
    path: &str,
    base: &Json,
    rules: &[(Json, &str, &str, &str)],
) {
    for (patch, field, code, description) in rules {
        let mut body = base.clone();
        for (member, value) in patch.as_object().unwrap() {
            body[member] = value.clone();
        }
        let answer = installation.send(method, path, &body).await;
        let place = format!("{path} {patch}: {}", answer.text());
        assert_eq!(answer.status, 422, "{place}");
        let details = answer.json()["type_detail"].clone();
        let expected = json!({"field": field, "code": code, "description": description});
        let details = details.as_array().unwrap();
        assert!(details.contains(&expected), "{expected} is not in {place}");
    }
}

fn long(chars: usize) -> String {
    "x".repeat(chars)
}
