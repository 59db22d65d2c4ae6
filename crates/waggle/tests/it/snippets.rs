//! Every text a person is told to paste: the blocks of the Send data page, taken from the UI's own source, and those the server prints
//! when it starts. Each is run as it stands, in an empty folder, as its reader would run it; then a query finds what it sent. A block
//! that no test knows fails its guide, so a new one cannot ship unproved.

use crate::server::{KEY, Server, eventually, handed, repository, run};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use tempfile::TempDir;

/// What the reader calls the service: shells, URLs and Python strings each quote it in another way.
const SERVICE: &str = "Ada's shop";

/// The slug of the dataset that [`SERVICE`] becomes.
const DATASET: &str = "ada-s-shop";

/// Somebody who follows the instructions, in a folder of their own, with the packages installed.
struct Reader {
    folder: TempDir,
    activate: PathBuf,
    ui: String,
}

struct Block {
    title: String,
    text: String,
}

impl Reader {
    fn new() -> Option<Self> {
        let (Some(python), Some(ui)) = (handed("WAGGLE_TEST_PYTHON"), handed("WAGGLE_TEST_UI"))
        else {
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let packages = clients().join("node_modules");
        assert!(packages.is_dir(), "run `make clients` first");
        symlink(packages, folder.path().join("node_modules")).unwrap();
        Some(Self {
            folder,
            activate: Path::new(&python).with_file_name("activate"),
            ui,
        })
    }

    /// The blocks of a guide, filled in as the page fills them from the session.
    async fn guide(&self, server: &Server, id: &str) -> Vec<Block> {
        let session = server.get("/api/session").await;
        let input = json!({"origin": session["origin"], "grpc": session["grpc"], "xray": session["xray"],
            "team": "default", "environment": "production", "key": KEY,
            "service": SERVICE, "dataset": SERVICE});
        let guides = self.guides(&input);
        let guide = guides.iter().find(|guide| guide["id"] == id);
        let blocks = guide.unwrap_or_else(|| panic!("no guide {id}"))["blocks"].as_array();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        blocks
            .unwrap()
            .iter()
            .map(|block| Block {
                title: text(&block["title"]),
                text: text(&block["text"]),
            })
            .collect()
    }

    fn guides(&self, input: &Value) -> Vec<Value> {
        let output = run(Command::new("node")
            .arg(clients().join("snippets.mjs"))
            .args([&self.ui, &input.to_string()]));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.path().join(file), text).unwrap();
    }

