//! Golden cases: every function and every rule of types and empty values, one line each.
//!
//! `expression => value` or `expression => ! line:column message`. The row of all cases is [`ROW`]. Strings are in quotes, floats have a point.

use super::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use waggle_model::Value;

const CASES: &[(&str, &str)] = &[
    ("grammar", include_str!("cases/grammar.case")),
    ("errors", include_str!("cases/errors.case")),
    ("types", include_str!("cases/types.case")),
    ("condition", include_str!("cases/condition.case")),
    ("logic", include_str!("cases/logic.case")),
    ("compare", include_str!("cases/compare.case")),
    ("arithmetic", include_str!("cases/arithmetic.case")),
    ("cast", include_str!("cases/cast.case")),
    ("text", include_str!("cases/text.case")),
    ("pattern", include_str!("cases/pattern.case")),
    ("time", include_str!("cases/time.case")),
    ("metric", include_str!("cases/metric.case")),
];

/// 2026-01-02T03:04:05.5Z
const EVENT_TIME_S: f64 = 1_767_323_045.5;
/// Of the same row.
const INGEST_TIME_S: f64 = 1_767_323_047.0;

fn value_of(column: &str) -> Option<Value> {
    Some(match column {
        "text" => Value::String("Hello".to_owned()),
        "number_text" => Value::String("2.5".to_owned()),
        "int" => Value::Int(7),
        "zero" => Value::Int(0),
        "float" => Value::Float(2.5),
        "large" => Value::Int(9_007_199_254_740_993),
        "yes" => Value::Bool(true),
        "no" => Value::Bool(false),
        "nan" => Value::Float(f64::NAN),
        "a b" => Value::Int(12),
        "root.name" => Value::String("checkout".to_owned()),
        "a-b/c:d=e?f+g" => Value::Int(13),
        "größe" => Value::Int(14),
        _ => return None,
    })
}

fn evaluate(expression: &Expression) -> Datum<'static> {
    let values: Vec<Datum<'static>> = expression
        .inputs()
        .iter()
        .map(|input| match input {
            Input::EventTime => Datum::Float(EVENT_TIME_S),
            Input::IngestTime => Datum::Float(INGEST_TIME_S),
            // The row is the last of its step and the only point of its series.
            Input::Temporal(temporal) => match value_of(&temporal.metric) {
                Some(Value::Int(value)) => Datum::Float(value as f64),
                Some(Value::Float(value)) => Datum::Float(value),
                _ => Datum::Null,
            },
            Input::Column(name) => Datum::from(value_of(name).as_ref()).into_owned(),
        })
        .collect();
    expression
        .evaluate(&|index| values[index].clone())
        .into_owned()
}

fn shown(datum: &Datum<'_>) -> String {
    match datum {
        Datum::Null => "null".to_owned(),
        Datum::Bool(value) => value.to_string(),
        Datum::Int(value) => value.to_string(),
        Datum::Float(value) => format!("{value:?}"),
        Datum::Text(text) => format!("{text:?}"),
    }
}

fn answer(text: &str) -> String {
    match Expression::parse(text) {
        Ok(expression) => shown(&evaluate(&expression)),
        Err(error) => format!("! {}:{} {}", error.line, error.column, error.message),
    }
}

fn cases() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    CASES.iter().flat_map(|(file, text)| {
        text.lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| {
                let (expression, expected) = line.rsplit_once(" => ").expect(line);
                (*file, expression.trim(), expected.trim())
            })
    })
}

