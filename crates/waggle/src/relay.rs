//! `waggle xray-relay`: X-Ray's daemon beside an application, with a Waggle server on another host behind it. It takes the flags, the
//! configuration file and the environment variables of AWS's own daemon, so that it can stand in its place; what makes no sense here is
//! accepted and said to be ignored.

mod file;

use crate::serve::system_clock;
use crate::udp;
use anyhow::{Context, Result, bail};
use file::DaemonFile;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::{info, warn};
use waggle_agent::{Credentials, Relay, RelayConfig};

const DEFAULT_ADDRESS: &str = "127.0.0.1:2000";

/// Flags of `waggle xray-relay`; those with a letter are those of AWS's daemon.
#[derive(clap::Args, Clone, Debug)]
#[command(disable_version_flag = true)]
pub(crate) struct RelayArgs {
    /// The Waggle server [default: Endpoint of the configuration file, else http://127.0.0.1:8080]
    #[arg(long, value_name = "URL", env = "WAGGLE_ENDPOINT")]
    endpoint: Option<String>,
    /// An API key that may send events; a server on this machine started with --dev needs none
    #[arg(
        long,
        value_name = "KEY",
        env = "WAGGLE_API_KEY",
        hide_env_values = true
    )]
    api_key: Option<String>,
    /// Sign requests with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as AWS's daemon does, where there is no API key
    #[arg(long, env = "WAGGLE_RELAY_SIGN")]
    sign: bool,
    /// For --sign: made by `waggle key create --kind aws`
    #[arg(long, value_name = "ID", env = "AWS_ACCESS_KEY_ID", hide = true)]
    access_key_id: Option<String>,
    /// The same
    #[arg(
        long,
        value_name = "SECRET",
        env = "AWS_SECRET_ACCESS_KEY",
        hide = true,
        hide_env_values = true
    )]
    secret_access_key: Option<String>,
    /// PEM file of the authorities that are believed who the server is [default: those of the system]
    #[arg(long, value_name = "FILE", env = "WAGGLE_RELAY_CA_FILE")]
    ca_file: Option<PathBuf>,
    /// Folder in which documents wait while the server can't be reached
    #[arg(
        long,
        value_name = "FOLDER",
        env = "WAGGLE_RELAY_BUFFER_DIR",
        default_value = "./waggle-relay"
    )]
    buffer_dir: PathBuf,
    /// Most MiB in that folder; beyond, the oldest documents are dropped
    #[arg(long, value_name = "MIB", env = "WAGGLE_RELAY_BUFFER_MIB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    buffer_mib: u64,
    /// KiB of datagrams that the system is asked to hold until they are read; Linux gives at most net.core.rmem_max
    #[arg(long, value_name = "KIB", env = "WAGGLE_RELAY_RECEIVE_BUFFER_KIB", default_value_t = 8_192, value_parser = clap::value_parser!(u32).range(64..=1_048_576))]
    receive_buffer_kib: u32,
    /// Address for documents by UDP [default: 127.0.0.1:2000]
    #[arg(short, long, value_name = "HOST:PORT")]
    bind: Option<String>,
    /// Address for calls by TCP [default: 127.0.0.1:2000]
    #[arg(short = 't', long, value_name = "HOST:PORT")]
    bind_tcp: Option<String>,
    /// Configuration file of AWS's daemon
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Log to this file instead of standard error
    #[arg(short = 'f', long, value_name = "FILE")]
    log_file: Option<PathBuf>,
    /// dev, debug, info, warn, error or prod [default: info]
    #[arg(short, long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Ignored: documents wait on the disk, see --buffer-mib
    #[arg(short = 'm', long, value_name = "MB")]
    buffer_memory: Option<u64>,
    /// Ignored: there are no regions
    #[arg(short = 'n', long, value_name = "REGION")]
    region: Option<String>,
    /// Ignored: nothing is asked of EC2
    #[arg(short = 'o', long)]
    local_mode: bool,
    /// A proxy between here and the server [default: HTTPS_PROXY, or HTTP_PROXY for a server without TLS]
    #[arg(short, long, value_name = "URL")]
    proxy_address: Option<String>,
    /// The same
    #[arg(long, value_name = "URL", env = "HTTP_PROXY", hide = true)]
    http_proxy: Option<String>,
    /// The same
    #[arg(long, value_name = "URL", env = "HTTPS_PROXY", hide = true)]
    https_proxy: Option<String>,
    /// Servers that are called without the proxy of a variable
    #[arg(long, value_name = "NAMES", env = "NO_PROXY", hide = true)]
    no_proxy: Option<String>,
    /// Ignored: there are no roles
    #[arg(short, long, value_name = "ARN")]
    role_arn: Option<String>,
    /// Named in what the relay reports of itself
    #[arg(short = 'a', long, value_name = "ARN")]
    resource_arn: Option<String>,
    /// Print the version
    #[arg(short, long, action = clap::ArgAction::Version)]
    version: Option<bool>,
    /// Named in what the relay reports of itself
    #[arg(long, value_name = "NAME", env = "AWS_HOSTNAME", hide = true)]
    hostname: Option<String>,
    /// Named in what the relay reports of itself
    #[arg(long, value_name = "ID", env = "AWS_INSTANCE_ID", hide = true)]
    instance_id: Option<String>,
}

