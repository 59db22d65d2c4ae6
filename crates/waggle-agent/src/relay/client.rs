//! Calls of the server: in the clear or by TLS, straight or through a proxy.

use super::{RelayConfig, RelayError};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::header::{HOST, HeaderMap, HeaderValue, PROXY_AUTHORIZATION};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use percent_encoding::percent_decode_str;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::error::Error;
use std::io::{self, IoSlice};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tower::Service;

/// Longest time of a call, its answer included.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of an answer: five traces of the largest size that a server takes by default, and room.
const ANSWER_BYTES_MAX: usize = 64 << 20;

type Cause = Box<dyn Error + Send + Sync>;

/// What calls one server.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// Scheme, host, port and perhaps the start of a path.
    endpoint: String,
    host: HeaderValue,
    calls: legacy::Client<HttpsConnector<Way>, Full<Bytes>>,
    /// What a proxy wants to see with each request that it reads.
    proxy_password: Option<HeaderValue>,
}

/// An answer of the server, or of what stands before it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// None came, and why.
    #[error("{0}")]
    NoAnswer(String),
    /// One came that is too large to be kept in memory.
    #[error("the answer has more than {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
}

impl Client {
    pub(super) fn new(config: &RelayConfig) -> Result<Self, RelayError> {
        let endpoint: Uri = parsed(&config.endpoint)?;
        let is_tls = match endpoint.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(refused("its address begins with http:// or https://")),
        };
        let host = host_of(&endpoint).ok_or_else(|| refused("its address names no host"))?;
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.enforce_http(false);
        let proxy = config.proxy.as_deref();
        let proxy = proxy.filter(|_| !is_exempt(&endpoint, &config.proxy_exempt));
        let proxy = proxy.map(Proxy::new).transpose()?;
        let proxy_password = proxy.as_ref().and_then(|proxy| proxy.password.clone());
        let way = Way { http, proxy };
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(is_tls, config.ca_file.as_deref())?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(way);
        let mut calls = legacy::Client::builder(TokioExecutor::new());
        calls.pool_timer(TokioTimer::new());
        Ok(Self {
            endpoint: config.endpoint.clone(),
            host,
            calls: calls.build(connector),
            proxy_password: proxy_password.filter(|_| !is_tls),
        })
    }

    /// A request to the server.
    ///
    /// # Errors
    /// The path can't be asked for.
    pub(super) fn request(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, CallError> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.endpoint))
            .header(HOST, &self.host);
        let request = match &self.proxy_password {
            Some(password) => request.header(PROXY_AUTHORIZATION, password),
            None => request,
        };
        let request = request.body(Full::new(body));
        request.map_err(|error| CallError::NoAnswer(said(&error)))
    }

    /// Calls the server and waits for the whole answer. No redirect is followed: the key is for this server alone, and a POST that is led
    /// elsewhere arrives as a GET.
    ///
    /// # Errors
    /// [`CallError`].
    pub(super) async fn call(&self, request: Request<Full<Bytes>>) -> Result<Answer, CallError> {
        let answered = async {
            let response = self.calls.request(request).await;
            let response = response.map_err(|error| CallError::NoAnswer(said(&error)))?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| match error.is::<LengthLimitError>() {
                true => CallError::TooLarge,
                false => CallError::NoAnswer(said(error.as_ref())),
            })?;
            Ok(Answer {
                status: parts.status,
                headers: parts.headers,
                body: body.to_bytes(),
            })
        };
        match tokio::time::timeout(CALL_TIMEOUT, answered).await {
            Ok(answered) => answered,
            Err(_) => Err(CallError::NoAnswer("no answer in time".to_owned())),
        }
    }
}

