use super::{NOW, tenant};
use crate::{KeyId, Metastore, Taken, Usage};
use waggle_model::{DatasetId, EnvironmentId, Tenant};

fn usage(tenant: Tenant, dataset: i64, day: i64, events: u64) -> Usage {
    Usage {
        tenant,
        dataset: DatasetId(dataset),
        day,
        key: None,
        taken: Taken {
            events,
            bytes: events * 100,
            metric_events: events / 2,
            data_points: events * 3,
        },
    }
}

fn by_key(key: &str, mut usage: Usage) -> Usage {
    usage.key = Some(KeyId(key.to_owned()));
    usage
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
            usage(ours, 2, 10, 2),
            usage(ours, 1, 10, 2),
            usage(ours, 1, 11, 4),
            usage(ours, 1, 10, 8),
            by_key("b", usage(ours, 1, 10, 6)),
            by_key("a", usage(ours, 1, 10, 4)),
            usage(gone, 1, 10, 16),
            usage(staging, 1, 10, 32),
            usage(theirs, 1, 10, 64),
        ])
        .await
        .unwrap();
    metastore
        .add_usage(&[usage(ours, 1, 11, 128), by_key("b", usage(ours, 1, 10, 10))])
        .await
        .unwrap();
    metastore.add_usage(&[]).await.unwrap();
    let found = metastore.usage(ours, 0..=11).await.unwrap();
    let expected = [
        usage(ours, 1, 10, 10),
        by_key("a", usage(ours, 1, 10, 4)),
        by_key("b", usage(ours, 1, 10, 16)),
        usage(ours, 2, 10, 2),
        usage(ours, 1, 11, 132),
    ];
    assert_eq!(found, expected);
    let found = metastore.usage(ours, 11..=20).await.unwrap();
    assert_eq!(found, expected[4..]);
    assert_eq!(metastore.usage(ours, 12..=20).await.unwrap(), []);
    let found = metastore.usage(staging, 10..=10).await.unwrap();
    assert_eq!(found, [usage(staging, 1, 10, 32)]);
    let found = metastore.usage(theirs, 10..=10).await.unwrap();
    assert_eq!(found, [usage(theirs, 1, 10, 64)]);
}
