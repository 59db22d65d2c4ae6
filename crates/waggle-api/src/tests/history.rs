//! The query history: who ran what, found again.

use super::{Answer, EMAIL, Installation};
use crate::write_results;
use serde_json::{Value as Json, json};
use waggle_metastore::{KeyKind, NewUser, Role};
use waggle_model::QueryError;

const HISTORY: &str = "/api/environments/production/history";
const ADA: &str = "ada@example.com";

/// Two datasets, the administrator and Ada, who have run four queries, and a program that ran one.
struct Ran {
    installation: Installation,
    administrator: String,
    ada: String,
    /// The bodies of the answers, in the order of the runs.
    answers: Vec<Json>,
}

impl Ran {
    async fn new() -> Self {
        let installation = Installation::new().await;
        for dataset in ["shop", "bank"] {
            installation.dataset(installation.production, dataset).await;
        }
        let administrator = installation.sign_in().await;
        let ada = signed_in(&installation, ADA, "Ada Lovelace").await;
        let mut ran = Self {
            installation,
            administrator,
            ada,
            answers: Vec::new(),
        };
        let by_name = json!({"calculations": [{"op": "COUNT"}], "breakdowns": ["name"]});
        let by_root = json!({"calculations": [{"op": "MAX", "column": "took"}], "filters": [{"column": "root.name", "op": "exists"}]});
        for (cookie, dataset, query) in [
            (ran.administrator.clone(), "shop", &by_name),
            (ran.ada.clone(), "shop", &by_root),
            (ran.ada.clone(), "bank", &json!({})),
            (ran.ada.clone(), "__all__", &by_name),
        ] {
            let answer = ran.run(&cookie, dataset, query).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            ran.answers.push(answer.json());
        }
        let answer = ran
            .installation
            .ask_with_key("POST", "/api/environments/production/datasets/shop/query")
            .json(&json!({"breakdowns": ["by.program"]}))
            .send()
            .await;
        ran.answers.push(answer.json());
        write_results(&ran.installation.state).await;
        ran
    }

    async fn run(&self, cookie: &str, dataset: &str, query: &Json) -> Answer {
        let path = format!("/api/environments/production/datasets/{dataset}/query");
        let call = self.installation.ask("POST", &path);
        call.header("cookie", cookie).json(query).send().await
    }

    async fn list(&self, cookie: &str, parameters: &str) -> Answer {
        let path = format!("{HISTORY}?{parameters}");
        let call = self.installation.ask("GET", &path);
        call.header("cookie", cookie).send().await
    }

    /// Which runs the history shows, as sorted indexes: those of one moment come in the order of their random ids.
    async fn found(&self, cookie: &str, parameters: &str) -> Vec<usize> {
        let answer = self.list(cookie, parameters).await;
        assert_eq!(answer.status, 200, "{parameters}: {}", answer.text());
        let mut found = self.indexes(&answer.json());
        found.sort_unstable();
        found
    }

    fn indexes(&self, page: &Json) -> Vec<usize> {
        let runs = page["runs"].as_array().unwrap().iter();
        runs.map(|run| {
            let mut answers = self.answers.iter();
            answers
                .position(|answer| answer["result_id"] == run["result_id"])
                .unwrap()
        })
        .collect()
    }
}

async fn signed_in(installation: &Installation, email: &str, name: &str) -> String {
    let hash = installation.metastore.user_by_email(EMAIL).await;
    let user = NewUser {
        email: email.to_owned(),
        name: name.to_owned(),
        password_hash: hash.unwrap().unwrap().1,
        role: Role::Member,
    };
    let team = installation.production.team;
    let made = installation.metastore.create_user(team, &user, 0).await;
    made.unwrap();
    installation.sign_in_as(email).await
}

#[tokio::test]
async fn a_run_is_shown_with_who_when_and_what_it_cost() {
    let ran = Ran::new().await;
    let page = ran.list(&ran.ada, "person=lovelace&column=took").await;
    let first = &ran.answers[1];
    let id = page.json()["runs"][0]["run_by"]["id"].clone();
    assert!(id.is_string());
    page.check(
        200,
        &json!({"next": null, "runs": [{
            "result_id": first["result_id"], "query_id": first["query_id"],
            "query": first["query"], "names": [], "dataset": "shop",
            "environment": "production",
            "run_by": {"kind": "user", "id": id, "name": "Ada Lovelace"},
            "asked_at": "2024-11-22T10:06:40.123Z", "state": "kept", "failure": null,
            "elapsed_ms": first["stats"]["elapsed_ms"], "rows_read": first["stats"]["rows_read"],
        }]}),
    );
    let page = ran.list(&ran.ada, "column=by.program").await.json();
    let run_by = &page["runs"][0]["run_by"];
    assert_eq!(run_by["kind"], "key");
    let found = format!("person={}", run_by["id"].as_str().unwrap());
    assert_eq!(ran.found(&ran.ada, &found).await, [4]);
    let found = run_by["name"].as_str().unwrap().to_uppercase();
    let found = format!("person={}", found.replace(' ', "%20"));
    assert_eq!(ran.found(&ran.ada, &found).await, [4]);
}

