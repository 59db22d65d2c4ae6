//! One file of the log: how records lie in it, and how they are read back.
//!
//! A segment is a header of 32 bytes and then records, each a header of 32 bytes, a payload and zeros up to a multiple of 8. A record
//! says how much of its segment was on stable storage when it was written. That tells a torn tail, which nobody was promised, from
//! damage to acknowledged bytes: if any later record knows that the broken place had been durable, it is damage.
//!
//! Segment header: magic 8 bytes, version u32, CRC32C of the number u32, number u64, 8 zeros. Record header: marker u32, CRC32C of the
//! following 24 bytes u32, payload length u64, durable length of the segment u64, CRC32C of the payload u32, 4 zeros. Little-endian.

use crate::disk::{Disk, DiskFile};
use crate::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) const HEADER_BYTES: usize = 32;
const MAGIC: &[u8; 8] = b"WAGGLWAL";
const VERSION: u32 = 1;
const MARKER: [u8; 4] = *b"\xb5rec";
const ALIGNMENT: u64 = 8;
const SCAN_BYTES: usize = 1 << 20;

/// A framed record: header, payload, padding.
#[derive(Debug)]
pub(super) struct Frame(Vec<u8>);

/// What was found in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Replayed {
    /// Records read.
    pub(crate) record_count: u64,
    /// Bytes of the segment that are whole.
    pub(crate) whole_bytes: u64,
    /// Bytes of the segment.
    pub(crate) length: u64,
}

struct RecordHeader {
    length: u64,
    durable: u64,
    payload_crc: u32,
}

/// The file of a segment.
pub(super) fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:016}.wal"))
}

/// The number in a segment's file name.
pub(super) fn number(name: &str) -> Option<u64> {
    name.strip_suffix(".wal")?.parse().ok()
}

pub(super) fn header(number: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header[12..16].copy_from_slice(&crc32c::crc32c(&number.to_le_bytes()).to_le_bytes());
    header[16..24].copy_from_slice(&number.to_le_bytes());
    header
}

impl Frame {
    /// Frames what `write` appends.
    pub(super) fn new(write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut bytes = vec![0; HEADER_BYTES];
        write(&mut bytes);
        let length = (bytes.len() - HEADER_BYTES) as u64;
        let payload_crc = crc32c::crc32c(&bytes[HEADER_BYTES..]);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes[..4].copy_from_slice(&MARKER);
        bytes[8..16].copy_from_slice(&length.to_le_bytes());
        bytes[24..28].copy_from_slice(&payload_crc.to_le_bytes());
        Self(bytes)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The bytes to write when the first `durable` bytes of the segment are on stable storage.
    pub(super) fn finish(&mut self, durable: u64) -> &[u8] {
        self.0[16..24].copy_from_slice(&durable.to_le_bytes());
        let crc = crc32c::crc32c(&self.0[8..HEADER_BYTES]);
        self.0[4..8].copy_from_slice(&crc.to_le_bytes());
        &self.0
    }
}

/// Reads a segment from its start, one record in memory at a time, and hands each payload to `visit`.
///
/// Stops where the segment stops being whole: the caller compares [`Replayed::whole_bytes`] with the length.
///
/// # Errors
/// `WalDamaged` when the broken place had been durable, or `visit` says that a whole record makes no sense.
pub(super) fn replay(
    disk: &dyn Disk,
    path: &Path,
    number: u64,
    visit: &mut dyn FnMut(&[u8]) -> Result<(), &'static str>,
) -> Result<Replayed> {
    let io = |source| Error::io(path, source);
    let file = disk.open(path).map_err(io)?;
    let length = file.length().map_err(io)?;
    let mut reader = Reader {
        file: &file,
        length,
        start: 0,
        buffer: Vec::new(),
    };
    let mut replayed = Replayed {
        record_count: 0,
        whole_bytes: 0,
        length,
    };
    check_version(&mut reader, path)?;
    if reader.read(0, HEADER_BYTES as u64).map_err(io)? == Some(&header(number)[..]) {
        replayed.whole_bytes = HEADER_BYTES as u64;
        while let Some((end, payload)) = reader.record(replayed.whole_bytes).map_err(io)? {
            visit(payload)
                .map_err(|message| damaged(path, replayed.whole_bytes, message.to_owned()))?;
            replayed.record_count += 1;
            replayed.whole_bytes = end;
        }
    }
    let broken = replayed.whole_bytes;
    if broken < length
        && let Some(witness) = reader.find_witness(broken).map_err(io)?
    {
        let message = format!("the record at offset {witness} was written after it was durable");
        return Err(damaged(path, broken, message));
    }
    Ok(replayed)
}

pub(super) fn damaged(path: &Path, offset: u64, message: String) -> Error {
    Error::WalDamaged {
        file: path.to_owned(),
        offset,
        message,
    }
}

fn check_version(reader: &mut Reader<'_>, path: &Path) -> Result<()> {
    let start = reader
        .read(0, 12)
        .map_err(|source| Error::io(path, source))?;
    if let Some(start) = start
        && start[..8] == *MAGIC
        && start[8..12] != VERSION.to_le_bytes()
    {
        let message = format!(
            "its version is {:?}, but this program knows only {VERSION}: a newer Waggle wrote it",
            u32_at(start, 8)
        );
        return Err(damaged(path, 8, message));
    }
    Ok(())
}

/// A window on the file: reads ahead, and grows to the largest record.
struct Reader<'a> {
    file: &'a Arc<dyn DiskFile>,
    length: u64,
    start: u64,
    buffer: Vec<u8>,
}

