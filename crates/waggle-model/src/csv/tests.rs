use super::*;

#[test]
fn quotes_stand_where_a_reader_needs_them() {
    let mut csv = CsvLines::default();
    for value in [
        Some("a"),
        None,
        Some(""),
        Some("b,c"),
        Some("say \"x\"\n"),
        Some(" d"),
    ] {
        csv.value(value);
    }
    csv.end_line();
    csv.value(Some("é"));
    csv.end_line();
    assert_eq!(
        String::from_utf8(csv.take()).unwrap(),
        "a,,\"\",\"b,c\",\"say \"\"x\"\"\n\",\" d\"\r\né\r\n"
    );
}
