//! Moments as text.

/// RFC 3339 of nanoseconds since the Unix epoch, in UTC, with as many digits of a second as are needed.
pub(crate) fn time_text(time_ns: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time_ns))
        .map(|time| time.to_string())
        .unwrap_or_default()
}
