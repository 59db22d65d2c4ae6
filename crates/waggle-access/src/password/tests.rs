use super::{ADMITTED_MAX, Passwords};
use crate::Error;

#[tokio::test]
async fn a_password_is_right_or_wrong() {
    let passwords = Passwords::default();
    let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
    let again = passwords.hash("correct horse".to_owned()).await.unwrap();
    assert_ne!(hash, again, "each has its own salt");
    let long = "x".repeat(2_000);
    for (password, stored, expected) in [
        ("correct horse", Some(hash.as_str()), true),
        ("correct horse ", Some(hash.as_str()), false),
        ("", Some(hash.as_str()), false),
        (long.as_str(), Some(hash.as_str()), false),
        ("correct horse", Some("not a hash"), false),
        ("correct horse", None, false),
        ("decoy", None, false),
    ] {
        let is_right = passwords
            .is_right(password.to_owned(), stored.map(str::to_owned))
            .await
            .unwrap();
        assert_eq!(is_right, expected, "{password:.20} {stored:?}");
    }
    for unusable in [String::new(), long] {
        assert!(matches!(
            passwords.hash(unusable).await,
            Err(Error::Invalid { .. })
        ));
    }
}

#[tokio::test]
async fn few_may_wait() {
    let passwords = Passwords::default();
    let all = passwords
        .admitted
        .try_acquire_many(u32::try_from(ADMITTED_MAX).unwrap())
        .unwrap();
    let refused = passwords
        .is_right("x".to_owned(), Some("y".to_owned()))
        .await;
    assert!(matches!(refused, Err(Error::Busy)));
    drop(all);
    let answered = passwords
        .is_right("x".to_owned(), Some("y".to_owned()))
        .await;
    assert!(!answered.unwrap());
}
