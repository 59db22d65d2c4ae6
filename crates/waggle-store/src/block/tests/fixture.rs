//! A block of each format version, kept for ever: what was written once must be readable by every later program.

use super::*;

/// Made by `encode_block` from [`version_1_rows`], all in one run, when version 1 was new. Never written again.
const VERSION_1: &[u8] = include_bytes!("../../../fixtures/block-version-1.waggle");

#[test]
fn version_1_reads_for_ever() {
    assert_eq!(VERSION_1[7], 1);
    let block = open(VERSION_1.to_vec()).unwrap();
    let layouts: BTreeSet<u8> = block.entries().iter().map(|entry| entry.layout).collect();
    assert!(
        layouts.into_iter().eq(1..=7),
        "the fixture has every layout"
    );
    let presences: BTreeSet<u8> = block.entries().iter().map(|entry| entry.presence).collect();
    assert!(presences.into_iter().eq(1..=3));
    check(&Source::Block(Arc::new(block)), &version_1_rows());
}

/// Made by `encode_block` from [`version_2_rows`], all in one run, when version 2 was new. Never written again.
const VERSION_2: &[u8] = include_bytes!("../../../fixtures/block-version-2.waggle");

#[test]
fn version_2_reads_for_ever() {
    assert_eq!(VERSION_2[7], 2);
    let block = open(VERSION_2.to_vec()).unwrap();
    let layouts: BTreeSet<u8> = block.entries().iter().map(|entry| entry.layout).collect();
    assert!(
        layouts.into_iter().eq([1, 3, 4, 5, 6, 7, 8, 9]),
        "the fixture has every layout that is written"
    );
    let presences: BTreeSet<u8> = block.entries().iter().map(|entry| entry.presence).collect();
    assert!(presences.into_iter().eq(1..=3));
    check(&Source::Block(Arc::new(block)), &version_2_rows());
}

/// Made by `encode_block` from [`version_3_rows`], all in one run, when version 3 was new. Never written again.
const VERSION_3: &[u8] = include_bytes!("../../../fixtures/block-version-3.waggle");

#[test]
fn version_3_reads_for_ever() {
    assert_eq!(VERSION_3[7], 3);
    let block = open(VERSION_3.to_vec()).unwrap();
    let layouts: BTreeSet<u8> = block.entries().iter().map(|entry| entry.layout).collect();
    assert!(
        layouts.into_iter().eq([1, 3, 4, 5, 6, 7, 8, 9, 10]),
        "the fixture has every layout that is written"
    );
    let presences: BTreeSet<u8> = block.entries().iter().map(|entry| entry.presence).collect();
    assert!(presences.into_iter().eq(1..=4));
    let rows = version_3_rows();
    let entries = block.entries().iter();
    let in_chunks: Vec<&ColumnEntry> = entries.filter(|entry| entry.is_in_chunks()).collect();
    assert_eq!(in_chunks.len(), 3, "{in_chunks:?}");
    for entry in in_chunks {
        let column = block.column_in(&entry.name, &[1]).unwrap().unwrap();
        for (row, expected) in rows.iter().enumerate().take(2048).skip(1024) {
            let field = expected
                .fields
                .iter()
                .find(|(name, _)| **name == *entry.name);
            let expected = field.map(|(_, value)| value.clone());
            assert!(same(&column.value(row as u32), &expected), "row {row}");
        }
    }
    check(&Source::Block(Arc::new(block)), &rows);
}

#[test]
fn what_this_program_writes_reads_like_the_fixtures() {
    for rows in [version_2_rows(), version_3_rows()] {
        let (encoded, rows) = encode(&[rows]);
        check(
            &Source::Block(Arc::new(open(encoded.bytes).unwrap())),
            &rows,
        );
    }
}

