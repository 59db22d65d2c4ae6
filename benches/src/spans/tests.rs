//! What the data is like, and that the hand-written protobuf is protobuf.

use super::table::SERVICES;
use super::table::{SPARSE_COUNT, sparse_presence, sparse_service};
use super::{BLOCK_ROWS, DATASET, Spans, batch, otlp};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use std::collections::{BTreeMap, HashMap, HashSet};

const SEED: u64 = 1;
const START_NS: i64 = 1_790_000_000_000_000_000;
const HOURS: i64 = 24;
const EVENTS: u64 = 40 * BLOCK_ROWS as u64 + 77;

fn spans() -> Spans {
    println!("seed {SEED}");
    Spans::new(SEED, EVENTS, START_NS, HOURS)
}

fn decoded(spans: &Spans, block: u64) -> Vec<Span> {
    let requests = otlp::requests(&spans.block(block), spans, 512);
    let mut all = Vec::new();
    for (count, body) in requests {
        let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
        let resource = &request.resource_spans[0];
        let attributes = &resource.resource.as_ref().unwrap().attributes;
        assert_eq!(attributes[0].key, "service.name");
        assert_eq!(
            attributes[0].value.as_ref().unwrap().value,
            Some(Value::StringValue(DATASET.to_owned()))
        );
        let of_request = &resource.scope_spans[0].spans;
        assert_eq!(of_request.len(), count);
        all.extend(of_request.iter().cloned());
    }
    all
}

#[test]
fn blocks_repeat_and_differ() {
    let spans = spans();
    assert_eq!(spans.block(7), spans.block(7));
    assert_ne!(spans.block(7), spans.block(8));
    let other_seed = Spans::new(SEED + 1, EVENTS, START_NS, HOURS);
    assert_ne!(spans.block(7), other_seed.block(7));
}

#[test]
fn there_are_as_many_as_asked_for() {
    let spans = spans();
    let mut sent = 0;
    let mut by_service = [0_u64; SERVICES.len()];
    for number in 0..spans.block_count() {
        let block = spans.block(number);
        sent += otlp::requests(&block, &spans, 512)
            .iter()
            .map(|(count, _)| *count as u64)
            .sum::<u64>();
        for row in &block.rows {
            by_service[row.service] += 1;
        }
    }
    assert_eq!(sent, EVENTS);
    assert_eq!(by_service.iter().sum::<u64>(), EVENTS);
    assert!(by_service[0] > 5 * by_service[24], "services are skewed");
}

#[test]
fn requests_are_otlp_and_traces_are_trees() {
    let spans = spans();
    let end_ns = START_NS + HOURS * 3_600_000_000_000;
    let all = decoded(&spans, 3);
    assert_eq!(all.len(), BLOCK_ROWS);
    let mut seen = HashSet::new();
    for span in &all {
        assert_eq!((span.trace_id.len(), span.span_id.len()), (16, 8));
        assert!((1..=5).contains(&span.kind));
        assert!((START_NS..end_ns).contains(&(span.start_time_unix_nano as i64)));
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
        let parent = (span.trace_id.clone(), span.parent_span_id.clone());
        assert!(span.parent_span_id.is_empty() || seen.contains(&parent));
        seen.insert((span.trace_id.clone(), span.span_id.clone()));
        let keys: HashSet<&str> = span.attributes.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(
            keys.len(),
            span.attributes.len(),
            "no attribute comes twice"
        );
        assert!(keys.contains("service_name") && keys.contains("user_id"));
        let has_status = span.status.as_ref().is_some_and(|status| status.code == 2);
        assert_eq!(has_status, keys.contains("exception_message"));
    }
}

#[test]
fn all_encodings_say_the_same() {
    let spans = spans();
    let block = spans.block(3);
    let otlp = decoded(&spans, 3);
    let mut json: Vec<serde_json::Value> = Vec::new();
    for (count, body) in batch::json(&block, &spans, 500) {
        let events: Vec<serde_json::Value> = serde_json::from_slice(&body).unwrap();
        assert_eq!(events.len(), count);
        json.extend(events);
    }
    assert_eq!(json.len(), otlp.len());
    for (event, span) in json.iter().zip(&otlp) {
        let data = event["data"].as_object().unwrap();
        let own =
            5 + usize::from(!span.parent_span_id.is_empty()) + usize::from(span.status.is_some());
        assert_eq!(data.len(), span.attributes.len() + own);
        for attribute in &span.attributes {
            let value = &data[&attribute.key];
            match attribute.value.as_ref().unwrap().value.as_ref().unwrap() {
                Value::StringValue(text) => assert_eq!(value, text),
                Value::IntValue(int) => assert_eq!(value, int),
                Value::DoubleValue(float) => assert_eq!(value.as_f64(), Some(*float)),
                other => panic!("{other:?}"),
            }
        }
        let duration_ms = (span.end_time_unix_nano - span.start_time_unix_nano) as f64 / 1e6;
        assert_eq!(data["duration_ms"].as_f64(), Some(duration_ms));
        assert_eq!(data["name"], *span.name);
    }
    let packed = batch::msgpack_zstd(&block, &spans, 500).unwrap();
    assert_eq!(
        packed.iter().map(|(count, _)| count).sum::<usize>(),
        otlp.len()
    );
}

