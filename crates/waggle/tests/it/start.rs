//! Starting, stopping and being asked how one is.

use crate::server::{KEY, Server};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[tokio::test]
async fn a_new_folder_is_bootstrapped_once_and_keeps_its_events() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    assert!(
        server
            .banner
            .contains(&format!("OTEL_EXPORTER_OTLP_ENDPOINT={}", server.origin)),
        "{}",
        server.banner
    );
    for path in ["/healthz", "/readyz"] {
        assert_eq!(
            server
                .http
                .get(format!("{}{path}", server.origin))
                .send()
                .await
                .unwrap()
                .status()
                .as_u16(),
            200
        );
    }
    let auth = server.get("/1/auth").await;
    assert_eq!(
        (&auth["team"]["slug"], &auth["environment"]["slug"]),
        (&json!("default"), &json!("production"))
    );
    server
        .post(
            "/1/batch/kept",
            &json!([{"data": {"a": 1}}, {"data": {"a": 2}}]),
        )
        .await;
    assert_eq!(
        server.count("kept", json!([])).await,
        2,
        "visible as soon as it is acknowledged"
    );
    let metrics = server
        .http
        .get(format!("{}/metrics", server.origin))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        metrics.contains("waggle_") && metrics.ends_with("# EOF\n"),
        "{metrics}"
    );
    assert!(
        metrics.contains("\nwaggle_wal_records_total 1\n"),
        "{metrics}"
    );
    let mut families: Vec<&str> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .collect();
    let count = families.len();
    families.sort_unstable();
    families.dedup();
    assert_eq!(
        families.len(),
        count,
        "a scraper refuses a name declared twice: {metrics}"
    );
    assert!(server.stop());

    let server = Server::start(data.path(), &[]);
    assert!(
        !server.banner.contains("API key"),
        "a folder that is not empty is not bootstrapped again: {}",
        server.banner
    );
    assert_eq!(server.count("kept", json!([])).await, 2);
}

#[tokio::test]
async fn dev_mode_takes_events_from_this_machine_without_a_key() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--dev"]);
    let sent = server
        .http
        .post(format!("{}/1/events/loose", server.origin))
        .json(&json!({"a": 1}))
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status().as_u16(), 200);
    assert_eq!(server.count("loose", json!([])).await, 1);
    let session: serde_json::Value = server
        .http
        .get(format!("{}/api/session", server.origin))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(session["dev"], true);
}

#[tokio::test]
async fn without_dev_the_ui_asks_who_you_are() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let datasets = format!("{}/api/environments/production/datasets", server.origin);
    assert_eq!(
        server
            .http
            .get(&datasets)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        401
    );
    let session = format!("{}/api/session", server.origin);
    let sign_in = async |password: &str| {
        server
            .http
            .post(&session)
            .json(&json!({"email": "ada@example.com", "password": password}))
            .send()
            .await
            .unwrap()
    };
    assert_eq!(sign_in("wrong").await.status().as_u16(), 401);
    let answer = sign_in("correct horse battery").await;
    assert_eq!(answer.status().as_u16(), 200);
    let cookie = answer.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let listed = server
        .http
        .get(&datasets)
        .header("cookie", &cookie)
        .send()
        .await
        .unwrap();
    assert_eq!(listed.status().as_u16(), 200);
}

#[test]
fn a_taken_port_and_a_taken_folder_are_named() {
    let data = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = Server::try_start(data.path(), &["--grpc", &address])
        .err()
        .unwrap();
    assert!(
        error.contains("--grpc") && error.contains(&address),
        "{error}"
    );

    let _server = Server::start(data.path(), &[]);
    let error = Server::try_start(data.path(), &[]).err().unwrap();
    assert!(
        error.contains("in use") || error.contains("another"),
        "{error}"
    );
}

#[test]
fn a_log_that_goes_to_a_file_has_no_colours() {
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_waggle"));
    command
        .arg("serve")
        .arg("--data-dir")
        .arg(data.path())
        .args(["--http", "127.0.0.1:0", "--otlp-http", "off"])
        .args(["--grpc", "off", "--log", "info"])
        .env_remove("NO_COLOR")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let banner = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find(|line| line.contains("is ready"));
    child.kill().unwrap();
    let log = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert!(banner.is_some(), "{log}");
    assert!(
        log.contains("a new installation team=\"default\""),
        "{log:?}"
    );
}

#[tokio::test]
async fn a_key_that_is_not_known_is_refused_everywhere() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    for (path, body) in [
        ("/1/events/a", "{\"a\":1}"),
        ("/1/batch/a", "[]"),
        ("/v1/traces", "{}"),
        ("/v1/logs", "{}"),
        ("/1/queries/a", "{}"),
    ] {
        let send = |key: Option<&str>| {
            let request = server
                .http
                .post(format!("{}{path}", server.origin))
                .header("content-type", "application/json")
                .body(body);
            match key {
                Some(key) => request.header("x-honeycomb-team", key).send(),
                None => request.send(),
            }
        };
        assert_eq!(
            send(None).await.unwrap().status().as_u16(),
            401,
            "{path} without a key"
        );
        assert_eq!(
            send(Some("nobodysKey000000000000"))
                .await
                .unwrap()
                .status()
                .as_u16(),
            401,
            "{path} with an unknown key"
        );
    }
    assert_eq!(KEY.len(), 22);
}

#[test]
fn the_settings_can_be_piped_into_a_reader_that_stops_early() {
    use std::process::{Command, Stdio};
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = Command::new(env!("CARGO_BIN_EXE_waggle"))
        .args(["config", "print"])
        .stdout(writer)
        .stderr(Stdio::inherit())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}
