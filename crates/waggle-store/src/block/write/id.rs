//! Columns of ids: text of 16 or 32 lower-case hexadecimal digits is stored as 8 or 16 bytes.

use super::gather::Gathered;
use super::reference::Target;
use super::text::{NONE, Sources};
use super::{ColumnBytes, Written, reference};
use crate::block::bytes::{align, number, put_array, put_packed, put_u32};
use crate::block::directory::{ColumnBounds, Part};
use crate::block::ids::GROUP_IDS;
use crate::block::layout::{LAYOUT_ID_SLOTS, LAYOUT_SORTED_IDS};
use crate::column::width_of;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// After this many values a column of ids that has hardly seen one twice is taken to be unique.
const UNIQUE_PROBE: usize = 65_536;

/// What the values of a column are as ids.
pub(super) enum Ids {
    /// Few per value: the distinct ones by first appearance, and codes.
    Few(Vec<u128>, Gathered<u32>),
    /// Nearly unique.
    Many(Gathered<u128>),
}

/// Writes ids as bytes; `None`, and nothing written, when not every value is an id of one width.
pub(super) fn encode_ids(
    sources: &Sources<'_>,
    codes: &Gathered<u32>,
    target: Option<&Target>,
    column: &mut ColumnBytes<'_>,
) -> Option<Written> {
    let (_, width) = sources.id(codes.first()?)?;
    if let Some(target) = target.filter(|target| target.width() == width)
        && let Some(written) = reference::encode_references(sources, codes, target, column)
    {
        return Some(written);
    }
    match find_ids(sources, codes, width)? {
        Ids::Few(ids, codes) => {
            let presence = codes.put_presence(column);
            put_packed(column.out, &codes.values, codes.present());
            column.end(Part::Values);
            put_sorted_ids(&ids, width, column);
            Some(Written {
                value_count: codes.value_count,
                presence,
                layout: LAYOUT_SORTED_IDS,
                parameter: 0,
                bounds: Some(ColumnBounds::Strings {
                    entry_count: ids.len() as u64,
                }),
            })
        }
        Ids::Many(ids) => {
            let ids = ids.without_gaps();
            let presence = ids.put_presence(column);
            put_u32(column.out, number(ids.values.len()));
            put_u32(column.out, number(width));
            column.out.reserve(ids.values.len() * width);
            put_ids(ids.values.iter().copied(), width, column.out);
            column.end(Part::Values);
            Some(Written {
                value_count: ids.value_count,
                presence,
                layout: LAYOUT_ID_SLOTS,
                parameter: 0,
                bounds: Some(ColumnBounds::Strings {
                    entry_count: ids.value_count as u64,
                }),
            })
        }
    }
}

/// Reads the values as ids; `None` when one is none, or of another width.
pub(super) fn find_ids(sources: &Sources<'_>, codes: &Gathered<u32>, width: usize) -> Option<Ids> {
    let hasher = foldhash::fast::FixedState::default();
    let mut table: HashTable<u32> = HashTable::new();
    let mut ids: Vec<u128> = Vec::new();
    let mut known = vec![NONE; sources.entry_count()];
    let mut numbered: Vec<u32> = Vec::with_capacity(codes.value_count);
    let mut are_ids = true;
    let finished = codes.visit_while(|code| {
        let place = &mut known[code as usize];
        if *place == NONE {
            let Some((id, id_width)) = sources.id(code) else {
                are_ids = false;
                return false;
            };
            if id_width != width {
                are_ids = false;
                return false;
            }
            let hash = hasher.hash_one(id);
            let found = table
                .find(hash, |&entry| ids[entry as usize] == id)
                .copied();
            *place = found.unwrap_or_else(|| {
                let entry = number(ids.len());
                ids.push(id);
                table.insert_unique(hash, entry, |&entry| hasher.hash_one(ids[entry as usize]));
                entry
            });
        }
        numbered.push(*place);
        numbered.len() != UNIQUE_PROBE || ids.len() < UNIQUE_PROBE / 16 * 15
    });
    if !are_ids {
        return None;
    }
    if finished && ids.len() * 2 <= codes.value_count {
        let mut numbered = numbered.into_iter();
        let codes = codes.map(|_| numbered.next().unwrap_or_default());
        return Some(Ids::Few(ids, codes));
    }
    let ids = codes.map(|code| match sources.id(code) {
        Some((id, id_width)) if id_width == width => id,
        _ => {
            are_ids = false;
            0
        }
    });
    are_ids.then_some(Ids::Many(ids))
}

pub(super) fn put_ids(ids: impl Iterator<Item = u128>, width: usize, out: &mut Vec<u8>) {
    for id in ids {
        out.extend_from_slice(&id.to_be_bytes()[16 - width..]);
    }
    align(out);
}

/// Writes distinct ids in ascending order with their codes, by the group, and where the groups are.
fn put_sorted_ids(ids: &[u128], width: usize, column: &mut ColumnBytes<'_>) {
    let mut sorted: Vec<(u128, u32)> = ids.iter().copied().zip(0..).collect();
    sorted.sort_unstable();
    let code_bytes = width_of(ids.len().saturating_sub(1) as u64)
        .div_ceil(8)
        .max(1);
    let mut groups = Vec::with_capacity(ids.len() * (width + code_bytes) + 8);
    let mut firsts = Vec::new();
    let mut checksums = Vec::new();
    for group in sorted.chunks(GROUP_IDS) {
        let start = groups.len();
        for (id, _) in group {
            groups.extend_from_slice(&id.to_be_bytes()[16 - width..]);
        }
        for (_, code) in group {
            groups.extend_from_slice(&code.to_le_bytes()[..code_bytes]);
        }
        let first = groups[start..].first_chunk().copied().unwrap_or_default();
        firsts.push(u64::from_be_bytes(first));
        checksums.push(crc32c::crc32c(&groups[start..]));
    }
    put_u32(column.out, number(ids.len()));
    let widths = [width, code_bytes, 0, 0];
    column
        .out
        .extend(widths.map(|width| width.to_le_bytes()[0]));
    put_array(column.out, &firsts);
    put_array(column.out, &checksums);
    column.end(Part::Index);
    column.out.append(&mut groups);
    column.end(Part::Dictionary);
}
