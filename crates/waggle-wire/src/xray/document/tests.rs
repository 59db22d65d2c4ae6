use super::*;
use crate::xray::{Cause, Namespace};

const BASE: &str = r#"{"name":"shop","id":"A100000000000001","trace_id":"1-6A000000-000000000000000000000001","start_time":1.77838490E9,"end_time":1778384900.24}"#;

/// The base document with members changed; `null` takes one away.
fn with(changes: &serde_json::Value) -> String {
    let mut document: serde_json::Value = serde_json::from_str(BASE).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value.is_null() {
            true => document.as_object_mut().unwrap().remove(name),
            false => document
                .as_object_mut()
                .unwrap()
                .insert(name.clone(), value.clone()),
        };
    }
    document.to_string()
}

#[track_caller]
fn check_refused(text: impl AsRef<[u8]>, code: RejectCode, id: Option<&str>) {
    let text = text.as_ref();
    let rejected = Document::parse(text).unwrap_err();
    assert_eq!(
        (rejected.code, rejected.id.as_deref()),
        (code, id),
        "{}",
        String::from_utf8_lossy(text)
    );
}

#[test]
fn a_document_is_read_once_and_kept_as_it_came() {
    let text = format!("\u{feff} {}\n", BASE.replace("\"shop\"", "\"sh\\u006fp\""));
    let document = Document::parse(text.as_bytes()).unwrap();
    assert_eq!(document.text(), text);
    let entity = document.entity();
    assert_eq!(entity.name(), "shop");
    assert_eq!(entity.id().to_string(), "a100000000000001");
    assert_eq!(entity.start_ns(), 1_778_384_900_000_000_000);
    assert_eq!(entity.end_ns(), Some(1_778_384_900_240_000_000));
    assert_eq!(
        document.trace_id().to_string(),
        "6a000000000000000000000000000001"
    );
    assert!(!entity.is_subsegment() && entity.parent_id().is_none());
}

#[test]
fn what_is_wrong_has_a_code() {
    use RejectCode::*;
    use serde_json::json;
    let id = Some("A100000000000001");
    for (changes, code) in [
        (json!({"id": null}), MissingId),
        (json!({"id": "xyz"}), InvalidId),
        (json!({"id": 7}), InvalidId),
        (json!({"name": null}), MissingName),
        (json!({"name": ""}), MissingName),
        (json!({"name": 1}), MissingName),
        (json!({"trace_id": null}), InvalidTraceId),
        (json!({"trace_id": "1-6a000000-1"}), InvalidTraceId),
        (json!({"start_time": null}), MissingStartTime),
        (json!({"start_time": "1778384900"}), MissingStartTime),
        (json!({"start_time": 1_778_384_900_000_i64}), InvalidSegment),
        (json!({"end_time": null}), MissingEndTime),
        (
            json!({"end_time": null, "in_progress": false}),
            MissingEndTime,
        ),
        (json!({"type": "subsegment"}), MissingParentId),
        (
            json!({"type": "subsegment", "parent_id": "1"}),
            MissingParentId,
        ),
        (
            json!({"metadata": {"a": "x".repeat(70_000)}}),
            SegmentTooLarge,
        ),
    ] {
        let id = match &changes["id"] {
            serde_json::Value::String(id) => Some(id.as_str()),
            value if changes.get("id").is_some() && value.is_number() => None,
            _ if code == MissingId => None,
            _ => id,
        };
        check_refused(with(&changes), code, id);
    }
    check_refused("", ParseError, None);
    check_refused("[]", ParseError, None);
    check_refused("\"text\"", ParseError, None);
    check_refused("{\"id\":\"a1\",", ParseError, Some("a1"));
    check_refused(b"{\"id\":\"a1\",\"name\":\"\xff\"}", ParseError, Some("a1"));
    check_refused(
        BASE.replace("1.77838490E9", "NaN"),
        ParseError,
        Some("A100000000000001"),
    );
    check_refused(
        BASE.replace("1.77838490E9", "1e999"),
        MissingStartTime,
        Some("A100000000000001"),
    );
    let deep = format!("{}1{}", "[".repeat(64), "]".repeat(64));
    let deep = BASE.replace("\"id\"", &format!("\"x\":{deep},\"id\""));
    check_refused(deep, InvalidSegment, None);
    assert_eq!(
        Document::parse(b"1").unwrap_err().to_string(),
        "Invalid segment. ErrorCode: ParseError"
    );
}

