use super::{Installation, door, is_unknown};
use crate::{BootstrapOutcome, BootstrapValues, Error, Permission};
use std::sync::Arc;
use waggle_metastore::{KeyKind, Metastore, Role};

fn given(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn all_given() -> BootstrapValues {
    BootstrapValues {
        team: given("Busy Bees"),
        environment: given("Staging"),
        api_key: given("test-key"),
        management_key: given("hcxmk_01:secret"),
        admin_email: given("Karl@example.com"),
        admin_password: given(" spaced "),
        aws_access_key_id: given("AKIATEST"),
        aws_secret_access_key: given("wJalr/K7"),
    }
}

#[tokio::test]
async fn what_is_not_given_is_made_up() {
    let installation = Installation::empty().await;
    let empty_settings = BootstrapValues {
        api_key: given(""),
        admin_password: given(""),
        ..BootstrapValues::default()
    };
    let made = installation.bootstrap(empty_settings).await;
    assert_eq!(
        (made.team.name.as_str(), made.environment.name.as_str()),
        ("default", "production")
    );
    assert_eq!(made.api_key.value.len(), 22);
    assert!(made.management_key.value.starts_with("hcxmk_"));
    assert_eq!(made.management_key.value.len(), 32 + 1 + 32);
    assert_eq!(made.aws_access_key_id.len(), 20);
    assert_eq!(made.aws_secret_access_key.value.len(), 40);
    for secret in [
        &made.api_key,
        &made.management_key,
        &made.admin_password,
        &made.aws_secret_access_key,
    ] {
        assert!(secret.is_made_up);
    }
    let access = &installation.access;
    let caller = access.caller(&made.api_key.value).await.unwrap();
    assert_eq!(caller.tenant, made.environment.tenant);
    assert_eq!(caller.kind(), KeyKind::Configuration);
    assert!(Permission::all().all(|permission| caller.may(permission)));
    let signed_in = access
        .sign_in(&made.admin_email, &made.admin_password.value)
        .await
        .unwrap();
    assert_eq!(signed_in.session.user.role, Role::Administrator);
    let aws = access
        .aws_credentials(&made.aws_access_key_id)
        .await
        .unwrap();
    assert_eq!(aws.caller().tenant, made.environment.tenant);
    assert_eq!(aws.caller().kind(), KeyKind::Aws);
    assert!(Permission::all().all(|permission| aws.caller().may(permission)));
    assert!(aws.is_of(&made.aws_secret_access_key.value));
    let management = access.caller(&made.management_key.value).await;
    assert!(
        is_unknown(&management),
        "a management key opens no environment"
    );
}

#[tokio::test]
async fn what_is_given_is_taken_as_it_is() {
    let installation = Installation::empty().await;
    let made = installation.bootstrap(all_given()).await;
    assert_eq!(
        (made.team.slug.as_str(), made.environment.slug.as_str()),
        ("busy-bees", "staging")
    );
    for secret in [
        &made.api_key,
        &made.management_key,
        &made.admin_password,
        &made.aws_secret_access_key,
    ] {
        assert!(!secret.is_made_up);
    }
    let access = &installation.access;
    let caller = access.caller("test-key").await.unwrap();
    assert_eq!(caller.team_name, "Busy Bees");
    assert_eq!(caller.environment_slug, "staging");
    assert!(caller.key_id().unwrap().0.starts_with("hcxlk_"));
    access
        .sign_in("karl@example.com", " spaced ")
        .await
        .unwrap();
    assert!(
        access
            .aws_credentials("AKIATEST")
            .await
            .unwrap()
            .is_of("wJalr/K7")
    );
}

#[tokio::test]
async fn the_second_start_changes_nothing() {
    let installation = Installation::empty().await;
    installation.bootstrap(all_given()).await;
    let other = BootstrapValues {
        api_key: given("other-key"),
        ..all_given()
    };
    let again = installation.access.bootstrap(other).await.unwrap();
    assert!(matches!(again, BootstrapOutcome::AlreadyDone));
    assert!(is_unknown(&installation.access.caller("other-key").await));
    installation.access.caller("test-key").await.unwrap();
    assert_eq!(installation.metastore.teams().await.unwrap().len(), 1);
}

#[tokio::test]
async fn unusable_values_make_nothing() {
    let installation = Installation::empty().await;
    for values in [
        BootstrapValues {
            api_key: given("two words"),
            ..all_given()
        },
        BootstrapValues {
            api_key: given("clé"),
            ..all_given()
        },
        BootstrapValues {
            api_key: given(&"k".repeat(257)),
            ..all_given()
        },
        BootstrapValues {
            management_key: given("no-colon"),
            ..all_given()
        },
        BootstrapValues {
            management_key: given(":secret"),
            ..all_given()
        },
        BootstrapValues {
            management_key: given("id:"),
            ..all_given()
        },
        BootstrapValues {
            aws_access_key_id: None,
            ..all_given()
        },
        BootstrapValues {
            aws_secret_access_key: given(""),
            ..all_given()
        },
        BootstrapValues {
            admin_password: given(&"p".repeat(1_025)),
            ..all_given()
        },
    ] {
        let refused = installation.access.bootstrap(values).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })));
    }
    let values = BootstrapValues {
        team: given("a\nb"),
        ..all_given()
    };
    let refused = installation.access.bootstrap(values).await;
    assert!(matches!(
        refused,
        Err(Error::Metastore(waggle_metastore::Error::Invalid { .. }))
    ));
    assert!(installation.metastore.is_empty().await.unwrap());
}

#[tokio::test]
async fn two_first_starts_at_once_make_one_team() {
    let installation = Installation::empty().await;
    let other = installation.other_process();
    let (one, two) = tokio::join!(
        installation.access.bootstrap(all_given()),
        other.bootstrap(all_given())
    );
    let done = [one.unwrap(), two.unwrap()]
        .iter()
        .filter(|outcome| matches!(outcome, BootstrapOutcome::Done(_)))
        .count();
    assert_eq!(done, 1);
    assert_eq!(installation.metastore.teams().await.unwrap().len(), 1);
}

#[tokio::test]
async fn another_installation_secret_knows_no_key() {
    let installation = Installation::empty().await;
    installation.bootstrap(all_given()).await;
    let metastore: Arc<dyn Metastore> = Arc::clone(&installation.metastore);
    let stranger = door(&metastore, &installation.now_ns, 2);
    assert!(is_unknown(&stranger.caller("test-key").await));
    let opened = stranger.aws_credentials("AKIATEST").await;
    assert!(matches!(opened, Err(Error::Metastore(_))));
}
