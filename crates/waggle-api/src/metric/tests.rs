use super::*;
use waggle_model::{HavingOp, HavingSpec, OrderSpec, SortOrder};

fn metrics() -> BTreeMap<String, MetricType> {
    [
        ("cpu", "gauge"),
        ("requests", "sum(cumulative,monotonic)"),
        ("open", "sum(cumulative)"),
        ("sent", "sum(delta,monotonic)"),
        ("moved", "sum(delta)"),
        ("latency", "histogram(cumulative)"),
        ("sizes", "histogram(delta)"),
        ("gc", "summary"),
    ]
    .into_iter()
    .map(|(name, kind)| (name.to_owned(), MetricType::from_name(kind).unwrap()))
    .collect()
}

fn spec(calculations: &[(&str, Option<&str>)]) -> QuerySpec {
    let calculations = calculations.iter();
    QuerySpec {
        calculations: calculations
            .map(|(op, column)| CalculationSpec::new(op, *column))
            .collect(),
        ..QuerySpec::default()
    }
}

#[test]
fn each_kind_has_its_function() {
    for (column, expected) in [
        ("cpu", Some("LAST($\"cpu\")")),
        ("requests", Some("INCREASE($\"requests\")")),
        ("open", Some("LAST($\"open\")")),
        ("sent", Some("INCREASE($\"sent\")")),
        ("moved", Some("SUMMARIZE($\"moved\")")),
        ("latency.count", Some("INCREASE($\"latency.count\")")),
        ("latency.sum", Some("INCREASE($\"latency.sum\")")),
        ("latency", Some("INCREASE($\"latency\")")),
        ("sizes", Some("INCREASE($\"sizes\")")),
        ("latency.avg", Some("LAST($\"latency.avg\")")),
        ("latency.p99", Some("LAST($\"latency.p99\")")),
        ("sizes.count", Some("INCREASE($\"sizes.count\")")),
        ("sizes.max", None),
        ("sizes.p99", None),
        ("latency.text", None),
        ("latency.p", None),
        ("latency.p9x", None),
        ("latency.max.text", None),
        ("gc.count", Some("INCREASE($\"gc.count\")")),
        ("gc.p50", Some("LAST($\"gc.p50\")")),
        ("cpu.count", None),
        ("host.name", None),
    ] {
        let mut spec = spec(&[("MAX", Some(column))]);
        let details = follow(&metrics(), &mut spec);
        assert!(details.is_empty(), "{column}");
        let field = spec.calculated_fields.first();
        assert_eq!(
            field.map(|field| field.expression.as_str()),
            expected,
            "{column}"
        );
        assert!(field.is_none_or(|field| field.name == column));
        assert_eq!(
            spec.calculations[0],
            CalculationSpec::new("MAX", Some(column))
        );
    }
}

#[test]
fn attributes_below_the_name_of_a_histogram_are_no_values() {
    for (column, expected) in [
        ("meta.series", true),
        ("cpu", true),
        ("latency", true),
        ("latency.p999", true),
        ("sizes.max", true),
        ("sizes.text", false),
        ("cpu.max", false),
        ("host.name", false),
    ] {
        assert_eq!(is_value(&metrics(), column), expected, "{column}");
    }
}

#[test]
fn only_metrics_seen_for_the_first_time_are_asked_about() {
    let known = KnownMetrics::default();
    let dataset = DatasetId(1);
    let one = |name: &str, kind| {
        BTreeMap::from([(name.to_owned(), MetricType::from_name(kind).unwrap())])
    };
    let gauge = one("a", "gauge");
    assert_eq!(known.new_of(dataset, gauge.clone()), gauge);
    known.learn(dataset, &gauge, false);
    assert!(known.new_of(dataset, gauge.clone()).is_empty());
    // Two exporters that do not agree are asked about once each.
    let sum = one("a", "sum(delta)");
    assert_eq!(known.new_of(dataset, sum.clone()), sum);
    known.learn(dataset, &sum, false);
    for kinds in [&gauge, &sum, &gauge] {
        assert!(known.new_of(dataset, kinds.clone()).is_empty());
    }
    assert_eq!(known.new_of(DatasetId(2), sum.clone()), sum);
    // A dataset with no room for more is not asked about any.
    let other = one("b", "gauge");
    assert_eq!(known.new_of(dataset, other.clone()), other);
    known.learn(dataset, &other, true);
    assert!(known.new_of(dataset, one("c", "gauge")).is_empty());
    let many: BTreeMap<_, _> = (0..NOTED_MAX + 5)
        .map(|number| (format!("m{number}"), MetricType::Gauge))
        .collect();
    assert_eq!(known.new_of(DatasetId(2), many).len(), NOTED_MAX);
}

#[test]
fn a_field_of_the_query_counts_more_than_the_default() {
    let mut spec = spec(&[("SUM", Some("requests")), ("MAX", Some("requests"))]);
    let own = CalculatedField {
        name: "requests".to_owned(),
        expression: "RATE($requests, 300)".to_owned(),
    };
    spec.calculated_fields.push(own.clone());
    assert!(follow(&metrics(), &mut spec).is_empty());
    assert_eq!(spec.calculated_fields, [own]);
}

