//! The directory: what columns a block holds, where each is and what is known of its values, so that a query skips what it can
//! without reading it. It lies at the end of the block, behind the columns, and a fixed trailer says where it begins.

use super::bytes::{ByteReader, Fault, align, number, put_array, put_u32, put_u64};
use super::layout::{LAYOUT_ID_REFERENCES, LAYOUT_ID_SLOTS};
use crate::column::Lanes;
use std::ops::Range;
use waggle_model::{ColumnType, DatasetId};

/// The version this program writes; it reads this one and all before it.
pub(super) const VERSION: u8 = 3;

/// First 7 of the 8 bytes that begin and end a block; the version follows.
const MAGIC: [u8; 7] = *b"WAGGLE\x1a";

/// Bytes before the first column.
pub(super) const HEADER_BYTES: usize = 8;

/// Bytes at the very end of a block.
pub(super) const TRAILER_BYTES: usize = 24;

const HEAD_BYTES: usize = 40;
const ENTRY_BYTES: usize = 80;
const ENTRY_BYTES_VERSION_1: usize = 56;
const ALL_RATES_ONE: u32 = 1;
const HAS_BOUNDS: u8 = 1;
const HAS_NAN: u8 = 2;

/// Everything a block says of itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Directory {
    /// The version the block was written in.
    pub(super) version: u8,
    pub(super) dataset: DatasetId,
    pub(super) row_count: u32,
    /// Smallest and largest time, both included.
    pub(super) time_bounds_ns: (i64, i64),
    /// True when every sample rate is 1; there is then no column of them.
    pub(super) all_rates_one: bool,
    /// Ordered by role, name, type; no two alike.
    pub(super) entries: Vec<ColumnEntry>,
}

/// One column of one type in a block.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnEntry {
    /// The column's name; empty for times and sample rates.
    pub name: Box<str>,
    /// The type of these values.
    pub column_type: ColumnType,
    /// Rows with a value of this type.
    pub value_count: u32,
    /// What is known of the values; `None` when nothing is.
    pub bounds: Option<ColumnBounds>,
    /// Bytes on disk.
    pub stored_bytes: u64,
    pub(super) role: Role,
    pub(super) presence: u8,
    pub(super) layout: u8,
    /// Belongs to the layout: the power of ten of decimals.
    pub(super) parameter: u8,
    /// Belongs to the layout: the place in the directory of the column that references lead to.
    pub(super) reference: u32,
    /// That column, once [`Directory::resolve`] has looked it up.
    pub(super) target: Option<Box<ColumnEntry>>,
    /// From the beginning of the block.
    pub(super) offset: u64,
    /// The parts, one directly after another. A column of version 1 is all [`Part::Values`].
    pub(super) parts: [Extent; PARTS],
}

/// Parts of a column, in their order; each can be read and checked on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Which rows have a value.
    Presence = 0,
    /// What is stored per slot.
    Values = 1,
    /// Where in the dictionary an id is; checksums of the chunks of values.
    Index = 2,
    /// What the values refer to.
    Dictionary = 3,
}

pub(super) const PARTS: usize = 4;

/// Bytes of a part, a multiple of 8, and their CRC32C.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) bytes: u64,
    pub(super) checksum: u32,
}

/// What the directory knows of a column's values without reading them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ColumnBounds {
    /// Smallest and largest integer.
    Ints(i64, i64),
    /// Smallest and largest float; a NaN counts as neither.
    Floats {
        /// The smallest.
        low: f64,
        /// The largest.
        high: f64,
        /// True when a NaN occurs as well.
        has_nan: bool,
    },
    /// Smallest and largest boolean: false < true.
    Bools(bool, bool),
    /// Number of distinct texts; with ids that are nearly unique, the number of values.
    Strings {
        /// Dictionary entries.
        entry_count: u64,
    },
}

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Time,
    SampleRate,
    Event,
}

impl Directory {
    /// The lanes of the block's packed arrays.
    pub(super) fn lanes(&self) -> Lanes {
        match self.version {
            1 => Lanes::Whole,
            _ => Lanes::Narrow,
        }
    }

