use super::{NOW, tenant};
use crate::{DatasetChange, Error, Metastore, NewBlock, SeenColumn, Written};
use std::collections::BTreeMap;
use waggle_model::{ColumnType, DatasetId, DatasetScope, EnvironmentId, MetricType, Tenant};

pub(super) async fn first_sight_makes_a_dataset_once(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let first = metastore
        .ensure_dataset(tenant, "Backend Flask", 10, NOW)
        .await
        .unwrap();
    assert!(first.is_new);
    assert_eq!(first.dataset.name, "Backend Flask");
    assert_eq!(first.dataset.slug, "backend-flask");
    assert_eq!(first.dataset.created_at_ns, NOW);
    assert_eq!(first.dataset.last_written_at_ns, None);
    assert!(first.dataset.is_delete_protected);
    let again = metastore
        .ensure_dataset(tenant, "backend flask", 10, NOW + 1)
        .await
        .unwrap();
    assert!(!again.is_new);
    assert_eq!(again.dataset, first.dataset);
    for name in ["", " ", "__all__", "a\nb"] {
        let refused = metastore.ensure_dataset(tenant, name, 10, NOW).await;
        assert!(
            matches!(refused, Err(Error::Invalid { field: "name", .. })),
            "{name:?}"
        );
    }
    let nobody = Tenant {
        environment: EnvironmentId(999),
        ..tenant
    };
    let refused = metastore.ensure_dataset(nobody, "shop", 10, NOW).await;
    assert!(matches!(refused, Err(Error::NotFound(_))));
}

pub(super) async fn names_and_slugs_address_a_dataset(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let id = metastore
        .ensure_dataset(tenant, "My Dataset!", 10, NOW)
        .await
        .unwrap()
        .dataset
        .id;
    for name in [
        "My Dataset!",
        "my dataset!",
        "my-dataset-",
        "MY-DATASET-",
        "My Dataset?",
    ] {
        let found = metastore.find_dataset(tenant, name).await.unwrap().unwrap();
        assert_eq!(found.id, id, "{name}");
    }
    for name in ["my-dataset", "My Datasetë", "", "%"] {
        assert_eq!(
            metastore.find_dataset(tenant, name).await.unwrap(),
            None,
            "{name}"
        );
    }
}

pub(super) async fn other_alphabets_keep_apart(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let mut slugs = Vec::new();
    for name in ["日本", "中国", "Zoë", "zo!", "ZOË"] {
        let made = metastore
            .ensure_dataset(tenant, name, 10, NOW)
            .await
            .unwrap();
        let found = metastore.find_dataset(tenant, name).await.unwrap().unwrap();
        assert_eq!(found, made.dataset);
        slugs.push(found.slug);
    }
    assert_eq!(slugs, ["--", "---2", "zo-", "zo--2", "zo-"]);
}

pub(super) async fn datasets_have_a_limit(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    for name in ["a", "b"] {
        metastore
            .ensure_dataset(tenant, name, 2, NOW)
            .await
            .unwrap();
    }
    let refused = metastore.ensure_dataset(tenant, "c", 2, NOW).await;
    assert!(matches!(refused, Err(Error::LimitReached { limit: 2, .. })));
    metastore.ensure_dataset(tenant, "b", 2, NOW).await.unwrap();
}

pub(super) async fn a_dataset_changes_and_goes(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let made = metastore
        .ensure_dataset(tenant, "shop", 10, NOW)
        .await
        .unwrap()
        .dataset;
    let change = DatasetChange {
        description: Some("the shop".to_owned()),
        expand_json_depth: Some(3),
        is_delete_protected: None,
        is_metrics: Some(true),
    };
    let changed = metastore
        .update_dataset(tenant, made.id, change)
        .await
        .unwrap();
    assert_eq!(changed.description, "the shop");
    assert_eq!(changed.expand_json_depth, 3);
    assert!(changed.is_metrics && !made.is_metrics);
    assert!(matches!(
        metastore.delete_dataset(tenant, made.id).await,
        Err(Error::Conflict(_))
    ));
    let open = DatasetChange {
        is_delete_protected: Some(false),
        ..DatasetChange::default()
    };
    let changed = metastore
        .update_dataset(tenant, made.id, open.clone())
        .await
        .unwrap();
    assert_eq!(
        changed.description, "the shop",
        "what is not named stays as it is"
    );
    metastore.delete_dataset(tenant, made.id).await.unwrap();
    assert_eq!(metastore.dataset(tenant, made.id).await.unwrap(), None);
    assert!(matches!(
        metastore.delete_dataset(tenant, made.id).await,
        Err(Error::NotFound(_))
    ));
    assert!(matches!(
        metastore.update_dataset(tenant, made.id, open).await,
        Err(Error::NotFound(_))
    ));
    let next = metastore
        .ensure_dataset(tenant, "shop", 10, NOW)
        .await
        .unwrap();
    assert_ne!(next.dataset.id, made.id, "an id is never used again");
}

