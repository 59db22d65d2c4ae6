//! What a segment or subsegment says, field by field. Entities are views into a [`Document`](super::Document): cheap to copy, and whole,
//! because broken ones are never made. Source: spec/xray.md sections 2.1 to 2.6.

use super::document::check_entity;
use super::id::{EntityId, TraceId};
use super::seconds::nanoseconds_from_decimal;
use super::tree::{Json, Object};

/// A segment or a subsegment.
#[derive(Clone, Copy, Debug)]
pub struct Entity<'a> {
    object: &'a Object,
    /// The entity that this one is embedded in.
    embedding: Option<EntityId>,
}

/// Where the work of a subsegment was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// A call of AWS.
    Aws,
    /// A call of another service.
    Remote,
    /// Code of the service itself: said so, not said, or said in a way nobody knows.
    Local,
}

/// `http` of an entity; everything in it may be absent.
#[derive(Clone, Copy, Debug)]
pub struct Http<'a> {
    request: Option<&'a Object>,
    response: Option<&'a Object>,
}

/// `sql` of a subsegment.
#[derive(Clone, Copy, Debug)]
pub struct Sql<'a>(&'a Object);

/// `cause` of an entity.
#[derive(Clone, Copy, Debug)]
pub enum Cause<'a> {
    /// The id of an exception recorded elsewhere in the trace or, from Node, of the subsegment that holds it: look among exceptions
    /// first, then among entities.
    Reference(&'a str),
    /// What went wrong, here.
    Own(&'a Object),
}

/// One exception of a cause.
#[derive(Clone, Copy, Debug)]
pub struct Exception<'a>(&'a Object);

/// One frame of an exception's stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// File.
    pub path: Option<&'a str>,
    /// Line; Node sends none.
    pub line: Option<i64>,
    /// Function.
    pub label: Option<&'a str>,
}

/// A link to an entity of another trace.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// The other trace.
    pub trace_id: TraceId,
    /// The entity in it.
    pub id: Option<EntityId>,
    /// What is said about the link.
    pub attributes: Option<&'a Object>,
}

impl<'a> Entity<'a> {
    /// The entity of a document; it must have passed the check.
    pub(super) fn of_document(object: &'a Object) -> Self {
        Self {
            object,
            embedding: None,
        }
    }

    /// All members, as written.
    pub fn object(&self) -> &'a Object {
        self.object
    }

    /// Its id, unique in its trace.
    pub fn id(&self) -> EntityId {
        // The check has seen an id; 0 is never reached.
        self.id_of("id").unwrap_or(EntityId::ZERO)
    }

    /// The service (segment) or what was called (subsegment); not empty.
    pub fn name(&self) -> &'a str {
        self.object.str("name").unwrap_or_default()
    }

    /// Start in nanoseconds since the Unix epoch, exactly as the decimal text says.
    pub fn start_ns(&self) -> i64 {
        time_ns(self.object, "start_time").unwrap_or_default()
    }

    /// End in nanoseconds since the Unix epoch, possibly before the start; `None` while in progress.
    pub fn end_ns(&self) -> Option<i64> {
        match self.is_in_progress() {
            true => None,
            false => time_ns(self.object, "end_time"),
        }
    }

    /// Started and not ended when it was sent.
    pub fn is_in_progress(&self) -> bool {
        self.object.bool("in_progress") == Some(true)
    }

    /// True for a subsegment, embedded or sent alone.
    pub fn is_subsegment(&self) -> bool {
        self.embedding.is_some() || self.object.str("type") == Some("subsegment")
    }

    /// True for a subsegment inside of another entity of its document.
    pub fn is_embedded(&self) -> bool {
        self.embedding.is_some()
    }

    /// The entity above: the one it is embedded in, else `parent_id`.
    pub fn parent_id(&self) -> Option<EntityId> {
        self.embedding.or_else(|| self.id_of("parent_id"))
    }

    /// Embedded subsegments in the order written, without broken ones.
    pub fn subsegments(&self) -> impl Iterator<Item = Self> + use<'a> {
        let embedding = Some(self.id());
        self.object
            .array("subsegments")
            .iter()
            .filter_map(Json::as_object)
            .filter(|object| check_entity(object).is_ok())
            .map(move |object| Self { object, embedding })
    }

    /// `error`: the caller's fault, 4xx.
    pub fn is_error(&self) -> bool {
        self.object.bool("error") == Some(true)
    }

    /// `fault`: the service's fault, 5xx.
    pub fn is_fault(&self) -> bool {
        self.object.bool("fault") == Some(true)
    }

    /// `throttle`: 429.
    pub fn is_throttle(&self) -> bool {
        self.object.bool("throttle") == Some(true)
    }

    /// `namespace`; of subsegments only.
    pub fn namespace(&self) -> Namespace {
        match self.object.str("namespace") {
            Some("aws") => Namespace::Aws,
            Some("remote") => Namespace::Remote,
            _ => Namespace::Local,
        }
    }

    /// `http`; empty where there is none.
    pub fn http(&self) -> Http<'a> {
        let http = self.object.object("http");
        Http {
            request: http.and_then(|http| http.object("request")),
            response: http.and_then(|http| http.object("response")),
        }
    }

    /// Whether the callee sends a segment of its own: `http.request.traced`, or `traced` as it was earlier.
    pub fn is_traced(&self) -> Option<bool> {
        let request = self.http().request;
        request
            .and_then(|request| request.bool("traced"))
            .or_else(|| self.object.bool("traced"))
    }

    /// `aws`.
    pub fn aws(&self) -> Option<&'a Object> {
        self.object.object("aws")
    }

    /// `sql`.
    pub fn sql(&self) -> Option<Sql<'a>> {
        self.object.object("sql").map(Sql)
    }

    /// `cause`.
    pub fn cause(&self) -> Option<Cause<'a>> {
        match self.object.get("cause")? {
            Json::String(id) => Some(Cause::Reference(id)),
            Json::Object(cause) => Some(match (cause.str("id"), cause.get("exceptions")) {
                (Some(id), None) => Cause::Reference(id),
                _ => Cause::Own(cause),
            }),
            _ => None,
        }
    }

    /// The exceptions of its own cause, in the order written.
    pub fn exceptions(&self) -> impl Iterator<Item = Exception<'a>> + use<'a> {
        let exceptions = match self.cause() {
            Some(Cause::Own(cause)) => cause.array("exceptions"),
            _ => &[],
        };
        exceptions.iter().filter_map(Json::as_object).map(Exception)
    }

    /// `annotations` that count: text, numbers and booleans, in the order written.
    pub fn annotations(&self) -> impl Iterator<Item = (&'a str, &'a Json)> + use<'a> {
        self.members("annotations")
            .filter(|(_, value)| matches!(value, Json::String(_) | Json::Number(_) | Json::Bool(_)))
    }

    /// `metadata`: namespaces and what is in them.
    pub fn metadata(&self) -> impl Iterator<Item = (&'a str, &'a Json)> + use<'a> {
        self.members("metadata")
    }

    /// `links` that can be read, in the order written.
    pub fn links(&self) -> impl Iterator<Item = Link<'a>> + use<'a> {
        let links = self.object.array("links").iter();
        links.filter_map(|link| {
            let link = link.as_object()?;
            Some(Link {
                trace_id: TraceId::parse(link.str("trace_id")?)?,
                id: link.str("id").and_then(EntityId::parse),
                attributes: link.object("attributes"),
            })
        })
    }

    /// `service`: what runs the segment.
    pub fn service(&self) -> Option<&'a Object> {
        self.object.object("service")
    }

    /// `user`.
    pub fn user(&self) -> Option<&'a str> {
        self.object.str("user")
    }

    /// `origin`: the type of resource that runs the segment.
    pub fn origin(&self) -> Option<&'a str> {
        self.object.str("origin")
    }

    /// `resource_arn`.
    pub fn resource_arn(&self) -> Option<&'a str> {
        self.object.str("resource_arn")
    }

    /// `precursor_ids`: siblings that ended before this one began.
    pub fn precursor_ids(&self) -> &'a [Json] {
        self.object.array("precursor_ids")
    }

    fn members(&self, name: &str) -> impl Iterator<Item = (&'a str, &'a Json)> + use<'a> {
        let object = self.object.object(name);
        let members = object.map(|object| object.members.as_slice());
        let members = members.unwrap_or_default().iter();
        members.map(|(name, value)| (&**name, value))
    }

    fn id_of(&self, name: &str) -> Option<EntityId> {
        self.object.str(name).and_then(EntityId::parse)
    }
}

