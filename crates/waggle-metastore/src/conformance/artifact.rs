use super::{NOW, tenant};
use crate::{
    Artifact, ArtifactId, ArtifactKind, ArtifactLimits, BoardView, BurnAlert, BurnCondition,
    ColumnId, DatasetChange, DatasetDefinition, DefinedColumn, DeletedColumns, DerivedColumn,
    Error, Marker, MarkerSetting, Metastore, NewColumn, Notified, PagerDutySeverity, Place,
    Recipient, RecipientType, Slo, Stored, Use, ViewFilter,
};
use waggle_model::{ColumnType, DatasetId, EnvironmentId, Tenant};

const TEN: ArtifactLimits = of_count(10);
const BYTES: usize = 10_000;

const fn of_count(count_max: usize) -> ArtifactLimits {
    ArtifactLimits {
        count_max,
        bytes_max: BYTES,
    }
}

fn marker(message: &str) -> Marker {
    Marker {
        start_time_s: 1,
        end_time_s: None,
        message: message.to_owned(),
        marker_type: "deploy".to_owned(),
        url: String::new(),
    }
}

fn setting(marker_type: &str) -> MarkerSetting {
    MarkerSetting {
        marker_type: marker_type.to_owned(),
        color: "#F96E11".to_owned(),
    }
}

fn recipient(target: &str) -> Recipient {
    Recipient {
        recipient_type: RecipientType::Email,
        target_hash: target.to_owned(),
        sealed_details: vec![0, 255],
    }
}

fn slo() -> Slo {
    Slo {
        name: "checkout works".to_owned(),
        description: String::new(),
        sli_alias: "is_good".to_owned(),
        sli_field_ids: Vec::new(),
        time_period_days: 30,
        target_per_million: 999_000,
        tags: Vec::new(),
        dataset_ids: vec![7],
        reset_at_ns: None,
    }
}

fn view(name: &str) -> BoardView {
    BoardView {
        name: name.to_owned(),
        filters: vec![ViewFilter {
            column: "status".to_owned(),
            operation: "in".to_owned(),
            value: Some(serde_json::json!(["a", 1])),
        }],
    }
}

async fn make<T: Artifact>(
    metastore: &dyn Metastore,
    tenant: Tenant,
    place: &Place,
    value: T,
) -> Stored<T> {
    metastore
        .create_artifact(tenant, place, value, TEN, NOW)
        .await
        .unwrap()
}

async fn dataset(metastore: &dyn Metastore, tenant: Tenant, name: &str) -> DatasetId {
    let ensured = metastore.ensure_dataset(tenant, name, 10, NOW).await;
    ensured.unwrap().dataset.id
}

pub(super) async fn an_artifact_is_made_changed_and_deleted(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let shop = dataset(metastore, tenant, "shop").await;
    let place = Place::of_dataset(Some(shop));
    let made = make(metastore, tenant, &place, marker("one")).await;
    assert_eq!((made.version, made.created_at_ns), (1, NOW));
    assert_eq!(made.place, place);
    assert_eq!(made.id.0.len(), 8);
    let wide = make(metastore, tenant, &Place::default(), marker("wide")).await;
    let found = metastore.artifact::<Marker>(tenant, &made.id).await;
    assert_eq!(found.unwrap().as_ref(), Some(&made));

    let mut changed = made.clone();
    changed.value.end_time_s = Some(9);
    let changed = metastore
        .update_artifact(tenant, changed, BYTES, NOW + 5)
        .await
        .unwrap();
    assert_eq!((changed.version, changed.updated_at_ns), (2, NOW + 5));
    assert_eq!(changed.created_at_ns, NOW);
    let late = metastore
        .update_artifact(tenant, made, BYTES, NOW + 6)
        .await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    let listed = metastore.artifacts::<Marker>(tenant).await.unwrap();
    assert_eq!(listed, [changed.clone(), wide.clone()]);

    let delete = |id| metastore.delete_artifact(tenant, ArtifactKind::Marker, id);
    delete(&changed.id).await.unwrap();
    assert!(matches!(delete(&changed.id).await, Err(Error::NotFound(_))));
    let late = metastore
        .update_artifact(tenant, changed, BYTES, NOW + 7)
        .await;
    assert!(matches!(late, Err(Error::NotFound(_))), "{late:?}");
    assert_eq!(metastore.artifacts::<Marker>(tenant).await.unwrap(), [wide]);
}

