//! The files that the fuzzers of blocks and of the log start from, read as they are and damaged. What fuzzers find is added to them.

use crate::block::{Block, BlockCache, BlockPlace, RangeRead};
use crate::disk::RealDisk;
use crate::testing::new_tenant;
use crate::{ReadError, Source, Store, StoreConfig};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use waggle_metastore::{Metastore, SqliteMetastore};
use waggle_model::{Clock, DatasetId, DatasetScope, TimeRange};

const DAMAGES: usize = 60;
const FIRST_SEGMENT: &str = "wal/0000000000000001.wal";

/// The files of a fuzzer's corpus by name.
fn corpus(target: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let entries = std::fs::read_dir(folder.join(target)).unwrap();
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

/// The bytes with a few of them changed, or the end cut off.
fn damaged(rng: &mut StdRng, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if rng.random_bool(0.3) {
        bytes.truncate(rng.random_range(0..bytes.len()));
    }
    for _ in 0..rng.random_range(0..8) {
        if !bytes.is_empty() {
            let at = rng.random_range(0..bytes.len());
            bytes[at] = rng.random();
        }
    }
    bytes
}

struct MemoryFile(Vec<u8>);

impl RangeRead for MemoryFile {
    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let start = usize::try_from(offset).unwrap();
        let bytes = start
            .checked_add(length)
            .and_then(|end| self.0.get(start..end));
        bytes
            .map(<[u8]>::to_vec)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn name(&self) -> &str {
        "memory"
    }
}

/// How many values a block has.
fn read_block(bytes: Vec<u8>) -> Result<usize, ReadError> {
    let place = BlockPlace {
        dataset: DatasetId(7),
        offset: 0,
        length: bytes.len() as u64,
    };
    let cache = Arc::new(BlockCache::new(1 << 20));
    let block = Block::open(Arc::new(MemoryFile(bytes)), place, cache)?;
    let source = Source::Block(Arc::new(block));
    let (_times, _rates) = (source.times()?, source.sample_rates()?);
    let mut values = 0;
    for name in source.column_names() {
        let column = source.column(&name)?.unwrap();
        values += (0..source.row_count())
            .filter(|row| column.value(*row).is_some())
            .count();
    }
    Ok(values)
}

#[test]
fn blocks_of_the_corpus_are_read_and_damaged_ones_refused() {
    let corpus = corpus("block");
    assert!(corpus.len() >= 2);
    for (name, bytes) in corpus {
        println!("{name}");
        assert!(read_block(bytes.clone()).unwrap() > 1_000);
        for seed in 0..DAMAGES as u64 {
            println!("seed {seed}");
            _ = read_block(damaged(&mut StdRng::seed_from_u64(seed), &bytes));
        }
    }
}

/// How many events a store finds in a file of the log.
async fn read_log(bytes: &[u8]) -> crate::Result<usize> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("wal")).unwrap();
    std::fs::write(folder.path().join(FIRST_SEGMENT), bytes).unwrap();
    let metastore: Arc<dyn Metastore> = Arc::new(SqliteMetastore::in_memory().await.unwrap());
    let tenant = new_tenant(&*metastore, "one").await;
    metastore.ensure_dataset(tenant, "a", 9, 1).await.unwrap();
    let store = open(folder.path(), metastore).await?;
    let snapshot = store.snapshot(tenant, &DatasetScope::All, TimeRange::ALL)?;
    let found = snapshot.sources.iter().map(|s| s.row_count() as usize);
    let found = found.sum();
    store.kill().await;
    Ok(found)
}

async fn open(folder: &Path, metastore: Arc<dyn Metastore>) -> crate::Result<Arc<Store>> {
    let config = StoreConfig::new(folder);
    Store::open(config, Arc::new(RealDisk), metastore, Clock::fixed(1)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_of_the_corpus_are_read_and_damaged_ones_in_part() {
    let corpus = corpus("wal");
    assert!(!corpus.is_empty());
    for (name, bytes) in corpus {
        println!("{name}");
        let whole = read_log(&bytes).await.unwrap();
        assert!(whole > 0);
        for seed in 0..DAMAGES as u64 {
            println!("seed {seed}");
            let bytes = damaged(&mut StdRng::seed_from_u64(seed), &bytes);
            if let Ok(found) = read_log(&bytes).await {
                assert!(found <= whole, "{found} of {whole}");
            }
        }
    }
}
