//! The OpenAPI 3.1 document of every HTTP route, written from the table of routes and the shapes beside the handlers.
//!
//! Nothing is described twice: what the router does not have cannot be in the document, and what it has cannot be missing.

use crate::ask::text_answer;
use crate::ingest::kinesis::RECEIPT;
use crate::resource::RESOURCES;
use crate::route::{Face, Handler, KINDS, Makes, Need, Resource, Route};
use crate::shape::{Content, Member, Named, OTHERS, Shape, may, must};
use crate::v2;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::on;
use serde_json::{Map, Value as Json, json};

pub(crate) const RESOURCE: Resource = Resource {
    name: "This document",
    about: "What this server answers to, for programs.",
    routes: &[
        Route::raw("GET", "/api/openapi.json", Face::Own, Need::Nothing, |m| {
            on(m, get)
        })
        .about("Returns this document.")
        .answers(&[(200, Content::Json(Shape::Map(&Shape::Any)))]),
    ],
};

async fn get() -> Response {
    text_answer(StatusCode::OK, document().to_string())
}

/// Writes the document.
pub(crate) fn document() -> Json {
    let mut schemas = Schemas::default();
    let mut paths = Map::new();
    for resource in RESOURCES {
        for row in resource.routes {
            let path = row.path.replace("{*", "{");
            let item = paths.entry(path).or_insert_with(|| json!({}));
            item[row.method.to_ascii_lowercase()] = operation(resource, row, &mut schemas);
        }
    }
    let responses: Map<String, Json> = FACES
        .iter()
        .map(|(face, name, about)| {
            let response = json!({ "description": about, "content": refusal(*face, &mut schemas) });
            ((*name).to_owned(), response)
        })
        .collect();
    let tags: Vec<Json> = RESOURCES
        .iter()
        .map(|resource| json!({ "name": resource.name, "description": resource.about }))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Waggle",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A self-hosted observability backend.",
            "description": "Everything that a Waggle server answers to over HTTP: Honeycomb's API under `/1/` and `/2/`, OTLP under `/v1/`, X-Ray's operations at AWS's paths, and its own API under `/api/`.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "This server." }],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {
                    "type": "apiKey", "in": "header", "name": "X-Honeycomb-Team",
                    "description": "An API key of an environment.",
                },
                "management": {
                    "type": "http", "scheme": "bearer",
                    "description": "A management key of a team: its id, a colon and its secret.",
                },
                "aws": {
                    "type": "apiKey", "in": "header", "name": "Authorization",
                    "description": "AWS's Signature Version 4 for the service `xray`, with an AWS key of an environment.",
                },
                "session": {
                    "type": "apiKey", "in": "cookie", "name": crate::caller::SESSION_COOKIE,
                    "description": "Somebody who is signed in.",
                },
            },
            "responses": responses,
            "schemas": schemas.written,
        },
    })
}

/// Faces with the name of their refusals and what those look like.
const FACES: &[(Face, &str, &str)] = &[
    (
        Face::V1,
        "V1Refusal",
        "A refusal of Honeycomb's API: problem+json, or `{\"error\"}` alone.",
    ),
    (
        Face::V2,
        "V2Refusal",
        "A refusal of Honeycomb's second API: JSON:API errors.",
    ),
    (
        Face::Events,
        "EventsRefusal",
        "A refusal of the event doors.",
    ),
    (
        Face::Firehose,
        "FirehoseRefusal",
        "A refusal of the door for Amazon Data Firehose.",
    ),
    (
        Face::Otlp,
        "OtlpRefusal",
        "A refusal of OTLP: a `google.rpc.Status` in the encoding of the request.",
    ),
    (
        Face::XRay,
        "XRayRefusal",
        "A refusal of X-Ray's API; the header `x-amzn-ErrorType` names the error too.",
    ),
    (Face::Own, "OwnRefusal", "A refusal of Waggle's own API."),
    (Face::Health, "HealthRefusal", "A refusal in plain words."),
];

