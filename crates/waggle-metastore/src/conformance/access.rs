//! Teams, users, sessions and keys.

use super::{NOW, tenant};
use crate::{
    DatasetChange, EnvironmentChange, Error, FirstRows, KeyChange, KeyId, KeyKind, Metastore,
    NewAwsKey, NewKey, NewSession, NewUser, Permission, Permissions, Role, Scope, UserId,
};
use waggle_model::{EnvironmentId, TeamId, Tenant};

fn new_key(kind: KeyKind, secret: u8) -> NewKey {
    NewKey {
        id: KeyId::random(kind),
        kind,
        name: "laptop".to_owned(),
        secret_hash: [secret; 32],
        permissions: [Permission::SendEvents, Permission::RunQueries]
            .into_iter()
            .collect(),
        scopes: Vec::new(),
        is_disabled: false,
        expires_at_ns: None,
        made_by: None,
    }
}

fn new_user(email: &str) -> NewUser {
    NewUser {
        email: email.to_owned(),
        name: "Karl".to_owned(),
        password_hash: "$hash".to_owned(),
        role: Role::Administrator,
    }
}

fn first_rows() -> FirstRows {
    FirstRows {
        team_name: "Default Team".to_owned(),
        environment_name: "production".to_owned(),
        administrator: new_user("admin@example.com"),
        environment_keys: vec![new_key(KeyKind::Configuration, 1)],
        team_keys: vec![new_key(KeyKind::Management, 2)],
        aws_keys: vec![new_aws_key("AKIA1", 3)],
    }
}

pub(super) async fn the_first_rows_are_made_once(metastore: &dyn Metastore) {
    assert!(metastore.is_empty().await.unwrap());
    let first = metastore.bootstrap(&first_rows(), NOW).await.unwrap();
    assert!(!metastore.is_empty().await.unwrap());
    assert_eq!(first.team.slug, "default-team");
    assert_eq!(first.administrator.role, Role::Administrator);
    let kinds: Vec<_> = first.keys.iter().map(|key| key.kind).collect();
    assert_eq!(
        kinds,
        [KeyKind::Configuration, KeyKind::Management, KeyKind::Aws]
    );
    let owner = metastore
        .key_by_secret_hash(&[1; 32])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(owner.key, first.keys[0]);
    assert_eq!(owner.team, first.team);
    assert_eq!(owner.environment, Some(first.environment.clone()));
    let owner = metastore
        .key_by_secret_hash(&[2; 32])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(owner.environment, None);
    let aws = metastore.aws_key(&KeyId("AKIA1".to_owned())).await.unwrap();
    assert_eq!(aws.unwrap().owner.environment, Some(first.environment));
    let again = metastore.bootstrap(&first_rows(), NOW).await;
    assert!(matches!(again, Err(Error::Conflict(_))));
    assert_eq!(metastore.teams().await.unwrap(), [first.team]);
}

pub(super) async fn a_refused_bootstrap_leaves_nothing(metastore: &dyn Metastore) {
    let mut rows = first_rows();
    rows.team_keys.push(new_key(KeyKind::Management, 2));
    let refused = metastore.bootstrap(&rows, NOW).await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
    assert!(metastore.is_empty().await.unwrap());
    rows = first_rows();
    rows.environment_name = "\n".to_owned();
    let refused = metastore.bootstrap(&rows, NOW).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })));
    assert!(metastore.is_empty().await.unwrap());
    metastore.bootstrap(&first_rows(), NOW).await.unwrap();
}

pub(super) async fn teams_and_environments(metastore: &dyn Metastore) {
    let team = metastore.create_team("Busy Bees", NOW).await.unwrap();
    assert_eq!(team.slug, "busy-bees");
    assert_eq!(metastore.team(team.id).await.unwrap(), Some(team.clone()));
    assert!(matches!(
        metastore.create_team("busy bees", NOW).await,
        Err(Error::Conflict(_))
    ));
    let production = metastore
        .create_environment(team.id, "Production", NOW)
        .await
        .unwrap();
    let test = metastore
        .create_environment(team.id, "test", NOW)
        .await
        .unwrap();
    assert!(matches!(
        metastore
            .create_environment(team.id, "production", NOW)
            .await,
        Err(Error::Conflict(_))
    ));
    assert!(matches!(
        metastore
            .create_environment(TeamId(999), "production", NOW)
            .await,
        Err(Error::NotFound(_))
    ));
    assert_eq!(
        metastore.environments(team.id).await.unwrap(),
        [production.clone(), test.clone()]
    );
    assert_eq!(
        metastore
            .environment_by_slug(team.id, "production")
            .await
            .unwrap(),
        Some(production)
    );
    assert_eq!(
        metastore
            .environment(team.id, test.tenant.environment)
            .await
            .unwrap(),
        Some(test.clone())
    );
    let other = metastore.create_team("other", NOW).await.unwrap();
    assert_eq!(
        metastore
            .environment(other.id, test.tenant.environment)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        metastore
            .environment_by_slug(other.id, "test")
            .await
            .unwrap(),
        None
    );
}

