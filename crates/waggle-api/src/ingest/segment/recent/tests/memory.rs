//! What is remembered, forgotten and asked of the store.

use super::*;

#[test]
fn old_traces_are_forgotten_and_then_unsure() {
    let mut recent = recent();
    recent.limits.entities_max = 3;
    let document = |trace: u32, start: i64| {
        let text = format!(
            r#"{{"name":"shop","id":"000000000000000a","trace_id":"1-{trace:08x}-000000000000000000000001","start_time":{start},"end_time":{start}}}"#
        );
        Document::parse(text.as_bytes()).unwrap()
    };
    for trace in 1..=5_u32 {
        send(&mut recent, &[document(trace, i64::from(trace))], 1);
    }
    let is_unsure = |recent: &Recent, trace: u32, start_s: i64| {
        recent.is_unsure(TENANT, &document(trace, start_s), 0)
    };
    assert_eq!(recent.traces.len(), 3);
    assert!(is_unsure(&recent, 1, 1) && is_unsure(&recent, 9, 2));
    assert!(!is_unsure(&recent, 3, 1), "it is in the table");
    assert!(!is_unsure(&recent, 9, 3));
    assert!(is_unsure(&recent, 9, 61), "a clock that is ahead");
    let key = (TENANT, document(1, 1).trace_id());
    let id = EntityId::parse("000000000000000a").unwrap();
    let row = StoredEntity {
        id,
        service: Some("shop".into()),
        document: Some(document(1, 1).text().into()),
        is_complete: true,
        received_ns: 0,
    };
    recent.learn(key, &[row]);
    assert!(send(&mut recent, &[document(1, 1)], 2).is_empty());
}

#[test]
fn what_an_earlier_process_was_sent_by_clocks_ahead_is_unsure() {
    let recent = Recent::new(recent().limits, 1_000);
    let is_unsure =
        |start_time: &str| recent.is_unsure(TENANT, &starting(1, start_time, ""), 1_000);
    assert!(is_unsure("0"));
    assert!(is_unsure("60"));
    assert!(!is_unsure("60.000001"));
}

