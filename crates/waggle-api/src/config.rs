//! Limits and facts of the faces, each with its unit and default. The binary fills this from its own settings.

use std::sync::Arc;
use std::time::Duration;
use waggle_model::EventLimits;

const MIB: usize = 1 << 20;

/// How often callers may call; 0 is no limit. Source: spec/honeycomb-api.md section 2.3.
#[derive(Clone, Debug)]
pub struct RateLimits {
    /// Most calls with one key per [`RateLimits::window`], events aside. Default 0.
    pub key_calls_max: u64,
    /// Most calls with all keys of one team per [`RateLimits::window`], events aside. Default 0.
    pub team_calls_max: u64,
    /// The time in which calls are counted. Default 60 s.
    pub window: Duration,
    /// Most queries that one team may run with its keys per minute, by `POST /1/query_results` and through `/api/`. Default 0;
    /// Honeycomb's is 10.
    pub team_queries_max: u64,
    /// Most of them that may look at other spans of a trace. Default 0; Honeycomb's is 1.
    pub team_relational_queries_max: u64,
    /// Most events per second with one key, over all protocols. Default 0.
    pub key_events_per_second: u64,
    /// Longest time that a key waits after one request with more events than it may send in a second. Default 1 h.
    pub key_events_wait_max: Duration,
    /// Most keys and teams whose calls are remembered, and most keys whose events are; beyond, the count that ends first is forgotten.
    /// Default 10,000.
    pub remembered_max: usize,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            key_calls_max: 0,
            team_calls_max: 0,
            window: Duration::from_secs(60),
            team_queries_max: 0,
            team_relational_queries_max: 0,
            key_events_per_second: 0,
            key_events_wait_max: Duration::from_secs(3_600),
            remembered_max: 10_000,
        }
    }
}

/// Limits on what X-Ray's operations read. [`Default`] gives the documented defaults.
#[derive(Clone, Debug)]
pub struct XRayLimits {
    /// How far before and behind a range rows of its traces are looked for: of a trace that lasts longer, what lies farther away may be
    /// missing. Default 15 minutes.
    pub trace_spread: Duration,
    /// Most rows of one trace; a larger one says that it is cut. Default 10,000.
    pub trace_rows_max: usize,
    /// Most rows that are looked at for one page of trace summaries; a page then ends early, with a token. Default 20,000,000.
    pub page_rows_max: u64,
    /// Most bytes of rows that a service graph or statistics hold at once; for more they read the range again, part by part, 64 parts at
    /// most. Default 256 MiB.
    pub graph_bytes_max: usize,
    /// Most bytes of rows of whole traces that one request holds at once: it reads them in parts, and a trace that is larger alone says that
    /// it is cut. Default 64 MiB.
    pub read_bytes_max: usize,
    /// Attributes of OTLP spans that X-Ray's answers have as annotations, besides those that the sender names. Default none.
    pub annotation_keys: Arc<[String]>,
    /// Most traces of a group in one service graph, statistics or search for insights. Default 100,000.
    pub group_traces_max: usize,
    /// Most links between traces that wait, while a service graph is drawn, for the trace they lead to, about 250 bytes each. Of more there
    /// are no edges, and the answer has a warning. Default 100,000.
    pub graph_links_max: usize,
    /// Most traces that are looked up for one service graph because links lead to them from its own; of more likewise. Default 1,000.
    pub graph_linked_traces_max: usize,
    /// Longest insight: faults that stay high for longer become what is usual. So far before and behind a range its insights are looked
    /// for. Default 6 hours.
    pub insight_length_max: Duration,
    /// Most minutes of services, with those that each affected, that one search for insights holds, about 130 bytes each. Default 2,000,000.
    pub insight_entries_max: usize,
}

impl Default for XRayLimits {
    fn default() -> Self {
        Self {
            trace_spread: Duration::from_secs(900),
            trace_rows_max: 10_000,
            page_rows_max: 20_000_000,
            graph_bytes_max: 256 * MIB,
            read_bytes_max: 64 * MIB,
            annotation_keys: Arc::default(),
            group_traces_max: 100_000,
            graph_links_max: 100_000,
            graph_linked_traces_max: 1_000,
            insight_length_max: Duration::from_secs(6 * 3_600),
            insight_entries_max: 2_000_000,
        }
    }
}

