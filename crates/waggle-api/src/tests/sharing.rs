//! Boards that not everybody sees, boards near at hand, and what a dataset suggests.

use super::{Answer, EMAIL, Installation, PASSWORD};
use serde_json::{Value as Json, json};
use waggle_access::Permission;
use waggle_metastore::{KeyKind, Role};

const BOARDS: &str = "/api/environments/production/boards";
const SHELF: &str = "/api/environments/production/board-shelf";

/// Three people beside the administrator, by their cookies.
struct Team {
    installation: Installation,
    administrator: String,
    ada: String,
    bee: String,
    cyd: String,
}

impl Team {
    async fn new() -> Self {
        let installation = Installation::new().await;
        let team = installation.production.team;
        for name in ["ada", "bee", "cyd"] {
            let email = format!("{name}@example.com");
            let access = &installation.access;
            let made = access.create_user(team, &email, name, PASSWORD, Role::Member);
            made.await.unwrap();
        }
        Self {
            administrator: installation.sign_in().await,
            ada: installation.sign_in_as("ada@example.com").await,
            bee: installation.sign_in_as("bee@example.com").await,
            cyd: installation.sign_in_as("cyd@example.com").await,
            installation,
        }
    }

    async fn send(&self, cookie: &str, method: &str, path: &str, body: &Json) -> Answer {
        let call = self.installation.ask(method, path).header("cookie", cookie);
        match body {
            Json::Null => call.send().await,
            body => call.json(body).send().await,
        }
    }

    async fn get(&self, cookie: &str, path: &str) -> Answer {
        self.send(cookie, "GET", path, &Json::Null).await
    }

