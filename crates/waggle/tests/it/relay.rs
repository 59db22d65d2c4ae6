//! `waggle xray-relay`: what applications send arrives once, whether the server is there or not, and whether the relay is killed or not.

use crate::server::{KEY, Server, eventually};
use crate::xray_api::aws_key;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_rustls::TlsAcceptor;

struct Relay {
    child: Child,
    udp: String,
    tcp: String,
}

impl Relay {
    fn start(buffer: &Path, endpoint: &str, flags: &[&str]) -> Self {
        let key = [("WAGGLE_API_KEY", KEY)];
        Self::start_as(buffer, endpoint, flags, &key)
    }

    fn start_as(buffer: &Path, endpoint: &str, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_waggle"))
            .arg("xray-relay")
            .args(["--endpoint", endpoint, "--buffer-dir"])
            .arg(buffer)
            .args(["-b", "127.0.0.1:0", "-t", "127.0.0.1:0", "-l", "warn"])
            .args(flags)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let (_, addresses) = line.split_once("UDP ").expect("the relay should start");
        let (udp, tcp) = addresses.trim().split_once(", TCP ").unwrap();
        Self {
            child,
            udp: udp.to_owned(),
            tcp: tcp.to_owned(),
        }
    }

    async fn send(&self, numbers: std::ops::Range<u32>) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        for number in numbers {
            let document = format!(
                r#"{{"name":"shop","id":"a1{number:014x}","trace_id":"1-6740a0f0-{number:024x}","start_time":1732269999.5,"end_time":1732270000}}"#
            );
            let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{document}");
            socket
                .send_to(datagram.as_bytes(), &self.udp)
                .await
                .unwrap();
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until the server has so many different segments, and checks that it has none twice.
async fn check_arrived(server: &Server, count: i64) {
    let spec = json!({
        "start_time": 1_732_269_000, "end_time": 1_732_271_000,
        "calculations": [{"op": "COUNT"}, {"op": "COUNT_DISTINCT", "column": "trace.span_id"}],
    });
    let total = eventually("all documents arrive", async || {
        let answer = server.query("__all__", spec.clone()).await;
        let total = answer["total"].clone();
        (total["COUNT_DISTINCT(trace.span_id)"].as_i64() >= Some(count)).then_some(total)
    })
    .await;
    assert_eq!(total["COUNT"], count, "{total}");
}

/// An address nobody listens on for now.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Waits until the relay's buffer holds so many bytes.
async fn buffered(buffer: &Path, bytes_min: u64) {
    eventually("the relay writes its buffer", async || {
        let files = std::fs::read_dir(buffer).ok()?;
        let bytes: u64 = files
            .filter_map(|file| Some(file.ok()?.metadata().ok()?.len()))
            .sum();
        (bytes >= bytes_min).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_sent_while_the_server_is_down_arrives_once() {
    let (data, buffer) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let address = free_address();
    let endpoint = format!("http://{address}");
    let relay = Relay::start(buffer.path(), &endpoint, &[]);
    relay.send(0..60).await;
    buffered(buffer.path(), 60 * 130).await;
    // Killed with everything in its buffer.
    drop(relay);
    let relay = Relay::start(buffer.path(), &endpoint, &[]);
    relay.send(60..120).await;
    let server = Server::start(data.path(), &["--http", &address]);
    check_arrived(&server, 120).await;
    // The server goes and comes back while more is sent.
    server.kill();
    relay.send(120..150).await;
    let server = Server::start(data.path(), &["--http", &address]);
    check_arrived(&server, 150).await;
}

#[tokio::test]
async fn calls_by_tcp_are_passed_on_with_the_key_of_the_relay() {
    let (data, buffer) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(data.path(), &[]);
    let variables = [
        ("WAGGLE_API_KEY", KEY),
        ("HTTP_PROXY", "http://proxy.invalid:3128"),
        ("NO_PROXY", ".internal, 127.0.0.1"),
    ];
    let relay = Relay::start_as(
        buffer.path(),
        &server.origin,
        &["-n", "eu-x-1", "-o", "-m", "3", "-r", "arn:role"],
        &variables,
    );
    let call = async |path: &str, body: Value| {
        let address = format!("http://{}{path}", relay.tcp);
        let answer = server.http.post(address).json(&body).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap())
    };
    let (status, answer) = call("/EncryptionConfig", json!({})).await;
    assert_eq!(
        (status, &answer["EncryptionConfig"]["Type"]),
        (200, &json!("NONE"))
    );
    let (status, answer) = call("/TraceSegments", json!({})).await;
    assert_eq!(
        (status, &answer["__type"]),
        (400, &json!("InvalidRequestException"))
    );
    let sent = async |path: &str| {
        let call = reqwest::Client::new().post(format!("http://{}{path}", relay.tcp));
        call.send().await.unwrap()
    };
    // What the server says in headers of its own comes back as well.
    let answer = sent("/ListResourcePolicies").await;
    assert!(answer.headers().contains_key("x-waggle-warning"));
    server.kill();
    let answer = sent("/EncryptionConfig").await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["x-amzn-requestid"].len(), 36);
}

#[tokio::test]
async fn credentials_sign_in_the_place_of_a_key() {
    let (data, buffer) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(data.path(), &[]);
    let (id, secret) = aws_key(data.path());
    let credentials = [
        ("AWS_ACCESS_KEY_ID", id.as_str()),
        ("AWS_SECRET_ACCESS_KEY", secret.as_str()),
    ];
    let relay = Relay::start_as(buffer.path(), &server.origin, &["--sign"], &credentials);
    relay.send(0..20).await;
    check_arrived(&server, 20).await;
    let address = format!("http://{}/EncryptionConfig?b=%2F&a", relay.tcp);
    let answer = server.http.post(address).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// Speaks TLS before a server that doesn't, as a proxy in front of one; returns the port, and the certificate of the authority that says
/// it is `localhost`.
async fn tls_before(origin: &str) -> (u16, String) {
    let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let authority = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    let provider = rustls::crypto::ring::default_provider();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = origin.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, server) = (acceptor.clone(), server.clone());
            tokio::spawn(async move {
                // Who does not believe the certificate goes away here.
                if let Ok(mut client) = acceptor.accept(stream).await {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    });
    (port, pem)
}

#[tokio::test]
async fn a_server_behind_tls_is_called_when_its_certificate_is_believed() {
    let (data, buffer) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(data.path(), &[]);
    let (port, pem) = tls_before(&server.origin).await;
    let file = data.path().join("authority.pem");
    std::fs::write(&file, pem).unwrap();
    let trusted = ["--ca-file", file.to_str().unwrap()];
    let (_, other_pem) = tls_before(&server.origin).await;
    let other_file = data.path().join("other-authority.pem");
    std::fs::write(&other_file, other_pem).unwrap();
    let other = ["--ca-file", other_file.to_str().unwrap()];
    let status = async |relay: &Relay| {
        let address = format!("http://{}/EncryptionConfig", relay.tcp);
        server.http.post(address).send().await.unwrap().status()
    };
    let endpoint = format!("https://localhost:{port}");
    let other_name = format!("https://127.0.0.1:{port}");
    for (endpoint, flags) in [(&endpoint, &other), (&other_name, &trusted)] {
        let relay = Relay::start(buffer.path(), endpoint, flags);
        relay.send(0..30).await;
        buffered(buffer.path(), 30 * 130).await;
        assert_eq!(status(&relay).await, 503, "{endpoint}");
    }
    // What nobody was told waits still.
    let relay = Relay::start(buffer.path(), &endpoint, &trusted);
    relay.send(30..60).await;
    check_arrived(&server, 60).await;
    assert_eq!(status(&relay).await, 200);
    drop(relay);
    let (id, secret) = aws_key(data.path());
    let credentials = [
        ("AWS_ACCESS_KEY_ID", id.as_str()),
        ("AWS_SECRET_ACCESS_KEY", secret.as_str()),
        // None.
        ("HTTPS_PROXY", ""),
    ];
    let flags = ["--sign", trusted[0], trusted[1]];
    let relay = Relay::start_as(buffer.path(), &endpoint, &flags, &credentials);
    relay.send(60..90).await;
    check_arrived(&server, 90).await;
}

#[test]
fn a_taken_address_and_a_wrong_file_are_named() {
    let buffer = tempfile::tempdir().unwrap();
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let config = buffer.path().join("cfg.yaml");
    std::fs::write(&config, "Socket:\n  UDPAddres: x\n").unwrap();
    for (flags, text) in [
        (["--bind", &address], "--bind"),
        (["--config", config.to_str().unwrap()], "UDPAddres"),
        (["--endpoint", "ftp://x"], "http://"),
        (["--ca-file", "/nowhere.pem"], "/nowhere.pem"),
    ] {
        let free = match text {
            "--bind" => &[][..],
            _ => &["--bind", "127.0.0.1:0"],
        };
        let output = Command::new(env!("CARGO_BIN_EXE_waggle"))
            .args(["xray-relay", "-t", "127.0.0.1:0", "--buffer-dir"])
            .arg(buffer.path())
            .args(free)
            .args(flags)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(text), "{error}");
    }
    let files = std::fs::read_dir(buffer.path()).unwrap();
    let spools = files.filter(|file| file.as_ref().unwrap().path() != config);
    assert_eq!(spools.count(), 0, "what does not start leaves nothing");
}
