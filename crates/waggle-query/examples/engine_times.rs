//! Times the benchmark's queries inside one process, without a server around the engine, for work with a profiler.
//!
//! `cargo run --profile perf -p waggle-query --example engine_times -- DATA_DIR [--runs N] [--query PART_OF_NAME]
//! [--no-series]`, where DATA_DIR is what
//! `waggle-bench --keep` left (in use by no other process). Prints per query the first run, the fastest and the process's time on
//! the CPU per further run, all in ms.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a developer's tool"
)]

use prometheus_client::registry::Registry;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use waggle_metastore::{Metastore, SqliteMetastore};
use waggle_model::{
    BubbleSelection, BubbleUpRequest, CalculatedField, CalculationSpec, Clock, DatasetScope,
    FilterOp, FilterSpec, FilterValue, QueryEngine, QueryOptions, QuerySpec, RowRequest, TimeRange,
    TraceChoice, TraceRequest, Value,
};
use waggle_query::fused::{FusedPass, PartialState, Passes};
use waggle_query::{Engine, EngineConfig, ExecError};
use waggle_store::disk::RealDisk;
use waggle_store::{Store, StoreConfig};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The engine alone, without the plan nodes that the server puts between.
struct Directly;

impl Passes for Directly {
    fn gather(&self, pass: &Arc<FusedPass>) -> Result<PartialState, ExecError> {
        pass.gather(pass.sources())
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(run());
}

async fn run() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value_of = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1).cloned()
    };
    let data_dir = Path::new(&arguments[0]);
    let runs: usize = value_of("--runs").map_or(5, |runs| runs.parse().unwrap());
    let part = value_of("--query").unwrap_or_default();

    let clock = Clock::new(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(now.as_nanos()).unwrap()
    });
    let metastore_path = data_dir.join("metastore.sqlite");
    let sqlite = SqliteMetastore::open(&metastore_path);
    let metastore: Arc<dyn Metastore> = Arc::new(sqlite.await.unwrap());
    let store = Store::open(
        StoreConfig {
            // Merging blocks meanwhile would be measured too.
            is_compacting: false,
            ..StoreConfig::new(data_dir)
        },
        Arc::new(RealDisk),
        Arc::clone(&metastore),
        clock.clone(),
    );
    let store = store.await.unwrap();
    let blocks = metastore.blocks().await.unwrap();
    let tenant = blocks[0].block.tenant;
    let first_ns = blocks.iter().map(|block| block.block.min_time_ns).min();
    let last_ns = blocks.iter().map(|block| block.block.max_time_ns).max();
    let end_ns = (last_ns.unwrap() / 60_000_000_000 + 1) * 60_000_000_000;
    let day = TimeRange {
        start_ns: first_ns.unwrap() / 60_000_000_000 * 60_000_000_000,
        end_ns,
    };
    let engine = Engine::new(
        store,
        Arc::new(Directly),
        EngineConfig {
            // Times of the first question of its kind.
            cache_bytes: 0,
            ..EngineConfig::default()
        },
        clock,
        &mut Registry::default(),
    );

    for (name, question) in questions(day, &engine, tenant).await {
        if !name.contains(&part) {
            continue;
        }
        let options = QueryOptions {
            disable_series: arguments.iter().any(|argument| argument == "--no-series"),
            ..QueryOptions::default()
        };
        let mut times = Vec::new();
        let mut cpu_before = cpu_time();
        for run in 0..=runs {
            if run == 1 {
                cpu_before = cpu_time();
            }
            let started = Instant::now();
            match &question {
                Question::Query(spec, range) => {
                    let answer = engine.query(tenant, DatasetScope::All, spec, *range, options);
                    if let Err(error) = answer.await {
                        println!("{name:<28} {error}");
                        break;
                    }
                }
                Question::Rows(request) => {
                    let page = engine.rows(tenant, DatasetScope::All, request);
                    page.await.unwrap();
                }
                Question::Trace(request) => {
                    engine.trace(tenant, request).await.unwrap();
                }
                Question::BubbleUp(request) => {
                    let answer = engine.bubble_up(tenant, DatasetScope::All, request);
                    answer.await.unwrap();
                }
            }
            times.push(started.elapsed());
        }
        if times.is_empty() {
            continue;
        }
        let cpu = (cpu_time() - cpu_before) / u32::try_from(runs.max(1)).unwrap();
        let fastest = times[1..].iter().min().unwrap_or(&times[0]);
        let ms = |time: &Duration| time.as_secs_f64() * 1e3;
        println!(
            "{name:<28} first {:>8.2}  fastest {:>8.2}  cpu {:>8.2}",
            ms(&times[0]),
            ms(fastest),
            ms(&cpu)
        );
    }
}

