//! `waggle serve`: introduces the rooms to each other, opens the doors, and closes them in order.

mod background;
mod banner;
mod erase;

use crate::config::Config;
use crate::udp;
use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use banner::{Doors, Made};
use jiff::Timestamp;
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, UdpSocket};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::{error, info, warn};
use waggle_access::{Access, BootstrapOutcome, BootstrapValues, InstallationSecret};
use waggle_api::{ApiConfig, ApiParts, ApiState, DatasetSize, RateLimits, XRayLimits};
use waggle_metastore::{Metastore, SqliteMetastore};
use waggle_model::{Clock, DatasetId, EventLimits, RetentionLimits, Tenant};
use waggle_query::{Engine, EngineConfig, KnownReadings};
use waggle_sql::{PlannedPasses, Sql, SqlConfig};
use waggle_store::disk::RealDisk;
use waggle_store::{FailureHook, Store, StoreConfig};

/// What a request may take beyond the deadline of the query in it: the wait for a turn, the answer, durable appends.
const REQUEST_GRACE: Duration = Duration::from_secs(30);

/// Runs the server until it is asked to stop.
///
/// # Errors
/// What kept it from starting, or from writing everything down at the end.
pub(crate) async fn run(config: Config) -> Result<()> {
    start_log(&config)?;
    refuse_public_dev(&config)?;
    check_xray_auth(&config)?;
    let listeners = Listeners::bind(&config).await?;
    let doors = listeners.doors()?;

    let data_dir = config.path("data-dir");
    std::fs::create_dir_all(&data_dir)
        .with_context(|| format!("--data-dir: {} can't be made", data_dir.display()))?;
    let clock = system_clock();
    let store_config = store_config(&config);
    let sqlite = Arc::new(SqliteMetastore::open(&data_dir.join("metastore.sqlite")).await?);
    let metastore: Arc<dyn Metastore> = Arc::clone(&sqlite) as Arc<dyn Metastore>;
    let store = Store::open(
        store_config,
        Arc::new(RealDisk),
        Arc::clone(&metastore),
        clock.clone(),
    )
    .await?;
    let is_new = metastore.is_empty().await?;
    let secret = InstallationSecret::load_or_create(&data_dir, is_new)?;
    let access = Arc::new(Access::new(Arc::clone(&metastore), &secret, clock.clone()));
    let made = bootstrap(&access).await?;

    let mut registry = Registry::default();
    store.register_metrics(&mut registry);
    let engine = Engine::new(
        Arc::clone(&store) as Arc<dyn waggle_query::SnapshotSource>,
        Arc::new(PlannedPasses::default()),
        engine_config(&config),
        clock.clone(),
        &mut registry,
    )
    .reading(KnownReadings::new(Arc::clone(&metastore), clock.clone()));
    let sql = Sql::new(
        Arc::clone(&metastore),
        Arc::clone(&store) as Arc<dyn waggle_query::SnapshotSource>,
        sql_config(&config),
        clock.clone(),
        &mut registry,
    )
    .context("the threads of SQL can't be started")?;
    let is_ready = Arc::new(AtomicBool::new(true));
    let state = ApiState::new(ApiParts {
        sink: Arc::clone(&store) as Arc<dyn waggle_model::EventSink>,
        engine: Arc::new(engine),
        sql: Arc::new(sql),
        keeper: Arc::clone(&store) as Arc<dyn waggle_model::EventKeeper>,
        metastore,
        access: Arc::clone(&access),
        stats: Arc::new(Stats(Arc::clone(&store))),
        readiness: {
            let (is_ready, store) = (Arc::clone(&is_ready), Arc::clone(&store));
            Arc::new(move || {
                if !is_ready.load(Ordering::Acquire) {
                    return Err("the server is stopping".to_owned());
                }
                store
                    .takes_in()
                    .map_err(|error| format!("events are refused, queries are answered: {error}"))
            })
        },
        clock,
        registry,
        config: api_config(&config, &doors),
        fallback: ui(&config)?,
    });
    let interrupted = waggle_api::fail_interrupted_queries(&state).await?;
    if interrupted > 0 {
        info!(interrupted, "queries of the last run were not finished");
    }

    let waiting = waggle_api::restore_segments(&state)
        .await
        .map_err(|error| {
            anyhow::anyhow!("documents of X-Ray that waited can't be read: {error}")
        })?;
    if waiting > 0 {
        info!(
            waiting,
            "documents of X-Ray wait for the rest of their traces"
        );
    }
    let xray_key = config.secret("xray-key").map(Arc::<str>::from);
    if let (Some(_), Some(key)) = (&listeners.xray, &xray_key) {
        check_xray_key(key, &access).await?;
    }

    let (stop, stopping) = watch::channel(false);
    let served = tokio::spawn(serve(listeners, xray_key, state.clone(), stopping));
    let opening = Arc::clone(&store);
    tokio::task::spawn_blocking(move || opening.open_newest_blocks());
    let chores = [
        tokio::spawn(waggle_api::settle_segments(state.clone())),
        tokio::spawn(background::write_last_used(Arc::clone(&access))),
        tokio::spawn(background::write_usage(state.clone())),
        tokio::spawn(background::trim_history(
            Arc::clone(&sqlite) as Arc<dyn Metastore>,
            background::HistoryBounds {
                answer_age: config.duration("query-result-age-max"),
                age: config.duration("query-history-age-max"),
                runs_max: config.number("query-history-max"),
                queries_max: config.number("saved-queries-max"),
            },
            system_clock(),
        )),
    ];
    say(&banner::text(&doors, &data_dir, config.is_on("dev"), &made));

    wait_for_signal().await?;
    info!("stopping");
    is_ready.store(false, Ordering::Release);
    stop.send_replace(true);
    served.await.context("a door ended badly")?;
    waggle_api::write_results(&state).await;
    for chore in chores {
        chore.abort();
    }
    if let Err(error) = waggle_api::write_usage(&state).await {
        warn!(%error, "the usage of the last seconds is lost");
    }
    if let Err(error) = access.flush_last_used().await {
        warn!(%error, "the last uses of keys are lost");
    }
    store.shutdown().await?;
    sqlite.close().await;
    info!("stopped");
    Ok(())
}