#[tokio::test]
async fn runs_are_found_by_person_column_dataset_and_time() {
    let ran = Ran::new().await;
    for (parameters, expected) in [
        ("", vec![0, 1, 2, 3, 4]),
        ("mine=true", vec![1, 2, 3]),
        ("mine=false", vec![0, 1, 2, 3, 4]),
        ("person=ADA%40example", vec![1, 2, 3]),
        ("person=nobody+there", vec![]),
        ("mine=true&person=lovelace", vec![1, 2, 3]),
        ("mine=true&person=admin", vec![]),
        ("column=name", vec![0, 1, 3]),
        ("column=root.name", vec![1]),
        ("column=NAME", vec![]),
        ("column=name&dataset=shop", vec![0, 1]),
        ("dataset=bank", vec![2]),
        ("dataset=__all__", vec![3]),
        ("start_time=1732270000", vec![0, 1, 2, 3, 4]),
        ("start_time=1732270001", vec![]),
        ("end_time=1732270000", vec![]),
        (
            "start_time=1732270000&end_time=1732270001&mine=true",
            vec![1, 2, 3],
        ),
    ] {
        assert_eq!(
            ran.found(&ran.ada, parameters).await,
            expected,
            "{parameters}"
        );
    }
    assert_eq!(ran.found(&ran.administrator, "mine=true").await, [0]);
    for (parameters, status) in [
        ("dataset=missing", 404),
        ("limit=0", 400),
        ("limit=101", 400),
        ("limit=x", 400),
        ("after=x", 400),
        ("after=x-y", 400),
        ("start_time=yesterday", 400),
    ] {
        let answer = ran.list(&ran.ada, parameters).await;
        assert_eq!(answer.status, status, "{parameters}");
    }
    let elsewhere = ran
        .installation
        .ask("GET", "/api/environments/staging/history")
        .header("cookie", &ran.ada);
    elsewhere
        .send()
        .await
        .check(200, &json!({"runs": [], "next": null}));
}

#[tokio::test]
async fn runs_are_found_by_the_name_of_their_query() {
    let ran = Ran::new().await;
    let annotate = async |name: &str, run: usize, dataset: &str| {
        let path = format!("/1/query_annotations/{dataset}");
        let call = ran.installation.ask_with_key("POST", &path);
        let body = json!({"name": name, "query_id": ran.answers[run]["query_id"]});
        assert_eq!(call.json(&body).send().await.status, 201);
    };
    annotate("Slow checkouts", 1, "shop").await;
    annotate("Übersicht", 1, "shop").await;
    annotate("Everything of the bank", 2, "bank").await;
    for (parameters, expected) in [
        ("name=checkout", vec![1]),
        ("name=%C3%BCBER", vec![1]),
        ("name=e", vec![1, 2]),
        ("name=e&column=took", vec![1]),
        ("name=unheard", vec![]),
        ("name=", vec![0, 1, 2, 3, 4]),
    ] {
        assert_eq!(
            ran.found(&ran.ada, parameters).await,
            expected,
            "{parameters}"
        );
    }
    let page = ran.list(&ran.ada, "name=slow").await.json();
    assert_eq!(
        page["runs"][0]["names"],
        json!(["Slow checkouts", "Übersicht"])
    );
}

#[tokio::test]
async fn pages_follow_one_another() {
    let ran = Ran::new().await;
    let whole = ran.list(&ran.ada, "").await.json();
    let whole = ran.indexes(&whole);
    let mut seen = Vec::new();
    let mut parameters = "limit=2".to_owned();
    for size in [2, 2, 1] {
        let page = ran.list(&ran.ada, &parameters).await.json();
        let runs = ran.indexes(&page);
        assert_eq!(runs.len(), size);
        seen.extend(runs);
        match page["next"].as_str() {
            Some(next) => parameters = format!("limit=2&after={next}"),
            None => parameters.clear(),
        }
    }
    assert_eq!(parameters, "");
    assert_eq!(seen, whole);
}

