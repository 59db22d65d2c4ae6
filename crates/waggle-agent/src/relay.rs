//! The relay: X-Ray's daemon protocol beside an application, with a server on another host behind it. Source: spec/xray.md sections 1.1 to 1.5.
//!
//! What comes by UDP is written to a buffer on the disk before anything else, and taken from it when the server has acknowledged it: a
//! server that is down, or a relay that is killed, costs nothing but time, as long as the buffer has room. What comes by TCP is passed
//! on at once, since somebody waits for the answer.

mod client;
mod forward;
mod proxy;
mod receive;
mod sign;
mod spool;

use client::Client;
use forward::Forwarder;
use parking_lot::Mutex;
use spool::Spool;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::{Notify, watch};
use waggle_model::Clock;

/// How long the rest of the buffer is tried to be sent at the end; what is left stays on the disk.
const LAST_SENDING: Duration = Duration::from_secs(5);

/// What a relay is told.
#[derive(Clone, Debug)]
pub struct RelayConfig {
    /// The server: `http` or `https`, host, port, without a slash at the end.
    pub endpoint: String,
    /// Certificates of the authorities that are believed who the server is, as PEM; those of the system unless given.
    pub ca_file: Option<PathBuf>,
    /// An API key of the environment that the documents belong to; `None` for a server on this machine that was started with `--dev`.
    pub api_key: Option<String>,
    /// What requests are signed with where there is no API key.
    pub credentials: Option<Credentials>,
    /// Folder of the buffer.
    pub buffer_dir: PathBuf,
    /// Most bytes of the buffer; beyond, the oldest goes.
    pub buffer_bytes_max: u64,
    /// What the relay says of itself each minute: where it runs.
    pub hostname: Option<String>,
    /// The same, of AWS.
    pub instance_id: Option<String>,
    /// The same, of AWS.
    pub resource_arn: Option<String>,
    /// A proxy between relay and server: `http://host:port`, with `name:password@` before the host if it asks for them.
    pub proxy: Option<String>,
    /// Servers that are called without the proxy, as `NO_PROXY` lists them: names with all below them, addresses and networks, `*`.
    pub proxy_exempt: String,
}

/// Credentials as AWS has them, made by `waggle key create --kind aws`.
#[derive(Clone)]
pub struct Credentials {
    /// The part that is sent.
    pub access_key_id: String,
    /// The part that is not.
    pub secret_access_key: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Credentials({})", self.access_key_id)
    }
}

/// Why a relay can't start.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The buffer can't be used.
    #[error("the buffer in {} can't be used: {cause}", .dir.display())]
    Buffer {
        /// The folder.
        dir: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The address of the server or of the proxy makes no sense.
    #[error("the server can't be called: {0}")]
    Client(String),
}

/// A relay whose buffer is open.
#[derive(Debug)]
pub struct Relay {
    shared: Arc<Shared>,
    forwarder: Forwarder,
}

/// What the parts of a relay share.
#[derive(Debug)]
struct Shared {
    config: RelayConfig,
    client: Client,
    spool: Mutex<Spool>,
    grown: Notify,
    counters: Counters,
    clock: Clock,
}

/// Since the last report.
#[derive(Debug, Default)]
struct Counters {
    received: AtomicU64,
    sent: AtomicU64,
    spillover: AtomicU64,
    rejected: AtomicU64,
    unsampled: AtomicU64,
    errors: AtomicU64,
}

impl Relay {
    /// Opens the buffer, with what an earlier relay left in it.
    ///
    /// # Errors
    /// [`RelayError`].
    pub fn open(config: RelayConfig, clock: Clock) -> Result<Self, RelayError> {
        // First: a relay that can't start leaves no file behind.
        let client = Client::new(&config)?;
        let spool = Spool::open(&config.buffer_dir, config.buffer_bytes_max).map_err(|cause| {
            RelayError::Buffer {
                dir: config.buffer_dir.clone(),
                cause,
            }
        })?;
        let shared = Arc::new(Shared {
            config,
            client,
            spool: Mutex::new(spool),
            grown: Notify::new(),
            counters: Counters::default(),
            clock,
        });
        let forwarder = Forwarder::new(Arc::clone(&shared));
        Ok(Self { shared, forwarder })
    }

    /// Documents and messages in the buffer.
    pub fn buffered_count(&self) -> u64 {
        self.shared.spool.lock().record_count()
    }

    /// Relays until `stopping` says so, then sends what it still can.
    pub async fn run(self, udp: UdpSocket, tcp: TcpListener, stopping: watch::Receiver<bool>) {
        let proxy = tokio::spawn(proxy::serve(tcp, Arc::clone(&self.shared)));
        let forward = tokio::spawn(self.forwarder.clone().run());
        let report = tokio::spawn(self.forwarder.clone().report());
        receive::serve(&udp, &self.shared, stopping).await;
        drop(udp);
        report.abort();
        proxy.abort();
        if tokio::time::timeout(LAST_SENDING, self.forwarder.emptied())
            .await
            .is_err()
        {
            let left = self.shared.spool.lock().record_count();
            tracing::warn!(left, "documents stay in the buffer for the next start");
        }
        forward.abort();
        if let Err(error) = self.shared.spool.lock().sync() {
            tracing::warn!(%error, "the buffer is not written to the disk for sure");
        }
    }
}
