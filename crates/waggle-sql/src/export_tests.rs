//! Exports against the events they were made of: nothing lost, nothing doubled, every value in its type, in the order of time.

use crate::engine::SqlConfig;
use crate::import::{ImportedEvent, ParquetEvents};
use crate::testing::Installation;
use crate::time::time_text;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::io::{Seek, Write};
use waggle_model::{
    DatasetId, ExportFormat, ExportRequest, FilterCombination, FilterOp, FilterSpec, FilterValue,
    TimeRange, Value,
};
use waggle_testkit::{Event, matching, random_events, random_filter};

const S: i64 = 1_000_000_000;
const CASES: u64 = 12;

fn row_text(time_ns: i64, sample_rate: u32, fields: &BTreeMap<String, Value>) -> String {
    format!("{time_ns} x{sample_rate} {fields:?}")
}

fn event_text(event: &Event) -> String {
    row_text(event.timestamp_ns, event.sample_rate, &event.fields)
}

fn imported_text(event: &ImportedEvent) -> String {
    let fields = event
        .fields
        .iter()
        .map(|(name, value)| (name.to_string(), value.clone()))
        .collect();
    row_text(event.timestamp_ns, event.sample_rate, &fields)
}

fn read(file: &[u8]) -> Vec<ImportedEvent> {
    let mut on_disk = tempfile::tempfile().unwrap();
    on_disk.write_all(file).unwrap();
    on_disk.rewind().unwrap();
    let mut events = ParquetEvents::open(on_disk, None).unwrap();
    let count = events.row_count();
    let mut all = Vec::new();
    while let Some(events) = events.next_events().unwrap() {
        all.extend(events);
    }
    assert_eq!(all.len() as u64, count);
    all
}

struct Case {
    installation: Installation,
    events: Vec<Event>,
    request: ExportRequest,
}

async fn case(seed: u64) -> Case {
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let range = TimeRange {
        start_ns: -50 * S,
        end_ns: 3_600 * S,
    };
    let installation = Installation::new(SqlConfig::default()).await;
    let dataset = installation.dataset(installation.tenant, "d").await;
    let count = [1, 50, 4_000][rng.random_range(0..3)];
    let mut events = random_events(&mut rng, count, range);
    for event in &mut events {
        event.dataset = dataset;
        // Fields that are called like the two that every event has.
        if rng.random_bool(0.1) {
            event.fields.insert("timestamp".to_owned(), Value::Int(5));
            event
                .fields
                .insert("sample_rate".to_owned(), Value::String("a".to_owned()));
        }
    }
    installation
        .put(&mut rng, installation.tenant, dataset, &events)
        .await;
    let filters = (0..rng.random_range(0..2))
        .map(|_| random_filter(&mut rng, &events))
        .collect();
    let request = ExportRequest {
        dataset,
        range: match rng.random_bool(0.5) {
            true => TimeRange::ALL,
            false => range,
        },
        filters,
        filter_combination: FilterCombination::And,
        format: ExportFormat::Parquet,
    };
    Case {
        installation,
        events,
        request,
    }
}

impl Case {
    fn expected(&self) -> Vec<&Event> {
        let request = &self.request;
        let combination = request.filter_combination;
        matching(&self.events, request.range, &request.filters, combination)
    }
}

#[tokio::test]
async fn parquet_comes_back_as_the_same_events_in_the_order_of_time() {
    for seed in 0..CASES {
        let case = case(seed).await;
        let events = read(&case.installation.export(&case.request).await);
        assert!(events.is_sorted_by_key(|event| event.timestamp_ns));
        let mut read: Vec<String> = events.iter().map(imported_text).collect();
        let mut expected: Vec<String> = case.expected().into_iter().map(event_text).collect();
        read.sort();
        expected.sort();
        assert_eq!(read, expected);
    }
}

#[tokio::test]
async fn json_lines_hold_every_value_in_its_type() {
    for seed in 0..CASES {
        let mut case = case(seed).await;
        case.request.format = ExportFormat::Ndjson;
        let file = String::from_utf8(case.installation.export(&case.request).await).unwrap();
        let mut lines: Vec<serde_json::Value> = file
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let mut expected: Vec<serde_json::Value> = case
            .expected()
            .into_iter()
            .map(|event| {
                let data: serde_json::Map<String, serde_json::Value> = event
                    .fields
                    .iter()
                    .map(|(name, value)| (name.clone(), json(value)))
                    .collect();
                serde_json::json!({
                    "time": time_text(event.timestamp_ns), "samplerate": event.sample_rate, "data": data,
                })
            })
            .collect();
        // Members come in the order of names in both, so the texts are comparable.
        lines.sort_by_cached_key(ToString::to_string);
        expected.sort_by_cached_key(ToString::to_string);
        assert_eq!(lines, expected);
    }
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::String(text) => text.clone().into(),
        Value::Int(value) => (*value).into(),
        // Read from text like the lines, because serde_json's reading may be off by the last bit.
        Value::Float(value) if value.is_finite() => {
            serde_json::from_str(&format!("{value:?}")).unwrap()
        }
        Value::Float(value) => value.to_string().into(),
        Value::Bool(value) => (*value).into(),
    }
}

