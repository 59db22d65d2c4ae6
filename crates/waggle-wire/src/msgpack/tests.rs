use super::*;
use crate::token::DEPTH_MAX;

fn only(bytes: &[u8]) -> String {
    let mut reader = MsgpackReader::new(bytes, DEPTH_MAX);
    let token = match reader.next() {
        Ok(token) => format!("{token:?}"),
        Err(error) => return error.to_string(),
    };
    match reader.finish() {
        Ok(()) => token,
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_scalar_marker_is_read() {
    for (bytes, token) in [
        (&[0xc0][..], "Null"),
        (&[0xc2], "Bool(false)"),
        (&[0xc3], "Bool(true)"),
        (&[0x7f], "Int(127)"),
        (&[0xff], "Int(-1)"),
        (&[0xcc, 0xff], "Int(255)"),
        (&[0xcd, 1, 0], "Int(256)"),
        (&[0xce, 0, 1, 0, 0], "Int(65536)"),
        (&[0xcf, 0, 0, 0, 1, 0, 0, 0, 0], "Int(4294967296)"),
        (
            &[0xcf, 255, 255, 255, 255, 255, 255, 255, 255],
            "Float(1.8446744073709552e19)",
        ),
        (&[0xd0, 0x80], "Int(-128)"),
        (&[0xd1, 0x80, 0], "Int(-32768)"),
        (&[0xd2, 0x80, 0, 0, 0], "Int(-2147483648)"),
        (
            &[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0],
            "Int(-9223372036854775808)",
        ),
        (&[0xca, 0x3f, 0xc0, 0, 0], "Float(1.5)"),
        (&[0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], "Float(1.5)"),
        (&[0xa2, b'h', b'i'], "Text(\"hi\")"),
        (&[0xd9, 1, b'h'], "Text(\"h\")"),
        (&[0xda, 0, 1, b'h'], "Text(\"h\")"),
        (&[0xdb, 0, 0, 0, 1, b'h'], "Text(\"h\")"),
        (&[0xa1, 0xff], "Text(\"\u{fffd}\")"),
        (&[0xc4, 1, 7], "Bytes([7])"),
        (&[0xc5, 0, 1, 7], "Bytes([7])"),
        (&[0xc6, 0, 0, 0, 1, 7], "Bytes([7])"),
        (&[0xd4, 5, 7], "Unknown"),
        (&[0xc7, 1, 5, 7], "Unknown"),
        (&[0xd6, 0xff, 0, 0, 0, 2], "Time(2000000000)"),
        // 30 bits of nanoseconds, 34 of seconds.
        (&[0xd7, 0xff, 0, 0, 0, 12, 0, 0, 0, 2], "Time(2000000003)"),
        (
            &[
                0xc7, 12, 0xff, 0, 0, 0, 3, 255, 255, 255, 255, 255, 255, 255, 255,
            ],
            "Time(-999999997)",
        ),
        (&[0xd5, 0xff, 0, 1], "Unknown"),
        (&[0xc1], "reserved marker at byte 1"),
        (&[0xd9, 5, b'h'], "unexpected end at byte 2"),
        (&[0xc0, 0xc0], "more than one document at byte 1"),
        (&[], "unexpected end at byte 0"),
    ] {
        assert_eq!(only(bytes), token, "{bytes:x?}");
    }
}

#[test]
fn containers_end_after_their_count() {
    let mut reader =
        MsgpackReader::new(&[0x82, 0xa1, b'a', 0x91, 0x01, 0xa1, b'b', 0x80], DEPTH_MAX);
    let mut tokens = Vec::new();
    for _ in 0..8 {
        tokens.push(format!("{:?}", reader.next().unwrap()));
    }
    assert_eq!(
        tokens,
        [
            "Map",
            "Text(\"a\")",
            "Array",
            "Int(1)",
            "End",
            "Text(\"b\")",
            "Map",
            "End"
        ]
    );
    assert_eq!(reader.next(), Ok(Token::End));
    assert_eq!(reader.finish(), Ok(()));
}

#[test]
fn a_claimed_length_costs_nothing() {
    let mut reader = MsgpackReader::new(&[0xdd, 255, 255, 255, 255], DEPTH_MAX);
    assert_eq!(reader.next(), Ok(Token::Array));
    assert!(reader.next().is_err());
    let deep = vec![0x91; 10_000];
    let mut reader = MsgpackReader::new(&deep, DEPTH_MAX);
    assert_eq!(reader.skip_value().unwrap_err().what, "too deeply nested");
}
