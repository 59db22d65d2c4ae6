use super::{NOW, tenant};
use crate::{Block, BlockId, DatasetChange, Error, Metastore, NewBlock};
use waggle_model::{DatasetId, Tenant};

fn block(tenant: Tenant, dataset: DatasetId, file: &str, offset: u64) -> NewBlock {
    NewBlock {
        tenant,
        dataset,
        file: file.to_owned(),
        offset,
        length: 100,
        row_count: 3,
        min_time_ns: -5,
        max_time_ns: i64::MAX,
        format_version: 1,
        created_at_ns: NOW,
    }
}

async fn dataset(metastore: &dyn Metastore, tenant: Tenant, name: &str) -> DatasetId {
    metastore
        .ensure_dataset(tenant, name, 10, NOW)
        .await
        .unwrap()
        .dataset
        .id
}

pub(super) async fn a_commit_is_one_moment(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let shop = dataset(metastore, ours, "shop").await;
    let other = dataset(metastore, theirs, "other").await;
    assert_eq!(metastore.wal_covered_through().await.unwrap(), None);
    let added = [
        block(ours, shop, "1.block", 0),
        block(theirs, other, "1.block", 1 << 40),
        block(ours, shop, "2.block", 0),
    ];
    let ids = metastore.commit_blocks(&added, &[], Some(7)).await.unwrap();
    let ids: Vec<BlockId> = ids.into_iter().map(Option::unwrap).collect();
    let listed = |index: usize| Block {
        id: ids[index],
        block: added[index].clone(),
    };
    assert_eq!(
        metastore.blocks().await.unwrap(),
        [listed(0), listed(2), listed(1)]
    );
    assert_eq!(
        metastore.tenant_blocks(ours).await.unwrap(),
        [listed(0), listed(2)]
    );
    assert_eq!(metastore.tenant_blocks(theirs).await.unwrap(), [listed(1)]);
    assert_eq!(
        metastore.block_files().await.unwrap(),
        ["1.block", "2.block"]
    );
    assert_eq!(metastore.wal_covered_through().await.unwrap(), Some(7));

    let merged = block(ours, shop, "3.block", 0);
    let merged_ids = metastore
        .commit_blocks(std::slice::from_ref(&merged), &[ids[0], ids[2]], None)
        .await
        .unwrap();
    assert_eq!(
        metastore.tenant_blocks(ours).await.unwrap(),
        [Block {
            id: merged_ids[0].unwrap(),
            block: merged
        }]
    );
    assert_eq!(
        metastore.block_files().await.unwrap(),
        ["1.block", "3.block"]
    );
    assert_eq!(metastore.wal_covered_through().await.unwrap(), Some(7));
}

pub(super) async fn a_failed_commit_changes_nothing(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let shop = dataset(metastore, tenant, "shop").await;
    let first = block(tenant, shop, "1.block", 0);
    let ids = metastore
        .commit_blocks(&[first], &[], Some(1))
        .await
        .unwrap();
    let id = ids[0].unwrap();
    let second = [block(tenant, shop, "2.block", 0)];
    let refused = metastore
        .commit_blocks(&second, &[id, BlockId(999)], Some(2))
        .await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
    let listed = metastore.blocks().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].id, id);
    assert_eq!(metastore.wal_covered_through().await.unwrap(), Some(1));
    let too_large = NewBlock {
        length: u64::MAX,
        ..block(tenant, shop, "3.block", 0)
    };
    let refused = metastore.commit_blocks(&[too_large], &[id], None).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })));
    assert_eq!(metastore.blocks().await.unwrap(), listed);
}

pub(super) async fn a_deleted_dataset_takes_its_blocks(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let shop = dataset(metastore, tenant, "shop").await;
    let kept = dataset(metastore, tenant, "kept").await;
    let added = [
        block(tenant, shop, "1.block", 0),
        block(tenant, kept, "1.block", 100),
    ];
    metastore.commit_blocks(&added, &[], None).await.unwrap();
    let open = DatasetChange {
        is_delete_protected: Some(false),
        ..DatasetChange::default()
    };
    metastore.update_dataset(tenant, shop, open).await.unwrap();
    metastore.delete_dataset(tenant, shop).await.unwrap();
    let listed = metastore.blocks().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].block.dataset, kept);

    let ids = metastore.commit_blocks(&added, &[], Some(4)).await.unwrap();
    assert_eq!(
        ids.iter().map(Option::is_some).collect::<Vec<_>>(),
        [false, true],
        "the blocks of a deleted dataset are left out, the rest stands"
    );
    assert_eq!(metastore.wal_covered_through().await.unwrap(), Some(4));
}

pub(super) async fn coverage_moves_forward(metastore: &dyn Metastore) {
    for (through, expected) in [(3, 3), (2, 3), (0, 3), (9, 9)] {
        metastore
            .commit_blocks(&[], &[], Some(through))
            .await
            .unwrap();
        assert_eq!(
            metastore.wal_covered_through().await.unwrap(),
            Some(expected)
        );
    }
}
