use super::*;
use crate::token::{DEPTH_MAX, Reader, Token};
use proptest::prelude::*;

/// The whole document as compact JSON, or what is wrong with it.
fn compact(input: &[u8]) -> Result<String, String> {
    let mut reader = JsonReader::new(input, DEPTH_MAX);
    let mut text = JsonText::new(usize::MAX);
    let is_map = match reader.next().map_err(|error| error.to_string())? {
        Token::Map => Some(true),
        Token::Array => Some(false),
        scalar => {
            match scalar {
                Token::Null => text.raw("null"),
                Token::Bool(value) => text.bool(value),
                Token::Int(value) => text.int(value),
                Token::Float(value) => text.float(value),
                Token::Text(value) => text.string(value),
                token => panic!("{token:?}"),
            }
            None
        }
    };
    let copied = match is_map {
        Some(is_map) => copy_container(&mut reader, is_map, &mut text),
        None => Ok(()),
    };
    copied
        .and_then(|()| reader.finish())
        .map(|()| text.as_str().to_owned())
        .map_err(|error| error.to_string())
}

#[test]
fn documents_are_read_and_written() {
    for (input, output) in [
        ("null", "null"),
        (" true ", "true"),
        ("[ ]", "[]"),
        ("{ }", "{}"),
        (
            "[1, -0, 2.50, 1e3, -1.5E-2, 9223372036854775807]",
            "[1,0,2.5,1000.0,-0.015,9223372036854775807]",
        ),
        ("9223372036854775808", "9.223372036854776e18"),
        ("1e999", "null"),
        (
            r#"{"a":{"b":[{"c":null}]},"d":""}"#,
            r#"{"a":{"b":[{"c":null}]},"d":""}"#,
        ),
        (
            r#""\"\\\/\b\f\n\r\tA\u00e9""#,
            "\"\\\"\\\\/\\b\\f\\n\\r\\tAé\"",
        ),
        (r#""\ud83d\udc1d""#, "\"🐝\""),
        (r#""cut \ud83d""#, "\"cut \u{fffd}\""),
        (r#""\ud83dA\udc1d""#, "\"\u{fffd}A\u{fffd}\""),
        (r#""\u0001<>&""#, "\"\\u0001<>&\""),
    ] {
        assert_eq!(compact(input.as_bytes()).as_deref(), Ok(output), "{input}");
    }
    assert_eq!(compact(b"\"a\xffb\"").unwrap(), "\"a\u{fffd}b\"");
    assert_eq!(compact(b"\"a\xff\\nb\"").unwrap(), "\"a\u{fffd}\\nb\"");
}

#[test]
fn what_is_no_document_is_malformed() {
    for input in [
        "",
        " ",
        "[",
        "]",
        "{",
        "}",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{,}",
        "{1:2}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\" 1}",
        "{\"a\":1,}",
        "{\"a\":1 \"b\":2}",
        "[}",
        "{]",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "tru",
        "nulll",
        "nan",
        "'a'",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "1 2",
        "[] []",
        "\u{feff}1",
    ] {
        assert!(compact(input.as_bytes()).is_err(), "{input}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(
        compact(deep.as_bytes()),
        Err("too deeply nested at byte 201".to_owned())
    );
}

#[test]
fn text_is_cut_at_its_bound_between_characters() {
    let mut text = JsonText::new(4);
    text.string("aéé");
    assert_eq!(text.as_str(), "\"aé");
    text.raw("x");
    assert_eq!(text.as_str(), "\"aé");
    let mut text = JsonText::new(10);
    text.base64(&[0; 1000]);
    assert_eq!(text.as_str(), "\"AAAAAAAAA");
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<i32>().prop_map(|value| (f64::from(value) / 64.0).into()),
        ".*".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map(".*", inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn reads_and_writes_what_serde_json_does(value in any_json(), pretty: bool) {
        let input = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let output = compact(input.as_bytes()).unwrap();
        let read_back: serde_json::Value = serde_json::from_str(&output).unwrap();
        prop_assert_eq!(read_back, value);
    }

    #[test]
    fn floats_come_back_bit_for_bit(value: f64) {
        let input = format!("{value:?}");
        if value.is_finite() {
            prop_assert_eq!(compact(input.as_bytes()), Ok(input));
        }
    }

    #[test]
    fn accepts_and_refuses_what_serde_json_does(input in r#"[\[\]{},:"\\ute0-9a-f.+E \n-]{0,24}"#) {
        // The two differ by design in numbers out of range and half surrogates.
        let is_strange = input.contains(['e', 'E']) || input.contains("\\u");
        if !is_strange {
            let expected = serde_json::from_str::<serde_json::Value>(&input).is_ok();
            prop_assert_eq!(compact(input.as_bytes()).is_ok(), expected, "{}", input);
        }
    }
}