pub(super) async fn another_tenant_sees_no_dataset(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    // The environment of one and the team of the other is nobody.
    let mixed = Tenant {
        team: theirs.team,
        environment: ours.environment,
    };
    let id = metastore
        .ensure_dataset(ours, "shop", 10, NOW)
        .await
        .unwrap()
        .dataset
        .id;
    for stranger in [theirs, mixed] {
        assert_eq!(metastore.dataset(stranger, id).await.unwrap(), None);
        assert_eq!(
            metastore.find_dataset(stranger, "shop").await.unwrap(),
            None
        );
        assert!(metastore.datasets(stranger).await.unwrap().is_empty());
        assert!(
            metastore
                .dataset_summaries(stranger)
                .await
                .unwrap()
                .is_empty()
        );
        let change = DatasetChange::default();
        assert!(matches!(
            metastore.update_dataset(stranger, id, change).await,
            Err(Error::NotFound(_))
        ));
        assert!(matches!(
            metastore.delete_dataset(stranger, id).await,
            Err(Error::NotFound(_))
        ));
    }
    let their_shop = metastore
        .ensure_dataset(theirs, "shop", 10, NOW)
        .await
        .unwrap();
    assert_ne!(their_shop.dataset.id, id);
}

pub(super) async fn internal_datasets_are_not_listed(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let mut ids = Vec::new();
    for name in ["shop", waggle_model::PENDING_DATASET] {
        let dataset = metastore.ensure_dataset(tenant, name, 10, NOW).await;
        let dataset = dataset.unwrap().dataset.id;
        let seen = SeenColumn {
            key_name: format!("column of {name}"),
            column_type: ColumnType::String,
        };
        metastore
            .register_columns(tenant, dataset, &[seen], 10, NOW)
            .await
            .unwrap();
        ids.push(dataset);
    }
    let [shop, pending] = ids[..] else {
        panic!("two datasets");
    };
    let internal = metastore.internal_datasets().await.unwrap();
    let internal: Vec<_> = internal.iter().map(|d| (d.tenant, d.id)).collect();
    assert_eq!(internal, [(tenant, pending)]);
    assert_eq!(metastore.datasets(tenant).await.unwrap().len(), 2);
    let summaries = metastore.dataset_summaries(tenant).await.unwrap();
    let listed: Vec<_> = summaries.iter().map(|summary| summary.dataset.id).collect();
    assert_eq!(listed, [shop]);
    for (scope, count) in [
        (DatasetScope::All, 1),
        (DatasetScope::One(pending), 1),
        (DatasetScope::One(shop), 1),
    ] {
        let page = metastore.search_columns(tenant, &scope, "", 10).await;
        assert_eq!(page.unwrap().total, count, "{scope:?}");
    }
}

pub(super) async fn summaries_add_up_blocks(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let shop = metastore
        .ensure_dataset(tenant, "shop", 10, NOW)
        .await
        .unwrap()
        .dataset;
    let empty = metastore
        .ensure_dataset(tenant, "empty", 10, NOW)
        .await
        .unwrap()
        .dataset;
    let block = NewBlock {
        tenant,
        dataset: shop.id,
        file: "1.block".to_owned(),
        offset: 0,
        length: 1_000,
        row_count: 10,
        min_time_ns: 1,
        max_time_ns: 2,
        format_version: 1,
        created_at_ns: NOW,
    };
    let other = NewBlock {
        offset: 1_000,
        row_count: 5,
        ..block.clone()
    };
    metastore
        .commit_blocks(&[block, other], &[], None)
        .await
        .unwrap();
    let seen = SeenColumn {
        key_name: "a".to_owned(),
        column_type: ColumnType::String,
    };
    metastore
        .register_columns(tenant, shop.id, &[seen], 10, NOW)
        .await
        .unwrap();
    let summaries = metastore.dataset_summaries(tenant).await.unwrap();
    let shown: Vec<_> = summaries
        .iter()
        .map(|summary| {
            (
                summary.dataset.id,
                summary.event_count,
                summary.stored_bytes,
                summary.column_count,
            )
        })
        .collect();
    assert_eq!(shown, [(empty.id, 0, 0, 0), (shop.id, 15, 2_000, 1)]);
}

