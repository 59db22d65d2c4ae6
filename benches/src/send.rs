//! Sends finished bodies through the doors for events. A request counts when the server has acknowledged all of its events.

use crate::server::{Endpoints, Server};
use crate::spans::DATASET;
use anyhow::{Context, anyhow, bail, ensure};
use bytes::{Buf, BufMut, Bytes};
use reqwest::{Client, StatusCode, header};
use std::time::Duration;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

/// The doors that events come in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    OtlpHttp,
    OtlpGrpc,
    BatchJson,
    BatchMsgpack,
}

impl Protocol {
    pub(crate) const ALL: [Self; 4] = [
        Self::OtlpHttp,
        Self::OtlpGrpc,
        Self::BatchJson,
        Self::BatchMsgpack,
    ];

    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OtlpHttp => "OTLP/HTTP",
            Self::OtlpGrpc => "OTLP/gRPC",
            Self::BatchJson => "batch JSON",
            Self::BatchMsgpack => "batch msgpack+zstd",
        }
    }
}

/// One connection to one door.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    protocol: Protocol,
    client: Client,
    url: String,
    grpc: Option<Grpc<Channel>>,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every event is durable.
    Acknowledged,
    /// No event was taken; the server asks to try later.
    Busy(Duration),
    /// Nobody knows: the connection broke before an answer came.
    Unknown(String),
}

const TRIES_MAX: u64 = 1_000;
const RETRY_AFTER_DEFAULT: Duration = Duration::from_millis(100);
const REQUEST_MAX: Duration = Duration::from_secs(60);
const GRPC_PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

impl Sender {
    /// A connection of its own, to the dataset that the bodies are for. OTLP bodies name theirs themselves.
    ///
    /// # Errors
    /// When there can be no client at all; a server that is away shows with the first request.
    pub(crate) fn new(
        endpoints: &Endpoints,
        protocol: Protocol,
        dataset: &str,
    ) -> anyhow::Result<Self> {
        let path = match protocol {
            Protocol::OtlpHttp | Protocol::OtlpGrpc => "/v1/traces".to_owned(),
            Protocol::BatchJson | Protocol::BatchMsgpack => format!("/1/batch/{dataset}"),
        };
        let grpc = match protocol {
            Protocol::OtlpGrpc => {
                let endpoint = Endpoint::from_shared(endpoints.grpc.clone())?;
                let endpoint = endpoint.timeout(REQUEST_MAX);
                Some(Grpc::new(endpoint.connect_lazy()))
            }
            _ => None,
        };
        Ok(Self {
            protocol,
            client: Client::builder().timeout(REQUEST_MAX).build()?,
            url: format!("{}{path}", endpoints.http),
            grpc,
        })
    }

    /// To the dataset of the spans.
    ///
    /// # Errors
    /// As [`Sender::new`].
    pub(crate) fn of_spans(server: &Server, protocol: Protocol) -> anyhow::Result<Self> {
        Self::new(&server.endpoints, protocol, DATASET)
    }

    /// Sends one request once.
    ///
    /// # Errors
    /// When the server refuses events: they are right, so it is wrong.
    pub(crate) async fn send(&mut self, body: &Bytes, events: usize) -> anyhow::Result<Outcome> {
        match &mut self.grpc {
            Some(grpc) => send_grpc(grpc, body).await,
            None => self.send_http(body, events).await,
        }
    }

    /// Sends one request until it is acknowledged; gives the number of retries.
    ///
    /// # Errors
    /// As [`Sender::send`], and when the server stays busy or goes away.
    pub(crate) async fn deliver(&mut self, body: &Bytes, events: usize) -> anyhow::Result<u64> {
        for retries in 0..TRIES_MAX {
            match self.send(body, events).await? {
                Outcome::Acknowledged => return Ok(retries),
                Outcome::Busy(wait) => tokio::time::sleep(wait).await,
                Outcome::Unknown(why) => bail!("{}: {why}", self.url),
            }
        }
        bail!("{} stayed busy through {TRIES_MAX} tries", self.url)
    }

    async fn send_http(&self, body: &Bytes, events: usize) -> anyhow::Result<Outcome> {
        let request = self.client.post(&self.url).body(body.clone());
        let request = match self.protocol {
            Protocol::OtlpHttp | Protocol::OtlpGrpc => {
                request.header(header::CONTENT_TYPE, "application/x-protobuf")
            }
            Protocol::BatchJson => request.header(header::CONTENT_TYPE, "application/json"),
            Protocol::BatchMsgpack => request
                .header(header::CONTENT_TYPE, "application/msgpack")
                .header(header::CONTENT_ENCODING, "zstd"),
        };
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Ok(Outcome::Unknown(error.to_string())),
        };
        let status = response.status();
        let wait = response.headers().get(header::RETRY_AFTER);
        let wait = wait.and_then(|wait| wait.to_str().ok()?.parse().ok());
        let wait = wait.map_or(RETRY_AFTER_DEFAULT, Duration::from_secs);
        let answer = match response.bytes().await {
            Ok(answer) => answer,
            Err(error) => return Ok(Outcome::Unknown(error.to_string())),
        };
        if matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        ) {
            return Ok(Outcome::Busy(wait));
        }
        let text = || String::from_utf8_lossy(&answer).into_owned();
        ensure!(
            status.is_success(),
            "{} answered {status}: {}",
            self.url,
            text()
        );
        let is_whole = match self.protocol {
            // An empty message: no partial success.
            Protocol::OtlpHttp | Protocol::OtlpGrpc => answer.is_empty(),
            Protocol::BatchJson | Protocol::BatchMsgpack => accepted(&answer) == events,
        };
        ensure!(is_whole, "{} took a part only: {}", self.url, text());
        Ok(Outcome::Acknowledged)
    }
}

/// Events of a batch that were taken, without a tree of the answer.
fn accepted(answer: &[u8]) -> usize {
    let mark = b"202";
    answer
        .windows(mark.len())
        .filter(|window| window == mark)
        .count()
}

async fn send_grpc(grpc: &mut Grpc<Channel>, body: &Bytes) -> anyhow::Result<Outcome> {
    if let Err(error) = grpc.ready().await {
        return Ok(Outcome::Unknown(error.to_string()));
    }
    let path = PathAndQuery::from_static(GRPC_PATH);
    match grpc
        .unary(Request::new(body.clone()), path, BytesCodec)
        .await
    {
        Ok(answer) if answer.get_ref().is_empty() => Ok(Outcome::Acknowledged),
        Ok(answer) => Err(anyhow!(
            "the server took a part only: {:?}",
            answer.get_ref()
        )),
        Err(status) => match status.code() {
            Code::ResourceExhausted => Ok(Outcome::Busy(RETRY_AFTER_DEFAULT)),
            // Of the server it means busy, of the connection that it broke; either way what came before is unknown at worst.
            Code::Unavailable if status.metadata().is_empty() => {
                Ok(Outcome::Unknown(status.to_string()))
            }
            Code::Unavailable => Ok(Outcome::Busy(RETRY_AFTER_DEFAULT)),
            Code::Unknown | Code::Cancelled | Code::DeadlineExceeded | Code::Internal => {
                Ok(Outcome::Unknown(status.to_string()))
            }
            _ => Err(status).context("the server refuses a request"),
        },
    }
}

/// Messages that are bytes already.
#[derive(Clone, Copy, Debug, Default)]
struct BytesCodec;

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
