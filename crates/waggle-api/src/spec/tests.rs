use super::reader::RELATIONAL_PREFIXES;
use super::*;
use serde_json::json;

/// `expected` is one `code field - description` line per finding, as the Terraform client prints them.
#[expect(
    clippy::needless_pass_by_value,
    reason = "callers write the body in place"
)]
fn check_refused(body: Json, expected: &[&str]) {
    let details = read_spec(&body).expect_err(&format!("must be refused: {body}"));
    let found: Vec<String> = details
        .iter()
        .map(|d| format!("{} {} - {}", d.code.name(), d.field, d.description))
        .collect();
    assert_eq!(found, expected, "{body}");
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "callers write the body in place"
)]
fn check_accepted(body: Json) -> ParsedSpec {
    read_spec(&body).unwrap_or_else(|details| panic!("{body}: {details:?}"))
}

#[test]
fn an_empty_object_is_a_count_over_the_default_window() {
    let parsed = check_accepted(json!({}));
    assert_eq!(parsed.spec, QuerySpec::default());
    assert_eq!(
        Json::Object(parsed.json),
        json!({"calculations": [{"op": "COUNT"}]})
    );
}

#[test]
fn the_sent_json_is_kept_as_it_is() {
    let sent = json!({
        "breakdowns": ["name"], "calculations": [{"op": "P95", "column": "duration_ms"}],
        "unknown_field": {"kept": true}, "orders": [{"op": "P95", "column": "duration_ms", "order": "descending"}],
        "havings": [{"calculate_op": "P95", "column": "duration_ms", "op": ">", "value": 5}],
        "time_range": 600.0, "granularity": 60, "limit": 10
    });
    let parsed = check_accepted(sent.clone());
    assert_eq!(Json::Object(parsed.json), sent);
    assert_eq!(parsed.spec.window.range_s, Some(600));
    assert_eq!(parsed.spec.granularity_s, Some(60));
    assert_eq!(parsed.spec.limit, Some(10));
    assert_eq!(parsed.spec.havings[0].value, 5.0);
    assert_eq!(parsed.spec.orders[0].order, SortOrder::Descending);
}

#[test]
fn values_keep_their_types() {
    let parsed = check_accepted(json!({"filters": [
        {"column": "a", "op": "=", "value": 1},
        {"column": "a", "op": "!=", "value": 1.5},
        {"column": "a", "op": ">", "value": 18446744073709551615u64},
        {"column": "a", "op": "contains", "value": "x"},
        {"column": "a", "op": "=", "value": true},
        {"column": "a", "op": "in", "value": ["x", 2]},
        {"column": "a", "op": "exists"},
        {"column": "a", "op": "does-not-exist", "value": null}
    ], "filter_combination": "OR"}));
    let values: Vec<&FilterValue> = parsed.spec.filters.iter().map(|f| &f.value).collect();
    assert_eq!(
        values,
        [
            &FilterValue::One(Value::Int(1)),
            &FilterValue::One(Value::Float(1.5)),
            &FilterValue::One(Value::Float(18_446_744_073_709_551_615.0)),
            &FilterValue::One(Value::String("x".into())),
            &FilterValue::One(Value::Bool(true)),
            &FilterValue::Many(vec![Value::String("x".into()), Value::Int(2)]),
            &FilterValue::None,
            &FilterValue::None,
        ]
    );
    assert_eq!(parsed.spec.filter_combination, FilterCombination::Or);
}

#[test]
fn every_operator_of_the_specification_is_read() {
    for (op, name) in FilterOp::ALL {
        let value = match op {
            FilterOp::Exists | FilterOp::DoesNotExist => Json::Null,
            FilterOp::In | FilterOp::NotIn => json!(["x"]),
            _ => json!("x"),
        };
        let parsed =
            check_accepted(json!({"filters": [{"column": "a", "op": name, "value": value}]}));
        assert_eq!(parsed.spec.filters[0].op, op);
    }
}

