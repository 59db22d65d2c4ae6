//! Bytes that are not what was written are refused: never a panic, never another value.

use super::*;
use crate::block::layout::decode_column;
use crate::column::Lanes;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A block with every layout in it.
fn all_layouts() -> (EncodedBlock, Vec<Row>) {
    let rows: Vec<Row> = (0..2100_i64)
        .map(|row| {
            let mut fields = vec![
                ("int".to_owned(), Value::Int(row * row)),
                ("decimal".to_owned(), Value::Float(row as f64 / 100.0)),
                ("float".to_owned(), Value::Float((row as f64).sqrt())),
                ("bool".to_owned(), Value::Bool(row % 3 == 0)),
                ("text".to_owned(), Value::String(format!("é{}", row % 700))),
                (
                    "long text".to_owned(),
                    Value::String(format!("{:é>40}", row % 700)),
                ),
                (
                    "trace".to_owned(),
                    Value::String(format!("{:032x}", row / 9)),
                ),
                (
                    "span".to_owned(),
                    Value::String(format!("{:016x}", row * 0x1_0001)),
                ),
            ];
            let id = |row: i64| Value::String(format!("{:016x}", (row + 1) * 0x9e37_79b9));
            fields.push(("trace.span_id".to_owned(), id(row)));
            if row % 9 != 0 {
                // One in a hundred is nowhere in the block.
                let parent = if row % 100 == 7 { -5 } else { row - row % 9 };
                fields.push(("trace.parent_id".to_owned(), id(parent)));
            }
            if row % 2 == 0 {
                fields.push(("bitmap".to_owned(), Value::Int(row)));
            }
            if row % 5 == 0 {
                fields.push(("ranked".to_owned(), Value::Int(row)));
            }
            fields.push(("listed".to_owned(), Value::Int(row % 4 * 1000)));
            if row % 90 == 0 {
                fields.push(("sparse".to_owned(), Value::String(format!("{row}"))));
                fields.push((
                    "sparse span".to_owned(),
                    Value::String(format!("{row:016x}")),
                ));
            }
            Row {
                time: row * 1000,
                rate: 1 + (row % 2) as u32,
                fields,
            }
        })
        .collect();
    encode(&[rows])
}

/// Opens a block and reads everything; `Ok` only when all of it is as written.
fn read_all(bytes: Vec<u8>, rows: &[Row]) -> Result<(), ReadError> {
    let block = open(bytes)?;
    let times = block.times()?;
    let rates = block.sample_rates()?;
    for (row, expected) in rows.iter().enumerate().step_by(7) {
        assert_eq!(times.value(row as u32), Some(Value::Int(expected.time)));
        let rate = rates.as_ref().map(|rates| rates.value(row as u32));
        assert_eq!(rate.flatten(), Some(Value::Int(expected.rate.into())));
    }
    let names: Vec<Box<str>> = block
        .entries()
        .iter()
        .map(|entry| entry.name.clone())
        .collect();
    for name in names {
        let Some(column) = block.column(&name)? else {
            continue;
        };
        for (row, expected) in rows.iter().enumerate().step_by(7) {
            let field = expected.fields.iter().find(|(field, _)| **field == *name);
            let value = column.value(row as u32);
            assert!(same(&value, &field.map(|field| field.1.clone())), "{name}");
        }
    }
    Ok(())
}

#[test]
fn a_flipped_bit_anywhere_is_found_or_harmless() {
    let (encoded, rows) = all_layouts();
    read_all(encoded.bytes.clone(), &rows).unwrap();
    let seed = 11;
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let length = encoded.bytes.len();
    let directory = length - 3000..length;
    let mut found = 0;
    for case in 0..900 {
        let mut bytes = encoded.bytes.clone();
        // A third of the damage goes where the directory is.
        let at = if case % 3 == 0 {
            rng.random_range(directory.clone())
        } else {
            rng.random_range(0..length)
        };
        bytes[at] ^= 1 << rng.random_range(0..8);
        match read_all(bytes, &rows) {
            Err(ReadError::Corrupt { .. } | ReadError::Unsupported { .. }) => found += 1,
            Err(ReadError::Io { .. }) => panic!("the file is whole"),
            // The header is for people and recovery; no reader needs it.
            Ok(()) => assert!(at < 8, "damage at {at} went unnoticed"),
        }
    }
    assert!(found > 890, "{found}");
}