/// The UI of the program, or that of the folder of `--ui-dir`.
fn ui(config: &Config) -> Result<axum::Router> {
    if config.text("ui-dir") == "embedded" {
        return Ok(waggle_ui::router());
    }
    let folder = config.path("ui-dir");
    if !folder.join("index.html").is_file() {
        bail!(
            "--ui-dir={}: there is no index.html; `npm run build` in ui/ makes one",
            folder.display()
        );
    }
    Ok(waggle_ui::router_of_folder(folder))
}

fn start_log(config: &Config) -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(config.text("log"))
        .with_context(|| format!("--log={}", config.text("log")))?;
    // Colours are for people: in a file or a journal they are noise. See https://no-color.org.
    let is_coloured = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_coloured)
        .with_writer(std::io::stderr);
    match config.text("log-format") {
        "text" => log.init(),
        "json" => log.json().init(),
        other => bail!("--log-format={other}: takes text or json"),
    }
    Ok(())
}

/// Without sign-in, whoever reaches the server owns it.
fn refuse_public_dev(config: &Config) -> Result<()> {
    if !config.is_on("dev") {
        return Ok(());
    }
    for door in DOORS {
        if let Some(address) = config.address(door)
            && !address.ip().is_loopback()
        {
            bail!(
                "--dev needs no sign-in, so it listens on loopback addresses only: --{door}={address}"
            );
        }
    }
    Ok(())
}

const DOORS: [&str; 4] = ["http", "otlp-http", "grpc", "xray"];

fn check_xray_auth(config: &Config) -> Result<()> {
    match config.text("xray-auth") {
        "on" => {}
        "off" => warn!("X-Ray requests are taken without a valid signature (xray-auth=off)"),
        other => bail!("--xray-auth={other}: takes on or off"),
    }
    Ok(())
}

struct Listeners {
    http: TcpListener,
    otlp_http: Option<TcpListener>,
    grpc: Option<TcpListener>,
    xray: Option<(UdpSocket, TcpListener)>,
}

impl Listeners {
    async fn bind(config: &Config) -> Result<Self> {
        Ok(Self {
            http: bind(config, "http").await?.context("--http can't be off")?,
            otlp_http: bind(config, "otlp-http").await?,
            grpc: bind(config, "grpc").await?,
            xray: bind_xray(config).await?,
        })
    }

    fn doors(&self) -> Result<Doors> {
        let address = |listener: &Option<TcpListener>| -> Result<Option<SocketAddr>> {
            Ok(listener.as_ref().map(TcpListener::local_addr).transpose()?)
        };
        Ok(Doors {
            http: self.http.local_addr()?,
            otlp_http: address(&self.otlp_http)?,
            grpc: address(&self.grpc)?,
            xray: match &self.xray {
                Some((_, tcp)) => Some(tcp.local_addr()?),
                None => None,
            },
        })
    }
}

