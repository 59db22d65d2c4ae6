//! A block made of blocks is the block of their rows, byte by byte; what is left out is in no byte of it.

use super::round_trip::{TestColumn, random_rows};
use super::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const ALL: &dyn Fn(&str) -> bool = &|_| true;

fn block_of(rows: &[Row]) -> Source {
    let encoded = encode_block(&[run(rows)]);
    Source::Block(Arc::new(open(encoded.bytes).unwrap()))
}

fn source_of(rows: &[Row], is_block: bool) -> Source {
    match is_block {
        true => block_of(rows),
        false => Source::Run(run(rows)),
    }
}

#[test]
fn blocks_and_runs_merge_into_the_block_of_their_rows() {
    for seed in 0..24 {
        println!("seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let sizes = [1, 2, 64, 1023, 1024, 1025, 3000];
        let columns: Vec<TestColumn> = (0..12)
            .map(|index| TestColumn::new(seed as u32 * 12 + index, &mut rng))
            .collect();
        let mut inputs = Vec::new();
        let mut kept = Vec::new();
        let part_count = rng.random_range(1..5);
        for _ in 0..part_count {
            let count = sizes[rng.random_range(0..sizes.len())];
            let mut rows = random_rows(count, &columns, &mut rng);
            let is_block = rng.random_bool(0.7);
            if is_block {
                rows.sort_by_key(|row| row.time);
            }
            let share = [0.0, 0.0, 0.1, 0.9, 1.0][rng.random_range(0..5)];
            let mut erased = vec![0_u64; rows.len().div_ceil(64)];
            let source = source_of(&rows, is_block);
            for (index, row) in rows.into_iter().enumerate() {
                if rng.random_bool(share) {
                    erased[index / 64] |= 1 << (index % 64);
                } else {
                    kept.push(row);
                }
            }
            let erased = (share > 0.0).then(|| erased.into());
            inputs.push(BlockInput { source, erased });
        }
        let merged = encode_sources(&inputs, ALL).unwrap();
        if kept.is_empty() {
            assert!(merged.is_none());
            continue;
        }
        let (expected, rows) = encode(&[kept]);
        let merged = merged.unwrap();
        assert_eq!(merged.columns, expected.columns);
        assert!(merged.bytes == expected.bytes, "byte by byte");
        check(&Source::Block(Arc::new(open(merged.bytes).unwrap())), &rows);
    }
}

#[test]
fn erased_rows_and_columns_leave_no_trace() {
    let rows: Vec<Row> = (0..3000)
        .map(|row| Row {
            time: row,
            rate: 1,
            fields: vec![
                ("user".into(), Value::String(format!("user {}", row % 2))),
                ("secret".into(), Value::String("hunter2".into())),
            ],
        })
        .collect();
    let every_other = vec![0xaaaa_aaaa_aaaa_aaaa; 3000_usize.div_ceil(64)];
    let input = BlockInput {
        source: block_of(&rows),
        erased: Some(every_other.into()),
    };
    let encoded = encode_sources(&[input], &|name| name != "secret");
    let encoded = encoded.unwrap().unwrap();
    assert_eq!(encoded.row_count, 1500);
    let has = |text: &str| {
        let mut windows = encoded.bytes.windows(text.len());
        windows.any(|bytes| bytes == text.as_bytes())
    };
    assert!(has("user 0"));
    assert!(!has("user 1"));
    assert!(!has("hunter2"));
    assert!(!has("secret"));
}

#[test]
fn a_damaged_block_is_not_merged() {
    let rows: Vec<Row> = (0..2000)
        .map(|row| Row {
            time: row,
            rate: 1,
            fields: vec![("n".into(), Value::Int(row * row))],
        })
        .collect();
    let mut encoded = encode_block(&[run(&rows)]);
    let entry = &encoded.columns[0];
    let at = (entry.offset + entry.stored_bytes / 2) as usize;
    encoded.bytes[at] ^= 4;
    let damaged = Source::Block(Arc::new(open(encoded.bytes).unwrap()));
    let inputs = [block_of(&rows).into(), damaged.into()];
    assert!(matches!(
        encode_sources(&inputs, ALL),
        Err(ReadError::Corrupt { .. })
    ));
}

/// Events of 20 senders, 1,000 a second in all, each sent with those of the last `delay_s` seconds: the bytes per event that the times of
/// arrival take.
fn arrival_bytes(delay_s: i64) -> f64 {
    const S: i64 = 1_000_000_000;
    let rows: Vec<Row> = (0..60_000)
        .map(|number| {
            let time = number * S / 1_000;
            let phase = number % 20 * delay_s * S / 20;
            // When its sender's turn comes next.
            let sent = time + (delay_s * S) - (time + phase) % (delay_s * S);
            Row {
                time,
                rate: 1,
                fields: vec![(ARRIVAL_COLUMN.into(), Value::Int(sent / S))],
            }
        })
        .collect();
    let encoded = encode_block(&[run(&rows)]);
    assert!(encoded.columns.is_empty(), "it is no column of events");
    let block = Arc::new(open(encoded.bytes).unwrap());
    let stored = Source::Block(Arc::clone(&block)).column_bytes(ARRIVAL_COLUMN);
    // It survives a merge, beside rows from before it was kept.
    let old = run(&[Row {
        time: -1,
        rate: 1,
        fields: vec![("n".into(), Value::Int(1))],
    }]);
    let inputs = [Source::Block(block).into(), Source::Run(old).into()];
    let merged = encode_sources(&inputs, ALL).unwrap().unwrap();
    let merged = Source::Block(Arc::new(open(merged.bytes).unwrap()));
    let column = merged.column(ARRIVAL_COLUMN).unwrap().unwrap();
    assert_eq!(column.value(0), None);
    assert_eq!(
        column.value(1),
        rows[0].fields.first().map(|(_, value)| value.clone())
    );
    assert_eq!(merged.column_names(), ["n"]);
    stored as f64 / rows.len() as f64
}

#[test]
fn times_of_arrival_take_bits() {
    for (delay_s, most) in [(1, 0.27), (5, 0.42)] {
        let bytes = arrival_bytes(delay_s);
        println!("sent every {delay_s} s: {bytes:.3} bytes an event");
        assert!(bytes < most, "{delay_s}: {bytes}");
    }
}