    /// A shell with the Python environment active, as it is after the install step, and Waggle at hand.
    fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        command
            .args(["-ec", r#". "$1"; PATH="$2:$PATH"; eval "$3""#, "bash"])
            .arg(&self.activate)
            .arg(Path::new(env!("CARGO_BIN_EXE_waggle")).parent().unwrap())
            .arg(script)
            .current_dir(self.folder.path());
        command
    }

    /// Runs shell lines to their end.
    fn run(&self, script: &str) -> Output {
        run(&mut self.shell(script))
    }

    /// Runs a program that has nothing to say: whatever it prints is a complaint.
    fn run_quietly(&self, script: &str) {
        let output = self.run(script);
        let said = [output.stdout, output.stderr].concat();
        assert_eq!(String::from_utf8_lossy(&said), "", "{script}");
    }

    /// Runs a program that sends one span through what these variables ask for, and checks what its exporter said.
    fn trace_with(&self, exports: &str) {
        let script = clients().join("traced.py");
        let output = self.run(&format!(
            "{exports}\nopentelemetry-instrument python '{}'",
            script.display()
        ));
        let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(seen, json!({"flushed": true, "complaints": []}));
    }

    /// Starts shell lines whose last one is a server, and waits until it listens.
    async fn serve(&self, script: &str, port: u16) -> Running {
        let (before, last) = script.rsplit_once('\n').unwrap();
        let log = self.folder.path().join("log");
        let file = File::create(&log).unwrap();
        // `exec` makes the server our own child, so that it hears what we tell it and ends with the test.
        let mut command = self.shell(&format!("{before}\nexec {last}"));
        command.stdout(file.try_clone().unwrap()).stderr(file);
        let mut running = Running {
            child: command.spawn().unwrap(),
            log,
        };
        eventually("the app listens", async || {
            let ended = running.child.try_wait().unwrap();
            assert!(ended.is_none(), "{last} ended:\n{}", running.log());
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        })
        .await;
        running
    }
}

/// A program that goes on until Ctrl-C; killed when dropped.
struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Presses Ctrl-C, on which the SDK sends what it holds. Where the tests run with interrupts ignored, the SDK's own timer sends it.
    fn interrupt(&self) {
        run(Command::new("kill").args(["-INT", &self.child.id().to_string()]));
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn clients() -> PathBuf {
    repository().join("tests/clients")
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The lines of a block without its last one, which is a program that the tests do not have.
fn without_last<'a>(text: &'a str, last: &str) -> &'a str {
    let (before, program) = text.rsplit_once('\n').unwrap();
    assert_eq!(program, last);
    before
}

/// An install line is not run, but whatever it names is what the tests were run with. Python's begins with an environment of one's own.
fn check_install(text: &str) {
    let canonical = |name: &str| name.to_lowercase().replace('_', "-");
    let line = text.strip_prefix("python3 -m venv .venv && . .venv/bin/activate\n");
    assert_eq!(line.is_some(), text.contains("pip"), "{text}");
    let mut words = line
        .unwrap_or(text)
        .split_whitespace()
        .filter(|word| *word != "\\");
    let (tool, verb) = (words.next().unwrap(), words.next().unwrap());
    assert_eq!(verb, "install", "{text}");
    let pinned: HashSet<String> = if tool == "pip" {
        let lines = std::fs::read_to_string(clients().join("requirements.txt")).unwrap();
        lines
            .lines()
            .map(|line| canonical(line.split_once("==").unwrap().0))
            .collect()
    } else {
        assert_eq!(tool, "npm", "{text}");
        let package = std::fs::read(clients().join("package.json")).unwrap();
        let package: Value = serde_json::from_slice(&package).unwrap();
        package["dependencies"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    let named: Vec<&str> = words.collect();
    assert!(!named.is_empty(), "{text}");
    for name in named {
        assert!(pinned.contains(&canonical(name)), "{name} is not pinned");
    }
}

/// The only row of the dataset.
async fn only_row(server: &Server, dataset: &str) -> Value {
    let rows = server.rows(dataset, json!([])).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0]["data"].clone()
}

/// What every snippet that sends the example event must leave behind.
fn check_checkout(event: &Value, duration_ms: f64) {
    assert_eq!(event["name"], "checkout");
    assert!(event["duration_ms"].is_f64(), "{event}");
    assert_eq!(event["duration_ms"], duration_ms);
}

/// The span a request to the app must leave behind.
fn check_server_span(span: &Value, service: &str) {
    assert_eq!(span["name"], "GET /");
    assert_eq!(span["service.name"], service);
    assert_eq!(span["meta.signal_type"], "trace");
    assert_eq!(span["span.kind"], "server");
    assert!(span["duration_ms"].as_f64().unwrap() > 0.0, "{span}");
    assert!(span.get("trace.parent_id").is_none(), "{span}");
}

#[test]
fn every_guide_has_a_test() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let input = json!({"origin": "http://a", "grpc": "a:1", "xray": "a:2", "team": "t",
        "environment": "e", "key": "k", "service": "s", "dataset": "s"});
    let guides = reader.guides(&input);
    let ids: Vec<&str> = guides
        .iter()
        .map(|guide| guide["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids,
        [
            "flask",
            "node",
            "otel",
            "go",
            "collector",
            "xray",
            "aws",
            "libhoney-py",
            "libhoney-js",
            "curl"
        ]
    );
}

#[tokio::test]
async fn the_flask_guide_works_as_written() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let port = free_port();
    let with_port = |text: &str| {
        assert!(text.contains("5000"), "{text}");
        text.replace("5000", &port.to_string())
    };
    let mut app = None;
    for block in reader.guide(&server, "flask").await {
        match block.title.as_str() {
            "Install the packages" => check_install(&block.text),
            "app.py" => reader.write("app.py", &block.text),
            "Run it" => app = Some(reader.serve(&with_port(&block.text), port).await),
            "Send it a request, from another terminal" => {
                assert_eq!(reader.run(&with_port(&block.text)).stdout, b"hello\n");
            }
            other => panic!("no test runs {other:?}"),
        }
    }
    let app = app.expect("the guide starts the app");
    app.interrupt();
    server.received(1).await;
    assert!(!app.log().contains("xport"), "{}", app.log());
    check_server_span(&only_row(&server, DATASET).await, SERVICE);
}

#[tokio::test]
async fn the_node_guide_works_as_written() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let port = free_port();
    let with_port = |text: &str| {
        assert!(text.contains("3000"), "{text}");
        text.replace("3000", &port.to_string())
    };
    let mut app = None;
    for block in reader.guide(&server, "node").await {
        match block.title.as_str() {
            "Install the packages" => check_install(&block.text),
            "app.js" => reader.write("app.js", &with_port(&block.text)),
            "Run it" => {
                // The packages would ask clouds whether this is one of their machines, and hold spans for 5 s.
                let script = format!(
                    "export OTEL_NODE_RESOURCE_DETECTORS=env,process OTEL_BSP_SCHEDULE_DELAY=200\n{}",
                    block.text
                );
                app = Some(reader.serve(&script, port).await);
            }
            "Send it a request, from another terminal" => {
                assert_eq!(reader.run(&with_port(&block.text)).stdout, b"hello\n");
            }
            other => panic!("no test runs {other:?}"),
        }
    }
    let _app = app.expect("the guide starts the app");
    server.received(1).await;
    let span = eventually("the span of the request arrives", async || {
        let rows = server.rows(DATASET, json!([])).await;
        let mut spans = rows.into_iter().map(|mut row| row["data"].take());
        spans.find(|span| span["span.kind"] == "server")
    });
    check_server_span(&span.await, SERVICE);
}