const PROBLEM: Named = Named {
    name: "Problem",
    about: "Why a request was refused. Source: RFC 9457.",
    members: &[
        may("status", Shape::Whole, "The HTTP status."),
        may("type", Shape::Text, "The kind of problem, as a URL."),
        may("title", Shape::Text, "The kind of problem, in words."),
        must("error", Shape::Text, "What is wrong."),
        may("detail", Shape::Text, "The same."),
        may("instance", Shape::Text, "The path that was asked for."),
        may(
            "type_detail",
            Shape::List(&Shape::Object(&[
                must("field", Shape::Text, "Which member."),
                must("code", Shape::Text, "What kind of finding."),
                must("description", Shape::Text, "What is wrong with it."),
            ])),
            "What is wrong, member by member.",
        ),
        may(
            "request_id",
            Shape::Text,
            "Under which id the server's log knows the request.",
        ),
    ],
};
const OWN_REFUSAL: Named = Named {
    name: "Refusal",
    about: "Why a request was refused.",
    members: &[
        must("error", Shape::Text, "What is wrong."),
        may("field", Shape::Text, "Which member is to blame."),
        may(
            "place",
            Shape::OrNull(&Shape::Object(&[
                must("line", Shape::Whole, "Line, from 1."),
                must("column", Shape::Whole, "Column, from 1."),
            ])),
            "Where in the text it is.",
        ),
        may(
            "request_id",
            Shape::Text,
            "Under which id the server's log knows the request.",
        ),
    ],
};
const XRAY_ERROR: Named = Named {
    name: "XRayError",
    about: "Why a request was refused.",
    members: &[
        must("__type", Shape::Text, "Name of the error."),
        must("message", Shape::Text, "What is wrong."),
        must("Message", Shape::Text, "The same."),
        may("ResourceName", Shape::Text, "What it is about."),
    ],
};
const STATUS: Named = Named {
    name: "RpcStatus",
    about: "Why an export was refused.",
    members: &[
        may("code", Shape::Whole, "The gRPC code."),
        must("message", Shape::Text, "What is wrong."),
    ],
};

/// What a refusal of a face looks like, by media type.
pub(crate) fn refusal_shapes(face: Face) -> &'static [(&'static str, Shape)] {
    match face {
        Face::V1 => &[
            ("application/problem+json", Shape::Named(&PROBLEM)),
            ("application/json", Shape::Named(&OWN_REFUSAL)),
        ],
        Face::V2 => &[(v2::CONTENT_TYPE, Shape::Named(&v2::ERRORS))],
        Face::Events | Face::Own => &[("application/json", Shape::Named(&OWN_REFUSAL))],
        Face::Firehose => &[("application/json", Shape::Named(&RECEIPT))],
        Face::Otlp => &[
            ("application/json", Shape::Named(&STATUS)),
            ("application/protobuf", Shape::Text),
            ("text/plain", Shape::Text),
        ],
        Face::XRay => &[("application/json", Shape::Named(&XRAY_ERROR))],
        Face::Health => &[
            ("text/plain", Shape::Text),
            ("application/json", Shape::Named(&OWN_REFUSAL)),
        ],
    }
}

fn refusal(face: Face, schemas: &mut Schemas) -> Json {
    let shapes = refusal_shapes(face).iter();
    let contents = shapes.map(|(media_type, shape)| {
        (
            (*media_type).to_owned(),
            json!({ "schema": schemas.schema(*shape) }),
        )
    });
    Json::Object(contents.collect())
}

fn operation(resource: &Resource, row: &Route, schemas: &mut Schemas) -> Json {
    let mut operation = Map::new();
    operation.insert("operationId".to_owned(), operation_id(row).into());
    operation.insert("tags".to_owned(), json!([resource.name]));
    operation.insert("summary".to_owned(), row.about.into());
    operation.insert("description".to_owned(), description(row).into());
    operation.insert("security".to_owned(), security(row));
    let parameters = parameters(row, schemas);
    if !parameters.is_empty() {
        operation.insert("parameters".to_owned(), parameters.into());
    }
    let example = row
        .makes
        .and_then(|makes| serde_json::from_str::<Json>(makes.example).ok());
    if let Some(content) = content(row, row.takes, example, schemas) {
        let body = json!({ "required": true, "content": content });
        operation.insert("requestBody".to_owned(), body);
    }
    operation.insert("responses".to_owned(), responses(row, schemas));
    Json::Object(operation)
}

/// `get_1_datasets_dataset`: unique, because method and path are; the operations of X-Ray have names of their own.
fn operation_id(row: &Route) -> String {
    if let Handler::Operation(name, _) = row.handler {
        return name.to_owned();
    }
    let mut id = row.method.to_ascii_lowercase();
    for segment in row.path.split('/') {
        let segment: String = segment
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            .collect();
        id.push('_');
        id.push_str(&segment.replace('-', "_"));
    }
    id
}

