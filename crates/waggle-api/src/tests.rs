//! The faces against a real metastore and real access; events and answers go through doubles of the two doors.

mod access;
mod contract;
mod engine;
mod grpc;
mod history;
mod honeycomb;
mod ingest;
mod keep;
mod kinesis;
mod listen;
mod metrics;
mod otlp;
mod own;
mod picture;
mod rate;
mod resource;
mod sharing;
mod sink;
mod sql;
mod team;
mod usage;
mod v2;
mod xray;

use crate::{ApiConfig, ApiParts, ApiState, DatasetSize, DatasetStats, router};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use axum::response::Html;
use axum::routing::get;
use engine::CannedEngine;
use http_body_util::BodyExt;
use keep::NotingKeeper;
use parking_lot::Mutex;
use prometheus_client::registry::Registry;
use serde_json::Value as Json;
use sink::RecordingSink;
use sql::CannedSql;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tower::ServiceExt;
use waggle_access::{
    Access, AwsKeyRequest, BootstrapOutcome, BootstrapValues, InstallationSecret, KeyRequest,
    Permission,
};
use waggle_metastore::{KeyKind, Metastore, SqliteMetastore};
use waggle_model::{Clock, DatasetId, Tenant};

const NOW_NS: i64 = 1_732_270_000_123_000_000;
const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "a long enough password";
const LOOPBACK: &str = "127.0.0.1:50000";
const STRANGER: &str = "192.0.2.7:50000";

/// An installation with one team and two environments, `production` and `staging`.
struct Installation {
    state: ApiState,
    sink: Arc<RecordingSink>,
    engine: Arc<CannedEngine>,
    sql: Arc<CannedSql>,
    keeper: Arc<NotingKeeper>,
    metastore: Arc<dyn Metastore>,
    access: Arc<Access>,
    sizes: Arc<Sizes>,
    production: Tenant,
    staging: Tenant,
    /// A configuration key of `production` with every permission.
    key: String,
    /// A management key of the team with every scope.
    management_key: String,
    /// AWS credentials of `production` with every permission: access key id and secret.
    aws: (String, String),
}

impl Installation {
    async fn new() -> Self {
        Self::with(ApiConfig::default()).await
    }

    async fn with(config: ApiConfig) -> Self {
        Self::at(Clock::fixed(NOW_NS), config).await
    }

