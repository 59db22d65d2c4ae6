use super::{
    ACCEPTED_MAX, ACCEPTED_NS, CallerCache, Known, REFUSED_MAX, REFUSED_NS, Remembered, USE_NS,
};
use crate::{Caller, Permissions};
use std::sync::Arc;
use waggle_metastore::{Environment, Key, KeyId, KeyKind, KeyOwner, Team};
use waggle_model::{EnvironmentId, TeamId, Tenant};

const NOW: i64 = 1_732_000_000_000_000_000;

fn caller(key: &str) -> Known {
    let tenant = Tenant {
        team: TeamId(1),
        environment: EnvironmentId(1),
    };
    let owner = KeyOwner {
        key: Key {
            id: KeyId(key.to_owned()),
            team: tenant.team,
            environment: Some(tenant.environment),
            kind: KeyKind::Configuration,
            name: String::new(),
            permissions: Permissions::all(),
            scopes: Vec::new(),
            is_disabled: false,
            expires_at_ns: None,
            made_by: None,
            changed_by: None,
            created_at_ns: NOW,
            updated_at_ns: NOW,
            last_used_at_ns: None,
        },
        team: Team {
            id: tenant.team,
            name: "bees".to_owned(),
            slug: "bees".to_owned(),
            created_at_ns: NOW,
        },
        environment: Some(Environment {
            tenant,
            name: "production".to_owned(),
            slug: "production".to_owned(),
            description: String::new(),
            color: "blue".to_owned(),
            is_delete_protected: true,
            created_at_ns: NOW,
        }),
    };
    Known {
        caller: Arc::new(Caller::of_key(owner).unwrap()),
        encrypted_secret: None,
    }
}

fn hash(number: usize) -> [u8; 32] {
    *blake3::hash(&number.to_le_bytes()).as_bytes()
}

/// What the cache says, and what it would need to be told.
fn look(cache: &CallerCache, number: usize, now_ns: i64) -> (&'static str, u64) {
    match cache.find(&hash(number), now_ns) {
        Remembered::Accepted(_) => ("accepted", 0),
        Remembered::Refused => ("refused", 0),
        Remembered::Nothing { epoch } => ("nothing", epoch),
    }
}

fn remember(cache: &CallerCache, number: usize, caller: Option<&Known>, now_ns: i64) {
    let (_, epoch) = look(cache, number, now_ns);
    cache.remember(hash(number), caller, epoch, now_ns);
}

#[test]
fn memories_end() {
    let cache = CallerCache::default();
    remember(&cache, 1, Some(&caller("a")), NOW);
    remember(&cache, 2, None, NOW);
    for (number, at_ns, expected) in [
        (1, NOW, "accepted"),
        (1, NOW + ACCEPTED_NS - 1, "accepted"),
        (1, NOW + ACCEPTED_NS, "nothing"),
        (1, NOW - 1, "nothing"),
        (2, NOW, "refused"),
        (2, NOW + REFUSED_NS - 1, "refused"),
        (2, NOW + REFUSED_NS, "nothing"),
        (2, NOW - 1, "nothing"),
        (3, NOW, "nothing"),
    ] {
        assert_eq!(
            look(&cache, number, at_ns).0,
            expected,
            "{number} at {at_ns}"
        );
    }
}

#[test]
fn an_answer_from_before_a_change_is_not_remembered() {
    let cache = CallerCache::default();
    let (_, epoch) = look(&cache, 1, NOW);
    cache.forget();
    cache.remember(hash(1), Some(&caller("a")), epoch, NOW);
    assert_eq!(look(&cache, 1, NOW).0, "nothing");
    remember(&cache, 1, Some(&caller("a")), NOW);
    cache.forget();
    assert_eq!(look(&cache, 1, NOW).0, "nothing");
}

#[test]
fn strangers_do_not_push_out_friends() {
    let cache = CallerCache::default();
    remember(&cache, 0, Some(&caller("a")), NOW);
    for number in 1..REFUSED_MAX * 2 {
        remember(&cache, number, None, NOW);
    }
    assert_eq!(look(&cache, 0, NOW).0, "accepted");
    assert_eq!(cache.0.lock().refused.len(), REFUSED_MAX);
    let friend = caller("b");
    for number in 1..ACCEPTED_MAX + 10 {
        remember(&cache, number, Some(&friend), NOW);
    }
    assert_eq!(cache.0.lock().accepted.len(), ACCEPTED_MAX);
    assert_eq!(look(&cache, ACCEPTED_MAX + 9, NOW).0, "accepted");
}

#[test]
fn uses_are_noted_once_a_minute() {
    let cache = CallerCache::default();
    let use_of = |at_ns| vec![(KeyId("a".to_owned()), at_ns)];
    remember(&cache, 1, Some(&caller("a")), NOW);
    assert_eq!(cache.take_uses(), use_of(NOW));
    look(&cache, 1, NOW + 1);
    assert_eq!(cache.take_uses(), []);
    // The memory is refreshed before the minute is over, which notes a use as well.
    remember(&cache, 1, Some(&caller("a")), NOW + USE_NS);
    assert_eq!(cache.take_uses(), use_of(NOW + USE_NS));
    cache.put_back_uses(use_of(NOW + 5));
    cache.put_back_uses(use_of(NOW + 3));
    assert_eq!(cache.take_uses(), use_of(NOW + 5));
}
