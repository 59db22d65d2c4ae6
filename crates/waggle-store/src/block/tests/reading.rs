//! Reading little: one read to open, one per column, none for what is cached or need not be known.

use super::*;

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