#[test]
fn each_wrong_clause_is_named() {
    check_refused(json!([]), &["incorrect_type query - must be a JSON object"]);
    check_refused(
        json!({"filters": [{"column": "a", "op": "like", "value": 1}]}),
        &["invalid filters[0].op - unknown operator \"like\""],
    );
    check_refused(
        json!({"filters": [{"op": "=", "value": 1}, {"column": "a", "value": 1}, 7]}),
        &[
            "incorrect_type filters[2] - must be a JSON object",
            "missing filters[0].column - needs a column",
            "missing filters[1].op - cannot be blank",
        ],
    );
    check_refused(
        json!({"filters": [
            {"column": "a", "op": "exists", "value": 1}, {"column": "a", "op": "in", "value": "x"},
            {"column": "a", "op": "in", "value": [[1]]}, {"column": "a", "op": "="},
            {"column": "a", "op": "=", "value": {"b": 1}}
        ]}),
        &[
            "invalid filters[0].value - exists takes no value",
            "incorrect_type filters[1].value - in takes a list of values",
            "incorrect_type filters[2].value[0] - must be a string, a number or a boolean",
            "missing filters[3].value - = needs a value",
            "incorrect_type filters[4].value - must be a string, a number or a boolean",
        ],
    );
    check_refused(
        json!({"filter_combination": "XOR"}),
        &["invalid filter_combination - must be AND or OR"],
    );
    check_refused(
        json!({"breakdowns": ["a", 1, "", "a"]}),
        &[
            "incorrect_type breakdowns[1] - must be a column name",
            "missing breakdowns[2] - cannot be blank",
            "invalid breakdowns[3] - a is a breakdown already",
        ],
    );
    check_refused(
        json!({"breakdowns": "a"}),
        &["incorrect_type breakdowns - must be a list"],
    );
    check_refused(
        json!({"breakdowns": (0..101).map(|n| n.to_string()).collect::<Vec<_>>()}),
        &["invalid breakdowns - must have at most 100 entries"],
    );
    check_refused(
        json!({"calculations": [{"op": "P95"}, {"column": "a"}]}),
        &[
            "missing calculations[0].column - P95 needs a column",
            "missing calculations[1].op - cannot be blank",
        ],
    );
    check_refused(
        json!({"limit": 1001}),
        &["invalid limit - must be between 1 and 1000"],
    );
    check_refused(
        json!({"limit": "x"}),
        &["incorrect_type limit - must be a whole number"],
    );
}

#[test]
fn times_are_checked_together() {
    check_refused(
        json!({"start_time": 1, "end_time": 2, "time_range": 1}),
        &["invalid time_range - start_time, end_time and time_range cannot all be given"],
    );
    check_refused(
        json!({"start_time": 3, "end_time": 2}),
        &["invalid start_time - must not be after end_time"],
    );
    check_refused(
        json!({"time_range": 0}),
        &["invalid time_range - must be above 0"],
    );
    check_refused(
        json!({"start_time": "yesterday"}),
        &["incorrect_type start_time - must be a whole number of seconds"],
    );
    check_refused(
        json!({"start_time": 9_223_372_037i64}),
        &["invalid start_time - is out of range"],
    );
    for granularity in [7, 7_201, -1] {
        check_refused(
            json!({"granularity": granularity}),
            &[
                "invalid granularity - must be between a thousandth of the time range and the time range",
            ],
        );
    }
    check_accepted(json!({"start_time": 2, "end_time": 2, "granularity": 0}));
    check_accepted(json!({"granularity": 7_200}));
}

#[test]
fn orders_and_havings_must_name_what_the_query_has() {
    check_refused(
        json!({"breakdowns": ["a"], "orders": [
            {"column": "b"}, {"op": "SUM", "column": "a"}, {"op": "HEATMAP", "column": "a"}, {}, {"column": "a", "order": "up"}
        ]}),
        &[
            "invalid orders[0].column - b is not a breakdown of this query",
            "invalid orders[1].op - SUM(a) is not a calculation of this query",
            "invalid orders[2].op - HEATMAP cannot order groups",
            "missing orders[3] - needs a breakdown (column) or a calculation (op)",
            "invalid orders[4].order - must be ascending or descending",
        ],
    );
    check_accepted(json!({"orders": [{"op": "COUNT", "order": "descending"}]}));
    check_refused(
        json!({"havings": [
            {"calculate_op": "SUM", "column": "a", "op": ">", "value": 1}, {"calculate_op": "COUNT", "op": "like", "value": 1},
            {"calculate_op": "COUNT", "op": ">", "value": "1"}, {"calculate_op": "HEATMAP", "column": "a", "op": ">", "value": 1}
        ]}),
        &[
            "invalid havings[0].calculate_op - SUM(a) is not a calculation of this query",
            "invalid havings[1].op - unknown comparison \"like\"; use = != > >= < <=",
            "incorrect_type havings[2].value - must be a number",
            "invalid havings[3].calculate_op - HEATMAP cannot be compared with a number",
        ],
    );
}

