//! Many callers at once must agree on one row.

use super::{NOW, sqlite_file, tenant};
use crate::{BlockId, NewBlock, SeenColumn};
use hashbrown::HashSet;
use std::sync::Arc;
use std::task::Poll;
use waggle_model::{ColumnType, DatasetId, Tenant};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn first_sights_of_one_name_make_one_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let metastore = sqlite_file(&folder).await;
    let tenant = tenant(metastore.as_ref(), "bees").await;
    let tasks: Vec<_> = (0..32)
        .map(|number: usize| {
            let metastore = Arc::clone(&metastore);
            let name = ["Shop Front", "shop front", "shop-front", "SHOP?FRONT"][number % 4];
            tokio::spawn(async move {
                metastore
                    .ensure_dataset(tenant, name, 1, NOW)
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut ids = HashSet::new();
    let mut new_count = 0;
    for task in tasks {
        let ensured = task.await.unwrap();
        ids.insert(ensured.dataset.id);
        new_count += usize::from(ensured.is_new);
    }
    assert_eq!((ids.len(), new_count), (1, 1));
    assert_eq!(metastore.datasets(tenant).await.unwrap().len(), 1);
}

/// Two processes on one file do not share a writer: SQLite's own lock must be enough.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_agree() {
    let folder = tempfile::tempdir().unwrap();
    let one = sqlite_file(&folder).await;
    let other = sqlite_file(&folder).await;
    let tenant = tenant(one.as_ref(), "bees").await;
    let tasks: Vec<_> = (0..16)
        .map(|number: usize| {
            let metastore = Arc::clone(if number.is_multiple_of(2) {
                &one
            } else {
                &other
            });
            tokio::spawn(async move {
                let dataset = metastore
                    .ensure_dataset(tenant, "shop", 1, NOW)
                    .await
                    .unwrap()
                    .dataset
                    .id;
                let seen: Vec<_> = (0..100)
                    .map(|column| SeenColumn {
                        key_name: format!("c{column}"),
                        column_type: if number == 7 {
                            ColumnType::Float
                        } else {
                            ColumnType::Integer
                        },
                    })
                    .collect();
                metastore
                    .register_columns(tenant, dataset, &seen, 100, NOW)
                    .await
                    .unwrap();
                dataset
            })
        })
        .collect();
    let mut ids = HashSet::new();
    for task in tasks {
        ids.insert(task.await.unwrap());
    }
    assert_eq!(ids.len(), 1);
    let dataset = ids.into_iter().next().unwrap();
    let columns = other.columns(tenant, dataset).await.unwrap();
    assert_eq!(columns.len(), 100);
    assert!(
        columns
            .iter()
            .all(|column| column.column_type == ColumnType::Float)
    );
}

/// Two compactions of the same blocks: one wins, the other must notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_block_is_removed_once() {
    let folder = tempfile::tempdir().unwrap();
    let metastore = sqlite_file(&folder).await;
    let tenant = tenant(metastore.as_ref(), "bees").await;
    let dataset = metastore
        .ensure_dataset(tenant, "shop", 1, NOW)
        .await
        .unwrap()
        .dataset
        .id;
    let block = block(tenant, dataset, "1.block");
    let ids = metastore
        .commit_blocks(std::slice::from_ref(&block), &[], None)
        .await
        .unwrap();
    let removed: BlockId = ids[0].unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let metastore = Arc::clone(&metastore);
            let block = block.clone();
            tokio::spawn(async move { metastore.commit_blocks(&[block], &[removed], None).await })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        won += usize::from(task.await.unwrap().is_ok());
    }
    assert_eq!(won, 1);
    assert_eq!(metastore.blocks().await.unwrap().len(), 1);
}

/// A caller may lose interest at any moment: its write happens whole or not at all, and the next write is not held up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_write_is_whole_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let metastore = sqlite_file(&folder).await;
    let tenant = tenant(metastore.as_ref(), "bees").await;
    let dataset = metastore
        .ensure_dataset(tenant, "shop", 1, NOW)
        .await
        .unwrap()
        .dataset
        .id;
    let mut done_count = 0;
    for polls in 0..60_u64 {
        let file = format!("{polls}.block");
        let added = [block(tenant, dataset, &file), block(tenant, dataset, &file)];
        let mut write = metastore.commit_blocks(&added, &[], Some(polls));
        for _ in 0..polls {
            let is_done = std::future::poll_fn(|context| {
                Poll::Ready(write.as_mut().poll(context).is_ready())
            })
            .await;
            if is_done {
                done_count += 1;
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(write);
        // Waits for its turn behind whatever is left of the dropped write.
        metastore.touch_written(&[]).await.unwrap();
        let listed = metastore.blocks().await.unwrap();
        let count = listed.iter().filter(|it| it.block.file == file).count();
        let is_covered = metastore.wal_covered_through().await.unwrap() == Some(polls);
        assert!(
            (count, is_covered) == (0, false) || (count, is_covered) == (2, true),
            "after {polls} polls: {count} blocks, covered: {is_covered}"
        );
    }
    assert!(done_count < 60, "no write was dropped half-way");
}

fn block(tenant: Tenant, dataset: DatasetId, file: &str) -> NewBlock {
    NewBlock {
        tenant,
        dataset,
        file: file.to_owned(),
        offset: 0,
        length: 1,
        row_count: 1,
        min_time_ns: 0,
        max_time_ns: 0,
        format_version: 1,
        created_at_ns: NOW,
    }
}
