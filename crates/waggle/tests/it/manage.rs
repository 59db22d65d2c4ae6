//! Teams, environments and keys from a shell, on the data folder of a server that runs.

use crate::server::{KEY, Server, repository, run_client};
use serde_json::{Value as Json, json};
use std::path::Path;
use std::process::Command;

fn waggle(data: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_waggle"))
        .args(arguments)
        .arg("--data-dir")
        .arg(data)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}

/// What follows a word at the beginning of a line.
fn word<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap()
        .trim()
}

#[tokio::test]
async fn a_team_an_environment_and_keys_are_made_beside_a_running_server() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let run = |arguments: &[&str]| waggle(data.path(), arguments);
    let team = run(&["team", "create", "Bees", "--admin-email", "bee@example.com"]).unwrap();
    let management = word(&team, "management key ").to_owned();
    let add = ["team", "add-member", "dee@example.com", "--team", "bees"];
    let added = run(&add).unwrap();
    let password = word(&added, "sign in as dee@example.com with ");
    let signed_in = server
        .http
        .post(format!("{}/api/session", server.origin))
        .json(&json!({"email": "dee@example.com", "password": password}))
        .send()
        .await
        .unwrap();
    assert_eq!(signed_in.status().as_u16(), 200);
    let twice = run(&add).unwrap_err();
    assert!(twice.contains("dee@example.com can't be added"), "{twice}");
    let missing = run(&["environment", "list"]).unwrap_err();
    assert!(
        missing.contains("say which with --team: default, bees"),
        "{missing}"
    );
    run(&["environment", "create", "staging", "--team", "bees"]).unwrap();
    let wrong = ["environment", "update", "staging", "--color", "pink"];
    let wrong = run(&wrong).unwrap_err();
    assert!(wrong.contains("lightGold"), "{wrong}");
    let looks = [
        "environment",
        "update",
        "staging",
        "--team",
        "bees",
        "--color",
        "gold",
        "--description",
        "for trying things",
        "--protected",
        "false",
    ];
    run(&looks).unwrap();
    let made = run(&["key", "create", "ci", "--team", "bees", "--days", "30"]).unwrap();
    let key = word(&made, "key ").to_owned();
    let auth = async || {
        let answer = server
            .http
            .get(format!("{}/1/auth", server.origin))
            .header("x-honeycomb-team", &key)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Json>().await.unwrap())
    };
    let (status, body) = auth().await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["environment"]["slug"], "staging");
    assert!(body["time_to_live"].is_string(), "{body}");
    let environments = server
        .http
        .get(format!("{}/2/teams/bees/environments", server.origin))
        .bearer_auth(&management)
        .send()
        .await
        .unwrap();
    let environments: Json = environments.json().await.unwrap();
    assert_eq!(
        environments["data"][0]["attributes"],
        json!({
            "name": "staging", "slug": "staging", "description": "for trying things",
            "color": "gold", "settings": {"delete_protected": false},
        })
    );
    let list = run(&["environment", "list", "--team", "bees"]).unwrap();
    assert!(list.contains("\tgold\tunprotected\tstaging"), "{list}");
    let list = run(&["key", "list", "--team", "bees"]).unwrap();
    assert!(list.contains("ci") && !list.contains(&key), "{list}");
    let id = word(&made, "id ");
    let refused = [
        "key",
        "update",
        id,
        "--team",
        "bees",
        "--allow",
        "run_queries",
    ];
    let refused = run(&refused).unwrap_err();
    assert!(refused.contains("kind ingest may do stays"), "{refused}");
    run(&["key", "update", id, "--team", "bees", "--name", "pipeline"]).unwrap();
    let reader = [
        "key",
        "create",
        "reader",
        "--team",
        "bees",
        "--kind",
        "configuration",
    ];
    let reader = run(&reader).unwrap();
    let reader = word(&reader, "id ");
    let allowed = [
        "key",
        "update",
        reader,
        "--team",
        "bees",
        "--allow",
        "run_queries",
    ];
    run(&allowed).unwrap();
    let path = format!("{}/2/teams/bees/api-keys/{reader}", server.origin);
    let shown = server.http.get(path).bearer_auth(&management).send().await;
    let shown: Json = shown.unwrap().json().await.unwrap();
    let permissions = shown["data"]["attributes"]["permissions"]
        .as_object()
        .unwrap();
    let allowed: Vec<&String> = permissions
        .iter()
        .filter_map(|(name, may)| (*may == true).then_some(name))
        .collect();
    assert_eq!(allowed, ["run_queries"]);
    let list = run(&["key", "list", "--team", "bees"]).unwrap();
    assert!(list.contains("\tpipeline\n"), "{list}");
    run(&["key", "delete", reader, "--team", "bees"]).unwrap();
    run(&["key", "delete", id, "--team", "bees"]).unwrap();
    run(&["environment", "delete", "staging", "--team", "bees"]).unwrap();
    run(&["team", "delete", "bees"]).unwrap();
    let unknown = run(&["team", "delete", "bees"]).unwrap_err();
    assert!(unknown.contains("there is no team bees"), "{unknown}");
    assert!(server.stop());
}

