//! How much of a trace in which everything failed is told.

use super::{CAUSES_MAX, Causes, PATH_ENTITIES_MAX};
use crate::trace::tests::{StoredRow, T1, trace_of_rows};
use waggle_model::Value;

/// A failed span; the one with number 0 is the root.
fn failed(number: usize, parent: usize) -> StoredRow {
    let text = |text: String| Value::String(text);
    let mut fields = vec![
        (
            "trace.span_id".to_owned(),
            text(format!("{:016x}", number + 1)),
        ),
        ("name".to_owned(), text(format!("span {number}"))),
        ("duration_ms".to_owned(), Value::Float(1.0)),
        ("error".to_owned(), Value::Bool(true)),
    ];
    if number > 0 {
        fields.push((
            "trace.parent_id".to_owned(),
            text(format!("{:016x}", parent + 1)),
        ));
    }
    fields.sort_by(|one, other| one.0.cmp(&other.0));
    (i64::try_from(number).unwrap(), fields)
}

#[test]
fn a_wide_trace_has_so_many_causes() {
    let rows: Vec<StoredRow> = (0..500).map(|number| failed(number, 0)).collect();
    let causes = Causes::of(&trace_of_rows(T1, &rows));
    assert_eq!(causes.fault.len(), CAUSES_MAX);
    let names = causes.fault.iter().map(|cause| {
        let path = &cause.services[0].entity_path;
        assert_eq!(path.len(), 2);
        path[1].name.to_string()
    });
    let expected: Vec<String> = (1..=CAUSES_MAX)
        .map(|number| format!("span {number}"))
        .collect();
    assert_eq!(names.collect::<Vec<_>>(), expected, "the earliest");
}

#[test]
fn a_deep_trace_has_so_long_ways() {
    // Each span of a chain calls the next one, and later one that calls nobody.
    let chain = (0..3_000).map(|number: usize| failed(number, number.saturating_sub(1)));
    let leaves = (3_000..6_000).map(|number| failed(number, number - 3_000));
    let rows: Vec<StoredRow> = chain.chain(leaves).collect();
    let causes = Causes::of(&trace_of_rows(T1, &rows));
    let entities: usize = causes
        .fault
        .iter()
        .map(|cause| cause.services[0].entity_path.len())
        .sum();
    assert!(entities >= PATH_ENTITIES_MAX);
    assert!(entities < PATH_ENTITIES_MAX + rows.len());
    assert!(causes.fault.len() < CAUSES_MAX);
}

/// The exceptions of each entity on the only way to a fault, by name.
fn exceptions_of(document: &str) -> Vec<(String, Vec<String>)> {
    let causes = Causes::of(&crate::trace::tests::trace(&[document]));
    assert_eq!(causes.fault.len(), 1);
    let services = causes.fault[0].services.iter();
    let entities = services.flat_map(|service| &service.entity_path);
    entities
        .map(|entity| {
            let exceptions = entity.exceptions.iter().flatten();
            let names = exceptions.map(|exception| exception.name.to_string());
            (entity.name.to_string(), names.collect())
        })
        .collect()
}

#[test]
fn a_cause_that_is_told_elsewhere_is_found() {
    const THROWN: &str = r#"{"exceptions":[{"id":"e000000000000001","type":"Gone"},{"id":"e000000000000002","type":"Late"}]}"#;
    let document = |cause: &str, inner: &str| {
        format!(
            r#"{{"name":"shop","id":"a000000000000001","trace_id":"{T1}","start_time":1,"end_time":2,"fault":true,"cause":{cause},
            "subsegments":[{{"name":"part","id":"a000000000000002","start_time":1,"end_time":2,{inner}}}]}}"#
        )
    };
    let shown = |name: &str, exceptions: &[&str]| {
        let exceptions = exceptions.iter().map(|exception| (*exception).to_owned());
        (name.to_owned(), exceptions.collect::<Vec<String>>())
    };
    let silent = format!(r#""cause":{THROWN}"#);
    let failed = format!(r#""fault":true,"cause":{THROWN}"#);
    // By the id of an exception; of an entity, as Node sends it; of neither; and where it is shown anyway.
    for (cause, inner, expected) in [
        (
            r#""e000000000000002""#,
            &silent,
            vec![shown("shop", &["Late"])],
        ),
        (
            r#"{"id":"a000000000000002"}"#,
            &silent,
            vec![shown("shop", &["Gone", "Late"])],
        ),
        (r#""e0000000000000ff""#, &silent, vec![shown("shop", &[])]),
        (r#""a000000000000001""#, &silent, vec![shown("shop", &[])]),
        (
            r#"{"id":"a000000000000002"}"#,
            &failed,
            vec![shown("shop", &[]), shown("part", &["Gone", "Late"])],
        ),
    ] {
        assert_eq!(
            exceptions_of(&document(cause, inner)),
            expected,
            "{cause} {inner}"
        );
    }
}

#[test]
fn what_is_told_elsewhere_is_told_once_and_not_at_any_length() {
    let id = |number: usize| format!("a{number:015x}");
    let message = "m".repeat(3_000);
    let exceptions = vec![format!(r#"{{"type":"Gone","message":"{message}"}}"#); 15].join(",");
    let holder = format!(
        r#"{{"name":"holder","id":"{}","trace_id":"{T1}","start_time":1,"end_time":2,"cause":{{"exceptions":[{exceptions}]}}}}"#,
        id(9_999)
    );
    // A way of 50 entities that all name it, and 60 leaves below the last.
    let entity = |number: usize, parent: usize| {
        let parent = match number {
            0 => String::new(),
            _ => format!(r#""type":"subsegment","parent_id":"{}","#, id(parent)),
        };
        format!(
            r#"{{{parent}"name":"n{number}","id":"{}","trace_id":"{T1}","start_time":1,"end_time":2,"fault":true,"cause":"{}"}}"#,
            id(number),
            id(9_999)
        )
    };
    let mut documents: Vec<String> = (0..50)
        .map(|number| entity(number, number.saturating_sub(1)))
        .collect();
    documents.extend((50..110).map(|number| entity(number, 49)));
    documents.push(holder);
    let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
    let causes = Causes::of(&crate::trace::tests::trace(&documents)).fault;
    assert_eq!(causes.len(), 60);
    let path = &causes[0].services[0].entity_path;
    let told: Vec<usize> = path
        .iter()
        .map(|entity| entity.exceptions.iter().flatten().count())
        .collect();
    assert_eq!(
        (told[0], told.iter().sum::<usize>()),
        (15, 15),
        "once, by the first"
    );
    let first = &path[0].exceptions.as_ref().unwrap()[0];
    assert_eq!(first.message.len(), 1_000);
    let bytes = serde_json::to_string(&causes).unwrap().len();
    assert!(bytes < 1_000_000, "{bytes}");
}
