use super::{Installation, SECOND};
use crate::{AwsCredentials, AwsKeyRequest, AwsSignature, Error, Permission, Result};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use waggle_metastore::{KeyChange, KeyKind};

impl AwsCredentials {
    /// Whether they check what is signed with this secret.
    pub(super) fn is_of(&self, secret: &str) -> bool {
        let mut key = format!("AWS4{secret}").into_bytes();
        for part in ["20260101", "eu-x-1", "xray", "aws4_request", "text"] {
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            mac.update(part.as_bytes());
            key = mac.finalize().into_bytes().to_vec();
        }
        let signature: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let signature = AwsSignature {
            day: "20260101",
            region: "eu-x-1",
            service: "xray",
            string_to_sign: "text",
            signature: &signature,
        };
        self.check(&signature).is_ok()
    }
}

fn request(name: &str) -> AwsKeyRequest {
    AwsKeyRequest {
        name: name.to_owned(),
        permissions: [Permission::SendEvents].into_iter().collect(),
        expires_at_ns: None,
        made_by: None,
        value: None,
    }
}

fn is_unknown(found: &Result<AwsCredentials>) -> bool {
    matches!(found, Err(Error::UnknownKey))
}

#[tokio::test]
async fn credentials_live_as_other_keys_do() {
    let installation = Installation::empty().await;
    let made = installation.bootstrap(Default::default()).await;
    let (tenant, team) = (made.environment.tenant, made.team.id);
    let access = &installation.access;
    let created = access
        .create_aws_key(tenant, request("relay"))
        .await
        .unwrap();
    let (id, secret) = created.value.split_once(':').unwrap();
    assert_eq!((id.len(), secret.len()), (20, 40));
    let found = access.aws_credentials(id).await.unwrap();
    assert!(found.is_of(secret));
    assert!(!found.is_of("another"));
    let caller = found.caller();
    assert_eq!((caller.tenant, caller.kind()), (tenant, KeyKind::Aws));
    assert!(caller.may(Permission::SendEvents) && !caller.may(Permission::RunQueries));
    // Neither half opens anything where keys are sent as they are.
    for sent in [id, secret, created.value.as_str()] {
        assert!(super::is_unknown(&access.caller(sent).await));
    }
    // Nor does anything made of the id alone while the credentials are remembered, whose id everybody sees.
    let sent = format!("aws access key id {id}");
    assert!(super::is_unknown(&access.caller(&sent).await));
    assert!(access.aws_credentials(id).await.is_ok());
    access.flush_last_used().await.unwrap();
    let kept = installation.metastore.key(team, &created.key.id).await;
    assert!(kept.unwrap().unwrap().last_used_at_ns.is_some());

    let is_disabled = |is_disabled| KeyChange {
        is_disabled: Some(is_disabled),
        ..KeyChange::default()
    };
    let key = &created.key.id;
    access
        .update_key(team, key, is_disabled(true))
        .await
        .unwrap();
    assert!(is_unknown(&access.aws_credentials(id).await));
    access
        .update_key(team, key, is_disabled(false))
        .await
        .unwrap();
    access.aws_credentials(id).await.unwrap();
    access.delete_key(team, key).await.unwrap();
    assert!(is_unknown(&access.aws_credentials(id).await));
    for unknown in ["", "AKIA", &"A".repeat(1_000)] {
        assert!(is_unknown(&access.aws_credentials(unknown).await));
    }
}

#[tokio::test]
async fn credentials_end() {
    let installation = Installation::empty().await;
    let made = installation.bootstrap(Default::default()).await;
    let request = AwsKeyRequest {
        expires_at_ns: Some(super::START + SECOND),
        ..request("short")
    };
    let access = &installation.access;
    let created = access.create_aws_key(made.environment.tenant, request);
    let id = created.await.unwrap().key.id.0;
    access.aws_credentials(&id).await.unwrap();
    installation.pass(SECOND);
    let over = access.aws_credentials(&id).await;
    assert!(matches!(over, Err(Error::KeyIsOver)));
}

#[tokio::test]
async fn credentials_of_before_are_taken_as_they_are() {
    let installation = Installation::empty().await;
    let made = installation.bootstrap(Default::default()).await;
    let tenant = made.environment.tenant;
    let given = |id: &str, secret: &str| AwsKeyRequest {
        value: Some((id.to_owned(), secret.to_owned())),
        ..request("of before")
    };
    let access = &installation.access;
    let created = access
        .create_aws_key(tenant, given("test", "t/e+s=t"))
        .await;
    assert_eq!(created.unwrap().value, "test:t/e+s=t");
    let found = access.aws_credentials("test").await.unwrap();
    assert!(found.is_of("t/e+s=t"));
    let again = access.create_aws_key(tenant, given("test", "other")).await;
    assert!(matches!(
        again,
        Err(Error::Metastore(waggle_metastore::Error::Conflict(_)))
    ));
    let long = "A".repeat(129);
    for (id, secret) in [
        ("", "s"),
        ("a/b", "s"),
        ("a,b", "s"),
        ("ä", "s"),
        (long.as_str(), "s"),
        ("a", ""),
        ("a", "s s"),
    ] {
        let refused = access.create_aws_key(tenant, given(id, secret)).await;
        assert!(
            matches!(refused, Err(Error::Invalid { .. })),
            "{id} {secret}"
        );
    }
}
