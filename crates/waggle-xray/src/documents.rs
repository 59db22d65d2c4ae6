//! The documents of a trace as clients read them back: byte for byte where a segment is one document, put together where it came in
//! parts, and made where nobody sent one. Source: spec/xray.md sections 3.8, 5.1, 8.4 and 8.5.

mod fit;
mod made;
mod otlp;

use crate::trace::{Attached, Entity, Row, Trace, documents_of, span_id_of};
use fit::{Went, fitted};
use hashbrown::{HashMap, HashSet};
use made::{Span, made_from_row, made_inferred, put_entry};
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
    segment_documents_within(trace, rows, Room::UNLIMITED)
}

/// The row of each span. Of several with one id it is the last, as a trace has it.
fn rows_by_id<'r, 'a>(rows: &'r [Row<'a>]) -> HashMap<EntityId, &'r Row<'a>> {
    let rows = rows.iter();
    rows.filter_map(|row| Some((span_id_of(row.fields)?, row)))
        .collect()
}

/// How much documents may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Most bytes of each.
    pub bytes_max: usize,
    /// So many are read of a trace.
    pub documents_max: usize,
}

impl Room {
    const UNLIMITED: Self = Self {
        bytes_max: usize::MAX,
        documents_max: usize::MAX,
    };
}