#[test]
fn the_documented_example_is_what_is_written() {
    let document = include_str!("../../../../../docs/format.md");
    let (_, example) = document.split_once("## An example").unwrap();
    let documented: Vec<u8> = example
        .split("```")
        .nth(1)
        .unwrap()
        .lines()
        .filter_map(|line| line.split_once("  "))
        .flat_map(|(_, line)| line.split('|').next().unwrap().split_whitespace())
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect();
    let row = Row {
        time: 1,
        rate: 1,
        fields: vec![("name".to_owned(), Value::String("hi".to_owned()))],
    };
    assert_eq!(encode(&[vec![row]]).0.bytes, documented);
}

/// A full chunk and a bit more, in order of time.
fn version_1_rows() -> Vec<Row> {
    let mixed = |row: i64| (row + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed());
    (0..1030_i64)
        .map(|row| {
            let mut fields: Vec<(&str, Value)> = vec![
                (
                    "duration_ms",
                    Value::Float((row * 37 % 5000) as f64 / 100.0),
                ),
                ("error", Value::Bool(row % 90 == 7)),
                (
                    "name",
                    Value::String(["GET /", "", "größe", "日本"][row as usize % 4].into()),
                ),
                ("status", Value::Int(200 + row % 5 * 100)),
                (
                    "trace.trace_id",
                    Value::String(format!("{:016x}{:016x}", mixed(row / 20), row / 20)),
                ),
            ];
            if row % 3 == 0 {
                let statement = format!("SELECT price FROM product_{} WHERE id = ?", row % 150);
                fields.push(("db.statement", Value::String(statement)));
            }
            if row % 25 == 0 {
                fields.push((
                    "trace.span_id",
                    Value::String(format!("{:016x}", mixed(row))),
                ));
                fields.push(("load", Value::Float((row as f64).sqrt())));
                fields.push(("offset", Value::Int(i64::MIN + row)));
            } else if row % 25 == 1 {
                fields.push(("load", Value::String("n/a".into())));
            }
            if row == 500 {
                fields.push(("odd", Value::Float(f64::from_bits(0x7ff8_0000_0000_0001))));
                fields.push(("once", Value::Bool(true)));
            }
            Row {
                time: 1_700_000_000_000_000_000 + row / 2 * 1_500_000,
                rate: 1 + (row % 3 / 2) as u32,
                fields: fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect(),
            }
        })
        .collect()
}

/// The same rows, all of them spans.
fn version_2_rows() -> Vec<Row> {
    let id = |row: i64| {
        let id = (row + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed());
        Value::String(format!("{id:016x}"))
    };
    let mut rows = version_1_rows();
    for (row, to) in (0..).zip(&mut rows) {
        to.fields.retain(|(name, _)| name != "trace.span_id");
        to.fields.push(("trace.span_id".to_owned(), id(row)));
        if row % 20 != 0 {
            // One in 50 rows has a parent that is in no row.
            let parent = if row % 50 == 9 { -row } else { row - row % 20 };
            to.fields.push(("trace.parent_id".to_owned(), id(parent)));
        }
    }
    rows
}

/// Version 2's rows three times, one after another, with columns that are read by the chunk, ranked and listed.
fn version_3_rows() -> Vec<Row> {
    let rows = version_2_rows();
    let step = 1_000_000_000_000;
    let thrice = (0..3).flat_map(|time| rows.iter().map(move |row| (time, row.clone())));
    (0..)
        .zip(thrice)
        .map(|(index, (time, mut row))| {
            row.time += time * step;
            for (name, value) in &mut row.fields {
                if let (true, Value::String(id)) = (name.starts_with("trace."), value) {
                    // Other ids each time, and parents still those of spans.
                    id.replace_range(8..9, &time.to_string());
                }
            }
            let mixed = (index + 1_i64).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed());
            let mut put = |name: &str, value| row.fields.push((name.to_owned(), value));
            put("mixed", Value::Int(mixed));
            put("route", Value::String(format!("/r/{}", index * 31 % 509)));
            put(
                "price",
                Value::Float((index * 7919 % 100_003) as f64 / 100.0),
            );
            if index % 5 == 0 {
                put("attempt", Value::Int(index % 8));
            }
            row
        })
        .collect()
}
