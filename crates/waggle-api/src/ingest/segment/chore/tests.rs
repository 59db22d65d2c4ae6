use super::*;

fn row(received_ns: i64, is_settled: bool, has_document: bool) -> NotedRow<'static> {
    NotedRow {
        entity: (
            TraceId::parse("1-6a000000-000000000000000000000001").unwrap(),
            EntityId::parse("a100000000000001").unwrap(),
        ),
        received_ns,
        is_settled,
        has_document,
        source: Source::Udp,
        document: None,
    }
}

fn waiting_of(rows: &[NotedRow<'_>]) -> Vec<i64> {
    let mut ledger = Ledger::default();
    for row in rows {
        ledger.note(row);
    }
    ledger.take_waiting().into_values().collect()
}

#[test]
fn a_note_ends_the_wait_of_what_came_before_it() {
    let document = || row(1, false, true);
    let note = || row(2, true, false);
    assert_eq!(waiting_of(&[document()]), [1]);
    assert!(waiting_of(&[note(), document()]).is_empty());
    assert_eq!(waiting_of(&[document(), row(3, false, true), note()]), [3]);
}

#[test]
fn a_document_that_is_only_kept_ends_no_wait() {
    let kept = || row(2, true, true);
    assert_eq!(waiting_of(&[row(1, false, true), kept()]), [1]);
    assert!(waiting_of(&[kept()]).is_empty());
}