pub(super) async fn users_sign_in_by_address(metastore: &dyn Metastore) {
    let team = metastore.create_team("bees", NOW).await.unwrap().id;
    let made = metastore
        .create_user(team, &new_user("Karl@Example.com"), NOW)
        .await
        .unwrap();
    for email in ["Karl@Example.com", "karl@example.com"] {
        let found = metastore.user_by_email(email).await.unwrap();
        assert_eq!(found, Some((made.clone(), "$hash".to_owned())));
    }
    assert_eq!(
        metastore.user_by_email("karl@example.org").await.unwrap(),
        None
    );
    assert!(matches!(
        metastore
            .create_user(team, &new_user("KARL@example.com"), NOW)
            .await,
        Err(Error::Conflict(_))
    ));
    assert!(matches!(
        metastore
            .create_user(TeamId(999), &new_user("x@example.com"), NOW)
            .await,
        Err(Error::NotFound(_))
    ));
    assert_eq!(metastore.users(team).await.unwrap(), [made]);
}

pub(super) async fn sessions_end(metastore: &dyn Metastore) {
    let team = metastore.create_team("bees", NOW).await.unwrap();
    let user = metastore
        .create_user(team.id, &new_user("karl@example.com"), NOW)
        .await
        .unwrap();
    let session = |token: u8, created_at_ns| NewSession {
        token_hash: [token; 32],
        user: user.id,
        created_at_ns,
        expires_at_ns: created_at_ns + 10,
    };
    metastore.create_session(&session(1, NOW)).await.unwrap();
    metastore
        .create_session(&session(2, NOW + 5))
        .await
        .unwrap();
    let found = metastore.session(&[1; 32], NOW + 9).await.unwrap().unwrap();
    assert_eq!(found.user, user);
    assert_eq!(found.team, team);
    assert_eq!(found.expires_at_ns, NOW + 10);
    assert_eq!(metastore.session(&[1; 32], NOW + 10).await.unwrap(), None);
    assert_eq!(metastore.session(&[9; 32], NOW).await.unwrap(), None);
    metastore
        .create_session(&session(3, NOW + 10))
        .await
        .unwrap();
    assert_eq!(
        metastore.session(&[1; 32], NOW).await.unwrap(),
        None,
        "what was over is forgotten"
    );
    assert!(metastore.session(&[2; 32], NOW).await.unwrap().is_some());
    for _ in 0..2 {
        metastore.delete_session(&[2; 32]).await.unwrap();
        assert_eq!(metastore.session(&[2; 32], NOW).await.unwrap(), None);
    }
    let nobody = NewSession {
        user: UserId(999),
        ..session(4, NOW)
    };
    assert!(matches!(
        metastore.create_session(&nobody).await,
        Err(Error::NotFound(_))
    ));
}

pub(super) async fn keys_are_found_by_hash(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let new = new_key(KeyKind::Ingest, 5);
    let made = metastore
        .create_key(tenant.team, Some(tenant.environment), &new, NOW)
        .await
        .unwrap();
    assert_eq!(made.id, new.id);
    assert_eq!(made.permissions, new.permissions);
    assert!(!made.is_disabled);
    let owner = metastore
        .key_by_secret_hash(&[5; 32])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(owner.key, made);
    assert_eq!(owner.team.slug, "bees");
    assert_eq!(owner.environment.unwrap().tenant, tenant);
    assert_eq!(metastore.key_by_secret_hash(&[6; 32]).await.unwrap(), None);
    let same_secret = new_key(KeyKind::Ingest, 5);
    let refused = metastore
        .create_key(tenant.team, Some(tenant.environment), &same_secret, NOW)
        .await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
    let same_id = NewKey {
        secret_hash: [6; 32],
        ..new
    };
    let refused = metastore
        .create_key(tenant.team, Some(tenant.environment), &same_id, NOW)
        .await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
    let nowhere = new_key(KeyKind::Ingest, 7);
    let refused = metastore
        .create_key(tenant.team, Some(EnvironmentId(999)), &nowhere, NOW)
        .await;
    assert!(matches!(refused, Err(Error::NotFound(_))));
}

