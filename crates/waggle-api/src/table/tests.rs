use super::*;
use serde_json::{Value as Json, json};
use waggle_model::{Group, TimeRange};

const MINUTE_NS: i64 = 60_000_000_000;

/// Two groups, one of them without a name and without a P95, over two buckets, with a heat map.
fn table() -> ResultTable {
    let point = |time_ns, values| SeriesPoint { time_ns, values };
    ResultTable {
        calculations: vec!["COUNT".into(), "P95(d)".into(), "HEATMAP(d)".into()],
        breakdowns: vec!["name".into()],
        groups: vec![
            Group {
                key: vec![Some(Value::String("GET /".into()))],
                values: vec![Cell::Int(3), Cell::Float(8.25), Cell::Null],
            },
            Group {
                key: vec![None],
                values: vec![Cell::Int(1), Cell::Null, Cell::Null],
            },
        ],
        group_count: 3,
        series: vec![
            vec![
                point(0, vec![Cell::Int(2), Cell::Float(1.0), Cell::Null]),
                point(
                    MINUTE_NS,
                    vec![Cell::Int(1), Cell::Float(f64::INFINITY), Cell::Null],
                ),
            ],
            vec![point(0, vec![Cell::Int(1), Cell::Null, Cell::Null])],
        ],
        total: vec![Cell::Int(5), Cell::Float(8.5), Cell::Null],
        total_series: vec![point(0, vec![Cell::Int(5), Cell::Null, Cell::Null])],
        other: Some(vec![Cell::Int(1), Cell::Null, Cell::Null]),
        heatmaps: vec![
            None,
            None,
            Some(Heatmap {
                min_value: 0.0,
                max_value: 4.0,
                step_size: 2.0,
                times_ns: vec![0],
                counts: vec![vec![1, 4]],
            }),
        ],
        granularity_ns: MINUTE_NS,
        range: TimeRange {
            start_ns: 0,
            end_ns: 2 * MINUTE_NS,
        },
        stats: QueryStats {
            rows_read: 9,
            elapsed_ns: 1_500_000,
            ..QueryStats::default()
        },
    }
}

fn answer(table: &ResultTable) -> Json {
    serde_json::from_slice(&table_json(table, &|| true).unwrap()).unwrap()
}

/// The members in the order and the spelling that they have always had.
#[test]
fn text_is_what_clients_know() {
    let text = String::from_utf8(table_json(&table(), &|| true).unwrap()).unwrap();
    assert_eq!(
        text,
        r#"{"start_time":0,"end_time":120,"granularity":60,"calculations":["COUNT","P95(d)","HEATMAP(d)"],"breakdowns":["name"],"#
            .to_owned()
            + r#""results":[{"data":{"name":"GET /","COUNT":3,"P95(d)":8.25}},{"data":{"COUNT":1}}],"#
            + r#""series":[{"time":"1970-01-01T00:00:00Z","data":{"name":"GET /","COUNT":2,"P95(d)":1.0}},"#
            + r#"{"time":"1970-01-01T00:00:00Z","data":{"COUNT":1}},"#
            + r#"{"time":"1970-01-01T00:01:00Z","data":{"name":"GET /","COUNT":1}}],"#
            + r#""total":{"COUNT":5,"P95(d)":8.5},"#
            + r#""total_series":[{"time":"1970-01-01T00:00:00Z","data":{"COUNT":5}}],"other":{"COUNT":1},"group_count":3,"#
            + r#""heatmaps":{"HEATMAP(d)":{"min_value":0.0,"max_value":4.0,"step_size":2.0,"bins":2,"#
            + r#""times":["1970-01-01T00:00:00Z"],"counts":[[1,4]]}},"#
            + r#""stats":{"rows_read":9,"rows_matched":0,"bytes_read":0,"blocks_read":0,"elapsed_ms":1.5,"#
            + r#""sample_rate_applied":false,"approximate":[]}}"#
    );
}

#[test]
fn names_and_values_are_escaped_and_what_json_cannot_say_is_text() {
    let mut table = table();
    table.breakdowns = vec!["a\"b".into(), "c".into(), "d".into()];
    table.groups[0].key = vec![
        Some(Value::String("line\n".into())),
        None,
        Some(Value::Float(f64::NAN)),
    ];
    table.groups[0].values = vec![Cell::Null, Cell::Text("\"".into()), Cell::Null];
    assert_eq!(
        answer(&table)["results"][0],
        json!({"data": {"a\"b": "line\n", "d": "NaN", "P95(d)": "\""}})
    );
}

