//! How many calls a key and its team may make, and how many events a key may send: so that one program in a loop does not take the
//! server from all others. Off unless set.
//!
//! Calls are counted in windows of a fixed length that begin with a first call. Events are counted by when they would have been due at
//! the rate allowed, which needs one number per key and lets a batch through that is larger than a second's worth. Source:
//! spec/honeycomb-api.md section 2.3.

use crate::ask::http_date;
use crate::config::RateLimits;
use crate::problem::Problem;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::Hash;
use waggle_access::{Caller, CallerIdentity, Manager};
use waggle_metastore::KeyId;
use waggle_model::TeamId;

/// What is left of a limit.
pub(crate) static RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// The limit itself. Honeycomb's documents spell it in two ways.
pub(crate) static POLICIES: [HeaderName; 2] = [
    HeaderName::from_static("ratelimit-policy"),
    HeaderName::from_static("ratelimitpolicy"),
];

const SECOND_NS: i64 = 1_000_000_000;
/// Window of `POST /1/query_results`, whose limits are documented per minute.
const MINUTE_NS: i64 = 60 * SECOND_NS;

/// What the server counts.
pub(crate) struct Rates {
    limits: RateLimits,
    windows: Mutex<HashMap<Subject, Window>>,
    /// Per key, when the events it has sent would have been due at the rate allowed.
    due_ns: Mutex<HashMap<KeyId, i64>>,
}

/// Whose calls a window counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    Key(KeyId),
    Team(TeamId),
    /// Queries that a team runs with its keys.
    Queries(TeamId),
    /// Those of them that look at other spans of a trace.
    RelationalQueries(TeamId),
}

#[derive(Clone, Copy)]
struct Window {
    used: u64,
    ends_at_ns: i64,
}

/// One limit to hold a call against.
struct Limit {
    subject: Subject,
    /// Most calls of a window; 0 for no limit.
    max: u64,
    window_ns: i64,
}

/// How a caller stands against the limit that is closest to being reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    max: u64,
    remaining: u64,
    window_ns: i64,
    now_ns: i64,
    ends_at_ns: i64,
}

impl Rates {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self {
            limits,
            windows: Mutex::default(),
            due_ns: Mutex::default(),
        }
    }

    /// Counts a call of the management API; `None` without a limit. People in the UI are not counted.
    ///
    /// # Errors
    /// Nothing is left for the key or its team; the refusal says when there will be.
    pub(crate) fn call(&self, caller: &Caller, now_ns: i64) -> Result<Option<Standing>, Problem> {
        match &caller.identity {
            CallerIdentity::Key { id, .. } => self.call_by(id, caller.tenant.team, now_ns),
            CallerIdentity::User { .. } | CallerIdentity::Dev => Ok(None),
        }
    }

    /// As [`Rates::call`], of a management key.
    pub(crate) fn managed_call(
        &self,
        manager: &Manager,
        now_ns: i64,
    ) -> Result<Option<Standing>, Problem> {
        self.call_by(&manager.key.id, manager.team.id, now_ns)
    }

    fn call_by(&self, key: &KeyId, team: TeamId, now_ns: i64) -> Result<Option<Standing>, Problem> {
        let limits = &self.limits;
        if limits.key_calls_max == 0 && limits.team_calls_max == 0 {
            return Ok(None);
        }
        let window_ns = i64::try_from(limits.window.as_nanos()).unwrap_or(i64::MAX);
        let limit = |subject, max| Limit {
            subject,
            max,
            window_ns,
        };
        let by_key = limit(Subject::Key(key.clone()), limits.key_calls_max);
        let by_team = limit(Subject::Team(team), limits.team_calls_max);
        self.count([by_key, by_team], now_ns)
            .map_err(Problem::too_many_calls)
    }

    /// Counts a query that is run with a key, whichever door it comes through; `None` without a limit. People in the UI are not counted.
    ///
    /// # Errors
    /// The team has run its queries of this minute.
    pub(crate) fn query(
        &self,
        caller: &Caller,
        is_relational: bool,
        now_ns: i64,
    ) -> Result<Option<Standing>, Problem> {
        let team = caller.tenant.team;
        if !matches!(caller.identity, CallerIdentity::Key { .. }) {
            return Ok(None);
        }
        let limit = |subject, max| Limit {
            subject,
            max,
            window_ns: MINUTE_NS,
        };
        let relational_max = match is_relational {
            true => self.limits.team_relational_queries_max,
            false => 0,
        };
        let all = limit(Subject::Queries(team), self.limits.team_queries_max);
        let relational = limit(Subject::RelationalQueries(team), relational_max);
        self.count([all, relational], now_ns)
            .map_err(Problem::too_many_queries)
    }

    /// Counts against all limits or, when one is reached, against none.
    fn count(&self, limits: [Limit; 2], now_ns: i64) -> Result<Option<Standing>, Standing> {
        let mut windows = self.windows.lock();
        let limits = limits.into_iter().filter(|limit| limit.max > 0);
        let mut counted: Vec<(Subject, Window, Standing)> = Vec::new();
        let mut refused: Option<Standing> = None;
        for limit in limits {
            let ends_at_ns = now_ns.saturating_add(limit.window_ns);
            // A window that ends later than a new one would was begun before the clock was set back.
            let begun = windows.get(&limit.subject).copied();
            let begun = begun.filter(|it| it.ends_at_ns > now_ns && it.ends_at_ns <= ends_at_ns);
            let mut window = begun.unwrap_or(Window {
                used: 0,
                ends_at_ns,
            });
            let is_full = window.used >= limit.max;
            window.used = window.used.saturating_add(1);
            let standing = Standing {
                max: limit.max,
                remaining: limit.max.saturating_sub(window.used),
                window_ns: limit.window_ns,
                now_ns,
                ends_at_ns: window.ends_at_ns,
            };
            if is_full && refused.is_none_or(|other| other.ends_at_ns < standing.ends_at_ns) {
                refused = Some(standing);
            }
            counted.push((limit.subject, window, standing));
        }
        if let Some(standing) = refused {
            return Err(standing);
        }
        let standings = counted.iter().map(|(_, _, standing)| *standing);
        let tightest = standings.min_by_key(|it| (it.remaining, std::cmp::Reverse(it.ends_at_ns)));
        for (subject, window, _) in counted {
            if !windows.contains_key(&subject) {
                let ends_at = |window: &Window| window.ends_at_ns;
                make_room(&mut windows, self.limits.remembered_max, now_ns, ends_at);
            }
            windows.insert(subject, window);
        }
        Ok(tightest)
    }

    /// True where the events that a key sends are limited.
    pub(crate) fn limits_senders(&self) -> bool {
        self.limits.key_events_per_second > 0
    }

    /// True while a key may send: it is less than a second ahead of its rate. Only [`Rates::try_send`] is the last word: this saves
    /// reading what would be refused.
    pub(crate) fn may_send(&self, key: &KeyId, now_ns: i64) -> bool {
        let due_ns = self.due_ns.lock().get(key).copied();
        let due_max_ns = self.due_max_ns(now_ns);
        let due_ns = due_ns.filter(|due_ns| *due_ns <= due_max_ns);
        due_ns.is_none_or(|due_ns| due_ns.saturating_sub(now_ns) < SECOND_NS)
    }

    /// The latest that events of a request of now can be due. What is due later was counted before the clock was set back.
    fn due_max_ns(&self, now_ns: i64) -> i64 {
        let wait_max_ns = i64::try_from(self.limits.key_events_wait_max.as_nanos());
        now_ns.saturating_add(wait_max_ns.unwrap_or(i64::MAX))
    }

    /// Counts the events of a request and returns true, if their key may send; else counts nothing. A request is taken whole, so it can
    /// bring its key further ahead than a second, and at most as far as is set.
    pub(crate) fn try_send(&self, key: &KeyId, event_count: usize, now_ns: i64) -> bool {
        let per_second = i64::try_from(self.limits.key_events_per_second).unwrap_or(i64::MAX);
        let worth_ns = i64::try_from(event_count)
            .unwrap_or(i64::MAX)
            .saturating_mul(SECOND_NS)
            .checked_div(per_second)
            .unwrap_or_default();
        let due_max_ns = self.due_max_ns(now_ns);
        let mut due = self.due_ns.lock();
        let before_ns = due.get(key).copied().filter(|due_ns| *due_ns <= due_max_ns);
        if before_ns.is_some_and(|due_ns| due_ns.saturating_sub(now_ns) >= SECOND_NS) {
            return false;
        }
        if !due.contains_key(key) {
            let ends_at = |due_ns: &i64| *due_ns;
            make_room(&mut due, self.limits.remembered_max, now_ns, ends_at);
        }
        let from_ns = before_ns.unwrap_or(now_ns).max(now_ns);
        let due_ns = from_ns.saturating_add(worth_ns).min(due_max_ns);
        due.insert(key.clone(), due_ns);
        true
    }
}

