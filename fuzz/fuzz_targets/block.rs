//! Whatever stands where a block should: every value is read, or refused, never a panic. This build believes every checksum.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io;
use std::sync::Arc;
use waggle_model::DatasetId;
use waggle_store::Source;
use waggle_store::block::{Block, BlockCache, BlockPlace, RangeRead};

struct File(Vec<u8>);

impl RangeRead for File {
    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let end = start.checked_add(length);
        let bytes = end.and_then(|end| self.0.get(start..end));
        bytes.map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn name(&self) -> &str {
        "memory"
    }
}

fuzz_target!(|bytes: &[u8]| {
    let place = BlockPlace {
        dataset: DatasetId(7),
        offset: 0,
        length: bytes.len() as u64,
    };
    let cache = Arc::new(BlockCache::new(1 << 20));
    let Ok(block) = Block::open(Arc::new(File(bytes.to_vec())), place, cache) else {
        return;
    };
    let source = Source::Block(Arc::new(block));
    drop((source.times(), source.sample_rates()));
    for name in source.column_names() {
        if let Ok(Some(column)) = source.column(&name) {
            for row in 0..source.row_count().min(5_000) {
                drop(column.value(row));
            }
        }
    }
});
