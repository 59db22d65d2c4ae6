use super::{Installation, SECOND, is_unknown};
use crate::{
    BootstrapValues, Error, KeyRequest, KeyValue, Permission, Permissions, Scope, is_classic,
};
use waggle_metastore::{KeyChange, KeyId, KeyKind, RunBy};
use waggle_model::{EnvironmentId, Tenant};

async fn installation() -> (Installation, Tenant) {
    let installation = Installation::empty().await;
    let made = installation.bootstrap(BootstrapValues::default()).await;
    (installation, made.environment.tenant)
}

fn request(tenant: Tenant, kind: KeyKind, name: &str, permissions: Permissions) -> KeyRequest {
    KeyRequest::new(tenant.environment, kind, name).with(permissions)
}

#[tokio::test]
async fn a_configuration_key_does_what_its_flags_say() {
    let (installation, tenant) = installation().await;
    let access = &installation.access;
    let permissions: Permissions = [Permission::RunQueries, Permission::ManageColumns]
        .into_iter()
        .collect();
    let made = access
        .create_key(
            tenant.team,
            request(tenant, KeyKind::Configuration, "laptop", permissions),
        )
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
            .create_key(tenant.team, request(tenant, KeyKind::Ingest, "ci", asked))
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
        .create_key(
            tenant.team,
            request(tenant, KeyKind::Configuration, "laptop", Permissions::all()),
        )
        .await
        .unwrap();
    access.caller(&made.value).await.unwrap();
    let disabled = |is_disabled| KeyChange {
        is_disabled: Some(is_disabled),
        ..KeyChange::default()
    };
    access
        .update_key(tenant.team, &made.key.id, disabled(true))
        .await
        .unwrap();
    assert!(is_unknown(&access.caller(&made.value).await));
    access
        .update_key(tenant.team, &made.key.id, disabled(false))
        .await
        .unwrap();
    access.caller(&made.value).await.unwrap();
    access.delete_key(tenant.team, &made.key.id).await.unwrap();
    assert!(is_unknown(&access.caller(&made.value).await));
    let gone = access.delete_key(tenant.team, &made.key.id).await;
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
        .create_key(
            tenant.team,
            request(tenant, KeyKind::Configuration, "laptop", Permissions::all()),
        )
        .await
        .unwrap();
    access.caller(&made.value).await.unwrap();
    other.delete_key(tenant.team, &made.key.id).await.unwrap();
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
            .create_key(
                tenant.team,
                request(tenant, KeyKind::Ingest, name, permissions),
            )
            .await;
        assert!(matches!(refused, Err(Error::Invalid { field: "name", .. })));
    }
    let refused = access
        .create_key(
            tenant.team,
            request(tenant, KeyKind::Management, "m", permissions),
        )
        .await;
    assert!(matches!(
        refused,
        Err(Error::Invalid {
            field: "environment",
            ..
        })
    ));
    let nowhere = Tenant {
        environment: EnvironmentId(999),
        ..tenant
    };
    let refused = access
        .create_key(
            tenant.team,
            request(nowhere, KeyKind::Ingest, "ci", permissions),
        )
        .await;
    assert!(matches!(
        refused,
        Err(Error::Metastore(waggle_metastore::Error::NotFound(_)))
    ));
    let missing = KeyId("hcxlk_0".to_owned());
    let refused = access
        .update_key(tenant.team, &missing, KeyChange::default())
        .await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn the_last_use_reaches_the_metastore() {
    let (installation, tenant) = installation().await;
    let access = &installation.access;
    let made = access
        .create_key(
            tenant.team,
            request(tenant, KeyKind::Ingest, "ci", Permissions::all()),
        )
        .await
        .unwrap();
    installation.pass(SECOND);
    let used_at_ns = super::START + SECOND;
    for _ in 0..100 {
        access.caller(&made.value).await.unwrap();
    }
    let stored = || async {
        let key = installation.metastore.key(tenant.team, &made.key.id).await;
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

#[tokio::test]
async fn a_management_key_manages_and_opens_no_environment() {
    let (installation, tenant) = installation().await;
    let access = &installation.access;
    let request = KeyRequest::management("terraform", &[Scope::ReadKeys]);
    let made = access.create_key(tenant.team, request).await.unwrap();
    let (id, secret) = made.value.split_once(':').unwrap();
    assert_eq!(id, made.key.id.0);
    assert!(id.starts_with("hcxmk_"), "{id}");
    assert_eq!(secret.len(), 32);
    assert!(is_unknown(&access.caller(&made.value).await));
    let manager = access.manager(&made.value).await.unwrap();
    assert_eq!(manager.team.id, tenant.team);
    manager.require(Scope::ReadKeys).unwrap();
    let refused = manager.require(Scope::WriteKeys).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the management key lacks the scope api-keys:write"
    );
    access.flush_last_used().await.unwrap();
    let stored = installation.metastore.key(tenant.team, &made.key.id).await;
    assert!(stored.unwrap().unwrap().last_used_at_ns.is_some());
    for unknown in ["", id, secret, &format!("{id}:{secret}x")] {
        let refused = access.manager(unknown).await;
        assert!(matches!(refused, Err(Error::UnknownKey)), "{unknown}");
    }
    let disabled = KeyChange {
        is_disabled: Some(true),
        ..KeyChange::default()
    };
    access
        .update_key(tenant.team, &made.key.id, disabled)
        .await
        .unwrap();
    assert!(access.manager(&made.value).await.is_err());
}

#[tokio::test]
async fn a_key_ends_when_its_time_is_over() {
    let (installation, tenant) = installation().await;
    let access = &installation.access;
    let end_ns = super::START + 10 * SECOND;
    let ingest = KeyRequest {
        expires_at_ns: Some(end_ns),
        ..KeyRequest::new(tenant.environment, KeyKind::Ingest, "ci")
    };
    let management = KeyRequest {
        expires_at_ns: Some(end_ns),
        ..KeyRequest::management("terraform", &Scope::ALL)
    };
    let ingest = access.create_key(tenant.team, ingest).await.unwrap();
    let management = access.create_key(tenant.team, management).await.unwrap();
    let caller = access.caller(&ingest.value).await.unwrap();
    assert_eq!(caller.expires_at_ns, Some(end_ns));
    access.manager(&management.value).await.unwrap();
    installation.pass(10 * SECOND);
    assert!(is_unknown(&access.caller(&ingest.value).await));
    assert!(access.manager(&management.value).await.is_err());
}

#[tokio::test]
async fn classic_and_given_values_are_keys_like_others() {
    let (installation, tenant) = installation().await;
    let access = &installation.access;
    let make = async |kind, value| {
        let request = KeyRequest {
            value,
            ..KeyRequest::new(tenant.environment, kind, "old")
        };
        access.create_key(tenant.team, request).await
    };
    for kind in [KeyKind::Configuration, KeyKind::Ingest] {
        let made = make(kind, KeyValue::RandomClassic).await.unwrap();
        assert!(is_classic(&made.value), "{}", made.value);
        assert_eq!(access.caller(&made.value).await.unwrap().kind(), kind);
    }
    let id = "hcbik_01hqk4k20cjeh63wca8vva5stw";
    let given = format!("{id}{}", "s".repeat(32));
    let made = make(KeyKind::Ingest, KeyValue::Given(given.clone()))
        .await
        .unwrap();
    assert_eq!(made.key.id.0, id);
    assert_eq!(made.value, given);
    access.caller(&given).await.unwrap();
    let again = make(KeyKind::Configuration, KeyValue::Given(given)).await;
    assert!(matches!(
        again,
        Err(Error::Metastore(waggle_metastore::Error::Conflict(_)))
    ));
    for wrong in ["", "with space", "\u{fc}ber", &"k".repeat(257)] {
        let refused = make(KeyKind::Configuration, KeyValue::Given(wrong.to_owned())).await;
        assert!(
            matches!(refused, Err(Error::Invalid { field: "value", .. })),
            "{wrong:.20}"
        );
    }
}
