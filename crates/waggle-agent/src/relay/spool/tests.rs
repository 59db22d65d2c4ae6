use super::*;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

fn texts(batch: Option<Batch>) -> Vec<String> {
    let records = batch.map(|batch| batch.records).unwrap_or_default();
    let texts = records.into_iter().map(String::from_utf8);
    texts.map(Result::unwrap).collect()
}

fn take(spool: &mut Spool, count: usize) -> Vec<String> {
    let batch = spool.peek(count, usize::MAX).unwrap();
    if let Some(batch) = &batch {
        spool.advance(batch).unwrap();
    }
    texts(batch)
}

#[test]
fn records_come_out_in_order_and_by_kind() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(dir.path(), 1 << 20).unwrap();
    assert_eq!(spool.peek(10, 100).unwrap(), None);
    for (kind, content) in [
        (Kind::Document, "a"),
        (Kind::Document, "b"),
        (Kind::Document, "c"),
        (Kind::Traces, "t"),
        (Kind::Document, "d"),
    ] {
        assert_eq!(spool.push(kind, content.as_bytes()).unwrap(), 0);
    }
    assert_eq!(spool.record_count(), 5);
    assert_eq!(texts(spool.peek(2, 100).unwrap()), ["a", "b"]);
    assert_eq!(
        texts(spool.peek(2, 100).unwrap()),
        ["a", "b"],
        "not sent yet"
    );
    assert_eq!(texts(spool.peek(9, 1).unwrap()), ["a"]);
    assert_eq!(take(&mut spool, 2), ["a", "b"]);
    assert_eq!(take(&mut spool, 9), ["c"]);
    assert_eq!(spool.peek(9, 9).unwrap().unwrap().kind, Kind::Traces);
    assert_eq!(take(&mut spool, 9), ["t"]);
    assert_eq!(take(&mut spool, 9), ["d"]);
    assert_eq!((spool.record_count(), take(&mut spool, 9).len()), (0, 0));
}

#[test]
fn one_relay_has_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let first = Spool::open(dir.path(), 1 << 20).unwrap();
    assert!(Spool::open(dir.path(), 1 << 20).is_err());
    drop(first);
    assert!(Spool::open(dir.path(), 1 << 20).is_ok());
}

#[test]
fn the_oldest_go_when_the_buffer_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(dir.path(), 3_200).unwrap();
    let mut dropped_count = 0;
    for number in 0..100 {
        let content = format!("{number:0>100}");
        dropped_count += spool.push(Kind::Document, content.as_bytes()).unwrap();
    }
    let left: Vec<u64> = std::iter::from_fn(|| take(&mut spool, 1).pop())
        .map(|text| text.parse().unwrap())
        .collect();
    assert!(dropped_count > 60);
    assert_eq!(left, (dropped_count..100).collect::<Vec<_>>());
}

/// Whatever is cut off the last file, and however often it starts anew: what was sent does not come again, what was whole comes once.
#[test]
fn records_survive_restarts_and_torn_ends() {
    for seed in 0..30 {
        let mut random = StdRng::seed_from_u64(seed);
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(dir.path(), 20_000).unwrap();
        let mut expected = VecDeque::new();
        for number in 0..120_u32 {
            let content = format!("{number}:{}", "x".repeat(random.random_range(0..60)));
            assert_eq!(spool.push(Kind::Document, content.as_bytes()).unwrap(), 0);
            expected.push_back(content);
            if random.random_bool(0.2) {
                for text in take(&mut spool, random.random_range(1..8)) {
                    assert_eq!(Some(text), expected.pop_front(), "seed {seed}");
                }
            }
            if random.random_bool(0.1) {
                drop(spool);
                if random.random_bool(0.5) && !expected.is_empty() {
                    // Half of the last record never reached the disk.
                    let mut files: Vec<_> = fs::read_dir(dir.path())
                        .unwrap()
                        .map(|entry| entry.unwrap().path())
                        .filter(|path| number_of(path).is_some())
                        .collect();
                    files.sort();
                    let last = files.last().unwrap();
                    let bytes = fs::metadata(last).unwrap().len();
                    File::options()
                        .write(true)
                        .open(last)
                        .unwrap()
                        .set_len(bytes - 1)
                        .unwrap();
                    expected.pop_back();
                }
                spool = Spool::open(dir.path(), 20_000).unwrap();
                assert_eq!(spool.record_count(), expected.len() as u64, "seed {seed}");
            }
        }
        let left: Vec<String> = std::iter::from_fn(|| take(&mut spool, 1).pop()).collect();
        assert_eq!(left, Vec::from(expected), "seed {seed}");
        assert!(fs::read_dir(dir.path()).unwrap().count() <= 4);
    }
}

