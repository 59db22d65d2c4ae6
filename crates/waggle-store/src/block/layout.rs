//! The layouts of a column's bytes, and how they become a column again. Nothing in the bytes is trusted: a checksum says that they
//! are what was written, not that what was written makes sense.

use super::bytes::{ByteReader, Fault, number};
use super::directory::{ColumnEntry, Part, unknown};
use super::ids::{read_references, read_sorted_ids};
use crate::column::{
    CHUNK_ROWS, CHUNK_WORDS, Codes, Dictionary, IdOrder, Lane, Lanes, Listed, Packed, Positions,
    Presence, Ranked, Texts, TypedColumn, Values, check_texts,
};
use std::sync::Arc;
use waggle_model::ColumnType;

/// Every row has a value.
pub(super) const PRESENCE_ALL: u8 = 1;
/// One bit per row.
pub(super) const PRESENCE_BITMAP: u8 = 2;
/// The rows that have a value, listed.
pub(super) const PRESENCE_POSITIONS: u8 = 3;

/// One bit per row, and slots for the rows with a value only.
pub(super) const PRESENCE_RANKED: u8 = 4;

/// Packed codes and a dictionary of texts.
pub(super) const LAYOUT_TEXT: u8 = 1;
/// Packed codes and a dictionary of ids. Not written any more.
pub(super) const LAYOUT_ID_ENTRIES: u8 = 2;
/// One id per slot.
pub(super) const LAYOUT_ID_SLOTS: u8 = 3;
/// Packed integers.
pub(super) const LAYOUT_INTEGERS: u8 = 4;
/// Packed integers to be divided by a power of ten.
pub(super) const LAYOUT_DECIMALS: u8 = 5;
/// One float per slot.
pub(super) const LAYOUT_FLOATS: u8 = 6;
/// One bit per slot.
pub(super) const LAYOUT_BOOLEANS: u8 = 7;
/// Packed codes and a dictionary of ids in ascending order, of which a part can be read.
pub(super) const LAYOUT_SORTED_IDS: u8 = 8;
/// Ids that are those of rows nearby, in another column.
pub(super) const LAYOUT_ID_REFERENCES: u8 = 9;
/// Packed places in a list of the distinct integers.
pub(super) const LAYOUT_LISTED_INTEGERS: u8 = 10;

/// Set in a dictionary's flags when its entries are in the order of their hashes.
pub(super) const DICTIONARY_HASH_ORDERED: u32 = 1;
/// Set in a dictionary's flags when its text is a zstd frame.
pub(super) const DICTIONARY_COMPRESSED: u32 = 2;

/// The largest power of ten that a float holds exactly.
pub(super) const EXPONENT_MAX: u8 = 22;

/// Makes a column from all of its bytes. `target` is the column that references lead to, for the layout that has them.
pub(super) fn decode_column(
    entry: &ColumnEntry,
    row_count: u32,
    lanes: Lanes,
    bytes: &[u8],
    target: Option<&TypedColumn>,
) -> Result<TypedColumn, Fault> {
    let mut reader = ByteReader::new(bytes, lanes);
    let presence = read_presence(entry, row_count, &mut reader)?;
    let values = read_values(entry, row_count, &presence, &mut reader, target)?;
    reader.finish()?;
    Ok(TypedColumn::new(row_count, presence, values))
}

/// Reads which rows have a value from the part of a column that says so.
pub(super) fn decode_presence(
    entry: &ColumnEntry,
    row_count: u32,
    lanes: Lanes,
    bytes: &[u8],
) -> Result<Presence, Fault> {
    let mut reader = ByteReader::new(bytes, lanes);
    let presence = read_presence(entry, row_count, &mut reader)?;
    reader.finish()?;
    Ok(presence)
}

/// Makes a column of its packed integers, of which some chunks may be missing, and of the part that they refer to.
pub(super) fn assemble(
    entry: &ColumnEntry,
    row_count: u32,
    presence: Presence,
    packed: SomePacked,
    dictionary: &[u8],
    chunks: &[usize],
) -> Result<TypedColumn, Fault> {
    let mut reader = ByteReader::new(dictionary, Lanes::Narrow);
    let values = match (packed, entry.layout, entry.column_type) {
        (SomePacked::Codes(codes), LAYOUT_TEXT, ColumnType::String) => {
            let dictionary = read_dictionary(&mut reader)?;
            check_codes(&codes, dictionary.len(), chunks.iter().copied())?;
            Values::Strings {
                codes: Codes::Packed(Arc::new(codes)),
                dictionary: Arc::new(dictionary),
            }
        }
        (SomePacked::Codes(places), LAYOUT_LISTED_INTEGERS, ColumnType::Integer) => {
            let list = read_list(&mut reader)?;
            check_codes(&places, list.len(), chunks.iter().copied())?;
            Values::ListedInts(Arc::new(Listed::new(places, list)?))
        }
        (SomePacked::Ints(integers), LAYOUT_INTEGERS, ColumnType::Integer) => {
            Values::PackedInts(Arc::new(integers))
        }
        (SomePacked::Ints(integers), LAYOUT_DECIMALS, ColumnType::Float) => Values::Decimals {
            integers: Arc::new(integers),
            exponent: exponent(entry)?,
        },
        _ => return Err("a column's layout does not fit its type".into()),
    };
    reader.finish()?;
    Ok(TypedColumn::new(row_count, presence, values))
}