/// Reading some chunks of a column checks what it reads, wherever the damage is, and needs nothing else to be whole.
#[test]
fn a_flipped_bit_in_a_chunk_is_found_by_whoever_reads_the_chunk() {
    let rows: Vec<Row> = (0..5000_i64)
        .map(|row| Row {
            time: row,
            rate: 1,
            fields: vec![
                ("int".into(), Value::Int(row * row % 7919 * row)),
                ("text".into(), Value::String(format!("é{}", row * 7 % 900))),
                (
                    "decimal".into(),
                    Value::Float((row * 77 % 90_001) as f64 / 100.0),
                ),
                ("listed".into(), Value::Int(row * 7 % 200 * 1_000_003)),
            ],
        })
        .collect();
    let (encoded, rows) = encode(&[rows]);
    let seed = 29;
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut found, mut unread) = (0, 0);
    for case in 0..600 {
        let entry = &encoded.columns[case % encoded.columns.len()];
        assert!(entry.is_in_chunks(), "{}", entry.name);
        let mut bytes = encoded.bytes.clone();
        let at = entry.offset as usize + rng.random_range(0..entry.stored_bytes as usize);
        bytes[at] ^= 1 << rng.random_range(0..8);
        let chunk = rng.random_range(0..5);
        match open(bytes).unwrap().column_in(&entry.name, &[chunk]) {
            Err(ReadError::Corrupt { message, .. }) => {
                assert!(message.contains(&*entry.name), "{message}");
                found += 1;
            }
            Err(error) => panic!("{error}"),
            Ok(column) => {
                unread += 1;
                let column = column.unwrap();
                let first = chunk * CHUNK_ROWS;
                for (row, of_row) in rows.iter().enumerate().skip(first).take(CHUNK_ROWS) {
                    let field = of_row.fields.iter();
                    let mut field = field.filter(|(name, _)| **name == *entry.name);
                    let expected = field.next().map(|(_, value)| value.clone());
                    assert!(same(&column.value(row as u32), &expected), "row {row}");
                }
            }
        }
    }
    assert!(found > 100 && unread > 100, "{found} {unread}");
}

#[test]
fn a_block_cut_short_or_shifted_is_refused() {
    let (encoded, rows) = all_layouts();
    let length = encoded.bytes.len();
    for cut in (0..40)
        .chain((40..length).step_by(997))
        .chain(length - 60..length)
    {
        assert!(
            read_all(encoded.bytes[..cut].to_vec(), &rows).is_err(),
            "cut to {cut}"
        );
        assert!(read_all(encoded.bytes[length - cut..].to_vec(), &rows).is_err());
    }
    let mut longer = encoded.bytes.clone();
    longer.push(0);
    assert!(read_all(longer, &rows).is_err());
    // The metastore's row is right and the file is shorter.
    let place = BlockPlace {
        dataset: DATASET,
        offset: 0,
        length: length as u64,
    };
    let short = file(encoded.bytes[..length - 1].to_vec());
    let cache = Arc::new(BlockCache::new(0));
    assert!(matches!(
        Block::open(short, place, cache),
        Err(ReadError::Io { .. })
    ));
    let far = BlockPlace {
        offset: u64::MAX - 5,
        ..place
    };
    let cache = Arc::new(BlockCache::new(0));
    assert!(Block::open(file(encoded.bytes), far, cache).is_err());
}