pub(super) async fn artifacts_go_with_what_they_belong_to(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let shop = dataset(metastore, tenant, "shop").await;
    make(
        metastore,
        tenant,
        &Place::of_dataset(Some(shop)),
        marker("one"),
    )
    .await;
    let unprotected = DatasetChange {
        is_delete_protected: Some(false),
        ..DatasetChange::default()
    };
    metastore
        .update_dataset(tenant, shop, unprotected)
        .await
        .unwrap();
    metastore.delete_dataset(tenant, shop).await.unwrap();
    assert_eq!(metastore.artifacts::<Marker>(tenant).await.unwrap(), []);

    let board = make(metastore, tenant, &Place::default(), marker("a board")).await;
    let other = make(metastore, tenant, &Place::default(), marker("another")).await;
    let part = make(metastore, tenant, &Place::within(&board.id), view("v")).await;
    let twin = make(metastore, tenant, &Place::within(&other.id), view("v")).await;
    let again = metastore
        .create_artifact(tenant, &Place::within(&board.id), view("v"), TEN, NOW)
        .await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    let full = metastore
        .create_artifact(
            tenant,
            &Place::within(&board.id),
            view("w"),
            of_count(1),
            NOW,
        )
        .await;
    assert!(matches!(full, Err(Error::LimitReached { limit: 1, .. })));
    let parts = metastore
        .artifact_parts::<BoardView>(tenant, &board.id)
        .await;
    assert_eq!(parts.unwrap(), [part]);
    metastore
        .delete_artifact(tenant, ArtifactKind::Marker, &board.id)
        .await
        .unwrap();
    let left = metastore.artifacts::<BoardView>(tenant).await.unwrap();
    assert_eq!(left, [twin]);
    let missing = Place::within(&ArtifactId("nobodys".to_owned()));
    let refused = metastore
        .create_artifact(tenant, &missing, view("v"), TEN, NOW)
        .await;
    assert!(matches!(refused, Err(Error::NotFound(_))));
}

pub(super) async fn unique_keys_and_limits_hold(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let shop = dataset(metastore, ours, "shop").await;
    let in_shop = Place::of_dataset(Some(shop));
    make(metastore, ours, &Place::default(), setting("deploy")).await;
    make(metastore, ours, &in_shop, setting("deploy")).await;
    make(metastore, theirs, &Place::default(), setting("deploy")).await;
    let mut other = make(metastore, ours, &in_shop, setting("incident")).await;
    let again = metastore
        .create_artifact(ours, &in_shop, setting("deploy"), TEN, NOW)
        .await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    other.value.marker_type = "deploy".to_owned();
    let renamed = metastore.update_artifact(ours, other, BYTES, NOW).await;
    assert!(matches!(renamed, Err(Error::Conflict(_))), "{renamed:?}");
    let full = metastore
        .create_artifact(ours, &in_shop, setting("test"), of_count(3), NOW)
        .await;
    assert!(matches!(full, Err(Error::LimitReached { limit: 3, .. })));
}

pub(super) async fn what_is_used_stays(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let recipient = make(metastore, tenant, &Place::default(), recipient("a@b")).await;
    let slo = make(metastore, tenant, &Place::default(), slo()).await;
    let alert = BurnAlert {
        slo_id: slo.id.clone(),
        description: String::new(),
        condition: BurnCondition::ExhaustionTime {
            exhaustion_minutes: 60,
        },
        notified: vec![Notified::Recipient {
            id: recipient.id.clone(),
            pagerduty_severity: PagerDutySeverity::Critical,
            variables: Vec::new(),
        }],
    };
    let mut alert = make(metastore, tenant, &Place::default(), alert).await;
    let used = Use::Artifact(ArtifactKind::Recipient, recipient.id.clone());
    let users = metastore.artifact_users::<BurnAlert>(tenant, &used).await;
    assert_eq!(users.unwrap(), [alert.clone()]);
    let delete = |kind, id| metastore.delete_artifact(tenant, kind, id);
    let refused = delete(ArtifactKind::Recipient, &recipient.id).await;
    assert!(matches!(refused, Err(Error::InUse("Recipient"))));
    let refused = delete(ArtifactKind::Slo, &slo.id).await;
    assert!(matches!(refused, Err(Error::InUse("SLO"))));

    alert.value.notified.clear();
    let alert = metastore
        .update_artifact(tenant, alert, BYTES, NOW)
        .await
        .unwrap();
    delete(ArtifactKind::Recipient, &recipient.id)
        .await
        .unwrap();
    delete(ArtifactKind::BurnAlert, &alert.id).await.unwrap();
    delete(ArtifactKind::Slo, &slo.id).await.unwrap();
    let again = metastore
        .create_artifact(tenant, &Place::default(), alert.value, TEN, NOW)
        .await;
    assert!(matches!(again, Err(Error::NotFound(_))), "{again:?}");
}

