use super::*;
use crate::relay::RelayConfig;
use std::path::PathBuf;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

fn config(endpoint: &str, proxy: Option<String>) -> RelayConfig {
    RelayConfig {
        endpoint: endpoint.to_owned(),
        ca_file: None,
        api_key: None,
        credentials: None,
        buffer_dir: PathBuf::new(),
        buffer_bytes_max: 0,
        hostname: None,
        instance_id: None,
        resource_arn: None,
        proxy,
        proxy_exempt: String::new(),
    }
}

/// A port that reads one request up to its empty line, answers, and tells what it has read.
async fn port(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let read = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        while !read.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
            let mut bytes = [0; 1_024];
            let count = stream.read(&mut bytes).await.unwrap();
            assert!(count > 0, "the request should end");
            read.extend_from_slice(&bytes[..count]);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(read).unwrap()
    });
    (address, read)
}

async fn call(config: &RelayConfig) -> Result<Answer, CallError> {
    let client = Client::new(config).unwrap();
    let request = client.request(Method::POST, "/TraceSegments", Bytes::new());
    client.call(request.unwrap()).await
}

const EMPTY: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

#[tokio::test]
async fn a_proxy_is_told_the_server_and_the_password() {
    let (address, read) = port(EMPTY).await;
    let proxy = format!("http://me:a%40b@{address}");
    let answer = call(&config("http://waggle.invalid/base", Some(proxy)))
        .await
        .unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.body[..]),
        (200, &b"{}"[..])
    );
    let read = read.await.unwrap();
    assert!(
        read.starts_with("POST http://waggle.invalid/base/TraceSegments HTTP/1.1\r\n"),
        "{read}"
    );
    // me:a@b
    assert!(
        read.contains("proxy-authorization: Basic bWU6YUBi\r\n"),
        "{read}"
    );
    assert!(read.contains("host: waggle.invalid\r\n"), "{read}");
}

#[tokio::test]
async fn an_exempt_server_is_called_without_the_proxy() {
    let (address, read) = port(EMPTY).await;
    let mut config = config(
        &format!("http://{address}"),
        Some("proxy.invalid".to_owned()),
    );
    for (exempt, has_answer) in [("elsewhere", false), ("elsewhere, 127.0.0.0/8", true)] {
        config.proxy_exempt = exempt.to_owned();
        assert_eq!(call(&config).await.is_ok(), has_answer, "{exempt}");
    }
    let read = read.await.unwrap();
    assert!(read.starts_with("POST /TraceSegments "), "{read}");
    for (exempt, server, is_meant) in [
        ("", "https://waggle.internal", false),
        (".internal", "https://waggle.internal:8080", true),
        ("*", "http://waggle.example", true),
    ] {
        assert_eq!(is_exempt(&server.parse().unwrap(), exempt), is_meant);
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_said_to_be() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 1_024]).await.unwrap() > 0);
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
            ANSWER_BYTES_MAX + 1
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // Until the client has seen enough and goes away.
        while stream.write_all(&[b'x'; 1 << 16]).await.is_ok() {}
    });
    let error = call(&config(&format!("http://{address}"), None)).await;
    assert!(matches!(error, Err(CallError::TooLarge)), "{error:?}");
    server.await.unwrap();
}

#[tokio::test]
async fn a_proxy_does_not_read_what_goes_by_tls() {
    let (address, read) = port("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
    let (_dir, ca_file) = authority();
    let config = RelayConfig {
        ca_file: Some(ca_file),
        ..config("https://waggle.invalid", Some(address))
    };
    let error = call(&config).await.unwrap_err();
    let error = error.to_string();
    assert!(error.contains("authorization required"), "{error}");
    let read = read.await.unwrap();
    assert!(
        read.starts_with("CONNECT waggle.invalid:443 HTTP/1.1\r\n"),
        "{read}"
    );
    assert!(!read.contains("TraceSegments"), "{read}");
}

#[tokio::test]
async fn a_port_is_named_unless_the_scheme_means_it() {
    let (address, read) = port(EMPTY).await;
    call(&config(&format!("http://{address}"), None))
        .await
        .unwrap();
    let read = read.await.unwrap();
    assert!(
        read.starts_with("POST /TraceSegments HTTP/1.1\r\n"),
        "{read}"
    );
    assert!(read.contains(&format!("host: {address}\r\n")), "{read}");
    for (address, host) in [
        ("https://h:443", "h"),
        ("https://h:80", "h:80"),
        ("http://h:80", "h"),
        ("http://[::1]:8080", "[::1]:8080"),
    ] {
        assert_eq!(host_of(&address.parse().unwrap()).unwrap(), host);
    }
}

fn authority() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["waggle.invalid".to_owned()]).unwrap();
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, made.cert.pem()).unwrap();
    (dir, path)
}

#[test]
fn what_makes_no_sense_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let with_file = |path: PathBuf| RelayConfig {
        ca_file: Some(path),
        ..config("https://h", None)
    };
    for (config, text) in [
        (config("ftp://h", None), "http://"),
        (config("h:1", None), "http://"),
        (config("http://h", Some("socks5://p:1".to_owned())), "proxy"),
        (with_file(empty), "no certificate"),
        (with_file(dir.path().join("none.pem")), "none.pem"),
    ] {
        let error = Client::new(&config).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}
