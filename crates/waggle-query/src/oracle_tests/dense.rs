//! Columns without gaps in blocks of many chunks.

use super::check::check;
use super::{each_seed, random_range, text};
use crate::engine::EngineConfig;
use crate::exec::Passes;
use crate::testing;
use crate::testing::{ByParts, Directly};
use rand::RngExt;
use rand::rngs::StdRng;
use waggle_model::{CalculationSpec, QueryOptions, QuerySpec, TimeRange, Value};
use waggle_testkit::{Event, Oracle};

const DENSE_CASES: u64 = 120;

/// Events whose columns have no gaps and few types, as spans have them: what the short ways through a block are made for.
fn dense_events(rng: &mut StdRng, range: TimeRange) -> Vec<Event> {
    let users = [10, 3_000, 1_000_000][rng.random_range(0..3)];
    let is_sampled = rng.random_bool(0.2);
    let exponent = [1.0, 1e3, 1e5][rng.random_range(0..3)];
    let gaps = [0.0, 0.0, 0.3][rng.random_range(0..3)];
    (0..rng.random_range(3_000..9_000))
        .map(|_| {
            let duration = rng.random_range(-200..1_000_000_i64) as f64 / exponent;
            let mut fields = std::collections::BTreeMap::from([
                ("service".to_owned(), text(rng, "service", 7)),
                ("user".to_owned(), text(rng, "user", users)),
                ("duration".to_owned(), Value::Float(duration)),
                (
                    "status".to_owned(),
                    Value::Int(200 + rng.random_range(0..5) * 101),
                ),
                (
                    "bytes".to_owned(),
                    Value::Int(rng.random_range(-5..1_000_000)),
                ),
            ]);
            if rng.random_bool(gaps) {
                fields.remove(["service", "user", "duration", "status"][rng.random_range(0..4)]);
            }
            Event {
                timestamp_ns: rng.random_range(range.start_ns..range.end_ns),
                sample_rate: if is_sampled {
                    rng.random_range(1..9)
                } else {
                    1
                },
                dataset: waggle_model::DatasetId(1),
                fields,
            }
        })
        .collect()
}

fn dense_spec(rng: &mut StdRng, range: TimeRange) -> QuerySpec {
    let breakdowns: &[&str] = [
        &[][..],
        &["service"],
        &["user"],
        &["service", "status"],
        &["status", "user", "service"],
        &["duration"],
    ][rng.random_range(0..6)];
    let calculations = [
        ("COUNT", None),
        ("AVG", Some("duration")),
        ("MAX", Some("duration")),
        ("MIN", Some("bytes")),
        ("P50", Some("duration")),
        ("P99", Some("bytes")),
        ("COUNT_DISTINCT", Some("user")),
        ("HEATMAP", Some("duration")),
        ("COUNT", Some("user")),
    ];
    let first = rng.random_range(0..calculations.len());
    let count = rng.random_range(1..4);
    let length_s = (range.end_ns - range.start_ns) as u64 / 1_000_000_000;
    QuerySpec {
        breakdowns: breakdowns.iter().map(|name| (*name).to_owned()).collect(),
        calculations: calculations
            .into_iter()
            .cycle()
            .skip(first)
            .take(count)
            .map(|(op, column)| CalculationSpec::new(op, column))
            .collect(),
        granularity_s: Some(length_s / [1, 7, 60][rng.random_range(0..3)]),
        limit: Some([3, 100][rng.random_range(0..2)]),
        ..QuerySpec::default()
    }
}

#[test]
fn columns_without_gaps_in_blocks_of_many_chunks_equal_the_oracle() {
    each_seed(0..DENSE_CASES, |rng| {
        let whole = random_range(rng);
        let events = dense_events(rng, whole);
        let cut_ns = [0, (whole.end_ns - whole.start_ns) / 5][rng.random_range(0..2)];
        let range = TimeRange {
            start_ns: whole.start_ns + cut_ns,
            end_ns: whole.end_ns,
        };
        let spec = dense_spec(rng, range);
        let snapshot = testing::snapshot(rng, &events);
        let options = QueryOptions {
            disable_series: rng.random_bool(0.4),
            ..QueryOptions::default()
        };
        let config = EngineConfig {
            threads: rng.random_range(1..4),
            thread_rows_min: 1_000,
            one_pass_cells_max: [0, 300, 65_536][rng.random_range(0..3)],
            ..EngineConfig::default()
        };
        println!(
            "{spec:?}\n{range:?} {} events, {options:?}, {config:?}",
            events.len()
        );
        let passes: &dyn Passes = match rng.random_bool(0.7) {
            true => &Directly,
            false => &ByParts,
        };
        let table = testing::query_by(passes, &snapshot, &spec, range, &options, &config).unwrap();
        check(
            &spec,
            &Oracle::new(&spec, &events, range, table.granularity_ns),
            &table,
            &options,
        );
    });
}
