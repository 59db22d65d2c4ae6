//! The mapping tables users read, held against the cases: a column that no table names and no case's request explains is a mistake,
//! and so is a column of a table that no case shows.

use super::{Case, Outcome, body, otlp, read_cases, xray};
use std::collections::BTreeSet;
use std::path::Path;

/// The columns of the mapping tables: what stands in backquotes in the second cell of rows below a header whose second cell is
/// "Column".
fn documented_columns(receiver: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/wire/{receiver}.md"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut columns = BTreeSet::new();
    let mut is_mapping = false;
    for line in text.lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        if cells.len() < 4 {
            is_mapping = false;
        } else if cells[2] == "Column" {
            is_mapping = true;
        } else if is_mapping {
            columns.extend(cells[2].split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    columns
}

#[test]
fn tables_and_cases_of_otlp_name_the_same_columns() {
    check("otlp", otlp::run);
}

#[test]
fn tables_and_cases_of_xray_name_the_same_columns() {
    check("xray", xray::run);
    let documented = documented_columns("xray");
    for text in read_cases("xray").values() {
        let case = Case::parse(text);
        if case.header("path") != Some("/TraceSegments") {
            continue;
        }
        for line in xray::run(&case).events {
            let event: serde_json::Value = serde_json::from_str(&line).unwrap();
            for name in event["data"].as_object().unwrap().keys() {
                // An annotation may have any name but these.
                let is_ours = crate::xray::is_mapped(name);
                assert!(is_ours || !documented.contains(name), "{name}");
            }
        }
    }
}

fn check(receiver: &str, run: fn(&Case) -> Outcome) {
    let documented = documented_columns(receiver);
    assert!(documented.len() > 30, "{documented:?}");
    let mut shown = BTreeSet::new();
    for text in read_cases(receiver).values() {
        let case = Case::parse(text);
        let sent = match case.is_set("hex") {
            true => String::from_utf8_lossy(&body::from_hex(&case.body)).into_owned(),
            false => body::expand(&case.body),
        };
        for line in run(&case).events {
            let Ok(event) = serde_json::from_str::<serde_json::Value>(&line) else {
                continue;
            };
            let Some(data) = event["data"].as_object() else {
                continue;
            };
            for name in data.keys() {
                // An attribute's own name, or one that starts with it, stands in the request.
                let is_sent = (1..=name.len())
                    .filter(|&end| end == name.len() || name[end..].starts_with('.'))
                    .any(|end| match case.is_set("hex") {
                        true => sent.contains(&name[..end]),
                        false => sent.contains(&format!("\"{}\"", &name[..end])),
                    });
                let is_body = name.starts_with("body.");
                let is_shortened = name.contains(" bytes ...");
                // `xray.service.<k>` stands for every name that starts so.
                let is_family = documented.iter().any(|column| {
                    column
                        .split_once('<')
                        .is_some_and(|(start, _)| !start.is_empty() && name.starts_with(start))
                });
                assert!(
                    documented.contains(name) || is_family || is_sent || is_body || is_shortened,
                    "{name} is in no table and not sent: {}",
                    case.title
                );
                shown.insert(name.clone());
            }
        }
    }
    let unshown: Vec<_> = documented
        .iter()
        .filter(|name| !name.contains('<') && !shown.contains(*name))
        .collect();
    assert!(unshown.is_empty(), "no case shows {unshown:?}");
}
