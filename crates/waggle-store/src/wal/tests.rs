use super::*;
use crate::disk::sim::SimDisk;
use std::path::Path;
use waggle_model::{DatasetId, EnvironmentId, EventBatch, TeamId, Tenant};

const DIR: &str = "/wal";

fn request(number: i64, text_bytes: usize) -> Request {
    let mut batch = EventBatch::new("d");
    batch.begin_row();
    batch.put_str("text", "x".repeat(text_bytes));
    batch.end_row(number, 1);
    Request {
        tenant: Tenant {
            team: TeamId(1),
            environment: EnvironmentId(2),
        },
        batches: vec![(DatasetId(3), batch)],
    }
}

fn start(disk: &SimDisk, segment_bytes: u64, first: u64) -> Wal {
    let config = WalConfig {
        dir: DIR.into(),
        segment_bytes,
        queue_records: 16,
        queue_bytes: 64 << 10,
        queue_wait: Duration::from_secs(5),
        reserve_bytes: 0,
    };
    let disk = disk.mount();
    disk.create_dir(Path::new(DIR)).unwrap();
    Wal::start(
        disk,
        config,
        first,
        Settled::default(),
        Metrics::new(),
        Box::new(|_| ()),
        Arc::new(|_| ()),
    )
    .unwrap()
}

/// The numbers of all requests in all segments.
fn read(disk: &SimDisk) -> Result<Vec<i64>> {
    read_with_damages(disk).map(|(found, _)| found)
}

type Damages = Vec<(u64, Damage)>;

/// The same, and what could not be read, by segment.
fn read_with_damages(disk: &SimDisk) -> Result<(Vec<i64>, Damages)> {
    let disk = disk.mount();
    let segments = segments(&*disk, Path::new(DIR))?;
    let mut found = Vec::new();
    let mut damages = Vec::new();
    for (index, number) in segments.iter().enumerate() {
        let is_last = index + 1 == segments.len();
        let replayed = replay(&*disk, Path::new(DIR), *number, is_last, &mut |request| {
            let batches = &request.batches;
            found.extend(
                batches
                    .iter()
                    .flat_map(|(_, batch)| batch.timestamps_ns().to_vec()),
            );
        })?;
        damages.extend(replayed.damages.iter().map(|damage| (*number, *damage)));
    }
    Ok((found, damages))
}

fn path(number: u64) -> PathBuf {
    segment::path(Path::new(DIR), number)
}

fn length(disk: &SimDisk, number: u64) -> usize {
    let file = disk.mount().open(&path(number)).unwrap();
    usize::try_from(file.length().unwrap()).unwrap()
}

/// A log of ten requests in one segment; returns where each record ends.
async fn ten(disk: &SimDisk) -> Vec<usize> {
    let wal = start(disk, 1 << 20, 1);
    let mut ends = Vec::new();
    for number in 0..10 {
        wal.append(&request(number, 50)).await.unwrap();
        ends.push(length(disk, 1));
    }
    ends
}

#[tokio::test]
async fn a_torn_tail_ends_the_last_segment_and_is_cut_off() {
    let whole = SimDisk::new(1);
    let ends = ten(&whole).await;
    for cut in (0..ends[9]).step_by(3) {
        let disk = SimDisk::new(1);
        ten(&disk).await;
        disk.cut(&path(1), cut);
        let expected = i64::try_from(ends.iter().filter(|end| **end <= cut).count()).unwrap();
        assert_eq!(read(&disk).unwrap(), (0..expected).collect::<Vec<_>>());
        if cut < 32 {
            // Without a whole header it never was a segment.
            assert!(segments(&*disk.mount(), Path::new(DIR)).unwrap().is_empty());
            continue;
        }
        let after = length(&disk, 1);
        assert!(after <= cut && (after == 0 || after == 32 || ends.contains(&after)));
        // What was cut off stays cut off, so that the segment is whole when it is not the last any more.
        disk.restart();
        assert_eq!(length(&disk, 1), after);
    }
}

#[tokio::test]
async fn damage_costs_the_record_it_hit_and_is_told_from_a_torn_tail() {
    let whole = SimDisk::new(2);
    let ends = ten(&whole).await;
    for offset in (0..ends[9]).step_by(3) {
        println!("damage at {offset}");
        let disk = SimDisk::new(2);
        ten(&disk).await;
        disk.flip_bit(&path(1), offset);
        let (found, damages) = read_with_damages(&disk).unwrap();
        let hit = ends.iter().position(|end| offset < *end).unwrap();
        let lost: Vec<i64> = (0..10).filter(|number| !found.contains(number)).collect();
        if lost.is_empty() {
            // The segment's header tells nothing that the records do not; padding and reserved bytes carry nothing.
            assert!(damages.iter().all(|(_, damage)| damage.end == 32));
            continue;
        }
        assert_eq!(lost, [i64::try_from(hit).unwrap()]);
        // The last record looks like a torn write, and nobody can know better.
        if hit == 9 {
            assert_eq!(damages, []);
            continue;
        }
        let expected = Damage {
            start: hit.checked_sub(1).map_or(32, |before| ends[before] as u64),
            end: ends[hit] as u64,
            was_durable: true,
        };
        assert_eq!(damages, [(1, expected)]);
    }
}

#[tokio::test]
async fn several_damaged_places_leave_the_records_between_them() {
    let disk = SimDisk::new(3);
    let ends = ten(&disk).await;
    for record in [2, 3, 6] {
        disk.flip_bit(&path(1), ends[record] - 20);
    }
    let (found, damages) = read_with_damages(&disk).unwrap();
    assert_eq!(found, [0, 1, 4, 5, 7, 8, 9]);
    let places: Vec<_> = damages.iter().map(|(_, d)| (d.start, d.end)).collect();
    let end = |record: usize| ends[record] as u64;
    assert_eq!(places, [(end(1), end(3)), (end(5), end(6))]);
    // A broken header hides the length: the next record is searched for.
    disk.flip_bit(&path(1), ends[7] + 9);
    let (found, _) = read_with_damages(&disk).unwrap();
    assert_eq!(found, [0, 1, 4, 5, 7, 9]);
}