    async fn at(clock: Clock, config: ApiConfig) -> Self {
        let engine = Arc::new(CannedEngine::default());
        let sql = Arc::new(CannedSql::default());
        let metastore: Arc<dyn Metastore> = Arc::new(SqliteMetastore::in_memory().await.unwrap());
        let keeper = Arc::new(NotingKeeper::new(Arc::clone(&metastore)));
        let access = Arc::new(Access::new(
            Arc::clone(&metastore),
            &InstallationSecret::from_bytes([7; 32]),
            clock.clone(),
        ));
        let values = BootstrapValues {
            admin_email: Some(EMAIL.into()),
            admin_password: Some(PASSWORD.into()),
            ..BootstrapValues::default()
        };
        let BootstrapOutcome::Done(made) = access.bootstrap(values).await.unwrap() else {
            panic!("the installation is not empty");
        };
        let staging = metastore
            .create_environment(made.team.id, "staging", NOW_NS)
            .await
            .unwrap();
        let sink = Arc::new(RecordingSink::new(Arc::clone(&metastore)));
        let sizes = Arc::new(Sizes::default());
        let state = ApiState::new(ApiParts {
            sink: Arc::<RecordingSink>::clone(&sink),
            engine: Arc::<CannedEngine>::clone(&engine),
            sql: Arc::<CannedSql>::clone(&sql),
            keeper: Arc::<NotingKeeper>::clone(&keeper),
            metastore: Arc::clone(&metastore),
            access: Arc::clone(&access),
            stats: Arc::<Sizes>::clone(&sizes),
            readiness: Arc::new(|| Ok(())),
            clock,
            registry: Registry::default(),
            config,
            fallback: Router::new()
                .route(
                    "/panic",
                    get(async || -> &'static str { panic!("on purpose") }),
                )
                .route("/slow", get(std::future::pending::<&'static str>))
                .route(
                    "/default/environments/{env}/result/{id}",
                    get(async || Html("<head></head>the page of a result")),
                )
                .fallback(async || "the page of the UI"),
        });
        Self {
            state,
            sink,
            engine,
            sql,
            keeper,
            metastore,
            access,
            sizes,
            production: made.environment.tenant,
            staging: staging.tenant,
            key: made.api_key.value,
            management_key: made.management_key.value,
            aws: (made.aws_access_key_id, made.aws_secret_access_key.value),
        }
    }

    /// Makes another key.
    async fn key_with(
        &self,
        tenant: Tenant,
        kind: KeyKind,
        permissions: impl IntoIterator<Item = Permission>,
    ) -> String {
        let request = KeyRequest::new(tenant.environment, kind, "another")
            .with(permissions.into_iter().collect());
        let created = self.access.create_key(tenant.team, request).await;
        created.unwrap().value
    }

    /// Makes another team and returns a key of it with every permission.
    async fn other_team(&self) -> String {
        let team = self.metastore.create_team("Wasps", NOW_NS).await.unwrap();
        let environment = self.metastore.create_environment(team.id, "nest", NOW_NS);
        let tenant = environment.await.unwrap().tenant;
        self.key_with(tenant, KeyKind::Configuration, Permission::all())
            .await
    }

    async fn dataset(&self, tenant: Tenant, name: &str) -> DatasetId {
        let made = self
            .metastore
            .ensure_dataset(tenant, name, 100, NOW_NS)
            .await;
        made.unwrap().dataset.id
    }

    /// A request to the main door, from another machine.
    fn ask(&self, method: &str, path: &str) -> Call {
        Call::new(router(self.state.clone()), method, path)
    }

    /// The same with the key of `production`.
    fn ask_with_key(&self, method: &str, path: &str) -> Call {
        self.ask(method, path).header("x-honeycomb-team", &self.key)
    }

    /// A request of the second API with the management key.
    fn manage(&self, method: &str, path: &str) -> Call {
        self.ask(method, path)
            .header("authorization", &format!("Bearer {}", self.management_key))
    }

    /// Makes more AWS credentials.
    async fn aws_key_with(
        &self,
        tenant: Tenant,
        permissions: impl IntoIterator<Item = Permission>,
    ) -> (String, String) {
        let request = AwsKeyRequest {
            name: "another".to_owned(),
            permissions: permissions.into_iter().collect(),
            expires_at_ns: None,
            made_by: None,
            value: None,
        };
        let created = self.access.create_aws_key(tenant, request).await.unwrap();
        let (id, secret) = created.value.split_once(':').unwrap();
        (id.to_owned(), secret.to_owned())
    }

    /// Signs in and returns the cookie.
    async fn sign_in(&self) -> String {
        self.sign_in_as(EMAIL).await
    }

    async fn sign_in_as(&self, email: &str) -> String {
        let answer = self
            .ask("POST", "/api/session")
            .json(&serde_json::json!({"email": email, "password": PASSWORD}))
            .send()
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let cookie = answer.header("set-cookie").to_owned();
        cookie.split(';').next().unwrap().to_owned()
    }
}

/// What datasets hold, as the store would say.
#[derive(Default)]
struct Sizes(Mutex<HashMap<DatasetId, DatasetSize>>);

#[async_trait]
impl DatasetStats for Sizes {
    async fn dataset_stats(
        &self,
        _tenant: Tenant,
    ) -> Result<HashMap<DatasetId, DatasetSize>, String> {
        Ok(self.0.lock().clone())
    }
}

/// One request.
struct Call {
    router: Router,
    request: Request<Body>,
    /// The body, when it is JSON.
    sent: Option<Json>,
    /// Access key id and secret to sign with.
    aws: Option<(String, String)>,
}

impl Call {
    fn new(router: Router, method: &str, path: &str) -> Self {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "waggle.test:8080")
            .body(Body::empty())
            .unwrap();
        Self {
            router,
            request,
            sent: None,
            aws: None,
        }
        .from(STRANGER)
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request
            .headers_mut()
            .insert(name, value.parse().unwrap());
        self
    }

    fn from(mut self, peer: &str) -> Self {
        let peer: SocketAddr = peer.parse().unwrap();
        self.request
            .extensions_mut()
            .insert(crate::listen::http::Peer(peer));
        self
    }

    fn body(mut self, body: impl Into<Body>) -> Self {
        self.sent = None;
        *self.request.body_mut() = body.into();
        self
    }

    fn json(self, body: &Json) -> Self {
        let mut call = self
            .header("content-type", "application/json")
            .body(body.to_string());
        call.sent = Some(body.clone());
        call
    }

    /// JSON as the second API takes it.
    fn json_api(self, body: &Json) -> Self {
        let mut call = self
            .header("content-type", crate::v2::CONTENT_TYPE)
            .body(body.to_string());
        call.sent = Some(body.clone());
        call
    }

    /// Signs it as AWS's SDKs do when it is sent.
    fn signed_by(mut self, aws: &(String, String)) -> Self {
        self.aws = Some(aws.clone());
        self
    }

    /// Sends it, and holds request and answer against the table of routes.
    async fn send(self) -> Answer {
        let method = self.request.method().to_string();
        let path = self.request.uri().path().to_owned();
        let request = match &self.aws {
            Some(aws) => xray::sign(self.request, aws, NOW_NS).await,
            None => self.request,
        };
        let response = self.router.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let answer = Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        };
        contract::check(&method, &path, self.sent.as_ref(), &answer);
        answer
    }
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Json {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {} {:?}", self.status, self.text()))
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Checks status and JSON body at once.
    #[track_caller]
    fn check(&self, status: u16, body: &Json) -> &Self {
        assert_eq!((self.status, &self.json()), (status, body));
        self
    }

    /// Checks the status and the `error` member.
    #[track_caller]
    fn check_error(&self, status: u16, error: &str) -> &Self {
        let body = self.json();
        assert_eq!((self.status, body["error"].as_str()), (status, Some(error)));
        self
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}
