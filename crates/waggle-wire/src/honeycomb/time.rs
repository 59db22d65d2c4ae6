//! Event times in every form clients send them. Source: spec/honeycomb-api.md section 4.4.

use crate::token::Token;

/// Nanoseconds since the Unix epoch, clamped to what an `i64` holds (years 1677 to 2262); `None` for what is no time.
pub(crate) fn from_token(token: &Token<'_>) -> Option<i64> {
    match *token {
        Token::Text(text) => from_text(text),
        Token::Int(value) => from_decimal(&value.to_string()),
        Token::Float(value) => from_float(value),
        Token::Time(value) => Some(value),
        Token::Null
        | Token::Bool(_)
        | Token::Bytes(_)
        | Token::Unknown
        | Token::Array
        | Token::Map
        | Token::End => None,
    }
}

/// As [`from_token`], of a header or string: RFC 3339 or a number in decimal.
pub(super) fn from_text(text: &str) -> Option<i64> {
    let text = text.trim();
    from_decimal(text)
        .or_else(|| from_date(text))
        .or_else(|| {
            // libhoney-py adds a Z to what Python printed, also when that had an offset already.
            from_date(text.strip_suffix(['Z', 'z'])?)
        })
        .or_else(|| {
            let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
            text.parse().ok().filter(|_| is_number).and_then(from_float)
        })
}

/// RFC 3339 of nanoseconds since the Unix epoch, in UTC, with as many digits as it needs.
pub(crate) fn time_text(time_ns: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time_ns))
        .map(|time| time.to_string())
        .unwrap_or_default()
}

fn from_float(seconds: f64) -> Option<i64> {
    // Beyond nanoseconds of ten-digit seconds a float is no time.
    (seconds.abs() < 1e19)
        .then(|| format!("{seconds}"))
        .and_then(|text| from_decimal(&text))
}

/// Reads `digits` or `digits.digits`. Up to ten digits before the point are seconds; of more, the first ten are the seconds and the
/// rest is the start of the fraction: 13 digits are milliseconds, 16 microseconds, 19 nanoseconds.
fn from_decimal(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_decimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_decimal(whole) || !is_decimal(fraction) {
        return None;
    }
    let (seconds, more) = whole.split_at_checked(10).unwrap_or((whole, ""));
    let seconds: i64 = seconds.parse().ok()?;
    let mut nanoseconds = 0_i64;
    let mut digits = more.bytes().chain(fraction.bytes());
    for _ in 0..9 {
        let digit = digits.next().unwrap_or(b'0').saturating_sub(b'0');
        nanoseconds = nanoseconds
            .saturating_mul(10)
            .saturating_add(i64::from(digit));
    }
    let time_ns = seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(nanoseconds);
    Some(if is_negative {
        time_ns.saturating_neg()
    } else {
        time_ns
    })
}

/// Reads a date and time with an offset, or without one as UTC.
fn from_date(text: &str) -> Option<i64> {
    let time: jiff::Timestamp = match text.parse() {
        Ok(time) => time,
        Err(_) => {
            let local: jiff::civil::DateTime = text.parse().ok()?;
            match local.to_zoned(jiff::tz::TimeZone::UTC) {
                Ok(utc) => utc.timestamp(),
                // The first and last days of the calendar, such as 9999-12-31 for never, are out of a timestamp's range.
                Err(_) if local.year() > 0 => return Some(i64::MAX),
                Err(_) => return Some(i64::MIN),
            }
        }
    };
    let time_ns = time.as_nanosecond();
    let clamped = time_ns.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    i64::try_from(clamped).ok()
}

#[cfg(test)]
mod tests;