#[tokio::test]
async fn damage_in_an_older_segment_leaves_the_others() {
    for flip in [0, 40, 100, 150] {
        let disk = SimDisk::new(3);
        let wal = start(&disk, 100, 1);
        for number in 0..3 {
            wal.append(&request(number, 50)).await.unwrap();
        }
        wal.close();
        assert_eq!(read(&disk).unwrap(), [0, 1, 2]);
        disk.flip_bit(&path(2), flip);
        let (found, damages) = read_with_damages(&disk).unwrap();
        let [(2, damage)] = damages[..] else {
            panic!("{damages:?}");
        };
        assert!(damage.was_durable);
        if flip < 32 {
            assert_eq!((damage.start, damage.end), (0, 32));
            assert_eq!(found, [0, 1, 2]);
        } else {
            assert_eq!(damage.start, 32);
            assert_eq!(found, [0, 2]);
        }
        // What is left of it stays for a person to look at.
        set_aside(&*disk.mount(), Path::new(DIR), 2).unwrap();
        let numbers = segments(&*disk.mount(), Path::new(DIR)).unwrap();
        assert_eq!(numbers, [1, 3, 4]);
        remove_through(&*disk.mount(), Path::new(DIR), 1).unwrap();
        assert_eq!(disk.mount().list(Path::new(DIR)).unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_newer_version_is_refused() {
    let disk = SimDisk::new(4);
    ten(&disk).await;
    disk.flip_bit(&path(1), 9);
    // A record of ours shows that it is damage.
    assert_eq!(read(&disk).unwrap().len(), 10);
    disk.flip_bit(&path(1), 32);
    let error = read(&disk).unwrap_err().to_string();
    assert!(error.contains("newer Waggle"), "{error}");
}

#[tokio::test]
async fn a_segment_that_got_no_header_is_no_segment() {
    for length in [0, 5, 31] {
        let disk = SimDisk::new(9);
        ten(&disk).await;
        let mount = disk.mount();
        let file = mount.create(&path(2)).unwrap();
        file.append(&segment::header(2)[..length]).unwrap();
        assert_eq!(read(&disk).unwrap().len(), 10);
        assert_eq!(segments(&*mount, Path::new(DIR)).unwrap(), [1]);
    }
}

#[tokio::test]
async fn a_request_larger_than_segment_and_queue_fits() {
    let disk = SimDisk::new(5);
    let wal = start(&disk, 1_000, 7);
    for (number, size) in [(0, 10), (1, 3 << 20), (2, 10), (3, 200_000), (4, 10)] {
        wal.append(&request(number, size)).await.unwrap();
    }
    wal.close();
    disk.restart();
    assert_eq!(read(&disk).unwrap(), [0, 1, 2, 3, 4]);
    let numbers = segments(&*disk.mount(), Path::new(DIR)).unwrap();
    assert_eq!(numbers, [7, 8, 9]);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_wait_together_share_a_sync() {
    let disk = SimDisk::new(6);
    let wal = Arc::new(start(&disk, 1 << 20, 1));
    let before = disk.calls();
    let appends: Vec<_> = (0..64)
        .map(|number| {
            let wal = Arc::clone(&wal);
            tokio::spawn(async move { wal.append(&request(number, 10)).await.map(|_| ()) })
        })
        .collect();
    for append in appends {
        append.await.unwrap().unwrap();
    }
    let calls = disk.calls() - before;
    assert!((64..=128).contains(&calls), "{calls} calls");
    wal.close();
    let mut found = read(&disk).unwrap();
    found.sort_unstable();
    assert_eq!(found, (0..64).collect::<Vec<_>>());
}

#[tokio::test]
async fn rotation_is_for_segments_with_records_and_for_the_one_meant() {
    let disk = SimDisk::new(7);
    let wal = start(&disk, 1 << 20, 1);
    let numbers = || segments(&*disk.mount(), Path::new(DIR)).unwrap();
    wal.rotate(None).await.unwrap();
    assert_eq!(numbers(), [1]);
    let ticket = wal.append(&request(0, 1)).await.unwrap();
    assert_eq!(ticket.segment(), 1);
    assert!(!ticket.segment.is_settled());
    wal.rotate(Some(1)).await.unwrap();
    assert_eq!(numbers(), [1, 2]);
    let state = Arc::clone(&ticket.segment);
    assert!(!state.is_settled());
    drop(ticket);
    assert!(state.is_settled());
    wal.append(&request(1, 1)).await.unwrap();
    wal.rotate(Some(1)).await.unwrap();
    assert_eq!(numbers(), [1, 2]);
    wal.close();
    assert!(matches!(
        wal.append(&request(2, 1)).await,
        Err(AppendError::Unavailable(_))
    ));
}

#[tokio::test]
async fn a_full_queue_answers_busy() {
    let disk = SimDisk::new(8);
    let mut wal = start(&disk, 1 << 20, 1);
    wal.config.queue_wait = Duration::from_millis(10);
    let taken = Arc::clone(&wal.bytes).acquire_many_owned(wal.bytes_max);
    let taken = taken.await.unwrap();
    let busy = wal.append(&request(0, 1)).await;
    assert!(matches!(busy, Err(AppendError::Busy)));
    drop(taken);
    wal.append(&request(0, 1)).await.unwrap();
}
