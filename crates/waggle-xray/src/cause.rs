//! Root causes: the ways from the root of a trace down to where it went wrong, or where the time went. Source: spec/xray.md section 4.2.

mod reference;

use crate::seconds::rounded;
use crate::trace::{Entity, Namespace, Trace, cut};
use hashbrown::HashSet;
use reference::References;
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// A child takes part in the way of a response time while its part of the root's time is at least this.
const COVERAGE_MIN: f64 = 0.1;

/// Most root causes of faults that a trace is given, and as many of errors: the earliest ones.
const CAUSES_MAX: usize = 100;

/// Once the ways to root causes of one kind have this many entities, no further way is added.
const PATH_ENTITIES_MAX: usize = 10_000;

/// Most exceptions of an entity on a way: an entity stands on many, and a document may have thousands.
const EXCEPTIONS_MAX: usize = 20;
/// Most characters of its type, and of its message.
const TEXT_CHARS_MAX: usize = 1_000;
/// Once the exceptions of the causes of one kind have so many bytes, no further one is told.
const EXCEPTION_BYTES_MAX: usize = 256 * 1_024;
/// About the bytes of an exception besides its texts.
const EXCEPTION_BYTES: usize = 40;

/// One way through a trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RootCause {
    /// Whether whoever called the root saw it.
    pub client_impacting: bool,
    /// The services on the way, the first called first.
    pub services: Vec<CauseService>,
}

/// A service on the way.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CauseService {
    /// Its node's name.
    pub name: Arc<str>,
    /// The same.
    pub names: [Arc<str>; 1],
    /// Its node's type; empty when it is not known. Grafana fails without it.
    #[serde(rename = "Type")]
    pub node_type: Arc<str>,
    /// Its account, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Arc<str>>,
    /// Known from a call only.
    pub inferred: bool,
    /// The entities in it on the way, the segment first; never empty.
    pub entity_path: Vec<CauseEntity>,
}

/// An entity on the way.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CauseEntity {
    /// Its name.
    pub name: Arc<str>,
    /// What was thrown there; of faults and errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exceptions: Option<Vec<CauseException>>,
    /// Its part of the root's time, 0 to 1; of response times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    /// Whether it calls something else.
    pub remote: bool,
}

/// Something that was thrown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CauseException {
    /// Its type.
    pub name: Arc<str>,
    /// What it says.
    pub message: Arc<str>,
}

/// All root causes of a trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Causes {
    /// Of faults, the first hundred.
    pub fault: Vec<RootCause>,
    /// Of errors, the first hundred.
    pub error: Vec<RootCause>,
    /// Of the time it took; at most one.
    pub response_time: Vec<RootCause>,
}

impl Causes {
    /// Finds them.
    pub fn of(trace: &Trace) -> Self {
        Self {
            fault: failures(trace, &|entity| entity.is_fault),
            error: failures(trace, &|entity| entity.is_error),
            response_time: response_time(trace).into_iter().collect(),
        }
    }
}

fn failures(trace: &Trace, failed: &dyn Fn(&Entity) -> bool) -> Vec<RootCause> {
    let has_failed = |index: usize| failed(&trace.entities[index]);
    let root = trace.root().filter(|root| has_failed(*root));
    let starts: Vec<usize> = match root {
        Some(root) => vec![root],
        None => (0..trace.entities.len())
            .filter(|index| has_failed(*index))
            .filter(|index| !trace.parent(*index).is_some_and(has_failed))
            .collect(),
    };
    let telling = Telling {
        references: References::of(trace),
        shown: RefCell::default(),
        bytes_left: Cell::new(EXCEPTION_BYTES_MAX),
    };
    let mut causes = Vec::new();
    let mut path_entities = 0;
    // Entities that are still to be looked at, each with the start of its way.
    let mut open: Vec<(usize, usize)> = starts.iter().rev().map(|start| (*start, *start)).collect();
    while let Some((start, last)) = open.pop() {
        let below = trace.children(last).iter().rev().copied();
        let open_before = open.len();
        open.extend(
            below
                .filter(|child| has_failed(*child))
                .map(|child| (start, child)),
        );
        if open.len() > open_before {
            continue;
        }
        if causes.len() >= CAUSES_MAX || path_entities >= PATH_ENTITIES_MAX {
            break;
        }
        let way = way(trace, start, last);
        path_entities += way.len();
        telling.begin(way.iter().copied().chain(trace.owner(start)));
        causes.push(RootCause {
            client_impacting: root.is_some(),
            services: services(trace, &way, &|entity| CauseEntity {
                name: Arc::clone(&entity.name),
                exceptions: Some(telling.exceptions(entity)),
                coverage: None,
                remote: is_remote(entity),
            }),
        });
    }
    causes
}