/// UDP and TCP on one number. Whoever reaches the port needs no key, so it opens only where it is known whose events those are.
async fn bind_xray(config: &Config) -> Result<Option<(UdpSocket, TcpListener)>> {
    let Some(address) = config.address("xray") else {
        return Ok(None);
    };
    if !config.is_on("dev") && config.secret("xray-key").is_none() {
        if config.is_given("xray") {
            bail!(
                "--xray={address} needs --xray-key, the API key of the environment its events go to"
            );
        }
        return Ok(None);
    }
    if !address.ip().is_loopback() {
        warn!(
            %address,
            "whoever reaches the address of --xray sends events and calls X-Ray's API with the permissions of --xray-key"
        );
    }
    let buffer_bytes = usize::try_from(config.bytes("xray-receive-buffer")).unwrap_or(usize::MAX);
    // With port 0 the number that is free for TCP may be taken for UDP.
    const ATTEMPTS: usize = 20;
    let mut attempt = 1;
    loop {
        let Some(tcp) = bind(config, "xray").await? else {
            return Ok(None);
        };
        match udp::bind(tcp.local_addr()?, buffer_bytes).await {
            Ok(udp) => return Ok(Some((udp, tcp))),
            Err(_) if address.port() == 0 && attempt < ATTEMPTS => attempt += 1,
            Err(error) => {
                return Err(error).with_context(|| {
                    format!("--xray={address} can't be listened on by UDP; choose another address with --xray")
                });
            }
        }
    }
}

/// The items of a list that is written with commas; `none` has none.
fn list_of(text: &str) -> Arc<[String]> {
    let items = text.split(',').map(str::trim);
    let items = items.filter(|item| !item.is_empty() && *item != "none");
    items.map(str::to_owned).collect()
}

/// Says so when nobody knows the key of `--xray` at the start: it may be made later.
async fn check_xray_key(key: &str, access: &Access) -> Result<()> {
    match access.caller(key).await {
        Ok(_) => Ok(()),
        Err(waggle_access::Error::UnknownKey) => {
            warn!("nobody knows --xray-key: what arrives at --xray is refused until it is made");
            Ok(())
        }
        Err(error) => Err(error).context("--xray-key"),
    }
}

async fn bind(config: &Config, door: &str) -> Result<Option<TcpListener>> {
    let Some(address) = config.address(door) else {
        return Ok(None);
    };
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("--{door}={address} can't be listened on; choose another address with --{door}")
    })?;
    Ok(Some(listener))
}

pub(crate) fn system_clock() -> Clock {
    Clock::new(|| i64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX))
}

fn store_config(config: &Config) -> StoreConfig {
    StoreConfig {
        wal_segment_bytes: config.bytes("wal-bytes-max"),
        generation_age: config.duration("flush-interval"),
        memory_bytes: config.bytes("memtable-bytes-max"),
        datasets_max: config.number("environment-datasets-max"),
        columns_max: config.number("dataset-columns-max"),
        cache_bytes: usize::try_from(config.bytes("block-cache-bytes-max")).unwrap_or(usize::MAX),
        disk_reserve_bytes: config.bytes("disk-reserve-bytes"),
        compaction_bytes_per_second: config.bytes("compaction-bytes-per-second"),
        retention: RetentionLimits {
            age_max_ns: i64::try_from(config.duration("retention-age").as_nanos()).ok(),
            bytes_max: Some(config.bytes("retention-bytes")),
        },
        predicates: erase::predicates(),
        on_failure: FailureHook(Arc::new(end_process)),
        ..StoreConfig::new(config.path("data-dir"))
    }
}

/// After a failed write nobody knows what the disk holds: the next start reads it back.
#[expect(clippy::exit, reason = "nothing may be acknowledged after this")]
fn end_process(reason: &str) {
    error!(reason, "the log can't be written; ending the process");
    std::process::exit(70);
}

fn engine_config(config: &Config) -> EngineConfig {
    EngineConfig {
        queries_max: config.number("query-concurrency-max"),
        deadline_ms: u64::try_from(config.duration("query-deadline").as_millis())
            .unwrap_or(u64::MAX),
        groups_max: config.number("query-groups-max"),
        memory_bytes_max: config.bytes("query-bytes-max"),
        memory_bytes_shared_max: config.bytes("query-bytes-shared-max"),
        cache_bytes: usize::try_from(config.bytes("query-cache-bytes")).unwrap_or(usize::MAX),
        nice: i32::try_from(config.number("query-nice")).unwrap_or_default(),
        threads: match config.number("query-threads") {
            0 => EngineConfig::default().threads,
            threads => threads,
        },
        bubble_columns_max: config.number("bubble-columns-max"),
        bubble_values_max: config.number("bubble-values-max"),
        text_answers_bytes_max: usize::try_from(config.bytes("text-answers-bytes-max"))
            .unwrap_or(usize::MAX),
        trace_numbers_bytes_max: usize::try_from(config.bytes("trace-numbers-bytes-max"))
            .unwrap_or(usize::MAX),
        metric_gap_ms: u64::try_from(config.duration("metric-gap").as_millis()).unwrap_or(u64::MAX),
        ..EngineConfig::default()
    }
}

