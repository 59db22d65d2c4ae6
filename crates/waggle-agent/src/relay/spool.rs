//! The buffer: records in files, oldest first, and a note of how far they were sent.
//!
//! A record is its kind (one byte), the length and the CRC32C of kind and content (four bytes each, little endian), and the content. A file
//! that was cut off in the middle of a record, as a crash leaves it, loses that record alone. What was sent is not removed one by one:
//! the note moves on, and a file goes when it lies behind the note. A relay that dies between the server's answer and the note sends
//! again, which the server takes as the same documents.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Bytes in front of each record's content.
const HEAD_BYTES: usize = 9;
/// Most bytes of a record's content: more than a datagram holds.
const CONTENT_BYTES_MAX: usize = 65_536;
/// Files are about a sixteenth of the buffer, and no longer than this.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// Ending of the files' names.
const EXTENSION: &str = "spool";

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A document of X-Ray.
    Document = 1,
    /// Spans of OTLP in protobuf.
    Traces = 2,
    /// Metrics of OTLP in protobuf.
    Metrics = 3,
}

impl Kind {
    /// Bytes that a record has in a call: documents are strings of JSON there, in which a control character becomes six.
    fn sent_bytes(self, content: &[u8]) -> usize {
        if self != Self::Document {
            return content.len();
        }
        let in_json = |byte: u8| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
            0..0x20 => 6,
            _ => 1,
        };
        // Quotes and comma.
        let around = 3;
        let text = String::from_utf8_lossy(content);
        around + text.bytes().map(in_json).sum::<usize>()
    }
}

/// A place in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    file: u64,
    offset: u64,
}

/// Records of one kind, to be sent together.
#[derive(Debug, PartialEq)]
pub(super) struct Batch {
    pub(super) kind: Kind,
    pub(super) records: Vec<Vec<u8>>,
    /// How many of them stand in which file.
    counts: Vec<(u64, u64)>,
    /// Where the next begins.
    end: Place,
}

/// The buffer.
#[derive(Debug)]
pub(super) struct Spool {
    dir: PathBuf,
    bytes_max: u64,
    files: VecDeque<SpoolFile>,
    /// The last of `files`, open for writing.
    writer: File,
    sent: Place,
    /// Held while the folder is in use.
    _lock: File,
}

#[derive(Debug)]
struct SpoolFile {
    number: u64,
    bytes: u64,
    /// Records that were not sent.
    record_count: u64,
}

