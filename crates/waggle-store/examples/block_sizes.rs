//! Where the bytes of blocks go and how fast blocks are made, for work on the format.
//!
//! `cargo run --profile perf -p waggle-store --example block_sizes -- FILE [--rewrite TO]`, where FILE is a file with one block. Prints the
//! rows a second of CPU time at which the block is made again from itself (a merge of one) and from memtable runs of the same rows, and the
//! bytes a row of its columns before and after. With `--rewrite` the new block is only written to TO.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a developer's tool"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;
use waggle_model::{ColumnType, DatasetId, EventBatch, Value};
use waggle_store::Source;
use waggle_store::block::{Block, BlockCache, BlockPlace, RangeRead, encode_block, encode_sources};
use waggle_store::memtable::RunBuilder;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rows of a memtable run, about.
const RUN_ROWS: u32 = 32_768;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let block = Arc::new(open(&arguments[0]));
    let rows = f64::from(block.row_count());
    let source = Source::Block(Arc::clone(&block));

    let rate = |what: &str, started: Duration| {
        let cpu = cpu_time().saturating_sub(started);
        println!("{:>12.0} rows/s {what}", rows / cpu.as_secs_f64());
    };

    let started = cpu_time();
    let encoded = encode_sources(&[source.clone().into()], &|_| true);
    let encoded = encoded.unwrap().unwrap();
    rate("from the block", started);
    if let Some(("--rewrite", to)) = arguments.get(1).map(|flag| (&**flag, &arguments[2])) {
        std::fs::write(to, &encoded.bytes).unwrap();
        return;
    }
    let runs = runs(&source);
    for _ in 0..3 {
        let started = cpu_time();
        let again = encode_block(&runs);
        rate("from runs", started);
        assert!(again.bytes == encoded.bytes);
    }

    let mut sizes: BTreeMap<(&str, ColumnType), [f64; 2]> = BTreeMap::new();
    for (index, entries) in [block.entries(), &encoded.columns].into_iter().enumerate() {
        for entry in entries {
            let name = match entry.name.split_once('_') {
                Some(("attr", _)) => "attr_*",
                _ => &*entry.name,
            };
            sizes.entry((name, entry.column_type)).or_default()[index] += entry.stored_bytes as f64;
        }
    }
    let mut sizes: Vec<_> = sizes.into_iter().collect();
    sizes.sort_by(|left, right| right.1[0].total_cmp(&left.1[0]));
    println!("bytes a row: as it is, made again");
    let before = block.stored_bytes() as f64 / rows;
    println!(
        "{before:>8.3} {:>8.3} all",
        encoded.bytes.len() as f64 / rows
    );
    for ((name, column_type), [before, after]) in sizes {
        println!(
            "{:>8.3} {:>8.3} {name} {column_type:?}",
            before / rows,
            after / rows
        );
    }
}

/// The rows of a source as a memtable would hold them.
fn runs(source: &Source) -> Vec<Arc<waggle_store::memtable::Run>> {
    let times = source.times().unwrap();
    let rates = source.sample_rates().unwrap();
    let columns: Vec<_> = source
        .column_names()
        .into_iter()
        .map(|name| (source.column(&name).unwrap().unwrap(), name))
        .collect();
    let mut runs = Vec::new();
    for first in (0..source.row_count()).step_by(RUN_ROWS as usize) {
        let mut builder = RunBuilder::new(source.dataset());
        let mut batch = EventBatch::new("rows");
        for row in first..source.row_count().min(first + RUN_ROWS) {
            batch.begin_row();
            for (column, name) in &columns {
                if let Some(value) = column.value(row) {
                    batch.put(name, value.as_ref());
                }
            }
            let Some(Value::Int(time)) = times.value(row) else {
                unreachable!("every row has a time");
            };
            let rate = rates.as_ref().and_then(|rates| rates.value(row));
            let rate = rate.map_or(1, |rate| rate.to_string().parse().unwrap());
            batch.end_row(time, rate);
        }
        builder.append(&batch);
        runs.push(Arc::new(builder.seal()));
    }
    runs
}

fn open(path: &str) -> Block {
    let file = File::open(path).unwrap();
    let length = file.metadata().unwrap().len();
    // Whose the rows are is the first number of the directory, which the last 24 bytes tell the offset of.
    let number = |offset| {
        let mut number = [0; 8];
        file.read_exact_at(&mut number, offset).unwrap();
        number
    };
    let directory = u64::from_le_bytes(number(length - 24));
    let place = BlockPlace {
        dataset: DatasetId(i64::from_le_bytes(number(directory))),
        offset: 0,
        length,
    };
    let cache = Arc::new(BlockCache::new(1 << 30));
    Block::open(Arc::new(OneFile(file)), place, cache).unwrap()
}

struct OneFile(File);

impl RangeRead for OneFile {
    fn read_at(&self, offset: u64, length: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.0.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    fn name(&self) -> &str {
        "the file"
    }
}

/// Time on the CPU of this process so far. Source: proc(5), fields 14 and 15 of `stat`, in hundredths of a second.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit(')').next().unwrap();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}
