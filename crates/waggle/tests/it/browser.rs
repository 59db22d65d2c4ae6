//! The UI in a real browser, against the real server with real data: walks, which fail on any console error, and how long things take.

use crate::clients::python;
use crate::server::{KEY, Server, handed, repository, run};
use crate::xray_api::aws_key;
use std::path::Path;
use std::process::Command;

#[tokio::test]
async fn a_person_finds_their_slow_request_in_the_browser() {
    let (Some(python), Some(ui)) = (handed("WAGGLE_TEST_PYTHON"), handed("WAGGLE_TEST_UI")) else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = server_with_demo(data.path());
    run(Command::new(python)
        .arg(repository().join("tests/clients/flask_app.py"))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &server.origin)
        .env(
            "OTEL_EXPORTER_OTLP_HEADERS",
            format!("x-honeycomb-team={KEY}"),
        )
        .env("OTEL_SERVICE_NAME", "backend-flask"));
    walk(&ui, &["e2e/walk.mjs", &server.origin]);
}

#[tokio::test]
async fn a_person_finds_their_way_around_the_query_page() {
    let Some(ui) = handed("WAGGLE_TEST_UI") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = server_with_demo(data.path());
    walk(&ui, &["e2e/around.mjs", &server.origin]);
}

#[tokio::test]
async fn a_person_finds_exactly_what_they_sent_behind_every_answer() {
    let Some(ui) = handed("WAGGLE_TEST_UI") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--dev"]);
    walk(&ui, &["e2e/questions.mjs", &server.origin]);
}

#[tokio::test]
async fn a_person_signs_in_and_sees_their_first_event_arrive() {
    let Some(ui) = handed("WAGGLE_TEST_UI") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let waggle = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waggle"));
        let output = run(command.args(arguments).arg("--data-dir").arg(data.path()));
        String::from_utf8(output.stdout).unwrap()
    };
    let email = "bee@example.com";
    let made = waggle(&["team", "create", "Bees", "--admin-email", email]);
    let begin = format!("sign in as {email} with ");
    let password = made.lines().find_map(|line| line.strip_prefix(&begin));
    waggle(&["environment", "create", "staging", "--team", "bees"]);
    let environment = "/bees/environments/staging";
    let others = ["dee@example.com", "eve@example.com"].map(|other| {
        let added = waggle(&["team", "add-member", other, "--team", "bees"]);
        let begin = format!("sign in as {other} with ");
        format!("{other}={}", added.trim().strip_prefix(&begin).unwrap())
    });
    walk(
        &ui,
        &[
            "e2e/sign-in.mjs",
            &server.origin,
            email,
            password.unwrap(),
            environment,
            &others[0],
            &others[1],
        ],
    );
}

#[tokio::test]
async fn a_person_sees_on_the_map_what_xray_tells_its_clients() {
    let (Some(mut client), Some(ui)) = (python("xray_map.py"), handed("WAGGLE_TEST_UI")) else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--dev"]);
    let (id, secret) = aws_key(data.path());
    let graph = run(client
        .env("WAGGLE_ENDPOINT", &server.origin)
        .env("WAGGLE_KEY", KEY)
        .env("AWS_ACCESS_KEY_ID", id)
        .env("AWS_SECRET_ACCESS_KEY", secret));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), graph.stdout).unwrap();
    let path = file.path().to_str().unwrap();
    walk(&ui, &["e2e/service-graph.mjs", &server.origin, path]);
}

/// A server that needs no sign-in, with some minutes of the demonstration shop.
fn server_with_demo(data: &Path) -> Server {
    let server = Server::start(data, &["--dev"]);
    run(Command::new(env!("CARGO_BIN_EXE_waggle"))
        .args(["demo", "--endpoint", &server.origin])
        .args(["--minutes", "3", "--seed", "7"]));
    server
}

/// Runs a walk of `ui/e2e` to its end; prints its steps.
fn walk(ui: &str, arguments: &[&str]) {
    let screenshots = tempfile::tempdir().unwrap();
    let output = run(Command::new("node")
        .args(arguments)
        .current_dir(ui)
        .env("WAGGLE_SCREENSHOTS", screenshots.path()));
    eprintln!("{}", String::from_utf8_lossy(&output.stdout));
}

/// Limits of spec/ui.md section 4. Times that wait for more than the page, for a browser that starts or for the screen, may be three times
/// as long: the machine is anybody's. Nothing runs beside this test (.config/nextest.toml).
#[tokio::test]
async fn the_interface_keeps_its_budgets() {
    let Some(ui) = handed("WAGGLE_TEST_UI") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--dev", "--trace-rows-max", "60000"]);
    let output = run(Command::new("node")
        .arg("e2e/budgets.mjs")
        .arg(&server.origin)
        .current_dir(ui)
        .env("WAGGLE_BUDGET_FACTOR", "3"));
    eprintln!("{}", String::from_utf8_lossy(&output.stdout));
}
