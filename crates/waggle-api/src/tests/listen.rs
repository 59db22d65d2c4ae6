//! The doors over real sockets: both HTTP versions, limits, panics, shutdown.

use super::sink::Mood;
use super::{Call, Installation};
use crate::{ApiConfig, router, serve_http};
use serde_json::{Value as Json, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Door {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

async fn open(installation: &Installation) -> Door {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let state = installation.state.clone();
    let served = tokio::spawn(async move {
        serve_http(listener, state, async {
            _ = stopped.await;
        })
        .await;
    });
    Door {
        address,
        stop,
        served,
    }
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_on_one_port() {
    let installation = Installation::new().await;
    let door = open(&installation).await;
    for client in [
        reqwest::Client::builder().http1_only().build().unwrap(),
        reqwest::Client::builder()
            .http2_prior_knowledge()
            .build()
            .unwrap(),
    ] {
        let answer = client
            .post(format!("http://{}/1/events/shop", door.address))
            .header("x-honeycomb-team", &installation.key)
            .json(&json!({"n": 1}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["x-request-id"].len(), 16);
    }
    assert_eq!(installation.sink.take().len(), 2);
}

#[tokio::test]
async fn an_oversized_body_gets_an_answer_and_not_a_reset() {
    let installation = Installation::new().await;
    let door = open(&installation).await;
    let answer = reqwest::Client::new()
        .post(format!("http://{}/1/events/shop", door.address))
        .header("x-honeycomb-team", &installation.key)
        .body(vec![b' '; 4_000_000])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    let body: Json = answer.json().await.unwrap();
    assert_eq!(body, json!({"error": "Request body is too large."}));
}

#[tokio::test]
async fn oversized_headers_are_refused() {
    let installation = Installation::new().await;
    let door = open(&installation).await;
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    let request = format!(
        "GET /healthz HTTP/1.1\r\nhost: x\r\nlong: {}\r\n\r\n",
        "x".repeat(100_000)
    );
    // The server may close before all of it is written.
    _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_panic_costs_its_own_request_only() {
    let installation = Installation::new().await;
    let ask = |path: &str| Call::new(router(installation.state.clone()), "GET", path);
    let answer = ask("/panic").send().await;
    assert_eq!(answer.status, 500);
    let body = answer.json();
    assert_eq!(body["error"], "the server could not complete the request");
    assert_eq!(body["request_id"], answer.header("x-request-id"));
    assert!(!answer.text().contains("on purpose"));

    installation.sink.set(Mood::Panic);
    let event = || {
        installation
            .ask_with_key("POST", "/1/events/shop")
            .json(&json!({"n": 1}))
    };
    assert_eq!(event().send().await.status, 500);
    installation.sink.set(Mood::Take);
    assert_eq!(event().send().await.status, 200);
}

#[tokio::test]
async fn a_request_has_only_so_much_time() {
    let installation = Installation::with(ApiConfig {
        request_timeout: Duration::from_millis(20),
        ..ApiConfig::default()
    })
    .await;
    let answer = installation.ask("GET", "/slow").send().await;
    answer.check_error(504, "the request took longer than allowed");
}

#[tokio::test]
async fn requests_beyond_the_limit_are_asked_to_come_back() {
    let installation = Installation::with(ApiConfig {
        requests_concurrent_max: 1,
        ..ApiConfig::default()
    })
    .await;
    let _slow = tokio::spawn(installation.ask("GET", "/slow").send());
    while installation.state.limits.requests.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    let answer = installation.ask("GET", "/healthz").send().await;
    answer.check_error(
        503,
        "the server is answering as many requests as it can; try again",
    );
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn a_shutdown_lets_open_requests_finish_and_idle_connections_go() {
    let installation = Installation::new().await;
    let dataset = installation.dataset(installation.production, "shop").await;
    assert!(dataset.0 > 0);
    let door = open(&installation).await;
    let client = reqwest::Client::new();
    let idle = client.get(format!("http://{}/healthz", door.address));
    assert_eq!(idle.send().await.unwrap().status(), 200);

    let gate = installation.engine.gate.acquire().await.unwrap();
    let query = client
        .post(format!(
            "http://{}/api/environments/production/datasets/shop/query",
            door.address
        ))
        .header("x-honeycomb-team", &installation.key)
        .json(&json!({}))
        .send();
    let query = tokio::spawn(query);
    while installation.engine.asked.lock().is_empty() {
        tokio::task::yield_now().await;
    }
    door.stop.send(()).unwrap();
    while TcpStream::connect(door.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    drop(gate);
    assert_eq!(query.await.unwrap().unwrap().status(), 200);
    tokio::time::timeout(Duration::from_secs(5), door.served)
        .await
        .expect("the door closes once its requests are answered")
        .unwrap();
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_its_query() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    let door = open(&installation).await;
    let _gate = installation.engine.gate.acquire().await.unwrap();
    let query = reqwest::Client::new()
        .post(format!(
            "http://{}/api/environments/production/datasets/shop/query",
            door.address
        ))
        .header("x-honeycomb-team", &installation.key)
        .json(&json!({}))
        .send();
    let query = tokio::spawn(query);
    while installation.engine.asked.lock().is_empty() {
        tokio::task::yield_now().await;
    }
    let all = installation.state.config.requests_concurrent_max;
    assert_eq!(
        installation.state.limits.requests.available_permits(),
        all - 1
    );
    query.abort();
    let cancelled = async {
        while installation.state.limits.requests.available_permits() < all {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), cancelled)
        .await
        .expect("the query ends with its connection");
}