pub(super) async fn written_moves_forward(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let shop = metastore
        .ensure_dataset(tenant, "shop", 10, NOW)
        .await
        .unwrap()
        .dataset
        .id;
    let seen = ["a", "b"].map(|name| SeenColumn {
        key_name: name.to_owned(),
        column_type: ColumnType::String,
    });
    let columns = metastore
        .register_columns(tenant, shop, &seen, 10, NOW)
        .await
        .unwrap();
    let a = columns[0].clone().unwrap();
    let written = |at_ns| Written {
        dataset: shop,
        columns: vec![a.id.clone()],
        at_ns,
    };
    for (at_ns, expected) in [(NOW + 5, NOW + 5), (NOW + 3, NOW + 5), (NOW + 9, NOW + 9)] {
        let stale = metastore.touch_written(&[written(at_ns)]).await.unwrap();
        assert!(stale.is_empty());
        let dataset = metastore.dataset(tenant, shop).await.unwrap().unwrap();
        assert_eq!(dataset.last_written_at_ns, Some(expected));
        let times: Vec<_> = metastore
            .columns(tenant, shop)
            .await
            .unwrap()
            .into_iter()
            .map(|column| column.last_written_at_ns)
            .collect();
        assert_eq!(times, [Some(expected), Some(NOW)]);
    }
    metastore
        .delete_columns(tenant, shop, std::slice::from_ref(&a.id), 0)
        .await
        .unwrap();
    let gone = Written {
        dataset: DatasetId(999),
        columns: Vec::new(),
        at_ns: NOW,
    };
    let stale = metastore
        .touch_written(&[written(NOW + 10), gone])
        .await
        .unwrap();
    assert_eq!(stale, [shop, DatasetId(999)]);
}

pub(super) async fn kinds_of_metrics_are_remembered(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "bees").await;
    let theirs = tenant(metastore, "wasps").await;
    let made = metastore.ensure_dataset(ours, "shop", 10, NOW).await;
    let dataset = made.unwrap().dataset.id;
    let kinds = |kinds: &[(&str, &str)]| -> BTreeMap<String, MetricType> {
        let kinds = kinds.iter();
        kinds
            .map(|(name, kind)| ((*name).to_owned(), MetricType::from_name(kind).unwrap()))
            .collect()
    };
    for (noted, expected) in [
        (kinds(&[]), kinds(&[])),
        (
            kinds(&[("a", "gauge"), ("b", "sum(delta)")]),
            kinds(&[("a", "gauge"), ("b", "sum(delta)")]),
        ),
        // The first kind stays; a third one has no room.
        (
            kinds(&[("b", "summary"), ("c", "gauge")]),
            kinds(&[("a", "gauge"), ("b", "sum(delta)")]),
        ),
    ] {
        let mut kept = expected.clone();
        kept.retain(|name, _| noted.contains_key(name));
        let found = metastore.note_metrics(dataset, &noted, 2).await.unwrap();
        assert_eq!(found, kept);
        assert_eq!(metastore.metrics(ours, dataset).await.unwrap(), expected);
        assert_eq!(
            metastore.metrics(theirs, dataset).await.unwrap(),
            kinds(&[])
        );
    }
    for (kind, name) in MetricType::ALL {
        let noted = BTreeMap::from([(name.to_owned(), kind)]);
        metastore.note_metrics(dataset, &noted, 99).await.unwrap();
        let metrics = metastore.metrics(ours, dataset).await.unwrap();
        assert_eq!(metrics[name].name(), name);
    }
    let open = DatasetChange {
        is_delete_protected: Some(false),
        ..DatasetChange::default()
    };
    metastore.update_dataset(ours, dataset, open).await.unwrap();
    metastore.delete_dataset(ours, dataset).await.unwrap();
    assert_eq!(metastore.metrics(ours, dataset).await.unwrap(), kinds(&[]));
    let noted = kinds(&[("a", "gauge")]);
    let kept = metastore.note_metrics(dataset, &noted, 2).await.unwrap();
    assert_eq!(kept, kinds(&[]));
    assert_eq!(metastore.metrics(ours, dataset).await.unwrap(), kinds(&[]));
}
