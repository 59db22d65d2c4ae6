use super::*;

#[test]
fn trace_ids_have_two_spellings() {
    let id = TraceId::parse("1-6A000000-00000000000000000000ABCD").unwrap();
    assert_eq!(id.to_string(), "6a00000000000000000000000000abcd");
    assert_eq!(id.to_xray(), "1-6a000000-00000000000000000000abcd");
    assert_eq!(id.to_column(), id.to_string());
    assert_eq!(TraceId::parse(&id.to_string()), Some(id));
    let half = TraceId::parse("1-00000000-000000000000000000000abc").unwrap();
    assert_eq!(half.to_column(), "0000000000000abc");
    for text in [
        "",
        "1-00000000-000000000000000000000000",
        "00000000000000000000000000000000",
        "2-6a000000-000000000000000000000001",
        "1-6a0000000-00000000000000000000001",
        "1-6a00000-0000000000000000000000001",
        "1-6a000000-+00000000000000000000001",
        "1-6a000000_000000000000000000000001",
        "6a00000000000000000000000000abcg",
        "6a00000000000000000000000000abc",
    ] {
        assert_eq!(TraceId::parse(text), None, "{text}");
    }
}

#[test]
fn entity_ids_are_sixteen_digits() {
    let id = EntityId::parse("A10000000000000F").unwrap();
    assert_eq!(id.to_string(), "a10000000000000f");
    for text in [
        "",
        "a1000000000000",
        "a1000000000000001",
        "+100000000000001",
        "g100000000000001",
    ] {
        assert_eq!(EntityId::parse(text), None, "{text}");
    }
}
