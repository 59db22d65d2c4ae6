//! One row of the table of routes: all that the router, the access tests and the OpenAPI document have to know about it.
//!
//! A row says what is true of its route before any handler runs: who may call, how large a body may be, whose objects its path names,
//! what goes in and what comes out.

use crate::ApiConfig;
use crate::ask::{Answer, Ask};
use crate::shape::{Content, Member, Shape, may};
use crate::state::ApiState;
use crate::v2::TeamAsk;
use crate::xray::call::{Call, Outcome};
use axum::routing::{MethodFilter, MethodRouter};
use futures::future::BoxFuture;
use waggle_access::{Permission, Scope};

/// One resource: the routes of one file.
pub(crate) struct Resource {
    /// What people call it; the heading in the OpenAPI document.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) about: &'static str,
    /// Its rows.
    pub(crate) routes: &'static [Route],
}

/// One row of the table.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    /// Method, upper case. A GET also answers HEAD.
    pub(crate) method: &'static str,
    /// Path with `{parameters}`; `{*parameter}` takes the rest. A parameter is called after the kind of object it names, but for `{id}`.
    pub(crate) path: &'static str,
    /// In which words it answers.
    pub(crate) face: Face,
    /// What the caller must be.
    pub(crate) need: Need,
    /// The kind of object that the path's `{id}` names; empty without one.
    pub(crate) id: &'static str,
    /// Most bytes of a body.
    pub(crate) body: BodyLimit,
    /// What it does, in one sentence of the third person.
    pub(crate) about: &'static str,
    pub(crate) query: &'static [Member],
    pub(crate) takes: Content,
    pub(crate) answers: &'static [(u16, Content)],
    pub(crate) makes: Option<Makes>,
    pub(crate) handler: Handler,
}

/// In which words a route answers, its refusals above all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// The first version of Honeycomb's API: `{"error"}` or problem+json.
    V1,
    /// The second version of Honeycomb's API: JSON:API errors.
    V2,
    /// Honeycomb's event doors: `{"error"}` whatever the status.
    Events,
    /// Firehose's own: `{"requestId", "timestamp", "errorMessage"}`.
    Firehose,
    /// OTLP over HTTP: a `google.rpc.Status`.
    Otlp,
    /// Waggle's own API: `{"error"}`, with the `field` that is to blame.
    Own,
    /// X-Ray's operations: an error's name in a header and in the body.
    XRay,
    /// For whoever watches the process: plain text.
    Health,
}

