//! Reading ids that are not stored one after another: sorted ones, of which a group can be read alone to look one up, and references
//! to the ids of rows nearby. docs/format.md describes both.

use super::bytes::{ByteReader, Fault};
use crate::checksum::is_whole;
use crate::column::{Codes, Dictionary, IdOrder, Packed, Presence, TypedColumn, Values};
use std::ops::Range;

/// Ids of a group; the last group may have fewer.
pub(super) const GROUP_IDS: usize = 256;

/// Where in a dictionary of sorted ids each group is. It is small, and is kept while the block is open.
#[derive(Debug)]
pub(super) struct IdIndex {
    count: usize,
    width: usize,
    code_bytes: usize,
    /// The first 8 bytes of each group's first id, as a number whose highest byte is the first.
    firsts: Vec<u64>,
    checksums: Vec<u32>,
}

impl IdIndex {
    pub(super) fn read(reader: &mut ByteReader<'_>) -> Result<Self, Fault> {
        let count = reader.u32()? as usize;
        let [width, code_bytes, _, _] = reader.fixed()?.map(usize::from);
        if width != 8 && width != 16 {
            return Err("ids have 8 or 16 bytes".into());
        }
        if !(1..=4).contains(&code_bytes) {
            return Err("codes have 1 to 4 bytes".into());
        }
        let groups = count.div_ceil(GROUP_IDS);
        let firsts: Vec<u64> = reader.array(groups)?;
        if !firsts.is_sorted() {
            return Err("ids do not ascend".into());
        }
        Ok(Self {
            count,
            width,
            code_bytes,
            firsts,
            checksums: reader.array(groups)?,
        })
    }

    /// Bytes of an id.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Bytes of heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.firsts.len() * 12
    }

    /// The groups in which an id must be, if it is anywhere: most often one.
    pub(super) fn groups_of(&self, id: &[u8]) -> Range<usize> {
        let Some(prefix) = id.first_chunk().map(|first| u64::from_be_bytes(*first)) else {
            return 0..0;
        };
        let end = self.firsts.partition_point(|first| *first <= prefix);
        let start = self.firsts.partition_point(|first| *first < prefix);
        start.saturating_sub(1)..end
    }

    /// Where a group is in the dictionary.
    pub(super) fn range(&self, group: usize) -> Range<usize> {
        let entry = self.width + self.code_bytes;
        let ids = group * GROUP_IDS..((group + 1) * GROUP_IDS).min(self.count);
        ids.start * entry..ids.end * entry
    }

    /// True when an id is in a group that was read.
    pub(super) fn find(&self, group: usize, bytes: &[u8], id: &[u8]) -> Result<bool, Fault> {
        if !self
            .checksums
            .get(group)
            .is_some_and(|checksum| is_whole(bytes, *checksum))
        {
            return Err("the checksum of a group of ids is wrong".into());
        }
        let (ids, _) = self.split(bytes);
        let (mut low, mut high) = (0, ids.len() / self.width);
        while low < high {
            let middle = low + (high - low) / 2;
            if &ids[middle * self.width..(middle + 1) * self.width] < id {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(ids.get(low * self.width..(low + 1) * self.width) == Some(id))
    }

    /// Ids and codes of a group.
    fn split<'a>(&self, bytes: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let count = bytes.len() / (self.width + self.code_bytes);
        bytes.split_at(count * self.width)
    }

    fn code(&self, codes: &[u8], place: usize) -> u32 {
        let code = &codes[place * self.code_bytes..(place + 1) * self.code_bytes];
        let bytes = code.iter().rev();
        bytes.fold(0, |code, byte| code << 8 | u32::from(*byte))
    }
}

