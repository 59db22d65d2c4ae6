//! A segment or subsegment with what X-Ray's answers are made of; where it came from, a document or a span, no longer shows.

use std::sync::Arc;
use waggle_wire::xray::{EntityId, TraceId};

/// Most characters of a name in everything that is worked out: a longer one is cut there, and kept whole in documents. Source:
/// spec/xray.md section 2.1.
pub(super) const NAME_CHARS_MAX: usize = 200;

/// The first so many characters of a text.
pub(crate) fn cut(text: &Arc<str>, chars_max: usize) -> Arc<str> {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => text.get(..end).unwrap_or_default().into(),
        None => Arc::clone(text),
    }
}

/// Whether a number is a status that answers can have: theirs are of 32 bits, and strict clients fail at more.
pub(super) fn is_status(status: &i64) -> bool {
    i32::try_from(*status).is_ok()
}

/// What kind of entity it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntityKind {
    /// The work of a service for one request.
    Segment,
    /// A part of that, perhaps a call of something else.
    Subsegment,
}

/// Whom a subsegment calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Namespace {
    /// Nobody: code of the service itself.
    #[default]
    Local,
    /// AWS.
    Aws,
    /// Another service.
    Remote,
}

/// A segment or a subsegment.
#[derive(Clone, Debug)]
pub struct Entity {
    /// Unique in the trace.
    pub id: EntityId,
    /// What it is part of, or which call it answers.
    pub parent_id: Option<EntityId>,
    /// Segment or subsegment.
    pub kind: EntityKind,
    /// Made by us for a call that no segment answers.
    pub is_inferred: bool,
    /// As sent, or the first 200 characters of it.
    pub name: Arc<str>,
    /// Nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// The same; `None` while in progress.
    pub end_ns: Option<i64>,
    /// The caller's fault.
    pub is_error: bool,
    /// The service's fault.
    pub is_fault: bool,
    /// Too many requests.
    pub is_throttle: bool,
    /// Of subsegments.
    pub namespace: Namespace,
    /// The callee sends a segment of its own.
    pub is_traced: bool,
    /// The type of resource that runs a segment.
    pub origin: Option<Arc<str>>,
    /// The user of a segment.
    pub user: Option<Arc<str>>,
    /// The resource that runs a segment.
    pub resource_arn: Option<Arc<str>>,
    /// The account it ran in, or that was called.
    pub account_id: Option<Arc<str>>,
    /// The virtual machine that ran a segment.
    pub instance_id: Option<Arc<str>>,
    /// Where a segment ran.
    pub zones: Vec<Arc<str>>,
    /// The request and its answer.
    pub http: Request,
    /// What of AWS was called.
    pub aws: AwsCall,
    /// Whether it is a call of a SQL database.
    pub has_sql: bool,
    /// What was annotated, in the order sent: shown in summaries and searched.
    pub annotations: Vec<(Arc<str>, Annotation)>,
    /// What else may be searched like an annotation: attributes of spans that came by OTLP.
    pub attributes: Vec<(Arc<str>, Annotation)>,
    /// What was thrown here.
    pub exceptions: Vec<Exception>,
    /// What went wrong here is told elsewhere: the id of an exception, or else of the entity that has it.
    pub cause_id: Option<EntityId>,
    /// Links to other traces.
    pub links: Vec<Link>,
}

/// A request over HTTP; everything may be unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// URL, or only its path.
    pub url: Option<Arc<str>>,
    /// `GET`, ...
    pub method: Option<Arc<str>>,
    /// The client's program.
    pub user_agent: Option<Arc<str>>,
    /// The client's address.
    pub client_ip: Option<Arc<str>>,
    /// The status of the answer.
    pub status: Option<i64>,
}

/// What of AWS was called.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AwsCall {
    /// Table of DynamoDB.
    pub table: Option<Arc<str>>,
    /// Queue of SQS.
    pub queue_url: Option<Arc<str>>,
    /// Bucket of S3.
    pub bucket: Option<Arc<str>>,
    /// Function of Lambda.
    pub function: Option<Arc<str>>,
}

/// The value of an annotation.
#[derive(Clone, Debug, PartialEq)]
pub enum Annotation {
    /// Text.
    Text(Arc<str>),
    /// A number.
    Number(f64),
    /// True or false.
    Bool(bool),
}

/// Something that was thrown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exception {
    /// Its id, where it was sent with one.
    pub id: Option<EntityId>,
    /// Its type.
    pub name: Arc<str>,
    /// What it says.
    pub message: Arc<str>,
}

/// A link to an entity of another trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The other trace.
    pub trace_id: TraceId,
    /// The entity in it.
    pub id: Option<EntityId>,
}

/// What of the service graph an entity is seen as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NodeKind {
    /// It sent its own segments.
    Instrumented,
    /// Known from calls only.
    Inferred,
    /// Whoever calls a root.
    Client,
}

/// A node of the service graph, before accounts are told apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// Name of the service or resource.
    pub name: Arc<str>,
    /// Type; empty when it is not known.
    pub node_type: Arc<str>,
    /// Where it is known from.
    pub kind: NodeKind,
    /// Account, if it is known.
    pub account_id: Option<Arc<str>>,
}

impl Entity {
    /// An entity of which nothing more is known.
    pub fn new(id: EntityId, kind: EntityKind, name: impl Into<Arc<str>>, start_ns: i64) -> Self {
        Self {
            id,
            parent_id: None,
            kind,
            is_inferred: false,
            name: cut(&name.into(), NAME_CHARS_MAX),
            start_ns,
            end_ns: None,
            is_error: false,
            is_fault: false,
            is_throttle: false,
            namespace: Namespace::Local,
            is_traced: false,
            origin: None,
            user: None,
            resource_arn: None,
            account_id: None,
            instance_id: None,
            zones: Vec::new(),
            http: Request::default(),
            aws: AwsCall::default(),
            has_sql: false,
            annotations: Vec::new(),
            attributes: Vec::new(),
            exceptions: Vec::new(),
            cause_id: None,
            links: Vec::new(),
        }
    }

    /// Whether it is a segment, inferred or not.
    pub fn is_segment(&self) -> bool {
        self.kind == EntityKind::Segment
    }

    /// Started and not ended.
    pub fn is_in_progress(&self) -> bool {
        self.end_ns.is_none()
    }

    /// End, or start while in progress; an end before the start counts as the start.
    pub fn last_ns(&self) -> i64 {
        self.end_ns.unwrap_or(self.start_ns).max(self.start_ns)
    }

    /// Time from start to end, not below 0; `None` while in progress.
    pub fn response_ns(&self) -> Option<i64> {
        self.end_ns?;
        Some(self.last_ns().saturating_sub(self.start_ns))
    }

    /// The node of a segment. Source: spec/xray.md sections 5.1 and 5.2.
    pub fn node(&self) -> Node {
        let (name, node_type) = match self.is_inferred {
            true => super::infer::called_node(self),
            false => (
                Arc::clone(&self.name),
                self.origin.clone().unwrap_or_default(),
            ),
        };
        Node {
            name,
            node_type,
            kind: match self.is_inferred {
                true => NodeKind::Inferred,
                false => NodeKind::Instrumented,
            },
            account_id: self.account_id.clone(),
        }
    }

    /// Whoever called a root segment.
    pub fn client_node(&self) -> Node {
        Node {
            name: Arc::clone(&self.name),
            node_type: "client".into(),
            kind: NodeKind::Client,
            account_id: None,
        }
    }
}