/// What a caller needs, and how to name what was made.
fn description(row: &Route) -> String {
    let mut text = match row.face {
        Face::XRay => need_text(row.need).replace("a configuration key", "an AWS key"),
        _ => need_text(row.need),
    };
    if let Some(Makes { kind, id, .. }) = row.makes {
        text.push_str(&format!(
            " Other paths name the new {kind} by the answer's `{id}`."
        ));
    }
    text
}

fn need_text(need: Need) -> String {
    let names = |permissions: &[waggle_access::Permission], word: &str| {
        let names: Vec<String> = permissions
            .iter()
            .map(|permission| format!("`{}`", permission.name()))
            .collect();
        names.join(word)
    };
    match need {
        Need::Nothing => "Needs nothing.".to_owned(),
        Need::SendEvents => "Needs a key that may send events.".to_owned(),
        Need::AnyKey => "Needs any API key.".to_owned(),
        Need::MakeDatasets => format!(
            "Needs a key with `{}`; it may be an ingest key.",
            waggle_access::Permission::CreateDatasets.name()
        ),
        Need::OneOf(permissions) => format!(
            "Needs a configuration key with {}.",
            names(permissions, " or ")
        ),
        Need::AllOf(permissions) => format!(
            "Needs a configuration key with {}.",
            names(permissions, " and ")
        ),
        Need::Person(permissions) => format!(
            "Needs somebody who is signed in, or a configuration key with {}.",
            names(permissions, " and ")
        ),
        Need::AnyManager => "Needs any management key.".to_owned(),
        Need::Manager(scope) => {
            format!("Needs a management key with the scope `{}`.", scope.name())
        }
        Need::Administrator => "Needs an administrator who is signed in.".to_owned(),
    }
}

fn security(row: &Route) -> Json {
    if row.face == Face::XRay {
        return json!([{ "aws": [] }]);
    }
    match row.need {
        Need::Nothing => json!([]),
        Need::SendEvents | Need::AnyKey | Need::MakeDatasets | Need::OneOf(_) | Need::AllOf(_) => {
            json!([{ "key": [] }])
        }
        Need::AnyManager | Need::Manager(_) => json!([{ "management": [] }]),
        Need::Person(_) => json!([{ "session": [] }, { "key": [] }]),
        Need::Administrator => json!([{ "session": [] }]),
    }
}

fn parameters(row: &Route, schemas: &mut Schemas) -> Vec<Json> {
    let in_path = row.objects().map(|(parameter, kind)| {
        let about = KINDS.iter().find(|(name, _)| *name == kind);
        json!({
            "name": parameter, "in": "path", "required": true,
            "description": about.map(|(_, about)| about),
            "schema": { "type": "string" },
        })
    });
    let mut parameters: Vec<Json> = in_path.collect();
    for Member {
        name,
        shape,
        is_required,
        about,
    } in row.query
    {
        parameters.push(json!({
            "name": name, "in": "query", "required": is_required, "description": about,
            "schema": schemas.schema(*shape),
        }));
    }
    parameters
}

fn content(
    row: &Route,
    content: Content,
    example: Option<Json>,
    schemas: &mut Schemas,
) -> Option<Json> {
    match content {
        Content::Nothing => None,
        Content::Json(shape) => {
            let mut media = json!({ "schema": schemas.schema(shape) });
            if let Some(example) = example {
                media["example"] = example;
            }
            let media_type = json_media_type(row.face);
            Some(json!({ media_type: media }))
        }
        Content::Bytes(media_types) => {
            let contents = media_types
                .iter()
                .map(|media_type| ((*media_type).to_owned(), json!({})));
            Some(Json::Object(contents.collect()))
        }
    }
}

/// Under which media type a face has its JSON.
pub(crate) fn json_media_type(face: Face) -> &'static str {
    match face {
        Face::V2 => v2::CONTENT_TYPE,
        _ => "application/json",
    }
}

fn responses(row: &Route, schemas: &mut Schemas) -> Json {
    let mut responses = Map::new();
    for (status, answer) in row.answers {
        let mut response = json!({ "description": status_text(*status) });
        if let Some(content) = content(row, *answer, None, schemas) {
            response["content"] = content;
        }
        responses.insert(status.to_string(), response);
    }
    let refusal = FACES.iter().find(|(face, ..)| *face == row.face);
    let name = refusal.map(|(_, name, _)| *name).unwrap_or_default();
    for (status, about) in refusals(row) {
        let reference = json!({
            "$ref": format!("#/components/responses/{name}"), "description": about,
        });
        responses.insert(status.to_owned(), reference);
    }
    Json::Object(responses)
}

