//! Whether an expression holds for a trace. Source: spec/xray.md section 4.4.

use super::expression::{CauseKind, CauseLevel, Expression, Test, TextOp};
use super::json::looks_like;
use super::keyword::Keyword;
use super::{Filter, NodePattern};
use crate::cause::{CauseEntity, CauseException, CauseService, Causes, RootCause};
use crate::trace::{Annotation, Entity, Node, NodeKind, Trace};
use serde_json::Value as Json;
use std::cell::OnceCell;

impl Filter {
    /// What every trace passes.
    pub fn all() -> Self {
        Self {
            expression: Expression::TRUE,
        }
    }

    /// Whether it is [`all`](Self::all), or an expression that says as little.
    pub fn is_all(&self) -> bool {
        matches!(&self.expression, Expression::All(parts) if parts.is_empty())
    }

    /// Whether a trace passes.
    pub fn matches(&self, trace: &Trace) -> bool {
        Evaluation {
            trace,
            causes: OnceCell::new(),
        }
        .holds(&self.expression, &Subject::Trace)
    }
}

/// A trace, and what is worked out about it when it is first asked for.
struct Evaluation<'a> {
    trace: &'a Trace,
    causes: OnceCell<Causes>,
}

/// What a condition is about.
enum Subject<'s> {
    Trace,
    /// A segment.
    Service(usize),
    /// The entity that has the figures of a call.
    Edge(usize),
    CauseService(&'s CauseService, Position),
    CauseEntity(&'s CauseEntity, Position),
    CauseException(&'s CauseException, Position),
}

/// A place in a list.
#[derive(Clone, Copy)]
struct Position {
    index: usize,
    count: usize,
}

/// What a keyword is for a subject: any number of values.
enum Found<'s> {
    Bool(bool),
    Number(f64),
    Texts(Vec<&'s str>),
    Text(Option<String>),
    Annotations(Vec<&'s Annotation>),
    Nothing,
}

impl<'a> Evaluation<'a> {
    fn holds(&self, expression: &Expression, subject: &Subject<'_>) -> bool {
        match expression {
            Expression::Any(parts) => parts.iter().any(|part| self.holds(part, subject)),
            Expression::All(parts) => parts.iter().all(|part| self.holds(part, subject)),
            Expression::Not(inner) => !self.holds(inner, subject),
            Expression::Service(pattern, block) => self.trace.segments().any(|segment| {
                is_node(pattern, &self.trace.entities[segment].node())
                    && self.holds(block, &Subject::Service(segment))
            }),
            Expression::Edge(from, to, block) => calls(self.trace).any(|call| {
                call.is_from(from)
                    && is_node(to, &self.trace.entities[call.to].node())
                    && self.holds(block, &Subject::Edge(call.figures))
            }),
            Expression::Cause(kind, level, block) => self
                .causes(*kind)
                .iter()
                .any(|cause| self.cause_holds(cause, *level, block)),
            Expression::CauseJson(kind, pattern) => self.looks_like(*kind, pattern),
            Expression::Is(keyword) => self.find(keyword, subject).is_there(),
            Expression::Compare(keyword, test) => self.find(keyword, subject).passes(test),
            Expression::Group(filter, is_wanted) => filter.matches(self.trace) == *is_wanted,
        }
    }

    fn causes(&self, kind: CauseKind) -> &[RootCause] {
        let causes = self.causes.get_or_init(|| Causes::of(self.trace));
        match kind {
            CauseKind::Fault => &causes.fault,
            CauseKind::Error => &causes.error,
            CauseKind::ResponseTime => &causes.response_time,
        }
    }

    fn cause_holds(&self, cause: &RootCause, level: CauseLevel, block: &Expression) -> bool {
        let services = &cause.services;
        if level == CauseLevel::Service {
            return any_item(services, |service, position| {
                self.holds(block, &Subject::CauseService(service, position))
            });
        }
        services.iter().any(|service| {
            let path = &service.entity_path;
            if level == CauseLevel::Entity {
                return any_item(path, |entity, position| {
                    self.holds(block, &Subject::CauseEntity(entity, position))
                });
            }
            path.iter().any(|entity| {
                let exceptions = entity.exceptions.as_deref().unwrap_or_default();
                any_item(exceptions, |exception, position| {
                    self.holds(block, &Subject::CauseException(exception, position))
                })
            })
        })
    }

    fn looks_like(&self, kind: Option<CauseKind>, pattern: &Json) -> bool {
        let mut kinds = CauseKind::ALL.iter();
        kinds.any(|known| {
            if kind.is_some_and(|kind| kind != *known) {
                return false;
            }
            let causes = self.causes(*known);
            // A cause is made of text, numbers and truths, which JSON has.
            let Ok(Json::Array(values)) = serde_json::to_value(causes) else {
                return false;
            };
            match pattern {
                Json::Array(_) => looks_like(&Json::Array(values), pattern),
                pattern => values.iter().any(|value| looks_like(value, pattern)),
            }
        })
    }

    fn find<'s>(&'s self, keyword: &Keyword, subject: &Subject<'s>) -> Found<'s> {
        match subject {
            Subject::Trace => self.of_trace(keyword),
            Subject::Service(segment) => self.of_service(*segment, keyword),
            Subject::Edge(entity) => {
                let entity = &self.trace.entities[*entity];
                of_entity(entity, keyword).unwrap_or_else(|| match keyword {
                    Keyword::Duration => seconds(entity.response_ns()),
                    Keyword::Annotation(key) => {
                        Found::Annotations(annotations(entity, key).collect())
                    }
                    _ => Found::Nothing,
                })
            }
            Subject::CauseService(service, position) => match keyword {
                Keyword::Name => Found::Texts(vec![&service.name]),
                Keyword::Type => Found::Texts(vec![&service.node_type]),
                Keyword::Inferred => Found::Bool(service.inferred),
                keyword => of_position(*position, keyword),
            },
            Subject::CauseEntity(entity, position) => match keyword {
                Keyword::Name => Found::Texts(vec![&entity.name]),
                Keyword::Remote => Found::Bool(entity.remote),
                Keyword::Coverage => entity.coverage.map_or(Found::Nothing, Found::Number),
                keyword => of_position(*position, keyword),
            },
            Subject::CauseException(exception, position) => match keyword {
                Keyword::Name => Found::Texts(vec![&exception.name]),
                Keyword::Message => Found::Texts(vec![&exception.message]),
                keyword => of_position(*position, keyword),
            },
        }
    }

    fn of_trace(&self, keyword: &Keyword) -> Found<'a> {
        let trace = self.trace;
        let root = trace.root().map(|root| &trace.entities[root]);
        let segments = || trace.segments().map(|segment| &trace.entities[segment]);
        let texts = |of: fn(&'a Entity) -> Option<&'a str>| {
            Found::Texts(segments().filter_map(of).collect())
        };
        match keyword {
            Keyword::Ok => Found::Bool(root.is_some_and(is_ok) && !trace.has_throttle()),
            Keyword::Error => Found::Bool(trace.has_error()),
            Keyword::Fault => Found::Bool(trace.has_fault()),
            Keyword::Throttle => Found::Bool(trace.has_throttle()),
            Keyword::Partial => Found::Bool(trace.is_partial()),
            Keyword::Inferred => Found::Bool(segments().any(|segment| segment.is_inferred)),
            Keyword::Duration => seconds(Some(trace.duration_ns())),
            Keyword::User => texts(|segment| segment.user.as_deref()),
            Keyword::InstanceId => texts(|segment| segment.instance_id.as_deref()),
            Keyword::ResourceArn => texts(|segment| segment.resource_arn.as_deref()),
            Keyword::AccountId => texts(|segment| segment.account_id.as_deref()),
            Keyword::AvailabilityZone => {
                let zones = segments().flat_map(|segment| &segment.zones);
                Found::Texts(zones.map(|zone| &**zone).collect())
            }
            Keyword::Annotation(key) => {
                let entities = trace.entities.iter();
                let found = entities.flat_map(|entity| annotations(entity, key));
                Found::Annotations(found.collect())
            }
            keyword => root
                .and_then(|root| of_entity(root, keyword))
                .unwrap_or(Found::Nothing),
        }
    }

    fn of_service(&self, segment: usize, keyword: &Keyword) -> Found<'a> {
        let trace = self.trace;
        let entity = &trace.entities[segment];
        match keyword {
            Keyword::Inferred => Found::Bool(entity.is_inferred),
            Keyword::Root => Found::Bool(trace.root() == Some(segment)),
            Keyword::Duration => match entity.is_in_progress() {
                true => Found::Nothing,
                false => seconds(Some(trace.segment_duration_ns(segment))),
            },
            Keyword::Name => Found::Text(Some(entity.node().name.to_string())),
            Keyword::Type => Found::Text(Some(entity.node().node_type.to_string())),
            Keyword::Annotation(key) => {
                let entities = trace.entities_of(segment).into_iter();
                let found = entities.flat_map(|index| annotations(&trace.entities[index], key));
                Found::Annotations(found.collect())
            }
            keyword => of_entity(entity, keyword).unwrap_or(Found::Nothing),
        }
    }
}

/// A call in a trace.
pub(crate) struct Call {
    pub(crate) from: Node,
    /// The segment that answers.
    pub(crate) to: usize,
    /// The entity that has its figures: the caller's subsegment, or else the segment that answers.
    pub(crate) figures: usize,
}

impl Call {
    /// Whether it comes from whom a pattern means. A name alone is that of a service: the client of a root, which has the root's name
    /// besides, is meant by its type.
    pub(crate) fn is_from(&self, pattern: &NodePattern) -> bool {
        let is_service = pattern.name.is_some() && pattern.node_type.is_none();
        is_node(pattern, &self.from) && !(is_service && self.from.kind == NodeKind::Client)
    }
}

/// The calls of a trace: for every segment the one it answers, for a root that of a client.
pub(crate) fn calls(trace: &Trace) -> impl Iterator<Item = Call> + '_ {
    trace.segments().filter_map(|to| {
        let Some(parent) = trace.parent(to) else {
            let segment = &trace.entities[to];
            return (!segment.is_inferred).then(|| Call {
                from: segment.client_node(),
                to,
                figures: to,
            });
        };
        let owner = trace.owner(parent)?;
        Some(Call {
            from: trace.entities[owner].node(),
            to,
            figures: match trace.entities[parent].is_segment() {
                true => to,
                false => parent,
            },
        })
    })
}

pub(crate) fn is_node(pattern: &NodePattern, node: &Node) -> bool {
    pattern.matches(&node.name, &node.node_type, node.account_id.as_deref())
}

fn any_item<T>(items: &[T], holds: impl Fn(&T, Position) -> bool) -> bool {
    let count = items.len();
    let mut items = items.iter().enumerate();
    items.any(|(index, item)| holds(item, Position { index, count }))
}

/// Not failed in any way, and ended.
fn is_ok(entity: &Entity) -> bool {
    !entity.is_error && !entity.is_fault && !entity.is_throttle && !entity.is_in_progress()
}

/// What an entity says by itself; `None` for keywords that look further.
fn of_entity<'s>(entity: &'s Entity, keyword: &Keyword) -> Option<Found<'s>> {
    let text = |text: &'s Option<std::sync::Arc<str>>| {
        Found::Texts(text.iter().map(|text| &**text).collect())
    };
    Some(match keyword {
        Keyword::Ok => Found::Bool(is_ok(entity)),
        Keyword::Error => Found::Bool(entity.is_error),
        Keyword::Fault => Found::Bool(entity.is_fault),
        Keyword::Throttle => Found::Bool(entity.is_throttle),
        Keyword::ResponseTime => seconds(entity.response_ns()),
        #[expect(clippy::cast_precision_loss, reason = "statuses are small")]
        Keyword::HttpStatus => match entity.http.status {
            Some(status) => Found::Number(status as f64),
            None => Found::Nothing,
        },
        Keyword::HttpUrl => text(&entity.http.url),
        Keyword::HttpMethod => text(&entity.http.method),
        Keyword::HttpUserAgent => text(&entity.http.user_agent),
        Keyword::HttpClientIp => text(&entity.http.client_ip),
        _ => return None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "lists are short")]
