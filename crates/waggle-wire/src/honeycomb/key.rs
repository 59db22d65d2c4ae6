//! Which API keys are classic: those of teams without environments, whose events go where the dataset header says.

/// True for a classic key: 32 lower-case hex digits, or 64 characters `hc`, a lower-case letter, `ic_`, then lower-case letters and
/// digits. Everything else, also the empty key, follows the rules of environments. Source: spec/honeycomb-api.md section 1.2.
pub fn is_classic_key(key: &str) -> bool {
    let key = key.as_bytes();
    match key.len() {
        32 => key
            .iter()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
        64 => {
            let Some(rest) = key.strip_prefix(b"hc") else {
                return false;
            };
            let Some((kind, rest)) = rest.split_first() else {
                return false;
            };
            kind.is_ascii_lowercase()
                && rest.strip_prefix(b"ic_").is_some_and(|rest| {
                    rest.iter()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
