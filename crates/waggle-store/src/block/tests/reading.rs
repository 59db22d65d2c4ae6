//! Reading little: one read to open, one per column, none for what is cached or need not be known.

use super::*;
use crate::block::cache::Kind;
use crate::block::directory::Part;
use crate::block::layout::LAYOUT_ID_REFERENCES;
use crate::column::{CHUNK_WORDS, Dictionary, Texts, stable_hash};
use crate::source::Wanted;

fn rows(count: i64) -> Vec<Row> {
    (0..count)
        .map(|row| Row {
            time: row / 3 * 10,
            rate: 1,
            fields: vec![
                ("n".into(), Value::Int(row)),
                ("s".into(), Value::String(format!("text {}", row % 50))),
                ("f".into(), Value::Float(row as f64 / 8.0)),
            ],
        })
        .collect()
}

fn block(bytes: Vec<u8>, cache: &Arc<BlockCache>) -> (Block, Arc<MemoryFile>) {
    let place = BlockPlace {
        dataset: DATASET,
        offset: 0,
        length: bytes.len() as u64,
    };
    let file = file(bytes);
    let reader: Arc<dyn RangeRead> = Arc::<MemoryFile>::clone(&file);
    (Block::open(reader, place, Arc::clone(cache)).unwrap(), file)
}

#[test]
fn opening_and_each_column_take_one_read() {
    let cache = Arc::new(BlockCache::new(1 << 20));
    let (encoded, _) = encode(&[rows(5000)]);
    let (block, file) = block(encoded.bytes, &cache);
    let reads = || file.reads.load(Ordering::Relaxed);
    assert_eq!(reads(), 1);
    block.rows_in(range(i64::MIN, i64::MAX)).unwrap();
    block.column("absent").unwrap();
    block.sample_rates().unwrap();
    assert_eq!(reads(), 1, "the directory knows");
    block.column("n").unwrap();
    block.column("s").unwrap();
    block.times().unwrap();
    assert_eq!(reads(), 4);
    block.column("n").unwrap();
    block.times().unwrap();
    assert_eq!(reads(), 4, "cached");
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.columns), (2, 3, 3));
    drop(block);
    let stats = cache.stats();
    assert_eq!(
        (stats.columns, stats.bytes),
        (0, 0),
        "nobody needs them now"
    );
}

#[test]
fn a_large_directory_takes_a_second_read() {
    let fields = (0..2000)
        .map(|column| (format!("column number {column}"), Value::Int(column)))
        .collect();
    let row = Row {
        time: 1,
        rate: 1,
        fields,
    };
    let (encoded, rows) = encode(&[vec![row]]);
    let cache = Arc::new(BlockCache::new(1 << 20));
    let (block, file) = block(encoded.bytes, &cache);
    assert_eq!(file.reads.load(Ordering::Relaxed), 2);
    assert_eq!(block.entries().len(), 2000);
    check(&Source::Block(Arc::new(block)), &rows);
}

#[test]
fn a_full_cache_throws_out_what_was_not_used_again() {
    let (encoded, _) = encode(&[rows(5000)]);
    let measure = Arc::new(BlockCache::new(1 << 20));
    let (first, _) = block(encoded.bytes.clone(), &measure);
    first.column("n").unwrap();
    let of_n = measure.stats().bytes;
    first.column("s").unwrap();
    let of_both = measure.stats().bytes;

    let cache = Arc::new(BlockCache::new(of_both));
    let (second, file) = block(encoded.bytes, &cache);
    let reads = || file.reads.load(Ordering::Relaxed);
    second.column("s").unwrap();
    second.column("n").unwrap();
    second.column("n").unwrap();
    assert_eq!(reads(), 3);
    second.column("f").unwrap();
    let stats = cache.stats();
    assert!(stats.bytes <= of_both);
    assert!(stats.evictions >= 1);
    second.column("s").unwrap();
    assert_eq!(reads(), 5, "s had to go");

    let tiny = Arc::new(BlockCache::new(of_n - 1));
    let (third, _) = block(encode(&[rows(5000)]).0.bytes, &tiny);
    third.column("n").unwrap();
    assert_eq!(tiny.stats().columns, 0, "larger than the cache");
}