impl Reader<'_> {
    /// Some bytes of the file; `None` when it ends before.
    fn read(&mut self, offset: u64, count: u64) -> std::io::Result<Option<&[u8]>> {
        let Some(end) = offset.checked_add(count).filter(|end| *end <= self.length) else {
            return Ok(None);
        };
        if offset < self.start || end > self.start + self.buffer.len() as u64 {
            let ahead = (self.length - offset).min(count.max(SCAN_BYTES as u64));
            self.start = offset;
            self.buffer.clear();
            self.buffer.resize(to_usize(ahead)?, 0);
            self.file.read_at(offset, &mut self.buffer)?;
        }
        let from = to_usize(offset - self.start)?;
        Ok(self.buffer.get(from..from + to_usize(count)?))
    }

    fn header(&mut self, offset: u64) -> std::io::Result<Option<RecordHeader>> {
        let bytes = self.read(offset, HEADER_BYTES as u64)?;
        Ok(bytes.and_then(RecordHeader::parse))
    }

    /// The payload of the record at `offset` and where the next one starts; `None` when there is no whole record.
    fn record(&mut self, offset: u64) -> std::io::Result<Option<(u64, &[u8])>> {
        let Some(header) = self.header(offset)? else {
            return Ok(None);
        };
        let start = offset + HEADER_BYTES as u64;
        let Some(padded) = header.length.checked_next_multiple_of(ALIGNMENT) else {
            return Ok(None);
        };
        let Some(bytes) = self.read(start, padded)? else {
            return Ok(None);
        };
        let payload = &bytes[..to_usize(header.length)?];
        if crc32c::crc32c(payload) != header.payload_crc {
            return Ok(None);
        }
        Ok(Some((start + padded, payload)))
    }

    /// A record behind `broken` that was written when `broken` had been durable.
    fn find_witness(&mut self, broken: u64) -> std::io::Result<Option<u64>> {
        let mut offset = broken.next_multiple_of(ALIGNMENT);
        while let Some(bytes) = self.read(offset, HEADER_BYTES as u64)? {
            if bytes[..4] == MARKER
                && RecordHeader::parse(bytes).is_some_and(|header| header.durable > broken)
            {
                return Ok(Some(offset));
            }
            offset += ALIGNMENT;
        }
        Ok(None)
    }
}

impl RecordHeader {
    fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes[..4] != MARKER || crc32c::crc32c(&bytes[8..HEADER_BYTES]) != u32_at(bytes, 4)? {
            return None;
        }
        Some(Self {
            length: u64_at(bytes, 8)?,
            durable: u64_at(bytes, 16)?,
            payload_crc: u32_at(bytes, 24)?,
        })
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes[at..].first_chunk().map(|b| u32::from_le_bytes(*b))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes[at..].first_chunk().map(|b| u64::from_le_bytes(*b))
}

fn to_usize(value: u64) -> std::io::Result<usize> {
    usize::try_from(value).map_err(std::io::Error::other)
}
