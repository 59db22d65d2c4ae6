//! Teams, environments and keys from a shell, on the data folder of a server that runs.

use crate::server::{KEY, Server, repository, run_client};
use serde_json::Value as Json;
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
    let missing = run(&["environment", "list"]).unwrap_err();
    assert!(
        missing.contains("say which with --team: default, bees"),
        "{missing}"
    );
    run(&["environment", "create", "staging", "--team", "bees"]).unwrap();
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
    assert_eq!(environments["data"][0]["attributes"]["slug"], "staging");
    let list = run(&["key", "list", "--team", "bees"]).unwrap();
    assert!(list.contains("ci") && !list.contains(&key), "{list}");
    run(&["key", "delete", word(&made, "id "), "--team", "bees"]).unwrap();
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

/// honeycomb-api of PyPI, unmodified: a second reading of the shapes by people who never saw this server.
#[test]
fn a_client_of_the_management_api_reads_what_it_expects() {
    let Some(python) = crate::server::handed("WAGGLE_TEST_PYTHON") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let mut client = Command::new(python);
    client
        .arg(repository().join("tests/clients/honeycomb_api.py"))
        .args([server.origin.as_str(), KEY]);
    assert_eq!(
        run_client(&mut client),
        serde_json::json!({
            "environment": "production", "dataset": "shop", "columns": ["ms"], "same": true,
            "lists": [0, 0, 0, 0, 0],
        })
    );
}

/// The same client makes, reads, changes and deletes all it knows; whatever it sends must come back in each answer.
#[test]
fn a_client_of_the_management_api_makes_changes_and_deletes_every_resource() {
    let Some(python) = crate::server::handed("WAGGLE_TEST_PYTHON") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let mut client = Command::new(python);
    client
        .arg(repository().join("tests/clients/honeycomb_api_lifecycles.py"))
        .args([server.origin.as_str(), KEY]);
    let done = run_client(&mut client);
    assert_eq!(
        done,
        serde_json::json!([
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