/// As a full disk does it: half a record is there, and the write failed.
#[test]
fn nothing_stands_behind_half_a_record() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(dir.path(), 1 << 20).unwrap();
    spool.push(Kind::Document, b"first").unwrap();
    spool.writer.write_all(&[1, 200, 0, 0]).unwrap();
    spool.writer = File::open(path(dir.path(), spool.files[0].number)).unwrap();
    assert!(spool.push(Kind::Document, b"lost").is_err());
    spool.push(Kind::Document, b"second").unwrap();
    assert_eq!(spool.record_count(), 2);
    drop(spool);
    let mut spool = Spool::open(dir.path(), 1 << 20).unwrap();
    assert_eq!(take(&mut spool, 9), ["first", "second"]);
}

/// A file behind what was sent goes even when the note can't be written.
#[test]
fn files_go_before_the_note_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(dir.path(), 1_600).unwrap();
    for _ in 0..3 {
        spool.push(Kind::Document, &[b'x'; 100]).unwrap();
    }
    let first = path(dir.path(), spool.files[0].number);
    fs::create_dir(dir.path().join("sent.new")).unwrap();
    let batch = spool.peek(1, usize::MAX).unwrap().unwrap();
    assert!(first.exists());
    assert!(spool.advance(&batch).is_err());
    assert!(!first.exists());
    assert_eq!(spool.record_count(), 2);
}

#[test]
fn nothing_unsent_goes_when_room_is_made_under_a_batch() {
    for records_in_flight in 1..20 {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(dir.path(), 8_000).unwrap();
        let mut next = 0_u64;
        let mut push = |spool: &mut Spool| {
            let content = format!("{next:0>100}");
            next += 1;
            spool.push(Kind::Document, content.as_bytes()).unwrap()
        };
        for _ in 0..40 {
            assert_eq!(push(&mut spool), 0);
        }
        let batch = spool.peek(records_in_flight, usize::MAX).unwrap().unwrap();
        let mut dropped_count = 0;
        while dropped_count == 0 {
            dropped_count = push(&mut spool);
        }
        spool.advance(&batch).unwrap();
        let behind = dropped_count.max(records_in_flight as u64);
        assert_eq!(spool.record_count(), next - behind);
        let left: Vec<u64> = std::iter::from_fn(|| take(&mut spool, 1).pop())
            .map(|text| text.parse().unwrap())
            .collect();
        assert_eq!(left, (behind..next).collect::<Vec<_>>());
    }
}

#[test]
fn a_record_counts_as_long_as_it_is_in_a_call() {
    let contents: [&[u8]; 4] = [
        b"{\"a\":\"b\\n\"}",
        b"\0\x01\x1f\n\t",
        "\u{e4}\x7f".as_bytes(),
        b"\xff",
    ];
    for content in contents {
        let json = serde_json::json!(String::from_utf8_lossy(content)).to_string();
        assert_eq!(Kind::Document.sent_bytes(content), json.len() + 1);
        assert_eq!(Kind::Traces.sent_bytes(content), content.len());
    }
}
