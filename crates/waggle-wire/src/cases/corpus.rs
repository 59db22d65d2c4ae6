//! The corpora of the fuzzers in `fuzz/` are the requests of the golden cases, as files, so that every shape a case shows is where a
//! fuzzer starts. The ordinary suite reads the same files, as they are and damaged. That of filter expressions is what the guide shows.

use super::{Case, body, is_bless, kinesis, otlp, read_cases, xray};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Larger requests are made of repetitions, which a fuzzer makes by itself.
const BYTES_MAX: usize = 16_384;

/// The folder of a fuzzer's corpus.
fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target)
}

/// The files of a fuzzer's corpus by name.
pub(crate) fn read_corpus(target: &str) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(folder(target))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

/// What the cases say must be in each corpus.
fn expected() -> BTreeMap<&'static str, BTreeMap<String, Vec<u8>>> {
    let mut corpora: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for (path, text) in read_cases("xray") {
        let case = Case::parse(&text);
        let name = path.file_stem().unwrap().to_str().unwrap();
        let body = body::expand(&case.body);
        let (target, inputs) = match case.header("path").unwrap() {
            "udp" => ("xray_datagram", vec![body]),
            "/TraceSegments" => {
                let documents = body.lines().map(str::to_owned).collect();
                let requests = corpora.entry("xray_request").or_default();
                requests.insert(format!("{name}.json"), xray::request(&body).into_bytes());
                ("xray_document", documents)
            }
            _ => ("xray_request", vec![body]),
        };
        let corpus = corpora.entry(target).or_default();
        for (number, input) in inputs.into_iter().enumerate() {
            corpus.insert(format!("{name}.{number}"), input.into_bytes());
        }
    }
    for corpus in corpora.values_mut() {
        corpus.retain(|_, bytes: &mut Vec<u8>| !bytes.is_empty() && bytes.len() <= BYTES_MAX);
    }
    for receiver in ["otlp", "honeycomb", "kinesis"] {
        for (path, text) in read_cases(receiver) {
            let case = Case::parse(&text);
            let name = path.file_stem().unwrap().to_str().unwrap();
            let mut json = body::expand(&case.body);
            let signal = case.header("path").unwrap();
            let (target, binary_target, binary, ending) = match (receiver, signal) {
                ("otlp", path) => {
                    let protobuf = otlp::to_protobuf(otlp::signal(path), json.as_bytes());
                    let target = match path {
                        "/v1/logs" => "otlp_logs",
                        "/v1/metrics" => "otlp_metrics",
                        _ => "otlp_traces",
                    };
                    (target, target, protobuf, "pb")
                }
                ("kinesis", _) => {
                    json = String::from_utf8(kinesis::delivery(&json)).unwrap();
                    ("kinesis", "kinesis", None, "")
                }
                _ => {
                    let msgpack = serde_json::from_str(&json).ok().map(|value| {
                        let mut bytes = Vec::new();
                        body::to_msgpack(&value, &mut bytes);
                        bytes
                    });
                    ("honeycomb_json", "honeycomb_msgpack", msgpack, "msgpack")
                }
            };
            let mut add = |target, ending, bytes: Vec<u8>| {
                if !bytes.is_empty() && bytes.len() <= BYTES_MAX {
                    let corpus = corpora.entry(target).or_default();
                    corpus.insert(format!("{name}.{ending}"), bytes);
                }
            };
            add(target, "json", json.into_bytes());
            if let Some(binary) = binary {
                add(binary_target, ending, binary);
            }
        }
    }
    corpora.insert("xray_filter", filters());
    corpora
}

/// What stands as code in the tables of the guide to filter expressions.
fn filters() -> BTreeMap<String, Vec<u8>> {
    let guide = include_str!("../../../../docs/guide/xray-filters.md");
    let rows = guide.lines().filter(|line| line.starts_with('|'));
    let spans = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    let spans = spans.enumerate();
    spans
        .map(|(number, span)| (format!("guide.{number:03}"), span.as_bytes().to_vec()))
        .collect()
}

#[test]
fn the_corpora_of_the_fuzzers_are_the_cases() {
    for (target, files) in expected() {
        if is_bless() {
            drop(std::fs::remove_dir_all(folder(target)));
            std::fs::create_dir_all(folder(target)).unwrap();
            for (name, bytes) in &files {
                std::fs::write(folder(target).join(name), bytes).unwrap();
            }
        }
        assert!(
            read_corpus(target) == files,
            "the corpus {target} is not that of the cases; bless it"
        );
    }
}