#[test]
fn what_is_odd_is_kept() {
    use serde_json::json;
    for changes in [
        json!({"end_time": 1}),
        json!({"namespace": "elsewhere", "type": "subsegment", "parent_id": "a100000000000002"}),
        json!({"name": "<>?;*$"}),
        json!({"end_time": null, "in_progress": true}),
        json!({"cause": {"exceptions": [{"message": "no id"}]}}),
        json!({"trace_id": "6A000000000000000000000000000001"}),
        json!({"http": 1, "aws": [], "annotations": "x", "links": {}, "subsegments": 3}),
    ] {
        let text = with(&changes);
        Document::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
    }
}

#[test]
fn entities_come_parents_first_and_without_broken_ones() {
    let child = |id: &str, more: &str| {
        format!(r#"{{"id":"{id}","name":"{id}","start_time":1,"end_time":2{more}}}"#)
    };
    let grandchild = child("c000000000000001", "");
    let inner = format!(
        r#","namespace":"remote","parent_id":"ffffffffffffffff","subsegments":[{grandchild},{{"id":"broken"}},7]"#
    );
    let children = [
        child("b000000000000001", &inner),
        child("b000000000000002", ""),
    ];
    let text = BASE.replace(
        "\"id\"",
        &format!("\"subsegments\":[{}],\"id\"", children.join(",")),
    );
    let document = Document::parse(text.as_bytes()).unwrap();
    let entities: Vec<_> = document
        .entities()
        .map(|entity| {
            (
                entity.id().to_string(),
                entity.parent_id().map(|id| id.to_string()),
            )
        })
        .collect();
    let expected = [
        ("a100000000000001", None),
        ("b000000000000001", Some("a100000000000001")),
        ("c000000000000001", Some("b000000000000001")),
        ("b000000000000002", Some("a100000000000001")),
    ];
    assert_eq!(
        entities,
        expected.map(|(id, parent)| (id.to_owned(), parent.map(str::to_owned)))
    );
    assert_eq!(document.dropped_count(), 2);
    let child = document.entity().subsegments().next().unwrap();
    assert!(child.is_subsegment() && child.is_embedded());
    assert_eq!(child.namespace(), Namespace::Remote);
}

#[test]
fn causes_come_in_three_forms() {
    let cause = |text: &str| {
        let text = BASE.replace("\"id\"", &format!("\"cause\":{text},\"id\""));
        let document = Document::parse(text.as_bytes()).unwrap();
        match document.entity().cause() {
            Some(Cause::Reference(id)) => format!("reference {id}"),
            Some(Cause::Own(_)) => format!("{} own", document.entity().exceptions().count()),
            None => "none".to_owned(),
        }
    };
    assert_eq!(cause("\"e200000000000001\""), "reference e200000000000001");
    assert_eq!(
        cause("{\"id\":\"e200000000000001\"}"),
        "reference e200000000000001"
    );
    assert_eq!(
        cause("{\"exceptions\":[{\"id\":\"1\",\"stack\":[{\"line\":null}]},1]}"),
        "1 own"
    );
    assert_eq!(cause("null"), "none");
}

#[test]
fn an_array_is_many_documents() {
    let split = |text: &str| {
        split_documents(text.as_bytes()).map(|documents| {
            let texts = documents.iter().map(|bytes| String::from_utf8_lossy(bytes));
            texts.map(String::from).collect::<Vec<_>>()
        })
    };
    assert_eq!(split("{\"a\":[1]}").unwrap(), ["{\"a\":[1]}"]);
    assert_eq!(split("nonsense").unwrap(), ["nonsense"]);
    assert_eq!(
        split(" [ {\"a\": [1, 2]} ,\n{} ,3 ] ").unwrap(),
        ["{\"a\": [1, 2]}", "{}", "3"]
    );
    assert_eq!(split("[]").unwrap(), Vec::<String>::new());
    let array = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    assert_eq!(split(&array(1_000)).unwrap().len(), 1_000);
    let code = split(&array(1_001)).unwrap_err().code;
    assert_eq!(code, RejectCode::SegmentTooLarge);
    for text in ["[", "[{}", "[{},]", "[{}}", "[{}] x"] {
        assert_eq!(
            split(text).unwrap_err().code,
            RejectCode::ParseError,
            "{text}"
        );
    }
}
