//! Runs the golden cases: one text file per request, with the events and the reply it must give. The format is described in
//! `docs/wire/cases.md`. With `WAGGLE_BLESS=1` in the environment the files are rewritten with what came out.

mod body;
mod corpus;
mod docs;
mod honeycomb;
mod kinesis;
mod otlp;
mod print;
mod xray;

use crate::{RECEIVERS, Reply};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use waggle_model::EventLimits;

pub(crate) use body::to_msgpack;
pub(crate) use corpus::read_corpus;

/// The time of receipt in every case: 2023-11-14T22:13:20Z.
const NOW_NS: i64 = 1_700_000_000_000_000_000;

/// A parsed case file.
struct Case {
    /// What the case shows, in words.
    title: String,
    /// The request's headers, and settings that stand for what a face knows.
    headers: BTreeMap<String, String>,
    /// As written.
    body: String,
}

/// What must come out.
#[derive(Default)]
struct Outcome {
    /// One line per row.
    events: Vec<String>,
    /// One line per row that was refused.
    refusals: Vec<String>,
    reply: Vec<String>,
}

impl Case {
    fn parse(text: &str) -> Self {
        let mut parts = text.splitn(3, "\n--- ");
        let title = parts.next().unwrap().trim().to_owned();
        let request = parts.next().expect("a request section");
        let body = parts.next().expect("a body section");
        let headers = request
            .strip_prefix("request\n")
            .expect("the request section comes first")
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| {
                let (name, value) = line.split_once(':').expect("name: value");
                (name.trim().to_owned(), value.trim().to_owned())
            })
            .collect();
        let body = body
            .strip_prefix("body\n")
            .or_else(|| body.strip_prefix("body"))
            .expect("the body section comes second");
        let body = body.split_once("--- events").map_or(body, |(body, _)| body);
        Self {
            title,
            headers,
            body: body.trim_end_matches('\n').to_owned(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    fn is_set(&self, name: &str) -> bool {
        self.header(name) == Some("yes")
    }

    fn number(&self, name: &str, default: usize) -> usize {
        self.header(name)
            .map_or(default, |value| value.parse().unwrap())
    }

    fn limits(&self) -> EventLimits {
        let default = EventLimits::default();
        EventLimits {
            columns_max: self.number("columns-max", default.columns_max),
            string_bytes_max: self.number("string-bytes-max", default.string_bytes_max),
            event_bytes_max: self.number("event-bytes-max", default.event_bytes_max),
            column_name_bytes_max: default.column_name_bytes_max,
        }
    }

    /// The case file as it must be for this outcome.
    fn print(&self, outcome: &Outcome) -> String {
        let mut text = format!("{}\n--- request\n", self.title);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\n"));
        }
        text.push_str(&format!("--- body\n{}\n", self.body));
        for (name, lines) in [
            ("events", &outcome.events),
            ("refused", &outcome.refusals),
            ("reply", &outcome.reply),
        ] {
            text.push_str(&format!("--- {name}\n"));
            for line in lines {
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }
}

impl Outcome {
    fn reply(mut self, reply: &Reply, body: &str) -> Self {
        let content_type = reply.content_type.unwrap_or("-");
        self.reply = vec![format!("{} {content_type}", reply.status)];
        if !body.is_empty() {
            self.reply.push(body.to_owned());
        }
        self
    }
}

fn folder(receiver: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src")
        .join(receiver)
        .join("cases")
}

/// The case files of a receiver by name.
fn read_cases(receiver: &str) -> BTreeMap<PathBuf, String> {
    std::fs::read_dir(folder(receiver))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "case")
        })
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect()
}

fn check(receiver: &str, run: fn(&Case) -> Outcome) {
    let mut failed = 0;
    let cases = read_cases(receiver);
    for (path, expected) in &cases {
        let case = Case::parse(expected);
        let actual = case.print(&run(&case));
        if actual == *expected {
            continue;
        }
        if is_bless() {
            std::fs::write(path, actual).unwrap();
            continue;
        }
        failed += 1;
        println!("{}", path.display());
        print_diff(expected, &actual);
    }
    assert_eq!(
        failed, 0,
        "cases differ; if the new answers are right, bless and read them"
    );
    assert!(!cases.is_empty());
}

#[expect(
    clippy::disallowed_methods,
    reason = "a developer's switch of the test runner, not a setting of the program"
)]
fn is_bless() -> bool {
    std::env::var("WAGGLE_BLESS").is_ok_and(|value| value == "1")
}

fn print_diff(expected: &str, actual: &str) {
    let (mut expected, mut actual): (Vec<_>, Vec<_>) =
        (expected.lines().collect(), actual.lines().collect());
    while !expected.is_empty() && expected.first() == actual.first() {
        expected.remove(0);
        actual.remove(0);
    }
    while !expected.is_empty() && expected.last() == actual.last() {
        expected.pop();
        actual.pop();
    }
    for line in expected {
        println!("  - {line}");
    }
    for line in actual {
        println!("  + {line}");
    }
}

#[test]
fn otlp_cases() {
    check("otlp", otlp::run);
}

#[test]
fn honeycomb_cases() {
    check("honeycomb", honeycomb::run);
}

#[test]
fn kinesis_cases() {
    check("kinesis", kinesis::run);
}

#[test]
fn xray_cases() {
    check("xray", xray::run);
}

#[test]
fn every_receiver_has_cases_for_every_route() {
    for receiver in RECEIVERS {
        let cases: Vec<_> = read_cases(receiver.name)
            .values()
            .map(|text| Case::parse(text))
            .collect();
        for route in receiver.routes {
            let count = cases
                .iter()
                .filter(|case| case.header("path").unwrap().starts_with(route))
                .count();
            assert!(count > 0, "no case for {route}");
        }
    }
}
