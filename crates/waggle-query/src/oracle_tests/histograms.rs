//! Columns that have numbers and texts that stand for histograms: the answer is that of all rows in one run, however they are split over
//! runs and blocks, and whether states become bytes on their way.

use super::{each_seed, text};
use crate::engine::EngineConfig;
use crate::testing::{ByParts, Directly, query_by, snapshot, source};
use rand::RngExt;
use rand::rngs::StdRng;
use waggle_model::{
    CalculationSpec, Cell, DatasetId, QueryOptions, QuerySpec, ResultTable, TimeRange, Value,
};
use waggle_store::Snapshot;
use waggle_testkit::{Event, random_events};

const RANGE: TimeRange = TimeRange {
    start_ns: 0,
    end_ns: 600_000_000_000,
};

fn random_value(rng: &mut StdRng) -> Value {
    let count = rng.random_range(1..50);
    let first = rng.random_range(-8..8);
    Value::String(match rng.random_range(0..8) {
        0 => return Value::Int(rng.random_range(-5..50)),
        1 => return Value::Float(rng.random_range(-5.0..50.0)),
        2 => return text(rng, "hist", 3),
        3 => "hist".to_owned(),
        4 => format!("hist scale=1 zero={count} -{first}:{count} +{first}:1,{count},7 sum=5"),
        5 => format!("hist -inf..{first}:{count} {first}..90:2 90..inf:1"),
        6 => format!("hist 0..10:{count} 10..1000:1 sum={count} min=2 max=200"),
        _ => format!("hist {first}..100:{count} min=8 max=70"),
    })
}

fn answers(table: &ResultTable) -> Vec<f64> {
    let of_cell = |cell: &Cell| match cell {
        Cell::Text(text) => text.len() as f64,
        other => other.as_f64().unwrap_or(f64::INFINITY),
    };
    let cells = table.groups.iter().flat_map(|group| &group.values);
    let mut all: Vec<f64> = cells.map(of_cell).collect();
    for map in table.heatmaps.iter().flatten() {
        all.extend([map.min_value, map.max_value]);
        all.extend(map.times_ns.iter().map(|time| *time as f64));
        all.extend(map.counts.iter().flatten().map(|count| *count as f64));
    }
    all
}

#[test]
fn histograms_are_the_same_however_rows_are_split() {
    each_seed(0..40, |rng| {
        let count = rng.random_range(1..120);
        let mut events = random_events(rng, count, RANGE);
        for event in &mut events {
            event.dataset = DatasetId(1);
            if rng.random_bool(0.8) {
                let value = random_value(rng);
                event.fields.insert("latency".to_owned(), value);
            }
        }
        let spec = QuerySpec {
            calculations: ["P50", "P99", "SUM", "AVG", "MIN", "MAX", "HEATMAP"]
                .map(|op| CalculationSpec {
                    op: op.to_owned(),
                    column: Some("latency".to_owned()),
                    ..CalculationSpec::default()
                })
                .to_vec(),
            ..QuerySpec::default()
        };
        let all: Vec<&Event> = events.iter().collect();
        let whole = Snapshot {
            sources: vec![source(&all, false)],
        };
        let split = snapshot(rng, &events);
        let (options, config) = (QueryOptions::default(), EngineConfig::default());
        let expected = query_by(&Directly, &whole, &spec, RANGE, &options, &config).unwrap();
        let expected = answers(&expected);
        let block = Snapshot {
            sources: vec![source(&all, true)],
        };
        for found in [
            query_by(&Directly, &split, &spec, RANGE, &options, &config),
            query_by(&ByParts, &split, &spec, RANGE, &options, &config),
            query_by(&ByParts, &block, &spec, RANGE, &options, &config),
        ] {
            let found = answers(&found.unwrap());
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                let is_near = (found - expected).abs() <= 1e-9 * expected.abs().max(1.0);
                assert!(found == expected || is_near, "{found}, not {expected}");
            }
        }
    });
}
