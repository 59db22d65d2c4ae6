//! One trace as X-Ray sees it: segments, their subsegments, and the segments that are made up for calls nobody else reported. Source:
//! spec/xray.md sections 2.7, 4.2, 5.1 and 5.2.

mod document;
mod entity;
mod infer;
mod row;

pub use entity::{
    Annotation, AwsCall, Entity, EntityKind, Exception, Link, Namespace, Node, NodeKind, Request,
};
pub use row::{
    COLUMNS, Fields, Row, StoredFields, annotation_key, entity_of_row, rows_to_parts, trace_id_of,
};

pub use document::entities_of_document;
pub(crate) use entity::cut;
pub(crate) use row::{
    Attached, Attachment, DOCUMENT, Frame, Thrown, ThrownCause, documents_of, exception_id, int,
    link_of, span_id_of, text, thrown_in, thrown_of_span,
};

use hashbrown::HashMap;
use waggle_wire::xray::{EntityId, TraceId};

/// What a trace is put together from: entities as they were sent, in order of arrival.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Segments and subsegments. Of several with one id a complete one beats one in progress, then the later one wins.
    pub entities: Vec<Entity>,
    /// What was thrown, by the id of the entity it belongs to: for entities whose exceptions arrive as rows of their own.
    pub exceptions: Vec<(EntityId, Exception)>,
    /// Links to other traces, likewise.
    pub links: Vec<(EntityId, Link)>,
    /// Documents that were accepted for this trace; for spans that came otherwise, spans.
    pub revision: usize,
}

/// A trace, put together.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Its id.
    pub id: TraceId,
    /// All entities by start, then id; inferred segments among them.
    pub entities: Vec<Entity>,
    /// Documents or spans it is made of.
    pub revision: usize,
    relations: Vec<Relation>,
    root: Option<usize>,
}

/// Where an entity stands. Indexes are those of [`Trace::entities`].
#[derive(Clone, Debug, Default)]
struct Relation {
    parent: Option<usize>,
    /// The segment it is part of, itself if it is one; none while the owner has not come.
    owner: Option<usize>,
    children: Vec<usize>,
}

impl Trace {
    /// Puts a trace together: one entity per id, children below their parents, inferred segments added.
    pub fn new(id: TraceId, parts: Parts) -> Self {
        let mut entities = unique(parts.entities);
        let places = places_of(&entities);
        for (entity, exception) in parts.exceptions {
            if let Some(place) = places.get(&entity) {
                entities[*place].exceptions.push(exception);
            }
        }
        for (entity, link) in parts.links {
            if let Some(place) = places.get(&entity) {
                entities[*place].links.push(link);
            }
        }
        infer::add_inferred(id, &mut entities);
        entities.sort_by_key(|entity| (entity.start_ns, entity.id));
        let relations = relate(&entities);
        let mut trace = Self {
            id,
            entities,
            revision: parts.revision,
            relations,
            root: None,
        };
        trace.root = trace.find_root();
        trace
    }

    /// The entity above one: of a subsegment what it is part of, of a segment the call it answers.
    pub fn parent(&self, index: usize) -> Option<usize> {
        self.relations.get(index)?.parent
    }

    /// The segment an entity is part of, itself if it is one; `None` for a subsegment whose segment has not come.
    pub fn owner(&self, index: usize) -> Option<usize> {
        self.relations.get(index)?.owner
    }

    /// Entities below one, by start, then id: subsegments, and segments that answer it.
    pub fn children(&self, index: usize) -> &[usize] {
        self.relations
            .get(index)
            .map_or(&[], |relation| relation.children.as_slice())
    }

