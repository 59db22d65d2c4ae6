use super::*;
use serde_json::json;

fn check(mut found: Json, expected: &Json) {
    let values = ErasedValues {
        texts: vec!["ada@b.c".to_owned(), "Zoë \"Z\"\n".to_owned()],
        numbers: vec![
            ("user.id".to_owned(), "4711".to_owned()),
            ("user.id".to_owned(), "-2.5".to_owned()),
        ],
    };
    let is_found = names(&found, &values);
    assert_eq!(is_found, found != *expected, "{found}");
    assert_eq!(erase(&mut found, &values), is_found);
    assert_eq!(found, *expected);
    assert!(!erase(&mut found, &values), "nothing is left to erase");
}

#[test]
fn values_of_filters_are_found() {
    let filter = |value: Json| json!({"filters": [{"column": "user", "op": "=", "value": value}]});
    check(filter(json!("ada@b.c")), &filter(json!(ERASED)));
    check(filter(json!("Zoë \"Z\"\n")), &filter(json!(ERASED)));
    check(
        filter(json!(["ada@b.c", 1, "bob@b.c"])),
        &filter(json!([ERASED, 1, "bob@b.c"])),
    );
    let of_calculation = |value: &str| json!({"calculations": [{"op": "COUNT", "filters": [{"column": "user", "value": value}]}]});
    check(of_calculation("ada@b.c"), &of_calculation(ERASED));
}

#[test]
fn literals_of_expressions_are_found_however_they_are_written() {
    let field =
        |expression: &str| json!({"calculated_fields": [{"name": "x", "expression": expression}]});
    for (written, left) in [
        (
            r#"EQUALS($user, "ada@b.c")"#,
            r#"EQUALS($user, "(erased)")"#,
        ),
        (
            "IN($user, `ada@b.c`, `bob`)",
            r#"IN($user, "(erased)", `bob`)"#,
        ),
        (
            r#"IN($user, "\x61d\u0061@b\.\143", "bob")"#,
            r#"IN($user, "(erased)", "bob")"#,
        ),
        (
            r#"CONCAT("é", "Zo\u00eb \"Z\"\n", "ada@b.c")"#,
            r#"CONCAT("é", "(erased)", "(erased)")"#,
        ),
    ] {
        check(field(written), &field(left));
    }
}

#[test]
fn what_only_looks_like_it_stays() {
    for json in [
        json!({"filters": [{"column": "ada@b.c", "op": "=", "value": "bob@b.c"}], "breakdowns": ["ada@b.c"]}),
        json!({"filters": [{"column": "user", "op": "=", "value": "xada@b.c"}]}),
        json!({"calculated_fields": [{"name": "ada@b.c", "expression": "$\"ada@b.c\" = $`ada@b.c`"}]}),
        json!({"expression": "EQUALS($user, \"ada@b.cd\")"}),
        json!({"expression": "\"unfinished ada@b.c"}),
        json!({"expression": "\"ada@b.c\\"}),
        json!({"name": "ada@b.c", "description": "about ada@b.c"}),
    ] {
        check(json.clone(), &json);
    }
}

#[test]
fn filters_of_groups_are_looked_into() {
    let group =
        |user: &str| json!({"name": "g", "filter_expression": format!("user = {user} AND ok")});
    check(group(r#""ada@b.c""#), &group(r#""(erased)""#));
    check(group(r#""ada""#), &group(r#""ada""#));
}

#[test]
fn words_and_escapes_of_xray_are_understood() {
    let texts = ErasedValues {
        texts: vec!["ada".to_owned(), r#"a "b" \n"#.to_owned()],
        numbers: Vec::new(),
    };
    for (written, left) in [
        ("user = ada ok", r#"user = "(erased)" ok"#),
        ("user!=ada", r#"user!="(erased)""#),
        ("user contains ada", r#"user contains "(erased)""#),
        ("annotation.ada = ada", r#"annotation.ada = "(erased)""#),
        (r#"user = "a \"b\" \n""#, r#"user = "(erased)""#),
        (r#"service("ada") { ok }"#, r#"service("(erased)") { ok }"#),
    ] {
        let mut group = json!({ "filter_expression": written });
        assert!(erase(&mut group, &texts), "{written}");
        assert_eq!(group["filter_expression"], left);
    }
    for kept in [
        r#"annotation["ada"] = 1"#,
        "annotation.ada",
        "annotation[ada] OR ada",
        "user = adam",
        r#"user = "ada"#,
    ] {
        let mut group = json!({ "filter_expression": kept });
        assert!(!erase(&mut group, &texts), "{kept}");
    }
}

#[test]
fn attributes_of_sampling_rules_are_looked_into() {
    let rules = |user: &str| json!({"rules": [{"name": "r", "attributes": {"ada@b.c": "*", "user": user}}]});
    check(rules("ada@b.c"), &rules(ERASED));
    check(rules("bob@b.c"), &rules("bob@b.c"));
}

#[test]
fn numbers_are_found_where_their_column_is() {
    let filter = |column: &str, value: Json| json!({"filters": [{"column": column, "op": "=", "value": value}]});
    for value in [json!(4711), json!(4711.0), json!("4711"), json!(-2.5)] {
        check(
            filter("user.id", value.clone()),
            &filter("user.id", json!(ERASED)),
        );
        check(
            filter("root.user.id", value.clone()),
            &filter("root.user.id", json!(ERASED)),
        );
        check(
            filter("status", value.clone()),
            &filter("status", value.clone()),
        );
        check(
            filter("other_user.id", value.clone()),
            &filter("other_user.id", value),
        );
    }
    let list = |value: Json| json!({"column": "user.id", "value": [1, value, "x"]});
    check(list(json!(4711)), &list(json!(ERASED)));
    let field = |expression: &str| json!({ "expression": expression });
    for (written, left) in [
        ("EQUALS($user.id, 4711)", "EQUALS($user.id, null)"),
        (
            "IN($\"user.id\", 1, 4711.0, 4711)",
            "IN($\"user.id\", 1, null, null)",
        ),
        (
            "$root.user.id = 4711e0 OR $x = -2.5",
            "$root.user.id = null OR $x = null",
        ),
        ("IF($user.id > 5, 4711, 0)", "IF($user.id > 5, null, 0)"),
    ] {
        check(field(written), &field(left));
    }
    for kept in [
        "EQUALS($status, 4711)",
        "EQUALS($user.id, 47110) OR $a4711 = 1",
        "CONCAT($user.id, \"x 4711\")",
        "$\"user.id 4711\" = 1",
        "LOG4711($user.id)",
        "$user.id = 2.5",
    ] {
        check(field(kept), &field(kept));
    }
}
