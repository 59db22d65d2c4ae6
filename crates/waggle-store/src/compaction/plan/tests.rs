use super::*;
use waggle_metastore::{BlockId, NewBlock};
use waggle_model::{DatasetId, EnvironmentId, TeamId, Tenant};

const SHAPE: Shape = Shape {
    rows: 1 << 20,
    bytes: 256 << 20,
};
/// Bytes of a row, about.
const ROW_BYTES: u64 = 65;

fn block(id: i64, row_count: u64, times_ns: (i64, i64)) -> Arc<ListedBlock> {
    Arc::new(ListedBlock {
        id: BlockId(id),
        block: NewBlock {
            tenant: Tenant {
                team: TeamId(1),
                environment: EnvironmentId(1),
            },
            dataset: DatasetId(1),
            file: id.to_string(),
            offset: 0,
            length: row_count * ROW_BYTES,
            row_count,
            min_time_ns: times_ns.0,
            max_time_ns: times_ns.1,
            format_version: 2,
            created_at_ns: 0,
        },
    })
}

/// A dataset whose blocks are merged as planned; rows lie evenly in the time of their block.
#[derive(Default)]
struct Dataset {
    blocks: Vec<Arc<ListedBlock>>,
    next_id: i64,
    flushed: u64,
    compacted: u64,
}

impl Dataset {
    fn flush(&mut self, row_count: u64, times_ns: (i64, i64)) {
        self.flushed += row_count;
        self.add(row_count, times_ns);
        let mut rounds = 0;
        while let Some(merge) = plan(&self.blocks, SHAPE) {
            self.merge(&merge);
            rounds += 1;
            assert!(rounds < 100, "merging does not end: {merge:?}");
        }
    }

    fn add(&mut self, row_count: u64, times_ns: (i64, i64)) {
        self.next_id += 1;
        self.blocks.push(block(self.next_id, row_count, times_ns));
    }

    fn merge(&mut self, merge: &Merge) {
        let inputs = &merge.inputs;
        assert!(inputs.len() > 1 && inputs.len() <= INPUTS_MAX);
        assert!(inputs.is_sorted_by_key(|listed| listed.block.min_time_ns));
        let rows: u64 = inputs.iter().map(|listed| listed.block.row_count).sum();
        let min_ns = inputs.iter().map(|l| l.block.min_time_ns).min().unwrap();
        let max_ns = inputs.iter().map(|l| l.block.max_time_ns).max().unwrap();
        self.blocks
            .retain(|listed| !inputs.iter().any(|input| input.id == listed.id));
        self.compacted += rows;
        let parts = match merge.cut {
            Cut::Late => 1,
            Cut::Even(parts) => i64::try_from(parts).unwrap(),
        };
        for part in 0..parts {
            let at = |part| min_ns + (max_ns - min_ns) * part / parts;
            self.add(rows / parts.unsigned_abs(), (at(part), at(part + 1)));
        }
    }

    fn write_amplification(&self) -> f64 {
        (self.flushed + self.compacted) as f64 / self.flushed as f64
    }

    fn deepest_overlap(&self) -> usize {
        let starts = self.blocks.iter().map(|listed| listed.block.min_time_ns);
        starts
            .map(|at| {
                let covers = |listed: &&Arc<ListedBlock>| {
                    listed.block.min_time_ns <= at && at < listed.block.max_time_ns
                };
                self.blocks.iter().filter(covers).count()
            })
            .max()
            .unwrap_or_default()
    }
}

/// Merges a row of flushes of one size, one after another in time.
fn check(row_count: u64, flushes: i64, amplification_max: f64, blocks_max: usize) {
    let mut dataset = Dataset::default();
    for flush in 0..flushes {
        dataset.flush(row_count, (flush * 1_000, flush * 1_000 + 999));
    }
    let amplification = dataset.write_amplification();
    println!(
        "{flushes} flushes of {row_count}: {} blocks, amplification {amplification:.2}",
        dataset.blocks.len()
    );
    assert!(amplification <= amplification_max, "{amplification}");
    assert!(
        dataset.blocks.len() <= blocks_max,
        "{}",
        dataset.blocks.len()
    );
}

#[test]
fn every_size_of_flush_ends_in_full_blocks_at_a_small_price() {
    check(1_200_000, 100, 1.0, 100);
    check(459_000, 200, 2.0, 100);
    check(300_000, 300, 2.0, 101);
    check(100_000, 1_000, 2.0, 140);
    check(10_000, 4_000, 3.0, 100);
    check(3_000, 5_000, 3.0, 60);
    check(100, 5_000, 4.0, 60);
}

#[test]
fn blocks_of_long_rows_are_full_by_bytes() {
    let mut listed = ListedBlock::clone(&block(1, 1_000, (0, 9)));
    assert_eq!(SHAPE.class(&listed), SizeClass::Small);
    listed.block.length = 20 << 20;
    assert_eq!(SHAPE.class(&listed), SizeClass::Medium);
    listed.block.length = 128 << 20;
    assert_eq!(SHAPE.class(&listed), SizeClass::Full);
}

#[test]
fn late_rows_do_not_leave_many_blocks_over_one_time() {
    let mut dataset = Dataset::default();
    for flush in 1..200_i64 {
        // Every fifth flush holds rows of as long ago as ten flushes.
        let late = if flush % 5 == 0 { 10_000 } else { 0 };
        dataset.flush(600_000, (flush * 1_000 - late, flush * 1_000 + 999));
    }
    let amplification = dataset.write_amplification();
    println!("amplification {amplification:.2}");
    assert!(amplification < 4.0, "{amplification}");
    let overlap = dataset.deepest_overlap();
    assert!(
        overlap <= OVERLAP_MAX + 1,
        "{overlap} blocks cover one time"
    );
}

#[test]
fn blocks_of_one_time_are_left_alone() {
    let blocks: Vec<_> = (0..20).map(|id| block(id, 600_000, (5, 5))).collect();
    assert!(plan(&blocks, SHAPE).is_none());
    let touching: Vec<_> = (0..20).map(|id| block(id, 600_000, (id, id + 1))).collect();
    assert!(plan(&touching, SHAPE).is_none());
    let same: Vec<_> = (0..20).map(|id| block(id, 600_000, (0, 1))).collect();
    assert_eq!(plan(&same, SHAPE).unwrap().inputs.len(), 2 * OVERLAP_MAX);
}
