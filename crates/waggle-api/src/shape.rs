//! What bodies look like, as constants beside the handlers that read and write them. The OpenAPI document is written from these shapes,
//! and the tests of this crate hold every body that passes against them, so a shape that is not true fails the suite.

use serde_json::Value as Json;

/// What a JSON value looks like.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// Anything.
    Any,
    /// A text.
    Text,
    /// A time as in RFC 3339.
    Time,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A list of these.
    List(&'static Shape),
    /// An object whose members have names of the user's making and values like this.
    Map(&'static Shape),
    /// An object with these members.
    Object(&'static [Member]),
    /// An object that has a name of its own in the document.
    Named(&'static Named),
    /// One of these.
    Either(&'static [Shape]),
    /// This, or null.
    OrNull(&'static Shape),
}

/// An object with a name, described once and referred to wherever it appears.
pub(crate) struct Named {
    /// Its name, in CamelCase; unique.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) about: &'static str,
    /// Its members.
    pub(crate) members: &'static [Member],
}

/// One member of an object.
#[derive(Clone, Copy)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) is_required: bool,
    pub(crate) about: &'static str,
}

/// In the list of an object's members: others may be there too.
pub(crate) const OTHERS: Member = may("*", Shape::Any, "Whatever else was given.");

/// A member that is always there.
pub(crate) const fn must(name: &'static str, shape: Shape, about: &'static str) -> Member {
    Member {
        name,
        shape,
        is_required: true,
        about,
    }
}

/// A member that may be absent.
pub(crate) const fn may(name: &'static str, shape: Shape, about: &'static str) -> Member {
    Member {
        name,
        shape,
        is_required: false,
        about,
    }
}

/// The members of two objects in one: for answers that put a head before what another answer shows too. `N` is their number.
pub(crate) const fn joined<const N: usize>(head: &[Member], rest: &[Member]) -> [Member; N] {
    let mut members = [may("", Shape::Any, ""); N];
    let mut index = 0;
    while index < N {
        members[index] = if index < head.len() {
            head[index]
        } else {
            rest[index - head.len()]
        };
        index += 1;
    }
    members
}

/// The paths of the members of a value that its shape does not have. A value of another kind has none: who reads it tells what is wrong.
pub(crate) fn unknown_members(value: &Json, shape: &Shape) -> Vec<String> {
    let mut found = Vec::new();
    find_unknown(value, shape, "", &mut found);
    found
}

fn find_unknown(value: &Json, shape: &Shape, path: &str, found: &mut Vec<String>) {
    match (shape, value) {
        (Shape::OrNull(shape), value) => find_unknown(value, shape, path, found),
        (Shape::List(shape), Json::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                find_unknown(item, shape, &format!("{path}[{index}]"), found);
            }
        }
        (Shape::Named(Named { members, .. }) | Shape::Object(members), Json::Object(object)) => {
            for (name, value) in object {
                let path = match path {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                let is_open = members.iter().any(|member| member.name == OTHERS.name);
                match members.iter().find(|member| member.name == name) {
                    Some(member) => find_unknown(value, &member.shape, &path, found),
                    None if is_open => {}
                    None => found.push(path),
                }
            }
        }
        _ => {}
    }
}

/// A body, of a request or of an answer.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    /// None.
    Nothing,
    /// JSON.
    Json(Shape),
    /// Anything else, under one of these media types.
    Bytes(&'static [&'static str]),
}

#[cfg(test)]
mod tests;
