//! Rows that belong to an entity and are none: its exceptions, other events of its span, its links.

use super::{ANNOTATION_TYPE, Fields, PARENT_ID, Row, id, text};
use hashbrown::HashMap;
use waggle_wire::xray::EntityId;

/// What a row is to its entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attachment {
    /// Something that was thrown.
    Exception,
    /// Something else that happened.
    Event,
    /// A link to another trace.
    Link,
}

/// The rows that belong to the entities of a trace, in the order of the rows.
#[derive(Default)]
pub(crate) struct Attached<'r, 'a>(HashMap<EntityId, Vec<(Attachment, &'r Row<'a>)>>);

impl<'r, 'a> Attached<'r, 'a> {
    pub(crate) fn of(rows: &'r [Row<'a>]) -> Self {
        let mut attached = Self::default();
        for row in rows {
            if let Some((entity, attachment)) = attachment_of(row.fields) {
                attached
                    .0
                    .entry(entity)
                    .or_default()
                    .push((attachment, row));
            }
        }
        attached
    }

    /// Those of one kind that belong to an entity.
    pub(crate) fn rows(
        &self,
        entity: EntityId,
        wanted: Attachment,
    ) -> impl Iterator<Item = &'r Row<'a>> {
        let rows = self.0.get(&entity).map_or(&[][..], Vec::as_slice).iter();
        rows.filter(move |(attachment, _)| *attachment == wanted)
            .map(|(_, row)| *row)
    }
}

/// The entity that a row belongs to, and what it is to it.
pub(super) fn attachment_of(fields: &dyn Fields) -> Option<(EntityId, Attachment)> {
    let attachment = match text(fields, ANNOTATION_TYPE)? {
        "span_event" if text(fields, "name") == Some("exception") => Attachment::Exception,
        "span_event" => Attachment::Event,
        "link" => Attachment::Link,
        _ => return None,
    };
    Some((id(fields, PARENT_ID)?, attachment))
}