    /// The places in `entries` of a column's types.
    pub(super) fn find(&self, role: Role, name: &str) -> Range<usize> {
        let start = self
            .entries
            .partition_point(|entry| (entry.role, &*entry.name) < (role, name));
        let length = self.entries[start..]
            .partition_point(|entry| (entry.role, &*entry.name) == (role, name));
        start..start + length
    }

    /// Appends directory and trailer to a block's header and columns.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        align(out);
        let start = out.len();
        let names: usize = self.entries.iter().map(|entry| entry.name.len()).sum();
        put_array(out, &[self.dataset.0]);
        put_array(out, &[self.time_bounds_ns.0, self.time_bounds_ns.1]);
        put_u32(out, self.row_count);
        put_u32(out, number(self.entries.len()));
        put_u32(out, if self.all_rates_one { ALL_RATES_ONE } else { 0 });
        put_u32(out, number(names));
        for entry in &self.entries {
            entry.write(out);
        }
        for entry in &self.entries {
            out.extend_from_slice(entry.name.as_bytes());
        }
        // Blocks are then multiples of 8 bytes, and arrays stay aligned in a file of several.
        align(out);
        let checksum = crc32c::crc32c(&out[start..]);
        let length = number(out.len() - start);
        put_u64(out, start as u64);
        put_u32(out, length);
        put_u32(out, checksum);
        out.extend_from_slice(&signature(VERSION));
    }

    /// Reads a directory whose checksum is right. `end` is where it begins, which is where columns must have ended.
    pub(super) fn read(bytes: &[u8], end: u64, version: u8) -> Result<Self, Fault> {
        let entry_bytes = match version {
            1 => ENTRY_BYTES_VERSION_1,
            _ => ENTRY_BYTES,
        };
        let mut reader = ByteReader::new(bytes, Lanes::Narrow);
        let dataset = DatasetId(reader.i64()?);
        let time_bounds_ns = (reader.i64()?, reader.i64()?);
        let row_count = reader.u32()?;
        let entry_count = reader.u32()? as usize;
        let flags = reader.u32()?;
        let names_bytes = reader.u32()? as usize;
        let parts_bytes = entry_count
            .checked_mul(entry_bytes)
            .and_then(|length| length.checked_add(HEAD_BYTES + names_bytes))
            .and_then(|length| length.checked_next_multiple_of(8));
        if parts_bytes != Some(bytes.len()) {
            return Err("the directory's parts do not add up to its length".into());
        }
        let mut entries = Vec::with_capacity(entry_count);
        let mut name_bytes = Vec::with_capacity(entry_count);
        for _ in 0..entry_count {
            let (entry, length) = ColumnEntry::read(&mut reader, version, row_count, end)?;
            entries.push(entry);
            name_bytes.push(length as usize);
        }
        for (entry, length) in entries.iter_mut().zip(name_bytes) {
            entry.name = std::str::from_utf8(reader.slice(length)?)
                .map_err(|_| "a column's name is not UTF-8")?
                .into();
        }
        reader.align()?;
        reader.finish()?;
        let key = |entry: &ColumnEntry| (entry.role, entry.name.clone(), entry.column_type);
        if entries
            .windows(2)
            .any(|pair| key(&pair[0]) >= key(&pair[1]))
        {
            return Err("the directory is not in order".into());
        }
        let mut directory = Self {
            version,
            dataset,
            row_count,
            time_bounds_ns,
            all_rates_one: flags & ALL_RATES_ONE != 0,
            entries,
        };
        directory.check()?;
        directory.resolve()?;
        Ok(directory)
    }

    /// Finds the columns that references lead to.
    pub(super) fn resolve(&mut self) -> Result<(), Fault> {
        for index in 0..self.entries.len() {
            if self.entries[index].layout == LAYOUT_ID_REFERENCES {
                let target = self.entries.get(self.entries[index].reference as usize);
                let target = target.filter(|target| target.layout == LAYOUT_ID_SLOTS);
                let target = target.ok_or("a column refers to no column of ids")?.clone();
                self.entries[index].target = Some(Box::new(target));
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Fault> {
        if self.row_count == 0 || self.time_bounds_ns.0 > self.time_bounds_ns.1 {
            return Err("the directory tells of no rows".into());
        }
        let columns = |role| {
            let range = self.find(role, "");
            self.entries[range].iter().map(|entry| entry.column_type)
        };
        if !columns(Role::Time).eq([ColumnType::Integer]) {
            return Err("there is no column of times".into());
        }
        let rates = usize::from(!self.all_rates_one);
        if !columns(Role::SampleRate).eq([ColumnType::Integer].into_iter().take(rates)) {
            return Err("there is no column of sample rates, or one too many".into());
        }
        let special = self.find(Role::Time, "").len() + rates;
        if self.entries[special..]
            .iter()
            .any(|entry| entry.role != Role::Event)
        {
            return Err("times and sample rates have no name".into());
        }
        Ok(())
    }
}

impl ColumnEntry {
    /// Where a part begins, from the beginning of the block, and what it must add up to.
    pub(super) fn part(&self, part: Part) -> (u64, Extent) {
        let before = &self.parts[..part as usize];
        let before: u64 = before.iter().map(|part| part.bytes).sum();
        (self.offset + before, self.parts[part as usize])
    }

    fn write(&self, out: &mut Vec<u8>) {
        let (flags, low, high) = match self.bounds {
            None => (0, 0, 0),
            Some(ColumnBounds::Ints(low, high)) => {
                (HAS_BOUNDS, low.cast_unsigned(), high.cast_unsigned())
            }
            Some(ColumnBounds::Floats { low, high, has_nan }) => {
                let nan = if has_nan { HAS_NAN } else { 0 };
                (HAS_BOUNDS | nan, low.to_bits(), high.to_bits())
            }
            Some(ColumnBounds::Bools(low, high)) => (HAS_BOUNDS, low.into(), high.into()),
            Some(ColumnBounds::Strings { entry_count }) => (HAS_BOUNDS, entry_count, 0),
        };
        put_u64(out, self.offset);
        for part in &self.parts {
            put_u32(out, number((part.bytes / 8) as usize));
            put_u32(out, part.checksum);
        }
        put_u64(out, low);
        put_u64(out, high);
        put_u32(out, self.value_count);
        put_u32(out, number(self.name.len()));
        put_u32(out, self.reference);
        out.extend_from_slice(&[
            self.role.code(),
            type_code(self.column_type),
            self.presence,
            self.layout,
            self.parameter,
            flags,
        ]);
        align(out);
    }

    /// Returns the entry, its name still empty, and the length of the name.
    fn read(
        reader: &mut ByteReader<'_>,
        version: u8,
        row_count: u32,
        end: u64,
    ) -> Result<(Self, u32), Fault> {
        let offset = reader.u64()?;
        let mut parts = [Extent::default(); PARTS];
        let (low, high, value_count, name_bytes);
        let mut reference = 0;
        if version == 1 {
            let whole = &mut parts[Part::Values as usize];
            whole.bytes = reader.u64()?;
            (low, high) = (reader.u64()?, reader.u64()?);
            value_count = reader.u32()?;
            whole.checksum = reader.u32()?;
            name_bytes = reader.u32()?;
        } else {
            for part in &mut parts {
                part.bytes = u64::from(reader.u32()?) * 8;
                part.checksum = reader.u32()?;
            }
            (low, high) = (reader.u64()?, reader.u64()?);
            value_count = reader.u32()?;
            name_bytes = reader.u32()?;
            reference = reader.u32()?;
        }
        let stored_bytes: u64 = parts
            .iter()
            .map(|part| part.bytes)
            .fold(0, u64::saturating_add);
        let [role, column_type, presence, layout, parameter, flags] = reader.fixed()?;
        reader.align()?;
        let role = Role::from_code(role).ok_or_else(|| unknown("role", role))?;
        let column_type =
            type_from_code(column_type).ok_or_else(|| unknown("column type", column_type))?;
        let column_end = offset.checked_add(stored_bytes);
        if offset < HEADER_BYTES as u64
            || offset % 8 != 0
            || column_end.is_none_or(|column_end| column_end > end)
        {
            return Err("a column lies outside the block".into());
        }
        if value_count == 0 || value_count > row_count {
            return Err("a column has no values, or more than there are rows".into());
        }
        let has_bounds = flags & HAS_BOUNDS != 0;
        let bounds = has_bounds.then_some(match column_type {
            ColumnType::Integer => ColumnBounds::Ints(low.cast_signed(), high.cast_signed()),
            ColumnType::Float => ColumnBounds::Floats {
                low: f64::from_bits(low),
                high: f64::from_bits(high),
                has_nan: flags & HAS_NAN != 0,
            },
            ColumnType::Boolean => ColumnBounds::Bools(low != 0, high != 0),
            ColumnType::String => ColumnBounds::Strings { entry_count: low },
        });
        let entry = Self {
            name: Box::default(),
            column_type,
            value_count,
            bounds,
            stored_bytes,
            role,
            presence,
            layout,
            parameter,
            reference,
            target: None,
            offset,
            parts,
        };
        Ok((entry, name_bytes))
    }
}

impl Role {
    fn code(self) -> u8 {
        match self {
            Self::Time => 1,
            Self::SampleRate => 2,
            Self::Event => 3,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Time),
            2 => Some(Self::SampleRate),
            3 => Some(Self::Event),
            _ => None,
        }
    }
}

/// Where a block's directory is and what it must add up to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trailer {
    pub(super) directory_offset: u64,
    pub(super) directory_bytes: u32,
    pub(super) directory_checksum: u32,
    pub(super) version: u8,
}

