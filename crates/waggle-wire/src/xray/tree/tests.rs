use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Json {
    Json::parse(text, 64).unwrap()
}

#[test]
fn a_tree_keeps_order_and_number_text() {
    let text = r#"{"b":1.50,"a":[ 1E9 ,-0.0,{"x":12345678901234567890123}],"b":"\u00e9\ud83d\udc1d","n":null,"t":true}"#;
    let tree = parse(text);
    assert_eq!(
        tree.to_text(),
        r#"{"b":1.50,"a":[1E9,-0.0,{"x":12345678901234567890123}],"b":"é🐝","n":null,"t":true}"#
    );
    let object = tree.as_object().unwrap();
    assert_eq!(object.str("b"), Some("é🐝"), "the last of a name counts");
    assert_eq!(object.array("a")[0].as_number(), Some("1E9"));
    assert_eq!(object.array("none"), &[]);
}

#[test]
fn numbers_are_integers_where_they_are_whole() {
    for (text, integer) in [
        ("3", Some(3)),
        ("3.0", Some(3)),
        ("3e2", Some(300)),
        ("9223372036854775807", Some(i64::MAX)),
        ("3.5", None),
        ("1e300", None),
        ("\"3\"", None),
    ] {
        assert_eq!(parse(text).as_i64(), integer, "{text}");
    }
    assert_eq!(parse("1e999").as_f64(), None);
    assert_eq!(
        parse(r#"{"a":" -1 "}"#).as_object().unwrap().integer("a"),
        Some(-1)
    );
}

#[test]
fn depth_is_bounded() {
    assert!(Json::parse(&format!("{}{}", "[".repeat(64), "]".repeat(64)), 64).is_ok());
    assert!(Json::parse(&format!("{}{}", "[".repeat(65), "]".repeat(65)), 64).is_err());
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,12})?([eE][+-]?[0-9]{1,3})?"
            .prop_map(|text| Json::Number(text.into())),
        any::<String>().prop_map(|text| Json::String(text.into())),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::Array),
            prop::collection::vec((any::<String>().prop_map(Into::into), inner), 0..6)
                .prop_map(|members| Json::Object(Object { members })),
        ]
    })
}

proptest! {
    #[test]
    fn every_tree_reads_back_as_itself(tree in any_json()) {
        prop_assert_eq!(Json::parse(&tree.to_text(), 64).unwrap(), tree);
    }
}
