//! The way of spans from the bytes of OTLP requests into durable rows and blocks, without sockets around it, for work with a profiler.
//!
//! `cargo run --profile perf -p waggle-store --example ingest_times -- [MILLIONS_OF_SPANS] [DECODE_ONLY]`. Prints what a million spans
//! cost on the CPU in all threads (making the requests not counted), and what they take in the log and in blocks.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a developer's tool"
)]

#[path = "../../waggle-wire/examples/decode_times/data.rs"]
mod data;

use data::{REQUESTS, SPANS, requests};
use prost::Message as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use waggle_metastore::{Metastore, SqliteMetastore};
use waggle_model::{Clock, EventLimits, EventSink, Tenant};
use waggle_store::disk::RealDisk;
use waggle_store::{Store, StoreConfig};
use waggle_wire::otlp::{Encoding, OtlpHeaders, decode_traces};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Connections that send at once.
const SENDERS: usize = 4;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let millions: f64 = arguments
        .first()
        .map_or(1.0, |count| count.parse().unwrap());
    let is_decode_only = arguments.len() > 1;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir_in("target").unwrap();
    let (store, tenant) = runtime.block_on(open(folder.path()));

    let before = (process_cpu_s(), thread_cpu_s());
    let mut making_s = 0.0;
    let mut requests = requests();
    let rounds = (millions * 1e6 / (SPANS * REQUESTS) as f64).ceil() as u64;
    for round in 0..rounds {
        let start = thread_cpu_s();
        let bodies = bodies(&mut requests, round);
        making_s += thread_cpu_s() - start;
        runtime.block_on(send(&store, tenant, bodies, is_decode_only));
    }
    let appended_s = process_cpu_s() - before.0 - making_s;
    let log_bytes = folder_bytes(&folder.path().join("wal"));
    runtime.block_on(store.shutdown()).unwrap();
    let all_s = process_cpu_s() - before.0 - making_s;
    let count = (rounds as usize * SPANS * REQUESTS) as f64;
    let million = count / 1e6;
    println!(
        "{million:.1} million spans, each: {:.2} us appended, {:.2} us with blocks, {:.0} B of blocks; log files left {:.0} B",
        appended_s / million,
        all_s / million,
        folder_bytes(&folder.path().join("blocks")) / count,
        log_bytes,
    );
}

async fn open(folder: &Path) -> (Arc<Store>, Tenant) {
    let clock = Clock::new(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(now.as_nanos()).unwrap()
    });
    let sqlite = SqliteMetastore::open(&folder.join("metastore.sqlite"))
        .await
        .unwrap();
    let metastore: Arc<dyn Metastore> = Arc::new(sqlite);
    let team = metastore.create_team("team", 1).await.unwrap();
    let environment = metastore.create_environment(team.id, "production", 1).await;
    let tenant = environment.unwrap().tenant;
    let store = Store::open(
        StoreConfig::new(folder),
        Arc::new(RealDisk),
        metastore,
        clock,
    );
    (store.await.unwrap(), tenant)
}

/// The requests with ids of their own.
fn bodies(
    requests: &mut [opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest],
    round: u64,
) -> Vec<Vec<u8>> {
    for span in requests
        .iter_mut()
        .flat_map(|r| &mut r.resource_spans[0].scope_spans[0].spans)
    {
        for id in [
            &mut span.trace_id,
            &mut span.span_id,
            &mut span.parent_span_id,
        ] {
            id[0] ^= round as u8;
            id[1] = id[1].wrapping_add(1);
        }
        span.start_time_unix_nano += 1_000_000_000_000;
    }
    requests
        .iter()
        .map(|request| request.encode_to_vec())
        .collect()
}

async fn send(store: &Arc<Store>, tenant: Tenant, bodies: Vec<Vec<u8>>, is_decode_only: bool) {
    let bodies = Arc::new(bodies);
    let senders = (0..SENDERS).map(|sender| {
        let (store, bodies) = (Arc::clone(store), Arc::clone(&bodies));
        tokio::spawn(async move {
            for body in bodies.iter().skip(sender).step_by(SENDERS) {
                let headers = OtlpHeaders::default();
                let limits = EventLimits::default();
                let decoded = decode_traces(body, Encoding::Protobuf, &headers, &limits).unwrap();
                if !is_decode_only {
                    store.append(tenant, decoded.batches, true).await.unwrap();
                }
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
}

/// Time on the CPU of all threads, in seconds.
fn process_cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks: u64 = fields[11..13]
        .iter()
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    ticks as f64 / 100.0
}

fn thread_cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let ns: f64 = stat.split_whitespace().next().unwrap().parse().unwrap();
    ns / 1e9
}

fn folder_bytes(folder: &Path) -> f64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0.0;
    };
    entries
        .map(|entry| {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => folder_bytes(&entry.path()),
                false => entry.metadata().unwrap().len() as f64,
            }
        })
        .sum()
}