#[test]
fn every_case_gives_its_value() {
    let mut wrong = Vec::new();
    for (file, expression, expected) in cases() {
        let found = answer(expression);
        if found != expected {
            wrong.push(format!("{file}: {expression}\n  {found}\n  not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_function_has_cases_with_and_without_a_value() {
    for function in FUNCTIONS {
        let call = format!("{}(", function.name);
        let mine: Vec<_> = cases()
            .filter(|(_, expression, _)| expression.contains(&call))
            .collect();
        assert!(!mine.is_empty(), "{function:?} has no golden case");
        let is_refused = mine
            .iter()
            .all(|(_, _, expected)| expected.starts_with('!'));
        let takes_any = function.arity.max != Some(0);
        assert!(
            is_refused
                || !takes_any
                || mine.iter().any(|(_, expression, expected)| {
                    !expected.starts_with('!')
                        && (expression.contains("$missing") || expression.contains("null"))
                }),
            "{function:?} has no golden case with an empty value"
        );
        assert!(!function.summary.is_empty(), "{function:?}");
        assert!(function.usage.starts_with(&call), "{function:?}");
    }
}

#[test]
fn a_value_has_the_type_that_was_announced() {
    for (_, text, _) in cases() {
        let Ok(expression) = Expression::parse(text) else {
            continue;
        };
        let announced = expression.result_type();
        let found = match evaluate(&expression) {
            Datum::Null => continue,
            Datum::Bool(_) => ResultType::Boolean,
            Datum::Int(_) => ResultType::Integer,
            Datum::Float(_) => ResultType::Float,
            Datum::Text(_) => ResultType::Text,
        };
        assert!(
            announced == found || announced == ResultType::Any,
            "{text}: {announced:?} {found:?}"
        );
    }
}

#[test]
fn limits_are_met_with_an_error() {
    let nested = |depth: usize| format!("{}1{}", "NOT(".repeat(depth), ")".repeat(depth));
    assert!(Expression::parse(&nested(DEPTH_MAX)).is_ok());
    let error = Expression::parse(&nested(DEPTH_MAX + 1)).unwrap_err();
    assert!(error.message.contains("inside one another"), "{error}");
    for deep in ["!".repeat(4_000) + "1", "(".repeat(4_000)] {
        let error = Expression::parse(&deep).unwrap_err();
        assert!(error.message.contains("inside one another"), "{error}");
    }
    let chain = |operator: &str| vec!["1"; 1_300].join(operator);
    assert_eq!(answer(&chain("+")), "1300.0");
    assert_eq!(answer(&chain("OR")[..0]), "! 1:1 empty expression");
    let error = Expression::parse(&chain(" -")).unwrap_err();
    assert!(error.message.contains("inside one another"), "{error}");
    let long = format!("\"{}\"", "x".repeat(EXPRESSION_CHARS_MAX - 1));
    let error = Expression::parse(&long).unwrap_err();
    assert!(error.message.contains("4096 characters"), "{error}");
    assert!(Expression::parse(&long.replacen('x', "", 1)).is_ok());
}

#[test]
fn positions_count_bytes_and_lines_count_characters() {
    let error = Expression::parse("IF($größe > 1,\n  \"ä\" + ?, 2)").unwrap_err();
    assert_eq!((error.line, error.column), (2, 9));
    assert_eq!(error.position, "IF($größe > 1,\n  \"ä\" + ".len());
    assert_eq!(
        error.to_string(),
        "unexpected character '?' at line 2, column 9"
    );
}

/// The corpus of the fuzzer, and what becomes of it when bytes are lost, doubled and swapped: any answer will do, a panic will not.
#[test]
fn damaged_expressions_never_panic() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let corpus =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/expression");
    let mut texts: Vec<Vec<u8>> = std::fs::read_dir(corpus)
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    assert!(texts.len() >= 10, "the corpus is there");
    texts.extend(cases().map(|(_, expression, _)| expression.as_bytes().to_vec()));
    for _ in 0..5_000 {
        let mut bytes = texts[rng.random_range(0..texts.len())].clone();
        for _ in 0..rng.random_range(0..4) {
            let other = &texts[rng.random_range(0..texts.len())];
            let at = rng.random_range(0..=bytes.len());
            match rng.random_range(0..4) {
                0 if !bytes.is_empty() => _ = bytes.remove(at.min(bytes.len() - 1)),
                1 => bytes.insert(at, rng.random()),
                2 => bytes.truncate(at),
                _ => {
                    let part = rng.random_range(0..=other.len());
                    bytes.splice(at..at, other[part..].iter().copied());
                }
            }
        }
        if let Ok(text) = std::str::from_utf8(&bytes)
            && let Ok(expression) = Expression::parse(text)
        {
            evaluate(&expression);
            assert!(expression.calls().len() <= EXPRESSION_CHARS_MAX);
        }
    }
}

/// A second implementation, by the plainest reading of the specification.
#[test]
fn random_expressions_have_the_values_of_the_naive_evaluator() {
    let range = waggle_model::TimeRange {
        start_ns: 0,
        end_ns: 1_000_000_000_000,
    };
    for seed in 0..1_000 {
        let mut rng = StdRng::seed_from_u64(seed);
        let formula = waggle_testkit::random_formula(&mut rng, 4);
        let text = formula.text();
        let Ok(expression) = Expression::parse(&text) else {
            // Only length can be wrong with it.
            assert!(text.chars().count() > EXPRESSION_CHARS_MAX, "{text}");
            continue;
        };
        for event in waggle_testkit::random_events(&mut rng, 20, range) {
            let values: Vec<Datum<'_>> = expression
                .inputs()
                .iter()
                .map(|input| match input {
                    Input::EventTime => {
                        Datum::Float(event.timestamp_ns.div_euclid(1_000) as f64 / 1e6)
                    }
                    Input::Column(name) => event.fields.get(name).into(),
                    Input::IngestTime | Input::Temporal(_) => {
                        panic!("{input:?} in a random formula")
                    }
                })
                .collect();
            let found = expression.evaluate(&|index| values[index].clone());
            let expected = Datum::from(formula.value(&event).as_ref()).into_owned();
            assert_eq!(
                shown(&found),
                shown(&expected),
                "seed {seed}: {text}\n{event:?}"
            );
        }
    }
}
