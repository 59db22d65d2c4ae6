use super::InsightId;

fn id() -> InsightId {
    InsightId {
        minute: 29_639_750,
        group: "0123abc".to_owned(),
        cause: "def0123456789ab".to_owned(),
    }
}

#[test]
fn an_id_is_read_as_it_was_written() {
    let text = "01c44446-0123-5abc-adef-0123456789ab";
    assert_eq!(id().to_string(), text);
    assert_eq!(InsightId::parse(text), Some(id()));
    assert_eq!(InsightId::parse(&text.to_uppercase()), Some(id()));
    assert_eq!(id().start_ns(), 29_639_750 * 60_000_000_000);
}

#[test]
fn what_nobody_wrote_is_none() {
    for text in [
        "",
        "01c44446-0123-4abc-adef-0123456789ab",
        "01c44446-0123-5abc-9def-0123456789ab",
        "01c44446-0123-5abc-adef-0123456789abc",
        "1c44446-0123-5abc-adef-0123456789ab",
        "+1c44446-0123-5abc-adef-0123456789ab",
        "01c44446-01é-5abc-adef-0123456789ab",
        // Minute 153,722,868 begins after the last nanosecond that 63 bits count.
        "09299ff4-0123-5abc-adef-0123456789ab",
        "ffffffff-0123-5abc-adef-0123456789ab",
        "01c444460123-5abc-adef-0123456789ab-",
    ] {
        assert_eq!(InsightId::parse(text), None, "{text}");
    }
    let last = InsightId::parse("09299ff3-0123-5abc-adef-0123456789ab").unwrap();
    assert_eq!(last.start_ns(), i64::MAX / 60_000_000_000 * 60_000_000_000);
}
