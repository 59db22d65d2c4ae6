//! What goes into a block comes out of it.

use super::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

#[test]
fn random_rows_read_back_in_order_of_time() {
    let mut layouts = BTreeSet::new();
    for seed in 0..16 {
        println!("seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let sizes = [1, 2, 63, 64, 65, 1023, 1024, 1025, 2048, 3000];
        let run_count = rng.random_range(1..5);
        let columns: Vec<TestColumn> = (0..12)
            .map(|index| TestColumn::new(seed as u32 * 12 + index, &mut rng))
            .collect();
        let runs: Vec<Vec<Row>> = (0..run_count)
            .map(|_| {
                let count = sizes[rng.random_range(0..sizes.len())];
                random_rows(count, &columns, &mut rng)
            })
            .collect();
        let (encoded, rows) = encode(&runs);
        assert_eq!(encoded.row_count as usize, rows.len());
        let sealed: Vec<Arc<Run>> = runs.iter().map(|rows| run(rows)).collect();
        assert_eq!(
            encode_block(&sealed).bytes,
            encoded.bytes,
            "same in, same out"
        );
        let block = open(encoded.bytes).unwrap();
        assert_eq!(block.entries(), encoded.columns);
        let entries = encoded.columns.iter();
        layouts.extend(entries.map(|entry| (entry.layout, entry.presence)));
        check(&Source::Block(Arc::new(block)), &rows);
    }
    for layout in [1, 3, 4, 5, 6, 7, 8, 10] {
        for presence in 1..=4 {
            let combination = (layout, presence);
            assert!(layouts.contains(&combination), "no test of {combination:?}");
        }
    }
}

/// A column's name, how often it occurs and what is in it.
pub(super) struct TestColumn {
    name: String,
    presence: f64,
    kinds: Vec<u32>,
}

const KINDS: u32 = 16;

impl TestColumn {
    /// Consecutive numbers go through every kind with every presence.
    pub(super) fn new(index: u32, rng: &mut StdRng) -> Self {
        let presence = [1.0, 0.03, 0.5, 0.95, 0.12, 0.002];
        let mut kinds = vec![index % KINDS];
        if rng.random_bool(0.2) {
            kinds.push(rng.random_range(0..KINDS));
        }
        Self {
            name: ["", "größe ", "a.b ", "🐝"][index as usize % 4].to_owned() + &index.to_string(),
            presence: presence[(index / KINDS) as usize % presence.len()],
            kinds,
        }
    }
}

pub(super) fn random_rows(count: usize, columns: &[TestColumn], rng: &mut StdRng) -> Vec<Row> {
    let has_rates = rng.random_bool(0.5);
    let start = if rng.random_bool(0.1) {
        i64::MIN
    } else {
        1_700_000_000_000_000_000
    };
    let mut rows = Vec::with_capacity(count);
    for index in 0..count as i64 {
        let mut fields = Vec::new();
        for column in columns {
            if rng.random_bool(column.presence) {
                let kind = column.kinds[rng.random_range(0..column.kinds.len())];
                fields.push((column.name.clone(), random_value(kind, index, rng)));
            }
        }
        rows.push(Row {
            // Out of order by up to 50 rows, many times twice.
            time: start + (index + rng.random_range(0..50)) / 3 * 1_000_003,
            rate: if has_rates {
                rng.random_range(1..200)
            } else {
                1
            },
            fields,
        });
    }
    rows
}

fn random_value(kind: u32, row: i64, rng: &mut StdRng) -> Value {
    match kind {
        0 => Value::Int(rng.random_range(0..10)),
        1 => Value::Int(rng.random()),
        2 => Value::Int([i64::MIN, i64::MAX, 0, -1][rng.random_range(0..4)]),
        3 => Value::Int(5),
        4 => Value::Float(rng.random()),
        5 => Value::Float(rng.random_range(-1_000_000_i64..1_000_000) as f64 / 1000.0),
        6 => Value::Float(
            [
                f64::NAN,
                -f64::NAN,
                -0.0,
                0.0,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::MIN_POSITIVE / 8.0,
                f64::MAX,
            ][rng.random_range(0..8)],
        ),
        7 => Value::Float(rng.random_range(0..9) as f64),
        8 => Value::Bool(rng.random()),
        9 => Value::String(["", "GET /", "naïve", "日本語", "\0"][rng.random_range(0..5)].into()),
        10 => Value::String(format!("user-{}", rng.random::<u32>())),
        11 => Value::String(format!("{:016x}", rng.random::<u64>())),
        12 => Value::String(format!("{:032x}", row / 20)),
        13 => Value::String(format!("{:016x}", rng.random_range(0..100))),
        14 => Value::String(format!("{:016X}", rng.random::<u64>() | 10)),
        _ => Value::String("x".repeat(rng.random_range(0..200))),
    }
}

#[test]
fn large_dictionaries_are_in_the_order_of_hashes_and_compressed() {
    let rows: Vec<Row> = (0..6000)
        .map(|row| Row {
            time: row,
            rate: 1,
            fields: vec![
                (
                    "many".into(),
                    Value::String(format!("customer {}", row * 7 % 5000)),
                ),
                (
                    "few".into(),
                    Value::String(format!("route {}", row * 7 % 4096)),
                ),
            ],
        })
        .collect();
    let (encoded, rows) = encode(&[rows]);
    let block = open(encoded.bytes).unwrap();
    let dictionary = |name| {
        let column = block.column(name).unwrap().unwrap();
        Arc::clone(column.types[0].dictionary().unwrap())
    };
    let many = dictionary("many");
    assert!(many.is_hash_ordered());
    assert_eq!(many.len(), 5000);
    assert!((1..5000).all(|code| many.hash(code - 1) < many.hash(code)));
    let few = dictionary("few");
    assert!(!few.is_hash_ordered());
    assert_eq!(few.text(1), "route 7", "by first appearance");
    let text_bytes: usize = (0..5000).map(|code| many.text(code).len()).sum();
    let stored = block.entries_of("many")[0].stored_bytes as usize;
    assert!(
        stored < 5000 * 8 + 6000 * 13 / 8 + text_bytes / 2,
        "{stored}"
    );
    check(&Source::Block(Arc::new(block)), &rows);
}

#[test]
fn ids_are_stored_as_bytes() {
    let rows: Vec<Row> = (0..4000_u64)
        .map(|row| Row {
            time: row as i64,
            rate: 1,
            fields: vec![
                (
                    "trace".into(),
                    Value::String(format!("{:032x}", u128::from(row / 40) << 77 | 1)),
                ),
                (
                    "span".into(),
                    Value::String(format!("{:016x}", row.wrapping_mul(0x9e37_79b9_7f4a_7c15))),
                ),
            ],
        })
        .collect();
    let (encoded, rows) = encode(&[rows]);
    let block = open(encoded.bytes).unwrap();
    let stored = |name| block.entries_of(name)[0].stored_bytes;
    assert!(stored("span") < 4000 * 8 + 64, "{}", stored("span"));
    assert!(
        stored("trace") < 100 * 16 + 4000 * 6 / 8 + 256,
        "{}",
        stored("trace")
    );
    let traces = block.column("trace").unwrap().unwrap();
    let (low, high) = traces.types[0].code_bounds(1).unwrap();
    assert!(high - low < 32, "a chunk has few traces: {low} to {high}");
    check(&Source::Block(Arc::new(block)), &rows);
}

#[test]
fn a_long_column_of_unique_ids_is_known_after_a_part() {
    let id = |row: u64| format!("{:016x}", (row + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let rows: Vec<Row> = (0..70_000)
        .map(|row| Row {
            time: 1,
            rate: 1,
            // One that is no id, behind the part that is looked at.
            fields: vec![
                ("span".into(), Value::String(id(row))),
                (
                    "mixed".into(),
                    Value::String(if row == 69_999 {
                        "none".into()
                    } else {
                        id(row)
                    }),
                ),
            ],
        })
        .collect();
    let (encoded, rows) = encode(&[rows]);
    let block = open(encoded.bytes).unwrap();
    assert!(block.entries_of("span")[0].stored_bytes < 70_000 * 8 + 64);
    for name in ["span", "mixed"] {
        let column = block.column(name).unwrap().unwrap();
        for row in (0..70_000).step_by(997).chain([69_999]) {
            let expected = rows[row].fields.iter().find(|(field, _)| field == name);
            assert_eq!(
                column.value(row as u32),
                expected.map(|field| field.1.clone())
            );
        }
    }
}