#[test]
fn rows_in_a_range_are_exact() {
    let (encoded, rows) = encode(&[rows(5000)]);
    let source = Source::Block(Arc::new(open(encoded.bytes).unwrap()));
    let last = rows[4999].time;
    let edges = [
        i64::MIN,
        -1,
        0,
        1,
        9,
        10,
        11,
        3410,
        3413,
        6830,
        last - 1,
        last,
        last + 1,
        i64::MAX,
    ];
    for start in edges {
        for end in edges {
            let expected = if start < end {
                let place = |time| rows.partition_point(|row| row.time < time) as u32;
                place(start)..place(end)
            } else {
                0..0
            };
            let found = source.rows_in(range(start, end)).unwrap();
            if expected.is_empty() {
                assert!(found.is_empty(), "{start}..{end}");
            } else {
                assert_eq!(found, expected, "{start}..{end}");
            }
        }
    }
}

fn range(start_ns: i64, end_ns: i64) -> TimeRange {
    TimeRange { start_ns, end_ns }
}

#[test]
fn blocks_share_a_file() {
    let (first, first_rows) = encode(&[rows(100)]);
    let (second, second_rows) = encode(&[rows(2000)]);
    let mut bytes = first.bytes.clone();
    bytes.extend_from_slice(&[0xee; 40]);
    let offset = bytes.len() as u64;
    bytes.extend_from_slice(&second.bytes);
    let file = file(bytes);
    let cache = Arc::new(BlockCache::new(1 << 20));
    let open = |offset, length, dataset| {
        let place = BlockPlace {
            dataset,
            offset,
            length,
        };
        let file: Arc<dyn RangeRead> = Arc::<MemoryFile>::clone(&file);
        Block::open(file, place, Arc::clone(&cache))
    };
    let one = open(0, first.bytes.len() as u64, DATASET).unwrap();
    let two = open(offset, second.bytes.len() as u64, DATASET).unwrap();
    check(&Source::Block(Arc::new(one)), &first_rows);
    check(&Source::Block(Arc::new(two)), &second_rows);
    let other = open(offset, second.bytes.len() as u64, DatasetId(8));
    assert!(
        matches!(other, Err(ReadError::Corrupt { .. })),
        "another tenant's"
    );
}

#[test]
fn the_directory_knows_bounds() {
    let mut rows = rows(100);
    rows[3].fields.push(("b".into(), Value::Bool(true)));
    rows[4].fields.push(("x".into(), Value::Float(f64::NAN)));
    rows[5].fields.push(("x".into(), Value::Float(-1.5)));
    rows[6].fields.push(("y".into(), Value::Float(f64::NAN)));
    let (encoded, _) = encode(&[rows]);
    let block = open(encoded.bytes).unwrap();
    let bounds = |name| block.entries_of(name)[0].bounds;
    assert_eq!(bounds("n"), Some(ColumnBounds::Ints(0, 99)));
    assert_eq!(bounds("s"), Some(ColumnBounds::Strings { entry_count: 50 }));
    assert_eq!(bounds("b"), Some(ColumnBounds::Bools(true, true)));
    assert_eq!(
        bounds("x"),
        Some(ColumnBounds::Floats {
            low: -1.5,
            high: -1.5,
            has_nan: true
        })
    );
    assert_eq!(bounds("y"), None);
    assert!(block.entries_of("z").is_empty());
}

