//! Documents that may have only so many bytes: what goes first, and that subsegments are never lost.

use crate::documents::tests::{parsed, with_rows};
use crate::documents::{Room, SegmentDocument, segment_documents, segment_documents_within};
use crate::trace::tests::{StoredRow, T1, row_of};
use serde_json::{Value as Json, json};

fn documents_within(
    documents: &[Json],
    bytes_max: usize,
    documents_max: usize,
) -> Vec<SegmentDocument> {
    let rows: Vec<StoredRow> = (0..)
        .zip(documents)
        .map(|(at, document)| row_of(at, &document.to_string()))
        .collect();
    let room = Room {
        bytes_max,
        documents_max,
    };
    with_rows(&rows, |trace, rows| {
        segment_documents_within(trace, rows, room)
    })
}

fn entity(id: &str, more: &Json) -> Json {
    let mut entity =
        json!({"name": "shop", "id": id, "trace_id": T1, "start_time": 1, "end_time": 2});
    for (name, value) in more.as_object().unwrap() {
        entity[name] = value.clone();
    }
    entity
}

const ID: &str = "a000000000000001";

#[test]
fn what_goes_goes_in_order_and_is_named() {
    let text = |letter: &str| letter.repeat(1_500);
    let frames: Vec<Json> = (0..20)
        .map(|line| json!({"path": "x".repeat(70), "line": line}))
        .collect();
    let document = entity(
        ID,
        &json!({
            "metadata": {"default": {"m": text("m")}},
            "cause": {"exceptions": [{"id": "e000000000000001", "message": "é".repeat(1_200), "truncated": 3, "stack": frames}]},
            "annotations": {"a": text("a")},
            "links": [{"trace_id": T1, "attributes": {"l": text("l")}}],
            "user": text("u"),
        }),
    );
    let whole = document.to_string().len();
    // A second part of it, so that it is put together.
    let part = entity(
        "a000000000000002",
        &json!({"type": "subsegment", "parent_id": ID}),
    );
    let mut seen: Vec<(usize, Vec<String>)> = Vec::new();
    for bytes_max in (200..whole + 500).rev().step_by(97) {
        let documents = documents_within(&[document.clone(), part.clone()], bytes_max, 100);
        let made = parsed(&documents[0]);
        assert_eq!(made["id"], ID);
        let left_out = made["metadata"]["waggle"]["left_out"].as_array();
        let left_out: Vec<String> = left_out
            .into_iter()
            .flatten()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect();
        if left_out.last().is_none_or(|last| last != "others") {
            assert!(documents[0].text.len() <= bytes_max);
        }
        if seen.last().is_none_or(|(_, before)| *before != left_out) {
            if left_out.iter().any(|name| name == "stack") {
                let exception = &made["cause"]["exceptions"][0];
                let is_cut = exception.is_null() || exception["truncated"] == 23;
                assert!(is_cut && exception.get("stack").is_none());
            }
            seen.push((bytes_max, left_out));
        }
    }
    let order: Vec<String> = seen
        .iter()
        .map(|(_, left_out)| left_out.join(" "))
        .collect();
    assert_eq!(
        order,
        [
            "",
            "metadata",
            "metadata stack",
            "metadata stack annotations",
            "metadata stack annotations links",
            "metadata stack annotations links texts",
            "metadata stack annotations links texts others",
        ]
    );
}

#[test]
fn what_is_not_there_is_not_named_and_ids_stay() {
    let frames: Vec<Json> = (0..20)
        .map(|line| json!({"path": "x".repeat(70), "line": line}))
        .collect();
    let document = entity(
        ID,
        &json!({
            "metadata": {"waggle": {"span_id": "not hex"}},
            "cause": {"exceptions": [{"id": "e000000000000001", "message": "m", "stack": frames}]},
        }),
    );
    let part = entity(
        "a000000000000002",
        &json!({"type": "subsegment", "parent_id": ID}),
    );
    let documents = documents_within(&[document, part], 1_000, 100);
    let made = parsed(&documents[0]);
    let own = json!({"span_id": "not hex", "left_out": ["stack"]});
    assert_eq!(made["metadata"], json!({"waggle": own}));
}

