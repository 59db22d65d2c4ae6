//! Where the texts of one source are noted before they become counters: one bit per cell and dictionary entry, so that a row costs
//! setting a bit, and a text's hash is asked for once per cell and not once per row.

use super::DistinctCounter;

/// Words that stay in a core's own cache, or nearly so.
const WORDS_MAX: usize = 1 << 18;

/// To go through so many words when they are drained costs about as much as to note one value by its hash.
const WORDS_PER_ROW: usize = 8;

/// Dictionary entries by cell.
#[derive(Clone, Debug)]
pub(crate) struct DistinctScratch {
    /// Words per cell.
    span: usize,
    words: Vec<u64>,
}

impl DistinctScratch {
    /// Prepares for so many cells and entries; `None` when that would be too much, in all or for the `rows` that come before they are
    /// drained.
    pub(crate) fn new(cells: usize, rows: usize, entries: usize) -> Option<Self> {
        let scratch = Self {
            span: entries.div_ceil(64),
            words: Vec::new(),
        };
        let is_worth_it = cells.saturating_mul(scratch.span) <= rows.saturating_mul(WORDS_PER_ROW);
        (is_worth_it && scratch.has_room(cells)).then_some(scratch)
    }

    /// True when it can [`grow`](Self::grow) to so many cells.
    pub(crate) fn has_room(&self, cells: usize) -> bool {
        cells.saturating_mul(self.span) <= WORDS_MAX
    }

    pub(crate) fn grow(&mut self, cells: usize) {
        if self.words.len() < cells * self.span {
            self.words.resize(cells * self.span, 0);
        }
    }

    /// Notes an entry.
    #[inline]
    pub(crate) fn add(&mut self, cell: usize, entry: u32) {
        let entry = entry as usize;
        debug_assert!(entry / 64 < self.span, "codes are entries");
        self.words[cell * self.span + entry / 64] |= 1 << (entry % 64);
    }

    /// Adds a cell's entries to a counter, and forgets them. `are_different` tells that no two entries are the same text.
    pub(crate) fn drain(
        &mut self,
        cell: u32,
        counter: &mut DistinctCounter,
        are_different: bool,
        hash: impl Fn(u32) -> u64,
    ) {
        let words = &mut self.words[cell as usize * self.span..][..self.span];
        let count: usize = words.iter().map(|word| word.count_ones() as usize).sum();
        if count == 0 {
            return;
        }
        let entries = words.iter().enumerate().flat_map(|(index, word)| {
            let mut word = *word;
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros())?;
                word &= word - 1;
                Some(index as u32 * 64 + bit)
            })
        });
        // Two texts of one hash are one value; nobody has seen a dictionary with 16 of them.
        let different = match are_different {
            true => count.saturating_sub(16),
            false => 0,
        };
        counter.extend(count, different, entries.map(hash));
        words.fill(0);
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }
}