fn of_position<'s>(position: Position, keyword: &Keyword) -> Found<'s> {
    match keyword {
        Keyword::First => Found::Bool(position.index == 0),
        Keyword::Last => Found::Bool(position.index + 1 == position.count),
        Keyword::Index => Found::Number(position.index as f64),
        _ => Found::Nothing,
    }
}

/// The annotations of a key: what was annotated, or else any attribute of that name.
fn annotations<'s>(
    entity: &'s Entity,
    key: &str,
) -> impl Iterator<Item = &'s Annotation> + use<'s> {
    let is_it =
        |(name, value): &'s (std::sync::Arc<str>, Annotation)| (&**name == key).then_some(value);
    let found: Vec<&Annotation> = entity.annotations.iter().filter_map(is_it).collect();
    let found = match found.is_empty() {
        true => entity.attributes.iter().filter_map(is_it).collect(),
        false => found,
    };
    found.into_iter()
}

/// The double nearest to a number of nanoseconds in seconds: equal to the literal of the same decimal.
#[expect(
    clippy::cast_precision_loss,
    reason = "exact up to 104 days, and beyond that nobody compares nanoseconds"
)]
fn seconds<'s>(ns: Option<i64>) -> Found<'s> {
    match ns {
        Some(ns) => Found::Number(ns as f64 / 1e9),
        None => Found::Nothing,
    }
}