pub(super) async fn keys_change_and_go(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let new = new_key(KeyKind::Configuration, 1);
    let environment = Some(tenant.environment);
    let made = metastore
        .create_key(tenant.team, environment, &new, NOW)
        .await
        .unwrap();
    let used = [
        (made.id.clone(), NOW + 5),
        (KeyId("gone".to_owned()), NOW),
        (made.id.clone(), NOW + 3),
    ];
    metastore.touch_keys(&used).await.unwrap();
    let change = KeyChange {
        permissions: Some(Permissions::all()),
        is_disabled: Some(true),
        ..KeyChange::default()
    };
    let changed = metastore
        .update_key(tenant.team, &made.id, change.clone(), NOW + 9)
        .await
        .unwrap();
    assert_eq!(changed.name, "laptop");
    assert_eq!(changed.permissions, Permissions::all());
    assert!(changed.is_disabled);
    assert_eq!(changed.updated_at_ns, NOW + 9);
    assert_eq!(changed.last_used_at_ns, Some(NOW + 5));
    assert_eq!(
        metastore.keys(tenant.team).await.unwrap(),
        std::slice::from_ref(&changed)
    );
    assert_eq!(
        metastore.key(tenant.team, &made.id).await.unwrap(),
        Some(changed)
    );
    metastore.delete_key(tenant.team, &made.id).await.unwrap();
    assert_eq!(metastore.key_by_secret_hash(&[1; 32]).await.unwrap(), None);
    assert!(matches!(
        metastore.delete_key(tenant.team, &made.id).await,
        Err(Error::NotFound(_))
    ));
    assert!(matches!(
        metastore
            .update_key(tenant.team, &made.id, change, NOW)
            .await,
        Err(Error::NotFound(_))
    ));
}

pub(super) async fn another_tenant_sees_no_key(metastore: &dyn Metastore) {
    let ours = tenant(metastore, "ours").await;
    let theirs = tenant(metastore, "theirs").await;
    let mixed = Tenant {
        team: theirs.team,
        environment: ours.environment,
    };
    let new = new_key(KeyKind::Configuration, 1);
    let id = metastore
        .create_key(ours.team, Some(ours.environment), &new, NOW)
        .await
        .unwrap()
        .id;
    let stranger = theirs.team;
    assert!(metastore.keys(stranger).await.unwrap().is_empty());
    assert_eq!(metastore.key(stranger, &id).await.unwrap(), None);
    let change = KeyChange::default();
    assert!(matches!(
        metastore.update_key(stranger, &id, change, NOW).await,
        Err(Error::NotFound(_))
    ));
    assert!(matches!(
        metastore.delete_key(stranger, &id).await,
        Err(Error::NotFound(_))
    ));
    let new = new_key(KeyKind::Configuration, 2);
    let refused = metastore
        .create_key(mixed.team, Some(mixed.environment), &new, NOW)
        .await;
    assert!(matches!(refused, Err(Error::NotFound(_))));
}

pub(super) async fn keys_remember_scopes_ends_and_people(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let user = new_user("karl@example.com");
    let user = metastore
        .create_user(tenant.team, &user, NOW)
        .await
        .unwrap();
    let new = NewKey {
        scopes: vec![Scope::ReadKeys, Scope::WriteEnvironments],
        is_disabled: true,
        expires_at_ns: Some(NOW + 5),
        made_by: Some(user.id),
        ..new_key(KeyKind::Management, 1)
    };
    let made = metastore
        .create_key(tenant.team, None, &new, NOW)
        .await
        .unwrap();
    assert_eq!(made.scopes, new.scopes);
    assert!(made.is_disabled);
    assert_eq!(made.expires_at_ns, Some(NOW + 5));
    assert_eq!((made.made_by, made.changed_by), (Some(user.id), None));
    let of_environment = new_key(KeyKind::Ingest, 2);
    metastore
        .create_key(
            tenant.team,
            Some(tenant.environment),
            &of_environment,
            NOW + 1,
        )
        .await
        .unwrap();
    let all = metastore.keys(tenant.team).await.unwrap();
    let kinds: Vec<_> = all.iter().map(|key| key.kind).collect();
    assert_eq!(kinds, [KeyKind::Management, KeyKind::Ingest]);
    let change = KeyChange {
        name: Some("renamed".to_owned()),
        changed_by: Some(user.id),
        ..KeyChange::default()
    };
    let changed = metastore
        .update_key(tenant.team, &made.id, change, NOW + 2)
        .await
        .unwrap();
    assert_eq!(changed.changed_by, Some(user.id));
    assert_eq!(changed.scopes, new.scopes);
    metastore.delete_key(tenant.team, &made.id).await.unwrap();
    assert_eq!(metastore.keys(tenant.team).await.unwrap().len(), 1);
}