/// Relays until it is asked to stop.
///
/// # Errors
/// What kept it from starting.
pub(crate) async fn run(args: RelayArgs) -> Result<()> {
    let file = match &args.config {
        Some(path) => DaemonFile::read(path)?,
        None => DaemonFile::default(),
    };
    start_log(&args, &file)?;
    for name in ignored(&args, &file) {
        warn!(name, "accepted and ignored: it has no meaning here");
    }
    let endpoint = args.endpoint.clone().or_else(|| file.text("Endpoint"));
    let endpoint = endpoint.unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
    let bind = |flag: &Option<String>, member| {
        let address = flag.clone().or_else(|| file.text(member));
        address.unwrap_or_else(|| DEFAULT_ADDRESS.to_owned())
    };
    let udp_address = bind(&args.bind, "Socket.UDPAddress");
    let tcp_address = bind(&args.bind_tcp, "Socket.TCPAddress");
    let tcp = TcpListener::bind(&tcp_address).await.with_context(|| {
        format!(
            "--bind-tcp={tcp_address} can't be listened on; choose another address with --bind-tcp"
        )
    })?;
    let udp = udp::bind(&udp_address, args.receive_buffer_kib as usize * 1_024)
        .await
        .with_context(|| {
            format!("--bind={udp_address} can't be listened on; choose another address with --bind")
        })?;
    warn_if_public(&[udp.local_addr()?, tcp.local_addr()?]);
    let (proxy, proxy_exempt) = proxy(&args, &file, &endpoint);
    let config = RelayConfig {
        endpoint: endpoint.trim_end_matches('/').to_owned(),
        ca_file: args.ca_file.clone(),
        api_key: args.api_key.clone(),
        credentials: credentials(&args)?,
        buffer_dir: args.buffer_dir.clone(),
        buffer_bytes_max: args.buffer_mib << 20,
        hostname: args.hostname.clone(),
        instance_id: args.instance_id.clone(),
        resource_arn: args
            .resource_arn
            .clone()
            .or_else(|| file.text("ResourceARN")),
        proxy,
        proxy_exempt,
    };
    let relay = Relay::open(config, system_clock())?;
    let (buffered, udp_address, tcp_address) =
        (relay.buffered_count(), udp.local_addr()?, tcp.local_addr()?);
    info!(%udp_address, %tcp_address, endpoint, buffered, "relaying");
    say(&format!(
        "Waggle X-Ray relay is ready: UDP {udp_address}, TCP {tcp_address}"
    ));
    let (stop, stopping) = watch::channel(false);
    let running = tokio::spawn(relay.run(udp, tcp, stopping));
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    stop.send_replace(true);
    running.await.context("the relay ended badly")
}

/// The proxy, and the servers that are called without it: `NO_PROXY` is about those of variables only. An empty text is none.
fn proxy(args: &RelayArgs, file: &DaemonFile, endpoint: &str) -> (Option<String>, String) {
    let usual = match endpoint.starts_with("https://") {
        true => &args.https_proxy,
        false => &args.http_proxy,
    };
    let is_set = |text: &String| !text.is_empty();
    let named = args.proxy_address.clone().filter(is_set);
    match named.or_else(|| file.text("ProxyAddress")).filter(is_set) {
        Some(named) => (Some(named), String::new()),
        None => (
            usual.clone().filter(is_set),
            args.no_proxy.clone().unwrap_or_default(),
        ),
    }
}

/// What requests are signed with, if they are.
fn credentials(args: &RelayArgs) -> Result<Option<Credentials>> {
    if !args.sign {
        return Ok(None);
    }
    let given = args
        .access_key_id
        .clone()
        .zip(args.secret_access_key.clone());
    let (access_key_id, secret_access_key) =
        given.context("--sign needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")?;
    Ok(Some(Credentials {
        access_key_id,
        secret_access_key,
    }))
}

fn start_log(args: &RelayArgs, file: &DaemonFile) -> Result<()> {
    let level = args
        .log_level
        .clone()
        .or_else(|| file.text("Logging.LogLevel"));
    let level = match level.as_deref().unwrap_or("info") {
        "dev" => "trace",
        "debug" => "debug",
        "info" => "info",
        "warn" => "warn",
        "error" | "prod" => "error",
        other => bail!("--log-level={other}: takes dev, debug, info, warn, error or prod"),
    };
    let filter = tracing_subscriber::EnvFilter::try_new(format!("{level},hyper=info"))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false);
    let path = args.log_file.clone();
    let path = path.or_else(|| file.text("Logging.LogPath").map(PathBuf::from));
    match path {
        Some(path) => {
            let opened = std::fs::File::options()
                .create(true)
                .append(true)
                .open(&path);
            let opened = opened.with_context(|| format!("--log-file={}", path.display()))?;
            log.with_writer(opened).init();
        }
        None => log.with_writer(std::io::stderr).init(),
    }
    Ok(())
}

/// What was given and means nothing here.
fn ignored(args: &RelayArgs, file: &DaemonFile) -> Vec<&'static str> {
    let flags = [
        ("--buffer-memory", args.buffer_memory.is_some()),
        ("--region", args.region.is_some()),
        ("--local-mode", args.local_mode),
        ("--role-arn", args.role_arn.is_some()),
    ];
    let members = [
        "TotalBufferSizeMB",
        "Concurrency",
        "Region",
        "LocalMode",
        "RoleARN",
        "NoVerifySSL",
        "Logging.LogRotation",
    ];
    let flags = flags.into_iter().filter(|(_, is_given)| *is_given);
    let members = members.into_iter().filter(|name| file.text(name).is_some());
    flags.map(|(name, _)| name).chain(members).collect()
}

fn warn_if_public(addresses: &[SocketAddr]) {
    for address in addresses {
        if !address.ip().is_loopback() {
            warn!(%address, "whoever reaches this address sends events and calls X-Ray's API with the permissions of the relay's key");
        }
    }
}

#[expect(clippy::print_stdout, reason = "scripts wait for this line")]
fn say(text: &str) {
    println!("{text}");
}
