use super::document;
use crate::resource;
use crate::route::{Face, KINDS, Need};
use crate::shape::Content;
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The document is a promise: whoever changes a route reads the difference. `cargo xtask bless` writes it anew.
#[test]
fn the_committed_document_is_the_one_of_the_table() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let written = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("WAGGLE_BLESS").is_some() {
        std::fs::write(&file, written).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == written,
        "docs/openapi.json is not what the table of routes says; `cargo xtask bless` writes it anew"
    );
}

#[test]
fn every_row_says_all_there_is_to_say() {
    let mut operations = HashSet::new();
    for row in resource::all() {
        let place = format!("{} {}", row.method, row.path);
        assert!(operations.insert(place.clone()), "{place} is there twice");
        assert!(row.about.ends_with('.'), "{place}: {:?}", row.about);
        assert!(!row.answers.is_empty(), "{place} never says yes");
        for (parameter, kind) in row.objects() {
            assert!(
                KINDS.iter().any(|(name, _)| *name == kind),
                "{place}: {{{parameter}}} names a {kind:?}, which is not among route::KINDS"
            );
        }
        assert_eq!(
            row.path.contains("{id}"),
            !row.id.is_empty(),
            "{place}: {:?}",
            row.id
        );
        let face = match row.path {
            path if path.starts_with("/1/events/") || path.starts_with("/1/batch/") => Face::Events,
            path if path.starts_with("/1/kinesis_events/") => Face::Firehose,
            path if path.starts_with("/1/") => Face::V1,
            path if path.starts_with("/2/") => Face::V2,
            path if path.starts_with("/v1/") => Face::Otlp,
            path if path.starts_with("/api/") => Face::Own,
            path if path[1..].starts_with(char::is_uppercase) => Face::XRay,
            _ => Face::Health,
        };
        assert!(
            row.face == face || row.need == Need::SendEvents,
            "{place}: {:?}",
            row.face
        );
        if let Some(makes) = row.makes {
            assert!(KINDS.iter().any(|(name, _)| *name == makes.kind), "{place}");
            let example = serde_json::from_str::<Json>(makes.example);
            assert!(example.is_ok(), "{place}: {example:?}");
            assert!(matches!(row.takes, Content::Json(_)), "{place}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_has_its_own_id() {
    let document = document();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 50);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let mut ids: HashMap<&str, usize> = HashMap::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            *ids.entry(operation["operationId"].as_str().unwrap())
                .or_default() += 1;
        }
    }
    assert_eq!(ids.len(), resource::all().count(), "{ids:?}");
}

fn collect(json: &Json, references: &mut Vec<String>) {
    match json {
        Json::Object(object) => {
            if let Some(Json::String(reference)) = object.get("$ref") {
                references.push(reference.clone());
            }
            object.values().for_each(|json| collect(json, references));
        }
        Json::Array(list) => list.iter().for_each(|json| collect(json, references)),
        _ => {}
    }
}