/// What a caller must be or have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing.
    Nothing,
    /// A key that may send events, or loopback with `--dev`; refused in the words of the protocol.
    SendEvents,
    /// Any API key.
    AnyKey,
    /// A key that may make datasets: all that an ingest key may do beside sending.
    MakeDatasets,
    /// A configuration key with one of these permissions.
    OneOf(&'static [Permission]),
    /// A configuration key with all of these permissions.
    AllOf(&'static [Permission]),
    /// Any management key.
    AnyManager,
    /// A management key with this scope.
    Manager(Scope),
    /// Somebody signed in, loopback with `--dev`, or a configuration key with one of these permissions, in the environment of the path.
    Person(&'static [Permission]),
    /// An administrator who is signed in, or loopback with `--dev`, in the environment of the path.
    Administrator,
}

/// Which setting bounds a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLimit {
    /// [`ApiConfig::management_body_bytes_max`].
    Management,
    /// [`ApiConfig::event_body_bytes_max`].
    Event,
    /// [`ApiConfig::batch_body_bytes_max`].
    Batch,
    /// [`ApiConfig::otlp_body_bytes_max`].
    Otlp,
    /// [`ApiConfig::xray_body_bytes_max`].
    Segments,
}

impl BodyLimit {
    /// The limit in bytes, as sent and again after decompression.
    pub(crate) fn bytes_max(self, config: &ApiConfig) -> usize {
        match self {
            Self::Management => config.management_body_bytes_max,
            Self::Event => config.event_body_bytes_max,
            Self::Batch => config.batch_body_bytes_max,
            Self::Otlp => config.otlp_body_bytes_max,
            Self::Segments => config.xray_body_bytes_max,
        }
    }
}

/// That a route makes an object, and with which body: the example of the document, and how the access tests get their objects.
#[derive(Clone, Copy)]
pub(crate) struct Makes {
    /// The kind of object, as paths call it.
    pub(crate) kind: &'static str,
    /// Where in the answer its id is, as a JSON pointer.
    pub(crate) id: &'static str,
    /// A body that makes one. `<kind>` stands for the id of another object, `<env>` for the environment's slug.
    pub(crate) example: &'static str,
}

#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// Handed a request whose caller was checked.
    Asked(fn(Ask) -> BoxFuture<'static, Answer>),
    /// Handed a request whose management key was checked.
    Managed(fn(TeamAsk) -> BoxFuture<'static, Answer>),
    /// An operation of X-Ray by its name, handed a call whose sender was checked.
    Operation(&'static str, fn(Call) -> BoxFuture<'static, Outcome>),
    /// Checks its caller itself, in its protocol's order and words.
    Raw(fn(MethodFilter) -> MethodRouter<ApiState>),
}

impl Route {
    /// A route of the first version of Honeycomb's API.
    pub(crate) const fn v1(
        method: &'static str,
        path: &'static str,
        need: Need,
        handler: fn(Ask) -> BoxFuture<'static, Answer>,
    ) -> Self {
        Self::new(method, path, Face::V1, need, Handler::Asked(handler))
    }

    /// A route of the second version of Honeycomb's API.
    pub(crate) const fn v2(
        method: &'static str,
        path: &'static str,
        need: Need,
        handler: fn(TeamAsk) -> BoxFuture<'static, Answer>,
    ) -> Self {
        Self::new(method, path, Face::V2, need, Handler::Managed(handler))
    }

    /// A route of Waggle's own API.
    pub(crate) const fn own(
        method: &'static str,
        path: &'static str,
        need: Need,
        handler: fn(Ask) -> BoxFuture<'static, Answer>,
    ) -> Self {
        Self::new(method, path, Face::Own, need, Handler::Asked(handler))
    }

    /// An operation of X-Ray. Its name is AWS's, and so is its path, which is not always the name.
    pub(crate) const fn operation(
        name: &'static str,
        path: &'static str,
        need: Need,
        handler: fn(Call) -> BoxFuture<'static, Outcome>,
    ) -> Self {
        Self::new(
            "POST",
            path,
            Face::XRay,
            need,
            Handler::Operation(name, handler),
        )
    }

    /// A route whose handler checks its caller itself.
    pub(crate) const fn raw(
        method: &'static str,
        path: &'static str,
        face: Face,
        need: Need,
        handler: fn(MethodFilter) -> MethodRouter<ApiState>,
    ) -> Self {
        Self::new(method, path, face, need, Handler::Raw(handler))
    }

    const fn new(
        method: &'static str,
        path: &'static str,
        face: Face,
        need: Need,
        handler: Handler,
    ) -> Self {
        Self {
            method,
            path,
            face,
            need,
            id: "",
            body: BodyLimit::Management,
            about: "",
            query: &[],
            takes: Content::Nothing,
            answers: &[],
            makes: None,
            handler,
        }
    }

    /// Says what the route does.
    pub(crate) const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// Says what kind of object the path's `{id}` names.
    pub(crate) const fn id(mut self, kind: &'static str) -> Self {
        self.id = kind;
        self
    }

    /// Says which setting bounds the body.
    pub(crate) const fn body(mut self, limit: BodyLimit) -> Self {
        self.body = limit;
        self
    }

    /// Lists the parameters behind the path's `?`.
    pub(crate) const fn query(mut self, parameters: &'static [Member]) -> Self {
        self.query = parameters;
        self
    }

    /// Says what the body looks like, as JSON.
    pub(crate) const fn takes(mut self, shape: Shape) -> Self {
        self.takes = Content::Json(shape);
        self
    }

    /// Says under which media types the body, which is not JSON or not only, may come.
    pub(crate) const fn takes_bytes(mut self, media_types: &'static [&'static str]) -> Self {
        self.takes = Content::Bytes(media_types);
        self
    }

    /// Lists the answers that say yes. Those that say no follow from the other members.
    pub(crate) const fn answers(mut self, answers: &'static [(u16, Content)]) -> Self {
        self.answers = answers;
        self
    }

    /// Says what kind of object the route makes, where in the answer its id is, and which body makes one.
    pub(crate) const fn makes(
        mut self,
        kind: &'static str,
        id: &'static str,
        example: &'static str,
    ) -> Self {
        self.makes = Some(Makes { kind, id, example });
        self
    }

    /// The kinds of the objects that the path names, in its order, each with the parameter that names it.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let id = self.id;
        self.path.split('/').filter_map(move |segment| {
            let parameter = segment.strip_prefix('{')?.strip_suffix('}')?;
            let parameter = parameter.trim_start_matches('*');
            Some((parameter, if parameter == "id" { id } else { parameter }))
        })
    }

    pub(crate) fn method_filter(&self) -> MethodFilter {
        match self.method {
            "POST" => MethodFilter::POST,
            "PUT" => MethodFilter::PUT,
            "PATCH" => MethodFilter::PATCH,
            "DELETE" => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        }
    }
}

/// What the path parameters name.
pub(crate) const KINDS: &[(&str, &str)] = &[
    ("env", "Slug of the environment."),
    ("team", "Slug of the team."),
    ("environment", "Id of the environment."),
    ("api_key", "Id of the API key."),
    ("dataset", "Slug or name of the dataset."),
    ("column", "Id of the column."),
    ("column_name", "Name of the column."),
    ("derived_column", "Id of the calculated field."),
    ("query", "Id of the query."),
    ("result", "Id of the query result."),
    ("query_annotation", "Id of the query annotation."),
    ("board", "Id of the board."),
    ("view", "Id of the view of a board."),
    ("marker", "Id of the marker."),
    ("marker_setting", "Id of the marker setting."),
    ("slo", "Id of the SLO."),
    ("burn_alert", "Id of the burn alert."),
    ("map", "Id of the request for a map of services."),
    ("recipient", "Id of the recipient."),
    ("trigger", "Id of the trigger."),
    ("erasure", "Id of the erasure."),
    ("trace_id", "Id of the trace."),
    ("sampling_rule", "Name of the sampling rule of X-Ray."),
    ("group", "Name of the group of X-Ray."),
];

/// Of these, what no route makes: a path with another one answers that nothing is there.
#[cfg(test)]
pub(crate) const UNMADE: &[&str] = &["column_name", "trace_id"];

/// Of these, what belongs to the whole team: a key of another environment of it sees them.
#[cfg(test)]
pub(crate) const TEAM_WIDE: &[&str] = &["recipient"];

/// The parameter of a list that says how many.
pub(crate) const LIMIT: Member = may("limit", Shape::Whole, "Most of them in the answer.");
