use super::{
    environment_of_public_id, environment_public_id, short, team_public_id, user_public_id,
};
use crate::{KeyId, KeyKind, UserId};
use waggle_model::{EnvironmentId, TeamId};

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

#[test]
fn numbered_ids_come_back() {
    let id = environment_public_id(EnvironmentId(12));
    assert_eq!(id, "hcxen_00000000000000000000000012");
    assert_eq!(environment_of_public_id(&id), Some(EnvironmentId(12)));
    for wrong in [
        "",
        "12",
        "hcxen_12",
        "hcxen_-0000000000000000000000012",
        "hcxtm_00000000000000000000000012",
    ] {
        assert_eq!(environment_of_public_id(wrong), None, "{wrong}");
    }
    assert_eq!(team_public_id(TeamId(1)).len(), 32);
    assert!(user_public_id(UserId(1)).starts_with("hcxus_"));
}
