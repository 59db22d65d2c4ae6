use super::*;
use crate::engine::EngineConfig;
use crate::exec::States;
use crate::exec::cached::gather;
use crate::testing::{source, watch, watch_of_bytes};
use std::collections::BTreeMap;
use waggle_model::{CalculationSpec, DatasetId, QueryOptions, QuerySpec, TimeRange, Value};
use waggle_testkit::Event;

const RANGE: TimeRange = TimeRange {
    start_ns: 0,
    end_ns: 1_000,
};

const TEXT_BYTES: usize = 10_000;

/// A block of 200 rows with 100 users, whose names are long.
fn users() -> Source {
    let event = |row: i64| Event {
        timestamp_ns: row,
        sample_rate: 1,
        dataset: DatasetId(1),
        fields: BTreeMap::from([(
            "user".to_owned(),
            Value::String(format!("{:0TEXT_BYTES$}", row % 100)),
        )]),
    };
    let events: Vec<Event> = (0..200).map(event).collect();
    source(&events.iter().collect::<Vec<_>>(), true)
}

fn by_user() -> (Plan, Shape) {
    let spec = QuerySpec {
        calculations: vec![CalculationSpec::count()],
        breakdowns: vec!["user".to_owned()],
        ..QuerySpec::default()
    };
    let plan = Plan::new(&spec, RANGE, &QueryOptions::default()).unwrap();
    let shape = Shape {
        groups: GroupTable::new(1, 1_000),
        is_grouped: true,
        buckets: None,
        cells_max: usize::MAX,
        has_states: true,
        maps: Vec::new(),
    };
    (plan, shape)
}

/// What is counted by codes holds the texts until the groups are found: a block may leave the memory of its columns before.
#[test]
fn the_dictionaries_of_counted_codes_are_memory_of_the_query_once_each() {
    let (plan, shape) = by_user();
    let source = users();
    let sources = [source.clone(), source];
    let config = EngineConfig::default();
    let gathered = gather(&plan, &shape, &sources, &States::new(0), &config, &watch()).unwrap();
    assert_eq!(gathered.counted.len(), 2);
    let bytes = gathered.bytes();
    assert!(bytes > 100 * TEXT_BYTES, "{bytes} bytes");
    assert!(bytes < 2 * 100 * TEXT_BYTES, "{bytes} bytes");
}

/// The same texts in many blocks are many dictionaries: their groups are found before the query has no memory left.
#[test]
fn dictionaries_that_repeat_in_many_blocks_are_no_reason_to_refuse() {
    let (plan, shape) = by_user();
    let sources: Vec<Source> = (0..20).map(|_| users()).collect();
    let (config, states) = (EngineConfig::default(), States::new(0));
    let watch = watch_of_bytes(10 * 100 * TEXT_BYTES as u64);
    let mut gathered = gather(&plan, &shape, &sources, &states, &config, &watch).unwrap();
    gathered.settle(&shape, &watch).unwrap();
    assert_eq!(gathered.groups.len(), 100);
}
