use super::short;
use crate::{KeyId, KeyKind};

#[test]
fn ids_have_their_public_shapes() {
    let id = short();
    assert_eq!(id.len(), 11, "{id}");
    assert!(
        id.chars()
            .all(|c| c.is_ascii_alphanumeric() && !"0OIl".contains(c)),
        "{id}"
    );
    assert_ne!(id, short());
    for (kind, prefix) in [
        (KeyKind::Configuration, "hcxlk_"),
        (KeyKind::Ingest, "hcxik_"),
        (KeyKind::Management, "hcxmk_"),
    ] {
        let id = KeyId::random(kind).0;
        let suffix = id.strip_prefix(prefix).unwrap();
        assert_eq!(suffix.len(), 26, "{id}");
        assert!(
            suffix
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()),
            "{id}"
        );
    }
}