#[test]
fn parquet_has_every_row_and_column() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let spans = Spans::new(SEED, 5_000, START_NS, HOURS);
    let folder = tempfile::tempdir().unwrap();
    super::parquet::write_files(&spans, folder.path(), 2).unwrap();
    let mut rows = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let file = std::fs::File::open(entry.unwrap().path()).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let metadata = reader.metadata().file_metadata();
        rows += metadata.num_rows();
        assert_eq!(metadata.schema_descr().num_columns(), 41 + SPARSE_COUNT);
    }
    assert_eq!(rows, 5_000);
}

#[test]
fn the_shape_is_as_described() {
    let spans = spans();
    let mut columns: BTreeMap<String, u64> = BTreeMap::new();
    let mut users = HashSet::new();
    let mut traces: HashMap<Vec<u8>, u32> = HashMap::new();
    let (mut errors, mut sparse, mut bytes) = (0, 0, 0);
    for number in 0..spans.block_count() {
        bytes += otlp::requests(&spans.block(number), &spans, 512)
            .iter()
            .map(|(_, body)| body.len())
            .sum::<usize>();
        for span in decoded(&spans, number) {
            errors += u32::from(span.status.is_some());
            *traces.entry(span.trace_id).or_default() += 1;
            for attribute in span.attributes {
                sparse += u32::from(attribute.key.starts_with("attr_"));
                if attribute.key == "user_id" {
                    users.insert(attribute.value.unwrap().encode_to_vec());
                }
                *columns.entry(attribute.key).or_default() += 1;
            }
        }
    }
    let events = EVENTS as f64;
    let spans_per_trace = events / traces.len() as f64;
    let error_share = f64::from(errors) / events;
    let sparse_per_span = f64::from(sparse) / events;
    println!(
        "columns {} bytes/span {:.0} spans/trace {spans_per_trace:.1} errors {error_share:.4} sparse/span {sparse_per_span:.2} users {}",
        columns.len(),
        bytes as f64 / events,
        users.len()
    );
    let dense = columns
        .keys()
        .filter(|key| !key.starts_with("attr_"))
        .count();
    assert_eq!(columns.len() - dense, SPARSE_COUNT);
    assert!(
        (30..=40).contains(&dense),
        "{dense} and the span's own fields"
    );
    assert!((11.0..13.0).contains(&spans_per_trace));
    assert!((0.009..0.013).contains(&error_share));
    assert!((1.7..2.7).contains(&sparse_per_span));
    let widest = columns["attr_s003"] as f64 / events;
    println!(
        "attr_s003 {widest:.4} of {:.4} on {:?}",
        sparse_presence(3),
        sparse_service(3)
    );
}

#[test]
fn times_are_nearly_sorted() {
    let spans = spans();
    let mut latest = START_NS;
    for number in 0..spans.block_count() {
        let block = spans.block(number);
        for row in &block.rows {
            assert!(
                row.time_ns > latest - 30_000_000_000,
                "no more than a trace's length and a step late"
            );
            latest = latest.max(row.time_ns);
        }
    }
    assert!(latest > START_NS + 23 * 3_600_000_000_000);
}

#[test]
fn the_sample_trace_is_whole() {
    let spans = spans();
    let (id, count) = spans.sample_trace().unwrap();
    assert!(count > 20);
    let found = (0..spans.block_count())
        .flat_map(|number| spans.block(number).rows)
        .filter(|row| format!("{:032x}", row.trace_id) == id)
        .count();
    assert_eq!(found, count);
}

#[test]
fn the_planted_subset_is_slow() {
    let spans = Spans::new(SEED, 400_000, START_NS, 24);
    let mut slow = (0.0, 0);
    let mut usual = (0.0, 0);
    for number in 0..spans.block_count() {
        for row in spans.block(number).rows {
            let is_hour = (row.time_ns - START_NS) / 3_600_000_000_000 == 14;
            let is_planted = is_hour && (row.region, row.build, row.flag) == (1, 42, 1);
            let sum = if is_planted { &mut slow } else { &mut usual };
            *sum = (sum.0 + (row.duration_ns as f64).ln(), sum.1 + 1);
        }
    }
    println!("{} spans are slow", slow.1);
    assert!(slow.1 > 20);
    let times = (slow.0 / f64::from(slow.1) - usual.0 / f64::from(usual.1)).exp();
    assert!((6.0..24.0).contains(&times), "{times}");
}
