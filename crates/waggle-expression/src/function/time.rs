//! Times: seconds since the Unix epoch as floats, and text.

use super::{Arity, Family, Function, Prepared, constant_text, plain};
use crate::datum::Datum;
use crate::expression::ResultType;
use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use std::borrow::Cow;

pub(super) static UNIX_TIMESTAMP: Function = Function {
    summary: "The seconds since the Unix epoch of an RFC 3339 string; empty for anything else.",
    ..plain(
        "UNIX_TIMESTAMP",
        "UNIX_TIMESTAMP(string)",
        Family::Time,
        Arity::exactly(1),
        ResultType::Float,
        |arguments, _| {
            let text = arguments[0].as_text();
            let time = text.and_then(|text| text.trim().parse::<Timestamp>().ok());
            #[expect(
                clippy::cast_precision_loss,
                reason = "a float of today's seconds tells microseconds apart"
            )]
            time.map_or(Datum::Null, |time| {
                Datum::Float(time.as_microsecond() as f64 / 1e6)
            })
        },
    )
};

pub(super) static EVENT_TIMESTAMP: Function = Function {
    summary: "The time of the event.",
    ..plain(
        "EVENT_TIMESTAMP",
        "EVENT_TIMESTAMP()",
        Family::Time,
        Arity::exactly(0),
        ResultType::Float,
        |_, _| Datum::Null,
    )
};

pub(super) static INGEST_TIMESTAMP: Function = Function {
    summary: "The time at which the event was accepted, in whole seconds; empty for events from before Waggle kept it.",
    ..plain(
        "INGEST_TIMESTAMP",
        "INGEST_TIMESTAMP()",
        Family::Time,
        Arity::exactly(0),
        ResultType::Float,
        |_, _| Datum::Null,
    )
};

pub(super) static FORMAT_TIME: Function = Function {
    summary: "A time in seconds since the Unix epoch as text in UTC, in a literal format of `strftime`; empty for what is no number.",
    prepare: |arguments| {
        let format = constant_text(arguments, 0, "the format of FORMAT_TIME")?.unwrap_or_default();
        match format_time(format, 0.0) {
            Some(_) => Ok(Prepared::Format(format.to_owned())),
            None => Err(format!("{format:?} is not a format of strftime")),
        }
    },
    ..plain(
        "FORMAT_TIME",
        "FORMAT_TIME(\"format\", seconds)",
        Family::Time,
        Arity::exactly(2),
        ResultType::Text,
        |arguments, prepared| {
            let (Prepared::Format(format), Datum::Int(_) | Datum::Float(_)) =
                (prepared, &arguments[1])
            else {
                return Datum::Null;
            };
            let text = format_time(format, arguments[1].number());
            text.map_or(Datum::Null, |text| Datum::Text(Cow::Owned(text)))
        },
    )
};

/// `None` for a format that is none, and for seconds beyond the calendar.
fn format_time(format: &str, seconds: f64) -> Option<String> {
    // Microseconds: nanoseconds would show the noise of the float.
    let microseconds = (seconds * 1e6).round();
    if microseconds.is_nan() || microseconds.abs() > 3e17 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    let time = Timestamp::from_microsecond(microseconds as i64).ok()?;
    strtime::format(format, &time.to_zoned(TimeZone::UTC)).ok()
}