/// The document is read by a validator that nobody here wrote.
#[test]
fn the_openapi_document_is_valid() {
    let Some(python) = crate::server::handed("WAGGLE_TEST_PYTHON") else {
        return;
    };
    let output = Command::new(python)
        .args(["-m", "openapi_spec_validator"])
        .arg(repository().join("docs/openapi.json"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("OK"), "{said}");
}

/// What honeycomb-api of PyPI, unmodified, found when a program of `tests/clients` drove it: a second reading of the shapes by people
/// who never saw this server. `None` without a Python to run it.
fn found_by_client(program: &str, server: &Server, key: &str) -> Option<Json> {
    let mut client = Command::new(crate::server::handed("WAGGLE_TEST_PYTHON")?);
    client
        .arg(repository().join("tests/clients").join(program))
        .args([server.origin.as_str(), key]);
    Some(run_client(&mut client))
}

#[test]
fn a_client_of_the_management_api_reads_what_it_expects() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let Some(found) = found_by_client("honeycomb_api.py", &server, KEY) else {
        return;
    };
    assert_eq!(
        found,
        json!({
            "environment": "production", "dataset": "shop", "columns": ["ms"], "same": true,
            "lists": [0, 0, 0, 0, 0],
        })
    );
}

/// Whatever the client sends must come back in each answer; the program stops where it doesn't.
#[test]
fn a_client_of_the_management_api_makes_changes_and_deletes_every_resource() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let Some(done) = found_by_client("honeycomb_api_lifecycles.py", &server, KEY) else {
        return;
    };
    assert_eq!(
        done,
        json!([
            "dataset",
            "column",
            "derived column",
            "derived column",
            "query annotation",
            "marker",
            "marker",
            "marker setting",
            "email recipient",
            "slack recipient",
            "pagerduty recipient",
            "webhook recipient",
            "msteams_workflow recipient",
            "trigger",
            "trigger",
            "slo",
            "exhaustion_time burn alert",
            "budget_rate burn alert",
            "board",
            "board view",
        ])
    );
}

/// Its builders make several resources by a chain of requests, of which each needs what the one before answered.
#[test]
fn the_builders_of_a_client_of_the_management_api_come_to_their_end() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let Some(found) = found_by_client("honeycomb_api_builders.py", &server, KEY) else {
        return;
    };
    assert_eq!(
        found,
        json!({
            "rows": [["shop", 2.0, 20.0], ["web", 2.0, 20.0]],
            "calls": [["web", "shop", 3]],
            "slo": ["is_good", 995_000, ["budget_rate", "exhaustion_time"]],
            "trigger": ["shop", 100.0, ["email", "slack"]],
            "board": [["query", "text", "slo"], ["Shop"]],
            "recipients": ["email", "slack"],
        })
    );
}

#[test]
fn a_client_of_the_management_api_makes_environments_and_keys_of_a_team() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let arguments = ["team", "create", "Bees", "--admin-email", "bee@example.com"];
    let team = waggle(data.path(), &arguments).unwrap();
    let management = word(&team, "management key ");
    let Some(found) = found_by_client("honeycomb_api_team.py", &server, management) else {
        return;
    };
    assert_eq!(
        found,
        json!({
            "environment": ["staging-two", "d", "blue", true, "e", "green", false],
            "keys": [["configuration", "b", "staging-two", true], ["ingest", "d", "staging-two", true]],
            "gone": true,
        })
    );
}
