use super::{Installation, SECOND, is_unknown};
use crate::{BootstrapValues, Error, Permission, Permissions};
use waggle_metastore::{KeyChange, KeyId, KeyKind, RunBy};
use waggle_model::{EnvironmentId, Tenant};

async fn installation() -> (Installation, Tenant) {
    let installation = Installation::empty().await;
    let made = installation.bootstrap(BootstrapValues::default()).await;
    (installation, made.environment.tenant)
}

#[tokio::test]
async fn a_configuration_key_does_what_its_flags_say() {
    let (installation, tenant) = installation().await;
    let access = &installation.access;
    let permissions: Permissions = [Permission::RunQueries, Permission::ManageColumns]
        .into_iter()
        .collect();
    let made = access
        .create_key(tenant, KeyKind::Configuration, "laptop", permissions)
        .await
        .unwrap();
    assert_eq!(made.value.len(), 22);
    assert!(made.key.id.0.starts_with("hcxlk_"));
    let caller = access.caller(&made.value).await.unwrap();
    assert_eq!(caller.tenant, tenant);
    assert_eq!(caller.run_by(), RunBy::Key(made.key.id));
    assert_eq!(caller.permissions(), permissions);
    caller.require(Permission::RunQueries).unwrap();
    let refused = caller.require(Permission::SendEvents).unwrap_err();
    assert!(matches!(refused, Error::Forbidden(Permission::SendEvents)));
    assert_eq!(
        refused.to_string(),
        "the API key lacks the permission send_events"
    );
}

#[tokio::test]
async fn an_ingest_key_only_sends() {
    let (installation, tenant) = installation().await;
    let access = &installation.access;
    for (asked, may_create) in [(Permissions::all(), true), (Permissions::default(), false)] {
        let made = access
            .create_key(tenant, KeyKind::Ingest, "ci", asked)
            .await
            .unwrap();
        assert_eq!(made.value.len(), 64);
        assert!(made.value.starts_with(&made.key.id.0));
        let caller = access.caller(&made.value).await.unwrap();
        assert_eq!(caller.kind(), KeyKind::Ingest);
        for permission in Permission::all() {
            let expected = match permission {
                Permission::SendEvents => true,
                Permission::CreateDatasets => may_create,
                _ => false,
            };
            assert_eq!(caller.may(permission), expected, "{permission:?}");
        }
        let secret_alone = access.caller(&made.value[32..]).await;
        assert!(is_unknown(&secret_alone));
        assert!(is_unknown(&access.caller(&made.key.id.0).await));
    }
}

#[tokio::test]
async fn changes_made_here_are_seen_at_once() {
    let (installation, tenant) = installation().await;
    let access = &installation.access;
    let made = access
        .create_key(tenant, KeyKind::Configuration, "laptop", Permissions::all())
        .await
        .unwrap();
    access.caller(&made.value).await.unwrap();
    let disabled = |is_disabled| KeyChange {
        is_disabled: Some(is_disabled),
        ..KeyChange::default()
    };
    access
        .update_key(tenant, &made.key.id, disabled(true))
        .await
        .unwrap();
    assert!(is_unknown(&access.caller(&made.value).await));
    access
        .update_key(tenant, &made.key.id, disabled(false))
        .await
        .unwrap();
    access.caller(&made.value).await.unwrap();
    access.delete_key(tenant, &made.key.id).await.unwrap();
    assert!(is_unknown(&access.caller(&made.value).await));
    let gone = access.delete_key(tenant, &made.key.id).await;
    assert!(matches!(
        gone,
        Err(Error::Metastore(waggle_metastore::Error::NotFound("key")))
    ));
}

#[tokio::test]
async fn changes_made_elsewhere_are_seen_after_the_memory_ends() {
    let (installation, tenant) = installation().await;
    let access = &installation.access;
    let other = installation.other_process();
    let made = other
        .create_key(tenant, KeyKind::Configuration, "laptop", Permissions::all())
        .await
        .unwrap();
    access.caller(&made.value).await.unwrap();
    other.delete_key(tenant, &made.key.id).await.unwrap();
    installation.pass(29 * SECOND);
    access.caller(&made.value).await.unwrap();
    installation.pass(SECOND);
    assert!(is_unknown(&access.caller(&made.value).await));
}

#[tokio::test]
async fn unknown_values_are_refused() {
    let (installation, tenant) = installation().await;
    let access = &installation.access;
    for value in ["", " ", "abc123DEF456ghi789jklm", &"k".repeat(1_000_000)] {
        for _ in 0..2 {
            assert!(is_unknown(&access.caller(value).await), "{value:.20}");
        }
    }
    let permissions = Permissions::all();
    for name in ["", "  ", "a\nb", &"n".repeat(101)] {
        let refused = access
            .create_key(tenant, KeyKind::Ingest, name, permissions)
            .await;
        assert!(matches!(refused, Err(Error::Invalid { field: "name", .. })));
    }
    let refused = access
        .create_key(tenant, KeyKind::Management, "m", permissions)
        .await;
    assert!(matches!(refused, Err(Error::Invalid { field: "kind", .. })));
    let nowhere = Tenant {
        environment: EnvironmentId(999),
        ..tenant
    };
    let refused = access
        .create_key(nowhere, KeyKind::Ingest, "ci", permissions)
        .await;
    assert!(matches!(
        refused,
        Err(Error::Metastore(waggle_metastore::Error::NotFound(_)))
    ));
    let missing = KeyId("hcxlk_0".to_owned());
    let refused = access
        .update_key(tenant, &missing, KeyChange::default())
        .await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn the_last_use_reaches_the_metastore() {
    let (installation, tenant) = installation().await;
    let access = &installation.access;
    let made = access
        .create_key(tenant, KeyKind::Ingest, "ci", Permissions::all())
        .await
        .unwrap();
    installation.pass(SECOND);
    let used_at_ns = super::START + SECOND;
    for _ in 0..100 {
        access.caller(&made.value).await.unwrap();
    }
    let stored = || async {
        let key = installation.metastore.key(tenant, &made.key.id).await;
        key.unwrap().unwrap().last_used_at_ns
    };
    assert_eq!(stored().await, None, "nothing is written on the way in");
    access.flush_last_used().await.unwrap();
    assert_eq!(stored().await, Some(used_at_ns));
    access.flush_last_used().await.unwrap();
    installation.pass(60 * SECOND);
    access.caller(&made.value).await.unwrap();
    access.flush_last_used().await.unwrap();
    assert_eq!(stored().await, Some(used_at_ns + 60 * SECOND));
}
