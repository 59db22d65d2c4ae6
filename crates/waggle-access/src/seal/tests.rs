use super::Sealer;
use crate::InstallationSecret;

#[test]
fn only_the_right_purpose_and_secret_open() {
    let ours = Sealer::new(&InstallationSecret::from_bytes([1; 32]));
    let theirs = Sealer::new(&InstallationSecret::from_bytes([2; 32]));
    let sealed = ours.seal("recipient", "https://hooks/secret").unwrap();
    assert_eq!(
        ours.open("recipient", &sealed).as_deref(),
        Some("https://hooks/secret")
    );
    assert_eq!(ours.open("other", &sealed), None);
    assert_eq!(theirs.open("recipient", &sealed), None);
    for (at, _) in sealed.iter().enumerate() {
        let mut damaged = sealed.clone();
        damaged[at] ^= 1;
        assert_eq!(ours.open("recipient", &damaged), None, "byte {at}");
    }
    assert_eq!(ours.open("recipient", &[]), None);
    assert_ne!(
        ours.seal("recipient", "https://hooks/secret").unwrap(),
        sealed
    );
}
