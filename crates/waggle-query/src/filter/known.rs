//! Answers of one query's condition on texts, by the texts' hashes: the dictionaries of neighbouring blocks hold much the same texts, so
//! that after the first few blocks no text has to be decompressed to be looked at. As in every merge of blocks, two texts with one hash
//! are one.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use parking_lot::Mutex;
use std::sync::Arc;
use waggle_store::column::Dictionary;

/// So many answers are kept for a condition, two megabytes; what comes after them is looked at each time.
const ANSWERS_MAX: usize = 1 << 16;

/// What is known of a condition.
#[derive(Default)]
pub(super) struct KnownTexts {
    answers: Mutex<HashMap<u64, u8, FixedState>>,
}

impl KnownTexts {
    /// 1 for each entry that matches, when all are known.
    pub(super) fn of(&self, dictionary: &Dictionary) -> Option<Arc<[u8]>> {
        let answers = self.answers.lock();
        if answers.is_empty() {
            return None;
        }
        let mut entries = Vec::with_capacity(dictionary.len());
        for hash in dictionary.hashes() {
            entries.push(*answers.get(hash)?);
        }
        Some(entries.into())
    }

    /// Notes what was found for each entry of a dictionary.
    pub(super) fn learn(&self, dictionary: &Dictionary, entries: &[u8]) {
        let mut answers = self.answers.lock();
        let room = ANSWERS_MAX - answers.len();
        let hashes = dictionary.hashes().iter().zip(entries);
        // With room for all even if none is known, and no looking into the map for what would not fit.
        if hashes.len() <= room {
            answers.extend(hashes.map(|(hash, entry)| (*hash, *entry)));
        }
    }
}
