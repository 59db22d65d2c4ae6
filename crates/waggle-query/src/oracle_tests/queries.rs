//! Whole queries, with and without derived columns and columns of other spans.

use super::check::check;
use super::{each_seed, random_count, random_range};
use crate::engine::EngineConfig;
use crate::exec::Passes;
use crate::testing;
use crate::testing::{ByParts, Directly};
use rand::RngExt;
use std::ops::Range;
use waggle_model::{CalculatedField, FilterCombination, QueryOptions, QuerySpec};
use waggle_testkit::{
    COLUMNS, Oracle, by_rows, link_spans, random_events, random_formula, random_related_filter,
    random_spec, spread_times, with_other_spans,
};

const QUERY_CASES: u64 = 2_000;
const DERIVED_CASES: u64 = 200;
const USAGE_CASES: u64 = 100;
const RELATED_CASES: u64 = 300;

// Four tests, so that they share the cores.

#[test]
fn any_query_over_any_split_equals_the_oracle_1_of_4() {
    check_queries(0..QUERY_CASES / 4);
}

#[test]
fn any_query_over_any_split_equals_the_oracle_2_of_4() {
    check_queries(QUERY_CASES / 4..QUERY_CASES / 2);
}

#[test]
fn any_query_over_any_split_equals_the_oracle_3_of_4() {
    check_queries(QUERY_CASES / 2..QUERY_CASES / 4 * 3);
}

#[test]
fn any_query_over_any_split_equals_the_oracle_4_of_4() {
    check_queries(QUERY_CASES / 4 * 3..QUERY_CASES);
}

fn check_queries(cases: Range<u64>) {
    each_seed(cases, |rng| {
        let range = random_range(rng);
        let count = random_count(rng);
        let events = random_events(rng, count, range);
        let spec = random_spec(rng, &events, range);
        let snapshot = testing::snapshot(rng, &events);
        let options = QueryOptions {
            disable_series: rng.random_bool(0.2),
            disable_total: rng.random_bool(0.2),
            disable_other: rng.random_bool(0.2),
            ..QueryOptions::default()
        };
        let config = EngineConfig {
            threads: rng.random_range(1..4),
            thread_rows_min: 100,
            one_pass_cells_max: [0, 300, 65_536][rng.random_range(0..3)],
            ..EngineConfig::default()
        };
        let passes: &dyn Passes = match rng.random_bool(0.5) {
            true => &Directly,
            false => &ByParts,
        };
        let table = testing::query_by(passes, &snapshot, &spec, range, &options, &config).unwrap();
        println!(
            "{spec:?}\n{range:?} {} events, {options:?}, {config:?}",
            events.len()
        );
        check(
            &spec,
            &Oracle::new(&spec, &events, range, table.granularity_ns),
            &table,
            &options,
        );
    });
}

#[test]
fn queries_in_usage_mode_take_every_row_once_and_equal_the_oracle() {
    each_seed(0..USAGE_CASES, |rng| {
        let range = random_range(rng);
        let count = random_count(rng);
        let events = random_events(rng, count, range);
        let mut spec = random_spec(rng, &events, range);
        spec.usage_mode = true;
        rename(
            &mut spec,
            COLUMNS[rng.random_range(0..COLUMNS.len())],
            "sample_rate",
        );
        let snapshot = testing::snapshot(rng, &events);
        let options = QueryOptions::default();
        let config = EngineConfig {
            threads: rng.random_range(1..4),
            thread_rows_min: 100,
            one_pass_cells_max: [0, 300, 65_536][rng.random_range(0..3)],
            ..EngineConfig::default()
        };
        let table = testing::query(&snapshot, &spec, range, &options, &config).unwrap();
        println!("{spec:?}\n{range:?} {} events", events.len());
        assert!(!table.stats.sample_rate_applied);
        check(
            &spec,
            &Oracle::new(&spec, &by_rows(&events), range, table.granularity_ns),
            &table,
            &options,
        );
    });
}

