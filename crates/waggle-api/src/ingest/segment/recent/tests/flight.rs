//! Calls that overlap, fail or are refused in part.

use super::*;
use std::collections::HashSet;

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
