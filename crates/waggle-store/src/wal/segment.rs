//! One file of the log: how records lie in it, and how they are read back.
//!
//! A segment is a header of 32 bytes and then records, each a header of 32 bytes, a payload and zeros up to a multiple of 8. A record
//! says how much of its segment was on stable storage when it was written. That tells a torn tail, which nobody was promised, from
//! damage to acknowledged bytes: if any later record knows that the broken place had been durable, it is damage.
//!
//! Reading goes on behind a broken place, at the next record that is whole: damage costs the records it hit and no other. The length
//! of a record with a whole header is believed, so that nothing inside of a broken payload is taken for a record.
//!
//! Segment header: magic 8 bytes, version u32, CRC32C of the number u32, number u64, 8 zeros. Record header: marker u32, CRC32C of the
//! following 24 bytes u32, payload length u64, durable length of the segment u64, CRC32C of the payload u32, 4 zeros. Little-endian.

use crate::checksum::is_whole;
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replayed {
    /// Records read.
    pub(crate) record_count: u64,
    /// Where the last whole record ends.
    pub(crate) whole_bytes: u64,
    /// Places before that end which can't be read.
    pub(crate) damages: Vec<Damage>,
    /// Bytes of the segment.
    pub(crate) length: u64,
}

/// Bytes of a segment that are not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// True when they had been on stable storage, and so perhaps acknowledged. Otherwise they may be a torn write.
    pub(crate) was_durable: bool,
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

/// True for a file that ends before its first record and is no segment: it never held anything.
pub(super) fn is_unborn(disk: &dyn Disk, path: &Path, number: u64) -> Result<bool> {
    let io = |source| Error::io(path, source);
    let file = disk.open(path).map_err(io)?;
    let length = file.length().map_err(io)?;
    if length > HEADER_BYTES as u64 {
        return Ok(false);
    }
    let mut bytes = vec![0; to_usize(length).map_err(io)?];
    file.read_at(0, &mut bytes).map_err(io)?;
    Ok(bytes != header(number))
}

/// Reads a segment from its start, one record in memory at a time, and hands each payload to `visit`.
///
/// What follows the last whole record is the caller's to judge: it compares [`Replayed::whole_bytes`] with the length.
///
/// # Errors
/// `WalDamaged` when a newer program wrote it, or `visit` says that a whole record makes no sense.
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
        damages: Vec::new(),
        length,
    };
    let start = HEADER_BYTES as u64;
    let mut offset = 0;
    if reader.read(0, start).map_err(io)? == Some(&header(number)[..]) {
        replayed.whole_bytes = start;
        offset = start;
    } else {
        check_version(&mut reader, path)?;
    }
    loop {
        let found = match offset {
            0 => None,
            _ => reader.record(offset).map_err(io)?,
        };
        if let Some(record) = found {
            for damage in &mut replayed.damages {
                damage.was_durable |= record.durable > damage.start;
            }
            visit(record.payload).map_err(|message| damaged(path, offset, message.to_owned()))?;
            replayed.record_count += 1;
            replayed.whole_bytes = record.end;
            offset = record.end;
            continue;
        }
        let Some(next) = reader.find_record(offset).map_err(io)? else {
            return Ok(replayed);
        };
        replayed.damages.push(Damage {
            start: offset,
            end: next,
            was_durable: false,
        });
        offset = next;
    }
}

pub(super) fn damaged(path: &Path, offset: u64, message: String) -> Error {
    Error::WalDamaged {
        file: path.to_owned(),
        offset,
        message,
    }
}

/// A version that is not ours is damage if a record of ours follows.
fn check_version(reader: &mut Reader<'_>, path: &Path) -> Result<()> {
    let io = |source| Error::io(path, source);
    let Some(start) = reader.read(0, 12).map_err(io)? else {
        return Ok(());
    };
    let version = u32_at(start, 8).unwrap_or_default();
    let is_other = start[..8] == *MAGIC && version != VERSION;
    if is_other && reader.record(HEADER_BYTES as u64).map_err(io)?.is_none() {
        let message = format!(
            "its version is {version}, but this program knows only {VERSION}: a newer Waggle wrote it"
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

    /// The record at `offset`; `None` when there is no whole one.
    fn record(&mut self, offset: u64) -> std::io::Result<Option<Record<'_>>> {
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
        if !is_whole(payload, header.payload_crc) {
            return Ok(None);
        }
        Ok(Some(Record {
            end: start + padded,
            durable: header.durable,
            payload,
        }))
    }

    /// Where the next whole record behind the broken one at `offset` starts.
    fn find_record(&mut self, offset: u64) -> std::io::Result<Option<u64>> {
        let mut offset = match self.behind(offset)? {
            Some(end) => end,
            None => (offset + 1).next_multiple_of(ALIGNMENT),
        };
        while let Some(bytes) = self.read(offset, HEADER_BYTES as u64)? {
            if bytes[..4] != MARKER {
                offset += ALIGNMENT;
            } else if self.record(offset)?.is_some() {
                return Ok(Some(offset));
            } else {
                offset = self.behind(offset)?.unwrap_or(offset + ALIGNMENT);
            }
        }
        Ok(None)
    }

    /// The end of a record whose header is whole and whose payload lies in the file.
    fn behind(&mut self, offset: u64) -> std::io::Result<Option<u64>> {
        let Some(header) = self.header(offset)? else {
            return Ok(None);
        };
        let end = header
            .length
            .checked_next_multiple_of(ALIGNMENT)
            .and_then(|padded| padded.checked_add(offset + HEADER_BYTES as u64));
        Ok(end.filter(|end| *end <= self.length))
    }
}

/// A whole record.
struct Record<'a> {
    end: u64,
    durable: u64,
    payload: &'a [u8],
}

impl RecordHeader {
    fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes[..4] != MARKER || !is_whole(&bytes[8..HEADER_BYTES], u32_at(bytes, 4)?) {
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
