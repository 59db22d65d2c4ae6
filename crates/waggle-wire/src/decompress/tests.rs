use super::*;
use std::io::Write;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 3).unwrap()
}

#[test]
fn what_was_compressed_comes_back() {
    let text = b"waggle ".repeat(50_000);
    for (encoding, body) in [
        (ContentEncoding::Identity, text.clone()),
        (ContentEncoding::Unknown, text.clone()),
        (ContentEncoding::Gzip, gzip(&text)),
        (ContentEncoding::Zstd, zstd(&text)),
    ] {
        let output = decompress(encoding, &body, text.len()).unwrap();
        assert_eq!(*output, text, "{encoding:?}");
        if let Cow::Owned(output) = output {
            assert!(output.capacity() <= text.len());
        }
        assert_eq!(
            decompress(encoding, &body, text.len() - 1),
            Err(DecompressError::TooLarge)
        );
    }
}

#[test]
fn several_members_and_frames_are_one_body() {
    let two = [gzip(b"one "), gzip(b"two")].concat();
    assert_eq!(
        *decompress(ContentEncoding::Gzip, &two, 100).unwrap(),
        *b"one two"
    );
    let two = [zstd(b"one "), zstd(b"two")].concat();
    assert_eq!(
        *decompress(ContentEncoding::Zstd, &two, 100).unwrap(),
        *b"one two"
    );
}

#[test]
fn every_truncation_is_malformed() {
    let text: Vec<u8> = (0..2_000_u32).flat_map(u32::to_le_bytes).collect();
    for (encoding, body) in [
        (ContentEncoding::Gzip, gzip(&text)),
        (ContentEncoding::Zstd, zstd(&text)),
    ] {
        for length in 1..body.len() {
            let result = decompress(encoding, &body[..length], 1 << 20);
            assert!(
                matches!(result, Err(DecompressError::Malformed(_))),
                "{encoding:?} {length}"
            );
        }
    }
}

#[test]
fn a_bomb_is_refused_at_the_cap() {
    let zeros = vec![0; 64 << 20];
    for (encoding, body) in [
        (ContentEncoding::Gzip, gzip(&zeros)),
        (ContentEncoding::Zstd, zstd(&zeros)),
    ] {
        assert!(body.len() < 100_000);
        assert_eq!(
            decompress(encoding, &body, 1 << 20),
            Err(DecompressError::TooLarge)
        );
    }
}

#[test]
fn header_names_are_read_as_clients_write_them() {
    for (header, encoding) in [
        (None, ContentEncoding::Identity),
        (Some(""), ContentEncoding::Identity),
        (Some("GZIP"), ContentEncoding::Gzip),
        (Some(" zstd "), ContentEncoding::Zstd),
        (Some("plaintext"), ContentEncoding::Unknown),
    ] {
        assert_eq!(ContentEncoding::from_header(header), encoding);
    }
}

#[test]
fn a_frame_that_asks_for_a_huge_window_is_refused_before_it_gets_one() {
    // A frame header with a window of 2 GiB, then one raw block of one byte.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x09, 0x00, 0x00, b'x'];
    let result = decompress(ContentEncoding::Zstd, &frame, 1 << 20);
    assert_eq!(result, Err(DecompressError::Malformed("zstd")));
    // The same with a window of 8 MiB is a body of one byte.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68, 0x09, 0x00, 0x00, b'x'];
    let result = decompress(ContentEncoding::Zstd, &frame, 1 << 20);
    assert_eq!(*result.unwrap(), *b"x");
}