impl Found<'_> {
    /// A keyword alone: its truth, or whether there is a value.
    fn is_there(&self) -> bool {
        match self {
            Self::Bool(value) => *value,
            Self::Number(_) => true,
            Self::Texts(texts) => !texts.is_empty(),
            Self::Text(text) => text.is_some(),
            Self::Annotations(annotations) => !annotations.is_empty(),
            Self::Nothing => false,
        }
    }

    /// Whether any value passes.
    fn passes(&self, test: &Test) -> bool {
        // Which asks whether there is a value, of whatever type.
        if matches!((self, test), (Self::Annotations(_), Test::Text(TextOp::Contains, text)) if text.is_empty())
        {
            return self.is_there();
        }
        let text = |have: &str| matches!(test, Test::Text(op, wanted) if op.holds(have, wanted));
        let number =
            |have: f64| matches!(test, Test::Number(op, wanted) if op.holds(have, *wanted));
        let truth = |have: bool| matches!(test, Test::Bool { is_equal, value } if (have == *value) == *is_equal);
        match self {
            Self::Bool(value) => truth(*value),
            Self::Number(value) => number(*value),
            Self::Texts(texts) => texts.iter().any(|have| text(have)),
            Self::Text(have) => have.as_deref().is_some_and(text),
            Self::Annotations(annotations) => annotations.iter().any(|have| match have {
                Annotation::Text(have) => text(have),
                Annotation::Number(have) => number(*have),
                Annotation::Bool(have) => truth(*have),
            }),
            Self::Nothing => false,
        }
    }
}