/// Spans of traces of 10, some of whose parents are elsewhere.
fn spans(count: u64) -> Vec<Row> {
    let id = |row: u64| format!("{:016x}", (row + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    (0..count)
        .map(|row| {
            let mut fields = vec![
                (
                    "trace.trace_id".to_owned(),
                    Value::String(trace_id(row / 10)),
                ),
                ("trace.span_id".to_owned(), Value::String(id(row))),
            ];
            if row % 10 != 0 {
                let parent = if row % 97 == 3 {
                    row + count
                } else {
                    row - row % 10
                };
                fields.push(("trace.parent_id".to_owned(), Value::String(id(parent))));
            }
            Row {
                time: row as i64,
                rate: 1,
                fields,
            }
        })
        .collect()
}

fn trace_id(trace: u64) -> String {
    let high = (trace + 1).wrapping_mul(0xd6e8_feb8_6659_fd93);
    format!("{high:016x}{trace:016x}")
}

#[test]
fn a_trace_is_found_by_reading_little() {
    let cache = Arc::new(BlockCache::new(1 << 20));
    let (encoded, _) = encode(&[spans(20_000)]);
    let (block, file) = block(encoded.bytes, &cache);
    let reads = || file.reads.load(Ordering::Relaxed);
    let column = "trace.trace_id";
    assert!(block.rows_with(column, &trace_id(5000)).unwrap().is_empty());
    assert_eq!(reads(), 3, "the index and one group");
    assert!(block.rows_with(column, &trace_id(5001)).unwrap().is_empty());
    assert_eq!(reads(), 4, "one group");
    assert!(block.rows_with(column, "no id").unwrap().is_empty());
    assert!(
        block
            .rows_with(column, "0123456789abcdef")
            .unwrap()
            .is_empty()
    );
    assert!(block.rows_with("absent", "x").unwrap().is_empty());
    assert_eq!(reads(), 4, "nothing to look for");
    for trace in [0, 1, 77, 1024, 1999] {
        let rows: Vec<u32> = (trace * 10..trace * 10 + 10).collect();
        assert_eq!(
            block.rows_with(column, &trace_id(trace.into())).unwrap(),
            rows
        );
    }
    assert_eq!(reads(), 6, "one more group and the column");
    let span = block.column("trace.span_id").unwrap().unwrap().value(123);
    let found = block.rows_with("trace.span_id", &span.unwrap().to_string());
    assert_eq!(found.unwrap(), [123]);
}

#[test]
fn a_damaged_group_or_index_of_ids_is_refused() {
    let (encoded, _) = encode(&[spans(20_000)]);
    let mut entries = encoded.columns.iter();
    let entry = entries
        .find(|entry| &*entry.name == "trace.trace_id")
        .unwrap();
    for part in [Part::Index, Part::Dictionary] {
        let (start, extent) = entry.part(part);
        let mut bytes = encoded.bytes.clone();
        let part = &mut bytes[start as usize..(start + extent.bytes) as usize];
        part.iter_mut().for_each(|byte| *byte ^= 1);
        let block = open(bytes).unwrap();
        let found = block.rows_with("trace.trace_id", &trace_id(5000));
        assert!(matches!(found, Err(ReadError::Corrupt { .. })));
    }
}

#[test]
fn parents_are_distances_and_read_as_ids() {
    let (encoded, rows) = encode(&[spans(3000)]);
    let parents = encoded.columns.iter();
    let mut parents = parents.filter(|entry| entry.layout == LAYOUT_ID_REFERENCES);
    let stored = parents.next().unwrap().stored_bytes;
    assert!(stored < 3000, "{stored} bytes");
    let block = open(encoded.bytes.clone()).unwrap();
    check(&Source::Block(Arc::new(block)), &rows);
    let mut hiding = open(encoded.bytes).unwrap();
    hiding.hide_columns(&["trace.span_id".to_owned()]);
    assert!(hiding.column("trace.span_id").unwrap().is_none());
    let parents = hiding.column("trace.parent_id").unwrap().unwrap();
    for (row, expected) in rows.iter().enumerate().step_by(37) {
        let expected = expected.fields.get(2).map(|field| field.1.clone());
        assert_eq!(parents.value(row as u32), expected);
    }
}

#[test]
fn presence_is_read_without_values() {
    let cache = Arc::new(BlockCache::new(1 << 20));
    let (encoded, rows) = encode(&[spans(20_000)]);
    let (block, file) = block(encoded.bytes, &cache);
    let reads = || file.reads.load(Ordering::Relaxed);
    let before = cache.stats().read_bytes;
    let ids = block.presence("trace.trace_id").unwrap().unwrap();
    assert!(ids.is_everywhere());
    assert!(block.presence("absent").unwrap().is_none());
    assert_eq!(reads(), 1, "the directory knows");
    for _ in 0..2 {
        let parents = block.presence("trace.parent_id").unwrap().unwrap();
        let mut present = [0; CHUNK_WORDS];
        for (chunk, rows) in rows.chunks(CHUNK_ROWS).enumerate() {
            parents.read(chunk, &mut present);
            for (index, row) in rows.iter().enumerate() {
                let is_present = present[index / 64] >> (index % 64) & 1 == 1;
                assert_eq!(is_present, row.fields.len() == 3);
            }
        }
        assert_eq!(reads(), 2, "cached");
    }
    assert!(cache.stats().read_bytes - before < 3000, "bits, no ids");
}

#[test]
fn a_column_that_many_want_at_once_is_read_once() {
    let cache = Arc::new(BlockCache::new(1 << 20));
    let (encoded, _) = encode(&[rows(5000)]);
    let (block, file) = block(encoded.bytes, &cache);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| block.column("n").unwrap().unwrap());
        }
    });
    assert_eq!(file.reads.load(Ordering::Relaxed), 2);
    assert_eq!((cache.stats().hits, cache.stats().misses), (7, 1));
}

