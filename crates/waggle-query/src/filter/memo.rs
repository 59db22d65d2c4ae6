//! Which entries of a dictionary matched a condition on text, kept from query to query: dictionaries of blocks never change, and
//! people ask the same question again and again.

use crate::relation::TraceNumbers;
use hashbrown::HashMap;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use waggle_store::column::Dictionary;

/// What queries leave behind for those that come after.
pub(crate) struct Remembered {
    pub(super) texts: TextMemo,
    pub(crate) traces: TraceNumbers,
}

impl Remembered {
    /// Keeps at most so many bytes of answers about texts, and of numbers of traces.
    pub(crate) fn new(text_bytes_max: usize, trace_bytes_max: usize) -> Self {
        Self {
            texts: TextMemo::new(text_bytes_max),
            traces: TraceNumbers::new(trace_bytes_max),
        }
    }
}

impl Default for Remembered {
    /// For one query.
    fn default() -> Self {
        Self::new(0, 0)
    }
}

/// Smaller dictionaries are looked through again: to remember them costs more.
const ENTRIES_MIN: usize = 64;

/// Answers of the latest conditions, within a limit of bytes; the oldest go first.
pub(super) struct TextMemo {
    bytes_max: usize,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    answers: HashMap<Key, Answer>,
    queue: VecDeque<Key>,
    bytes: usize,
}

/// The address of a dictionary, and the condition as text.
type Key = (usize, Arc<str>);

struct Answer {
    /// Holds the address: nothing else can be there while this exists.
    _dictionary: Weak<Dictionary>,
    entries: Arc<[u8]>,
}

impl TextMemo {
    fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            known: Mutex::default(),
        }
    }

    /// What is known of a condition on a dictionary.
    pub(super) fn get(
        &self,
        dictionary: &Arc<Dictionary>,
        condition: &Arc<str>,
    ) -> Option<Arc<[u8]>> {
        let key = (Arc::as_ptr(dictionary) as usize, Arc::clone(condition));
        let known = self.known.lock();
        let answer = known.answers.get(&key)?;
        Some(Arc::clone(&answer.entries))
    }

    /// What is known of a condition on a dictionary, or else what `look` finds: 1 for each entry that matches.
    pub(super) fn get_or_look(
        &self,
        dictionary: &Arc<Dictionary>,
        condition: &Arc<str>,
        look: impl FnOnce() -> Arc<[u8]>,
    ) -> Arc<[u8]> {
        if dictionary.len() < ENTRIES_MIN {
            return look();
        }
        if let Some(entries) = self.get(dictionary, condition) {
            return entries;
        }
        let entries = look();
        let key = (Arc::as_ptr(dictionary) as usize, Arc::clone(condition));
        let answer = Answer {
            _dictionary: Arc::downgrade(dictionary),
            entries: Arc::clone(&entries),
        };
        self.known.lock().put(key, answer, self.bytes_max);
        entries
    }
}

impl Known {
    fn put(&mut self, key: Key, answer: Answer, bytes_max: usize) {
        let bytes = bytes_of(&key, &answer);
        if bytes > bytes_max || self.answers.contains_key(&key) {
            return;
        }
        while self.bytes + bytes > bytes_max {
            let Some(oldest) = self.queue.pop_front() else {
                break;
            };
            if let Some(answer) = self.answers.remove(&oldest) {
                self.bytes -= bytes_of(&oldest, &answer);
            }
        }
        self.bytes += bytes;
        self.queue.push_back(key.clone());
        self.answers.insert(key, answer);
    }
}

fn bytes_of((_, condition): &Key, answer: &Answer) -> usize {
    // The places in map and queue, and the shell of a dictionary that is gone, which the weak pointer keeps.
    const OVERHEAD: usize = 256;
    answer.entries.len() + condition.len() + OVERHEAD
}

#[cfg(test)]
mod tests;
