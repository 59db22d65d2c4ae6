use super::*;

#[test]
fn the_room_that_is_left_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let free = RealDisk.free_bytes(folder.path()).unwrap();
    assert!(free > 0, "the tests need room as well");
    assert!(RealDisk.free_bytes(&folder.path().join("none")).is_err());
}

#[test]
fn files_keep_what_was_appended_and_lose_what_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk;
    let dir = folder.path().join("a/b");
    disk.create_dir(&dir).unwrap();
    disk.create_dir(&dir).unwrap();
    let path = dir.join("one");
    let file = disk.create(&path).unwrap();
    file.append(b"hello ").unwrap();
    file.append(b"world").unwrap();
    file.sync().unwrap();
    disk.sync_dir(&dir).unwrap();
    let again = disk.open(&path).unwrap();
    again.truncate(7).unwrap();
    let mut buffer = [0; 7];
    again.read_at(0, &mut buffer).unwrap();
    assert_eq!(&buffer, b"hello w");
    let error = again.read_at(1, &mut buffer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    disk.rename(&path, &dir.join("two")).unwrap();
    assert_eq!(disk.list(&dir).unwrap(), ["two"]);
    assert_eq!(disk.list(&folder.path().join("a")).unwrap(), [""; 0]);
    disk.remove(&dir.join("two")).unwrap();
    assert_eq!(again.length().unwrap(), 7);
}

#[test]
fn a_lock_is_held_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let held = RealDisk.lock(&path).unwrap();
    let error = RealDisk.lock(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    drop(held);
    drop(RealDisk.lock(&path).unwrap());
}
