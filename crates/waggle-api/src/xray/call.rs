//! One call of an operation, after its sender was checked: what a function of the table sees instead of HTTP.

use super::error::{Code, Refusal};
use crate::state::ApiState;
use axum::http::HeaderName;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::sync::Arc;
use waggle_access::Caller;

/// Says of an answer what its reader would otherwise not expect.
pub(super) static WARNING: HeaderName = HeaderName::from_static("x-waggle-warning");

/// Seconds since 1970 that fit into nanoseconds, with a century to spare at either end.
const TIME_S: RangeInclusive<f64> = -6_000_000_000.0..=6_000_000_000.0;

/// One call.
pub(crate) struct Call {
    pub(crate) state: ApiState,
    pub(crate) caller: Arc<Caller>,
    /// The region the client believes to be in, for the ARNs of its answers.
    pub(crate) region: String,
    /// Name of the operation.
    pub(crate) operation: &'static str,
    /// The body, decompressed.
    pub(crate) body: Bytes,
}

/// What a function of the table returns.
pub(crate) type Outcome = Result<Reply, Refusal>;

/// An answer that says yes.
pub(crate) struct Reply {
    pub(super) json: String,
    pub(super) warning: Option<&'static str>,
}

/// Answers with a body.
pub(crate) fn reply(body: &impl Serialize) -> Outcome {
    let json = serde_json::to_string(body).map_err(|error| {
        tracing::error!(%error, "answer not written");
        Refusal::new(
            Code::InternalFailure,
            "the server could not complete the request",
        )
    })?;
    Ok(Reply {
        json,
        warning: None,
    })
}

impl Reply {
    /// An answer that is JSON already.
    pub(crate) fn text(json: String) -> Self {
        Self {
            json,
            warning: None,
        }
    }

    /// Adds a warning for whoever looks at the headers.
    pub(crate) fn warn(mut self, warning: &'static str) -> Self {
        self.warning = Some(warning);
        self
    }
}

impl Call {
    /// The members of the body. An empty body has none.
    ///
    /// # Errors
    /// `SerializationException` for a body that is no JSON object.
    pub(crate) fn input(&self) -> Result<Input, Refusal> {
        let members = if self.body.trim_ascii().is_empty() {
            Map::new()
        } else {
            serde_json::from_slice(&self.body).map_err(|error| {
                let message = format!("the body is not a JSON object: {error}");
                Refusal::new(Code::Serialization, message)
            })?
        };
        Ok(Input {
            operation: self.operation,
            members,
            place: String::new(),
        })
    }
}

/// The members of a request, or of an object in it. Members that nobody asks for are ignored; null is as good as absent.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    operation: &'static str,
    members: Map<String, Json>,
    /// Where in the request this is, with a dot behind, as `SamplingRule.`.
    place: String,
}