/// Whichever of two calls lands first: what they brought is known when it comes again.
#[test]
fn a_document_that_comes_again_is_known_though_a_later_one_came() {
    let (earlier, later) = (segment(1, ""), segment(1, r#""end_time":3"#));
    for is_later_first in [false, true] {
        let mut recent = recent();
        let mut first = recent.begin();
        recent.offer(&mut first, TENANT, &earlier, 1, Source::Udp);
        let mut second = recent.begin();
        recent.offer(&mut second, TENANT, &later, 2, Source::Udp);
        if is_later_first {
            recent.commit(&second, 3);
        }
        let mut third = recent.begin();
        let offered = recent.offer(&mut third, TENANT, &earlier, 4, Source::Udp);
        assert!(
            matches!(offered, Offered::Same(Some(_))),
            "it is on its way"
        );
        recent.commit(&third, 5);
        recent.commit(&first, 6);
        if !is_later_first {
            recent.commit(&second, 7);
        }
        for document in [&earlier, &later, &earlier] {
            assert!(send(&mut recent, std::slice::from_ref(document), 8).is_empty());
        }
    }
}

/// The store has two complete documents of an entity, in any order: both are known, and the last counts.
#[test]
fn all_documents_that_the_store_has_of_an_entity_are_known() {
    let (earlier, later) = (segment(1, ""), segment(1, r#""end_time":3"#));
    let row = |document: &Document, received_ns| StoredEntity {
        id: document.entity().id(),
        service: Some("shop".into()),
        document: Some(document.text().into()),
        is_complete: true,
        received_ns,
    };
    for is_reversed in [false, true] {
        let mut rows = [row(&earlier, 1), row(&later, 2)];
        if is_reversed {
            rows.reverse();
        }
        let mut recent = recent();
        recent.learn((TENANT, earlier.trace_id()), &rows);
        let trace = &recent.traces[&(TENANT, earlier.trace_id())];
        let versions = &trace.entities[&earlier.entity().id()].versions;
        let received: Vec<i64> = versions.iter().map(|known| known.received_ns).collect();
        assert_eq!(received, [2]);
        assert!(send(&mut recent, &[earlier.clone(), later.clone()], 3).is_empty());
    }
}

/// A document that begins at a time, given in seconds.
fn starting(id: u64, start_time: &str, more: &str) -> Document {
    let text = format!(
        r#"{{"name":"shop","id":"{id:016x}","trace_id":"{TRACE}","start_time":{start_time},"end_time":2e9{more}}}"#
    );
    Document::parse(text.as_bytes()).unwrap()
}

/// An earlier process stored the begin of a trace, and a later part is the first that this one gets.
#[test]
fn a_trace_of_which_a_later_part_came_first_is_still_unsure() {
    let start_s = segment(1, "").trace_id().time_s();
    let started_ns = (start_s + 300) * 1_000_000_000;
    let stored = starting(1, &format!("{start_s}"), "");
    let late = format!("{}", start_s + 90);
    let below = starting(
        3,
        &late,
        r#","type":"subsegment","parent_id":"0000000000000001""#,
    );
    for is_below in [false, true] {
        let mut recent = Recent::new(recent().limits, started_ns);
        recent.learn_newest(TENANT, Some(start_s * 1_000_000_000));
        let later = match is_below {
            true => below.clone(),
            false => starting(2, &late, ""),
        };
        let is_asked = recent.is_unsure(TENANT, &later, started_ns);
        assert_eq!(is_asked, is_below, "its parent may be in the store");
        send(&mut recent, &[later], 1);
        assert!(recent.is_unsure(TENANT, &stored, started_ns));
        let row = StoredEntity {
            id: stored.entity().id(),
            service: Some("shop".into()),
            document: Some(stored.text().into()),
            is_complete: true,
            received_ns: 0,
        };
        recent.learn((TENANT, stored.trace_id()), &[row]);
        assert!(!recent.is_unsure(TENANT, &stored, started_ns));
        assert!(send(&mut recent, std::slice::from_ref(&stored), 2).is_empty());
    }
}

/// The same behind a trace that the table has forgotten.
#[test]
fn a_forgotten_trace_of_which_a_later_part_comes_is_still_unsure() {
    let mut recent = recent();
    recent.sureness.forgotten_ns = 5_000_000_000;
    assert!(!recent.is_unsure(TENANT, &starting(2, "9", ""), 0));
    send(&mut recent, &[starting(2, "9", "")], 1);
    assert!(recent.is_unsure(TENANT, &starting(1, "5", ""), 0));
    recent.leave_unsure((TENANT, segment(1, "").trace_id()));
    assert!(
        recent.is_unsure(TENANT, &starting(2, "9", ""), 0),
        "no answer yet"
    );
}

#[test]
fn a_clock_that_was_ahead_before_the_start_is_believed_for_a_while() {
    let mut recent = Recent::new(recent().limits, 0);
    recent.learn_newest(TENANT, Some(300_000_000_000));
    let is_unsure = |recent: &Recent, start: &str| {
        recent.is_unsure(TENANT, &starting(1, start, ""), 400_000_000_000)
    };
    assert!(is_unsure(&recent, "359"));
    assert!(!is_unsure(&recent, "360"));
    recent.learn_newest(TENANT, Some(i64::MAX));
    let now_ns = 3_600_000_000_000;
    assert!(
        !recent.is_unsure(TENANT, &starting(1, "660", ""), now_ns),
        "years ahead"
    );
}

/// What a call has asked the store for is there when its documents come, however little room there is.
#[test]
fn what_was_asked_for_is_not_forgotten_before_its_documents_come() {
    let mut recent = recent();
    recent.limits.entities_max = 2;
    let key_of = |number: u64| {
        let id = TraceId::parse(&format!("1-6a000000-{number:024x}")).unwrap();
        (TENANT, id)
    };
    let row = |number: u64| StoredEntity {
        id: EntityId::parse(&format!("{number:016x}")).unwrap(),
        service: Some("shop".into()),
        document: None,
        is_complete: true,
        received_ns: 0,
    };
    for number in 1..=4 {
        recent.learn(key_of(number), &[row(number)]);
        recent.pin(key_of(number));
        recent.forget_oldest(0);
    }
    assert_eq!(recent.traces.len(), 4);
    recent.unpin(&key_of(2));
    recent.forget_oldest(0);
    assert!(!recent.traces.contains_key(&key_of(2)));
    for number in [1, 3, 4] {
        recent.unpin(&key_of(number));
    }
    recent.forget_oldest(0);
    assert_eq!((recent.traces.len(), recent.entity_count), (2, 2));
    assert!(recent.traces.contains_key(&key_of(4)), "the last stays");
}