#[tokio::test]
async fn failed_and_forgotten_runs_stay_in_the_history() {
    let ran = Ran::new().await;
    let forgotten = ran.installation.metastore.forget_answers(i64::MAX).await;
    assert_eq!(forgotten.unwrap(), 5);
    let page = ran.list(&ran.ada, "dataset=bank").await.json();
    assert_eq!(page["runs"][0]["state"], "forgotten");
    let id = ran.answers[2]["result_id"].as_str().unwrap();
    let gone = "the result is no longer kept; run the query again";
    let path = format!("/api/environments/production/results/{id}");
    let answer = ran.installation.ask_with_key("GET", &path).send().await;
    answer.check_error(404, gone);
    let path = format!("/1/query_results/bank/{id}");
    let answer = ran.installation.ask_with_key("GET", &path).send().await;
    answer.check_error(404, gone);

    *ran.installation.engine.error.lock() = Some(QueryError::Deadline(30_000));
    let failed = json!({"breakdowns": ["too.many"]});
    let refused = ran.run(&ran.ada, "shop", &failed).await;
    assert!(refused.status >= 400);
    write_results(&ran.installation.state).await;
    let page = ran.list(&ran.ada, "column=too.many").await.json();
    let run = &page["runs"][0];
    assert_eq!(run["state"], "failed");
    assert_eq!(run["failure"], refused.json()["error"]);
}

#[tokio::test]
async fn a_run_of_the_query_api_is_remembered_too() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    let every = waggle_access::Permission::all();
    let key = installation.key_with(installation.production, KeyKind::Configuration, every);
    let key = key.await;
    let post = async |path: &str, body: Json| {
        let call = installation
            .ask("POST", path)
            .header("x-honeycomb-team", &key);
        call.json(&body).send().await.json()
    };
    let query = post("/1/queries/shop", json!({})).await;
    let result = post("/1/query_results/shop", json!({"query_id": query["id"]})).await;
    let path = format!("/1/query_results/shop/{}", result["id"].as_str().unwrap());
    let answer = installation.ask_with_key("GET", &path).send().await;
    assert_eq!(answer.json()["complete"], true);
    write_results(&installation.state).await;
    let history = async |key: &str| {
        let call = installation.ask("GET", &format!("{HISTORY}?mine=true"));
        call.header("x-honeycomb-team", key).send().await.json()
    };
    let runs = history(&key).await["runs"].clone();
    assert_eq!(runs.as_array().unwrap().len(), 1);
    assert_eq!(runs[0]["result_id"], result["id"]);
    assert_eq!(runs[0]["run_by"]["name"], "another");
    assert_eq!(history(&installation.key).await["runs"], json!([]));
}

#[tokio::test]
async fn a_query_that_is_not_kept_leaves_nothing_behind() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    let cookie = installation.sign_in().await;
    let path = "/api/environments/production/datasets/shop/query?keep=false";
    let call = installation.ask("POST", path).header("cookie", &cookie);
    let answer = call.json(&json!({"breakdowns": ["name"]})).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    assert_eq!(answer.get("result_id"), None);
    assert_eq!(answer.get("query_id"), None);
    assert_eq!(answer.get("query"), None);
    assert!(answer["results"].is_array());
    write_results(&installation.state).await;
    let call = installation.ask("GET", HISTORY).header("cookie", &cookie);
    assert_eq!(call.send().await.json()["runs"], json!([]));
}

#[tokio::test]
async fn people_name_queries_and_put_them_on_boards_without_a_key() {
    let ran = Ran::new().await;
    let environment = "/api/environments/production";
    let send = async |method: &str, path: &str, body: Json| {
        let call = ran
            .installation
            .ask(method, &format!("{environment}{path}"));
        let call = call.header("cookie", &ran.ada);
        let answer = match body {
            Json::Null => call.send().await,
            body => call.json(&body).send().await,
        };
        assert!(answer.status < 300, "{path}: {}", answer.text());
        match answer.status {
            204 => Json::Null,
            _ => answer.json(),
        }
    };
    let query_id = ran.answers[0]["query_id"].as_str().unwrap();
    let query = send(
        "GET",
        &format!("/datasets/shop/queries/{query_id}"),
        Json::Null,
    )
    .await;
    assert_eq!(query["breakdowns"], json!(["name"]));
    let named = json!({"name": "By name", "query_id": query_id});
    let annotation = send("POST", "/datasets/shop/query-annotations", named).await;
    let runs = send("GET", "/history?name=by+NAME", Json::Null).await;
    assert_eq!(runs["runs"][0]["names"], json!(["By name"]));
    let panel = json!({"query_id": query_id, "query_annotation_id": annotation["id"]});
    let board = json!({"name": "Shop", "panels": [{"type": "query", "query_panel": panel}]});
    let board = send("POST", "/boards", board).await;
    let path = format!("/boards/{}", board["id"].as_str().unwrap());
    assert_eq!(send("GET", &path, Json::Null).await, board);
    let filters = json!([{"column": "name", "operation": "exists"}]);
    let view = json!({"name": "Named", "filters": filters});
    let view = send("POST", &format!("{path}/views"), view).await;
    assert_eq!(
        send("GET", &format!("{path}/views"), Json::Null).await,
        json!([view])
    );
    send("DELETE", &path, Json::Null).await;
    assert_eq!(send("GET", "/boards", Json::Null).await, json!([]));
    let marker = json!({"message": "deploy 42", "type": "deploy"});
    let marker = send("POST", "/datasets/shop/markers", marker).await;
    let everywhere = send(
        "POST",
        "/datasets/__all__/markers",
        json!({"message": "outage"}),
    )
    .await;
    for (dataset, shown) in [
        ("__all__", vec![&marker["id"], &everywhere["id"]]),
        ("shop", vec![&marker["id"], &everywhere["id"]]),
        ("bank", vec![&everywhere["id"]]),
    ] {
        let found = send("GET", &format!("/datasets/{dataset}/markers"), Json::Null).await;
        let found = found.as_array().unwrap().iter();
        assert_eq!(
            found.map(|one| &one["id"]).collect::<Vec<_>>(),
            shown,
            "{dataset}"
        );
    }
}

