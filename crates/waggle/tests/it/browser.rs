//! The UI in a real browser, against the real server with real data: one walk, which fails on any console error, and how long things
//! take.

use crate::server::{KEY, Server, handed, repository, run};
use std::process::Command;

#[tokio::test]
async fn a_person_finds_their_slow_request_in_the_browser() {
    let (Some(python), Some(ui)) = (handed("WAGGLE_TEST_PYTHON"), handed("WAGGLE_TEST_UI")) else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--dev"]);
    run(Command::new(env!("CARGO_BIN_EXE_waggle")).args([
        "demo",
        "--endpoint",
        &server.origin,
        "--minutes",
        "3",
        "--seed",
        "7",
    ]));
    run(Command::new(python)
        .arg(repository().join("tests/clients/flask_app.py"))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &server.origin)
        .env(
            "OTEL_EXPORTER_OTLP_HEADERS",
            format!("x-honeycomb-team={KEY}"),
        )
        .env("OTEL_SERVICE_NAME", "backend-flask"));
    let screenshots = tempfile::tempdir().unwrap();
    let output = run(Command::new("node")
        .arg("e2e/walk.mjs")
        .arg(&server.origin)
        .arg("/default/environments/production")
        .current_dir(ui)
        .env("WAGGLE_SCREENSHOTS", screenshots.path()));
    eprintln!("{}", String::from_utf8_lossy(&output.stdout));
}

/// Limits of spec/ui.md section 4, those of times three times as wide: the server is not optimised, and the machine is anybody's.
/// Nothing runs beside this test (.config/nextest.toml).
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
