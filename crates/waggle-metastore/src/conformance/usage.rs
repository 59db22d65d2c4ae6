use super::{NOW, tenant};
use crate::{Metastore, Usage};
use waggle_model::{DatasetId, EnvironmentId, Tenant};

fn usage(tenant: Tenant, dataset: i64, day: i64, event_count: u64) -> Usage {
    Usage {
        tenant,
        dataset: DatasetId(dataset),
        day,
        event_count,
        event_bytes: event_count * 100,
    }
}

pub(super) async fn usage_adds_up(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let staging = metastore.create_environment(ours.team, "staging", NOW);
    let staging = staging.await.unwrap().tenant;
    let gone = Tenant {
        environment: EnvironmentId(999),
        ..ours
    };
    metastore
        .add_usage(&[
            usage(ours, 2, 10, 1),
            usage(ours, 1, 10, 2),
            usage(ours, 1, 11, 4),
            usage(ours, 1, 10, 8),
            usage(gone, 1, 10, 16),
            usage(staging, 1, 10, 32),
            usage(theirs, 1, 10, 64),
        ])
        .await
        .unwrap();
    metastore
        .add_usage(&[usage(ours, 1, 11, 128)])
        .await
        .unwrap();
    metastore.add_usage(&[]).await.unwrap();
    let found = metastore.usage(ours, 0..=11).await.unwrap();
    let expected = [
        usage(ours, 1, 10, 10),
        usage(ours, 2, 10, 1),
        usage(ours, 1, 11, 132),
    ];
    assert_eq!(found, expected);
    let found = metastore.usage(ours, 11..=20).await.unwrap();
    assert_eq!(found, expected[2..]);
    assert_eq!(metastore.usage(ours, 12..=20).await.unwrap(), []);
    let found = metastore.usage(staging, 10..=10).await.unwrap();
    assert_eq!(found, [usage(staging, 1, 10, 32)]);
    let found = metastore.usage(theirs, 10..=10).await.unwrap();
    assert_eq!(found, [usage(theirs, 1, 10, 64)]);
}