#[test]
fn who_waits_for_a_failed_read_tries_again() {
    let cache = Arc::new(BlockCache::new(1 << 20));
    let (mut encoded, _) = encode(&[rows(5000)]);
    let entry = &encoded.columns[1];
    assert_eq!(&*entry.name, "n");
    encoded.bytes[entry.offset as usize + 40] ^= 1;
    let (block, _) = block(encoded.bytes, &cache);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert!(block.column("n").is_err()));
        }
    });
    assert_eq!(cache.stats().columns, 0);
}

#[test]
fn a_scan_leaves_what_is_asked_for_all_the_time() {
    let (encoded, _) = encode(&[rows(5000)]);
    let measure = Arc::new(BlockCache::new(1 << 20));
    let (first, _) = block(encoded.bytes.clone(), &measure);
    first.column("n").unwrap();
    let of_n = measure.stats().bytes;

    let cache = Arc::new(BlockCache::new(of_n * 12));
    let (board, file) = block(encoded.bytes.clone(), &cache);
    for _ in 0..2 {
        board.column("n").unwrap();
    }
    let scanned: Vec<Block> = (0..50)
        .map(|_| block(encoded.bytes.clone(), &cache).0)
        .collect();
    for block in &scanned {
        block.column("n").unwrap();
    }
    let stats = cache.stats();
    assert!(stats.bytes <= of_n * 12 && stats.evictions >= 38);
    let reads = file.reads.load(Ordering::Relaxed);
    board.column("n").unwrap();
    assert_eq!(file.reads.load(Ordering::Relaxed), reads, "still there");
    // Who comes back soon after being thrown out is let in for longer.
    let evicted = |block: &Block| cache.peek(block.key(2, Kind::Values)).is_none();
    let back = scanned.iter().rposition(evicted).unwrap();
    scanned[back].column("n").unwrap();
    for block in &scanned[..30] {
        block.column("n").unwrap();
    }
    assert!(!evicted(&scanned[back]));
}

#[test]
fn what_will_be_read_is_named_in_few_ranges() {
    let cache = Arc::new(BlockCache::new(1 << 20));
    let (encoded, _) = encode(&[rows(5000)]);
    let (block, file) = block(encoded.bytes, &cache);
    let ranges = || std::mem::take(&mut *file.named.lock());
    block.will_read(&[Wanted::Column("n"), Wanted::Column("absent")]);
    let n = block.entries_of("n")[0].clone();
    assert_eq!(ranges(), [(n.offset, n.stored_bytes)]);
    block.column("n").unwrap();
    block.will_read(&[Wanted::Column("n")]);
    assert_eq!(ranges(), [], "it is in memory");
    block.will_read(&[Wanted::Presence("n")]);
    assert_eq!(ranges(), [], "every row has one");
    block.will_read(&[
        Wanted::Column("s"),
        Wanted::Column("n"),
        Wanted::Column("f"),
        Wanted::Times,
    ]);
    let end = block.entries_of("s")[0].offset + block.entries_of("s")[0].stored_bytes;
    assert_eq!(ranges(), [(8, end - 8)], "neighbours are one range");
}

