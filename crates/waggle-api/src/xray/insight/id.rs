//! Ids of insights: UUIDs that say where to look. Version 5, whose digits are made of names, is what clients' patterns allow.

use std::fmt;
use waggle_access::sha256_hex;
use waggle_xray::Insight;

const NS_PER_MINUTE: i64 = 60_000_000_000;
const HEX: u32 = 16;
/// Length of an id.
pub(super) const CHARS: usize = 36;

/// The id of an insight: `mmmmmmmm-gggg-5ggg-accc-cccccccccccc`, the minute since 1970 in which it begins, a hash of its group's id, and
/// one of its root cause's name and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InsightId {
    minute: u32,
    group: String,
    cause: String,
}

impl InsightId {
    pub(super) fn of(group: &str, insight: &Insight) -> Self {
        let minute = insight.start_ns.div_euclid(NS_PER_MINUTE);
        let cause = &insight.root_cause;
        Self {
            minute: u32::try_from(minute).unwrap_or_default(),
            group: digits(group, 7),
            cause: digits(&format!("{}\n{}", cause.node_type, cause.name), 15),
        }
    }

    /// Reads an id that [`of`](Self::of) can have made: the minute is one that nanoseconds since 1970 reach.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
        if text.len() != CHARS || !text.bytes().all(is_digit) {
            return None;
        }
        let text = text.to_ascii_lowercase();
        let parts: Vec<&str> = text.split('-').collect();
        let [minute, group_start, group_end, cause_start, cause_end] = parts.as_slice() else {
            return None;
        };
        let id = Self {
            minute: u32::from_str_radix(minute, HEX).ok()?,
            group: format!("{group_start}{}", group_end.strip_prefix('5')?),
            cause: format!("{}{cause_end}", cause_start.strip_prefix('a')?),
        };
        let is_time = i64::from(id.minute) <= i64::MAX / NS_PER_MINUTE;
        (is_time && id.to_string() == text).then_some(id)
    }

    /// When the insight begins.
    pub(super) fn start_ns(&self) -> i64 {
        i64::from(self.minute) * NS_PER_MINUTE
    }

    /// Whether it may be one of a group.
    pub(super) fn is_of(&self, group: &str) -> bool {
        self.group == digits(group, 7)
    }
}

impl fmt::Display for InsightId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            minute,
            group,
            cause,
        } = self;
        let split = |text: &str, at: usize| {
            let (start, end) = text.split_at_checked(at).unwrap_or((text, ""));
            (start.to_owned(), end.to_owned())
        };
        let (group_start, group_end) = split(group, 4);
        let (cause_start, cause_end) = split(cause, 3);
        write!(
            f,
            "{minute:08x}-{group_start}-5{group_end}-a{cause_start}-{cause_end}"
        )
    }
}

/// So many hex digits of a hash.
fn digits(text: &str, count: usize) -> String {
    let mut hex = sha256_hex(text.as_bytes());
    hex.truncate(count);
    hex
}

#[cfg(test)]
mod tests;
