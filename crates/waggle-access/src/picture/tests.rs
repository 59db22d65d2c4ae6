use super::*;
use crate::InstallationSecret;
use std::sync::Arc;
use waggle_metastore::SqliteMetastore;
use waggle_model::Clock;

async fn door(secret: u8, now_s: i64) -> Access {
    let metastore = Arc::new(SqliteMetastore::in_memory().await.unwrap());
    let clock = Clock::fixed(now_s * 1_000_000_000);
    Access::new(
        metastore,
        &InstallationSecret::from_bytes([secret; 32]),
        clock,
    )
}

#[tokio::test]
async fn a_token_is_believed_by_its_installation_and_until_its_end() {
    let said = PictureToken {
        tenant: Tenant {
            team: TeamId(3),
            environment: EnvironmentId(7),
        },
        result: "yUheCUmgZ8p".to_owned(),
        expires_at_s: 1_000,
    };
    let token = door(1, 900).await.sign_picture(&said);
    assert!(
        token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    );
    assert_eq!(door(1, 999).await.picture(&token), Some(said.clone()));
    assert_eq!(door(1, 1_000).await.picture(&token), None, "it is over");
    let access = door(1, 900).await;
    assert_eq!(
        door(2, 900).await.picture(&token),
        None,
        "of another installation"
    );
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        // The last letter of each half holds bits that no byte has; a decoder refuses or ignores them.
        let read = access.picture(&changed);
        assert!(
            read.is_none() || read.as_ref() == Some(&said),
            "{at}: {read:?}"
        );
        assert!(read.is_none() || at + 1 == token.len() || token.as_bytes()[at + 1] == b'.');
    }
    for wrong in ["", ".", "a.b", &"A".repeat(10_000)] {
        assert_eq!(access.picture(wrong), None);
    }
}