    /// Indexes of all segments by start, inferred ones included.
    pub fn segments(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.entities.len()).filter(|index| self.entities[*index].is_segment())
    }

    /// The segment that the trace begins with: one without a parent, or else the earliest whose parent is not in the trace.
    pub fn root(&self) -> Option<usize> {
        self.root
    }

    /// Segments that nobody in the trace called: each gets a client in the service graph.
    pub fn is_root(&self, index: usize) -> bool {
        let entity = &self.entities[index];
        entity.is_segment() && !entity.is_inferred && self.relations[index].parent.is_none()
    }

    /// Earliest start of any entity; 0 for a trace without one.
    pub fn start_ns(&self) -> i64 {
        self.entities.first().map_or(0, |entity| entity.start_ns)
    }

    /// Last end of any entity, not before the start.
    pub fn end_ns(&self) -> i64 {
        let ends = self.entities.iter().map(Entity::last_ns);
        ends.max().unwrap_or(0)
    }

    /// Time from the earliest start to the last end of all entities.
    pub fn duration_ns(&self) -> i64 {
        self.end_ns().saturating_sub(self.start_ns())
    }

    /// Time of the root segment; `None` without one, or while it is in progress.
    pub fn response_ns(&self) -> Option<i64> {
        self.entities[self.root?].response_ns()
    }

    /// Time from the start of a segment to the last end of anything in it, subsegments that ended later included.
    pub fn segment_duration_ns(&self, index: usize) -> i64 {
        let entity = &self.entities[index];
        let mut last_ns = entity.last_ns();
        let mut open = self.subsegments(index);
        while let Some(below) = open.pop() {
            last_ns = last_ns.max(self.entities[below].last_ns());
            open.extend(self.subsegments(below));
        }
        last_ns.saturating_sub(entity.start_ns)
    }

    /// A segment and all that is part of it, itself first.
    pub fn entities_of(&self, index: usize) -> Vec<usize> {
        let mut all = vec![index];
        let mut next = 0;
        while let Some(entity) = all.get(next) {
            let below = self.subsegments(*entity);
            all.extend(below);
            next += 1;
        }
        all
    }

    /// The children of an entity that are part of the same segment.
    pub(crate) fn subsegments(&self, index: usize) -> Vec<usize> {
        let children = self.children(index).iter().copied();
        children
            .filter(|child| !self.entities[*child].is_segment())
            .collect()
    }

    /// Whether something is still missing: an entity in progress, a traced call that nobody answered, or the root.
    pub fn is_partial(&self) -> bool {
        self.root.is_none()
            || (0..self.entities.len()).any(|index| {
                let entity = &self.entities[index];
                entity.is_in_progress() || (entity.is_traced && !self.is_answered(index))
            })
    }

    /// Whether a segment that was really sent names this entity as its parent.
    fn is_answered(&self, index: usize) -> bool {
        self.children(index).iter().any(|child| {
            let child = &self.entities[*child];
            child.is_segment() && !child.is_inferred
        })
    }

    /// The fault of the root segment.
    pub fn has_fault(&self) -> bool {
        self.root.is_some_and(|root| self.entities[root].is_fault)
    }

    /// The error of the root segment.
    pub fn has_error(&self) -> bool {
        self.root.is_some_and(|root| self.entities[root].is_error)
    }

    /// Whether anything in the trace was throttled.
    pub fn has_throttle(&self) -> bool {
        self.entities.iter().any(|entity| entity.is_throttle)
    }

    fn find_root(&self) -> Option<usize> {
        let mut roots = (0..self.entities.len()).filter(|index| self.is_root(*index));
        let first = roots.next()?;
        let without_parent = |index: &usize| self.entities[*index].parent_id.is_none();
        if without_parent(&first) {
            return Some(first);
        }
        Some(roots.find(without_parent).unwrap_or(first))
    }
}

/// One entity per id: complete beats in progress, then later beats earlier. The order is that of the first of each id.
fn unique(sent: Vec<Entity>) -> Vec<Entity> {
    let mut entities: Vec<Entity> = Vec::with_capacity(sent.len());
    let mut places: HashMap<EntityId, usize> = HashMap::with_capacity(sent.len());
    for entity in sent {
        match places.get(&entity.id) {
            None => {
                places.insert(entity.id, entities.len());
                entities.push(entity);
            }
            Some(place) => {
                let known = &mut entities[*place];
                if known.is_in_progress() || !entity.is_in_progress() {
                    *known = entity;
                }
            }
        }
    }
    entities
}

fn places_of(entities: &[Entity]) -> HashMap<EntityId, usize> {
    let places = entities.iter().enumerate();
    places.map(|(place, entity)| (entity.id, place)).collect()
}

/// Finds parents, owners and children. A circle of parents, which nobody sends on purpose, is cut where it is met.
fn relate(entities: &[Entity]) -> Vec<Relation> {
    let places = places_of(entities);
    let mut relations: Vec<Relation> = entities
        .iter()
        .map(|entity| Relation {
            parent: entity
                .parent_id
                .and_then(|parent| places.get(&parent).copied()),
            ..Relation::default()
        })
        .collect();
    // The round in which an entity was met, counted from 1.
    let mut met = vec![0; entities.len()];
    for first in 0..entities.len() {
        let round = first + 1;
        let mut at = first;
        while met[at] == 0 {
            met[at] = round;
            match relations[at].parent {
                Some(parent) if met[parent] == round => relations[at].parent = None,
                Some(parent) => at = parent,
                None => break,
            }
        }
    }
    let mut is_known = vec![false; entities.len()];
    for first in 0..entities.len() {
        let mut path = Vec::new();
        let mut at = Some(first);
        while let Some(index) = at.filter(|index| !is_known[*index]) {
            path.push(index);
            at = match entities[index].is_segment() {
                true => None,
                false => relations[index].parent,
            };
        }
        for index in path.into_iter().rev() {
            relations[index].owner = match entities[index].is_segment() {
                true => Some(index),
                false => relations[index]
                    .parent
                    .and_then(|parent| relations[parent].owner),
            };
            is_known[index] = true;
        }
    }
    // Entities are in order of start and id, and so are children.
    for index in 0..entities.len() {
        if let Some(parent) = relations[index].parent {
            relations[parent].children.push(index);
        }
    }
    relations
}

#[cfg(test)]
pub(crate) mod tests;
