//! Whatever passes through a test passes through here: a body that is not as its row says fails the test that sent or got it.
//!
//! Bodies of requests are held against their shapes only where the server took them: tests send much that is wrong on purpose.

use super::Answer;
use crate::openapi::{json_media_type, refusal_shapes};
use crate::resource;
use crate::route::Route;
use crate::shape::{Content, Member, OTHERS, Shape};
use serde_json::Value as Json;

/// Holds a request and its answer against the row of their route.
#[track_caller]
pub(super) fn check(method: &str, path: &str, sent: Option<&Json>, answer: &Answer) {
    let Some(row) = row_of(method, path) else {
        return;
    };
    let place = format!("{method} {path} answers {}", answer.status);
    let media_type = answer.header("content-type");
    let media_type = media_type.split(';').next().unwrap_or_default();
    let content = row
        .answers
        .iter()
        .find(|(status, _)| *status == answer.status);
    match content {
        Some((_, Content::Nothing)) => assert!(answer.body.is_empty(), "{place}: a body"),
        // SQL answers CSV to who asks for it.
        Some((_, Content::Json(_))) if media_type == "text/csv" => {}
        Some((_, Content::Json(shape))) => {
            assert_eq!(media_type, json_media_type(row.face), "{place}");
            let mut wrong = Vec::new();
            is_like(*shape, &answer.json(), true, "", &mut wrong);
            assert!(wrong.is_empty(), "{place}: {wrong:#?} in {}", answer.text());
        }
        Some((_, Content::Bytes(media_types))) => {
            assert!(media_types.contains(&media_type), "{place}: {media_type}");
        }
        None => {
            assert!(answer.status >= 400, "{place}, which its row does not say");
            check_refusal(row, media_type, answer, &place);
            return;
        }
    }
    if let (Content::Json(shape), Some(sent)) = (row.takes, sent) {
        let mut wrong = Vec::new();
        is_like(shape, sent, false, "", &mut wrong);
        assert!(
            wrong.is_empty(),
            "{place} to a body that is not as its row says: {wrong:#?} in {sent}"
        );
    }
}

#[track_caller]
fn check_refusal(row: &Route, media_type: &str, answer: &Answer, place: &str) {
    let shapes = refusal_shapes(row.face);
    let Some((_, shape)) = shapes.iter().find(|(expected, _)| *expected == media_type) else {
        panic!("{place}: refused as {media_type}: {}", answer.text());
    };
    if media_type.ends_with("json") {
        let mut wrong = Vec::new();
        is_like(*shape, &answer.json(), true, "", &mut wrong);
        assert!(wrong.is_empty(), "{place}: {wrong:#?} in {}", answer.text());
    }
}

fn row_of(method: &str, path: &str) -> Option<&'static Route> {
    let path = path.split('?').next().unwrap_or_default();
    let rows = || resource::all().filter(|row| row.method == method);
    rows()
        .find(|row| row.path == path)
        .or_else(|| rows().find(|row| leads_to(row.path, path)))
}

fn leads_to(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    for expected in pattern.split('/') {
        if expected.starts_with("{*") {
            return segments.next().is_some_and(|segment| !segment.is_empty());
        }
        match segments.next() {
            Some(segment) if segment == expected => {}
            Some(segment) if expected.starts_with('{') && !segment.is_empty() => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

/// Collects where `json` is not like `shape`. In an answer every member must be known; in a request others are ignored.
fn is_like(shape: Shape, json: &Json, is_answer: bool, at: &str, wrong: &mut Vec<String>) {
    let is_right = match (shape, json) {
        (Shape::Any, _)
        | (Shape::Text, Json::String(_))
        | (Shape::Number, Json::Number(_))
        | (Shape::Flag, Json::Bool(_))
        | (Shape::OrNull(_), Json::Null) => true,
        (Shape::Time, Json::String(text)) => text.parse::<jiff::Timestamp>().is_ok(),
        (Shape::Whole, Json::Number(number)) => number.as_f64().is_some_and(|n| n.fract() == 0.0),
        (Shape::Choice(texts), Json::String(text)) => texts.contains(&text.as_str()),
        (Shape::List(of), Json::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                is_like(*of, item, is_answer, &format!("{at}/{index}"), wrong);
            }
            true
        }
        (Shape::Map(of), Json::Object(object)) => {
            for (name, member) in object {
                is_like(*of, member, is_answer, &format!("{at}/{name}"), wrong);
            }
            true
        }
        (Shape::Object(members), Json::Object(_)) => {
            are_like(members, json, is_answer, at, wrong);
            true
        }
        (Shape::Named(named), Json::Object(_)) => {
            are_like(named.members, json, is_answer, at, wrong);
            true
        }
        (Shape::Either(shapes), _) => shapes.iter().any(|shape| {
            let mut here = Vec::new();
            is_like(*shape, json, is_answer, at, &mut here);
            here.is_empty()
        }),
        (Shape::OrNull(of), _) => {
            is_like(*of, json, is_answer, at, wrong);
            true
        }
        _ => false,
    };
    if !is_right {
        wrong.push(format!("{at} is {json}"));
    }
}

fn are_like(members: &[Member], json: &Json, is_answer: bool, at: &str, wrong: &mut Vec<String>) {
    for member in members {
        match json.get(member.name) {
            Some(value) => {
                let at = format!("{at}/{}", member.name);
                is_like(member.shape, value, is_answer, &at, wrong);
            }
            None if member.is_required => wrong.push(format!("{at}/{} is absent", member.name)),
            None => {}
        }
    }
    if is_answer && !members.iter().any(|member| member.name == OTHERS.name) {
        for name in json
            .as_object()
            .into_iter()
            .flat_map(|object| object.keys())
        {
            if !members.iter().any(|member| member.name == name) {
                wrong.push(format!("{at}/{name} is not among the members"));
            }
        }
    }
}
