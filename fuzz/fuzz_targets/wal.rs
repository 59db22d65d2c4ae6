//! Whatever stands where a file of the log should: the store opens with what can be read of it, or says what is wrong. This build
//! believes every checksum.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use waggle_metastore::SqliteMetastore;
use waggle_model::Clock;
use waggle_store::disk::RealDisk;
use waggle_store::{Store, StoreConfig};

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder for the log");
    let wal = folder.path().join("wal");
    std::fs::create_dir(&wal).expect("a folder for the log");
    std::fs::write(wal.join("0000000000000001.wal"), bytes).expect("a file of the log");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let metastore = SqliteMetastore::in_memory().await.expect("a metastore");
        let config = StoreConfig::new(folder.path());
        let opened = Store::open(config, Arc::new(RealDisk), Arc::new(metastore), Clock::fixed(1));
        drop(opened.await);
    });
});