fn sql_config(config: &Config) -> SqlConfig {
    SqlConfig {
        queries_max: config.number("sql-concurrency-max"),
        exports_max: config.number("export-concurrency-max"),
        deadline_ms: u64::try_from(config.duration("query-deadline").as_millis())
            .unwrap_or(u64::MAX),
        memory_bytes_max: config.bytes("sql-bytes-max"),
        rows_max: config.number("sql-rows-max"),
        ..SqlConfig::default()
    }
}

fn api_config(config: &Config, doors: &Doors) -> ApiConfig {
    let body_bytes = usize::try_from(config.bytes("request-bytes-max")).unwrap_or(usize::MAX);
    let size = |name| usize::try_from(config.bytes(name)).unwrap_or(usize::MAX);
    let limit = |name| u64::try_from(config.number(name)).unwrap_or(u64::MAX);
    ApiConfig {
        is_dev: config.is_on("dev"),
        is_xray_auth_off: config.text("xray-auth") == "off",
        grpc_address: doors.grpc.map(|address| address.to_string()),
        otlp_http_address: doors.otlp_http.map(|address| address.to_string()),
        xray_address: doors.xray.map(|address| address.to_string()),
        otlp_body_bytes_max: body_bytes,
        batch_body_bytes_max: body_bytes,
        delivery_bytes_max: usize::try_from(config.bytes("delivery-bytes-max"))
            .unwrap_or(usize::MAX),
        picture_link_age: config.duration("picture-link-age"),
        pictures_concurrent_max: config.number("pictures-concurrent-max"),
        picture_result_bytes_max: size("picture-result-bytes-max"),
        results_running_max: config.number("query-results-running-max"),
        event_limits: EventLimits {
            columns_max: config.number("event-columns-max"),
            ..EventLimits::default()
        },
        // A query that ends at its deadline still has to be answered.
        request_timeout: config.duration("query-deadline") + REQUEST_GRACE,
        dataset_columns_max: config.number("dataset-columns-max"),
        column_deletions_max: config.number("column-deletions-max"),
        environment_datasets_max: config.number("environment-datasets-max"),
        environment_artifacts_max: config.number("environment-artifacts-max"),
        environment_artifacts_bytes_max: usize::try_from(
            config.bytes("environment-artifacts-bytes-max"),
        )
        .unwrap_or(usize::MAX),
        sampling_rules_max: config.number("sampling-rules-max"),
        sampling_clients_max: config.number("sampling-clients-max"),
        groups_max: config.number("groups-max"),
        resource_policies_max: config.number("resource-policies-max"),
        map_requests_max: config.number("map-requests-max"),
        xray_limits: XRayLimits {
            trace_spread: config.duration("xray-trace-spread"),
            trace_rows_max: config.number("xray-trace-rows-max"),
            page_rows_max: config.number("xray-page-rows-max") as u64,
            graph_bytes_max: usize::try_from(config.bytes("xray-graph-bytes-max"))
                .unwrap_or(usize::MAX),
            annotation_keys: list_of(config.text("xray-annotation-keys")),
            read_bytes_max: usize::try_from(config.bytes("xray-read-bytes-max"))
                .unwrap_or(usize::MAX),
            group_traces_max: config.number("xray-group-traces-max"),
            graph_links_max: config.number("xray-graph-links-max"),
            graph_linked_traces_max: config.number("xray-graph-linked-traces-max"),
            insight_length_max: config.duration("xray-insight-length-max"),
            insight_entries_max: config.number("xray-insight-entries-max"),
        },
        trace_rows_max: config.number("trace-rows-max"),
        xray_documents_max: config.number("xray-documents-max"),
        xray_body_bytes_max: size("xray-body-bytes-max"),
        xray_trace_bytes_max: size("xray-trace-bytes-max"),
        xray_pending_age: config.duration("xray-pending-age"),
        xray_pending_bytes_max: size("xray-pending-bytes-max"),
        xray_entities_max: config.number("xray-entities-max"),
        xray_queue_bytes_max: size("xray-queue-bytes-max"),
        rate_limits: RateLimits {
            key_calls_max: limit("rate-limit-key"),
            team_calls_max: limit("rate-limit-team"),
            window: config.duration("rate-limit-window"),
            team_queries_max: limit("rate-limit-queries"),
            team_relational_queries_max: limit("rate-limit-relational-queries"),
            key_events_per_second: limit("rate-limit-events"),
            key_events_wait_max: config.duration("rate-limit-events-wait"),
            ..RateLimits::default()
        },
        ..ApiConfig::default()
    }
}