#[test]
fn queries_of_derived_columns_equal_the_oracle() {
    each_seed(0..DERIVED_CASES, |rng| {
        let range = random_range(rng);
        let count = random_count(rng);
        let events = random_events(rng, count, range);
        let mut spec = random_spec(rng, &events, range);
        // The oracle reads what was computed before, the engine computes.
        let mut seen = events.clone();
        for index in 0..rng.random_range(1..4) {
            let depth = rng.random_range(1..4);
            let formula = random_formula(rng, depth);
            let expression = formula.text();
            if expression.len() > 4_000 {
                continue;
            }
            let name = format!("derived.{index}");
            for (seen, event) in seen.iter_mut().zip(&events) {
                if let Some(value) = formula.value(event) {
                    seen.fields.insert(name.clone(), value);
                }
            }
            rename(
                &mut spec,
                COLUMNS[rng.random_range(0..COLUMNS.len())],
                &name,
            );
            spec.calculated_fields
                .push(CalculatedField { name, expression });
        }
        let snapshot = testing::snapshot(rng, &events);
        let options = QueryOptions {
            disable_series: rng.random_bool(0.2),
            disable_total: rng.random_bool(0.2),
            disable_other: rng.random_bool(0.2),
            ..QueryOptions::default()
        };
        let config = EngineConfig {
            threads: rng.random_range(1..4),
            thread_rows_min: 100,
            one_pass_cells_max: [0, 300, 65_536][rng.random_range(0..3)],
            ..EngineConfig::default()
        };
        let table = testing::query(&snapshot, &spec, range, &options, &config).unwrap();
        println!("{spec:?}\n{range:?} {} events", events.len());
        check(
            &spec,
            &Oracle::new(&spec, &seen, range, table.granularity_ns),
            &table,
            &options,
        );
    });
}

#[test]
fn queries_of_other_spans_equal_the_oracle() {
    each_seed(0..RELATED_CASES, |rng| {
        let range = random_range(rng);
        let count = rng.random_range(1..300);
        let mut events = random_events(rng, count, range);
        link_spans(rng, &mut events);
        spread_times(&mut events);
        let mut spec = random_spec(rng, &events, range);
        spec.filter_combination = FilterCombination::And;
        for calculation in &mut spec.calculations {
            calculation.filter_combination = FilterCombination::And;
        }
        for _ in 0..rng.random_range(1..4) {
            let prefix = ["root.", "parent.", "child."][rng.random_range(0..3)];
            let columns = spec.breakdowns.iter();
            let calculations = spec.calculations.iter();
            let columns = columns.chain(calculations.filter_map(|known| known.column.as_ref()));
            let plain: Vec<String> = columns
                .filter(|column| COLUMNS.contains(&column.as_str()))
                .cloned()
                .collect();
            if let Some(column) = plain.get(rng.random_range(0..plain.len().max(1))) {
                rename(&mut spec, column, &format!("{prefix}{column}"));
            }
        }
        let filters = (0..rng.random_range(0..2)).map(|_| random_related_filter(rng, &events));
        spec.filters.extend(filters.collect::<Vec<_>>());
        let snapshot = testing::snapshot(rng, &events);
        let options = QueryOptions {
            disable_series: rng.random_bool(0.2),
            disable_total: rng.random_bool(0.2),
            disable_other: rng.random_bool(0.2),
            ..QueryOptions::default()
        };
        let config = EngineConfig {
            threads: rng.random_range(1..4),
            thread_rows_min: 100,
            one_pass_cells_max: [0, 300, 65_536][rng.random_range(0..3)],
            ..EngineConfig::default()
        };
        let passes: &dyn Passes = match rng.random_bool(0.5) {
            true => &Directly,
            false => &ByParts,
        };
        println!("{spec:?}\n{range:?} {} events", events.len());
        let table = testing::query_by(passes, &snapshot, &spec, range, &options, &config).unwrap();
        let seen = with_other_spans(&events, range, &spec);
        let oracle = Oracle::new(&spec, &seen, range, table.granularity_ns);
        check(&spec, &oracle, &table, &options);
    });
}

/// Makes every clause that names a column name another one.
fn rename(spec: &mut QuerySpec, from: &str, to: &str) {
    let filters = spec.filters.iter_mut().map(|filter| &mut filter.column);
    let filters_of_calculations = spec.calculations.iter_mut().flat_map(|calculation| {
        let filters = calculation
            .filters
            .iter_mut()
            .map(|filter| &mut filter.column);
        filters.chain(&mut calculation.column)
    });
    let orders = spec
        .orders
        .iter_mut()
        .filter_map(|order| order.column.as_mut());
    let havings = spec
        .havings
        .iter_mut()
        .filter_map(|having| having.column.as_mut());
    for name in filters
        .chain(filters_of_calculations)
        .chain(orders)
        .chain(havings)
        .chain(&mut spec.breakdowns)
    {
        if name == from {
            to.clone_into(name);
        }
    }
}
