//! How many different values: exact up to [`EXACT_MAX`], then HyperLogLog with a standard error of 0.81 %.
//!
//! Values come as stable 64-bit hashes. Up to the limit the hashes themselves are kept; beyond it 2^14 registers are. Which of the
//! two a counter is in depends only on the set of hashes it has seen, so the answer does not depend on how the rows were split.
//! Source: Flajolet et al. 2007 for the registers, Ertl 2017 (arXiv 1702.01284, algorithm 6) for the estimate.

mod scratch;

use crate::bytes::{ByteReader, ByteWrite, Damaged};
use hashbrown::HashTable;

pub(crate) use scratch::DistinctScratch;

/// Up to this many values the count is exact.
const EXACT_MAX: usize = 2_000;
/// Up to this many values a sorted list is smaller and quicker than a table.
const FEW_MAX: usize = 16;
const PRECISION: u32 = 14;
const REGISTERS: usize = 1 << PRECISION;
/// Bits of a hash that are left for the rank.
const RANK_BITS: u32 = 64 - PRECISION;

/// Counts distinct hashes.
#[derive(Clone, Debug)]
pub struct DistinctCounter(Hashes);

#[derive(Clone, Debug)]
enum Hashes {
    Few(Vec<u64>),
    Many(HashTable<u64>),
    Registers(Box<[u8]>),
}

impl Default for DistinctCounter {
    fn default() -> Self {
        Self(Hashes::Few(Vec::new()))
    }
}

impl DistinctCounter {
    /// Notes a value by its stable hash.
    pub fn insert(&mut self, hash: u64) {
        match &mut self.0 {
            Hashes::Few(hashes) => {
                let Err(index) = hashes.binary_search(&hash) else {
                    return;
                };
                if hashes.len() < FEW_MAX {
                    hashes.insert(index, hash);
                    return;
                }
                let mut table = HashTable::with_capacity(FEW_MAX * 4);
                for hash in hashes.drain(..).chain([hash]) {
                    table.insert_unique(hash, hash, |hash| *hash);
                }
                self.0 = Hashes::Many(table);
            }
            Hashes::Many(table) => {
                table
                    .entry(hash, |other| *other == hash, |other| *other)
                    .or_insert(hash);
                if table.len() > EXACT_MAX {
                    let mut registers = vec![0; REGISTERS].into_boxed_slice();
                    for hash in table.drain() {
                        note(&mut registers, hash);
                    }
                    self.0 = Hashes::Registers(registers);
                }
            }
            Hashes::Registers(registers) => note(registers, hash),
        }
    }

    /// The same if it takes no memory; else it does nothing and returns false.
    pub(crate) fn insert_in_place(&mut self, hash: u64) -> bool {
        match &mut self.0 {
            Hashes::Few(hashes) => hashes.binary_search(&hash).is_ok(),
            Hashes::Many(table) => {
                if table.find(hash, |other| *other == hash).is_some() {
                    return true;
                }
                if table.len() >= EXACT_MAX.min(table.capacity()) {
                    return false;
                }
                table.insert_unique(hash, hash, |hash| *hash);
                true
            }
            Hashes::Registers(registers) => {
                note(registers, hash);
                true
            }
        }
    }

    /// Notes `count` values, at least `different` of them different from each other.
    pub(crate) fn extend(
        &mut self,
        count: usize,
        different: usize,
        hashes: impl Iterator<Item = u64>,
    ) {
        let is_new = self.count_exactly() == Some(0);
        if different > EXACT_MAX {
            self.0 = Hashes::Registers(self.registers());
        } else if is_new && count > FEW_MAX && count <= EXACT_MAX {
            self.0 = Hashes::Many(HashTable::with_capacity(count));
        }
        match &mut self.0 {
            Hashes::Registers(registers) => hashes.for_each(|hash| note(registers, hash)),
            Hashes::Many(table) if is_new => hashes.for_each(|hash| {
                // Two texts may have one hash.
                table
                    .entry(hash, |other| *other == hash, |other| *other)
                    .or_insert(hash);
            }),
            _ => hashes.for_each(|hash| self.insert(hash)),
        }
    }

    fn count_exactly(&self) -> Option<usize> {
        match &self.0 {
            Hashes::Few(hashes) => Some(hashes.len()),
            Hashes::Many(table) => Some(table.len()),
            Hashes::Registers(_) => None,
        }
    }

    /// What has been noted, as registers.
    fn registers(&mut self) -> Box<[u8]> {
        match std::mem::replace(&mut self.0, Hashes::Few(Vec::new())) {
            Hashes::Registers(registers) => registers,
            hashes => {
                let mut registers = vec![0; REGISTERS].into_boxed_slice();
                hashes.each(|hash| note(&mut registers, hash));
                registers
            }
        }
    }

