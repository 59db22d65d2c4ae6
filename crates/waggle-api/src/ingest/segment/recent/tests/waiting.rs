//! What waits, for whom and for how long, and what is restored of it.

use super::*;
use std::time::{Duration, Instant};

#[test]
fn a_subsegment_waits_for_its_segment() {
    let mut recent = recent();
    assert_eq!(send(&mut recent, &[subsegment(3, 2, "")], 1), ["3 waits"]);
    assert_eq!(send(&mut recent, &[subsegment(2, 1, "")], 2), ["2 waits"]);
    assert_eq!(
        send(&mut recent, &[segment(1, "")], 3),
        ["1 of shop", "2 of shop, settled", "3 of shop, settled"]
    );
    assert_eq!(send(&mut recent, &[subsegment(4, 3, "")], 4), ["4 of shop"]);
    assert_eq!(recent.waiting_count(), 0);
    assert_eq!(recent.settled_through_ns(9), 9);
}

#[test]
fn what_comes_with_its_segment_never_waits() {
    let mut recent = recent();
    let documents = [subsegment(3, 2, ""), subsegment(2, 1, ""), segment(1, "")];
    assert_eq!(
        send(&mut recent, &documents, 1),
        ["1 of shop", "2 of shop", "3 of shop"]
    );
}

