//! The documents of a trace as clients read them back: byte for byte where a segment is one document, put together where it came in
//! parts, and made where nobody sent one. Source: spec/xray.md sections 3.8, 5.1, 8.4 and 8.5.

mod made;
mod otlp;

use crate::trace::{Row, Trace, documents_of, exceptions_by_entity};
use hashbrown::{HashMap, HashSet};
use made::{made_from_row, made_inferred};
use waggle_wire::xray::{Document, EntityId, Json, Object};

pub use otlp::span_documents;

/// A segment of a trace, or a subsegment whose segment has not come, with its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentDocument {
    /// Its id.
    pub id: EntityId,
    /// JSON.
    pub text: String,
}

/// A document as it was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedDocument {
    /// When it came, nanoseconds since the Unix epoch.
    pub received_ns: i64,
    /// How it came: `udp` or `api`.
    pub source: String,
    /// The text as it came.
    pub text: String,
}

/// Levels of subsegments inside of one another; those below get entries of their own, since readers give up on deeper documents.
const DEPTH_MAX: usize = 60;

/// The documents of a trace by start, then id. `rows` are those the trace was made of.
pub fn segment_documents(trace: &Trace, rows: &[Row<'_>]) -> Vec<SegmentDocument> {
    let documents = documents_of(rows);
    let documents: Vec<&Document> = documents.iter().map(|(_, document)| document).collect();
    let rendering = Rendering::new(trace, &documents, rows);
    let mut entries: Vec<usize> = (0..trace.entities.len())
        .filter(|index| trace.entities[*index].is_segment() || trace.parent(*index).is_none())
        .collect();
    let mut texts = Vec::with_capacity(entries.len());
    let mut next = 0;
    while let Some(entry) = entries.get(next).copied() {
        let mut below = Vec::new();
        let text = rendering.text(entry, &mut below);
        texts.push((entry, text));
        entries.extend(below);
        next += 1;
    }
    texts.sort_by_key(|(entry, _)| *entry);
    let texts = texts.into_iter().map(|(entry, text)| SegmentDocument {
        id: trace.entities[entry].id,
        text,
    });
    texts.collect()
}

/// Every document that was accepted for a trace, in order of arrival, replaced ones too.
pub fn accepted_documents(rows: &[Row<'_>]) -> Vec<AcceptedDocument> {
    let documents = documents_of(rows).into_iter();
    documents
        .map(|(received, document)| AcceptedDocument {
            received_ns: received.at_ns,
            source: received.source.to_owned(),
            text: document.text().to_owned(),
        })
        .collect()
}

struct Rendering<'a> {
    trace: &'a Trace,
    rows: HashMap<EntityId, &'a Row<'a>>,
    /// Types and messages of what was thrown in an entity.
    exceptions: HashMap<EntityId, Vec<(String, String)>>,
    /// What was sent of an entity: the object in the document that counts, and the document if the entity is its own.
    sent: HashMap<EntityId, (&'a Object, Option<&'a Document>)>,
}

impl<'a> Rendering<'a> {
    fn new(trace: &'a Trace, documents: &[&'a Document], rows: &'a [Row<'a>]) -> Self {
        let mut sent: HashMap<EntityId, (&Object, Option<&Document>)> = HashMap::new();
        let mut complete: HashSet<EntityId> = HashSet::new();
        for document in documents {
            for entity in document.entities() {
                if entity.is_in_progress() && complete.contains(&entity.id()) {
                    continue;
                }
                if !entity.is_in_progress() {
                    complete.insert(entity.id());
                }
                let own = (!entity.is_embedded()).then_some(*document);
                sent.insert(entity.id(), (entity.object(), own));
            }
        }
        let rows_by_id = rows.iter().filter_map(|row| {
            let id = crate::trace::span_id_of(row.fields)?;
            Some((id, row))
        });
        Self {
            trace,
            rows: rows_by_id.collect(),
            exceptions: exceptions_by_entity(rows),
            sent,
        }
    }

    /// The document of an entry. Subsegments that lie too deep go to `below`.
    fn text(&self, entry: usize, below: &mut Vec<usize>) -> String {
        let entity = &self.trace.entities[entry];
        if let Some((_, Some(document))) = self.sent.get(&entity.id)
            && self.is_whole(entry, document)
        {
            return document.text().to_owned();
        }
        Json::Object(self.object(entry, true, 0, below)).to_text()
    }

    /// Whether all that is part of an entity came in one document.
    fn is_whole(&self, entry: usize, document: &Document) -> bool {
        let sent: HashSet<EntityId> = document.entities().map(|entity| entity.id()).collect();
        let parts = self.trace.entities_of(entry);
        parts.len() == sent.len()
            && parts
                .iter()
                .all(|part| sent.contains(&self.trace.entities[*part].id))
    }

    fn object(&self, index: usize, is_entry: bool, depth: usize, below: &mut Vec<usize>) -> Object {
        let entity = &self.trace.entities[index];
        let mut object = match self.sent.get(&entity.id) {
            Some((object, _)) => (*object).clone(),
            None if entity.is_inferred => {
                let call = self
                    .trace
                    .parent(index)
                    .map(|call| self.trace.entities[call].id);
                made_inferred(self.trace, entity, call.and_then(|call| self.sent_of(call)))
            }
            None => match self.rows.get(&entity.id) {
                Some(row) => {
                    let thrown = self
                        .exceptions
                        .get(&entity.id)
                        .map_or(&[][..], Vec::as_slice);
                    made_from_row(self.trace, index, is_entry, row, thrown)
                }
                None => Object::default(),
            },
        };
        if !is_entry {
            object.members.retain(|(name, _)| &**name != "type");
        }
        let children = self.trace.subsegments(index);
        if depth >= DEPTH_MAX {
            object.members.retain(|(name, _)| &**name != "subsegments");
            below.extend(children);
            return object;
        }
        let children: Vec<Json> = children
            .into_iter()
            .map(|child| Json::Object(self.object(child, false, depth + 1, below)))
            .collect();
        let place = object
            .members
            .iter_mut()
            .find(|(name, _)| &**name == "subsegments");
        match place {
            Some((_, value)) => *value = Json::Array(children),
            None if children.is_empty() => {}
            None => object
                .members
                .push(("subsegments".into(), Json::Array(children))),
        }
        object
    }

    fn sent_of(&self, id: EntityId) -> Option<&'a Object> {
        self.sent.get(&id).map(|(object, _)| *object)
    }
}

#[cfg(test)]
mod tests;
