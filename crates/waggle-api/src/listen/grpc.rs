//! OTLP over gRPC and `grpc.health.v1`. Messages stay bytes here, so that they meet the same decoder as those over HTTP.

use crate::ingest::otlp::{Exporter, Message, count_refused};
use crate::listen::http::Peer;
use crate::metrics::Protocol;
use crate::state::ApiState;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use bytes::{Buf, BufMut, Bytes};
use futures::future::BoxFuture;
use prost::Message as _;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder, Streaming};
use tonic::server::ClientStreamingService;
use tonic::{Code, Status};
use waggle_wire::ContentEncoding;
use waggle_wire::otlp::{ContentType, Encoding, OtlpError, Signal, export_reply, grpc_code};

/// Path of the call that exports spans.
pub(crate) const TRACES_PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/// Path of the call that exports log records.
pub(crate) const LOGS_PATH: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
/// Path of the call that exports metrics.
pub(crate) const METRICS_PATH: &str =
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// Every gRPC service of this server.
pub(crate) fn routes(state: ApiState) -> Router {
    let (health, health_service) = tonic_health::server::health_reporter();
    drop(health);
    tonic::service::Routes::new(health_service)
        .into_axum_router()
        .merge(
            Router::new()
                .route(TRACES_PATH, post(traces))
                .route(LOGS_PATH, post(logs))
                .route(METRICS_PATH, post(metrics))
                .with_state(state),
        )
}

async fn traces(
    State(state): State<ApiState>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Response {
    export(state, Signal::Traces, peer, request).await
}

async fn logs(
    State(state): State<ApiState>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Response {
    export(state, Signal::Logs, peer, request).await
}

async fn metrics(
    State(state): State<ApiState>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Response {
    export(state, Signal::Metrics, peer, request).await
}

async fn export(
    state: ApiState,
    signal: Signal,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Response {
    let peer = peer.map(|Extension(peer)| peer);
    // The key comes first: a stranger's message is never read.
    let mut whose = None;
    let found = Exporter::find(&state, signal, peer, request.headers(), &mut whose).await;
    let exporter = match found {
        Ok(exporter) => exporter,
        Err(error) => {
            count_refused(&state, whose, Protocol::OtlpGrpc, &error);
            return status(&error).into_http::<Body>();
        }
    };
    let bytes_max = state.config.otlp_body_bytes_max;
    let export = Export {
        state,
        signal,
        exporter: Some(exporter),
    };
    tonic::server::Grpc::new(BytesCodec)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd)
        .max_decoding_message_size(bytes_max)
        .client_streaming(export, request)
        .await
        .into_response()
}

/// One call. It is read as a stream of one message, because only then a message that can't be read reaches our words.
struct Export {
    state: ApiState,
    signal: Signal,
    exporter: Option<Exporter>,
}

impl ClientStreamingService<Bytes> for Export {
    type Response = Bytes;
    type Future = BoxFuture<'static, Result<tonic::Response<Bytes>, Status>>;

    fn call(&mut self, request: tonic::Request<Streaming<Bytes>>) -> Self::Future {
        let state = self.state.clone();
        let signal = self.signal;
        let exporter = self.exporter.take();
        Box::pin(async move {
            let exporter = exporter.ok_or_else(|| Status::internal("the call was made twice"))?;
            let whose = Some(exporter.tenant());
            let taken = take(&state, signal, exporter, request.into_inner()).await;
            taken.map(tonic::Response::new).map_err(|error| {
                count_refused(&state, whose, Protocol::OtlpGrpc, &error);
                status(&error)
            })
        })
    }
}

async fn take(
    state: &ApiState,
    signal: Signal,
    exporter: Exporter,
    mut messages: Streaming<Bytes>,
) -> Result<Bytes, OtlpError> {
    let malformed = |cause: String| OtlpError::Malformed { signal, cause };
    let body = messages
        .message()
        .await
        .map_err(|error| malformed(error.message().to_owned()))?
        .ok_or_else(|| malformed("the message is missing".to_owned()))?;
    let message = Message {
        body,
        compression: ContentEncoding::Identity,
        encoding: Encoding::Protobuf,
    };
    let rejected = exporter
        .store(state, signal, Protocol::OtlpGrpc, message)
        .await?;
    Ok(export_reply(signal, ContentType::Protobuf, &rejected)
        .body
        .into())
}

/// A status, with the time to wait where a client should try again.
fn status(error: &OtlpError) -> Status {
    let code = Code::from_i32(grpc_code(error));
    let message = error.to_string();
    if !matches!(
        error,
        OtlpError::RateLimited | OtlpError::Busy | OtlpError::Unavailable
    ) {
        return Status::new(code, message);
    }
    let retry = RetryInfo {
        retry_delay: Some(Duration { seconds: 1 }),
    };
    let details = RpcStatus {
        code: code as i32,
        message: message.clone(),
        details: vec![Any {
            type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
            value: retry.encode_to_vec(),
        }],
    };
    Status::with_details(code, message, details.encode_to_vec().into())
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, prost::Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, prost::Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Duration>,
}

/// `google.protobuf.Duration`, in whole seconds.
#[derive(Clone, PartialEq, prost::Message)]
struct Duration {
    #[prost(int64, tag = "1")]
    seconds: i64,
}

/// Messages as they are.
#[derive(Clone, Copy, Debug)]
struct BytesCodec;

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        target.put(item);
        Ok(())
    }
}

impl Decoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(source.copy_to_bytes(source.remaining())))
    }
}
