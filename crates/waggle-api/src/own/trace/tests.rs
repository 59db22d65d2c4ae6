use super::{Columns, columns_of, fields_of};
use serde_json::json;
use std::collections::HashMap;
use waggle_model::{DatasetId, LeftOut, Meaning, QueryStats, RawRow, Trace, Value};

fn row(timestamp_ns: i64, dataset: i64, fields: &[(&str, Value)]) -> RawRow {
    RawRow {
        meant: Vec::new(),
        timestamp_ns,
        sample_rate: 1,
        dataset: DatasetId(dataset),
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    }
}

fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

#[test]
fn a_field_comes_once_and_so_does_each_of_its_values() {
    let rows = [
        row(10, 1, &[("id", text("x")), ("name", text("a"))]),
        row(
            15,
            2,
            &[("id", text("y")), ("n", Value::Int(1)), ("name", text("a"))],
        ),
        row(
            19,
            1,
            &[
                ("id", text("z")),
                ("n", Value::Float(1.0)),
                ("name", text("b")),
            ],
        ),
    ];
    assert_eq!(
        serde_json::to_value(columns_of(rows.iter().map(|row| fields_of(row).collect()))).unwrap(),
        json!([
            {"name": "id", "values": ["x", "y", "z"]},
            {"name": "n", "values": [1, 1.0], "rows": [1, 2]},
            {"name": "name", "values": ["a", "b"], "index": [0, 0, 1]},
        ])
    );
    let trace = Trace {
        rows: rows.to_vec(),
        left_out: vec![LeftOut {
            below: Some(1),
            count: 7,
        }],
        row_count: 10,
        stats: QueryStats::default(),
    };
    let slugs = HashMap::from([(DatasetId(1), "shop".to_owned())]);
    let answer = serde_json::to_value(Columns::new("t", &trace, &slugs)).unwrap();
    for (member, expected) in [
        ("start_ns", json!("10")),
        ("times", json!([0, 5, 9])),
        ("datasets", json!(["shop", ""])),
        ("dataset", json!([0, 1, 0])),
        ("total_rows", json!(10)),
        ("left_out", json!([{"below": 1, "count": 7}])),
    ] {
        assert_eq!(answer[member], expected, "{member}");
    }
}

#[test]
fn meanings_come_once_one_row_has_them_elsewhere() {
    let mut rows = vec![
        row(
            1,
            1,
            &[
                ("error", Value::Bool(true)),
                ("name", text("a")),
                ("x", text("s")),
            ],
        ),
        row(2, 1, &[("svc", text("front"))]),
        row(
            3,
            2,
            &[("error", Value::Bool(true)), ("service.name", text("disk"))],
        ),
    ];
    assert_eq!(
        serde_json::to_value(super::meant(&rows)).unwrap(),
        json!([])
    );
    rows[0].meant = vec![(Meaning::Error, None)];
    rows[1].meant = vec![(Meaning::ServiceName, Some(text("front")))];
    assert_eq!(
        serde_json::to_value(super::meant(&rows)).unwrap(),
        json!([
            {"name": "error", "values": [true], "rows": [2]},
            {"name": "service.name", "values": ["front", "disk"], "rows": [1, 2]},
        ])
    );
    for row in &mut rows {
        row.fields.retain(|(name, _)| name == "name");
    }
    rows[1].meant.clear();
    assert_eq!(
        serde_json::to_value(super::meant(&rows)).unwrap(),
        json!([{"name": "error", "values": [], "rows": []}])
    );
}