impl Spool {
    /// Opens the folder, making it when it is missing. Another relay that has it open is an error.
    pub(super) fn open(dir: &Path, bytes_max: u64) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let lock = File::create(dir.join("lock"))?;
        lock.try_lock()
            .map_err(|_| io::Error::new(io::ErrorKind::ResourceBusy, "another relay uses it"))?;
        let sent = read_note(dir)?;
        let mut numbers: Vec<u64> = fs::read_dir(dir)?
            .filter_map(|entry| number_of(&entry.ok()?.path()))
            .collect();
        numbers.sort_unstable();
        let mut files = VecDeque::new();
        for number in numbers {
            if number < sent.file {
                fs::remove_file(path(dir, number))?;
                continue;
            }
            let from = if number == sent.file { sent.offset } else { 0 };
            files.push_back(scan(dir, number, from)?);
        }
        let next = files.back().map_or(sent.file, |last| last.number + 1);
        let writer = create(dir, next)?;
        files.push_back(SpoolFile {
            number: next,
            bytes: 0,
            record_count: 0,
        });
        Ok(Self {
            dir: dir.to_owned(),
            bytes_max,
            files,
            writer,
            sent,
            _lock: lock,
        })
    }

    /// Records that were not sent.
    pub(super) fn record_count(&self) -> u64 {
        self.files.iter().map(|file| file.record_count).sum()
    }

    /// Adds a record and returns how many of the oldest had to go for it.
    pub(super) fn push(&mut self, kind: Kind, content: &[u8]) -> io::Result<u64> {
        let mut record = Vec::with_capacity(HEAD_BYTES + content.len());
        let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
        record.push(kind as u8);
        record.extend(length.to_le_bytes());
        record.extend(checksum(kind as u8, content).to_le_bytes());
        record.extend(content);
        let file_bytes_max = FILE_BYTES_MAX.min(self.bytes_max / 16);
        if self
            .files
            .back()
            .is_some_and(|file| file.bytes >= file_bytes_max)
        {
            self.roll()?;
        }
        if let Err(error) = self.writer.write_all(&record) {
            self.cut_back()?;
            return Err(error);
        }
        if let Some(file) = self.files.back_mut() {
            file.bytes += record.len() as u64;
            file.record_count += 1;
        }
        self.make_room()
    }

    /// Takes what a failed write has left off the last file, since nothing behind it would be found.
    fn cut_back(&mut self) -> io::Result<()> {
        if let Some(file) = self.files.back() {
            let path = path(&self.dir, file.number);
            self.writer = OpenOptions::new().append(true).open(path)?;
            self.writer.set_len(file.bytes)?;
        }
        Ok(())
    }

    /// The oldest records that were not sent: of one kind, so many at most, and not much more than so many bytes as they are sent.
    pub(super) fn peek(
        &mut self,
        records_max: usize,
        bytes_max: usize,
    ) -> io::Result<Option<Batch>> {
        let mut batch: Option<Batch> = None;
        let mut bytes = 0;
        for file in &self.files {
            let mut offset = match file.number == self.sent.file {
                true => self.sent.offset,
                false => 0,
            };
            if offset >= file.bytes {
                continue;
            }
            let mut reader = io::BufReader::new(File::open(path(&self.dir, file.number))?);
            reader.seek(SeekFrom::Start(offset))?;
            while offset < file.bytes {
                let Some((kind, content)) = read_record(&mut reader)? else {
                    tracing::error!(file = file.number, offset, "the rest of a file is damaged");
                    break;
                };
                let place = Place {
                    file: file.number,
                    offset,
                };
                let batch = batch.get_or_insert_with(|| Batch {
                    kind,
                    records: Vec::new(),
                    counts: Vec::new(),
                    end: place,
                });
                let is_full = batch.records.len() >= records_max || bytes >= bytes_max;
                if kind != batch.kind || is_full {
                    return Ok(self.found(batch));
                }
                offset += (HEAD_BYTES + content.len()) as u64;
                bytes += kind.sent_bytes(&content);
                batch.records.push(content);
                match batch.counts.last_mut() {
                    Some((number, count)) if *number == file.number => *count += 1,
                    _ => batch.counts.push((file.number, 1)),
                }
                batch.end = Place { offset, ..place };
            }
        }
        Ok(batch)
    }

    fn found(&self, batch: &mut Batch) -> Option<Batch> {
        Some(Batch {
            kind: batch.kind,
            records: std::mem::take(&mut batch.records),
            counts: std::mem::take(&mut batch.counts),
            end: batch.end,
        })
    }

    /// Notes that a batch was sent, and removes files that lie behind it.
    pub(super) fn advance(&mut self, batch: &Batch) -> io::Result<()> {
        // What was dropped for want of room meanwhile is behind already.
        if batch.end <= self.sent {
            return Ok(());
        }
        for (number, count) in &batch.counts {
            let file = self.files.iter_mut().find(|file| file.number == *number);
            if let Some(file) = file {
                file.record_count = file.record_count.saturating_sub(*count);
            }
        }
        self.sent = batch.end;
        // Files first: on a full disk there is room for the note when they have gone.
        let removed = self.remove_sent();
        self.write_note()?;
        removed
    }

    /// Writes everything to the disk itself.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.writer.sync_data()
    }

    fn roll(&mut self) -> io::Result<()> {
        let next = self.files.back().map_or(0, |file| file.number + 1);
        self.writer.sync_data()?;
        self.writer = create(&self.dir, next)?;
        self.files.push_back(SpoolFile {
            number: next,
            bytes: 0,
            record_count: 0,
        });
        Ok(())
    }

    fn make_room(&mut self) -> io::Result<u64> {
        let mut dropped_count = 0;
        while self.files.iter().map(|file| file.bytes).sum::<u64>() > self.bytes_max
            && self.files.len() > 1
        {
            if let Some(oldest) = self.files.pop_front() {
                dropped_count += oldest.record_count;
                fs::remove_file(path(&self.dir, oldest.number))?;
                let behind = Place {
                    file: oldest.number + 1,
                    offset: 0,
                };
                if self.sent < behind {
                    self.sent = behind;
                    self.write_note()?;
                }
            }
        }
        Ok(dropped_count)
    }

    fn remove_sent(&mut self) -> io::Result<()> {
        while self.files.len() > 1
            && let Some(oldest) = self.files.front()
            && (oldest.bytes == 0 || self.is_sent(oldest))
        {
            fs::remove_file(path(&self.dir, oldest.number))?;
            self.files.pop_front();
        }
        Ok(())
    }

    fn is_sent(&self, file: &SpoolFile) -> bool {
        let Place {
            file: number,
            offset,
        } = self.sent;
        file.number < number || (file.number == number && offset >= file.bytes)
    }

    /// Replaces the note as a whole: half a note would be none.
    fn write_note(&self) -> io::Result<()> {
        let new = self.dir.join("sent.new");
        fs::write(&new, format!("{} {}\n", self.sent.file, self.sent.offset))?;
        fs::rename(&new, self.dir.join("sent"))
    }
}