#[test]
fn a_column_whose_checksum_was_forged_never_panics() {
    let (encoded, _) = all_layouts();
    let seed = 5;
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut refused = 0;
    let block = open(encoded.bytes.clone()).unwrap();
    let spans = block.column("trace.span_id").unwrap().unwrap();
    for entry in &encoded.columns {
        let target = entry.target.is_some().then(|| &spans.types[0]);
        let start = entry.offset as usize;
        let good = &encoded.bytes[start..start + entry.stored_bytes as usize];
        for case in 0..150 {
            let mut bytes = good.to_vec();
            let mut entry = entry.clone();
            match case % 5 {
                // The beginning holds the counts and widths, where damage is worst.
                0 | 1 => {
                    let at = rng.random_range(0..bytes.len().min(64));
                    bytes[at] = rng.random();
                }
                2 => {
                    let at = rng.random_range(0..bytes.len());
                    bytes[at] = rng.random();
                }
                3 => bytes.truncate(rng.random_range(0..bytes.len())),
                _ => {
                    entry.presence = rng.random_range(0..6);
                    entry.layout = rng.random_range(0..12);
                    entry.parameter = rng.random();
                }
            }
            match decode_column(&entry, encoded.row_count, Lanes::Narrow, &bytes, target) {
                Ok(typed) => {
                    let texts = typed.dictionary().map(|texts| texts.load_texts());
                    match texts {
                        None | Some(Ok(())) => read_everything(&typed),
                        Some(Err(_)) => refused += 1,
                    }
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 500, "{refused}");
}

/// Reads a column in all ways, whatever is in it.
fn read_everything(typed: &TypedColumn) {
    let mut codes = ChunkBuffer::default();
    let mut ints = ChunkBuffer::default();
    let mut floats = ChunkBuffer::default();
    let mut bools = ChunkBuffer::default();
    let entries = typed.dictionary().map_or(0, |dictionary| dictionary.len());
    for chunk in 0..4 {
        typed.read_codes(chunk, &mut codes);
        typed.read_ints(chunk, &mut ints);
        typed.read_floats(chunk, &mut floats);
        typed.read_bools(chunk, &mut bools);
        for index in 0..CHUNK_ROWS {
            assert!(!codes.has(index) || (codes.values[index] as usize) < entries);
        }
        typed.is_chunk_absent(chunk);
        typed.chunk_bounds(chunk);
        typed.code_bounds(chunk);
        typed.float_bounds(chunk);
    }
    for row in (0..typed.row_count()).step_by(13) {
        typed.value(row);
    }
}

#[test]
fn what_a_newer_version_wrote_is_named_as_such() {
    let (encoded, _) = all_layouts();
    let mut newer = encoded.bytes.clone();
    *newer.last_mut().unwrap() = 4;
    let error = open(newer).unwrap_err().to_string();
    assert!(error.contains("format version 4"), "{error}");

    let mut entry = encoded.columns[0].clone();
    entry.layout = 99;
    let start = entry.offset as usize;
    let bytes = &encoded.bytes[start..start + entry.stored_bytes as usize];
    let fault = decode_column(&entry, encoded.row_count, Lanes::Narrow, bytes, None).unwrap_err();
    let message = format!("{fault:?}");
    assert!(message.contains("layout 99"), "{message}");
    assert!(message.contains("versions 1 to 3"), "{message}");
}

/// A block whose directory was written anew with another entry for its times.
fn with_times_of(encoded: &EncodedBlock, name: &str, bounds: (i64, i64)) -> Vec<u8> {
    let mut bytes = encoded.bytes.clone();
    let trailer = bytes.len() - 24;
    let start = u64::from_le_bytes(bytes[trailer..trailer + 8].try_into().unwrap()) as usize;
    let entry = |index: usize| start + 40 + index * 80;
    let place = encoded
        .columns
        .iter()
        .position(|entry| *entry.name == *name);
    // The times come first, and rates of 1 have no column.
    let from = entry(1 + place.unwrap());
    for part in [0..56, 70..74] {
        let copied = bytes[from + part.start..from + part.end].to_vec();
        bytes[entry(0) + part.start..entry(0) + part.end].copy_from_slice(&copied);
    }
    bytes[start + 8..start + 16].copy_from_slice(&bounds.0.to_le_bytes());
    bytes[start + 16..start + 24].copy_from_slice(&bounds.1.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[start..trailer]);
    bytes[trailer + 12..trailer + 16].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Rows are found by a search through the times, which other layouts do not have.
#[test]
fn forged_times_of_another_layout_are_refused() {
    let rows: Vec<Row> = (0..2_400_i64)
        .map(|row| Row {
            time: row * 1_250,
            rate: 1,
            fields: vec![
                ("listed".to_owned(), Value::Int(row / 600 * 1_000_000)),
                ("plain".to_owned(), Value::Int(row * 1_250)),
            ],
        })
        .collect();
    let (encoded, _) = encode(&[rows]);
    let last = 2_399 * 1_250;
    let again = open(with_times_of(&encoded, "plain", (0, last))).unwrap();
    let range = TimeRange {
        start_ns: 1_250_000,
        end_ns: 2_500_000,
    };
    assert_eq!(again.rows_in(range).unwrap(), 1_000..2_000);
    let forged = open(with_times_of(&encoded, "listed", (0, 3_000_000))).unwrap();
    let message = forged.rows_in(range).unwrap_err().to_string();
    assert!(message.contains("layout"), "{message}");
}

/// Of a part of a column only the codes that were read are known to lie in its list: bounds of the others must not lead past it.
#[test]
fn bounds_of_chunks_that_were_not_read_stay_in_a_forged_list() {
    let places = crate::column::Packed::<u32>::new(&[0, 1, 9, 8]);
    let listed = crate::column::Listed::new(places, vec![5, 7]).unwrap();
    assert_eq!(listed.bounds(0), Some((5, 7)));
    let places = crate::column::Packed::<u32>::new(&[9, 8]);
    let listed = crate::column::Listed::new(places, vec![5, 7]).unwrap();
    assert_eq!(listed.bounds(0), Some((7, 7)));
}
