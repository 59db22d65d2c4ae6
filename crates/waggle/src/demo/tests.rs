//! What the shop must be like, checked on what it generates, and that the sender keeps trying.

use super::journey::{Journey, play};
use super::parcel::{Packer, Parcel};
use super::post::{Address, Post};
use super::shop::{Shop, Target};
use super::story::Story;
use super::timetable::Timetable;
use super::{DemoArgs, Tour, seconds};
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};

const SEED: u64 = 1;
const START_NS: i64 = 1_790_000_000_000_000_000;
const MINUTE_NS: i64 = 60_000_000_000;

struct Fixture {
    shop: Shop,
    story: Story,
    timetable: Timetable,
}

impl Fixture {
    fn new(visit_count: u64) -> Self {
        println!("seed {SEED}");
        let shop = Shop::open().unwrap();
        let end_ns = START_NS + 10 * MINUTE_NS;
        let story = Story::new(&shop, START_NS, end_ns).unwrap();
        let timetable = Timetable {
            start_ns: START_NS,
            end_ns,
            visit_count,
            is_daily: false,
            seed: SEED,
        };
        Self {
            shop,
            story,
            timetable,
        }
    }

    fn visits(&self) -> impl Iterator<Item = Journey> {
        (0..self.timetable.visit_count).map(|number| self.visit(number))
    }

    fn visit(&self, number: u64) -> Journey {
        let start_ns = self.timetable.start_ns(number);
        play(&self.shop, &self.story, SEED, number, start_ns)
    }
}

fn find<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    attribute.value.as_ref()?.value.as_ref()
}

fn duration_ms(span: &Span) -> f64 {
    (span.end_time_unix_nano - span.start_time_unix_nano) as f64 / 1e6
}

#[test]
fn the_same_seed_gives_the_same_visit() {
    let (one, other) = (Fixture::new(300), Fixture::new(300));
    for number in 0..300 {
        let (a, b) = (one.visit(number), other.visit(number));
        assert_eq!(a.spans, b.spans);
        assert_eq!(a.logs, b.logs);
    }
    assert_ne!(one.visit(0).spans, one.visit(1).spans);
}

#[test]
fn the_shop_is_as_large_as_promised() {
    let fixture = Fixture::new(12_000);
    let mut operations = BTreeSet::new();
    let mut services = BTreeSet::new();
    let mut columns = BTreeSet::new();
    let mut users = HashSet::new();
    let mut sizes = Vec::new();
    let (mut spans, mut exceptions, mut links, mut logs) = (0, 0, 0, 0);
    for journey in fixture.visits() {
        let mut of_trace: HashMap<Vec<u8>, usize> = HashMap::new();
        for (pod, span) in &journey.spans {
            spans += 1;
            services.insert(pod.service);
            operations.insert((pod.service, span.name.clone()));
            columns.extend(
                span.attributes
                    .iter()
                    .map(|attribute| attribute.key.clone()),
            );
            exceptions += span.events.len();
            links += span.links.len();
            *of_trace.entry(span.trace_id.clone()).or_default() += 1;
            if let Some(Value::StringValue(user)) = find(&span.attributes, "user.id") {
                users.insert(user.clone());
            }
        }
        assert_eq!(of_trace.len(), journey.trace_count);
        logs += journey.logs.len();
        sizes.extend(of_trace.into_values());
    }
    sizes.sort_unstable();
    println!(
        "services {} operations {} columns {} users {} spans {spans} traces {} median {} p95 {} max {} exceptions {exceptions} links {links} logs {logs}",
        services.len(),
        operations.len(),
        columns.len(),
        users.len(),
        sizes.len(),
        sizes[sizes.len() / 2],
        sizes[sizes.len() * 95 / 100],
        sizes[sizes.len() - 1],
    );
    assert_eq!(
        services.len(),
        fixture.shop.services.len(),
        "every service is visited"
    );
    assert!(services.len() >= 20);
    assert!(
        (360..=450).contains(&operations.len()),
        "{}",
        operations.len()
    );
    assert!(columns.len() >= 90);
    assert!(
        users.len() > 8_000,
        "a user seldom comes twice in so short a time"
    );
    assert!(
        sizes.iter().filter(|size| **size > 200).count() > 10,
        "a few large traces"
    );
    assert!(sizes[sizes.len() - 1] < 2_100);
    assert!(exceptions > 100 && links > 1_000 && logs > 5_000);
}

#[test]
fn every_trace_is_a_tree() {
    let fixture = Fixture::new(3_000);
    for journey in fixture.visits() {
        let mut seen: HashMap<(&[u8], &[u8]), &Span> = HashMap::new();
        for (_, span) in &journey.spans {
            assert_eq!((span.trace_id.len(), span.span_id.len()), (16, 8));
            assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
            assert!(span.end_time_unix_nano <= journey.end_ns as u64);
            if !span.parent_span_id.is_empty() {
                let parent = seen
                    .get(&(span.trace_id.as_slice(), span.parent_span_id.as_slice()))
                    .expect("a parent stands before its children");
                assert!(span.start_time_unix_nano >= parent.start_time_unix_nano);
                assert!(
                    span.end_time_unix_nano <= parent.end_time_unix_nano,
                    "{} in {}",
                    span.name,
                    parent.name
                );
            }
            for link in &span.links {
                assert!(seen.contains_key(&(link.trace_id.as_slice(), link.span_id.as_slice())));
            }
            let is_new = seen.insert((&span.trace_id, &span.span_id), span).is_none();
            assert!(is_new, "span ids are unique");
        }
        for (_, record) in &journey.logs {
            assert!(seen.contains_key(&(record.trace_id.as_slice(), record.span_id.as_slice())));
        }
    }
}

