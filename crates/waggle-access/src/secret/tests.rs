use super::{FILE, InstallationSecret};
use crate::Error;

#[test]
fn the_file_is_made_once_and_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let made = InstallationSecret::load_or_create(folder.path(), true).unwrap();
    for is_new_installation in [false, true] {
        let read = InstallationSecret::load_or_create(folder.path(), is_new_installation).unwrap();
        assert_eq!(read.0, made.0);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "no draft is left");
    let other = tempfile::tempdir().unwrap();
    let other = InstallationSecret::load_or_create(other.path(), true).unwrap();
    assert_ne!(other.0, made.0);
    assert_eq!(format!("{made:?}"), "InstallationSecret");
}

#[test]
fn a_lost_or_damaged_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let lost = InstallationSecret::load_or_create(folder.path(), false);
    assert!(matches!(lost, Err(Error::KeyFile { .. })));
    assert!(!folder.path().join(FILE).exists());
    for text in ["", "abc", &"g".repeat(64), &"a".repeat(66)] {
        std::fs::write(folder.path().join(FILE), text).unwrap();
        let damaged = InstallationSecret::load_or_create(folder.path(), true);
        assert!(matches!(damaged, Err(Error::KeyFile { .. })), "{text}");
    }
}

#[test]
fn purposes_get_unrelated_keys() {
    let secret = InstallationSecret::from_bytes([7; 32]);
    assert_eq!(secret.derive("a"), secret.derive("a"));
    assert_ne!(secret.derive("a"), secret.derive("b"));
}