#[test]
fn a_rate_of_a_histogram_is_refused() {
    for (metric, is_refused) in [
        ("latency", true),
        ("latency.count", false),
        ("requests", false),
    ] {
        let mut spec = spec(&[("SUM", Some("rate"))]);
        spec.calculated_fields.push(CalculatedField {
            name: "rate".to_owned(),
            expression: format!("RATE(${metric}, 60)"),
        });
        let details = follow(&metrics(), &mut spec);
        assert_eq!(details.len(), usize::from(is_refused), "{metric}");
        let text = format!("{details:?}");
        assert!(!is_refused || text.contains("latency.count"), "{text}");
    }
}

#[test]
fn refusals_name_the_operation_and_its_substitute() {
    let operations = [
        ("COUNT", None, "COUNT_DATAPOINTS(metric)"),
        ("RATE_SUM", Some("requests"), "RATE($metric)"),
        ("RATE_AVG", Some("requests"), "RATE($metric)"),
        ("RATE_MAX", Some("requests"), "RATE($metric)"),
        ("CONCURRENCY", None, "gauge"),
        ("COUNT_DATAPOINTS", None, "needs the column"),
        ("HISTOGRAM_COUNT", None, "needs the column"),
        ("HISTOGRAM_COUNT", Some("cpu"), "COUNT_DATAPOINTS"),
        ("COUNT_DISTINCT", Some("latency"), "percentile"),
        ("AVG", Some("gc"), "MAX(metric.p99)"),
    ];
    for (op, column, expected) in operations {
        let details = follow(&metrics(), &mut spec(&[("SUM", Some("cpu")), (op, column)]));
        assert_eq!(details.len(), 1, "{op}");
        let text = format!("{:?}", details[0]);
        assert!(text.contains("calculations[1].op"), "{text}");
        let begin = format!("operation not allowed in metrics dataset: {op}; ");
        assert!(text.contains(&begin) && text.contains(expected), "{text}");
    }
    let details = follow(&metrics(), &mut QuerySpec::default());
    let text = format!("{details:?}");
    assert!(
        text.contains("metrics datasets require at least one calculation"),
        "{text}"
    );
    // Elsewhere it is the other way round.
    let calculations = [
        ("COUNT", None),
        ("RATE_SUM", Some("requests")),
        ("COUNT_DATAPOINTS", Some("m")),
    ];
    let text = format!("{:?}", refuse_metric_ops(&spec(&calculations)));
    assert!(
        text.contains("calculations[2].op") && !text.contains("calculations[1]"),
        "{text}"
    );
}

#[test]
fn points_and_values_of_histograms_are_counted_under_their_names() {
    let mut spec = spec(&[
        ("COUNT_DATAPOINTS", Some("requests")),
        ("HISTOGRAM_COUNT", Some("latency")),
        ("COUNT_DATAPOINTS", Some("latency")),
    ]);
    spec.orders = vec![OrderSpec {
        op: Some("HISTOGRAM_COUNT".to_owned()),
        column: Some("latency".to_owned()),
        order: SortOrder::Descending,
    }];
    spec.havings = vec![HavingSpec {
        calculate_op: "COUNT_DATAPOINTS".to_owned(),
        column: Some("requests".to_owned()),
        op: HavingOp::Greater,
        value: 1.0,
    }];
    assert!(follow(&metrics(), &mut spec).is_empty());
    let labels: Vec<String> = spec
        .calculations
        .iter()
        .map(CalculationSpec::label)
        .collect();
    assert_eq!(
        labels,
        [
            "COUNT_DATAPOINTS(requests)",
            "HISTOGRAM_COUNT(latency)",
            "COUNT_DATAPOINTS(latency)",
        ]
    );
    let ops: Vec<(&str, Option<&str>)> = spec
        .calculations
        .iter()
        .map(|known| (known.op.as_str(), known.column.as_deref()))
        .collect();
    assert_eq!(
        ops,
        [
            ("COUNT", Some("\0requests")),
            ("SUM", Some("latency.count")),
            ("COUNT", Some("\0latency.count")),
        ]
    );
    let fields: Vec<(&str, &str)> = spec
        .calculated_fields
        .iter()
        .map(|field| (field.name.as_str(), field.expression.as_str()))
        .collect();
    let expected = [
        ("\0requests", "RAW_METRIC($\"requests\")"),
        ("latency.count", "INCREASE($\"latency.count\")"),
        ("\0latency.count", "RAW_METRIC($\"latency.count\")"),
    ];
    assert_eq!(fields, expected);
    assert_eq!(
        spec.find_answer(spec.orders[0].op.as_ref().unwrap(), None),
        Some(waggle_model::AnswerIndex::Calculation(1))
    );
    assert_eq!(
        spec.find_answer(&spec.havings[0].calculate_op, None),
        Some(waggle_model::AnswerIndex::Calculation(0))
    );
}
