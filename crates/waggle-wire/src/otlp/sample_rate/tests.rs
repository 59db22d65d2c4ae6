use super::*;

fn attribute<'a>(key: &'a str, value: Value<'a>) -> Attribute<'a> {
    Attribute {
        key: key.into(),
        value,
    }
}

/// The rate that lists of attributes say, the first before the others.
fn from_attributes(lists: &[&[Attribute<'_>]]) -> Option<u32> {
    let rates = lists.iter().map(|list| Rates::of(list));
    rates.reduce(Rates::or)?.rate()
}

fn text(value: &str) -> Value<'_> {
    Value::String(value.into())
}

#[test]
fn attribute_values_become_rates() {
    for (value, rate) in [
        (Value::Int(10), 10),
        (Value::Int(0), 1),
        (Value::Int(-3), 1),
        (Value::Int(i64::MAX), 2_147_483_647),
        (Value::Float(2.5), 3),
        (Value::Float(2.49), 2),
        (Value::Float(0.2), 1),
        (Value::Float(f64::NAN), 1),
        (Value::Float(f64::INFINITY), 2_147_483_647),
        (text("4"), 4),
        (text("4.5"), 5),
        (text("1e3"), 1_000),
        (text("many"), 1),
        (text(""), 1),
        (Value::Bool(true), 1),
    ] {
        let list = [attribute("sampleRate", value.clone())];
        assert_eq!(from_attributes(&[&list]), Some(rate), "{value:?}");
    }
}

#[test]
fn the_lower_case_spelling_and_the_nearer_list_win() {
    let span = [attribute("SampleRate", Value::Int(2))];
    let resource = [attribute("sampleRate", Value::Int(3))];
    assert_eq!(from_attributes(&[&span, &resource]), Some(3));
    assert_eq!(from_attributes(&[&span]), Some(2));
    let scope = [attribute("sampleRate", Value::Int(4))];
    assert_eq!(from_attributes(&[&span, &scope, &resource]), Some(4));
    let other = [attribute("samplerate", Value::Int(5))];
    assert_eq!(from_attributes(&[&other]), None);
}

#[test]
fn trace_states_become_rates() {
    for (trace_state, rate) in [
        ("ot=th:c", Some(4)),
        ("ot=th:C", Some(4)),
        ("ot=th:8", Some(2)),
        ("ot=th:0", Some(1)),
        ("ot=rv:abc;th:c", Some(4)),
        ("vendor=x, ot=th:c;rv:1", Some(4)),
        ("ot=th:c,ot=th:8", Some(4)),
        ("ot=rv:1,ot=th:8", None),
        ("th=c", Some(4)),
        ("th=c;x=y", Some(4)),
        ("th=c,x=y", None),
        ("ot=th:xyz", None),
        ("ot=th:", None),
        ("ot=th:000000000000000", None),
        ("ot=th:ffffffffffffff", Some(2_147_483_647)),
        ("ot=th:fd70a3d70a3d71", Some(100)),
        ("ot=th:fe", Some(128)),
        ("vendor=x", None),
        ("", None),
    ] {
        assert_eq!(
            from_trace_state(trace_state, &[7; 8]),
            rate,
            "{trace_state}"
        );
    }
}

#[test]
fn fractional_counts_round_both_ways_in_proportion() {
    // T = 0.6 of the whole: a count of 2.5.
    let total: u32 = (0..10_000_u64)
        .map(|id| from_trace_state("ot=th:9999999999999a", &id.to_be_bytes()).unwrap())
        .inspect(|rate| assert!((2..=3).contains(rate)))
        .sum();
    assert!((24_700..=25_300).contains(&total), "{total}");
    // 2^56 / (2^56 - 0xfefefefefefefe) = 254.99...: above 100 the count is floored whatever the id.
    for id in 0..100 {
        assert_eq!(
            from_trace_state("ot=th:fefefefefefefe", &[id; 8]),
            Some(254)
        );
    }
}
