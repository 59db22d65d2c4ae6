//! Which refused documents the log names: each one, but no more in a minute than somebody reads. `/metrics` counts them all. Source:
//! spec/xray.md section 1.2.

use parking_lot::Mutex;

/// Most refused documents that are named within a minute.
const NAMED_MAX: usize = 60;
const NS_PER_MINUTE: i64 = 60_000_000_000;

/// What was named lately.
#[derive(Default)]
pub(super) struct Told(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    begun_ns: i64,
    count: usize,
}

/// What is said of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Saying {
    /// Its name.
    Name,
    /// That there are more than are named.
    More,
    /// Nothing.
    Nothing,
}

impl Told {
    /// What to say of one more refused document.
    pub(super) fn one_more(&self, now_ns: i64) -> Saying {
        let mut minute = self.0.lock();
        let age_ns = now_ns.saturating_sub(minute.begun_ns);
        if !(0..NS_PER_MINUTE).contains(&age_ns) {
            *minute = Minute {
                begun_ns: now_ns,
                count: 0,
            };
        }
        minute.count = minute.count.saturating_add(1);
        match minute.count {
            ..=NAMED_MAX => Saying::Name,
            count if count == NAMED_MAX + 1 => Saying::More,
            _ => Saying::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_named_in_a_minute() {
        let told = Told::default();
        let start_ns = 7 * NS_PER_MINUTE;
        let say = |now_ns| told.one_more(now_ns);
        for _ in 0..NAMED_MAX {
            assert_eq!(say(start_ns), Saying::Name);
        }
        assert_eq!(say(start_ns + 1), Saying::More);
        assert_eq!(say(start_ns + NS_PER_MINUTE - 1), Saying::Nothing);
        assert_eq!(say(start_ns + NS_PER_MINUTE), Saying::Name);
        assert_eq!(say(start_ns), Saying::Name, "a clock that was put back");
    }
}
