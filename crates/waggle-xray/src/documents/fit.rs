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

/// Takes something away from an entity, and says whether there was any of it.
type Cut = fn(&mut Object) -> bool;

/// Which cuts took something away, one bit each.
pub(super) type Went = u8;

/// What is cut, in this order, and as what that is noted.
const CUTS: [(&str, Cut); 6] = [
    ("metadata", remove_metadata),
    ("stack", remove_stacks),
    ("annotations", |entity| remove(entity, "annotations")),
    ("links", |entity| remove(entity, "links")),
    ("texts", cut_texts),
    ("others", |entity| {
        let before = entity.members.len();
        entity.members.retain(|(name, _)| KEPT.contains(&&**name));
        entity.members.len() < before
    }),
];

/// How far an entity can be cut.
pub(super) const LEVELS: usize = CUTS.len();

/// Cuts an entity to a level: 0 is nothing.
pub(super) fn cut(entity: &mut Object, level: usize) -> Went {
    let cuts = CUTS.iter().take(level).enumerate();
    cuts.fold(0, |went, (number, (_, cut))| {
        went | Went::from(cut(entity)) << number
    })
}

/// An entity that is cut to a level, and further until it has no more than so many bytes. Its subsegments are none of it.
pub(super) fn fitted(mut entity: Object, level: usize, bytes_max: usize) -> (Object, Went) {
    let mut went = cut(&mut entity, level);
    let has_room = |entity: &Object, went: Went| {
        bytes_max == usize::MAX || bytes_of(entity).saturating_add(note_bytes(went)) <= bytes_max
    };
    for (number, (_, cut)) in CUTS.iter().enumerate().skip(level) {
        if has_room(&entity, went) {
            break;
        }
        went |= Went::from(cut(&mut entity)) << number;
    }
    (entity, went)
}

/// Bytes to keep free for saying what went.
pub(super) fn note_bytes(went: Went) -> usize {
    if went == 0 { 0 } else { NOTE_BYTES }
}

/// Says in a document what went.
pub(super) fn note(document: &mut Object, went: Went) {
    if went == 0 {
        return;
    }
    let names = CUTS.iter().enumerate();
    let names = names.filter(|(number, _)| went >> number & 1 == 1);
    let names = names.map(|(_, (name, _))| Json::String((*name).into()));
    let left_out = Json::Array(names.collect());
    let mut own = own_metadata(document).unwrap_or_default();
    own.members.push(("left_out".into(), left_out));
    let mut metadata = document.object("metadata").cloned().unwrap_or_default();
    metadata.members.retain(|(name, _)| &**name != "waggle");
    metadata.members.push(("waggle".into(), Json::Object(own)));
    remove(document, "metadata");
    let metadata = Json::Object(metadata);
    document.members.push(("metadata".into(), metadata));
}

/// What Waggle itself says in metadata: the id that an entity came with, if it could not be shown.
fn own_metadata(entity: &Object) -> Option<Object> {
    entity.object("metadata")?.object("waggle").cloned()
}

/// Bytes of the text of an object.
pub(super) fn bytes_of(object: &Object) -> usize {
    object.to_text().len()
}

fn remove(entity: &mut Object, member: &str) -> bool {
    let before = entity.members.len();
    entity.members.retain(|(name, _)| &**name != member);
    entity.members.len() < before
}

fn remove_metadata(entity: &mut Object) -> bool {
    let own = own_metadata(entity).map(|own| Object {
        members: vec![("waggle".into(), Json::Object(own))],
    });
    let kept = own.map(Json::Object);
    let has_more = entity.get("metadata") != kept.as_ref();
    remove(entity, "metadata");
    entity
        .members
        .extend(kept.map(|kept| (Box::from("metadata"), kept)));
    has_more
}

/// Frames go, and are counted where X-Ray counts them.
fn remove_stacks(entity: &mut Object) -> bool {
    let mut has_removed = false;
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
            has_removed |= remove_stack(exception);
        }
    }
    has_removed
}

fn remove_stack(exception: &mut Object) -> bool {
    let frames = i64::try_from(exception.array("stack").len()).unwrap_or(i64::MAX);
    if frames == 0 {
        return false;
    }
    let truncated = exception.integer("truncated").unwrap_or_default();
    remove(exception, "stack");
    remove(exception, "truncated");
    let truncated = truncated.saturating_add(frames).to_string();
    exception
        .members
        .push(("truncated".into(), Json::Number(truncated.into())));
    true
}

fn cut_texts(entity: &mut Object) -> bool {
    let mut has_cut = false;
    for (_, value) in &mut entity.members {
        has_cut |= cut_text(value);
    }
    has_cut
}

fn cut_text(value: &mut Json) -> bool {
    match value {
        Json::String(text) => {
            let end = text.char_indices().nth(TEXT_CHARS_MAX);
            if let Some((end, _)) = end {
                *text = text.get(..end).unwrap_or_default().into();
            }
            end.is_some()
        }
        Json::Array(values) => {
            let mut has_cut = false;
            for value in values {
                has_cut |= cut_text(value);
            }
            has_cut
        }
        Json::Object(object) => cut_texts(object),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

#[cfg(test)]
mod tests;