enum Question {
    Query(QuerySpec, TimeRange),
    Rows(RowRequest),
    Trace(TraceRequest),
    BubbleUp(BubbleUpRequest),
}

/// The columns that the benchmark compares.
const BUBBLE_COLUMNS: [&str; 30] = [
    "service_name",
    "name",
    "http_route",
    "http_status_code",
    "error",
    "k8s_pod_name",
    "region",
    "build_id",
    "sample_rate",
    "db_system",
    "http_method",
    "span_kind",
    "library_name",
    "library_version",
    "host_name",
    "k8s_node_name",
    "k8s_namespace",
    "k8s_cluster",
    "cloud_az",
    "sdk_version",
    "http_user_agent",
    "net_peer_ip",
    "customer_tier",
    "customer_id",
    "flag_checkout_v2",
    "platform",
    "country",
    "exception_message",
    "annotation_type",
    "user_id",
];

/// The questions of spec/engine.md that the engine answers.
async fn questions(
    day: TimeRange,
    engine: &Engine,
    tenant: waggle_model::Tenant,
) -> Vec<(&'static str, Question)> {
    let services = ["service_name"];
    let half = TimeRange {
        start_ns: day.end_ns - 12 * 3_600_000_000_000,
        ..day
    };
    let last = TimeRange {
        start_ns: day.end_ns - 600_000_000_000,
        ..day
    };
    let error_rows = vec![
        filter("service_name", FilterOp::Equal, text("payment")),
        filter("error", FilterOp::Equal, Value::Bool(true)),
    ];
    let page = RowRequest {
        by_definition: false,
        calculated_fields: Vec::new(),
        granularity_ns: None,
        range: day,
        filters: error_rows,
        filter_combination: waggle_model::FilterCombination::And,
        limit: 100,
        before: None,
        usage_mode: false,
    };
    let found = engine.rows(tenant, DatasetScope::All, &page).await.unwrap();
    let trace_id = found.rows[0]
        .fields
        .iter()
        .find(|(name, _)| name == "trace.trace_id");
    let trace = TraceRequest {
        trace_id: trace_id.unwrap().1.to_string(),
        range: day,
        limit: 10_000,
        choice: TraceChoice::Oldest,
    };
    let duration = Some("duration_ms");
    let percentiles = [
        ("COUNT", None),
        ("P50", duration),
        ("P95", duration),
        ("P99", duration),
    ];
    let four = ["service_name", "http_route", "http_status_code", "region"];
    let of_four = [
        ("COUNT", None),
        ("AVG", duration),
        ("MAX", duration),
        ("P99", duration),
    ];
    let contains = [
        filter("service_name", FilterOp::Equal, text("checkout")),
        filter(
            "http_status_code",
            FilterOp::GreaterOrEqual,
            Value::Int(500),
        ),
        filter("db_statement", FilterOp::Contains, text("coupons")),
    ];
    let exists = [FilterSpec {
        column: "attr_s000".to_owned(),
        op: FilterOp::Exists,
        value: FilterValue::None,
    }];
    let hour = TimeRange {
        start_ns: day.start_ns + 14 * 3_600_000_000_000,
        end_ns: day.start_ns + 15 * 3_600_000_000_000,
    };
    let slow = filter("duration_ms", FilterOp::Greater, Value::Int(150));
    let bubble = |columns: Option<Vec<String>>| {
        Question::BubbleUp(BubbleUpRequest {
            calculated_fields: Vec::new(),
            granularity_ns: None,
            range: hour,
            filters: Vec::new(),
            filter_combination: waggle_model::FilterCombination::And,
            selection: BubbleSelection {
                range: None,
                filters: vec![slow.clone()],
            },
            columns,
            values_max: 40,
            usage_mode: false,
        })
    };
    let errors_of_root = [
        FilterSpec {
            column: "trace.parent_id".to_owned(),
            op: FilterOp::DoesNotExist,
            value: FilterValue::None,
        },
        filter("service_name", FilterOp::Equal, text("api-gateway")),
        filter("any.error", FilterOp::Equal, Value::Bool(true)),
    ];
    let three_hours = TimeRange {
        start_ns: day.start_ns + 12 * 3_600_000_000_000,
        end_ns: day.start_ns + 15 * 3_600_000_000_000,
    };
    // The calls of the map of services.
    let map = QuerySpec {
        calculated_fields: vec![CalculatedField {
            name: "is_entry".to_owned(),
            expression: "NOT(EQUALS($service_name, $parent.service_name))".to_owned(),
        }],
        ..spec(
            &[("COUNT", None), ("P95", duration)],
            &["parent.service_name", "service_name"],
            &[filter("is_entry", FilterOp::Equal, Value::Bool(true))],
            None,
        )
    };
    let users = [("COUNT_DISTINCT", Some("user_id"))];
    let count = [("COUNT", None)];
    let average = [("COUNT", None), ("AVG", duration)];
    let heatmap = [("HEATMAP", duration)];
    let p99 = [("COUNT", None), ("P99", duration)];
    let query = |spec| Question::Query(spec, day);
    vec![
        ("Q1 count a minute, 12 h", {
            Question::Query(spec(&count, &[], &[], Some(60)), half)
        }),
        ("Q2 percentiles by service", {
            query(spec(&percentiles, &services, &[], Some(300)))
        }),
        ("Q3 heatmap", query(spec(&heatmap, &[], &[], Some(1440)))),
        (
            "Q4 users by service",
            query(spec(&users, &services, &[], None)),
        ),
        ("Q5 top users", query(spec(&count, &["user_id"], &[], None))),
        (
            "Q5t top traces",
            query(spec(&count, &["trace.trace_id"], &[], None)),
        ),
        (
            "Q6 filter contains",
            query(spec(&count, &["name"], &contains, None)),
        ),
        (
            "Q7 sparse",
            query(spec(&average, &["attr_s002"], &exists, None)),
        ),
        ("Q8 trace", Question::Trace(trace)),
        ("Q9 latest rows", Question::Rows(page)),
        (
            "Q10 four breakdowns",
            query(spec(&of_four, &four, &[], None)),
        ),
        (
            "Q11 bubble up, 30 columns",
            bubble(Some(BUBBLE_COLUMNS.map(str::to_owned).to_vec())),
        ),
        ("Q11a bubble up, all columns", bubble(None)),
        ("Q12 last ten minutes", {
            Question::Query(spec(&p99, &["http_route"], &[], None), last)
        }),
        (
            "Q13 errors below a root",
            query(spec(&count, &[], &errors_of_root, None)),
        ),
        ("map, 3 h", Question::Query(map, three_hours)),
    ]
}

fn spec(
    calculations: &[(&str, Option<&str>)],
    breakdowns: &[&str],
    filters: &[FilterSpec],
    granularity_s: Option<u64>,
) -> QuerySpec {
    QuerySpec {
        calculations: calculations
            .iter()
            .map(|(op, column)| CalculationSpec::new(op, *column))
            .collect(),
        breakdowns: breakdowns.iter().map(|name| (*name).to_owned()).collect(),
        filters: filters.to_vec(),
        granularity_s,
        limit: Some(100),
        ..QuerySpec::default()
    }
}

fn filter(column: &str, op: FilterOp, value: Value) -> FilterSpec {
    FilterSpec {
        column: column.to_owned(),
        op,
        value: FilterValue::One(value),
    }
}

fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

/// Time on the CPU of all threads of this process so far. Source: proc(5), fields 14 and 15 of `stat`, in hundredths of a second.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit(')').next().unwrap();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}
