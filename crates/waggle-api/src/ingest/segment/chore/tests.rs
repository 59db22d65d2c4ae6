use super::*;

fn row(received_ns: i64, columns: &[&str]) -> Row {
    let text = |name: &str| (name.to_owned(), Value::String(name.to_owned()));
    let mut row: Row = vec![text("trace.trace_id"), text("trace.span_id")];
    row.push(("xray.received_ns".to_owned(), Value::Int(received_ns)));
    row.extend(columns.iter().map(|name| text(name)));
    row
}

fn waiting_of(rows: &[Row]) -> Vec<i64> {
    let waiting = still_waiting(rows);
    waiting
        .iter()
        .map(|(received_ns, _)| *received_ns)
        .collect()
}

#[test]
fn a_note_ends_the_wait_of_what_came_before_it() {
    let document = row(1, &["xray.document"]);
    let note = row(2, &["xray.settled"]);
    assert_eq!(waiting_of(std::slice::from_ref(&document)), [1]);
    assert!(waiting_of(&[document.clone(), note.clone()]).is_empty());
    let later = row(3, &["xray.document"]);
    assert_eq!(waiting_of(&[document, note, later]), [3]);
}

#[test]
fn a_document_that_is_only_kept_ends_no_wait() {
    let document = row(1, &["xray.document"]);
    let kept = row(2, &["xray.document", "xray.settled"]);
    assert_eq!(waiting_of(&[document, kept.clone()]), [1]);
    assert!(waiting_of(&[kept]).is_empty());
}
