//! What goes first when an entity alone has more to say than a document may have bytes. Source: spec/xray.md section 3.2.

use waggle_wire::xray::{Json, Object};

/// Bytes kept free for saying what went.
const NOTE_BYTES: usize = 200;
/// Most characters that stay of a long text.
const TEXT_CHARS_MAX: usize = 1_000;
/// What tells what an entity is.
const KEPT: [&str; 15] = [
    "error",
    "end_time",
    "fault",
    "id",
    "in_progress",
    "inferred",
    "name",
    "namespace",
    "origin",
    "parent_id",
    "start_time",
    "throttle",
    "trace_id",
    "type",
    "traced",
];

/// Takes something away from an entity.
type Cut = fn(&mut Object);

/// What is cut, in this order, and as what that is noted.
const CUTS: [(&str, Cut); 6] = [
    ("metadata", |entity| remove(entity, "metadata")),
    ("stack", remove_stacks),
    ("annotations", |entity| remove(entity, "annotations")),
    ("links", |entity| remove(entity, "links")),
    ("texts", cut_texts),
    ("others", |entity| {
        entity.members.retain(|(name, _)| KEPT.contains(&&**name));
    }),
];

/// How far an entity can be cut.
pub(super) const LEVELS: usize = CUTS.len();

/// Cuts an entity to a level: 0 is nothing.
pub(super) fn cut(entity: &mut Object, level: usize) {
    for (_, cut) in CUTS.iter().take(level) {
        cut(entity);
    }
}

/// An entity that is cut to a level, and further until it has no more than so many bytes, with a note of what went in its document. Its
/// subsegments are none of it.
pub(super) fn fitted(mut entity: Object, mut level: usize, bytes_max: usize) -> Object {
    let has_room = |entity: &Object, level: usize| {
        let note = if level > 0 { NOTE_BYTES } else { 0 };
        bytes_max == usize::MAX || bytes_of(entity).saturating_add(note) <= bytes_max
    };
    cut(&mut entity, level);
    while !has_room(&entity, level)
        && let Some((_, cut)) = CUTS.get(level)
    {
        cut(&mut entity);
        level += 1;
    }
    if level > 0 {
        let left_out = CUTS.iter().take(level);
        let left_out = left_out.map(|(name, _)| Json::String((*name).into()));
        let note = object("left_out", Json::Array(left_out.collect()));
        let metadata = object("waggle", note);
        entity.members.push(("metadata".into(), metadata));
    }
    entity
}

/// Bytes of the text of an object.
pub(super) fn bytes_of(object: &Object) -> usize {
    Json::Object(object.clone()).to_text().len()
}

fn object(name: &str, value: Json) -> Json {
    Json::Object(Object {
        members: vec![(name.into(), value)],
    })
}

fn remove(entity: &mut Object, member: &str) {
    entity.members.retain(|(name, _)| &**name != member);
}

/// Frames go, and are counted where X-Ray counts them.
fn remove_stacks(entity: &mut Object) {
    let causes = entity
        .members
        .iter_mut()
        .filter_map(|(name, value)| match (&**name, value) {
            ("cause", Json::Object(cause)) => Some(cause),
            _ => None,
        });
    let members = causes.flat_map(|cause| &mut cause.members);
    let exceptions = members.filter_map(|(name, value)| match (&**name, value) {
        ("exceptions", Json::Array(exceptions)) => Some(exceptions),
        _ => None,
    });
    for exception in exceptions.flatten() {
        if let Json::Object(exception) = exception {
            remove_stack(exception);
        }
    }
}

fn remove_stack(exception: &mut Object) {
    let frames = i64::try_from(exception.array("stack").len()).unwrap_or(i64::MAX);
    if frames == 0 {
        return;
    }
    let truncated = exception.integer("truncated").unwrap_or_default();
    remove(exception, "stack");
    remove(exception, "truncated");
    let truncated = truncated.saturating_add(frames).to_string();
    exception
        .members
        .push(("truncated".into(), Json::Number(truncated.into())));
}

fn cut_texts(entity: &mut Object) {
    for (_, value) in &mut entity.members {
        cut_text(value);
    }
}

fn cut_text(value: &mut Json) {
    match value {
        Json::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(TEXT_CHARS_MAX) {
                *text = text.get(..end).unwrap_or_default().into();
            }
        }
        Json::Array(values) => values.iter_mut().for_each(cut_text),
        Json::Object(object) => cut_texts(object),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[cfg(test)]
mod tests;
