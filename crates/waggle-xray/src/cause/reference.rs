//! Exceptions that an entity names instead of having them: by the id of the exception or, from Node, of the entity that has it. Source:
//! spec/xray.md section 2.5.

use crate::trace::{Entity, Exception, Trace};
use hashbrown::HashMap;
use waggle_wire::xray::EntityId;

/// Most references that are followed one after another: an entity that is named may itself name another.
const HOPS_MAX: usize = 8;

/// What can be named in a trace.
pub(super) struct References<'a> {
    trace: &'a Trace,
    /// Which exception of which entity; empty in a trace where nobody names one.
    exceptions: HashMap<EntityId, (usize, usize)>,
    entities: HashMap<EntityId, usize>,
}

impl<'a> References<'a> {
    pub(super) fn of(trace: &'a Trace) -> Self {
        let mut references = Self {
            trace,
            exceptions: HashMap::new(),
            entities: HashMap::new(),
        };
        if trace
            .entities
            .iter()
            .all(|entity| entity.cause_id.is_none())
        {
            return references;
        }
        for (index, entity) in trace.entities.iter().enumerate() {
            references.entities.insert(entity.id, index);
            for (number, exception) in entity.exceptions.iter().enumerate() {
                if let Some(id) = exception.id {
                    references.exceptions.entry(id).or_insert((index, number));
                }
            }
        }
        references
    }

    /// The exceptions that an entity names, and the entity that has them.
    pub(super) fn find(&self, entity: &Entity) -> Option<(usize, &'a [Exception])> {
        let mut id = entity.cause_id?;
        for _ in 0..HOPS_MAX {
            if let Some((index, number)) = self.exceptions.get(&id) {
                let holder = self.trace.entities.get(*index)?;
                let exception = holder.exceptions.get(*number)?;
                return Some((*index, std::slice::from_ref(exception)));
            }
            let index = *self.entities.get(&id)?;
            let holder = self.trace.entities.get(index)?;
            if !holder.exceptions.is_empty() {
                return Some((index, &holder.exceptions));
            }
            id = holder.cause_id?;
        }
        None
    }
}