    /// Notes every value another counter has seen.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (Hashes::Few(ours), _) if ours.is_empty() => self.clone_from(other),
            (Hashes::Registers(ours), Hashes::Registers(theirs)) => {
                for (our, their) in ours.iter_mut().zip(theirs) {
                    *our = (*our).max(*their);
                }
            }
            (ours, Hashes::Registers(theirs)) => {
                let mut registers = theirs.clone();
                ours.each(|hash| note(&mut registers, hash));
                self.0 = Hashes::Registers(registers);
            }
            (_, theirs) => theirs.each(|hash| self.insert(hash)),
        }
    }

    /// The same with a counter that is not needed any more.
    pub(crate) fn absorb(&mut self, other: Self) {
        match (&self.0, &other.0) {
            (_, Hashes::Few(theirs)) if theirs.is_empty() => {}
            (Hashes::Few(ours), _) if ours.is_empty() => *self = other,
            _ => self.merge(&other),
        }
    }

    /// The number of distinct values.
    pub fn count(&self) -> u64 {
        match &self.0 {
            Hashes::Few(hashes) => hashes.len() as u64,
            Hashes::Many(table) => table.len() as u64,
            Hashes::Registers(registers) => estimate(registers),
        }
    }

    /// True while the count is exact.
    pub fn is_exact(&self) -> bool {
        !matches!(self.0, Hashes::Registers(_))
    }

    /// Appends this as bytes: the number of hashes and the hashes, or 2^14 registers after a number that no hashes have.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Hashes::Registers(registers) => {
                out.put_u64(EXACT_MAX as u64 + 1);
                out.extend_from_slice(registers);
            }
            hashes => {
                out.put_u64(self.count());
                hashes.each(|hash| out.extend_from_slice(&hash.to_le_bytes()));
            }
        }
    }

    /// Reads what [`encode`](Self::encode) wrote.
    pub(crate) fn decode(bytes: &mut ByteReader<'_>) -> Result<Self, Damaged> {
        let mut counter = Self::default();
        let count = bytes.length()?;
        if count > EXACT_MAX {
            let registers: Box<[u8]> = bytes.take(REGISTERS)?.into();
            if registers
                .iter()
                .any(|rank| u32::from(*rank) > RANK_BITS + 1)
            {
                return Err(Damaged("a rank is too large"));
            }
            counter.0 = Hashes::Registers(registers);
        } else {
            let (hashes, _) = bytes.take(count * size_of::<u64>())?.as_chunks();
            for hash in hashes {
                counter.insert(u64::from_le_bytes(*hash));
            }
        }
        Ok(counter)
    }

    /// Bytes of heap.
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            Hashes::Few(hashes) => hashes.capacity() * size_of::<u64>(),
            Hashes::Many(table) => table.allocation_size(),
            Hashes::Registers(registers) => registers.len(),
        }
    }
}

impl Hashes {
    /// Visits the hashes that are kept as such.
    fn each(&self, mut visit: impl FnMut(u64)) {
        match self {
            Self::Few(hashes) => hashes.iter().for_each(|hash| visit(*hash)),
            Self::Many(table) => table.iter().for_each(|hash| visit(*hash)),
            Self::Registers(_) => {}
        }
    }
}

fn note(registers: &mut [u8], hash: u64) {
    let register = (hash >> RANK_BITS) as usize;
    // The marker bit below the rest bounds the rank at RANK_BITS + 1.
    let rest = (hash << PRECISION) | (1 << (PRECISION - 1));
    let rank = rest.leading_zeros() as u8 + 1;
    registers[register] = registers[register].max(rank);
}

fn estimate(registers: &[u8]) -> u64 {
    let mut counts = [0_u32; RANK_BITS as usize + 2];
    for register in registers {
        counts[usize::from(*register)] += 1;
    }
    let size = REGISTERS as f64;
    let mut sum = size * tau(1.0 - f64::from(counts[RANK_BITS as usize + 1]) / size);
    for count in counts[1..=RANK_BITS as usize].iter().rev() {
        sum = 0.5 * (sum + f64::from(*count));
    }
    sum += size * sigma(f64::from(counts[0]) / size);
    let alpha = 0.5 / std::f64::consts::LN_2;
    (alpha * size * size / sum).round() as u64
}

/// Corrects for registers that no value has reached.
fn sigma(mut share: f64) -> f64 {
    if share >= 1.0 {
        return f64::INFINITY;
    }
    let (mut power, mut sum) = (1.0, share);
    loop {
        share *= share;
        let before = sum;
        sum += share * power;
        power += power;
        if sum == before {
            return sum;
        }
    }
}

/// Corrects for registers that are full.
fn tau(mut share: f64) -> f64 {
    if share <= 0.0 || share >= 1.0 {
        return 0.0;
    }
    let (mut power, mut sum) = (1.0, 1.0 - share);
    loop {
        share = share.sqrt();
        let before = sum;
        power *= 0.5;
        sum -= (1.0 - share).powi(2) * power;
        if sum == before {
            return sum / 3.0;
        }
    }
}

#[cfg(test)]
mod tests;
