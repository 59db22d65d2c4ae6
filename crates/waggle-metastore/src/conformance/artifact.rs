use super::{NOW, tenant};
use crate::{
    Artifact, ArtifactId, ArtifactKind, BoardView, BurnAlert, BurnCondition, DatasetChange,
    DerivedColumn, Error, Marker, MarkerSetting, Metastore, Notified, PagerDutySeverity, Place,
    Recipient, RecipientType, Slo, Stored, Use, ViewFilter,
};
use waggle_model::{DatasetId, EnvironmentId, Tenant};

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
        sli_field_ids: vec!["field".to_owned()],
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
        .create_artifact(tenant, place, value, 10, NOW)
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
        .update_artifact(tenant, changed, NOW + 5)
        .await
        .unwrap();
    assert_eq!((changed.version, changed.updated_at_ns), (2, NOW + 5));
    assert_eq!(changed.created_at_ns, NOW);
    let late = metastore.update_artifact(tenant, made, NOW + 6).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    let listed = metastore.artifacts::<Marker>(tenant).await.unwrap();
    assert_eq!(listed, [changed.clone(), wide.clone()]);

    let delete = |id| metastore.delete_artifact(tenant, ArtifactKind::Marker, id);
    delete(&changed.id).await.unwrap();
    assert!(matches!(delete(&changed.id).await, Err(Error::NotFound(_))));
    let late = metastore.update_artifact(tenant, changed, NOW + 7).await;
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
        .create_artifact(tenant, &Place::within(&board.id), view("v"), 10, NOW)
        .await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    let full = metastore
        .create_artifact(tenant, &Place::within(&board.id), view("w"), 1, NOW)
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
        .create_artifact(tenant, &missing, view("v"), 10, NOW)
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
        .create_artifact(ours, &in_shop, setting("deploy"), 10, NOW)
        .await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    other.value.marker_type = "deploy".to_owned();
    let renamed = metastore.update_artifact(ours, other, NOW).await;
    assert!(matches!(renamed, Err(Error::Conflict(_))), "{renamed:?}");
    let full = metastore
        .create_artifact(ours, &in_shop, setting("test"), 3, NOW)
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
    let field = Use::CalculatedField("field".to_owned());
    assert_eq!(
        metastore.artifact_user_count(tenant, &field).await.unwrap(),
        1
    );
    let used = Use::Artifact(ArtifactKind::Recipient, recipient.id.clone());
    let users = metastore.artifact_users::<BurnAlert>(tenant, &used).await;
    assert_eq!(users.unwrap(), [alert.clone()]);
    let delete = |kind, id| metastore.delete_artifact(tenant, kind, id);
    let refused = delete(ArtifactKind::Recipient, &recipient.id).await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
    let refused = delete(ArtifactKind::Slo, &slo.id).await;
    assert!(matches!(refused, Err(Error::Conflict(_))));

    alert.value.notified.clear();
    let alert = metastore.update_artifact(tenant, alert, NOW).await.unwrap();
    delete(ArtifactKind::Recipient, &recipient.id)
        .await
        .unwrap();
    delete(ArtifactKind::BurnAlert, &alert.id).await.unwrap();
    delete(ArtifactKind::Slo, &slo.id).await.unwrap();
    let again = metastore
        .create_artifact(tenant, &Place::default(), alert.value, 10, NOW)
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
        .create_artifact(tenant, &place, column.value.clone(), 10, NOW)
        .await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    let user = Slo {
        sli_field_ids: vec![column.id.0.clone()],
        ..slo()
    };
    let user = make(metastore, tenant, &place, user).await;
    let delete = |kind, id| metastore.delete_artifact(tenant, kind, id);
    let refused = delete(ArtifactKind::DerivedColumn, &column.id).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    delete(ArtifactKind::Slo, &user.id).await.unwrap();
    delete(ArtifactKind::DerivedColumn, &column.id)
        .await
        .unwrap();
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
            .update_artifact(other, marker_there.clone(), NOW)
            .await;
        assert!(matches!(refused, Err(Error::NotFound(_))));
        let refused = metastore
            .delete_artifact(other, ArtifactKind::Marker, id)
            .await;
        assert!(matches!(refused, Err(Error::NotFound(_))));
        let place = Place::of_dataset(Some(shop));
        let refused = metastore
            .create_artifact(other, &place, marker("x"), 10, NOW)
            .await;
        assert!(matches!(refused, Err(Error::NotFound(_))));
    }
    let nobody = Tenant {
        environment: EnvironmentId(999),
        ..ours
    };
    let refused = metastore
        .create_artifact(nobody, &Place::default(), marker("x"), 10, NOW)
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
