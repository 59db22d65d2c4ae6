//! Numbers by stable hash, in the order of the hashes.
//!
//! The place of a hash is given by its highest bits, and large dictionaries are in the order of their hashes: so taking one in walks
//! through the index from one end to the other, where a usual hash table would fetch every place from far away.

/// The table is at most so full, in sixteenths, before it doubles.
const FULL: usize = 10;
const SLOTS_MIN: usize = 64;
/// A search that goes further tells that hashes came in order and crowd a part of the table: it doubles early.
const REACH_MAX: usize = 64;
/// It never doubles for that when it has more places for each hash than this: hashes that are alike stay crowded in any table.
const PLACES_MAX: usize = 16;
/// The same while it is smaller than 2 to the power of [`SMALL_BITS`] places, 16 MiB.
const SMALL_PLACES_MAX: usize = 256;
const SMALL_BITS: u32 = 20;
/// Nothing is here. Zeros, because a large array of them comes from the system as it is and takes memory as it is filled.
const EMPTY: (u64, u32) = (0, 0);

/// Open addressing with a search to the right. One hash occurs once.
#[derive(Clone, Debug, Default)]
pub(super) struct HashIndex {
    /// Hash and number plus one. A power of two of them lies between places by the high bits; more follow, so that no search wraps around.
    slots: Vec<(u64, u32)>,
    bits: u32,
    /// Highest bits that all hashes have in common.
    common: u32,
    len: usize,
}

impl HashIndex {
    /// An index of hashes whose highest `common` bits are the same, fewer than 64.
    pub(super) fn of_part(common: u32) -> Self {
        Self {
            common,
            ..Self::default()
        }
    }

    /// The number of a hash.
    pub(super) fn find(&self, hash: u64) -> Option<u32> {
        let (_, number) = self.slots[..].get(self.search(hash)?)?;
        number.checked_sub(1)
    }

    /// The number of a hash, which becomes `number` when it has none.
    #[inline]
    pub(super) fn find_or_insert(&mut self, hash: u64, number: u32) -> u32 {
        let place = self.search(hash);
        if let Some(place) = place
            && let Some(known) = self.slots[place].1.checked_sub(1)
        {
            return known;
        }
        if self.slots.is_empty()
            || self.len * 16 >= FULL << self.bits
            || self.is_crowded(hash, place)
        {
            self.widen();
            self.put(self.search(hash), (hash, number + 1));
        } else {
            self.put(place, (hash, number + 1));
        }
        self.len += 1;
        number
    }

    fn is_crowded(&self, hash: u64, place: Option<usize>) -> bool {
        let places_max = match self.bits < SMALL_BITS {
            true => SMALL_PLACES_MAX,
            false => PLACES_MAX,
        };
        place.is_none_or(|place| place - self.home(hash) > REACH_MAX)
            && self.len * places_max >= 1 << self.bits
    }

    /// Without a place it goes to the end: hashes that are not spread as they should be fill up what follows.
    fn put(&mut self, place: Option<usize>, slot: (u64, u32)) {
        match place {
            Some(place) => self.slots[place] = slot,
            None => self.slots.push(slot),
        }
    }

    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, more: usize) {
        let count = (self.len + more) * 16 / FULL + 1;
        let bits = count.next_power_of_two().ilog2();
        if bits > self.bits {
            self.widen_to(bits);
        }
    }

    /// Visits all numbers, nearly in the order of their hashes.
    pub(super) fn each(&self, mut visit: impl FnMut(u32)) {
        for (_, number) in &self.slots {
            if let Some(number) = number.checked_sub(1) {
                visit(number);
            }
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<(u64, u32)>()
    }

    /// Where a hash is or would be; `None` when there is no room.
    fn search(&self, hash: u64) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let home = self.home(hash);
        let found = self.slots[home..]
            .iter()
            .position(|(other, number)| *number == 0 || *other == hash)?;
        Some(home + found)
    }

    fn home(&self, hash: u64) -> usize {
        (hash << self.common >> (64 - self.bits)) as usize
    }

    fn widen(&mut self) {
        self.widen_to(self.bits + 1);
    }

    fn widen_to(&mut self, bits: u32) {
        self.bits = bits.max(SLOTS_MIN.ilog2());
        let count = (1 << self.bits) + SLOTS_MIN;
        let old = std::mem::replace(&mut self.slots, vec![EMPTY; count]);
        for slot in old {
            if slot != EMPTY {
                self.put(self.search(slot.0), slot);
            }
        }
    }
}

#[cfg(test)]
mod tests;
