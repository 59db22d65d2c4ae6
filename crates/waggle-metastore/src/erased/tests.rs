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
    for op in ["in", "not-in"] {
        let list = |value: Json| json!({"column": "user.id", "op": op, "value": [1, value, "x"]});
        check(list(json!(4711)), &list(json!(ERASED)));
    }
    let of_view =
        |value: Json| json!({"column": "any2.user.id", "operation": "!=", "value": value});
    check(of_view(json!(4711)), &of_view(json!(ERASED)));
    let field = |expression: &str| json!({ "expression": expression });
    for (written, left) in [
        ("EQUALS($user.id, 4711)", "EQUALS($user.id, null)"),
        (
            "IN($\"user.id\", 1, 4711.0, 4711)",
            "IN($\"user.id\", 1, null, null)",
        ),
        (
            "$root.user.id = 4711e0 OR $user.id != -2.5",
            "$root.user.id = null OR $user.id != null",
        ),
        (
            "IF(($user.id) = (4711), 4711, !EQUALS(4.711e+3, $user.id))",
            "IF(($user.id) = (null), 4711, !EQUALS(null, $user.id))",
        ),
        (
            "$user.id = 1 + 1 OR not(in($`user.id`, `4711`, 4711))",
            "$user.id = 1 + 1 OR not(in($`user.id`, `4711`, null))",
        ),
    ] {
        check(field(written), &field(left));
    }
}

#[test]
fn numbers_stay_where_they_mean_something_else() {
    for kept in [
        json!({"filters": [{"column": "order.user.id", "op": "=", "value": 4711}]}),
        json!({"filters": [{"column": "user.id", "op": ">", "value": 4711}]}),
        json!({"havings": [{"calculate_op": "COUNT_DISTINCT", "column": "user.id", "op": "=", "value": 4711}]}),
        json!({"calculations": [{"op": "P99", "column": "user.id"}], "limit": 4711}),
    ] {
        check(kept.clone(), &kept);
    }
    for kept in [
        "EQUALS($status, 4711)",
        "EQUALS($order.user.id, 4711)",
        "EQUALS($user.id, 47110) OR $a4711 = 1",
        "CONCAT($user.id, \"x 4711\")",
        "$\"user.id 4711\" = 1",
        "LOG4711($user.id)",
        "$user.id = 2.5",
        "$user.id = 4711 + 1 OR $user.id * 2 = 4711 OR 1 - 4711 = $user.id",
        "$user.id = 4711 < 5 OR !$user.id = 4711",
        "IF($user.id > 5, 4711, 0)",
        "RATE($user.id, 4711) = 4711",
        "BUCKET($user.id, 4711) = 4711 AND GT($user.id, 4711)",
        "$user.id = 5 OR $other = 4711",
    ] {
        let field = json!({ "expression": kept });
        check(field.clone(), &field);
    }
    // Nobody can have kept them, and they must not stop an erasure.
    for broken in [
        "$user.id = ",
        "IN($user.id, 4711",
        &"(".repeat(4_000),
        "$",
        "- 4711",
        "é = 4711",
    ] {
        names(
            &json!({ "expression": broken }),
            &ErasedValues {
                texts: Vec::new(),
                numbers: vec![("user.id".to_owned(), "4711".to_owned())],
            },
        );
    }
}