/// Forgets what is over, or else what is over first, so that one more fits.
fn make_room<K: Clone + Eq + Hash, V>(
    map: &mut HashMap<K, V>,
    max: usize,
    now_ns: i64,
    ends_at_ns: impl Fn(&V) -> i64,
) {
    if map.len() < max {
        return;
    }
    map.retain(|_, value| ends_at_ns(value) > now_ns);
    if map.len() < max {
        return;
    }
    let first = map.iter().min_by_key(|(_, value)| ends_at_ns(value));
    if let Some(key) = first.map(|(key, _)| key.clone()) {
        map.remove(&key);
    }
}

impl Standing {
    /// Says how the caller stands, unless the answer speaks of another limit already.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        if headers.contains_key(&RATE_LIMIT) {
            return;
        }
        let (max, remaining, reset_s) = (self.max, self.remaining, self.reset_s());
        insert(
            headers,
            &RATE_LIMIT,
            &format!("limit={max}, remaining={remaining}, reset={reset_s}"),
        );
        for name in &POLICIES {
            insert(
                headers,
                name,
                &format!("{max};w={}", seconds(self.window_ns)),
            );
        }
    }

    /// Says from when on to try again.
    pub(crate) fn write_retry_after(self, headers: &mut HeaderMap) {
        let date = http_date(self.retry_at_s().saturating_mul(SECOND_NS));
        insert(headers, &header::RETRY_AFTER, &date);
    }

    /// The first full second at which the limit is as new, since 1970.
    pub(crate) fn retry_at_s(self) -> i64 {
        seconds(self.ends_at_ns)
    }

    pub(crate) fn max(self) -> u64 {
        self.max
    }

    fn reset_s(self) -> i64 {
        seconds(self.ends_at_ns.saturating_sub(self.now_ns))
    }
}

/// Nanoseconds as full seconds, rounded up.
fn seconds(ns: i64) -> i64 {
    ns.saturating_add(SECOND_NS - 1).div_euclid(SECOND_NS)
}

fn insert(headers: &mut HeaderMap, name: &HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name.clone(), value);
    }
}

#[cfg(test)]
mod tests;