#[test]
fn the_slow_build_is_slow_since_its_rollout() {
    let fixture = Fixture::new(4_000);
    let mut usual = Vec::new();
    let mut slow = Vec::new();
    for journey in fixture.visits() {
        for (pod, span) in &journey.spans {
            let is_service = pod.service == fixture.story.slow_service;
            // "do:" steps are nothing but the service's own work.
            if is_service && span.name == "apply rules" {
                let is_late = span.start_time_unix_nano as i64 > fixture.story.slow_since_ns;
                assert!(!pod.is_slow_build || is_late || is_near(span, &fixture.story));
                let list = if pod.is_slow_build {
                    &mut slow
                } else {
                    &mut usual
                };
                list.push(duration_ms(span));
            }
        }
    }
    let (usual, slow) = (median(usual), median(slow));
    println!("median {usual:.2} ms, on the slow build {slow:.2} ms");
    assert!((5.0..7.0).contains(&(slow / usual)));
}

/// A pod picks its build when an operation starts, its steps come a little later.
fn is_near(span: &Span, story: &Story) -> bool {
    (span.start_time_unix_nano as i64 - story.slow_since_ns).abs() < MINUTE_NS
}

fn median(mut values: Vec<f64>) -> f64 {
    assert!(values.len() > 30, "only {} values", values.len());
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn the_failing_region_waits_and_fails_up_to_the_visitor() {
    let fixture = Fixture::new(12_000);
    let mut charges: BTreeMap<(bool, bool), (u32, u32)> = BTreeMap::new();
    let mut failed_roots = 0;
    for journey in fixture.visits() {
        for (pod, span) in &journey.spans {
            if span.name != "POST /v1/charges" {
                continue;
            }
            let has_failed = span.status.as_ref().is_some_and(|status| status.code == 2);
            let is_late = span.start_time_unix_nano as i64 >= fixture.story.failing_since_ns;
            let is_region = pod.region == fixture.story.failing_region;
            let (all, failed) = charges.entry((is_region, is_late)).or_default();
            *all += 1;
            *failed += u32::from(has_failed);
            if has_failed && duration_ms(span) > 9_000.0 {
                let root = &journey.spans[0].1;
                assert_eq!(root.status.as_ref().unwrap().code, 2);
                assert!(root.status.as_ref().unwrap().message.contains("paywell"));
                failed_roots += 1;
            }
        }
    }
    println!("(in region, late) -> (charges, failed): {charges:?}");
    let share = |key| {
        let (all, failed) = charges[&key];
        f64::from(failed) / f64::from(all)
    };
    assert!(share((true, true)) > 0.7);
    assert!(share((true, false)) < 0.05);
    assert!(share((false, true)) < 0.05);
    assert!(failed_roots > 10);
}

#[test]
fn a_day_has_a_rhythm_and_keeps_its_order() {
    let timetable = Timetable {
        start_ns: START_NS - START_NS % (24 * 60 * MINUTE_NS),
        end_ns: START_NS - START_NS % (24 * 60 * MINUTE_NS) + 24 * 60 * MINUTE_NS,
        visit_count: 24_000,
        is_daily: true,
        seed: SEED,
    };
    let mut hours = [0; 25];
    let mut last_ns = i64::MIN;
    for number in 0..24_000 {
        let start_ns = timetable.start_ns(number);
        assert!(start_ns >= last_ns);
        last_ns = start_ns;
        hours[((start_ns - timetable.start_ns) / (60 * MINUTE_NS)) as usize] += 1;
    }
    println!("{hours:?}");
    assert_eq!(hours[24], 0);
    assert!(hours[19] > 3 * hours[7]);
}

#[test]
fn requests_decode_to_what_was_played() {
    let fixture = Fixture::new(400);
    let mut packer = Packer::default();
    let mut sent = 0;
    let mut parcels = Vec::new();
    for journey in fixture.visits() {
        sent += journey.spans.len() + journey.logs.len();
        parcels.extend(packer.add(&fixture.shop, journey));
    }
    parcels.extend(packer.finish(&fixture.shop));
    assert_eq!(
        parcels
            .iter()
            .map(|parcel| parcel.item_count)
            .sum::<usize>(),
        sent
    );
    for parcel in parcels.iter().filter(|parcel| parcel.path == "/v1/traces") {
        let request = ExportTraceServiceRequest::decode(parcel.body.as_slice()).unwrap();
        let mut count = 0;
        for of_pod in &request.resource_spans {
            let resource = of_pod.resource.as_ref().unwrap();
            assert!(find(&resource.attributes, "service.name").is_some());
            assert!(find(&resource.attributes, "build_id").is_some());
            count += of_pod.scope_spans[0].spans.len();
        }
        assert_eq!(count, parcel.item_count);
    }
}

#[test]
fn the_table_has_no_circles() {
    let shop = Shop::open().unwrap();
    for (service, row) in shop.services.iter().enumerate() {
        for operation in 0..row.operations.len() {
            let id = super::shop::OperationId { service, operation };
            assert!(depth(&shop, id, 0) < 12);
        }
    }
}

fn depth(shop: &Shop, id: super::shop::OperationId, above: usize) -> usize {
    assert!(
        above < 20,
        "a circle through {}",
        shop.operation(id).1.span_name
    );
    let calls = &shop.operation(id).1.calls;
    let below = calls.iter().filter_map(|call| match call.target {
        Target::Operation(id) => Some(depth(shop, id, above + 1)),
        _ => None,
    });
    1 + below.max().unwrap_or(0)
}

#[test]
fn times_are_read_or_refused() {
    assert_eq!(seconds("90m").unwrap(), 5_400);
    assert_eq!(seconds("24h").unwrap(), 86_400);
    assert_eq!(seconds("2d").unwrap(), 172_800);
    for wrong in ["", "h", "24", "-1h", "0h", "1w", "٣h"] {
        assert!(seconds(wrong).is_err(), "{wrong}");
    }
}

#[derive(Clone, Default)]
struct Door {
    /// Bodies and content encodings that were taken.
    taken: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    /// Answers still to be given before taking anything.
    refusals: Arc<Mutex<Vec<StatusCode>>>,
}

async fn open_door(refusals: &[StatusCode]) -> (String, Door) {
    let door = Door::default();
    door.refusals.lock().unwrap().extend(refusals);
    let take = |State(door): State<Door>, headers: HeaderMap, body: Bytes| async move {
        if let Some(status) = door.refusals.lock().unwrap().pop() {
            return (status, [("retry-after", "0")], "{\"message\":\"no\"}");
        }
        door.taken.lock().unwrap().push((headers, body));
        (StatusCode::OK, [("retry-after", "0")], "")
    };
    let router = Router::new()
        .route("/v1/traces", post(take))
        .route("/v1/logs", post(take))
        .with_state(door.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (endpoint, door)
}

fn address(endpoint: &str) -> Address {
    Address {
        endpoint: endpoint.to_owned(),
        api_key: Some("secret".to_owned()),
        gzip: true,
    }
}

#[tokio::test]
async fn a_tour_sends_everything_that_is_over() {
    let busy = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    let (endpoint, door) = open_door(&busy).await;
    let fixture = Fixture::new(500);
    let post = Post::new(address(&endpoint)).unwrap();
    let mut tour = Tour::new(&fixture.shop, &fixture.story, fixture.timetable, post);
    tour.catch_up(fixture.timetable.end_ns, 500).await.unwrap();
    let tally = tour.post.finish().await.unwrap();

    let over = fixture
        .visits()
        .filter(|journey| journey.end_ns <= fixture.timetable.end_ns);
    let spans: u64 = over.map(|journey| journey.spans.len() as u64).sum();
    assert_eq!(tally.span_count, spans);
    assert_eq!(tally.retry_count, 2);
    let taken = door.taken.lock().unwrap();
    assert_eq!(taken.len() as u64, tally.request_count);
    for (headers, _) in taken.iter() {
        assert_eq!(headers["x-honeycomb-team"], "secret");
        assert_eq!(headers["content-encoding"], "gzip");
        assert_eq!(headers["content-type"], "application/x-protobuf");
    }
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let (endpoint, _door) = open_door(&[StatusCode::UNAUTHORIZED]).await;
    let mut post = Post::new(address(&endpoint)).unwrap();
    let parcel = Parcel {
        path: "/v1/traces",
        item_count: 1,
        body: Vec::new(),
    };
    post.send(parcel).await.unwrap();
    let error = format!("{:#}", post.finish().await.unwrap_err());
    println!("{error}");
    assert!(error.contains("--api-key"));
}

#[test]
fn flags_make_a_timetable() {
    use clap::{Args, FromArgMatches};
    let read = |flags: &[&str]| {
        let command = DemoArgs::augment_args(clap::Command::new("demo"));
        let matches = command
            .try_get_matches_from([&["demo"], flags].concat())
            .unwrap();
        let args = DemoArgs::from_arg_matches(&matches).unwrap();
        args.timetable(START_NS)
    };
    let short = read(&[]).unwrap();
    assert_eq!(
        (short.end_ns - short.start_ns, short.visit_count),
        (5 * MINUTE_NS, 6_000)
    );
    let day = read(&["--backfill"]).unwrap();
    assert_eq!(
        (day.end_ns - day.start_ns, day.visit_count),
        (24 * 60 * MINUTE_NS, 43_200)
    );
    assert!(day.is_daily);
    assert!(read(&["--rate", "0"]).is_err());
    assert!(read(&["--backfill", "400d"]).is_err());
}
