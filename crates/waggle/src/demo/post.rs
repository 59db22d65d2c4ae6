//! Carries parcels to a server: a few at a time, again when the server says later, and with words a person can act on when
//! it says no.

use super::parcel::Parcel;
use anyhow::{Context, bail};
use axum::body::Bytes;
use flate2::{Compression, write::GzEncoder};
use reqwest::{Client, Response, StatusCode, header};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Where parcels go and how.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    /// Scheme, host and port, without a slash at the end.
    pub(crate) endpoint: String,
    /// Sent as `x-honeycomb-team`.
    pub(crate) api_key: Option<String>,
    /// Compress bodies.
    pub(crate) gzip: bool,
}

/// What has been sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) request_count: u64,
    pub(crate) span_count: u64,
    pub(crate) log_count: u64,
    /// Bytes on the wire.
    pub(crate) body_bytes: u64,
    pub(crate) retry_count: u64,
}

/// Requests under way at once.
const IN_FLIGHT_MAX: usize = 4;
/// Tries for one request before giving up.
const TRIES_MAX: u32 = 10;
const BACKOFF_FIRST: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(20);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// Of a refusal's body this much is shown.
const REFUSAL_CHARS: usize = 300;

/// Sends parcels; dropping it abandons what is under way.
pub(crate) struct Post {
    client: Client,
    address: Arc<Address>,
    permits: Arc<Semaphore>,
    under_way: JoinSet<anyhow::Result<Tally>>,
    tally: Tally,
}

impl Post {
    pub(crate) fn new(address: Address) -> anyhow::Result<Self> {
        Ok(Self {
            client: Client::builder().timeout(REQUEST_TIMEOUT).build()?,
            address: Arc::new(address),
            permits: Arc::new(Semaphore::new(IN_FLIGHT_MAX)),
            under_way: JoinSet::new(),
            tally: Tally::default(),
        })
    }

    /// Starts sending a parcel, after waiting for a free place.
    ///
    /// # Errors
    /// When an earlier parcel could not be delivered.
    pub(crate) async fn send(&mut self, parcel: Parcel) -> anyhow::Result<()> {
        let permit = Arc::clone(&self.permits).acquire_owned().await?;
        while let Some(delivered) = self.under_way.try_join_next() {
            self.tally.add(delivered??);
        }
        let client = self.client.clone();
        let address = Arc::clone(&self.address);
        self.under_way.spawn(async move {
            let delivered = deliver(&client, &address, parcel).await;
            drop(permit);
            delivered
        });
        Ok(())
    }

    /// Waits until everything is delivered; gives what was sent in all.
    ///
    /// # Errors
    /// When a parcel could not be delivered.
    pub(crate) async fn finish(&mut self) -> anyhow::Result<Tally> {
        while let Some(delivered) = self.under_way.join_next().await {
            self.tally.add(delivered??);
        }
        Ok(self.tally)
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.request_count += other.request_count;
        self.span_count += other.span_count;
        self.log_count += other.log_count;
        self.body_bytes += other.body_bytes;
        self.retry_count += other.retry_count;
    }
}

async fn deliver(client: &Client, address: &Address, parcel: Parcel) -> anyhow::Result<Tally> {
    let url = format!("{}{}", address.endpoint, parcel.path);
    let body = Bytes::from(if address.gzip {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&parcel.body)?;
        encoder.finish()?
    } else {
        parcel.body
    });
    let mut backoff = BACKOFF_FIRST;
    for retry_count in 0..u64::from(TRIES_MAX) {
        let mut request = client
            .post(&url)
            .header(header::CONTENT_TYPE, "application/x-protobuf");
        if address.gzip {
            request = request.header(header::CONTENT_ENCODING, "gzip");
        }
        if let Some(key) = &address.api_key {
            request = request.header("x-honeycomb-team", key);
        }
        let response =
            request.body(body.clone()).send().await.with_context(|| {
                format!("no answer from {url}; is `waggle serve` running there?")
            })?;
        let status = response.status();
        if status.is_success() {
            let is_logs = parcel.path.ends_with("logs");
            let item_count = parcel.item_count as u64;
            return Ok(Tally {
                request_count: 1,
                span_count: if is_logs { 0 } else { item_count },
                log_count: if is_logs { item_count } else { 0 },
                body_bytes: body.len() as u64,
                retry_count,
            });
        }
        let is_later = matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        if !is_later {
            return Err(refusal(&url, response).await);
        }
        let wait = retry_after(&response).unwrap_or(backoff).min(BACKOFF_MAX);
        backoff = (backoff * 2).min(BACKOFF_MAX);
        tokio::time::sleep(wait).await;
    }
    bail!("{url} stayed busy through {TRIES_MAX} tries")
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(header::RETRY_AFTER)?;
    let seconds = seconds.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

async fn refusal(url: &str, response: Response) -> anyhow::Error {
    let status = response.status();
    let text = response.text().await.unwrap_or_default();
    let text: String = text
        .chars()
        .filter(|letter| !letter.is_control())
        .take(REFUSAL_CHARS)
        .collect();
    let advice = match status {
        StatusCode::UNAUTHORIZED => "; pass --api-key or set WAGGLE_API_KEY",
        StatusCode::NOT_FOUND => "; is this a Waggle server?",
        _ => "",
    };
    anyhow::anyhow!("{url} answered {status}: {text}{advice}")
}