fn read_note(dir: &Path) -> io::Result<Place> {
    let text = match fs::read_to_string(dir.join("sent")) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let mut numbers = text.split_whitespace().map(|number| number.parse().ok());
    let mut next = || numbers.next().flatten().unwrap_or(0);
    Ok(Place {
        file: next(),
        offset: next(),
    })
}

/// Counts a file's records from an offset on, as far as they are whole.
fn scan(dir: &Path, number: u64, from: u64) -> io::Result<SpoolFile> {
    let mut reader = io::BufReader::new(File::open(path(dir, number))?);
    reader.seek(SeekFrom::Start(from))?;
    let mut file = SpoolFile {
        number,
        bytes: from,
        record_count: 0,
    };
    while let Some((_, content)) = read_record(&mut reader)? {
        file.bytes += (HEAD_BYTES + content.len()) as u64;
        file.record_count += 1;
    }
    Ok(file)
}

/// The next record; `None` at the end and at anything that is none.
fn read_record(reader: &mut impl io::Read) -> io::Result<Option<(Kind, Vec<u8>)>> {
    let mut head = [0; HEAD_BYTES];
    if !read_whole(reader, &mut head)? {
        return Ok(None);
    }
    let [kind, a, b, c, d, e, f, g, h] = head;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    let wanted = u32::from_le_bytes([e, f, g, h]);
    let found = match kind {
        1 => Kind::Document,
        2 => Kind::Traces,
        3 => Kind::Metrics,
        _ => return Ok(None),
    };
    if length > CONTENT_BYTES_MAX {
        return Ok(None);
    }
    let mut content = vec![0; length];
    let is_whole = read_whole(reader, &mut content)? && checksum(kind, &content) == wanted;
    Ok(is_whole.then_some((found, content)))
}

fn read_whole(reader: &mut impl io::Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn checksum(kind: u8, content: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&[kind]), content)
}

fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:016x}.{EXTENSION}"))
}

fn number_of(path: &Path) -> Option<u64> {
    let is_spool = path.extension().is_some_and(|ending| ending == EXTENSION);
    let stem = path.file_stem()?.to_str()?;
    is_spool
        .then(|| u64::from_str_radix(stem, 16).ok())
        .flatten()
}

fn create(dir: &Path, number: u64) -> io::Result<File> {
    OpenOptions::new()
        .create_new(true)
        .append(true)
        .open(path(dir, number))
}

#[cfg(test)]
mod tests;