pub(super) async fn a_derived_column_that_an_slo_uses_stays(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let column = DerivedColumn {
        alias: "is_good".to_owned(),
        expression: "LT($duration_ms, 500)".to_owned(),
        description: String::new(),
    };
    let place = Place::default();
    let column = make(metastore, tenant, &place, column).await;
    let again = metastore
        .create_artifact(tenant, &place, column.value.clone(), TEN, NOW)
        .await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    let user = Slo {
        sli_field_ids: vec![column.id.0.clone()],
        ..slo()
    };
    let user = make(metastore, tenant, &place, user).await;
    let delete = |kind, id| metastore.delete_artifact(tenant, kind, id);
    let refused = delete(ArtifactKind::DerivedColumn, &column.id).await;
    assert!(matches!(refused, Err(Error::InUse(_))), "{refused:?}");
    let mut renamed = column.clone();
    renamed.value.alias = "is_bad".to_owned();
    let refused = metastore.update_artifact(tenant, renamed, BYTES, NOW).await;
    assert!(matches!(refused, Err(Error::InUse(_))), "{refused:?}");
    let mut reworded = column.clone();
    reworded.value.expression = "LT($duration_ms, 600)".to_owned();
    metastore
        .update_artifact(tenant, reworded, BYTES, NOW)
        .await
        .unwrap();
    delete(ArtifactKind::Slo, &user.id).await.unwrap();
    delete(ArtifactKind::DerivedColumn, &column.id)
        .await
        .unwrap();
    // Somebody who had looked it up before it went.
    let late = metastore
        .create_artifact(tenant, &place, user.value, TEN, NOW)
        .await;
    assert!(matches!(late, Err(Error::NotFound(_))), "{late:?}");
}

pub(super) async fn a_column_that_a_definition_uses_stays(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let shop = dataset(metastore, ours, "shop").await;
    let column = NewColumn {
        is_histogram: false,
        key_name: "took".to_owned(),
        column_type: ColumnType::Float,
        description: String::new(),
        is_hidden: false,
    };
    let column = metastore
        .create_column(ours, shop, column, 10, NOW)
        .await
        .unwrap();
    let definition = |id: &ColumnId| DatasetDefinition {
        columns: [(
            "duration_ms".to_owned(),
            Some(DefinedColumn::Column {
                id: id.0.clone(),
                name: "took".to_owned(),
            }),
        )]
        .into(),
    };
    let elsewhere = dataset(metastore, theirs, "shop").await;
    let refused = metastore
        .create_artifact(
            theirs,
            &Place::of_dataset(Some(elsewhere)),
            definition(&column.id),
            TEN,
            NOW,
        )
        .await;
    assert!(matches!(refused, Err(Error::NotFound("column"))));
    let place = Place::of_dataset(Some(shop));
    let user = make(metastore, ours, &place, definition(&column.id)).await;
    let ids = [column.id.clone()];
    let refused = metastore.delete_columns(ours, shop, &ids, 0).await.unwrap();
    assert_eq!(refused.in_use, ids);
    assert_eq!(refused.columns, []);
    // Nobody else hears that it is in use.
    let refused = metastore.delete_columns(theirs, shop, &ids, 0).await;
    assert_eq!(refused.unwrap(), DeletedColumns::default());
    let columns = metastore.columns(ours, shop).await.unwrap();
    assert_eq!(columns.len(), 1);
    metastore
        .delete_artifact(ours, ArtifactKind::DatasetDefinition, &user.id)
        .await
        .unwrap();
    let deleted = metastore.delete_columns(ours, shop, &ids, 0).await.unwrap();
    assert_eq!(deleted.columns.len(), 1);
    let late = metastore
        .create_artifact(ours, &place, definition(&column.id), TEN, NOW)
        .await;
    assert!(matches!(late, Err(Error::NotFound("column"))), "{late:?}");
}

