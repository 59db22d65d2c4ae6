use super::{NOW, tenant};
use crate::{
    BlockId, ColumnChange, ColumnDeletion, ColumnId, DeletedColumns, Error, Metastore, NewBlock,
    NewColumn, SeenColumn,
};
use waggle_model::{ColumnType, DatasetId, DatasetScope, Tenant};

fn seen(key_name: &str, column_type: ColumnType) -> SeenColumn {
    SeenColumn {
        key_name: key_name.to_owned(),
        column_type,
    }
}

fn new_column(key_name: &str) -> NewColumn {
    NewColumn {
        is_histogram: false,
        key_name: key_name.to_owned(),
        column_type: ColumnType::Float,
        description: "made by hand".to_owned(),
        is_hidden: true,
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

pub(super) async fn registering_merges(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let shop = dataset(metastore, tenant, "shop").await;
    let first = metastore
        .register_columns(
            tenant,
            shop,
            &[
                seen("number", ColumnType::Integer),
                seen("name", ColumnType::String),
                seen("twice", ColumnType::Integer),
                seen("twice", ColumnType::Float),
                seen("Name", ColumnType::Boolean),
            ],
            10,
            NOW,
        )
        .await
        .unwrap();
    let first: Vec<_> = first.into_iter().map(Option::unwrap).collect();
    let types: Vec<_> = first.iter().map(|column| column.column_type).collect();
    assert_eq!(
        types,
        [
            ColumnType::Integer,
            ColumnType::String,
            ColumnType::Float,
            ColumnType::Float,
            ColumnType::Boolean
        ]
    );
    assert_eq!(first[2].id, first[3].id);
    assert_ne!(
        first[1].id, first[4].id,
        "columns that differ in case are two"
    );
    assert_eq!(first[0].last_written_at_ns, Some(NOW));

    let second = metastore
        .register_columns(
            tenant,
            shop,
            &[
                seen("number", ColumnType::Float),
                seen("name", ColumnType::String),
                seen("twice", ColumnType::Integer),
                seen("Name", ColumnType::Integer),
                seen("late", ColumnType::Integer),
            ],
            10,
            NOW + 1,
        )
        .await
        .unwrap();
    let second: Vec<_> = second.into_iter().map(Option::unwrap).collect();
    let shown: Vec<_> = second
        .iter()
        .map(|column| {
            (
                column.key_name.as_str(),
                column.column_type,
                column.created_at_ns - NOW,
                column.updated_at_ns - NOW,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("number", ColumnType::Float, 0, 1),
            ("name", ColumnType::String, 0, 0),
            ("twice", ColumnType::Float, 0, 0),
            ("Name", ColumnType::String, 0, 1),
            ("late", ColumnType::Integer, 1, 1),
        ]
    );
    let mut listed = metastore.columns(tenant, shop).await.unwrap();
    let names: Vec<_> = listed
        .iter()
        .map(|column| column.key_name.clone())
        .collect();
    assert_eq!(names, ["Name", "late", "name", "number", "twice"]);
    let mut expected = second;
    expected.sort_by(|a, b| a.key_name.cmp(&b.key_name));
    listed.sort_by(|a, b| a.key_name.cmp(&b.key_name));
    assert_eq!(listed, expected);
}

pub(super) async fn registering_stops_at_the_limit(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let shop = dataset(metastore, tenant, "shop").await;
    let columns = ["a", "b", "a", "c", "d"].map(|name| seen(name, ColumnType::Integer));
    for _ in 0..2 {
        let registered = metastore
            .register_columns(tenant, shop, &columns, 3, NOW)
            .await
            .unwrap();
        let is_there: Vec<_> = registered.iter().map(Option::is_some).collect();
        assert_eq!(is_there, [true, true, true, true, false]);
    }
    let refused = metastore
        .create_column(tenant, shop, new_column("d"), 3, NOW)
        .await;
    assert!(matches!(refused, Err(Error::LimitReached { limit: 3, .. })));
    let refused = metastore
        .register_columns(tenant, DatasetId(999), &columns, 3, NOW)
        .await;
    assert!(matches!(refused, Err(Error::NotFound("dataset"))));
}

pub(super) async fn a_column_is_made_changed_and_deleted(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let shop = dataset(metastore, tenant, "shop").await;
    let made = metastore
        .create_column(tenant, shop, new_column("price"), 10, NOW)
        .await
        .unwrap();
    assert_eq!(made.id.0.len(), 11);
    assert_eq!(made.last_written_at_ns, None);
    let again = metastore
        .create_column(tenant, shop, new_column("price"), 10, NOW)
        .await;
    assert!(matches!(again, Err(Error::Conflict(_))));
    for found in [
        metastore.column(tenant, shop, &made.id).await,
        metastore.column_by_name(tenant, shop, "price").await,
    ] {
        assert_eq!(found.unwrap(), Some(made.clone()));
    }
    let change = ColumnChange {
        column_type: Some(ColumnType::Integer),
        is_hidden: Some(false),
        ..ColumnChange::default()
    };
    let changed = metastore
        .update_column(tenant, shop, &made.id, change, NOW + 1)
        .await
        .unwrap();
    assert_eq!(changed.column_type, ColumnType::Integer);
    assert_eq!(changed.description, "made by hand");
    assert!(!changed.is_hidden);
    assert_eq!(changed.updated_at_ns, NOW + 1);
    metastore
        .delete_columns(tenant, shop, std::slice::from_ref(&made.id), 0)
        .await
        .unwrap();
    assert_eq!(
        metastore.column(tenant, shop, &made.id).await.unwrap(),
        None
    );
    let again = metastore
        .delete_columns(tenant, shop, std::slice::from_ref(&made.id), 0)
        .await;
    assert_eq!(again.unwrap(), DeletedColumns::default());
    let change = ColumnChange::default();
    let refused = metastore
        .update_column(tenant, shop, &made.id, change, NOW)
        .await;
    assert!(matches!(refused, Err(Error::NotFound("column"))));
}

pub(super) async fn another_tenant_sees_no_column(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let shop = dataset(metastore, ours, "shop").await;
    let made = metastore
        .create_column(ours, shop, new_column("price"), 10, NOW)
        .await
        .unwrap();
    assert!(metastore.columns(theirs, shop).await.unwrap().is_empty());
    assert_eq!(
        metastore.column(theirs, shop, &made.id).await.unwrap(),
        None
    );
    assert_eq!(
        metastore
            .column_by_name(theirs, shop, "price")
            .await
            .unwrap(),
        None
    );
    for scope in [DatasetScope::One(shop), DatasetScope::All] {
        let page = metastore
            .search_columns(theirs, &scope, "", 10)
            .await
            .unwrap();
        assert_eq!(page.total, 0);
    }
    let change = ColumnChange::default();
    assert!(matches!(
        metastore
            .update_column(theirs, shop, &made.id, change, NOW)
            .await,
        Err(Error::NotFound(_))
    ));
    let theirs_deleted = metastore
        .delete_columns(theirs, shop, std::slice::from_ref(&made.id), 0)
        .await;
    assert_eq!(theirs_deleted.unwrap(), DeletedColumns::default());
    assert_eq!(metastore.columns(ours, shop).await.unwrap().len(), 1);
    assert!(matches!(
        metastore.register_columns(theirs, shop, &[], 10, NOW).await,
        Err(Error::NotFound(_))
    ));
    let missing = ColumnId("yUheCUmgZ8p".to_owned());
    assert_eq!(metastore.column(ours, shop, &missing).await.unwrap(), None);
}

async fn found(
    metastore: &dyn Metastore,
    tenant: Tenant,
    scope: &DatasetScope,
    text: &str,
    limit: usize,
) -> (Vec<String>, usize) {
    let page = metastore
        .search_columns(tenant, scope, text, limit)
        .await
        .unwrap();
    let names = page.columns.into_iter().map(|column| column.key_name);
    (names.collect(), page.total)
}

pub(super) async fn search_ranks_matches(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let shop = dataset(metastore, tenant, "shop").await;
    for (name, at_ns) in [
        ("duration_ms", NOW + 1),
        ("db.Duration", NOW + 9),
        ("Durable", NOW + 2),
        ("name", NOW + 3),
        ("100%_ÉTÉ", NOW + 4),
        ("alpha", NOW + 3),
    ] {
        metastore
            .register_columns(tenant, shop, &[seen(name, ColumnType::Float)], 10, at_ns)
            .await
            .unwrap();
    }
    metastore
        .create_column(tenant, shop, new_column("never.dur"), 10, NOW + 10)
        .await
        .unwrap();
    let scope = DatasetScope::One(shop);
    for (text, limit, expected, total) in [
        (
            "dur",
            10,
            &["Durable", "duration_ms", "db.Duration", "never.dur"][..],
            4,
        ),
        ("DURATION", 10, &["duration_ms", "db.Duration"], 2),
        ("dur", 1, &["Durable"], 4),
        ("dur", 0, &[], 4),
        ("été", 10, &["100%_ÉTÉ"], 1),
        ("%", 10, &["100%_ÉTÉ"], 1),
        ("_", 10, &["100%_ÉTÉ", "duration_ms"], 2),
        ("zzz", 10, &[], 0),
        ("", 4, &["db.Duration", "100%_ÉTÉ", "alpha", "name"], 7),
    ] {
        let answer = found(metastore, tenant, &scope, text, limit).await;
        assert_eq!(
            (answer.0.as_slice(), answer.1),
            (
                expected
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect::<Vec<_>>()
                    .as_slice(),
                total
            ),
            "{text:?}"
        );
    }
}

pub(super) async fn search_over_all_datasets_merges_names(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let one = dataset(metastore, tenant, "one").await;
    let two = dataset(metastore, tenant, "two").await;
    for (dataset, name, column_type, at_ns) in [
        (one, "a", ColumnType::Integer, NOW + 1),
        (two, "a", ColumnType::Float, NOW + 3),
        (two, "b", ColumnType::Boolean, NOW + 2),
        (one, "c", ColumnType::String, NOW + 4),
    ] {
        metastore
            .register_columns(tenant, dataset, &[seen(name, column_type)], 10, at_ns)
            .await
            .unwrap();
    }
    let page = metastore
        .search_columns(tenant, &DatasetScope::All, "", 2)
        .await
        .unwrap();
    assert_eq!(page.total, 3);
    let shown: Vec<_> = page
        .columns
        .iter()
        .map(|column| (column.key_name.as_str(), column.dataset, column.column_type))
        .collect();
    assert_eq!(
        shown,
        [
            ("c", one, ColumnType::String),
            ("a", two, ColumnType::Float)
        ]
    );
}

pub(super) async fn ten_thousand_columns(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let shop = dataset(metastore, tenant, "shop").await;
    let columns: Vec<_> = (0..10_000)
        .map(|number| seen(&format!("attribute.{number:05}"), ColumnType::Integer))
        .collect();
    let registered = metastore
        .register_columns(tenant, shop, &columns, 10_000, NOW)
        .await
        .unwrap();
    assert!(registered.iter().all(Option::is_some));
    let scope = DatasetScope::One(shop);
    let answer = found(metastore, tenant, &scope, "999", 3).await;
    assert_eq!(
        answer,
        (
            ["attribute.00999", "attribute.01999", "attribute.02999"]
                .map(str::to_owned)
                .to_vec(),
            19
        )
    );
}

pub(super) async fn a_deleted_column_is_hidden_until_nothing_holds_it(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let shop = dataset(metastore, tenant, "shop").await;
    let other = dataset(metastore, tenant, "other").await;
    let price = metastore
        .create_column(tenant, shop, new_column("price"), 10, NOW)
        .await
        .unwrap();
    let size = metastore
        .create_column(tenant, shop, new_column("size"), 10, NOW)
        .await
        .unwrap();
    let block = |dataset, file: &str| NewBlock {
        tenant,
        dataset,
        file: file.to_owned(),
        offset: 0,
        length: 8,
        row_count: 1,
        min_time_ns: 0,
        max_time_ns: 0,
        format_version: 2,
        created_at_ns: NOW,
    };
    let missing = ColumnId("yUheCUmgZ8p".to_owned());
    let added = [block(shop, "1"), block(other, "2"), block(shop, "3")];
    let ids = metastore.commit_blocks(&added, &[], Some(3)).await.unwrap();
    let ids: Vec<BlockId> = ids.into_iter().map(Option::unwrap).collect();
    let deleted = metastore
        .delete_columns(
            tenant,
            shop,
            &[price.id.clone(), missing, size.id.clone()],
            5,
        )
        .await
        .unwrap();
    let expected = DeletedColumns {
        columns: vec![(price.id, "price".to_owned()), (size.id, "size".to_owned())],
        in_use: Vec::new(),
        blocks: vec![ids[0], ids[2]],
    };
    assert_eq!(deleted, expected);
    let hidden = |id: BlockId| ["price", "size"].map(|name| (id, name.to_owned()));
    assert_eq!(
        metastore.hidden_columns().await.unwrap(),
        [hidden(ids[0]), hidden(ids[2])].concat()
    );
    let deletion = |name: &str, wal_through| ColumnDeletion {
        dataset: shop,
        key_name: name.to_owned(),
        wal_through,
    };
    assert_eq!(
        metastore.column_deletions().await.unwrap(),
        [deletion("price", 5), deletion("size", 5)]
    );
    // Made again by an event, and deleted again.
    let price = metastore
        .create_column(tenant, shop, new_column("price"), 10, NOW)
        .await
        .unwrap();
    metastore
        .delete_columns(tenant, shop, &[price.id], 7)
        .await
        .unwrap();
    assert_eq!(
        metastore.column_deletions().await.unwrap(),
        [deletion("price", 7), deletion("size", 5)]
    );
    // A block that stands in the place of another hides nothing.
    metastore
        .commit_blocks(&[block(shop, "4")], &[ids[0]], Some(6))
        .await
        .unwrap();
    assert_eq!(metastore.hidden_columns().await.unwrap(), hidden(ids[2]));
    assert_eq!(metastore.column_deletions().await.unwrap().len(), 1);
    metastore
        .commit_blocks(&[], &[ids[2]], Some(7))
        .await
        .unwrap();
    assert_eq!(metastore.hidden_columns().await.unwrap(), []);
    assert_eq!(metastore.column_deletions().await.unwrap(), []);
}

pub(super) async fn a_column_is_made_everywhere_or_nowhere(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let create = |columns_max| {
        let column = NewColumn {
            is_histogram: true,
            ..new_column("sizes")
        };
        metastore.create_column_everywhere(ours, column, columns_max, NOW)
    };
    let refused = create(10).await;
    assert!(matches!(refused, Err(Error::NotFound("dataset"))));
    let (first, second) = (
        dataset(metastore, ours, "first").await,
        dataset(metastore, ours, "second").await,
    );
    let elsewhere = dataset(metastore, theirs, "first").await;
    let other = metastore.create_column(ours, second, new_column("other"), 10, NOW);
    other.await.unwrap();
    let refused = create(1).await;
    assert!(matches!(refused, Err(Error::LimitReached { limit: 1, .. })));
    assert_eq!(metastore.columns(ours, first).await.unwrap(), []);
    let made = create(10).await.unwrap();
    let datasets: Vec<DatasetId> = made.iter().map(|column| column.dataset).collect();
    assert_eq!(datasets, [first, second]);
    assert_eq!(metastore.columns(ours, first).await.unwrap(), made[..1]);
    assert!(made[1].is_histogram);
    assert_eq!(metastore.columns(theirs, elsewhere).await.unwrap(), []);
    let refused = create(10).await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
    // What lacks it gets it, and what has it keeps its own.
    let third = dataset(metastore, ours, "third").await;
    let made = create(10).await.unwrap();
    assert_eq!((made.len(), made[0].dataset), (1, third));
    let change = ColumnChange {
        column_type: Some(ColumnType::String),
        is_histogram: Some(false),
        ..ColumnChange::default()
    };
    let changed = metastore.update_column(ours, third, &made[0].id, change, NOW);
    let changed = changed.await.unwrap();
    assert!(!changed.is_histogram);
    assert_eq!(changed.column_type, ColumnType::String);
}

/// A chosen type is one more thing to know of a column: what it came with is remembered, so that the choice can be taken back.
pub(super) async fn a_chosen_type_is_taken_back(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let shop = dataset(metastore, tenant, "shop").await;
    let names = ["status", "other"];
    let columns = names.map(|name| seen(name, ColumnType::String));
    let made = metastore
        .register_columns(tenant, shop, &columns, 10, NOW)
        .await
        .unwrap();
    let status = made[0].clone().unwrap();
    assert_eq!(
        (status.column_type, status.seen_type, status.is_chosen),
        (ColumnType::String, ColumnType::String, false)
    );
    let change = async |column_type, is_histogram| {
        let change = ColumnChange {
            column_type: Some(column_type),
            is_histogram: Some(is_histogram),
            ..ColumnChange::default()
        };
        metastore
            .update_column(tenant, shop, &status.id, change, NOW)
            .await
            .unwrap()
    };
    let chosen = change(ColumnType::Integer, false).await;
    assert_eq!(
        (chosen.column_type, chosen.seen_type, chosen.is_chosen),
        (ColumnType::Integer, ColumnType::String, true)
    );
    // What comes later widens what is seen, and leaves the choice alone.
    let later = [seen("status", ColumnType::Integer)];
    let later = metastore.register_columns(tenant, shop, &later, 10, NOW);
    assert_eq!(later.await.unwrap()[0].as_ref(), Some(&chosen));
    // A column that was chosen and named is there once.
    let read = metastore
        .read_columns(tenant, &["other", "nobody", "status"])
        .await;
    let mut read: Vec<String> = read.unwrap().into_iter().map(|c| c.key_name).collect();
    read.sort();
    assert_eq!(read, ["other", "status"]);
    let found = metastore
        .search_columns(tenant, &DatasetScope::All, "status", 1)
        .await
        .unwrap();
    assert_eq!(found.columns[0].column_type, ColumnType::Integer);
    let back = change(ColumnType::String, false).await;
    assert_eq!(
        (back.column_type, back.is_chosen),
        (ColumnType::String, false)
    );
    // Histograms are read as they came: as texts, too.
    let histogram = change(ColumnType::Float, true).await;
    assert_eq!(
        (histogram.column_type, histogram.seen_type),
        (ColumnType::String, ColumnType::String)
    );
    assert!(!histogram.is_chosen && histogram.is_histogram);
    assert!(
        metastore
            .read_columns(tenant, &[])
            .await
            .unwrap()
            .is_empty()
    );
}
