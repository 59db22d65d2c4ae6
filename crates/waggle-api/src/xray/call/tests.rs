use super::Input;
use serde_json::{Map, Value as Json, json};

impl Input {
    /// The members of an object, as of a request.
    pub(crate) fn of(operation: &'static str, members: Json) -> Self {
        let members: Map<String, Json> = serde_json::from_value(members).unwrap();
        Self {
            operation,
            members,
            place: String::new(),
        }
    }
}

fn input(members: Json) -> Input {
    Input::of("Test", members)
}

#[test]
fn times_come_as_numbers_and_as_texts() {
    for (sent, time_ns) in [
        (json!(1_767_312_000), Some(1_767_312_000_000_000_000)),
        (json!(1_767_312_000.5), Some(1_767_312_000_500_000_000)),
        (
            json!(1_767_312_000.123_456),
            Some(1_767_312_000_123_456_000),
        ),
        (json!(0), Some(0)),
        (json!(null), None),
        (
            json!("2026-01-02T00:00:00Z"),
            Some(1_767_312_000_000_000_000),
        ),
        (
            json!("2026-01-02T01:00:00.5+01:00"),
            Some(1_767_312_000_500_000_000),
        ),
        (
            json!("2026-01-02T00:00:00.5"),
            Some(1_767_312_000_500_000_000),
        ),
        (json!("2026-01-02"), Some(1_767_312_000_000_000_000)),
    ] {
        assert_eq!(
            input(json!({"T": sent})).time_ns("T"),
            Ok(time_ns),
            "{sent}"
        );
    }
    for sent in [
        json!("soon"),
        // Which offset such a time has nobody can tell.
        json!("2026-01-02T00:00:00[Europe/Berlin]"),
        json!(1e300),
        json!(true),
        json!([]),
    ] {
        let refused = input(json!({"T": sent})).time_ns("T").unwrap_err();
        assert!(
            refused.message.starts_with("T must be a time"),
            "{}",
            refused.message
        );
    }
}

#[test]
fn refusals_name_the_member_and_its_limit() {
    let text = |found: Result<Option<&str>, _>| {
        let refusal: crate::xray::error::Refusal = found.unwrap_err();
        refusal.message
    };
    let long = input(json!({"Rule": {"Name": "x".repeat(33), "Other": 1, "Empty": ""}}));
    let rule = long.object("Rule").unwrap().unwrap();
    assert_eq!(
        text(rule.text("Name", 1..=32)),
        "Rule.Name must have 1 to 32 characters, has 33"
    );
    assert_eq!(
        text(rule.text("Empty", 1..=32)),
        "Rule.Empty must have 1 to 32 characters, has 0"
    );
    assert_eq!(
        text(rule.text("Other", 1..=32)),
        "Rule.Other must be a text"
    );
    assert_eq!(rule.any_text("Empty"), Ok(None));
    let numbers = input(json!({"A": 0, "B": 1.0, "C": 1.5, "D": "1", "E": 9_999, "F": 2}));
    let text = |found: Result<Option<i64>, _>| {
        let refusal: crate::xray::error::Refusal = found.unwrap_err();
        refusal.message
    };
    assert_eq!(
        text(numbers.whole("A", 1..=9_999)),
        "A must be between 1 and 9999, is 0"
    );
    assert_eq!(numbers.whole("B", 1..=9_999), Ok(Some(1)));
    assert_eq!(
        text(numbers.whole("C", 1..=9_999)),
        "C must be a whole number"
    );
    assert_eq!(
        text(numbers.whole("D", 1..=9_999)),
        "D must be a whole number"
    );
    assert_eq!(numbers.whole("E", 1..=9_999), Ok(Some(9_999)));
    let refused = numbers.number("F", 0.0..=1.0).unwrap_err();
    assert_eq!(refused.message, "F must be between 0 and 1, is 2");
    let lists = input(json!({"L": ["a", "bb", 3], "O": [{"K": ""}, 1], "M": {"a": "b", "c": 1}}));
    let refused = lists.texts("L", 0..=2, 1..=9).unwrap_err();
    assert_eq!(refused.message, "L must have at most 2 items, has 3");
    let refused = lists.texts("L", 0..=9, 1..=1).unwrap_err();
    assert_eq!(refused.message, "L[1] must have 1 to 1 characters, has 2");
    let refused = lists.objects("O", 0..=9).unwrap_err();
    assert_eq!(refused.message, "O[1] must be an object");
    let refused = lists.map("M", 0..=9, 1..=9).unwrap_err();
    assert_eq!(refused.message, "M.c must be a text");
    let refused = lists.must("N", lists.flag("N").unwrap()).unwrap_err();
    assert_eq!(refused.message, "N must be given");
}
