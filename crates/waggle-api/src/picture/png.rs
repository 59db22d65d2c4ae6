//! PNG of few colours: header, palette, one compressed run of rows. Source: the PNG specification, ISO/IEC 15948, sections 5, 9 and 11.

use super::draw::Canvas;
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use std::io::Write;

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
/// Eight bits a pixel, each an index of the palette, neither filtered nor interlaced beyond the only method there is.
const FORMAT: [u8; 5] = [8, 3, 0, 0, 0];

/// The bytes of a file.
pub(super) fn encode(canvas: &Canvas, palette: &[[u8; 3]]) -> Vec<u8> {
    let mut png = SIGNATURE.to_vec();
    let mut header = Vec::with_capacity(13);
    for length in [canvas.width, canvas.height] {
        header.extend(u32::try_from(length).unwrap_or(0).to_be_bytes());
    }
    header.extend(FORMAT);
    chunk(&mut png, *b"IHDR", &header);
    chunk(&mut png, *b"PLTE", palette.as_flattened());
    chunk(&mut png, *b"IDAT", &compressed(canvas));
    chunk(&mut png, *b"IEND", &[]);
    png
}

fn compressed(canvas: &Canvas) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    let written = canvas.rows().try_for_each(|row| {
        // Each row begins with how it was filtered: not at all.
        encoder.write_all(&[0])?;
        encoder.write_all(row)
    });
    // A vector takes everything.
    written.and_then(|()| encoder.finish()).unwrap_or_default()
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], bytes: &[u8]) {
    png.extend(u32::try_from(bytes.len()).unwrap_or(0).to_be_bytes());
    let mut sum = Crc::new();
    sum.update(&kind);
    sum.update(bytes);
    png.extend(kind);
    png.extend(bytes);
    png.extend(sum.sum().to_be_bytes());
}
