//! Seconds as decimal text to whole nanoseconds, without a float in between: at today's epoch a double steps by about 240 ns, and the
//! difference of two such numbers would show it in every short duration. Source: spec/xray.md section 8.1.

/// Reads a JSON number of seconds as nanoseconds, rounded half away from zero at the tenth decimal. `None` for a number beyond what an
/// `i64` holds (the year 2262) and for text that is no JSON number.
pub fn nanoseconds_from_decimal(text: &str) -> Option<i64> {
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if whole.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Position of the decimal point in `digits`, counted in nanoseconds.
    let point = i64::try_from(whole.len())
        .ok()?
        .saturating_add(exponent)
        .saturating_add(9);
    let nanoseconds = leading_number(&digits, point)?;
    i64::try_from(if is_negative {
        nanoseconds.checked_neg()?
    } else {
        nanoseconds
    })
    .ok()
}

/// An exponent as a number, a very large one as a large one.
fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(i64::MAX).min(1_000_000);
    match text.starts_with('-') {
        true => size.checked_neg(),
        false => Some(size),
    }
}

/// The number made of the first `point` digits, rounded by the next one; zeros follow the last digit. `None` when it is far too large.
fn leading_number(digits: &[u8], point: i64) -> Option<i128> {
    let mut number = 0_i128;
    let Ok(point) = usize::try_from(point) else {
        return Some(0);
    };
    let mut place = 0_usize;
    while place < point {
        let digit = match digits.get(place) {
            Some(byte) => i128::from(byte.wrapping_sub(b'0')),
            None if number == 0 => return Some(0),
            None => 0,
        };
        number = number.checked_mul(10)?.checked_add(digit)?;
        place = place.saturating_add(1);
    }
    let rounds_up = digits.get(point).is_some_and(|digit| *digit >= b'5');
    number.checked_add(i128::from(rounds_up))
}

#[cfg(test)]
mod tests;
