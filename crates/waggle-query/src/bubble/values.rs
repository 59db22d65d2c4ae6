//! The different values of a column, each with its count on both sides.

use crate::number::{Number, NumberKey};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use std::sync::Arc;
use waggle_store::column::Dictionary;

/// Weighted counts: baseline, selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pair(pub(super) [u64; 2]);

impl Pair {
    pub(super) fn baseline(self) -> u64 {
        self.0[0]
    }

    pub(super) fn selection(self) -> u64 {
        self.0[1]
    }

    pub(super) fn add(&mut self, other: Self) {
        self.0[0] += other.0[0];
        self.0[1] += other.0[1];
    }
}

/// Different texts.
#[derive(Default)]
pub(super) struct Texts {
    dictionaries: Vec<Arc<Dictionary>>,
    table: HashTable<Text>,
    /// All of them together.
    total: Pair,
    state: State,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Counting,
    /// There are too many.
    Full,
    /// No value has occurred twice and none will.
    Unique,
}

/// One text: where it is written, and its counts.
#[derive(Clone, Copy)]
pub(super) struct Text {
    pub(super) hash: u64,
    dictionary: u32,
    code: u32,
    pub(super) counts: Pair,
}

impl Texts {
    /// Adds the counts of all entries of a dictionary.
    pub(super) fn add_counts(
        &mut self,
        dictionary: &Arc<Dictionary>,
        counts: &[Pair],
        values_max: usize,
    ) {
        for (code, counts) in counts.iter().enumerate() {
            if *counts != Pair::default() {
                self.add_pair(dictionary, code as u32, *counts, values_max);
            }
        }
    }

    /// Adds one row.
    pub(super) fn add(
        &mut self,
        dictionary: &Arc<Dictionary>,
        code: u32,
        side: usize,
        weight: u64,
        values_max: usize,
    ) {
        let mut counts = Pair::default();
        counts.0[side] = weight;
        self.add_pair(dictionary, code, counts, values_max);
    }

    fn add_pair(
        &mut self,
        dictionary: &Arc<Dictionary>,
        code: u32,
        counts: Pair,
        values_max: usize,
    ) {
        self.total.add(counts);
        if self.state != State::Counting {
            return;
        }
        if !self
            .dictionaries
            .last()
            .is_some_and(|last| Arc::ptr_eq(last, dictionary))
        {
            self.dictionaries.push(Arc::clone(dictionary));
        }
        let hash = dictionary.hash(code);
        let dictionaries = &self.dictionaries;
        let known = self.table.find_mut(hash, |text| {
            text.hash == hash
                && dictionaries[text.dictionary as usize].text(text.code) == dictionary.text(code)
        });
        if let Some(text) = known {
            text.counts.add(counts);
        } else if self.table.len() >= values_max {
            self.state = State::Full;
            self.table = HashTable::new();
        } else {
            let text = Text {
                hash,
                dictionary: self.dictionaries.len() as u32 - 1,
                code,
                counts,
            };
            self.table.insert_unique(hash, text, |text| text.hash);
        }
    }

    /// Stops telling texts apart, because they are all different.
    pub(super) fn give_up(&mut self) {
        self.state = State::Unique;
        self.table = HashTable::new();
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// True when texts are not told apart any more.
    pub(super) fn is_full(&self) -> bool {
        self.state != State::Counting
    }

    pub(super) fn is_unique(&self) -> bool {
        self.state == State::Unique
    }

    pub(super) fn total(&self) -> Pair {
        self.total
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Text> {
        self.table.iter()
    }

    pub(super) fn text(&self, text: &Text) -> String {
        let dictionary = &self.dictionaries[text.dictionary as usize];
        dictionary.text(text.code).into_owned()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.table.allocation_size()
    }
}

/// So many different numbers make a dimension; with more of them a column is a measure.
const NUMBERS_MAX: usize = 64;

/// Numbers, one by one as long as they are few, and in bins.
#[derive(Default)]
pub(super) struct Numbers {
    /// `None` when there have been too many.
    exact: Exact,
    bins: Bins,
    total: Pair,
}

struct Exact(Option<HashMap<NumberKey, Pair, FixedState>>);

impl Default for Exact {
    fn default() -> Self {
        Self(Some(HashMap::default()))
    }
}

impl Numbers {
    #[inline]
    pub(super) fn add(&mut self, value: Number, side: usize, weight: u64) {
        self.total.0[side] += weight;
        if let Some(exact) = &mut self.exact.0 {
            exact.entry(value.key()).or_default().0[side] += weight;
            if exact.len() > NUMBERS_MAX {
                self.exact.0 = None;
            }
        }
        let float = value.as_f64();
        if float.is_finite() {
            self.bins.add(bin_of(float), side, weight);
        }
    }

    /// The numbers with their counts; `None` when there are too many.
    pub(super) fn exact(&self) -> Option<&HashMap<NumberKey, Pair, FixedState>> {
        self.exact.0.as_ref()
    }

    /// The bins of finite numbers that are not empty, ascending.
    pub(super) fn bins(&self) -> impl Iterator<Item = (i32, Pair)> {
        (self.bins.first..)
            .zip(&self.bins.counts)
            .filter(|(_, counts)| **counts != Pair::default())
            .map(|(bin, counts)| (bin, *counts))
    }

    pub(super) fn total(&self) -> Pair {
        self.total
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.bins.counts.capacity() * size_of::<Pair>()
    }
}

/// A flat array from the lowest bin to the highest, at most 262,144 places.
#[derive(Default)]
struct Bins {
    first: i32,
    counts: Vec<Pair>,
}

impl Bins {
    #[inline]
    fn add(&mut self, bin: i32, side: usize, weight: u64) {
        // A bin below the first becomes an index beyond the last.
        let index = (bin - self.first) as usize;
        if let Some(counts) = self.counts.get_mut(index) {
            counts.0[side] += weight;
        } else {
            self.make_room(bin);
            self.counts[(bin - self.first) as usize].0[side] += weight;
        }
    }

    fn make_room(&mut self, bin: i32) {
        const SLACK: usize = 256;
        if self.counts.is_empty() {
            self.first = bin;
        }
        if bin < self.first {
            let missing = (self.first - bin) as usize + SLACK;
            self.counts
                .splice(0..0, std::iter::repeat_n(Pair::default(), missing));
            self.first -= missing as i32;
        } else {
            let len = (bin - self.first) as usize + SLACK;
            self.counts.resize(len, Pair::default());
        }
    }
}

/// A bin is the exponent and the first six bits of the mantissa, so at most 1/64 of its values wide.
const MANTISSA_SHIFT: u32 = 52 - 6;

/// The bin of a finite number; bins ascend with numbers.
pub(super) fn bin_of(value: f64) -> i32 {
    let magnitude = (value.abs().to_bits() >> MANTISSA_SHIFT) as i32;
    if value < 0.0 {
        -1 - magnitude
    } else {
        magnitude
    }
}

/// The numbers between which those of a bin lie.
pub(super) fn edges_of(bin: i32) -> (f64, f64) {
    // Beyond the largest float there are no more bins.
    let last = (f64::MAX.to_bits() >> MANTISSA_SHIFT) as i32;
    let edge = |magnitude: i32| match magnitude {
        magnitude if magnitude > last => f64::MAX,
        magnitude => f64::from_bits((magnitude as u64) << MANTISSA_SHIFT),
    };
    if bin < 0 {
        (-edge(-bin), -edge(-1 - bin))
    } else {
        (edge(bin), edge(bin + 1))
    }
}
