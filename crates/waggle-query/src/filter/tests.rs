use super::*;
use crate::testing;
use std::collections::BTreeMap;
use waggle_model::{DatasetId, RowRequest, TimeRange, Value};
use waggle_store::Snapshot;
use waggle_testkit::Event;

/// One row of each type: text `200`, integer 200, float 200.0, true, and a row without the column.
const ROWS: &str = "sifbm";

fn value_of(row: char) -> Option<Value> {
    match row {
        's' => Some(text("200")),
        'i' => Some(Value::Int(200)),
        'f' => Some(Value::Float(200.0)),
        'b' => Some(Value::Bool(true)),
        _ => None,
    }
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn one(value: Value) -> FilterValue {
    FilterValue::One(value)
}

fn many<const N: usize>(values: [Value; N]) -> FilterValue {
    FilterValue::Many(values.into())
}

/// Operator, right-hand side, and the rows of [`ROWS`] that match.
fn cases() -> Vec<(&'static str, FilterValue, &'static str)> {
    let int = |value| one(Value::Int(value));
    let float = |value| one(Value::Float(value));
    vec![
        ("=", int(200), "if"),
        ("=", float(200.0), "if"),
        ("=", one(text("200")), "s"),
        ("=", one(Value::Bool(true)), "b"),
        ("=", one(Value::Bool(false)), ""),
        ("=", int(1), ""),
        ("!=", int(200), "sbm"),
        ("!=", one(text("200")), "ifbm"),
        ("!=", one(Value::Bool(true)), "sifm"),
        ("!=", one(text("other")), "sifbm"),
        (">", int(199), "if"),
        (">", int(200), ""),
        (">", one(text("199")), "s"),
        (">", one(text("200")), ""),
        (">", one(Value::Bool(false)), ""),
        (">=", int(200), "if"),
        (">=", float(199.5), "if"),
        (">=", one(text("200")), "s"),
        (">=", one(Value::Bool(true)), ""),
        ("<", float(200.5), "if"),
        ("<", int(200), ""),
        ("<", one(text("3")), "s"),
        ("<", one(Value::Bool(true)), ""),
        ("<=", int(200), "if"),
        ("<=", int(199), ""),
        ("<=", one(text("200")), "s"),
        ("<=", float(f64::NAN), ""),
        ("starts-with", one(text("20")), "s"),
        ("starts-with", int(20), "s"),
        ("starts-with", one(text("")), "s"),
        ("starts-with", one(text("00")), ""),
        ("does-not-start-with", one(text("20")), "ifbm"),
        ("does-not-start-with", one(text("00")), "sifbm"),
        ("ends-with", one(text("00")), "s"),
        ("ends-with", one(text("20")), ""),
        ("does-not-end-with", one(text("00")), "ifbm"),
        ("does-not-end-with", one(text("20")), "sifbm"),
        ("exists", FilterValue::None, "sifb"),
        ("does-not-exist", FilterValue::None, "m"),
        ("contains", one(text("0")), "s"),
        ("contains", one(Value::Bool(true)), ""),
        ("does-not-contain", one(text("0")), "ifbm"),
        ("does-not-contain", one(text("true")), "sifbm"),
        ("in", many([Value::Int(200), text("x")]), "if"),
        ("in", many([text("200"), Value::Bool(true)]), "sb"),
        ("in", many([text("200"), text("200")]), "s"),
        ("in", many([]), ""),
        ("not-in", many([Value::Float(200.0)]), "sbm"),
        ("not-in", many([text("200"), Value::Bool(true)]), "ifm"),
        ("not-in", many([]), "sifbm"),
    ]
}

fn event(row: char) -> Event {
    Event {
        timestamp_ns: ROWS.find(row).unwrap() as i64,
        sample_rate: 1,
        dataset: DatasetId(1),
        fields: value_of(row)
            .into_iter()
            .map(|value| ("v".to_owned(), value))
            .collect::<BTreeMap<_, _>>(),
    }
}

fn matching_rows(snapshot: &Snapshot, filters: &[FilterSpec]) -> String {
    let request = RowRequest {
        by_definition: false,
        calculated_fields: Vec::new(),
        granularity_ns: None,
        range: TimeRange::ALL,
        filters: filters.to_vec(),
        filter_combination: FilterCombination::And,
        limit: 100,
        before: None,
        usage_mode: false,
    };
    let page = testing::rows(snapshot, &request).unwrap();
    let rows = page.rows.iter().rev();
    rows.map(|row| ROWS.as_bytes()[row.timestamp_ns as usize] as char)
        .collect()
}

fn filter(op: &str, value: &FilterValue) -> FilterSpec {
    FilterSpec {
        column: "v".to_owned(),
        op: FilterOp::from_name(op).unwrap(),
        value: value.clone(),
    }
}

#[test]
fn every_operator_does_with_every_type_what_the_table_says() {
    let events: Vec<Event> = ROWS.chars().map(event).collect();
    for is_block in [false, true] {
        let together = Snapshot {
            sources: vec![testing::source(
                &events.iter().collect::<Vec<_>>(),
                is_block,
            )],
        };
        let apart = Snapshot {
            sources: events
                .iter()
                .map(|event| testing::source(&[event], is_block))
                .collect(),
        };
        for (op, value, expected) in cases() {
            let filters = [filter(op, &value)];
            let case = format!("v {op} {value:?}");
            assert_eq!(matching_rows(&together, &filters), expected, "{case}");
            assert_eq!(matching_rows(&apart, &filters), expected, "{case}, apart");
        }
    }
}

#[test]
fn every_operator_is_in_the_table_and_has_cases() {
    let table: Vec<FilterOp> = FILTER_OPS.iter().map(|operator| operator.op()).collect();
    let all: Vec<FilterOp> = FilterOp::ALL.iter().map(|(op, _)| *op).collect();
    assert_eq!(table, all);
    for (_, name) in FilterOp::ALL {
        let count = cases().iter().filter(|(op, ..)| *op == name).count();
        let needed = if name.ends_with("exists") || name == "does-not-exist" {
            1
        } else {
            2
        };
        assert!(count >= needed, "{name} has {count} cases");
    }
}

#[test]
fn a_right_hand_side_that_an_operator_does_not_take_is_refused() {
    for (name, value) in [
        ("=", FilterValue::None),
        ("!=", many([Value::Int(1)])),
        ("<", FilterValue::None),
        ("contains", many([text("a")])),
        ("in", one(text("a"))),
        ("not-in", FilterValue::None),
        ("exists", one(Value::Bool(true))),
        ("does-not-exist", many([])),
    ] {
        let filters = [filter("exists", &FilterValue::None), filter(name, &value)];
        let Err(QueryError::Invalid { field, .. }) =
            FilterSet::new(&filters, FilterCombination::And)
        else {
            panic!("{name} {value:?} was taken");
        };
        assert_eq!(field, "filters[1].value");
    }
}

#[test]
fn a_source_that_cannot_match_is_known_before_its_rows_are_read() {
    let texts = [event('s')];
    let source = testing::source(&[&texts[0]], true);
    let nothing = |combination, filters: &[FilterSpec]| {
        FilterSet::new(filters, combination)
            .unwrap()
            .bind(&source)
            .unwrap()
            .match_nothing()
    };
    let hit = filter("=", &one(text("200")));
    let miss = filter("=", &one(text("404")));
    let elsewhere = FilterSpec {
        column: "w".to_owned(),
        ..hit.clone()
    };
    use FilterCombination::{And, Or};
    assert!(!nothing(And, std::slice::from_ref(&hit)));
    assert!(nothing(And, &[hit.clone(), miss.clone()]));
    assert!(nothing(And, &[hit.clone(), elsewhere.clone()]));
    assert!(!nothing(Or, &[hit, miss.clone()]));
    assert!(nothing(Or, &[miss, elsewhere]));
    assert!(!nothing(Or, &[]));
}

/// A condition that looks at each text has its answers from the first block for all that hold the same texts, and right ones for those
/// that hold others as well.
#[test]
fn what_one_block_told_of_texts_needs_no_look_at_them_in_another() {
    let block = |first: i64, count: i64| {
        let events: Vec<Event> = (first..first + count)
            .map(|row| Event {
                dataset: DatasetId(1),
                timestamp_ns: row,
                sample_rate: 1,
                fields: BTreeMap::from([(
                    "statement".to_owned(),
                    text(&format!("select {} {:>80}", row % 10, row % 300)),
                )]),
            })
            .collect();
        testing::source(&events.iter().collect::<Vec<_>>(), true)
    };
    let filters = FilterSet::new(
        &[FilterSpec {
            column: "statement".to_owned(),
            op: FilterOp::Contains,
            value: one(text("select 7")),
        }],
        FilterCombination::And,
    )
    .unwrap();
    let has_texts = |source: &Source| {
        let column = source.coded_column("statement").unwrap().unwrap();
        column.types[0].dictionary().unwrap().has_texts()
    };
    let count = |source: &Source| {
        let mut bound = filters.bind(source).unwrap();
        let mut count = 0;
        for chunk in 0..3 {
            let mut selected = waggle_store::column::first_bits(match chunk {
                2 => 352,
                _ => 1_024,
            });
            bound.apply(chunk, &mut selected);
            count += selected.iter().map(|word| word.count_ones()).sum::<u32>();
        }
        count
    };
    let (first, second, third) = (block(0, 2_400), block(3_000, 2_400), block(0, 2_400));
    assert!(!has_texts(&first));
    assert_eq!(count(&first), 240);
    assert!(has_texts(&first));
    for same in [&second, &third] {
        assert_eq!(count(same), 240);
        assert!(!has_texts(same), "it was decompressed to be looked at");
        // Who asks for the column itself finds the texts.
        let column = same.column("statement").unwrap().unwrap();
        assert!(matches!(column.value(5), Some(Value::String(text)) if text.contains("select 5")));
    }
    let other: Vec<Event> = (0..2_400)
        .map(|row| Event {
            dataset: DatasetId(1),
            timestamp_ns: row,
            sample_rate: 1,
            fields: BTreeMap::from([(
                "statement".to_owned(),
                text(&format!("select {} {:>80}", row % 10, row % 301)),
            )]),
        })
        .collect();
    let other = testing::source(&other.iter().collect::<Vec<_>>(), true);
    assert_eq!(count(&other), 240);
    assert!(has_texts(&other), "a text it did not know");
}