/// The entities from one down to another below it.
fn way(trace: &Trace, start: usize, last: usize) -> Vec<usize> {
    let mut way = vec![last];
    let mut at = last;
    while at != start
        && let Some(parent) = trace.parent(at)
    {
        way.push(parent);
        at = parent;
    }
    way.reverse();
    way
}

fn response_time(trace: &Trace) -> Option<RootCause> {
    let root = trace.root()?;
    let root_ns = trace.response_ns().filter(|root_ns| *root_ns > 0)?;
    let coverage = |index: usize| {
        let response_ns = trace.entities[index].response_ns().unwrap_or(0);
        (seconds(response_ns) / seconds(root_ns)).min(1.0)
    };
    let mut way = vec![root];
    let mut last = root;
    loop {
        // The earliest of the longest.
        let mut longest: Option<usize> = None;
        for child in trace.children(last) {
            let is_longer = |longest: usize| {
                trace.entities[*child].response_ns() > trace.entities[longest].response_ns()
            };
            if longest.is_none_or(is_longer) {
                longest = Some(*child);
            }
        }
        match longest.filter(|child| coverage(*child) >= COVERAGE_MIN) {
            Some(child) => way.push(child),
            None => break,
        }
        last = way.last().copied()?;
    }
    let first = &trace.entities[root];
    Some(RootCause {
        client_impacting: first.is_fault || first.is_error,
        services: services(trace, &way, &|entity| {
            let response_ns = entity.response_ns().unwrap_or(0);
            CauseEntity {
                name: Arc::clone(&entity.name),
                exceptions: None,
                coverage: Some(rounded(
                    (seconds(response_ns) / seconds(root_ns)).min(1.0),
                    3,
                )),
                remote: is_remote(entity),
            }
        }),
    })
}

#[expect(clippy::cast_precision_loss, reason = "only ratios are made of it")]
fn seconds(ns: i64) -> f64 {
    ns as f64
}

/// Cuts a way at its segments.
fn services(
    trace: &Trace,
    way: &[usize],
    entity_of: &dyn Fn(&Entity) -> CauseEntity,
) -> Vec<CauseService> {
    let mut services: Vec<CauseService> = Vec::new();
    for index in way {
        let entity = &trace.entities[*index];
        if services.is_empty() || entity.is_segment() {
            // A way that begins within a segment still says whose it is.
            let owner = trace.owner(*index).unwrap_or(*index);
            let segment = &trace.entities[owner];
            let node = segment.node();
            let mut service = CauseService {
                name: Arc::clone(&node.name),
                names: [node.name],
                node_type: node.node_type,
                account_id: node.account_id,
                inferred: segment.is_inferred,
                entity_path: Vec::new(),
            };
            if owner != *index {
                service.entity_path.push(entity_of(segment));
            }
            services.push(service);
        }
        if let Some(service) = services.last_mut() {
            service.entity_path.push(entity_of(entity));
        }
    }
    services
}

fn is_remote(entity: &Entity) -> bool {
    !entity.is_segment() && entity.namespace != Namespace::Local
}

/// Which exceptions the causes of one kind tell.
struct Telling<'a> {
    references: References<'a>,
    /// Entities whose exceptions this cause tells.
    shown: RefCell<HashSet<usize>>,
    bytes_left: Cell<usize>,
}

impl Telling<'_> {
    /// Begins with another cause, whose way has these entities.
    fn begin(&self, way: impl Iterator<Item = usize>) {
        let mut shown = self.shown.borrow_mut();
        shown.clear();
        shown.extend(way);
    }

    /// What was thrown in an entity, the first twenty. What it names of others is told once in a cause: where it was thrown, if that is on
    /// the way, and else here.
    fn exceptions(&self, entity: &Entity) -> Vec<CauseException> {
        let named = self.references.find(entity);
        let named = named.filter(|(holder, _)| self.shown.borrow_mut().insert(*holder));
        let named = named.map_or(&[][..], |(_, exceptions)| exceptions);
        let exceptions = entity.exceptions.iter().chain(named);
        let told = exceptions.take(EXCEPTIONS_MAX).map_while(|exception| {
            let told = CauseException {
                name: cut(&exception.name, TEXT_CHARS_MAX),
                message: cut(&exception.message, TEXT_CHARS_MAX),
            };
            let bytes = EXCEPTION_BYTES + told.name.len() + told.message.len();
            let left = self.bytes_left.get().checked_sub(bytes)?;
            self.bytes_left.set(left);
            Some(told)
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests;
