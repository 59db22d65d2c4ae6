use super::*;
use crate::relay::{Relay, RelayConfig};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use waggle_model::Clock;

const TAKEN: &str = r#"{"UnprocessedTraceSegments": []}"#;
const REFUSED: &str = r#"{"__type": "InvalidRequestException"}"#;

/// Sends documents to a server that answers the first calls as told and from then on refuses what has "poison" in it; returns the forwarder
/// and the calls.
async fn forwarded(
    documents: &[&str],
    mut first: Vec<(u16, &'static str)>,
) -> (Forwarder, Vec<String>) {
    first.reverse();
    let script = Arc::new(Mutex::new((first, Vec::new())));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = Arc::clone(&script);
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let served = Arc::clone(&served);
            let answer = service_fn(move |request: Request<Incoming>| {
                let served = Arc::clone(&served);
                async move {
                    let body = request.into_body().collect().await?.to_bytes();
                    let body = String::from_utf8_lossy(&body).into_owned();
                    let mut script = served.lock();
                    let by_content = match body.contains("poison") {
                        true => (400, REFUSED),
                        false => (200, TAKEN),
                    };
                    let (status, text) = script.0.pop().unwrap_or(by_content);
                    script.1.push(body);
                    let mut response = Response::new(Full::<Bytes>::from(text));
                    *response.status_mut() = StatusCode::from_u16(status).unwrap();
                    let elsewhere = HeaderValue::from_static("/elsewhere");
                    response.headers_mut().insert("Location", elsewhere);
                    if text == REFUSED {
                        let name = HeaderValue::from_static("InvalidRequestException");
                        response.headers_mut().insert(ERROR_TYPE, name);
                    }
                    hyper::Result::Ok(response)
                }
            });
            let connection = hyper::server::conn::http1::Builder::new();
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), answer));
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let config = RelayConfig {
        endpoint: format!("http://{address}"),
        ca_file: None,
        api_key: None,
        credentials: None,
        buffer_dir: dir.path().to_owned(),
        buffer_bytes_max: 1 << 20,
        hostname: None,
        instance_id: None,
        resource_arn: None,
        proxy: None,
        proxy_exempt: String::new(),
    };
    let relay = Relay::open(config, Clock::fixed(0)).unwrap();
    for document in documents {
        let mut spool = relay.shared.spool.lock();
        spool.push(Kind::Document, document.as_bytes()).unwrap();
    }
    let running = tokio::spawn(relay.forwarder.clone().run());
    relay.forwarder.emptied().await;
    running.abort();
    server.abort();
    let calls = std::mem::take(&mut script.lock().1);
    (relay.forwarder, calls)
}

fn counted(forwarder: &Forwarder) -> (u64, u64, u64) {
    let counters = &forwarder.0.counters;
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    (
        count(&counters.sent),
        count(&counters.rejected),
        count(&counters.errors),
    )
}

#[tokio::test]
async fn one_document_that_is_refused_takes_no_other_with_it() {
    let documents = ["a", "b", "poison", "c"];
    let (forwarder, calls) = forwarded(&documents, Vec::new()).await;
    assert_eq!(counted(&forwarder), (3, 1, 0));
    let alone = documents.map(|document| format!(r#"{{"TraceSegmentDocuments":["{document}"]}}"#));
    assert_eq!(calls[1..], alone);
}

#[tokio::test]
async fn nothing_is_lost_to_an_answer_that_is_not_the_servers() {
    let plain = "<html>The plain HTTP request was sent to HTTPS port";
    let first = vec![
        (404, "no such page"),
        (200, "<html>"),
        (307, ""),
        (400, plain),
    ];
    let (forwarder, calls) = forwarded(&["a", "b"], first).await;
    assert_eq!(counted(&forwarder), (2, 0, 4));
    assert_eq!(calls.len(), 5);
}

#[tokio::test]
async fn what_is_too_large_together_for_something_between_is_sent_alone() {
    let first = vec![(413, "<html>"), (413, "<html>")];
    let (forwarder, calls) = forwarded(&["a", "b"], first).await;
    // The second one was for one document, which is tried again.
    assert_eq!(counted(&forwarder), (2, 0, 1));
    let alone = ["a", "a", "b"];
    let alone = alone.map(|document| format!(r#"{{"TraceSegmentDocuments":["{document}"]}}"#));
    assert_eq!(calls[1..], alone);
}

#[test]
fn otlp_is_taken_or_refused_in_its_own_words_only() {
    let answer = |status: u16, content_type: &'static str| Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]),
        body: Bytes::new(),
    };
    let outcome = |answer: Answer| outcome(Kind::Traces, &answer);
    let protobuf = "application/x-protobuf";
    assert_eq!(outcome(answer(200, protobuf)), Sent::Taken(0));
    assert!(matches!(outcome(answer(400, protobuf)), Sent::Refused(_)));
    assert!(matches!(outcome(answer(503, protobuf)), Sent::Later(_)));
    for status in [200, 400, 415] {
        assert!(matches!(
            outcome(answer(status, "text/html")),
            Sent::Later(_)
        ));
    }
}