impl<'a> Http<'a> {
    /// `request`.
    pub fn request(&self) -> Option<&'a Object> {
        self.request
    }

    /// `request.method`.
    pub fn method(&self) -> Option<&'a str> {
        self.request?.str("method")
    }

    /// `request.url`, sometimes only a path.
    pub fn url(&self) -> Option<&'a str> {
        self.request?.str("url")
    }

    /// `request.user_agent`.
    pub fn user_agent(&self) -> Option<&'a str> {
        self.request?.str("user_agent")
    }

    /// `request.client_ip`.
    pub fn client_ip(&self) -> Option<&'a str> {
        self.request?.str("client_ip")
    }

    /// `request.x_forwarded_for`: the client's address came from that header.
    pub fn x_forwarded_for(&self) -> Option<bool> {
        self.request?.bool("x_forwarded_for")
    }

    /// `response.status`, a number or the text of one.
    pub fn status(&self) -> Option<i64> {
        self.response?.integer("status")
    }

    /// `response.content_length`, a number or the text of one; -1 is no length.
    pub fn content_length(&self) -> Option<i64> {
        let length = self.response?.integer("content_length")?;
        (length >= 0).then_some(length)
    }
}

impl<'a> Sql<'a> {
    /// All members, as written.
    pub fn object(&self) -> &'a Object {
        self.0
    }

    /// `url`, or `connection_string` where there is none.
    pub fn url(&self) -> Option<&'a str> {
        self.0
            .str("url")
            .or_else(|| self.0.str("connection_string"))
    }
}

impl<'a> Exception<'a> {
    /// All members, as written.
    pub fn object(&self) -> &'a Object {
        self.0
    }

    /// Its id, as written.
    pub fn id(&self) -> Option<&'a str> {
        self.0.str("id")
    }

    /// The name of its type.
    pub fn type_name(&self) -> Option<&'a str> {
        self.0.str("type")
    }

    /// Its message.
    pub fn message(&self) -> Option<&'a str> {
        self.0.str("message")
    }

    /// Whether a called service caused it.
    pub fn is_remote(&self) -> Option<bool> {
        self.0.bool("remote")
    }

    /// The id of the exception that caused this one.
    pub fn cause(&self) -> Option<&'a str> {
        self.0.str("cause")
    }

    /// The frames, innermost first as SDKs send them.
    pub fn stack(&self) -> impl Iterator<Item = Frame<'a>> + use<'a> {
        let frames = self.0.array("stack").iter();
        frames.filter_map(Json::as_object).map(|frame| Frame {
            path: frame.str("path"),
            line: frame.integer("line"),
            label: frame.str("label"),
        })
    }
}

/// A member that is a time in seconds, in nanoseconds.
pub(super) fn time_ns(object: &Object, name: &str) -> Option<i64> {
    nanoseconds_from_decimal(object.get(name)?.as_number()?)
}