#[tokio::test]
async fn the_variables_for_other_languages_reach_both_doors() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let mut protocols = Vec::new();
    for block in reader.guide(&server, "otel").await {
        let protocol = match block.title.as_str() {
            "OTLP over HTTP" => "http/protobuf",
            "OTLP over gRPC" => "grpc",
            other => panic!("no test runs {other:?}"),
        };
        assert!(block.text.contains(protocol), "{}", block.text);
        protocols.push(protocol);
        reader.trace_with(&block.text);
        assert_eq!(server.rows(DATASET, json!([])).await.len(), protocols.len());
    }
    assert_eq!(protocols, ["http/protobuf", "grpc"]);
    for row in server.rows(DATASET, json!([])).await {
        assert_eq!(row["data"]["name"], "nightly-report");
        assert_eq!(row["data"]["service.name"], SERVICE);
        assert_eq!(row["data"]["report.rows"], 12);
    }
}

#[tokio::test]
async fn the_variables_for_go_reach_the_server() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let blocks = reader.guide(&server, "go").await;
    let run = blocks.iter().find(|block| block.title == "Run it").unwrap();
    reader.trace_with(without_last(&run.text, "go run ."));
    assert_eq!(only_row(&server, DATASET).await["service.name"], SERVICE);
}

#[tokio::test]
async fn the_collectors_endpoint_and_header_reach_the_server() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let mut exporter = None;
    for block in reader.guide(&server, "collector").await {
        match block.title.as_str() {
            "config.yaml" => {
                reader.write("config.yaml", &block.text);
                let read =
                    "import json, yaml; print(json.dumps(yaml.safe_load(open('config.yaml'))))";
                let config = reader.run(&format!("python -c \"{read}\""));
                let config: Value = serde_json::from_slice(&config.stdout).unwrap();
                exporter = Some(config["exporters"]["otlphttp"].clone());
            }
            "Run it" => assert_eq!(block.text, "otelcol --config config.yaml"),
            "For each app that sends to it" => {
                // What the Collector would send on goes by its own endpoint and header instead.
                let exporter = exporter.as_ref().unwrap();
                let endpoint = exporter["endpoint"].as_str().unwrap();
                let key = exporter["headers"]["x-honeycomb-team"].as_str().unwrap();
                reader.trace_with(&format!(
                    "{}\nexport OTEL_EXPORTER_OTLP_ENDPOINT='{endpoint}' OTEL_EXPORTER_OTLP_HEADERS='x-honeycomb-team={key}'",
                    block.text
                ));
            }
            other => panic!("no test runs {other:?}"),
        }
    }
    assert_eq!(only_row(&server, DATASET).await["service.name"], SERVICE);
}

