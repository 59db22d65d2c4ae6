use super::*;

const ASKED: Question = Question(1);

#[test]
fn the_state_used_longest_ago_makes_room() {
    let cache = StateCache::new(64 * 3);
    for block in 0..64 {
        cache.keep(block, ASKED, Arc::new(block), 3);
    }
    assert_eq!(cache.find(0, ASKED).as_deref(), Some(&0));
    cache.keep(64, ASKED, Arc::new(64), 3);
    assert_eq!(cache.find(1, ASKED), None);
    for block in [0, 2, 64] {
        assert_eq!(cache.find(block, ASKED).as_deref(), Some(&block));
    }
    assert_eq!(cache.find(0, Question(2)), None);
    let kept = cache.lock();
    assert_eq!((kept.bytes, kept.evictions), (64 * 3, 1));
    assert_eq!(kept.uses.len(), kept.states.len());
}

#[test]
fn a_state_replaces_the_one_before() {
    let cache = StateCache::new(6_400);
    cache.keep(7, ASKED, Arc::new("old"), 100);
    cache.keep(7, ASKED, Arc::new("new"), 40);
    assert_eq!(cache.find(7, ASKED).as_deref(), Some(&"new"));
    let kept = cache.lock();
    assert_eq!((kept.bytes, kept.states.len(), kept.uses.len()), (40, 1, 1));
}

#[test]
fn a_question_with_large_states_is_not_kept() {
    let cache = StateCache::new(6_400);
    assert!(cache.takes(ASKED));
    cache.keep(7, ASKED, Arc::new(()), 101);
    assert_eq!(cache.find(7, ASKED), None);
    assert!(!cache.takes(ASKED) && cache.takes(Question(2)));
    for question in 0..=REFUSED_MAX as u128 {
        cache.refuse(Question(100 + question));
    }
    assert!(cache.lock().refused.len() <= REFUSED_MAX);
}

#[test]
fn without_bytes_nothing_is_kept() {
    let cache = StateCache::new(0);
    assert!(!cache.is_on() && !cache.takes(ASKED));
    cache.keep(7, ASKED, Arc::new(()), 1);
    assert_eq!(cache.find(7, ASKED), None);
}

#[test]
fn it_tells_what_it_did() {
    let cache = Arc::new(StateCache::new(6_400));
    cache.keep(7, ASKED, Arc::new(()), 100);
    assert!(cache.find(7, ASKED).is_some() && cache.find(8, ASKED).is_none());
    let mut registry = prometheus_client::registry::Registry::default();
    registry.register_collector(Box::new(CacheCollector(cache)));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "waggle_query_cache_hits_total 1",
        "waggle_query_cache_misses_total 1",
        "waggle_query_cache_evictions_total 0",
        "waggle_query_cache_bytes 100",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}