pub(super) async fn environments_change_and_go(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let mixed = Tenant {
        team: super::tenant(metastore, "theirs").await.team,
        ..tenant
    };
    let is_delete_protected = |is_delete_protected| EnvironmentChange {
        is_delete_protected: Some(is_delete_protected),
        ..EnvironmentChange::default()
    };
    let change = EnvironmentChange {
        description: Some("for the bees".to_owned()),
        color: Some("gold".to_owned()),
        is_delete_protected: None,
    };
    let changed = metastore.update_environment(tenant, change).await.unwrap();
    assert_eq!(changed.description, "for the bees");
    assert_eq!(changed.color, "gold");
    assert!(changed.is_delete_protected, "from the beginning");
    assert!(matches!(
        metastore
            .update_environment(mixed, is_delete_protected(false))
            .await,
        Err(Error::NotFound(_))
    ));
    assert!(matches!(
        metastore.delete_environment(tenant).await,
        Err(Error::Conflict(_))
    ));
    metastore
        .update_environment(tenant, is_delete_protected(false))
        .await
        .unwrap();
    let dataset = metastore
        .ensure_dataset(tenant, "shop", 10, NOW)
        .await
        .unwrap()
        .dataset;
    assert!(matches!(
        metastore.delete_environment(tenant).await,
        Err(Error::Conflict("the environment has datasets"))
    ));
    let change = DatasetChange {
        is_delete_protected: Some(false),
        ..DatasetChange::default()
    };
    metastore
        .update_dataset(tenant, dataset.id, change)
        .await
        .unwrap();
    metastore.delete_dataset(tenant, dataset.id).await.unwrap();
    let key = new_key(KeyKind::Ingest, 1);
    metastore
        .create_key(tenant.team, Some(tenant.environment), &key, NOW)
        .await
        .unwrap();
    assert!(matches!(
        metastore.delete_environment(mixed).await,
        Err(Error::NotFound(_))
    ));
    assert!(matches!(
        metastore.delete_team(tenant.team).await,
        Err(Error::Conflict(_))
    ));
    metastore.delete_environment(tenant).await.unwrap();
    assert!(matches!(
        metastore.delete_environment(tenant).await,
        Err(Error::NotFound(_))
    ));
    assert_eq!(metastore.key_by_secret_hash(&[1; 32]).await.unwrap(), None);
    metastore.delete_team(tenant.team).await.unwrap();
    assert_eq!(metastore.team(tenant.team).await.unwrap(), None);
    assert!(matches!(
        metastore.delete_team(tenant.team).await,
        Err(Error::NotFound(_))
    ));
}

pub(super) async fn aws_keys(metastore: &dyn Metastore) {
    let tenant = tenant(metastore, "bees").await;
    let new = new_aws_key("AKIA1", 9);
    let key = metastore.create_aws_key(tenant, &new, NOW).await.unwrap();
    assert_eq!((key.kind, key.id.0.as_str()), (KeyKind::Aws, "AKIA1"));
    assert_eq!(key.permissions, new.key.permissions);
    let find = |id: &str| {
        let id = KeyId(id.to_owned());
        async move { metastore.aws_key(&id).await.unwrap() }
    };
    let found = find("AKIA1").await.unwrap();
    assert_eq!(found.owner.key, key);
    assert_eq!(found.owner.environment.unwrap().tenant, tenant);
    assert_eq!(found.encrypted_secret, [0, 255]);
    assert!(find("akia1").await.is_none());
    let again = NewAwsKey {
        key: NewKey {
            secret_hash: [10; 32],
            ..new.key.clone()
        },
        ..new.clone()
    };
    assert!(matches!(
        metastore.create_aws_key(tenant, &again, NOW).await,
        Err(Error::Conflict(_))
    ));
    let nowhere = Tenant {
        environment: EnvironmentId(tenant.environment.0 + 1_000),
        ..tenant
    };
    let refused = metastore
        .create_aws_key(nowhere, &new_aws_key("AKIA2", 11), NOW)
        .await;
    assert!(matches!(refused, Err(Error::NotFound(_))));
    assert!(find("AKIA2").await.is_none(), "neither half is left");

    let keys = metastore.keys(tenant.team).await.unwrap();
    assert_eq!(keys, std::slice::from_ref(&key));
    let change = KeyChange {
        is_disabled: Some(true),
        ..KeyChange::default()
    };
    metastore
        .update_key(tenant.team, &key.id, change, NOW + 1)
        .await
        .unwrap();
    assert!(find("AKIA1").await.unwrap().owner.key.is_disabled);
    metastore.delete_key(tenant.team, &key.id).await.unwrap();
    assert!(find("AKIA1").await.is_none());
    // The secret went with the key.
    metastore.create_aws_key(tenant, &new, NOW).await.unwrap();
}

fn new_aws_key(id: &str, secret: u8) -> NewAwsKey {
    NewAwsKey {
        key: NewKey {
            id: KeyId(id.to_owned()),
            ..new_key(KeyKind::Aws, secret)
        },
        encrypted_secret: vec![0, 255],
    }
}