#[tokio::test]
async fn the_xray_guide_works_as_written() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let (app_port, relay_port) = (free_port().to_string(), free_port().to_string());
    let ports = |text: &str| {
        text.replace("--port 5000", &format!("--port {app_port}"))
            .replace(":5000/", &format!(":{app_port}/"))
            .replace(":2000\n", &format!(":{relay_port}\n"))
    };
    let app = app_port.parse().unwrap();
    let mut relay = None;
    let mut runs = Vec::new();
    for block in reader.guide(&server, "xray").await {
        match block.title.as_str() {
            "Install the packages" => check_install(&block.text),
            "app.py" => reader.write("app.py", &block.text),
            "Run it on the machine of this server" => {
                assert!(block.text.contains(&server.xray), "{}", block.text);
                runs.push(ports(&block.text));
            }
            "On another machine: a relay in the place of AWS’s daemon" => {
                // The block leaves the ports at the daemon's own.
                let script = format!(
                    ":\n{} -b 127.0.0.1:{relay_port} -t 127.0.0.1:{relay_port}",
                    block.text
                );
                let port = relay_port.parse().unwrap();
                relay = Some(reader.serve(&script, port).await);
            }
            "Run it beside the relay" => runs.push(ports(&block.text)),
            "Send it a request, from another terminal" => {
                assert!(relay.is_some() && runs.len() == 2);
                for (before, script) in runs.iter().enumerate() {
                    let running = reader.serve(script, app).await;
                    assert_eq!(reader.run(&ports(&block.text)).stdout, b"hello\n");
                    eventually("the segment arrives", async || {
                        let count = server.count("__all__", json!([])).await;
                        (count == before as i64 + 1).then_some(())
                    })
                    .await;
                    drop(running);
                }
            }
            other => panic!("no test runs {other:?}"),
        }
    }
    let rows = server.rows(DATASET, json!([])).await;
    assert_eq!(rows.len(), 2);
    for row in rows {
        assert_eq!(row["data"]["service.name"], SERVICE);
        assert_eq!(row["data"]["span.kind"], "server");
        assert_eq!(row["data"]["http.response.status_code"], 200);
    }
}

#[tokio::test]
async fn the_guide_of_awss_tools_works_as_written() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let server = Server::start(&reader.folder.path().join("waggle-data"), &[]);
    let mut key = String::new();
    let mut exports = String::new();
    for block in reader.guide(&server, "aws").await {
        match block.title.as_str() {
            "Install the packages" => check_install(&block.text),
            "Make a key, in the folder of the server" => {
                key = String::from_utf8(reader.run(&block.text).stdout).unwrap();
            }
            "Name the endpoint and the key; any region will do" => {
                exports = block.text;
                for (name, placeholder) in [
                    ("AWS_ACCESS_KEY_ID=", "YOUR_ACCESS_KEY_ID"),
                    ("AWS_SECRET_ACCESS_KEY=", "YOUR_SECRET_ACCESS_KEY"),
                ] {
                    let value = key
                        .lines()
                        .find_map(|line| line.strip_prefix(name))
                        .unwrap();
                    assert!(exports.contains(placeholder), "{exports}");
                    exports = exports.replace(placeholder, &format!("'{value}'"));
                }
            }
            "send.py" => reader.write("send.py", &block.text),
            "Run it" => {
                // The endpoint that the program names is enough.
                reader.run_quietly(&format!(
                    "{exports}\nunset AWS_ENDPOINT_URL_XRAY\n{}",
                    block.text
                ));
                let segment = only_row(&server, DATASET).await;
                assert_eq!(segment["service.name"], SERVICE);
                assert!((segment["duration_ms"].as_f64().unwrap() - 153.12).abs() < 0.01);
            }
            "Traces of the last hour" => {
                // The range ends with a whole second: what was sent within the same one is behind it.
                let summaries = eventually("the second is over", async || {
                    let answer = reader.run(&format!("{exports}\n{}", block.text));
                    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
                    let summaries = answer["TraceSummaries"].as_array().unwrap().clone();
                    (!summaries.is_empty()).then_some(summaries)
                });
                assert_eq!(summaries.await.len(), 1);
            }
            other => panic!("no test runs {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_libhoney_guides_work_as_written() {
    let Some(reader) = Reader::new() else {
        return;
    };
    for guide in ["libhoney-py", "libhoney-js"] {
        let data = tempfile::tempdir().unwrap();
        let server = Server::start(data.path(), &[]);
        for block in reader.guide(&server, guide).await {
            match block.title.as_str() {
                "Install the packages" => check_install(&block.text),
                file @ ("send.py" | "send.mjs") => reader.write(file, &block.text),
                "Run it" => reader.run_quietly(&block.text),
                other => panic!("no test runs {other:?}"),
            }
        }
        let event = only_row(&server, DATASET).await;
        check_checkout(&event, 153.12);
        assert_eq!(event["cart.items"], 3, "{guide}: {event}");
    }
}

#[tokio::test]
async fn the_curl_guide_works_as_written() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let mut sent = 0;
    for block in reader.guide(&server, "curl").await {
        let answer = String::from_utf8(reader.run(&block.text).stdout).unwrap();
        match block.title.as_str() {
            "One event" => {
                sent += 1;
                assert_eq!(answer, "", "an event is answered with nothing");
                let event = only_row(&server, DATASET).await;
                check_checkout(&event, 153.12);
                assert_eq!(event["cart.items"], 3);
            }
            "A batch" => {
                sent += 2;
                let statuses: Value = serde_json::from_str(&answer).unwrap();
                assert_eq!(statuses, json!([{"status": 202}, {"status": 202}]));
                let sampled = server
                    .rows(
                        DATASET,
                        json!([{"column": "duration_ms", "op": "=", "value": 98.4}]),
                    )
                    .await;
                check_checkout(&sampled[0]["data"], 98.4);
                assert_eq!(sampled[0]["sample_rate"], 2);
            }
            other => panic!("no test runs {other:?}"),
        }
        assert_eq!(server.rows(DATASET, json!([])).await.len(), sent);
    }
    assert_eq!(
        server.count(DATASET, json!([])).await,
        4,
        "one event stands for two"
    );
}

/// The part of the banner under one heading.
fn under<'a>(banner: &'a str, heading: &str, next: &str) -> &'a str {
    let (_, rest) = banner
        .split_once(heading)
        .unwrap_or_else(|| panic!("no {heading:?} in {banner}"));
    let (text, _) = rest
        .split_once(next)
        .unwrap_or_else(|| panic!("no {next:?} after {heading:?} in {banner}"));
    text.trim()
}