    /// Makes a board of Ada's.
    async fn board(&self, name: &str, sharing: &Json) -> String {
        let body = json!({"name": name, "sharing": sharing});
        let answer = self.send(&self.ada, "POST", BOARDS, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }
}

fn names(answer: &Answer) -> Vec<String> {
    let boards = answer.json();
    let boards = boards.as_array().unwrap().iter();
    boards
        .map(|board| board["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_limited_board_is_there_for_few() {
    let team = Team::new().await;
    let open = team.board("open", &Json::Null).await;
    let limited = json!({"kind": "limited", "collaborators": ["Bee@example.com"]});
    let id = team.board("limited", &limited).await;
    let path = format!("{BOARDS}/{id}");
    for (cookie, can_change) in [
        (&team.ada, true),
        (&team.bee, false),
        (&team.administrator, true),
    ] {
        let seen = team.get(cookie, &path).await;
        assert_eq!(
            seen.json()["sharing"],
            json!({
                "kind": "limited", "maker": "ada@example.com",
                "collaborators": ["bee@example.com"], "can_change": can_change,
            })
        );
        assert_eq!(names(&team.get(cookie, BOARDS).await), ["open", "limited"]);
    }
    // For everybody else it is not there, whatever they try.
    assert_eq!(names(&team.get(&team.cyd, BOARDS).await), ["open"]);
    let change = json!({"name": "mine now"});
    let view = json!({"name": "v", "filters": [{"column": "c", "operation": "exists"}]});
    for (method, path, body) in [
        ("GET", path.clone(), &Json::Null),
        ("PUT", path.clone(), &change),
        ("DELETE", path.clone(), &Json::Null),
        ("GET", format!("{path}/views"), &Json::Null),
        ("POST", format!("{path}/views"), &view),
        ("PUT", format!("{SHELF}/{id}"), &json!({"starred": true})),
    ] {
        let answer = team.send(&team.cyd, method, &path, body).await;
        assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
    }
    // Bee may change the board, and not who sees it. What is not said stays.
    let changed = team.send(&team.bee, "PUT", &path, &change).await;
    assert_eq!(changed.json()["sharing"]["kind"], "limited");
    let opened = json!({"name": "open to all", "sharing": {"kind": "team"}});
    let refused = team.send(&team.bee, "PUT", &path, &opened).await;
    refused.check_error(
        403,
        "only who made a board and administrators say who sees it",
    );
    let taken = json!({"name": "open", "sharing": {"kind": "limited"}});
    let refused = team
        .send(&team.bee, "PUT", &format!("{BOARDS}/{open}"), &taken)
        .await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        team.send(&team.ada, "PUT", &path, &opened).await.status,
        200
    );
    assert_eq!(team.get(&team.cyd, &path).await.status, 200);
}

#[tokio::test]
async fn names_on_a_limited_board_are_there_for_few() {
    const NAMES: &str = "/api/environments/production/datasets/shop/query-annotations";
    let team = Team::new().await;
    let installation = &team.installation;
    installation.dataset(installation.production, "shop").await;
    let saved = installation.ask_with_key("POST", "/1/queries/shop");
    let query = saved.json(&json!({})).send().await.json()["id"].clone();
    let mut ids = Vec::new();
    for (name, source) in [
        ("limited", "board"),
        ("both", "board"),
        ("of no board", "board"),
        ("of a query", "query"),
    ] {
        let body = json!({"name": name, "query_id": query, "source": source});
        let made = team.send(&team.ada, "POST", NAMES, &body).await;
        assert_eq!(made.status, 201, "{}", made.text());
        ids.push(made.json()["id"].as_str().unwrap().to_owned());
    }
    let panel = |id: &String| json!({"type": "query", "query_panel": {"query_id": query, "query_annotation_id": id}});
    for (kind, shown) in [
        ("limited", [&ids[0], &ids[1], &ids[3]].as_slice()),
        ("team", &[&ids[1]]),
    ] {
        let panels: Vec<Json> = shown.iter().map(|id| panel(id)).collect();
        let body = json!({"name": kind, "sharing": {"kind": kind}, "panels": panels});
        let made = team.send(&team.ada, "POST", BOARDS, &body).await;
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let all = format!("{NAMES}?include_board_annotations=true");
    let rest = ["both", "of no board", "of a query"];
    let every = ["limited", rest[0], rest[1], rest[2]];
    for (cookie, seen) in [
        (&team.ada, every.as_slice()),
        (&team.administrator, &every),
        (&team.cyd, &rest),
    ] {
        assert_eq!(names(&team.get(cookie, &all).await), seen);
        assert_eq!(names(&team.get(cookie, NAMES).await), ["of a query"]);
    }
    let few = [Permission::ManageBoards, Permission::ManageColumns];
    let key = installation.key_with(installation.production, KeyKind::Configuration, few);
    let key = key.await;
    let change = json!({"name": "mine now"});
    let (hidden, shown) = (&ids[0], &ids[1]);
    for (method, id, status) in [
        ("GET", hidden, 404),
        ("PUT", hidden, 404),
        ("DELETE", hidden, 404),
        ("GET", shown, 200),
        ("PUT", shown, 200),
    ] {
        let path = format!("/1/query_annotations/shop/{id}");
        let call = installation
            .ask(method, &path)
            .header("x-honeycomb-team", &key);
        let answer = match method {
            "PUT" => call.json(&change).send().await,
            _ => call.send().await,
        };
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
    }
    let path = format!("{NAMES}/{hidden}");
    let put = team.send(&team.cyd, "PUT", &path, &change).await;
    assert_eq!(put.status, 404);
}

#[tokio::test]
async fn keys_see_limited_boards_with_their_permission() {
    let team = Team::new().await;
    let id = team.board("limited", &json!({"kind": "limited"})).await;
    let path = format!("/1/boards/{id}");
    let few = [Permission::ManageBoards];
    let key = team
        .installation
        .key_with(team.installation.production, KeyKind::Configuration, few);
    let key = key.await;
    let ask = async |key: &str, method, path: &str| {
        let call = team.installation.ask(method, path);
        call.header("x-honeycomb-team", key).send().await
    };
    assert_eq!(ask(&key, "GET", &path).await.status, 404);
    assert_eq!(ask(&key, "GET", "/1/boards").await.json(), json!([]));
    let all = &team.installation.key;
    let seen = ask(all, "GET", &path).await;
    assert_eq!((seen.status, seen.json().get("sharing")), (200, None));
    // A program that writes the board back leaves it limited.
    let body = json!({"name": "renamed", "sharing": {"kind": "team"}});
    let put = team.installation.ask_with_key("PUT", &path).json(&body);
    assert_eq!(put.send().await.status, 200);
    assert_eq!(names(&team.get(&team.cyd, BOARDS).await), [""; 0]);
}

#[tokio::test]
async fn wrong_sharing_is_named() {
    let team = Team::new().await;
    for (sharing, field) in [
        (json!({"kind": "secret"}), "sharing.kind"),
        (json!({}), "sharing.kind"),
        (
            json!({"kind": "team", "collaborators": [EMAIL]}),
            "sharing.collaborators",
        ),
        (
            json!({"kind": "limited", "collaborators": ["x@example.com"]}),
            "sharing.collaborators[0]",
        ),
        (json!("limited"), "sharing"),
    ] {
        let body = json!({"name": "b", "sharing": sharing});
        let answer = team
            .installation
            .ask("POST", BOARDS)
            .header("cookie", &team.ada);
        let answer = answer
            .header("content-type", "application/json")
            .body(body.to_string())
            .send()
            .await;
        assert_eq!(
            (answer.status, &answer.json()["field"]),
            (422, &json!(field)),
            "{sharing}"
        );
    }
}

#[tokio::test]
async fn stars_and_last_looks_are_everybodys_own() {
    let team = Team::new().await;
    let first = team.board("first", &Json::Null).await;
    let second = team.board("second", &Json::Null).await;
    let at = "2024-11-22T10:06:40.123Z";
    for (board, body) in [
        (&first, json!({"starred": true, "viewed": true})),
        (&second, json!({"viewed": true})),
        (&second, json!({"starred": true})),
        (&second, json!({"starred": true, "viewed": true})),
    ] {
        let put = team
            .send(&team.ada, "PUT", &format!("{SHELF}/{board}"), &body)
            .await;
        assert_eq!(put.status, 200, "{}", put.text());
    }
    let seen = |board: &str| json!({"board": board, "at": at});
    let both = json!({"starred": [first, second], "viewed": [seen(&second), seen(&first)]});
    team.get(&team.ada, SHELF).await.check(200, &both);
    let none = json!({"starred": [], "viewed": []});
    team.get(&team.bee, SHELF).await.check(200, &none);
    let put = team
        .send(
            &team.ada,
            "PUT",
            &format!("{SHELF}/{first}"),
            &json!({"starred": false}),
        )
        .await;
    put.check(
        200,
        &json!({"starred": [second], "viewed": [seen(&second), seen(&first)]}),
    );
    let deleted = team
        .send(
            &team.ada,
            "DELETE",
            &format!("{BOARDS}/{second}"),
            &Json::Null,
        )
        .await;
    assert_eq!(deleted.status, 204);
    let left = json!({"starred": [], "viewed": [seen(&first)]});
    team.get(&team.ada, SHELF).await.check(200, &left);
    let key = team.installation.ask_with_key("GET", SHELF).send().await;
    key.check_error(
        403,
        "only somebody who is signed in has boards near at hand",
    );
}

#[tokio::test]
async fn a_dataset_suggests_where_to_begin() {
    let team = Team::new().await;
    team.installation
        .dataset(team.installation.production, "shop")
        .await;
    team.installation
        .dataset(team.installation.production, "cart")
        .await;
    let path = "/api/environments/production/datasets/shop/suggestions";
    let none = json!({"groupings": [], "query": null});
    team.get(&team.ada, path).await.check(200, &none);
    let query = json!({"calculations": [{"op": "COUNT"}], "filters": [{"column": "name", "op": "=", "value": "x"}]});
    for wanted in [
        json!({"groupings": ["name", "http.route"], "query": query}),
        json!({"groupings": ["name"], "query": null}),
    ] {
        team.send(&team.ada, "PUT", path, &wanted)
            .await
            .check(200, &wanted);
        team.get(&team.bee, path).await.check(200, &wanted);
    }
    let other = path.replace("shop", "cart");
    team.get(&team.ada, &other).await.check(200, &none);
    for (wrong, field) in [
        (json!({"groupings": [""], "query": null}), "groupings[0]"),
        (
            json!({"groupings": [], "query": {"filters": [{"column": "a", "op": "near"}]}}),
            "filters[0].op",
        ),
    ] {
        let call = team
            .installation
            .ask("PUT", path)
            .header("cookie", &team.ada);
        let call = call
            .header("content-type", "application/json")
            .body(wrong.to_string());
        let answer = call.send().await;
        assert_eq!(
            (answer.status, &answer.json()["field"]),
            (422, &json!(field)),
            "{}",
            answer.text()
        );
    }
}