#[test]
fn rows_and_series_leave_out_what_is_missing() {
    let answer = answer(&table());
    assert_eq!(
        answer["series"],
        json!([
            {"time": "1970-01-01T00:00:00Z", "data": {"name": "GET /", "COUNT": 2, "P95(d)": 1.0}},
            {"time": "1970-01-01T00:00:00Z", "data": {"COUNT": 1}},
            {"time": "1970-01-01T00:01:00Z", "data": {"name": "GET /", "COUNT": 1}},
        ])
    );
    assert_eq!(
        answer["results"],
        json!([
            {"data": {"name": "GET /", "COUNT": 3, "P95(d)": 8.25}},
            {"data": {"COUNT": 1}},
        ])
    );
    assert_eq!(
        answer["total_series"],
        json!([{"time": "1970-01-01T00:00:00Z", "data": {"COUNT": 5}}])
    );
}

#[test]
fn lists_stay_lists_and_no_other_is_null() {
    let answer = answer(&ResultTable {
        groups: Vec::new(),
        series: Vec::new(),
        other: None,
        ..table()
    });
    assert_eq!(answer["series"], json!([]));
    assert_eq!(answer["results"], json!([]));
    assert_eq!(answer["other"], Json::Null);
}

#[test]
fn own_answer_has_the_heat_map_beside_the_rows() {
    let answer = answer(&table());
    assert_eq!(
        answer["heatmaps"],
        json!({"HEATMAP(d)": {"min_value": 0.0, "max_value": 4.0, "step_size": 2.0, "bins": 2,
            "times": ["1970-01-01T00:00:00Z"], "counts": [[1, 4]]}})
    );
    assert_eq!(answer["start_time"], json!(0));
    assert_eq!(answer["end_time"], json!(120));
    assert_eq!(answer["granularity"], json!(60));
    assert_eq!(answer["total"], json!({"COUNT": 5, "P95(d)": 8.5}));
    assert_eq!(answer["other"], json!({"COUNT": 1}));
    assert_eq!(answer["group_count"], json!(3));
    assert_eq!(answer["stats"]["elapsed_ms"], json!(1.5));
}

#[test]
fn raw_rows_show_every_field_and_every_nanosecond() {
    let rows = [RawRow {
        meant: Vec::new(),
        timestamp_ns: 1_732_270_000_000_000_001,
        sample_rate: 4,
        dataset: DatasetId(7),
        fields: vec![
            ("b".into(), Value::Bool(true)),
            ("f".into(), Value::Float(f64::NAN)),
            ("n".into(), Value::Int(i64::MAX)),
        ],
    }];
    let slugs = HashMap::from([(DatasetId(7), "shop".to_owned())]);
    let answer: Json = serde_json::to_value(Rows {
        rows: &rows,
        slugs: &slugs,
    })
    .unwrap();
    assert_eq!(
        answer,
        json!([{"timestamp": "2024-11-22T10:06:40.000000001Z", "timestamp_ns": "1732270000000000001",
            "dataset": "shop", "sample_rate": 4, "data": {"b": true, "f": "NaN", "n": i64::MAX}}])
    );
}

/// An answer that nobody waits for any more is not written to its end, whichever part of it is long.
#[test]
fn writing_stops_soon_after_the_last_one_has_gone() {
    let groups = |count: usize| {
        let group = table().groups.swap_remove(0);
        vec![group; count]
    };
    let series = |count: usize| vec![vec![table().series[1][0].clone(); count]];
    let tables = [
        ResultTable {
            groups: groups(20_000),
            ..table()
        },
        ResultTable {
            series: series(20_000),
            ..table()
        },
    ];
    for table in tables {
        let looks = std::cell::Cell::new(0);
        let leaves_after = |count| {
            looks.set(0);
            let is_wanted = || {
                looks.set(looks.get() + 1);
                looks.get() <= count
            };
            table_json(&table, &is_wanted).is_err()
        };
        assert!(leaves_after(10), "it went on");
        assert_eq!(
            looks.get(),
            11,
            "it looked again after it should have stopped"
        );
        assert!(!leaves_after(1_000));
        assert!(looks.get() >= 20, "{} looks", looks.get());
    }
}