#[test]
fn subsegments_without_room_get_documents_of_their_own() {
    let child = |number: usize, inner: Vec<Json>| {
        let id = format!("b{number:015x}");
        entity(
            &id,
            &json!({"metadata": {"default": {"text": "x".repeat(300)}}, "subsegments": inner}),
        )
    };
    let children: Vec<Json> = (0..20)
        .map(|number| child(number, vec![child(100 + number, Vec::new())]))
        .collect();
    let document = entity(ID, &json!({"subsegments": children}));
    let rows = [row_of(0, &document.to_string())];
    let whole = with_rows(&rows, segment_documents);
    assert_eq!(
        (whole.len(), &*whole[0].text),
        (1, &*document.to_string()),
        "as it came"
    );
    for bytes_max in [1_000, 2_000, 5_000] {
        let documents = documents_within(std::slice::from_ref(&document), bytes_max, 100);
        assert!(
            documents
                .iter()
                .all(|document| document.text.len() <= bytes_max)
        );
        assert!(documents.len() > 1);
        let mut ids: Vec<String> = Vec::new();
        for document in &documents {
            let document = parsed(document);
            assert_eq!(document["trace_id"], T1);
            if document["id"] != ID {
                assert_eq!(document["type"], "subsegment");
                assert!(document["parent_id"].is_string());
            }
            let mut open = vec![document];
            while let Some(mut entity) = open.pop() {
                assert_eq!(
                    entity["metadata"]["default"]["text"].is_string(),
                    entity["id"] != ID,
                    "whole"
                );
                ids.push(entity["id"].as_str().unwrap().to_owned());
                if let Json::Array(inner) = entity["subsegments"].take() {
                    open.extend(inner);
                }
            }
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 41, "none is lost");
        let again = documents_within(std::slice::from_ref(&document), bytes_max, 100);
        assert_eq!(again, documents, "always the same");
    }
}

#[test]
fn what_would_be_too_many_documents_is_cut() {
    let child = |number: usize, length: usize| {
        let id = format!("b{number:015x}");
        entity(
            &id,
            &json!({"metadata": {"default": {"text": "x".repeat(length)}}, "annotations": {"a": number}}),
        )
    };
    let document = |count: usize| {
        let length = 20_000 / count;
        let children: Vec<Json> = (0..count).map(|number| child(number, length)).collect();
        [entity(ID, &json!({"subsegments": children, "user": "u"}))]
    };
    let left_out = |made: &Json| made["metadata"]["waggle"]["left_out"].clone();
    let documents = documents_within(&document(40), 10_000, 50);
    assert!((2..=50).contains(&documents.len()));
    assert!(
        documents
            .iter()
            .all(|document| left_out(&parsed(document)).is_null())
    );
    let documents = documents_within(&document(40), 10_000, 20);
    assert_eq!(documents.len(), 1);
    assert!(documents[0].text.len() <= 10_000);
    let made = parsed(&documents[0]);
    assert_eq!(left_out(&made), json!(["metadata"]));
    assert_eq!(made["subsegments"].as_array().unwrap().len(), 40);
    assert_eq!(made["subsegments"][7]["annotations"], json!({"a": 7}));
    // What has room stays whole beside what has none.
    let mut both = document(40).to_vec();
    let small =
        json!({"id": "a000000000000009", "metadata": {"default": {"k": "v"}}, "annotations": {}});
    both.push(entity("a000000000000009", &small));
    let documents = documents_within(&both, 10_000, 20);
    assert_eq!(documents.len(), 2);
    let small = documents
        .iter()
        .map(parsed)
        .find(|made| made["id"] == "a000000000000009")
        .unwrap();
    assert_eq!(small["metadata"]["default"]["k"], "v");
    // More than fits however it is cut.
    let documents = documents_within(&document(200), 10_000, 20);
    assert!(documents.len() > 20);
    assert!(
        documents
            .iter()
            .all(|document| document.text.len() <= 10_000)
    );
}
