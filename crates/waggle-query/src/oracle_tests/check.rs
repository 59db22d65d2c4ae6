//! Comparing a table of the engine with the answers of the oracle.

use std::cmp::Ordering;
use waggle_model::{Cell, Group, QueryOptions, QuerySpec, ResultTable, SeriesPoint, Value};
use waggle_testkit::{Answer, Oracle, key_text};

pub(super) fn check(
    spec: &QuerySpec,
    oracle: &Oracle<'_>,
    table: &ResultTable,
    options: &QueryOptions,
) {
    match options.disable_total {
        true => assert!(table.total.is_empty() && table.total_series.is_empty()),
        false => check_cells("total", &oracle.total(), &table.total),
    }
    let listed: Vec<Vec<String>> = table.groups.iter().map(|group| keys(&group.key)).collect();
    check_groups(oracle, table);
    check_choice(spec, oracle, table, &listed, options);
    match (oracle.other(&listed), &table.other) {
        (_, other) if options.disable_other => assert!(other.is_none(), "other"),
        (Some(expected), Some(other)) => check_cells("other", &expected, other),
        (expected, other) => assert_eq!(expected.is_some(), other.is_some(), "other"),
    }
    if options.disable_series {
        assert!(table.series.is_empty() && table.total_series.is_empty());
    } else {
        assert_eq!(table.series.len(), table.groups.len());
        for (key, series) in listed.iter().zip(&table.series) {
            check_series(&oracle.series(Some(key)), series);
        }
        if !options.disable_total {
            check_series(&oracle.series(None), &table.total_series);
        }
    }
    check_heatmaps(spec, oracle, table);
    let matched = oracle.matched();
    assert_eq!(table.stats.rows_matched, matched.len() as u64);
    assert_eq!(
        table.stats.sample_rate_applied,
        matched.iter().any(|event| event.sample_rate > 1)
    );
}

fn keys(key: &[Option<Value>]) -> Vec<String> {
    key.iter().map(|value| key_text(value.as_ref())).collect()
}

#[track_caller]
fn check_cells(what: &str, expected: &[Answer], cells: &[Cell]) {
    assert_eq!(expected.len(), cells.len(), "{what}");
    for (expected, cell) in expected.iter().zip(cells) {
        assert!(
            expected.allows(cell),
            "{what}: {cell:?}, should be {expected:?}"
        );
    }
}

fn check_groups(oracle: &Oracle<'_>, table: &ResultTable) {
    for group in &table.groups {
        let key = keys(&group.key);
        let expected = oracle.group(&key);
        let Some(expected) = expected else {
            panic!("there is no group {key:?}");
        };
        check_cells(&format!("group {key:?}"), &expected, &group.values);
        assert_ne!(oracle.passes_havings(&expected), Some(false), "{key:?}");
    }
}

/// Which groups are listed, and in which order. Where approximations decide, an answer within the stated error is right.
fn check_choice(
    spec: &QuerySpec,
    oracle: &Oracle<'_>,
    table: &ResultTable,
    listed: &[Vec<String>],
    options: &QueryOptions,
) {
    let limit = spec.limit.unwrap_or(options.limit_default);
    assert_eq!(table.groups.len(), table.group_count.min(limit), "limit");
    let answers: Vec<(Vec<String>, Vec<Answer>)> = oracle
        .keys()
        .into_iter()
        .filter_map(|key| oracle.group(&key).map(|answers| (key, answers)))
        .collect();
    let passing = |wanted: &[Option<bool>]| {
        answers
            .iter()
            .filter(|(_, answers)| wanted.contains(&oracle.passes_havings(answers)))
            .count()
    };
    let sure = passing(&[Some(true)]);
    let possible = passing(&[Some(true), None]);
    assert!(
        (sure..=possible).contains(&table.group_count),
        "group count"
    );
    if !oracle.shows_order() {
        return;
    }
    let compare = |left: &Group, right: &Group| {
        oracle.compare((&left.key, &left.values), (&right.key, &right.values))
    };
    for pair in table.groups.windows(2) {
        assert_eq!(
            compare(&pair[0], &pair[1]),
            Ordering::Less,
            "order of {pair:?}"
        );
    }
    let Some(last) = table.groups.last().filter(|_| table.group_count > limit) else {
        return;
    };
    let is_exact = oracle.order_calculations().into_iter().all(|index| {
        answers
            .iter()
            .all(|(_, answers)| answers[index].slack == 0.0)
    });
    if !is_exact {
        return;
    }
    for (key, answers) in &answers {
        if !listed.contains(key) && oracle.passes_havings(answers) == Some(true) {
            let group = Group {
                key: key.iter().map(|text| value_of(text)).collect(),
                values: answers.iter().map(|answer| answer.cell.clone()).collect(),
            };
            assert_eq!(compare(last, &group), Ordering::Less, "{key:?} is missing");
        }
    }
}

/// The value that [`key_text`] made this of.
fn value_of(text: &str) -> Option<Value> {
    let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
    match kind {
        "-" => None,
        "s" => Some(Value::String(rest.to_owned())),
        "b" => Some(Value::Bool(rest == "true")),
        _ => Some(match rest.parse() {
            Ok(value) => Value::Int(value),
            Err(_) => Value::Float(rest.parse().unwrap()),
        }),
    }
}

#[track_caller]
fn check_series(expected: &[(i64, Vec<Answer>)], series: &[SeriesPoint]) {
    let times: Vec<i64> = series.iter().map(|point| point.time_ns).collect();
    let expected_times: Vec<i64> = expected.iter().map(|(time, _)| *time).collect();
    assert_eq!(times, expected_times, "times of a series");
    for ((time, expected), point) in expected.iter().zip(series) {
        check_cells(&format!("point {time}"), expected, &point.values);
    }
}

fn check_heatmaps(spec: &QuerySpec, oracle: &Oracle<'_>, table: &ResultTable) {
    assert_eq!(table.heatmaps.len(), table.calculations.len());
    for calculation in &spec.calculations {
        let mut shown = table.calculations.iter();
        let Some(index) = shown.position(|label| *label == calculation.label()) else {
            continue;
        };
        let map = &table.heatmaps[index];
        let range = oracle.value_range(calculation);
        let (Some((min, max)), "HEATMAP") = (range, calculation.op.as_str()) else {
            assert_eq!(map, &None, "{}", calculation.label());
            continue;
        };
        let map = map.as_ref().unwrap();
        assert_eq!((map.min_value, map.max_value), (min, max));
        let width = max / 50.0 - min / 50.0;
        assert!((map.step_size - width).abs() <= width * 1e-9 + f64::MIN_POSITIVE);
        let bins = if map.step_size > 0.0 { 50 } else { 1 };
        let edges: Vec<f64> = (0..bins)
            .map(|bin| min + f64::from(bin) * map.step_size)
            .collect();
        let expected = oracle.heatmap(calculation, &edges);
        assert_eq!(map.times_ns, expected.keys().copied().collect::<Vec<_>>());
        assert_eq!(map.counts, expected.into_values().collect::<Vec<_>>());
    }
}