/// Limits and facts of the faces. [`Default`] gives the documented defaults.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Version shown to people and clients.
    pub version: &'static str,
    /// Requests from this machine without a key act in the default environment. Default false.
    pub is_dev: bool,
    /// X-Ray requests are answered whoever signed them, and whether they are signed. Default false.
    pub is_xray_auth_off: bool,
    /// Base URL under which people reach the UI (`http://127.0.0.1:8080`, no slash at the end). `None` takes it from each request's
    /// `Host`.
    pub origin: Option<String>,
    /// `host:port` of the OTLP/gRPC door, as shown on the onboarding page; `None` when it is closed.
    pub grpc_address: Option<String>,
    /// `host:port` of the second OTLP/HTTP door; `None` when it is closed.
    pub otlp_http_address: Option<String>,
    /// `host:port` where X-Ray's daemon protocol is taken; `None` when it is closed.
    pub xray_address: Option<String>,
    /// Most bytes of an OTLP body, as sent and again after decompression; also of one gRPC message. Default 20 MiB.
    pub otlp_body_bytes_max: usize,
    /// Most bytes of a `/1/batch` body, as sent and again after decompression. Default 20 MiB; clients split at 5 MB.
    pub batch_body_bytes_max: usize,
    /// Most bytes of one delivery of Amazon Data Firehose once all of its records are decompressed; each alone is bounded as a body is.
    /// Default 160 MiB.
    pub delivery_bytes_max: usize,
    /// Most bytes of a `/1/events` body, as sent and again after decompression. Default 1 MiB.
    pub event_body_bytes_max: usize,
    /// Most bytes of every other body. Default 100,000, as spec/honeycomb-api.md section 2.1 says.
    pub management_body_bytes_max: usize,
    /// Limits on one event, handed to the decoders.
    pub event_limits: EventLimits,
    /// Bodies of at least so many bytes are decompressed and decoded on a blocking thread. Default 64 KiB.
    pub offload_bytes_min: usize,
    /// Most bytes of one request's headers. Default 64 KiB.
    pub header_bytes_max: usize,
    /// Most headers of one request over HTTP/1. Default 100.
    pub header_count_max: usize,
    /// Longest time to wait for the head of the next request over HTTP/1, and so the longest idle connection. Default 90 s.
    pub header_timeout: Duration,
    /// Longest time from the head of a request to the head of its answer. Default 60 s.
    pub request_timeout: Duration,
    /// Most connections of one door; more wait in the listener's queue. Default 4,096.
    pub connections_max: usize,
    /// Most requests that are answered at once, all doors together; more get 503. Default 1,024.
    pub requests_concurrent_max: usize,
    /// Most ingest bodies that are decoded and appended at once; more wait their turn. Bounds the memory of ingest together with the
    /// body limits. Default 64.
    pub ingest_concurrent_max: usize,
    /// Longest time open requests have to finish once a shutdown began. Default 10 s.
    pub shutdown_grace: Duration,
    /// Longest time `GET /1/query_results` waits for a running query before it answers `complete: false`. Default 1 s.
    pub result_wait: Duration,
    /// How long whoever has the address of the picture of a result sees it. Default 7 days.
    pub picture_link_age: Duration,
    /// Most pictures that are drawn at once: whoever has an address needs no key for one. More get 503. Default 2.
    pub pictures_concurrent_max: usize,
    /// Longest result of which there is a picture, in bytes of its JSON; to draw one takes about ten times as many. Default 8 MiB.
    pub picture_result_bytes_max: usize,
    /// Most queries of `/1/query_results` that run in the background at once, of one team at most three quarters; more get 429.
    /// Default 64.
    pub results_running_max: usize,
    /// Most bytes of answers that have been given and wait to be written to the metastore; beyond, answers wait. Default 256 MiB.
    pub results_unwritten_bytes_max: usize,
    /// Most columns a dataset may get by `POST /1/columns`; the store has its own limit for those that events bring. Default 10,000.
    pub dataset_columns_max: usize,
    /// Most columns that one call may delete: events wait meanwhile, and each is noted for each block. Default 100.
    pub column_deletions_max: usize,
    /// Most datasets an environment may get by `POST /1/datasets`. Default 1,000.
    pub environment_datasets_max: usize,
    /// Most boards, markers, triggers and so on that an environment (or team) may have, of each kind. Default 10,000.
    pub environment_artifacts_max: usize,
    /// Most bytes of all of one kind of these in an environment (or team) together. Default 64 MiB.
    pub environment_artifacts_bytes_max: usize,
    /// Most sampling rules of an environment, the default one aside. Default 25, as AWS has it.
    pub sampling_rules_max: usize,
    /// Most clients that share the reservoir of one sampling rule; others have none of it. Default 2,000.
    pub sampling_clients_max: usize,
    /// Most groups of traces of an environment, the default one aside. Default 25, as AWS has it.
    pub groups_max: usize,
    /// Most resource policies of an environment. Default 5, as AWS has it.
    pub resource_policies_max: usize,
    /// Most maps of services that are computed or kept for whoever asked, of one team at most three quarters; the oldest goes for a new
    /// one. Default 64.
    pub map_requests_max: usize,
    /// Most rows of a trace in one answer. Default 32,000.
    pub trace_rows_max: usize,
    /// Most documents in one call of PutTraceSegments. Default 1,000.
    pub xray_documents_max: usize,
    /// Most bytes of one call of PutTraceSegments, before and after decompression. Default 5 MiB.
    pub xray_body_bytes_max: usize,
    /// Most bytes of the documents of one trace; more are refused. Default 10 MiB.
    pub xray_trace_bytes_max: usize,
    /// How long a document waits for its segment, or to be completed. Default 15 minutes.
    pub xray_pending_age: Duration,
    /// Most bytes of documents that wait. Of one team alone the oldest get their events as they are beyond three quarters of it, and no
    /// more are taken beyond seven eighths; of several, when they hold three and seven times what is free. Default 64 MiB.
    pub xray_pending_bytes_max: usize,
    /// Most segments and subsegments that are remembered, so that parts of a trace find each other and repeated ones are known, about
    /// 200 bytes each. Default 500,000.
    pub xray_entities_max: usize,
    /// Most bytes of datagrams that are not stored yet; beyond, the oldest are dropped. Default 64 MiB.
    pub xray_queue_bytes_max: usize,
    /// Limits on what X-Ray's operations read.
    pub xray_limits: XRayLimits,
    /// How often callers may call. Default: as often as they like.
    pub rate_limits: RateLimits,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            is_dev: false,
            is_xray_auth_off: false,
            origin: None,
            grpc_address: None,
            otlp_http_address: None,
            xray_address: None,
            otlp_body_bytes_max: 20 * MIB,
            batch_body_bytes_max: 20 * MIB,
            delivery_bytes_max: 160 * MIB,
            event_body_bytes_max: MIB,
            management_body_bytes_max: 100_000,
            event_limits: EventLimits::default(),
            offload_bytes_min: 64 << 10,
            header_bytes_max: 64 << 10,
            header_count_max: 100,
            header_timeout: Duration::from_secs(90),
            request_timeout: Duration::from_secs(60),
            connections_max: 4_096,
            requests_concurrent_max: 1_024,
            ingest_concurrent_max: 64,
            shutdown_grace: Duration::from_secs(10),
            result_wait: Duration::from_secs(1),
            picture_link_age: Duration::from_secs(7 * 24 * 3_600),
            pictures_concurrent_max: 2,
            picture_result_bytes_max: 8 * MIB,
            results_running_max: 64,
            results_unwritten_bytes_max: 256 * MIB,
            dataset_columns_max: 10_000,
            column_deletions_max: 100,
            environment_datasets_max: 1_000,
            environment_artifacts_max: 10_000,
            environment_artifacts_bytes_max: 64 * MIB,
            sampling_rules_max: 25,
            sampling_clients_max: 2_000,
            groups_max: 25,
            resource_policies_max: 5,
            map_requests_max: 64,
            trace_rows_max: 32_000,
            xray_documents_max: 1_000,
            xray_body_bytes_max: 5 * MIB,
            xray_trace_bytes_max: 10 * MIB,
            xray_pending_age: Duration::from_secs(900),
            xray_pending_bytes_max: 64 * MIB,
            xray_entities_max: 500_000,
            xray_queue_bytes_max: 64 * MIB,
            xray_limits: XRayLimits::default(),
            rate_limits: RateLimits::default(),
        }
    }
}