#[tokio::test]
async fn the_flask_lines_of_the_banner_work_in_an_app_of_ones_own() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let text = under(
        &server.banner,
        "OpenTelemetry (Python, Flask):",
        "libhoney (Python):",
    );
    let (shell, python) = text.split_once("\n\n").unwrap();
    let (install, exports) = shell.split_once("\nexport").unwrap();
    let exports = format!("export{exports}");
    check_install(install);
    reader.write(
        "app.py",
        &format!(
            r#"from flask import Flask
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

app = Flask(__name__)
{python}
app.get("/")(lambda: "hello")
"#
        ),
    );
    let port = free_port();
    let app = reader
        .serve(&format!("{exports}\nflask run --port {port}"), port)
        .await;
    reader.run(&format!("curl -sSf http://127.0.0.1:{port}/"));
    app.interrupt();
    server.received(1).await;
    assert!(!app.log().contains("xport"), "{}", app.log());
    check_server_span(&only_row(&server, "backend-flask").await, "backend-flask");

    // The hint about gRPC names two variables and leaves the others as they are.
    let (_, hint) = server.banner.split_once("OTLP over gRPC:").unwrap();
    let variables: Vec<&str> = hint
        .split_whitespace()
        .filter(|word| word.starts_with("OTEL_"))
        .collect();
    assert_eq!(variables.len(), 2, "{hint}");
    reader.trace_with(&format!("{exports}\nexport {}", variables.join(" ")));
    assert_eq!(server.rows("backend-flask", json!([])).await.len(), 2);
}

#[tokio::test]
async fn the_libhoney_and_curl_lines_of_the_banner_work_as_printed() {
    let Some(reader) = Reader::new() else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    reader.write(
        "send.py",
        under(&server.banner, "libhoney (Python):\n\n", "curl:"),
    );
    reader.run_quietly("python send.py");
    check_checkout(&only_row(&server, "shop").await, 12.5);

    let answer = reader.run(under(&server.banner, "curl:\n\n", "OTLP over gRPC:"));
    assert_eq!(answer.stdout, b"");
    let rows = server.rows("shop", json!([])).await;
    assert_eq!(rows.len(), 2);
    check_checkout(&rows[0]["data"], 12.5);
}