pub(super) async fn a_kind_has_so_many_bytes(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let long = "ü".repeat(2_000);
    let create = |tenant, message: &str| {
        let marker = marker(message);
        async move {
            let place = Place::default();
            metastore
                .create_artifact(tenant, &place, marker, TEN, NOW)
                .await
        }
    };
    let mut first = create(ours, &long).await.unwrap();
    let second = create(ours, &long).await.unwrap();
    let full = create(ours, &long).await;
    assert!(
        matches!(
            full,
            Err(Error::TooLarge {
                what: "Marker",
                bytes_max: BYTES
            })
        ),
        "{full:?}"
    );
    create(theirs, &long).await.unwrap();
    make(metastore, ours, &Place::default(), setting("deploy")).await;
    // What it was before does not count.
    first.value.message.push('!');
    let mut first = metastore
        .update_artifact(ours, first, BYTES, NOW)
        .await
        .unwrap();
    first.value.message.push_str(&long);
    let full = metastore
        .update_artifact(ours, first.clone(), BYTES, NOW)
        .await;
    assert!(matches!(full, Err(Error::TooLarge { .. })), "{full:?}");
    metastore
        .delete_artifact(ours, ArtifactKind::Marker, &second.id)
        .await
        .unwrap();
    metastore
        .update_artifact(ours, first, BYTES, NOW)
        .await
        .unwrap();
}

pub(super) async fn an_artifact_is_found_by_its_unique_key(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let one = make(metastore, ours, &Place::default(), recipient("one")).await;
    let find = |tenant, hash| {
        let key = Recipient::key_of(RecipientType::Email, hash);
        async move {
            let found = metastore.artifact_of_key::<Recipient>(tenant, &key).await;
            found.unwrap()
        }
    };
    assert_eq!(find(ours, "one").await, Some(one));
    assert_eq!(find(ours, "two").await, None);
    assert_eq!(find(theirs, "one").await, None);
    let column = DerivedColumn {
        alias: "is_good".to_owned(),
        expression: "true".to_owned(),
        description: String::new(),
    };
    let column = make(metastore, ours, &Place::default(), column).await;
    let key = column.value.unique_key(None).unwrap();
    let found = metastore.artifact_of_key::<DerivedColumn>(ours, &key).await;
    assert_eq!(found.unwrap(), Some(column));
    let found = metastore
        .artifact_of_key::<DerivedColumn>(theirs, &key)
        .await;
    assert_eq!(found.unwrap(), None);
}

pub(super) async fn another_tenant_sees_no_artifact(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let second = metastore
        .create_environment(ours.team, "staging", NOW)
        .await
        .unwrap()
        .tenant;
    let shop = dataset(metastore, ours, "shop").await;
    let marker_there = make(metastore, ours, &Place::default(), marker("one")).await;
    for other in [theirs, second] {
        let id = &marker_there.id;
        assert_eq!(metastore.artifact::<Marker>(other, id).await.unwrap(), None);
        assert_eq!(metastore.artifacts::<Marker>(other).await.unwrap(), []);
        let refused = metastore
            .update_artifact(other, marker_there.clone(), BYTES, NOW)
            .await;
        assert!(matches!(refused, Err(Error::NotFound(_))));
        let refused = metastore
            .delete_artifact(other, ArtifactKind::Marker, id)
            .await;
        assert!(matches!(refused, Err(Error::NotFound(_))));
        let place = Place::of_dataset(Some(shop));
        let refused = metastore
            .create_artifact(other, &place, marker("x"), TEN, NOW)
            .await;
        assert!(matches!(refused, Err(Error::NotFound(_))));
    }
    let nobody = Tenant {
        environment: EnvironmentId(999),
        ..ours
    };
    let refused = metastore
        .create_artifact(nobody, &Place::default(), marker("x"), TEN, NOW)
        .await;
    assert!(matches!(refused, Err(Error::NotFound(_))));

    // A recipient is the whole team's, and nobody else's.
    let recipient = make(metastore, ours, &Place::default(), recipient("a@b")).await;
    let found = metastore.artifact::<Recipient>(second, &recipient.id).await;
    assert_eq!(found.unwrap().as_ref(), Some(&recipient));
    let found = metastore.artifact::<Recipient>(theirs, &recipient.id).await;
    assert_eq!(found.unwrap(), None);
    assert!(!format!("{recipient:?}").contains("255"));
}
