//! A server under test: the built binary on port 0, its key, and calls to ask it things.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

/// The API key every test server is given.
pub(crate) const KEY: &str = "abc123DEF456ghi789jklm";

/// How long a condition may take to come true.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) origin: String,
    pub(crate) otlp_http: String,
    pub(crate) grpc: String,
    /// UDP and TCP of X-Ray's daemon protocol.
    pub(crate) xray: String,
    pub(crate) banner: String,
    pub(crate) http: reqwest::Client,
}

impl Server {
    /// Starts a server that asks for keys.
    pub(crate) fn start(data_dir: &Path, flags: &[&str]) -> Self {
        Self::try_start(data_dir, flags).expect("the server should start")
    }

    /// Starts a server; the error is what it printed to standard error before it ended.
    pub(crate) fn try_start(data_dir: &Path, flags: &[&str]) -> Result<Self, String> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_waggle"))
            .arg("serve")
            .arg("--data-dir")
            .arg(data_dir)
            .args([
                "--http",
                "127.0.0.1:0",
                "--otlp-http",
                "127.0.0.1:0",
                "--grpc",
                "127.0.0.1:0",
                "--xray",
                "127.0.0.1:0",
                "--xray-key",
                KEY,
                "--log",
                "warn",
            ])
            .args(flags)
            .env("WAGGLE_BOOTSTRAP_API_KEY", KEY)
            .env("WAGGLE_BOOTSTRAP_ADMIN_EMAIL", "ada@example.com")
            .env("WAGGLE_BOOTSTRAP_ADMIN_PASSWORD", "correct horse battery")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary should run");
        let stdout = child.stdout.take().expect("stdout is piped");
        let (sender, receiver) = sync_channel(256);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut banner = String::new();
        let find = |banner: &str, name: &str| {
            let line = banner
                .lines()
                .find(|line| line.trim_start().starts_with(name))?;
            Some(line.trim_start()[name.len()..].trim().to_owned())
        };
        // The last line of the banner is the gRPC hint.
        while !banner.contains("OTLP over gRPC:") {
            match receiver.recv_timeout(PATIENCE) {
                Ok(line) => banner = banner + &line + "\n",
                Err(_) => {
                    let _ = child.kill();
                    let mut error = String::new();
                    child
                        .stderr
                        .take()
                        .expect("stderr is piped")
                        .read_to_string(&mut error)
                        .unwrap();
                    let _ = child.wait();
                    return Err(error);
                }
            }
        }
        // Standard error goes on to the test's own, so that a failure shows what the server said.
        let stderr = child.stderr.take().expect("stderr is piped");
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                eprintln!("[server] {line}");
            }
        });
        Ok(Self {
            origin: find(&banner, "UI and API").expect("the banner names the address"),
            otlp_http: find(&banner, "OTLP/HTTP").expect("the banner names the address"),
            grpc: find(&banner, "OTLP/gRPC").expect("the banner names the address"),
            xray: find(&banner, "X-Ray daemon").expect("the banner names the address"),
            banner,
            child,
            http: reqwest::Client::new(),
        })
    }

    /// Ends the process at once, as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to stop and waits until it has; returns true when it ended well.
    pub(crate) fn stop(mut self) -> bool {
        let status = Command::new("kill")
            .arg("-TERM")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(status.success());
        self.child.wait().unwrap().success()
    }

    /// A request with the key.
    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.origin))
            .header("X-Honeycomb-Team", KEY)
    }

    /// GETs JSON with the key.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self
            .request(reqwest::Method::GET, path)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "GET {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// POSTs JSON with the key and expects a success.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self
            .request(reqwest::Method::POST, path)
            .json(body)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "POST {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Runs a query over the last two hours through the UI's door.
    pub(crate) async fn query(&self, dataset: &str, spec: Value) -> Value {
        self.post(
            &format!("/api/environments/production/datasets/{dataset}/query"),
            &spec,
        )
        .await
    }

    /// The number of events of a dataset that pass the filters.
    pub(crate) async fn count(&self, dataset: &str, filters: Value) -> i64 {
        let answer = self
            .query(
                dataset,
                json!({"calculations": [{"op": "COUNT"}], "filters": filters}),
            )
            .await;
        answer["total"]["COUNT"].as_i64().unwrap_or_default()
    }

    /// The newest raw rows of a dataset, up to 1000, from any time.
    pub(crate) async fn rows(&self, dataset: &str, filters: Value) -> Vec<Value> {
        let body = json!({"filters": filters, "limit": 1000, "start_time": 0, "end_time": 4_000_000_000_u64});
        let answer = self
            .post(
                &format!("/api/environments/production/datasets/{dataset}/rows"),
                &body,
            )
            .await;
        answer["rows"].as_array().unwrap().clone()
    }

    /// Waits as the Send data page does, until the server holds this many events.
    pub(crate) async fn received(&self, events: u64) {
        let what = format!("{events} event(s) received");
        eventually(&what, async || {
            let answer = self.get("/api/environments/production/onboarding").await;
            let seen = answer["received"]["events"].as_u64().unwrap();
            (seen >= events).then_some(())
        })
        .await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// A value the Makefile hands to the acceptance tests; `None`, said aloud, when the test runs without it.
#[expect(
    clippy::disallowed_methods,
    reason = "the acceptance tests learn from the Makefile where the clients are"
)]
pub(crate) fn handed(variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok();
    if value.is_none() {
        eprintln!("SKIPPED: {variable} is not set; run this test through `make test`");
    }
    value
}

/// Asks again and again until the answer is there, and gives up loudly when patience ends.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "still waiting after {PATIENCE:?}: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Runs a client to its end and returns what it printed as JSON.
pub(crate) fn run_client(command: &mut Command) -> Value {
    let output = run(command);
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last)
        .unwrap_or_else(|error| panic!("the client printed {text:?}: {error}"))
}

/// Runs a command to its end and expects success.
pub(crate) fn run(command: &mut Command) -> Output {
    let started = Instant::now();
    let output = command.output().unwrap();
    eprintln!("{:?} took {:?}", command.get_program(), started.elapsed());
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
