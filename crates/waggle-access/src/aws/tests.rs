use super::{AwsKey, decrypt, encrypt};

#[test]
fn only_the_right_row_and_secret_open() {
    let sealed = encrypt(&[1; 32], "AKIA1", "wJalr/K7").unwrap();
    assert_eq!(decrypt(&[1; 32], &sealed).as_deref(), Some("wJalr/K7"));
    assert_eq!(decrypt(&[2; 32], &sealed), None);
    let mut moved = sealed.clone();
    moved.access_key_id = "AKIA2".to_owned();
    assert_eq!(decrypt(&[1; 32], &moved), None);
    for (at, _) in sealed.encrypted_secret.iter().enumerate() {
        let mut damaged = sealed.clone();
        damaged.encrypted_secret[at] ^= 1;
        assert_eq!(decrypt(&[1; 32], &damaged), None, "byte {at}");
    }
    let empty = AwsKey {
        encrypted_secret: Vec::new(),
        ..sealed.clone()
    };
    assert_eq!(decrypt(&[1; 32], &empty), None);
    let again = encrypt(&[1; 32], "AKIA1", "wJalr/K7").unwrap();
    assert_ne!(again.encrypted_secret, sealed.encrypted_secret);
}
