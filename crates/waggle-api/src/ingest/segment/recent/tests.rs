use super::memory::CLOCK_AHEAD_NS;
use super::*;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::collections::HashSet;
use waggle_model::{EnvironmentId, TeamId};

const TENANT: Tenant = Tenant {
    team: TeamId(1),
    environment: EnvironmentId(1),
};
const TRACE: &str = "1-6a000000-000000000000000000000001";

fn recent() -> Recent {
    let limits = RecentLimits {
        entities_max: 100,
        waiting_bytes_max: 20_000,
        trace_bytes_max: 5_000,
        waiting_age_ns: 1_000,
    };
    // So long ago that the first minute is over.
    Recent::new(limits, -CLOCK_AHEAD_NS)
}

fn segment(id: u64, more: &str) -> Document {
    let more = match more {
        "" => r#""end_time":2"#,
        more => more,
    };
    let text =
        format!(r#"{{"name":"shop","id":"{id:016x}","trace_id":"{TRACE}","start_time":1,{more}}}"#);
    Document::parse(text.as_bytes()).unwrap()
}

fn subsegment(id: u64, parent: u64, more: &str) -> Document {
    let more = match more {
        "" => r#""end_time":2"#,
        more => more,
    };
    segment(
        id,
        &format!(r#""type":"subsegment","parent_id":"{parent:016x}",{more}"#),
    )
}

const IN_PROGRESS: &str = r#""in_progress":true"#;

/// Offers documents as one call, which is stored, and says what it wrote.
fn send(recent: &mut Recent, documents: &[Document], received_ns: i64) -> Vec<String> {
    let mut flight = recent.begin();
    for document in documents {
        recent.offer(&mut flight, TENANT, document, received_ns, Source::Udp);
    }
    assert!(recent.write_waiting(&mut flight));
    let written = written(&flight);
    recent.commit(&flight, received_ns);
    written
}

fn written(flight: &Flight) -> Vec<String> {
    let write = |(part, place): &(Part, Place)| {
        let id = part.id.to_string();
        let id = id.trim_start_matches('0');
        match place {
            Place::Waiting => format!("{id} waits"),
            Place::Kept => format!("{id} kept"),
            Place::Events {
                service, settles, ..
            } => {
                let service = service.as_deref().unwrap_or("?");
                let settles = if *settles { ", settled" } else { "" };
                format!("{id} of {service}{settles}")
            }
        }
    };
    flight.writes.iter().map(write).collect()
}

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

/// A flight of the server's own, which ends every wait.
fn give_up_all(recent: &mut Recent) -> Flight {
    let mut flight = recent.begin();
    let overdue = recent.overdue(i64::MAX);
    recent.give_up(&mut flight, &overdue);
    flight
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
fn a_document_that_takes_the_place_of_one_on_its_way_settles_it() {
    let mut recent = recent();
    send(&mut recent, &[segment(1, IN_PROGRESS)], 1);
    let mut given_up = give_up_all(&mut recent);
    assert_eq!(
        send(&mut recent, &[segment(1, "")], 2),
        ["1 of shop, settled"]
    );
    recent.roll_back(&mut given_up, 3);
    assert_eq!(recent.waiting_count(), 0, "the later one is stored");
}

#[test]
fn what_was_acknowledged_waits_again_when_all_calls_that_have_it_fail() {
    for is_first_first in [true, false] {
        let mut recent = recent();
        let begun = segment(1, IN_PROGRESS);
        send(&mut recent, std::slice::from_ref(&begun), 5);
        let mut given_up = give_up_all(&mut recent);
        let mut replaced = recent.begin();
        recent.offer(&mut replaced, TENANT, &segment(1, ""), 6, Source::Udp);
        match is_first_first {
            true => recent.roll_back(&mut given_up, 7),
            false => recent.roll_back(&mut replaced, 7),
        }
        assert_eq!(recent.settled_through_ns(8), 5);
        match is_first_first {
            true => recent.roll_back(&mut replaced, 7),
            false => recent.roll_back(&mut given_up, 7),
        }
        assert_eq!(recent.waiting_count(), 1);
        assert!(send(&mut recent, &[begun], 9).is_empty(), "it is known");
        assert_eq!(
            send(&mut recent, &[segment(1, "")], 10),
            ["1 of shop, settled"]
        );
        assert!(
            recent.held.is_empty() && recent.inherited.is_empty() && recent.settling.is_empty()
        );
    }
}

#[test]
fn what_a_call_was_refused_is_not_known_to_the_one_that_follows() {
    let mut recent = recent();
    let documents = [segment(1, ""), segment(2, "")];
    let later = r#""end_time":3"#;
    let mut first = recent.begin();
    let mut second = recent.begin();
    for document in &documents {
        recent.offer(&mut first, TENANT, document, 1, Source::Udp);
    }
    for document in [segment(1, later), segment(2, later)] {
        recent.offer(&mut second, TENANT, &document, 2, Source::Udp);
    }
    let refused = [(first.writes[0].0.key, first.writes[0].0.id)];
    assert_eq!(recent.take_back(&mut first, &refused, None).len(), 1);
    recent.commit(&first, 3);
    recent.roll_back(&mut second, 4);
    assert_eq!(
        send(&mut recent, &documents, 5),
        ["1 of shop"],
        "2 was stored"
    );
}

#[test]
fn a_later_document_has_a_later_time_though_the_clock_is_set_back() {
    let mut recent = recent();
    send(&mut recent, &[segment(1, IN_PROGRESS)], 9);
    let mut flight = recent.begin();
    recent.offer(&mut flight, TENANT, &segment(1, ""), 3, Source::Udp);
    assert_eq!(
        flight.writes[0].0.received_ns, 10,
        "so its note covers both"
    );
}

#[test]
fn what_is_rolled_back_is_forgotten() {
    let mut recent = recent();
    for trace in 1..=1_000_u32 {
        let text = format!(
            r#"{{"name":"shop","id":"000000000000000a","trace_id":"1-{trace:08x}-000000000000000000000001","start_time":1,"in_progress":true}}"#
        );
        let document = Document::parse(text.as_bytes()).unwrap();
        let mut flight = recent.begin();
        recent.offer(&mut flight, TENANT, &document, 1, Source::Udp);
        recent.roll_back(&mut flight, 1);
    }
    assert_eq!((recent.waiting_count(), recent.waiting_bytes), (0, 0));
    assert!(recent.entity_count <= 100 && recent.traces.len() <= 100 && recent.order.len() <= 100);
}

/// Offers documents of which the store refuses some.
fn send_refused(
    recent: &mut Recent,
    documents: &[Document],
    refused: &[u64],
    received_ns: i64,
) -> Vec<String> {
    let mut flight = recent.begin();
    for document in documents {
        recent.offer(&mut flight, TENANT, document, received_ns, Source::Udp);
    }
    assert!(recent.write_waiting(&mut flight));
    let id = |id: &u64| EntityId::parse(&format!("{id:016x}")).unwrap();
    let key = (TENANT, documents[0].trace_id());
    let refused: Vec<_> = refused.iter().map(|number| (key, id(number))).collect();
    let came = recent.take_back(&mut flight, &refused, None);
    recent.commit(&flight, received_ns);
    let short = |id: &EntityId| id.to_string().trim_start_matches('0').to_owned();
    came.iter().map(short).collect()
}

#[test]
fn what_waited_and_is_refused_waits_on() {
    let mut recent = recent();
    send(&mut recent, &[subsegment(2, 9, "")], 1);
    send(&mut recent, &[segment(1, IN_PROGRESS)], 2);
    let mut flight = recent.begin();
    let overdue = recent.overdue(1_002);
    recent.give_up(&mut flight, &overdue);
    assert_eq!(written(&flight), ["2 of ?, settled", "1 of shop, settled"]);
    let refused: Vec<_> = flight.writes.iter().map(|(p, _)| (p.key, p.id)).collect();
    let came = recent.take_back(&mut flight, &refused, Some(1_002));
    recent.commit(&flight, 1_002);
    assert!(came.is_empty(), "nobody waits for an answer");
    assert_eq!(recent.waiting_count(), 2);
    assert_eq!(recent.settled_through_ns(1_003), 1);
    assert!(
        recent.overdue(2_001).is_empty(),
        "tried again after a while"
    );
    assert_eq!(recent.overdue(2_002).len(), 2);
    // What would take the place of one that waits, and is refused, leaves it there.
    let came = send_refused(&mut recent, &[segment(1, "")], &[1], 2_003);
    assert_eq!(came, ["1"]);
    assert_eq!(recent.waiting_count(), 2);
    let whole = send(&mut recent, &[segment(1, "")], 2_004);
    assert_eq!(whole, ["1 of shop, settled"]);
    assert_eq!(send(&mut recent, &[segment(9, "")], 2_005).len(), 2);
    assert_eq!((recent.waiting_count(), recent.waiting_bytes), (0, 0));
}

#[test]
fn who_waits_for_a_call_that_was_refused_in_part_sends_again() {
    let mut recent = recent();
    let mut first = recent.begin();
    let document = segment(1, "");
    recent.offer(&mut first, TENANT, &document, 1, Source::Udp);
    let mut second = recent.begin();
    let Offered::Same(Some(landed)) = recent.offer(&mut second, TENANT, &document, 2, Source::Udp)
    else {
        panic!("it is on its way");
    };
    let refused = [(first.writes[0].0.key, first.writes[0].0.id)];
    assert_eq!(recent.take_back(&mut first, &refused, None).len(), 1);
    recent.commit(&first, 3);
    let refused = Arc::new(HashSet::from(refused));
    assert_eq!(*landed.borrow(), Some(Landed::Partly(refused)));
    assert_eq!(send(&mut recent, &[document], 4), ["1 of shop"]);
}

#[test]
fn a_trace_over_its_limit_is_refused_once_with_a_note() {
    let mut recent = recent();
    let text = format!(r#""end_time":2,"metadata":{{"a":"{}"}}"#, "x".repeat(3_000));
    send(&mut recent, &[segment(1, &text)], 1);
    for (id, note_count) in [(2, 1), (3, 0)] {
        let mut flight = recent.begin();
        let offered = recent.offer(&mut flight, TENANT, &segment(id, &text), 2, Source::Udp);
        assert!(matches!(offered, Offered::TraceFull));
        assert_eq!((flight.full.len(), flight.writes.len()), (note_count, 0));
        recent.commit(&flight, 2);
    }
    assert_eq!(send(&mut recent, &[segment(4, "")], 3), ["4 of shop"]);
}

#[test]
fn a_repeated_document_waits_for_the_call_that_has_it() {
    let mut recent = recent();
    let document = segment(1, "");
    let mut first = recent.begin();
    recent.offer(&mut first, TENANT, &document, 1, Source::Udp);
    let mut second = recent.begin();
    let Offered::Same(Some(landed)) = recent.offer(&mut second, TENANT, &document, 2, Source::Udp)
    else {
        panic!("it is on its way");
    };
    assert_eq!(*landed.borrow(), None);
    recent.roll_back(&mut first, 1);
    assert_eq!(*landed.borrow(), Some(Landed::Failed));
    assert_eq!(send(&mut recent, &[document], 3), ["1 of shop"]);
}

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

/// Whatever the order, however often a part comes and whichever appends fail: in the end each document has its events once, and what
/// waited on the disk is settled.
#[test]
fn parts_in_any_order_make_one_trace() {
    for seed in 0..300 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut documents = vec![segment(1, IN_PROGRESS), segment(1, "")];
        for id in 2..=8 {
            let parent = random.random_range(1..id);
            documents.push(subsegment(id, parent, ""));
            if random.random_bool(0.3) {
                documents.push(subsegment(id, parent, IN_PROGRESS));
            }
        }
        let mut left: Vec<usize> = (0..documents.len()).collect();
        left.extend((0..4).map(|_| random.random_range(0..documents.len())));
        let mut recent = recent();
        let mut events: HashMap<String, usize> = HashMap::new();
        // By entity: the last document that waits, and the last note that nothing does.
        let mut on_disk: HashMap<String, (i64, i64)> = HashMap::new();
        let mut now_ns = 0;
        while !left.is_empty() {
            // Two calls at once, which end in either order.
            let mut flights = Vec::new();
            for _ in 0..2 {
                let mut flight = recent.begin();
                let mut sent = Vec::new();
                let mut is_repeated = false;
                for _ in 0..random.random_range(1..4) {
                    if left.is_empty() {
                        break;
                    }
                    let which = left.swap_remove(random.random_range(0..left.len()));
                    now_ns += 1;
                    let document = &documents[which];
                    let offered = recent.offer(&mut flight, TENANT, document, now_ns, Source::Udp);
                    is_repeated |= matches!(offered, Offered::Same(Some(_)));
                    sent.push(which);
                }
                assert!(recent.write_waiting(&mut flight));
                flights.push((flight, sent, is_repeated));
            }
            if random.random_bool(0.5) {
                flights.reverse();
            }
            for (mut flight, sent, is_repeated) in flights {
                if random.random_bool(0.3) {
                    recent.roll_back(&mut flight, 1);
                    left.extend(sent);
                    continue;
                }
                for (part, place) in &flight.writes {
                    let id = part.id.to_string();
                    let (waits_ns, settled_ns) = on_disk.entry(id.clone()).or_default();
                    match place {
                        Place::Events { settles, .. } => {
                            *events.entry(id).or_default() += 1;
                            if *settles {
                                *settled_ns = part.received_ns.max(*settled_ns);
                            }
                        }
                        Place::Waiting => *waits_ns = part.received_ns.max(*waits_ns),
                        Place::Kept => {}
                    }
                }
                recent.commit(&flight, now_ns);
                if is_repeated {
                    // The client hears of the other call's end, and sends again when that has failed.
                    left.extend(sent);
                }
            }
        }
        assert_eq!(events.len(), 8, "seed {seed}: {events:?}");
        assert!(
            events.values().all(|count| *count == 1),
            "seed {seed}: {events:?}"
        );
        assert_eq!(recent.waiting_count(), 0, "seed {seed}");
        let is_settled = on_disk.values().all(|(waits, settled)| waits <= settled);
        assert!(is_settled, "seed {seed}: {on_disk:?}");
    }
}

/// An entity as the disk has it.
#[derive(Debug, Default)]
struct OnDisk {
    waits_ns: Option<i64>,
    settled_ns: Option<i64>,
    /// When the documents came that have their events.
    events: Vec<i64>,
    /// When the last document came that is durable, and not only kept.
    last_ns: i64,
    /// One of those is complete.
    has_complete: bool,
}

impl OnDisk {
    fn write(&mut self, part: &Part, place: &Place) {
        let received_ns = part.received_ns;
        match place {
            Place::Kept => return,
            Place::Waiting => self.waits_ns = self.waits_ns.max(Some(received_ns)),
            Place::Events { settles, .. } => {
                self.events.push(received_ns);
                if *settles {
                    self.settled_ns = self.settled_ns.max(Some(received_ns));
                }
            }
        }
        self.last_ns = self.last_ns.max(received_ns);
        self.has_complete |= !part.text.contains("in_progress");
    }

    /// What a process that starts now would have waiting.
    fn restored_ns(&self) -> Option<i64> {
        self.waits_ns
            .filter(|waits_ns| self.settled_ns < Some(*waits_ns))
    }
}

/// Entities of which a call has documents that are only kept, and the calls that it waits for before it acknowledges them.
type Keeping = Vec<(EntityId, Vec<watch::Receiver<Option<Landed>>>)>;

/// Whatever overlaps, fails or is refused: after a crash at any moment the last durable document of an entity has its events or waits, what
/// was acknowledged and is only kept has one that counts instead, and none waits that a later one has taken the place of; and without a crash the table knows of all that wait.
#[test]
fn a_crash_at_any_moment_loses_nothing_and_brings_nothing_back() {
    for seed in 0..1_000 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut recent = recent();
        recent.limits.trace_bytes_max = usize::MAX;
        let key = (TENANT, segment(1, "").trace_id());
        let mut on_disk: BTreeMap<EntityId, OnDisk> = BTreeMap::new();
        let mut open: Vec<(Flight, Vec<watch::Receiver<Option<Landed>>>)> = Vec::new();
        let mut keeping: Keeping = Vec::new();
        for now_ns in 1..60 {
            if open.len() < 4 && random.random_bool(0.5) {
                let mut flight = match random.random_bool(0.3) {
                    true => give_up_all(&mut recent),
                    false => recent.begin(),
                };
                let mut others = Vec::new();
                for _ in 0..random.random_range(0..3) {
                    let version = random.random_range(2..5);
                    let more = match random.random_bool(0.6) {
                        true => format!(r#""in_progress":true,"user":"{version}""#),
                        false => format!(r#""end_time":{version}"#),
                    };
                    let document = match random.random_range(1..4) {
                        1 => segment(1, &more),
                        id => subsegment(id, id - 1, &more),
                    };
                    let offered = recent.offer(&mut flight, TENANT, &document, now_ns, Source::Udp);
                    match offered {
                        Offered::Kept(other) | Offered::Same(Some(other)) => others.push(other),
                        _ => {}
                    }
                }
                assert!(recent.write_waiting(&mut flight));
                open.push((flight, others));
            } else if !open.is_empty() {
                let (mut flight, others) = open.swap_remove(random.random_range(0..open.len()));
                if random.random_bool(0.4) {
                    recent.roll_back(&mut flight, now_ns);
                } else {
                    let writes = std::mem::take(&mut flight.writes);
                    let mut refused: Vec<_> = writes.iter().map(|(p, _)| (p.key, p.id)).collect();
                    refused.retain(|_| random.random_bool(0.2));
                    for (part, place) in &writes {
                        if !refused.contains(&(part.key, part.id)) {
                            on_disk.entry(part.id).or_default().write(part, place);
                            let mut same = writes.iter().filter(|(other, _)| other.id == part.id);
                            if same.all(|(_, place)| *place == Place::Kept) {
                                keeping.push((part.id, others.clone()));
                            }
                        }
                    }
                    recent.take_back(&mut flight, &refused, None);
                    recent.commit(&flight, now_ns);
                }
            }
            let through_ns = recent.settled_through_ns(now_ns);
            for (id, entity) in &on_disk {
                let has_events = entity.events.contains(&entity.last_ns);
                let waits_ns = Some(entity.last_ns).filter(|ns| *ns > 0 && !has_events);
                assert_eq!(
                    entity.restored_ns(),
                    waits_ns,
                    "seed {seed}: {id}: {entity:?}"
                );
                assert!(
                    waits_ns.is_none_or(|waits_ns| through_ns <= waits_ns),
                    "seed {seed}"
                );
            }
            for (id, others) in &keeping {
                let has_stored = |landed: &Landed| landed.has_stored(&(key, *id));
                let is_acknowledged = others
                    .iter()
                    .all(|other| other.borrow().as_ref().is_some_and(has_stored));
                assert!(
                    !is_acknowledged || on_disk.get(id).is_some_and(|e| e.has_complete),
                    "seed {seed}: {id} is acknowledged and only kept"
                );
            }
            for entity in on_disk.values() {
                let once: HashSet<i64> = entity.events.iter().copied().collect();
                assert_eq!(once.len(), entity.events.len(), "seed {seed}: {entity:?}");
            }
            if open.is_empty() {
                let restored = on_disk.iter();
                let restored = restored.filter_map(|(id, e)| Some((*id, e.restored_ns()?)));
                let restored: BTreeMap<_, _> = restored.collect();
                let waiting = recent.waiting_order.iter().map(|(ns, _, id)| (*id, *ns));
                let waiting: BTreeMap<_, _> = waiting.collect();
                assert_eq!(waiting, restored, "seed {seed}");
                assert!(
                    recent.held.is_empty()
                        && recent.inherited.is_empty()
                        && recent.settling.is_empty()
                );
            }
        }
    }
}

/// A call takes the longer the more documents it has, and not the square of it.
#[test]
fn many_parts_of_one_trace_wait_for_each_other() {
    const PARTS: u64 = 20_000;
    let mut recent = recent();
    recent.limits.trace_bytes_max = usize::MAX;
    recent.limits.waiting_bytes_max = usize::MAX;
    let parts: Vec<Document> = (2..PARTS).map(|id| subsegment(id, id / 2, "")).collect();
    for parts in parts.chunks(1_000) {
        assert_eq!(send(&mut recent, parts, 1).len(), parts.len());
    }
    assert_eq!(recent.waiting_count(), parts.len());
    assert_eq!(
        send(&mut recent, &[segment(1, "")], 2).len(),
        parts.len() + 1
    );
    assert_eq!((recent.waiting_count(), recent.waiting_bytes), (0, 0));
}