/// Packed integers of either lane.
pub(super) enum SomePacked {
    Codes(Packed<u32>),
    Ints(Packed<i64>),
}

/// Reads packed integers and passes over their checksums, which are for whoever reads a part of them.
fn read_packed<T: Lane>(
    entry: &ColumnEntry,
    slots: usize,
    reader: &mut ByteReader<'_>,
) -> Result<Packed<T>, Fault> {
    let packed = reader.packed(slots)?;
    reader.slice(entry.part(Part::Index).1.bytes as usize)?;
    Ok(packed)
}

fn exponent(entry: &ColumnEntry) -> Result<u8, Fault> {
    match entry.parameter {
        exponent @ 0..=EXPONENT_MAX => Ok(exponent),
        _ => Err("a power of ten is too large".into()),
    }
}

fn read_values(
    entry: &ColumnEntry,
    row_count: u32,
    presence: &Presence,
    reader: &mut ByteReader<'_>,
    target: Option<&TypedColumn>,
) -> Result<Values, Fault> {
    let slots = match presence {
        Presence::Rows(_) | Presence::Positions(_) | Presence::Ranked(_) => entry.value_count,
        Presence::All | Presence::Bits(_) => row_count,
    } as usize;
    Ok(match (entry.layout, entry.column_type) {
        (LAYOUT_TEXT, ColumnType::String) => {
            let codes: Packed<u32> = read_packed(entry, slots, reader)?;
            let dictionary = read_dictionary(reader)?;
            check_codes(&codes, dictionary.len(), 0..codes.chunk_count())?;
            Values::Strings {
                codes: Codes::Packed(Arc::new(codes)),
                dictionary: Arc::new(dictionary),
            }
        }
        (LAYOUT_ID_ENTRIES, ColumnType::String) => {
            let codes: Packed<u32> = reader.packed(slots)?;
            let dictionary = read_ids(reader)?;
            check_codes(&codes, dictionary.len(), 0..codes.chunk_count())?;
            Values::Strings {
                codes: Codes::Packed(Arc::new(codes)),
                dictionary: Arc::new(dictionary),
            }
        }
        (LAYOUT_ID_SLOTS, ColumnType::String) => {
            let dictionary = read_ids(reader)?;
            if dictionary.len() != slots {
                return Err("ids and slots differ in number".into());
            }
            Values::Strings {
                codes: Codes::Identity,
                dictionary: Arc::new(dictionary),
            }
        }
        (LAYOUT_SORTED_IDS, ColumnType::String) => {
            let codes: Packed<u32> = reader.packed(slots)?;
            let dictionary = read_sorted_ids(reader)?;
            check_codes(&codes, dictionary.len(), 0..codes.chunk_count())?;
            Values::Strings {
                codes: Codes::Packed(Arc::new(codes)),
                dictionary: Arc::new(dictionary),
            }
        }
        (LAYOUT_ID_REFERENCES, ColumnType::String) => {
            let target = target.ok_or("the column that references lead to is missing")?;
            let dictionary =
                read_references(entry.parameter, slots, row_count, presence, target, reader)?;
            Values::Strings {
                codes: Codes::Identity,
                dictionary: Arc::new(dictionary),
            }
        }
        (LAYOUT_INTEGERS, ColumnType::Integer) => {
            Values::PackedInts(Arc::new(read_packed(entry, slots, reader)?))
        }
        (LAYOUT_LISTED_INTEGERS, ColumnType::Integer) => {
            let places: Packed<u32> = read_packed(entry, slots, reader)?;
            let list = read_list(reader)?;
            check_codes(&places, list.len(), 0..places.chunk_count())?;
            Values::ListedInts(Arc::new(Listed::new(places, list)?))
        }
        (LAYOUT_DECIMALS, ColumnType::Float) => Values::Decimals {
            exponent: exponent(entry)?,
            integers: Arc::new(read_packed(entry, slots, reader)?),
        },
        (LAYOUT_FLOATS, ColumnType::Float) => Values::Floats(reader.shared_array(slots)?),
        (LAYOUT_BOOLEANS, ColumnType::Boolean) => {
            Values::BoolBits(reader.shared_array(slots.div_ceil(64))?)
        }
        (LAYOUT_TEXT..=LAYOUT_LISTED_INTEGERS, _) => {
            return Err("a column's layout does not fit its type".into());
        }
        (layout, _) => return Err(unknown("layout", layout)),
    })
}