#[test]
fn a_calculation_may_have_a_name_and_filters() {
    let parsed = check_accepted(json!({
        "calculations": [
            {"op": "COUNT"},
            {"op": "COUNT", "name": "errors", "filters": [{"column": "error", "op": "=", "value": true}], "filter_combination": "OR"},
        ],
        "orders": [{"column": "errors"}, {"op": "errors"}, {"op": "COUNT"}],
        "havings": [{"calculate_op": "errors", "op": ">", "value": 1}],
    }));
    let errors = &parsed.spec.calculations[1];
    assert_eq!(errors.label(), "errors");
    assert_eq!(errors.filters.len(), 1);
    assert_eq!(errors.filter_combination, FilterCombination::Or);
    assert_eq!(parsed.spec.havings[0].calculate_op, "errors");
    check_refused(
        json!({"breakdowns": ["name"], "calculations": [
            {"op": "COUNT", "filters": [{"column": "a", "op": "exists"}]},
            {"op": "COUNT", "name": "a", "filters": [{"column": "a", "op": "like"}], "filter_combination": "XOR"},
            {"op": "SUM", "column": "x", "name": "a"},
            {"op": "COUNT", "name": "name"},
            {"op": "MAX", "column": "y", "name": 5},
            {"op": "MAX", "column": "x", "name": "MIN(x)"},
            {"op": "MIN", "column": "x"},
            {"op": "MIN", "column": "x"},
        ]}),
        &[
            "missing calculations[0].name - a calculation with filters needs a name",
            "invalid calculations[1].filters[0].op - unknown operator \"like\"",
            "invalid calculations[1].filter_combination - must be AND or OR",
            "incorrect_type calculations[4].name - must be a string",
            "already_exists calculations[2].name - another calculation is called a",
            "already_exists calculations[3].name - a breakdown is called name",
            "already_exists calculations[6].op - another calculation is called MIN(x)",
            "already_exists calculations[7].op - another calculation is called MIN(x)",
        ],
    );
    check_refused(
        json!({"calculations": [{"op": "HEATMAP", "column": "a", "name": "map"}],
            "orders": [{"column": "map"}, {"column": "nothing"}], "havings": [{"calculate_op": "map", "op": ">", "value": 1}]}),
        &[
            "invalid orders[0].column - HEATMAP cannot order groups",
            "invalid orders[1].column - nothing is not a breakdown of this query",
            "invalid havings[0].calculate_op - HEATMAP cannot be compared with a number",
        ],
    );
}

#[test]
fn formulas_have_names_of_their_own() {
    let count = json!({"op": "COUNT", "name": "all"});
    let parsed = check_accepted(json!({
        "calculations": [count], "formulas": [{"name": "share", "expression": "DIV($all, 2)"}],
        "orders": [{"column": "share", "order": "descending"}], "havings": [{"calculate_op": "share", "op": ">", "value": 1}],
    }));
    assert_eq!(parsed.spec.formulas[0].expression, "DIV($all, 2)");
    assert_eq!(parsed.spec.orders[0].column.as_deref(), Some("share"));
    check_refused(
        json!({"calculations": [count], "breakdowns": ["name"], "filters": [{"column": "root.a", "op": "exists"}], "formulas": [
            {"name": "all", "expression": "1"}, {"name": "name", "expression": "1"}, {"name": "x", "expression": "1"},
            {"name": "x", "expression": "2"}, {"expression": 5}, "y",
        ]}),
        &[
            "incorrect_type formulas[5] - must be a JSON object",
            "already_exists formulas[0].name - a calculation is called all",
            "already_exists formulas[1].name - a breakdown is called name",
            "already_exists formulas[3].name - another formula is called x",
            "missing formulas[4].name - cannot be blank",
            "incorrect_type formulas[4].expression - must be a string",
            "invalid formulas - cannot be used with columns of other spans of the trace",
        ],
    );
}