#[tokio::test]
async fn people_may_hide_their_runs_from_others() {
    let ran = Ran::new().await;
    let settings = format!("{HISTORY}/settings");
    let call = |method, cookie: &str| {
        let call = ran.installation.ask(method, &settings);
        call.header("cookie", cookie)
    };
    let read = call("GET", &ran.ada).send().await;
    read.check(200, &json!({"hidden": false}));
    let set = async |hidden: Json| {
        let call = call("PUT", &ran.ada).json(&json!({"hidden": hidden}));
        call.send().await
    };
    set(json!(true)).await.check(200, &json!({"hidden": true}));
    let read = call("GET", &ran.ada).send().await;
    read.check(200, &json!({"hidden": true}));
    assert_eq!(ran.found(&ran.ada, "").await, [0, 1, 2, 3, 4]);
    assert_eq!(ran.found(&ran.administrator, "").await, [0, 1, 2, 3, 4]);
    let grace = signed_in(&ran.installation, "grace@example.com", "Grace Hopper").await;
    assert_eq!(ran.found(&grace, "").await, [0, 4]);
    assert_eq!(ran.found(&grace, "person=ada").await, [0; 0]);
    let program = ran.installation.ask_with_key("GET", HISTORY).send().await;
    assert_eq!(program.json()["runs"].as_array().unwrap().len(), 2);
    set(json!(false)).await;
    assert_eq!(ran.found(&grace, "").await, [0, 1, 2, 3, 4]);
    assert_eq!(set(json!("yes")).await.status, 422);
    let key = ran.installation.ask_with_key("GET", &settings).send().await;
    assert_eq!(key.status, 403);
    let key = ran.installation.ask_with_key("PUT", &settings);
    let key = key.json(&json!({"hidden": true})).send().await;
    assert_eq!(key.status, 403);
}

#[tokio::test]
async fn people_see_the_history_of_every_environment_of_the_team() {
    let mut ran = Ran::new().await;
    ran.installation
        .dataset(ran.installation.staging, "shop")
        .await;
    let path = "/api/environments/staging/datasets/shop/query";
    let staged = ran
        .installation
        .ask("POST", path)
        .header("cookie", &ran.ada);
    let staged = staged.json(&json!({})).send().await;
    ran.answers.push(staged.json());
    write_results(&ran.installation.state).await;
    assert_eq!(ran.found(&ran.ada, "").await, [0, 1, 2, 3, 4]);
    assert_eq!(
        ran.found(&ran.ada, "environments=all").await,
        [0, 1, 2, 3, 4, 5]
    );
    assert_eq!(
        ran.found(&ran.ada, "environments=all&dataset=shop").await,
        [0, 1, 4, 5]
    );
    assert_eq!(
        ran.found(&ran.ada, "environments=all&dataset=bank").await,
        [2]
    );
    let nowhere = ran.list(&ran.ada, "environments=all&dataset=none").await;
    assert_eq!(nowhere.status, 404);
    let mut pages = Vec::new();
    let mut after = String::new();
    loop {
        let page = ran
            .list(&ran.ada, &format!("environments=all&limit=2{after}"))
            .await
            .json();
        for run in page["runs"].as_array().unwrap() {
            pages.push(run["environment"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(pages.len(), 6);
    assert_eq!(pages.iter().filter(|slug| *slug == "staging").count(), 1);
    let wrong = ran.list(&ran.ada, "environments=some").await;
    assert_eq!(wrong.status, 400, "{}", wrong.text());
    let path = format!("{HISTORY}?environments=all");
    let key = ran.installation.ask_with_key("GET", &path).send().await;
    assert_eq!(key.status, 403);
}