/// As [`segment_documents`], but none of more than so many bytes: subsegments that a document has no room for get documents of their own.
/// Only when that would be too many documents, or an entity alone is too long, something is cut: first metadata goes, then the frames of
/// stacks, annotations, links, the ends of long texts, and last all but what tells what an entity is. What went is named in
/// `metadata.waggle.left_out`. The documents may be too many all the same: none is left out.
pub fn segment_documents_within(
    trace: &Trace,
    rows: &[Row<'_>],
    room: Room,
) -> Vec<SegmentDocument> {
    let documents = documents_of(rows);
    let documents: Vec<&Document> = documents.iter().map(|(_, document)| document).collect();
    let mut rendering = Rendering::new(trace, &documents, rows, room.bytes_max);
    loop {
        let (documents, is_split) = rendering.all();
        let is_last = rendering.level >= fit::LEVELS;
        if !is_split || is_last || documents.len() <= room.documents_max {
            return documents;
        }
        rendering.level += 1;
    }
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

/// Bytes that a subsegment takes besides its text: a comma, and the name of the list that its own are in.
const SUBSEGMENT_BYTES: usize = 20;

struct Rendering<'a> {
    trace: &'a Trace,
    rows: HashMap<EntityId, &'a Row<'a>>,
    attached: Attached<'a, 'a>,
    /// What was sent of an entity: the object in the document that counts, and the document if the entity is its own.
    sent: HashMap<EntityId, (&'a Object, Option<&'a Document>)>,
    /// Most bytes of a document.
    bytes_max: usize,
    /// How much is cut of what has no room otherwise.
    level: usize,
}

/// Subsegments that are no part of the document they belong to.
#[derive(Default)]
struct Below {
    entries: Vec<usize>,
    /// Some had no room.
    is_full: bool,
    /// What was cut of those that are part of it.
    went: Went,
}

impl<'a> Rendering<'a> {
    fn new(
        trace: &'a Trace,
        documents: &[&'a Document],
        rows: &'a [Row<'a>],
        bytes_max: usize,
    ) -> Self {
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
        Self {
            trace,
            rows: rows_by_id(rows),
            attached: Attached::of(rows),
            sent,
            bytes_max,
            level: 0,
        }
    }

    /// All documents, and whether some are there only because others had no room for them.
    fn all(&self) -> (Vec<SegmentDocument>, bool) {
        let trace = self.trace;
        let mut entries: Vec<usize> = (0..trace.entities.len())
            .filter(|index| trace.entities[*index].is_segment() || trace.parent(*index).is_none())
            .collect();
        let mut texts = Vec::with_capacity(entries.len());
        let mut is_split = false;
        let mut next = 0;
        while let Some(entry) = entries.get(next).copied() {
            let mut below = Below::default();
            let text = self.text(entry, &mut below);
            texts.push((entry, text));
            entries.extend(below.entries);
            is_split |= below.is_full;
            next += 1;
        }
        texts.sort_by_key(|(entry, _)| *entry);
        let texts = texts.into_iter().map(|(entry, text)| SegmentDocument {
            id: trace.entities[entry].id,
            text,
        });
        (texts.collect(), is_split)
    }

    /// The document of an entry. Subsegments that lie too deep, or have no room, go to `below`.
    fn text(&self, entry: usize, below: &mut Below) -> String {
        let entity = &self.trace.entities[entry];
        if let Some((_, Some(document))) = self.sent.get(&entity.id)
            && document.text().len() <= self.bytes_max
            && self.is_whole(entry, document)
        {
            return document.text().to_owned();
        }
        let whole = self.document(entry, 0, below);
        // What has room is not cut because something else has none.
        if !below.is_full || self.level == 0 {
            return whole;
        }
        *below = Below::default();
        self.document(entry, self.level, below)
    }

    fn document(&self, entry: usize, level: usize, below: &mut Below) -> String {
        let (own, went) = fitted(self.own(entry, true), level, self.bytes_max);
        let note_bytes = match level {
            0 => fit::note_bytes(went),
            // Subsegments may have what it has not.
            _ => fit::note_bytes(Went::MAX),
        };
        let taken = self.bytes_of(&own).saturating_add(note_bytes);
        let mut room = self.bytes_max.saturating_sub(taken);
        let mut document = self.with_subsegments(entry, own, (0, level), &mut room, below);
        fit::note(&mut document, went | below.went);
        document.to_text()
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

    /// Adds to an entity what is part of it, as far as there is `room`, cut to a level.
    fn with_subsegments(
        &self,
        index: usize,
        mut own: Object,
        (depth, level): (usize, usize),
        room: &mut usize,
        below: &mut Below,
    ) -> Object {
        let mut subsegments = Vec::new();
        for child in self.trace.subsegments(index) {
            if depth >= DEPTH_MAX {
                below.entries.push(child);
                continue;
            }
            let mut object = self.own(child, false);
            let went = fit::cut(&mut object, level);
            let bytes = self.bytes_of(&object);
            if bytes > *room {
                below.is_full = true;
                below.entries.push(child);
                continue;
            }
            *room -= bytes;
            below.went |= went;
            let object = self.with_subsegments(child, object, (depth + 1, level), room, below);
            subsegments.push(Json::Object(object));
        }
        if !subsegments.is_empty() {
            let subsegments = Json::Array(subsegments);
            own.members.push(("subsegments".into(), subsegments));
        }
        own
    }

    /// Bytes of an entity without its subsegments; 0 where nobody counts.
    fn bytes_of(&self, own: &Object) -> usize {
        match self.bytes_max {
            usize::MAX => 0,
            _ => fit::bytes_of(own).saturating_add(SUBSEGMENT_BYTES),
        }
    }

    /// What is said of an entity itself, without its subsegments.
    fn own(&self, index: usize, is_entry: bool) -> Object {
        let entity = &self.trace.entities[index];
        let mut own = match self.sent.get(&entity.id) {
            Some((object, _)) => {
                let mut object = (*object).clone();
                if is_entry {
                    put_entry(&mut object, self.trace, entity);
                }
                object
            }
            None if entity.is_inferred => self.inferred(index, entity),
            None => self.made(index, is_entry),
        };
        if !is_entry {
            own.members.retain(|(name, _)| &**name != "type");
        }
        own.members.retain(|(name, _)| &**name != "subsegments");
        own
    }

    /// What is said of a segment that nobody sent, by the call that it is known from.
    fn inferred(&self, index: usize, entity: &Entity) -> Object {
        let call = self.trace.parent(index);
        let call = call.map(|call| {
            let id = self.trace.entities[call].id;
            match self.sent.get(&id) {
                Some((object, _)) => (*object).clone(),
                None => self.made(call, false),
            }
        });
        made_inferred(self.trace, entity, &call.unwrap_or_default())
    }

    /// What the row of a span says.
    fn made(&self, index: usize, is_entry: bool) -> Object {
        let id = self.trace.entities[index].id;
        let Some(row) = self.rows.get(&id) else {
            return Object::default();
        };
        let owner = self.trace.owner(index).filter(|owner| *owner != index);
        let owner = owner.and_then(|owner| self.rows.get(&self.trace.entities[owner].id));
        made_from_row(&Span {
            trace: self.trace,
            index,
            is_entry,
            row,
            owner: owner.copied(),
            attached: &self.attached,
        })
    }
}

#[cfg(test)]
mod tests;