impl Input {
    pub(crate) fn operation(&self) -> &'static str {
        self.operation
    }

    /// The name of a member as refusals give it.
    pub(crate) fn name(&self, member: &str) -> String {
        format!("{}{member}", self.place)
    }

    /// A refusal of one member, which says what it must be.
    pub(crate) fn refuse(&self, member: &str, what: impl Display) -> Refusal {
        Refusal::invalid(format!("{} {what}", self.name(member)))
    }

    /// Takes what must be there.
    pub(crate) fn must<T>(&self, member: &str, value: Option<T>) -> Result<T, Refusal> {
        value.ok_or_else(|| self.refuse(member, "must be given"))
    }

    /// Whether a member is there.
    pub(crate) fn has(&self, member: &str) -> bool {
        self.get(member).is_some()
    }

    fn get(&self, member: &str) -> Option<&Json> {
        self.members.get(member).filter(|value| !value.is_null())
    }

    /// A text of any length; an empty one is as good as absent.
    pub(crate) fn any_text(&self, member: &str) -> Result<Option<&str>, Refusal> {
        let text = self.text(member, 0..=usize::MAX)?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// A text of so many characters.
    pub(crate) fn text(
        &self,
        member: &str,
        chars: RangeInclusive<usize>,
    ) -> Result<Option<&str>, Refusal> {
        match self.get(member) {
            None => Ok(None),
            Some(Json::String(text)) => {
                check_count(
                    &self.name(member),
                    text.chars().count(),
                    &chars,
                    "characters",
                )?;
                Ok(Some(text))
            }
            Some(_) => Err(self.refuse(member, "must be a text")),
        }
    }

    /// One of these texts.
    pub(crate) fn choice(
        &self,
        member: &str,
        texts: &[&'static str],
    ) -> Result<Option<&'static str>, Refusal> {
        let Some(text) = self.text(member, 0..=usize::MAX)? else {
            return Ok(None);
        };
        let found = texts.iter().copied().find(|choice| *choice == text);
        let known = || self.refuse(member, format!("must be one of {}", texts.join(", ")));
        found.map(Some).ok_or_else(known)
    }

    /// A whole number. One that is written with a fraction of zero is whole.
    pub(crate) fn whole(
        &self,
        member: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.get(member) else {
            return Ok(None);
        };
        let whole = value.as_i64().or_else(|| {
            let number = value.as_f64()?;
            let is_whole = number.fract() == 0.0 && number.abs() < 9e15;
            is_whole.then_some(number as i64)
        });
        let whole = whole.ok_or_else(|| self.refuse(member, "must be a whole number"))?;
        self.check_range(member, whole, &range)
    }

    /// A number.
    pub(crate) fn number(
        &self,
        member: &str,
        range: RangeInclusive<f64>,
    ) -> Result<Option<f64>, Refusal> {
        let Some(value) = self.get(member) else {
            return Ok(None);
        };
        let number = value.as_f64();
        let number = number.ok_or_else(|| self.refuse(member, "must be a number"))?;
        self.check_range(member, number, &range)
    }

    /// True or false.
    pub(crate) fn flag(&self, member: &str) -> Result<Option<bool>, Refusal> {
        let Some(value) = self.get(member) else {
            return Ok(None);
        };
        let flag = value.as_bool();
        flag.map(Some)
            .ok_or_else(|| self.refuse(member, "must be true or false"))
    }

    /// A time in nanoseconds since 1970, exact to the microsecond: a number of seconds, or a text as in ISO 8601, where one without an
    /// offset is UTC.
    pub(crate) fn time_ns(&self, member: &str) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.get(member) else {
            return Ok(None);
        };
        let time_ns = match value {
            Json::Number(_) => value
                .as_f64()
                .filter(|seconds| TIME_S.contains(seconds))
                .map(|seconds| (seconds * 1e6).round() as i64 * 1_000),
            Json::String(text) => time_of(text),
            _ => None,
        };
        let what = "must be a time, in seconds since 1970 or as in ISO 8601";
        time_ns.map(Some).ok_or_else(|| self.refuse(member, what))
    }

    /// Texts, so many of so many characters each.
    pub(crate) fn texts(
        &self,
        member: &str,
        count: RangeInclusive<usize>,
        chars: RangeInclusive<usize>,
    ) -> Result<Option<Vec<&str>>, Refusal> {
        let Some(items) = self.items(member, count)? else {
            return Ok(None);
        };
        let texts = items.iter().enumerate().map(|(index, item)| {
            let name = format!("{}[{index}]", self.name(member));
            match item {
                Json::String(text) => {
                    check_count(&name, text.chars().count(), &chars, "characters")?;
                    Ok(text.as_str())
                }
                _ => Err(Refusal::invalid(format!("{name} must be a text"))),
            }
        });
        texts.collect::<Result<_, _>>().map(Some)
    }

    /// An object.
    pub(crate) fn object(&self, member: &str) -> Result<Option<Self>, Refusal> {
        match self.get(member) {
            None => Ok(None),
            Some(Json::Object(members)) => Ok(Some(Self {
                operation: self.operation,
                members: members.clone(),
                place: format!("{}.", self.name(member)),
            })),
            Some(_) => Err(self.refuse(member, "must be an object")),
        }
    }

    /// Objects, so many.
    pub(crate) fn objects(
        &self,
        member: &str,
        count: RangeInclusive<usize>,
    ) -> Result<Option<Vec<Self>>, Refusal> {
        let Some(entries) = self.entries(member, count)? else {
            return Ok(None);
        };
        let objects = entries.into_iter().enumerate().map(|(index, entry)| {
            let name = self.name(member);
            entry.ok_or_else(|| Refusal::invalid(format!("{name}[{index}] must be an object")))
        });
        objects.collect::<Result<_, _>>().map(Some)
    }

    /// Things of which each that is an object is looked at, so many; `None` for one that is something else.
    pub(crate) fn entries(
        &self,
        member: &str,
        count: RangeInclusive<usize>,
    ) -> Result<Option<Vec<Option<Self>>>, Refusal> {
        let Some(items) = self.items(member, count)? else {
            return Ok(None);
        };
        let entries = items.iter().enumerate().map(|(index, item)| match item {
            Json::Object(members) => Some(Self {
                operation: self.operation,
                members: members.clone(),
                place: format!("{}[{index}].", self.name(member)),
            }),
            _ => None,
        });
        Ok(Some(entries.collect()))
    }

    /// Names and texts of the client's making: so many, of so many characters each.
    pub(crate) fn map(
        &self,
        member: &str,
        count: RangeInclusive<usize>,
        chars: RangeInclusive<usize>,
    ) -> Result<Option<Vec<(String, String)>>, Refusal> {
        let Some(object) = self.object(member)? else {
            return Ok(None);
        };
        check_count(&self.name(member), object.members.len(), &count, "members")?;
        let pairs = object.members.iter().map(|(name, value)| {
            let at = object.name(name);
            check_count(
                &format!("{at}: the name"),
                name.chars().count(),
                &chars,
                "characters",
            )?;
            match value {
                Json::String(value) => {
                    check_count(&at, value.chars().count(), &chars, "characters")?;
                    Ok((name.clone(), value.clone()))
                }
                _ => Err(object.refuse(name, "must be a text")),
            }
        });
        pairs.collect::<Result<_, _>>().map(Some)
    }

    /// All members but one, in an order that does not depend on how they were sent.
    pub(super) fn fingerprint(&self, without: &str) -> String {
        let mut members: Vec<_> = self
            .members
            .iter()
            .filter(|(name, value)| *name != without && !value.is_null())
            .map(|(name, value)| format!("\n{name} {value}"))
            .collect();
        members.sort_unstable();
        members.concat()
    }

    fn items(
        &self,
        member: &str,
        count: RangeInclusive<usize>,
    ) -> Result<Option<&[Json]>, Refusal> {
        match self.get(member) {
            None => Ok(None),
            Some(Json::Array(items)) => {
                check_count(&self.name(member), items.len(), &count, "items")?;
                Ok(Some(items))
            }
            Some(_) => Err(self.refuse(member, "must be a list")),
        }
    }

    fn check_range<T: PartialOrd + Display>(
        &self,
        member: &str,
        value: T,
        range: &RangeInclusive<T>,
    ) -> Result<Option<T>, Refusal> {
        if range.contains(&value) {
            return Ok(Some(value));
        }
        let (least, most) = (range.start(), range.end());
        let what = format!("must be between {least} and {most}, is {value}");
        Err(self.refuse(member, what))
    }
}

/// A time as in ISO 8601.
fn time_of(text: &str) -> Option<i64> {
    let time = match text.parse::<jiff::Timestamp>() {
        Ok(time) => time,
        // Without an offset, but in a zone, it is no time of UTC.
        Err(_) if text.contains('[') => return None,
        Err(_) => {
            let time: jiff::civil::DateTime = text.parse().ok()?;
            jiff::tz::TimeZone::UTC.to_timestamp(time).ok()?
        }
    };
    i64::try_from(time.as_nanosecond()).ok()
}

fn check_count(
    name: &str,
    count: usize,
    range: &RangeInclusive<usize>,
    of: &str,
) -> Result<(), Refusal> {
    if range.contains(&count) {
        return Ok(());
    }
    let limit = match (range.start(), range.end()) {
        (0, most) => format!("at most {most}"),
        (least, &usize::MAX) => format!("at least {least}"),
        (least, most) => format!("{least} to {most}"),
    };
    Err(Refusal::invalid(format!(
        "{name} must have {limit} {of}, has {count}"
    )))
}

#[cfg(test)]
mod tests;