/// Makes the first team, environment, administrator and key, and returns what must be shown now or never.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the binary reads the values of the first start"
)]
async fn bootstrap(access: &Access) -> Result<Made> {
    let value = |name: &str| std::env::var(format!("WAGGLE_BOOTSTRAP_{name}")).ok();
    let values = BootstrapValues {
        team: value("TEAM"),
        environment: value("ENVIRONMENT"),
        api_key: value("API_KEY"),
        management_key: value("MANAGEMENT_KEY"),
        admin_email: value("ADMIN_EMAIL"),
        admin_password: value("ADMIN_PASSWORD"),
        aws_access_key_id: value("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key: value("AWS_SECRET_ACCESS_KEY"),
    };
    let is_given = [
        &values.team,
        &values.environment,
        &values.api_key,
        &values.management_key,
        &values.admin_email,
        &values.admin_password,
        &values.aws_access_key_id,
        &values.aws_secret_access_key,
    ]
    .into_iter()
    .any(Option::is_some);
    match access.bootstrap(values).await? {
        BootstrapOutcome::Done(made) => {
            info!(
                team = made.team.slug,
                environment = made.environment.slug,
                "a new installation"
            );
            let shown = |credential: &waggle_access::Credential| {
                credential.is_made_up.then(|| credential.value.clone())
            };
            Ok(Made {
                api_key: Some(made.api_key.value.clone()),
                management_key: shown(&made.management_key),
                admin_email: Some(made.admin_email.clone()),
                admin_password: shown(&made.admin_password),
                aws_access_key_id: Some(made.aws_access_key_id.clone()),
                aws_secret_access_key: shown(&made.aws_secret_access_key),
            })
        }
        BootstrapOutcome::AlreadyDone => {
            if is_given {
                info!("the data folder is not empty: WAGGLE_BOOTSTRAP_* values are ignored");
            }
            Ok(Made::default())
        }
    }
}

async fn serve(
    listeners: Listeners,
    xray_key: Option<Arc<str>>,
    state: ApiState,
    stopping: watch::Receiver<bool>,
) {
    let stopped = |mut stopping: watch::Receiver<bool>| async move {
        // An error means that the sender is gone, which is a reason to stop as well.
        _ = stopping.wait_for(|stop| *stop).await;
    };
    let http = waggle_api::serve_http(listeners.http, state.clone(), stopped(stopping.clone()));
    let otlp_http = async {
        if let Some(listener) = listeners.otlp_http {
            waggle_api::serve_otlp_http(listener, state.clone(), stopped(stopping.clone())).await;
        }
    };
    let grpc = async {
        if let Some(listener) = listeners.grpc {
            waggle_api::serve_grpc(listener, state.clone(), stopped(stopping.clone())).await;
        }
    };
    let xray = async {
        if let Some(listeners) = listeners.xray {
            let stopped = || stopped(stopping.clone());
            waggle_api::serve_xray(listeners, state.clone(), xray_key, stopped).await;
        }
    };
    tokio::join!(http, otlp_http, grpc, xray);
}

async fn wait_for_signal() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Answers what datasets hold from the store.
struct Stats(Arc<Store>);

#[async_trait]
impl waggle_api::DatasetStats for Stats {
    async fn dataset_stats(
        &self,
        tenant: Tenant,
    ) -> Result<HashMap<DatasetId, DatasetSize>, String> {
        let stats = self.0.stats();
        Ok(stats
            .datasets
            .into_iter()
            .filter(|dataset| dataset.tenant == tenant)
            .map(|dataset| {
                let size = DatasetSize {
                    event_count: dataset.event_count,
                    stored_bytes: dataset.stored_bytes,
                };
                (dataset.dataset, size)
            })
            .collect())
    }
}

#[expect(
    clippy::print_stdout,
    reason = "this is what a person started the server for"
)]
fn say(text: &str) {
    println!("{text}");
}