#[test]
fn a_segment_in_progress_names_the_service_and_waits_for_its_end() {
    let mut recent = recent();
    let begun = segment(1, IN_PROGRESS);
    assert_eq!(
        send(&mut recent, std::slice::from_ref(&begun), 1),
        ["1 waits"]
    );
    assert_eq!(send(&mut recent, &[subsegment(2, 1, "")], 2), ["2 of shop"]);
    assert!(send(&mut recent, std::slice::from_ref(&begun), 3).is_empty());
    let ended = segment(1, "");
    assert_eq!(
        send(&mut recent, std::slice::from_ref(&ended), 4),
        ["1 of shop, settled"]
    );
    assert!(send(&mut recent, &[begun], 5).is_empty());
    let stale = segment(1, r#""in_progress":true,"user":"ada""#);
    assert_eq!(send(&mut recent, &[stale], 5), ["1 kept"]);
    assert!(send(&mut recent, std::slice::from_ref(&ended), 6).is_empty());
    let other = segment(1, r#""end_time":3"#);
    assert_eq!(send(&mut recent, &[other], 7), ["1 of shop"]);
    let both = [subsegment(5, 9, IN_PROGRESS), subsegment(5, 9, "")];
    assert_eq!(send(&mut recent, &both, 8), ["5 kept", "5 waits"]);
}

#[test]
fn what_waits_for_too_long_is_given_up() {
    let mut recent = recent();
    let documents = [
        subsegment(3, 2, ""),
        subsegment(2, 9, ""),
        segment(1, IN_PROGRESS),
    ];
    send(&mut recent, &documents, 1);
    assert!(recent.overdue(1_000).is_empty());
    assert_eq!(recent.settled_through_ns(1_000), 1);
    let overdue = recent.overdue(1_001);
    assert_eq!(overdue.len(), 3);
    assert_eq!(recent.overdue(1_001), overdue, "until they are settled");
    let mut flight = recent.begin();
    recent.give_up(&mut flight, &overdue);
    let expected = ["1 of shop, settled", "2 of ?, settled", "3 of ?, settled"];
    assert_eq!(written(&flight), expected);
    recent.roll_back(&mut flight, 1);
    assert_eq!(recent.waiting_count(), 3);
    let overdue = recent.overdue(1_001);
    let mut flight = recent.begin();
    recent.give_up(&mut flight, &overdue);
    assert_eq!(flight.writes.len(), 3);
    recent.commit(&flight, 1_001);
    assert_eq!((recent.waiting_count(), recent.waiting_bytes), (0, 0));
    assert!(recent.overdue(i64::MAX).is_empty());
    assert_eq!(send(&mut recent, &[segment(1, "")], 1_002), ["1 of shop"]);
}

#[test]
fn the_oldest_go_when_there_is_no_room_to_wait() {
    let mut recent = recent();
    recent.limits.trace_bytes_max = usize::MAX;
    let text = format!(r#""end_time":2,"metadata":{{"a":"{}"}}"#, "x".repeat(3_500));
    for (id, received_ns) in [(1, 1), (2, 2), (3, 3)] {
        send(&mut recent, &[subsegment(id, 9, &text)], received_ns);
    }
    assert!(!recent.is_pressed(TENANT.team) && recent.overdue(4).is_empty());
    send(&mut recent, &[subsegment(4, 9, &text)], 4);
    assert!(recent.is_pressed(TENANT.team));
    let overdue = recent.overdue(4);
    let ids: Vec<_> = overdue.iter().map(|(_, id)| id.to_string()).collect();
    assert_eq!(ids, ["0000000000000001"]);
    // Without the oldest gone there is no room for more, whatever has no need to wait still comes in.
    let mut flight = recent.begin();
    let fifth = subsegment(5, 9, &text);
    recent.offer(&mut flight, TENANT, &fifth, 5, Source::Udp);
    assert!(!recent.write_waiting(&mut flight));
    recent.roll_back(&mut flight, 5);
    assert_eq!(recent.waiting_count(), 4);
    assert_eq!(send(&mut recent, &[segment(6, &text)], 5), ["6 of shop"]);
    let mut flight = recent.begin();
    recent.give_up(&mut flight, &overdue);
    recent.commit(&flight, 6);
    assert_eq!(send(&mut recent, &[fifth], 7), ["5 waits"]);
}

/// A call with one document of a tenant; false when it has no room to wait.
fn send_of(recent: &mut Recent, tenant: Tenant, document: &Document, received_ns: i64) -> bool {
    let mut flight = recent.begin();
    recent.offer(&mut flight, tenant, document, received_ns, Source::Udp);
    let has_room = recent.write_waiting(&mut flight);
    match has_room {
        true => recent.commit(&flight, received_ns),
        false => recent.roll_back(&mut flight, received_ns),
    }
    has_room
}

#[test]
fn a_team_whose_documents_fill_the_memory_leaves_room_for_others() {
    let mut recent = recent();
    recent.limits.trace_bytes_max = usize::MAX;
    let other = Tenant {
        team: TeamId(2),
        environment: EnvironmentId(2),
    };
    let text = format!(r#""end_time":2,"metadata":{{"a":"{}"}}"#, "x".repeat(400));
    let mut ids = 1..;
    let mut fill = |recent: &mut Recent| {
        let taken = ids
            .by_ref()
            .take_while(|id| send_of(recent, TENANT, &subsegment(*id, 999, &text), 1));
        taken.count()
    };
    assert!(fill(&mut recent) > 10);
    let own = subsegment(1, 2, "");
    assert!(send_of(&mut recent, other, &own, 2), "another team");
    assert!(!recent.is_pressed(other.team) && recent.is_pressed(TENANT.team));
    assert!(recent.overdue(3).iter().all(|(key, _)| key.0 == TENANT));
    // All that the first team has is refused by the store: it stays, and still nobody else has to go early.
    let mut flight = give_up_all(&mut recent);
    let refused: Vec<_> = flight.writes.iter().map(|(p, _)| (p.key, p.id)).collect();
    let refused: Vec<_> = refused
        .into_iter()
        .filter(|(key, _)| key.0 == TENANT)
        .collect();
    recent.take_back(&mut flight, &refused, Some(4));
    recent.commit(&flight, 4);
    assert!(send_of(&mut recent, other, &subsegment(3, 4, ""), 4));
    assert!(!recent.is_pressed(TENANT.team) && !recent.is_pressed(other.team));
    assert!(recent.overdue(5).is_empty());
}

#[test]
fn what_an_open_call_settles_is_not_settled_yet() {
    let mut recent = recent();
    send(&mut recent, &[subsegment(2, 1, "")], 5);
    send(&mut recent, &[subsegment(3, 9, IN_PROGRESS)], 6);
    let mut flight = recent.begin();
    recent.offer(&mut flight, TENANT, &segment(1, ""), 7, Source::Udp);
    assert_eq!(
        recent.settled_through_ns(8),
        5,
        "2 is taken, but not durable"
    );
    let mut other = recent.begin();
    let replaced = subsegment(3, 9, "");
    recent.offer(&mut other, TENANT, &replaced, 8, Source::Udp);
    recent.commit(&flight, 8);
    assert_eq!(
        recent.settled_through_ns(9),
        6,
        "3 is replaced, but not durable"
    );
    recent.roll_back(&mut other, 1);
    assert_eq!(recent.settled_through_ns(9), 6, "3 waits again");
    assert_eq!(send(&mut recent, &[replaced], 10), ["3 waits"]);
    assert_eq!(recent.settled_through_ns(11), 10);
    assert!(recent.settling.is_empty());
}

#[test]
fn what_waited_is_restored() {
    let mut recent = recent();
    recent.restore(TENANT, &subsegment(2, 1, ""), (1, Source::Udp));
    recent.restore(TENANT, &segment(1, IN_PROGRESS), (2, Source::Udp));
    assert_eq!(recent.waiting_count(), 2);
    let key = (TENANT, segment(1, "").trace_id());
    assert!(recent.is_unsure(TENANT, &segment(1, ""), 0));
    recent.learn(key, &[]);
    assert!(!recent.is_unsure(TENANT, &segment(1, ""), 0));
    assert!(send(&mut recent, &[subsegment(2, 1, "")], 3).is_empty());
    let ended = send(&mut recent, &[segment(1, "")], 4);
    assert_eq!(ended, ["1 of shop, settled", "2 of shop, settled"]);
}

/// Calls take the longer the more documents there are, and not the square of it: the same many times over takes about as many times as long.
#[test]
fn many_parts_of_one_trace_wait_for_each_other() {
    const PARTS: u64 = 1_000;
    const TIMES: u64 = 8;
    // Of the best of some tries, since a machine has other things to do.
    let least = |parts: u64| {
        let tries = (0..3).map(|_| all_parts_of_one_trace(parts));
        tries.min().unwrap()
    };
    let (few, many) = (least(PARTS), least(PARTS * TIMES));
    assert!(many < few * 3 * TIMES as u32, "{few:?}, then {many:?}");
}

/// The time it takes until parts have their events that wait for each other.
fn all_parts_of_one_trace(parts_max: u64) -> Duration {
    let mut recent = recent();
    recent.limits.trace_bytes_max = usize::MAX;
    recent.limits.waiting_bytes_max = usize::MAX;
    let parts: Vec<Document> = (2..parts_max)
        .map(|id| subsegment(id, id / 2, ""))
        .collect();
    let whole = segment(1, "");
    let began = Instant::now();
    for parts in parts.chunks(500) {
        assert_eq!(send(&mut recent, parts, 1).len(), parts.len());
    }
    assert_eq!(recent.waiting_count(), parts.len());
    assert_eq!(send(&mut recent, &[whole], 2).len(), parts.len() + 1);
    assert_eq!((recent.waiting_count(), recent.waiting_bytes), (0, 0));
    began.elapsed()
}