fn status_text(status: u16) -> &'static str {
    match status {
        200 => "Done.",
        201 => "Made.",
        202 => "Taken; it is done in the background.",
        204 => "Done; there is nothing to say.",
        _ => "Not now.",
    }
}

/// The refusals that follow from what a row says.
fn refusals(row: &Route) -> Vec<(&'static str, &'static str)> {
    let mut refusals = Vec::new();
    if row.face == Face::XRay {
        refusals.push((
            "400",
            "The body could not be read, or a member of it is wrong.",
        ));
        refusals.push((
            "403",
            "The signature is missing or wrong, or the key may not do this.",
        ));
        refusals.push(("default", "Any other refusal."));
        return refusals;
    }
    if row.need != Need::Nothing {
        refusals.push(("401", "No key, or one that nobody knows."));
    }
    if !matches!(row.need, Need::Nothing | Need::AnyKey | Need::AnyManager) {
        refusals.push(("403", "The caller may not do this."));
    }
    if row.objects().next().is_some() && !matches!(row.face, Face::Events | Face::Firehose) {
        refusals.push(("404", "An object of the path does not exist."));
    }
    if row.face == Face::V2 && row.method == "DELETE" {
        refusals.push(("409", "The object is protected."));
    }
    match row.takes {
        Content::Nothing => {}
        Content::Json(_) => {
            refusals.push(("400", "The body could not be read."));
            refusals.push(("413", "The body is too large."));
            if matches!(row.face, Face::V2 | Face::Own) {
                refusals.push(("415", "The body has another content type."));
            }
            refusals.push(("422", "A member of the body is wrong."));
        }
        Content::Bytes(_) => refusals.push(("400", "The body could not be read, or is too large.")),
    }
    refusals.push(("default", "Any other refusal."));
    refusals
}

/// JSON Schemas, those with a name collected on the way.
#[derive(Default)]
struct Schemas {
    written: Map<String, Json>,
}

impl Schemas {
    fn schema(&mut self, shape: Shape) -> Json {
        match shape {
            Shape::Any => json!({}),
            Shape::Text => json!({ "type": "string" }),
            Shape::Time => json!({ "type": "string", "format": "date-time" }),
            Shape::Whole => json!({ "type": "integer" }),
            Shape::Number => json!({ "type": "number" }),
            Shape::Flag => json!({ "type": "boolean" }),
            Shape::Choice(texts) => json!({ "type": "string", "enum": texts }),
            Shape::List(of) => json!({ "type": "array", "items": self.schema(*of) }),
            Shape::Map(of) => {
                json!({ "type": "object", "additionalProperties": self.schema(*of) })
            }
            Shape::Object(members) => self.object(members),
            Shape::Named(named) => self.named(named),
            Shape::Either(shapes) => {
                let schemas: Vec<Json> = shapes.iter().map(|shape| self.schema(*shape)).collect();
                json!({ "anyOf": schemas })
            }
            Shape::OrNull(of) => {
                json!({ "anyOf": [self.schema(*of), { "type": "null" }] })
            }
        }
    }

    fn named(&mut self, named: &Named) -> Json {
        if !self.written.contains_key(named.name) {
            // Holds the place while the members are written: a shape may hold itself.
            self.written.insert(named.name.to_owned(), Json::Null);
            let mut schema = self.object(named.members);
            schema["description"] = named.about.into();
            self.written.insert(named.name.to_owned(), schema);
        }
        json!({ "$ref": format!("#/components/schemas/{}", named.name) })
    }

    fn object(&mut self, members: &[Member]) -> Json {
        let mut properties = Map::new();
        for member in members.iter().filter(|member| member.name != OTHERS.name) {
            let mut schema = self.schema(member.shape);
            schema["description"] = member.about.into();
            properties.insert(member.name.to_owned(), schema);
        }
        let required: Vec<&str> = members
            .iter()
            .filter(|member| member.is_required)
            .map(|member| member.name)
            .collect();
        json!({ "type": "object", "properties": properties, "required": required })
    }
}

#[cfg(test)]
mod tests;
