//! Columns of ids that occur in another column of the block, in a row nearby: the distance between the rows takes a fifth of the id.

use super::gather::{Gathered, Piece};
use super::id::{self, Ids};
use super::text::Sources;
use super::{ColumnBytes, Written};
use crate::block::bytes::{number, put_packed, put_u32};
use crate::block::directory::{ColumnBounds, Part};
use crate::block::layout::LAYOUT_ID_REFERENCES;
use crate::column::{CHUNK_ROWS, width_of};

/// Nearly unique ids, found by their value.
pub(super) struct Target {
    width: usize,
    ids: Gathered<u128>,
    /// Open addressing: slot in `ids` plus 1 at the hash of an id or after it, 0 where there is none.
    table: Vec<u32>,
    /// Row by slot, when it is not the same.
    rows: Option<Vec<u32>>,
}

/// An exception costs its id, its slot and a bit of luck.
const EXCEPTION_BITS_MORE: usize = 24;

/// Places of the table in which an id can be.
const PLACES: usize = 32;

/// So many values are tried before all are.
const PROBE: usize = 4096;

impl Target {
    /// Takes the ids of a column; `None` when they are not stored one per slot.
    pub(super) fn new(pieces: &[Piece<'_>], row_count: u32) -> Option<Self> {
        let sources = Sources::new(pieces);
        let codes = sources.gather(pieces, row_count);
        let (_, width) = sources.id(codes.first()?)?;
        let Ids::Many(ids) = id::find_ids(&sources, &codes, width)? else {
            return None;
        };
        let ids = ids.without_gaps();
        let mut table = vec![0; (ids.value_count * 2).next_power_of_two()];
        let mut rows = Vec::with_capacity(ids.value_count);
        ids.visit_slots(|slot, row, id| {
            rows.push(row);
            let mut places = places(id, table.len());
            if let Some(place) = places.find(|place| table[*place] == 0) {
                table[place] = number(slot + 1);
            }
        });
        let rows = (ids.value_count == ids.values.len() && ids.value_count < row_count as usize)
            .then_some(rows);
        Some(Self {
            width,
            ids,
            table,
            rows,
        })
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The row of an id, the first one of equals.
    fn find(&self, id: u128) -> Option<u32> {
        let mut slots =
            places(id, self.table.len()).map_while(|place| self.table[place].checked_sub(1));
        let slot = slots.find(|slot| self.ids.values[*slot as usize] == id)?;
        Some(match &self.rows {
            Some(rows) => rows[slot as usize],
            None => slot,
        })
    }
}

/// Where an id can be in a table. They are few: whoever makes up ids that all begin at one place loses the distances, not our time.
fn places(id: u128, length: usize) -> impl Iterator<Item = usize> {
    let folded = id as u64 ^ (id >> 64) as u64;
    let mixed = folded.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let start = (mixed >> 32) as usize;
    (start..start + PLACES).map(move |place| place & (length - 1))
}

/// Writes ids as distances from the rows that have them; `None`, and nothing written, when too few are found or one is no id.
pub(super) fn encode_references(
    sources: &Sources<'_>,
    codes: &Gathered<u32>,
    target: &Target,
    column: &mut ColumnBytes<'_>,
) -> Option<Written> {
    let mut are_ids = true;
    let ids = {
        let mut seen = 0;
        let mut found = 0;
        codes.visit_while(|code| {
            let id = sources.id(code);
            are_ids &= id.is_some_and(|(_, width)| width == target.width);
            found += usize::from(id.is_some_and(|(id, _)| target.find(id).is_some()));
            seen += 1;
            are_ids && seen < PROBE
        });
        if !are_ids || found * 2 < seen {
            return None;
        }
        codes.map(|code| match sources.id(code) {
            Some((id, width)) if width == target.width => id,
            _ => {
                are_ids = false;
                0
            }
        })
    };
    if !are_ids {
        return None;
    }
    let ids = ids.without_gaps();

    // Forward ones are rare: a parent begins before its children. When they are not, all distances take a bit for the direction.
    let mut rows = vec![None; ids.values.len()];
    let (mut found, mut forward) = (0, 0);
    ids.visit_slots(|slot, row, id| {
        rows[slot] = target.find(id).map(|target| (row, target));
        found += usize::from(rows[slot].is_some());
        forward += usize::from(rows[slot].is_some_and(|(row, target)| target > row));
    });
    if found * 2 < ids.value_count {
        return None;
    }
    let both_ways = forward * (target.width * 8 + EXCEPTION_BITS_MORE) > found;
    let mut distances: Vec<u32> = rows
        .iter()
        .map(|rows| rows.map_or(0, |(row, target)| distance(row, target, both_ways)))
        .collect();
    drop(rows);
    for chunk in distances.chunks_mut(CHUNK_ROWS) {
        leave_out_far_ones(chunk, target.width);
    }
    let mut exceptions: Vec<u32> = Vec::new();
    ids.visit_slots(|slot, _, _| {
        if distances[slot] == 0 {
            exceptions.push(number(slot));
        }
    });

    let presence = ids.put_presence(column);
    // Not packed as absent: slots without a value would take on the smallest distance of their chunk, and only 0 leads nowhere.
    put_packed(column.out, &distances, None);
    column.end(Part::Values);
    put_u32(column.out, number(exceptions.len()));
    put_u32(column.out, number(target.width));
    put_packed(column.out, &exceptions, None);
    let exceptions = exceptions.iter().map(|slot| ids.values[*slot as usize]);
    id::put_ids(exceptions, target.width, column.out);
    column.end(Part::Dictionary);
    Some(Written {
        value_count: ids.value_count,
        presence,
        layout: LAYOUT_ID_REFERENCES,
        parameter: both_ways.into(),
        bounds: Some(ColumnBounds::Strings {
            entry_count: ids.value_count as u64,
        }),
    })
}

/// How a row says that its id is that of another one; 0 when it can't.
fn distance(row: u32, target: u32, both_ways: bool) -> u32 {
    match (both_ways, target <= row) {
        (false, true) => row - target,
        (false, false) => 0,
        (true, true) => (row - target).checked_mul(2).unwrap_or_default(),
        (true, false) => match (target - row).checked_mul(2) {
            Some(distance) => distance - 1,
            None => 0,
        },
    }
}

/// Sets distances of a chunk to 0 that would make all others wider than it costs to list their ids.
fn leave_out_far_ones(distances: &mut [u32], width: usize) {
    let mut of_width = [0; 33];
    for distance in distances.iter() {
        of_width[width_of(u64::from(*distance))] += 1;
    }
    let mut far = 0;
    let mut best = (usize::MAX, 32);
    for bits in (0..=32).rev() {
        let cost = bits * distances.len() + far * (width * 8 + EXCEPTION_BITS_MORE);
        best = best.min((cost, bits));
        far += of_width[bits];
    }
    for distance in distances {
        if width_of(u64::from(*distance)) > best.1 {
            *distance = 0;
        }
    }
}
