use super::{Installation, SECOND, START};
use crate::{BootstrapValues, CallerIdentity, Error, Permission};
use waggle_metastore::RunBy;

const DAY: i64 = 86_400 * SECOND;

async fn installation() -> Installation {
    let installation = Installation::empty().await;
    let values = BootstrapValues {
        admin_email: Some("karl@example.com".to_owned()),
        admin_password: Some("correct horse".to_owned()),
        ..BootstrapValues::default()
    };
    installation.bootstrap(values).await;
    installation
}

#[tokio::test]
async fn a_session_lasts_thirty_days() {
    let installation = installation().await;
    let access = &installation.access;
    let signed_in = access
        .sign_in(" Karl@Example.com ", "correct horse")
        .await
        .unwrap();
    assert_eq!(signed_in.token.len(), 43);
    assert_eq!(signed_in.session.expires_at_ns, START + 30 * DAY);
    let session = access.session(&signed_in.token).await.unwrap();
    assert_eq!(session, Some(signed_in.session));
    installation.pass(30 * DAY - 1);
    assert!(access.session(&signed_in.token).await.unwrap().is_some());
    installation.pass(1);
    assert!(access.session(&signed_in.token).await.unwrap().is_none());
}

#[tokio::test]
async fn signing_out_ends_one_session() {
    let installation = installation().await;
    let access = &installation.access;
    let one = access
        .sign_in("karl@example.com", "correct horse")
        .await
        .unwrap();
    let other = access
        .sign_in("karl@example.com", "correct horse")
        .await
        .unwrap();
    assert_ne!(one.token, other.token);
    for _ in 0..2 {
        access.sign_out(&one.token).await.unwrap();
        assert!(access.session(&one.token).await.unwrap().is_none());
    }
    assert!(access.session(&other.token).await.unwrap().is_some());
    for token in ["", "x", &"x".repeat(1_000_000)] {
        assert!(access.session(token).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn wrong_address_and_wrong_password_look_the_same() {
    let installation = installation().await;
    for (email, password) in [
        ("karl@example.com", "wrong"),
        ("karl@example.com", ""),
        ("nobody@example.com", "correct horse"),
        ("", ""),
    ] {
        let refused = installation.access.sign_in(email, password).await;
        let error = refused.err().unwrap();
        assert!(matches!(error, Error::WrongPassword), "{email}");
        assert_eq!(error.to_string(), "e-mail or password is wrong");
    }
}

#[tokio::test]
async fn a_session_opens_the_environments_of_its_team() {
    let installation = installation().await;
    let access = &installation.access;
    let signed_in = access
        .sign_in("karl@example.com", "correct horse")
        .await
        .unwrap();
    let session = signed_in.session;
    let caller = access.session_caller(&session, "production").await.unwrap();
    assert!(Permission::all().all(|permission| caller.may(permission)));
    assert_eq!(caller.run_by(), RunBy::User(session.user.id));
    let other = installation
        .metastore
        .create_team("other", START)
        .await
        .unwrap();
    installation
        .metastore
        .create_environment(other.id, "theirs", START)
        .await
        .unwrap();
    for slug in ["theirs", "missing", ""] {
        let refused = access.session_caller(&session, slug).await;
        assert!(matches!(
            refused,
            Err(Error::Metastore(waggle_metastore::Error::NotFound(_)))
        ));
    }
}

#[tokio::test]
async fn the_person_at_the_machine_gets_the_default_environment() {
    let empty = Installation::empty().await;
    assert!(empty.access.dev_caller().await.is_err());
    let installation = installation().await;
    let access = &installation.access;
    let caller = access.dev_caller().await.unwrap();
    assert_eq!(caller.environment_slug, "production");
    assert_eq!(caller.identity, CallerIdentity::Dev);
    assert_eq!(caller.run_by(), RunBy::Nobody);
    assert_eq!(caller.key_id(), None);
    let test = installation
        .metastore
        .create_environment(caller.tenant.team, "test", START)
        .await
        .unwrap();
    let in_test = access.dev_caller_in("test").await.unwrap();
    assert_eq!(in_test.tenant, test.tenant);
    assert_eq!(access.dev_caller_in("production").await.unwrap(), caller);
    assert!(access.dev_caller_in("missing").await.is_err());
}
