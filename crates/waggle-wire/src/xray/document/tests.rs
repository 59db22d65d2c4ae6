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

fn row_count(document: &Document) -> usize {
    let facts = crate::xray::DocumentFacts {
        service: None,
        received_ns: 1,
        source: crate::xray::Source::Udp,
    };
    let mut batch = waggle_model::EventBatch::new("shop");
    let limits = waggle_model::EventLimits::default();
    crate::xray::map_document(document, facts, &limits, &mut batch).unwrap();
    let is_finite = |column: &waggle_model::BatchColumn| {
        let mut values = column.floats.values.iter();
        values.all(|value| value.is_finite())
    };
    assert!(batch.columns().iter().all(is_finite));
    batch.len()
}

#[test]
fn what_strangers_make_up_does_no_harm() {
    let with = |member: &str| BASE.replace("\"id\"", &format!("{member},\"id\""));
    let parse = |text: &str| Document::parse(text.as_bytes()).unwrap();
    // A few bytes each.
    let many = parse(&with(&format!(
        "\"cause\":{{\"exceptions\":[{}]}}",
        vec!["{}"; 20_000].join(",")
    )));
    assert_eq!(many.entity().exceptions().count(), 20_000);
    assert_eq!(row_count(&many), 1 + 1_000);
    let link = r#"{"trace_id":"6a000000000000000000000000000001"}"#;
    let many = parse(&with(&format!(
        "\"links\":[{}]",
        vec![link; 1_200].join(",")
    )));
    assert_eq!(row_count(&many), 1 + 1_000);
    let frames = vec!["{}"; 20_000].join(",");
    let exception = format!("{{\"stack\":[{frames}]}}");
    let long = parse(&with(&format!(
        "\"cause\":{{\"exceptions\":[{exception}]}}"
    )));
    assert_eq!(row_count(&long), 2);
    // Numbers beyond what a float holds, and of more digits than anybody counts.
    for number in [
        "1e400",
        "-1e400",
        "1e-400",
        &"9".repeat(10_000),
        &format!("0.{}", "1".repeat(10_000)),
    ] {
        let text = with(&format!(
            r#""annotations":{{"n":{number}}},"metadata":{{"default":{{"n":{number}}}}},"http":{{"response":{{"status":{number},"content_length":{number}}}}}"#
        ));
        let document = parse(&text);
        assert_eq!(row_count(&document), 1, "{number}");
        assert_eq!(document.text(), text);
        assert!(
            document
                .entity()
                .http()
                .status()
                .is_none_or(|status| status == 0)
        );
    }
    // Repeated names: the last counts, for the check and for everything else.
    let twice = BASE.replace("\"name\":\"shop\"", "\"name\":7,\"name\":\"shop\"");
    assert_eq!(parse(&twice).entity().name(), "shop");
    check_refused(
        BASE.replace("\"name\":\"shop\"", "\"name\":\"shop\",\"name\":7"),
        RejectCode::MissingName,
        Some("A100000000000001"),
    );
    // Half of a character.
    let half = BASE.replace("\"shop\"", "\"\\ud83d\\u0000shop\\udc1d\"");
    let document = parse(&half);
    assert_eq!(document.entity().name(), "\u{fffd}\0shop\u{fffd}");
    assert_eq!(document.text(), half);
    assert_eq!(row_count(&document), 1);
    // Subsegments as deep as a document may be, and deeper.
    let nested = |depth: usize| {
        let begin =
            r#""subsegments":[{"name":"n","start_time":1,"end_time":2,"id":"b000000000000001","#;
        let text = format!("{}\"x\":1{}", begin.repeat(depth), "}]".repeat(depth));
        BASE.replace("\"id\"", &format!("{text},\"id\""))
    };
    assert_eq!(row_count(&parse(&nested(31))), 32);
    check_refused(nested(32), RejectCode::InvalidSegment, None);
}
