//! What the engine keeps of blocks from one query to the next.

use super::check::check;
use super::{each_seed, random_range};
use crate::engine::EngineConfig;
use crate::exec::States;
use crate::testing;
use rand::RngExt;
use std::sync::Arc;
use waggle_model::{FilterCombination, QueryOptions, QuerySpec, TimeRange};
use waggle_store::{Snapshot, Source};
use waggle_testkit::{Event, Oracle, by_rows, matching, random_events, random_spec};

const KEPT_CASES: u64 = 40;

/// As a board does: the same question again and again, of ranges that overlap, while blocks come, go and are replaced.
#[test]
fn what_is_kept_of_blocks_changes_no_answer() {
    each_seed(0..KEPT_CASES, |rng| {
        let whole = random_range(rng);
        let count = rng.random_range(1..4_000);
        let mut events = random_events(rng, count, whole);
        events.sort_by_key(|event| (event.dataset, event.timestamp_ns));
        let mut spec = random_spec(rng, &events, whole);
        let length_ns = whole.end_ns - whole.start_ns;
        let granularity_s = length_ns / 1_000_000_000 / rng.random_range(2..60);
        spec.granularity_s = Some(granularity_s.max(1) as u64);
        let states = Arc::new(States::new([0, 100_000, 1 << 30][rng.random_range(0..3)]));
        let config = EngineConfig {
            threads: rng.random_range(1..4),
            thread_rows_min: 100,
            one_pass_cells_max: [0, 65_536][rng.random_range(0..2)],
            ..EngineConfig::default()
        };
        let mut parts: Vec<(&[Event], Source)> = Vec::new();
        for events in events.chunk_by(|left, right| left.dataset == right.dataset) {
            for events in events.chunks(rng.random_range(1..3_000)) {
                let rows: Vec<&Event> = events.iter().collect();
                parts.push((events, testing::source(&rows, rng.random_bool(0.9))));
            }
        }
        for round in 0..4 {
            // Some sources are not there yet, and one has been replaced by another of the same rows.
            let present = rng.random_range(0..parts.len()) + 1;
            let replaced = rng.random_range(0..parts.len());
            let rows: Vec<&Event> = parts[replaced].0.iter().collect();
            parts[replaced].1 = testing::source(&rows, rng.random_bool(0.9));
            let seen: Vec<Event> = parts[..present]
                .iter()
                .flat_map(|(events, _)| events.iter().cloned())
                .collect();
            let snapshot = Snapshot {
                sources: parts[..present]
                    .iter()
                    .map(|(_, source)| source.clone())
                    .collect(),
            };
            let range = TimeRange {
                start_ns: whole.start_ns + rng.random_range(0..=length_ns / 4),
                end_ns: whole.end_ns - rng.random_range(0..=length_ns / 4),
            };
            let options = QueryOptions {
                disable_series: rng.random_bool(0.2),
                ..QueryOptions::default()
            };
            // What was kept of weighted rows is not for rows that count once.
            spec.usage_mode = rng.random_bool(0.3);
            let seen = match spec.usage_mode {
                true => by_rows(&seen),
                false => seen,
            };
            println!("round {round}: {spec:?} {range:?} {options:?} {config:?}");
            let ask = || testing::query_with(&states, &snapshot, &spec, range, &options, &config);
            for _ in 0..2 {
                let table = ask().unwrap();
                let oracle = Oracle::new(&spec, &seen, range, table.granularity_ns);
                check(&spec, &oracle, &table, &options);
            }
        }
    });
}

/// A second pass for no group, because a having drops all, asks of a block something else than a first pass for all groups.
#[test]
fn what_is_kept_of_a_pass_without_groups_is_not_taken_for_one_of_all() {
    each_seed(0..4, |rng| {
        let range = random_range(rng);
        let events = random_events(rng, 300, range);
        let inside: Vec<Event> = matching(&events, range, &[], FilterCombination::And)
            .into_iter()
            .filter(|event| event.dataset.0 == 1)
            .cloned()
            .collect();
        let rows: Vec<&Event> = inside.iter().collect();
        let snapshot = Snapshot {
            sources: vec![testing::source(&rows, true)],
        };
        let all = QuerySpec {
            breakdowns: vec!["name".to_owned()],
            ..QuerySpec::default()
        };
        let none = QuerySpec {
            havings: vec![waggle_model::HavingSpec {
                calculate_op: "COUNT".to_owned(),
                column: None,
                op: waggle_model::HavingOp::Greater,
                value: 1e12,
            }],
            ..all.clone()
        };
        let states = Arc::new(States::new(1 << 30));
        let options = QueryOptions::default();
        for (spec, one_pass_cells_max) in [(&none, 0), (&all, 65_536), (&none, 0), (&all, 0)] {
            let config = EngineConfig {
                one_pass_cells_max,
                ..EngineConfig::default()
            };
            let table =
                testing::query_with(&states, &snapshot, spec, range, &options, &config).unwrap();
            let oracle = Oracle::new(spec, &inside, range, table.granularity_ns);
            check(spec, &oracle, &table, &options);
        }
    });
}
