//! The keywords: what each is called, what type it has and where it may stand. Source: spec/xray.md section 4.4.

use super::expression::{CauseKind, CauseLevel};

/// What a comparison looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Ok,
    Error,
    Fault,
    Throttle,
    Partial,
    Inferred,
    Root,
    First,
    Last,
    Remote,
    ResponseTime,
    Duration,
    HttpStatus,
    Index,
    Coverage,
    HttpUrl,
    HttpMethod,
    HttpUserAgent,
    HttpClientIp,
    User,
    Name,
    Type,
    Message,
    AvailabilityZone,
    InstanceId,
    ResourceArn,
    AccountId,
    GroupName,
    GroupArn,
    Annotation(String),
}

/// The type of a keyword's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeywordType {
    Bool,
    Number,
    Text,
    /// Annotations: whatever was sent.
    Any,
}

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Trace,
    Service,
    Edge,
    Cause(CauseKind, CauseLevel),
}

impl Scope {
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Trace => "outside of blocks",
            Self::Service => "in a block of service()",
            Self::Edge => "in a block of edge()",
            Self::Cause(_, CauseLevel::Service) => "in a block of services of root causes",
            Self::Cause(_, CauseLevel::Entity) => "in a block of entities of root causes",
            Self::Cause(_, CauseLevel::Exception) => "in a block of exceptions of root causes",
        }
    }
}

/// Names without regard to case, all but annotations.
pub(super) const KEYWORDS: [(&str, Keyword); 29] = [
    ("ok", Keyword::Ok),
    ("error", Keyword::Error),
    ("fault", Keyword::Fault),
    ("throttle", Keyword::Throttle),
    ("partial", Keyword::Partial),
    ("inferred", Keyword::Inferred),
    ("root", Keyword::Root),
    ("first", Keyword::First),
    ("last", Keyword::Last),
    ("remote", Keyword::Remote),
    ("responsetime", Keyword::ResponseTime),
    ("duration", Keyword::Duration),
    ("http.status", Keyword::HttpStatus),
    ("index", Keyword::Index),
    ("coverage", Keyword::Coverage),
    ("http.url", Keyword::HttpUrl),
    ("http.method", Keyword::HttpMethod),
    ("http.useragent", Keyword::HttpUserAgent),
    ("http.clientip", Keyword::HttpClientIp),
    ("user", Keyword::User),
    ("name", Keyword::Name),
    ("type", Keyword::Type),
    ("message", Keyword::Message),
    ("availabilityzone", Keyword::AvailabilityZone),
    ("instance.id", Keyword::InstanceId),
    ("resource.arn", Keyword::ResourceArn),
    ("account.id", Keyword::AccountId),
    ("group.name", Keyword::GroupName),
    ("group.arn", Keyword::GroupArn),
];

impl Keyword {
    pub(super) fn find(word: &str) -> Option<Self> {
        let mut known = KEYWORDS.iter();
        known
            .find(|(name, _)| name.eq_ignore_ascii_case(word))
            .map(|(_, keyword)| keyword.clone())
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Annotation(key) => format!("annotation.{key}"),
            keyword => KEYWORDS
                .iter()
                .find(|(_, known)| known == keyword)
                .map_or_else(String::new, |(name, _)| (*name).to_owned()),
        }
    }

    pub(super) fn value_type(&self) -> KeywordType {
        match self {
            Self::Ok
            | Self::Error
            | Self::Fault
            | Self::Throttle
            | Self::Partial
            | Self::Inferred
            | Self::Root
            | Self::First
            | Self::Last
            | Self::Remote => KeywordType::Bool,
            Self::ResponseTime
            | Self::Duration
            | Self::HttpStatus
            | Self::Index
            | Self::Coverage => KeywordType::Number,
            Self::HttpUrl
            | Self::HttpMethod
            | Self::HttpUserAgent
            | Self::HttpClientIp
            | Self::User
            | Self::Name
            | Self::Type
            | Self::Message
            | Self::AvailabilityZone
            | Self::InstanceId
            | Self::ResourceArn
            | Self::AccountId
            | Self::GroupName
            | Self::GroupArn => KeywordType::Text,
            Self::Annotation(_) => KeywordType::Any,
        }
    }

    /// Whether a condition about `scope` may use it.
    pub(super) fn is_of(&self, scope: Scope) -> bool {
        let is_block = matches!(scope, Scope::Service | Scope::Edge);
        match self {
            Self::Ok
            | Self::Error
            | Self::Fault
            | Self::Throttle
            | Self::ResponseTime
            | Self::Duration
            | Self::HttpStatus
            | Self::HttpUrl
            | Self::HttpMethod
            | Self::HttpUserAgent
            | Self::HttpClientIp
            | Self::Annotation(_) => scope == Scope::Trace || is_block,
            Self::Partial
            | Self::User
            | Self::AvailabilityZone
            | Self::InstanceId
            | Self::ResourceArn
            | Self::AccountId
            | Self::GroupName
            | Self::GroupArn => scope == Scope::Trace,
            Self::Inferred => matches!(
                scope,
                Scope::Trace | Scope::Service | Scope::Cause(_, CauseLevel::Service)
            ),
            Self::Root => scope == Scope::Service,
            Self::First | Self::Last | Self::Index => matches!(scope, Scope::Cause(..)),
            Self::Remote => matches!(scope, Scope::Cause(_, CauseLevel::Entity)),
            Self::Coverage => scope == Scope::Cause(CauseKind::ResponseTime, CauseLevel::Entity),
            Self::Name => matches!(scope, Scope::Service | Scope::Cause(..)),
            Self::Type => {
                matches!(scope, Scope::Service | Scope::Cause(_, CauseLevel::Service))
            }
            Self::Message => matches!(scope, Scope::Cause(_, CauseLevel::Exception)),
        }
    }
}