#[test]
fn a_comparison_is_with_a_time_that_has_a_name_or_follows_at_once() {
    for (range_s, offset_s) in [
        (7_200, 7_200),
        (600, 600),
        (600, 1_800),
        (86_400, 2_419_200),
    ] {
        let parsed =
            check_accepted(json!({"time_range": range_s, "compare_time_offset_seconds": offset_s}));
        assert_eq!(parsed.compare_offset_s, Some(offset_s));
    }
    let unknown = "invalid compare_time_offset_seconds - must be 1800, 3600, 7200, 28800, 86400, 604800, 2419200, 15724800 or the time range";
    check_refused(json!({"compare_time_offset_seconds": 7_201}), &[unknown]);
    check_refused(json!({"compare_time_offset_seconds": -7_200}), &[unknown]);
    check_refused(
        json!({"compare_time_offset_seconds": 3_600}),
        &["invalid compare_time_offset_seconds - must not be below the time range"],
    );
    check_refused(
        json!({"compare_time_offset_seconds": "day"}),
        &["incorrect_type compare_time_offset_seconds - must be a whole number of seconds"],
    );
}

#[test]
fn one_other_span_is_named_anywhere_and_any_span_in_filters_only() {
    for prefix in RELATIONAL_PREFIXES {
        let column = format!("{prefix}name");
        check_accepted(json!({"filters": [{"column": column, "op": "exists"}]}));
        let spec =
            json!({"breakdowns": [column], "calculations": [{"op": "MAX", "column": column}]});
        if ["root.", "parent.", "child."].contains(&prefix) {
            check_accepted(spec);
            continue;
        }
        let refused = |field: &str| {
            format!(
                "invalid {field} - {prefix} looks at any span of the trace, which only works in filters"
            )
        };
        let (of_breakdown, of_calculation) =
            (refused("breakdowns[0]"), refused("calculations[0].column"));
        check_refused(spec, &[&of_calculation, &of_breakdown]);
    }
    let is_other = |spec: Json| is_relational(&read_spec(&spec).unwrap().spec);
    assert!(is_other(json!({"breakdowns": ["parent.name"]})));
    assert!(is_other(
        json!({"calculated_fields": [{"name": "a", "expression": "$root.x + 1"}]})
    ));
    assert!(!is_other(
        json!({"calculated_fields": [{"name": "a", "expression": "$x + 1"}]})
    ));
    check_refused(
        json!({"calculated_fields": [{"name": "a", "expression": "1"}, {"name": "b", "expression": "$root.a"}]}),
        &[
            "invalid calculated_fields[1].expression - root.a is a calculated field; an expression reads columns only",
        ],
    );
}

#[test]
fn usage_mode_is_a_truth() {
    assert!(!check_accepted(json!({})).spec.usage_mode);
    assert!(
        !check_accepted(json!({ "usage_mode": null }))
            .spec
            .usage_mode
    );
    assert!(
        check_accepted(json!({ "usage_mode": true }))
            .spec
            .usage_mode
    );
    check_refused(
        json!({ "usage_mode": "yes" }),
        &["incorrect_type usage_mode - must be true or false"],
    );
}

#[test]
fn clauses_that_say_nothing_are_accepted() {
    check_accepted(
        json!({"formulas": [], "calculated_fields": null, "compare_time_offset_seconds": null,
        "calculations": [{"op": "COUNT", "name": null, "filters": []}]}),
    );
}

#[test]
fn calculated_fields_are_read_and_checked() {
    let parsed = read_spec(
        &json!({"calculated_fields": [{"name": "slow", "expression": "GT($duration_ms, 5)"}],
        "breakdowns": ["slow"]}),
    );
    let fields = parsed.unwrap().spec.calculated_fields;
    assert_eq!(fields.len(), 1);
    assert_eq!(
        (&*fields[0].name, &*fields[0].expression),
        ("slow", "GT($duration_ms, 5)")
    );
    check_accepted(json!({"calculated_fields": null}));
    check_accepted(json!({"calculated_fields": [{"name": "a", "expression": "$a * 2"}]}));
    check_refused(
        json!({"calculated_fields": [{"name": "a"}, {"expression": "1"}, {"name": "b", "expression": "1 +"},
            {"name": "c", "expression": "$d"}, {"name": "d", "expression": "1"}, {"name": "d", "expression": "2"},
            {"name": "root.x", "expression": "1"}, 5]}),
        &[
            "incorrect_type calculated_fields[7] - must be a JSON object",
            "missing calculated_fields[0].expression - cannot be blank",
            "missing calculated_fields[1].name - cannot be blank",
            "invalid calculated_fields[2].expression - unexpected the end of the expression, expected a column, a value, a function or '(' at line 1, column 4",
            "invalid calculated_fields[5].name - d is a calculated field already",
            "invalid calculated_fields[6].name - must not begin with root., which names other spans of the trace",
            "invalid calculated_fields[3].expression - d is a calculated field; an expression reads columns only",
        ],
    );
}
