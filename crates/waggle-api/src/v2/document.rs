//! Reading JSON:API documents with a finding per member, and how refusals look. Source: spec/honeycomb-api.md section 2.2.

use crate::problem::{Detail, DetailCode, Problem};
use crate::shape::{Member, Named, Shape, may, must};
use crate::table::time_text;
use serde_json::{Map, Value as Json, json};
use waggle_metastore::Key;

/// Why a request was refused.
pub(crate) const ERRORS: Named = Named {
    name: "JsonApiErrors",
    about: "Why a request was refused, finding by finding.",
    members: &[must(
        "errors",
        Shape::List(&Shape::Object(ERROR)),
        "The findings; at least one.",
    )],
};
const ERROR: &[Member] = &[
    must("id", Shape::Text, "Of this one finding."),
    must("status", Shape::Text, "The HTTP status, as a text."),
    must("code", Shape::Text, "The kind of finding."),
    must("title", Shape::Text, "The kind of finding, in words."),
    must("detail", Shape::Text, "What is wrong."),
    may(
        "source",
        Shape::Object(&[
            may("pointer", Shape::Text, "Which member of the body."),
            may("header", Shape::Text, "Which header."),
            may("parameter", Shape::Text, "Which parameter."),
        ]),
        "What is to blame.",
    ),
];

/// What a resource is.
pub(super) const fn kind(resource: &'static [&'static str]) -> Member {
    must("type", Shape::Choice(resource), "What it is.")
}

/// When a key was made and changed.
pub(super) const TIMESTAMPS: Member = must(
    "timestamps",
    Shape::Object(&[
        must("created", Shape::Time, "When it was made."),
        must("updated", Shape::Time, "When it was last changed."),
    ]),
    "When.",
);

/// Where a resource is.
pub(super) const LINK: Member = must(
    "links",
    Shape::Object(&[must("self", Shape::Text, "Its path.")]),
    "Where it is.",
);

/// How another resource is named.
pub(super) const RELATED: Shape = Shape::Object(&[must(
    "data",
    Shape::Object(&[
        must("id", Shape::Text, "Its id."),
        must("type", Shape::Text, "What it is."),
    ]),
    "It.",
)]);

pub(super) fn timestamps_json(key: &Key) -> Json {
    json!({
        "created": time_text(key.created_at_ns),
        "updated": time_text(key.updated_at_ns),
    })
}

pub(super) fn related_json(id: &str, resource: &str) -> Json {
    json!({ "data": { "id": id, "type": resource } })
}

/// The `data` of a request, read with every finding noted.
pub(super) struct Sent {
    data: Map<String, Json>,
    details: Vec<Detail>,
}

impl Sent {
    /// Takes a document of one resource of this type. The id, when the path names one, must be the path's if it is given.
    pub(super) fn read(body: Json, resource: &str, id: Option<&str>) -> Result<Self, Problem> {
        let Json::Object(mut body) = body else {
            return Err(Problem::unparseable());
        };
        let Some(Json::Object(data)) = body.remove("data") else {
            return Err(Problem::invalid_field(
                "/data",
                DetailCode::Missing,
                "must be an object",
            ));
        };
        let mut sent = Self {
            data,
            details: Vec::new(),
        };
        if sent.data.get("type").and_then(Json::as_str) != Some(resource) {
            sent.invalid("/data/type", format!("must be {resource}"));
        }
        let sent_id = sent.data.get("id").filter(|id| !id.is_null());
        if let (Some(id), Some(sent_id)) = (id, sent_id)
            && sent_id != id
        {
            sent.invalid("/data/id", "must be the id of the path");
        }
        Ok(sent)
    }

    /// An attribute; absent and null are the same.
    fn attribute(&self, name: &str) -> Option<&Json> {
        let attributes = self.data.get("attributes")?;
        attributes.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, name: &str, chars_max: usize) -> Option<String> {
        let pointer = attribute_pointer(name);
        match self.attribute(name)? {
            Json::String(text) if text.chars().count() <= chars_max => return Some(text.clone()),
            Json::String(_) => {
                self.invalid(pointer, format!("must have at most {chars_max} characters"));
            }
            _ => self.incorrect_type(pointer, "must be a string"),
        }
        None
    }

    /// A text that has to be there and not to be blank.
    pub(super) fn name(&mut self, name: &str, chars_max: usize) -> String {
        let findings = self.details.len();
        let text = self.text(name, chars_max).unwrap_or_default();
        if text.trim().is_empty() && self.details.len() == findings {
            self.missing(attribute_pointer(name));
        }
        text
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        match self.attribute(name)? {
            Json::Bool(flag) => Some(*flag),
            _ => {
                self.incorrect_type(attribute_pointer(name), "must be true or false");
                None
            }
        }
    }

    /// An attribute that is an object.
    pub(super) fn object(&mut self, name: &str) -> Option<Map<String, Json>> {
        match self.attribute(name)? {
            Json::Object(object) => Some(object.clone()),
            _ => {
                self.incorrect_type(attribute_pointer(name), "must be an object");
                None
            }
        }
    }

    /// The id of the one resource of this type that a relationship names.
    pub(super) fn related(&mut self, name: &str, resource: &str) -> Option<String> {
        let related = self.data.get("relationships");
        let related = related.and_then(|related| related.get(name)?.get("data"));
        let found = related.and_then(|data| {
            let is_right = data.get("type").and_then(Json::as_str) == Some(resource);
            let id = data.get("id").and_then(Json::as_str)?;
            is_right.then(|| id.to_owned())
        });
        if found.is_none() {
            self.missing(format!("/data/relationships/{name}/data"));
        }
        found
    }

    pub(super) fn missing(&mut self, pointer: String) {
        self.note(pointer, DetailCode::Missing, "must be given");
    }

    pub(super) fn invalid(&mut self, pointer: impl Into<String>, description: impl Into<String>) {
        self.note(pointer, DetailCode::Invalid, description);
    }

    pub(super) fn incorrect_type(&mut self, pointer: String, description: &str) {
        self.note(pointer, DetailCode::IncorrectType, description);
    }

    fn note(
        &mut self,
        pointer: impl Into<String>,
        code: DetailCode,
        description: impl Into<String>,
    ) {
        self.details.push(Detail::new(pointer, code, description));
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Every finding.
    pub(super) fn end(self) -> Result<(), Problem> {
        if self.details.is_empty() {
            return Ok(());
        }
        Err(Problem::invalid(self.details))
    }
}

/// Where an attribute is in the document.
pub(super) fn attribute_pointer(name: &str) -> String {
    format!("/data/attributes/{name}")
}
