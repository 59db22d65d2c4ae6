use super::*;

fn all(bytes: &[u8]) -> Result<Vec<u64>, Broken> {
    let mut message = Message::new(bytes, 2);
    let mut keys = Vec::new();
    while let Some(key) = message.key()? {
        keys.push(key);
        message.skip(key, 0)?;
    }
    Ok(keys)
}

#[test]
fn fields_are_read_past() {
    assert_eq!(all(&[]), Ok(vec![]));
    assert_eq!(all(&[0x08, 1, 0x12, 2, 7, 7]), Ok(vec![0x08, 0x12]));
    // A group with an integer and another group in it.
    assert_eq!(all(&[0x0b, 0x10, 1, 0x1b, 0x1c, 0x0c]), Ok(vec![0x0b]));
    // A key of two bytes, and one that is longer than it must be.
    assert_eq!(all(&[0x82, 0x01, 0, 0x88, 0x00, 1]), Ok(vec![0x82, 0x08]));
}

#[test]
fn what_is_broken_is_refused() {
    for (bytes, reason) in [
        (&[0x12, 3, 7, 7][..], UNDERFLOW),
        (&[0x09, 1, 2, 3], UNDERFLOW),
        (&[0x0d, 1, 2, 3], UNDERFLOW),
        (&[0x0b, 0x10, 1], UNDERFLOW),
        (&[0x0b, 0x14], GROUP_ENDS),
        (&[0x0c], GROUP_ENDS),
        (&[0x0b, 0x13, 0x1b, 0x1c, 0x14, 0x0c], TOO_DEEP),
        (
            &[0x0e],
            Broken("a field has a wire type that does not exist"),
        ),
        (&[0x00], Broken("a field has the number 0")),
        (
            &[0xff, 0xff, 0xff, 0xff, 0x7f],
            Broken("a field's number is too large"),
        ),
        (&[0x08, 0x80], Broken("an integer is broken")),
    ] {
        assert_eq!(all(bytes), Err(reason), "{bytes:02x?}");
    }
}

#[test]
fn integers_have_up_to_ten_bytes() {
    let read = |bytes: &[u8]| Message::new(bytes, 0).varint();
    for (bytes, value) in [
        (&[0x7f][..], 127),
        (&[0x80, 0x01], 128),
        (&[0x80, 0x00], 0),
        (
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
            u64::MAX >> 1,
        ),
        (
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            u64::MAX,
        ),
    ] {
        assert_eq!(read(bytes), Ok(value), "{bytes:02x?}");
    }
    let invalid = Err(Broken("an integer is broken"));
    assert_eq!(read(&[0xff; 10]), invalid);
    assert_eq!(read(&[0x80; 11]), invalid);
    let too_large = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
    assert_eq!(read(&too_large), invalid);
}

#[test]
fn a_known_field_of_another_wire_type_is_refused() {
    let mut message = Message::new(&[0x08, 1], 1);
    let key = message.key().unwrap().unwrap();
    assert_eq!(
        message.skip(key, known(&[1])),
        Err(Broken("a field has the wrong wire type"))
    );
}
