//! The parts that columns play in traces and logs, and the columns that play them unless somebody chose others.
//!
//! Whatever looks for the spans of a trace, their order or their durations names a column by its [`Meaning`]; which column of a dataset
//! has it is said by the dataset's definition. There is no other list of such names.

/// A part that a column of a dataset can play. Source: spec/honeycomb-api.md section 9.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "each variant is the part of its public key, and `about` says what that is"
)]
pub enum Meaning {
    DurationMs,
    Error,
    Name,
    ParentId,
    Route,
    ServiceName,
    SpanId,
    SpanKind,
    AnnotationType,
    LinkTraceId,
    LinkSpanId,
    Status,
    TraceId,
    User,
    LogMessage,
    LogSeverity,
}

impl Meaning {
    /// All of them, in the order in which a definition lists them.
    pub const ALL: [Self; 16] = [
        Self::DurationMs,
        Self::Error,
        Self::Name,
        Self::ParentId,
        Self::Route,
        Self::ServiceName,
        Self::SpanId,
        Self::SpanKind,
        Self::AnnotationType,
        Self::LinkTraceId,
        Self::LinkSpanId,
        Self::Status,
        Self::TraceId,
        Self::User,
        Self::LogMessage,
        Self::LogSeverity,
    ];

    /// The key of a definition.
    pub const fn key(self) -> &'static str {
        match self {
            Self::DurationMs => "duration_ms",
            Self::Error => "error",
            Self::Name => "name",
            Self::ParentId => "parent_id",
            Self::Route => "route",
            Self::ServiceName => "service_name",
            Self::SpanId => "span_id",
            Self::SpanKind => "span_kind",
            Self::AnnotationType => "annotation_type",
            Self::LinkTraceId => "link_trace_id",
            Self::LinkSpanId => "link_span_id",
            Self::Status => "status",
            Self::TraceId => "trace_id",
            Self::User => "user",
            Self::LogMessage => "log_message",
            Self::LogSeverity => "log_severity",
        }
    }

    /// What it says of an event, as a sentence.
    pub const fn about(self) -> &'static str {
        match self {
            Self::DurationMs => "How long it took.",
            Self::Error => "Whether it failed.",
            Self::Name => "What was done.",
            Self::ParentId => "The span above.",
            Self::Route => "The route of a request.",
            Self::ServiceName => "Who did it.",
            Self::SpanId => "The span.",
            Self::SpanKind => "What kind of span.",
            Self::AnnotationType => "Span event or link.",
            Self::LinkTraceId => "The trace a link leads to.",
            Self::LinkSpanId => "The span a link leads to.",
            Self::Status => "The status of a response.",
            Self::TraceId => "The trace.",
            Self::User => "For whom.",
            Self::LogMessage => "The text of a log.",
            Self::LogSeverity => "How bad a log is.",
        }
    }

    /// The names that programs use for such a column, of which a dataset without a choice takes the first that it has. The one that OTLP
    /// is written with comes first, so that an attribute that happens to be called `id` never takes the place of a span's id.
    pub const fn usual(self) -> &'static [&'static str] {
        match self {
            Self::DurationMs => &["duration_ms", "durationMs", "request_processing_time"],
            Self::Error => &["error"],
            Self::Name => &["name"],
            Self::ParentId => &["trace.parent_id", "parentId"],
            Self::Route => &["route", "http.route", "request_path"],
            Self::ServiceName => &["service.name", "service_name", "serviceName"],
            Self::SpanId => &["trace.span_id", "id"],
            Self::SpanKind => &["span.kind", "meta.span_type"],
            Self::AnnotationType => &["meta.annotation_type"],
            Self::LinkTraceId => &["trace.link.trace_id"],
            Self::LinkSpanId => &["trace.link.span_id"],
            Self::Status => &[
                "response.status_code",
                "http.status_code",
                "elb_status_code",
            ],
            Self::TraceId => &["trace.trace_id", "traceId"],
            Self::User => &[
                "user.id",
                "user.email",
                "request.user.id",
                "request.user.username",
            ],
            Self::LogMessage => &["body"],
            Self::LogSeverity => &["severity"],
        }
    }

    /// The name by which the meaning is asked for, and the column that has it in most datasets.
    pub const fn column(self) -> &'static str {
        self.usual()[0]
    }

    /// Whether it names a trace or a span: such columns are compared as text, whatever type their values came in.
    pub const fn is_id(self) -> bool {
        matches!(
            self,
            Self::TraceId | Self::SpanId | Self::ParentId | Self::LinkTraceId | Self::LinkSpanId
        )
    }

    /// Whether traces are put together and drawn by it. The others only say more of an event.
    pub const fn is_of_traces(self) -> bool {
        !matches!(
            self,
            Self::Route | Self::Status | Self::User | Self::LogMessage | Self::LogSeverity
        )
    }

    /// The meaning of a key of a definition; `None` for an unknown one.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|meaning| meaning.key() == key)
    }
}