impl Trailer {
    /// Reads the end of a block of `block_bytes`.
    pub(super) fn read(bytes: &[u8; TRAILER_BYTES], block_bytes: u64) -> Result<Self, Fault> {
        let mut reader = ByteReader::new(bytes, Lanes::Narrow);
        let directory_offset = reader.u64()?;
        let directory_bytes = reader.u32()?;
        let directory_checksum = reader.u32()?;
        let [magic @ .., version] = reader.fixed::<8>()?;
        if magic != MAGIC {
            return Err("it does not end like a block".into());
        }
        if version == 0 || version > VERSION {
            return Err(Fault::Unsupported(format!(
                "it has format version {version}, this program reads versions 1 to {VERSION}"
            )));
        }
        let end = directory_offset.checked_add(u64::from(directory_bytes) + TRAILER_BYTES as u64);
        if end != Some(block_bytes) || directory_offset < HEADER_BYTES as u64 {
            return Err("the directory does not lie at the end of the block".into());
        }
        Ok(Self {
            directory_offset,
            directory_bytes,
            directory_checksum,
            version,
        })
    }
}

/// The 8 bytes that begin and end a block of a version.
pub(super) fn signature(version: u8) -> [u8; 8] {
    let [a, b, c, d, e, f, g] = MAGIC;
    [a, b, c, d, e, f, g, version]
}

/// The error for a code that no version up to this program's defines.
pub(super) fn unknown(what: &str, code: u8) -> Fault {
    Fault::Unsupported(format!(
        "it uses {what} {code}, which this program, made for format versions 1 to {VERSION}, does not know"
    ))
}

fn type_code(column_type: ColumnType) -> u8 {
    match column_type {
        ColumnType::String => 1,
        ColumnType::Integer => 2,
        ColumnType::Float => 3,
        ColumnType::Boolean => 4,
    }
}

fn type_from_code(code: u8) -> Option<ColumnType> {
    match code {
        1 => Some(ColumnType::String),
        2 => Some(ColumnType::Integer),
        3 => Some(ColumnType::Float),
        4 => Some(ColumnType::Boolean),
        _ => None,
    }
}