#[tokio::test]
async fn csv_has_a_line_per_event_and_a_place_per_field() {
    let installation = Installation::new(SqlConfig::default()).await;
    let dataset = installation.dataset(installation.tenant, "d").await;
    let event = |time_ns, fields: &[(&str, Value)]| Event {
        timestamp_ns: time_ns,
        sample_rate: 3,
        dataset: DatasetId(0),
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    };
    let events = [
        event(
            1,
            &[
                ("b", Value::String("say \"x\",\n".to_owned())),
                ("a", Value::Int(5)),
            ],
        ),
        event(
            0,
            &[
                ("b", Value::String(String::new())),
                ("a", Value::Float(5.25)),
            ],
        ),
    ];
    let mut rng = StdRng::seed_from_u64(1);
    installation
        .put(&mut rng, installation.tenant, dataset, &events)
        .await;
    let request = ExportRequest {
        dataset,
        range: TimeRange::ALL,
        filters: Vec::new(),
        filter_combination: FilterCombination::And,
        format: ExportFormat::Csv,
    };
    let file = String::from_utf8(installation.export(&request).await).unwrap();
    assert_eq!(
        file,
        "timestamp,sample_rate,a,b\r\n\
         1970-01-01T00:00:00Z,3,5.25,\"\"\r\n\
         1970-01-01T00:00:00.000000001Z,3,5,\"say \"\"x\"\",\n\"\r\n"
    );
}

#[tokio::test]
async fn filters_on_other_spans_choose_what_leaves() {
    let installation = Installation::new(SqlConfig::default()).await;
    let dataset = installation.dataset(installation.tenant, "d").await;
    let span = |time_ns, trace: &str, id: &str, parent: Option<&str>, name: &str| {
        let mut fields = BTreeMap::from([
            ("trace.trace_id".to_owned(), Value::String(trace.to_owned())),
            ("trace.span_id".to_owned(), Value::String(id.to_owned())),
            ("name".to_owned(), Value::String(name.to_owned())),
        ]);
        if let Some(parent) = parent {
            fields.insert(
                "trace.parent_id".to_owned(),
                Value::String(parent.to_owned()),
            );
        }
        Event {
            timestamp_ns: time_ns,
            sample_rate: 1,
            dataset,
            fields,
        }
    };
    let events = [
        span(0, "t1", "a", None, "checkout"),
        span(1, "t1", "b", Some("a"), "pay"),
        span(2, "t2", "c", None, "browse"),
        span(3, "t2", "d", Some("c"), "pay"),
    ];
    let mut rng = StdRng::seed_from_u64(1);
    installation
        .put(&mut rng, installation.tenant, dataset, &events)
        .await;
    let request = ExportRequest {
        dataset,
        range: TimeRange::ALL,
        filters: vec![FilterSpec {
            column: "root.name".to_owned(),
            op: FilterOp::Equal,
            value: FilterValue::One(Value::String("checkout".to_owned())),
        }],
        filter_combination: FilterCombination::And,
        format: ExportFormat::Parquet,
    };
    let mut times: Vec<i64> = read(&installation.export(&request).await)
        .iter()
        .map(|event| event.timestamp_ns)
        .collect();
    times.sort_unstable();
    assert_eq!(times, [0, 1]);
}

#[tokio::test]
async fn an_empty_window_is_a_whole_file() {
    for (format, _, _) in ExportFormat::ALL {
        let installation = Installation::new(SqlConfig::default()).await;
        let dataset = installation.dataset(installation.tenant, "d").await;
        let request = ExportRequest {
            dataset,
            range: TimeRange::ALL,
            filters: Vec::new(),
            filter_combination: FilterCombination::And,
            format,
        };
        let file = installation.export(&request).await;
        match format {
            ExportFormat::Parquet => assert!(read(&file).is_empty()),
            ExportFormat::Csv => assert_eq!(file, b"timestamp,sample_rate\r\n"),
            ExportFormat::Ndjson => assert!(file.is_empty()),
        }
    }
}
