//! Integers of which few are different: statuses, ports, numbers of attempts. Each distinct one is listed once, and rows have its place in
//! the list, in as few bits as that takes. The list ascends, so places compare as the integers do.

use super::packed::Packed;
use super::{CHUNK_ROWS, CHUNK_WORDS};
use std::ops::Range;

/// Integers by their place in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Place in `values` per slot.
    places: Packed<u32>,
    /// The distinct integers, ascending.
    values: Box<[i64]>,
}

impl Listed {
    /// Takes places and the list, which come from a disk. That no place lies past the list is for the caller to know.
    ///
    /// # Errors
    /// Says what is wrong with the list.
    pub(crate) fn new(places: Packed<u32>, values: Vec<i64>) -> Result<Self, &'static str> {
        if values.is_empty() || values.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err("listed integers do not ascend");
        }
        Ok(Self {
            places,
            values: values.into(),
        })
    }

    /// Number of slots.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The integer in a slot.
    ///
    /// # Panics
    /// When there is no such slot.
    #[inline]
    pub fn get(&self, slot: usize) -> i64 {
        self.value(self.places.get(slot))
    }

    /// Bounds that hold for every integer of a chunk of slots.
    pub fn bounds(&self, chunk: usize) -> Option<(i64, i64)> {
        let (low, high) = self.places.bounds(chunk)?;
        // The upper bound of the places may lie past the list, and of a chunk that was not read the lower one too; no place that is read does.
        let at_most = |place: u32| self.values[(self.values.len() - 1).min(place as usize)];
        Some((at_most(low), at_most(high)))
    }

    pub(super) fn unpack(&self, chunk: usize, values: &mut [i64; CHUNK_ROWS]) {
        let mut places = [0; CHUNK_ROWS];
        let count = self.places.unpack(chunk, &mut places);
        for (value, place) in values.iter_mut().zip(&places[..count]) {
            *value = self.value(*place);
        }
    }

    pub(super) fn visit(&self, slots: Range<usize>, mut visit: impl FnMut(usize, i64)) {
        self.places
            .visit(slots, |index, place| visit(index, self.value(place)));
    }

    /// Sets bit `i` where integer `i` of a chunk lies from `low` to `high`, both included, and clears the others.
    pub(super) fn between(
        &self,
        chunk: usize,
        (low, high): (i64, i64),
        bits: &mut [u64; CHUNK_WORDS],
    ) {
        let first = self.values.partition_point(|value| *value < low);
        let end = self.values.partition_point(|value| *value <= high);
        match end.checked_sub(1).filter(|last| first <= *last) {
            Some(last) => self
                .places
                .between(chunk, (first as u32, last as u32), bits),
            None => *bits = [0; CHUNK_WORDS],
        }
    }

    /// Bytes of heap.
    pub fn heap_bytes(&self) -> usize {
        self.places.heap_bytes() + size_of_val(&*self.values)
    }

    #[inline]
    fn value(&self, place: u32) -> i64 {
        self.values[place as usize]
    }
}