/// Reads index and dictionary of sorted ids into the order of codes.
pub(super) fn read_sorted_ids(reader: &mut ByteReader<'_>) -> Result<Dictionary, Fault> {
    let index = IdIndex::read(reader)?;
    let IdIndex { count, width, .. } = index;
    let length = count.checked_mul(width).ok_or("there are too many ids")?;
    let end = count.checked_mul(width + index.code_bytes);
    let groups = reader.slice(end.ok_or("there are too many ids")?)?;
    reader.align()?;
    let mut bytes = vec![0; length];
    let mut order = Vec::with_capacity(count);
    let mut previous: &[u8] = &[];
    for group in 0..index.firsts.len() {
        let (ids, codes) = index.split(&groups[index.range(group)]);
        for (place, id) in ids.chunks_exact(width).enumerate() {
            let code = index.code(codes, place);
            let entry = bytes.chunks_exact_mut(width).nth(code as usize);
            let entry = entry.ok_or("a code lies past its dictionary")?;
            if previous >= id {
                return Err("ids do not ascend".into());
            }
            entry.copy_from_slice(id);
            order.push(code);
            previous = id;
        }
    }
    Ok(Dictionary::Ids {
        width,
        bytes,
        order: IdOrder::known(order),
    })
}

/// Reads ids that are those of other rows in another column, and the few that are not.
pub(super) fn read_references(
    parameter: u8,
    slots: usize,
    row_count: u32,
    presence: &Presence,
    target: &TypedColumn,
    reader: &mut ByteReader<'_>,
) -> Result<Dictionary, Fault> {
    let distances: Packed<u32> = reader.packed(slots)?;
    let exception_count = reader.u32()? as usize;
    let width = reader.u32()? as usize;
    let exception_slots: Packed<u32> = reader.packed(exception_count)?;
    let length = exception_count.checked_mul(width);
    let exceptions: Vec<u8> = reader.array(length.ok_or("there are too many ids")?)?;
    let Values::Strings {
        codes: Codes::Identity,
        dictionary,
    } = target.values()
    else {
        return Err("references lead to a column without ids".into());
    };
    let ids = match &**dictionary {
        Dictionary::Ids {
            width: id_width,
            bytes,
            order: _,
        } if *id_width == width => bytes,
        _ => return Err("references lead to ids of another width".into()),
    };
    let row_of = match parameter {
        0 => |row: u32, distance: u32| row.checked_sub(distance),
        1 => |row: u32, distance: u32| match distance % 2 {
            0 => row.checked_sub(distance / 2),
            _ => row.checked_add(distance / 2 + 1),
        },
        _ => return Err("references of an unknown kind".into()),
    };

    let length = slots.checked_mul(width).ok_or("there are too many ids")?;
    let mut bytes = vec![0; length];
    let mut put = |slot: usize, row: u32, distance: u32| {
        // Nothing stands at no distance: an exception, or a slot without a value.
        if distance != 0 {
            let row = row_of(row, distance).filter(|row| *row < row_count);
            let row = row.ok_or("a reference leads out of the block")?;
            let place = target.slot(row).ok_or("a reference leads to no id")? * width;
            bytes[slot * width..(slot + 1) * width].copy_from_slice(&ids[place..place + width]);
        }
        Ok::<_, Fault>(())
    };
    let mut slot = 0;
    match presence {
        Presence::All | Presence::Bits(_) => distances.try_for_each_chunk(|distances| {
            for &distance in distances {
                put(slot, slot as u32, distance)?;
                slot += 1;
            }
            Ok::<_, Fault>(())
        })?,
        Presence::Rows(_) | Presence::Positions(_) | Presence::Ranked(_) => {
            let mut rows = presence.rows(row_count).into_iter();
            distances.try_for_each_chunk(|distances| {
                for &distance in distances {
                    let row = rows.next().ok_or("a reference has no row")?;
                    put(slot, row, distance)?;
                    slot += 1;
                }
                Ok::<_, Fault>(())
            })?;
        }
    }
    let mut exceptions = exceptions.chunks_exact(width);
    exception_slots.try_for_each_chunk(|places| {
        for (&place, id) in places.iter().zip(&mut exceptions) {
            let place = place as usize;
            let entry = bytes.chunks_exact_mut(width).nth(place);
            entry
                .ok_or("an exception lies past the last slot")?
                .copy_from_slice(id);
        }
        Ok::<_, Fault>(())
    })?;
    Ok(Dictionary::Ids {
        width,
        bytes,
        order: IdOrder::default(),
    })
}