#[test]
fn some_chunks_take_a_few_small_reads_the_first_time() {
    let cache = Arc::new(BlockCache::new(1 << 20));
    let (encoded, rows) = encode(&[rows(20_000)]);
    let (block, file) = block(encoded.bytes, &cache);
    let reads = || file.reads.load(Ordering::Relaxed);
    let entry = block.entries_of("n")[0].clone();
    assert!(entry.is_in_chunks());
    let before = cache.stats().read_bytes;
    let column = block.column_in("n", &[3, 7]).unwrap().unwrap();
    assert_eq!(
        reads(),
        4,
        "opening, checksums, widths, both chunks at once"
    );
    assert!(cache.stats().read_bytes - before < entry.stored_bytes);
    for row in (3 * 1024..4 * 1024).chain(7 * 1024..8 * 1024) {
        let expected = rows[row].fields[0].1.clone();
        assert_eq!(column.value(row as u32), Some(expected), "row {row}");
    }
    assert_eq!(
        column.types[0].chunk_bounds(0),
        Some((0, 1023)),
        "known of all"
    );
    assert_eq!(cache.stats().columns, 0, "a part is not kept");
    assert!(!block.has_in_memory("n"));

    let whole = block.column_in("n", &[3]).unwrap().unwrap();
    assert_eq!(
        whole.value(0),
        Some(Value::Int(0)),
        "who comes again gets all"
    );
    assert!(block.has_in_memory("n"));
    let read = reads();
    block.column_in("n", &[3]).unwrap();
    assert_eq!(reads(), read);
    let many: Vec<usize> = (0..12).collect();
    block.column_in("f", &many).unwrap();
    assert!(block.has_in_memory("f"), "most of it is as good as all");
}

/// Whoever compares hashes pays for no text; whoever asks for the column finds all of it, also where the other has been before.
#[test]
fn texts_stay_compressed_until_somebody_reads_them() {
    let text = |row: i64| format!("select {} from {row:0>60}", row % 7);
    let rows: Vec<Row> = (0..3_000_i64)
        .map(|row| Row {
            time: row,
            rate: 1,
            fields: vec![("statement".to_owned(), Value::String(text(row % 500)))],
        })
        .collect();
    let (encoded, _) = encode(&[rows]);
    let block = open(encoded.bytes).unwrap();
    let coded = block.coded_column("statement").unwrap().unwrap();
    let dictionary = coded.types[0].dictionary().unwrap();
    assert!(!dictionary.has_texts());
    let bytes = coded.types[0].heap_bytes();
    for code in 0..500 {
        assert_eq!(dictionary.hash(code), stable_hash(&text(code.into())));
    }
    let column = block.column("statement").unwrap().unwrap();
    assert!(dictionary.has_texts(), "it is the same column");
    assert_eq!(
        column.types[0].heap_bytes(),
        bytes,
        "what will be is counted"
    );
    for row in 0..3_000 {
        let expected = text(i64::from(row) % 500);
        assert_eq!(column.value(row), Some(Value::String(expected)));
    }
}

/// A frame that its checksum calls whole but that holds no text is named by whoever needs the text.
#[test]
fn compressed_texts_that_make_no_sense_are_named_and_not_read() {
    let frame = zstd::bulk::compress(b"ab\xff", 3).unwrap();
    let cases = [
        (frame.clone(), 3, vec![1, 3], "UTF-8"),
        (frame, 4, vec![1, 4], "length"),
        (b"no frame".to_vec(), 3, vec![3], "zstd"),
        (
            zstd::bulk::compress("é!".as_bytes(), 3).unwrap(),
            3,
            vec![1, 3],
            "character",
        ),
    ];
    for (frame, length, ends, reason) in cases {
        let dictionary = Dictionary::Text {
            hashes: vec![0; ends.len()],
            ends,
            texts: Texts::compressed(&frame, length),
            is_hash_ordered: false,
        };
        let message = dictionary.load_texts().unwrap_err();
        assert!(message.contains(reason), "{message}");
        assert!(!dictionary.has_texts());
    }
}