fn read_presence(
    entry: &ColumnEntry,
    row_count: u32,
    reader: &mut ByteReader<'_>,
) -> Result<Presence, Fault> {
    let value_count = entry.value_count as usize;
    match entry.presence {
        PRESENCE_ALL if entry.value_count == row_count => Ok(Presence::All),
        PRESENCE_ALL => Err("a column without gaps has fewer values than rows".into()),
        PRESENCE_BITMAP | PRESENCE_RANKED => {
            let words: Arc<[u64]> = reader.shared_array((row_count as usize).div_ceil(64))?;
            let set: usize = words.iter().map(|word| word.count_ones() as usize).sum();
            let past_end = match row_count % 64 {
                0 => 0,
                bits => words.last().map_or(0, |word| word >> bits),
            };
            if set != value_count || past_end != 0 {
                return Err("presence bits and values differ in number".into());
            }
            Ok(match entry.presence {
                PRESENCE_RANKED => Presence::Ranked(Arc::new(Ranked::new(words, row_count))),
                _ => Presence::Bits(words),
            })
        }
        PRESENCE_POSITIONS => {
            let positions = Positions::new(reader.packed(value_count)?, row_count)?;
            Ok(Presence::Positions(Arc::new(positions)))
        }
        presence => Err(unknown("presence", presence)),
    }
}

fn read_list(reader: &mut ByteReader<'_>) -> Result<Vec<i64>, Fault> {
    let count = reader.u32()? as usize;
    reader.align()?;
    reader.array(count)
}

fn read_dictionary(reader: &mut ByteReader<'_>) -> Result<Dictionary, Fault> {
    let entry_count = reader.u32()? as usize;
    let flags = reader.u32()?;
    let hashes: Vec<u64> = reader.array(entry_count)?;
    let lengths: Packed<u32> = reader.packed(entry_count)?;
    let text_bytes = reader.u64()?;
    let stored_bytes = usize::try_from(reader.u64()?).map_err(|_| "a text is too long")?;
    let stored = reader.slice(stored_bytes)?;
    reader.align()?;

    if flags & !(DICTIONARY_HASH_ORDERED | DICTIONARY_COMPRESSED) != 0 {
        return Err(unknown("dictionary flags", flags.to_le_bytes()[0]));
    }
    let ends = read_ends(&lengths, text_bytes)?;
    let text_bytes = usize::try_from(text_bytes).map_err(|_| "a text is too long")?;
    let texts = if flags & DICTIONARY_COMPRESSED == 0 {
        check_texts(stored, &ends, text_bytes)?;
        Texts::plain(stored.to_vec())
    } else {
        Texts::compressed(stored, text_bytes)
    };
    let is_hash_ordered = flags & DICTIONARY_HASH_ORDERED != 0;
    if is_hash_ordered && !hashes.is_sorted() {
        return Err("hashes do not ascend".into());
    }
    Ok(Dictionary::Text {
        hashes,
        ends,
        texts,
        is_hash_ordered,
    })
}

/// Adds lengths up to the end of each text; the last one must be the length of all.
fn read_ends(lengths: &Packed<u32>, text_bytes: u64) -> Result<Vec<u32>, Fault> {
    let mut ends = Vec::with_capacity(lengths.len());
    let mut end = 0_u32;
    lengths.try_for_each_chunk(|lengths| {
        for &length in lengths {
            end = end.checked_add(length).ok_or("texts are too long")?;
            ends.push(end);
        }
        Ok::<_, Fault>(())
    })?;
    if u64::from(end) != text_bytes {
        return Err("texts and their lengths do not add up".into());
    }
    Ok(ends)
}

fn read_ids(reader: &mut ByteReader<'_>) -> Result<Dictionary, Fault> {
    let count = reader.u32()? as usize;
    let width = reader.u32()? as usize;
    if width != 8 && width != 16 {
        return Err("ids have 8 or 16 bytes".into());
    }
    let length = count.checked_mul(width).ok_or("there are too many ids")?;
    let bytes = reader.array(length)?;
    Ok(Dictionary::Ids {
        width,
        bytes,
        order: IdOrder::default(),
    })
}

/// Operators index arrays by code, so one past the dictionary must not get out of here.
fn check_codes(
    codes: &Packed<u32>,
    entry_count: usize,
    chunks: impl Iterator<Item = usize>,
) -> Result<(), Fault> {
    let mut is_inside = [0; CHUNK_WORDS];
    for chunk in chunks {
        let Some((low, high)) = codes.bounds(chunk) else {
            continue;
        };
        if (high as usize) < entry_count {
            continue;
        }
        // As filters do it: in lanes as narrow as the codes, without unpacking them.
        let last = number(entry_count).checked_sub(1);
        if let Some(last) = last.filter(|last| low <= *last) {
            codes.between(chunk, (0, last), &mut is_inside);
            let inside: u32 = is_inside.iter().map(|word| word.count_ones()).sum();
            if inside as usize == (codes.len() - chunk * CHUNK_ROWS).min(CHUNK_ROWS) {
                continue;
            }
        }
        return Err("a code lies past its dictionary".into());
    }
    Ok(())
}