/// An error with all its reasons.
fn said(error: &(dyn Error + 'static)) -> String {
    let reasons = std::iter::successors(Some(error), |error| (*error).source());
    let reasons: Vec<String> = reasons.map(ToString::to_string).collect();
    reasons.join(": ")
}

fn refused(reason: &str) -> RelayError {
    RelayError::Client(reason.to_owned())
}

fn parsed(address: &str) -> Result<Uri, RelayError> {
    let uri = address.parse::<Uri>();
    uri.map_err(|error| RelayError::Client(format!("{address}: {error}")))
}

/// The `Host` header that is sent: without the port that the scheme means anyway.
fn host_of(uri: &Uri) -> Option<HeaderValue> {
    let host = uri.host()?;
    let usual = match uri.scheme_str() {
        Some("https") => 443,
        _ => 80,
    };
    let text = match uri.port_u16().filter(|port| *port != usual) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    HeaderValue::from_str(&text).ok()
}

/// Whom to believe that a server is the one it says it is: who the system believes, unless there is a file.
fn tls(is_used: bool, ca_file: Option<&Path>) -> Result<ClientConfig, RelayError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        None if !is_used => {}
        None => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            let errors: Vec<String> = found.errors.iter().map(|error| said(error)).collect();
            let errors = errors.join("; ");
            if roots.is_empty() {
                return Err(RelayError::Client(format!(
                    "the system has no certificates of authorities; name a file of them with --ca-file ({errors})"
                )));
            }
            if !errors.is_empty() {
                tracing::warn!(
                    errors,
                    "not all of the system's certificates of authorities can be read"
                );
            }
        }
        Some(path) => {
            let unusable = |reason: &(dyn Error + 'static)| {
                RelayError::Client(format!("--ca-file={}: {}", path.display(), said(reason)))
            };
            let found = CertificateDer::pem_file_iter(path).map_err(|error| unusable(&error))?;
            for certificate in found {
                let certificate = certificate.map_err(|error| unusable(&error))?;
                roots.add(certificate).map_err(|error| unusable(&error))?;
            }
            if roots.is_empty() {
                let reason = format!("--ca-file={}: no certificate in it", path.display());
                return Err(RelayError::Client(reason));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| RelayError::Client(said(&error)))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The way to the server.
#[derive(Clone, Debug)]
struct Way {
    http: HttpConnector,
    proxy: Option<Proxy>,
}

/// True for a server that a list in the form of `NO_PROXY` names.
fn is_exempt(server: &Uri, exempt: &str) -> bool {
    // Any proxy will do: it is asked only whether there is one.
    let all = Matcher::builder().all("http://proxy").no(exempt).build();
    all.intercept(server).is_none()
}

#[derive(Clone, Debug)]
struct Proxy {
    address: Uri,
    password: Option<HeaderValue>,
}

impl Proxy {
    /// Reads `http://name:password@host:port`, or only `host:port`.
    fn new(text: &str) -> Result<Self, RelayError> {
        let rest = match text.split_once("://") {
            Some(("http", rest)) => rest,
            Some(_) => return Err(refused("the address of a proxy begins with http://")),
            None => text,
        };
        let (password, place) = match rest.rsplit_once('@') {
            Some((password, place)) => (Some(password), place),
            None => (None, rest),
        };
        let password = password.map(basic).transpose()?;
        Ok(Self {
            address: parsed(&format!("http://{}/", place.trim_end_matches('/')))?,
            password,
        })
    }
}

/// A name and a password, with `%` before what an address can't hold, as a header has them.
fn basic(text: &str) -> Result<HeaderValue, RelayError> {
    let (name, password) = text.split_once(':').unwrap_or((text, ""));
    let decoded = |part: &str| percent_decode_str(part).collect::<Vec<u8>>();
    let pair = [decoded(name), b":".to_vec(), decoded(password)].concat();
    let header = format!("Basic {}", BASE64_STANDARD.encode(pair));
    let mut header = HeaderValue::from_str(&header).map_err(|error| refused(&said(&error)))?;
    header.set_sensitive(true);
    Ok(header)
}

impl Service<Uri> for Way {
    type Response = Stream;
    type Error = Cause;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, Cause>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Cause>> {
        self.http.poll_ready(context).map_err(Cause::from)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let (mut http, proxy) = (self.http.clone(), self.proxy.clone());
        Box::pin(async move {
            let Some(proxy) = proxy else {
                return Ok(Stream::new(http.call(server).await?, false));
            };
            if server.scheme_str() != Some("https") {
                return Ok(Stream::new(http.call(proxy.address).await?, true));
            }
            let tunnel = Tunnel::new(proxy.address, http);
            let mut tunnel = match proxy.password {
                Some(password) => tunnel.with_auth(password),
                None => tunnel,
            };
            Ok(Stream::new(tunnel.call(server).await?, false))
        })
    }
}

/// A connection.
#[derive(Debug)]
struct Stream {
    tcp: TokioIo<TcpStream>,
    /// To a proxy that reads the requests, which therefore name the server.
    is_read_by_proxy: bool,
}

impl Stream {
    fn new(tcp: TokioIo<TcpStream>, is_read_by_proxy: bool) -> Self {
        Self {
            tcp,
            is_read_by_proxy,
        }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.tcp.connected().proxy(self.is_read_by_proxy)
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write_vectored(context, buffers)
    }
}

#[cfg(test)]
mod tests;
